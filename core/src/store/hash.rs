//! Hashes: fields with values.
//!
//! Small ones are packed (fields and values in turn, in the order of their arrival, looked through
//! from the front); larger ones are a table in insertion order. The limits are those of Redis, because
//! OBJECT ENCODING tells which of the two it is.

use alloc::boxed::Box;

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::{Digest, pack::Pack, scan};
use crate::config::Packing;

/// What a pair costs in a table beside its bytes; a constant, so that it is the same everywhere.
const PAIR: u64 = 64;

type Table = IndexMap<Box<[u8]>, Box<[u8]>, FixedState>;

/// Fields with values.
#[derive(Clone, Debug)]
pub(crate) struct Hash {
    form: Form,
    bytes: u64,
    /// Pairs that may be packed, and bytes of a field or value.
    max: (usize, usize),
}

impl Default for Hash {
    fn default() -> Self {
        let max = (Packing::DEFAULT.hash_entries, Packing::DEFAULT.hash_bytes);
        Self { form: Form::default(), bytes: 0, max }
    }
}

/// Equal forms with equal content.
impl PartialEq for Hash {
    fn eq(&self, other: &Self) -> bool {
        self.form == other.form
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Packed(Pack),
    Table(Table),
}

impl Default for Form {
    fn default() -> Self {
        Self::Packed(Pack::default())
    }
}

impl Hash {
    /// How many fields.
    pub fn len(&self) -> usize {
        match &self.form {
            Form::Packed(pack) => pack.len() / 2,
            Form::Table(table) => table.len(),
        }
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What OBJECT ENCODING answers.
    pub const fn encoding(&self) -> &'static str {
        match self.form {
            Form::Packed(_) => "listpack",
            Form::Table(_) => "hashtable",
        }
    }

    /// Whether it is small enough to stand in one piece.
    pub const fn is_packed(&self) -> bool {
        matches!(self.form, Form::Packed(_))
    }

    /// Its bytes in memory, for estimates.
    pub const fn size(&self) -> u64 {
        self.bytes
    }

    /// The value of a field.
    pub fn get(&self, field: &[u8]) -> Option<&[u8]> {
        match &self.form {
            Form::Packed(pack) => {
                let mut items = pack.iter();
                while let (Some(name), Some(value)) = (items.next(), items.next()) {
                    if name.bytes == field {
                        return Some(value.bytes);
                    }
                }
                None
            }
            Form::Table(table) => table.get(field).map(|value| &**value),
        }
    }

    /// Sets a field; whether it is new.
    pub fn insert(&mut self, field: &[u8], value: &[u8]) -> bool {
        if let Form::Packed(pack) = &mut self.form {
            if field.len() <= self.max.1 && value.len() <= self.max.1 {
                let old = pack_find(pack, field);
                match old {
                    Some((_, from, to)) => pack.replace(from, to, value),
                    None => {
                        pack.push(field);
                        pack.push(value);
                    }
                }
                self.bytes = pack.size() as u64;
                if pack.len() / 2 > self.max.0 {
                    self.spread();
                }
                return old.is_none();
            }
            self.spread();
        }
        let Form::Table(table) = &mut self.form else { return false };
        match table.get_mut(field) {
            Some(old) => {
                self.bytes = self.bytes - old.len() as u64 + value.len() as u64;
                *old = Box::from(value);
                false
            }
            None => {
                self.bytes += pair(field, value);
                table.insert(Box::from(field), Box::from(value));
                true
            }
        }
    }

    /// Takes a field away; whether it was there.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        match &mut self.form {
            Form::Packed(pack) => {
                let Some((from, _, to)) = pack_find(pack, field) else { return false };
                pack.remove(from, to, 2);
                self.bytes = pack.size() as u64;
                true
            }
            Form::Table(table) => {
                let Some((field, value)) = table.swap_remove_entry(field) else { return false };
                self.bytes -= pair(&field, &value);
                true
            }
        }
    }

    /// All fields with their values, in order of arrival (a removal from a table moves the last one
    /// into the gap).
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> + '_ {
        let (pack, table) = match &self.form {
            Form::Packed(pack) => (Some(pack), None),
            Form::Table(table) => (None, Some(table)),
        };
        let mut items = pack.map(Pack::iter);
        let packed = core::iter::from_fn(move || {
            let items = items.as_mut()?;
            Some((items.next()?.bytes, items.next()?.bytes))
        });
        packed.chain(table.into_iter().flatten().map(|(field, value)| (&**field, &**value)))
    }

    /// Pair number `index` of [`Self::iter`].
    pub fn at(&self, index: usize) -> Option<(&[u8], &[u8])> {
        match &self.form {
            Form::Packed(_) => self.iter().nth(index),
            Form::Table(table) => table.get_index(index).map(|(field, value)| (&**field, &**value)),
        }
    }

    /// One step of HSCAN; the next cursor.
    pub fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(&[u8], &[u8])) -> u64 {
        match &self.form {
            Form::Packed(_) => {
                self.iter().for_each(|(field, value)| visit(field, value));
                0
            }
            Form::Table(table) => scan::down(cursor, count, table.len(), |at| {
                if let Some((field, value)) = table.get_index(at) {
                    visit(field, value);
                }
            }),
        }
    }

    /// Takes its content into a digest; order and form do not count.
    pub(super) fn feed(&self, hash: &mut Digest) {
        hash.number(4);
        hash.number(self.iter().fold(0, |sum: u64, (field, value)| {
            let mut one = Digest::new();
            one.bytes(field);
            one.bytes(value);
            sum.wrapping_add(one.finish())
        }));
    }

    /// Takes other limits; a pack that is beyond them becomes a table.
    pub fn limit(&mut self, packing: &Packing) {
        self.max = (packing.hash_entries, packing.hash_bytes);
        let (entries, bytes) = self.max;
        let fits = |(field, value): (&[u8], &[u8])| field.len() <= bytes && value.len() <= bytes;
        if self.is_packed() && (self.len() > entries || !self.iter().all(fits)) {
            self.spread();
        }
    }

    /// From packed to table; there is no way back.
    fn spread(&mut self) {
        let table: Table =
            self.iter().map(|(field, value)| (Box::from(field), Box::from(value))).collect();
        self.bytes = table.iter().map(|(field, value)| pair(field, value)).sum();
        self.form = Form::Table(table);
    }
}

const fn pair(field: &[u8], value: &[u8]) -> u64 {
    PAIR + field.len() as u64 + value.len() as u64
}

/// Where a field begins, where its value begins, where that ends.
fn pack_find(pack: &Pack, field: &[u8]) -> Option<(usize, usize, usize)> {
    let mut items = pack.iter();
    while let (Some(name), Some(value)) = (items.next(), items.next()) {
        if name.bytes == field {
            return Some((name.from, value.from, value.to));
        }
    }
    None
}
