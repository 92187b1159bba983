//! Writing RDB and DUMP: the plainest encodings that every reader takes.

use alloc::vec::Vec;

use super::{MAGIC, VERSION, op};
use crate::store_formats::crc64::crc64;

/// A snapshot being written: fields first, then keys, then [`Writer::finish`].
#[derive(Clone, Debug)]
pub struct Writer {
    out: Vec<u8>,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// The head of a snapshot.
    #[must_use]
    pub fn new() -> Self {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(b"0010");
        Self { out }
    }

    /// An auxiliary field.
    pub fn aux(&mut self, key: &str, value: &[u8]) {
        self.out.push(op::AUX);
        string(key.as_bytes(), &mut self.out);
        string(value, &mut self.out);
    }

    /// Database 0 begins, with so many keys, so many of them expiring.
    pub fn database(&mut self, keys: u64, expiring: u64) {
        self.out.push(op::SELECT);
        length(0, &mut self.out);
        self.out.push(op::RESIZE);
        length(keys, &mut self.out);
        length(expiring, &mut self.out);
    }

    /// A string key, with its expiry in Unix milliseconds.
    pub fn string(&mut self, key: &[u8], value: &[u8], expire_ms: Option<u64>) {
        if let Some(at) = expire_ms {
            self.out.push(op::EXPIRE_MS);
            // Readers take a signed number; later than its end is as good as its end.
            let at = i64::try_from(at).unwrap_or(i64::MAX);
            self.out.extend_from_slice(&at.to_le_bytes());
        }
        self.out.push(0);
        string(key, &mut self.out);
        string(value, &mut self.out);
    }

    /// The end, with the checksum.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.out.push(op::END);
        let sum = crc64(&self.out);
        self.out.extend_from_slice(&sum.to_le_bytes());
        self.out
    }
}

/// The payload of DUMP for a string: type, value, version, checksum.
#[must_use]
pub fn dump(value: &[u8]) -> Vec<u8> {
    let mut out = alloc::vec![0];
    string(value, &mut out);
    out.extend_from_slice(&VERSION.to_le_bytes());
    let sum = crc64(&out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

/// A length: 1, 2, 5 or 9 bytes.
fn length(n: u64, out: &mut Vec<u8>) {
    match n {
        0..64 => out.push(n.to_le_bytes()[0]),
        64..0x4000 => out.extend_from_slice(&(0x4000 | n).to_be_bytes()[6..]),
        _ => {
            if let Ok(n) = u32::try_from(n) {
                out.push(0x80);
                out.extend_from_slice(&n.to_be_bytes());
            } else {
                out.push(0x81);
                out.extend_from_slice(&n.to_be_bytes());
            }
        }
    }
}

/// A string: as a small integer where its text is exactly that integer's, else as it stands.
fn string(bytes: &[u8], out: &mut Vec<u8>) {
    let Some(n) = small_int(bytes) else {
        length(bytes.len() as u64, out);
        out.extend_from_slice(bytes);
        return;
    };
    if let Ok(n) = i8::try_from(n) {
        out.push(0xC0);
        out.extend_from_slice(&n.to_le_bytes());
    } else if let Ok(n) = i16::try_from(n) {
        out.push(0xC1);
        out.extend_from_slice(&n.to_le_bytes());
    } else {
        out.push(0xC2);
        out.extend_from_slice(&n.to_le_bytes());
    }
}

fn small_int(bytes: &[u8]) -> Option<i32> {
    if bytes.is_empty() || bytes.len() > 11 {
        return None;
    }
    let n: i32 = core::str::from_utf8(bytes).ok()?.parse().ok()?;
    // "+1", "007" and "-0" would come back as other bytes.
    (itoa::Buffer::new().format(n).as_bytes() == bytes).then_some(n)
}
