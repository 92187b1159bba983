//! Nodes that replicate: full and partial, promoted, chained, silent.

mod ending;
mod hostile;
mod rig;
mod sending;

use alloc::string::ToString as _;

use rig::Rig;

use crate::{
    command::Outcome,
    id::ClientId,
    io::{DownReason, Input},
    node::MasterLink,
};

#[test]
fn a_blank_replica_gets_everything_and_then_the_stream() {
    for piece in [usize::MAX, 1, 7] {
        let mut rig = Rig::new(2);
        rig.piece = piece;
        rig.say(0, &["SET", "a", "1"]);
        rig.say(0, &["SET", "e", "x", "PX", "500"]);
        assert_eq!(rig.offset(0), 0, "no replica ever came: nothing is counted");
        rig.follow(1, 0);
        assert_eq!(rig.link(1), MasterLink::Up);
        assert_eq!((rig.get(1, "a"), rig.get(1, "e")), ("1".into(), "x".into()));
        rig.assert_same(0, 1);

        rig.say(0, &["SET", "b", "2"]);
        rig.say(0, &["DEL", "a"]);
        assert_eq!((rig.get(1, "b"), rig.get(1, "a")), ("2".into(), "".into()));
        assert!(rig.offset(0) > 23);
        rig.assert_same(0, 1);

        // A key that expires is hidden on the replica and deleted by the master's word.
        rig.wait_ms(15_000);
        assert_eq!(rig.get(1, "e"), "");
        rig.assert_same(0, 1);
        assert_eq!(
            rig.info(0, "slave0"),
            alloc::format!("ip=127.0.0.1,port=7001,state=online,offset={},lag=0", rig.offset(0))
        );
        assert_eq!(rig.info(1, "master_link_status"), "up");

        assert_eq!(rig.say(1, &["SET", "a", "2"])[0], b'-', "a replica refuses writes");
    }
}

#[test]
fn a_replica_is_known_by_the_address_that_it_announces() {
    let mut rig = Rig::new(2);
    let config = &mut rig.nodes[1].b.config;
    config.set("replica-announce-ip", &["10.1.2.3"]).unwrap();
    config.set("replica-announce-port", &["7777"]).unwrap();
    rig.follow(1, 0);
    assert_eq!(rig.link(1), MasterLink::Up);
    let shown = rig.info(0, "slave0");
    assert!(shown.starts_with("ip=10.1.2.3,port=7777,state=online"), "{shown}");
}

#[test]
fn the_link_to_the_master_can_be_killed_like_a_client() {
    let mut rig = Rig::new(2);
    assert_eq!(rig.say(1, &["CLIENT", "KILL", "127.0.0.1:7000"]), b"-ERR No such client\r\n");
    rig.follow(1, 0);
    rig.take_log(1);
    assert_eq!(rig.say(1, &["CLIENT", "KILL", "TYPE", "slave"]), b":0\r\n");
    assert_eq!(rig.say(1, &["CLIENT", "KILL", "TYPE", "master"]), b":1\r\n");
    assert_eq!(rig.say(1, &["CLIENT", "KILL", "127.0.0.1:7000"]), b"+OK\r\n");
    let log = rig.take_log(1);
    assert!(log.contains(&"Caching the disconnected master state.".into()), "{log:?}");
    assert!(log.contains(&"Successful partial resynchronization with master.".into()), "{log:?}");
    assert_eq!(rig.link(1), MasterLink::Up);
}

