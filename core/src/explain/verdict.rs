//! The verdict vocabulary: what can be decided, with the numbers behind it.
//!
//! Times are milliseconds. Names of refusals follow the log lines of Redis 7.0.

use alloc::vec::Vec;

use crate::{epoch::Epoch, id::NodeId, slot::Slot};

/// Shall PFAIL become FAIL? (Redis Cluster spec, failure detection.)
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FailVerdict {
    /// About whom.
    pub about: NodeId,
    /// Whether this node itself holds it for PFAIL (a precondition).
    pub pfail_here: bool,
    /// Masters whose report is younger than 2 x node timeout.
    pub reporters: Vec<NodeId>,
    /// 1 if this node is a master and counts itself, else 0.
    pub own: u32,
    /// Majority of the masters that own slots.
    pub needed: u32,
    /// Masters that own slots, failed ones included.
    pub size: u32,
    /// The outcome.
    pub failed: bool,
}

/// Why a FAIL flag may be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Back {
    /// Replicas are forgiven at once.
    Replica,
    /// So are masters without slots.
    Slotless,
    /// A master with slots that nobody took over for 2 x node timeout.
    NobodyServed,
}

/// Shall a FAIL flag be cleared, now that the node answers?
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ForgiveVerdict {
    /// About whom.
    pub about: NodeId,
    /// The clause that allows it; `None`: not yet.
    pub back: Option<Back>,
    /// How long it has been FAIL.
    pub failed_ms: u64,
    /// How long a master with slots must have been.
    pub limit_ms: u64,
}

/// A voter's answer to a vote request, with every number it looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct VoteVerdict {
    /// Who asks.
    pub candidate: NodeId,
    /// Its master, as this voter knows it.
    pub master: Option<NodeId>,
    /// The epoch it asks for.
    pub request_epoch: Epoch,
    /// The voter's current epoch, after adopting the request's.
    pub current_epoch: Epoch,
    /// The last epoch this voter voted in (before this answer).
    pub last_vote_epoch: Epoch,
    /// Whether the voter holds the master for FAIL.
    pub master_failed: bool,
    /// Whether the voter holds the master for PFAIL.
    pub master_pfail: bool,
    /// Failure reports about the master that the voter holds, its own opinion included.
    pub reports: u32,
    /// How many would make it FAIL.
    pub needed: u32,
    /// Whether the request insists although the master is up (manual failover).
    pub forced: bool,
    /// The guard that refuses; `None`: the vote is given.
    pub refused: Option<VoteRefusal>,
}

/// Why a vote was refused, in the order in which the guards stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum VoteRefusal {
    /// This node is a replica, or owns no slot: it stays silent.
    NotVoter,
    /// The request is older than the voter's current epoch.
    EpochBehind,
    /// The vote of this epoch is given.
    AlreadyVoted,
    /// The asker is a master.
    NotReplica,
    /// The voter does not know the asker's master.
    MasterUnknown,
    /// The voter does not hold the asker's master for FAIL.
    MasterUp,
    /// The voter voted about this master less than 2 x node timeout ago.
    TooSoon {
        /// How long until it would vote again.
        wait_ms: u64,
    },
    /// The owner of a claimed slot has a newer config epoch than the request.
    StaleClaim {
        /// The first such slot.
        slot: Slot,
        /// Its owner's config epoch.
        owner: Epoch,
        /// The config epoch of the request.
        request: Epoch,
    },
}

/// A scheduled election with the sum that makes its delay.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DelayedElection {
    /// Fixed part: lets the FAIL message reach everybody. 500, or 0 when manual.
    pub fixed_ms: u64,
    /// Random part, 0 to 499: keeps replicas from asking at once.
    pub random_ms: u64,
    /// Other replicas of the same master that hold more data; each costs 1000 ms.
    pub rank: u32,
    /// This replica's replication offset.
    pub offset: u64,
}

impl DelayedElection {
    /// The whole delay.
    #[must_use]
    pub const fn total_ms(&self) -> u64 {
        self.fixed_ms + self.random_ms + self.rank as u64 * 1000
    }
}

/// Why a replica does not hold an election now. The first four are reason codes of Redis
/// (`Currently unable to failover`); the others are its silent preconditions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ElectionWait {
    /// The data is older than the validity factor allows.
    DataAge {
        /// Age of the last interaction with the master, less the node timeout; `None`: there
        /// never was one.
        age_ms: Option<u64>,
        /// The longest age allowed.
        limit_ms: u64,
    },
    /// The delay is running.
    Delay {
        /// What is left of it.
        left_ms: u64,
    },
    /// The attempt got no majority in time; the next one comes later.
    Expired {
        /// Until the next attempt may be scheduled.
        retry_in_ms: u64,
    },
    /// Asked; not enough votes yet.
    Votes {
        /// Votes so far.
        have: u32,
        /// Majority of the masters that own slots.
        needed: u32,
    },
    /// This node is a master.
    IsMaster,
    /// The master is not known.
    NoMaster,
    /// The master is not FAIL here (it may be PFAIL).
    MasterNotFail {
        /// Whether it is PFAIL here.
        pfail: bool,
        /// Reports of other masters held here.
        reports: u32,
        /// Majority.
        needed: u32,
    },
    /// `cluster-replica-no-failover` is set.
    NoFailover,
    /// The master owns no slot, so there is nothing to save.
    NothingToSave,
    /// A manual failover: the master stands still (or will), and this replica is not there yet.
    Manual {
        /// This replica's offset.
        mine: u64,
        /// The master's; `None` while it has not said.
        needed: Option<u64>,
    },
}

