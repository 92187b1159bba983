//! Listpack: small lists, hashes and sorted sets since 7.0.
//!
//! ```text
//! total bytes u32 LE, count u16 LE (65535: count them)
//! entry …       encoding and data, then its own length again, to be read backwards
//! FF
//!
//! 0xxxxxxx                 7-bit unsigned          F0 + 4 LE      string
//! 10xxxxxx                 string, 6-bit length    F1 + 2 LE      integer
//! 110xxxxx + 1             13-bit signed           F2 + 3, F3 + 4, F4 + 8
//! 1110xxxx + 1             string, 12-bit length
//! ```

use alloc::vec::Vec;

use super::{Element, Flaw, array, piece, size};
use crate::resp::parse_i64;

/// Total bytes and count.
const HEAD: usize = 6;
const END: u8 = 0xFF;
/// The count that means "count them".
const UNCOUNTED: u16 = u16::MAX;

/// Reads a listpack, element by element.
#[derive(Clone, Debug)]
pub struct Listpack<'a> {
    bytes: &'a [u8],
    at: usize,
    /// How many are still due; `None` when the head does not say.
    due: Option<u16>,
    over: bool,
}

impl<'a> Listpack<'a> {
    /// Starts reading.
    ///
    /// # Errors
    /// What is wrong with the frame.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Flaw> {
        let total = array(bytes, 0).map(u32::from_le_bytes).ok_or("a listpack without a head")?;
        let count = array(bytes, 4).map(u16::from_le_bytes).ok_or("a listpack without a head")?;
        if size(total) != bytes.len() || bytes.len() <= HEAD || bytes.last() != Some(&END) {
            return Err("a listpack of another length than it says");
        }
        let due = (count != UNCOUNTED).then_some(count);
        Ok(Self { bytes, at: HEAD, due, over: false })
    }

    fn entry(&mut self) -> Result<Option<Element<'a>>, Flaw> {
        const CUT: Flaw = "an entry that leaves its listpack";
        let start = self.at;
        let first = *self.bytes.get(start).ok_or(CUT)?;
        if first == END {
            return if start + 1 != self.bytes.len() {
                Err("a listpack that ends before its end")
            } else if self.due.is_some_and(|due| due > 0) {
                Err("a listpack with fewer entries than it says")
            } else {
                Ok(None)
            };
        }
        let (element, end) = element(self.bytes, start, first).ok_or(CUT)?;
        let mut back = [0; 5];
        let back = backlen(end - start, &mut back);
        let (found, next) = piece(self.bytes, end, back.len()).ok_or(CUT)?;
        if found != back {
            return Err("an entry of a listpack whose length is told in two ways");
        }
        // The last byte is the end mark, never part of an entry.
        if next >= self.bytes.len() {
            return Err(CUT);
        }
        if let Some(due) = &mut self.due {
            *due = due.checked_sub(1).ok_or("a listpack with more entries than it says")?;
        }
        self.at = next;
        Ok(Some(element))
    }
}

impl<'a> Iterator for Listpack<'a> {
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
        0x00..=0x7F => int(i64::from(first), at + 1),
        0x80..=0xBF => piece(bytes, at + 1, usize::from(first & 0x3F)).map(text),
        0xC0..=0xDF => {
            let raw = u16::from_be_bytes([first & 0x1F, *bytes.get(at + 1)?]);
            // Thirteen bits: the top one is the sign.
            let n = i64::from(raw);
            int(if n < 1 << 12 { n } else { n - (1 << 13) }, at + 2)
        }
        0xE0..=0xEF => {
            let len = u16::from_be_bytes([first & 0x0F, *bytes.get(at + 1)?]);
            piece(bytes, at + 2, usize::from(len)).map(text)
        }
        0xF0 => {
            let len = u32::from_le_bytes(array(bytes, at + 1)?);
            piece(bytes, at + 5, size(len)).map(text)
        }
        0xF1 => int(i64::from(i16::from_le_bytes(array(bytes, at + 1)?)), at + 3),
        0xF2 => {
            let [a, b, c] = array(bytes, at + 1)?;
            int(i64::from(i32::from_le_bytes([0, a, b, c]) >> 8), at + 4)
        }
        0xF3 => int(i64::from(i32::from_le_bytes(array(bytes, at + 1)?)), at + 5),
        0xF4 => int(i64::from_le_bytes(array(bytes, at + 1)?), at + 9),
        0xF5..=0xFF => None,
    }
}

