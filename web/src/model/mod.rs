//! Everything that the screen depends on, and how it changes: `Page::update` and `Page::frame`.
//!
//! Messages say what happened, never what to do. What has to be done outside of the page (the
//! address, the clipboard, storage, the network) comes back as data in a list of [`Cmd`].

mod act;
mod console;
mod lesson;
mod msg;
mod playback;
mod route;
mod settings;
mod story;
mod update;

pub use act::{Deed, Side, Tool};
pub use console::{Console, Needle, Trouble};
pub use lesson::{LessonState, Loaded};
pub use msg::{ClockMsg, Cmd, ConsoleMsg, LessonMsg, Msg};
pub use playback::{FIXED, Playback, Speed, Tempo, TempoWhy};
pub use route::{Query, Route};
pub use settings::{Settings, Theme};
pub use story::{Beat, Story};

use slotscope_core::{
    explain::Why,
    sim::{Action, HostIdx, Plan},
    time::Instant,
};

use crate::{
    scene::{self, Scene, air::Air},
    source::{
        history::Mark,
        picture::Picture,
        sim::{Sim, lab_plan},
    },
};

/// A part of the inspector (and, on a phone, of the sheet).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// The lesson; a tab on phones only.
    Lesson,
    /// One decision.
    Why,
    /// What one node believes.
    Node,
    /// Who thinks what of whom.
    Matrix,
    /// The nodes' logs.
    Log,
    /// Commands, typed.
    Console,
}

/// What the Why card shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A decision of the run.
    Record(u64),
    /// Something that did not happen (so far), asked of a node.
    Question(HostIdx, Why),
}

/// Something laid over the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// The keys.
    Keys,
    /// About this run.
    Run,
}

/// A sentence for the reader, until it is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A link of another version.
    LinkOld,
    /// A link that cannot be read.
    LinkDamaged,
    /// A link of which only the beginning can be read: so many actions.
    LinkPartial(usize),
    /// Nothing interesting lies within a minute.
    Quiet,
    /// The run's link is in the clipboard.
    Copied,
    /// The lesson could not be loaded.
    LessonMissing(String),
    /// The world refused to start.
    Core(String),
}

/// The page.
#[derive(Debug)]
pub struct Page {
    /// Language, theme and the like.
    pub settings: Settings,
    /// Which screen.
    pub route: Route,
    /// The run.
    pub sim: Sim,
    /// The moment on the screen.
    pub picture: Picture,
    /// Its stage.
    pub scene: Scene,
    /// What moves.
    pub air: Air,
    /// The clock.
    pub play: Playback,
    /// The selected machine.
    pub selected: Option<HostIdx>,
    /// Through whose eyes; `None` is the god view.
    pub eyes: Option<HostIdx>,
    /// The open part of the inspector.
    pub tab: Tab,
    /// What the Why card shows.
    pub asked: Option<Asked>,
    /// Only this node's log lines.
    pub log_of: Option<HostIdx>,
    /// The line being typed to a node.
    pub console: Console,
    /// A tool that waits for more.
    pub tool: Tool,
    /// The command that does what was last done by hand.
    pub echo: Option<String>,
    /// What lies over the page.
    pub overlay: Option<Overlay>,
    /// A sentence for the reader.
    pub notice: Option<Notice>,
    /// The lesson.
    pub lesson: LessonState,
    /// The start page's story.
    pub story: Story,
    /// The last mark that was announced to screen readers.
    pub announced: Option<Mark>,
    pub(crate) seen_seq: u64,
}

impl Page {
    /// The page as it opens, with a fresh run from `seed`.
    ///
    /// # Errors
    /// The world refused the plan, in words.
    pub fn new(settings: Settings, seed: u64) -> Result<Self, String> {
        let sim = opened(lab_plan(seed))?;
        let picture = sim.picture();
        let scene = scene::build(&picture, sim.history(), None);
        let mut page = Self {
            settings,
            route: Route::Start,
            seen_seq: sim.history().next_seq(),
            sim,
            picture,
            scene,
            air: Air::default(),
            play: Playback::default(),
            selected: None,
            eyes: None,
            tab: Tab::Why,
            asked: None,
            log_of: None,
            console: Console::default(),
            tool: Tool::None,
            echo: None,
            overlay: None,
            notice: None,
            lesson: LessonState::default(),
            story: Story::default(),
            announced: None,
        };
        page.play.clock_us = page.sim.now().as_micros();
        Ok(page)
    }

    /// Looks at the world again.
    pub fn look(&mut self) {
        self.picture = self.sim.picture();
        self.scene = scene::build(&self.picture, self.sim.history(), self.eyes);
        self.lesson.observe(self.sim.world());
        self.announced = self.sim.history().mark_before(self.picture.now.plus_ms(1));
    }

    /// The moment on the screen.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.picture.now
    }

    /// A new run on the stage.
    pub fn show(&mut self, sim: Sim) {
        self.sim = sim;
        self.selected = None;
        self.eyes = None;
        self.asked = None;
        self.log_of = None;
        self.tool = Tool::None;
        self.echo = None;
        self.jumped();
    }

    /// After the clock moved by something else than running.
    pub(crate) fn jumped(&mut self) {
        self.air.clear();
        self.play.clock_us = self.sim.now().as_micros();
        self.seen_seq = self.sim.world().next_seq();
        self.look();
    }

    /// Does something to the world, now.
    pub fn act(&mut self, action: Action) {
        self.echo = act::command_for(&action, &self.picture);
        self.sim.act(action);
        self.story.touched = true;
        self.look();
    }

    /// The most telling of the marks at which the clock stands, if it stands at some.
    #[must_use]
    pub fn mark_here(&self) -> Option<Mark> {
        let marks = self.sim.history().marks();
        let now = self.picture.now;
        let first = marks.partition_point(|m| m.at < now);
        let last = marks.partition_point(|m| m.at <= now);
        marks[first..last].iter().max_by_key(|m| m.kind.weight()).copied()
    }
}

/// A run past its first seconds, in which a cluster that just started serves nobody and the
/// application waits for it.
fn opened(plan: Plan) -> Result<Sim, String> {
    Sim::open(plan, &[], Instant::from_millis(OPENING_MS))
}

/// Where a fresh run opens; its beginning can still be gone back to.
const OPENING_MS: u64 = 5000;

#[cfg(test)]
mod tests;
