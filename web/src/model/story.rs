//! The start page: sixty seconds, one button, one sentence at a time.

use slotscope_core::{node::Health, sim::HostIdx};

use crate::{scene::Scene, source::picture::Picture};

/// The machine of the story.
pub const VICTIM: u16 = 7002;
/// The button presses itself after so long.
pub const PATIENCE_MS: f64 = 20_000.0;

/// Where the story stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Beat {
    /// Nothing has happened.
    #[default]
    Calm,
    /// The process is gone and nobody knows.
    Killed,
    /// Somebody suspects it.
    Pfail,
    /// The majority agrees.
    Fail,
    /// A replica waits, or asks for votes.
    Election,
    /// The slots have a new owner.
    Elected,
}

impl Beat {
    /// The stable name that tests use.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Killed => "killed",
            Self::Pfail => "pfail",
            Self::Fail => "fail",
            Self::Election => "election",
            Self::Elected => "elected",
        }
    }

    /// The beat of this moment.
    #[must_use]
    pub fn of(picture: &Picture, scene: &Scene) -> Self {
        let Some(victim) = picture.by_port(VICTIM) else { return Self::Calm };
        let home = picture.born.get(usize::from(victim.0)).copied().flatten();
        let owner: Option<HostIdx> =
            scene.ruler.iter().find(|s| s.shard == home).and_then(|s| s.owner);
        if owner.is_some_and(|o| o != victim) {
            return Self::Elected;
        }
        let running = |n: &crate::scene::NodeGlyph| n.wait.is_some() || n.ballot.is_some();
        if scene.nodes.iter().any(running) {
            return Self::Election;
        }
        let health = scene.node(victim).map_or(Health::Ok, |n| n.health);
        match health {
            Health::Fail => Self::Fail,
            Health::Pfail => Self::Pfail,
            Health::Ok if !picture.is_up(victim) => Self::Killed,
            Health::Ok => Self::Calm,
        }
    }
}

/// State of the start page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Story {
    /// Somebody did something.
    pub touched: bool,
    /// The button pressed itself.
    pub by_itself: bool,
    /// Screen time without anybody doing anything.
    pub idle_ms: f64,
}
