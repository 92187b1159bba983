//! One reason of every kind, for the tests of log lines and cards.

use alloc::{vec, vec::Vec};

use super::*;
use crate::{epoch::Epoch, id::NodeId, slot::Slot};

/// Forty times the same character.
pub(super) fn node(letter: char) -> NodeId {
    NodeId::from_bytes(&[u8::try_from(letter).unwrap(); 40]).unwrap()
}

pub(super) fn slot(n: u16) -> Slot {
    Slot::new(n).unwrap()
}

/// A vote of epoch 8 by a voter that last voted in 7.
pub(super) fn vote(refused: Option<VoteRefusal>) -> VoteVerdict {
    VoteVerdict {
        candidate: node('a'),
        master: Some(node('b')),
        request_epoch: Epoch(8),
        current_epoch: Epoch(8),
        last_vote_epoch: Epoch(7),
        master_failed: !matches!(refused, Some(VoteRefusal::MasterUp)),
        master_pfail: matches!(refused, Some(VoteRefusal::MasterUp)),
        reports: 1,
        needed: 2,
        forced: false,
        refused,
    }
}

pub(super) const REFUSALS: fn() -> [VoteRefusal; 8] = || {
    [
        VoteRefusal::NotVoter,
        VoteRefusal::EpochBehind,
        VoteRefusal::AlreadyVoted,
        VoteRefusal::NotReplica,
        VoteRefusal::MasterUnknown,
        VoteRefusal::MasterUp,
        VoteRefusal::TooSoon { wait_ms: 1234 },
        VoteRefusal::StaleClaim { slot: slot(5), owner: Epoch(9), request: Epoch(3) },
    ]
};

pub(super) fn waits() -> Vec<ElectionWait> {
    vec![
        ElectionWait::DataAge { age_ms: Some(200_000), limit_ms: 160_000 },
        ElectionWait::Delay { left_ms: 300 },
        ElectionWait::Expired { retry_in_ms: 900 },
        ElectionWait::Votes { have: 1, needed: 2 },
        ElectionWait::IsMaster,
        ElectionWait::NoMaster,
        ElectionWait::MasterNotFail { pfail: true, reports: 1, needed: 2 },
        ElectionWait::NoFailover,
        ElectionWait::NothingToSave,
        ElectionWait::Manual { mine: 240, needed: Some(251) },
    ]
}

