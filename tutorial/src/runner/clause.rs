//! One clause over time: its mode on top of its expression.

use slotscope_core::time::Instant;

use super::{
    history::History,
    report::{CheckState, ClauseReport, Moment},
};
use crate::predicate::{Env, Event, Facts, Mode, Outlook, Pattern, Predicate, Scope, Source};

/// A clause that is being watched.
#[derive(Clone, Debug)]
pub(super) struct Tracked {
    pub(super) predicate: Predicate,
    history: History,
}

impl Tracked {
    pub(super) fn new(predicate: Predicate) -> Self {
        Self { predicate, history: History::default() }
    }

    pub(super) fn rewind(&mut self, at: Instant) {
        self.history.rewind(at);
    }

    /// Judges the clause for every meaning in `envs` and leaves in it those for which it holds.
    pub(super) fn judge(
        &mut self,
        facts: &Facts,
        events: &[Event],
        envs: &mut Vec<Env>,
    ) -> ClauseReport {
        let none = [Env::default()];
        let asked: &[Env] = if envs.is_empty() { &none } else { envs };
        let (span, started) = self.span(facts, events, &asked[0]);
        let scope = Scope { facts, events, from: span.0, until: span.1 };
        let tried: Vec<Outlook> =
            asked.iter().map(|env| scope.solve(&self.predicate.expr, env)).collect();
        let found: Vec<Env> = tried.iter().flat_map(|one| one.envs.clone()).collect();
        let chosen = tried.iter().position(Outlook::holds).unwrap_or(0);
        let outlook = tried.into_iter().nth(chosen).unwrap_or_default();
        let holds = outlook.holds();
        self.history.note(facts.now, holds);
        let state = self.state(facts.now, span, started, holds);
        match (state, holds) {
            // True once, or true because it did not happen: the meanings stay as they were.
            (CheckState::Met, false) => envs.clone_from(&asked.to_vec()),
            (CheckState::Met, true) => *envs = found,
            (CheckState::NotYet | CheckState::Failed, _) => envs.clear(),
        }
        ClauseReport {
            state,
            predicate: self.predicate.text().into(),
            seen: outlook.seen,
            wanted: outlook.wanted,
            nearest: outlook.nearest,
        }
    }

    /// The span of time that counts, and whether it has begun.
    fn span(&self, facts: &Facts, events: &[Event], env: &Env) -> ((Instant, Instant), bool) {
        let all = Scope { facts, events, from: Instant::ZERO, until: Instant::NEVER };
        let begin = |since: &Option<Pattern>| match since {
            None => Some(Instant::ZERO),
            Some(pattern) => all.first(pattern, env).map(|moment: Moment| moment.at),
        };
        match &self.predicate.mode {
            Mode::Now | Mode::Stable { .. } => ((Instant::ZERO, Instant::NEVER), true),
            Mode::Eventually { within_ms, since } => match begin(since) {
                None => ((Instant::NEVER, Instant::NEVER), false),
                Some(from) => {
                    ((from, within_ms.map_or(Instant::NEVER, |ms| from.plus_ms(ms))), true)
                }
            },
            Mode::Always { since } | Mode::Never { since, .. } => {
                let from = begin(since);
                ((from.unwrap_or(Instant::NEVER), Instant::NEVER), from.is_some())
            }
        }
    }

    fn state(
        &self,
        now: Instant,
        (from, until): (Instant, Instant),
        started: bool,
        holds: bool,
    ) -> CheckState {
        let of_state = matches!(self.predicate.source(), Source::State | Source::Ledger);
        let met = |met: bool| if met { CheckState::Met } else { CheckState::NotYet };
        match &self.predicate.mode {
            Mode::Now => met(holds),
            _ if !started => CheckState::NotYet,
            Mode::Eventually { .. } => {
                let once = if of_state { self.history.was(true, from, until) } else { holds };
                if !once && now > until { CheckState::Failed } else { met(once) }
            }
            Mode::Always { .. } if self.history.was(false, from, until) => CheckState::Failed,
            Mode::Always { .. } => met(holds),
            Mode::Stable { for_ms } => {
                met(self.history.since().is_some_and(|since| now.ms_since(since) >= *for_ms))
            }
            Mode::Never { for_ms, .. } => {
                let once = if of_state { self.history.was(true, from, until) } else { holds };
                if once { CheckState::Failed } else { met(now.ms_since(from) >= *for_ms) }
            }
        }
    }
}
