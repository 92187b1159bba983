//! The card of a voter's answer: the seven guards of the Why card.
//!
//! That only a master with slots votes is asked first, and shown only to the one who does not
//! vote for that reason: everybody else's card begins with the epochs.

use super::{Card, Guard, Number, Outcome, Relation};
use crate::explain::{VoteRefusal, VoteVerdict};

const SPEC: &str = "Masters reply to replica vote request";

pub(super) fn vote(verdict: &VoteVerdict) -> Card {
    let id = id(verdict.refused);
    let decision = if verdict.refused.is_none() { "vote" } else { "no-vote" };
    let mut card = Card::new(id, decision, SPEC).about(verdict.candidate);
    card.other = verdict.master;
    card.guards = guards(verdict);
    if let Some(VoteRefusal::StaleClaim { slot, .. }) = verdict.refused {
        card.slot = Some(slot);
    }
    card = card
        .fact("request-epoch", Number::Epoch(verdict.request_epoch))
        .fact("forced", Number::Flag(verdict.forced));
    if verdict.refused == Some(VoteRefusal::MasterUp) {
        // "Not FAIL" alone hides how near it was.
        card = card
            .fact("pfail-here", Number::Flag(verdict.master_pfail))
            .fact("reports", Number::Count(u64::from(verdict.reports)))
            .fact("needed", Number::Count(u64::from(verdict.needed)));
    }
    card.stop_at_failure()
}

const fn id(refused: Option<VoteRefusal>) -> &'static str {
    match refused {
        None => "vote.granted",
        Some(VoteRefusal::NotVoter) => "vote.refused.not-voter",
        Some(VoteRefusal::EpochBehind) => "vote.refused.epoch-behind",
        Some(VoteRefusal::AlreadyVoted) => "vote.refused.already-voted",
        Some(VoteRefusal::NotReplica) => "vote.refused.not-replica",
        Some(VoteRefusal::MasterUnknown) => "vote.refused.master-unknown",
        Some(VoteRefusal::MasterUp) => "vote.refused.master-up",
        Some(VoteRefusal::TooSoon { .. }) => "vote.refused.too-soon",
        Some(VoteRefusal::StaleClaim { .. }) => "vote.refused.stale-claim",
    }
}

/// Each guard fails exactly for the refusal that names it, whatever the numbers beside it.
fn guards(verdict: &VoteVerdict) -> alloc::vec::Vec<Guard> {
    let refused = verdict.refused;
    let unless = |refusal: VoteRefusal| refused != Some(refusal);
    let (request, current) =
        (Number::Epoch(verdict.request_epoch), Number::Epoch(verdict.current_epoch));
    let last_vote = Number::Epoch(verdict.last_vote_epoch);
    let mut guards = alloc::vec![
        Guard::new(
            "vote.epoch-current",
            request,
            Relation::AtLeast,
            current,
            unless(VoteRefusal::EpochBehind),
        ),
        Guard::new(
            "vote.not-voted-in-epoch",
            last_vote,
            Relation::NotEqual,
            current,
            unless(VoteRefusal::AlreadyVoted),
        ),
        Guard::is("vote.asker-is-replica", unless(VoteRefusal::NotReplica)),
        Guard::is("vote.master-known", unless(VoteRefusal::MasterUnknown)),
        master_guard(verdict),
        pause_guard(refused),
        claim_guard(refused),
    ];
    if refused == Some(VoteRefusal::NotVoter) {
        guards.insert(0, Guard::is("vote.is-voter", false));
    }
    guards
}

/// The master must be FAIL, or the request must insist (manual failover).
fn master_guard(verdict: &VoteVerdict) -> Guard {
    let passed = verdict.refused != Some(VoteRefusal::MasterUp);
    let (id, flag) = if verdict.forced && !verdict.master_failed {
        ("vote.forced", verdict.forced)
    } else {
        ("vote.master-failed", verdict.master_failed)
    };
    Guard::new(id, Number::Flag(flag), Relation::Equal, Number::Flag(true), passed)
}

fn pause_guard(refused: Option<VoteRefusal>) -> Guard {
    match refused {
        Some(VoteRefusal::TooSoon { wait_ms }) => Guard {
            outcome: Outcome::Failed,
            ..Guard::over("vote.master-not-voted-lately", wait_ms)
        },
        _ => Guard::over("vote.master-not-voted-lately", 0),
    }
}

fn claim_guard(refused: Option<VoteRefusal>) -> Guard {
    let id = "vote.claims-current";
    match refused {
        Some(VoteRefusal::StaleClaim { owner, request, .. }) => {
            let (owner, request) = (Number::Epoch(owner), Number::Epoch(request));
            Guard::new(id, owner, Relation::AtMost, request, false)
        }
        _ => Guard::new(id, Number::None, Relation::AtMost, Number::None, true),
    }
}
