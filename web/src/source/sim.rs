//! A world in this tab, with the history that the page keeps of it.

use slotscope_core::{
    sim::{Action, NetPlan, Plan, RunEnd, TimedAction, World},
    time::Instant,
};

use super::{history::History, picture::Picture};

/// Events between two looks at the clock; some tens of microseconds of work.
const SLICE: u32 = 256;
/// How far "next interesting" looks ahead before it gives up and pauses there.
const LOOK_AHEAD_MS: u64 = 60_000;

/// A run: the world and what was seen of it.
#[derive(Debug)]
pub struct Sim {
    world: World,
    history: History,
    /// Actions that an undo took back, for "redo".
    undone: Vec<TimedAction>,
    /// The furthest moment that was seen of this future.
    reached: Instant,
}

/// The plan of the lab: three masters with a replica each, and one application. Messages take
/// long enough to be seen.
#[must_use]
pub fn lab_plan(seed: u64) -> Plan {
    let mut plan = Plan::cluster(seed, 3, 1);
    plan.net = NetPlan { latency_us: 20_000, jitter_us: 10_000 };
    plan
}

impl Sim {
    /// Starts a run.
    ///
    /// # Errors
    /// As [`World::new`].
    pub fn new(plan: Plan) -> Result<Self, String> {
        Self::open(plan, &[], Instant::ZERO)
    }

    /// Rebuilds a run and goes to a moment of it.
    ///
    /// # Errors
    /// As [`World::new`].
    pub fn open(plan: Plan, journal: &[TimedAction], at: Instant) -> Result<Self, String> {
        let world = World::replay(plan, journal, at)?;
        let (history, undone) = (History::default(), Vec::new());
        let mut sim = Self { world, history, undone, reached: Instant::ZERO };
        sim.look();
        Ok(sim)
    }

    /// The world, to read.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// What was seen so far.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// World time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.world.now()
    }

    /// The latest moment that is known: the present, or what lies ahead after a step back.
    #[must_use]
    pub fn end(&self) -> Instant {
        let planned = self.world.journal().last().map_or(Instant::ZERO, |a| a.at);
        self.reached.max(planned)
    }

    /// The present moment as data.
    #[must_use]
    pub fn picture(&self) -> Picture {
        Picture::of(&self.world)
    }

    /// Runs to `until` as long as `has_time` says so.
    pub fn advance(&mut self, until: Instant, mut has_time: impl FnMut() -> bool) {
        loop {
            let end = self.world.run_until(until, SLICE);
            if end != RunEnd::Budget || !has_time() {
                break;
            }
        }
        self.look();
    }

    /// Runs to the next instant at which something can be seen to happen.
    pub fn step(&mut self) {
        let before = self.world.next_seq();
        let limit = self.now().plus_ms(LOOK_AHEAD_MS);
        while self.world.next_seq() == before {
            let next = self.world.next_event_at();
            if next > limit {
                break;
            }
            self.world.run_until(next, u32::MAX);
        }
        self.look();
    }

    /// Goes to the last instant at which something happened, or to the start.
    pub fn step_back(&mut self) {
        let to = self.history.instant_before(self.now()).unwrap_or(Instant::ZERO);
        self.seek(to);
    }

    /// Runs to the next interesting moment; false, and no step further, when there is none within
    /// a minute.
    pub fn next_interesting(&mut self) -> bool {
        let start = self.now();
        if let Some(mark) = self.history.mark_after(start) {
            self.seek(mark.at);
            return true;
        }
        let limit = start.plus_ms(LOOK_AHEAD_MS);
        while self.world.next_event_at() <= limit {
            self.world.run_until(self.world.next_event_at(), u32::MAX);
            self.look();
            if self.history.mark_after(start).is_some() {
                return true;
            }
        }
        self.seek(start);
        false
    }

    /// Goes to a moment, back or ahead.
    pub fn seek(&mut self, at: Instant) {
        self.world.seek(at);
        self.look();
    }

    /// Does something to the world now; another future begins.
    pub fn act(&mut self, action: Action) {
        self.history.forget_from(self.world.next_seq(), self.now());
        self.reached = self.now();
        self.undone.clear();
        self.world.act(action);
        self.look();
    }

    /// Goes back to just before the last thing that was done, and takes it back. What followed
    /// it is kept for [`Sim::redo`].
    pub fn undo(&mut self) -> bool {
        let now = self.now();
        let journal = self.world.journal().to_vec();
        let Some(last) = journal.iter().rposition(|a| a.at <= now) else { return false };
        let at = Instant::from_micros(journal[last].at.as_micros().saturating_sub(1));
        let Ok(world) = World::replay(self.world.plan().clone(), &journal[..last], at) else {
            return false;
        };
        self.history.forget_from(world.next_seq(), at);
        self.reached = at;
        self.world = world;
        self.undone = journal[last..].to_vec();
        self.look();
        true
    }

    /// Puts back what [`Sim::undo`] took, and plays to the moment after it.
    pub fn redo(&mut self) -> bool {
        let Some(first) = self.undone.first().cloned() else { return false };
        let mut journal = self.world.journal().to_vec();
        journal.append(&mut self.undone);
        let Ok(world) = World::replay(self.world.plan().clone(), &journal, first.at) else {
            return false;
        };
        self.history = History::default();
        self.world = world;
        self.look();
        true
    }

    /// Whether there is something to redo.
    #[must_use]
    pub fn can_redo(&self) -> bool {
        !self.undone.is_empty()
    }

    /// Whether something was done before now.
    #[must_use]
    pub fn can_undo(&self) -> bool {
        self.world.journal().first().is_some_and(|a| a.at <= self.now())
    }

    fn look(&mut self) {
        let from = self.history.next_seq();
        self.history.absorb(self.world.records(from));
        self.reached = self.reached.max(self.world.now());
    }
}