/// Every kind of reason, with every outcome it can have.
pub(super) fn all() -> Vec<Reason> {
    let (a, b) = (node('a'), node('b'));
    let fail = |pfail_here, failed| {
        let reporters = if failed { vec![b, node('c')] } else { vec![b] };
        FailVerdict { about: a, pfail_here, reporters, own: 0, needed: 2, size: 3, failed }
    };
    let forgive =
        |back| Reason::Forgive(ForgiveVerdict { about: a, back, failed_ms: 5000, limit_ms: 4000 });
    let serving = |ok, uncovered, reachable| {
        let rest = (0, 2, true);
        let (failed, needed, full_coverage) = rest;
        Reason::Serving(ServingVerdict { ok, uncovered, failed, reachable, needed, full_coverage })
    };
    let won = vec![
        (slot(0), slot(9), Some(b), Epoch(3)),
        (slot(20), slot(20), Some(b), Epoch(3)),
        (slot(30), slot(30), None, Epoch(0)),
    ];
    let claim =
        |won, stale| Reason::Claim(ClaimVerdict { claimant: a, epoch: Epoch(7), won, stale });
    let synced = |how| Reason::Synced { replica_port: 7005, how };
    let follow = |followed| Reason::Demoted(Demotion { of: a, epoch: Epoch(7), followed });
    let delay = DelayedElection { fixed_ms: 500, random_ms: 141, rank: 1, offset: 251 };
    let outside = |asked| Resync::FullOutsideBacklog { asked, first: 100, len: 50 };
    let mut all = vec![
        Reason::Suspected { about: a, silent_ms: 2001, limit_ms: 2000 },
        Reason::NotSuspected { about: a, waiting_ms: None, silent_ms: 3000, limit_ms: 2000 },
        Reason::NotSuspected { about: a, waiting_ms: Some(9), silent_ms: 40, limit_ms: 2000 },
        Reason::Trusted { about: a },
        Reason::Reported { by: b, about: a },
        Reason::ReportWithdrawn { by: b, about: a },
        Reason::Fail(fail(true, true)),
        Reason::Fail(fail(true, false)),
        Reason::Fail(fail(false, false)),
        Reason::FailHeard { from: b, about: a },
        forgive(Some(Back::Replica)),
        forgive(Some(Back::Slotless)),
        forgive(Some(Back::NobodyServed)),
        forgive(None),
        serving(true, 0, 3),
        serving(false, 5461, 2),
        serving(false, 0, 1),
        serving(false, 0, 3),
        Reason::ElectionDelayed(delay),
        Reason::RankWorse { rank: 2, added_ms: 1000 },
        Reason::VotesAsked { epoch: Epoch(8), master: b },
        Reason::Vote(vote(None)),
        Reason::Vote(VoteVerdict { forced: true, master_failed: false, ..vote(None) }),
        Reason::VoteCounted { from: b, have: 1, needed: 2, epoch: Epoch(8) },
        Reason::Elected { epoch: Epoch(8), votes: 2, needed: 2, replaced: b, slots: 5461 },
        Reason::EpochBumped { old: Epoch(3), new: Epoch(9) },
        Reason::EpochBumped { old: Epoch(9), new: Epoch(9) },
        Reason::EpochAdopted { from: b, old: Epoch(7), new: Epoch(8) },
        Reason::EpochCollision { with: b, shared: Epoch(3), new: Some(Epoch(9)) },
        Reason::EpochCollision { with: b, shared: Epoch(3), new: None },
        claim(won, None),
        claim(Vec::new(), Some((slot(7), b, Epoch(9)))),
        Reason::UpdateSent { to: a, about: b, epoch: Epoch(9) },
        Reason::UpdateHeard { from: a, about: b, epoch: Epoch(9) },
        follow(false),
        follow(true),
        Reason::RoleHeard { about: a, master: Some(b) },
        Reason::RoleHeard { about: a, master: None },
        Reason::Learned { about: a, from: Some(b) },
        Reason::Learned { about: a, from: None },
        Reason::StillBanned { about: a, left_ms: 59_000 },
        Reason::HandshakeDone { about: a },
        Reason::HandshakeExpired { at: None, age_ms: 2000 },
        synced(Resync::Partial { from: 120, bytes: 30 }),
        synced(Resync::FullAsked),
        synced(Resync::FullOtherHistory),
        synced(outside(99)),
        synced(outside(151)),
        Reason::Moved { slot: slot(866), to: a },
        Reason::Ask { slot: slot(866), to: a },
        Reason::TryAgain { slot: slot(866) },
        Reason::ClusterDown { slot: slot(866), unassigned: true },
        Reason::ClusterDown { slot: slot(866), unassigned: false },
        Reason::CrossSlot { first: slot(1), other: slot(2) },
    ];
    all.extend(REFUSALS().map(|refusal| Reason::Vote(vote(Some(refusal)))));
    all.extend(waits().into_iter().map(Reason::ElectionWaits));
    all.extend(takeovers());
    all
}

/// What a person may start, and replica migration.
fn takeovers() -> Vec<Reason> {
    let (a, b) = (node('a'), node('b'));
    let manual =
        |step| Reason::Manual(ManualVerdict { step, with: b, mine: 251, needed: Some(251) });
    let migration = |refused| {
        let (working, barrier) =
            if refused == Some(MigrationWait::Barrier) { (1, 1) } else { (2, 1) };
        let smallest = if refused == Some(MigrationWait::NotSmallest) { b } else { a };
        let orphaned_ms = if refused == Some(MigrationWait::Delay) { 300 } else { 5100 };
        let (to, delay_ms, me) = (b, 5000, a);
        Reason::Migration(MigrationVerdict {
            to,
            working,
            barrier,
            me,
            smallest,
            orphaned_ms,
            delay_ms,
            refused,
        })
    };
    vec![
        manual(ManualStep::Asked(ManualMode::Default)),
        manual(ManualStep::Asked(ManualMode::Force)),
        manual(ManualStep::Asked(ManualMode::Takeover)),
        manual(ManualStep::Requested),
        manual(ManualStep::OffsetHeard),
        manual(ManualStep::CaughtUp),
        manual(ManualStep::TimedOut),
        migration(None),
        migration(Some(MigrationWait::NotServing)),
        migration(Some(MigrationWait::Barrier)),
        migration(Some(MigrationWait::NotSmallest)),
        migration(Some(MigrationWait::Delay)),
    ]
}
