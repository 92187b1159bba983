//! `slotscope-break`: guards that can be switched off on purpose, to see what each is for.
//!
//! Every guard of the vote, claim and epoch rules stands here under a name. A test breaks one
//! after the other and shows by which scenario or seed each is missed. All of them stand on cold
//! paths: a comparison of one byte where a vote, a claim or an epoch is judged.

/// A core without one of its guards. For lessons and tests of the tests; never in earnest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Broken {
    /// All guards stand.
    #[default]
    Nothing,
    /// Everybody votes, replicas and masters without slots too.
    NoVoteRights,
    /// Requests of an earlier epoch get votes.
    NoVoteEpoch,
    /// A voter does not remember that it voted: neither in which epoch nor about whom.
    NoLastVoteEpoch,
    /// Masters that ask get votes.
    NoVoteReplica,
    /// Replicas of a master that the voter does not know get votes.
    NoVoteMasterKnown,
    /// Replicas of a living master get votes.
    NoVoteMasterFailed,
    /// The same master may be replaced again at once.
    NoVotePause,
    /// Replicas that do not know the newest owners of their slots get votes.
    NoVoteClaims,
    /// One vote is enough.
    NoQuorum,
    /// Votes of those who own no slots count.
    NoCountRights,
    /// Votes of an earlier election count.
    NoCountEpoch,
    /// A candidate asks in the epoch that is, and takes no new one.
    NoElectionEpoch,
    /// Votes and requests leave before they are on disk.
    NoBarrier,
    /// Every claim wins, however old.
    NoClaimEpoch,
    /// A claim takes slots that this node is importing.
    NoClaimImporting,
    /// Slots that their owner does not claim any more stay its own against everybody.
    NoClaimGivenUp,
    /// A master without slots stays a master.
    NoFollow,
    /// A replica stays with a master that became a replica.
    NoGrandmaster,
    /// Keys of lost slots stay.
    NoCleanSlots,
    /// Whoever claims what it lost is not told.
    NoUpdate,
    /// An UPDATE is believed, however old.
    NoUpdateEpoch,
    /// The epoch of others is not adopted.
    NoEpochAdopted,
    /// The newer claims of others get no newer config epoch.
    NoConfigEpochAdopted,
    /// Two masters keep the same config epoch.
    NoCollision,
    /// Of two masters with the same config epoch both move on.
    NoCollisionOrder,
    /// The highest epoch is raised again by each import.
    NoBumpOnce,
}

/// The names that `slotscope-break` takes.
pub const NAMES: &[&str] = &[
    "nothing",
    "no-vote-rights",
    "no-vote-epoch",
    "no-last-vote-epoch",
    "no-vote-replica",
    "no-vote-master-known",
    "no-vote-master-failed",
    "no-vote-pause",
    "no-vote-claims",
    "no-quorum",
    "no-count-rights",
    "no-count-epoch",
    "no-election-epoch",
    "no-barrier",
    "no-claim-epoch",
    "no-claim-importing",
    "no-claim-given-up",
    "no-follow",
    "no-grandmaster",
    "no-clean-slots",
    "no-update",
    "no-update-epoch",
    "no-epoch-adopted",
    "no-config-epoch-adopted",
    "no-collision",
    "no-collision-order",
    "no-bump-once",
];

impl Broken {
    /// All of them, in the order of [`NAMES`].
    pub const ALL: [Self; 27] = [
        Self::Nothing,
        Self::NoVoteRights,
        Self::NoVoteEpoch,
        Self::NoLastVoteEpoch,
        Self::NoVoteReplica,
        Self::NoVoteMasterKnown,
        Self::NoVoteMasterFailed,
        Self::NoVotePause,
        Self::NoVoteClaims,
        Self::NoQuorum,
        Self::NoCountRights,
        Self::NoCountEpoch,
        Self::NoElectionEpoch,
        Self::NoBarrier,
        Self::NoClaimEpoch,
        Self::NoClaimImporting,
        Self::NoClaimGivenUp,
        Self::NoFollow,
        Self::NoGrandmaster,
        Self::NoCleanSlots,
        Self::NoUpdate,
        Self::NoUpdateEpoch,
        Self::NoEpochAdopted,
        Self::NoConfigEpochAdopted,
        Self::NoCollision,
        Self::NoCollisionOrder,
        Self::NoBumpOnce,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let at = Self::ALL.iter().position(|one| *one == self).unwrap_or(0);
        NAMES.get(at).copied().unwrap_or("nothing")
    }

    /// The guard of this name; [`Broken::Nothing`] for a word that is none.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let named = NAMES.iter().zip(Self::ALL).find(|(known, _)| **known == name);
        named.map_or(Self::Nothing, |(_, one)| one)
    }

    /// Whether the guard `this` stands.
    #[must_use]
    pub fn stands(self, this: Self) -> bool {
        self != this
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_guard_has_a_name_of_its_own() {
        assert_eq!(NAMES.len(), Broken::ALL.len());
        for (name, guard) in NAMES.iter().zip(Broken::ALL) {
            assert_eq!((Broken::of(name), guard.name()), (guard, *name));
        }
        assert_eq!(Broken::of("no-such-guard"), Broken::Nothing);
    }
}
