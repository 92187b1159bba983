//! What can bytes from a stranger do?
//!
//! Each [`Target`] takes any bytes whatsoever and panics when something does not hold that must:
//! that alone is a finding. `cargo lab-fuzz <target> <minutes>` lets libFuzzer look for such bytes;
//! what it found interesting is kept in `corpus/<target>` and runs as an ordinary test, on any
//! machine, without libFuzzer.
//!
//! Formats with a checksum are tried both as they come and with the checksum mended, so that a
//! fuzzer gets behind it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a target reports")]

mod bus;
mod files;
mod log;
mod requests;
mod snapshot;
mod stream;

/// A door that strangers can come through.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, and its folder in `corpus`.
    pub name: &'static str,
    /// What it tries.
    pub what: &'static str,
    /// Takes any bytes.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "resp", what: "requests, cut anywhere, and replies", run: requests::resp },
    Target {
        name: "commands",
        what: "a client's requests, run by a node",
        run: requests::commands,
    },
    Target { name: "bus", what: "frames from nodes, known and unknown", run: bus::frames },
    Target { name: "rdb", what: "a snapshot, whole and in pieces", run: snapshot::rdb },
    Target {
        name: "dump",
        what: "a payload of RESTORE, also with a right checksum",
        run: snapshot::dump,
    },
    Target {
        name: "nodes_conf",
        what: "a nodes.conf, and the node that it makes",
        run: files::nodes_conf,
    },
    Target { name: "aof", what: "an append only file, whole, in pieces and cut", run: log::replay },
    Target { name: "manifest", what: "which files a log is made of", run: log::manifest },
    Target { name: "redis_conf", what: "a configuration file", run: files::redis_conf },
    Target { name: "stream", what: "what a master sends to its replica", run: stream::from_master },
];

/// The target of that name.
#[must_use]
pub fn find(name: &str) -> Option<Target> {
    TARGETS.iter().find(|target| target.name == name).copied()
}
