//! Files: what a careless hand may have left in them.

use slotscope_core::{
    Node,
    config::Config,
    io::{Input, Outbox},
    rng::Seed,
    store_formats::nodes_conf,
};

use crate::requests::now;

/// A `nodes.conf` is refused with its line, or makes a node that holds what it must, and whose own
/// file is read again as the same.
pub fn nodes_conf(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    drop(nodes_conf::parse(text));
    let config = Config { cluster_enabled: true, ..Config::default() };
    let mut out = Outbox::new();
    let Ok(mut node) = Node::restore(text, config, Seed::from_u64(4), now(0), &mut out) else {
        return;
    };
    if let Err(broken) = node.check() {
        panic!("{broken}, after\n{text}");
    }
    node.handle(now(5000), Input::Wake, &mut out);
    let shown = node.cluster_nodes(now(5000));
    assert!(shown.contains("myself"), "nobody is myself:\n{shown}");
    // What it would write next time. Nodes in handshake are not written, so they are no matter.
    let image = format!("{shown}vars currentEpoch 99 lastVoteEpoch 0\n");
    if !shown.contains("handshake") {
        let again = nodes_conf::parse(&image);
        assert!(again.is_ok(), "its own file is refused: {again:?}\n{image}");
    }
}

/// A configuration file is refused with its line, or every directive in it can be asked for.
pub fn redis_conf(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let mut config = Config::default();
    let mut depth = 0;
    let read = config.read("fuzz.conf", text, &mut |_, _| {
        depth += 1;
        Ok(())
    });
    if let Err(error) = read {
        assert!(error.line >= 1 && error.line <= text.lines().count(), "{error:?}");
    }
    let all = config.get("*");
    assert!(all.len() > 50, "directives are gone");
}
