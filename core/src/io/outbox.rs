//! The caller-owned buffer in which effects, log lines and reasons leave a node.

use alloc::{string::String, vec::Vec};

use super::{Effect, Level};
use crate::explain::Reason;

/// Effects in order, and the reasons of the decisions behind them.
///
/// The driver keeps one and drains it after each call, so a quiet node allocates nothing and
/// `for effect in out.drain()` does not borrow the node.
#[derive(Debug)]
pub struct Outbox {
    effects: Vec<Effect>,
    reasons: Vec<Reason>,
    level: Level,
    explaining: bool,
    touched: bool,
    sleep_us: u64,
}

impl Default for Outbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Outbox {
    /// An empty box that takes log lines from [`Level::Notice`] up and records no reasons.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            effects: Vec::new(),
            reasons: Vec::new(),
            level: Level::Notice,
            explaining: false,
            touched: false,
            sleep_us: 0,
        }
    }

    /// Records reasons too. Recording never changes a decision (the digest tests hold it).
    #[must_use]
    pub const fn explaining(mut self) -> Self {
        self.explaining = true;
        self
    }

    /// Takes log lines of `level` and above.
    pub fn set_level(&mut self, level: Level) {
        self.level = level;
    }

    /// Whether somebody listens to reasons.
    #[must_use]
    pub const fn is_explaining(&self) -> bool {
        self.explaining
    }

    /// Appends an effect.
    pub fn push(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Puts a barrier before everything of this turn: what it guards must not leave earlier.
    ///
    /// The driver drains the box after each turn, so the front of the box is the start of the turn.
    pub(crate) fn barrier(&mut self, effect: Effect) {
        self.effects.insert(0, effect);
    }

    /// Whether something of what stands here is appended to the append only file.
    #[must_use]
    pub fn appends(&self) -> bool {
        self.effects.iter().any(|effect| matches!(effect, Effect::Append { .. }))
    }

    /// Notes that what is answered depends on the dataset.
    pub(crate) const fn touch(&mut self) {
        self.touched = true;
    }

    /// Whether anything was answered since the last call that depends on the dataset: it must not
    /// be heard of before the dataset is as durable as `appendfsync` asks for.
    pub const fn take_touched(&mut self) -> bool {
        core::mem::replace(&mut self.touched, false)
    }

    /// Asks for a sleep of the whole process (`DEBUG SLEEP`), or of whoever feeds the node.
    pub(crate) const fn sleep(&mut self, us: u64) {
        self.sleep_us = us;
    }

    /// How long the process is to serve nobody before the reply of this command leaves. A world
    /// that has other ways of freezing a node need not ask.
    pub const fn take_sleep(&mut self) -> u64 {
        core::mem::replace(&mut self.sleep_us, 0)
    }

    /// Appends a log line; `line` runs only if the level is wanted.
    pub fn log(&mut self, level: Level, line: impl FnOnce() -> String) {
        if level >= self.level {
            self.effects.push(Effect::Log { level, line: line() });
        }
    }

    /// Records a decision: its log line if Redis prints one, and the reason if somebody listens.
    pub fn because(&mut self, reason: Reason) {
        if let Some((level, line)) = reason.log_line()
            && level >= self.level
        {
            self.effects.push(Effect::Log { level, line });
        }
        if self.explaining {
            self.reasons.push(reason);
        }
    }

    /// Like [`Outbox::because`] for decisions on a hot path that print no log line: `reason` runs
    /// only if somebody listens.
    pub fn because_if(&mut self, reason: impl FnOnce() -> Reason) {
        if self.explaining {
            self.reasons.push(reason());
        }
    }

    /// Takes the effects out, front to back.
    pub fn drain(&mut self) -> alloc::vec::Drain<'_, Effect> {
        self.effects.drain(..)
    }

    /// Takes the reasons out, in the order of the decisions.
    pub fn drain_reasons(&mut self) -> alloc::vec::Drain<'_, Reason> {
        self.reasons.drain(..)
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.effects.is_empty() && self.reasons.is_empty()
    }
}
