//! What a key can hold.
//!
//! Strings are here; hashes, lists, sets and sorted sets have files of their own. Collections are
//! shared between clones of a value until one of the clones changes its own.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use super::{Digest, Hash, List, Set, ZSet};
use crate::resp::parse_i64;

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

    /// What OBJECT ENCODING answers.
    pub fn encoding(&self) -> &'static str {
        match self {
            Self::Str(Str::Int(_)) => "int",
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

/// A string.
///
/// Equality is of the encoding too; two strings with the same bytes may differ in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Str {
    /// A canonical decimal integer: INCR does not parse, and GET prints it.
    Int(i64),
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
            None => Self::Fixed(Box::from(bytes)),
        }
    }

    /// Its bytes; `room` holds them if it is a number.
    pub fn view<'a>(&'a self, room: &'a mut itoa::Buffer) -> &'a [u8] {
        match self {
            Self::Int(n) => room.format(*n).as_bytes(),
            Self::Fixed(bytes) => bytes,
            Self::Grown(bytes) => bytes,
        }
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Int(n) => itoa::Buffer::new().format(*n).len(),
            Self::Fixed(bytes) => bytes.len(),
            Self::Grown(bytes) => bytes.len(),
        }
    }

    /// The number it is, or spells canonically.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            Self::Fixed(bytes) => parse_i64(bytes),
            Self::Grown(bytes) => parse_i64(bytes),
        }
    }

    /// Its bytes, ready to be changed in place.
    pub fn grow(&mut self) -> &mut Vec<u8> {
        if !matches!(self, Self::Grown(_)) {
            let bytes = match core::mem::replace(self, Self::Int(0)) {
                Self::Int(n) => Vec::from(itoa::Buffer::new().format(n)),
                Self::Fixed(bytes) => bytes.into_vec(),
                Self::Grown(bytes) => bytes,
            };
            *self = Self::Grown(bytes);
        }
        match self {
            Self::Grown(bytes) => bytes,
            Self::Int(_) | Self::Fixed(_) => unreachable!("it has just been made growable"),
        }
    }
}
