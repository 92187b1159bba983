//! The flag bits of nodes and of messages.
//!
//! Decoding keeps every bit; encoding lets only the named ones out. That matters: bit 11 tells a
//! Valkey node that it may send frames with a short header, which this bus (like Redis 7.0) does
//! not speak.

use core::{fmt, ops};

/// What a header says about its sender, a gossip entry about its subject, a line of nodes.conf
/// about a node.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct NodeFlags(pub u16);

impl NodeFlags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// A master.
    pub const MASTER: Self = Self(1);
    /// A replica; `slave` in text.
    pub const REPLICA: Self = Self(2);
    /// Possibly failing: one node's opinion; `fail?` in text.
    pub const PFAIL: Self = Self(4);
    /// Failing: a majority's agreement; `fail` in text.
    pub const FAIL: Self = Self(8);
    /// The node that speaks.
    pub const MYSELF: Self = Self(16);
    /// Not yet known by its real name.
    pub const HANDSHAKE: Self = Self(32);
    /// No address known.
    pub const NOADDR: Self = Self(64);
    /// A MEET has to be sent first; never leaves a node.
    pub const MEET: Self = Self(128);
    /// A master that replicas may migrate to.
    pub const MIGRATE_TO: Self = Self(256);
    /// A replica that will not fail over by itself.
    pub const NOFAILOVER: Self = Self(512);
    /// All that Redis 7.0 names.
    pub const KNOWN: Self = Self(0x3FF);

    /// The names of the text form, in the order in which they are printed.
    const NAMES: [(Self, &'static str); 8] = [
        (Self::MYSELF, "myself"),
        (Self::MASTER, "master"),
        (Self::REPLICA, "slave"),
        (Self::PFAIL, "fail?"),
        (Self::FAIL, "fail"),
        (Self::HANDSHAKE, "handshake"),
        (Self::NOADDR, "noaddr"),
        (Self::NOFAILOVER, "nofailover"),
    ];

    /// Whether all of `flags` are set.
    #[must_use]
    pub const fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Whether any of `flags` is set.
    #[must_use]
    pub const fn intersects(self, flags: Self) -> bool {
        self.0 & flags.0 != 0
    }

    /// With `flags` set.
    #[must_use]
    pub const fn with(self, flags: Self) -> Self {
        Self(self.0 | flags.0)
    }

    /// With `flags` cleared.
    #[must_use]
    pub const fn without(self, flags: Self) -> Self {
        Self(self.0 & !flags.0)
    }

    /// With `flags` set or cleared.
    #[must_use]
    pub const fn set_to(self, flags: Self, on: bool) -> Self {
        if on { self.with(flags) } else { self.without(flags) }
    }

    /// The flag of one word of nodes.conf; `noflags` is none.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if name == "noflags" {
            return Some(Self::NONE);
        }
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(flag, _)| *flag)
    }
}

impl ops::BitOr for NodeFlags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.with(other)
    }
}

impl ops::BitOrAssign for NodeFlags {
    fn bitor_assign(&mut self, other: Self) {
        *self = self.with(other);
    }
}

impl fmt::Display for NodeFlags {
    /// As in `CLUSTER NODES`: `myself,master`, or `noflags`. `MEET`, `MIGRATE_TO` and bits without
    /// a name are not shown there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        for (flag, name) in Self::NAMES {
            if self.contains(flag) {
                write!(f, "{comma}{name}")?;
                comma = ",";
            }
        }
        if comma.is_empty() { f.write_str("noflags") } else { Ok(()) }
    }
}

impl fmt::Debug for NodeFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} ({:#06x})", self.0)
    }
}

/// What a header says about its message: the first of its three bytes of message flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct MsgFlags(pub u8);

impl MsgFlags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// The sender is a master that has paused its clients for a manual failover.
    pub const PAUSED: Self = Self(1);
    /// Vote although the master is up (manual failover).
    pub const FORCEACK: Self = Self(2);
    /// Extensions follow the gossip. The encoder sets it by itself.
    pub const EXT_DATA: Self = Self(4);

    /// Whether all of `flags` are set.
    #[must_use]
    pub const fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// With `flags` set.
    #[must_use]
    pub const fn with(self, flags: Self) -> Self {
        Self(self.0 | flags.0)
    }

    /// With `flags` cleared.
    #[must_use]
    pub const fn without(self, flags: Self) -> Self {
        Self(self.0 & !flags.0)
    }
}

impl ops::BitOr for MsgFlags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.with(other)
    }
}
