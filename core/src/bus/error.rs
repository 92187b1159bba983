//! Why bytes were not taken for a message.

use alloc::{format, string::String};

use super::Kind;

/// What is wrong with a frame.
///
/// Two of these end the link, because nobody can tell where the next frame begins; after the
/// others only this message is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// No `RCmb` at the front, or a length below that of the header.
    #[error("bad signature or length")]
    BadStart,
    /// Longer than this node is willing to hold.
    #[error("frame of {len} bytes, limit {limit}")]
    TooLong {
        /// What the frame says.
        len: u32,
        /// What is allowed.
        limit: u64,
    },
    /// The slice handed in is not exactly one frame.
    #[error("frame of {len} bytes in {given}")]
    NotOneFrame {
        /// What the frame says.
        len: u32,
        /// How many bytes there are.
        given: usize,
    },
    /// Another version of the protocol.
    #[error("protocol version {0}")]
    Version(u16),
    /// The length is not what the type, the counts and the inner lengths add up to.
    #[error("{} of {len} bytes, expected {expected}", kind.name())]
    Length {
        /// Its type.
        kind: Kind,
        /// What the frame says.
        len: u32,
        /// What its contents add up to.
        expected: u64,
    },
    /// More gossip entries announced than there is room for.
    #[error("{} of {len} bytes with {count} gossip entries", kind.name())]
    GossipOverrun {
        /// The type of the frame.
        kind: Kind,
        /// Entries announced.
        count: u16,
        /// The length of the frame.
        len: u32,
    },
    /// The length of an extension is not a positive multiple of 8.
    #[error("{} with an extension of {bytes} bytes", kind.name())]
    Padding {
        /// The type of the frame.
        kind: Kind,
        /// The length of the extension, modulo 65536 as Redis sees it.
        bytes: u16,
    },
    /// An extension reaches beyond the frame.
    #[error("{} of {len} bytes with an extension beyond its end", kind.name())]
    ExtensionOverrun {
        /// The type of the frame.
        kind: Kind,
        /// The length of the frame.
        len: u32,
    },
    /// The text of an extension does not end with a zero byte.
    #[error("{} with an extension {extension} without an end", kind.name())]
    Unterminated {
        /// The type of the frame.
        kind: Kind,
        /// The type of the extension.
        extension: u16,
    },
    /// The sender, its master, or the node that the message is about has no valid name.
    #[error("malformed node ID")]
    Name,
}

impl FrameError {
    /// Whether the link has to be closed.
    #[must_use]
    pub const fn closes_link(self) -> bool {
        matches!(self, Self::BadStart | Self::TooLong { .. } | Self::NotOneFrame { .. })
    }

    /// The line that Redis 7.0.15 logs (with Debian's security fixes), always as a warning; `None` where it drops silently.
    #[must_use]
    pub fn log_line(self) -> Option<String> {
        match self {
            Self::BadStart | Self::TooLong { .. } | Self::NotOneFrame { .. } => {
                Some("Bad message length or signature received from Cluster bus.".into())
            }
            Self::Version(_) | Self::Name => None,
            Self::Length { kind, len, expected } => Some(format!(
                "Received invalid {} packet of length {len} but expected length {expected}",
                kind.name()
            )),
            Self::GossipOverrun { kind, count, len } => Some(format!(
                "Received invalid {} packet with gossip count {count} that exceeds total packet \
                 length ({len})",
                kind.name()
            )),
            Self::Unterminated { kind, extension } => Some(format!(
                "Received {} packet with missing null terminator in extension type {extension}",
                kind.name()
            )),
            Self::Padding { kind, bytes } => Some(format!(
                "Received a {} packet without proper padding ({bytes} bytes)",
                kind.name()
            )),
            Self::ExtensionOverrun { kind, len } => Some(format!(
                "Received invalid {} packet with extension data that exceeds total packet length \
                 ({len})",
                kind.name()
            )),
        }
    }
}
