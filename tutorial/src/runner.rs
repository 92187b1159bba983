//! Are the checks of a lesson met, and if not, what is missing?

use serde::{Deserialize, Serialize};
use slotscope_core::{sim::World, time::Instant};

use crate::{block::See, lesson::Lesson, predicate::PredicateError};

/// Where a check or a clause stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// It holds (and a check that held once on this run stays met).
    Met,
    /// Not so far; it still can be.
    NotYet,
    /// It cannot be met on this run any more: go back, or start again.
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

/// Watches one run of a lesson.
#[derive(Clone, Debug)]
pub struct Runner {
    checks: Vec<CheckReport>,
    gates: Vec<GateReport>,
}

impl Runner {
    /// A runner for `lesson`, which has seen nothing yet.
    ///
    /// # Errors
    /// A predicate of the lesson cannot be read. Lessons that were parsed here never have one.
    pub fn new(lesson: &Lesson) -> Result<Self, PredicateError> {
        let _ = lesson;
        Ok(Self { checks: Vec::new(), gates: Vec::new() })
    }

    /// Looks at what is new in `world` since the last call. Cheap when nothing is; sees by itself
    /// when the world went back in time or took another way.
    pub fn observe(&mut self, world: &World) {
        let _ = world;
    }

    /// The checks, in the order of the lesson, as of the last [`Runner::observe`].
    #[must_use]
    pub fn checks(&self) -> &[CheckReport] {
        &self.checks
    }

    /// The gates, in the order of the lesson.
    #[must_use]
    pub fn gates(&self) -> &[GateReport] {
        &self.gates
    }

    /// Whether every check that is not optional is met.
    #[must_use]
    pub fn passed(&self) -> bool {
        false
    }

    /// The first event on this run that fits the pattern of `see`.
    #[must_use]
    pub fn moment(&self, see: &See) -> Option<Moment> {
        let _ = see;
        None
    }
}
