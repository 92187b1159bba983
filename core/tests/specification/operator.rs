//! What can a person do to a cluster?

use super::{SIX, THREE, follows, never, trace};

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
