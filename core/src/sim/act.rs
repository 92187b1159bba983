//! What does an action do? One arm each.

use core::fmt;

use alloc::{string::String, vec::Vec};

use super::{Action, HostIdx, turn::Turn};
use crate::client::Value;

impl Action {
    /// The machines that it names.
    #[must_use]
    pub fn hosts(&self) -> Vec<HostIdx> {
        match self {
            Self::Kill(host)
            | Self::Restart(host)
            | Self::Freeze(host)
            | Self::Thaw(host)
            | Self::DiskFull(host, _)
            | Self::ClockStep(host, _)
            | Self::Command(host, _)
            | Self::Move(_, host)
            | Self::Leave(host, _, _) => alloc::vec![*host],
            Self::Cut(from, to) | Self::Join(from, to) | Self::Latency(from, to, _) => {
                alloc::vec![*from, *to]
            }
            Self::Partition(groups) => groups.iter().flatten().copied().collect(),
            Self::Heal | Self::Fix => Vec::new(),
        }
    }
}

impl fmt::Display for HostIdx {
    /// `n3`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

impl fmt::Display for Action {
    /// As scenario files write it: `kill n1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(host) => write!(f, "kill {host}"),
            Self::Restart(host) => write!(f, "restart {host}"),
            Self::Freeze(host) => write!(f, "freeze {host}"),
            Self::Thaw(host) => write!(f, "thaw {host}"),
            Self::Cut(from, to) => write!(f, "cut {from} {to}"),
            Self::Join(from, to) => write!(f, "join {from} {to}"),
            Self::Partition(groups) => {
                f.write_str("partition")?;
                for group in groups {
                    for (n, host) in group.iter().enumerate() {
                        write!(f, "{}{host}", if n == 0 { " " } else { "," })?;
                    }
                }
                Ok(())
            }
            Self::Heal => f.write_str("heal"),
            Self::Latency(a, b, us) => write!(f, "latency {a} {b} {us}"),
            Self::DiskFull(host, true) => write!(f, "disk-full {host}"),
            Self::DiskFull(host, false) => write!(f, "disk-free {host}"),
            Self::ClockStep(host, ms) => write!(f, "clock {host} {ms}"),
            Self::Move(slot, host) => write!(f, "move {slot} {host}"),
            Self::Fix => f.write_str("fix"),
            Self::Leave(host, ms, follows) => {
                write!(f, "leave {host} {ms} {}", if *follows { "replica" } else { "master" })
            }
            Self::Command(host, words) => {
                write!(f, "tell {host}")?;
                words.iter().try_for_each(|word| write!(f, " {word}"))
            }
        }
    }
}

impl Turn<'_> {
    /// What `@n2` and `@master` stand for; other words stand for themselves.
    pub(super) fn name_of(&self, at: HostIdx, word: String) -> String {
        let Some(of) = word.strip_prefix('@') else { return word };
        let node = |host: &super::host::Host| host.node.as_ref().map(crate::Node::id);
        let id = if of == "master" {
            let host = &self.s.hosts[usize::from(at.0)];
            let view = host.node.as_ref().map(|node| node.snapshot(host.clock(self.s.now)));
            view.and_then(|view| {
                let replicas =
                    |id| view.peers.iter().filter(|peer| peer.master == Some(id)).count();
                let masters = view.peers.iter().filter(|peer| !peer.slots.is_empty());
                masters.map(|peer| peer.id).min_by_key(|id| (replicas(*id), *id))
            })
        } else {
            let n = of.strip_prefix('n').and_then(|n| n.parse::<usize>().ok());
            n.and_then(|n| node(self.s.hosts.get(n)?))
        };
        id.map_or(word, |id| id.as_str().into())
    }

    /// Carries out an action whose machines exist; the reply, if it was a command.
    pub(super) fn apply(&mut self, action: Action) -> Option<Value> {
        match action {
            Action::Kill(host) => self.die(host),
            Action::Restart(host) => self.boot(host),
            Action::Freeze(host) => {
                let host = &mut self.s.hosts[usize::from(host.0)];
                host.frozen = host.node.is_some();
            }
            Action::Thaw(host) => self.thaw(host),
            Action::Cut(from, to) => {
                if !self.s.net.cuts.contains(&(from, to)) {
                    self.s.net.cuts.push((from, to));
                }
                self.swallow();
            }
            Action::Join(from, to) => {
                self.s.net.cuts.retain(|cut| *cut != (from, to));
                self.mend();
            }
            Action::Partition(groups) => {
                self.s.net.walls = groups;
                self.swallow();
                self.mend();
            }
            Action::Heal => {
                self.s.net.clear();
                self.mend();
            }
            Action::Latency(a, b, us) => self.s.net.set_latency(a, b, us),
            Action::DiskFull(host, full) => self.s.hosts[usize::from(host.0)].disk.full = full,
            Action::ClockStep(host, ms) => {
                let host = &mut self.s.hosts[usize::from(host.0)];
                host.clock_offset_ms = host.clock_offset_ms.saturating_add(ms);
            }
            Action::Command(host, words) => {
                let words: Vec<String> =
                    words.into_iter().map(|word| self.name_of(host, word)).collect();
                return self.person(host, &words);
            }
            Action::Move(slot, to) => self.move_slot(slot, to),
            Action::Fix => self.fix(),
            Action::Leave(host, away_ms, follows) => self.leave(host, away_ms, follows),
        }
        None
    }
}
