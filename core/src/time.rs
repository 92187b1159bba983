//! The two clocks of a node, both handed in by the driver.
//!
//! Redis reads one wall clock for everything; a clock step there can look like a silent peer.
//! Here timeouts are measured on a monotonic clock, and only what leaves the node (key expiry,
//! gossip times, `CLUSTER NODES`) uses the wall.

use core::{fmt, ops, time::Duration};

/// A point on the driver's monotonic clock, in microseconds since an origin it picked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Instant(u64);

impl Instant {
    /// The origin of the clock.
    pub const ZERO: Self = Self(0);
    /// Later than everything: "no deadline".
    pub const NEVER: Self = Self(u64::MAX);

    /// `us` microseconds after the origin.
    #[must_use]
    pub const fn from_micros(us: u64) -> Self {
        Self(us)
    }

    /// `ms` milliseconds after the origin, saturating.
    #[must_use]
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms.saturating_mul(1000))
    }

    /// Microseconds since the origin.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the origin.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0 / 1000
    }

    /// Whole milliseconds from `earlier` to `self`; 0 when `earlier` is later.
    #[must_use]
    pub const fn ms_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / 1000
    }

    /// `ms` milliseconds later, saturating at [`Instant::NEVER`].
    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1000)))
    }

    /// `ms` milliseconds earlier, stopping at the origin.
    #[must_use]
    pub const fn minus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_sub(ms.saturating_mul(1000)))
    }
}

impl ops::Add<Duration> for Instant {
    type Output = Self;
    fn add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(by.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl fmt::Display for Instant {
    /// Seconds with milliseconds: `12.431`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000_000, self.0 / 1000 % 1000)
    }
}

/// Milliseconds since 1970-01-01 UTC, as the node's wall clock tells them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct UnixMillis(pub u64);

impl UnixMillis {
    /// Whole seconds, as gossip entries carry them.
    #[must_use]
    pub const fn secs(self) -> u64 {
        self.0 / 1000
    }
}

/// Both clocks, read once per turn so that one turn sees one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// For timeouts.
    pub mono: Instant,
    /// For expiry and for what others see.
    pub wall: UnixMillis,
}

impl Now {
    /// The wall time at which the monotonic clock showed `at`, as seen from now. Whole ms are
    /// compared: with clocks that turn at the same moments the answer is the same at all times.
    #[must_use]
    pub const fn wall_at(self, at: Instant) -> UnixMillis {
        let (now, at) = (self.mono.as_millis(), at.as_millis());
        UnixMillis(self.wall.0.saturating_add(at).saturating_sub(now))
    }

    /// The monotonic instant that corresponds to the wall time `wall`, as seen from now.
    #[must_use]
    pub const fn mono_at(self, wall: UnixMillis) -> Instant {
        if wall.0 <= self.wall.0 {
            self.mono.minus_ms(self.wall.0 - wall.0)
        } else {
            self.mono.plus_ms(wall.0 - self.wall.0)
        }
    }
}
