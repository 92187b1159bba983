//! Does every predicate mean what the head of this folder says?

use slotscope_core::{
    epoch::Epoch,
    explain::{DelayedElection, FailVerdict, Reason, VoteRefusal, VoteVerdict},
    id::NodeId,
    sim::{Action, ClientEvent, HostIdx, Record, What},
    slot::Slot,
    time::Instant,
};

use super::*;

fn id(n: u16) -> NodeId {
    NodeId::from_bytes(format!("{n:040}").as_bytes()).unwrap()
}

/// Events of made-up records: node *n* has the ID and the machine *n*, and the port 7000 + *n*.
fn events(happened: &[(u64, Option<u16>, What)]) -> Vec<Event> {
    let host = |host: HostIdx| Some(7000 + host.0);
    let of_id = |name: NodeId| (0..7).find(|n| id(*n) == name).map(|n| 7000 + n);
    let ports = Ports { of_host: &host, of_id: &of_id };
    let record = |(seq, (at, host, what)): (u64, &(u64, Option<u16>, What))| Record {
        seq,
        at: Instant::from_millis(*at),
        host: host.map(HostIdx),
        cause: None,
        what: what.clone(),
    };
    (0..).zip(happened).map(record).filter_map(|record| ports.event(&record)).collect()
}

fn asked(epoch: u64) -> What {
    What::Decided(Reason::VotesAsked { epoch: Epoch(epoch), master: id(2) })
}

fn counted(from: u16, have: u32, epoch: u64) -> What {
    let from = id(from);
    What::Decided(Reason::VoteCounted { from, have, needed: 2, epoch: Epoch(epoch) })
}

fn story() -> Vec<Event> {
    let fail = FailVerdict {
        about: id(2),
        pfail_here: true,
        reporters: vec![id(1)],
        own: 1,
        needed: 2,
        size: 3,
        failed: true,
    };
    let refused = VoteVerdict {
        candidate: id(6),
        master: Some(id(2)),
        request_epoch: Epoch(9),
        current_epoch: Epoch(9),
        last_vote_epoch: Epoch(8),
        master_failed: true,
        master_pfail: false,
        reports: 2,
        needed: 2,
        forced: false,
        refused: Some(VoteRefusal::TooSoon { wait_ms: 9_000 }),
    };
    let delay = DelayedElection { fixed_ms: 500, random_ms: 83, rank: 1, offset: 960 };
    let slot = Slot::new(12182).unwrap();
    events(&[
        (1_000, None, What::Did(Action::Kill(HostIdx(2)))),
        (6_500, Some(0), What::Decided(Reason::Fail(fail))),
        (6_600, Some(6), What::Decided(Reason::ElectionDelayed(delay))),
        (7_200, Some(5), asked(8)),
        (7_203, Some(5), counted(0, 1, 8)),
        (7_210, Some(6), asked(9)),
        (7_211, Some(0), What::Decided(Reason::Vote(refused))),
        (7_212, Some(5), counted(1, 2, 8)),
        (7_300, None, What::Client { client: 0, event: ClientEvent::Acked { write: 118 } }),
        (7_400, Some(0), What::Decided(Reason::Moved { slot, to: id(5) })),
        (
            8_000,
            None,
            What::Did(Action::Command(HostIdx(5), vec!["CLUSTER".into(), "FAILOVER".into()])),
        ),
    ])
}

fn ask(text: &str, env: &Env) -> Outlook {
    let (facts, events) = (Facts::default(), story());
    let predicate = Predicate::parse(text).unwrap();
    let scope =
        Scope { facts: &facts, events: &events, from: Instant::ZERO, until: Instant::NEVER };
    scope.solve(&predicate.expr, env)
}

#[track_caller]
fn holds(text: &str) {
    assert!(ask(text, &Env::default()).holds(), "{text}");
}

#[track_caller]
fn fails(text: &str, seen: &str, wanted: &str) {
    let outlook = ask(text, &Env::default());
    assert!(!outlook.holds(), "{text}");
    assert_eq!((outlook.seen.as_str(), outlook.wanted.as_str()), (seen, wanted), "{text}");
}

#[test]
fn a_trace_is_asked_for_events_in_their_order() {
    holds("T: saw Fail{7002} before AuthRequest{epoch:8} before AuthAck{count>=2}");
    holds("T: Fail{about:7002} < AuthRequest{from:7005}");
    holds("T: Fail{count>=2, needed:2} & !Fail{about:7001}");
    holds("T: AuthRequest{from:7004} | AuthRequest{from:7006}");
    fails(
        "T: saw AuthRequest{epoch:8} before Fail{7002}",
        "AuthRequest{from:7005, epoch:8, master:7002} at 7.200, then none",
        "Fail{7002}",
    );
    fails("T: saw Elected{}", "none", "Elected{}");
}

