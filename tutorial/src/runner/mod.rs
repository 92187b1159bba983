//! Are the checks of a lesson met, and if not, what is missing?
//!
//! The runner follows one run: it reads new records as they come and keeps the few events that
//! the lesson's predicates name. When the run goes back in time, or takes another way, it drops
//! what no longer happened and reads on from there.

mod clause;
mod history;
mod report;
#[cfg(test)]
mod tests;

use slotscope_core::{
    sim::{HostIdx, Record, What, World},
    time::Instant,
};

use self::clause::Tracked;
pub use self::report::{CheckReport, CheckState, ClauseReport, GateReport, Moment};
use crate::{
    block::{Block, Clause, See},
    lesson::Lesson,
    predicate::{Env, Event, Facts, Pattern, Ports, Predicate, PredicateError, Scope, Source},
};

/// Watches one run of a lesson.
#[derive(Clone, Debug)]
pub struct Runner {
    checks: Vec<Watch>,
    reports: Vec<CheckReport>,
    gates: Vec<Option<Predicate>>,
    gate_reports: Vec<GateReport>,
    /// Names of events that some predicate asks for; all others are not kept.
    names: Vec<&'static str>,
    of_state: bool,
    events: Vec<Event>,
    facts: Facts,
    /// The next record to read.
    next: u64,
    /// The last record read, to notice another way that the run took.
    tail: Option<Record>,
    now: Instant,
}

#[derive(Clone, Debug)]
struct Watch {
    optional: bool,
    clauses: Vec<Tracked>,
}

impl Runner {
    /// A runner for `lesson`, which has seen nothing yet.
    ///
    /// # Errors
    /// A predicate of the lesson cannot be read. Lessons that were parsed here never have one.
    pub fn new(lesson: &Lesson) -> Result<Self, PredicateError> {
        let read = |clause: &Clause| Predicate::parse(&clause.predicate).map(Tracked::new);
        let checks = lesson
            .checks()
            .map(|check| {
                let clauses = check.clauses.iter().map(read).collect::<Result<_, _>>()?;
                Ok(Watch { optional: check.optional, clauses })
            })
            .collect::<Result<Vec<Watch>, PredicateError>>()?;
        let gate_at = |at: &str| (!at.is_empty()).then(|| Predicate::parse(at)).transpose();
        let gates: Vec<Option<Predicate>> =
            lesson.gates().map(|gate| gate_at(&gate.at)).collect::<Result<_, _>>()?;
        let mut names = Vec::new();
        for block in lesson.blocks() {
            if let Block::See(see) = block
                && !see.event.is_empty()
            {
                names.push(Pattern::parse(&see.event)?.name);
            }
        }
        let predicates = || checks.iter().flat_map(|w| &w.clauses).map(|c| &c.predicate);
        names.extend(predicates().chain(gates.iter().flatten()).flat_map(|p| {
            p.patterns().into_iter().map(|pattern| pattern.name).collect::<Vec<_>>()
        }));
        names.sort_unstable();
        names.dedup();
        let of_state = predicates()
            .chain(gates.iter().flatten())
            .any(|p| matches!(p.source(), Source::State | Source::Ledger));
        let mut runner = Self {
            reports: lesson.checks().map(CheckReport::unseen).collect(),
            gate_reports: lesson
                .gates()
                .map(|gate| GateReport { id: gate.id.clone(), due: None })
                .collect(),
            checks,
            gates,
            names,
            of_state,
            events: Vec::new(),
            facts: Facts::default(),
            next: 0,
            tail: None,
            now: Instant::ZERO,
        };
        runner.judge();
        Ok(runner)
    }

    /// Looks at what is new in `world` since the last call. Cheap when nothing is; sees by itself
    /// when the world went back in time or took another way.
    pub fn observe(&mut self, world: &World) {
        let rewound = self.reconcile(world);
        let fresh = world.records(self.next);
        if rewound || !fresh.is_empty() || self.tail.is_none() {
            self.read(world, fresh);
            if self.of_state {
                self.facts = Facts::of(world);
            }
        } else if world.now() == self.now {
            return;
        }
        self.now = world.now();
        self.facts.now = self.now;
        self.judge();
    }

    /// The checks, in the order of the lesson, as of the last [`Runner::observe`].
    #[must_use]
    pub fn checks(&self) -> &[CheckReport] {
        &self.reports
    }

    /// The gates, in the order of the lesson.
    #[must_use]
    pub fn gates(&self) -> &[GateReport] {
        &self.gate_reports
    }

    /// Whether every check that is not optional is met.
    #[must_use]
    pub fn passed(&self) -> bool {
        let mut needed = self.checks.iter().zip(&self.reports).filter(|(watch, _)| !watch.optional);
        needed.all(|(_, report)| report.state == CheckState::Met)
    }

