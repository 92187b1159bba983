//! Do the invariants hold under random faults, and would they notice a broken rule?

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::{
    process::{Command, Output},
    time::{Duration, Instant},
};

use slotscope_tests::places;

/// What 1,000 seeds may take on two cores.
const TIME_MAX: Duration = Duration::from_secs(300);
/// What `slotscope sim` answers when an invariant broke.
const VIOLATED: i32 = 2;

fn sim(words: &[&str]) -> (Output, Duration) {
    let started = Instant::now();
    let output = Command::new(places::slotscope()).arg("sim").args(words).output().unwrap();
    (output, started.elapsed())
}

fn both(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

/// 1,000 seeds of random faults on six nodes hold the invariants, in under five minutes.
#[test]
fn a_thousand_seeds_hold() {
    let (output, elapsed) = sim(&["--seeds", "1..1000"]);
    println!("1,000 seeds in {:.1} s", elapsed.as_secs_f32());
    assert!(output.status.success(), "{}:\n{}", output.status, both(&output));
    assert!(elapsed < TIME_MAX, "{elapsed:?}, at most {TIME_MAX:?}");
}

/// A voter that forgets in which epoch it voted is found out, and the report says how to see it
/// again: by one command, which fails in the same way.
#[test]
fn a_broken_rule_is_caught() {
    let (output, _) = sim(&["--seeds", "1..1000", "--break", "no-last-vote-epoch"]);
    let text = both(&output);
    assert_eq!(output.status.code(), Some(VIOLATED), "nobody noticed:\n{text}");
    let reason = text.contains("before it was synced to disk") || text.contains("voted twice");
    assert!(reason, "it failed for another reason:\n{text}");
    let replay = text
        .lines()
        .find_map(|line| line.strip_prefix("replay: slotscope sim ").map(str::trim))
        .unwrap_or_else(|| panic!("no command that replays it:\n{text}"));
    println!("replay: slotscope sim {replay}");
    let words: Vec<&str> = replay.split_whitespace().collect();
    let (again, _) = sim(&words);
    assert_eq!(again.status.code(), Some(VIOLATED), "the replay shows nothing:\n{}", both(&again));
}
