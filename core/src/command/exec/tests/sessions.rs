//! Transactions, watched keys, channels: what clients have to do with each other.

use super::{Bench, check, in_cluster, show};
use crate::{
    cluster::Peer, config::Config, id::NodeId, io::Effect, rules::Ctx, slot::key_slot,
    time::Instant,
};

#[test]
fn a_transaction_runs_what_was_queued() {
    check(
        "
        EXEC -> -ERR EXEC without MULTI
        DISCARD -> -ERR DISCARD without MULTI
        MULTI -> OK
        SET a 1 -> QUEUED
        INCR a -> QUEUED
        GETSET a x -> QUEUED
        INCR a -> QUEUED
        GET b -> QUEUED
        MULTI -> -ERR MULTI calls can not be nested
        WATCH a -> -ERR WATCH inside MULTI is not allowed
        EXEC -> [OK :2 \"2\" -ERR value is not an integer or out of range nil]
        = MULTI ; SET a 1 ; INCR a ; SET a x ; EXEC
        MULTI -> OK
        EXEC -> []
        MULTI -> OK
        SET a 2 -> QUEUED
        DISCARD -> OK
        GET a -> \"x\"
        =
        MULTI -> OK
        SET a 3 -> QUEUED
        EXEC -> [OK]
        = SET a 3
        ",
    );
}

#[test]
fn one_refusal_spoils_the_whole() {
    check(
        "
        MULTI -> OK
        SET a 1 -> QUEUED
        NOSUCH -> -ERR unknown command 'NOSUCH', with args beginning with:
        EXEC -> -EXECABORT Transaction discarded because of previous errors.
        MULTI -> OK
        GET -> -ERR wrong number of arguments for 'get' command
        EXEC -> -EXECABORT Transaction discarded because of previous errors.
        MULTI -> OK
        SHUTDOWN -> -ERR Command not allowed inside a transaction
        EXEC -> -EXECABORT Transaction discarded because of previous errors.
        MULTI -> OK
        EXEC x -> -EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command
        GET a -> nil
        MULTI -> OK
        RESET -> RESET
        EXEC -> -ERR EXEC without MULTI
        =
        ",
    );
}

#[test]
fn what_a_command_deletes_on_its_way_belongs_to_it() {
    check(
        "
        SET a 1 PX 5 -> OK
        + 6
        = SET a 1 PXAT 1700000000005
        SET a 2 -> OK
        = MULTI ; DEL a ; SET a 2 ; EXEC
        SET a 1 PX 5 -> OK
        + 6
        GET a -> nil
        = SET a 1 PXAT 1700000000011 ; DEL a
        ",
    );
}

/// What another client does between WATCH and EXEC, and whether EXEC runs then.
#[test]
fn exec_does_nothing_when_a_watched_key_has_changed() {
    for (before, between, runs) in [
        ("SET k 1", "GET k", true),
        ("SET k 1", "SET other 2", true),
        ("SET k 1", "SET k 1", false),
        ("SET k 1", "DEL k", false),
        ("SET k 1", "EXPIRE k 100", false),
        ("SET k 1", "PERSIST k", true),
        ("SET k 1", "RENAME k other", false),
        ("SET k 1", "FLUSHALL", false),
        ("DEL k", "FLUSHALL", true),
        ("DEL k", "SET k 1", false),
        ("DEL k", "DEL k", true),
        ("SET k 1 PX 50", "PING", true),
    ] {
        let mut bench = Bench::new(Config::default());
        bench.say(before);
        bench.say("WATCH k other2");
        bench.say_as(8, between);
        bench.say("MULTI");
        bench.say("PING");
        let answer = bench.say("EXEC");
        assert_eq!(answer, if runs { "[PONG]" } else { "nil" }, "{before}; {between}");
        assert!(bench.b.watchers.is_empty(), "EXEC ends WATCH");
        bench.say("MULTI");
        assert_eq!(bench.say("EXEC"), "[]", "and the next one runs");
    }
}

#[test]
fn a_watched_key_that_expires_has_changed_unless_it_had_expired_before() {
    let mut bench = Bench::new(Config::default());
    bench.check("SET k 1 PX 5 -> OK\nWATCH k -> OK\n+ 6\nMULTI -> OK\nEXEC -> nil");
    bench.check("SET k 1 PX 5 -> OK\n+ 6\nWATCH k -> OK\nMULTI -> OK");
    // Deleting it is no change: for clients it was not there already.
    bench.say_as(8, "GET k");
    bench.check("EXEC -> []");
    bench.check("SET k 1 PX 5 -> OK\n+ 6\nWATCH k -> OK\nMULTI -> OK");
    bench.say_as(8, "SET k 2");
    bench.check("EXEC -> nil");
    bench.check("WATCH k -> OK\nUNWATCH -> OK\nSET k 3 -> OK\nMULTI -> OK\nEXEC -> []");
}

#[test]
fn keys_are_judged_when_queued_and_again_at_exec() {
    let mut bench = Bench::new(in_cluster());
    bench.check(
        "
        MULTI -> OK
        SET a 1 -> QUEUED
        SET b 1 -> QUEUED
        EXEC -> -CROSSSLOT Keys in request don't hash to the same slot
        EXEC -> -ERR EXEC without MULTI
        WATCH a b -> -CROSSSLOT Keys in request don't hash to the same slot
        MULTI -> OK
        MSET a 1 b 2 -> -CROSSSLOT Keys in request don't hash to the same slot
        EXEC -> -EXECABORT Transaction discarded because of previous errors.
        MULTI -> OK
        SET {a}1 1 -> QUEUED
        SET {a}2 1 -> QUEUED
        EXEC -> [OK OK]
        MULTI -> OK
        SET a 1 -> QUEUED
        ",
    );
    bench.b.cluster.unassign(key_slot(b"a"));
    bench.check(
        "
        EXEC -> -CLUSTERDOWN Hash slot not served
        EXEC -> -ERR EXEC without MULTI
        MULTI -> OK
        GET a -> -CLUSTERDOWN Hash slot not served
        EXEC -> -EXECABORT Transaction discarded because of previous errors.
        ",
    );
}

#[test]
fn a_replica_refuses_a_transaction_that_writes() {
    let mut bench = Bench::new(Config::default());
    bench.check("MULTI -> OK\nSET a 1 -> QUEUED");
    bench.b.repl.upstream = Some(crate::repl::Upstream::new(
        crate::endpoint::Target::new("127.0.0.1", 1),
        Instant::ZERO,
    ));
    bench.check(
        "EXEC -> -EXECABORT Transaction discarded because of: READONLY You can't write against a \
         read only replica.\nMULTI -> OK\nGET a -> QUEUED\nEXEC -> [nil]",
    );
}

#[test]
fn messages_reach_channels_and_patterns() {
    let mut bench = Bench::new(Config::default());
    assert_eq!(
        bench.say_as(8, "SUBSCRIBE news sport"),
        "[\"subscribe\" \"news\" :1] | [\"subscribe\" \"sport\" :2]"
    );
    assert_eq!(bench.say_as(9, "PSUBSCRIBE n*"), "[\"psubscribe\" \"n*\" :1]");
    bench.check(
        "
        PUBLISH news hello -> :2
        PUBLISH weather rain -> :0
        PUBSUB CHANNELS -> [\"news\" \"sport\"]
        PUBSUB CHANNELS n* -> [\"news\"]
        PUBSUB NUMSUB news x -> [\"news\" :1 \"x\" :0]
        PUBSUB NUMPAT -> :1
        = PUBLISH news hello ; PUBLISH weather rain
        ",
    );
    assert_eq!(
        bench.pushed(),
        ["8 [\"message\" \"news\" \"hello\"]", "9 [\"pmessage\" \"n*\" \"news\" \"hello\"]"]
    );
    assert!(bench.say_as(8, "GET a").starts_with("-ERR Can't execute 'get': only (P|S)SUBSCRIBE"));
    assert_eq!(bench.say_as(8, "PING"), "[\"pong\" \"\"]");
    assert_eq!(
        bench.say_as(8, "UNSUBSCRIBE"),
        "[\"unsubscribe\" \"news\" :1] | [\"unsubscribe\" \"sport\" :0]"
    );
    assert_eq!(bench.say_as(8, "UNSUBSCRIBE"), "[\"unsubscribe\" nil :0]");
    assert_eq!(bench.say_as(8, "PING"), "PONG");
    // With RESP3 a listener may say anything, and hears itself before its reply.
    bench.say_as(8, "HELLO 3");
    bench.say_as(8, "SUBSCRIBE me");
    assert_eq!(bench.say_as(8, "PUBLISH me x"), "[\"message\" \"me\" \"x\"] | :1");
}

#[test]
fn listeners_of_a_slot_that_leaves_are_told() {
    let mut bench = Bench::new(in_cluster());
    let other = bench
        .b
        .cluster
        .peers
        .add(Peer::new(NodeId::from_bytes(&[b'b'; 40]).unwrap(), Instant::ZERO));
    assert_eq!(
        bench.say_as(8, "SSUBSCRIBE {a}1 {a}2"),
        "[\"ssubscribe\" \"{a}1\" :1] | [\"ssubscribe\" \"{a}2\" :2]"
    );
    assert_eq!(
        bench.say_as(8, "SSUBSCRIBE a b"),
        "-CROSSSLOT Keys in request don't hash to the same slot"
    );
    bench.check("SPUBLISH {a}1 x -> :1\nPUBSUB SHARDCHANNELS -> [\"{a}1\" \"{a}2\"]");
    bench.pushed();
    bench.b.cluster.assign(key_slot(b"a"), other.unwrap());
    let mut ctx = Ctx { now: bench.now(), b: &mut bench.b, out: &mut bench.out };
    let lost = core::mem::take(&mut ctx.b.cluster.lost);
    crate::rules::publish::slots_lost(&mut ctx, &lost);
    assert_eq!(
        bench.pushed(),
        ["8 [\"sunsubscribe\" \"{a}1\" :1]", "8 [\"sunsubscribe\" \"{a}2\" :0]"]
    );
    assert_eq!(bench.b.cluster.owner(key_slot(b"a")), other);
    assert_eq!(bench.say_as(8, "PING"), "PONG", "it listens to nothing any more");
}

#[test]
fn a_client_gets_the_replies_that_it_wants() {
    let mut bench = Bench::new(Config::default());
    for (line, reply) in [
        ("CLIENT REPLY SKIP", ""),
        ("PING", ""),
        ("PING", "PONG"),
        ("CLIENT REPLY OFF", ""),
        ("PING", ""),
        ("CLIENT REPLY SKIP", ""),
        ("PING", ""),
        ("CLIENT REPLY ON", "OK"),
        ("PING", "PONG"),
        ("CLIENT REPLY maybe", "-ERR syntax error"),
    ] {
        assert_eq!(bench.say_as(8, line), reply, "{line}");
    }
}

/// The answers that waiting clients have got, `<client> <reply>` each.
fn answered(bench: &mut Bench) -> alloc::vec::Vec<alloc::string::String> {
    bench
        .out
        .drain()
        .filter_map(|effect| match effect {
            Effect::Reply { client, bytes } => {
                Some(alloc::format!("{} {}", client.0, show(&mut &*bytes)))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn who_came_first_is_served_first() {
    let mut bench = Bench::new(Config::default());
    assert_eq!(bench.say_as(8, "BLPOP a b 0"), "");
    assert_eq!(bench.say_as(9, "BRPOP a 0"), "");
    assert_eq!(bench.say_as(10, "BLMOVE a c LEFT RIGHT 0"), "");
    assert_eq!(bench.say_as(11, "BLPOP c 0"), "");
    assert_eq!(bench.say_as(12, "BZPOPMIN a 0"), "", "waits for another type");
    bench.check("SET b x -> OK");
    assert_eq!(answered(&mut bench), [""; 0], "no list");
    bench.check("DEL b -> :1\nRPUSH a 1 2 3 4 -> :4");
    assert_eq!(
        answered(&mut bench),
        ["8 [\"a\" \"1\"]", "9 [\"a\" \"4\"]", "10 \"2\"", "11 [\"c\" \"2\"]"]
    );
    bench.check(
        "
        = SET b x ; DEL b ; RPUSH a 1 2 3 4 ; LPOP a ; RPOP a ; LMOVE a c LEFT RIGHT ; LPOP c
        LRANGE a 0 -1 -> [\"3\"]
        MULTI -> OK
        BLPOP x 0 -> QUEUED
        BLMOVE x y LEFT LEFT 0 -> QUEUED
        BLPOP a 0 -> QUEUED
        ZADD a 1.5 m -> QUEUED
        EXEC -> [nil nil [\"a\" \"3\"] :1]
        ",
    );
    assert_eq!(answered(&mut bench), ["12 [\"a\" \"m\" \"1.5\"]"]);
    assert!(bench.b.blocked.is_empty());
}

#[test]
fn waiting_ends_with_time_with_a_word_or_with_the_slot() {
    let mut bench = Bench::new(in_cluster());
    for (client, line) in [
        (8, "BLPOP a 0.0101"),
        (9, "BLPOP a 0"),
        (10, "BZMPOP 0 1 a MIN"),
        (11, "BLPOP b 0"),
        (12, "BLPOP b 0"),
    ] {
        assert_eq!(bench.say_as(client, line), "", "{line}");
    }
    let due = Instant::from_millis(11);
    assert_eq!(bench.b.blocked.deadline(), due, "rounded up to milliseconds");
    bench.ms = 11;
    let now = bench.now();
    crate::command::end_waits(&mut Ctx { now, b: &mut bench.b, out: &mut bench.out });
    assert_eq!(answered(&mut bench), ["8 nil"]);
    bench.check("CLIENT UNBLOCK 9 -> :1\nCLIENT UNBLOCK 10 ERROR -> :1\nCLIENT UNBLOCK 9 -> :0");
    assert_eq!(
        answered(&mut bench),
        ["9 nil", "10 -UNBLOCKED client unblocked via CLIENT UNBLOCK"]
    );
    bench.b.cluster.unassign(key_slot(b"b"));
    crate::command::send_away(&mut Ctx { now, b: &mut bench.b, out: &mut bench.out });
    assert_eq!(
        answered(&mut bench),
        ["11 -CLUSTERDOWN Hash slot not served", "12 -CLUSTERDOWN Hash slot not served"]
    );
    assert_eq!(bench.say_as(8, "BLPOP a 0"), "");
    bench.b.cluster.serving.last.ok = false;
    crate::command::send_away(&mut Ctx { now, b: &mut bench.b, out: &mut bench.out });
    assert_eq!(answered(&mut bench), ["8 -CLUSTERDOWN The cluster is down"]);
}

#[test]
fn timeouts_are_read_as_redis_reads_them() {
    check(
        "
        BLPOP a x -> -ERR timeout is not a float or out of range
        BLPOP a nan -> -ERR timeout is not a float or out of range
        BLPOP a -1 -> -ERR timeout is negative
        BLPOP a inf -> -ERR timeout is negative
        BLMOVE a b LEFT up 0 -> -ERR syntax error
        BLMPOP 0 0 a LEFT -> -ERR numkeys should be greater than 0
        BLMPOP x 1 a LEFT -> -ERR timeout is not a float or out of range
        SET s x -> OK
        BLPOP a s 0 -> -WRONGTYPE Operation against a key holding the wrong kind of value
        ",
    );
}
