//! Reading a snapshot as its bytes come: total on any bytes, and never holding more of them than
//! the one key that is not whole yet.

use alloc::vec::Vec;

use super::{MAGIC, NEWEST, Object, RdbError, cursor::Cursor, object, op};
use crate::store_formats::crc64::crc64_on;

/// One thing in a snapshot.
#[derive(Clone, Debug, PartialEq)]
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

/// What [`Loader::next_item`] found.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Something.
    Item(Item),
    /// Nothing whole: feed more.
    Hungry,
    /// The end, and the checksum is right. What was fed beyond it is [`Loader::rest`].
    End,
}

/// Reads a snapshot item by item, from bytes in whatever pieces they come.
#[derive(Clone, Debug, Default)]
pub struct Loader {
    /// Fed and not yet forgotten.
    bytes: Vec<u8>,
    /// How far into `bytes` items were taken.
    at: usize,
    /// How many bytes were forgotten.
    forgotten: u64,
    sum: u64,
    /// `None` before the head.
    version: Option<u32>,
    /// So many bytes must wait before another try is worth it: a long value that comes in many
    /// pieces is begun again a few times only.
    worth: usize,
    ended: bool,
}

impl Loader {
    /// Waits for the head.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.at > 0 {
            self.bytes.drain(..self.at);
            self.forgotten += self.at as u64;
            self.at = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// How many bytes were read: after the end, where something else may begin.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.forgotten + self.at as u64
    }

    /// What was fed and not read: after the end, what stands behind the snapshot.
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    /// The version in the head, once it came.
    #[must_use]
    pub const fn version(&self) -> Option<u32> {
        self.version
    }

    /// The next item. `all_fed` says that nothing more comes: what is not whole then is an error.
    ///
    /// # Errors
    /// [`RdbError`], after which nothing more can be read.
    pub fn next_item(&mut self, all_fed: bool) -> Result<Step, RdbError> {
        if self.ended {
            return Ok(Step::End);
        }
        if !all_fed && self.rest().len() < self.worth {
            return Ok(Step::Hungry);
        }
        match self.try_next() {
            Err(RdbError::Truncated(_)) if !all_fed => {
                self.worth = self.rest().len().saturating_mul(2);
                Ok(Step::Hungry)
            }
            done => done,
        }
    }

    fn try_next(&mut self) -> Result<Step, RdbError> {
        let version = match self.version {
            Some(version) => version,
            None => {
                let mut cur = Cursor::new(self.rest(), self.position());
                let version = head(&mut cur)?;
                let read = cur.at;
                self.take(read);
                *self.version.insert(version)
            }
        };
        let mut cur = Cursor::new(self.rest(), self.position());
        let step = next(&mut cur, version, self.sum)?;
        let read = cur.at;
        self.take(read);
        self.ended = step == Step::End;
        Ok(step)
    }

    /// So many bytes are read for good.
    fn take(&mut self, len: usize) {
        self.sum = crc64_on(self.sum, &self.bytes[self.at..self.at + len]);
        self.at += len;
        self.worth = 0;
    }
}

fn next(cur: &mut Cursor<'_>, version: u32, sum: u64) -> Result<Step, RdbError> {
    let start = cur.clone();
    let mut expire_ms = None;
    let item = loop {
        match cur.byte()? {
            op::AUX => break Item::Aux(cur.text()?, cur.text()?),
            op::SELECT => break Item::Database(cur.length()?),
            op::RESIZE => {
                let (keys, expiring) = (cur.length()?, cur.length()?);
                break Item::Sizes { keys, expiring };
            }
            op::EXPIRE_MS => {
                expire_ms = Some(u64::try_from(i64::from_le_bytes(cur.array()?)).unwrap_or(0));
            }
            op::EXPIRE_S => {
                let s = u64::try_from(i32::from_le_bytes(cur.array()?)).unwrap_or(0);
                expire_ms = Some(s * 1000);
            }
            op::IDLE => {
                cur.length()?;
            }
            op::FREQ => {
                cur.byte()?;
            }
            op::FUNCTION => break Item::Function(cur.text()?),
            op::FUNCTION_EARLY => return Err(RdbError::EarlyFunctions),
            op::MODULE_AUX => return Err(RdbError::Module),
            op::END => return end(start, cur, version, sum),
            code => {
                let key = cur.text()?;
                let value = object::read(cur, code, &key)?;
                break Item::Entry { key, value, expire_ms };
            }
        }
    };
    Ok(Step::Item(item))
}

fn head(cur: &mut Cursor<'_>) -> Result<u32, RdbError> {
    // A wrong beginning is wrong however short it is.
    let near = cur.peek(MAGIC.len());
    if !MAGIC.starts_with(near) {
        return Err(RdbError::NoMagic);
    }
    cur.take(MAGIC.len() as u64)?;
    let digits: [u8; 4] = cur.array()?;
    let text = core::str::from_utf8(&digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit));
    let version: u32 = text.and_then(|text| text.parse().ok()).ok_or(RdbError::NoMagic)?;
    if (1..=u32::from(NEWEST)).contains(&version) {
        Ok(version)
    } else {
        Err(RdbError::Version(version))
    }
}

/// Verifies the checksum, which covers everything up to the mark that was just read.
fn end(
    mut start: Cursor<'_>,
    cur: &mut Cursor<'_>,
    version: u32,
    sum: u64,
) -> Result<Step, RdbError> {
    // Versions below 5 end without a checksum.
    if version >= 5 {
        let computed = crc64_on(sum, start.take((cur.at - start.at) as u64)?);
        let found = u64::from_le_bytes(cur.array()?);
        if found != 0 && found != computed {
            return Err(RdbError::Checksum { found, computed });
        }
    }
    Ok(Step::End)
}
