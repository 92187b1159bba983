//! A master's snapshot, read as it comes, beside the dataset that it is to replace.
//!
//! The old data stay until the last byte is verified, so a snapshot that breaks off or is damaged
//! costs nothing but time; and of the snapshot's bytes only the key that is not whole yet is held.

use alloc::vec::Vec;

use crate::{
    slot::key_slot,
    store::{Databases, Value},
    store_formats::rdb::{Item, Loader, RdbError, Step},
    time::UnixMillis,
};

/// What has been read so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Staging {
    loader: Loader,
    has_ended: bool,
    /// How many databases there may be.
    databases: u32,
    /// The keys, expired ones too: a replica hides them and waits for the master's DEL.
    pub store: Databases,
    /// Fields of the head.
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// Libraries of functions, which are skipped.
    pub libraries: usize,
    /// Keys read.
    pub keys: u64,
}

/// A snapshot has some ten fields; a thousand are an attack on the memory.
const FIELDS_MAX: usize = 64;

impl Staging {
    /// Nothing yet; there may be so many databases.
    pub fn new(databases: u32) -> Self {
        Self { databases, ..Self::default() }
    }

    /// Takes the next piece in; nothing may follow the `last` one, and nothing may be missing then.
    pub fn take(&mut self, piece: &[u8], last: bool) -> Result<(), RdbError> {
        self.loader.feed(piece);
        while !self.has_ended {
            match self.loader.next_item(last)? {
                Step::Hungry => return Ok(()),
                Step::End => self.has_ended = true,
                Step::Item(item) => self.item(item)?,
            }
        }
        if self.loader.rest().is_empty() {
            return Ok(());
        }
        Err(RdbError::Damaged { at: self.loader.position(), what: "something behind the end" })
    }

    fn item(&mut self, item: Item) -> Result<(), RdbError> {
        match item {
            Item::Aux(key, value) => {
                if self.fields.len() < FIELDS_MAX {
                    self.fields.push((key, value));
                }
            }
            Item::Sizes { .. } => {}
            Item::Database(n) => self.store.select(RdbError::database(n, self.databases)?),
            Item::Function(_) => self.libraries += 1,
            // Redis skips collections without elements too.
            Item::Entry { value, .. } if value.is_empty() => {}
            Item::Entry { key, value, expire_ms } => {
                let at = self.loader.position();
                let value =
                    Value::from_object(value).map_err(|what| RdbError::Damaged { at, what })?;
                self.keys += 1;
                self.store.insert(key_slot(&key), &key, value, expire_ms.map(UnixMillis));
            }
        }
        Ok(())
    }
}
