//! Do several clients see of each other what they would see on `redis-server` 7.0? Transactions,
//! watched keys, channels, waiting; and messages between nodes of both makes in one cluster.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    process::Command,
    time::Duration,
};

use slotscope_tests::{
    cluster::Cluster,
    places, ports,
    process::wait_for,
    server::{Make, Server, redis_cli},
    verbatim::Verbatim,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// What clients say and hear, and what replicas are told meanwhile.
fn play(server: &Server, script: &str) -> Vec<String> {
    let mut clients: BTreeMap<&str, Verbatim> = BTreeMap::new();
    let (mut feed, mut told) = (Verbatim::follow(server), Vec::new());
    let mut control = Verbatim::to(server);
    let lines = script.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    for (n, line) in lines.enumerate() {
        let mut words: Vec<&str> =
            line.split(' ').map(|word| if word == "''" { "" } else { word }).collect();
        let head = words.remove(0);
        if head == ":" {
            let wanted = format!("blocked_clients:{}\\r\\n", words[0]);
            wait_for(&format!("line {n}: {line}"), PATIENCE, || {
                control.ask(&["INFO", "clients"]).contains(&wanted).then_some(())
            });
            continue;
        }
        let (name, how) = head.split_at(1);
        let client = clients.entry(name).or_insert_with(|| Verbatim::to(server));
        let replies = match how.split_at(how.len().min(1)) {
            ("!", _) => 0,
            ("?", _) => words.first().map_or(1, |count| count.parse().unwrap()),
            ("+", count) => count.parse().unwrap(),
            _ => 1,
        };
        if !how.starts_with('?') {
            client.say(&words);
        }
        let heard: Vec<String> = (0..replies).map(|_| unnumbered(&client.value())).collect();
        told.push(format!("{line}\n    {}", heard.join("\n    ")));
    }
    Verbatim::to(server).ask(&["SET", "end", "1"]);
    told.extend(feed.stream_until_end().into_iter().map(|command| format!("told: {command}")));
    told
}

/// Without the number of the connection, which HELLO tells.
fn unnumbered(reply: &str) -> String {
    match reply.split_once("\"id\" :") {
        Some((before, after)) => {
            format!("{before}{}", after.trim_start_matches(|digit: char| digit.is_ascii_digit()))
        }
        None => reply.to_owned(),
    }
}

/// Every reply, every message, and every command that replicas are told.
#[test]
fn clients_meet_as_on_redis() {
    let folder = tempfile::tempdir().unwrap();
    let start =
        |make| Server::start(make, ports::free(), folder.path(), &["--repl-diskless-sync", "no"]);
    let (theirs, ours) = (start(Make::Redis), start(Make::under_test()));
    let script = include_str!("sessions.txt");
    let (wanted, got) = (play(&theirs, script), play(&ours, script));
    let differences: Vec<String> = wanted
        .iter()
        .zip(&got)
        .filter(|(wanted, got)| plain(wanted) != plain(got))
        .map(|(wanted, got)| format!("redis {wanted}\nours  {got}"))
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(got.len(), wanted.len());
}

/// A line without what may differ: moments, and the letter case of what a replica is told.
fn plain(line: &str) -> String {
    let is_moment = |word: &str| word.len() > 12 && word.bytes().all(|b| b.is_ascii_digit());
    let word = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if is_moment(bare) { "a moment".to_owned() } else { word.to_owned() }
    };
    let line: Vec<String> = line.split(' ').map(word).collect();
    let line = line.join(" ");
    if line.starts_with("told:") { line.to_ascii_lowercase() } else { line }
}

/// Masters of both makes, each with a replica of the other make.
fn mixed() -> Cluster {
    let (ours, theirs) = (Make::under_test(), Make::Redis);
    let mut cluster = Cluster::start(&[ours, theirs, ours, theirs, ours, theirs], 5000);
    let address: Vec<String> =
        cluster.servers.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
    let mut words = vec!["--cluster", "create"];
    words.extend(address.iter().map(String::as_str));
    words.extend(["--cluster-replicas", "1", "--cluster-yes"]);
    let printed = redis_cli(&words);
    assert!(printed.contains("[OK] All 16384 slots covered."), "{printed}");
    cluster.await_agreement(PATIENCE);
    let replicas: Vec<u16> = cluster.servers[3..].iter().map(|server| server.port).collect();
    for port in replicas {
        cluster.await_replica_in_sync(port, PATIENCE);
    }
    cluster
}

