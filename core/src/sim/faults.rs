//! What can go wrong, drawn from a seed: a schedule of faults that ends with everything repaired.
//!
//! Each fault comes with its end, and several may overlap. The schedule is a list of actions like
//! any journal, so a failing seed is replayed, shortened and looked at like any other run.

use alloc::{string::ToString, vec::Vec};

use super::{Action, ClientPlan, HostIdx, NetPlan, Plan, TimedAction};
use crate::{
    rng::{Rng, Seed},
    slot::{Slot, key_slot},
    time::Instant,
};

/// When faults begin: a restored cluster serves after two seconds.
const FROM_MS: u64 = 4000;

/// The kinds of faults with their weights; kills come first because all else hangs on them.
const WEIGHTS: [(Fault, u32); 12] = [
    (Fault::Kill, 30),
    (Fault::Freeze, 14),
    (Fault::Partition, 14),
    (Fault::OneWay, 12),
    (Fault::Latency, 8),
    (Fault::Swizzle, 8),
    (Fault::ClockStep, 5),
    (Fault::DiskFull, 5),
    (Fault::QuickRestart, 4),
    (Fault::Move, 14),
    (Fault::Manual, 10),
    (Fault::Leave, 4),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// `kill -9`, and a restart some time later.
    Kill,
    /// Stopped, and continued.
    Freeze,
    /// A wall with some machines on the other side.
    Partition,
    /// One direction between two machines.
    OneWay,
    /// A slow way between two machines.
    Latency,
    /// All ways of one machine cut one after the other, and joined in another order.
    Swizzle,
    /// The wall clock jumps.
    ClockStep,
    /// No room on a disk; whoever has to write then dies and is restarted.
    DiskFull,
    /// A process that a supervisor brings back at once.
    QuickRestart,
    /// A slot goes to another machine, keys and all.
    Move,
    /// A person has a replica take over, in one of three ways.
    Manual,
    /// A replica leaves the cluster and comes back as a new node.
    Leave,
}

/// A schedule in the making.
struct Draw {
    rng: Rng,
    hosts: u16,
    node_timeout_ms: u64,
    actions: Vec<TimedAction>,
}

/// The plan of a seed: six nodes or nine, timings drawn within legal ranges, one busy application.
#[must_use]
pub fn plan(seed: u64, masters: u16, replicas: u16) -> Plan {
    let mut rng = Rng::new(Seed::from_u64(seed ^ 0x0050_4C41_4E00));
    let mut plan = Plan::cluster(seed, masters, replicas);
    let timeout = [1000, 1500, 2000, 3000][rng.index(4)];
    plan.config = [
        ("cluster-node-timeout", timeout.to_string()),
        // Shorter than the default minute, so that half-open links show within a run.
        ("repl-timeout", "10".to_string()),
        ("repl-ping-replica-period", (1 + rng.below(5)).to_string()),
        ("cluster-require-full-coverage", if rng.chance(750) { "yes" } else { "no" }.to_string()),
    ]
    .map(|(name, value)| (name.to_string(), value))
    .to_vec();
    plan.net = NetPlan {
        latency_us: [200, 1000, 5000][rng.index(3)],
        jitter_us: [0, 500, 5000][rng.index(3)],
    };
    plan.clients = alloc::vec![ClientPlan { every_us: 50_000, keys: 40, timeout_ms: 500 }];
    // Half of them come back with what their disks hold.
    if let Some(policy) = ["always", "everysec"].get(rng.index(4)) {
        for (name, value) in [("appendonly", "yes"), ("appendfsync", policy)] {
            plan.config.push((name.into(), value.into()));
        }
    }
    plan
}

