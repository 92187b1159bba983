//! Files of the dataset go from `slotscope server` to the real `redis-server` 7.0 and back; damaged
//! ones stop the start and stay as they are; cut ones are cut where Redis cuts them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use slotscope_tests::{
    places, ports,
    process::{Process, wait_for},
    server::{
        Make::{self, Redis, Slotscope},
        Server,
    },
    wire::Wire,
};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

fn start(make: Make, below: &TempDir, directives: &[&str]) -> Server {
    Server::start(make, ports::free(), below.path(), directives)
}

/// Waits until it has loaded its files: Redis accepts connections before.
fn loaded(server: &Server) {
    wait_for("it has loaded its files", PATIENCE, || {
        (server.cli(&["PING"]).trim() == "PONG").then_some(())
    });
}

/// Starts another make in the same folder.
fn hand_over(server: &mut Server, to: Make) {
    assert_eq!(server.cli(&["SHUTDOWN"]).trim(), "");
    wait_for("the process has ended", PATIENCE, || server.process().ended());
    server.make = to;
    server.restart();
    loaded(server);
}

/// Writes of every kind, each with another number so that later ones differ.
fn fill(server: &Server, round: usize) {
    let mut script = String::new();
    for n in 0..300 {
        writeln!(script, "SET text:{round}:{n} {}", "abc".repeat(n % 60 + 1)).unwrap();
        writeln!(script, "SET number:{n} {}", n * 7_654_321 + round).unwrap();
        writeln!(script, "SET late:{n} x PX {}", 100_000_000 + n).unwrap();
        writeln!(script, "RPUSH list:{} a {n} {round}", n % 7).unwrap();
        writeln!(script, "SADD set:{} {n} m{round}", n % 3).unwrap();
        writeln!(script, "SADD numbers:{} {n}", n % 5).unwrap();
        writeln!(script, "HSET hash:{} f{n} {round} g{round} v", n % 4).unwrap();
        writeln!(script, "ZADD sorted:{} {}.5 m{n} {round} r{round}", n % 4, n % 50).unwrap();
    }
    script.push_str("INCR number:0\nAPPEND text:0:0 more\nDEL number:7\nPERSIST late:9\n");
    script.push_str("LPOP list:1\nSPOP set:1\nINCRBYFLOAT number:3 0.25\nSREM set:2 5\n");
    script.push_str("MULTI\nSET in:multi 1\nINCR in:multi\nRENAME number:4 renamed\nEXEC\n");
    script.push_str("EXPIRE text:0:1 9999\nGETEX text:0:2 PX 99999999\nZINCRBY sorted:1 1.5 m1\n");
    let printed = server.cli_script(&script);
    assert!(!printed.contains("ERR") && !printed.contains("MISCONF"), "{printed}");
}

