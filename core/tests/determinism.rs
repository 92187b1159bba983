//! Is a run the same run every time: replayed, sought back and forth, forked, watched or not?

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use slotscope_core::{
    sim::{Action, HostIdx, Plan, Record, TimedAction, Watch, World, seed_run},
    time::Instant,
};

const fn s(seconds: u64) -> Instant {
    Instant::from_millis(seconds * 1000)
}

/// The story: a master is killed, replaced, and comes back; with a wall and a freeze on the way.
fn story(seed: u64) -> World {
    let mut world = World::new(Plan::cluster(seed, 3, 1)).unwrap();
    world.seek(s(10));
    world.act(Action::Kill(HostIdx(1)));
    // Between two events, and twice at one instant.
    world.seek(Instant::from_micros(21_234_567));
    world.act(Action::Freeze(HostIdx(5)));
    world.act(Action::Restart(HostIdx(1)));
    world.seek(s(30));
    world.act(Action::Partition(vec![vec![HostIdx(0), HostIdx(3)]]));
    for _ in 0..50 {
        world.step();
    }
    world.act(Action::Thaw(HostIdx(5)));
    world.seek(s(40));
    world.act(Action::Heal);
    world.act(Action::Command(HostIdx(0), vec!["CLUSTER".into(), "INFO".into()]));
    world.seek(s(60));
    world
}

fn records(world: &World) -> &[Record] {
    world.records(0)
}

/// The same plan and journal give the same digest and the same records.
#[test]
fn a_replay_is_the_same_run() {
    let first = story(4);
    let again = World::replay(first.plan().clone(), first.journal(), first.now()).unwrap();
    assert_eq!(first.digest(), again.digest());
    assert_eq!(records(&first), records(&again));
    assert!(first.violations().is_empty(), "{:?}", first.violations());
    assert_ne!(first.digest(), story(5).digest(), "the seed changes nothing");
}

/// Back and forward again gives the identical run; so does every stop on the way.
#[test]
fn seeking_back_and_playing_again_changes_nothing() {
    let mut world = story(4);
    let (digest, all) = (world.digest(), records(&world).to_vec());
    let mut passed = Vec::new();
    for at in [s(45), s(22), s(9), s(33), Instant::ZERO, s(50)] {
        world.seek(at);
        assert_eq!(world.now(), at);
        passed.push((at, world.digest()));
        // What lies behind was not changed by going there.
        let known = all.iter().take_while(|record| record.at <= at).count();
        assert_eq!(records(&world), &all[..known]);
    }
    for (at, digest) in passed {
        let mut fresh = World::new(world.plan().clone()).unwrap();
        fresh.expect(world.journal());
        fresh.seek(at);
        assert_eq!(fresh.digest(), digest, "at {at}");
    }
    world.seek(s(60));
    assert_eq!(world.digest(), digest);
    assert_eq!(records(&world), all);
}

/// `run_until` plays the journal that lies ahead, too: stepping back and pressing play.
#[test]
fn play_after_a_step_back_repeats_the_actions() {
    let mut world = story(6);
    let digest = world.digest();
    world.seek(s(9));
    while world.now() < s(60) {
        let next = world.now().plus_ms(16);
        world.run_until(next.min(s(60)), 10);
    }
    assert_eq!(world.digest(), digest);
}

/// An action in the past drops the future that was; a fork keeps its own.
#[test]
fn a_fork_has_its_own_future() {
    let mut world = story(4);
    let digest = world.digest();
    let mut other = world.fork();
    other.seek(s(9));
    other.act(Action::Kill(HostIdx(2)));
    assert_eq!(other.journal().len(), 1);
    other.seek(s(60));
    assert_ne!(other.digest(), digest);
    world.seek(s(20));
    world.seek(s(60));
    assert_eq!(world.digest(), digest);
}

/// Who watches, and whether reasons are recorded, does not change what happens.
#[test]
fn watching_changes_nothing() {
    for seed in [3, 8] {
        let (plan, actions): (Plan, Vec<TimedAction>) = seed_run(seed);
        let digests: Vec<u64> = [Watch::Full, Watch::NoReasons, Watch::Marks, Watch::Nobody]
            .into_iter()
            .map(|watch| {
                let mut world = World::watched(plan.clone(), watch).unwrap();
                world.expect(&actions);
                world.seek(s(70));
                world.digest()
            })
            .collect();
        assert!(digests.iter().all(|digest| *digest == digests[0]), "seed {seed}: {digests:x?}");
    }
}

/// Memory is bounded: old records go, recent ones stay, and going back works all the same.
#[test]
fn a_long_run_keeps_its_recent_past() {
    let mut plan = Plan::cluster(2, 3, 1);
    plan.clients[0].every_us = 10_000;
    let mut world = World::watched(plan, Watch::NoReasons).unwrap();
    world.seek(s(30));
    let early = world.digest();
    world.seek(s(400));
    let late = world.digest();
    let kept = records(&world).len();
    assert!(kept <= 64_000, "{kept} records");
    assert!(world.next_seq() > 64_000, "only {} records were made", world.next_seq());
    world.seek(s(30));
    assert_eq!(world.digest(), early);
    world.seek(s(400));
    assert_eq!(world.digest(), late);
}
