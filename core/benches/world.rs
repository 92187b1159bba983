//! How fast is virtual time? Prints ratios of virtual to real time, one line for each case.

use std::time::Instant as Clock;

use slotscope_core::{
    sim::{Plan, Watch, World, sweep_seed},
    time::Instant,
};

/// Runs `plan` for `virtual_s` seconds and prints how much faster than real time that was.
fn ratio(what: &str, plan: Plan, watch: Watch, virtual_s: u64) {
    let mut world = World::watched(plan, watch).expect("the plan is a good one");
    world.seek(Instant::from_millis(5000));
    let from = Clock::now();
    world.seek(Instant::from_millis(5000 + virtual_s * 1000));
    let took = from.elapsed().as_secs_f64();
    let fold = f64::from(u32::try_from(virtual_s).unwrap_or(u32::MAX)) / took;
    println!("{what}: {fold:.0} x real time");
}

fn main() {
    let idle = || Plan { clients: Vec::new(), ..Plan::cluster(1, 3, 1) };
    ratio("six idle nodes", idle(), Watch::Nobody, 2000);
    ratio("six idle nodes, recorded with reasons", idle(), Watch::Full, 1000);
    ratio("six nodes with one application, recorded", Plan::cluster(1, 3, 1), Watch::Full, 500);
    ratio(
        "sixty idle nodes",
        Plan { clients: Vec::new(), ..Plan::cluster(1, 30, 1) },
        Watch::Nobody,
        50,
    );
    let from = Clock::now();
    let seeds = 20;
    let failed = (1..=seeds).filter(|seed| !sweep_seed(*seed).is_good()).count();
    let each = from.elapsed().as_secs_f64() / 20.0;
    println!("a seed of random faults: {each:.3} s each, {failed} of {seeds} failed");
}
