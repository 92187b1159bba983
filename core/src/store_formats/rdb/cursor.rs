//! Walking over the bytes of RDB: lengths and strings.
//!
//! ```text
//! 00xxxxxx         length, 6 bits        11 000000   integer, 1 byte
//! 01xxxxxx + 1     14 bits, big-endian   11 000001   2 bytes, little-endian
//! 80 + 4, 81 + 8   big-endian            11 000010   4 bytes
//!                                        11 000011   LZF: packed length, length, bytes
//! ```

use alloc::{borrow::Cow, vec::Vec};

use super::RdbError;
use crate::store_formats::lzf;

/// A place in bytes that may end at any point.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    pub at: usize,
    /// How many bytes stood before these, for errors.
    base: u64,
}

enum Prefix {
    Length(u64),
    Special(u8),
}

impl<'a> Cursor<'a> {
    pub const fn new(bytes: &'a [u8], base: u64) -> Self {
        Self { bytes, at: 0, base }
    }

    /// Where it stands in the whole.
    pub const fn place(&self) -> u64 {
        self.base + self.at as u64
    }

    pub const fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub const fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Up to `len` bytes that come next.
    pub fn peek(&self, len: usize) -> &'a [u8] {
        let end = self.at.saturating_add(len).min(self.bytes.len());
        self.bytes.get(self.at..end).unwrap_or_default()
    }

    pub const fn damaged(&self, what: &'static str) -> RdbError {
        RdbError::Damaged { at: self.place(), what }
    }

    /// A string; borrowed where it stands there as it is.
    pub fn string(&mut self) -> Result<Cow<'a, [u8]>, RdbError> {
        let at = self.place();
        match self.prefix()? {
            Prefix::Length(len) => Ok(Cow::Borrowed(self.take(len)?)),
            Prefix::Special(0) => Ok(decimal(i8::from_le_bytes(self.array()?))),
            Prefix::Special(1) => Ok(decimal(i16::from_le_bytes(self.array()?))),
            Prefix::Special(2) => Ok(decimal(i32::from_le_bytes(self.array()?))),
            Prefix::Special(3) => {
                let (packed, plain) = (self.length()?, self.length()?);
                let packed = self.take(packed)?;
                let plain = usize::try_from(plain).ok();
                plain
                    .and_then(|len| lzf::decompress(packed, len))
                    .map(Cow::Owned)
                    .ok_or(RdbError::Damaged { at, what: "a compressed string" })
            }
            Prefix::Special(_) => {
                Err(RdbError::Damaged { at, what: "an unknown encoding of a string" })
            }
        }
    }

    /// A string of its own.
    pub fn text(&mut self) -> Result<Vec<u8>, RdbError> {
        self.string().map(Cow::into_owned)
    }

    pub fn length(&mut self) -> Result<u64, RdbError> {
        match self.prefix()? {
            Prefix::Length(n) => Ok(n),
            Prefix::Special(_) => Err(self.damaged("a length that is none")),
        }
    }

    fn prefix(&mut self) -> Result<Prefix, RdbError> {
        let first = self.byte()?;
        let low = first & 0x3F;
        Ok(match first >> 6 {
            0 => Prefix::Length(u64::from(low)),
            1 => Prefix::Length(u64::from(u16::from_be_bytes([low, self.byte()?]))),
            3 => Prefix::Special(low),
            _ if first == 0x80 => Prefix::Length(u64::from(u32::from_be_bytes(self.array()?))),
            _ if first == 0x81 => Prefix::Length(u64::from_be_bytes(self.array()?)),
            _ => return Err(self.damaged("a length that is none")),
        })
    }

    pub fn byte(&mut self) -> Result<u8, RdbError> {
        Ok(self.array::<1>()?[0])
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], RdbError> {
        let taken = self.take(N as u64)?;
        taken.try_into().map_err(|_| self.truncated())
    }

    pub fn take(&mut self, len: u64) -> Result<&'a [u8], RdbError> {
        let end = usize::try_from(len).ok().and_then(|len| self.at.checked_add(len));
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| self.truncated())?;
        self.at += taken.len();
        Ok(taken)
    }

    const fn truncated(&self) -> RdbError {
        RdbError::Truncated(self.base + self.bytes.len() as u64)
    }
}

fn decimal(n: impl itoa::Integer) -> Cow<'static, [u8]> {
    Cow::Owned(itoa::Buffer::new().format(n).as_bytes().to_vec())
}
