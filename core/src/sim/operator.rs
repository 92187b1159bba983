//! How does a slot move? A person at the machines, who does what `redis-cli --cluster reshard` does.
//!
//! IMPORTING there, MIGRATING here, the keys in small parts, SETSLOT NODE there and then here. What
//! fails is tried again a second later from where the cluster then stands, as `redis-cli --cluster
//! fix` would: slots are not left open for ever.
//!
//! Spec: Redis Cluster specification, "Live reconfiguration". Redis 7.0 does not tell replicas which
//! slots are open, so a failover in the middle of a move forgets the marks; a write to a moving
//! slot may be lost then. The ledger counts those by themselves.

use alloc::{
    collections::BTreeMap,
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use super::{HostIdx, digest::Digest, queue::Event, turn::Turn};
use crate::{client::Value, id::NodeId, slot::Slot, time::Instant};

/// Time between two commands of a person who types fast.
const STEP_MS: u64 = 20;
/// What failed is tried again after so long.
const AGAIN_MS: u64 = 1000;
/// A move that failed so often is given up, and its slot closed.
const TRIES_MAX: u32 = 120;
/// So many parts without an end mean that they do not arrive.
const PARTS_MAX: u32 = 40;
/// Keys in one MIGRATE, as redis-cli does it.
const KEYS: &str = "10";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    Keys,
    Close,
}

/// A move under way.
#[derive(Clone, Debug)]
struct Move {
    slot: Slot,
    to: HostIdx,
    from: Option<HostIdx>,
    phase: Phase,
    /// Parts of keys sent since the slot was opened.
    parts: u32,
    tries: u32,
}

/// The person who moves slots.
#[derive(Clone, Debug, Default)]
pub(super) struct Operator {
    moves: BTreeMap<u32, Move>,
    next: u32,
    /// When something was last done to a slot.
    touched: BTreeMap<Slot, Instant>,
}

impl Operator {
    /// Whether slots are on the move.
    pub(super) fn is_busy(&self) -> bool {
        !self.moves.is_empty()
    }

    /// Whether a slot was on the move at `since` or later.
    pub(super) fn touched_since(&self, slot: Slot, since: Instant) -> bool {
        self.moves.values().any(|job| job.slot == slot)
            || self.touched.get(&slot).is_some_and(|at| *at >= since)
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.word(u64::from(self.next));
        for (n, job) in &self.moves {
            digest.word(u64::from(*n) << 32 | u64::from(job.slot.get()));
            digest.word(u64::from(job.to.0) << 32 | u64::from(job.tries));
        }
    }
}