/// Every key with its type, value and expiry, as the commands show them.
fn content(server: &Server) -> BTreeMap<String, String> {
    let listed = server.cli(&["KEYS", "*"]);
    let mut keys: Vec<String> =
        listed.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    keys.sort();
    let types = answers(server, keys.iter().map(|key| vec!["TYPE".into(), key.clone()]));
    let reads = keys.iter().zip(&types).map(|(key, kind)| {
        let words: &[&str] = match kind.as_str() {
            "+string" => &["GET", key],
            "+list" => &["LRANGE", key, "0", "-1"],
            "+set" => &["SMEMBERS", key],
            "+hash" => &["HGETALL", key],
            "+zset" => &["ZRANGE", key, "0", "-1", "WITHSCORES"],
            other => panic!("{key} is a {other}"),
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    });
    let values = answers(server, reads);
    let expiries = answers(server, keys.iter().map(|key| vec!["PEXPIRETIME".into(), key.clone()]));
    let mut found = BTreeMap::new();
    for (((key, kind), value), expiry) in keys.into_iter().zip(types).zip(values).zip(expiries) {
        let value = match kind.as_str() {
            // No order is promised for these.
            "+set" => sorted(&value, 1),
            "+hash" => sorted(&value, 2),
            _ => value,
        };
        found.insert(key, format!("{kind} {value} {expiry}"));
    }
    found
}

fn sorted(list: &str, group: usize) -> String {
    let items: Vec<&str> = list.split('\n').skip(1).collect();
    let mut groups: Vec<&[&str]> = items.chunks(group).collect();
    groups.sort_unstable();
    groups.concat().join("\n")
}

/// Answers to a pipeline, aggregates as lines.
fn answers(server: &Server, commands: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    let mut wire = Wire::open(server.port);
    let mut all = Vec::new();
    let commands: Vec<Vec<String>> = commands.collect();
    for batch in commands.chunks(100) {
        for words in batch {
            wire.say(&words.iter().map(String::as_str).collect::<Vec<_>>());
        }
        wire.send().unwrap();
        all.extend(batch.iter().map(|_| wire.answer().unwrap()));
    }
    all
}

fn same(ours: &BTreeMap<String, String>, theirs: &BTreeMap<String, String>, when: &str) {
    for (key, value) in ours {
        assert_eq!(theirs.get(key), Some(value), "{key} {when}");
    }
    assert_eq!(ours.len(), theirs.len(), "keys {when}");
}

fn check(program: &str, path: &Path) {
    let output = Command::new(program).arg(path).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{program} {}: {text}", path.display());
}

fn manifest(server: &Server) -> PathBuf {
    server.folder.join("appendonlydir/appendonly.aof.manifest")
}

fn rewrite(server: &Server) {
    assert!(server.cli(&["BGREWRITEAOF"]).contains("started"));
    wait_for("the rewrite has ended", PATIENCE, || {
        let idle = server.info("aof_rewrite_in_progress")? == "0";
        (idle && server.info("aof_rewrites")? != "0").then_some(())
    });
    assert_eq!(server.info("aof_last_bgrewrite_status").as_deref(), Some("ok"));
}

fn logs_are_exchanged(first: Make, second: Make, preamble: &str) {
    let folder = tempfile::tempdir().unwrap();
    let directives =
        ["--appendonly", "yes", "--aof-use-rdb-preamble", preamble, "--appendfsync", "no"];
    let mut server = start(first, &folder, &directives);
    for round in 0..4 {
        fill(&server, round);
        if round % 2 == 1 {
            // What comes behind a rewrite goes into a file of its own.
            rewrite(&server);
            assert_eq!(server.cli(&["SET", "behind", &round.to_string()]).trim(), "OK");
        }
        let written = content(&server);
        let from = server.make;
        let to = if from == first { second } else { first };
        hand_over(&mut server, to);
        same(&written, &content(&server), &format!("of {from:?}, read by {to:?}"));
        check("redis-check-aof", &manifest(&server));
    }
    let names = fs::read_dir(server.folder.join("appendonlydir")).unwrap().count();
    assert_eq!(names, 3, "a base, an increment, a manifest");
}

#[test]
fn append_only_files_are_exchanged_with_redis() {
    logs_are_exchanged(Slotscope, Redis, "yes");
    logs_are_exchanged(Redis, Slotscope, "no");
}

#[test]
fn snapshots_are_exchanged_with_redis() {
    for (first, second, compression) in [(Slotscope, Redis, "yes"), (Redis, Slotscope, "no")] {
        let folder = tempfile::tempdir().unwrap();
        let directives = ["--rdbcompression", compression];
        let mut server = start(first, &folder, &directives);
        for round in 0..3 {
            fill(&server, round);
            assert_eq!(server.cli(&["SAVE"]).trim(), "OK");
            check("redis-check-rdb", &server.folder.join("dump.rdb"));
            let written = content(&server);
            let to = if server.make == first { second } else { first };
            hand_over(&mut server, to);
            same(&written, &content(&server), &format!("read by {to:?}"));
        }
    }
}

/// All files below a folder with their bytes, logs of processes aside.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_none_or(|kind| kind != "log") {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

/// Starts in a folder whose files are damaged: it must end, say where, and change nothing.
fn refuses(server: &mut Server, directives: &[&str], words: &[&str]) {
    server.kill();
    let before = files(&server.folder);
    let mut command = Command::new(places::slotscope());
    command.args(["server", "--port", &server.port.to_string(), "--dir"]);
    command.arg(&server.folder).args(directives);
    let mut process = Process::spawn("refusing", &mut command, &server.folder);
    let status = wait_for("it ends", PATIENCE, || process.ended());
    assert!(!status.success());
    let log = process.log();
    for word in words {
        assert!(log.contains(word), "no {word:?} in:\n{log}");
    }
    assert_eq!(files(&server.folder), before, "something on disk has changed");
    fs::remove_file(server.folder.join("refusing.log")).unwrap();
}

#[test]
fn damage_stops_the_start_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let on = ["--appendonly", "yes"];
    let mut server = start(Slotscope, &folder, &on);
    fill(&server, 0);
    rewrite(&server);
    fill(&server, 1);
    assert_eq!(server.cli(&["SHUTDOWN", "NOSAVE"]).trim(), "");
    wait_for("the process has ended", PATIENCE, || server.process().ended());
    let dir = server.folder.join("appendonlydir");
    let (base, increment) =
        (dir.join("appendonly.aof.2.base.rdb"), dir.join("appendonly.aof.2.incr.aof"));

    // In the middle of the increment.
    let good = fs::read(&increment).unwrap();
    let middle =
        good.len() / 2 + good[good.len() / 2..].windows(2).position(|w| w == b"\n*").unwrap();
    let mut bad = good.clone();
    bad[middle + 1] = b'?';
    fs::write(&increment, &bad).unwrap();
    let at = format!("at byte {}", middle + 1);
    refuses(
        &mut server,
        &on,
        &["Bad file format reading the append only file appendonly.aof.2.incr.aof", &at],
    );
    fs::write(&increment, &good).unwrap();

    // A tail, where that is not to be forgiven.
    fs::write(&increment, &good[..good.len() - 3]).unwrap();
    let strict = ["--appendonly", "yes", "--aof-load-truncated", "no"];
    refuses(&mut server, &strict, &["Unexpected end of file reading the append only file"]);
    fs::write(&increment, &good).unwrap();

    // The base: a byte, and its end.
    let whole = fs::read(&base).unwrap();
    let mut bad = whole.clone();
    let last = bad.len() - 20;
    bad[last] ^= 0x55;
    fs::write(&base, &bad).unwrap();
    refuses(&mut server, &on, &["appendonly.aof.2.base.rdb", "offset", "AOF loading aborted"]);
    fs::write(&base, &whole[..whole.len() / 2]).unwrap();
    refuses(&mut server, &on, &["appendonly.aof.2.base.rdb", "offset"]);
    // A snapshot file likewise.
    fs::write(server.folder.join("dump.rdb"), &whole[..whole.len() / 2]).unwrap();
    refuses(&mut server, &[], &["dump.rdb", "offset", "Terminating server"]);
    fs::write(&base, &whole).unwrap();

    // The manifest.
    let named = manifest(&server);
    let text = fs::read_to_string(&named).unwrap();
    fs::write(&named, text.replace("type i", "type x")).unwrap();
    refuses(&mut server, &on, &["FATAL AOF MANIFEST FILE ERROR", "at line 2"]);
    fs::write(&named, text).unwrap();
    server.restart();
    assert!(server.cli(&["DBSIZE"]).trim() != "0");
}

