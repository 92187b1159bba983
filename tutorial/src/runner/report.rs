//! What a runner tells.

use serde::{Deserialize, Serialize};
use slotscope_core::time::Instant;

/// Where a check or a clause stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// It holds (and a check that held once on this run stays met).
    Met,
    /// Not so far; it still can be.
    NotYet,
    /// It cannot be met on this run any more: go back, or start again. (An optional check that
    /// was missed stays open; its clause tells.)
    Failed,
}

/// A moment of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The record.
    pub seq: u64,
    /// World time.
    pub at: Instant,
}

/// How one clause fares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClauseReport {
    /// Where it stands.
    pub state: CheckState,
    /// The predicate as the lesson has it.
    pub predicate: String,
    /// The value seen.
    pub seen: String,
    /// The value wanted.
    pub wanted: String,
    /// The nearest event: the last one that fits, or that came closest.
    pub nearest: Option<Moment>,
}

/// How one check fares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub state: CheckState,
    /// When it was met first on this run.
    pub met_at: Option<Instant>,
    /// Its clauses, in the order of the lesson.
    pub clauses: Vec<ClauseReport>,
}

impl CheckReport {
    /// A check before anything was looked at.
    pub(super) fn unseen(check: &crate::block::Check) -> Self {
        Self { id: check.id.clone(), state: CheckState::NotYet, met_at: None, clauses: Vec::new() }
    }

    /// The first clause that is not met, with its place.
    #[must_use]
    pub fn unmet(&self) -> Option<(usize, &ClauseReport)> {
        self.clauses.iter().enumerate().find(|(_, clause)| clause.state != CheckState::Met)
    }
}

/// Whether a gate's moment has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateReport {
    /// Its id.
    pub id: String,
    /// The moment at which the clock stops for the question; `None`: not yet.
    pub due: Option<Moment>,
}
