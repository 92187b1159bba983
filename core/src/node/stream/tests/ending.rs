//! Masters that are told to end, and replicas that are told something wrong.

use alloc::vec::Vec;

use super::rig::Rig;
use crate::{
    command::Outcome,
    id::ClientId,
    io::{Exit, Input, Signal},
};

const REFUSED: &[u8] = b"-ERR Errors trying to SHUTDOWN. Check logs.\r\n";

/// A master and its replica, which has everything but the acknowledged last write.
fn lagging() -> Rig {
    let mut rig = Rig::new(2);
    rig.follow(1, 0);
    rig.say(0, &["CONFIG", "SET", "save", ""]);
    rig.say(0, &["SET", "a", "1"]);
    rig.take_log(0);
    rig
}

#[test]
fn a_master_ends_once_its_replicas_have_everything() {
    let mut rig = lagging();
    assert_eq!(rig.say_as(0, ClientId(7), &["SHUTDOWN"]).1, Outcome::Blocked);
    let postponed = rig.say_as(0, ClientId(8), &["SET", "b", "1"]).1;
    assert_eq!(postponed, Outcome::Postponed, "nobody would have it");
    assert_eq!(rig.exits, []);
    rig.wait_ms(1500);
    assert_eq!(rig.exits, [(0, Exit::Shutdown)]);
    assert_eq!(
        rig.take_log(0),
        [
            "User requested shutdown...",
            "Waiting for replicas before shutting down.",
            "1 of 1 replicas are in sync when shutting down.",
        ]
    );
}

#[test]
fn a_replica_that_says_nothing_is_waited_for_as_long_as_the_directive_says() {
    for (words, wait_ms, seconds) in
        [(&["SHUTDOWN"][..], 3100, "3"), (&["SHUTDOWN", "NOW"], 0, "3"), (&["SHUTDOWN"], 0, "0")]
    {
        let mut rig = lagging();
        rig.say(0, &["CONFIG", "SET", "shutdown-timeout", seconds]);
        rig.dead.push(1);
        rig.say_as(0, ClientId(7), words);
        if wait_ms > 0 {
            rig.wait_ms(wait_ms - 300);
            assert_eq!(rig.exits, []);
        }
        rig.wait_ms(300);
        assert_eq!(rig.exits, [(0, Exit::Shutdown)], "{words:?}");
        let log = rig.take_log(0);
        assert_eq!(log.last().unwrap(), "0 of 1 replicas are in sync when shutting down.");
        assert!(log.iter().any(|line| line.starts_with("Lagging replica 127.0.0.1:7001")));
    }
}

#[test]
fn an_aborted_shutdown_is_told_to_all_who_asked_for_it() {
    let mut rig = lagging();
    rig.dead.push(1);
    rig.input(0, Input::Terminate(Signal::Term));
    rig.carry_out(0);
    for client in [7, 8] {
        assert_eq!(rig.say_as(0, ClientId(client), &["SHUTDOWN"]).1, Outcome::Blocked);
    }
    assert_eq!(rig.say(0, &["SHUTDOWN", "ABORT"]), b"+OK\r\n");
    let told: Vec<_> = rig.answers.iter().map(|(_, client, bytes)| (client.0, &**bytes)).collect();
    assert_eq!(told, [(7, REFUSED), (8, REFUSED)]);
    assert_eq!(rig.say(0, &["SHUTDOWN", "ABORT"]), b"-ERR No shutdown in progress.\r\n");
    assert_eq!(rig.say(0, &["SET", "b", "1"]), b"+OK\r\n");
    rig.wait_ms(20_000);
    assert_eq!(rig.exits, []);
}

