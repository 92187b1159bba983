//! Has the cluster come to rest? What must hold *eventually*, once faults stop.
//!
//! Every machine runs; every node sees everybody fine, has an owner for each slot and the same
//! view of owners, masters and config epochs as all others; every replica streams from its master
//! and holds the same data.

use alloc::{format, string::String, vec::Vec};

use super::{HostIdx, World};
use crate::{
    epoch::Epoch,
    id::NodeId,
    node::{Health, MasterLink, Snapshot},
    slot::{SLOTS, Slot},
};

/// What one node says about everybody, in an order that does not depend on who says it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct View {
    slots: Vec<(Slot, Slot, NodeId)>,
    peers: Vec<(NodeId, Option<NodeId>, Epoch)>,
}

impl View {
    fn of(snapshot: &Snapshot) -> Self {
        let mut slots: Vec<(Slot, Slot, NodeId)> = Vec::new();
        let mut peers = Vec::new();
        for peer in &snapshot.peers {
            slots.extend(peer.slots.iter().map(|(first, last)| (*first, *last, peer.id)));
            peers.push((peer.id, peer.master, peer.config_epoch));
        }
        slots.sort_unstable();
        peers.sort_unstable();
        Self { slots, peers }
    }

    /// Whether each slot has exactly one owner.
    fn is_whole(&self) -> bool {
        let mut next = 0;
        for (first, last, _) in &self.slots {
            if first.get() != next {
                return false;
            }
            next = last.get() + 1;
        }
        next == SLOTS
    }
}

impl World {
    /// What is not as it should be once faults have stopped and time has passed; empty when the
    /// cluster is at rest.
    #[must_use]
    pub fn unsettled(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.operator_is_busy() {
            wrong.push("the person at the machines is busy".into());
        }
        let mut views: Vec<(HostIdx, Snapshot)> = Vec::new();
        for (n, host) in (0_u16..).zip(self.hosts()) {
            match self.snapshot(HostIdx(n)).filter(|_| !host.frozen) {
                Some(snapshot) => views.push((HostIdx(n), snapshot)),
                None => wrong.push(format!("node {n} does not run")),
            }
        }
        for (host, snapshot) in &views {
            self.look_at(*host, snapshot, &views, &mut wrong);
        }
        let mut all = views.iter().map(|(host, snapshot)| (host, View::of(snapshot)));
        if let Some((first, view)) = all.next() {
            if !view.is_whole() {
                wrong.push(format!("not every slot has one owner: {:?}", view.slots));
            }
            for (host, other) in all.filter(|(_, other)| *other != view) {
                wrong.push(format!(
                    "nodes {} and {} do not agree: {view:?} and {other:?}",
                    first.0, host.0
                ));
            }
        }
        wrong
    }

    fn look_at(
        &self,
        host: HostIdx,
        snapshot: &Snapshot,
        views: &[(HostIdx, Snapshot)],
        wrong: &mut Vec<String>,
    ) {
        let me = host.0;
        for (slot, _) in snapshot.migrating.iter().chain(&snapshot.importing) {
            wrong.push(format!("slot {slot} is open at node {me}"));
        }
        if !snapshot.serving.ok {
            wrong.push(format!("node {me} does not serve: {:?}", snapshot.serving));
        }
        for peer in snapshot.peers.iter().skip(1) {
            let who = peer.addr.map_or(0, |addr| addr.port);
            if peer.health != Health::Ok {
                wrong.push(format!("node {me} holds {who} for {:?}", peer.health));
            }
            if peer.handshake || !peer.linked {
                wrong.push(format!("node {me} has no link to {who}"));
            }
        }
        let Some(master) = snapshot.myself().master else { return };
        let Some((at, theirs)) = views.iter().find(|(_, other)| other.id == master) else {
            wrong.push(format!("node {me} has a master that does not run"));
            return;
        };
        if snapshot.repl.link != MasterLink::Up {
            wrong.push(format!("node {me} does not replicate: {:?}", snapshot.repl.link));
        } else if snapshot.repl.offset != theirs.repl.offset {
            let (mine, theirs) = (snapshot.repl.offset, theirs.repl.offset);
            wrong.push(format!("node {me} is at {mine} and its master at {theirs}"));
        } else if self.dataset_digest(host) != self.dataset_digest(*at) {
            wrong.push(format!("node {me} does not hold the data of its master"));
        }
    }
}
