//! Databases other than 0, outside of a cluster: do they hold what those of `redis-server` 7.0
//! hold, here, on a replica of the other make, and in files?
//!
//! Both get the same random commands, and DEBUG DIGEST, which counts the database of a key in, must
//! be the same.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::time::Duration;

use slotscope_core::rng::{Rng, Seed};
use slotscope_tests::{
    ports,
    process::wait_for,
    server::{
        Make::{self, Redis, Slotscope},
        Server,
    },
    wire::Wire,
};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);
const DEBUG: [&str; 2] = ["--enable-debug-command", "yes"];

/// `k` a key, `d` a database, `t` a time far away; the rest stands for itself.
const SHAPES: [&str; 27] = [
    "select d",
    "select d",
    "set k k",
    "set k d",
    "set k d pxat t",
    "get k",
    "incr k",
    "append k d",
    "del k k",
    "rename k k",
    "copy k k",
    "copy k k db d",
    "copy k k db d replace",
    "move k d",
    "swapdb d d",
    "rpush l k k",
    "lmove l m left right",
    "dbsize",
    "exists k k k",
    "pexpireat k t",
    "persist k",
    "pexpireat k 5",
    "multi",
    "exec",
    "watch k k",
    "unwatch",
    "object encoding k",
];

fn ask(wire: &mut Wire, words: &[&str]) -> String {
    wire.say(words);
    wire.send().unwrap();
    wire.answer().unwrap()
}

fn random(rng: &mut Rng) -> Vec<&'static str> {
    const KEYS: [&str; 5] = ["a", "b", "c", "l", "m"];
    const DATABASES: [&str; 7] = ["0", "1", "2", "9", "15", "16", "-1"];
    const LATER: [&str; 2] = ["99999999999123", "88888888888123"];
    fn pick(rng: &mut Rng, from: &[&'static str]) -> &'static str {
        from[rng.index(from.len())]
    }
    let shape = pick(rng, &SHAPES);
    let word = |rng: &mut Rng, word: &'static str| match word {
        "k" => pick(rng, &KEYS),
        "d" => pick(rng, &DATABASES),
        "t" => pick(rng, &LATER),
        _ => word,
    };
    shape.split(' ').map(|part| word(rng, part)).collect()
}

/// So many random commands of a few clients; each step shown with its answer.
fn work(server: &Server, seed: u64, steps: usize) -> Vec<String> {
    let mut clients: Vec<Wire> = (0..3).map(|_| Wire::open(server.port)).collect();
    let mut rng = Rng::new(Seed::from_u64(seed));
    let step = |step| {
        let who = rng.index(clients.len());
        // Now and then everything of one database, and seldom of all.
        let words = match step % 400 {
            150 => vec!["flushdb"],
            399 if step % 1200 == 1199 => vec!["flushall"],
            n if n % 100 == 99 => vec!["debug", "digest"],
            _ => random(&mut rng),
        };
        format!("{step} client {who}: {words:?}: {}", ask(&mut clients[who], &words))
    };
    (0..steps).map(step).collect()
}

fn digest(server: &Server) -> String {
    ask(&mut Wire::open(server.port), &["DEBUG", "DIGEST"])
}

fn start(make: Make, below: &TempDir, directives: &[&str]) -> Server {
    let directives: Vec<&str> = DEBUG.iter().chain(directives).copied().collect();
    Server::start(make, ports::free(), below.path(), &directives)
}

#[test]
fn every_client_has_a_database_of_its_own_as_in_redis() {
    let folder = tempfile::tempdir().unwrap();
    let (theirs, ours) = (start(Redis, &folder, &[]), start(Slotscope, &folder, &[]));
    for seed in 1..=3 {
        let (wanted, got) = (work(&theirs, seed, 4000), work(&ours, seed, 4000));
        for (at, (wanted, got)) in wanted.iter().zip(&got).enumerate() {
            let before = got.len().min(at);
            assert_eq!(got, wanted, "seed {seed}, behind {before} equal steps");
        }
        assert_eq!(digest(&ours), digest(&theirs));
    }
}

