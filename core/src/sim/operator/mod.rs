//! What does a person at the machines do? The long jobs of `redis-cli --cluster`, step by step.
//!
//! A job looks, types one command, and comes again; what fails is tried again a second later from
//! where the cluster then stands, as a patient person would. `moves` moves a slot (reshard),
//! `fix` closes what faults left open (fix), `membership` takes a replica out and adds it again as
//! a new node (del-node, add-node).
//!
//! As `redis-cli` does, a job believes each machine about itself alone: what others say of it may
//! be old.

mod fix;
mod membership;
mod moves;

use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
    vec::Vec,
};

use self::{fix::Fix, membership::Leave, moves::Move};
use super::{HostIdx, digest::Digest, queue::Event, turn::Turn};
use crate::{client::Value, node::Snapshot, slot::Slot, time::Instant};

/// Time between two commands of a person who types fast.
const STEP_MS: u64 = 20;
/// What failed is tried again after so long.
const AGAIN_MS: u64 = 1000;

/// A job under way.
#[derive(Clone, Debug)]
enum Job {
    Move(Move),
    Fix(Fix),
    Leave(Leave),
}

/// What became of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The job is done, or given up.
    Over,
    /// It goes on after so many ms.
    After(u64),
}

/// A machine did not answer, or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refused;

/// The person, and what is to be done.
#[derive(Clone, Debug, Default)]
pub(super) struct Operator {
    jobs: BTreeMap<u32, Job>,
    next: u32,
    /// When something was last done to a slot.
    touched: BTreeMap<Slot, Instant>,
}

impl Operator {
    /// Whether there is something to do.
    pub(super) fn is_busy(&self) -> bool {
        !self.jobs.is_empty()
    }

    /// Whether a slot was on the move at `since` or later.
    pub(super) fn touched_since(&self, slot: Slot, since: Instant) -> bool {
        self.moves(slot) || self.touched.get(&slot).is_some_and(|at| *at >= since)
    }

    /// Whether a slot is on the move.
    fn moves(&self, slot: Slot) -> bool {
        self.jobs.values().any(|job| matches!(job, Job::Move(job) if job.slot == slot))
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.word(u64::from(self.next));
        for (n, job) in &self.jobs {
            let (what, host, tries) = match job {
                Job::Move(job) => (u64::from(job.slot.get()), job.to.0, job.tries),
                Job::Fix(job) => (1 << 16, 0, job.looks),
                Job::Leave(job) => (2 << 16, job.host.0, job.tries),
            };
            digest.word(u64::from(*n) << 32 | what);
            digest.word(u64::from(host) << 32 | u64::from(tries));
        }
    }
}

impl Turn<'_> {
    fn begin(&mut self, job: Job) {
        let operator = &mut self.s.operator;
        let n = operator.next;
        operator.next += 1;
        operator.jobs.insert(n, job);
        self.go_on_with(n);
    }

    /// The next step of a job; false if there is none of that number.
    pub(super) fn go_on_with(&mut self, n: u32) -> bool {
        let Some(mut job) = self.s.operator.jobs.remove(&n) else { return false };
        let step = match &mut job {
            Job::Move(job) => self.step_of_move(job),
            Job::Fix(job) => self.step_of_fix(job),
            Job::Leave(job) => self.step_of_leave(job),
        };
        if let Step::After(ms) = step {
            self.s.operator.jobs.insert(n, job);
            self.s.queue.push(self.s.now.plus_ms(ms), Event::Job { n });
        }
        true
    }

    /// What a machine says, if it answers.
    fn view_of(&self, host: HostIdx) -> Result<Snapshot, Refused> {
        let host = self.s.hosts.get(usize::from(host.0)).ok_or(Refused)?;
        let node = host.node.as_ref().filter(|_| !host.frozen).ok_or(Refused)?;
        Ok(node.snapshot(host.clock(self.s.now)))
    }

    /// What all machines say; refused when one does not answer.
    fn all_views(&self) -> Result<Vec<(HostIdx, Snapshot)>, Refused> {
        let hosts = (0_u16..).take(self.s.hosts.len()).map(HostIdx);
        hosts.map(|host| self.view_of(host).map(|view| (host, view))).collect()
    }

    fn ask(&mut self, host: HostIdx, words: &[&str]) -> Option<Value> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        self.person(host, &words)
    }

    fn say(&mut self, host: HostIdx, words: &[&str]) -> Result<(), Refused> {
        match self.ask(host, words) {
            Some(value) if value.as_str() == Some("OK") => Ok(()),
            Some(_) | None => Err(Refused),
        }
    }
}