/// Faults for `plan` from `FROM_MS` on for `length_ms`, and then their repair: from the last
/// action on nothing is wrong with machines, disks or the network.
#[must_use]
pub fn schedule(plan: &Plan, seed: u64, length_ms: u64) -> Vec<TimedAction> {
    let timeout = plan.config.iter().find(|(name, _)| name == "cluster-node-timeout");
    let mut draw = Draw {
        rng: Rng::new(Seed::from_u64(seed ^ 0x0046_4155_4C54)),
        hosts: u16::try_from(plan.nodes.len()).unwrap_or(u16::MAX),
        node_timeout_ms: timeout.and_then(|(_, ms)| ms.parse().ok()).unwrap_or(15_000),
        actions: Vec::new(),
    };
    let end = FROM_MS + length_ms;
    let mut at = FROM_MS;
    while at < end {
        draw.fault(at);
        at += draw.between(200, 2 * draw.node_timeout_ms + 2000);
    }
    draw.actions.retain(|entry| entry.at < Instant::from_millis(end));
    draw.actions.sort_by_key(|entry| entry.at);
    draw.repair(end);
    draw.actions
}

/// When the last repair of a schedule is done.
#[must_use]
pub fn ends_at(schedule: &[TimedAction]) -> Instant {
    schedule.last().map_or(Instant::ZERO, |entry| entry.at)
}

impl Draw {
    fn between(&mut self, from: u64, to: u64) -> u64 {
        let span = u32::try_from(to.saturating_sub(from)).unwrap_or(u32::MAX);
        from + u64::from(self.rng.below(span.saturating_add(1)))
    }

    fn host(&mut self) -> HostIdx {
        HostIdx(u16::try_from(self.rng.below(u32::from(self.hosts))).unwrap_or(0))
    }

    fn other(&mut self, not: HostIdx) -> HostIdx {
        let step = 1 + self.rng.below(u32::from(self.hosts.saturating_sub(1)).max(1));
        let sum = u32::from(not.0) + step;
        HostIdx(u16::try_from(sum % u32::from(self.hosts.max(1))).unwrap_or(0))
    }

    fn add(&mut self, at_ms: u64, action: Action) {
        // Not all on the millisecond: ties between actions and node timers would be too regular.
        let us = at_ms * 1000 + u64::from(self.rng.below(1000));
        self.actions.push(TimedAction { at: Instant::from_micros(us), action });
    }

    /// How long a fault lasts: around the node timeout, sometimes far beyond it.
    fn duration(&mut self) -> u64 {
        let nt = self.node_timeout_ms;
        match self.rng.below(10) {
            0..=2 => self.between(50, nt),
            3..=7 => self.between(nt, 4 * nt),
            _ => self.between(4 * nt, 10 * nt),
        }
    }

    fn kind(&mut self) -> Fault {
        let mut drawn = self.rng.below(WEIGHTS.iter().map(|(_, weight)| weight).sum());
        for (fault, weight) in WEIGHTS {
            if drawn < weight {
                return fault;
            }
            drawn -= weight;
        }
        Fault::Kill
    }

