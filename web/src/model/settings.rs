//! What a reader set, or their browser says for them.

use crate::words::Lang;

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark text on white.
    #[default]
    Light,
    /// Light text on near-black.
    Dark,
}

impl Theme {
    /// As attributes and storage have it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Back from [`Theme::id`].
    #[must_use]
    pub fn of_id(id: &str) -> Option<Self> {
        [Self::Light, Self::Dark].into_iter().find(|t| t.id() == id)
    }
}

/// Settings of the reader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The language.
    pub lang: Lang,
    /// Light or dark.
    pub theme: Theme,
    /// Large type and thick lines, for a wall.
    pub projector: bool,
    /// The reader asked for less motion.
    pub still: bool,
    /// The lesson's column is folded.
    pub fold_lesson: bool,
    /// The inspector is folded.
    pub fold_inspector: bool,
    /// The timeline is folded.
    pub fold_dock: bool,
}
