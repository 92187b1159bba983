//! One cluster tutorial from its first line to its last, on one cluster.

use std::{fs, os::unix::fs::symlink, time::Duration};

use slotscope_tests::{
    cluster::NodeLine,
    counting::{self, Counting},
    process::wait_for,
    server::Make,
    typing::{Desk, PATIENCE, await_prompt},
};

use crate::moving;

/// What both texts give every node.
const CONFIG: &str = "cluster-enabled yes\ncluster-config-file nodes.conf\n\
                      cluster-node-timeout 5000\nappendonly yes\n";
/// The ports of the story, and of the instance that is imported at its end.
const PORTS: [u16; 8] = [7000, 7001, 7002, 7003, 7004, 7005, 7006, 6379];

/// Reads (and types) the texts of these numbers; the first is the tutorial itself.
pub fn read(texts: &[u8]) {
    let mut desk = Desk::new(Make::under_test(), texts, &PORTS);
    create(&mut desk);
    interact(&desk);
    reshard(&desk);
    fail_over(&mut desk);
    manual_failover(&desk);
    if texts.contains(&0) {
        manage(&desk);
    }
    add_and_delete(&mut desk);
    migrate_a_replica(&mut desk);
    upgrade(&mut desk);
    moving::import(&mut desk);
    moving::move_in(&mut desk);
    if desk.make == Make::Slotscope {
        create_cluster(&desk);
    } else {
        for step in ["start", "create", "stop"] {
            drop(desk.row(&format!("create-cluster {step}")));
        }
    }
    desk.finish();
}

fn is_keydb(desk: &Desk) -> bool {
    desk.row("session").text == 1
}

/// Its folder with its configuration.
pub fn furnish(desk: &Desk, port: u16) {
    let name = if is_keydb(desk) { "keydb.conf" } else { "redis.conf" };
    let mut config = format!("port {}\n{CONFIG}", desk.ours(port));
    if desk.make == Make::Redis {
        // The reference lets nobody crash it otherwise, and waits for more replicas at each sync.
        config.push_str("enable-debug-command yes\nrepl-diskless-sync-delay 0\n");
    }
    let folder = desk.folder.join(port.to_string());
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), config).unwrap();
}

fn create(desk: &mut Desk) {
    // The folders are named by ports, and keep the names of the text.
    assert_eq!(desk.shell_as_is(&desk.row("folders").commands.join(" && "), ""), "");
    desk.folder = desk.folder.join("cluster-test");
    for name in ["keydb-server", "redis-server"] {
        symlink(desk.below().join("bin").join(name), desk.folder.join(name)).unwrap();
    }
    for port in 7000..=7005 {
        furnish(desk, port);
        desk.starts("start", port);
    }
    let shown = desk.types_and_answers("create", &[], "yes\n");
    assert!(shown.contains("Can I set the above configuration? (type 'yes' to accept):"));
    await_calm(desk, 6);
}

/// The nodes as `port` of the text sees them, with the text's ports.
pub fn nodes(desk: &Desk, port: u16) -> Vec<NodeLine> {
    let shown = desk.cli(port, &["CLUSTER", "NODES"]);
    let mut lines: Vec<NodeLine> = shown.lines().filter_map(NodeLine::parse).collect();
    lines.sort();
    lines
}

/// Its line in the view of another.
pub fn line_of(desk: &Desk, from: u16, port: u16) -> NodeLine {
    let lines = nodes(desk, from);
    let line = lines.iter().find(|line| line.port == port).cloned();
    line.unwrap_or_else(|| panic!("{from} does not know {port}: {lines:#?}"))
}

fn id(desk: &Desk, port: u16) -> String {
    desk.cli(port, &["CLUSTER", "MYID"]).trim().to_owned()
}