#[test]
fn events_are_counted_and_told_apart() {
    holds("T: count(Moved{slot:12182}) == 1");
    holds("T: count(AuthRequest) in 1..2");
    holds("T: distinct(AuthRequest.from) >= 2");
    holds("T: Refused{to:7006, reason:too_soon}");
    holds("T: ElectionDelayed{node:7006, rank:1, delay_ms>=1500ms}");
    holds("A: count(kill) <= 1 & count(kill{7002}) == 1");
    holds("A: used(\"CLUSTER FAILOVER\") on 7005");
    fails("A: used(\"CLUSTER FAILOVER\") on 7006", "none", "used(\"CLUSTER FAILOVER\") on 7006");
    fails("A: count(kill) == 0", "1", "== 0");
}

#[test]
fn a_variable_means_the_same_wherever_it_stands() {
    // 7006 asked after 7005 did, but its epoch got no votes: only one meaning is left.
    let outlook = ask(
        "T: saw AuthRequest{from:w, epoch:e} before AuthAck{to:w, epoch:e, count>=2}",
        &Env::default(),
    );
    assert_eq!(outlook.envs.len(), 1);
    assert!(ask("T: AuthAck{to:w, epoch:e}", &outlook.envs[0]).holds());
    assert!(!ask("T: Refused{to:w}", &outlook.envs[0]).holds());
    assert_eq!(outlook.nearest.map(|nearest| nearest.at), Some(Instant::from_millis(7_212)));
}

#[test]
fn a_span_of_time_limits_what_counts() {
    let (facts, events) = (Facts::default(), story());
    let predicate =
        Predicate::parse("T: eventually AuthAck{count>=2} within 6s since kill{7002}").unwrap();
    let until = |ms| Scope {
        facts: &facts,
        events: &events,
        from: Instant::from_millis(1_000),
        until: Instant::from_millis(ms),
    };
    assert!(!until(7_000).solve(&predicate.expr, &Env::default()).holds());
    assert!(until(7_212).solve(&predicate.expr, &Env::default()).holds());
}

#[test]
fn the_predicates_of_the_course_can_be_read() {
    for text in [
        "S: cluster.covered == 16384",
        "S: node(7005).role == master",
        "S: view(7001).of(7002).flags has FAIL",
        "S: view(7000).of(7002) == PFAIL",
        "S: slots(7000).count in 6400..6500",
        "S: slots(7000) == 0-5460,5470",
        "S: for all a, b: view(a).knows(b) & view(a).of(b).health == ok",
        "S: node(7002).role == replica of w",
        "S: stable voters == 3 & cluster.epochs_distinct == yes for 5s",
        "S: always node(7001).link == up since kill{7002}",
        "S: replicas_ok(7001) >= 1",
        "T: never Fail{about:7001}",
        "T: never Fail{} for 20s since cut{from:7000, to:7002}",
        "T: count(Moved{slot:12182}) == 1",
        "T: eventually Fail{7002} within 30s",
        "L: lost == 0 & errors <= 600",
        "L: stale_reads >= 1",
        "A: count(restart) == 6",
    ] {
        let read = Predicate::parse(text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read.text(), text);
    }
}

#[test]
fn a_mistake_is_named_with_its_column() {
    for (text, column, what) in [
        ("covered == 1", 1, "begins with S:"),
        ("S: cluster.coverd == 1", 12, "unknown field"),
        ("T: Fial{7002}", 4, "unknown event"),
        ("T: Fail{abuot:7002}", 9, "unknown field"),
        ("T: Fail{7002", 13, "`,` expected"),
        ("T: heal{7002}", 9, "no fields"),
        ("L: lost == ", 12, "a value expected"),
        ("L: lost == 0 0", 14, "nothing more expected"),
        ("T: always Fail{7002}", 21, "does not fit"),
        ("S: stable voters == 3", 22, "does not fit"),
        ("S: slots(7000) == 0-16384", 21, "below 16384"),
        ("S: node(7000).role == 12x", 23, "stands alone"),
        ("S: node(7000).role == \"x", 23, "no end"),
        ("S: node(7000) § 3", 15, "no meaning"),
        ("L: 99999999999999999999 == lost", 4, "too large"),
    ] {
        let error = Predicate::parse(text).expect_err(text);
        assert!(error.what.contains(what), "{error}");
        assert_eq!(error.column, column, "{error}");
    }
    let deep = format!("S: {}voters == 3", "(".repeat(10_000));
    assert!(Predicate::parse(&deep).unwrap_err().what.contains("deeply"));
    let deep = format!("S: {}voters == 3", "!".repeat(10_000));
    assert!(Predicate::parse(&deep).unwrap_err().what.contains("deeply"));
}

#[test]
fn every_event_has_one_name_and_fields_of_its_own() {
    for (at, (name, fields)) in EVENTS.iter().enumerate() {
        assert!(EVENTS[..at].iter().all(|(other, _)| other != name), "{name} stands twice");
        for (at, field) in fields.iter().enumerate() {
            assert!(!fields[..at].contains(field), "{name}.{field} stands twice");
        }
    }
}
