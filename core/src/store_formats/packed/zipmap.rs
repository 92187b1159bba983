//! Zipmap: small hashes before Redis 2.6. Old snapshots hold it still.
//!
//! ```text
//! count (254 and more: count them)
//! length field, length unused value, unused bytes …      length: 1 byte, or FE and 4 LE
//! FF
//! ```

use super::{Flaw, array, piece, size};

const END: u8 = 0xFF;
const LONG: u8 = 0xFE;
/// The count that means "count them".
const UNCOUNTED: u8 = 254;

/// A field and its value.
type Pair<'a> = (&'a [u8], &'a [u8]);

/// Reads a zipmap, field and value at a time.
#[derive(Clone, Debug)]
pub struct Zipmap<'a> {
    bytes: &'a [u8],
    at: usize,
    due: Option<u8>,
    over: bool,
}

impl<'a> Zipmap<'a> {
    /// Starts reading.
    ///
    /// # Errors
    /// What is wrong with the frame.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Flaw> {
        match bytes {
            [count, .., END] => {
                Ok(Self { bytes, at: 1, due: (*count < UNCOUNTED).then_some(*count), over: false })
            }
            _ => Err("a zipmap without a head or an end"),
        }
    }

    fn entry(&mut self) -> Result<Option<Pair<'a>>, Flaw> {
        const CUT: Flaw = "an entry that leaves its zipmap";
        if self.bytes.get(self.at) == Some(&END) {
            return if self.at + 1 != self.bytes.len() {
                Err("a zipmap that ends before its end")
            } else if self.due.is_some_and(|due| due > 0) {
                Err("a zipmap with fewer entries than it says")
            } else {
                Ok(None)
            };
        }
        let (len, at) = length(self.bytes, self.at).ok_or(CUT)?;
        let (field, at) = piece(self.bytes, at, len).ok_or(CUT)?;
        let (len, at) = length(self.bytes, at).ok_or(CUT)?;
        let unused = *self.bytes.get(at).ok_or(CUT)?;
        let (value, at) = piece(self.bytes, at + 1, len).ok_or(CUT)?;
        let at = at + usize::from(unused);
        if at >= self.bytes.len() {
            return Err(CUT);
        }
        if let Some(due) = &mut self.due {
            *due = due.checked_sub(1).ok_or("a zipmap with more entries than it says")?;
        }
        self.at = at;
        Ok(Some((field, value)))
    }
}

impl<'a> Iterator for Zipmap<'a> {
    type Item = Result<Pair<'a>, Flaw>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let entry = self.entry().transpose();
        self.over = !matches!(entry, Some(Ok(_)));
        entry
    }
}

fn length(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    match *bytes.get(at)? {
        END => None,
        LONG => Some((size(u32::from_le_bytes(array(bytes, at + 1)?)), at + 5)),
        len => Some((usize::from(len), at + 1)),
    }
}
