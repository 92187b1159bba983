//! Lessons as checked programs: what a lesson consists of, and whether its checks are met.
//!
//! A lesson is a Markdown file for each language and one plan for all of them. When the bundle is
//! built, `markdown` (feature `parse`) turns the text into the typed blocks of [`Block`]; the page
//! renders blocks and never sees Markdown. A check is a few clauses of the predicate language
//! ([`predicate`]); the [`Runner`] watches a `World` and says of each clause whether it is met,
//! what was seen and what was wanted. The page and the tests use the same runner, so "try it"
//! cannot disagree with what the tests hold.
//!
//! Nothing here knows a screen.

mod block;
pub mod glossary;
mod lesson;
#[cfg(feature = "parse")]
pub mod markdown;
pub mod predicate;
mod runner;

pub use block::{
    Block, Check, Choice, Clause, Deed, Gate, Hint, HintKind, NoteKind, See, Span, Text,
};
pub use lesson::{Lesson, Step};
#[cfg(feature = "parse")]
pub use markdown::{LessonError, load_dir};
pub use runner::{CheckReport, CheckState, ClauseReport, GateReport, Moment, Runner};
