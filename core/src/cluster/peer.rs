//! One node in the eyes of this one.

use alloc::{sync::Arc, vec::Vec};

use super::PeerIdx;
use crate::{
    bus::NodeFlags,
    endpoint::Endpoint,
    epoch::Epoch,
    id::{LinkId, NodeId},
    slot::SlotSet,
    time::Instant,
};

/// What is known of a node (this one included).
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// Its name; random while a handshake runs.
    pub id: NodeId,
    /// Where it can be reached.
    pub endpoint: Endpoint,
    /// Master or replica.
    pub role: Role,
    /// PFAIL, FAIL or neither.
    pub condition: Condition,
    /// A handshake is running.
    pub handshake: Option<Handshake>,
    /// Its address turned out to be somebody else's.
    pub noaddr: bool,
    /// It says that it will not fail over.
    pub nofailover: bool,
    /// Replicas may migrate to it (`migrate_to` on the wire).
    pub migration_target: bool,
    /// The version of its claim to slots, as it said itself; 0 for a replica after a restart.
    pub config_epoch: Epoch,
    /// The slots it owns in this node's table.
    pub slots: Arc<SlotSet>,
    /// How many those are.
    pub slot_count: u16,
    /// When the ping left that is not answered yet.
    pub ping_sent: Option<Instant>,
    /// When its last pong came, or was heard of through gossip.
    pub pong_received: Option<Instant>,
    /// When anything came from it.
    pub data_received: Option<Instant>,
    /// The link that this node dials.
    pub link: Outbound,
    /// Masters that reported it as failing.
    pub reports: Vec<Report>,
    /// Its replication offset, as its headers say.
    pub offset: u64,
    /// When this node last voted about it (as the master to replace).
    pub voted_at: Option<Instant>,
    /// Since when it is a master without a working replica, while that is looked at.
    pub orphan_since: Option<Instant>,
    /// When it was first heard of.
    pub created: Instant,
}

/// Master or replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// May own slots.
    Master,
    /// Copies one master.
    Replica {
        /// Which; `None` while it is not known here.
        of: Option<PeerIdx>,
    },
}

/// How a node fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Nothing held against it.
    Ok,
    /// This node's opinion.
    Pfail,
    /// A majority's agreement.
    Fail {
        /// When it was set here (or loaded from disk).
        since: Instant,
    },
}

/// A running handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handshake {
    /// When it began.
    pub since: Instant,
    /// The first message must be a MEET (it was introduced by CLUSTER MEET here).
    pub meet: bool,
}

/// The link that this node dials to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outbound {
    /// None; the cron will dial.
    None,
    /// Dialling.
    Dialling {
        /// Its number.
        link: LinkId,
        /// Since when.
        since: Instant,
    },
    /// Connected.
    Up {
        /// Its number.
        link: LinkId,
        /// Since when.
        since: Instant,
    },
}

impl Outbound {
    /// The number of the link, dialling or up.
    pub(crate) const fn id(self) -> Option<LinkId> {
        match self {
            Self::None => None,
            Self::Dialling { link, .. } | Self::Up { link, .. } => Some(link),
        }
    }

    /// The number of a connected link.
    pub(crate) const fn up(self) -> Option<LinkId> {
        match self {
            Self::None | Self::Dialling { .. } => None,
            Self::Up { link, .. } => Some(link),
        }
    }
}

/// A master's word that a node fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// Whose.
    pub by: PeerIdx,
    /// When it was last heard.
    pub at: Instant,
}

impl Peer {
    /// A master without slots that nothing is known of but its name.
    pub(crate) fn new(id: NodeId, now: Instant) -> Self {
        Self {
            id,
            endpoint: Endpoint::default(),
            role: Role::Master,
            condition: Condition::Ok,
            handshake: None,
            noaddr: false,
            nofailover: false,
            migration_target: false,
            config_epoch: Epoch::ZERO,
            slots: Arc::new(SlotSet::new()),
            slot_count: 0,
            ping_sent: None,
            pong_received: None,
            data_received: None,
            link: Outbound::None,
            reports: Vec::new(),
            offset: 0,
            voted_at: None,
            orphan_since: None,
            created: now,
        }
    }

    /// Whether it is a master.
    pub(crate) const fn is_master(&self) -> bool {
        matches!(self.role, Role::Master)
    }

    /// Its master, if it is a replica of a known one.
    pub(crate) const fn master(&self) -> Option<PeerIdx> {
        match self.role {
            Role::Master => None,
            Role::Replica { of } => of,
        }
    }

    /// Whether it votes: a master that owns slots.
    pub(crate) const fn is_voter(&self) -> bool {
        self.is_master() && self.slot_count > 0
    }

    /// Whether it is FAIL here.
    pub(crate) const fn is_failed(&self) -> bool {
        matches!(self.condition, Condition::Fail { .. })
    }

    /// Whether it is PFAIL here.
    pub(crate) const fn is_pfail(&self) -> bool {
        matches!(self.condition, Condition::Pfail)
    }

    /// Neither PFAIL nor FAIL.
    pub(crate) const fn is_fine(&self) -> bool {
        matches!(self.condition, Condition::Ok)
    }

    /// The flag bits that others see of it, on the wire and in nodes.conf.
    pub(crate) fn flags(&self) -> NodeFlags {
        let role = match self.role {
            // What a stranger is, its first answer tells.
            _ if self.handshake.is_some() => NodeFlags::NONE,
            Role::Master => NodeFlags::MASTER,
            Role::Replica { .. } => NodeFlags::REPLICA,
        };
        role.set_to(NodeFlags::PFAIL, self.is_pfail())
            .set_to(NodeFlags::FAIL, self.is_failed())
            .set_to(NodeFlags::HANDSHAKE, self.handshake.is_some())
            .set_to(NodeFlags::NOADDR, self.noaddr)
            .set_to(NodeFlags::MIGRATE_TO, self.migration_target)
            .set_to(NodeFlags::NOFAILOVER, self.nofailover)
    }

    /// Whether it may stand in gossip, receive broadcasts, or be pinged at all.
    pub(crate) const fn is_introduced(&self) -> bool {
        self.handshake.is_none()
    }
}
