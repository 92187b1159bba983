//! What is a lesson?

use serde::{Deserialize, Serialize};
use slotscope_core::sim::Plan;

use crate::block::{Block, Check, Gate, Text};

/// One lesson in one language. Everything but the words is the same in all languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// Two digits: `09`.
    pub id: String,
    /// `en` or `zh`.
    pub lang: String,
    /// Its title.
    pub title: String,
    /// How long a self-learner takes.
    pub minutes: u16,
    /// How long the demo cut takes.
    pub demo_minutes: u16,
    /// Ids of lessons that come before.
    pub needs: Vec<String>,
    /// What one can do afterwards.
    pub goals: Vec<Text>,
    /// Events of the predicate language (kinds of decisions) that the lesson teaches.
    pub teaches: Vec<String>,
    /// The world on the stage.
    pub plan: Plan,
    /// The text, in steps.
    pub steps: Vec<Step>,
}

/// A screenful of a lesson: one idea.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Unique in the lesson, the same in all languages.
    pub id: String,
    /// Its heading.
    pub title: String,
    /// What it shows, in order.
    pub blocks: Vec<Block>,
}

impl Lesson {
    /// All blocks, in order.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.steps.iter().flat_map(|step| &step.blocks)
    }

    /// All checks, in order.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        self.blocks()
            .filter_map(|block| if let Block::Check(check) = block { Some(check) } else { None })
    }

    /// All prediction gates, in order.
    pub fn gates(&self) -> impl Iterator<Item = &Gate> {
        self.blocks()
            .filter_map(|block| if let Block::Gate(gate) = block { Some(gate) } else { None })
    }
}