#[test]
fn what_a_master_should_not_have_sent_is_said_and_counted_and_passed_over() {
    let mut rig = Rig::new(2);
    rig.follow(1, 0);
    rig.take_log(1);
    let link = rig.nodes[1].b.repl.upstream.as_ref().unwrap().link.unwrap();
    let stream = b"*2\r\n$3\r\nFOO\r\n$1\r\nx\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nx\r\n\
        *2\r\n$4\r\nINCR\r\n$1\r\na\r\n*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n1\r\n\
        *2\r\n$3\r\nSET\r\n$1\r\nc\r\n*1\r\n$4\r\nEXEC\r\n";
    let before = rig.offset(1);
    rig.input(1, Input::Stream { link, bytes: stream });
    rig.carry_out(1);
    assert_eq!(rig.offset(1), before + stream.len() as u64);
    assert_eq!((rig.get(1, "a"), rig.get(1, "b")), ("x".into(), "".into()));
    let said = |error: &str, command: &str| {
        alloc::format!(
            "== CRITICAL == This replica is sending an error to its master: '{error}' after \
             processing the command '{command}'"
        )
    };
    assert_eq!(
        rig.take_log(1),
        [
            said("unknown command 'FOO', with args beginning with: 'x' ", "<unknown>"),
            said("value is not an integer or out of range", "incr"),
            said("wrong number of arguments for 'set' command", "<unknown>"),
            said("-EXECABORT Transaction discarded because of previous errors.", "exec"),
        ]
    );
    assert_eq!(rig.nodes[1].b.stats.unexpected_errors, 4);
    rig.say(1, &["CONFIG", "SET", "propagation-error-behavior", "panic-on-replicas"]);
    rig.input(1, Input::Stream { link, bytes: b"*1\r\n$3\r\nFOO\r\n" });
    rig.carry_out(1);
    assert_eq!(rig.exits, [(1, Exit::Fatal)]);
}

#[test]
fn a_master_hands_its_role_to_a_replica_that_has_everything() {
    let mut rig = lagging();
    assert_eq!(rig.say(0, &["FAILOVER"]), b"+OK\r\n");
    assert_eq!(rig.info(0, "master_failover_state"), "waiting-for-sync");
    assert_eq!(rig.say(0, &["FAILOVER"]), b"-ERR FAILOVER already in progress.\r\n");
    assert_eq!(rig.say_as(0, ClientId(8), &["SET", "b", "1"]).1, Outcome::Postponed);
    rig.wait_ms(3000);
    assert_eq!((&*rig.info(0, "role"), &*rig.info(1, "role")), ("slave", "master"));
    assert_eq!(rig.info(0, "master_failover_state"), "no-failover");
    assert_eq!(rig.nodes[1].b.stats.sync_full, 0, "nothing has to be copied");
    rig.say(1, &["SET", "b", "2"]);
    rig.assert_same(0, 1);
}

#[test]
fn a_failover_ends_when_its_time_is_over_or_its_target_refuses() {
    let mut rig = lagging();
    rig.dead.push(1);
    assert_eq!(rig.say(0, &["FAILOVER", "TIMEOUT", "500"]), b"+OK\r\n");
    rig.wait_ms(700);
    assert_eq!(rig.info(0, "role"), "master");
    assert_eq!(rig.say(0, &["SET", "b", "1"]), b"+OK\r\n");
    assert_eq!(
        rig.take_log(0),
        [
            "FAILOVER requested to any replica.",
            "FAILOVER to any replica aborted: Replica never caught up before timeout",
        ]
    );
    // With FORCE it asks all the same; a master that is asked refuses.
    let mut rig = lagging();
    let late = ["FAILOVER", "TO", "127.0.0.1", "7001", "TIMEOUT", "500", "FORCE"];
    rig.dead.push(1);
    assert_eq!(rig.say(0, &late), b"+OK\r\n");
    rig.wait_ms(700);
    assert_eq!(rig.info(0, "master_failover_state"), "failover-in-progress");
    rig.dead.clear();
    rig.say(1, &["REPLICAOF", "NO", "ONE"]);
    rig.wait_ms(2000);
    assert_eq!(rig.info(0, "role"), "master");
    let log = rig.take_log(0);
    let why = "FAILOVER to 127.0.0.1:7001 aborted: Failover target rejected psync request";
    assert!(log.iter().any(|line| line == why), "{log:?}");
}
