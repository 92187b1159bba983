//! Does the core ask the outside for nothing, and how fast is it?
//!
//! A module that imports nothing cannot read a clock, draw a random number or open a file: the
//! strongest proof that a build can give. And because nothing costs a system call, virtual time
//! runs much faster than real time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use slotscope_tests::places;
use wasmparser::{Parser, Payload};

/// How many seconds of six idle nodes are run.
const IDLE_SECONDS: u64 = 3600;
/// How many times real time that must be, on one core.
const FACTOR_MIN: u64 = 1000;

/// The imports of a module, counted by the module that they come from.
fn imports(path: &Path) -> BTreeMap<String, usize> {
    let wasm = fs::read(path).unwrap();
    let mut found = BTreeMap::new();
    for payload in Parser::new(0).parse_all(&wasm) {
        if let Payload::ImportSection(section) = payload.unwrap() {
            for import in section.into_imports() {
                *found.entry(import.unwrap().module.to_owned()).or_default() += 1;
            }
        }
    }
    found
}

/// The core and its simulator, as wasm, import nothing.
#[test]
fn the_core_imports_nothing() {
    let path = places::probe_wasm();
    let found = imports(path);
    let size = fs::metadata(path).unwrap().len();
    println!("core as wasm: {} imports, {size} bytes", found.values().sum::<usize>());
    assert!(found.is_empty(), "the core asks the outside for something: {found:?}");
}

/// The page imports only what wasm-bindgen writes for it.
#[test]
fn the_page_imports_only_its_bindings() {
    let path = places::dist().join("slotscope-web_bg.wasm");
    let found = imports(&path);
    println!("page as wasm: imports {found:?}");
    let foreign: Vec<&String> =
        found.keys().filter(|module| !module.starts_with("./slotscope-web_bg.js")).collect();
    assert!(foreign.is_empty(), "the page imports from elsewhere: {foreign:?}");
}

/// Six idle nodes run at 1,000 times real time or better, on one core.
#[test]
fn six_idle_nodes_run_fast() {
    let output =
        Command::new(places::probe()).args(["idle", &IDLE_SECONDS.to_string()]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let factor: u64 = text.split(' ').next().unwrap().parse().unwrap();
    println!("six idle nodes: {factor} times real time");
    assert!(factor >= FACTOR_MIN, "only {factor} times real time, {FACTOR_MIN} is the promise");
}