    /// The first event on this run that fits the pattern of `see`.
    #[must_use]
    pub fn moment(&self, see: &See) -> Option<Moment> {
        let pattern = Pattern::parse(&see.event).ok()?;
        self.scope().first(&pattern, &Env::default())
    }

    fn scope(&self) -> Scope<'_> {
        let (facts, events) = (&self.facts, self.events.as_slice());
        Scope { facts, events, from: Instant::ZERO, until: Instant::NEVER }
    }

    fn read(&mut self, world: &World, fresh: &[Record]) {
        let host = |host: HostIdx| port_of(world, host);
        let id = |id| port_of(world, world.host_of(id)?);
        let ports = Ports { of_host: &host, of_id: &id };
        for record in fresh.iter().filter(|record| may_matter(&self.names, &record.what)) {
            let event = ports.event(record);
            self.events.extend(event.filter(|event| self.names.contains(&event.name)));
        }
        if let Some(last) = fresh.last() {
            self.next = last.seq + 1;
            self.tail = Some(last.clone());
        }
    }

    /// Drops what no longer happened; true if there was such a thing.
    fn reconcile(&mut self, world: &World) -> bool {
        let Some(tail) = &self.tail else { return false };
        let same_tail = || match world.records(tail.seq).first() {
            // Records so old that they are not kept cannot be compared; they did happen.
            Some(record) => record.seq != tail.seq || record == tail,
            None => false,
        };
        if world.now() >= self.now && same_tail() {
            return false;
        }
        let host = |host: HostIdx| port_of(world, host);
        let id = |id| port_of(world, world.host_of(id)?);
        let ports = Ports { of_host: &host, of_id: &id };
        let happened = |event: &Event| match world.records(event.seq).first() {
            Some(record) => record.seq != event.seq || ports.event(record).as_ref() == Some(event),
            None => false,
        };
        while self.events.last().is_some_and(|last| !happened(last)) {
            self.events.pop();
        }
        self.next = self.events.last().map_or(0, |last| last.seq + 1);
        self.tail = None;
        // A way that parted from ours did so after the last event that both have.
        let parted = self.events.last().map_or(Instant::ZERO, |last| last.at);
        let until = if world.now() < self.now { world.now() } else { parted };
        for (watch, report) in self.checks.iter_mut().zip(&mut self.reports) {
            watch.clauses.iter_mut().for_each(|clause| clause.rewind(until));
            report.met_at = report.met_at.filter(|met_at| *met_at <= until);
            if report.state == CheckState::Failed {
                report.state = CheckState::NotYet;
            }
        }
        for gate in &mut self.gate_reports {
            gate.due = gate.due.filter(|due| due.at <= until);
        }
        true
    }

    fn judge(&mut self) {
        for (watch, report) in self.checks.iter_mut().zip(&mut self.reports) {
            // What held once on this run stays met, and what cannot hold any more stays failed.
            if report.met_at.is_some() || report.state == CheckState::Failed {
                continue;
            }
            let mut envs = vec![Env::default()];
            report.clauses.clear();
            for clause in &mut watch.clauses {
                report.clauses.push(clause.judge(&self.facts, &self.events, &mut envs));
            }
            let any = |state| report.clauses.iter().any(|clause| clause.state == state);
            // To miss what was not asked for is no failure.
            report.state = if any(CheckState::Failed) && !watch.optional {
                CheckState::Failed
            } else if any(CheckState::NotYet) || any(CheckState::Failed) {
                CheckState::NotYet
            } else {
                CheckState::Met
            };
            if report.state == CheckState::Met {
                report.met_at = Some(self.now);
            }
        }
        let scope = Scope {
            facts: &self.facts,
            events: &self.events,
            from: Instant::ZERO,
            until: Instant::NEVER,
        };
        for (gate, report) in self.gates.iter().zip(&mut self.gate_reports) {
            let (Some(gate), None) = (gate, report.due) else { continue };
            let outlook = scope.solve(&gate.expr, &Env::default());
            let here = Moment { seq: self.next.saturating_sub(1), at: self.now };
            report.due = outlook.holds().then(|| outlook.nearest.unwrap_or(here));
        }
    }
}

fn port_of(world: &World, host: HostIdx) -> Option<u16> {
    world.plan().nodes.get(usize::from(host.0)).map(|node| node.port)
}

/// Most records are messages, log lines and what applications see: those are made into events
/// only when some predicate asks for them.
fn may_matter(names: &[&str], what: &What) -> bool {
    match what {
        What::Sent(_) => names.contains(&"Message"),
        What::Log { .. } => names.contains(&"Log"),
        What::Arrived { .. } | What::Lost { .. } => false,
        What::Client { .. }
        | What::Decided(_)
        | What::Process { .. }
        | What::Did(_)
        | What::Answer(_)
        | What::Violation(_) => true,
    }
}
