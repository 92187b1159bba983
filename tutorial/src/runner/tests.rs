//! Clauses over time, on a made-up ledger.

use slotscope_core::{sim::Ledger, time::Instant};

use super::{CheckState, clause::Tracked};
use crate::predicate::{Env, Event, Facts, Predicate, Value};

fn facts(at_ms: u64, lost: u64) -> Facts {
    let mut facts = Facts::default();
    facts.now = Instant::from_millis(at_ms);
    facts.ledgers = vec![Ledger { lost, ..Ledger::default() }];
    facts
}

fn kill(at_ms: u64) -> Event {
    let fields = vec![("node", Value::Int(7002))];
    Event { seq: at_ms, at: Instant::from_millis(at_ms), name: "kill", fields }
}

/// Looks at each moment in turn: (time in ms, writes lost); says how the clause fares at each.
fn over(text: &str, events: &[Event], moments: &[(u64, u64)]) -> String {
    let mut tracked = Tracked::new(Predicate::parse(text).unwrap());
    look(&mut tracked, events, moments)
}

fn look(tracked: &mut Tracked, events: &[Event], moments: &[(u64, u64)]) -> String {
    let states = moments.iter().map(|(at, lost)| {
        let facts = facts(*at, *lost);
        let so_far: Vec<Event> = events.iter().filter(|e| e.at <= facts.now).cloned().collect();
        match tracked.judge(&facts, &so_far, &mut vec![Env::default()]).state {
            CheckState::Met => 'M',
            CheckState::NotYet => '.',
            CheckState::Failed => 'F',
        }
    });
    states.collect()
}

#[test]
fn modes_of_state() {
    let moments = [(0, 0), (1_000, 1), (2_000, 0), (4_000, 0), (9_000, 0)];
    for (text, fared) in [
        ("L: lost == 0", "M.MMM"),
        ("L: eventually lost == 1", ".MMMM"),
        ("L: eventually lost == 1 within 500ms", ".FFFF"),
        ("L: always lost == 0", "MFFFF"),
        ("L: stable lost == 0 for 2s", "...MM"),
        ("L: never lost == 2", "MMMMM"),
        ("L: never lost == 2 for 3s", "...MM"),
        ("L: never lost == 1", "MFFFF"),
        ("L: stale_reads == 0", "....."),
    ] {
        assert_eq!(over(text, &[], &moments), fared, "{text}");
    }
}

#[test]
fn modes_since_an_event() {
    let moments = [(0, 1), (1_000, 0), (2_000, 0), (4_000, 0), (9_000, 1)];
    for (text, fared) in [
        ("L: always lost == 0 since kill{7002}", "..MMF"),
        ("L: eventually lost == 1 since kill{7002}", "....M"),
        ("L: eventually lost == 1 within 3s since kill", "....F"),
        ("T: never kill{7001} for 2s since kill{7002}", "...MM"),
        ("T: never kill since start", "MMFFF"),
        ("T: eventually kill within 1s", "..FFF"),
        ("A: count(kill) == 1", "..MMM"),
    ] {
        assert_eq!(over(text, &[kill(2_000)], &moments), fared, "{text}");
    }
}

#[test]
fn what_is_taken_back_did_not_happen() {
    let mut tracked = Tracked::new(Predicate::parse("L: always lost == 0").unwrap());
    assert_eq!(look(&mut tracked, &[], &[(0, 0), (1_000, 1), (2_000, 0)]), "MFF");
    tracked.rewind(Instant::from_millis(500));
    assert_eq!(look(&mut tracked, &[], &[(500, 0), (1_000, 0)]), "MM");
}
