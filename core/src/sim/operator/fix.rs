//! How is a cluster mended once its machines run again? As `redis-cli --cluster fix` mends it.
//!
//! Slots that are open on some machine are moved to where they were on the way to, slots that
//! nobody claims are given to a master, names that no machine bears any more are forgotten by
//! everybody, and machines that do not know each other are introduced. While a machine does not answer, nothing is done: it may be the owner.

use alloc::{format, vec::Vec};

use super::{AGAIN_MS, Job, Step};
use crate::{
    id::NodeId,
    node::Snapshot,
    sim::{HostIdx, turn::Turn},
    slot::{SLOTS, Slot},
};

/// A cluster that does not become whole is left alone after so many looks.
const LOOKS_MAX: u32 = 120;

/// The mending of a cluster.
#[derive(Clone, Debug)]
pub(super) struct Fix {
    pub looks: u32,
}

type Views = [(HostIdx, Snapshot)];

impl Turn<'_> {
    /// Begins to mend the cluster, unless it is being mended.
    pub(in crate::sim) fn fix(&mut self) {
        if !self.s.operator.jobs.values().any(|job| matches!(job, Job::Fix(_))) {
            self.begin(Job::Fix(Fix { looks: 0 }));
        }
    }

    pub(super) fn step_of_fix(&mut self, job: &mut Fix) -> Step {
        job.looks += 1;
        let is_whole = self.all_views().is_ok_and(|views| {
            let slots = self.start_moves(&views);
            let names = self.forget_the_gone(&views) + self.introduce(&views);
            slots + names == 0
        });
        if is_whole && !self.s.operator.is_busy() || job.looks >= LOOKS_MAX {
            Step::Over
        } else {
            Step::After(AGAIN_MS)
        }
    }

    /// Moves for all slots that are open or lost; how many there are.
    fn start_moves(&mut self, views: &Views) -> usize {
        let is_master = |view: &&(HostIdx, Snapshot)| !view.1.myself().is_replica;
        let mut due: Vec<(Slot, HostIdx)> = Vec::new();
        for (host, view) in views.iter().filter(is_master) {
            due.extend(view.importing.iter().map(|(slot, _)| (*slot, *host)));
        }
        for (host, view) in views.iter().filter(is_master) {
            let heir = |to: &NodeId| self.s.names.get(to).copied().unwrap_or(*host);
            due.extend(view.migrating.iter().map(|(slot, to)| (*slot, heir(to))));
        }
        let owned: Vec<(Slot, Slot)> =
            views.iter().flat_map(|(_, view)| view.myself().slots.iter().copied()).collect();
        let first = views.iter().find(is_master).map(|(host, _)| *host);
        let lost = (0..SLOTS)
            .filter_map(Slot::new)
            .filter(|slot| !owned.iter().any(|(from, to)| (*from..=*to).contains(slot)));
        due.extend(lost.filter_map(|slot| Some((slot, first?))));
        for (slot, to) in &due {
            self.move_slot(*slot, *to);
        }
        due.len()
    }

    /// Introduces machines to those that do not know them; how many there were. A machine that died
    /// before it could write down whom it met is known to others, and does not know them.
    fn introduce(&mut self, views: &Views) -> usize {
        let mut strangers = 0;
        for (host, view) in views {
            for (other, theirs) in views {
                if view.peer(theirs.id).is_none() {
                    strangers += 1;
                    let port = format!("{}", self.host(*other).port);
                    let _met = self.say(*host, &["CLUSTER", "MEET", "127.0.0.1", &port]);
                }
            }
        }
        strangers
    }

    /// Has everybody forget the names that no machine bears any more; how many were known.
    fn forget_the_gone(&mut self, views: &Views) -> usize {
        let living: Vec<NodeId> = views.iter().map(|(_, view)| view.id).collect();
        let mut known = 0;
        for (host, view) in views {
            let gone = view.peers.iter().filter(|p| !p.handshake && !living.contains(&p.id));
            for peer in gone {
                known += 1;
                // A replica does not forget its master, even a gone one: it is tried again when
                // the replica has another.
                let _told = self.say(*host, &["CLUSTER", "FORGET", peer.id.as_str()]);
            }
        }
        known
    }
}
