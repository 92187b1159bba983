//! Masters and replicas that break the rules, or break in the middle.

use alloc::string::String;

use super::rig::{LOCAL, Rig};
use crate::{id::ClientId, io::Input, node::MasterLink};

#[test]
fn hostile_replicas_get_an_answer_or_silence() {
    let mut rig = Rig::new(2);
    rig.follow(1, 0);
    rig.say(0, &["SET", "a", "1"]);
    let client = ClientId(77);
    let big = "9".repeat(40);
    let id = rig.info(0, "master_replid");
    for (words, start) in [
        (&["REPLCONF", "listening-port"][..], "-ERR syntax"),
        (&["REPLCONF", "listening-port", "x"], "-ERR value"),
        (&["REPLCONF", "listening-port", "70000"], "-ERR value"),
        (&["REPLCONF", "ip-address", &"1".repeat(46)], "-ERR REPLCONF ip-address"),
        (&["REPLCONF", "what", "1"], "-ERR Unrecognized REPLCONF option: what"),
        (&["REPLCONF", "ACK", &big], ""),
        (&["REPLCONF", "ACK", "-5"], ""),
        (&["REPLCONF", "ACK", "100000"], ""),
        (&["REPLCONF", "GETACK", "*"], ""),
        (&["REPLCONF", "capa", "eof", "capa", "psync2", "capa", "x"], "+OK"),
        (&["PSYNC", "?", "x"], "-ERR value"),
        (&["PSYNC", &id, &big], "-ERR value"),
        (&["WAIT", "x", "0"], "-ERR value"),
        (&["WAIT", "1", "x"], "-ERR timeout is not"),
        (&["WAIT", "1", "-1"], "-ERR timeout is negative"),
        (&["WAIT", "-1", "0"], ":1"),
        (&["SET", "mine", "1"], "+OK"),
        (&["WAIT", "9223372036854775807", "9223372036854775807"], ""),
        (&["REPLICAOF", "127.0.0.1", "x"], "-ERR Invalid master port"),
    ] {
        let (reply, _) = rig.say_as(0, client, words);
        let reply = String::from_utf8(reply).unwrap();
        let fits = if start.is_empty() { reply.is_empty() } else { reply.starts_with(start) };
        assert!(fits, "{words:?}: {reply}");
    }
    // Offsets that cannot be continued from get everything, from the present history.
    for (n, offset) in ["-9", "0", "9223372036854775807"].into_iter().enumerate() {
        let client = ClientId(1000 + n as u64);
        rig.answers.clear();
        assert!(rig.say_as(0, client, &["PSYNC", &id, offset]).0.is_empty());
        let (_, _, bytes) = &rig.answers[0];
        assert!(bytes.starts_with(alloc::format!("+FULLRESYNC {id} ").as_bytes()), "{offset}");
    }
    rig.assert_same(0, 1);
}

#[test]
fn a_multi_is_applied_whole_or_not_at_all() {
    let mut rig = Rig::new(2);
    rig.follow(1, 0);
    let before = rig.offset(1);
    let link = rig.nodes[1].b.repl.upstream.as_ref().unwrap().link.unwrap();
    let half: &[u8] = b"*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\nm\r\n$1\r\n1\r\n";
    rig.input(1, Input::Stream { link, bytes: half });
    assert_eq!((rig.get(1, "m"), rig.offset(1)), ("".into(), before));
    rig.input(1, Input::Stream { link, bytes: b"*1\r\n$4\r\nexec\r\n" });
    let read = u64::try_from(half.len()).unwrap() + 14;
    assert_eq!((rig.get(1, "m"), rig.offset(1)), ("1".into(), before + read));

    // A link that breaks in between forgets the half.
    rig.input(1, Input::Stream { link, bytes: half });
    rig.kill(0);
    assert_eq!(rig.offset(1), before + read);
    assert!(rig.nodes[1].b.repl.queued.is_none());
}

#[test]
fn a_damaged_snapshot_leaves_the_old_data_alone() {
    let mut rig = Rig::new(2);
    rig.say(1, &["SET", "old", "1"]);
    rig.dead.push(0);
    rig.follow(1, 0);
    let link = rig.nodes[1].b.repl.fresh_link();
    let up = rig.nodes[1].b.repl.upstream.as_mut().unwrap();
    up.link = Some(link);
    up.phase = crate::repl::Phase::Asking;
    let text = alloc::format!("+FULLRESYNC {} 0\r\n$12\r\nREDIS0010!00", "a".repeat(40));
    rig.take_log(1);
    rig.input(1, Input::Stream { link, bytes: text.as_bytes() });
    rig.carry_out(1);
    assert!(rig.take_log(1).iter().any(|line| line.starts_with("Failed trying to load")));
    assert_eq!(rig.get(1, "old"), "1");
    assert_ne!(rig.link(1), MasterLink::Up);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]
    /// Whatever a master sends, whatever its phase: no panic, and the node still answers.
    #[test]
    fn hostile_masters_never_panic(
        noise in proptest::collection::vec(proptest::prop_oneof![
            proptest::sample::select(&b"+-$*\r\n0123456789 PSYNC"[..]), 0_u8..], 0..300),
        lead in 0_usize..6) {
        let mut rig = Rig::new(2);
        rig.dead.push(0);
        rig.follow(1, 0);
        rig.wait_ms(1000);
        let link = rig.nodes[1].b.repl.fresh_link();
        rig.nodes[1].b.repl.upstream.as_mut().unwrap().link = Some(link);
        rig.input(1, Input::LinkUp { link, local: LOCAL });
        let full = alloc::format!("+FULLRESYNC {} 5\r\n", "a".repeat(40));
        let leads = ["", "+PONG\r\n", "+OK\r\n+OK\r\n", &full, "$40\r\nREDIS0010", "\n"];
        for text in &leads[..lead] {
            rig.input(1, Input::Stream { link, bytes: text.as_bytes() });
        }
        for piece in noise.chunks(11) {
            rig.input(1, Input::Stream { link, bytes: piece });
        }
        rig.carry_out(1);
        rig.wait_ms(2000);
        proptest::prop_assert_eq!(rig.say(1, &["REPLICAOF", "NO", "ONE"]), b"+OK\r\n");
    }
}
