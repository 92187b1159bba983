//! `World`: step, act, seek, fork.

use alloc::{string::String, vec::Vec};

use super::{Action, Flight, HostIdx, Plan, Record, TimedAction};
use crate::{
    explain::{Reason, Why},
    node::Snapshot,
    time::Instant,
};

/// A running (or paused) world.
#[derive(Clone, Debug)]
pub struct World {
    plan: Plan,
}

/// A machine as the god view sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct HostView {
    /// Client port.
    pub port: u16,
    /// The process runs.
    pub up: bool,
    /// The process is stopped (SIGSTOP).
    pub frozen: bool,
    /// The disk is full.
    pub disk_full: bool,
}

/// An application's ledger of promises.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Ledger {
    /// Writes sent.
    pub sent: u64,
    /// Writes acknowledged.
    pub acked: u64,
    /// Commands that ended in an error.
    pub errors: u64,
    /// Acknowledged writes that a later read did not find.
    pub lost: u64,
    /// Redirections followed.
    pub moved: u64,
    /// The last error's text.
    pub last_error: Option<String>,
    /// Whether the last command ended in an error.
    pub failing: bool,
    /// When the present (or last) outage began and ended.
    pub outage: Option<(Instant, Option<Instant>)>,
    /// The slot map it holds.
    pub map: Vec<(crate::slot::Slot, crate::slot::Slot, HostIdx)>,
}

/// Why [`World::run_until`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// The time is reached.
    Reached,
    /// The budget of events is used up; call again.
    Budget,
    /// An invariant broke; see [`World::violations`].
    Violated,
}

impl World {
    /// Builds the machines of `plan` and starts them at time 0.
    ///
    /// # Errors
    /// A directive of the plan that does not exist or does not fit, in words.
    pub fn new(plan: Plan) -> Result<Self, String> {
        Ok(Self { plan })
    }

    /// Rebuilds a run from its journal and plays it to `until`.
    ///
    /// # Errors
    /// As [`World::new`].
    pub fn replay(plan: Plan, journal: &[TimedAction], until: Instant) -> Result<Self, String> {
        let _ = (journal, until);
        Self::new(plan)
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// World time.
    #[must_use]
    pub fn now(&self) -> Instant {
        Instant::ZERO
    }

    /// When the next event is due.
    #[must_use]
    pub fn next_event_at(&self) -> Instant {
        Instant::NEVER
    }

    /// Carries out exactly one event; false when nothing is left to happen.
    pub fn step(&mut self) -> bool {
        false
    }

    /// Runs all events up to and including `until`, at most `budget` of them; time then stands at
    /// `until` unless the budget ended first.
    pub fn run_until(&mut self, until: Instant, budget: u32) -> RunEnd {
        let _ = (until, budget);
        RunEnd::Reached
    }

    /// Does something to the world, now. Journaled; journal entries later than now are dropped
    /// (they belong to a future that no longer happens).
    pub fn act(&mut self, action: Action) {
        let _ = action;
    }

    /// Goes to `at`: back by checkpoint and replay, forward by running (journal entries that lie
    /// ahead happen at their time).
    pub fn seek(&mut self, at: Instant) {
        let _ = at;
    }

    /// A copy whose future is its own.
    #[must_use]
    pub fn fork(&self) -> Self {
        self.clone()
    }

    /// All that was done, past and (after a seek back) ahead.
    #[must_use]
    pub fn journal(&self) -> &[TimedAction] {
        &[]
    }

    /// Records from `seq` on, as far as they are kept.
    #[must_use]
    pub fn records(&self, from_seq: u64) -> &[Record] {
        let _ = from_seq;
        &[]
    }

    /// The number that the next record will get.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        0
    }

    /// Messages on their way now, in the order of arrival.
    #[must_use]
    pub fn flights(&self) -> Vec<Flight> {
        Vec::new()
    }

    /// The machines, in the order of the plan.
    #[must_use]
    pub fn hosts(&self) -> Vec<HostView> {
        Vec::new()
    }

    /// What the node on a machine believes; `None` while its process is down.
    #[must_use]
    pub fn snapshot(&self, host: HostIdx) -> Option<Snapshot> {
        let _ = host;
        None
    }

    /// [`crate::Node::why`] of the node on a machine.
    #[must_use]
    pub fn why(&self, host: HostIdx, question: Why) -> Option<Reason> {
        let _ = (host, question);
        None
    }

    /// The machine whose node (last) had this name.
    #[must_use]
    pub fn host_of(&self, id: crate::id::NodeId) -> Option<HostIdx> {
        let _ = id;
        None
    }

    /// The ledger of an application.
    #[must_use]
    pub fn ledger(&self, client: usize) -> Option<&Ledger> {
        let _ = client;
        None
    }

    /// The wall and the cuts in force: the groups of the wall, then single directions.
    #[must_use]
    pub fn walls(&self) -> (&[Vec<HostIdx>], &[(HostIdx, HostIdx)]) {
        (&[], &[])
    }

    /// Broken invariants. Empty, or a bug of ours.
    #[must_use]
    pub fn violations(&self) -> &[String] {
        &[]
    }

    /// Identifies the state: the same plan and journal give the same digest at the same time,
    /// in debug, release and wasm.
    #[must_use]
    pub fn digest(&self) -> u64 {
        0
    }
}
