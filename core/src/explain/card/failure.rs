//! Cards about failure detection and about serving clients.

use super::{Card, Guard, Needs, Number, Relation};
use crate::{
    explain::{Back, FailVerdict, ForgiveVerdict, ServingVerdict},
    id::NodeId,
};

const SPEC: &str = "Failure detection";
const SPEC_SERVING: &str = "Availability";

const fn silence(silent_ms: u64, limit_ms: u64) -> Guard {
    let (left, right) = (Number::Ms(silent_ms), Number::Ms(limit_ms));
    Guard::new("failure.silence", left, Relation::Above, right, silent_ms > limit_ms)
}

pub(super) fn suspected(about: NodeId, silent_ms: u64, limit_ms: u64) -> Card {
    Card::new("failure.suspected", "pfail", SPEC)
        .about(about)
        .with(Guard::is("failure.ping-waiting", true))
        .with(silence(silent_ms, limit_ms))
}

/// The smaller of ping age and data age counts: any message from it is a sign of life.
pub(super) fn not_suspected(
    about: NodeId,
    waiting_ms: Option<u64>,
    silent_ms: u64,
    limit_ms: u64,
) -> Card {
    let counted = waiting_ms.unwrap_or(0).min(silent_ms);
    let card = Card::new("failure.not-suspected", "not-pfail", SPEC)
        .about(about)
        .with(Guard::is("failure.ping-waiting", waiting_ms.is_some()))
        .with(silence(counted, limit_ms))
        .fact("silent", Number::Ms(silent_ms))
        .fact("ping-age", waiting_ms.map_or(Number::None, Number::Ms));
    card.stop_at_failure()
}

pub(super) fn trusted(about: NodeId) -> Card {
    Card::new("failure.trusted", "trust", SPEC).about(about)
}

pub(super) fn reported(by: NodeId, about: NodeId, failing: bool) -> Card {
    let mut card = if failing {
        Card::new("failure.reported", "note-report", SPEC)
    } else {
        Card::new("failure.report-withdrawn", "drop-report", SPEC)
    };
    card.other = Some(by);
    card.about(about)
}

pub(super) fn quorum(verdict: &FailVerdict) -> Card {
    let reports = verdict.reporters.len() as u64;
    let (id, decision) = match (verdict.failed, verdict.pfail_here) {
        (true, _) => ("failure.failed", "fail"),
        (false, false) => ("failure.not-failed.not-pfail-here", "not-fail"),
        (false, true) => ("failure.not-failed.no-quorum", "not-fail"),
    };
    let votes = reports + u64::from(verdict.own);
    let card = Card::new(id, decision, SPEC)
        .about(verdict.about)
        .with(Guard::is("failure.pfail-here", verdict.pfail_here))
        .with(Guard::at_least("failure.quorum", votes, u64::from(verdict.needed)))
        .fact("reports", Number::Count(reports))
        .fact("own-opinion", Number::Count(u64::from(verdict.own)))
        .fact("voters", Number::Count(u64::from(verdict.size)));
    card.stop_at_failure()
}

pub(super) fn heard(from: NodeId, about: NodeId) -> Card {
    let mut card = Card::new("failure.heard", "fail", SPEC).about(about);
    card.other = Some(from);
    card
}

pub(super) fn forgive(verdict: &ForgiveVerdict) -> Card {
    let (id, decision) = match verdict.back {
        Some(Back::Replica) => ("failure.forgiven.replica", "forgive"),
        Some(Back::Slotless) => ("failure.forgiven.slotless", "forgive"),
        Some(Back::NobodyServed) => ("failure.forgiven.nobody-served", "forgive"),
        None => ("failure.not-forgiven", "not-forgive"),
    };
    let ForgiveVerdict { failed_ms, limit_ms, .. } = *verdict;
    let long = Guard::new(
        "failure.long-enough",
        Number::Ms(failed_ms),
        Relation::Above,
        Number::Ms(limit_ms),
        verdict.back == Some(Back::NobodyServed),
    );
    let mut card = Card::new(id, decision, SPEC)
        .about(verdict.about)
        .with(Guard::is("failure.is-replica", verdict.back == Some(Back::Replica)))
        .with(Guard::is("failure.owns-no-slot", verdict.back == Some(Back::Slotless)))
        .with(long);
    card.needs = Needs::Any;
    // One is enough, so the first that passes ends it.
    let passed = |guard: &Guard| guard.outcome == super::Outcome::Passed;
    let first = card.guards.iter().position(passed).unwrap_or(card.guards.len());
    for guard in card.guards.iter_mut().skip(first + 1) {
        guard.outcome = super::Outcome::NotReached;
    }
    card
}

/// Coverage counts only with `cluster-require-full-coverage`; all guards are always looked at. A
/// state that stays down although they pass waits for a delay (after a start, or a minority).
pub(super) fn serving(verdict: &ServingVerdict) -> Card {
    let majority = Guard::at_least(
        "serving.majority",
        u64::from(verdict.reachable),
        u64::from(verdict.needed),
    );
    let mut guards = alloc::vec![majority];
    if verdict.full_coverage {
        guards.insert(0, Guard::none_of("serving.covered", u64::from(verdict.uncovered)));
        guards.insert(1, Guard::none_of("serving.owners-up", u64::from(verdict.failed)));
    }
    let all_pass = guards.iter().all(|guard| guard.outcome == super::Outcome::Passed);
    let (id, decision) = match (verdict.ok, all_pass) {
        (true, _) => ("serving.ok", "serve"),
        (false, false) => ("serving.fail", "not-serve"),
        (false, true) => ("serving.waits", "not-serve"),
    };
    if !verdict.ok && all_pass {
        guards.push(Guard::is("serving.delay-over", false));
    }
    let mut card = Card::new(id, decision, SPEC_SERVING);
    card.guards = guards;
    card.fact("uncovered", Number::Count(u64::from(verdict.uncovered)))
        .fact("owner-failed", Number::Count(u64::from(verdict.failed)))
        .fact("full-coverage", Number::Flag(verdict.full_coverage))
}
