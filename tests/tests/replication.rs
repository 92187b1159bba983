//! Replication with a real `redis-server` 7.0 at the other end, in both directions, outside of a
//! cluster: snapshot, stream, a broken link, a change of master.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::{fmt::Write as _, time::Duration};

use slotscope_tests::{
    ports,
    process::wait_for,
    server::{
        Make::{self, Redis, Slotscope},
        Server,
    },
};

const PATIENCE: Duration = Duration::from_secs(60);
const KEYS: usize = 3000;

fn pair(master: Make, replica: Make, below: &tempfile::TempDir) -> (Server, Server) {
    let ports = ports::free_many(2);
    // Redis waits five seconds for more replicas before it starts a snapshot, and tells nobody
    // what its data add up to.
    let directives = |make| -> &[&str] {
        match make {
            Redis => &["--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes"],
            Slotscope => &[],
        }
    };
    let start = |make, port| Server::start(make, port, below.path(), directives(make));
    (start(master, ports[0]), start(replica, ports[1]))
}

fn follow(replica: &Server, master: &Server) {
    let port = master.port.to_string();
    assert_eq!(replica.cli(&["REPLICAOF", "127.0.0.1", &port]).trim(), "OK");
    await_same(master, replica);
}

/// Waits for an unbroken link and equal offsets, then compares every key.
fn await_same(master: &Server, replica: &Server) {
    wait_for("the replica is in step", PATIENCE, || {
        let up = replica.info("master_link_status")? == "up";
        let offset = |server: &Server| server.info("master_repl_offset");
        (up && offset(master) == offset(replica)).then_some(())
    });
    assert_eq!(master.cli(&["DBSIZE"]), replica.cli(&["DBSIZE"]));
    let mut names: Vec<String> = master.cli(&["KEYS", "*"]).lines().map(str::to_owned).collect();
    names.sort();
    let ask = |command: &str| {
        let script: String = names.iter().map(|name| format!("{command} {name}\n")).collect();
        let (ours, theirs) = (master.cli_script(&script), replica.cli_script(&script));
        assert_eq!(ours.lines().count(), names.len(), "{command}");
        let differs = ours.lines().zip(theirs.lines()).position(|(a, b)| a != b);
        assert_eq!(differs.map(|at| &names[at]), None, "{command}");
    };
    ask("DEBUG DIGEST-VALUE");
    ask("PEXPIRETIME");
    // The whole of it in one number, as a person would compare two servers.
    let whole = master.cli(&["DEBUG", "DIGEST"]);
    assert_eq!((whole.trim().len(), replica.cli(&["DEBUG", "DIGEST"])), (40, whole));
}

/// Commands that make a small and a large key of each type that is no string.
fn collections() -> String {
    let many = |count: usize, one: &dyn Fn(usize) -> String| {
        (0..count).map(one).collect::<Vec<_>>().join(" ")
    };
    let mut script = String::new();
    for (size, name) in [(5, "small"), (700, "large")] {
        let long = "x".repeat(size);
        for (command, elements) in [
            ("RPUSH", many(size, &|n| format!("{n} element-{n} {}", "-".repeat(n % 90)))),
            ("SADD", many(size, &|n| format!("member-{n}"))),
            ("HSET", many(size, &|n| format!("field-{n} {n}"))),
            ("ZADD", many(size, &|n| format!("{}.5 member-{n}", n * n))),
            ("SET", long.clone()),
        ] {
            let elements = elements.replace("  ", " ");
            writeln!(script, "{command} {name}:{command} {elements}").unwrap();
        }
        writeln!(script, "SADD {name}:integers {}", many(size, &|n| (n * 100_003).to_string()))
            .unwrap();
        writeln!(script, "PEXPIRE {name}:HSET 5000000").unwrap();
    }
    script
}

