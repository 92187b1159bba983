//! Is each guard of the vote, claim and epoch rules needed? Break it, and see what misses it.
//!
//! A guard is caught by the scenario file that goes otherwise without it, or by a seed of random
//! faults in which an invariant breaks. The test prints which; a guard that nothing misses fails.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::{fs, path::PathBuf, thread};

use slotscope_core::{
    config::GUARDS,
    sim::{faults, play_with, sweep},
};

/// Seeds tried for a guard that no scenario misses.
const SEEDS: u64 = 3;

/// Where to look first, by the beginning of the name: the file that is about the guard. Any other
/// one will do, later.
const FILES: &[(&str, &str)] = &[
    ("no-vote", "guards-vote"),
    ("no-last", "guards-vote"),
    ("no-quorum", "disk-full"),
    ("no-count-epoch", "guards-count"),
    ("no-count", "guards-vote"),
    ("no-election", "disk-full"),
    ("no-claim", "guards-claim"),
    ("no-clean", "guards-claim"),
    ("no-grand", "guards-claim"),
    ("no-bump", "guards-claim"),
    ("no-barrier", "failover"),
    ("no-follow", "failover"),
    ("no-update", "freeze"),
    ("no-epoch", "collision"),
    ("no-config", "collision"),
    ("no-collision", "collision"),
];

fn scenarios(guard: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let first = FILES.iter().find(|(name, _)| guard.starts_with(name)).map(|(_, file)| *file);
    files.sort_by_key(|path| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (Some(name.as_str()) != first, name)
    });
    files
}

/// The scenario that goes otherwise without the guard, and the first line that does.
fn missed_by_a_scenario(guard: &str) -> Option<String> {
    scenarios(guard).into_iter().find_map(|path| {
        let told = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let real = play_with(&told, &[("slotscope-break", guard)]).unwrap();
        let differs = told.lines().zip(real.lines()).find(|(before, after)| before != after);
        differs.map(|(_, line)| format!("{name}: {line}"))
    })
}

/// The seed in which an invariant breaks without the guard.
fn missed_by_a_seed(guard: &str) -> Option<String> {
    (1..=SEEDS).find_map(|seed| {
        let mut plan = faults::plan(seed, 3, 3);
        plan.config.push(("slotscope-break".into(), guard.into()));
        let actions = faults::schedule(&plan, seed, 60_000);
        let failures = sweep(seed, plan, &actions).failures;
        failures.first().map(|failure| format!("seed {seed}: {failure}"))
    })
}

/// Each guard is missed by something.
#[test]
fn every_guard_is_needed() {
    let guards = GUARDS.iter().filter(|guard| **guard != "nothing");
    let workers: Vec<_> = guards
        .map(|guard| {
            (
                guard,
                thread::spawn(|| missed_by_a_scenario(guard).or_else(|| missed_by_a_seed(guard))),
            )
        })
        .collect();
    let mut unmissed = Vec::new();
    for (guard, worker) in workers {
        match worker.join().unwrap() {
            Some(by) => println!("{guard}: {by}"),
            None => unmissed.push(*guard),
        }
    }
    assert!(unmissed.is_empty(), "nothing misses {unmissed:?}");
}
