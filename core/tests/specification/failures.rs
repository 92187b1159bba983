//! Who is down, and who is served meanwhile?

use super::{SIX, THREE, follows, never};

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
