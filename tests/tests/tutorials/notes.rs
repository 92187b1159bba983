//! The notes on replication (and their short part on a cluster), typed.

use std::process::Command;

use slotscope_tests::{
    process::wait_for,
    server::{Make, Server},
    typing::{Desk, PATIENCE, await_prompt},
};

use crate::story;

/// Types all of them.
pub fn read() {
    let ports = [6379, 6380, 6381, 6382, 6383, 6384, 6385];
    let mut desk = Desk::new(Make::under_test(), &[3], &ports);
    replicate(&mut desk);
    make_a_cluster(&mut desk);
    desk.finish();
}

fn replicate(desk: &mut Desk) {
    let below = desk.below().to_path_buf();
    let delay: &[&str] = match desk.make {
        Make::Redis => &["--repl-diskless-sync-delay", "0"],
        Make::Slotscope => &[],
    };
    let mut master = Server::start(desk.make, desk.ours(6379), &below, delay);
    std::fs::create_dir(below.join("6380")).unwrap();
    desk.starts("start a replica", 6380);

    let mut at_master = desk.opens("session with the master", &[]);
    await_prompt(&mut at_master);
    desk.says(&mut at_master, "write at the master", &[]);
    let mut at_replica = desk.opens("session with the replica", &[]);
    await_prompt(&mut at_replica);
    // The notes ask for a section that does not exist: nothing comes.
    desk.says(&mut at_replica, "misspelt info", &[]);
    wait_for("the write arrives", PATIENCE, || {
        (desk.cli(6380, &["GET", "foo"]).trim() == "bar").then_some(())
    });
    desk.says(&mut at_replica, "read at the replica", &[]);
    desk.says(&mut at_replica, "write at the replica", &[]);

    // The master dies, the replica is made master by hand, the old one follows it.
    assert_eq!(master.cli(&["SET", "last", "1"]).trim(), "OK");
    wait_for("the write arrives", PATIENCE, || {
        (desk.cli(6380, &["GET", "last"]).trim() == "1").then_some(())
    });
    master.kill();
    desk.says(&mut at_replica, "promote", &[]);
    assert_eq!(desk.cli(6380, &["SET", "while", "away"]).trim(), "OK");
    master.restart();
    assert_eq!(desk.cli(6379, &["DBSIZE"]).trim(), "0", "nothing was on disk");
    let mut at_old = desk.opens("session with the master", &[]);
    await_prompt(&mut at_old);
    desk.says(&mut at_old, "follow the new master", &[]);
    wait_for("it has everything", PATIENCE, || {
        (desk.cli(6379, &["GET", "while"]).trim() == "away").then_some(())
    });
    assert_eq!(desk.cli(6379, &["GET", "last"]).trim(), "1");
    wait_for("it is in step", PATIENCE, || {
        let info = desk.cli(6380, &["INFO", "replication"]);
        info.contains("state=online").then_some(())
    });
    desk.says(&mut at_replica, "info of the master", &[]);
    desk.says(&mut at_old, "info of the replica", &[]);
    desk.nodes.remove(&6380);
}

fn make_a_cluster(desk: &mut Desk) {
    let below = desk.below().join("cluster");
    let member = |port: u16| Server::cluster_member(desk.make, desk.ours(port), &below, 2000);
    let mut nodes: Vec<Server> = (6380..=6385).map(member).collect();
    let mut session = desk.opens("session with a node", &[]);
    await_prompt(&mut session);
    desk.says(&mut session, "info cluster", &[]);
    desk.types_and_answers("create", &[], "yes\n");
    wait_for("all six are there", PATIENCE, || {
        let lines = story::nodes(desk, 6380);
        (lines.len() == 6 && lines.iter().filter(|line| line.is("slave")).count() == 3)
            .then_some(())
    });
    let mut session = desk.opens("session with another node", &[]);
    await_prompt(&mut session);
    let shown = desk.says(&mut session, "nodes", &[]);
    assert_eq!(shown.matches("myself,master").count(), 1, "{shown}");
    wait_for("a replica of the first range is shown", PATIENCE, || {
        let shown = desk.cli(6380, &["CLUSTER", "SLOTS"]);
        (shown.matches("127.0.0.1").count() == 6).then_some(())
    });
    desk.says(&mut session, "slots", &[]);

    // A seventh node is introduced, and becomes a replica.
    nodes.push(member(6379));
    let session_with = |port: u16| {
        let mut command = Command::new("redis-cli");
        let port = desk.ours(port).to_string();
        slotscope_tests::terminal::Terminal::open(command.args(["-p", &port]), PATIENCE)
    };
    let mut session = session_with(6379);
    await_prompt(&mut session);
    desk.says(&mut session, "meet", &[]);
    wait_for("it knows all", PATIENCE, || {
        let lines = story::nodes(desk, 6379);
        (lines.len() == 7 && lines.iter().all(|line| !line.is("handshake"))).then_some(())
    });
    let master = story::line_of(desk, 6379, 6380).id;
    desk.says(&mut session, "replicate", &[("<node-id>", &master)]);
    assert_eq!(story::line_of(desk, 6379, 6379).master, Some(master));

    // Slots that nobody has are assigned to a node that is asked.
    for port in 6380..=6382 {
        drop(desk.cli(port, &["CLUSTER", "DELSLOTS", "5000", "5001"]));
    }
    let mut session = session_with(6380);
    await_prompt(&mut session);
    desk.says(&mut session, "assign slots", &[]);
    assert_eq!(story::line_of(desk, 6380, 6380).slots, ["0-5460"]);
    drop(nodes);
}