#[test]
fn the_log_tells_the_story_in_the_words_of_redis() {
    let mut rig = Rig::new(2);
    rig.say(0, &["SET", "a", "1"]);
    let (own, foreign) = (rig.info(1, "master_replid"), rig.info(0, "master_replid"));
    rig.take_log(0);
    rig.take_log(1);
    rig.follow(1, 0);
    let new = rig.info(0, "master_replid");
    assert_ne!(new, foreign, "the first replica starts a new history");
    let master = [
        "Replica 127.0.0.1:7001 asks for synchronization".into(),
        alloc::format!(
            "Partial resynchronization not accepted: Replication ID mismatch (Replica asked for \
             '{own}', my replication IDs are '{foreign}' and '{}')",
            "0".repeat(40)
        ),
        alloc::format!(
            "Replication backlog created, my new replication IDs are '{new}' and '{}'",
            "0".repeat(40)
        ),
        "Starting BGSAVE for SYNC with target: replicas sockets".into(),
        "Streamed RDB transfer with replica 127.0.0.1:7001 succeeded (socket). Waiting for \
         REPLCONF ACK from slave to enable streaming"
            .into(),
        "Synchronization with replica 127.0.0.1:7001 succeeded".into(),
    ];
    assert_eq!(rig.take_log(0), master);
    let log = rig.take_log(1);
    let replica = [
        "Before turning into a replica, using my own master parameters to synthesize a cached \
         master: I may be able to synchronize with the new master with just a partial transfer.",
        "Connecting to MASTER 127.0.0.1:7000",
        "MASTER <-> REPLICA sync started",
        "REPLICAOF 127.0.0.1:7000 enabled (user request)",
        "Non blocking connect for SYNC fired the event.",
        "Master replied to PING, replication can continue...",
        &alloc::format!("Trying a partial resynchronization (request {own}:1)."),
        &alloc::format!("Full resync from master: {new}:0"),
        &log[8],
        "Discarding previously cached master state.",
        "MASTER <-> REPLICA sync: Flushing old data",
        "MASTER <-> REPLICA sync: Loading DB in memory",
        "Loading RDB produced by version 7.0.15",
        "RDB age 0 seconds",
        "RDB memory usage when created 0.00 Mb",
        "Done loading RDB, keys loaded: 1, keys expired: 0.",
        "MASTER <-> REPLICA sync: Finished with success",
    ];
    assert_eq!(log, replica);
    let streamed = "MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to disk";
    assert_eq!(log[8], streamed);

    rig.kill(0);
    let log = rig.take_log(1);
    assert_eq!(
        log,
        [
            "Connection with master lost.",
            "Caching the disconnected master state.",
            "Reconnecting to MASTER 127.0.0.1:7000",
            "MASTER <-> REPLICA sync started",
            "Error condition on socket for SYNC: Connection refused",
        ]
    );
}

#[test]
fn a_short_break_costs_only_what_was_missed() {
    let mut rig = Rig::new(2);
    rig.follow(1, 0);
    rig.say(0, &["SET", "a", "1"]);
    rig.take_log(0);
    // The replica is away while two writes happen.
    rig.dead.push(1);
    rig.cut(1);
    rig.say(0, &["SET", "b", "2"]);
    rig.say(0, &["SET", "a", "3"]);
    let behind = rig.offset(0) - rig.offset(1);
    assert_eq!(behind, 54, "two commands of 27 bytes");
    rig.dead.clear();
    let link = rig.nodes[1].b.repl.upstream.as_ref().unwrap().link.unwrap();
    rig.input(1, Input::LinkDown { link, why: DownReason::Reset });
    rig.carry_out(1);
    assert_eq!((rig.get(1, "a"), rig.get(1, "b")), ("3".into(), "2".into()));
    rig.assert_same(0, 1);
    let accepted = "accepted. Sending 54 bytes of backlog starting from offset";
    assert!(rig.take_log(0).iter().any(|line| line.contains(accepted)));
    let stats = rig.nodes[0].b.stats;
    assert_eq!((stats.sync_full, stats.sync_partial_ok), (1, 1));
}

#[test]
fn a_gap_beyond_the_backlog_costs_a_full_resync() {
    let mut rig = Rig::new(2);
    rig.nodes[0].b.config.repl_backlog_size = 16 << 10;
    rig.follow(1, 0);
    rig.dead.push(1);
    rig.cut(1);
    for n in 0..20 {
        rig.say(0, &["SET", &alloc::format!("k{n}"), &"x".repeat(1000)]);
    }
    rig.dead.clear();
    rig.take_log(0);
    let link = rig.nodes[1].b.repl.upstream.as_ref().unwrap().link.unwrap();
    rig.input(1, Input::LinkDown { link, why: DownReason::Reset });
    rig.carry_out(1);
    rig.assert_same(0, 1);
    assert!(rig.take_log(0)[1].contains("for lack of backlog (Replica request was: 1)."));
    assert_eq!(rig.nodes[0].b.stats.sync_full, 2);
}