/// Commands whose effect is not what they say: what replicas get is another command.
const EFFECTS: &str = "SPOP small:SADD 2\nINCRBYFLOAT number:7 0.1\nHINCRBYFLOAT small:HSET field-1 \
                       0.25\nLPOP large:RPUSH 3\nLMOVE large:RPUSH small:RPUSH LEFT RIGHT\nZPOPMIN \
                       large:ZADD 5\nZINCRBY small:ZADD 0.1 member-1\nSINTERSTORE both large:SADD \
                       small:SADD\nZUNIONSTORE union 2 small:ZADD large:ZADD\nGETEX late:7 PX \
                       900000\nSET late:8 y EX 800\nRENAME large:integers renamed\nHDEL large:HSET \
                       field-3 field-4\nSREM renamed 0\nLTRIM large:RPUSH 10 300\nGETDEL text:9\n";

fn number(server: &Server, field: &str) -> u64 {
    server.info(field).unwrap().parse().unwrap()
}

fn replicate(master: Make, replica: Make) {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = pair(master, replica, &folder);
    let mut script = String::new();
    for n in 0..KEYS {
        // Raw, compressible and integer strings: every form that a snapshot gives them.
        writeln!(script, "SET text:{n} {}", "abc".repeat(n % 100 + 1)).unwrap();
        writeln!(script, "SET number:{n} {}", n * 1_234_567).unwrap();
        writeln!(script, "SET late:{n} x PX {}", 1_000_000 + n).unwrap();
    }
    assert_eq!(a.cli_script(&script).lines().filter(|line| *line == "OK").count(), 3 * KEYS);
    let said = a.cli_script(&collections());
    assert!(!said.contains("ERR") && said.lines().count() == 14, "{said}");

    // Everything, then the stream.
    follow(&b, &a);
    assert_eq!(number(&a, "connected_slaves"), 1);
    assert_eq!(number(&a, "sync_full"), 1);
    let ttl: u64 = b.cli(&["PTTL", "late:5"]).trim().parse().unwrap();
    assert!((900_000..1_000_006).contains(&ttl), "{ttl}");
    let said = a.cli_script(EFFECTS);
    assert!(!said.contains("ERR") && !said.contains("WRONGTYPE"), "{said}");
    await_same(&a, &b);
    let written =
        a.cli_script("INCR number:0\nAPPEND text:1 more\nDEL text:2\nEXPIRE text:3 900\n");
    assert_eq!(written.lines().count(), 4);
    assert_eq!(a.cli_script("SET waited 1\nWAIT 1 5000\n"), "OK\n1\n");
    await_same(&a, &b);
    assert_eq!(b.cli(&["GET", "number:0"]).trim(), "1");
    assert!(b.cli(&["SET", "x", "1"]).contains("READONLY"));

    // A key that expires goes by the master's word.
    let keys = a.cli(&["DBSIZE"]);
    assert_eq!(a.cli(&["SET", "short", "1", "PX", "100"]).trim(), "OK");
    wait_for("the key is gone on both", PATIENCE, || (a.cli(&["DBSIZE"]) == keys).then_some(()));
    await_same(&a, &b);

    // A broken link costs only what was missed.
    let broken = match replica {
        Redis => b.cli(&["CLIENT", "KILL", "TYPE", "master"]),
        Slotscope => a.cli(&["CLIENT", "KILL", "TYPE", "replica"]),
    };
    assert_eq!(broken.trim(), "1");
    assert_eq!(a.cli(&["SET", "missed", "1"]).trim(), "OK");
    await_same(&a, &b);
    assert_eq!((number(&a, "sync_full"), number(&a, "sync_partial_ok")), (1, 1));

    // The replica takes over, and the master follows it, without loading anything again.
    assert_eq!(b.cli(&["REPLICAOF", "NO", "ONE"]).trim(), "OK");
    assert_eq!(b.cli(&["SET", "promoted", "1"]).trim(), "OK");
    follow(&a, &b);
    assert_eq!(a.cli(&["GET", "promoted"]).trim(), "1");
    assert_eq!((number(&b, "sync_full"), number(&b, "sync_partial_ok")), (0, 1));
    assert_eq!(a.info("master_replid"), b.info("master_replid"));
    assert_eq!(a.info("master_replid2"), b.info("master_replid2"));
}

