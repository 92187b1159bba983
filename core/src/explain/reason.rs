//! `Reason`: one variant for each kind of decision a node takes (or does not).

use crate::{
    endpoint::Addr,
    epoch::Epoch,
    explain::verdict::{
        ClaimVerdict, DelayedElection, Demotion, ElectionWait, FailVerdict, ForgiveVerdict,
        ManualVerdict, MigrationVerdict, Resync, ServingVerdict, VoteVerdict,
    },
    id::NodeId,
    slot::Slot,
};

/// A decision with its numbers. Words are made elsewhere: the log line in `explain/log`, the
/// guards in `explain/card`, sentences for people in the message files of `web`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Reason {
    /// A peer answered nothing for longer than the node timeout: PFAIL.
    Suspected {
        /// Who.
        about: NodeId,
        /// For how long: the smaller of ping age and data age.
        silent_ms: u64,
        /// `cluster-node-timeout`.
        limit_ms: u64,
    },
    /// Asked why a peer is not PFAIL: it has not been silent for long enough.
    NotSuspected {
        /// Who.
        about: NodeId,
        /// The age of the unanswered ping; `None` when no ping is waiting.
        waiting_ms: Option<u64>,
        /// Time since any data came from it.
        silent_ms: u64,
        /// `cluster-node-timeout`.
        limit_ms: u64,
    },
    /// PFAIL taken back: it answered.
    Trusted {
        /// Who.
        about: NodeId,
    },
    /// A master's gossip reported a peer as failing.
    Reported {
        /// Who reports.
        by: NodeId,
        /// About whom.
        about: NodeId,
    },
    /// A master's gossip took its report back.
    ReportWithdrawn {
        /// Who reported.
        by: NodeId,
        /// About whom.
        about: NodeId,
    },
    /// PFAIL to FAIL, or not yet.
    Fail(FailVerdict),
    /// A FAIL message told so.
    FailHeard {
        /// Who says so.
        from: NodeId,
        /// About whom.
        about: NodeId,
    },
    /// FAIL cleared, or not yet.
    Forgive(ForgiveVerdict),
    /// `cluster_state` changed, or was asked for.
    Serving(ServingVerdict),
    /// An election was scheduled.
    ElectionDelayed(DelayedElection),
    /// A better replica showed up while waiting.
    RankWorse {
        /// The new rank.
        rank: u32,
        /// What that adds.
        added_ms: u64,
    },
    /// No election now.
    ElectionWaits(ElectionWait),
    /// This replica asks for votes.
    VotesAsked {
        /// The epoch of the election.
        epoch: Epoch,
        /// The master to replace.
        master: NodeId,
    },
    /// A vote given or refused, by this node.
    Vote(VoteVerdict),
    /// A vote received, by this node.
    VoteCounted {
        /// Who voted.
        from: NodeId,
        /// Votes so far.
        have: u32,
        /// Majority.
        needed: u32,
        /// The epoch of the election.
        epoch: Epoch,
    },
    /// This replica is the new master.
    Elected {
        /// The epoch it won and now holds.
        epoch: Epoch,
        /// Votes received.
        votes: u32,
        /// Majority.
        needed: u32,
        /// Whom it replaces.
        replaced: NodeId,
        /// How many slots it took.
        slots: u32,
    },
    /// A manual failover moved on.
    Manual(ManualVerdict),
    /// This replica moves to an orphaned master, or not (yet).
    Migration(MigrationVerdict),
    /// This node takes the next epoch without asking anybody, or keeps its own, which is the
    /// highest already.
    EpochBumped {
        /// Its config epoch before.
        old: Epoch,
        /// After.
        new: Epoch,
    },
    /// Another node's current epoch was higher: adopted.
    EpochAdopted {
        /// From whom.
        from: NodeId,
        /// Before.
        old: Epoch,
        /// After.
        new: Epoch,
    },
    /// Two masters hold the same config epoch; the smaller ID moves on.
    EpochCollision {
        /// The other one.
        with: NodeId,
        /// The epoch both had.
        shared: Epoch,
        /// The new one; `None` when the other one has to move.
        new: Option<Epoch>,
    },
    /// Slots changed hands, or a claim was stale.
    Claim(ClaimVerdict),
    /// Somebody holds an old slot map: an UPDATE went there.
    UpdateSent {
        /// To whom.
        to: NodeId,
        /// About the owner.
        about: NodeId,
        /// The owner's config epoch.
        epoch: Epoch,
    },
    /// An UPDATE taught this node.
    UpdateHeard {
        /// From whom.
        from: NodeId,
        /// About the owner.
        about: NodeId,
        /// Its config epoch.
        epoch: Epoch,
    },
    /// This node follows (another) master now.
    Demoted(Demotion),
    /// A peer became a replica, or a master.
    RoleHeard {
        /// Who.
        about: NodeId,
        /// Its master; `None`: it is a master now.
        master: Option<NodeId>,
    },
    /// A node was learned of: from a MEET, or from gossip.
    Learned {
        /// Who (a random name during a handshake).
        about: NodeId,
        /// From whose gossip; `None`: introduced by MEET.
        from: Option<NodeId>,
    },
    /// Gossip mentioned a node that this one was told to forget.
    StillBanned {
        /// Who.
        about: NodeId,
        /// For how long it stays forgotten.
        left_ms: u64,
    },
    /// A handshake ended: the real name is known.
    HandshakeDone {
        /// Who.
        about: NodeId,
    },
    /// A handshake got no answer in time and was dropped.
    HandshakeExpired {
        /// The address that did not answer.
        at: Option<Addr>,
        /// How long it lived.
        age_ms: u64,
    },
    /// A replica attached to this master.
    Synced {
        /// Its listening port, as it says.
        replica_port: u16,
        /// How.
        how: Resync,
    },
    /// A client was sent elsewhere for good.
    Moved {
        /// Which slot.
        slot: Slot,
        /// Who owns it.
        to: NodeId,
    },
    /// A client was sent to where a moving slot's keys go, for this command.
    Ask {
        /// Which slot.
        slot: Slot,
        /// Where to.
        to: NodeId,
    },
    /// A client named several keys of a moving slot, of which some are elsewhere.
    TryAgain {
        /// Which slot.
        slot: Slot,
    },
    /// A client was refused: this node does not serve now.
    ClusterDown {
        /// The slot asked for, if it has an owner.
        slot: Slot,
        /// Whether the slot itself has no owner.
        unassigned: bool,
    },
    /// A client named keys of different slots.
    CrossSlot {
        /// The first key's slot.
        first: Slot,
        /// The other one.
        other: Slot,
    },
}
