//! Hash slots: 16384 of them, a table and not a ring.
//!
//! 16384 because every heartbeat carries the sender's slots as a bitmap: 2 KiB at this size, 8 KiB
//! at 65536, and a cluster of a thousand masters still has sixteen slots for each.

use core::fmt;

mod hash;
mod set;

pub use hash::{checksum, hashed_part, key_slot};
pub use set::{SlotRanges, SlotSet};

/// How many slots there are.
pub const SLOTS: u16 = 16_384;

/// A hash slot: always below [`SLOTS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "u16", into = "u16"))]
pub struct Slot(u16);

impl Slot {
    /// Slot 0.
    pub const FIRST: Self = Self(0);
    /// Slot 16383.
    pub const LAST: Self = Self(SLOTS - 1);

    /// `None` from 16384 up.
    #[must_use]
    pub const fn new(n: u16) -> Option<Self> {
        if n < SLOTS { Some(Self(n)) } else { None }
    }

    /// The slot of a CRC: its lowest 14 bits.
    #[must_use]
    pub const fn from_crc(crc: u16) -> Self {
        Self(crc & (SLOTS - 1))
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Its number, to index a table with.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The slots from `first` to `last`, ascending; none if they are the wrong way round.
    pub fn range(first: Self, last: Self) -> impl Iterator<Item = Self> {
        (first.0..=last.0).map(Self)
    }

    /// All slots, ascending.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        (0..SLOTS).map(Self)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Slot> for u16 {
    fn from(slot: Slot) -> Self {
        slot.0
    }
}

/// The number is 16384 or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash slot is below 16384")]
pub struct NotASlot;

impl TryFrom<u16> for Slot {
    type Error = NotASlot;
    fn try_from(n: u16) -> Result<Self, NotASlot> {
        Self::new(n).ok_or(NotASlot)
    }
}