/// The story of a failover: the promoted replica's peer and the old master go on without loading
/// everything again.
#[test]
fn after_a_promotion_peers_go_on_by_the_second_id() {
    let mut rig = Rig::new(3);
    rig.follow(1, 0);
    rig.follow(2, 0);
    rig.say(0, &["SET", "a", "1"]);
    rig.assert_same(0, 2);
    let old = rig.info(0, "master_replid");
    rig.kill(0);
    rig.say(1, &["REPLICAOF", "NO", "ONE"]);
    assert_eq!(rig.info(1, "master_replid2"), old);
    assert_eq!(rig.info(1, "second_repl_offset"), (rig.offset(1) + 1).to_string());
    rig.say(1, &["SET", "b", "2"]);
    rig.take_log(2);
    rig.follow(2, 1);
    assert_eq!(rig.get(2, "b"), "2");
    rig.assert_same(1, 2);
    assert_eq!(rig.info(2, "master_replid"), rig.info(1, "master_replid"));
    assert_eq!(rig.info(2, "master_replid2"), old);
    let log = rig.take_log(2);
    assert!(log.iter().any(|line| line.starts_with("Master replication ID changed to ")));
    assert_eq!(rig.nodes[1].b.stats.sync_full, 0);

    // The old master comes back with nothing written since: it is the same history.
    rig.dead.clear();
    rig.follow(0, 1);
    assert_eq!(rig.get(0, "b"), "2");
    rig.assert_same(0, 1);
    assert_eq!(rig.nodes[1].b.stats.sync_full, 0);
}

/// A master that slept, because nobody was there, wakes for whoever comes.
#[test]
fn a_lonely_master_pings_again_when_a_replica_comes() {
    let mut rig = Rig::new(3);
    rig.follow(1, 0);
    rig.kill(0);
    rig.say(1, &["REPLICAOF", "NO", "ONE"]);
    rig.wait_ms(5000);
    rig.follow(2, 1);
    let before = rig.offset(1);
    rig.wait_ms(10_900);
    assert_eq!(rig.offset(1), before + 14, "one PING");
    rig.assert_same(1, 2);
    let reached = rig.nodes[1].b.repl.replicas.iter().next().unwrap().acked;
    assert_eq!(reached, before + 14);
}

/// A period that was made longer holds at once: no PING of the shorter one follows, which would
/// carry some replicas beyond the point where another one is about to be promoted.
#[test]
fn a_longer_period_holds_at_once() {
    let mut rig = Rig::new(2);
    rig.nodes[0].b.config.repl_ping_replica_period_s = 1;
    rig.follow(1, 0);
    let before = rig.offset(0);
    rig.wait_ms(3500);
    assert!(rig.offset(0) >= before + 3 * 14, "three PINGs");
    rig.say(0, &["CONFIG", "SET", "repl-ping-replica-period", "3600"]);
    let before = rig.offset(0);
    rig.wait_ms(20_000);
    assert_eq!(rig.offset(0), before);
    rig.say(0, &["CONFIG", "SET", "repl-ping-replica-period", "1"]);
    rig.wait_ms(2500);
    assert!(rig.offset(0) > before);
}

/// After an hour alone the backlog goes, and nobody may go on by the history that it belonged to.
#[test]
fn a_lonely_backlog_is_freed() {
    let mut rig = Rig::new(2);
    rig.nodes[0].b.config.repl_backlog_ttl_s = 30;
    rig.follow(1, 0);
    let id = rig.info(0, "master_replid");
    rig.kill(1);
    rig.wait_ms(29_000);
    assert_eq!(rig.info(0, "repl_backlog_active"), "1");
    rig.take_log(0);
    rig.wait_ms(2000);
    let line = "Replication backlog freed after 30 seconds without connected replicas.";
    assert_eq!(rig.take_log(0), [line]);
    assert_ne!(rig.info(0, "master_replid"), id);
    rig.say(0, &["SET", "uncounted", "1"]);
    rig.dead.clear();
    rig.wait_ms(2000);
    let link = rig.nodes[1].b.repl.upstream.as_ref().unwrap().link;
    if let Some(link) = link {
        rig.input(1, Input::LinkDown { link, why: DownReason::Reset });
        rig.carry_out(1);
    }
    rig.wait_ms(1000);
    assert_eq!(rig.get(1, "uncounted"), "1");
    rig.assert_same(0, 1);
    assert_eq!(rig.nodes[0].b.stats.sync_full, 2);
}

