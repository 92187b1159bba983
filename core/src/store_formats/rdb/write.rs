//! Writing RDB and DUMP, as Redis 7.0 would: integers and LZF for strings, one piece of bytes for
//! small collections.

use alloc::vec::Vec;

use super::{MAGIC, container, kind, op};
use crate::{
    resp::{parse_i64, write_double},
    store_formats::{
        crc64::crc64_on,
        lzf::Compressor,
        packed::{ListpackWriter, write_intset},
    },
};

/// A node of a list is closed before it would grow beyond this (`list-max-listpack-size -2`).
const LIST_NODE_BYTES: usize = 8 << 10;
/// What an entry of a listpack costs at most beside its text.
const ENTRY_OVERHEAD: usize = 10;
/// Shorter strings are not worth packing; Redis tries from here too.
const PACKED_MIN: usize = 21;

/// A snapshot being written, in pieces: fields first, then keys, then [`Writer::finish`].
///
/// [`Writer::take`] may be called after any of them, so a file of any size needs little memory.
#[derive(Clone, Debug)]
pub struct Writer {
    out: Encoder,
    /// The checksum of what was taken; `None` for a snapshot that ends without one.
    sum: Option<u64>,
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
        let mut out = Encoder::new(true);
        out.bytes.extend_from_slice(MAGIC);
        out.bytes.extend_from_slice(b"0010");
        Self { out, sum: Some(0) }
    }

    /// Without compression (`rdbcompression no`).
    #[must_use]
    pub fn uncompressed(mut self) -> Self {
        self.out.compressor = None;
        self
    }

    /// With 0 instead of a checksum (`rdbchecksum no`).
    #[must_use]
    pub const fn unchecked(mut self) -> Self {
        self.sum = None;
        self
    }

    /// An auxiliary field.
    pub fn aux(&mut self, key: &str, value: &[u8]) {
        self.out.bytes.push(op::AUX);
        self.out.string(key.as_bytes());
        self.out.string(value);
    }

    /// A database begins, with so many keys, so many of them expiring.
    pub fn database(&mut self, number: u32, keys: u64, expiring: u64) {
        self.out.bytes.push(op::SELECT);
        self.out.length(u64::from(number));
        self.out.bytes.push(op::RESIZE);
        self.out.length(keys);
        self.out.length(expiring);
    }

    /// A key, with its expiry in Unix milliseconds; the value follows.
    pub fn key<'w>(&'w mut self, key: &'w [u8], expire_ms: Option<u64>) -> ValueWriter<'w> {
        if let Some(at) = expire_ms {
            self.out.bytes.push(op::EXPIRE_MS);
            // Readers take a signed number; later than its end is as good as its end.
            let at = i64::try_from(at).unwrap_or(i64::MAX);
            self.out.bytes.extend_from_slice(&at.to_le_bytes());
        }
        ValueWriter { out: &mut self.out, key: Some(key) }
    }

    /// How many bytes wait to be taken.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.out.bytes.len()
    }

    /// What was written since the last time.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        let taken = core::mem::take(&mut self.out.bytes);
        self.sum = self.sum.map(|sum| crc64_on(sum, &taken));
        taken
    }

    /// The end, with the checksum: what was not taken yet.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.out.bytes.push(op::END);
        let mut last = self.take();
        last.extend_from_slice(&self.sum.unwrap_or(0).to_le_bytes());
        last
    }
}

/// The type and the value, as DUMP begins.
pub(super) fn value(write: impl FnOnce(ValueWriter<'_>)) -> Vec<u8> {
    let mut out = Encoder::new(true);
    write(ValueWriter { out: &mut out, key: None });
    out.bytes
}

/// Takes the value of one key. Which form is right for its size is the caller's choice: the plain
/// one is always allowed.
#[derive(Debug)]
pub struct ValueWriter<'w> {
    out: &'w mut Encoder,
    /// `None` in a payload of DUMP.
    key: Option<&'w [u8]>,
}