#[test]
fn a_cut_tail_is_cut_off_as_redis_does() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = start(Slotscope, &folder, &["--appendonly", "yes"]);
    let printed = server.cli_script("SET a 1\nSET b 2\nMULTI\nSET c 3\nSET d 4\nEXEC\n");
    assert_eq!(printed.lines().filter(|line| *line == "OK").count(), 5, "{printed}");
    assert_eq!(server.cli(&["SHUTDOWN", "NOSAVE"]).trim(), "");
    wait_for("the process has ended", PATIENCE, || server.process().ended());
    let increment = server.folder.join("appendonlydir/appendonly.aof.1.incr.aof");
    let whole = fs::read(&increment).unwrap();
    let multi = whole.windows(9).position(|bytes| bytes == b"$5\r\nMULTI").unwrap() - 4;
    for end in (0..whole.len()).rev().step_by(7) {
        let mut left = Vec::new();
        for make in [Slotscope, Redis] {
            fs::write(&increment, &whole[..end]).unwrap();
            server.make = make;
            server.restart();
            loaded(&server);
            left.push((content(&server), fs::read(&increment).unwrap()));
        }
        let ((ours, our_file), (theirs, their_file)) = (&left[0], &left[1]);
        assert_eq!(ours, theirs, "cut to {end} bytes");
        // Differs from Redis: cut within a command of the transaction, 7.0.15 leaves the MULTI open
        // in the file, and what is appended behind it is lost at the start after next.
        if end <= multi {
            assert_eq!(our_file, their_file, "cut to {end} bytes");
        } else {
            assert_eq!(our_file.len(), multi, "cut to {end} bytes");
            assert!(their_file.starts_with(our_file), "cut to {end} bytes");
        }
        server.kill();
    }
}

