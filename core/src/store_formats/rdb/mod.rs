//! RDB: the snapshot format of Redis, version 10 (7.0), as a replica gets it and a file holds it;
//! and DUMP, which is one value of it.
//!
//! ```text
//! "REDIS" "0010"                          magic, version
//! FA key value …                          auxiliary fields
//! FE 00   FB keys expiring                database 0, its sizes (a hint)
//! [FC ms | FD s] [F8 idle | F9 freq]      expiry, eviction hints: before the key
//! type key value …                        keys
//! FF crc64                                end; 0 means "not computed"
//! ```
//!
//! Here are bytes and plain data ([`Object`]); what a keyspace makes of them is in `store/rdb`.
//! [`Loader`] takes bytes as they come and gives [`Item`]s, [`Writer`] takes keys and gives bytes,
//! [`read_dump`] and [`dump()`] do the same for one value.
//!
//! Spec: `rdb.h` of Redis 7.0 for the numbers. Read are all encodings of the five types since the
//! first version; streams and values of modules are refused by name. Written is what Redis 7.0
//! writes: the compact forms for small collections, the plain ones for large.

mod cursor;
mod dump;
mod error;
mod object;
mod read;
mod write;

pub use dump::{dump, read_dump};
pub use error::RdbError;
pub use read::{Item, Loader, Step};
pub use write::{ValueWriter, Writer};

use alloc::vec::Vec;

/// A value, as RDB and DUMP carry it: whatever its encoding was.
///
/// Nothing is promised about repetition: a payload may name a member twice, and who makes a
/// collection of it has to look.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    /// A string.
    String(Vec<u8>),
    /// A list, head first.
    List(Vec<Vec<u8>>),
    /// A set, in the order in which it stood there.
    Set(Vec<Vec<u8>>),
    /// Fields and values.
    Hash(Vec<(Vec<u8>, Vec<u8>)>),
    /// Members and scores; no score is NaN.
    SortedSet(Vec<(Vec<u8>, f64)>),
}

impl Object {
    /// Whether it is a collection without elements: no key can hold that.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        match self {
            Self::String(_) => false,
            Self::List(items) | Self::Set(items) => items.is_empty(),
            Self::Hash(fields) => fields.is_empty(),
            Self::SortedSet(members) => members.is_empty(),
        }
    }
}

/// The version that is written.
pub const VERSION: u16 = 10;
/// The newest that is read: 7.2 writes it, and for the five types it differs in one encoding.
pub const NEWEST: u16 = 11;

mod op {
    pub const FUNCTION: u8 = 0xF5;
    pub const FUNCTION_EARLY: u8 = 0xF6;
    pub const MODULE_AUX: u8 = 0xF7;
    pub const IDLE: u8 = 0xF8;
    pub const FREQ: u8 = 0xF9;
    pub const AUX: u8 = 0xFA;
    pub const RESIZE: u8 = 0xFB;
    pub const EXPIRE_MS: u8 = 0xFC;
    pub const EXPIRE_S: u8 = 0xFD;
    pub const SELECT: u8 = 0xFE;
    pub const END: u8 = 0xFF;
}

/// The first byte of a value.
mod kind {
    pub const STRING: u8 = 0;
    pub const LIST: u8 = 1;
    pub const SET: u8 = 2;
    pub const ZSET: u8 = 3;
    pub const HASH: u8 = 4;
    pub const ZSET_BINARY: u8 = 5;
    pub const HASH_ZIPMAP: u8 = 9;
    pub const LIST_ZIPLIST: u8 = 10;
    pub const SET_INTSET: u8 = 11;
    pub const ZSET_ZIPLIST: u8 = 12;
    pub const HASH_ZIPLIST: u8 = 13;
    pub const LIST_QUICKLIST: u8 = 14;
    pub const HASH_LISTPACK: u8 = 16;
    pub const ZSET_LISTPACK: u8 = 17;
    pub const LIST_QUICKLIST_2: u8 = 18;
    pub const SET_LISTPACK: u8 = 20;
}

/// What a node of a quicklist holds: one element as it stands, or a listpack.
mod container {
    pub const PLAIN: u64 = 1;
    pub const PACKED: u64 = 2;
}

const MAGIC: &[u8] = b"REDIS";

#[cfg(test)]
mod tests;
