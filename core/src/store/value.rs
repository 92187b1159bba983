//! What a key can hold.
//!
//! Strings are here; hashes, lists, sets and sorted sets have files of their own. Collections are
//! shared between clones of a value until one of the clones changes its own.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use super::{Digest, Hash, List, Set, ZSet};
use crate::{config::Packing, resp::parse_i64};

/// The longest string that Redis keeps in one piece with its header (`embstr`).
const EMBEDDED: usize = 44;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Bytes, or a number that looks like them.
    Str(Str),
    /// Fields with values.
    Hash(Arc<Hash>),
    /// Elements in order.
    List(Arc<List>),
    /// Members.
    Set(Arc<Set>),
    /// Members with scores.
    ZSet(Arc<ZSet>),
}

/// One of the types that a value can have.
pub(crate) trait Kind: Sized {
    /// What a value holds, if it is of this type.
    fn of(value: &Value) -> Option<&Self>;
    /// The same, to be changed.
    fn of_mut(value: &mut Value) -> Option<&mut Self>;
}

impl Kind for Str {
    fn of(value: &Value) -> Option<&Self> {
        if let Value::Str(text) = value { Some(text) } else { None }
    }

    fn of_mut(value: &mut Value) -> Option<&mut Self> {
        if let Value::Str(text) = value { Some(text) } else { None }
    }
}

/// A type made of elements. A key never holds an empty one: who takes the last element takes the
/// key too.
pub(crate) trait Collection: Kind + Default + Into<Value> {
    /// Whether there is no element.
    fn is_void(&self) -> bool;
    /// Takes other limits than the usual ones for what stands in one piece.
    fn confine(&mut self, packing: &Packing);
}

macro_rules! collections {
    ($($type:ident)*) => {$(
        impl Kind for $type {
            fn of(value: &Value) -> Option<&Self> {
                if let Value::$type(held) = value { Some(held) } else { None }
            }

            fn of_mut(value: &mut Value) -> Option<&mut Self> {
                if let Value::$type(held) = value { Some(Arc::make_mut(held)) } else { None }
            }
        }

        impl Collection for $type {
            fn is_void(&self) -> bool {
                self.is_empty()
            }

            fn confine(&mut self, packing: &Packing) {
                self.limit(packing);
            }
        }

        impl From<$type> for Value {
            fn from(held: $type) -> Self {
                Self::$type(Arc::new(held))
            }
        }
    )*};
}
collections!(Hash List Set ZSet);

impl Value {
    /// A string value; a canonical integer is kept as a number.
    pub fn str(bytes: &[u8]) -> Self {
        Self::Str(Str::new(bytes))
    }

    /// What TYPE answers.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Str(_) => "string",
            Self::Hash(_) => "hash",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::ZSet(_) => "zset",
        }
    }

    /// Takes other limits than the usual ones for what stands in one piece.
    pub(super) fn confine(&mut self, packing: &Packing) {
        match self {
            Self::Str(_) | Self::List(_) => {}
            Self::Hash(hash) => Arc::make_mut(hash).limit(packing),
            Self::Set(set) => Arc::make_mut(set).limit(packing),
            Self::ZSet(zset) => Arc::make_mut(zset).limit(packing),
        }
    }

    /// What OBJECT ENCODING answers.
    pub fn encoding(&self) -> &'static str {
        match self {
            Self::Str(Str::Int(_)) => "int",
            Self::Str(Str::Short(_)) => "embstr",
            Self::Str(Str::Fixed(bytes)) if bytes.len() <= EMBEDDED => "embstr",
            Self::Str(Str::Fixed(_) | Str::Grown(_)) => "raw",
            Self::Hash(hash) => hash.encoding(),
            // Redis 7.0 has no other form of a list, however short.
            Self::List(_) => "quicklist",
            Self::Set(set) => set.encoding(),
            Self::ZSet(zset) => zset.encoding(),
        }
    }

    /// Its bytes in memory, for estimates.
    pub fn size(&self) -> u64 {
        match self {
            Self::Str(Str::Int(_)) => 8,
            Self::Str(Str::Short(bytes)) => bytes.len() as u64,
            Self::Str(Str::Fixed(bytes)) => bytes.len() as u64,
            Self::Str(Str::Grown(bytes)) => bytes.len() as u64,
            Self::Hash(hash) => hash.size(),
            Self::List(list) => list.size(),
            Self::Set(set) => set.size(),
            Self::ZSet(zset) => zset.size(),
        }
    }

    pub(super) fn feed(&self, hash: &mut Digest) {
        match self {
            Self::Str(text) => {
                hash.number(0);
                hash.bytes(text.view(&mut itoa::Buffer::new()));
            }
            Self::Hash(held) => held.feed(hash),
            Self::List(held) => held.feed(hash),
            Self::Set(held) => held.feed(hash),
            Self::ZSet(held) => held.feed(hash),
        }
    }
}

