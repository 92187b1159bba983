//! What do bytes from a stranger do to a node, and files from a careless hand?
//!
//! An error or a closed link, never an end of the process, never memory without bound. A file
//! that cannot be understood is refused with its line and stays as it is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    path::Path,
    process::Command,
    time::Duration,
};

use slotscope_core::rng::{Rng, Seed};
use slotscope_tests::{
    places,
    ports::{self, BUS_OFFSET},
    process::{Process, wait_for},
    server::{Make, Server},
};
use tempfile::TempDir;

/// How much a node may grow by what strangers send: far below what is sent and promised.
const GROWTH_MAX: u64 = 64 << 20;
const NODE_TIMEOUT_MS: u32 = 2000;

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
    stream
}

/// Sends all of it, then reads until the other side closes or falls silent. Errors are what a
/// stranger deserves, so they end the conversation and nothing else.
fn talk(port: u16, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(port);
    let mut answer = Vec::new();
    if stream.write_all(bytes).is_ok() {
        let mut part = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut part) {
            answer.extend_from_slice(&part[..count]);
        }
    }
    answer
}

/// The node answers, has not ended, and has not grown by more than is allowed.
fn is_well(server: &mut Server, memory_before: u64) {
    assert_eq!(server.cli(&["PING"]).trim(), "PONG");
    assert_eq!(server.process().ended(), None);
    let memory = server.process().memory();
    let grown = memory.saturating_sub(memory_before);
    println!("memory: {} MB before, {} MB now", memory_before >> 20, memory >> 20);
    assert!(grown < GROWTH_MAX, "grown by {grown} bytes");
}

fn noise(rng: &mut Rng, len: usize) -> Vec<u8> {
    (0..len).map(|_| rng.byte()).collect()
}

/// Random bytes on both ports: hundreds of strangers.
#[test]
fn noise_on_both_ports() {
    let folder = TempDir::new().unwrap();
    let mut server =
        Server::cluster_member(Make::Slotscope, ports::free(), folder.path(), NODE_TIMEOUT_MS);
    let before = server.process().memory();
    let mut rng = Rng::new(Seed::from_u64(1));
    for port in [server.port, server.port + BUS_OFFSET] {
        for n in 0..100_u32 {
            let len = usize::try_from(rng.below(if n % 10 == 0 { 200_000 } else { 2000 })).unwrap();
            let mut stream = connect(port);
            // A broken pipe is the right answer.
            drop(stream.write_all(&noise(&mut rng, len)));
        }
    }
    is_well(&mut server, before);
}

/// Requests that are wrong in one place each. The real server is asked the same at the same time,
/// and the words of both are the same.
#[test]
fn malformed_requests_are_answered_as_redis_does() {
    let folder = TempDir::new().unwrap();
    let mut ours = Server::start(Make::Slotscope, ports::free(), folder.path(), &[]);
    let theirs = Server::start(Make::Redis, ports::free(), folder.path(), &[]);
    let before = ours.process().memory();
    let long_inline = vec![b'x'; 70_000];
    let long_count = [b"*".as_slice(), &[b'1'; 70_000]].concat();
    let requests: [&[u8]; 15] = [
        b"*99999999999\r\n",
        b"*-5\r\nPING\r\n",
        b"*x\r\n",
        b"*1\r\nPING\r\n",
        b"*1\r\n$-1\r\n",
        b"*1\r\n$999999999999\r\n",
        b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870913\r\n",
        b"*1\r\n$x\r\n",
        b"SET \"unbalanced\r\n",
        b"\0\0\0\r\n",
        b"\r\n\r\nPING\r\n",
        b"*0\r\nPING\r\n",
        b"*2\r\n$7\r\nNOTHING\r\n$1\r\nx\r\n",
        &long_inline,
        &long_count,
    ];
    for request in requests {
        let shown = String::from_utf8_lossy(&request[..request.len().min(40)]).into_owned();
        let (mine, real) = (talk(ours.port, request), talk(theirs.port, request));
        let (mine, real) = (String::from_utf8_lossy(&mine), String::from_utf8_lossy(&real));
        assert_eq!(mine, real, "after {shown:?}");
    }
    is_well(&mut ours, before);
}

/// A length that is promised is no memory that is spent.
#[test]
fn promises_cost_nothing() {
    let folder = TempDir::new().unwrap();
    let mut server =
        Server::cluster_member(Make::Slotscope, ports::free(), folder.path(), NODE_TIMEOUT_MS);
    let before = server.process().memory();
    let mut open = Vec::new();
    for _ in 0..100 {
        let mut stream = connect(server.port);
        stream.write_all(b"*1000000\r\n$536870912\r\n").unwrap();
        open.push(stream);
    }
    // The bus: a signature, and a length of four gigabytes.
    for _ in 0..100 {
        let mut stream = connect(server.port + BUS_OFFSET);
        drop(stream.write_all(b"RCmb\xff\xff\xff\xff\x00\x01"));
        open.push(stream);
    }
    is_well(&mut server, before);
    drop(open);
    // And one that keeps its word for as long as it is listened to.
    let mut stream = connect(server.port + BUS_OFFSET);
    drop(stream.write_all(b"RCmb\xff\xff\xff\xff\x00\x01"));
    let block = vec![0; 1 << 20];
    for _ in 0..256 {
        if stream.write_all(&block).is_err() {
            break;
        }
    }
    is_well(&mut server, before);
}

