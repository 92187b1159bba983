//! `World`: build, step, act, seek, fork, look.
//!
//! Thin: what happens stands in `turn` and the rooms around it, what is remembered in `history`.
//! Time is a queue of events and a journal of actions. Of one instant, events come first and
//! actions after them, so that an action is replayed into exactly the state in which it was done.

use alloc::{format, string::String, sync::Arc, vec::Vec};

use super::{
    Action, Flight, HostIdx, Plan, Record, TimedAction, What,
    check::{Checks, Losses},
    digest::Digest,
    history::{Checkpoints, Recorder, Watch},
    host::Host,
    image,
    net::Net,
    queue::{Event, Queue},
    turn::{State, Turn},
    workload::App,
};
use crate::{
    Node,
    client::Value,
    config::Config,
    explain::{Reason, Why},
    id::NodeId,
    io::{Level, Outbox},
    node::Snapshot,
    rng::{Rng, Seed},
    time::Instant,
};

/// A running (or paused) world.
#[derive(Clone, Debug)]
pub struct World {
    plan: Arc<Plan>,
    config: Arc<Config>,
    s: State,
    journal: Vec<TimedAction>,
    rec: Recorder,
    checkpoints: Checkpoints,
    out: Scratch,
}

/// The outbox between two turns: always empty, so a copy of it is a fresh one.
#[derive(Debug)]
struct Scratch(Outbox, Level);

impl Scratch {
    fn new(explaining: bool, level: Level) -> Self {
        let mut out = if explaining { Outbox::new().explaining() } else { Outbox::new() };
        out.set_level(level);
        Self(out, level)
    }
}

impl Clone for Scratch {
    fn clone(&self) -> Self {
        Self::new(self.0.is_explaining(), self.1)
    }
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
    /// When the present (or last) outage began and ended: from the first error until each part of
    /// the cluster that failed has acknowledged a write again.
    pub outage: Option<(Instant, Option<Instant>)>,
    /// The slot map it holds.
    pub map: Vec<(crate::slot::Slot, crate::slot::Slot, HostIdx)>,
}

