//! Does the core do the same everywhere, and does it ask the outside for nothing?
//!
//! One fixed story (a plan and a journal, both made from a seed) is run and its digest returned.
//! The same function is called in a debug test, in a release program and, as wasm without any
//! binding, in a browser; the module that comes out must have no import at all.

use slotscope_core::{
    sim::{Action, HostIdx, Plan, World},
    time::Instant,
};

/// Seconds of world time that [`story`] covers.
pub const SECONDS: u64 = 120;

/// Runs the story of `seed` and returns the digest at its end.
///
/// Every kind of action that a person has is in it, so that each path that could depend on the
/// machine is walked: kills, restarts, freezes, cuts, walls, full disks, clock steps, commands.
#[must_use]
pub fn story(seed: u64) -> u64 {
    let Ok(mut world) = World::new(Plan::cluster(seed, 3, 1)) else { return 0 };
    let host = HostIdx;
    let acts = [
        (4, Action::Command(host(0), words("SET story begins"))),
        (6, Action::Kill(host(1))),
        (25, Action::Restart(host(1))),
        (32, Action::Freeze(host(2))),
        (34, Action::Cut(host(0), host(3))),
        (45, Action::Thaw(host(2))),
        (46, Action::Join(host(0), host(3))),
        (52, Action::Partition(vec![vec![host(0), host(5)]])),
        (53, Action::Latency(host(3), host(4), 40_000)),
        (70, Action::Heal),
        (72, Action::DiskFull(host(3), true)),
        (73, Action::Kill(host(0))),
        (85, Action::DiskFull(host(3), false)),
        (90, Action::ClockStep(host(4), -5_000)),
        (95, Action::Restart(host(0))),
        (100, Action::Command(host(4), words("CLUSTER NODES"))),
    ];
    for (second, action) in acts {
        run_to(&mut world, second);
        world.act(action);
    }
    run_to(&mut world, SECONDS);
    world.digest()
}

/// Six nodes that nobody disturbs, for `seconds` of world time; returns the digest. What it costs
/// is the price of the heartbeat alone: no application writes.
#[must_use]
pub fn idle(seconds: u64) -> u64 {
    let mut plan = Plan::cluster(1, 3, 1);
    plan.clients.clear();
    let Ok(mut world) = World::new(plan) else { return 0 };
    run_to(&mut world, seconds);
    world.digest()
}

fn run_to(world: &mut World, second: u64) {
    let until = Instant::from_micros(second * 1_000_000);
    while world.run_until(until, u32::MAX) == slotscope_core::sim::RunEnd::Budget {}
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

/// [`story`], for the browser.
#[expect(unsafe_code, reason = "an export without a binding, so that imports can be counted")]
#[unsafe(no_mangle)]
pub extern "C" fn slotscope_story(seed: u64) -> u64 {
    story(seed)
}

/// [`idle`], for the browser.
#[expect(unsafe_code, reason = "an export without a binding, so that imports can be counted")]
#[unsafe(no_mangle)]
pub extern "C" fn slotscope_idle(seconds: u64) -> u64 {
    idle(seconds)
}
