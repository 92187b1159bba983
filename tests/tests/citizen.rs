//! A full citizen: three nodes of ours and three of `redis-server` 7.0 in one cluster, each make
//! replicating the other, through reshards and failovers in both directions under load.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use slotscope_tests::{
    cluster::{Cluster, NodeLine, nodes},
    contents,
    counting::{Ack, Counting},
    process::wait_for,
    server::{Make, redis_cli},
};

const NODE_TIMEOUT_MS: u32 = 2000;
const PATIENCE: Duration = Duration::from_secs(60);
/// On one machine the replication lag is a few milliseconds; this allows for a busy one.
const LAG: Duration = Duration::from_millis(500);
/// Slots of one reshard.
const SLOTS: &str = "60";

/// Masters first, then the replica of each, of the other make.
fn mixed() -> Cluster {
    let (ours, theirs) = (Make::under_test(), Make::Redis);
    let makes = [ours, theirs, ours, theirs, ours, theirs];
    let mut cluster = Cluster::start(&makes, NODE_TIMEOUT_MS);
    let address: Vec<String> =
        cluster.servers.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
    let printed =
        redis_cli(&["--cluster", "create", &address[0], &address[1], &address[2], "--cluster-yes"]);
    assert!(printed.contains("[OK] All 16384 slots covered."), "{printed}");
    for n in 0..3 {
        let master = cluster.servers[n].cli(&["CLUSTER", "MYID"]);
        let printed = redis_cli(&[
            "--cluster",
            "add-node",
            &address[n + 3],
            &address[0],
            "--cluster-slave",
            "--cluster-master-id",
            master.trim(),
        ]);
        assert!(printed.contains("[OK] New node added correctly."), "{printed}");
    }
    is_clean(&mut cluster, "created");
    cluster
}

/// `redis-cli --cluster check` finds nothing, from a node of either make.
fn is_clean(cluster: &mut Cluster, step: &str) {
    cluster.await_agreement(PATIENCE);
    for n in 0..2 {
        let address = format!("127.0.0.1:{}", cluster.servers[n].port);
        let printed = redis_cli(&["--cluster", "check", &address]);
        for line in
            ["[OK] All nodes agree about slots configuration.", "[OK] All 16384 slots covered."]
        {
            assert!(printed.contains(line), "{step}, from {address}:\n{printed}");
        }
        for bad in ["[ERR]", "[WARNING]", "ERR "] {
            assert!(!printed.contains(bad), "{step}, from {address}:\n{printed}");
        }
    }
}

