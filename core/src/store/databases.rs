//! All databases of a node, one of which commands see.
//!
//! A database is a keyspace with a number. The one that is selected is at hand, so that a command
//! pays nothing for the others; these rest, and only if they have keys. A cluster has only
//! number 0.
//!
//! What counts for all of them (changes since the start, the limits for collections, whether new
//! keys are noted) goes along with the selected one.
//!
//! Spec: SELECT, MOVE and SWAPDB of Redis; each client has a database of its own, and so has the
//! stream to replicas and files.

use alloc::{collections::BTreeMap, vec::Vec};
use core::{
    mem,
    ops::{Deref, DerefMut},
};

use super::{Digest, Keyspace, Sum};
use crate::{config::Config, resp::parse_i64, time::UnixMillis};

/// The number of a database as a client or a stream names it, if there is such a one.
pub(crate) fn database(config: &Config, word: &[u8]) -> Option<u32> {
    let number = parse_i64(word).and_then(|n| u32::try_from(n).ok())?;
    (number < config.databases_in_use()).then_some(number)
}

/// The databases of a node; as a keyspace it is the selected one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Databases {
    number: u32,
    selected: Keyspace,
    /// The others, if they have keys.
    resting: BTreeMap<u32, Keyspace>,
}

impl Deref for Databases {
    type Target = Keyspace;

    fn deref(&self) -> &Keyspace {
        &self.selected
    }
}

impl DerefMut for Databases {
    fn deref_mut(&mut self) -> &mut Keyspace {
        &mut self.selected
    }
}

impl Databases {
    /// The number of the selected database.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Selects a database; whether the number is allowed is the caller's business.
    #[inline]
    pub fn select(&mut self, number: u32) {
        if number != self.number {
            self.exchange(number);
        }
    }

    #[cold]
    fn exchange(&mut self, number: u32) {
        let mut next = self.resting.remove(&number).unwrap_or_default();
        next.dirty = self.selected.dirty;
        next.fresh = self.selected.fresh.take();
        next.packing = self.selected.packing;
        let rest = mem::replace(&mut self.selected, next);
        if !rest.is_empty() {
            self.resting.insert(self.number, rest);
        }
        self.number = number;
    }

    /// A database, unless it is neither selected nor has keys.
    pub fn of(&self, number: u32) -> Option<&Keyspace> {
        if number == self.number { Some(&self.selected) } else { self.resting.get(&number) }
    }

    /// Those that have keys, with their numbers, ascending.
    pub fn each(&self) -> impl Iterator<Item = (u32, &Keyspace)> {
        let below = self.resting.range(..self.number);
        let above = self.resting.range(self.number..);
        let selected = (!self.selected.is_empty()).then_some((self.number, &self.selected));
        let named = |(number, keys): (&u32, _)| (*number, keys);
        below.map(named).chain(selected).chain(above.map(named))
    }

    /// Number of keys of all databases.
    pub fn total_len(&self) -> usize {
        self.each().map(|(_, keys)| keys.len()).sum()
    }

    /// Estimated memory of all databases in bytes.
    pub fn total_memory(&self) -> u64 {
        self.selected.memory() + self.resting.values().map(Keyspace::memory).sum::<u64>()
    }

    /// When the first key of all databases expires.
    pub fn next_expiry_of_all(&self) -> Option<UnixMillis> {
        let resting = self.resting.values().filter_map(Keyspace::next_expiry);
        self.selected.next_expiry().into_iter().chain(resting).min()
    }

    /// Deletes everything in every database.
    pub fn clear_all(&mut self) {
        let resting: usize = mem::take(&mut self.resting).values().map(Keyspace::len).sum();
        self.selected.dirty += resting as u64;
        self.selected.clear();
    }

    /// Takes over everything that `other` holds, in place of what was here.
    pub fn replace_all_with(&mut self, mut other: Self) {
        other.select(self.number);
        self.clear_all();
        self.resting = mem::take(&mut other.resting);
        self.selected.replace_with(other.selected);
    }

    /// Exchanges what two databases hold.
    pub fn swap(&mut self, one: u32, other: u32) {
        let selected = self.number;
        // Once one of them is selected, the exchange is one of numbers.
        self.select(one);
        if let Some(keys) = self.resting.remove(&other) {
            self.resting.insert(one, keys);
        }
        self.number = other;
        // What `one` names now rests, or is empty; `selected` may be either.
        self.select(selected);
    }

