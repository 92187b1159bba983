//! Does the cluster keep each rule of the Redis Cluster specification?
//!
//! One test a rule, in the order of the specification's chapters; the sentence over a test is the
//! rule in our words. A test is a short script (`sim/script.rs` explains the directives) and the
//! lines that must follow from it, in order. The scenario files beside this one tell whole stories;
//! here a broken rule has a name.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use slotscope_core::sim::play;

/// Three masters with a third of the slots each, and a replica for each of them, ready to serve.
const SIX: &str = "world masters=3 replicas=1 seed=7 timeout=2000 clients=0\nrun 10s\n";
/// The same without replicas.
const THREE: &str = "world masters=3 replicas=0 seed=7 timeout=2000 clients=0\nrun 10s\n";

/// What follows from a script: the trace behind its last directive.
fn trace(setting: &str, script: &str) -> String {
    let mut text = format!("{setting}----\n\n");
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        text.push_str(line);
        // Some answers wait for the disk.
        text.push_str(if line.starts_with("tell") { "\nrun 5ms\n" } else { "\n" });
    }
    text.push_str("----\n");
    let played = play(&text).unwrap_or_else(|why| panic!("{why}"));
    let (_, told) = played.rsplit_once("----\n").unwrap();
    assert!(!told.contains("LIMIT "), "it did not happen in time:\n{told}");
    assert!(!told.contains(" BROKEN "), "an invariant broke:\n{told}");
    told.to_owned()
}

/// Each expected piece stands in a line behind the one before.
fn follows(setting: &str, script: &str, expected: &[&str]) -> String {
    let told = trace(setting, script);
    let mut lines = told.lines();
    for piece in expected {
        let found = lines.any(|line| line.contains(piece));
        assert!(found, "'{piece}' is not there, or not in its place:\n{told}");
    }
    told
}

fn never(told: &str, piece: &str) {
    assert!(!told.contains(piece), "'{piece}' must not be there:\n{told}");
}

// Keys.

/// The slot of a key is CRC16 (XMODEM) of it, modulo 16384.
#[test]
fn a_key_belongs_to_the_slot_of_its_checksum() {
    follows(
        THREE,
        "tell n0 CLUSTER KEYSLOT 123456789
         tell n0 CLUSTER KEYSLOT foo",
        &["answers (integer) 12739", "answers (integer) 12182"],
    );
}