impl ValueWriter<'_> {
    /// A string.
    pub fn string(self, text: &[u8]) {
        self.begin(kind::STRING).string(text);
    }

    /// A list, head first.
    pub fn list<T: AsRef<[u8]>>(self, items: impl Iterator<Item = T>) {
        let out = self.begin(kind::LIST_QUICKLIST_2);
        let mut nodes = Vec::new();
        let mut node = ListpackWriter::new();
        for item in items {
            let item = item.as_ref();
            if !node.is_empty() && node.size() + item.len() + ENTRY_OVERHEAD > LIST_NODE_BYTES {
                nodes.push(core::mem::take(&mut node).finish());
            }
            node.push(item);
        }
        if !node.is_empty() {
            nodes.push(node.finish());
        }
        out.length(nodes.len() as u64);
        for node in nodes {
            out.length(container::PACKED);
            out.string(&node);
        }
    }

    /// A set of integers, ascending.
    pub fn intset(self, numbers: &[i64]) {
        self.begin(kind::SET_INTSET).string(&write_intset(numbers));
    }

    /// A set of `len` members.
    pub fn set<T: AsRef<[u8]>>(self, len: usize, members: impl Iterator<Item = T>) {
        let out = self.begin(kind::SET);
        out.length(len as u64);
        for member in members {
            out.string(member.as_ref());
        }
    }

    /// A small hash.
    pub fn small_hash<F: AsRef<[u8]>, V: AsRef<[u8]>>(self, fields: impl Iterator<Item = (F, V)>) {
        let mut pack = ListpackWriter::new();
        for (field, value) in fields {
            pack.push(field.as_ref());
            pack.push(value.as_ref());
        }
        self.begin(kind::HASH_LISTPACK).string(&pack.finish());
    }

    /// A hash of `len` fields.
    pub fn hash<F: AsRef<[u8]>, V: AsRef<[u8]>>(
        self,
        len: usize,
        fields: impl Iterator<Item = (F, V)>,
    ) {
        let out = self.begin(kind::HASH);
        out.length(len as u64);
        for (field, value) in fields {
            out.string(field.as_ref());
            out.string(value.as_ref());
        }
    }

    /// A small sorted set, lowest first.
    pub fn small_zset<T: AsRef<[u8]>>(self, members: impl Iterator<Item = (T, f64)>) {
        let mut pack = ListpackWriter::new();
        let mut text = Vec::new();
        for (member, score) in members {
            pack.push(member.as_ref());
            text.clear();
            write_double(&mut text, score);
            pack.push(&text);
        }
        self.begin(kind::ZSET_LISTPACK).string(&pack.finish());
    }

    /// A sorted set of `len` members; highest first is how Redis writes it, because that is how it
    /// is read fastest.
    pub fn zset<T: AsRef<[u8]>>(self, len: usize, members: impl Iterator<Item = (T, f64)>) {
        let out = self.begin(kind::ZSET_BINARY);
        out.length(len as u64);
        for (member, score) in members {
            out.string(member.as_ref());
            out.bytes.extend_from_slice(&score.to_le_bytes());
        }
    }
}

impl<'w> ValueWriter<'w> {
    fn begin(self, kind: u8) -> &'w mut Encoder {
        self.out.bytes.push(kind);
        if let Some(key) = self.key {
            self.out.string(key);
        }
        self.out
    }
}

#[derive(Clone, Debug)]
struct Encoder {
    bytes: Vec<u8>,
    compressor: Option<Compressor>,
}

impl Encoder {
    fn new(compresses: bool) -> Self {
        Self { bytes: Vec::new(), compressor: compresses.then(Compressor::default) }
    }

    /// A length: 1, 2, 5 or 9 bytes.
    fn length(&mut self, n: u64) {
        let out = &mut self.bytes;
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

    /// A string: as a small integer where its text is exactly that integer's, packed where that is
    /// shorter, else as it stands.
    fn string(&mut self, text: &[u8]) {
        if let Some(n) = small_int(text) {
            self.int(n);
            return;
        }
        if text.len() >= PACKED_MIN && self.packed(text) {
            return;
        }
        self.length(text.len() as u64);
        self.bytes.extend_from_slice(text);
    }

    fn int(&mut self, n: i32) {
        let out = &mut self.bytes;
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

    fn packed(&mut self, text: &[u8]) -> bool {
        let Some(compressor) = &mut self.compressor else { return false };
        let mut packed = Vec::new();
        if !compressor.compress(text, &mut packed) {
            return false;
        }
        self.bytes.push(0xC3);
        self.length(packed.len() as u64);
        self.length(text.len() as u64);
        self.bytes.extend_from_slice(&packed);
        true
    }
}

fn small_int(text: &[u8]) -> Option<i32> {
    // Redis tries texts of up to eleven bytes: the longest integer of 32 bits.
    if text.len() > 11 {
        return None;
    }
    parse_i64(text).and_then(|n| i32::try_from(n).ok())
}