    /// The keys and values of all databases, to be read elsewhere while these go on changing.
    pub fn freeze_all(&self) -> Vec<(u32, u64, Keyspace)> {
        let still =
            |(number, keys): (u32, &Keyspace)| (number, keys.expiring_len() as u64, keys.freeze());
        self.each().map(still).collect()
    }

    /// Identifies the content of all databases, see [`Keyspace::digest`].
    pub fn digest_of_all(&self) -> u64 {
        self.each().fold(0, |sum, (number, keys)| {
            let digest = keys.digest();
            if number == 0 {
                return digest;
            }
            let mut hash = Digest::new();
            hash.number(u64::from(number));
            hash.number(digest);
            hash.finish().wrapping_add(sum)
        })
    }

    /// The sum of all databases as DEBUG DIGEST has it.
    pub fn sum_of_all(&self) -> Sum {
        let mut all = Sum::default();
        self.each().for_each(|(number, keys)| all.database(number, keys));
        all
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString as _};

    use super::*;
    use crate::{slot::key_slot, store::Value};

    fn put(all: &mut Databases, number: u32, key: &[u8]) {
        let was = all.number();
        all.select(number);
        all.insert(key_slot(key), key, Value::str(key), None);
        all.select(was);
    }

    fn held(all: &Databases) -> String {
        let one = |(number, keys): (u32, &Keyspace)| {
            let names = keys.iter().map(|(key, ..)| String::from_utf8_lossy(key).into_owned());
            alloc::format!("{number}:{}", names.collect::<Vec<_>>().join(","))
        };
        all.each().map(one).collect::<Vec<_>>().join(" ")
    }

    fn some() -> Databases {
        let mut all = Databases::default();
        for (number, key) in [(0, b"a"), (9, b"c"), (3, b"b")] {
            put(&mut all, number, key);
        }
        all
    }

    #[test]
    fn they_are_told_in_order_whichever_is_selected() {
        let mut all = some();
        for number in [0, 3, 9, 5, 12, 0] {
            all.select(number);
            assert_eq!(held(&all), "0:a 3:b 9:c");
            assert_eq!((all.total_len(), all.dirty()), (3, 3), "changes are counted for all");
        }
        assert_eq!(all.of(4).map(Keyspace::len), None);
    }

    #[test]
    fn two_are_exchanged_whichever_is_selected() {
        for number in [0, 3, 9, 5] {
            let mut all = some();
            all.select(number);
            all.swap(0, 9);
            assert_eq!((held(&all).as_str(), all.number()), ("0:c 3:b 9:a", number));
            all.swap(3, 5);
            assert_eq!((held(&all).as_str(), all.number()), ("0:c 5:b 9:a", number));
            all.swap(7, 5);
            assert_eq!((held(&all).as_str(), all.number()), ("0:c 7:b 9:a", number));
            all.swap(7, 7);
            assert_eq!((held(&all).as_str(), all.number()), ("0:c 7:b 9:a", number));
        }
    }

    #[test]
    fn all_are_emptied_or_replaced() {
        let mut all = some();
        all.select(3);
        let dirty = all.dirty();
        all.replace_all_with(some());
        assert_eq!((held(&all).as_str(), all.number()), ("0:a 3:b 9:c", 3));
        assert!(all.dirty() > dirty);
        all.clear_all();
        assert_eq!((held(&all), all.number(), all.total_memory()), (String::new(), 3, 0));
    }

    #[test]
    fn sums_are_those_of_a_real_server() {
        assert_eq!(Databases::default().sum_of_all(), Sum::default());
        let mut all = Databases::default();
        put(&mut all, 0, b"a");
        put(&mut all, 3, b"b");
        let both = "23eec600807d5a583684d1c88fc19b1756339083";
        assert_eq!(all.sum_of_all().to_string(), both);
        all.select(3);
        assert_eq!(all.sum_of_all().to_string(), both);
        assert_ne!(all.digest_of_all(), {
            all.swap(0, 3);
            all.digest_of_all()
        });
    }
}
