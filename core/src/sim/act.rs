//! What does an action do? One arm each.

use alloc::vec::Vec;

use super::{Action, HostIdx, turn::Turn};

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
            | Self::Command(host, _) => alloc::vec![*host],
            Self::Cut(from, to) | Self::Join(from, to) | Self::Latency(from, to, _) => {
                alloc::vec![*from, *to]
            }
            Self::Partition(groups) => groups.iter().flatten().copied().collect(),
            Self::Heal => Vec::new(),
        }
    }
}

impl Turn<'_> {
    /// Carries out an action whose machines exist.
    pub(super) fn apply(&mut self, action: Action) {
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
            Action::Command(host, words) => self.person(host, &words),
        }
    }
}