/// Ours is the master.
#[test]
fn redis_follows_slotscope() {
    replicate(Slotscope, Redis);
}

/// Theirs is the master: the snapshot comes without a length, ended by a mark.
#[test]
fn slotscope_follows_redis() {
    replicate(Redis, Slotscope);
}

/// `redis-cli --rdb` takes a snapshot of ours, and the reference reads it.
#[test]
fn a_snapshot_of_ours_is_read_by_the_reference() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Server::start(Slotscope, ports::free(), folder.path(), &[]);
    assert_eq!(ours.cli_script("SET a 1\nSET b text\nSET c x EX 1000\n"), "OK\nOK\nOK\n");
    let theirs = folder.path().join("theirs");
    std::fs::create_dir(&theirs).unwrap();
    let said = ours.cli(&["--rdb", theirs.join("dump.rdb").to_str().unwrap()]);
    assert!(said.contains("Transfer finished with success"), "{said}");
    let dir = theirs.to_str().unwrap();
    let theirs = Server::start(Redis, ports::free(), folder.path(), &["--dir", dir]);
    assert_eq!(theirs.cli(&["DBSIZE"]).trim(), "3");
    assert_eq!(theirs.cli_script("GET a\nGET b\nGET c\n"), "1\ntext\nx\n");
    let ttl: u64 = theirs.cli(&["TTL", "c"]).trim().parse().unwrap();
    assert!((900..=1000).contains(&ttl), "{ttl}");
}

/// The master of either make goes on while a replica gets everything, and what it wrote meanwhile
/// comes behind; in both forms of a snapshot. A replica that goes away in the middle leaves nothing.
#[test]
fn a_master_goes_on_while_a_replica_gets_everything() {
    for (replica, diskless) in [(Redis, "yes"), (Redis, "no"), (Slotscope, "yes")] {
        let folder = tempfile::tempdir().unwrap();
        // Slow enough that there is time to look: 4 ms for each of 500 keys.
        let slow = ["--repl-diskless-sync", diskless, "--rdb-key-save-delay", "4000"];
        let a = Server::start(Slotscope, ports::free(), folder.path(), &slow);
        let debug: &[&str] = match replica {
            Redis => &["--enable-debug-command", "yes"],
            Slotscope => &[],
        };
        let mut b = Server::start(replica, ports::free(), folder.path(), debug);
        let keys: String =
            (0..500).map(|n| format!("SET key:{n} {}\n", "x".repeat(n + 1))).collect();
        assert_eq!(a.cli_script(&keys).lines().count(), 500);
        let port = a.port.to_string();
        assert_eq!(b.cli(&["REPLICAOF", "127.0.0.1", &port]).trim(), "OK");
        let is_sending = || a.info("slave0").is_some_and(|line| line.contains("state=send_bulk"));
        wait_for("the snapshot is on its way", PATIENCE, || is_sending().then_some(()));

        // Nobody has it yet, and WAIT says so; nothing else is different.
        assert_eq!(a.cli_script("SET key:1 new\nDEL key:2\nWAIT 1 10\n"), "OK\n1\n0\n");
        assert!(is_sending(), "{replica:?} {diskless}: it all went on beside it");
        await_same(&a, &b);
        assert_eq!(b.cli(&["GET", "key:1"]).trim(), "new");
        assert_eq!(a.cli_script("SET last 1\nWAIT 1 20000\n"), "OK\n1\n");
        assert_eq!(number(&a, "sync_full"), 1);

        assert_eq!(b.cli_script("REPLICAOF NO ONE\nFLUSHALL\n"), "OK\nOK\n");
        assert_eq!(b.cli(&["REPLICAOF", "127.0.0.1", &port]).trim(), "OK");
        wait_for("the snapshot is on its way", PATIENCE, || is_sending().then_some(()));
        b.process().kill();
        wait_for("the master has noticed", PATIENCE, || {
            (a.info("connected_slaves").as_deref() == Some("0")).then_some(())
        });
        assert_eq!(a.cli(&["PING"]).trim(), "PONG");
    }
}
