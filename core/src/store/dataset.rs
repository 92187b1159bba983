//! The digest of a dataset as DEBUG DIGEST of Redis 7.0 computes it, so that a node and a real
//! server can be asked whether they hold the same.
//!
//! Two operations on 20 bytes. *Blend* takes something in without regard to order: the SHA-1 of it
//! is added without carry. *Mix* takes something in with regard to order: blend, then the SHA-1 of
//! the 20 bytes takes their place. Elements of a list are mixed; members of sets, fields and
//! members with scores are blended, each of the latter as a digest of its own.

use sha1::{Digest as _, Sha1};

use super::{Keyspace, Value};
use crate::resp::write_double;

/// Twenty bytes that stand for content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum(pub [u8; 20]);

impl Sum {
    fn blend(&mut self, bytes: &[u8]) {
        self.0.iter_mut().zip(Sha1::digest(bytes)).for_each(|(into, byte)| *into ^= byte);
    }

    fn mix(&mut self, bytes: &[u8]) {
        self.blend(bytes);
        self.0 = Sha1::digest(self.0).into();
    }

    /// Blends two things in as one: a field with its value, a member with its score.
    fn blend_pair(&mut self, first: &[u8], second: &[u8]) {
        let mut pair = Self::default();
        pair.mix(first);
        pair.mix(second);
        self.blend(&pair.0);
    }

    /// Takes a value in, and whether its key expires.
    fn value(&mut self, value: &Value, expires: bool) {
        // Redis's number of the type, highest byte first.
        let number: u8 = match value {
            Value::Str(_) => 0,
            Value::List(_) => 1,
            Value::Set(_) => 2,
            Value::ZSet(_) => 3,
            Value::Hash(_) => 4,
        };
        self.mix(&[0, 0, 0, number]);
        match value {
            Value::Str(text) => self.mix(text.view(&mut itoa::Buffer::new())),
            Value::List(list) => list.iter().for_each(|item| self.mix(item)),
            Value::Set(set) => set.iter().for_each(|member| self.blend(&member)),
            Value::ZSet(zset) => {
                for (member, score) in zset.iter() {
                    let mut text = alloc::vec::Vec::new();
                    write_double(&mut text, score);
                    self.blend_pair(member, &text);
                }
            }
            Value::Hash(hash) => {
                hash.iter().for_each(|(field, value)| self.blend_pair(field, value));
            }
        }
        if expires {
            self.blend(b"!!expire!!");
        }
    }

    /// Takes in all keys of a database, also those whose time has come but that are still there. A
    /// database without keys is not taken in at all.
    pub fn database(&mut self, number: u32, keys: &Keyspace) {
        self.mix(&number.to_be_bytes());
        for (key, value, expire) in keys.iter() {
            let mut one = Self::default();
            one.mix(key);
            one.value(value, expire.is_some());
            self.blend(&one.0);
        }
    }

    /// The sum of one value (DEBUG DIGEST-VALUE).
    pub fn of_value(value: &Value, expires: bool) -> Self {
        let mut sum = Self::default();
        sum.value(value, expires);
        sum
    }
}

impl core::fmt::Display for Sum {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;
    use crate::{
        slot::key_slot,
        store::{End, Hash, List, Set, ZSet},
        time::UnixMillis,
    };

    #[test]
    fn sums_are_those_of_a_real_server() {
        let mut list = List::default();
        [b"a", b"b"].iter().for_each(|item| list.push(End::Tail, *item));
        let mut words = Set::default();
        [b"a", b"b"].iter().for_each(|member| assert!(words.insert(*member)));
        let mut numbers = Set::default();
        [b"1", b"2"].iter().for_each(|member| assert!(numbers.insert(*member)));
        let mut hash = Hash::default();
        hash.insert(b"a", b"1");
        hash.insert(b"b", b"2");
        let mut zset = ZSet::default();
        zset.insert(b"a", 1.0);
        zset.insert(b"b", 2.5);
        let values: [(&[u8], Value, &str); 7] = [
            (b"s", Value::str(b"v"), "d79ee9fe5d5ad902d7f6620efc3b07b75ddd742f"),
            (b"n", Value::str(b"12"), "655ac46b180ad2f61a3cee25f0b1780fa2ec879a"),
            (b"l", list.into(), "62f55a532623cf6c3d81081db480b6fd8461eb3f"),
            (b"st", words.into(), "dd99329063ca0f1f28df2ac68d94b82fd95501c6"),
            (b"sn", numbers.into(), "5d9842e5bd79f833c83b3535ec4a6836aba6d1fd"),
            (b"h", hash.into(), "6c8f22b3bf510fdcfd6122dd0f908a80e88243bf"),
            (b"z", zset.into(), "22d9a5fac6f48e53cf483a510cf952ca5f564746"),
        ];
        let mut store = Keyspace::default();
        for (key, value, sum) in values {
            let expires = key == b"z";
            assert_eq!(Sum::of_value(&value, expires).to_string(), sum);
            let at = expires.then_some(UnixMillis(u64::MAX));
            store.insert(key_slot(key), key, value, at);
        }
        let mut all = Sum::default();
        all.database(0, &store);
        assert_eq!(all.to_string(), "dbe68fded4ba69a0c4898d69ca4e48b4497a9914");
    }
}