impl Ledger {
    /// A ledger without entries.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            sent: 0,
            acked: 0,
            errors: 0,
            lost: 0,
            moved: 0,
            last_error: None,
            failing: false,
            outage: None,
            map: Vec::new(),
        }
    }
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
        Self::watched(plan, Watch::Full)
    }

    /// Like [`World::new`], for a run that is watched less closely: faster, and with less memory.
    /// Who watches does not change what happens.
    ///
    /// # Errors
    /// As [`World::new`].
    pub fn watched(plan: Plan, watch: Watch) -> Result<Self, String> {
        let config = config_of(&plan)?;
        let mut rng = Rng::new(Seed::from_u64(plan.seed));
        let ids: Vec<NodeId> = plan.nodes.iter().map(|_| NodeId::random(&mut rng)).collect();
        let mut hosts = Vec::with_capacity(plan.nodes.len());
        for (n, node) in (0_u16..).zip(&plan.nodes) {
            let cport = node
                .port
                .checked_add(10_000)
                .ok_or_else(|| format!("port {} leaves no room for the bus port", node.port))?;
            let mut host = Host::new(HostIdx(n), node, cport);
            if node.member {
                host.disk.image = Some(image::of_member(&plan, &ids, HostIdx(n)).into());
            }
            hosts.push(host);
        }
        let mut draw = || Rng::new(Seed::from_u64(rng.u64()));
        let net = Net::new(plan.net, draw());
        let apps: Vec<App> = plan.clients.iter().map(|client| App::new(*client, draw())).collect();
        let mut queue = Queue::default();
        for n in (0_u16..).take(apps.len()) {
            queue.push(App::starts_at(n), Event::AppTick { app: n });
        }
        let mut world = Self {
            out: Scratch::new(watch.wants_reasons(), config.loglevel),
            s: State {
                now: Instant::ZERO,
                queue,
                hosts,
                net,
                apps,
                operator: super::operator::Operator::default(),
                checks: Checks::default(),
                names: alloc::collections::BTreeMap::new(),
                trace: Digest::new(),
                applied: 0,
            },
            plan: Arc::new(plan),
            config: Arc::new(config),
            journal: Vec::new(),
            rec: Recorder::new(watch),
            checkpoints: Checkpoints::default(),
        };
        for n in (0_u16..).take(world.s.hosts.len()) {
            world.turn().boot(HostIdx(n));
        }
        world.checkpoint();
        Ok(world)
    }

    /// Rebuilds a run from its journal and plays it to `until`.
    ///
    /// # Errors
    /// As [`World::new`].
    pub fn replay(plan: Plan, journal: &[TimedAction], until: Instant) -> Result<Self, String> {
        let mut world = Self::new(plan)?;
        world.expect(journal);
        world.seek(until);
        Ok(world)
    }

    /// Puts actions into the future: each happens at its time. Replaces what stood there.
    pub fn expect(&mut self, actions: &[TimedAction]) {
        self.journal.truncate(self.s.applied);
        self.journal.extend(actions.iter().filter(|entry| entry.at >= self.s.now).cloned());
        self.journal[self.s.applied..].sort_by_key(|entry| entry.at);
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// World time.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.s.now
    }

    /// When the next event (or expected action) is due.
    #[must_use]
    pub fn next_event_at(&self) -> Instant {
        let action = self.journal.get(self.s.applied).map_or(Instant::NEVER, |entry| entry.at);
        self.s.queue.next_at().min(action)
    }

    /// Carries out exactly one event; false when nothing is left to happen.
    pub fn step(&mut self) -> bool {
        loop {
            match self.advance(Instant::NEVER) {
                Advance::Nothing => return false,
                Advance::Outdated => {}
                Advance::Happened => return true,
            }
        }
    }

    /// Runs all events up to and including `until`, at most `budget` of them; time then stands at
    /// `until` unless the budget ended first.
    pub fn run_until(&mut self, until: Instant, budget: u32) -> RunEnd {
        let broken = self.s.checks.violations.len();
        for _ in 0..budget {
            if self.advance(until) == Advance::Nothing {
                self.s.now = self.s.now.max(until);
                return RunEnd::Reached;
            }
            if self.s.checks.violations.len() > broken {
                return RunEnd::Violated;
            }
        }
        RunEnd::Budget
    }

    /// Does something to the world, now. Journaled; journal entries later than now are dropped
    /// (they belong to a future that no longer happens).
    pub fn act(&mut self, action: Action) {
        self.do_now(action);
    }

    /// Types a command at a machine, as [`Action::Command`] does; the reply as a value, `None` if
    /// the process does not run or answers nothing.
    pub fn ask(&mut self, host: HostIdx, words: Vec<String>) -> Option<Value> {
        self.do_now(Action::Command(host, words))
    }

    fn do_now(&mut self, action: Action) -> Option<Value> {
        // What belongs to this instant happens first: a replay could not do it in between.
        self.finish(self.s.now);
        self.journal.truncate(self.s.applied);
        self.journal.push(TimedAction { at: self.s.now, action });
        self.apply_next()
    }

    /// Goes to `at`: back by checkpoint and replay, forward by running (journal entries that lie
    /// ahead happen at their time).
    pub fn seek(&mut self, at: Instant) {
        if at < self.s.now
            && let Some(state) = self.checkpoints.back_to(at, &mut self.rec)
        {
            self.s = state;
        }
        self.finish(at);
    }

    /// A copy whose future is its own.
    #[must_use]
    pub fn fork(&self) -> Self {
        self.clone()
    }

    /// All that was done, past and (after a seek back) ahead.
    #[must_use]
    pub fn journal(&self) -> &[TimedAction] {
        &self.journal
    }

    /// Records from `seq` on, as far as they are kept.
    #[must_use]
    pub fn records(&self, from_seq: u64) -> &[Record] {
        self.rec.from(from_seq)
    }

    /// The number that the next record will get.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.rec.next_seq()
    }

    /// Messages on their way now, in the order of arrival.
    #[must_use]
    pub fn flights(&self) -> Vec<Flight> {
        self.s.net.flights(self.s.now)
    }

    /// The machines, in the order of the plan.
    #[must_use]
    pub fn hosts(&self) -> Vec<HostView> {
        let view = |host: &Host| HostView {
            port: host.port,
            up: host.node.is_some(),
            frozen: host.frozen,
            disk_full: host.disk.full,
        };
        self.s.hosts.iter().map(view).collect()
    }

    fn node(&self, host: HostIdx) -> Option<&Node> {
        self.s.hosts.get(usize::from(host.0))?.node.as_ref()
    }

    fn clock(&self, host: HostIdx) -> crate::time::Now {
        let host = self.s.hosts.get(usize::from(host.0));
        host.map(|host| host.clock(self.s.now)).unwrap_or_default()
    }

    /// What the node on a machine believes; `None` while its process is down.
    #[must_use]
    pub fn snapshot(&self, host: HostIdx) -> Option<Snapshot> {
        self.node(host).map(|node| node.snapshot(self.clock(host)))
    }

    /// [`crate::Node::why`] of the node on a machine.
    #[must_use]
    pub fn why(&self, host: HostIdx, question: Why) -> Option<Reason> {
        self.node(host)?.why(self.clock(host), question)
    }

    /// A digest of the keys and values on a machine; `None` while its process is down.
    #[must_use]
    pub fn dataset_digest(&self, host: HostIdx) -> Option<u64> {
        self.node(host).map(Node::dataset_digest)
    }

    /// `nodes.conf` as it stands on the disk of a machine.
    #[must_use]
    pub fn image(&self, host: HostIdx) -> Option<&str> {
        self.s.hosts.get(usize::from(host.0))?.disk.image.as_deref()
    }

    /// The machine whose node (last) had this name.
    #[must_use]
    pub fn host_of(&self, id: NodeId) -> Option<HostIdx> {
        self.s.names.get(&id).copied()
    }

    /// The ledger of an application.
    #[must_use]
    pub fn ledger(&self, client: usize) -> Option<&Ledger> {
        self.s.apps.get(client).map(|app| &app.ledger)
    }

    /// The wall and the cuts in force: the groups of the wall, then single directions.
    #[must_use]
    pub fn walls(&self) -> (&[Vec<HostIdx>], &[(HostIdx, HostIdx)]) {
        (&self.s.net.walls, &self.s.net.cuts)
    }

    /// Broken invariants. Empty, or a bug of ours.
    #[must_use]
    pub fn violations(&self) -> &[String] {
        &self.s.checks.violations
    }

    /// The kinds of decisions seen so far, each with how often. Counted while reasons are recorded.
    pub fn seen(&self) -> impl Iterator<Item = (&'static str, u32)> + '_ {
        self.s.checks.seen.iter().map(|(name, times)| (*name, *times))
    }

    /// Acknowledged writes lost, each put down to a documented window.
    #[must_use]
    pub const fn losses(&self) -> Losses {
        self.s.checks.losses
    }

    /// Identifies the state: the same plan and journal give the same digest at the same time,
    /// in debug, release and wasm.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.s.digest()
    }

    /// Whether the person at the machines has something to do.
    pub(super) fn operator_is_busy(&self) -> bool {
        self.s.operator.is_busy()
    }

    /// Applications write no more. Not journaled: for checks at the end of a run.
    pub(super) fn rest_applications(&mut self) {
        for app in &mut self.s.apps {
            app.resting = true;
        }
    }

    fn turn(&mut self) -> Turn<'_> {
        Turn {
            plan: &self.plan,
            config: &self.config,
            s: &mut self.s,
            rec: &mut self.rec,
            out: &mut self.out.0,
            cause: None,
            carrying: false,
        }
    }

    /// One event or expected action at or before `until`.
    fn advance(&mut self, until: Instant) -> Advance {
        let event_at = self.s.queue.next_at();
        let action_at = self.journal.get(self.s.applied).map_or(Instant::NEVER, |entry| entry.at);
        let at = event_at.min(action_at);
        if at > until || at == Instant::NEVER {
            return Advance::Nothing;
        }
        if self.rec.watch.wants_records() && at > self.checkpoints.due_at() {
            self.s.now = self.s.now.max(self.checkpoints.due_at());
            self.checkpoint();
        }
        self.s.now = self.s.now.max(at);
        if action_at < event_at {
            self.apply_next();
            return Advance::Happened;
        }
        let Some((_, event)) = self.s.queue.pop() else { return Advance::Nothing };
        if self.turn().happen(event) { Advance::Happened } else { Advance::Outdated }
    }

    /// Runs to `at`, whatever it takes.
    fn finish(&mut self, at: Instant) {
        while self.advance(at) != Advance::Nothing {}
        self.s.now = self.s.now.max(at);
    }

    fn apply_next(&mut self) -> Option<Value> {
        let action = self.journal.get(self.s.applied)?.action.clone();
        self.s.applied += 1;
        let mut turn = self.turn();
        turn.s.trace.word(0xAC71);
        let known = |host: &HostIdx| usize::from(host.0) < turn.s.hosts.len();
        // A share link may name machines that its plan does not have.
        if !action.hosts().iter().all(known) {
            return None;
        }
        turn.record(None, || What::Did(action.clone()));
        turn.apply(action)
    }

    #[cfg(test)]
    pub(super) fn checkpoint_times(&self) -> impl Iterator<Item = Instant> + '_ {
        self.checkpoints.times()
    }

    fn checkpoint(&mut self) {
        self.checkpoints.take(&self.s, self.rec.next_seq());
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Advance {
    Nothing,
    Outdated,
    Happened,
}

/// The directives of a plan, on top of what every machine of a world has.
fn config_of(plan: &Plan) -> Result<Config, String> {
    let mut config = Config {
        cluster_enabled: true,
        // A world keeps its data on disk only if its plan says so.
        save: Some(Vec::new()),
        ..Config::default()
    };
    for (name, value) in &plan.config {
        let words = crate::config::words(value).map_err(|why| format!("{name}: {why}"))?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        config.set(name, &words).map_err(|error| format!("{error}"))?;
    }
    Ok(config)
}
