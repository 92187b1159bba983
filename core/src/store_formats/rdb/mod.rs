//! RDB: the snapshot format of Redis, version 10 (7.0), as a replica gets it and a file holds it.
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
//! Spec: `rdb.h` of Redis 7.0 for the numbers. Here: strings. Every other type is refused by name;
//! it will be one arm in `read` and one in `write`.

mod read;
mod write;

pub use read::{Item, RdbError, Reader, read_dump};
pub use write::{Writer, dump};

use alloc::vec::Vec;

/// A value, as RDB and DUMP carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// A string.
    String(Vec<u8>),
}

/// The version that is written, and the newest that is read.
pub const VERSION: u16 = 10;

mod op {
    pub const FUNCTION: u8 = 0xF5;
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

const MAGIC: &[u8] = b"REDIS";

#[cfg(test)]
mod tests;