/// Bus frames with a right beginning and a wrong rest: every header field in turn.
#[test]
fn frames_with_a_broken_field() {
    let folder = TempDir::new().unwrap();
    let mut server =
        Server::cluster_member(Make::Slotscope, ports::free(), folder.path(), NODE_TIMEOUT_MS);
    let before = server.process().memory();
    let mut rng = Rng::new(Seed::from_u64(2));
    const HEADER: usize = 2256;
    for kind in 0..16_u8 {
        for _ in 0..20 {
            let len = HEADER + usize::try_from(rng.below(600)).unwrap();
            let mut frame = noise(&mut rng, len);
            frame[..4].copy_from_slice(b"RCmb");
            frame[4..8].copy_from_slice(&u32::try_from(len).unwrap().to_be_bytes());
            frame[8..10].copy_from_slice(&[0, 1]);
            frame[12..14].copy_from_slice(&[0, kind]);
            // Gossip entries: sometimes none, sometimes as many as the number can say.
            let count = [0, 1, 3, u16::MAX][usize::try_from(rng.below(4)).unwrap()];
            frame[14..16].copy_from_slice(&count.to_be_bytes());
            let mut stream = connect(server.port + BUS_OFFSET);
            drop(stream.write_all(&frame));
        }
    }
    is_well(&mut server, before);
    // Nobody was introduced by any of this.
    assert_eq!(server.cli(&["CLUSTER", "NODES"]).trim().lines().count(), 1);
}

/// Starts a server that must refuse; what it said.
fn refused(folder: &Path, words: &[&str]) -> String {
    let mut command = Command::new(places::slotscope());
    command.arg("server").args(words).current_dir(folder);
    let mut process = Process::spawn("refused", &mut command, folder);
    let status =
        wait_for("the server refuses to start", Duration::from_secs(20), || process.ended());
    let log = process.log();
    assert!(!status.success(), "it ended well:\n{log}");
    fs::remove_file(folder.join("refused.log")).unwrap();
    log
}

/// A truncated or edited `nodes.conf` is refused with its line, and is afterwards as it was.
#[test]
fn a_damaged_nodes_conf_is_refused_and_untouched() {
    let folder = TempDir::new().unwrap();
    let port = ports::free();
    let mut server = Server::cluster_member(Make::Slotscope, port, folder.path(), NODE_TIMEOUT_MS);
    assert_eq!(server.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).trim(), "OK");
    server.kill();
    let path = server.folder.join("nodes.conf");
    let good = fs::read_to_string(&path).unwrap();
    assert!(good.contains("0-16383"), "{good}");
    let damages = [
        ("truncated", good[..good.len() / 3].to_owned()),
        ("without its last line", good.lines().next().unwrap().to_owned()),
        ("a flag that is none", good.replace("master", "mayor")),
        ("a slot that is none", good.replace("0-16383", "0-16384")),
        ("an epoch that is none", good.replace("currentEpoch ", "currentEpoch x")),
        ("noise", String::from("\u{1}\u{2}\n\u{3}")),
    ];
    for (what, damaged) in damages {
        fs::write(&path, &damaged).unwrap();
        let words = ["--port", &port.to_string(), "--cluster-enabled", "yes"];
        let log = refused(&server.folder, &words);
        assert!(log.contains("nodes.conf"), "{what}: the file is not named:\n{log}");
        assert!(log.contains("line ") || log.contains("nodes.conf:"), "{what}: no line:\n{log}");
        assert_eq!(fs::read_to_string(&path).unwrap(), damaged, "{what}: the file was touched");
    }
    // And with the good one it is the node that it was.
    fs::write(&path, &good).unwrap();
    server.restart();
    assert!(server.cli(&["CLUSTER", "NODES"]).contains("0-16383"));
}

/// Two nodes cannot have one `nodes.conf`, and two servers not one port: each says which.
#[test]
fn what_is_taken_is_named() {
    let folder = TempDir::new().unwrap();
    let server =
        Server::cluster_member(Make::Slotscope, ports::free(), folder.path(), NODE_TIMEOUT_MS);
    let other = ports::free().to_string();
    let log = refused(&server.folder, &["--port", &other, "--cluster-enabled", "yes"]);
    assert!(log.contains("nodes.conf"), "the file is not named:\n{log}");

    let taken = server.port.to_string();
    let log = refused(folder.path(), &["--port", &taken]);
    assert!(log.contains(&taken), "the port is not named:\n{log}");

    // The bus port alone, taken by somebody else.
    let port = ports::free();
    let bus = port + BUS_OFFSET;
    let _listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, bus)).unwrap();
    let words = ["--port", &port.to_string(), "--cluster-enabled", "yes", "--bind", "127.0.0.1"];
    let log = refused(folder.path(), &words);
    assert!(log.contains(&bus.to_string()), "the bus port is not named:\n{log}");
}

/// A directive that does not exist, or does not fit, is refused with file and line.
#[test]
fn a_bad_directive_names_file_and_line() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("node.conf");
    let port = ports::free();
    for (line, word) in [
        ("no-such-directive yes", "no-such-directive"),
        ("cluster-node-timeout soon", "cluster-node-timeout"),
        ("cluster-enabled perhaps", "cluster-enabled"),
        ("port 70000", "port"),
    ] {
        fs::write(&path, format!("# a comment\nport {port}\n{line}\n")).unwrap();
        let log = refused(folder.path(), &["node.conf"]);
        assert!(log.contains("node.conf:3") || log.contains("line 3"), "no line 3:\n{log}");
        assert!(log.contains(word), "{word} is not named:\n{log}");
    }
    let log = refused(folder.path(), &["no-such-file.conf"]);
    assert!(log.contains("no-such-file.conf"), "{log}");
}
