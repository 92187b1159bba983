//! Reading RDB and DUMP: total on any bytes, and never allocating more than they can justify.

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};

use super::{MAGIC, Object, VERSION, op};
use crate::store_formats::{crc64::crc64, lzf};

/// Why a snapshot or a payload was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RdbError {
    /// It does not begin as one.
    #[error("this is no RDB: it does not start with REDIS and four digits")]
    NoMagic,
    /// A version from the future, or none.
    #[error("Can't handle RDB format version {0}")]
    Version(u32),
    /// It ends in the middle.
    #[error("the RDB ends in the middle, after {0} bytes")]
    Truncated(usize),
    /// The checksum is that of other bytes.
    #[error("the RDB is damaged: checksum {found:016x}, computed {computed:016x}")]
    Checksum {
        /// What stands there.
        found: u64,
        /// What should.
        computed: u64,
    },
    /// A length or string that makes no sense.
    #[error("the RDB is damaged: {what} at byte {at}")]
    Damaged {
        /// Where.
        at: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A type of value that cannot be held.
    #[error("key '{key}' holds a {kind} (type {code}), and only strings are supported yet")]
    Type {
        /// Of which key.
        key: String,
        /// The type's number.
        code: u8,
        /// Its name.
        kind: &'static str,
    },
    /// Another database than 0.
    #[error("the RDB holds keys in database {0}, and only database 0 is supported")]
    Database(u64),
    /// Data of a module.
    #[error("the RDB holds data of a module, and modules are not supported")]
    Module,
}

/// One thing in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// An auxiliary field.
    Aux(Vec<u8>, Vec<u8>),
    /// The keys that follow are in this database.
    Database(u64),
    /// Sizes of the database: a hint.
    Sizes {
        /// Keys.
        keys: u64,
        /// Keys with an expiry.
        expiring: u64,
    },
    /// The source of a library of functions.
    Function(Vec<u8>),
    /// A key.
    Entry {
        /// Its name.
        key: Vec<u8>,
        /// Its value.
        value: Object,
        /// When it expires, in Unix milliseconds; a time before 1970 is 0.
        expire_ms: Option<u64>,
    },
}

/// Reads a snapshot item by item.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    version: u32,
    ended: bool,
}