#[test]
fn who_waits_or_listens_does_so_in_one_database() {
    let folder = tempfile::tempdir().unwrap();
    for make in [Redis, Slotscope] {
        let server = start(make, &folder, &["--notify-keyspace-events", "KEA"]);
        let [mut waits, mut other, mut listens] = [(); 3].map(|()| Wire::open(server.port));
        ask(&mut listens, &["PSUBSCRIBE", "*"]);
        ask(&mut waits, &["SELECT", "3"]);
        waits.say(&["BLPOP", "l", "30"]);
        waits.send().unwrap();
        wait_for("it waits", PATIENCE, || {
            (server.info("blocked_clients").as_deref() == Some("1")).then_some(())
        });
        // Neither is where it waits; then a database comes that has the key.
        assert_eq!(ask(&mut other, &["RPUSH", "l", "zero"]), ":1", "{make:?}");
        ask(&mut other, &["SELECT", "5"]);
        assert_eq!(ask(&mut other, &["RPUSH", "l", "five"]), ":1", "{make:?}");
        assert_eq!(server.info("blocked_clients").as_deref(), Some("1"), "{make:?}");
        assert_eq!(ask(&mut other, &["SWAPDB", "3", "5"]), "+OK", "{make:?}");
        assert_eq!(waits.answer().unwrap(), "*2\nl\nfive", "{make:?}");
        assert_eq!(ask(&mut other, &["EXISTS", "l"]), ":0", "{make:?}: that was the last one");
        let mut heard = Vec::new();
        while heard.len() < 4 {
            let message = listens.answer().unwrap();
            heard.extend(message.contains("keyspace@").then_some(message));
        }
        let wanted = [("0", "rpush"), ("5", "rpush"), ("3", "lpop"), ("3", "del")]
            .map(|(db, event)| format!("*4\npmessage\n*\n__keyspace@{db}__:l\n{event}"));
        assert_eq!(heard, wanted, "{make:?}");
    }
}

#[test]
fn a_replica_of_the_other_make_has_the_same_databases() {
    for (make, other) in [(Redis, Slotscope), (Slotscope, Redis)] {
        let folder = tempfile::tempdir().unwrap();
        let master = start(make, &folder, &[]);
        // One half comes as a snapshot, the other as a stream, which breaks in between.
        work(&master, 11, 1100);
        let port = master.port.to_string();
        let replica = start(other, &folder, &["--replicaof", "127.0.0.1", &port]);
        let follows = || {
            wait_for("the link is up", PATIENCE, || {
                (replica.info("master_link_status").as_deref() == Some("up")).then_some(())
            });
        };
        follows();
        for round in 0..4 {
            work(&master, 20 + round, 500);
            let mut client = Wire::open(master.port);
            // What is written next is in another database than the last, or not.
            ask(&mut client, &["SELECT", if round % 2 == 0 { "9" } else { "2" }]);
            ask(&mut client, &["SET", "last", &round.to_string()]);
            assert_eq!(ask(&mut client, &["WAIT", "1", "20000"]), ":1");
            assert_eq!(digest(&replica), digest(&master), "{other:?} following {make:?}");
            assert_eq!(server_kills_link(&replica), ":1");
            ask(&mut client, &["SET", "while", "it was away"]);
            follows();
        }
        assert_eq!(master.info("sync_full").as_deref(), Some("1"));
        assert_eq!(master.info("sync_partial_ok").as_deref(), Some("4"));
        let keyspace = |server: &Server| {
            let info = server.cli(&["INFO", "keyspace"]);
            let keys = info.lines().filter_map(|line| line.split_once(",expires"));
            keys.map(|(keys, _)| keys.to_owned()).collect::<Vec<_>>()
        };
        wait_for("nothing is under way", PATIENCE, || {
            (digest(&replica) == digest(&master)).then_some(())
        });
        assert_eq!(keyspace(&replica), keyspace(&master));
    }
}

/// Cuts the link to the master; how many were cut.
fn server_kills_link(replica: &Server) -> String {
    ask(&mut Wire::open(replica.port), &["CLIENT", "KILL", "TYPE", "master"])
}

#[test]
fn files_keep_the_database_of_a_key() {
    for (first, appends, preamble) in
        [(Slotscope, "yes", "yes"), (Redis, "yes", "no"), (Slotscope, "no", "yes")]
    {
        let folder = tempfile::tempdir().unwrap();
        let directives =
            ["--appendonly", appends, "--aof-use-rdb-preamble", preamble, "--appendfsync", "no"];
        let mut server = start(first, &folder, &directives);
        for round in 0..4 {
            work(&server, 30 + round, 380);
            if appends == "no" {
                assert_eq!(server.cli(&["SAVE"]).trim(), "OK");
            } else if round % 2 == 1 {
                assert!(server.cli(&["BGREWRITEAOF"]).contains("started"));
                wait_for("the rewrite has ended", PATIENCE, || {
                    (server.info("aof_rewrite_in_progress")? == "0").then_some(())
                });
                work(&server, 50 + round, 100);
            }
            let written = digest(&server);
            assert_eq!(server.cli(&["SHUTDOWN", "NOSAVE"]).trim(), "");
            wait_for("the process has ended", PATIENCE, || server.process().ended());
            let from = server.make;
            server.make = if from == Redis { Slotscope } else { Redis };
            server.restart();
            wait_for("it has loaded its files", PATIENCE, || {
                (server.cli(&["PING"]).trim() == "PONG").then_some(())
            });
            assert_eq!(digest(&server), written, "of {from:?}, read by {:?}", server.make);
        }
    }
}
