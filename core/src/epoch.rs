//! Epochs: the cluster's logical clock.
//!
//! One newtype serves the current epoch (the clock for agreements), the config epoch (the version
//! of one master's claim to its slots) and the last vote epoch. Only `rules/epoch` may raise a
//! node's current epoch, and nothing may lower a persisted one except `CLUSTER RESET HARD`.

use core::fmt;

/// A point of the cluster's logical clock; 0 means "never agreed on anything".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Epoch(pub u64);

impl Epoch {
    /// The epoch of a node that never took part in an agreement.
    pub const ZERO: Self = Self(0);

    /// The following epoch, saturating.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
