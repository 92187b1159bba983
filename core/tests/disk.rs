//! Does a machine of a world find its data on its disk again, as its plan's directives say?

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use slotscope_core::{
    sim::{Action, HostIdx, Plan, What, World},
    time::Instant,
};

const NODE: HostIdx = HostIdx(0);

const fn s(seconds: u64) -> Instant {
    Instant::from_millis(seconds * 1000)
}

/// One master that owns everything, with these directives; nobody but the test writes.
fn world(directives: &[(&str, &str)]) -> World {
    let mut plan = Plan::cluster(7, 1, 0);
    plan.clients.clear();
    plan.config.extend(directives.iter().map(|(name, value)| ((*name).into(), (*value).into())));
    let mut world = World::new(plan).unwrap();
    world.seek(s(5));
    world
}

fn tell(world: &mut World, words: &str) {
    world.act(Action::Command(NODE, words.split(' ').map(str::to_owned).collect()));
}

/// What a person sees last.
fn answer(world: &World) -> String {
    let said = world.records(0).iter().rev().find_map(|record| match &record.what {
        What::Answer(text) => Some(text.clone()),
        _ => None,
    });
    said.unwrap()
}

fn is_logged(world: &World, part: &str) -> bool {
    let has = |what: &What| matches!(what, What::Log { line, .. } if line.contains(part));
    world.records(0).iter().any(|record| has(&record.what))
}

fn later(world: &mut World, ms: u64) {
    world.seek(Instant::from_micros(world.now().as_micros() + ms * 1000));
}

fn kill_and_restart(world: &mut World) {
    world.act(Action::Kill(NODE));
    later(world, 1000);
    world.act(Action::Restart(NODE));
    later(world, 10_000);
}

fn keys(world: &mut World) -> String {
    tell(world, "DBSIZE");
    later(world, 10);
    answer(world)
}

#[test]
fn without_directives_a_restart_finds_nothing() {
    let mut world = world(&[]);
    tell(&mut world, "SET a 1");
    later(&mut world, 5000);
    kill_and_restart(&mut world);
    assert!(keys(&mut world).contains('0'));
}

#[test]
fn what_always_has_answered_survives() {
    let mut world = world(&[("appendonly", "yes"), ("appendfsync", "always")]);
    tell(&mut world, "SET a 1");
    tell(&mut world, "SET b 2");
    later(&mut world, 2);
    assert_eq!(answer(&world), "OK");
    tell(&mut world, "BGREWRITEAOF");
    later(&mut world, 100);
    assert!(is_logged(&world, "Background AOF rewrite finished successfully"));
    tell(&mut world, "SET c 3");
    later(&mut world, 2);
    kill_and_restart(&mut world);
    assert!(keys(&mut world).contains('3'));
}

#[test]
fn an_answer_waits_for_the_disk_with_always() {
    let mut world = world(&[("appendonly", "yes"), ("appendfsync", "always")]);
    tell(&mut world, "DBSIZE");
    tell(&mut world, "SET a 1");
    // Nothing was said of the write yet, and a crash now may take it.
    assert_ne!(answer(&world), "OK");
    kill_and_restart(&mut world);
    assert!(keys(&mut world).contains('0'));
}

#[test]
fn a_snapshot_keeps_what_came_before_it() {
    let mut world = world(&[("save", "3600 1")]);
    tell(&mut world, "SET a 1");
    tell(&mut world, "BGSAVE");
    later(&mut world, 100);
    tell(&mut world, "SET b 2");
    later(&mut world, 100);
    kill_and_restart(&mut world);
    assert!(keys(&mut world).contains('1'));
}

#[test]
fn a_full_disk_stops_writes_until_there_is_room() {
    let mut world = world(&[("appendonly", "yes")]);
    world.act(Action::DiskFull(NODE, true));
    tell(&mut world, "SET a 1");
    later(&mut world, 100);
    tell(&mut world, "SET b 2");
    assert!(answer(&world).contains("MISCONF Errors writing to the AOF file: No space left"));
    world.act(Action::DiskFull(NODE, false));
    later(&mut world, 3000);
    tell(&mut world, "SET b 2");
    later(&mut world, 100);
    assert_eq!(answer(&world), "OK");
    kill_and_restart(&mut world);
    assert!(keys(&mut world).contains('2'));
    assert!(is_logged(&world, "AOF write error looks solved, Redis can write again."));
}

#[test]
fn a_world_with_disks_is_the_same_run_every_time() {
    let story = || {
        let mut plan = Plan::cluster(11, 3, 1);
        plan.config.push(("appendonly".into(), "yes".into()));
        plan.config.push(("auto-aof-rewrite-min-size".into(), "1kb".into()));
        let mut world = World::new(plan).unwrap();
        world.seek(s(20));
        world.act(Action::Kill(HostIdx(1)));
        world.seek(s(21));
        world.act(Action::Restart(HostIdx(1)));
        world.seek(s(40));
        assert!(world.violations().is_empty(), "{:?}", world.violations());
        world.digest()
    };
    assert_eq!(story(), story());
}
