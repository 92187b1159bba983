//! What does a node hold, and does another hold the same?
//!
//! Compared key by key and as values, not as bytes: two makes may keep one value in two encodings.
//! Where both nodes know `DEBUG DIGEST`, their answers must agree with that.

use std::{collections::BTreeMap, time::Duration};

use redis::{Client, Connection, Value};

use crate::{process::wait_for, server::Server};

/// How far apart two clocks may read one expiry: the questions are asked one after the other.
const EXPIRY_SLACK_MS: i64 = 5000;

/// A key's value, in a form that does not depend on its encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    kind: String,
    /// Sorted where order means nothing.
    parts: Vec<String>,
    /// When it ends, in Unix milliseconds; −1 for never.
    ends_ms: i64,
}

/// Opens a connection that may read at a replica.
#[must_use]
pub fn reader(server: &Server) -> Connection {
    let client = Client::open(format!("redis://127.0.0.1:{}/", server.port)).unwrap();
    let mut connection = client.get_connection_with_timeout(Duration::from_secs(10)).unwrap();
    // Refused outside of a cluster, where it is not needed.
    drop(redis::cmd("READONLY").exec(&mut connection));
    connection
}

/// Everything that a node holds.
#[must_use]
pub fn contents(server: &Server) -> BTreeMap<String, Held> {
    let mut at = reader(server);
    let mut names: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut at).unwrap();
    names.sort();
    names.into_iter().filter_map(|name| Some((name.clone(), held(&mut at, &name)?))).collect()
}

/// `None` for a key that is gone meanwhile.
fn held(at: &mut Connection, name: &str) -> Option<Held> {
    let kind: String = redis::cmd("TYPE").arg(name).query(at).unwrap();
    let words: &[&str] = match kind.as_str() {
        "none" => return None,
        "string" => &["GET", name],
        "list" => &["LRANGE", name, "0", "-1"],
        "hash" => &["HGETALL", name],
        "set" => &["SMEMBERS", name],
        "zset" => &["ZRANGE", name, "0", "-1", "WITHSCORES"],
        other => panic!("{name} is a {other}"),
    };
    let mut cmd = redis::cmd(words[0]);
    cmd.arg(&words[1..]);
    let mut parts = match cmd.query(at).unwrap() {
        Value::Array(values) => values.iter().map(|value| format!("{value:?}")).collect(),
        value => vec![format!("{value:?}")],
    };
    if kind == "hash" {
        parts = parts.chunks(2).map(|pair| pair.join("=")).collect();
    }
    if kind == "hash" || kind == "set" {
        parts.sort();
    }
    let ends_ms = redis::cmd("PEXPIRETIME").arg(name).query(at).unwrap();
    Some(Held { kind, parts, ends_ms })
}

/// Waits until the replica has its master's whole stream, then compares all that both hold.
/// How many keys that were.
pub fn assert_same(master: &Server, replica: &Server, patience: Duration) -> usize {
    wait_for(&format!("{} has all of {}", replica.port, master.port), patience, || {
        let is_up = replica.info("master_link_status")? == "up";
        let offset = |server: &Server| server.info("master_repl_offset");
        (is_up && offset(master)? == offset(replica)?).then_some(())
    });
    let (theirs, ours) = (contents(master), contents(replica));
    let names: Vec<_> = theirs.keys().collect();
    assert_eq!(names, ours.keys().collect::<Vec<_>>(), "{} and {}", master.port, replica.port);
    for (name, wanted) in &theirs {
        let got = &ours[name];
        assert_eq!((&wanted.kind, &wanted.parts), (&got.kind, &got.parts), "{name}");
        let apart = (wanted.ends_ms - got.ends_ms).abs();
        assert!(apart < EXPIRY_SLACK_MS, "{name} ends at {} and {}", wanted.ends_ms, got.ends_ms);
    }
    let digest = |server: &Server| server.cli(&["DEBUG", "DIGEST"]).trim().to_owned();
    let (wanted, got) = (digest(master), digest(replica));
    assert_eq!(wanted.len(), 40, "no digest: {wanted}");
    assert_eq!(wanted, got, "DEBUG DIGEST of {} and {}", master.port, replica.port);
    theirs.len()
}
