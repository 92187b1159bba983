//! Does the cluster behave as the scenario files say, line by line?
//!
//! `UPDATE=1 cargo test -p slotscope-core --test scenarios` rewrites them; read the difference.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::{env, fs, path::PathBuf};

use slotscope_core::sim::play;

fn files() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .collect();
    files.sort();
    files
}

/// The first line in which two texts differ, with both versions.
fn difference(expected: &str, real: &str) -> String {
    let (mut before, mut after) = (expected.lines(), real.lines());
    for n in 1.. {
        match (before.next(), after.next()) {
            (None, None) => break,
            (a, b) if a != b => {
                return format!("line {n}\n  expected: {a:?}\n  really:   {b:?}");
            }
            _ => {}
        }
    }
    "line ends".into()
}

/// Every scenario file tells what really happens.
#[test]
fn scenarios_happen_as_told() {
    let update = env::var_os("UPDATE").is_some();
    let files = files();
    assert!(files.len() >= 10, "only {} scenario files", files.len());
    let mut wrong = Vec::new();
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let told = fs::read_to_string(&path).unwrap();
        let real = play(&told).unwrap_or_else(|why| panic!("{name}: {why}"));
        if real == told {
            continue;
        }
        if update {
            fs::write(&path, &real).unwrap();
        } else {
            wrong.push(format!("{name}, {}", difference(&told, &real)));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// No scenario ends in a time limit or breaks an invariant, whatever its file was updated to.
#[test]
fn no_scenario_waits_in_vain_or_breaks_an_invariant() {
    for path in files() {
        let text = fs::read_to_string(&path).unwrap();
        for line in text.lines() {
            let bad = line.starts_with("LIMIT ") || line.contains(" BROKEN ");
            assert!(!bad, "{}: {line}", path.display());
        }
    }
}
