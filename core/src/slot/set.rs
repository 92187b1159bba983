//! `SlotSet`: a set of slots in wire order.
//!
//! Slot *s* is bit `s & 7` (lowest first) of byte `s >> 3`, exactly as the bus header carries it,
//! so encoding and comparing are copies.

use core::fmt;

use super::{SLOTS, Slot};

const BYTES: usize = SLOTS as usize / 8;

/// A set of slots, 2 KiB.
#[derive(Clone, PartialEq, Eq)]
pub struct SlotSet([u8; BYTES]);

impl Default for SlotSet {
    fn default() -> Self {
        Self::new()
    }
}

impl SlotSet {
    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self([0; BYTES])
    }

    /// From the bytes of a header; `None` unless there are 2048.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes of a header.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; BYTES] {
        &self.0
    }

    /// Is `slot` in it?
    #[must_use]
    pub const fn contains(&self, slot: Slot) -> bool {
        self.0[slot.index() >> 3] & (1 << (slot.index() & 7)) != 0
    }

    /// Adds `slot`; true if it was not in it.
    pub const fn insert(&mut self, slot: Slot) -> bool {
        let was = self.contains(slot);
        self.0[slot.index() >> 3] |= 1 << (slot.index() & 7);
        !was
    }

    /// Takes `slot` out; true if it was in it.
    pub const fn remove(&mut self, slot: Slot) -> bool {
        let was = self.contains(slot);
        self.0[slot.index() >> 3] &= !(1 << (slot.index() & 7));
        was
    }

    /// Empties it.
    pub const fn clear(&mut self) {
        self.0 = [0; BYTES];
    }

    /// How many slots are in it.
    #[must_use]
    pub fn len(&self) -> u16 {
        let ones: u32 = self.words().map(u64::count_ones).sum();
        u16::try_from(ones).unwrap_or(SLOTS)
    }

    /// Is it empty?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words().all(|word| word == 0)
    }

    /// The slots in it, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Slot> + '_ {
        self.words().enumerate().flat_map(|(at, mut word)| {
            core::iter::from_fn(move || {
                if word == 0 {
                    return None;
                }
                let bit = word.trailing_zeros() as usize;
                word &= word - 1;
                u16::try_from(at * 64 + bit).ok().and_then(Slot::new)
            })
        })
    }

    /// The slots in it as inclusive ranges, ascending.
    #[must_use]
    pub fn ranges(&self) -> SlotRanges<'_> {
        SlotRanges { set: self, next: 0 }
    }

    fn words(&self) -> impl Iterator<Item = u64> + '_ {
        let (words, _) = self.0.as_chunks::<8>();
        words.iter().map(|word| u64::from_le_bytes(*word))
    }

    /// Slots 64 x `at` and up, lowest first; 0 beyond the end.
    fn word(&self, at: usize) -> u64 {
        let (words, _) = self.0.as_chunks::<8>();
        words.get(at).map_or(0, |word| u64::from_le_bytes(*word))
    }
}

impl FromIterator<Slot> for SlotSet {
    fn from_iter<I: IntoIterator<Item = Slot>>(slots: I) -> Self {
        let mut set = Self::new();
        for slot in slots {
            set.insert(slot);
        }
        set
    }
}

impl fmt::Debug for SlotSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ranges().map(|(a, b)| a.get()..=b.get())).finish()
    }
}

/// The inclusive ranges of a [`SlotSet`], ascending.
#[derive(Clone, Debug)]
pub struct SlotRanges<'a> {
    set: &'a SlotSet,
    next: u16,
}

impl SlotRanges<'_> {
    /// The first slot from `from` on whose bit is `set`; `SLOTS` if there is none.
    fn edge(&self, from: u16, set: bool) -> u16 {
        let mut at = from;
        while at < SLOTS {
            let word = self.set.word(usize::from(at / 64));
            // Below `at` nothing counts.
            let wanted = (if set { word } else { !word }) >> (at % 64);
            if wanted != 0 {
                return at + u16::try_from(wanted.trailing_zeros()).unwrap_or(0);
            }
            at += 64 - at % 64;
        }
        SLOTS
    }
}

impl Iterator for SlotRanges<'_> {
    type Item = (Slot, Slot);

    fn next(&mut self) -> Option<(Slot, Slot)> {
        let from = Slot::new(self.edge(self.next, true))?;
        self.next = self.edge(from.get(), false);
        Some((from, Slot::new(self.next.checked_sub(1)?)?))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_set_is_its_slots_and_its_ranges(numbers in proptest::collection::btree_set(0..SLOTS, 0..300)) {
            let set: SlotSet = numbers.iter().filter_map(|n| Slot::new(*n)).collect();
            prop_assert_eq!(usize::from(set.len()), numbers.len());
            let back: Vec<u16> = set.iter().map(Slot::get).collect();
            prop_assert_eq!(&back, &numbers.iter().copied().collect::<Vec<_>>());
            let ranged: Vec<u16> = set.ranges().flat_map(|(a, b)| a.get()..=b.get()).collect();
            prop_assert_eq!(back, ranged);
            prop_assert_eq!(SlotSet::from_bytes(set.as_bytes()), Some(set));
        }
    }

    #[test]
    fn a_full_set_is_one_range() {
        let set: SlotSet = Slot::all().collect();
        assert_eq!(set.ranges().collect::<Vec<_>>(), [(Slot::FIRST, Slot::LAST)]);
        assert!(SlotSet::new().ranges().next().is_none());
    }
}