/// A message to a channel reaches listeners at every node, from a node of either make; a message to
/// a channel of a shard reaches the master and the replica of that shard and nobody else.
#[test]
fn messages_cross_between_makes() {
    let cluster = mixed();
    let servers = &cluster.servers;
    let mut everywhere: Vec<Verbatim> = servers.iter().map(Verbatim::to).collect();
    for wire in &mut everywhere {
        assert_eq!(wire.ask(&["SUBSCRIBE", "news"]), "[\"subscribe\" \"news\" :1]");
        assert_eq!(wire.ask(&["PSUBSCRIBE", "n?ws"]), "[\"psubscribe\" \"n?ws\" :2]");
    }
    for (n, server) in servers.iter().enumerate() {
        let text = format!("from {n}");
        assert_eq!(Verbatim::to(server).ask(&["PUBLISH", "news", &text]), ":2", "here alone");
        for wire in &mut everywhere {
            assert_eq!(wire.value(), format!("[\"message\" \"news\" \"{text}\"]"));
            assert_eq!(wire.value(), format!("[\"pmessage\" \"n?ws\" \"news\" \"{text}\"]"));
        }
    }
    // One channel in the shard of each master: listen at the master and at its replica.
    for channel in ["bar", "hello", "foo"] {
        let mut listeners: Vec<Verbatim> = Vec::new();
        let mut inside = Vec::new();
        for server in servers {
            let mut wire = Verbatim::to(server);
            match wire.ask(&["SSUBSCRIBE", channel]) {
                answer if answer.starts_with("-MOVED") => {}
                answer => {
                    assert_eq!(answer, format!("[\"ssubscribe\" \"{channel}\" :1]"));
                    listeners.push(wire);
                    inside.push(server);
                }
            }
        }
        assert_eq!(listeners.len(), 2, "the master and its replica of '{channel}'");
        for server in &inside {
            let text = format!("by {}", server.port);
            assert_eq!(Verbatim::to(server).ask(&["SPUBLISH", channel, &text]), ":1");
            for wire in &mut listeners {
                assert_eq!(wire.value(), format!("[\"smessage\" \"{channel}\" \"{text}\"]"));
            }
        }
        // The slot leaves: its listeners are told, whatever the make.
        let slot = inside[0].cli(&["CLUSTER", "KEYSLOT", channel]).trim().to_owned();
        let heir = servers[..3].iter().find(|s| inside.iter().all(|i| i.port != s.port)).unwrap();
        let id = heir.cli(&["CLUSTER", "MYID"]).trim().to_owned();
        let owner = servers[..3].iter().find(|s| inside.iter().any(|i| i.port == s.port)).unwrap();
        let owner_id = owner.cli(&["CLUSTER", "MYID"]).trim().to_owned();
        let set = heir.cli(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &owner_id]);
        assert_eq!(set.trim(), "OK");
        for server in [heir, owner] {
            let set = server.cli(&["CLUSTER", "SETSLOT", &slot, "NODE", &id]);
            assert_eq!(set.trim(), "OK");
        }
        for wire in &mut listeners {
            assert_eq!(wire.value(), format!("[\"sunsubscribe\" \"{channel}\" :0]"));
        }
    }
}

/// A program linked as `redis-server` takes its command line: a file, directives, a unix socket,
/// `--daemonize yes`; it is gone after SHUTDOWN and leaves no socket behind.
#[test]
fn a_link_called_redis_server_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let version = |name: &str| {
        let output = Command::new(places::slotscope()).arg0(name).arg("--version").output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    for name in ["redis-server", "/usr/bin/keydb-server"] {
        assert!(version(name).starts_with("Redis server v=7.0.15 sha="), "{}", version(name));
    }
    let (port, socket) = (ports::free().to_string(), dir.join("s.sock"));
    fs::write(dir.join("redis.conf"), format!("dir {}\nport 1\nsave \"\"\n", dir.display()))
        .unwrap();
    let status = Command::new(places::slotscope())
        .arg0("redis-server")
        .arg(dir.join("redis.conf"))
        .args(["--port", &port, "--daemonize", "yes", "--logfile", "log", "--pidfile", "pid"])
        .args(["--unixsocketperm", "700", "--unixsocket"])
        .arg(&socket)
        .status()
        .unwrap();
    assert!(status.success());
    let near = socket.display().to_string();
    wait_for("it answers at both places", PATIENCE, || {
        let pong = |words: &[&str]| redis_cli(&[words, &["PING"]].concat()).trim() == "PONG";
        (pong(&["-p", &port]) && pong(&["-s", &near])).then_some(())
    });
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o700);
    let line = redis_cli(&["-s", &near, "CLIENT", "INFO"]);
    assert!(line.contains(&format!("addr={near}:0 laddr={near}:0")) && line.contains("flags=U"));
    let pid: u32 = fs::read_to_string(dir.join("pid")).unwrap().trim().parse().unwrap();
    assert_eq!(redis_cli(&["-s", &near, "SHUTDOWN", "NOSAVE"]).trim(), "", "no reply");
    wait_for("it has ended", PATIENCE, || {
        (!fs::exists(format!("/proc/{pid}")).unwrap()).then_some(())
    });
    assert!(!socket.exists() && !dir.join("pid").exists());
}

/// Whoever is silent for longer than `timeout` is closed; who listens or waits is not.
#[test]
fn silent_clients_are_closed_and_listeners_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Make::under_test(), ports::free(), folder.path(), &[]);
    let [mut silent, mut listens, mut waits] = [(); 3].map(|()| Verbatim::to(&server));
    silent.ask(&["PING"]);
    listens.ask(&["SUBSCRIBE", "c"]);
    waits.say(&["BLPOP", "k", "0"]);
    assert_eq!(server.cli(&["CONFIG", "SET", "timeout", "1"]).trim(), "OK");
    assert_eq!(silent.line(), "", "closed");
    assert_eq!(server.cli(&["PUBLISH", "c", "x"]).trim(), "1");
    assert_eq!(listens.value(), "[\"message\" \"c\" \"x\"]");
    assert_eq!(server.cli(&["RPUSH", "k", "v"]).trim(), "1");
    assert_eq!(waits.value(), "[\"k\" \"v\"]");
}
