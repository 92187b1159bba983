//! When did something hold, and when did it not?

use slotscope_core::time::Instant;

/// The moments at which a truth changed, as far as it was looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct History(Vec<(Instant, bool)>);

impl History {
    /// It was looked at `at`.
    pub(super) fn note(&mut self, at: Instant, holds: bool) {
        if self.0.last().is_none_or(|(_, last)| *last != holds) {
            self.0.push((at, holds));
        }
    }

    /// What was noted after `at` did not happen.
    pub(super) fn rewind(&mut self, at: Instant) {
        self.0.retain(|(noted, _)| *noted <= at);
    }

    /// Whether it was `wanted` at some moment from `from` to `until`.
    pub(super) fn was(&self, wanted: bool, from: Instant, until: Instant) -> bool {
        self.0.iter().enumerate().any(|(at, (begin, holds))| {
            let end = self.0.get(at + 1).map_or(Instant::NEVER, |(end, _)| *end);
            *holds == wanted && *begin <= until && end > from
        })
    }

    /// Since when it holds without a break.
    pub(super) fn since(&self) -> Option<Instant> {
        self.0.last().filter(|(_, holds)| *holds).map(|(at, _)| *at)
    }
}