#[test]
fn a_single_file_of_the_time_before_is_taken_over() {
    for with_snapshot in [false, true] {
        let mut after = Vec::new();
        for make in [Slotscope, Redis] {
            let folder = tempfile::tempdir().unwrap();
            let mut server = start(make, &folder, &[]);
            fill(&server, 0);
            assert_eq!(server.cli(&["SAVE"]).trim(), "OK");
            server.kill();
            let mut old = Vec::new();
            if with_snapshot {
                old = fs::read(server.folder.join("dump.rdb")).unwrap();
            }
            fs::remove_file(server.folder.join("dump.rdb")).unwrap();
            old.extend_from_slice(b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n");
            old.extend_from_slice(b"*3\r\n$3\r\nSET\r\n$3\r\nold\r\n$3\r\nlog\r\n");
            fs::write(server.folder.join("appendonly.aof"), &old).unwrap();
            let port = server.port;
            drop(server);
            let mut server = Server::start(make, port, folder.path(), &["--appendonly", "yes"]);
            loaded(&server);
            assert_eq!(server.cli(&["GET", "old"]).trim(), "log");
            assert_eq!(server.cli(&["SET", "new", "log"]).trim(), "OK");
            assert!(server.process().log().contains(
                "Successfully migrated an old-style AOF file (appendonly.aof) into the AOF \
                 directory (appendonlydir)."
            ));
            hand_over(&mut server, make);
            assert_eq!(server.cli(&["GET", "new"]).trim(), "log");
            let names: Vec<PathBuf> = files(&server.folder)
                .into_keys()
                .map(|path| path.strip_prefix(&server.folder).unwrap().to_owned())
                .collect();
            let text = fs::read_to_string(manifest(&server)).unwrap();
            after.push((names, text, server.cli(&["DBSIZE"])));
        }
        assert_eq!(after[0], after[1], "with a snapshot before it: {with_snapshot}");
    }
}

#[test]
fn who_asks_while_it_loads_is_told_so() {
    for make in [Redis, Slotscope] {
        for log in ["no", "yes"] {
            let folder = TempDir::new().unwrap();
            let slowly =
                ["--key-load-delay", "3000", "--rdbcompression", "no", "--appendonly", log];
            let often = ["--loading-process-events-interval-bytes", "1024"];
            let mut server = start(make, &folder, &[&slowly[..], &often].concat());
            let lines: String =
                (0..500).fold(String::new(), |text, n| format!("{text}SET k{n} {n:0200}\n"));
            let answers = server.cli_script(&lines);
            assert_eq!(answers.lines().filter(|line| *line == "OK").count(), 500, "{answers}");
            if log == "yes" {
                // The base is what is slow: each command of a log waits only in Redis 7.2.
                let said = server.cli(&["BGREWRITEAOF"]);
                assert!(said.starts_with("Background append only file rewriting"), "{said}");
                wait_for("the log is rewritten", PATIENCE, || {
                    (server.info("aof_rewrite_in_progress")? == "0").then_some(())
                });
            }
            assert_eq!(server.cli(&["SHUTDOWN", "SAVE"]).trim(), "");
            wait_for("the process has ended", PATIENCE, || server.process().ended());
            server.restart();
            for words in [&["PING"][..], &["GET", "k1"], &["CONFIG", "SET", "appendonly", "no"]] {
                let told = server.cli(words);
                assert!(told.starts_with("LOADING "), "{make:?} {log}: {words:?}: {told}");
            }
            assert_eq!(server.cli(&["CONFIG", "GET", "port"]).lines().next(), Some("port"));
            assert_eq!(server.info("loading").as_deref(), Some("1"), "{make:?} {log}");
            for field in ["start_time", "total_bytes", "rdb_used_mem", "loaded_perc", "eta_seconds"]
            {
                assert!(server.info(&format!("loading_{field}")).is_some(), "{make:?}: {field}");
            }
            assert_eq!(server.cli(&["CONFIG", "SET", "key-load-delay", "0"]).trim(), "OK");
            loaded(&server);
            assert_eq!(server.info("loading").as_deref(), Some("0"));
            assert_eq!(server.cli(&["DBSIZE"]).trim(), "500");
        }
    }
}
