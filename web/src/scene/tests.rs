//! The stage of a real run, looked at without a screen.

use slotscope_core::{
    node::Health,
    sim::{Action, HostIdx},
    time::Instant,
};

use super::*;
use crate::source::sim::{Sim, lab_plan};

fn at(sim: &mut Sim, seconds: u64) -> Scene {
    sim.advance(Instant::from_millis(seconds * 1000), || true);
    build(&sim.picture(), sim.history(), None)
}

#[test]
fn three_masters_vote_and_three_replicas_stand_outside() {
    let mut sim = Sim::new(lab_plan(7)).unwrap();
    let scene = at(&mut sim, 3);
    let inner: Vec<u16> =
        scene.nodes.iter().filter(|n| n.place.circle == Circle::Inner).map(|n| n.port).collect();
    assert_eq!(inner, [7000, 7001, 7002]);
    let owners: Vec<_> = scene.ruler.iter().map(|s| (s.from, s.to, s.owner)).collect();
    assert_eq!(
        owners,
        [
            (0, 5460, Some(HostIdx(0))),
            (5461, 10_922, Some(HostIdx(1))),
            (10_923, 16_383, Some(HostIdx(2)))
        ]
    );
    assert_eq!((scene.served, scene.uncovered, scene.majority), (16_384, 0, 2));
    assert_eq!(scene.by_port(7005).unwrap().master, Some(HostIdx(2)));
    assert!(scene.nodes.iter().all(|n| n.halo.is_none() && !n.lid && n.ballot.is_none()));
}

/// The story of lesson 9 as the stage tells it: halo, closed ring, ballot, a walk to the inner
/// circle, and the old master back on the outer one.
#[test]
fn a_failover_is_told_by_shapes() {
    let mut sim = Sim::new(lab_plan(7)).unwrap();
    at(&mut sim, 2);
    sim.act(Action::Kill(HostIdx(2)));
    let (mut reported, mut closed, mut waited, mut ballot, mut won) = (0, false, false, 0, false);
    for step in 0..400_u64 {
        sim.advance(Instant::from_millis(2000 + step * 50), || true);
        let scene = build(&sim.picture(), sim.history(), None);
        let old = scene.by_port(7002).unwrap();
        assert!(!old.up);
        if let Some(halo) = &old.halo {
            assert_eq!((halo.segments.len(), halo.needed), (3, 2));
            // Once it is replaced, the winner is a voter as well.
            if old.place.circle == Circle::Inner {
                reported = reported.max(halo.filled());
            }
            closed |= halo.closed;
        }
        let new = scene.by_port(7005).unwrap();
        waited |= new.wait.is_some();
        if let Some(b) = &new.ballot {
            assert_eq!(b.boxes.len(), 3);
            ballot = ballot.max(b.votes());
            won |= b.won;
        }
    }
    assert_eq!((reported, closed, waited, ballot, won), (2, true, true, 2, true));
    let scene = at(&mut sim, 30);
    assert_eq!(scene.by_port(7005).unwrap().place.circle, Circle::Inner);
    assert_eq!(scene.by_port(7002).unwrap().place.circle, Circle::Outer);
    assert_eq!(scene.ruler[2].owner, Some(HostIdx(5)));
    assert_eq!(scene.ruler[2].shard, Some(2));
    sim.act(Action::Restart(HostIdx(2)));
    let scene = at(&mut sim, 45);
    let back = scene.by_port(7002).unwrap();
    assert_eq!((back.role, back.master), (Role::Replica, Some(HostIdx(5))));
    assert_eq!(back.health, Health::Ok);
    assert!(scene.nodes.iter().all(|n| !n.lid && n.halo.is_none()));
}

/// In one node's eyes only its own opinion and the reports that it holds fill the halo.
#[test]
fn eyes_see_less_than_the_god_view() {
    let mut sim = Sim::new(lab_plan(7)).unwrap();
    at(&mut sim, 2);
    sim.act(Action::Kill(HostIdx(2)));
    at(&mut sim, 3);
    let picture = sim.picture();
    let dead = build(&picture, sim.history(), Some(HostIdx(0)));
    assert_eq!(dead.by_port(7002).unwrap().health, Health::Ok);
    assert_eq!(dead.eyes, Some(HostIdx(0)));
    // A dead observer has no eyes.
    assert_eq!(build(&picture, sim.history(), Some(HostIdx(2))).eyes, None);
}

#[test]
fn a_wall_parts_two_sides_that_step_back_from_it() {
    let mut sim = Sim::new(lab_plan(7)).unwrap();
    sim.act(Action::Partition(vec![vec![HostIdx(0), HostIdx(3)]]));
    let scene = at(&mut sim, 1);
    assert!(scene.is_walled());
    assert_eq!(scene.sides, [1, 2, 2, 1, 2, 2]);
    let (dx, dy) = air::shift(&scene, HostIdx(0));
    assert!((dx.hypot(dy) - 16.0).abs() < 0.01 && dy < 0.0);
}
