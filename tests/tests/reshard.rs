//! Keys of all types change hands by `redis-cli --cluster reshard`: between a node of ours and a real
//! one in both directions, and between two of ours. Is every key where it belongs afterwards, with
//! the same value and the same time to live?

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::Write as _,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use slotscope_tests::{
    cluster::{Cluster, nodes},
    server::{
        Make::{self, Redis, Slotscope},
        Server, redis_cli,
    },
};

const NODE_TIMEOUT_MS: u32 = 5000;
const PATIENCE: Duration = Duration::from_secs(60);
/// Keys of each type; a tag spreads them over all slots.
const KEYS: usize = 600;
/// Slots that change hands at a time.
const SLOTS: &str = "500";

/// Three masters without replicas.
fn three(makes: [Make; 3]) -> Cluster {
    let mut cluster = Cluster::start(&makes, NODE_TIMEOUT_MS);
    let addresses: Vec<String> =
        cluster.servers.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let words = [&["--cluster", "create"], addresses.as_slice(), &["--cluster-yes"]].concat();
    let printed = redis_cli(&words);
    assert!(printed.contains("[OK] All 16384 slots covered."), "{printed}");
    cluster.await_agreement(PATIENCE);
    cluster
}

/// Commands that make one key of each type and each encoding, for number `n`.
fn keys(n: usize) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut key = |kind: &str, command: &str, rest: String| {
        let name = format!("{kind}:{n}");
        all.push((name.clone(), format!("{command} {name} {rest}")));
    };
    let many = |count: usize, one: &dyn Fn(usize) -> String| {
        (0..count).map(one).collect::<Vec<_>>().join(" ")
    };
    key("number", "SET", (n * 7919).to_string());
    key("text", "SET", "abc".repeat(n % 50 + 1));
    key("late", "SET", format!("x PX {}", 10_000_000 + n));
    key("list", "RPUSH", many(n % 40 + 1, &|i| format!("element{i} {}", i * 100)));
    key("intset", "SADD", many(n % 20 + 1, &|i| (i * 70_000).to_string()));
    key("set", "SADD", many(n % 20 + 1, &|i| format!("member{i}")));
    key("small-hash", "HSET", many(n % 20 + 1, &|i| format!("field{i} {i}")));
    key("small-zset", "ZADD", many(n % 20 + 1, &|i| format!("{i}.25 member{i}")));
    if n.is_multiple_of(50) {
        key("hash", "HSET", many(600, &|i| format!("field{i} {}", "v".repeat(i % 80))));
        key("zset", "ZADD", many(200, &|i| format!("{} member{i}", i * i)));
        key("long-list", "RPUSH", many(2000, &|i| format!("a-rather-long-element-{i}")));
    }
    all
}

/// Makes all keys, each at the node that owns it.
fn fill(cluster: &Cluster) -> Vec<String> {
    let all: Vec<(String, String)> = (0..KEYS).flat_map(keys).collect();
    let mut script = String::new();
    for (_, command) in &all {
        writeln!(script, "{command}").unwrap();
    }
    let said = cluster.servers[0].cli_script_cluster(&script);
    assert!(!said.contains("ERR"), "{}", said.lines().find(|l| l.contains("ERR")).unwrap());
    let held: usize = cluster.servers.iter().map(size).sum();
    assert_eq!(held, all.len());
    all.into_iter().map(|(name, _)| name).collect()
}

fn size(server: &Server) -> usize {
    server.cli(&["DBSIZE"]).trim().parse().unwrap()
}

/// What each key is, in the words of the node that holds it: the digest of its value, which real
/// Redis and ours compute alike, and whether it expires.
fn digests(cluster: &Cluster) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for server in &cluster.servers {
        let names: Vec<String> = server.cli(&["KEYS", "*"]).lines().map(str::to_owned).collect();
        let mut script = String::new();
        for name in &names {
            writeln!(script, "DEBUG DIGEST-VALUE {name}").unwrap();
            writeln!(script, "PEXPIRETIME {name}").unwrap();
        }
        let said = server.cli_script(&script);
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), 2 * names.len(), "{}", server.port);
        for (name, lines) in names.into_iter().zip(lines.chunks(2)) {
            assert_eq!(lines[0].len(), 40, "{name}: {lines:?}");
            // RESTORE gets the time that is left, so the moment moves by how long that took.
            let expires = if lines[1] == "-1" { "stays" } else { "expires" };
            let old = all.insert(name.clone(), format!("{} {expires}", lines[0]));
            assert_eq!(old, None, "{name} is on two nodes");
        }
    }
    all
}

