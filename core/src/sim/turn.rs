//! One event and everything that it sets off.
//!
//! [`State`] is all that a run consists of at one moment, so a clone of it is a checkpoint; a
//! [`Turn`] borrows it together with what is *not* part of the run: the records for those who
//! watch, and the outbox.

use alloc::{collections::BTreeMap, vec::Vec};

use super::{
    HostIdx, Plan, What,
    check::Checks,
    digest::Digest,
    history::Recorder,
    host::Host,
    net::Net,
    operator::Operator,
    queue::{Event, Queue},
    workload::App,
};
use crate::{config::Config, id::NodeId, io::Outbox, time::Instant};

/// A world at one moment.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub now: Instant,
    pub queue: Queue,
    pub hosts: Vec<Host>,
    pub net: Net,
    pub apps: Vec<App>,
    pub operator: Operator,
    pub checks: Checks,
    /// Which machine (last) held a name.
    pub names: BTreeMap<NodeId, HostIdx>,
    /// Everything that went into nodes and came out of them, as a running hash.
    pub trace: Digest,
    /// Entries of the journal that have been carried out.
    pub applied: usize,
}

impl State {
    pub(super) fn digest(&self) -> u64 {
        let mut digest = self.trace;
        digest.word(self.now.as_micros());
        self.queue.digest(&mut digest);
        for host in &self.hosts {
            host.digest(&mut digest);
        }
        self.net.digest(&mut digest);
        for app in &self.apps {
            app.digest(&mut digest);
        }
        self.operator.digest(&mut digest);
        digest.finish()
    }
}

/// What one event may touch.
pub(super) struct Turn<'a> {
    pub plan: &'a Plan,
    pub config: &'a Config,
    pub s: &'a mut State,
    pub rec: &'a mut Recorder,
    pub out: &'a mut Outbox,
    /// The record that led to what happens now.
    pub cause: Option<u64>,
    /// The message being handled has led to a decision.
    pub carrying: bool,
}

impl Turn<'_> {
    /// Carries out one event; false if it turned out to be outdated.
    pub(super) fn happen(&mut self, event: Event) -> bool {
        match event {
            Event::Wake { host, life } => self.wake(host, life),
            Event::Arrive { conn, lane, parcel } => self.arrive(conn, lane, parcel),
            Event::DialAgain { conn, attempt } => {
                self.dial_again(conn, attempt);
                false
            }
            Event::Synced { host, life } => self.synced(host, life),
            Event::Wrote { host, life } => self.wrote(host, life),
            Event::Job { n } => self.go_on_with(n),
            Event::AppTick { app } => {
                self.app_tick(app);
                true
            }
            Event::AppTimeout { app, request } => self.app_timeout(app, request),
        }
    }

    /// Records something if somebody watches; its number.
    pub(super) fn record(
        &mut self,
        host: Option<HostIdx>,
        what: impl FnOnce() -> What,
    ) -> Option<u64> {
        self.rec.push(self.s.now, host, self.cause, what)
    }
}