/// The longest [`Short`]: with its length it fits into what a pointer with a length takes, so that
/// a value stays three words wide (a test looks).
const SHORT_MAX: usize = 15;

/// A few bytes, where they are and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Short {
    len: u8,
    bytes: [u8; SHORT_MAX],
}

impl Short {
    fn new(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; SHORT_MAX];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self { len: u8::try_from(text.len()).ok()?, bytes })
    }
}

impl core::ops::Deref for Short {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or(&self.bytes)
    }
}

/// A string.
///
/// Equality is of the encoding too; two strings with the same bytes may differ in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Str {
    /// A canonical decimal integer: INCR does not parse, and GET prints it.
    Int(i64),
    /// Set as a whole, and so short that it needs no memory of its own.
    Short(Short),
    /// Set as a whole.
    Fixed(Box<[u8]>),
    /// Changed in place by APPEND or SETRANGE, so it keeps room to grow.
    Grown(Vec<u8>),
}

impl Str {
    /// Takes bytes; a canonical integer is kept as a number.
    pub fn new(bytes: &[u8]) -> Self {
        match parse_i64(bytes) {
            Some(n) => Self::Int(n),
            None => Self::text(bytes),
        }
    }

    /// Takes bytes as text even if they spell an integer.
    pub fn text(bytes: &[u8]) -> Self {
        Short::new(bytes).map_or_else(|| Self::Fixed(Box::from(bytes)), Self::Short)
    }

    /// Its bytes; `room` holds them if it is a number.
    pub fn view<'a>(&'a self, room: &'a mut itoa::Buffer) -> &'a [u8] {
        match self {
            Self::Int(n) => room.format(*n).as_bytes(),
            Self::Short(bytes) => bytes,
            Self::Fixed(bytes) => bytes,
            Self::Grown(bytes) => bytes,
        }
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Int(n) => itoa::Buffer::new().format(*n).len(),
            Self::Short(bytes) => bytes.len(),
            Self::Fixed(bytes) => bytes.len(),
            Self::Grown(bytes) => bytes.len(),
        }
    }

    /// The number it is, or spells canonically.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            Self::Short(bytes) => parse_i64(bytes),
            Self::Fixed(bytes) => parse_i64(bytes),
            Self::Grown(bytes) => parse_i64(bytes),
        }
    }

    /// Its bytes, ready to be changed in place.
    pub fn grow(&mut self) -> &mut Vec<u8> {
        if !matches!(self, Self::Grown(_)) {
            let bytes = match core::mem::replace(self, Self::Int(0)) {
                Self::Int(n) => Vec::from(itoa::Buffer::new().format(n)),
                Self::Short(bytes) => bytes.to_vec(),
                Self::Fixed(bytes) => bytes.into_vec(),
                Self::Grown(bytes) => bytes,
            };
            *self = Self::Grown(bytes);
        }
        match self {
            Self::Grown(bytes) => bytes,
            Self::Int(_) | Self::Short(_) | Self::Fixed(_) => {
                unreachable!("it has just been made growable")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A node has millions of them.
    #[test]
    fn a_value_is_three_words() {
        assert_eq!(size_of::<Value>(), 24);
    }

    #[test]
    fn short_texts_are_their_bytes() {
        for len in [0, 1, SHORT_MAX, SHORT_MAX + 1, 60] {
            let bytes = alloc::vec![b'x'; len];
            let mut text = Str::new(&bytes);
            assert_eq!(matches!(text, Str::Short(_)), len <= SHORT_MAX, "{len}");
            assert_eq!(text.view(&mut itoa::Buffer::new()), bytes, "{len}");
            assert_eq!((text.len(), text.as_i64()), (len, None));
            text.grow().push(b'y');
            assert_eq!(text.len(), len + 1);
        }
        assert_eq!(Str::text(b"12").as_i64(), Some(12));
        assert_ne!(Str::text(b"12"), Str::new(b"12"), "kept as text");
    }
}
