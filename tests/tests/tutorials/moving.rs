//! Data that existed before the cluster: imported from a running instance, or moved in as AOF.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use slotscope_tests::{
    ports,
    process::{Process, wait_for},
    server::{Make, Server},
    typing::{Desk, PATIENCE},
};

use crate::story;

/// Keys of each old instance; every third slot or so is a foreign one then.
const KEYS: usize = 40;

/// Some keys of every type, so that whatever carries them shows what it can carry.
fn fill(port: u16, part: usize) -> BTreeMap<String, String> {
    let mut script = String::new();
    let mut reads = Vec::new();
    for n in 0..KEYS {
        let (write, read) = match n % 5 {
            0 => (format!("SET old:{part}:{n} value-{n}"), "GET"),
            1 => (format!("RPUSH old:{part}:{n} a b {n}"), "LRANGE"),
            2 => (format!("SADD old:{part}:{n} 1 2 {n}"), "SCARD"),
            3 => (format!("HSET old:{part}:{n} field {n}"), "HGETALL"),
            _ => (format!("ZADD old:{part}:{n} 1.5 one {n} two"), "ZRANGE"),
        };
        script.push_str(&write);
        script.push('\n');
        let key = format!("old:{part}:{n}");
        let read = match read {
            "LRANGE" | "ZRANGE" => format!("{read} {key} 0 -1"),
            _ => format!("{read} {key}"),
        };
        reads.push((key, read));
    }
    let words = format!("printf '{}' | redis-cli -p {port}", script.replace('\n', "\\n"));
    let shown = Command::new("sh").args(["-c", &words]).output().unwrap();
    assert!(!String::from_utf8_lossy(&shown.stdout).contains("ERR"), "{shown:?}");
    reads.into_iter().map(|(_, read)| (read.clone(), ask(port, &read))).collect()
}

/// The answer of a node, or of the one that it redirects to.
fn ask(port: u16, line: &str) -> String {
    let mut command = Command::new("redis-cli");
    command.args(["-c", "-p", &port.to_string()]).args(line.split(' '));
    String::from_utf8_lossy(&command.output().unwrap().stdout).into_owned()
}

/// `--cluster import` from a running instance of either make.
pub fn import(desk: &mut Desk) {
    for (part, make) in [desk.make, Make::Redis].into_iter().enumerate() {
        let below = desk.below().join(format!("source-{part}"));
        fs::create_dir(&below).unwrap();
        let source = Server::start(make, desk.ours(6379), &below, &[]);
        let values = fill(source.port, 100 + part);
        desk.types("import", &[]);
        assert_eq!(source.cli(&["DBSIZE"]).trim(), "0", "keys stayed in the source");
        for (read, value) in values {
            assert_eq!(ask(desk.ours(7000), &read), value, "{read}");
        }
    }
    story::await_calm(desk, desk.nodes.len());
}

/// Three old masters, whose files become those of three new nodes.
pub fn move_in(desk: &mut Desk) {
    // The cluster so far has played its part; the text creates one of N masters.
    let kept = desk.nodes.keys().copied().collect::<Vec<_>>();
    for port in kept {
        desk.nodes.remove(&port);
        fs::remove_dir_all(desk.folder.join(port.to_string())).unwrap();
    }
    // One of ours, one of the reference, and one from before version 7: a single file.
    let mut values = BTreeMap::new();
    let kept = desk.below().join("aof");
    for (part, make) in [desk.make, Make::Redis, Make::Redis].into_iter().enumerate() {
        let below = desk.below().join(format!("old-{part}"));
        fs::create_dir(&below).unwrap();
        let old = Server::start(make, ports::free(), &below, &["--appendonly", "yes"]);
        values.extend(fill(old.port, part));
        let row = desk.row("rewrite of the old instances");
        let shown = old.cli(&[&row.commands[0]]);
        slotscope_tests::table::assert_seen(&row.step, &shown, &row.seen);
        wait_for("the file is written", PATIENCE, || {
            let is_over = old.info("aof_rewrite_in_progress")? == "0"
                && old.info("aof_rewrite_scheduled")? == "0";
            (is_over && old.info("aof_last_bgrewrite_status")? == "ok").then_some(())
        });
        let kept = kept.join(format!("aof-{part}"));
        fs::create_dir_all(&kept).unwrap();
        if part == 2 {
            as_before_7(&old.folder, &kept);
        } else {
            copy(&old.folder.join("appendonlydir"), &kept.join("appendonlydir"));
        }
    }
    // Three masters without replicas.
    let ports: [u16; 3] = [7000, 7001, 7002];
    for port in ports {
        story::furnish(desk, port);
        desk.starts("start", port);
    }
    let all = "127.0.0.1:7000 127.0.0.1:7001 127.0.0.1:7002";
    let shown = desk.shell(&format!("redis-cli --cluster create {all} --cluster-yes"), "");
    assert!(shown.contains("[OK] All 16384 slots covered."), "{shown}");
    story::await_calm(desk, 3);
    for (part, port) in ports.into_iter().enumerate() {
        let node: &mut Process = desk.nodes.get_mut(&port).unwrap();
        node.signal("TERM");
        wait_for("it stops", PATIENCE, || node.ended());
        let folder = desk.folder.join(port.to_string());
        fs::remove_dir_all(folder.join("appendonlydir")).unwrap();
        let kept = kept.join(format!("aof-{part}"));
        copy(&kept, &folder);
    }
    for port in ports {
        desk.starts_again(port);
        drop(
            desk.await_log(
                port,
                "but the slot is assigned to another node. Setting it to importing",
            ),
        );
    }
    wait_for("they serve", PATIENCE, || {
        let is_ok = |port| desk.cli(port, &["CLUSTER", "INFO"]).contains("cluster_state:ok");
        ports.into_iter().all(is_ok).then_some(())
    });
    desk.types("fix", &[]);
    desk.types("check after the fix", &[]);
    story::await_calm(desk, 3);
    for (read, value) in values {
        assert_eq!(ask(desk.ours(7000), &read), value, "{read}");
    }
}

/// The single file that versions before 7 had: the base, and the commands after it.
fn as_before_7(old: &Path, to: &Path) {
    let mut files: Vec<_> =
        fs::read_dir(old.join("appendonlydir")).unwrap().map(|file| file.unwrap().path()).collect();
    // `…base.rdb` comes before `…incr.aof`, the manifest is neither.
    files.sort();
    let is_part = |end: &str| end == "rdb" || end == "aof";
    files.retain(|file| file.extension().is_some_and(|end| is_part(&end.to_string_lossy())));
    let whole: Vec<u8> = files.iter().flat_map(|file| fs::read(file).unwrap()).collect();
    fs::write(to.join("appendonly.aof"), whole).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