/// How a person wants a replica to take over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ManualMode {
    /// The master stands still first, so that nothing is lost.
    Default,
    /// Without the master: it is down.
    Force,
    /// Without votes, too.
    Takeover,
}

/// A step of a manual failover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ManualStep {
    /// A person asked this replica for it.
    Asked(ManualMode),
    /// A replica asked this master to stand still.
    Requested,
    /// The master stands still, and said at which offset.
    OffsetHeard,
    /// This replica has processed everything up to there.
    CaughtUp,
    /// Five seconds are over.
    TimedOut,
}

/// A manual failover moved on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ManualVerdict {
    /// How.
    pub step: ManualStep,
    /// The other one: the master of this replica, or the replica of this master.
    pub with: NodeId,
    /// This node's replication offset.
    pub mine: u64,
    /// The offset at which the master stands still, once it is known.
    pub needed: Option<u64>,
}

/// Why a replica does not migrate to an orphaned master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MigrationWait {
    /// The cluster is down for this node.
    NotServing,
    /// Its own master would keep too few.
    Barrier,
    /// Another replica has the smaller name.
    NotSmallest,
    /// The master has not been an orphan for long enough.
    Delay,
}

/// Shall this replica move to a master that has no working replica?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MigrationVerdict {
    /// The orphaned master.
    pub to: NodeId,
    /// Replicas of the present master that are neither PFAIL nor FAIL, this one included.
    pub working: u32,
    /// `cluster-migration-barrier`: there must be more than so many.
    pub barrier: u32,
    /// This replica.
    pub me: NodeId,
    /// The replica that moves: the smallest name among those of the best-equipped masters.
    pub smallest: NodeId,
    /// For how long the other one has been an orphan.
    pub orphaned_ms: u64,
    /// It must have been for longer than this.
    pub delay_ms: u64,
    /// The guard that refuses; `None`: it moves.
    pub refused: Option<MigrationWait>,
}

/// What became of a claim to slots heard from somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ClaimVerdict {
    /// Who claims.
    pub claimant: NodeId,
    /// With which config epoch.
    pub epoch: Epoch,
    /// Slots that changed hands, with the former owner (`None`: unassigned) and its epoch.
    pub won: Vec<(Slot, Slot, Option<NodeId>, Epoch)>,
    /// The first claimed slot whose owner is newer, with that owner and its epoch.
    pub stale: Option<(Slot, NodeId, Epoch)>,
}

/// Why this node became a replica (of another master).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Demotion {
    /// The new master.
    pub of: NodeId,
    /// Its config epoch.
    pub epoch: Epoch,
    /// Whether this node followed its master rather than losing slots of its own.
    pub followed: bool,
}

/// Does this node serve clients? (`cluster_state`.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ServingVerdict {
    /// The outcome.
    pub ok: bool,
    /// Slots without an owner.
    pub uncovered: u32,
    /// Slots whose owner is FAIL.
    pub failed: u32,
    /// Masters that own slots and are neither FAIL nor PFAIL here, this node included.
    pub reachable: u32,
    /// Majority of the masters that own slots.
    pub needed: u32,
    /// `cluster-require-full-coverage`.
    pub full_coverage: bool,
}

/// How a replica was brought up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Resync {
    /// From the backlog.
    Partial {
        /// First byte asked for.
        from: u64,
        /// Bytes sent at once.
        bytes: u64,
    },
    /// The whole dataset: the replica asked for it, or has nothing to go on from.
    FullAsked,
    /// The whole dataset: the replica's history is not this one.
    FullOtherHistory,
    /// The whole dataset: the backlog no longer (or not yet) holds what was asked.
    FullOutsideBacklog {
        /// What was asked.
        asked: u64,
        /// First byte in the backlog.
        first: u64,
        /// Bytes in the backlog.
        len: u64,
    },
}

/// A question about something that has *not* happened, for [`crate::Node::why`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Why {
    /// Why is this peer not PFAIL here, or not FAIL?
    NotFailed(NodeId),
    /// Why does this node not ask for votes?
    NotElected,
    /// Why does this node serve clients, or not?
    Serving,
}
