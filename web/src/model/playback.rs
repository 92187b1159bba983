//! The clock: playing or not, how fast, and who decides how fast.

use slotscope_core::node::Health;

use crate::{
    scene::{Scene, air::is_foreground},
    source::{picture::Picture, sim::Sim},
};

/// Speeds that can be chosen, as world time per screen time.
pub const FIXED: [(&str, f64); 9] = [
    ("0.05", 0.05),
    ("0.1", 0.1),
    ("0.25", 0.25),
    ("0.5", 0.5),
    ("1", 1.0),
    ("2", 2.0),
    ("5", 5.0),
    ("10", 10.0),
    ("30", 30.0),
];

/// Who decides how fast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Speed {
    /// Slow around decisions, fast while waiting.
    #[default]
    Auto,
    /// A place in [`FIXED`].
    Fixed(usize),
}

impl Speed {
    /// The value of the choice.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Fixed(n) => FIXED.get(n).map_or("1", |f| f.0),
        }
    }

    /// Back from [`Speed::id`].
    #[must_use]
    pub fn of_id(id: &str) -> Option<Self> {
        match id {
            "auto" => Some(Self::Auto),
            _ => FIXED.iter().position(|f| f.0 == id).map(Self::Fixed),
        }
    }

    /// The next slower or faster one.
    #[must_use]
    pub fn shifted(self, up: bool) -> Self {
        let at = match self {
            Self::Auto => 4,
            Self::Fixed(n) => n,
        };
        Self::Fixed(if up { (at + 1).min(FIXED.len() - 1) } else { at.saturating_sub(1) })
    }
}

/// Why the automatic tempo is what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TempoWhy {
    /// Nothing special.
    #[default]
    Plain,
    /// A message of the story is in the air.
    Decisive,
    /// A replica waits for its moment.
    Election,
    /// A silent node has to be silent for node-timeout: so many milliseconds.
    NodeTimeout(u64),
    /// Some hold it for PFAIL; the others have to find out.
    Agreement,
}

/// A speed with its reason.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tempo {
    /// World time per screen time.
    pub speed: f64,
    /// Why.
    pub why: TempoWhy,
}

impl Default for Tempo {
    fn default() -> Self {
        Self { speed: 1.0, why: TempoWhy::Plain }
    }
}

/// The clock of the page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Playback {
    /// Whether time passes.
    pub playing: bool,
    /// Who decides how fast.
    pub speed: Speed,
    /// How fast it goes just now.
    pub tempo: Tempo,
    /// World time wanted by the screen's clock.
    pub clock_us: u64,
    /// Microseconds that did not make a whole one yet.
    pub rest_us: f64,
}

impl Playback {
    /// Moves the clock by `screen_ms` of screen time.
    pub fn tick(&mut self, screen_ms: f64) {
        // A tab that was asleep does not make up for it.
        let us = screen_ms.clamp(0.0, 100.0) * 1000.0 * self.tempo.speed + self.rest_us;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most 100 ms at 30x, and never negative"
        )]
        let whole = us as u64;
        #[expect(clippy::cast_precision_loss, reason = "at most three million")]
        let used = whole as f64;
        self.rest_us = us - used;
        self.clock_us = self.clock_us.saturating_add(whole);
    }
}

/// The speed that suits this moment.
#[must_use]
pub fn tempo(speed: Speed, sim: &Sim, picture: &Picture, scene: &Scene) -> Tempo {
    if let Speed::Fixed(n) = speed {
        return Tempo { speed: FIXED.get(n).map_or(1.0, |f| f.1), why: TempoWhy::Plain };
    }
    if sim.world().flights().iter().any(|f| is_foreground(f.kind)) {
        return Tempo { speed: 0.05, why: TempoWhy::Decisive };
    }
    if scene.nodes.iter().any(|n| n.wait.is_some()) {
        return Tempo { speed: 0.5, why: TempoWhy::Election };
    }
    let worst = |health: Health| scene.nodes.iter().any(|n| n.health == health);
    let silent = scene.nodes.iter().any(|n| (!n.up || n.frozen) && n.health != Health::Fail);
    if worst(Health::Pfail) {
        return Tempo { speed: 0.5, why: TempoWhy::Agreement };
    }
    if silent {
        let timeout = picture.views.iter().flatten().map(|v| v.node_timeout_ms).max();
        return Tempo { speed: 3.0, why: TempoWhy::NodeTimeout(timeout.unwrap_or(5000)) };
    }
    Tempo::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However slow the clock, no microsecond is lost between frames.
    #[test]
    fn slow_clocks_add_up() {
        let mut play = Playback::default();
        play.tempo.speed = 0.05;
        for _ in 0..1000 {
            play.tick(16.6667);
        }
        assert!((833_330..=833_340).contains(&play.clock_us), "{}", play.clock_us);
    }

    #[test]
    fn speeds_have_stable_names_and_ends() {
        assert_eq!(Speed::of_id("auto"), Some(Speed::Auto));
        assert_eq!(Speed::of_id("30"), Some(Speed::Fixed(8)));
        assert_eq!(Speed::of_id("7"), None);
        assert_eq!(Speed::Fixed(8).shifted(true), Speed::Fixed(8));
        assert_eq!(Speed::Auto.shifted(false).id(), "0.5");
    }
}
