//! Ziplist: what listpack replaced in 7.0; older snapshots and payloads hold it.
//!
//! ```text
//! total bytes u32 LE, offset of the last entry u32 LE, count u16 LE (65535: count them)
//! entry …       length of the entry before (1 byte, or FE and 4 LE), encoding, data
//! FF
//!
//! 00xxxxxx             string, 6-bit length       C0 + 2 LE, D0 + 4, E0 + 8, F0 + 3, FE + 1
//! 01xxxxxx + 1         string, 14-bit length      F1 … FD     0 … 12
//! 80 + 4 BE            string
//! ```

use super::{Element, Flaw, array, piece, size};

const HEAD: usize = 10;
const END: u8 = 0xFF;
/// A previous length that needs four more bytes.
const LONG: u8 = 0xFE;

/// Reads a ziplist, element by element.
#[derive(Clone, Debug)]
pub struct Ziplist<'a> {
    bytes: &'a [u8],
    at: usize,
    /// How long the entry before was: each entry says so too.
    before: usize,
    /// How many are still due; `None` when the head does not say.
    due: Option<u16>,
    over: bool,
}

impl<'a> Ziplist<'a> {
    /// Starts reading.
    ///
    /// # Errors
    /// What is wrong with the frame.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Flaw> {
        let total = array(bytes, 0).map(u32::from_le_bytes).ok_or("a ziplist without a head")?;
        let count = array(bytes, 8).map(u16::from_le_bytes).ok_or("a ziplist without a head")?;
        if size(total) != bytes.len() || bytes.len() <= HEAD || bytes.last() != Some(&END) {
            return Err("a ziplist of another length than it says");
        }
        let due = (count != u16::MAX).then_some(count);
        Ok(Self { bytes, at: HEAD, before: 0, due, over: false })
    }

    fn entry(&mut self) -> Result<Option<Element<'a>>, Flaw> {
        const CUT: Flaw = "an entry that leaves its ziplist";
        let start = self.at;
        let (before, at) = match *self.bytes.get(start).ok_or(CUT)? {
            END if start + 1 != self.bytes.len() => {
                return Err("a ziplist that ends before its end");
            }
            END if self.due.is_some_and(|due| due > 0) => {
                return Err("a ziplist with fewer entries than it says");
            }
            END => return Ok(None),
            LONG => {
                let len = array(self.bytes, start + 1).map(u32::from_le_bytes).ok_or(CUT)?;
                (size(len), start + 5)
            }
            len => (usize::from(len), start + 1),
        };
        if before != self.before {
            return Err("an entry of a ziplist that does not know the one before it");
        }
        let first = *self.bytes.get(at).ok_or(CUT)?;
        let (element, end) = element(self.bytes, at, first).ok_or(CUT)?;
        if end >= self.bytes.len() {
            return Err(CUT);
        }
        if let Some(due) = &mut self.due {
            *due = due.checked_sub(1).ok_or("a ziplist with more entries than it says")?;
        }
        self.before = end - start;
        self.at = end;
        Ok(Some(element))
    }
}

impl<'a> Iterator for Ziplist<'a> {
    type Item = Result<Element<'a>, Flaw>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let entry = self.entry().transpose();
        self.over = !matches!(entry, Some(Ok(_)));
        entry
    }
}

/// The element whose encoding begins with `first`, and where its data ends.
fn element(bytes: &[u8], at: usize, first: u8) -> Option<(Element<'_>, usize)> {
    let text = |(text, end): (_, usize)| (Element::Bytes(text), end);
    let int = |n: i64, end: usize| Some((Element::Int(n), end));
    match first {
        0x00..=0x3F => piece(bytes, at + 1, usize::from(first)).map(text),
        0x40..=0x7F => {
            let len = u16::from_be_bytes([first & 0x3F, *bytes.get(at + 1)?]);
            piece(bytes, at + 2, usize::from(len)).map(text)
        }
        0x80 => {
            let len = u32::from_be_bytes(array(bytes, at + 1)?);
            piece(bytes, at + 5, size(len)).map(text)
        }
        0xC0 => int(i64::from(i16::from_le_bytes(array(bytes, at + 1)?)), at + 3),
        0xD0 => int(i64::from(i32::from_le_bytes(array(bytes, at + 1)?)), at + 5),
        0xE0 => int(i64::from_le_bytes(array(bytes, at + 1)?), at + 9),
        0xF0 => {
            let [a, b, c] = array(bytes, at + 1)?;
            int(i64::from(i32::from_le_bytes([0, a, b, c]) >> 8), at + 4)
        }
        0xFE => int(i64::from(i8::from_le_bytes(array(bytes, at + 1)?)), at + 2),
        0xF1..=0xFD => int(i64::from(first & 0x0F) - 1, at + 1),
        0x81..=0xFF => None,
    }
}