impl Turn<'_> {
    /// Begins to move a slot, unless it is on the move.
    pub(super) fn move_slot(&mut self, slot: Slot, to: HostIdx) {
        let operator = &mut self.s.operator;
        if operator.moves.values().any(|job| job.slot == slot) {
            return;
        }
        let n = operator.next;
        operator.next += 1;
        let job = Move { slot, to, from: None, phase: Phase::Open, parts: 0, tries: 0 };
        operator.moves.insert(n, job);
        self.move_on(n);
    }

    /// The next step of a move.
    pub(super) fn move_on(&mut self, n: u32) -> bool {
        let now = self.s.now;
        let Some(mut job) = self.s.operator.moves.remove(&n) else { return false };
        self.s.operator.touched.insert(job.slot, now);
        let wait_ms = match self.step_of_move(&mut job) {
            Ok(true) => return true,
            Ok(false) => STEP_MS,
            Err(()) => {
                job.tries += 1;
                job.phase = Phase::Open;
                if job.tries >= TRIES_MAX {
                    return true;
                }
                AGAIN_MS
            }
        };
        self.s.operator.moves.insert(n, job);
        self.s.queue.push(now.plus_ms(wait_ms), Event::Move { n });
        true
    }

    /// True when the slot is where it belongs.
    fn step_of_move(&mut self, job: &mut Move) -> Result<bool, ()> {
        let slot = job.slot.to_string();
        // A master that was replaced meanwhile: its heir gets the slot.
        let (to_id, owner) = loop {
            let view = self.view_of(job.to)?;
            match view.myself().master.and_then(|id| self.s.names.get(&id).copied()) {
                Some(master) if view.myself().is_replica && master != job.to => job.to = master,
                Some(_) | None if view.myself().is_replica => return Err(()),
                Some(_) | None => {
                    let owns = |p: &&crate::node::PeerView| {
                        p.slots.iter().any(|(a, b)| (*a..=*b).contains(&job.slot))
                    };
                    break (view.id, view.peers.iter().find(owns).map(|peer| peer.id));
                }
            }
        };
        let from = owner.and_then(|id| self.s.names.get(&id).copied()).ok_or(())?;
        if from == job.to {
            // It has arrived; marks that a failed try left behind are cleared.
            self.say(job.to, &["CLUSTER", "SETSLOT", &slot, "STABLE"])?;
            return Ok(true);
        }
        if job.from != Some(from) {
            job.phase = Phase::Open;
        }
        job.from = Some(from);
        let from_id = self.view_of(from)?.id;
        let to = (job.to, to_id);
        match job.phase {
            Phase::Open => {
                self.say(to.0, &["CLUSTER", "SETSLOT", &slot, "IMPORTING", from_id.as_str()])?;
                self.say(from, &["CLUSTER", "SETSLOT", &slot, "MIGRATING", to.1.as_str()])?;
                (job.phase, job.parts) = (Phase::Keys, 0);
            }
            Phase::Keys => {
                job.parts += 1;
                if job.parts > PARTS_MAX {
                    // Something is in the way: the other side was replaced and knows of no import.
                    return Err(());
                }
                if !self.move_keys(from, to, &slot)? {
                    job.phase = Phase::Close;
                }
            }
            Phase::Close => {
                self.say(to.0, &["CLUSTER", "SETSLOT", &slot, "NODE", to.1.as_str()])?;
                // Everybody hears of it by gossip; the old owner is told, as redis-cli does.
                let _told = self.say(from, &["CLUSTER", "SETSLOT", &slot, "NODE", to.1.as_str()]);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sends some keys on; false when there are none left.
    fn move_keys(&mut self, from: HostIdx, to: (HostIdx, NodeId), slot: &str) -> Result<bool, ()> {
        let keys = self.ask(from, &["CLUSTER", "GETKEYSINSLOT", slot, KEYS]).ok_or(())?;
        let Value::Array(keys) = keys else { return Err(()) };
        let keys: Vec<String> = keys.iter().filter_map(Value::as_str).map(Into::into).collect();
        if keys.is_empty() {
            return Ok(false);
        }
        let port = format!("{}", self.host(to.0).port);
        let mut words =
            alloc::vec!["MIGRATE", "127.0.0.1", &port, "", "0", "1000", "REPLACE", "KEYS"];
        words.extend(keys.iter().map(String::as_str));
        // The answer comes when they have arrived, and is not waited for: the next look at the slot
        // shows what is left.
        drop(self.ask(from, &words));
        Ok(true)
    }

    fn view_of(&self, host: HostIdx) -> Result<crate::node::Snapshot, ()> {
        let host = self.s.hosts.get(usize::from(host.0)).ok_or(())?;
        let node = host.node.as_ref().filter(|_| !host.frozen).ok_or(())?;
        Ok(node.snapshot(host.clock(self.s.now)))
    }

    fn ask(&mut self, host: HostIdx, words: &[&str]) -> Option<Value> {
        let words: Vec<String> = words.iter().map(|word| (*word).into()).collect();
        self.person(host, &words)
    }

    fn say(&mut self, host: HostIdx, words: &[&str]) -> Result<(), ()> {
        match self.ask(host, words) {
            Some(value) if value.as_str() == Some("OK") => Ok(()),
            Some(_) | None => Err(()),
        }
    }
}
