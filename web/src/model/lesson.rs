//! A lesson on the page: which step, what was guessed, how the checks fare.

use std::collections::BTreeMap;

use slotscope_core::sim::World;
use slotscope_tutorial::{Block, CheckReport, Lesson, Runner};

/// A lesson with its runner.
#[derive(Debug)]
pub struct Loaded {
    /// The text.
    pub lesson: Lesson,
    /// What watches the run.
    pub runner: Runner,
}

/// State of the lesson page.
#[derive(Debug, Default)]
pub struct LessonState {
    /// The lesson, once it is here.
    pub loaded: Option<Loaded>,
    /// The step on the page.
    pub step: usize,
    /// Answers chosen, by gate.
    pub guesses: BTreeMap<String, usize>,
    /// Gates whose answer was given.
    pub given: Vec<String>,
    /// Hints uncovered, by check.
    pub hints: BTreeMap<String, usize>,
}

impl LessonState {
    /// Takes in a lesson. The same lesson in another language keeps the reader's place.
    ///
    /// # Errors
    /// A check of the lesson cannot be read.
    pub fn take(&mut self, lesson: Lesson, world: &World) -> Result<(), String> {
        let mut runner = Runner::new(&lesson).map_err(|e| e.to_string())?;
        runner.observe(world);
        let same = self.loaded.as_ref().is_some_and(|l| l.lesson.id == lesson.id);
        if !same {
            *self = Self::default();
        }
        self.step = self.step.min(lesson.steps.len().saturating_sub(1));
        self.loaded = Some(Loaded { lesson, runner });
        Ok(())
    }

    /// Looks at what is new in the run.
    pub fn observe(&mut self, world: &World) {
        if let Some(loaded) = &mut self.loaded {
            loaded.runner.observe(world);
        }
    }

    /// How a check fares.
    #[must_use]
    pub fn report(&self, id: &str) -> Option<&CheckReport> {
        self.loaded.as_ref()?.runner.checks().iter().find(|c| c.id == id)
    }

    /// The blocks of the step on the page.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        let step = self.loaded.as_ref().and_then(|l| l.lesson.steps.get(self.step));
        step.map_or(&[], |s| &s.blocks)
    }

    /// A gate that is due and not answered: the clock stops for it, and its step is shown.
    #[must_use]
    pub fn open_gate(&self) -> Option<(usize, &str)> {
        let loaded = self.loaded.as_ref()?;
        let due = |id: &str| {
            let report = loaded.runner.gates().iter().find(|g| g.id == id);
            report.is_some_and(|g| g.due.is_some())
        };
        loaded.lesson.steps.iter().enumerate().find_map(|(n, step)| {
            step.blocks.iter().find_map(|block| match block {
                Block::Gate(gate)
                    if !gate.at.is_empty() && due(&gate.id) && !self.given.contains(&gate.id) =>
                {
                    Some((n, gate.id.as_str()))
                }
                _ => None,
            })
        })
    }
}
