//! Cards about a replica's election.

use super::{Card, Guard, Number, Relation};
use crate::{
    epoch::Epoch,
    explain::{DelayedElection, ElectionWait},
    id::NodeId,
};

const SPEC: &str = "Replica election and promotion";
const SPEC_RANK: &str = "Replica rank";

pub(super) fn delayed(delay: &DelayedElection) -> Card {
    Card::new("election.delayed", "plan", SPEC_RANK)
        .fact("delay", Number::Ms(delay.total_ms()))
        .fact("fixed", Number::Ms(delay.fixed_ms))
        .fact("random", Number::Ms(delay.random_ms))
        .fact("rank", Number::Count(u64::from(delay.rank)))
        .fact("offset", Number::Offset(delay.offset))
}

pub(super) fn rank_worse(rank: u32, added_ms: u64) -> Card {
    Card::new("election.rank-worse", "wait", SPEC_RANK)
        .fact("rank", Number::Count(u64::from(rank)))
        .fact("added", Number::Ms(added_ms))
}

/// The steps on the way to an election, in the order in which they are asked. All before the
/// one that stops it have passed.
const STEPS: [&str; 10] = [
    "election.is-replica",
    "election.master-known",
    "election.master-failed",
    "election.may-failover",
    "election.master-owns-slots",
    "election.data-fresh",
    "election.delay-over",
    "election.attempt-open",
    "election.asked",
    "election.votes",
];

/// Stands in the place of the master's failure in a manual failover.
const IN_STEP: &str = "manual.in-step";

pub(super) fn waits(wait: &ElectionWait) -> Card {
    let (id, stop) = match *wait {
        ElectionWait::IsMaster => ("is-master", Guard::is(STEPS[0], false)),
        ElectionWait::NoMaster => ("no-master", Guard::is(STEPS[1], false)),
        ElectionWait::MasterNotFail { .. } => ("master-not-fail", Guard::is(STEPS[2], false)),
        ElectionWait::NoFailover => ("no-failover", Guard::is(STEPS[3], false)),
        ElectionWait::NothingToSave => ("nothing-to-save", Guard::is(STEPS[4], false)),
        ElectionWait::Manual { mine, needed } => {
            let needed = needed.map_or(Number::None, Number::Offset);
            let mine = Number::Offset(mine);
            ("manual", Guard::new(IN_STEP, mine, Relation::Equal, needed, false))
        }
        ElectionWait::DataAge { age_ms, limit_ms } => {
            let age = age_ms.map_or(Number::None, Number::Ms);
            let limit = Number::Ms(limit_ms);
            ("data-age", Guard::new(STEPS[5], age, Relation::AtMost, limit, false))
        }
        ElectionWait::Delay { left_ms } => ("delay", Guard::over(STEPS[6], left_ms)),
        ElectionWait::Expired { retry_in_ms } => {
            let (left, none) = (Number::Ms(retry_in_ms), Number::Ms(0));
            ("expired", Guard::new(STEPS[7], left, Relation::Equal, none, false))
        }
        ElectionWait::Votes { have, needed } => {
            ("votes", Guard::at_least(STEPS[9], u64::from(have), u64::from(needed)))
        }
    };
    let mut card = Card::new(wait_id(id), "wait", SPEC);
    // A manual failover waits for the data instead of the failure.
    let id = if stop.id == IN_STEP { STEPS[2] } else { stop.id };
    let at = STEPS.iter().position(|step| *step == id).unwrap_or(0);
    for (step, id) in STEPS.iter().enumerate() {
        card.guards.push(if step == at { stop } else { Guard::is(id, true) });
    }
    for guard in card.guards.iter_mut().skip(at + 1) {
        (guard.left, guard.outcome) = (Number::None, super::Outcome::NotReached);
    }
    if let ElectionWait::MasterNotFail { pfail, reports, needed } = *wait {
        card = card
            .fact("pfail-here", Number::Flag(pfail))
            .fact("reports", Number::Count(u64::from(reports)))
            .fact("needed", Number::Count(u64::from(needed)));
    }
    card
}

/// The stable id of a wait.
fn wait_id(short: &str) -> &'static str {
    match short {
        "is-master" => "election.waits.is-master",
        "no-master" => "election.waits.no-master",
        "master-not-fail" => "election.waits.master-not-fail",
        "no-failover" => "election.waits.no-failover",
        "nothing-to-save" => "election.waits.nothing-to-save",
        "data-age" => "election.waits.data-age",
        "delay" => "election.waits.delay",
        "expired" => "election.waits.expired",
        "manual" => "election.waits.manual",
        _ => "election.waits.votes",
    }
}

pub(super) fn votes_asked(epoch: Epoch, master: NodeId) -> Card {
    let mut card = Card::new("election.votes-asked", "ask-votes", SPEC);
    card.other = Some(master);
    card.fact("epoch", Number::Epoch(epoch))
}

pub(super) fn vote_counted(from: NodeId, have: u32, needed: u32, epoch: Epoch) -> Card {
    Card::new("election.vote-counted", "count-vote", SPEC)
        .about(from)
        .with(Guard::at_least("election.votes", u64::from(have), u64::from(needed)))
        .fact("epoch", Number::Epoch(epoch))
}

pub(super) fn won(epoch: Epoch, votes: u32, needed: u32, replaced: NodeId, slots: u32) -> Card {
    let mut card = Card::new("election.won", "promote", SPEC)
        .with(Guard::at_least("election.votes", u64::from(votes), u64::from(needed)))
        .fact("epoch", Number::Epoch(epoch))
        .fact("slots", Number::Count(u64::from(slots)));
    card.other = Some(replaced);
    card
}