/// `redis-cli --cluster reshard` of [`SLOTS`] slots, then a clean `check`.
fn reshard(cluster: &mut Cluster, from: usize, to: usize) {
    let entry = format!("127.0.0.1:{}", cluster.servers[0].port);
    let id = |n: usize| cluster.servers[n].cli(&["CLUSTER", "MYID"]).trim().to_owned();
    let (from_id, to_id) = (id(from), id(to));
    let slots = |n: usize| {
        let lines = nodes(&cluster.servers[n]);
        let mine = lines.iter().find(|line| line.port == cluster.servers[n].port).unwrap();
        mine.slots.iter().map(|range| width(range)).sum::<usize>()
    };
    let before = (slots(from), slots(to));
    let printed = redis_cli(&[
        "--cluster",
        "reshard",
        &entry,
        "--cluster-from",
        &from_id,
        "--cluster-to",
        &to_id,
        "--cluster-slots",
        SLOTS,
        "--cluster-yes",
    ]);
    assert!(!printed.contains("ERR") && !printed.contains("[ERR]"), "{printed}");
    let moved: usize = SLOTS.parse().unwrap();
    assert_eq!((slots(from), slots(to)), (before.0 - moved, before.1 + moved), "{printed}");
    cluster.await_agreement(PATIENCE);
    let printed = redis_cli(&["--cluster", "check", &entry]);
    assert!(printed.contains("[OK] All nodes agree about slots configuration."), "{printed}");
    assert!(printed.contains("[OK] All 16384 slots covered."), "{printed}");
    assert!(!printed.contains("WARNING"), "{printed}");
}

/// How many slots a range of CLUSTER NODES has.
fn width(range: &str) -> usize {
    match range.split_once('-') {
        Some((first, last)) => last.parse::<usize>().unwrap() - first.parse::<usize>().unwrap() + 1,
        None => 1,
    }
}

fn there_and_back(makes: [Make; 3]) {
    let mut cluster = three(makes);
    let names = fill(&cluster);
    let before = digests(&cluster);
    assert_eq!(before.len(), names.len());
    let on_first = size(&cluster.servers[0]);
    reshard(&mut cluster, 0, 1);
    assert!(size(&cluster.servers[0]) < on_first, "keys have left");
    assert_eq!(digests(&cluster), before);
    reshard(&mut cluster, 1, 0);
    assert_eq!(digests(&cluster), before);
}

/// Ours to a real one, and back.
#[test]
fn between_slotscope_and_redis() {
    there_and_back([Slotscope, Redis, Redis]);
}

/// A real one to ours, and back; the node that the slots pass by is ours too.
#[test]
fn between_redis_and_slotscope() {
    there_and_back([Redis, Slotscope, Slotscope]);
}

/// Ours to ours.
#[test]
fn between_two_of_slotscope() {
    there_and_back([Slotscope; 3]);
}

/// A plain server moves its keys into a cluster with `redis-cli --cluster import`, whichever of the
/// two makes it is.
#[test]
fn a_plain_server_is_imported() {
    for (source, nodes) in [(Redis, [Slotscope; 3]), (Slotscope, [Redis, Slotscope, Slotscope])] {
        let cluster = three(nodes);
        let port = slotscope_tests::ports::free();
        let source = Server::start(source, port, cluster.folder(), &[]);
        let script: String =
            (0..100).flat_map(keys).map(|(_, command)| format!("{command}\n")).collect();
        assert!(!source.cli_script(&script).contains("ERR"));
        let count = size(&source);
        let entry = format!("127.0.0.1:{}", cluster.servers[0].port);
        let printed = redis_cli(&[
            "--cluster",
            "import",
            &entry,
            "--cluster-from",
            &format!("127.0.0.1:{port}"),
            "--cluster-yes",
        ]);
        assert!(!printed.contains("ERR"), "{printed}");
        assert_eq!(size(&source), 0, "{printed}");
        let held: usize = cluster.servers.iter().map(size).sum();
        assert_eq!(held, count);
    }
}

/// A client that writes all the time never sees another error than a redirection while slots move,
/// and no write is lost.
#[test]
fn writes_go_on_while_slots_move() {
    let mut cluster = three([Slotscope, Redis, Slotscope]);
    fill(&cluster);
    let stop = AtomicBool::new(false);
    let entry = cluster.servers[0].port;
    let (rounds, said) = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let (mut rounds, mut said) = (0, String::new());
            while !stop.load(Ordering::Relaxed) {
                said.push_str(&script_at(entry, &counting("INCR")));
                rounds += 1;
            }
            (rounds, said)
        });
        // Whatever happens here, the writer has to end, or the test never would.
        let moved = catch_unwind(AssertUnwindSafe(|| {
            reshard(&mut cluster, 0, 1);
            reshard(&mut cluster, 1, 2);
        }));
        stop.store(true, Ordering::Relaxed);
        let written = writer.join().unwrap();
        if let Err(panic) = moved {
            resume_unwind(panic);
        }
        written
    });
    let errors: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("ERR") || line.contains("DOWN") || line.contains("TRYAGAIN"))
        .collect();
    assert_eq!(errors, [""; 0]);
    assert!(rounds > 0);
    let said = script_at(entry, &counting("GET"));
    let right = said.lines().filter(|line| line.trim() == rounds.to_string()).count();
    assert_eq!(right, COUNTERS, "after {rounds} rounds: {said}");
}

/// Counters that are written while slots move.
const COUNTERS: usize = 200;

fn counting(command: &str) -> String {
    (0..COUNTERS).map(|n| format!("{command} counter:{n}\n")).collect()
}

/// Lines in one connection of `redis-cli -c`, without a server to hold on to: another thread moves
/// slots meanwhile.
fn script_at(port: u16, lines: &str) -> String {
    let mut child = Command::new("redis-cli")
        .args(["-c", "-p", &port.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).into_owned()
}
