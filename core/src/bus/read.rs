//! A reader that takes fields off the front of a slice and cannot run past its end.

use core::net::IpAddr;

use super::layout::IP_LEN;
use crate::id::NodeId;

/// What is left of a slice. Every method is `None` when not enough is left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(head)
    }

    pub(super) fn bytes(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(|b| u16::from_be_bytes(*b))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(|b| u32::from_be_bytes(*b))
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(|b| u64::from_be_bytes(*b))
    }

    /// A name, or `Some(None)` if the 40 bytes are none.
    pub(super) fn node_id(&mut self) -> Option<Option<NodeId>> {
        self.array::<40>().map(|b| NodeId::from_bytes(b))
    }

    /// A literal IP, or `Some(None)` if the field is empty or something else.
    pub(super) fn ip(&mut self) -> Option<Option<IpAddr>> {
        self.array::<IP_LEN>().map(|b| text(b).parse().ok())
    }
}

/// The text before the first zero byte; empty if it is not UTF-8.
pub(super) fn text(bytes: &[u8]) -> &str {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    core::str::from_utf8(&bytes[..end]).unwrap_or("")
}