/// The length of an entry as it stands behind it: seven bits a byte, the most significant group
/// first, and all but that one marked.
fn backlen(len: usize, room: &mut [u8; 5]) -> &[u8] {
    // The limits are one short of the powers of two; Redis counts so too.
    let bytes = match len {
        0..=127 => 1,
        128..=16_382 => 2,
        16_383..=2_097_150 => 3,
        2_097_151..=268_435_454 => 4,
        _ => 5,
    };
    let mut rest = len as u64;
    for place in (0..bytes).rev() {
        let mark = if place == 0 { 0 } else { 0x80 };
        room[place] = rest.to_le_bytes()[0] & 0x7F | mark;
        rest >>= 7;
    }
    &room[..bytes]
}

/// Makes a listpack.
#[derive(Clone, Debug)]
pub struct ListpackWriter {
    out: Vec<u8>,
    count: u32,
}

impl Default for ListpackWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl ListpackWriter {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self { out: alloc::vec![0; HEAD], count: 0 }
    }

    /// Whether it has no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Its bytes once it is finished.
    #[must_use]
    pub fn size(&self) -> usize {
        self.out.len() + 1
    }

    /// Appends an element; the text of an integer becomes an integer.
    pub fn push(&mut self, text: &[u8]) {
        let start = self.out.len();
        match parse_i64(text) {
            Some(n) => push_int(n, &mut self.out),
            None => push_text(text, &mut self.out),
        }
        let mut room = [0; 5];
        let back = backlen(self.out.len() - start, &mut room);
        self.out.extend_from_slice(back);
        self.count += 1;
    }

    /// The whole listpack.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.out.push(END);
        // Nobody who writes small collections comes near four gigabytes.
        let total = u32::try_from(self.out.len()).unwrap_or(u32::MAX);
        let count = u16::try_from(self.count).unwrap_or(UNCOUNTED);
        self.out[..4].copy_from_slice(&total.to_le_bytes());
        self.out[4..HEAD].copy_from_slice(&count.to_le_bytes());
        self.out
    }
}

fn push_int(n: i64, out: &mut Vec<u8>) {
    let bytes = n.to_le_bytes();
    match n {
        0..=127 => out.push(bytes[0]),
        -4096..=4095 => out.extend_from_slice(&[0xC0 | bytes[1] & 0x1F, bytes[0]]),
        -0x8000..=0x7FFF => {
            out.push(0xF1);
            out.extend_from_slice(&bytes[..2]);
        }
        -0x80_0000..=0x7F_FFFF => {
            out.push(0xF2);
            out.extend_from_slice(&bytes[..3]);
        }
        -0x8000_0000..=0x7FFF_FFFF => {
            out.push(0xF3);
            out.extend_from_slice(&bytes[..4]);
        }
        _ => {
            out.push(0xF4);
            out.extend_from_slice(&bytes);
        }
    }
}

fn push_text(text: &[u8], out: &mut Vec<u8>) {
    let len = (text.len() as u64).to_le_bytes();
    match text.len() {
        0..64 => out.push(0x80 | len[0]),
        64..4096 => out.extend_from_slice(&[0xE0 | len[1], len[0]]),
        _ => {
            out.push(0xF0);
            out.extend_from_slice(&len[..4]);
        }
    }
    out.extend_from_slice(text);
}