impl<'a> Reader<'a> {
    /// Starts at the head.
    ///
    /// # Errors
    /// [`RdbError::NoMagic`] and [`RdbError::Version`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, RdbError> {
        let digits = bytes.strip_prefix(MAGIC).and_then(|rest| rest.get(..4));
        let digits = digits.filter(|text| text.iter().all(u8::is_ascii_digit));
        let text = digits.and_then(|text| core::str::from_utf8(text).ok());
        let version: u32 = text.and_then(|text| text.parse().ok()).ok_or(RdbError::NoMagic)?;
        if !(1..=u32::from(VERSION)).contains(&version) {
            return Err(RdbError::Version(version));
        }
        Ok(Self { bytes, at: MAGIC.len() + 4, version, ended: false })
    }

    /// How many bytes were read: after the end, where something else may begin.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.at
    }

    /// The next item; `None` at the end, once the checksum is verified.
    ///
    /// # Errors
    /// [`RdbError`], after which nothing more can be read.
    pub fn next_item(&mut self) -> Result<Option<Item>, RdbError> {
        let mut expire_ms = None;
        while !self.ended {
            match self.byte()? {
                op::AUX => return Ok(Some(Item::Aux(self.string()?, self.string()?))),
                op::SELECT => return Ok(Some(Item::Database(self.length()?))),
                op::RESIZE => {
                    let (keys, expiring) = (self.length()?, self.length()?);
                    return Ok(Some(Item::Sizes { keys, expiring }));
                }
                op::EXPIRE_MS => {
                    expire_ms = Some(u64::try_from(i64::from_le_bytes(self.array()?)).unwrap_or(0));
                }
                op::EXPIRE_S => {
                    let s = u64::try_from(i32::from_le_bytes(self.array()?)).unwrap_or(0);
                    expire_ms = Some(s * 1000);
                }
                op::IDLE => {
                    self.length()?;
                }
                op::FREQ => {
                    self.byte()?;
                }
                op::FUNCTION => return Ok(Some(Item::Function(self.string()?))),
                op::MODULE_AUX => return Err(RdbError::Module),
                op::END => self.verify_end()?,
                code => {
                    let key = self.string()?;
                    let value = self.object(code, &key)?;
                    return Ok(Some(Item::Entry { key, value, expire_ms }));
                }
            }
        }
        Ok(None)
    }

    fn verify_end(&mut self) -> Result<(), RdbError> {
        // Versions below 5 end without a checksum.
        if self.version >= 5 {
            let computed = crc64(&self.bytes[..self.at]);
            let found = u64::from_le_bytes(self.array()?);
            if found != 0 && found != computed {
                return Err(RdbError::Checksum { found, computed });
            }
        }
        self.ended = true;
        Ok(())
    }

    /// A value of the type `code`. New types become arms here.
    fn object(&mut self, code: u8, key: &[u8]) -> Result<Object, RdbError> {
        let kind = match code {
            0 => return Ok(Object::String(self.string()?)),
            1 | 10 | 14 | 18 => "list",
            2 | 11 => "set",
            3 | 5 | 12 | 17 => "sorted set",
            4 | 9 | 13 | 16 => "hash",
            15 | 19 => "stream",
            6 | 7 => "value of a module",
            _ => return Err(self.damaged("an unknown type of value")),
        };
        Err(RdbError::Type { key: String::from_utf8_lossy(key).to_string(), code, kind })
    }

    fn string(&mut self) -> Result<Vec<u8>, RdbError> {
        let at = self.at;
        match self.prefix()? {
            Prefix::Length(len) => Ok(self.take(len)?.to_vec()),
            Prefix::Special(0) => Ok(decimal(i8::from_le_bytes(self.array()?))),
            Prefix::Special(1) => Ok(decimal(i16::from_le_bytes(self.array()?))),
            Prefix::Special(2) => Ok(decimal(i32::from_le_bytes(self.array()?))),
            Prefix::Special(3) => {
                let (packed, plain) = (self.length()?, self.length()?);
                let packed = self.take(packed)?;
                let plain = usize::try_from(plain).ok();
                plain
                    .and_then(|len| lzf::decompress(packed, len))
                    .ok_or(RdbError::Damaged { at, what: "a compressed string" })
            }
            Prefix::Special(_) => {
                Err(RdbError::Damaged { at, what: "an unknown encoding of a string" })
            }
        }
    }

    fn length(&mut self) -> Result<u64, RdbError> {
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

    fn byte(&mut self) -> Result<u8, RdbError> {
        Ok(self.array::<1>()?[0])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], RdbError> {
        let taken = self.take(N as u64)?;
        taken.try_into().map_err(|_| RdbError::Truncated(self.bytes.len()))
    }

    fn take(&mut self, len: u64) -> Result<&'a [u8], RdbError> {
        let end = usize::try_from(len).ok().and_then(|len| self.at.checked_add(len));
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or(RdbError::Truncated(self.bytes.len()))?;
        self.at += taken.len();
        Ok(taken)
    }

    const fn damaged(&self, what: &'static str) -> RdbError {
        RdbError::Damaged { at: self.at, what }
    }
}

/// Reads a payload of DUMP.
///
/// # Errors
/// [`RdbError`]; a wrong footer is [`RdbError::Checksum`] or [`RdbError::Version`].
pub fn read_dump(payload: &[u8]) -> Result<Object, RdbError> {
    let Some((rest, sum)) = payload.split_last_chunk::<8>() else {
        return Err(RdbError::Truncated(payload.len()));
    };
    let Some((body, version)) = rest.split_last_chunk::<2>() else {
        return Err(RdbError::Truncated(payload.len()));
    };
    let version = u16::from_le_bytes(*version);
    if version > VERSION {
        return Err(RdbError::Version(u32::from(version)));
    }
    let (found, computed) = (u64::from_le_bytes(*sum), crc64(rest));
    if found != 0 && found != computed {
        return Err(RdbError::Checksum { found, computed });
    }
    let mut reader = Reader { bytes: body, at: 0, version: u32::from(version), ended: false };
    let code = reader.byte()?;
    let value = reader.object(code, b"")?;
    if reader.at == body.len() {
        Ok(value)
    } else {
        Err(reader.damaged("something behind the value"))
    }
}

enum Prefix {
    Length(u64),
    Special(u8),
}

fn decimal(n: impl itoa::Integer) -> Vec<u8> {
    itoa::Buffer::new().format(n).as_bytes().to_vec()
}
