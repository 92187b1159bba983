//! What can happen to the page, and what it asks of the world outside.

use slotscope_core::{explain::Why, sim::HostIdx, time::Instant};
use slotscope_tutorial::Lesson;

use super::{Deed, Overlay, Speed, Tab};
use crate::words::Lang;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Msg {
    /// The address changed, or the page opened with it.
    Went(String),
    /// A machine was chosen (again: let go).
    NodeChosen(HostIdx),
    /// A machine was reached by the keyboard.
    NodeFocused(HostIdx),
    /// The stage was clicked where nothing is, or Escape was pressed.
    LetGo,
    /// The next observer's eyes, or back to the god view.
    EyesTurned {
        /// Straight back to the god view.
        god: bool,
    },
    /// A tool was taken, a thing done.
    Did(Deed),
    /// The wall was confirmed.
    WallBuilt,
    /// The clock was touched.
    Clock(ClockMsg),
    /// A part of the inspector was opened.
    TabChosen(Tab),
    /// A question about something that did not happen.
    Asked(HostIdx, Why),
    /// `W`: why, for the selected node; again: why not.
    WhyPressed,
    /// Only this node's log.
    LogFiltered(Option<HostIdx>),
    /// A language was chosen.
    LangChosen(Lang),
    /// Light to dark, or back.
    ThemeFlipped,
    /// A panel folds or unfolds.
    Folded(Tab),
    /// The timeline folds or unfolds.
    DockFolded,
    /// Something was laid over the page, or taken away.
    Overlaid(Option<Overlay>),
    /// The link of this run was asked for.
    SharePressed,
    /// The notice was read.
    NoticeClosed,
    /// A fresh run was asked for.
    Restarted,
    /// Something about the console.
    Console(ConsoleMsg),
    /// Something about the lesson.
    Lesson(LessonMsg),
    /// The start page's button.
    StoryKill {
        /// Pressed by itself.
        by_itself: bool,
    },
}

/// The clock was touched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClockMsg {
    /// Play was pressed.
    Play,
    /// One step.
    Step,
    /// One step back.
    StepBack,
    /// To the next interesting moment.
    Next,
    /// To the last interesting moment.
    Previous,
    /// To the start.
    ToStart,
    /// To what lies furthest ahead.
    ToEnd,
    /// A moment was chosen.
    To(Instant),
    /// A mark, or a line of a log, was chosen.
    ToRecord(u64, Instant),
    /// A speed was chosen.
    Speed(Speed),
    /// Slower or faster by one.
    Shift {
        /// Faster.
        up: bool,
    },
}

/// Something about the console.
#[derive(Clone, Debug)]
pub enum ConsoleMsg {
    /// It was asked for, by its key.
    Opened,
    /// The line is this now.
    Typed(String),
    /// A button put something into the line.
    Piece(&'static str),
    /// The line is done.
    Entered,
    /// An earlier line.
    Earlier,
    /// A later line.
    Later,
    /// Redirections are followed, or not any more.
    FollowFlipped,
}

/// Something about the lesson.
#[derive(Clone, Debug)]
pub enum LessonMsg {
    /// A lesson arrived.
    Came(Box<Lesson>),
    /// A lesson did not arrive.
    Lost(String),
    /// Another step of the lesson.
    Turned {
        /// Ahead.
        ahead: bool,
    },
    /// An answer of a gate was chosen, but not yet given.
    Guessed(String, usize),
    /// The answer was given.
    Given(String),
    /// The next hint of a check.
    Hint(String),
    /// A button of the lesson: block *n* of the present step.
    Button(usize),
}

/// Something to be done outside of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cmd {
    /// Keep a setting for the next visit.
    Remember(&'static str, String),
    /// Put this fragment into the address.
    Address(String),
    /// Put this text into the clipboard (relative links are completed).
    CopyLink(String),
    /// Fetch a lesson.
    Fetch {
        /// Two digits.
        id: String,
        /// Its language.
        lang: Lang,
    },
    /// Move the focus to the console's line.
    FocusConsole,
    /// Move the focus to a node.
    Focus(u16),
}
