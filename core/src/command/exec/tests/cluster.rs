//! Commands of a node in a cluster: redirection, and a replica's view.

use alloc::{format, string::String, vec::Vec};

use super::{Bench, in_cluster};
use crate::{
    cluster::{Peer, PeerIdx, Role},
    config::EndpointType,
    id::NodeId,
    io::Effect,
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

/// CONFIG SET reaches what others hear of this node, not only CONFIG GET.
#[test]
fn announcements_change_while_it_runs() {
    let mut bench = Bench::new(in_cluster());
    let nodes = |bench: &mut Bench| bench.say("CLUSTER NODES");
    bench.check("CONFIG SET cluster-announce-hostname host.example -> OK");
    assert!(nodes(&mut bench).contains(",host.example myself"), "{}", nodes(&mut bench));
    bench.check("CONFIG SET cluster-announce-ip 10.0.0.9 cluster-announce-port 7123 -> OK");
    bench.check("CONFIG SET cluster-announce-bus-port 17999 -> OK");
    assert!(nodes(&mut bench).contains(" 10.0.0.9:7123@17999,host"), "{}", nodes(&mut bench));
    assert!(bench.b.cluster.todo.save.is_some(), "and it is saved");
    bench.check("CONFIG SET cluster-replica-no-failover yes -> OK");
    assert!(nodes(&mut bench).contains("myself,master,nofailover "), "{}", nodes(&mut bench));
    bench.check(r#"CONFIG SET cluster-announce-hostname "" cluster-announce-ip "" -> OK"#);
    assert!(nodes(&mut bench).contains(" :7123@17999 myself"), "{}", nodes(&mut bench));
}

/// Keys of slots that are somebody else's are kept, and the slot is opened; a slot without an
/// owner is taken.
#[test]
fn keys_in_foreign_slots_at_start_open_them() {
    let mut bench = Bench::new(in_cluster());
    bench.check("SET bar 1 -> OK");
    bench.check("SET foo 2 -> OK");
    let other =
        bench.b.cluster.peers.add(Peer::new(NodeId::random(&mut bench.b.rng), Instant::ZERO));
    let other = other.expect("room");
    for slot in Slot::all() {
        bench.b.cluster.assign(slot, other);
    }
    bench.b.cluster.unassign(key_slot(b"foo"));
    let now = bench.now();
    let mut ctx = crate::rules::Ctx { now, b: &mut bench.b, out: &mut bench.out };
    crate::rules::own::data_loaded(&mut ctx);
    assert!(bench.b.cluster.is_mine(key_slot(b"foo")));
    assert_eq!(bench.b.cluster.me().slot_count, 1);
    assert_eq!(bench.b.cluster.owners.importing.get(&key_slot(b"bar")), Some(&other));
    let lines: Vec<String> = bench
        .out
        .drain()
        .filter_map(|effect| match effect {
            Effect::Log { line, .. } => Some(line),
            _ => None,
        })
        .collect();
    assert_eq!(
        lines,
        [
            "I have keys for slot 5061, but the slot is assigned to another node. Setting it to \
             importing state.",
            "I have keys for unassigned slot 12182. Taking responsibility for it.",
        ]
    );
}

/// What a manual failover of a replica refuses.
#[test]
fn failover_is_for_replicas_with_a_living_master() {
    let mut bench = Bench::new(in_cluster());
    bench.check("CLUSTER FAILOVER -> -ERR You should send CLUSTER FAILOVER to a replica");
    bench.check("CLUSTER FAILOVER NOW -> -ERR syntax error");
    bench.check(
        "CLUSTER FAILOVER FORCE TAKEOVER -> -ERR unknown subcommand or wrong number of arguments for \
         'FAILOVER'. Try CLUSTER HELP.",
    );
    bench.b.cluster.me_mut().role = Role::Replica { of: None };
    bench.check("CLUSTER FAILOVER FORCE -> -ERR I'm a replica but my master is unknown to me");
    let at = bench.b.cluster.peers.add(Peer::new(NodeId::random(&mut bench.b.rng), Instant::ZERO));
    bench.b.cluster.set_master(PeerIdx::ME, at.expect("room"));
    let down = "-ERR Master is down or failed, please use CLUSTER FAILOVER FORCE";
    bench.check(&format!("CLUSTER FAILOVER -> {down}"));
    assert!(bench.b.cluster.manual.is_none());
    bench.check("CLUSTER FAILOVER FORCE -> OK");
    assert!(bench.b.cluster.manual.is_some_and(crate::cluster::Manual::is_ready));
}
