//! Which node answers for a key, and who knows whom?

use super::{SIX, THREE, follows, never, trace};

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
