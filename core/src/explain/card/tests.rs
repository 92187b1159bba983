//! Cards of every reason; those of the votes guard by guard.

use alloc::{collections::BTreeSet, format, string::String, vec::Vec};

use super::*;
use crate::explain::{
    VoteVerdict,
    samples::{self, REFUSALS, node, slot},
};

/// `✓ vote.epoch-current 8 ≥ 8`, one line a guard.
fn shown(card: &Card) -> Vec<String> {
    let number = |number: Number| match number {
        Number::Count(n) | Number::Ms(n) | Number::Offset(n) => format!("{n}"),
        Number::Epoch(epoch) => format!("e{epoch}"),
        Number::Node(id) => format!("{id:?}"),
        Number::Slot(slot) => format!("{slot}"),
        Number::Flag(yes) => format!("{yes}"),
        Number::None => "-".into(),
    };
    let line = |guard: &Guard| {
        let mark = match guard.outcome {
            Outcome::Passed => '✓',
            Outcome::Failed => '✗',
            Outcome::NotReached => '·',
        };
        let Guard { id, left, relation, right, .. } = *guard;
        format!("{mark} {id} {} {} {}", number(left), relation.sign(), number(right))
    };
    card.guards.iter().map(line).collect()
}

fn vote_card(verdict: VoteVerdict) -> Card {
    Reason::Vote(verdict).card()
}

#[test]
fn a_refused_vote_as_the_page_shows_it() {
    let card = vote_card(samples::vote(Some(crate::explain::VoteRefusal::MasterUp)));
    assert_eq!((card.id, card.decision), ("vote.refused.master-up", "no-vote"));
    assert_eq!((card.subject, card.other), (Some(node('a')), Some(node('b'))));
    let want = [
        "✓ vote.epoch-current e8 ≥ e8",
        "✓ vote.not-voted-in-epoch e7 ≠ e8",
        "✓ vote.asker-is-replica true = true",
        "✓ vote.master-known true = true",
        "✗ vote.master-failed false = true",
        "· vote.master-not-voted-lately 0 = 0",
        "· vote.claims-current - ≤ -",
    ];
    assert_eq!(shown(&card), want);
    assert!(card.log.is_some_and(|line| line.ends_with(": its master is up")));
}

#[test]
fn each_refusal_fails_its_own_guard_and_reaches_no_further() {
    for (at, refusal) in REFUSALS().into_iter().enumerate() {
        let card = vote_card(samples::vote(Some(refusal)));
        let outcomes: Vec<Outcome> = card.guards.iter().map(|guard| guard.outcome).collect();
        // The silent guard is shown only to whom it stops.
        let failed = at.saturating_sub(1);
        let len = if at == 0 { 8 } else { 7 };
        let want: Vec<Outcome> = (0..len)
            .map(|guard| match guard.cmp(&failed) {
                core::cmp::Ordering::Less => Outcome::Passed,
                core::cmp::Ordering::Equal => Outcome::Failed,
                core::cmp::Ordering::Greater => Outcome::NotReached,
            })
            .collect();
        assert_eq!(outcomes, want, "{}", card.id);
    }
}

#[test]
fn numbers_of_the_refusals_that_have_some() {
    let [_, _, _, _, _, _, soon, stale] = REFUSALS();
    let soon = shown(&vote_card(samples::vote(Some(soon))));
    assert_eq!(soon[5], "✗ vote.master-not-voted-lately 1234 = 0");
    let stale = vote_card(samples::vote(Some(stale)));
    assert_eq!(shown(&stale)[6], "✗ vote.claims-current e9 ≤ e3");
    assert_eq!(stale.slot, Some(slot(5)));
}

#[test]
fn a_granted_vote_passed_every_guard() {
    let granted = vote_card(samples::vote(None));
    assert_eq!((granted.id, granted.decision), ("vote.granted", "vote"));
    assert!(granted.guards.iter().all(|guard| guard.outcome == Outcome::Passed));
    let forced =
        vote_card(VoteVerdict { forced: true, master_failed: false, ..samples::vote(None) });
    assert_eq!(shown(&forced)[4], "✓ vote.forced true = true");
}

#[test]
fn what_has_not_happened_yet_has_numbers_too() {
    let cards: Vec<Card> = samples::all().iter().map(Reason::card).collect();
    let guards = |id: &str| shown(cards.iter().find(|card| card.id == id).unwrap());
    assert_eq!(
        guards("failure.not-failed.no-quorum"),
        ["✓ failure.pfail-here true = true", "✗ failure.quorum 1 ≥ 2"]
    );
    assert_eq!(
        guards("failure.not-failed.not-pfail-here"),
        ["✗ failure.pfail-here false = true", "· failure.quorum 1 ≥ 2"]
    );
    assert_eq!(guards("election.waits.data-age")[5], "✗ election.data-fresh 200000 ≤ 160000");
    assert_eq!(guards("election.waits.data-age")[6], "· election.delay-over - = true");
    assert_eq!(guards("election.waits.votes")[9], "✗ election.votes 1 ≥ 2");
    assert_eq!(guards("claim.stale"), ["✗ claim.not-older e7 ≥ e9"]);
    assert_eq!(guards("claim.won"), ["✓ claim.newer e7 > e3", "✓ claim.unassigned true = true"]);
    assert_eq!(
        guards("serving.fail"),
        ["✗ serving.covered 5461 = 0", "✓ serving.owners-up 0 = 0", "✓ serving.majority 2 ≥ 2"]
    );
    assert_eq!(guards("sync.full.outside-backlog")[2], "✗ sync.in-backlog 99 ≥ 100");
}

/// A card that says why not must show what stopped it.
#[test]
fn a_decision_against_has_a_failed_guard() {
    for card in samples::all().iter().map(Reason::card) {
        let refusing = ["no-vote", "not-pfail", "not-fail", "not-serve", "not-forgive", "refuse"];
        let failed = card.guards.iter().any(|guard| guard.outcome == Outcome::Failed);
        if refusing.contains(&card.decision) || card.id.starts_with("election.waits") {
            assert!(failed, "{}", card.id);
        }
    }
}

/// Translators and the page rely on the lists: each id is produced, each produced id is listed.
#[test]
fn the_lists_hold_exactly_what_cards_carry() {
    let cards: Vec<Card> = samples::all().iter().map(Reason::card).collect();
    let listed = |ids: &'static [&'static str]| {
        assert!(ids.is_sorted(), "{ids:?}");
        ids.iter().copied().collect::<BTreeSet<_>>()
    };
    let guards = cards.iter().flat_map(|card| &card.guards).map(|guard| guard.id);
    let facts = cards.iter().flat_map(|card| &card.facts).map(|fact| fact.id);
    assert_eq!(cards.iter().map(|card| card.id).collect::<BTreeSet<_>>(), listed(REASON_IDS));
    let decisions: BTreeSet<_> = cards.iter().map(|card| card.decision).collect();
    assert_eq!(decisions, listed(DECISION_IDS));
    assert_eq!(guards.collect::<BTreeSet<_>>(), listed(GUARD_IDS));
    assert_eq!(facts.collect::<BTreeSet<_>>(), listed(FACT_IDS));
}
