//! Where each field stands: for the encoder's lengths and for whoever shows a frame's bytes.

/// Length of the header that every message has.
pub const HEADER_LEN: usize = 2256;
/// Length of one gossip entry.
pub const GOSSIP_LEN: usize = 104;

pub(super) const SIGNATURE: [u8; 4] = *b"RCmb";
pub(super) const VERSION: u16 = 1;
pub(super) const TYPE_AT: usize = 12;
pub(super) const IP_LEN: usize = 46;
/// Length, type and two reserved bytes in front of an extension's data.
pub(super) const EXT_HEAD_LEN: usize = 8;

/// A field of fixed place and length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in the sources of Redis.
    pub name: &'static str,
    /// First byte, from the start of the header or entry.
    pub at: usize,
    /// Number of bytes.
    pub len: usize,
}

const fn field(name: &'static str, at: usize, len: usize) -> Field {
    Field { name, at, len }
}

/// The header, front to back, without gaps.
pub const HEADER_FIELDS: &[Field] = &[
    field("sig", 0, 4),
    field("totlen", 4, 4),
    field("ver", 8, 2),
    field("port", 10, 2),
    field("type", TYPE_AT, 2),
    field("count", 14, 2),
    field("currentEpoch", 16, 8),
    field("configEpoch", 24, 8),
    field("offset", 32, 8),
    field("sender", 40, 40),
    field("myslots", 80, 2048),
    field("slaveof", 2128, 40),
    field("myip", 2168, IP_LEN),
    field("extensions", 2214, 2),
    field("notused1", 2216, 30),
    field("pport", 2246, 2),
    field("cport", 2248, 2),
    field("flags", 2250, 2),
    field("state", 2252, 1),
    field("mflags", 2253, 3),
];

/// One gossip entry, front to back, without gaps.
pub const GOSSIP_FIELDS: &[Field] = &[
    field("nodename", 0, 40),
    field("ping_sent", 40, 4),
    field("pong_received", 44, 4),
    field("ip", 48, IP_LEN),
    field("port", 94, 2),
    field("cport", 96, 2),
    field("flags", 98, 2),
    field("pport", 100, 2),
    field("notused1", 102, 2),
];
