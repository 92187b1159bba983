//! Extensions: what newer nodes append to a heartbeat.
//!
//! ```text
//! 0 length u32 (all of it, a multiple of 8)   4 type u16   6 zero u16   8 data
//! ```

use super::{
    FrameError, Kind,
    layout::EXT_HEAD_LEN,
    read::{Reader, text},
};

/// The type of a host name.
pub(super) const HOSTNAME: u16 = 0;
/// The longest host name, as `cluster-announce-hostname` allows it.
const HOSTNAME_LEN_MAX: usize = 255;

/// One extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension<'a> {
    /// `cluster-announce-hostname` of the sender: 1 to 255 characters of `[A-Za-z0-9.-]`.
    Hostname(&'a str),
    /// Anything else, to be ignored: 1 human node name, 2 forgotten node, 3 shard id (Redis 7.2),
    /// 4 and 5 client addresses (Valkey 8), or a host name with characters it must not have.
    Other {
        /// Its type.
        kind: u16,
        /// Its data with the padding.
        data: &'a [u8],
    },
}

/// The extensions of a heartbeat.
#[derive(Clone, Copy, Debug)]
pub struct ExtIter<'a>(Reader<'a>);

impl<'a> ExtIter<'a> {
    /// Takes what [`check`] has accepted.
    pub(super) const fn new(extensions: &'a [u8]) -> Self {
        Self(Reader(extensions))
    }

    /// The announced host name, if there is one.
    #[must_use]
    pub fn hostname(mut self) -> Option<&'a str> {
        self.find_map(|extension| match extension {
            Extension::Hostname(name) => Some(name),
            Extension::Other { .. } => None,
        })
    }
}

impl<'a> Iterator for ExtIter<'a> {
    type Item = Extension<'a>;

    fn next(&mut self) -> Option<Extension<'a>> {
        let (kind, data) = one(&mut self.0)?;
        let name = text(data);
        Some(if kind == HOSTNAME && is_hostname(name) {
            Extension::Hostname(name)
        } else {
            Extension::Other { kind, data }
        })
    }
}

/// Whether `name` may be announced: what `cluster-announce-hostname` accepts, and not empty.
#[must_use]
pub fn is_hostname(name: &str) -> bool {
    (1..=HOSTNAME_LEN_MAX).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
}

fn one<'a>(reader: &mut Reader<'a>) -> Option<(u16, &'a [u8])> {
    let len = usize::try_from(reader.u32()?).ok()?;
    let kind = reader.u16()?;
    let _reserved = reader.u16()?;
    let data = reader.bytes(len.checked_sub(EXT_HEAD_LEN)?)?;
    Some((kind, data))
}

/// Sums up the lengths of `count` extensions at the front of `bytes`.
///
/// Redis cuts each length to 16 bits before it checks; a length that does not survive this, or
/// that does not even cover the extension's own head, could lead it astray in memory. Here both
/// are refused.
///
/// # Errors
/// A length is no positive multiple of 8, or reaches beyond the frame; a host name has no end.
pub(super) fn check(bytes: &[u8], count: u16, kind: Kind, len: u32) -> Result<u64, FrameError> {
    let mut reader = Reader(bytes);
    for _ in 0..count {
        let mut head = reader;
        let Some(long) = head.u32() else {
            return Err(FrameError::ExtensionOverrun { kind, len });
        };
        let [_, _, high, low] = long.to_be_bytes();
        let short = u16::from_be_bytes([high, low]);
        if short == 0 || short % 8 != 0 {
            return Err(FrameError::Padding { kind, bytes: short });
        }
        let Some(whole) = reader.bytes(usize::from(short)).filter(|_| long == u32::from(short))
        else {
            return Err(FrameError::ExtensionOverrun { kind, len });
        };
        // An extension of 8 bytes has no data, and its own head does not count as an end.
        let ended = whole.len() > EXT_HEAD_LEN && whole.ends_with(&[0]);
        if head.u16() == Some(HOSTNAME) && !ended {
            return Err(FrameError::Unterminated { kind, extension: HOSTNAME });
        }
    }
    Ok((bytes.len() - reader.0.len()) as u64)
}
