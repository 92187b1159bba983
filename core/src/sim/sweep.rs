//! Does one seed hold the invariants? Faults for a minute or two, then quiet, then a look.

use alloc::{format, string::String, vec::Vec};

use super::{Plan, RunEnd, TimedAction, Watch, World, faults};
use crate::time::Instant;

/// How long a cluster may take to come to rest once faults have stopped. A node that was FAIL is
/// forgiven after twice the node timeout, an election may have to be repeated after four times,
/// and links that went silent are noticed after `repl-timeout`.
const REST_MS: u64 = 45_000;
/// How often it is looked at meanwhile.
const LOOK_MS: u64 = 500;

/// What became of a seed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SeedReport {
    /// Which one.
    pub seed: u64,
    /// What held not: broken invariants, and what did not come to rest. Empty is good.
    pub failures: Vec<String>,
    /// World time at the end.
    pub ended_at: Instant,
    /// How long it took to come to rest after the last repair, in ms.
    pub rest_ms: u64,
    /// Writes acknowledged.
    pub acked: u64,
    /// Commands that ended in an error.
    pub errors: u64,
    /// Acknowledged writes that a later read did not find: documented windows, counted.
    pub lost: u64,
    /// Those of them that went with a master that came back without its data.
    pub lost_by_restart: u64,
    /// Those of them that the new owner never had.
    pub lost_by_failover: u64,
    /// Those of them whose slot was on the move.
    pub lost_by_move: u64,
    /// Which kinds of decisions occurred, and how often.
    pub seen: Vec<(String, u32)>,
    /// Identifies the end of the run.
    pub digest: u64,
}

impl SeedReport {
    /// Whether everything held.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.failures.is_empty()
    }
}

/// The plan and the faults of a seed: what `World::replay` needs to see the same run.
#[must_use]
pub fn seed_run(seed: u64) -> (Plan, Vec<TimedAction>) {
    let plan = faults::plan(seed, 3, 1);
    // 60 to 120 seconds of faults.
    let length = 60_000 + (seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) % 60_001;
    let actions = faults::schedule(&plan, seed, length);
    (plan, actions)
}

/// Runs a seed: three masters with a replica each, random faults, then rest.
#[must_use]
pub fn sweep_seed(seed: u64) -> SeedReport {
    let (plan, actions) = seed_run(seed);
    sweep(seed, plan, &actions)
}

/// Runs any plan with any faults to its rest.
#[must_use]
pub fn sweep(seed: u64, plan: Plan, actions: &[TimedAction]) -> SeedReport {
    let mut report = SeedReport {
        seed,
        failures: Vec::new(),
        ended_at: Instant::ZERO,
        rest_ms: 0,
        acked: 0,
        errors: 0,
        lost: 0,
        lost_by_restart: 0,
        lost_by_failover: 0,
        lost_by_move: 0,
        seen: Vec::new(),
        digest: 0,
    };
    let mut world = match World::watched(plan, Watch::Marks) {
        Ok(world) => world,
        Err(why) => {
            report.failures.push(why);
            return report;
        }
    };
    world.expect(actions);
    let repaired = faults::ends_at(actions);
    run_to(&mut world, repaired);
    if world.violations().is_empty() {
        settle(&mut world, repaired, &mut report);
    }
    report.failures.extend_from_slice(world.violations());
    report.ended_at = world.now();
    for ledger in (0..).map_while(|n| world.ledger(n)) {
        report.acked += ledger.acked;
        report.errors += ledger.errors;
        report.lost += ledger.lost;
    }
    let losses = world.losses();
    (report.lost_by_restart, report.lost_by_failover) = (losses.restart, losses.failover);
    report.lost_by_move = losses.moving;
    report.seen = world.seen().map(|(name, times)| (name.into(), times)).collect();
    report.digest = world.digest();
    report
}

fn run_to(world: &mut World, until: Instant) {
    // A quarter of a million events is more than any hundred seconds of nine nodes; time that does
    // not pass any more would show as events without end.
    while world.run_until(until, 250_000) == RunEnd::Budget {}
}

fn settle(world: &mut World, repaired: Instant, report: &mut SeedReport) {
    // Applications go on for a while, so that there is something to replicate, and then rest:
    // offsets of a written master never stand still.
    run_to(world, repaired.plus_ms(5000));
    world.rest_applications();
    let until = repaired.plus_ms(REST_MS);
    while world.violations().is_empty() {
        let wrong = world.unsettled();
        report.rest_ms = world.now().ms_since(repaired);
        if wrong.is_empty() {
            return;
        }
        if world.now() >= until {
            report.failures.extend(
                wrong.iter().map(|what| format!("{REST_MS} ms after the last repair: {what}")),
            );
            return;
        }
        let next = world.now().plus_ms(LOOK_MS);
        run_to(world, next);
    }
}