/// Only what stands between the first { and the next } behind it is hashed, unless it is empty.
#[test]
fn a_hash_tag_decides_the_slot() {
    follows(
        THREE,
        "tell n0 CLUSTER KEYSLOT user1000
         tell n0 CLUSTER KEYSLOT {user1000}.following
         tell n0 CLUSTER KEYSLOT {user1000}.followers
         tell n0 CLUSTER KEYSLOT bar
         tell n0 CLUSTER KEYSLOT foo{bar}{zap}
         tell n0 CLUSTER KEYSLOT {bar
         tell n0 CLUSTER KEYSLOT foo{{bar}}zap
         tell n0 CLUSTER KEYSLOT foo{}{bar}
         tell n0 CLUSTER KEYSLOT {}",
        &[
            "answers (integer) 3443",
            "answers (integer) 3443",
            "answers (integer) 3443",
            "answers (integer) 5061",
            "answers (integer) 5061",
            "answers (integer) 4015",
            "answers (integer) 4015",
            "answers (integer) 8363",
            "answers (integer) 15257",
        ],
    );
}

/// A cluster has one database only.
#[test]
fn there_is_only_database_zero() {
    follows(
        THREE,
        "tell n0 SELECT 0
         tell n0 SELECT 1",
        &["answers OK", "ERR SELECT is not allowed in cluster mode"],
    );
}

/// A command with several keys runs when all of them share a slot, and is refused otherwise.
#[test]
fn keys_of_one_request_share_a_slot() {
    follows(
        THREE,
        "tell n0 MSET {bar}a 1 {bar}b 2
         tell n0 MSET bar 1 hello 2
         tell n0 MGET {bar}a {bar}b",
        &["answers OK", "CROSSSLOT Keys in request don't hash to the same slot", "\"1\""],
    );
}

// Nodes.

/// A node keeps its name for ever: a restart does not change it.
#[test]
fn a_node_keeps_its_name() {
    let told = trace(
        SIX,
        "tell n1 CLUSTER MYID
         kill n1
         run 200ms
         restart n1
         run 1s
         tell n1 CLUSTER MYID",
    );
    let names: Vec<&str> =
        told.lines().filter_map(|line| line.split_once("answers ")).map(|(_, name)| name).collect();
    assert_eq!(names.len(), 2, "{told}");
    assert_eq!(names[0], names[1]);
    assert_eq!(names[0].trim_matches('"').len(), 40, "160 bits in hexadecimal");
}

/// Nodes that meet one node of a cluster come to know all of them by gossip.
#[test]
fn to_meet_one_is_to_meet_all() {
    let told = follows(
        "world fresh=5 seed=3 timeout=2000 clients=0\nrun 1s\n",
        "tell n1 CLUSTER MEET 127.0.0.1 7000
         tell n2 CLUSTER MEET 127.0.0.1 7001
         tell n3 CLUSTER MEET 127.0.0.1 7002
         tell n4 CLUSTER MEET 127.0.0.1 7003
         run 10s
         view n4",
        &["n4 says", "n0 master", "n1 master", "n2 master", "n3 master", "n4 master"],
    );
    never(&told, "?");
}

// Redirection and resharding.

/// A node that does not serve a slot names the one that does; it never forwards.
#[test]
fn a_key_of_another_node_is_moved() {
    follows(
        THREE,
        "tell n0 GET foo
         tell n2 GET foo
         tell n1 SET hello x",
        &["MOVED 12182 127.0.0.1:7002", "answers (nil)", "MOVED 866 127.0.0.1:7000"],
    );
}

/// While a slot leaves, its old node answers for the keys that it still has and sends for the
/// others to the new node, for this one request.
#[test]
fn a_leaving_slot_is_answered_where_its_keys_are() {
    follows(
        THREE,
        "tell n0 SET {bar}1 here
         tell n1 CLUSTER SETSLOT 5061 IMPORTING @n0
         tell n0 CLUSTER SETSLOT 5061 MIGRATING @n1
         tell n0 GET {bar}1
         tell n0 GET {bar}2
         tell n0 SET {bar}2 x
         tell n0 GET {bar}2
         tell n0 GET hello",
        &[
            "answers OK",
            "answers OK",
            "answers OK",
            "answers \"here\"",
            "ASK 5061 127.0.0.1:7001",
            "ASK 5061 127.0.0.1:7001",
            "ASK 5061 127.0.0.1:7001",
            "answers (nil)",
        ],
    );
}

/// An arriving slot is answered only to a client that said ASKING just before.
#[test]
fn an_arriving_slot_is_answered_to_those_who_were_sent() {
    follows(
        THREE,
        "tell n1 CLUSTER SETSLOT 5061 IMPORTING @n0
         tell n1 SET bar 1
         tell n1 ASKING
         tell n1 SET bar 1
         tell n1 GET bar",
        &["MOVED 5061 127.0.0.1:7000", "answers OK", "answers OK", "MOVED 5061 127.0.0.1:7000"],
    );
}

/// A request with several keys of a moving slot works where all of them are, and is to be tried
/// again where some are missing.
#[test]
fn split_keys_are_to_be_tried_again() {
    follows(
        THREE,
        "tell n0 MSET {bar}1 a {bar}2 b
         tell n1 CLUSTER SETSLOT 5061 IMPORTING @n0
         tell n0 CLUSTER SETSLOT 5061 MIGRATING @n1
         tell n0 MGET {bar}1 {bar}2
         tell n0 MGET {bar}1 {bar}3
         tell n0 MGET {bar}3 {bar}4
         tell n1 ASKING
         tell n1 MGET {bar}3 {bar}4",
        &["\"a\"", "TRYAGAIN", "ASK 5061", "TRYAGAIN"],
    );
}

/// Only the owner can give a slot away, and only one who lacks it can take it.
#[test]
fn a_slot_is_opened_at_both_ends_by_the_right_ones() {
    follows(
        THREE,
        "tell n1 CLUSTER SETSLOT 5061 MIGRATING @n2
         tell n0 CLUSTER SETSLOT 5061 IMPORTING @n1
         tell n0 CLUSTER SETSLOT 5061 MIGRATING @n1
         tell n0 CLUSTER SETSLOT 5061 STABLE
         tell n0 SET bar 1",
        &[
            "ERR I'm not the owner of hash slot 5061",
            "ERR I'm already the owner of hash slot 5061",
            "answers OK",
            "answers OK",
            "answers OK",
        ],
    );
}

/// A slot that still holds keys is not assigned away.
#[test]
fn keys_hold_their_slot() {
    follows(
        THREE,
        "tell n0 SET bar 1
         tell n0 CLUSTER SETSLOT 5061 NODE @n1
         tell n0 DEL bar
         tell n0 CLUSTER SETSLOT 5061 NODE @n1",
        &["Can't assign hashslot 5061 to a different node while I still hold keys", "answers OK"],
    );
}

/// The end of an import takes a new config epoch without asking anybody, so that all believe it;
/// further imports of the node with the greatest epoch take none.
#[test]
fn the_end_of_an_import_takes_a_new_epoch() {
    let told = follows(
        THREE,
        "tell n0 CLUSTER SETSLOT 5061 MIGRATING @n1
         tell n0 CLUSTER SETSLOT 5062 MIGRATING @n1
         tell n1 CLUSTER SETSLOT 5061 IMPORTING @n0
         tell n1 CLUSTER SETSLOT 5062 IMPORTING @n0
         tell n1 CLUSTER SETSLOT 5061 NODE @n1
         tell n1 CLUSTER SETSLOT 5062 NODE @n1
         run 1s
         view n2",
        &["n2 says: ok epoch=4", "n0 master epoch=1", "5061-5062", "n2 master epoch=3"],
    );
    assert!(told.contains("n1 master epoch=4"), "{told}");
}

/// A replica sends its clients to its master, unless they said READONLY and only read.
#[test]
fn a_replica_reads_for_those_who_ask_for_it() {
    follows(
        SIX,
        "tell n0 SET bar 1
         run 100ms
         tell n3 GET bar
         tell n3 READONLY
         tell n3 GET bar
         tell n3 SET bar 2
         tell n3 GET foo
         tell n3 READWRITE
         tell n3 GET bar",
        &[
            "answers OK",
            "MOVED 5061 127.0.0.1:7000",
            "answers OK",
            "answers \"1\"",
            "MOVED 5061 127.0.0.1:7000",
            "MOVED 12182 127.0.0.1:7002",
            "answers OK",
            "MOVED 5061 127.0.0.1:7000",
        ],
    );
}

/// A slot has one owner at most in each table: what is assigned cannot be added again, and what is
/// free cannot be taken away.
#[test]
fn a_slot_has_one_owner_in_a_table() {
    follows(
        "world fresh=1 seed=3 timeout=2000 clients=0\nrun 1s\n",
        "tell n0 CLUSTER ADDSLOTS 1 2
         tell n0 CLUSTER ADDSLOTS 3 2
         tell n0 CLUSTER ADDSLOTS 3 3
         tell n0 CLUSTER DELSLOTS 3
         tell n0 CLUSTER DELSLOTS 1 2
         tell n0 CLUSTER ADDSLOTS 16384",
        &[
            "answers OK",
            "ERR Slot 2 is already busy",
            "ERR Slot 3 specified multiple times",
            "ERR Slot 3 is already unassigned",
            "answers OK",
            "ERR Invalid or out of range slot",
        ],
    );
}

// Failure detection.

/// A node that does not answer for longer than the node timeout is PFAIL to its observer: one
/// node's opinion, which it takes back when the other answers.
#[test]
fn silence_is_suspected_and_forgiven() {
    follows(
        SIX,
        "show failure
         cut n0 n1
         cut n1 n0
         run until=mark:failure.suspected limit=10s
         view n2
         heal
         run until=fine:n1 limit=5s
         run until=fine:n0 limit=5s",
        &["suspects", "n2 says: ok", "n0 master epoch=1 fine", "n1 master epoch=2 fine"],
    );
}

/// PFAIL becomes FAIL when a majority of masters reported it, and then everybody is told.
#[test]
fn a_majority_makes_it_a_failure() {
    let told = follows(
        THREE,
        "show failure
         kill n1
         run until=failed:n1 limit=10s
         run 100ms
         view n0
         view n2",
        &["suspects n1", "needed=2", "n1 master epoch=2 FAIL", "n1 master epoch=2 FAIL"],
    );
    assert!(told.contains("failure.quorum reports=1 own=1 needed=2"), "{told}");
}

/// A minority cannot declare anybody failed.
#[test]
fn a_minority_declares_nobody_failed() {
    let told = follows(
        THREE,
        "partition n0 n1,n2
         run 20s
         view n0",
        &["n0 says: fail", "n1 master epoch=2 PFAIL", "n2 master epoch=3 PFAIL"],
    );
    never(&told, "n0 marks");
}

/// A replica that can be reached again is failed no more.
#[test]
fn a_reachable_replica_is_cleared() {
    follows(
        SIX,
        "kill n5
         run until=failed:n5 limit=20s
         restart n5
         run until=fine:n5 limit=5s",
        &["n5 starts"],
    );
}

/// A failed master that nobody replaced is cleared after a while, when it can be reached again.
#[test]
fn a_master_that_nobody_replaced_is_cleared() {
    follows(
        THREE,
        "kill n1
         run until=failed:n1 limit=20s
         restart n1
         run until=fine:n1 limit=20s
         run until=serving limit=20s
         view n0",
        &["n0 says: ok", "n1 master epoch=2 fine 5461-10922"],
    );
}

// The cluster's state.

/// With a failed owner of any slot the whole cluster stops answering, by default.
#[test]
fn an_uncovered_slot_stops_all() {
    follows(
        THREE,
        "tell n0 SET bar 1
         kill n1
         run until=failed:n1 limit=20s
         run 1s
         tell n0 GET bar",
        &["answers OK", "CLUSTERDOWN The cluster is down"],
    );
}

/// Without the wish for full coverage the other slots go on being served.
#[test]
fn partial_coverage_can_be_enough() {
    follows(
        "world masters=3 replicas=0 seed=7 timeout=2000 clients=0\n\
         config cluster-require-full-coverage no\nrun 10s\n",
        "kill n1
         run until=failed:n1 limit=20s
         run 1s
         tell n0 SET bar 1
         tell n0 GET c",
        &["answers OK", "MOVED 7365 127.0.0.1:7001"],
    );
}

/// A master that no longer reaches the majority stops answering after the node timeout, and only
/// after a while answers again.
#[test]
fn a_master_in_the_minority_stops() {
    follows(
        SIX,
        "partition n0 n1,n2,n3,n4,n5
         run 10s
         tell n0 SET bar 1
         tell n3 SET bar 2
         heal
         run until=settled limit=30s
         tell n0 SET bar 3",
        &["CLUSTERDOWN The cluster is down", "answers OK", "MOVED 5061 127.0.0.1:7003"],
    );
}

/// Reads can be allowed while the cluster is down.
#[test]
fn reads_can_go_on_while_the_cluster_is_down() {
    follows(
        "world masters=3 replicas=0 seed=7 timeout=2000 clients=0\n\
         config cluster-allow-reads-when-down yes\nrun 10s\n",
        "tell n0 SET bar 1
         kill n1
         run until=failed:n1 limit=20s
         run 1s
         tell n0 GET bar
         tell n0 SET bar 2",
        &[
            "answers OK",
            "answers \"1\"",
            "CLUSTERDOWN The cluster is down and only accepts read commands",
        ],
    );
}

// Epochs.

/// Everybody's current epoch is the greatest that it has seen.
#[test]
fn the_greatest_epoch_spreads() {
    follows(
        THREE,
        "tell n0 CLUSTER BUMPEPOCH
         tell n0 CLUSTER BUMPEPOCH
         run 3s
         view n1
         view n2",
        &["BUMPED 4", "STILL 4", "n1 says: ok epoch=4", "n2 says: ok epoch=4"],
    );
}

/// Two masters with one config epoch: the one with the smaller name takes a new one.
#[test]
fn equal_config_epochs_part() {
    let told = trace(
        "world fresh=2 seed=23 timeout=2000 clients=0\nrun 1s\n",
        "tell n0 CLUSTER SET-CONFIG-EPOCH 5
         tell n1 CLUSTER SET-CONFIG-EPOCH 5
         tell n0 CLUSTER MYID
         tell n1 CLUSTER MYID
         tell n1 CLUSTER MEET 127.0.0.1 7000
         run 5s
         view n0",
    );
    let names: Vec<&str> = told
        .lines()
        .filter_map(|line| line.split_once("answers "))
        .map(|(_, name)| name)
        .filter(|name| name.len() > 10)
        .collect();
    let smaller = usize::from(names[1] < names[0]);
    assert!(told.contains(&format!("n{smaller} master epoch=6")), "{told}");
    assert!(told.contains(&format!("n{} master epoch=5", 1 - smaller)), "{told}");
}

/// A config epoch is given by hand only to a node that is alone and has none.
#[test]
fn a_config_epoch_is_given_once() {
    follows(
        "world fresh=2 seed=23 timeout=2000 clients=0\nrun 1s\n",
        "tell n0 CLUSTER SET-CONFIG-EPOCH 5
         tell n0 CLUSTER SET-CONFIG-EPOCH 6
         tell n1 CLUSTER MEET 127.0.0.1 7000
         run 2s
         tell n1 CLUSTER SET-CONFIG-EPOCH 6",
        &[
            "answers OK",
            "ERR Node config epoch is already non-zero",
            "ERR The user can assign a config epoch only when the node does not know any other node",
        ],
    );
}

/// When two nodes claim a slot, the greater config epoch wins everywhere, and the one who did not
/// know is told.
#[test]
fn the_greater_config_epoch_wins_a_slot() {
    follows(
        THREE,
        "partition n0 n1,n2
         tell n2 CLUSTER SETSLOT 5461 NODE @n2
         tell n2 CLUSTER BUMPEPOCH
         run 1s
         heal
         run until=settled limit=20s
         view n0
         view n1",
        &["n0 says: ok", "n1 master epoch=2 fine 5462-10922", "5461-5461"],
    );
}

// Elections.

/// The replica of a failed master asks for votes in a new epoch, wins with a majority of the
/// masters that own slots, and takes all of its slots under that epoch.
#[test]
fn a_replica_replaces_its_failed_master() {
    follows(
        SIX,
        "show candidacy vote promote
         kill n0
         run until=master:n3 limit=30s
         run until=serving limit=20s
         view n1",
        &[
            "n3 asks for votes because candidacy.asked epoch=7",
            "votes for n3 because vote.granted epoch=7",
            "n3 replaces n0 because promote.won epoch=7 votes=2 needed=2 slots=5461",
            "n1 says: ok epoch=7",
            "n3 master epoch=7 fine 0-5460",
        ],
    );
}

/// Only the replicas of a master try to replace it, and nobody replaces one that is not failed.
#[test]
fn only_its_own_replicas_replace_a_master() {
    let told = follows(
        SIX,
        "show candidacy
         kill n0
         run until=master:n3 limit=30s",
        &["n3 asks for votes"],
    );
    never(&told, "n4 asks");
    never(&told, "n5 asks");
    let calm = trace(SIX, "show candidacy\nrun 60s");
    never(&calm, "asks for votes");
}

/// A replica waits half a second and a random while, and a second more for each replica that is
/// further than itself, before it asks.
#[test]
fn a_replica_waits_before_it_asks() {
    let told = trace(
        SIX,
        "show candidacy
         kill n0
         run until=master:n3 limit=30s",
    );
    let waits: u64 = told
        .lines()
        .find_map(|line| line.split_once("n3 waits ")?.1.split_once(" ms"))
        .map(|(ms, _)| ms.parse().unwrap())
        .unwrap_or_else(|| panic!("{told}"));
    assert!((500..1000).contains(&waits), "{told}");
}

/// Without a majority of masters that can vote, nobody is promoted.
#[test]
fn no_majority_no_promotion() {
    let told = follows(
        SIX,
        "kill n0
         kill n1
         run 60s
         view n3",
        &["n3 says: fail", "n3 replica of n0"],
    );
    never(&told, "replaces n0");
}

/// A replica that was cut off from its master for too long does not stand for election.
#[test]
fn stale_data_do_not_stand_for_election() {
    let told = follows(
        "world masters=3 replicas=1 seed=7 timeout=2000 clients=0\n\
         config cluster-replica-validity-factor 1\nconfig repl-ping-replica-period 1\nrun 10s\n",
        "cut n0 n3
         cut n3 n0
         run 30s
         kill n0
         run 30s
         why n3 not-elected",
        &["n3 "],
    );
    never(&told, "n3 replaces");
}

/// The old master, back again, finds its slots taken under a greater epoch and follows the new
/// one.
#[test]
fn the_old_master_follows_the_new_one() {
    follows(
        SIX,
        "show follow
         kill n0
         run until=master:n3 limit=30s
         restart n0
         run until=replica:n0 limit=20s
         run until=settled limit=20s
         view n0",
        &["n0 follows n3", "n0 replica of n3", "n3 master epoch=7 fine 0-5460"],
    );
}

/// A voter has one vote in an epoch, and one for the same master within twice the node timeout.
#[test]
fn one_vote_an_epoch_and_a_master() {
    let told = trace(
        "world masters=3 replicas=2 seed=11 timeout=2000 clients=0\nrun 10s\n",
        "show vote
         kill n0
         run until=master:n3 limit=60s
         run 20s",
    );
    for voter in ["n1", "n2"] {
        let grants: Vec<&str> = told
            .lines()
            .filter(|line| line.contains(&format!("{voter} votes for")))
            .filter_map(|line| line.split_once("epoch="))
            .map(|(_, epoch)| epoch)
            .collect();
        let mut epochs = grants.clone();
        epochs.dedup();
        assert_eq!(grants, epochs, "{told}");
    }
}

/// A replica without leave to fail over never does by itself.
#[test]
fn no_failover_means_no_failover() {
    let told = follows(
        "world masters=3 replicas=1 seed=7 timeout=2000 clients=0\n\
         config cluster-replica-no-failover yes\nrun 10s\n",
        "kill n0
         run 30s
         view n3",
        &["n3 says: fail", "n3 replica of n0"],
    );
    never(&told, "asks for votes");
}

// The operator.

/// A forgotten node is not brought back by gossip for a minute.
#[test]
fn forget_lasts_a_minute() {
    let told = follows(
        SIX,
        "tell n0 CLUSTER FORGET @n5
         run 50s
         view n0",
        &["answers OK", "n0 says"],
    );
    never(&told, "n5 replica");
    follows(
        SIX,
        "tell n0 CLUSTER FORGET @n5
         run 70s
         view n0",
        &["n0 says", "n5 replica of n2"],
    );
}

/// A node forgets neither itself nor its own master.
#[test]
fn who_cannot_be_forgotten() {
    follows(
        SIX,
        "tell n3 CLUSTER FORGET @n3
         tell n3 CLUSTER FORGET @n0",
        &["ERR I tried hard but I can't forget myself...", "ERR Can't forget my master!"],
    );
}

/// A master with keys is not reset; a replica is, and loses its data.
#[test]
fn reset_spares_keys_of_masters() {
    follows(
        SIX,
        "tell n0 SET bar 1
         run 100ms
         tell n0 CLUSTER RESET
         tell n3 DBSIZE
         tell n3 CLUSTER RESET
         tell n3 DBSIZE
         view n3",
        &[
            "answers OK",
            "ERR CLUSTER RESET can't be called with master nodes containing keys",
            "answers (integer) 1",
            "answers OK",
            "answers (integer) 0",
            "n3 says",
            "n3 master",
        ],
    );
}

/// A hard reset gives a new name and forgets the epochs.
#[test]
fn a_hard_reset_begins_anew() {
    let told = trace(
        THREE,
        "tell n0 CLUSTER MYID
         tell n0 CLUSTER RESET HARD
         tell n0 CLUSTER MYID
         tell n0 CLUSTER BUMPEPOCH",
    );
    let names: Vec<&str> =
        told.lines().filter_map(|line| line.split_once("answers ")).map(|(_, name)| name).collect();
    assert_eq!((names.len(), names[1]), (4, "OK"), "{told}");
    assert_ne!(names[0], names[2]);
    assert!(names[3].contains("BUMPED 1"), "{told}");
}

/// A replica is made of a known master only, and of a node that is empty itself.
#[test]
fn who_can_follow_whom() {
    follows(
        SIX,
        "tell n0 CLUSTER REPLICATE @n1
         tell n3 CLUSTER REPLICATE @n4
         tell n3 CLUSTER REPLICATE @n3
         tell n3 CLUSTER REPLICATE 0123456789012345678901234567890123456789
         tell n3 CLUSTER REPLICATE @n1
         run 2s
         view n2",
        &[
            "ERR To set a master the node must be empty and without assigned slots.",
            "ERR I can only replicate a master, not a replica.",
            "ERR Can't replicate myself",
            "ERR Unknown node 0123456789012345678901234567890123456789",
            "answers OK",
            "n3 replica of n1",
        ],
    );
}

// Manual failover, and spare replicas.

/// A replica takes its living master's place by vote, after it has everything that the master
/// acknowledged; the master holds its writes back meanwhile and follows.
#[test]
fn a_replica_changes_places_with_a_living_master() {
    follows(
        SIX,
        "tell n0 SET bar 1
         tell n3 CLUSTER FAILOVER
         tell n0 SET bar 2
         run until=replica:n0 limit=5s
         run until=settled limit=20s
         view n1
         tell n3 GET bar",
        &["answers OK", "answers OK", "n0 replica of n3", "n3 master epoch=7 fine 0-5460", "\"1\""],
    );
}

/// A manual failover is asked of a replica, and by default needs its master.
#[test]
fn a_manual_failover_needs_a_replica_and_its_master() {
    follows(
        SIX,
        "tell n0 CLUSTER FAILOVER
         kill n0
         run until=failed:n0 limit=20s
         tell n3 CLUSTER FAILOVER",
        &[
            "ERR You should send CLUSTER FAILOVER to a replica",
            "ERR Master is down or failed, please use CLUSTER FAILOVER FORCE",
        ],
    );
}

/// FORCE does without the master, but not without votes; TAKEOVER does without both.
#[test]
fn force_needs_votes_and_takeover_does_not() {
    let told = follows(
        SIX,
        "kill n0
         kill n1
         run 5s
         tell n3 CLUSTER FAILOVER FORCE
         run 10s
         view n3
         tell n3 CLUSTER FAILOVER TAKEOVER
         run 1s
         view n3",
        &["n3 answers OK", "n3 replica of n0", "n3 answers OK", "n3 master"],
    );
    never(&told, "promote.won epoch=7 votes=2");
}

/// A master whose last replica failed gets one from a master that has a spare one; a master that
/// had its replica taken away by hand does not.
#[test]
fn spare_replicas_go_to_lonely_masters() {
    follows(
        SIX,
        "tell n4 CLUSTER REPLICATE @n0
         run 20s
         view n2",
        &["n1 master", "n3 replica of n0", "n4 replica of n0", "n5 replica of n2"],
    );
    let told = trace(
        SIX,
        "tell n4 CLUSTER REPLICATE @n0
         kill n5
         run until=failed:n5 limit=20s
         run 10s
         view n1",
    );
    let (_, view) = told.rsplit_once("n1 says").unwrap();
    let spare = ["n3 replica of n2", "n4 replica of n2"];
    assert_eq!(spare.iter().filter(|line| view.contains(*line)).count(), 1, "{told}");
}