    fn fault(&mut self, at: u64) {
        let host = self.host();
        let end = at + self.duration();
        match self.kind() {
            Fault::Kill => {
                self.add(at, Action::Kill(host));
                self.add(end, Action::Restart(host));
            }
            Fault::QuickRestart => {
                self.add(at, Action::Kill(host));
                let back = at + self.between(1, 300);
                self.add(back, Action::Restart(host));
            }
            Fault::Freeze => {
                self.add(at, Action::Freeze(host));
                self.add(end, Action::Thaw(host));
            }
            Fault::Partition => {
                let count = 1 + self.rng.below(u32::from(self.hosts / 2).max(1));
                let mut group: Vec<HostIdx> = (0..count).map(|_| self.host()).collect();
                group.sort_unstable();
                group.dedup();
                let rest = (0..self.hosts).map(HostIdx).filter(|h| !group.contains(h)).collect();
                // Applications stand with the first group: on either side of the wall.
                let sides = [group, rest];
                let sides =
                    if self.rng.chance(500) { sides } else { [sides[1].clone(), sides[0].clone()] };
                self.add(at, Action::Partition(sides.to_vec()));
                self.add(end, Action::Partition(Vec::new()));
            }
            Fault::OneWay => {
                let other = self.other(host);
                self.add(at, Action::Cut(host, other));
                self.add(end, Action::Join(host, other));
            }
            Fault::Latency => {
                let other = self.other(host);
                let us = u32::try_from(self.between(20_000, 400_000)).unwrap_or(0);
                self.add(at, Action::Latency(host, other, us));
                let usual = u32::try_from(self.between(200, 2000)).unwrap_or(0);
                self.add(end, Action::Latency(host, other, usual));
            }
            Fault::Swizzle => self.swizzle(host, at, end),
            Fault::ClockStep => {
                let ahead = i64::try_from(self.between(1, 20_000)).unwrap_or(0);
                let by = if self.rng.chance(500) { ahead } else { -ahead };
                self.add(at, Action::ClockStep(host, by));
            }
            Fault::Move => {
                // Half of them slots that the application writes to.
                let key = alloc::format!("key:{}", self.rng.below(40));
                let any = u16::try_from(self.rng.below(16_384)).unwrap_or(0);
                let busy = self.rng.chance(500);
                let slot = if busy { Some(key_slot(key.as_bytes())) } else { Slot::new(any) };
                if let Some(slot) = slot {
                    self.add(at, Action::Move(slot, host));
                }
            }
            Fault::Manual => {
                let mode = match self.rng.below(10) {
                    0..=6 => None,
                    7..=8 => Some("FORCE"),
                    _ => Some("TAKEOVER"),
                };
                let words = ["CLUSTER", "FAILOVER"].into_iter().chain(mode);
                // Whoever is a master refuses; one of two machines of a shard does not.
                for host in [host, HostIdx((host.0 + self.hosts / 2) % self.hosts.max(1))] {
                    self.tell(at, host, words.clone());
                }
            }
            Fault::Leave => {
                let away = u32::try_from(self.between(100, 20_000)).unwrap_or(0);
                let follows = self.rng.chance(700);
                self.add(at, Action::Leave(host, away, follows));
            }
            Fault::DiskFull => {
                self.add(at, Action::DiskFull(host, true));
                self.add(end, Action::DiskFull(host, false));
                let back = end + self.between(1, 2000);
                self.add(back, Action::Restart(host));
            }
        }
    }

    fn tell<'w>(&mut self, at: u64, host: HostIdx, words: impl Iterator<Item = &'w str>) {
        let words = words.map(ToString::to_string).collect();
        self.add(at, Action::Command(host, words));
    }

    fn swizzle(&mut self, host: HostIdx, at: u64, end: u64) {
        let others: Vec<HostIdx> = (0..self.hosts).map(HostIdx).filter(|h| *h != host).collect();
        for other in others {
            for (from, to) in [(host, other), (other, host)] {
                let cut = self.between(at, end);
                let join = self.between(cut, end + 2000);
                self.add(cut, Action::Cut(from, to));
                self.add(join, Action::Join(from, to));
            }
        }
    }

    /// Clocks are set right as well: the times in gossip are wall times. At last a person looks
    /// after what crashes have left open.
    fn repair(&mut self, at_ms: u64) {
        let at = Instant::from_millis(at_ms);
        self.actions.push(TimedAction { at, action: Action::Heal });
        for host in (0..self.hosts).map(HostIdx) {
            let stepped = |entry: &TimedAction| match entry.action {
                Action::ClockStep(of, ms) if of == host => ms,
                _ => 0,
            };
            let off_ms: i64 = self.actions.iter().map(stepped).sum();
            for action in [
                Action::ClockStep(host, -off_ms),
                Action::DiskFull(host, false),
                Action::Thaw(host),
                Action::Restart(host),
            ] {
                self.actions.push(TimedAction { at, action });
            }
        }
        self.actions.push(TimedAction { at, action: Action::Fix });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_the_same_for_the_same_seed_and_ends_repaired() {
        let plan = plan(5, 3, 1);
        let one = schedule(&plan, 5, 60_000);
        assert_eq!(one, schedule(&plan, 5, 60_000));
        assert_ne!(one, schedule(&plan, 6, 60_000));
        assert!(one.is_sorted_by_key(|entry| entry.at));
        assert!(one.len() > 20, "{}", one.len());
        let tail: Vec<&Action> = one.iter().rev().take(26).map(|entry| &entry.action).collect();
        assert!(tail.contains(&&Action::Heal));
        for host in (0..6).map(HostIdx) {
            assert!(tail.contains(&&Action::Restart(host)) && tail.contains(&&Action::Thaw(host)));
        }
    }
}
