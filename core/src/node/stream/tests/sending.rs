//! While a snapshot is on its way; and what clients write to a replica that lets them.

use alloc::{format, string::String};

use super::rig::Rig;
use crate::{command::Outcome, id::ClientId, node::MasterLink};

/// A replica whose snapshot has not left its master yet.
fn waiting(framing: &str) -> Rig {
    let mut rig = Rig::new(2);
    rig.say(0, &["CONFIG", "SET", "repl-diskless-sync", framing]);
    for key in ["a", "b", "c"] {
        rig.say(0, &["SET", key, &"x".repeat(500)]);
    }
    rig.holds = true;
    rig.follow(1, 0);
    rig
}

#[test]
fn what_is_written_meanwhile_comes_behind_the_snapshot() {
    for framing in ["yes", "no"] {
        let mut rig = waiting(framing);
        assert!(rig.info(0, "slave0").contains("state=send_bulk"), "{framing}");
        rig.say(0, &["SET", "a", "new"]);
        rig.say(0, &["DEL", "b"]);
        // Far longer than `repl-timeout`, but it is no silence.
        rig.wait_ms(50_000);
        rig.send(100);
        rig.wait_ms(20_000);
        assert_eq!((rig.link(1) == MasterLink::Up, rig.get(1, "a")), (false, "".into()));
        let client = ClientId(999);
        rig.say_as(0, client, &["SET", "d", "1"]);
        let (_, outcome) = rig.say_as(0, client, &["WAIT", "1", "0"]);
        assert_eq!(outcome, Outcome::Blocked, "{framing}: nobody has it yet");

        rig.send(usize::MAX);
        rig.carry_out(0);
        rig.wait_ms(2000);
        assert_eq!(rig.link(1), MasterLink::Up);
        assert_eq!((rig.get(1, "a"), rig.get(1, "b")), ("new".into(), "".into()));
        assert!(rig.info(0, "slave0").contains("state=online"), "{framing}");
        assert_eq!(rig.answers.pop().map(|(.., answer)| answer), Some(b":1\r\n".to_vec()));
        rig.assert_same(0, 1);
    }
}

#[test]
fn a_replica_for_which_too_much_waits_is_given_up() {
    let mut rig = waiting("yes");
    rig.say(0, &["CONFIG", "SET", "client-output-buffer-limit", "replica 2000 0 0"]);
    rig.say(0, &["SET", "d", &"x".repeat(1000)]);
    assert_eq!(rig.info(0, "connected_slaves"), "1");
    rig.say(0, &["SET", "e", &"x".repeat(1000)]);
    assert_eq!(rig.info(0, "connected_slaves"), "0");
    let log = rig.take_log(0).join("\n");
    assert!(log.contains("overcoming of output buffer limits"), "{log}");
}

#[test]
fn a_replica_that_loads_says_so_and_has_no_offset() {
    let mut rig = Rig::new(2);
    rig.say(0, &["CONFIG", "SET", "rdbcompression", "no"]);
    rig.say(0, &["SET", "a", "1"]);
    rig.follow(1, 0);
    rig.say(0, &["SET", "a", "2"]);
    assert!(rig.nodes[1].b.repl.offset() > 0);
    // Everything is sent anew, since its master knows nothing of it any more.
    rig.say(0, &["CONFIG", "SET", "repl-backlog-size", "1"]);
    rig.kill(0);
    rig.say(0, &["SET", "a", &"x".repeat(40_000)]);
    rig.holds = true;
    rig.dead.clear();
    rig.wait_ms(2000);
    rig.send(300);
    for (how, loading, beside) in [("disabled", "1", "0"), ("swapdb", "0", "1")] {
        rig.say(1, &["CONFIG", "SET", "repl-diskless-load", how]);
        let told = String::from_utf8(rig.say(1, &["INFO", "persistence"])).unwrap();
        let wanted = format!("\r\nloading:{loading}\r\nasync_loading:{beside}\r\n");
        assert!(told.contains(&wanted), "{how}: {told}");
    }
    assert_eq!((rig.nodes[1].b.repl.offset(), rig.get(1, "a")), (0, "2".into()));
    rig.send(usize::MAX);
    rig.wait_ms(2000);
    assert!(!rig.nodes[1].b.repl.is_loading());
    assert_eq!(rig.nodes[1].b.repl.offset(), rig.offset(0));
}

#[test]
fn a_writable_replica_sees_to_the_keys_of_its_clients() {
    let mut rig = Rig::new(2);
    rig.follow(1, 0);
    rig.say(1, &["CONFIG", "SET", "replica-read-only", "no"]);
    rig.say(0, &["DEBUG", "SET-ACTIVE-EXPIRE", "0"]);
    rig.say(0, &["SET", "theirs", "1", "PX", "50"]);
    rig.say(0, &["SET", "written", "1", "PX", "50"]);
    rig.say(1, &["SET", "own", "1", "PX", "50"]);
    rig.say(1, &["SET", "stays", "1", "PX", "50"]);
    rig.say(1, &["PERSIST", "stays"]);
    assert_eq!(rig.say(1, &["DBSIZE"]), b":4\r\n");
    rig.wait_ms(1000);
    assert_eq!(rig.say(1, &["DBSIZE"]), b":3\r\n", "the master's are the master's business");
    assert_eq!((rig.get(1, "theirs"), rig.get(1, "stays")), ("".into(), "1".into()));
    // What a client writes is not what had been there.
    assert_eq!(rig.say(1, &["INCR", "written"]), b":1\r\n");
    assert_eq!(rig.say(1, &["TTL", "written"]), b":-1\r\n");
}
