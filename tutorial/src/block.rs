//! What can stand in a lesson?

use serde::{Deserialize, Serialize};
use slotscope_core::sim::Action;

/// Running text.
pub type Text = Vec<Span>;

/// A stretch of running text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "span", rename_all = "snake_case")]
pub enum Span {
    /// Plain.
    Text {
        /// The words.
        text: String,
    },
    /// A command, a flag, a number as a program prints it: set in the code face, never translated.
    Code {
        /// The words.
        text: String,
    },
    /// Stressed. Chinese has no italics: render with weight, or with 「」.
    Emphasis {
        /// The words.
        text: String,
    },
    /// A word of the glossary. First use on a screen shows the other language too.
    Term {
        /// Its id in the glossary.
        id: String,
        /// The words as they stand in the sentence.
        text: String,
        /// The English word.
        en: String,
        /// The Chinese word.
        zh: String,
    },
    /// A link to another page.
    Link {
        /// The words.
        text: String,
        /// Where to.
        to: String,
    },
}

/// One block of a lesson.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "block", rename_all = "snake_case")]
pub enum Block {
    /// A paragraph.
    Paragraph {
        /// Its words.
        text: Text,
    },
    /// A list.
    List {
        /// Numbered, or with points.
        ordered: bool,
        /// The items.
        items: Vec<Text>,
    },
    /// A table.
    Table {
        /// The heading of each column.
        head: Vec<Text>,
        /// The rows.
        rows: Vec<Vec<Text>>,
    },
    /// Commands to type, one a line.
    Command {
        /// The lines.
        lines: Vec<String>,
    },
    /// Lines of a node's log, as the server prints them.
    Log {
        /// The lines.
        lines: Vec<String>,
    },
    /// What a program prints.
    Output {
        /// The lines.
        lines: Vec<String>,
    },
    /// A question before the event.
    Gate(Gate),
    /// Something to bring about.
    Check(Check),
    /// An aside.
    Note {
        /// What kind.
        kind: NoteKind,
        /// Its words.
        text: Text,
    },
    /// What this model leaves out.
    LeavesOut {
        /// Each thing.
        items: Vec<Text>,
    },
    /// An invitation to look: selects something, or goes to a moment of the run.
    See(See),
    /// A button that does something to the world.
    Do(Deed),
}

/// Kinds of asides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// Good to know.
    Note,
    /// A common mistake and what is true instead.
    Mistake,
    /// For those who know it already.
    Expert,
}

/// A prediction: the learner answers, then the run goes on and shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Unique in the lesson, the same in all languages.
    pub id: String,
    /// A predicate: the moment at which the clock stops and the question is put. Empty: it is put
    /// when the step is opened.
    pub at: String,
    /// The question.
    pub question: Text,
    /// The answers to choose from.
    pub choices: Vec<Choice>,
}

/// One answer of a [`Gate`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The answer.
    pub text: Text,
    /// Whether it is right; exactly one is.
    pub right: bool,
    /// What to say to somebody who chose it.
    pub why: Text,
}

/// Something that the learner brings about; any way that satisfies it passes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Unique in the lesson, the same in all languages.
    pub id: String,
    /// In one sentence.
    pub words: Text,
    /// Not needed to pass the lesson.
    pub optional: bool,
    /// All of these must hold, with the same meaning of their variables.
    pub clauses: Vec<Clause>,
    /// From vague to exact.
    pub hints: Vec<Hint>,
}

/// One clause of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clause {
    /// In the predicate language.
    pub predicate: String,
    /// In words, shown while it is unmet.
    pub words: Text,
}

/// Help with a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// How much it gives away.
    pub kind: HintKind,
    /// Its words.
    pub text: Text,
}

/// The three steps of help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HintKind {
    /// Where to look.
    Where,
    /// Which idea.
    Idea,
    /// The command.
    Command,
}

/// An invitation to look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct See {
    /// What the button says.
    pub label: Text,
    /// Go to the first event of this pattern (see [`crate::Runner::moment`]); empty: stay.
    pub event: String,
    /// Select the node with this port.
    pub node: Option<u16>,
    /// Look through the eyes of the node with this port.
    pub eyes: Option<u16>,
}

/// A button that does something to the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// What the button says.
    pub label: Text,
    /// The command that does the same, to print beside it; empty if there is none.
    pub command: String,
    /// What it does, in order, now.
    pub actions: Vec<Action>,
}
