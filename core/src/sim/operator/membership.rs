//! How does a node leave a cluster, and how does one join it? As `redis-cli --cluster del-node` and
//! `add-node` do it.
//!
//! Everybody else forgets the name, then the machine is reset and has a new one. Only replicas
//! leave: a master has slots, and `redis-cli` refuses it too. Somebody who did not answer when it
//! was told to forget spreads the old name again once the ban of a minute is over; a `fix` then
//! finds it. Later the machine is met again, and stays a master without slots or becomes the replica
//! of whoever has the fewest.

use alloc::format;

use super::{AGAIN_MS, Job, Refused, Step};
use crate::sim::{HostIdx, turn::Turn};

/// An errand that failed so often is given up.
const TRIES_MAX: u32 = 120;
/// So often it is tried to replicate before the machine is introduced once more.
const MEETINGS: u32 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Leave,
    Meet,
    Follow,
}

/// A machine that leaves and comes back as a new node.
#[derive(Clone, Debug)]
pub(super) struct Leave {
    pub host: HostIdx,
    pub tries: u32,
    /// How long it stays away.
    away_ms: u64,
    /// Whether it comes back as a replica.
    follows: bool,
    phase: Phase,
}

impl Turn<'_> {
    /// Begins to take a replica out of the cluster, and to add it again `away_ms` later.
    pub(in crate::sim) fn leave(&mut self, host: HostIdx, away_ms: u32, follows: bool) {
        let away_ms = u64::from(away_ms);
        self.begin(Job::Leave(Leave { host, tries: 0, away_ms, follows, phase: Phase::Leave }));
    }

    pub(super) fn step_of_leave(&mut self, job: &mut Leave) -> Step {
        match self.try_leave(job) {
            Ok(step) => step,
            Err(Refused) => {
                job.tries += 1;
                if job.phase == Phase::Follow && job.tries.is_multiple_of(MEETINGS) {
                    job.phase = Phase::Meet;
                }
                if job.tries >= TRIES_MAX { Step::Over } else { Step::After(AGAIN_MS) }
            }
        }
    }

    fn try_leave(&mut self, job: &mut Leave) -> Result<Step, Refused> {
        let view = self.view_of(job.host)?;
        match job.phase {
            Phase::Leave => {
                if !view.myself().is_replica {
                    return Ok(Step::Over);
                }
                for other in (0_u16..).take(self.s.hosts.len()).map(HostIdx) {
                    if other != job.host {
                        // Whoever does not answer keeps the name, and tells others of it later.
                        let _told = self.say(other, &["CLUSTER", "FORGET", view.id.as_str()]);
                    }
                }
                self.say(job.host, &["CLUSTER", "RESET", "HARD"])?;
                job.phase = Phase::Meet;
                Ok(Step::After(job.away_ms))
            }
            Phase::Meet => {
                let hosts = (0_u16..).take(self.s.hosts.len()).map(HostIdx);
                let owns = |host: &HostIdx| {
                    self.view_of(*host).is_ok_and(|view| !view.myself().slots.is_empty())
                };
                let member = hosts.clone().find(owns).ok_or(Refused)?;
                let port = format!("{}", self.host(member).port);
                self.say(job.host, &["CLUSTER", "MEET", "127.0.0.1", &port])?;
                job.phase = Phase::Follow;
                Ok(Step::After(AGAIN_MS))
            }
            Phase::Follow => {
                // As `redis-cli` waits for the cluster to join: a node that knows few of the masters
                // takes them for all, and would count its majorities so.
                let hosts = (0_u16..).take(self.s.hosts.len()).map(HostIdx);
                let mut others = hosts.filter_map(|host| self.view_of(host).ok());
                if !view.knows_all_owners() || !others.all(|other| other.peer(view.id).is_some()) {
                    return Err(Refused);
                }
                // A slot may have come to it meanwhile: then it is a master for good.
                if job.follows && view.myself().slots.is_empty() && !view.myself().is_replica {
                    let words = ["CLUSTER", "REPLICATE", "@master"].map(Into::into);
                    let words = words.map(|word| self.name_of(job.host, word));
                    let answer = self.person(job.host, &words);
                    if answer.is_none_or(|answer| answer.as_str() != Some("OK")) {
                        return Err(Refused);
                    }
                }
                Ok(Step::Over)
            }
        }
    }
}
