//! One node of ours among five of `redis-server` 7.0: do they take each other for the same kind?

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::time::{Duration, Instant};

use slotscope_tests::{
    cluster::{Cluster, nodes},
    process::wait_for,
    server::Make::{Redis, Slotscope},
};

const NODE_TIMEOUT_MS: u32 = 2000;
const PATIENCE: Duration = Duration::from_secs(60);

/// Three masters (ours is one of them), a replica for each, all by `CLUSTER MEET`, `ADDSLOTSRANGE`
/// and `REPLICATE`.
fn mixed() -> Cluster {
    let mut cluster =
        Cluster::start(&[Slotscope, Redis, Redis, Redis, Redis, Redis], NODE_TIMEOUT_MS);
    let ports: Vec<u16> = cluster.servers.iter().map(|server| server.port).collect();
    for (n, range) in [("0", "5460"), ("5461", "10922"), ("10923", "16383")].iter().enumerate() {
        let answer = cluster.servers[n].cli(&["CLUSTER", "ADDSLOTSRANGE", range.0, range.1]);
        assert_eq!(answer.trim(), "OK");
        let epoch = (n + 1).to_string();
        let answer = cluster.servers[n].cli(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch]);
        assert_eq!(answer.trim(), "OK");
    }
    // Ours greets the first, the second is greeted by theirs, and so on: both directions.
    for (n, port) in ports.iter().enumerate().skip(1) {
        let from = if n % 2 == 1 { 0 } else { n - 1 };
        let meet = cluster.servers[from].cli(&["CLUSTER", "MEET", "127.0.0.1", &port.to_string()]);
        assert_eq!(meet.trim(), "OK");
    }
    wait_for("all six know each other", PATIENCE, || {
        let all = cluster.servers.iter().all(|server| {
            let lines = nodes(server);
            lines.len() == 6 && lines.iter().all(|line| !line.is("handshake"))
        });
        all.then_some(())
    });
    let ids: Vec<String> =
        cluster.servers.iter().map(|server| server.cli(&["CLUSTER", "MYID"])).collect();
    for n in 3..6 {
        let answer = cluster.servers[n].cli(&["CLUSTER", "REPLICATE", ids[n - 3].trim()]);
        assert_eq!(answer.trim(), "OK");
    }
    cluster.await_agreement(PATIENCE);
    for &replica in &ports[3..] {
        cluster.await_replica_in_sync(replica, PATIENCE);
    }
    cluster
}

/// They form one cluster, gossip, agree on `CLUSTER NODES`, and redirect to each other.
#[test]
fn one_of_ours_among_five_of_theirs() {
    let mut cluster = mixed();
    assert_eq!(cluster.servers[0].cli(&["CLUSTER", "COUNTKEYSINSLOT", "0"]).trim(), "0");
    // `bar` lies in slot 5061: ours. `foo` in 12182: theirs.
    for key in ["bar", "foo"] {
        assert_eq!(cluster.servers[1].cli_cluster(&["SET", key, "v"]).trim(), "OK", "{key}");
        assert_eq!(cluster.servers[0].cli_cluster(&["GET", key]).trim(), "v", "{key}");
    }
    // A real replica follows our stream.
    let ours = cluster.servers[0].port;
    wait_for("the real replica has it", PATIENCE, || {
        let theirs = cluster.servers[3].info("slave_repl_offset")?;
        (cluster.at(ours).info("master_repl_offset")? == theirs).then_some(())
    });
    assert_eq!(cluster.servers[3].cli(&["DBSIZE"]).trim(), "1");
    cluster.await_agreement(PATIENCE);
}

/// A real master dies; its real replica asks for votes; with one of two other masters ours, it
/// needs our vote, gets it, and wins.
#[test]
fn our_master_votes_for_a_real_replica() {
    let mut cluster = mixed();
    let (dead, heir) = (cluster.servers[1].port, cluster.servers[4].port);
    let votes_before = votes(&mut cluster);
    let started = Instant::now();
    cluster.at(dead).kill();
    cluster.await_promotion(heir, PATIENCE);
    println!("the real replica won after {:.2} s", started.elapsed().as_secs_f32());
    let votes = votes(&mut cluster);
    assert_eq!(votes, votes_before + 1, "two votes of three are needed, two masters are left");
    // Ours agrees about who won, and with which epoch.
    let ours = nodes(&cluster.servers[0]);
    let theirs = nodes(&cluster.servers[4]);
    let winner = |lines: &[slotscope_tests::cluster::NodeLine]| {
        lines.iter().find(|line| line.port == heir).cloned()
    };
    assert_eq!(winner(&ours), winner(&theirs));
    cluster.at(dead).restart();
    cluster.await_agreement(PATIENCE);
}

/// A real replica of our master wins when ours is killed, with the votes of two real masters; ours
/// then comes back as the replica of a real master and catches up.
#[test]
fn our_master_is_replaced_by_a_real_replica() {
    let mut cluster = mixed();
    assert_eq!(cluster.servers[0].cli(&["SET", "bar", "before"]).trim(), "OK");
    assert_eq!(cluster.servers[0].cli(&["WAIT", "1", "2000"]).trim(), "1", "acknowledged");
    let (ours, heir) = (cluster.servers[0].port, cluster.servers[3].port);
    cluster.at(ours).kill();
    cluster.await_promotion(heir, PATIENCE);
    assert_eq!(cluster.at(heir).cli(&["GET", "bar"]).trim(), "before");
    assert_eq!(cluster.at(heir).cli(&["SET", "bar", "after"]).trim(), "OK");
    cluster.at(ours).restart();
    cluster.await_agreement(PATIENCE);
    cluster.await_replica_in_sync(ours, PATIENCE);
    assert_eq!(cluster.at(ours).cli(&["DBSIZE"]).trim(), "1");
    wait_for("ours has what was written while it was away", PATIENCE, || {
        let script = "READONLY\nGET bar\n";
        let answer = cluster.at(ours).cli_script(script);
        answer.contains("after").then_some(())
    });
}

/// `auth-ack` messages that our node has sent, by its own count.
fn votes(cluster: &mut Cluster) -> u64 {
    let info = cluster.servers[0].cli(&["CLUSTER", "INFO"]);
    let name = "cluster_stats_messages_auth-ack_sent:";
    info.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or(0)
}
