//! Intset: sets of integers, sorted.
//!
//! ```text
//! width u32 LE (2, 4 or 8 bytes), count u32 LE, integers LE …
//! ```

use alloc::vec::Vec;

use super::{Flaw, array, size};

const HEAD: usize = 8;

/// Reads an intset.
#[derive(Clone, Debug)]
pub struct Intset<'a> {
    /// What is left.
    rest: &'a [u8],
    width: usize,
    last: Option<i64>,
    over: bool,
}

impl<'a> Intset<'a> {
    /// Starts reading.
    ///
    /// # Errors
    /// What is wrong with the frame.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Flaw> {
        let width = array(bytes, 0).map(u32::from_le_bytes).ok_or("an intset without a head")?;
        let count = array(bytes, 4).map(u32::from_le_bytes).ok_or("an intset without a head")?;
        let width = match width {
            2 | 4 | 8 => size(width),
            _ => return Err("an intset whose integers have a width that is none"),
        };
        let rest = &bytes[HEAD..];
        if size(count).checked_mul(width) != Some(rest.len()) {
            return Err("an intset of another length than it says");
        }
        Ok(Self { rest, width, last: None, over: false })
    }
}

impl Iterator for Intset<'_> {
    type Item = Result<i64, Flaw>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over || self.rest.is_empty() {
            return None;
        }
        let n = match self.width {
            2 => i64::from(i16::from_le_bytes(array(self.rest, 0)?)),
            4 => i64::from(i32::from_le_bytes(array(self.rest, 0)?)),
            _ => i64::from_le_bytes(array(self.rest, 0)?),
        };
        self.rest = self.rest.get(self.width..)?;
        if self.last.replace(n).is_some_and(|last| last >= n) {
            self.over = true;
            return Some(Err("an intset that is not sorted"));
        }
        Some(Ok(n))
    }
}

/// The intset of `sorted`, which ascends without repetition, in the narrowest width.
#[must_use]
pub fn write_intset(sorted: &[i64]) -> Vec<u8> {
    let fits = |low: i64, high: i64| sorted.iter().all(|n| (low..=high).contains(n));
    let width: u32 = if fits(i16::MIN.into(), i16::MAX.into()) {
        2
    } else if fits(i32::MIN.into(), i32::MAX.into()) {
        4
    } else {
        8
    };
    let count = u32::try_from(sorted.len()).unwrap_or(u32::MAX);
    let mut out = Vec::with_capacity(HEAD + sorted.len() * size(width));
    out.extend_from_slice(&width.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    for n in sorted {
        out.extend_from_slice(&n.to_le_bytes()[..size(width)]);
    }
    out
}