/// Waits until all nodes that run (there are `count`) agree, see no failure, serve, and every
/// replica follows.
pub fn await_calm(desk: &Desk, count: usize) {
    let mut views = Vec::new();
    let calm = |views: &mut Vec<Vec<NodeLine>>| {
        *views = desk.nodes.keys().map(|port| nodes(desk, *port)).collect();
        let is_fine = |line: &NodeLine| line.flags == ["master"] || line.flags == ["slave"];
        let agree = views.windows(2).all(|pair| pair[0] == pair[1]);
        let all = views.iter().all(|view| view.len() == count && view.iter().all(is_fine));
        let serve = desk.nodes.keys().all(|port| {
            let is_ok = desk.cli(*port, &["CLUSTER", "INFO"]).contains("cluster_state:ok");
            let role = desk.cli(*port, &["INFO", "replication"]);
            is_ok && (role.contains("role:master") || role.contains("master_link_status:up"))
        });
        agree && all && serve
    };
    let until = std::time::Instant::now() + PATIENCE;
    while !calm(&mut views) {
        assert!(std::time::Instant::now() < until, "no agreement of {count}: {views:#?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn interact(desk: &Desk) {
    let mut session = desk.opens("session", &[]);
    await_prompt(&mut session);
    for step in ["set foo", "set hello", "get foo", "get hello"] {
        desk.says(&mut session, step, &[]);
    }
}

/// The application of the texts, by ours.
fn count(desk: &Desk) -> Counting {
    let app = Counting::start(desk.all_ours()[1..7].to_vec(), Duration::from_millis(1));
    wait_for("the application counts", PATIENCE, || (app.acks() > 1000).then_some(()));
    app
}

fn slots(desk: &Desk, port: u16) -> u32 {
    let width = |range: &String| {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        to.parse::<u32>().unwrap() - from.parse::<u32>().unwrap() + 1
    };
    line_of(desk, port, port).slots.iter().map(width).sum()
}

fn reshard(desk: &Desk) {
    if is_keydb(desk) {
        let writes = desk.row("writes of the example").commands;
        assert_eq!(writes[1], "SET foo1 1");
        assert_eq!(desk.shell(&format!("keydb-cli -c -p 7000 {}", writes[1]), ""), "OK\n");
    }
    let app = count(desk);
    let target = desk.types("myself", &[]).split(' ').next().unwrap().to_owned();
    assert_eq!(target, id(desk, 7000));
    let mut dialogue = desk.opens("reshard", &[]);
    let seen = desk.row("reshard").seen;
    dialogue.await_words(&seen[0]);
    dialogue.say("1000");
    dialogue.await_words(&seen[1]);
    dialogue.say(&target);
    dialogue.await_words("Source node #1:");
    dialogue.say("all");
    dialogue.await_words(&seen[2]);
    dialogue.say("yes");
    let (status, shown) = dialogue.await_end();
    assert!(status.success(), "{shown}");
    assert_eq!(shown.matches("Moving slot ").count(), 1000, "a line for each slot:\n{shown}");
    // A dot for each key that was moved, behind its slot.
    let dots = |line: &str| line.starts_with("Moving slot ") && line.ends_with('.');
    assert!(shown.lines().any(dots), "no key was moved:\n{shown}");
    assert_eq!(slots(desk, 7000), 6461);

    let shown = desk.types("check", &[]);
    assert!(shown.contains("| 6461 slots | 1 slaves."), "{shown}");

    let (from, to) = (id(desk, 7001), id(desk, 7002));
    let subs = [
        ("<host>:<port>", "127.0.0.1:7000"),
        ("<node-id>", &*from),
        ("<node-id>", &*to),
        ("<number of slots>", "500"),
    ];
    let before = slots(desk, 7002);
    let shown = desk.types("reshard by script", &subs);
    assert_eq!(shown.lines().filter(|line| line.starts_with("Moving slot ")).count(), 500);
    assert_eq!(slots(desk, 7002), before + 500);
    // The option may also be said by the environment.
    let line =
        desk.line("reshard by script", &[subs[0], subs[1], subs[2], ("<number of slots>", "3")]);
    let line = format!("REDISCLI_CLUSTER_YES=1 {}", line.replace(" --cluster-yes", ""));
    assert!(desk.shell(&line, "").contains("Moving slot "));
    assert_eq!(slots(desk, 7002), before + 503);
    await_calm(desk, 6);

    let (tally, lost) = app.stop();
    assert!(tally.errors.is_empty(), "not unaffected: {:?}", tally.errors);
    assert!(lost.is_empty(), "lost: {lost:?}");
}

fn fail_over(desk: &mut Desk) {
    let app = count(desk);
    // A counter is reset behind the application's back; it notices.
    let before = desk.shell("redis-cli -c -p 7000 get key_217", "");
    let shown = desk.shell(&desk.line("reset a counter", &[]), "");
    if !shown.starts_with("OK") {
        // In the text the counter was at home there; after another reshard it may not be.
        assert!(shown.starts_with("MOVED "), "{shown}");
        let line = desk.line("reset a counter", &[]).replace("-h ", "-c -h ");
        assert_eq!(desk.shell(&line, ""), "OK\n");
    }
    println!("key_217 was reset from {}", before.trim());

    let shown = desk.types("masters", &[]);
    assert_eq!(shown.lines().count(), 3, "{shown}");
    let heir = replica_of(desk, 7002);
    // What a replica cannot have yet is not asked for.
    wait_for("the application has gone on", PATIENCE, || (app.acks() > 2000).then_some(()));
    let shown = desk.types("segfault", &[]);
    assert_eq!(shown.trim(), "Error: Server closed the connection");
    let promoted = || line_of(desk, 7000, heir).is("master").then_some(());
    wait_for("the replica is master", PATIENCE, promoted);
    wait_for("the writes go on", PATIENCE, || {
        let before = app.acks();
        std::thread::sleep(Duration::from_millis(200));
        (app.acks() > before + 50).then_some(())
    });
    desk.starts_again(7002);
    await_calm(desk, 6);
    let shown = desk.types("nodes after the failover", &[]);
    assert_eq!(shown.lines().count(), 6);
    let old = line_of(desk, 7000, 7002);
    assert_eq!(old.master, Some(id(desk, heir)), "{shown}");

    let (tally, lost) = app.stop();
    assert!(!tally.errors.is_empty(), "nobody noticed the failure");
    // What `consistency-test.rb` reports: the reset counter. A write may also have died with the
    // master before its replica had it.
    let reset = lost.iter().filter(|ack| ack.counter == 217).count();
    println!("{reset} lost by the reset of key_217, {} with the master", lost.len() - reset);
    assert!(reset > 0, "the reset counter was not noticed");
}

/// A replica of the master at `port`.
pub fn replica_of(desk: &Desk, port: u16) -> u16 {
    let master = id(desk, port);
    let lines = nodes(desk, port);
    let replica = lines.iter().find(|line| line.master.as_ref() == Some(&master));
    replica.unwrap_or_else(|| panic!("{port} has no replica: {lines:#?}")).port
}

/// What the texts print of the replica's log, in this order.
const SIX_LINES: [&str; 6] = [
    "# Manual failover user request accepted.",
    "# Received replication offset for paused master manual failover: ",
    "# All master replication stream processed, manual failover can start.",
    "# Start of election delayed for 0 milliseconds (rank #0, offset ",
    "# Starting a failover election for epoch ",
    "# Failover election won: I'm the new master.",
];

/// Has the replica at `port` take over, and waits until all know.
fn take_over(desk: &Desk, step: &str, port: u16) {
    let row = desk.row(step);
    let words: Vec<&str> = row.commands[0].split(' ').collect();
    let from = desk.nodes[&port].log().len();
    assert_eq!(desk.cli(port, &words), "OK\n");
    wait_for("the log has the six lines", PATIENCE, || {
        let log = desk.nodes[&port].log();
        let mut rest = &log[from..];
        for line in SIX_LINES {
            rest = &rest[rest.find(line)? + line.len()..];
        }
        Some(())
    });
    await_calm(desk, desk.nodes.len());
    assert!(line_of(desk, port, port).is("master"));
}

fn manual_failover(desk: &Desk) {
    let app = count(desk);
    let master = 7000;
    let replica = replica_of(desk, master);
    take_over(desk, "manual failover", replica);
    assert_eq!(line_of(desk, 7001, master).master, Some(id(desk, replica)));
    // And back, so that the first node is a master again.
    take_over(desk, "manual failover", master);
    let (tally, lost) = app.stop();
    assert!(lost.is_empty(), "a manual failover loses nothing: {lost:?}");
    assert!(tally.errors.is_empty(), "nobody is refused: {:?}", tally.errors);
}

/// What no text has: info, rebalance, call, set-timeout, backup.
fn manage(desk: &Desk) {
    desk.types("info", &[]);
    let shown = desk.types("rebalance", &[]);
    assert!(shown.contains("Moving "), "{shown}");
    await_calm(desk, 6);
    desk.types("rebalance again", &[]);
    let shown = desk.types("call", &[]);
    assert_eq!(shown.matches("cluster-node-timeout\n5000").count(), 6, "{shown}");
    desk.types("set-timeout", &[]);
    for port in 7000..=7005 {
        let file = desk.folder.join(port.to_string()).join("redis.conf");
        let config = fs::read_to_string(file).unwrap();
        assert!(config.contains("cluster-node-timeout 4000"), "not rewritten:\n{config}");
    }
    let back = desk.shell("redis-cli --cluster set-timeout 127.0.0.1:7000 5000", "");
    assert!(back.contains("6 OK, 0 ERR."), "{back}");

    fs::create_dir(desk.folder.join("kept")).unwrap();
    desk.types("backup", &[]);
    let files: Vec<_> = fs::read_dir(desk.folder.join("kept")).unwrap().flatten().collect();
    let snapshots: Vec<_> = files
        .iter()
        .filter(|file| file.path().extension().is_some_and(|end| end == "rdb"))
        .collect();
    assert_eq!(snapshots.len(), 3, "{files:?}");
    for snapshot in snapshots {
        let shown = desk.shell(&format!("redis-check-rdb {}", snapshot.path().display()), "");
        assert!(shown.contains("RDB looks OK!"), "{shown}");
    }
    assert!(desk.folder.join("kept/nodes.json").exists());
}

/// Ends node 7006, removes its folder and starts it anew: another node at the same port.
fn start_anew(desk: &mut Desk) {
    desk.nodes.remove(&7006);
    let folder = desk.folder.join("7006");
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    furnish(desk, 7006);
    desk.starts("folder of a new node", 7006);
}

fn delete(desk: &Desk, port: u16) -> String {
    let gone = id(desk, port);
    desk.types("delete a node", &[("<node-id>", &gone)])
}

fn add_and_delete(desk: &mut Desk) {
    // As a master.
    start_anew(desk);
    desk.types("add a node", &[]);
    await_calm(desk, 7);
    let mut session = slotscope_tests::terminal::Terminal::open(
        std::process::Command::new("redis-cli").args(["-p", &desk.ours(7006).to_string()]),
        PATIENCE,
    );
    await_prompt(&mut session);
    let shown = desk.says(&mut session, "nodes at the new node", &[]);
    assert_eq!(shown.lines().filter_map(NodeLine::parse).count(), 7, "{shown}");
    assert_eq!(slots(desk, 7006), 0);
    // It redirects as any node does, and gets slots as any node does.
    assert!(desk.cli(7006, &["GET", "foo"]).starts_with("MOVED 12182 127.0.0.1:"));
    let (old, new) = (id(desk, 7000), id(desk, 7006));
    let reshard = |from: &str, to: &str| {
        let subs = [
            ("<host>:<port>", "127.0.0.1:7000"),
            ("<node-id>", from),
            ("<node-id>", to),
            ("<number of slots>", "100"),
        ];
        desk.types("reshard by script", &subs);
        await_calm(desk, 7);
    };
    reshard(&old, &new);
    assert_eq!(slots(desk, 7006), 100);
    // A master with slots is not deleted; one without is.
    let words = desk.line("delete a node", &[("<node-id>", &new)]);
    let shown = desk.shell(&words, "");
    assert!(shown.contains("is not empty! Reshard data away and try again."), "{shown}");
    reshard(&new, &old);
    delete(desk, 7006);
    desk.nodes.remove(&7006);
    await_calm(desk, 6);

    // As a replica of whoever has fewest.
    start_anew(desk);
    desk.types("add a replica of any master", &[]);
    await_calm(desk, 7);
    assert!(line_of(desk, 7000, 7006).is("slave"));
    delete(desk, 7006);
    desk.nodes.remove(&7006);
    await_calm(desk, 6);

    // As a replica of a master that is named.
    const NAMED: &str = "3c3a0c74aae0b56170ccb03a76b60cfe7dc1912e";
    start_anew(desk);
    let master = masters(desk)[1];
    let name = id(desk, master);
    desk.types("add a replica of that master", &[(NAMED, &name)]);
    await_calm(desk, 7);
    assert_eq!(line_of(desk, 7000, 7006).master.as_ref(), Some(&name));

    // By hand: as a master first.
    delete(desk, 7006);
    desk.nodes.remove(&7006);
    await_calm(desk, 6);
    start_anew(desk);
    desk.types("add a node", &[]);
    await_calm(desk, 7);
    let mut session = slotscope_tests::terminal::Terminal::open(
        std::process::Command::new("redis-cli").args(["-p", &desk.ours(7006).to_string()]),
        PATIENCE,
    );
    await_prompt(&mut session);
    desk.says(&mut session, "replicate", &[(NAMED, &name)]);
    await_calm(desk, 7);
    let shown = desk.types("replicas of that master", &[(NAMED, &name)]);
    assert_eq!(shown.lines().count(), 2, "{shown}");
    // And of another, without a word to anybody.
    let other = id(desk, masters(desk)[2]);
    desk.says(&mut session, "replicate another", &[("<master-node-id>", &other)]);
    await_calm(desk, 7);
    assert_eq!(line_of(desk, 7000, 7006).master, Some(other));
}

/// Ports of the masters, in order.
pub fn masters(desk: &Desk) -> Vec<u16> {
    let mut ports: Vec<u16> = nodes(desk, 7000)
        .iter()
        .filter(|line| line.is("master") && !line.slots.is_empty())
        .map(|line| line.port)
        .collect();
    ports.sort_unstable();
    ports
}

/// 7006 is the second replica of one master; another master loses its only one.
fn migrate_a_replica(desk: &mut Desk) {
    let rich = line_of(desk, 7000, 7006).master.unwrap();
    let orphan = masters(desk).into_iter().find(|port| id(desk, *port) != rich).unwrap();
    let lost = replica_of(desk, orphan);
    let name = id(desk, orphan);
    desk.nodes.get_mut(&lost).unwrap().kill();
    let moved = wait_for("a replica comes to the orphaned master", PATIENCE, || {
        let lines = nodes(desk, orphan);
        let is_new = |line: &&NodeLine| {
            line.master.as_ref() == Some(&name) && line.port != lost && line.is("slave")
        };
        lines.iter().find(is_new).map(|line| line.port)
    });
    drop(desk.await_log(moved, &format!("# Migrating to orphaned master {name}")));
    desk.starts_again(lost);
    await_calm(desk, 7);
}

/// A new version under the feet of an application: replicas first, masters after a failover.
fn upgrade(desk: &mut Desk) {
    let app = count(desk);
    let restart = |desk: &mut Desk, port: u16| {
        desk.nodes[&port].signal("TERM");
        let node = desk.nodes.get_mut(&port).unwrap();
        wait_for("it stops", PATIENCE, || node.ended());
        desk.starts_again(port);
        await_calm(desk, 7);
    };
    let masters = masters(desk);
    let replica = replica_of(desk, masters[0]);
    restart(desk, replica);
    let errors = app.errors();
    take_over(desk, "upgrade: failover", replica);
    assert!(line_of(desk, replica, masters[0]).is("slave"));
    // Once round all counters, and the application knows where each of them is now.
    let acks = app.acks();
    wait_for("the application knows", PATIENCE, || (app.acks() > acks + 600).then_some(()));
    restart(desk, masters[0]);
    take_over(desk, "upgrade: failover", masters[0]);
    let is_unaffected = app.errors() == errors;
    let (tally, lost) = app.stop();
    assert!(is_unaffected, "an upgrade is no outage: {:?}", tally.errors);
    assert!(lost.is_empty(), "nothing is lost: {lost:?}");
    drop(counting::values(desk.all_ours()[1..7].to_vec()));
}

/// The program that stands for the script of the same name.
fn create_cluster(desk: &Desk) {
    let port = slotscope_tests::ports::free_run(6);
    let port = port.to_string();
    desk.types("create-cluster start", &[("30001", &port)]);
    desk.types("create-cluster create", &[("30001", &port)]);
    let shown = desk.shell(&format!("redis-cli --cluster check 127.0.0.1:{port}"), "");
    assert!(shown.contains("[OK] All 16384 slots covered."), "{shown}");
    desk.types("create-cluster stop", &[("30001", &port)]);
    let shown = desk.shell(&format!("redis-cli -p {port} ping"), "");
    assert!(shown.contains("Connection refused"), "{shown}");
}