#[test]
fn an_old_master_that_wrote_on_alone_loses_that() {
    let mut rig = Rig::new(2);
    rig.follow(1, 0);
    rig.say(0, &["SET", "a", "1"]);
    rig.dead.push(1);
    rig.cut(1);
    rig.say(0, &["SET", "lost", "1"]);
    rig.dead.clear();
    rig.say(1, &["REPLICAOF", "NO", "ONE"]);
    rig.say(1, &["SET", "kept", "1"]);
    rig.follow(0, 1);
    assert_eq!((rig.get(0, "lost"), rig.get(0, "kept")), ("".into(), "1".into()));
    rig.assert_same(0, 1);
    assert_eq!(rig.nodes[1].b.stats.sync_full, 1);
}

#[test]
fn a_replica_of_a_replica_gets_the_same_bytes() {
    let mut rig = Rig::new(3);
    rig.piece = 5;
    // It has to wait until its own master is in step.
    rig.say(0, &["SET", "a", "1"]);
    rig.dead.push(0);
    rig.follow(1, 0);
    rig.follow(2, 1);
    let waits = "Master is currently unable to PSYNC but should be in the future: -NOMASTERLINK";
    assert!(rig.take_log(2).iter().any(|line| line.starts_with(waits)));
    rig.dead.clear();
    rig.wait_ms(3000);
    rig.assert_same(1, 2);
    rig.say(0, &["SET", "b", "2"]);
    rig.wait_ms(12_000);
    assert_eq!(rig.get(2, "b"), "2");
    rig.assert_same(0, 1);
    rig.assert_same(0, 2);
    assert_eq!(rig.info(2, "master_replid"), rig.info(0, "master_replid"));

    // Its master is promoted: it follows into the new history by itself, without a full resync.
    rig.kill(0);
    rig.say(1, &["REPLICAOF", "NO", "ONE"]);
    rig.say(1, &["SET", "c", "3"]);
    rig.wait_ms(2000);
    assert_eq!(rig.get(2, "c"), "3");
    rig.assert_same(1, 2);
    assert_eq!(rig.nodes[1].b.stats.sync_full, 1);
}

#[test]
fn wait_blocks_until_acknowledged_or_late() {
    let mut rig = Rig::new(2);
    let client = ClientId(900);
    assert_eq!(rig.say_as(0, client, &["WAIT", "0", "0"]).0, b":0\r\n");
    rig.follow(1, 0);
    rig.wait_ms(1000);
    // A client that wrote nothing has nothing to wait for.
    assert_eq!(rig.say_as(0, client, &["WAIT", "1", "0"]).0, b":1\r\n");
    rig.say_as(0, client, &["SET", "a", "1"]);
    let (reply, outcome) = rig.say_as(0, client, &["WAIT", "1", "0"]);
    // The rig delivers at once: GETACK went out, was answered, and the answer counts.
    assert_eq!((reply.len(), outcome), (0, Outcome::Blocked));
    assert_eq!(rig.answers, [(0, client, b":1\r\n".to_vec())]);
    rig.answers.clear();

    rig.say_as(0, client, &["SET", "a", "2"]);
    rig.say_as(0, client, &["WAIT", "2", "500"]);
    assert!(rig.answers.is_empty());
    rig.wait_ms(400);
    assert!(rig.answers.is_empty());
    rig.wait_ms(100);
    assert_eq!(rig.answers, [(0, client, b":1\r\n".to_vec())]);
    rig.assert_same(0, 1);
    assert_eq!(rig.say(1, &["WAIT", "1", "0"])[0], b'-');
}

#[test]
fn silence_ends_a_link_on_both_sides() {
    let mut rig = Rig::new(2);
    rig.nodes[0].b.config.repl_timeout_s = 5;
    rig.nodes[1].b.config.repl_timeout_s = 5;
    rig.nodes[0].b.config.repl_ping_replica_period_s = 60;
    rig.follow(1, 0);
    rig.take_log(1);
    // Nothing is written and no ping falls due: the replica gives its master up, and at once
    // finds it again.
    rig.wait_ms(7000);
    let log = rig.take_log(1);
    assert_eq!(log[0], "MASTER timeout: no data nor PING received...");
    assert_eq!(rig.link(1), MasterLink::Up);
    // A replica that hangs is dropped by its master.
    rig.take_log(0);
    rig.dead.push(1);
    rig.wait_ms(7000);
    let log = rig.take_log(0);
    assert_eq!(log[0], "Disconnecting timedout replica (streaming sync): 127.0.0.1:7001");
    assert_eq!(log[1], "Connection with replica 127.0.0.1:7001 lost.");
    assert_eq!(rig.info(0, "connected_slaves"), "0");
}
