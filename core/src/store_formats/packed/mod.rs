//! Small collections in one piece of bytes: listpack, ziplist, zipmap and intset.
//!
//! Redis keeps small collections like this in memory and writes them as they are, so a snapshot or
//! a DUMP payload holds them as one string. Reading is total: every iterator here ends, after an
//! error at the latest, and borrows from the bytes instead of allocating. Of the four, listpack and
//! intset are also written; the others are older than version 7.
//!
//! Facts: the formats as Redis 7.0 reads them. Each file draws its own.

mod intset;
mod listpack;
#[cfg(test)]
mod tests;
mod ziplist;
mod zipmap;

pub use intset::{Intset, write_intset};
pub use listpack::{Listpack, ListpackWriter};
pub use ziplist::Ziplist;
pub use zipmap::Zipmap;

use alloc::vec::Vec;

/// One element: text, or an integer that stands for its decimal text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element<'a> {
    /// As it stands.
    Bytes(&'a [u8]),
    /// Its decimal text.
    Int(i64),
}

impl Element<'_> {
    /// Its text.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.to_vec(),
            Self::Int(n) => itoa::Buffer::new().format(*n).as_bytes().to_vec(),
        }
    }

    /// As a score.
    #[must_use]
    pub fn score(&self) -> Option<f64> {
        match self {
            Self::Bytes(bytes) => score(bytes),
            #[expect(clippy::cast_precision_loss, reason = "a score is a double in Redis too")]
            Self::Int(n) => Some(*n as f64),
        }
    }
}

/// A score from its text; `None` for what is no number, NaN included.
#[must_use]
pub fn score(text: &[u8]) -> Option<f64> {
    let score: f64 = core::str::from_utf8(text).ok()?.parse().ok()?;
    (!score.is_nan()).then_some(score)
}

/// What is wrong with some bytes, as the end of "the … is damaged: ".
pub type Flaw = &'static str;

/// Takes `N` bytes at `at`.
fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

/// `len` bytes from `at` on, and where they end.
fn piece(bytes: &[u8], at: usize, len: usize) -> Option<(&[u8], usize)> {
    let end = at.checked_add(len)?;
    Some((bytes.get(at..end)?, end))
}

/// A length that may be larger than what can be addressed.
fn size(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
