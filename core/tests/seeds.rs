//! Do random faults find what is wrong, and nothing where nothing is?

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::{collections::BTreeSet, fs, path::PathBuf};

use slotscope_core::sim::{MARKS, Plan, SeedReport, TimedAction, faults, sweep, sweep_seed};

/// Seeds run in a plain test; `slotscope sim --seeds 1..1000` runs them all.
const SEEDS: u64 = 24;

/// Every seed keeps the invariants, and together they walk the interesting paths.
#[test]
fn seeds_hold_the_invariants() {
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    for seed in 1..=SEEDS {
        let report = sweep_seed(seed);
        assert!(report.is_good(), "seed {seed}: {:#?}", report.failures);
        for (name, times) in report.seen {
            *seen.entry(name).or_default() += times;
        }
    }
    for path in [
        "failure.suspected",
        "failure.trusted",
        "failure.quorum",
        "failure.heard",
        "failure.forgiven",
        "serving.fail",
        "serving.ok",
        "candidacy.delayed",
        "candidacy.asked",
        "candidacy.expired",
        "vote.granted",
        "vote.refused",
        "promote.won",
        "claim.stale",
        "claim.update-heard",
        "epoch.adopted",
        "follow.demoted",
        "repl.synced",
        "route.moved",
        "route.cluster-down",
    ] {
        assert!(seen.contains_key(path), "no seed takes {path}: {seen:?}");
    }
}

/// Every kind of decision happens: in a seed, or in a scenario file, which then shows it.
#[test]
fn every_kind_of_decision_happens() {
    let mut seen: BTreeSet<String> =
        (1..=8).flat_map(|seed| sweep_seed(seed).seen).map(|s| s.0).collect();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let after =
            text.split("because ").skip(1).filter_map(|rest| rest.split_whitespace().next());
        seen.extend(after.map(str::to_owned));
    }
    let missing: Vec<&&str> = MARKS.iter().filter(|mark| !seen.contains(**mark)).collect();
    assert!(missing.is_empty(), "never seen: {missing:?}");
}

/// A nasty cluster: three masters with three replicas each, so that several candidates ask at
/// once, on a slow network, so that their requests cross.
fn nasty(seed: u64, broken: bool) -> SeedReport {
    let mut plan: Plan = faults::plan(seed, 3, 3);
    if broken {
        plan.config.push(("slotscope-break".into(), "no-last-vote-epoch".into()));
    }
    let actions: Vec<TimedAction> = faults::schedule(&plan, seed, 90_000);
    sweep(seed, plan, &actions)
}

/// Without the last vote epoch nothing on disk keeps a voter from voting twice, and the first vote
/// that leaves so is seen.
#[test]
fn a_core_without_last_vote_epoch_is_caught() {
    let caught = (1..=60).find(|seed| {
        nasty(*seed, true)
            .failures
            .iter()
            .any(|failure| failure.contains("before it was synced to disk"))
    });
    let Some(seed) = caught else { panic!("no seed sees a vote that nothing remembers") };
    let whole = nasty(seed, false);
    assert!(whole.is_good(), "seed {seed} with all guards: {:#?}", whole.failures);
}
