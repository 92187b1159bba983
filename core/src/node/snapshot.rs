//! What a node believes, as plain data: for the screen, for tests, for predicates.
//!
//! In a gossip protocol there is no truth, only views; this is one of them.

use alloc::vec::Vec;

use crate::{
    endpoint::Addr,
    epoch::Epoch,
    explain::{DelayedElection, ServingVerdict},
    id::NodeId,
    slot::{SLOTS, Slot},
    time::Instant,
};

/// Everything that one node believes at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Snapshot {
    /// Who it is.
    pub id: NodeId,
    /// The cluster's clock as it knows it.
    pub current_epoch: Epoch,
    /// Its own config epoch; a replica's is its master's.
    pub config_epoch: Epoch,
    /// The last epoch it voted in.
    pub last_vote_epoch: Epoch,
    /// `cluster_state`, with the numbers.
    pub serving: ServingVerdict,
    /// Everybody it knows, itself first, then in the order it learned of them.
    pub peers: Vec<PeerView>,
    /// Slots that it hands on, and to whom: `CLUSTER SETSLOT … MIGRATING`.
    pub migrating: Vec<(Slot, NodeId)>,
    /// Slots that it takes over, and from whom: `CLUSTER SETSLOT … IMPORTING`.
    pub importing: Vec<(Slot, NodeId)>,
    /// The election it holds or waits for.
    pub election: Option<ElectionView>,
    /// Replication.
    pub repl: ReplView,
    /// Keys stored.
    pub keys: u64,
    /// `cluster-node-timeout` in ms.
    pub node_timeout_ms: u64,
}

impl Snapshot {
    /// This node's view of `id`.
    #[must_use]
    pub fn peer(&self, id: NodeId) -> Option<&PeerView> {
        self.peers.iter().find(|peer| peer.id == id)
    }

    /// This node's view of itself.
    ///
    /// # Panics
    /// Never on a snapshot that a node made: it always knows itself.
    #[must_use]
    pub fn myself(&self) -> &PeerView {
        &self.peers[0]
    }

    /// Whether each slot has an owner in this view.
    #[must_use]
    pub fn knows_all_owners(&self) -> bool {
        let ranges = self.peers.iter().flat_map(|peer| &peer.slots);
        let owned = ranges.map(|(from, to)| u32::from(to.get() - from.get()) + 1).sum::<u32>();
        owned == u32::from(SLOTS)
    }

    /// The peer that owns `slot` in this view.
    #[must_use]
    pub fn owner(&self, slot: Slot) -> Option<&PeerView> {
        self.peers.iter().find(|peer| peer.slots.iter().any(|(a, b)| (*a..=*b).contains(&slot)))
    }
}

/// One node in the eyes of another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PeerView {
    /// Its name (random during a handshake).
    pub id: NodeId,
    /// Where clients reach it.
    pub addr: Option<Addr>,
    /// Its bus port.
    pub cport: u16,
    /// Its master; `None`: it is a master itself (or its master is not known).
    pub master: Option<NodeId>,
    /// Whether it is a replica.
    pub is_replica: bool,
    /// PFAIL, FAIL or neither.
    pub health: Health,
    /// Masters whose failure report is held here.
    pub reporters: Vec<NodeId>,
    /// When FAIL was set here.
    pub failed_at: Option<Instant>,
    /// A handshake is running.
    pub handshake: bool,
    /// The address is not known.
    pub noaddr: bool,
    /// It says that it will not fail over.
    pub nofailover: bool,
    /// When the unanswered ping left.
    pub ping_sent: Option<Instant>,
    /// When the last pong came (or was heard of).
    pub pong_received: Option<Instant>,
    /// Its config epoch; a replica's is its master's.
    pub config_epoch: Epoch,
    /// Whether the outbound link is up.
    pub linked: bool,
    /// The slots it owns here, as inclusive ranges.
    pub slots: Vec<(Slot, Slot)>,
    /// Its replication offset, as last heard.
    pub offset: u64,
}

/// How a node fares in the eyes of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Health {
    /// Nothing held against it.
    Ok,
    /// One observer's opinion.
    Pfail,
    /// A majority's agreement.
    Fail,
}

/// An election in the life of a replica.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ElectionView {
    /// The sum of the delay.
    pub delay: DelayedElection,
    /// When it was scheduled.
    pub scheduled_at: Instant,
    /// When votes are (or were) asked for.
    pub asks_at: Instant,
    /// The epoch, once asked.
    pub epoch: Option<Epoch>,
    /// Who voted.
    pub votes: Vec<NodeId>,
    /// Majority.
    pub needed: u32,
}

/// Replication in a node's own eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReplView {
    /// Bytes of the stream produced or processed.
    pub offset: u64,
    /// Replica: the link to the master.
    pub link: MasterLink,
    /// First byte in the backlog and its length; `None` without a backlog.
    pub backlog: Option<(u64, u64)>,
    /// Master: attached replicas as (client port, acknowledged offset, receiving the stream).
    pub replicas: Vec<(u16, u64, bool)>,
}

/// The link of a replica to its master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MasterLink {
    /// This node is a master.
    None,
    /// Connecting, shaking hands, or loading.
    Syncing,
    /// Streaming.
    Up,
    /// Broken since then.
    Down(Instant),
}
