//! How does a slot move? As `redis-cli --cluster reshard` moves it.
//!
//! IMPORTING there, MIGRATING here, the keys in small parts, SETSLOT NODE there and then here. A slot
//! that nobody claims any more, though all answer, is first given to whoever holds most of its keys,
//! as `redis-cli --cluster fix` does.
//!
//! Spec: Redis Cluster specification, "Live reconfiguration". Redis 7.0 does not tell replicas which
//! slots are open or have just arrived, so a failover in the middle of a move forgets the marks, and
//! one right behind it the slot; a write to a moving slot may be lost then. The ledger counts those
//! by themselves.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use super::{AGAIN_MS, Job, Refused, STEP_MS, Step};
use crate::{
    client::Value,
    id::NodeId,
    sim::{HostIdx, turn::Turn},
    slot::Slot,
};

/// A move that failed so often is given up.
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

/// A slot on its way.
#[derive(Clone, Debug)]
pub(super) struct Move {
    pub slot: Slot,
    pub to: HostIdx,
    pub tries: u32,
    from: Option<HostIdx>,
    phase: Phase,
    /// Parts of keys sent since the slot was opened.
    parts: u32,
}

impl Turn<'_> {
    /// Begins to move a slot, unless it is on the move.
    pub(in crate::sim) fn move_slot(&mut self, slot: Slot, to: HostIdx) {
        if !self.s.operator.moves(slot) {
            let (from, phase) = (None, Phase::Open);
            self.begin(Job::Move(Move { slot, to, from, phase, parts: 0, tries: 0 }));
        }
    }

    pub(super) fn step_of_move(&mut self, job: &mut Move) -> Step {
        self.s.operator.touched.insert(job.slot, self.s.now);
        match self.try_move(job) {
            Ok(true) => Step::Over,
            Ok(false) => Step::After(STEP_MS),
            Err(Refused) => {
                job.tries += 1;
                job.phase = Phase::Open;
                // A node hears no claim for a slot that it imports: it may hold the slot for
                // nobody's, and refuse the keys, as long as the mark stands.
                let slot = job.slot.to_string();
                let _closed = self.say(job.to, &["CLUSTER", "SETSLOT", &slot, "STABLE"]);
                if job.tries >= TRIES_MAX { Step::Over } else { Step::After(AGAIN_MS) }
            }
        }
    }

    /// True when the slot is where it belongs.
    fn try_move(&mut self, job: &mut Move) -> Result<bool, Refused> {
        let slot = job.slot.to_string();
        let to_id = self.heir(job)?;
        let from = match self.claimant(job.slot) {
            Some(owner) => owner,
            None => self.give_lost_slot(job)?,
        };
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
        match job.phase {
            Phase::Open => {
                if self.view_of(job.to)?.owner(job.slot).is_none() {
                    return Err(Refused);
                }
                self.say(job.to, &["CLUSTER", "SETSLOT", &slot, "IMPORTING", from_id.as_str()])?;
                self.say(from, &["CLUSTER", "SETSLOT", &slot, "MIGRATING", to_id.as_str()])?;
                (job.phase, job.parts) = (Phase::Keys, 0);
            }
            Phase::Keys => {
                job.parts += 1;
                if job.parts > PARTS_MAX {
                    // Something is in the way: the other side was replaced and knows of no import.
                    return Err(Refused);
                }
                if !self.move_keys(from, job.to, &slot)? {
                    job.phase = Phase::Close;
                }
            }
            Phase::Close => {
                self.say(job.to, &["CLUSTER", "SETSLOT", &slot, "NODE", to_id.as_str()])?;
                // Everybody hears of it by gossip; the old owner is told, as redis-cli does.
                let _told = self.say(from, &["CLUSTER", "SETSLOT", &slot, "NODE", to_id.as_str()]);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The name of the machine that gets the slot. Of one that was replaced meanwhile, the heir.
    fn heir(&self, job: &mut Move) -> Result<NodeId, Refused> {
        loop {
            let view = self.view_of(job.to)?;
            if !view.myself().is_replica {
                return Ok(view.id);
            }
            let master = view.myself().master.and_then(|id| self.s.names.get(&id).copied());
            job.to = master.filter(|host| *host != job.to).ok_or(Refused)?;
        }
    }

    /// Who says of itself that it owns a slot; of several, the one with the newest claim.
    pub(super) fn claimant(&self, slot: Slot) -> Option<HostIdx> {
        let hosts = (0_u16..).take(self.s.hosts.len()).map(HostIdx);
        let views = hosts.filter_map(|host| Some((host, self.view_of(host).ok()?)));
        let owns = |view: &crate::node::Snapshot| {
            view.myself().slots.iter().any(|(a, b)| (*a..=*b).contains(&slot))
        };
        let claims = views.filter(|(_, view)| owns(view));
        claims.max_by_key(|(_, view)| view.config_epoch).map(|(host, _)| host)
    }

    /// Everybody answers and nobody claims the slot: a failover has forgotten it. Whoever holds most
    /// of its keys gets it, else the machine that it was on the way to.
    fn give_lost_slot(&mut self, job: &Move) -> Result<HostIdx, Refused> {
        let slot = job.slot.to_string();
        let masters: Vec<HostIdx> = self
            .all_views()?
            .into_iter()
            .filter(|(_, view)| !view.myself().is_replica)
            .map(|(host, _)| host)
            .collect();
        let mut best = (0, job.to);
        for host in masters {
            let count = self.ask(host, &["CLUSTER", "COUNTKEYSINSLOT", &slot]);
            if let Some(Value::Integer(keys)) = count
                && keys > best.0
            {
                best = (keys, host);
            }
        }
        // Refused where the slot is unassigned there too: then there is nothing to take away.
        let _assigned = self.say(best.1, &["CLUSTER", "DELSLOTS", &slot]);
        self.say(best.1, &["CLUSTER", "ADDSLOTS", &slot])?;
        drop(self.ask(best.1, &["CLUSTER", "BUMPEPOCH"]));
        Ok(best.1)
    }

    /// Sends some keys on; false when there are none left.
    fn move_keys(&mut self, from: HostIdx, to: HostIdx, slot: &str) -> Result<bool, Refused> {
        let keys = self.ask(from, &["CLUSTER", "GETKEYSINSLOT", slot, KEYS]).ok_or(Refused)?;
        let Value::Array(keys) = keys else { return Err(Refused) };
        let keys: Vec<String> = keys.iter().filter_map(Value::as_str).map(Into::into).collect();
        if keys.is_empty() {
            return Ok(false);
        }
        let port = format!("{}", self.host(to).port);
        let mut words =
            alloc::vec!["MIGRATE", "127.0.0.1", &port, "", "0", "1000", "REPLACE", "KEYS"];
        words.extend(keys.iter().map(String::as_str));
        // The answer comes when they have arrived, and is not waited for: the next look at the slot
        // shows what is left.
        drop(self.ask(from, &words));
        Ok(true)
    }
}
