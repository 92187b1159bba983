//! Commands of a node in a cluster: redirection, and a replica's view.

use super::{Bench, in_cluster};
use crate::{
    cluster::{Peer, PeerIdx},
    config::EndpointType,
    id::NodeId,
    slot::{Slot, key_slot},
    store::Value,
    time::Instant,
};

#[test]
fn a_replica_hides_what_has_expired_and_waits() {
    let mut bench = Bench::new(in_cluster());
    bench.check("SET k 5 PX 100");
    bench.check("READONLY -> OK");
    let master = NodeId::random(&mut bench.b.rng);
    let peer = Peer::new(master, Instant::ZERO);
    let at = bench.b.cluster.peers.add(peer).expect("room");
    for slot in Slot::all() {
        bench.b.cluster.assign(slot, at);
    }
    bench.b.cluster.set_master(PeerIdx::ME, at);
    bench.check(
        r#"
        GET k -> "5"
        + 200
        GET k -> nil
        DBSIZE -> :1
        "#,
    );
    assert!(bench.apply("INCR k"), "to the stream it is still there");
    assert_eq!(
        bench.b.store.entry(key_slot(b"k"), b"k").map(|entry| entry.value.clone()),
        Some(Value::str(b"6"))
    );
    assert!(bench.apply("DEL k"));
    assert!(!bench.apply("NOSUCH k") && !bench.apply("GET"), "the caller is told");
    bench.check(
        r#"
        DBSIZE -> :0
        SET k v -> -MOVED 7629 :0
        FLUSHALL -> -READONLY You can't write against a read only replica.
        READWRITE -> OK
        GET k -> -MOVED 7629 :0
        "#,
    );
}

#[test]
fn one_slot_one_node() {
    let mut bench = Bench::new(in_cluster());
    bench.check(
        r#"
        MSET {t}a 1 {t}b 2 -> OK
        MSET a 1 b 2 -> -CROSSSLOT Keys in request don't hash to the same slot
        DEL {t}a {t}b -> :2
        "#,
    );
    bench.b.cluster.serving.last.ok = false;
    bench.check("GET a -> -CLUSTERDOWN The cluster is down");
    bench.check("DBSIZE -> :0");
    bench.b.config.cluster_allow_reads_when_down = true;
    bench.check(
        r#"
        GET a -> nil
        SET a 1 -> -CLUSTERDOWN The cluster is down and only accepts read commands
        "#,
    );
    bench.b.cluster.unassign(key_slot(b"a"));
    bench.check("GET a -> -CLUSTERDOWN Hash slot not served");
}

#[test]
fn a_moving_slot() {
    let mut bench = Bench::new(in_cluster());
    let id = NodeId::random(&mut bench.b.rng);
    let mut peer = Peer::new(id, Instant::ZERO);
    peer.endpoint.ip = "10.0.0.2".parse().ok();
    peer.endpoint.port = 7002;
    let other = bench.b.cluster.peers.add(peer).expect("room");
    let slot = key_slot(b"{t}");
    bench.check("SET {t}a 1");
    bench.b.cluster.owners.migrating.insert(slot, other);
    bench.check(
        r#"
        GET {t}a -> "1"
        GET {t}b -> -ASK 15891 10.0.0.2:7002
        MGET {t}a {t}b -> -TRYAGAIN Multiple keys request during rehashing of slot
        "#,
    );
    bench.b.cluster.owners.migrating.clear();
    bench.b.cluster.assign(slot, other);
    bench.b.cluster.owners.importing.insert(slot, other);
    bench.check(
        r#"
        GET {t}a -> -MOVED 15891 10.0.0.2:7002
        ASKING -> OK
        GET {t}a -> "1"
        GET {t}a -> -MOVED 15891 10.0.0.2:7002
        ASKING -> OK
        MGET {t}a {t}b -> -TRYAGAIN Multiple keys request during rehashing of slot
        ASKING -> OK
        nosuch
        GET {t}a -> -MOVED 15891 10.0.0.2:7002
        "#,
    );
    bench.b.config.cluster_preferred_endpoint_type = EndpointType::Hostname;
    bench.check("GET {t}a -> -MOVED 15891 ?:7002");
    bench.b.config.cluster_preferred_endpoint_type = EndpointType::UnknownEndpoint;
    bench.check("GET {t}a -> -MOVED 15891 :7002");
}
