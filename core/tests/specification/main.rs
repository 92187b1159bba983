//! Does the cluster keep each rule of the Redis Cluster specification?
//!
//! One test a rule, in the order of the specification's chapters; the sentence over a test is the
//! rule in our words. A test is a short script (`sim/script.rs` explains the directives) and the
//! lines that must follow from it, in order. The scenario files beside this one tell whole stories;
//! here a broken rule has a name.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

mod elections;
mod failures;
mod keys;
mod operator;

use slotscope_core::sim::play;

/// Three masters with a third of the slots each, and a replica for each of them, ready to serve.
const SIX: &str = "world masters=3 replicas=1 seed=7 timeout=2000 clients=0\nrun 10s\n";
/// The same without replicas.
const THREE: &str = "world masters=3 replicas=0 seed=7 timeout=2000 clients=0\nrun 10s\n";

/// What follows from a script: the trace behind its last directive.
fn trace(setting: &str, script: &str) -> String {
    let mut text = format!("{setting}----\n\n");
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        text.push_str(line);
        // Some answers wait for the disk.
        text.push_str(if line.starts_with("tell") { "\nrun 5ms\n" } else { "\n" });
    }
    text.push_str("----\n");
    let played = play(&text).unwrap_or_else(|why| panic!("{why}"));
    let (_, told) = played.rsplit_once("----\n").unwrap();
    assert!(!told.contains("LIMIT "), "it did not happen in time:\n{told}");
    assert!(!told.contains(" BROKEN "), "an invariant broke:\n{told}");
    told.to_owned()
}

/// Each expected piece stands in a line behind the one before.
fn follows(setting: &str, script: &str, expected: &[&str]) -> String {
    let told = trace(setting, script);
    let mut lines = told.lines();
    for piece in expected {
        let found = lines.any(|line| line.contains(piece));
        assert!(found, "'{piece}' is not there, or not in its place:\n{told}");
    }
    told
}

fn never(told: &str, piece: &str) {
    assert!(!told.contains(piece), "'{piece}' must not be there:\n{told}");
}