/// Values of all five types, small and large, some with an end.
fn fill(cluster: &Cluster) {
    let mut script = String::new();
    for n in 0..400_u32 {
        writeln!(script, "SET s:{n} {}", "ab".repeat(usize::try_from(n % 60).unwrap() + 1))
            .unwrap();
        writeln!(script, "SET n:{n} {} PX 900000", u64::from(n) * 1_000_003).unwrap();
        writeln!(script, "RPUSH l:{n} {n} two {}", "x".repeat(80)).unwrap();
        writeln!(script, "HSET h:{n} a {n} b {}", "y".repeat(usize::try_from(n % 90).unwrap() + 1))
            .unwrap();
        writeln!(script, "SADD i:{n} {n} 1 2 3 70000").unwrap();
        writeln!(script, "SADD m:{n} {n} one two").unwrap();
        writeln!(script, "ZADD z:{n} {n}.5 a -1 b 1e9 c").unwrap();
    }
    // Large ones, which no compact encoding holds.
    for n in 0..600_u32 {
        writeln!(script, "RPUSH big:l {n}-{}", "v".repeat(40)).unwrap();
        writeln!(script, "HSET big:h field-{n} {n}").unwrap();
        writeln!(script, "SADD big:s member-{n}").unwrap();
        writeln!(script, "ZADD big:z {n}.25 member-{n}").unwrap();
    }
    let said = cluster.servers[0].cli_script_cluster(&script);
    let errors: Vec<&str> = said.lines().filter(|line| line.contains("ERR")).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

/// Every master and its replicas hold the same.
fn same_everywhere(cluster: &mut Cluster, step: &str) {
    let lines = nodes(&cluster.servers[0]);
    let mut pairs = 0;
    for replica in &lines {
        let Some(master) = &replica.master else { continue };
        let master = lines.iter().find(|line| line.id == *master).unwrap();
        let at = |port: u16| cluster.servers.iter().find(|server| server.port == port).unwrap();
        let (master, replica) = (at(master.port), at(replica.port));
        let is_mixed = master.make != replica.make || Make::under_test() == Make::Redis;
        assert!(is_mixed, "each make replicates the other: {lines:#?}");
        let keys = contents::assert_same(master, replica, PATIENCE);
        println!("{step}: {:?} and {:?} agree on {keys} keys", master.make, replica.make);
        pairs += 1;
    }
    assert_eq!(pairs, 3, "{lines:#?}");
}

fn make(cluster: &mut Cluster, port: u16) -> Make {
    cluster.at(port).make
}

fn line_of(cluster: &Cluster, port: u16) -> NodeLine {
    let lines = nodes(&cluster.servers[0]);
    let line = lines.iter().find(|line| line.port == port).cloned();
    line.unwrap_or_else(|| panic!("{port} is unknown: {lines:#?}"))
}

fn app(cluster: &Cluster) -> Counting {
    let ports = cluster.servers.iter().map(|server| server.port).collect();
    let app = Counting::start(ports, Duration::from_millis(1));
    wait_for("the application counts", PATIENCE, || (app.acks() > 500).then_some(()));
    app
}

/// Moves slots with everything in them from one node to another, and nobody notices.
fn reshard(cluster: &mut Cluster, from: u16, to: u16) {
    let app = app(cluster);
    let step = format!("reshard from {:?} to {:?}", make(cluster, from), make(cluster, to));
    let (source, target) = (line_of(cluster, from).id, line_of(cluster, to).id);
    let address = format!("127.0.0.1:{}", cluster.servers[0].port);
    let started = Instant::now();
    let printed = redis_cli(&[
        "--cluster",
        "reshard",
        &address,
        "--cluster-from",
        &source,
        "--cluster-to",
        &target,
        "--cluster-slots",
        SLOTS,
        "--cluster-yes",
    ]);
    println!("{step}: {SLOTS} slots in {:.1} s", started.elapsed().as_secs_f32());
    // The plan names each slot once, and so does the move.
    let moves = printed.lines().filter(|line| {
        line.starts_with("Moving slot ") && line.contains(&format!("127.0.0.1:{to}"))
    });
    assert_eq!(moves.count().to_string(), SLOTS, "{step}:\n{printed}");
    assert!(!printed.contains("ERR"), "{step}:\n{printed}");
    is_clean(cluster, &step);
    let (tally, lost) = app.stop();
    assert!(tally.errors.is_empty(), "{step}: {:?}", tally.errors);
    assert!(lost.is_empty(), "{step} lost {lost:?}");
    same_everywhere(cluster, &step);
}

/// Lost are only writes that were younger than the replication lag when their master died.
fn only_the_lag(lost: &[Ack], killed_at: Instant, step: &str) {
    for ack in lost {
        let age = killed_at.checked_duration_since(ack.at);
        assert!(age.is_some_and(|age| age < LAG), "{step} lost {ack:?}, {age:?} before the kill");
    }
}

/// Kills a master; its replica, of the other make, takes over; the old one comes back behind it.
fn fail_over(cluster: &mut Cluster, master: u16, heir: u16) {
    let step = format!("{:?} succeeds {:?}", make(cluster, heir), make(cluster, master));
    let app = app(cluster);
    let killed_at = Instant::now();
    cluster.at(master).kill();
    cluster.await_promotion(heir, PATIENCE);
    println!("{step}: after {:.2} s", killed_at.elapsed().as_secs_f32());
    let acks = app.acks();
    wait_for("the application goes on", PATIENCE, || (app.acks() > acks + 200).then_some(()));
    cluster.at(master).restart();
    is_clean(cluster, &step);
    let heir_id = line_of(cluster, heir).id;
    assert_eq!(line_of(cluster, master).master, Some(heir_id));
    let (tally, lost) = app.stop();
    assert!(!tally.errors.is_empty(), "{step}: nobody noticed");
    only_the_lag(&lost, killed_at, &step);
    same_everywhere(cluster, &step);
}

/// The same by request: nothing is lost and nobody is refused, but for a moment by bystanders.
fn hand_over(cluster: &mut Cluster, master: u16, heir: u16) {
    let step = format!("{:?} is handed to {:?}", make(cluster, master), make(cluster, heir));
    let app = app(cluster);
    cluster.await_replica_in_sync(heir, PATIENCE);
    let started = Instant::now();
    assert_eq!(cluster.at(heir).cli(&["CLUSTER", "FAILOVER"]).trim(), "OK");
    cluster.await_promotion(heir, PATIENCE);
    println!("{step}: within {:.2} s", started.elapsed().as_secs_f32());
    is_clean(cluster, &step);
    let (tally, lost) = app.stop();
    assert!(tally.beyond_a_handover().is_empty(), "{step}: {:?}", tally.errors);
    assert!(lost.is_empty(), "{step} lost {lost:?}");
    same_everywhere(cluster, &step);
}

#[test]
fn three_of_ours_and_three_of_theirs() {
    let mut cluster = mixed();
    fill(&cluster);
    same_everywhere(&mut cluster, "filled");
    let port: Vec<u16> = cluster.servers.iter().map(|server| server.port).collect();
    // Theirs to ours, ours to theirs, ours to ours.
    reshard(&mut cluster, port[1], port[0]);
    reshard(&mut cluster, port[2], port[1]);
    reshard(&mut cluster, port[0], port[2]);
    // Ours dies and theirs takes over; theirs dies and ours takes over.
    fail_over(&mut cluster, port[0], port[3]);
    fail_over(&mut cluster, port[1], port[4]);
    // Now masters are theirs (3), ours (4) and ours (2): by hand, in both directions.
    hand_over(&mut cluster, port[3], port[0]);
    hand_over(&mut cluster, port[4], port[1]);
    hand_over(&mut cluster, port[2], port[5]);
    // And slots move between makes once more, with the roles exchanged.
    reshard(&mut cluster, port[5], port[0]);
    reshard(&mut cluster, port[0], port[1]);
}
