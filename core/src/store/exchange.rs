//! How values leave for RDB and DUMP, and come back.
//!
//! The form that is written is the one that the value has here, which is the one that Redis would
//! use: small collections in one piece, large ones element by element.

use alloc::{sync::Arc, vec::Vec};

use super::{End, Hash, List, Set, Str, Value, ZSet};
use crate::{
    resp::parse_i64,
    store_formats::{
        packed::Flaw,
        rdb::{Object, ValueWriter},
    },
};

impl Value {
    /// Writes it.
    pub fn write_to(&self, to: ValueWriter<'_>) {
        match self {
            Self::Str(text) => to.string(text.view(&mut itoa::Buffer::new())),
            Self::List(list) => to.list(list.iter()),
            Self::Hash(hash) if hash.is_packed() => to.small_hash(hash.iter()),
            Self::Hash(hash) => to.hash(hash.len(), hash.iter()),
            Self::Set(set) => match numbers(set) {
                Some(numbers) => to.intset(&numbers),
                None => to.set(set.len(), set.iter()),
            },
            Self::ZSet(zset) if zset.is_packed() => to.small_zset(zset.iter()),
            Self::ZSet(zset) => to.zset(zset.len(), zset.iter().rev()),
        }
    }

    /// A value from a payload, or what is wrong with it: a collection without elements, or with one
    /// of them twice.
    pub fn from_object(object: Object) -> Result<Self, Flaw> {
        const TWICE: Flaw = "a collection that names an element twice";
        if object.is_empty() {
            return Err("a collection without elements");
        }
        match object {
            Object::String(text) => Ok(Self::Str(Str::new(&text))),
            Object::List(items) => {
                let mut list = List::default();
                for item in items {
                    list.push(End::Tail, &item);
                }
                Ok(Self::List(Arc::new(list)))
            }
            Object::Set(members) => {
                let mut set = Set::default();
                let fresh = members.iter().all(|member| set.insert(member));
                if fresh { Ok(Self::Set(Arc::new(set))) } else { Err(TWICE) }
            }
            Object::Hash(fields) => {
                let mut hash = Hash::default();
                let fresh = fields.iter().all(|(field, value)| hash.insert(field, value));
                if fresh { Ok(Self::Hash(Arc::new(hash))) } else { Err(TWICE) }
            }
            Object::SortedSet(members) => {
                let mut zset = ZSet::default();
                let fresh =
                    members.iter().all(|(member, score)| zset.insert(member, *score).is_none());
                if fresh { Ok(Self::ZSet(Arc::new(zset))) } else { Err(TWICE) }
            }
        }
    }
}

/// The members as numbers, ascending, if that is how they are kept.
fn numbers(set: &Set) -> Option<Vec<i64>> {
    if !set.is_numbers() {
        return None;
    }
    set.iter().map(|member| parse_i64(&member)).collect()
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::store_formats::rdb::{dump, read_dump};

    fn comes_back(value: &Value, code: u8) {
        let payload = dump(|to| value.write_to(to));
        assert_eq!(payload[0], code, "{value:?}");
        let again = Value::from_object(read_dump(&payload).unwrap());
        assert_eq!(again.as_ref(), Ok(value));
    }

    /// Each form of each type, by the type byte that Redis gives it.
    #[test]
    fn every_form_comes_back() {
        for text in ["", "hello", "12345", "007"] {
            comes_back(&Value::str(text.as_bytes()), 0);
        }
        for (len, hash_code, set_code, zset_code) in [(3, 16, 11, 17), (1000, 4, 2, 5)] {
            let mut list = List::default();
            let (mut hash, mut set, mut zset) = (Hash::default(), Set::default(), ZSet::default());
            for n in 0..len {
                let name = format!("{n}");
                list.push(End::Tail, name.as_bytes());
                hash.insert(name.as_bytes(), b"value");
                set.insert(name.as_bytes());
                zset.insert(name.as_bytes(), f64::from(n) / 7.0);
            }
            comes_back(&list.into(), 18);
            comes_back(&hash.into(), hash_code);
            comes_back(&set.into(), set_code);
            comes_back(&zset.into(), zset_code);
        }
        let mut words = Set::default();
        words.insert(b"word");
        comes_back(&words.into(), 2);
    }

    #[test]
    fn what_no_key_can_hold_is_refused() {
        let (a, b) = (b"a".to_vec(), b"b".to_vec());
        for object in [
            Object::List(Vec::new()),
            Object::Set(Vec::new()),
            Object::Hash(Vec::new()),
            Object::SortedSet(Vec::new()),
            Object::Set(alloc::vec![a.clone(), b.clone(), a.clone()]),
            Object::Hash(alloc::vec![(a.clone(), b.clone()), (a.clone(), a.clone())]),
            Object::SortedSet(alloc::vec![(b.clone(), 1.0), (b.clone(), 2.0)]),
        ] {
            assert!(Value::from_object(object.clone()).is_err(), "{object:?}");
        }
        assert!(Value::from_object(Object::List(alloc::vec![a.clone(), a])).is_ok());
    }
}
