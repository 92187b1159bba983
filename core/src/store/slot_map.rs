//! The keys of one slot, in insertion order, found by one byte of their hash.
//!
//! ```text
//! tags   [7f][02][c4][02]      one byte of each key's hash, side by side
//! items  [key, entry][key, entry][key, entry][key, entry]
//! ```
//!
//! A look-up searches the tags, a cache line for 64 keys, and compares the keys behind those that
//! fit: a 256th of the others, by chance. An even spread puts 61 keys into a slot when the node
//! holds a million; slots that grow far beyond (hash tags!) get an index instead of tags.
//!
//! Vectors grow by an eighth and not by doubling: with 16384 of them, half-empty ones would be the
//! largest part of a node's memory.
//!
//! Removal moves the last key into the gap. So order depends on what was done, never on hashes.

use alloc::{boxed::Box, vec::Vec};
use core::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use smallvec::SmallVec;

use super::{Entry, Key};

/// Beyond so many keys tags are slower than an index: two keys fit by chance, and four lines of
/// cache are searched.
const TAGS_MAX: usize = 256;
/// Tags that lie in the map itself.
const TAGS_INLINE: usize = 24;
/// The least growth: the first keys of a slot come in one allocation.
const GROWTH_MIN: usize = 2;

/// The keys of one slot.
#[derive(Clone, Debug, Default)]
pub(crate) struct SlotMap {
    items: Vec<(Key, Entry)>,
    finder: Finder,
}

/// Where keys are among the items.
#[derive(Clone, Debug)]
enum Finder {
    /// A byte of each hash, in the order of the items.
    Tags(SmallVec<[u8; TAGS_INLINE]>),
    /// Places by hash. It is never walked.
    Index(Box<HashTable<u32>>),
}

impl Default for Finder {
    fn default() -> Self {
        Self::Tags(SmallVec::new())
    }
}

/// The seed is fixed: order never depends on it.
fn hash_of(key: &[u8]) -> u64 {
    FixedState::default().hash_one(key)
}

/// The upper bits are the best mixed.
const fn tag_of(hash: u64) -> u8 {
    hash.to_be_bytes()[0]
}

impl SlotMap {
    /// Number of keys.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The entry of a key.
    pub fn get(&self, key: &[u8]) -> Option<&Entry> {
        let at = self.place(key, hash_of(key))?;
        self.items.get(at).map(|(_, entry)| entry)
    }

    /// The key as it is kept, and its entry.
    pub fn get_mut(&mut self, key: &[u8]) -> Option<(&Key, &mut Entry)> {
        let at = self.place(key, hash_of(key))?;
        self.items.get_mut(at).map(|(key, entry)| (&*key, entry))
    }

    /// The key at a place in the order.
    pub fn at(&self, place: usize) -> Option<(&Key, &Entry)> {
        self.items.get(place).map(|(key, entry)| (key, entry))
    }

    /// All keys in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Entry)> + '_ {
        self.items.iter().map(|(key, entry)| (key, entry))
    }

    /// Appends a key that is not there yet.
    pub fn append(&mut self, key: Key, entry: Entry) {
        let (hash, len) = (hash_of(&key), self.items.len());
        debug_assert!(self.place(&key, hash).is_none(), "the key is new");
        if len == self.items.capacity() {
            self.items.reserve_exact((len / 8).max(GROWTH_MIN));
        }
        self.items.push((key, entry));
        let items = &self.items;
        match &mut self.finder {
            Finder::Tags(tags) if len < TAGS_MAX => tags.push(tag_of(hash)),
            Finder::Tags(_) => self.finder = Finder::Index(Box::new(index(items))),
            Finder::Index(index) => {
                index.insert_unique(hash, number(len), |at| hash_at(items, *at));
            }
        }
    }

    /// Takes a key out; the last one moves to its place.
    pub fn swap_remove(&mut self, key: &[u8]) -> Option<(Key, Entry)> {
        let hash = hash_of(key);
        let at = self.place(key, hash)?;
        let last = self.items.len() - 1;
        match &mut self.finder {
            Finder::Tags(tags) => drop(tags.swap_remove(at)),
            Finder::Index(index) => {
                if let Ok(found) = index.find_entry(hash, |n| *n == number(at)) {
                    found.remove();
                }
                let moved = hash_at(&self.items, number(last));
                if let Some(place) = index.find_mut(moved, |n| *n == number(last)) {
                    *place = number(at);
                }
            }
        }
        let gone = self.items.swap_remove(at);
        // A slot that shrank for good gives its memory back.
        if self.items.capacity() / 2 > self.items.len() + GROWTH_MIN {
            self.items.shrink_to(self.items.len() + self.items.len() / 8);
        }
        Some(gone)
    }

    fn place(&self, key: &[u8], hash: u64) -> Option<usize> {
        let is_it = |at: usize| self.items.get(at).is_some_and(|(other, _)| **other == *key);
        match &self.finder {
            Finder::Tags(tags) => {
                let tag = tag_of(hash);
                if tags.len() <= TAGS_INLINE {
                    // Calling a search costs more than so few comparisons.
                    (0..tags.len()).find(|at| tags[*at] == tag && is_it(*at))
                } else {
                    memchr::memchr_iter(tag, tags).find(|at| is_it(*at))
                }
            }
            Finder::Index(index) => {
                let place = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
                index.find(hash, |n| is_it(place(*n))).map(|n| place(*n))
            }
        }
    }
}

fn index(items: &[(Key, Entry)]) -> HashTable<u32> {
    let mut index = HashTable::with_capacity(items.len());
    for at in 0..items.len() {
        let at = number(at);
        index.insert_unique(hash_at(items, at), at, |at| hash_at(items, *at));
    }
    index
}

fn hash_at(items: &[(Key, Entry)], at: u32) -> u64 {
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    items.get(at).map_or(0, |(key, _)| hash_of(key))
}

/// A place among the items; four thousand million keys of one slot have no room in memory.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Value;

    fn key(n: u32) -> Key {
        Key::from(alloc::format!("{{tag}}:{n}").as_bytes())
    }

    fn entry(n: u32) -> Entry {
        Entry { value: Value::str(alloc::format!("{n}").as_bytes()), expire: None }
    }

    /// The order is that of a plain vector with `swap_remove`, below and above the change from
    /// tags to an index, and every key is found where it is.
    #[test]
    fn it_is_a_vector_that_finds_its_keys() {
        let mut map = SlotMap::default();
        let mut model: Vec<u32> = Vec::new();
        let check = |map: &SlotMap, model: &[u32]| {
            assert_eq!(map.len(), model.len());
            assert!(map.iter().map(|(key, _)| key.clone()).eq(model.iter().map(|n| key(*n))));
            for n in model {
                assert_eq!(map.get(&key(*n)), Some(&entry(*n)), "{n}");
            }
        };
        for n in 0..700 {
            map.append(key(n), entry(n));
            model.push(n);
            if n % 3 == 0 {
                let at = usize::try_from(n * 7).unwrap() % model.len();
                let gone = model.swap_remove(at);
                assert_eq!(map.swap_remove(&key(gone)), Some((key(gone), entry(gone))));
                assert_eq!(map.swap_remove(&key(gone)), None);
                assert!(map.get(&key(gone)).is_none());
            }
            if n % 50 == 0 || n > 690 {
                check(&map, &model);
            }
        }
        while let Some(n) = model.first().copied() {
            model.swap_remove(0);
            map.swap_remove(&key(n));
            if model.len().is_multiple_of(50) {
                check(&map, &model);
            }
        }
        assert!(map.is_empty() && map.at(0).is_none());
    }
}
