//! Both clocks of the operating system, read once per turn; and the seed of a node.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use slotscope_core::{
    rng::Seed,
    time::{self, Now, UnixMillis},
};

/// The clocks of one process. Monotonic time counts from its start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock whose monotonic time is 0 now.
    pub(super) fn new() -> Self {
        Self { origin: Instant::now() }
    }

    /// Reads both clocks.
    pub(super) fn now(&self) -> Now {
        let mono = u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX);
        // A wall clock before 1970 is a machine without a battery: 0 is as good as any.
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        Now {
            mono: time::Instant::from_micros(mono),
            wall: UnixMillis(u64::try_from(wall).unwrap_or(u64::MAX)),
        }
    }

    /// The instant of the operating system at which this clock shows `at`; `None` for never.
    pub(super) fn instant(&self, at: time::Instant) -> Option<Instant> {
        if at == time::Instant::NEVER {
            return None;
        }
        self.origin.checked_add(std::time::Duration::from_micros(at.as_micros()))
    }
}

/// Sixteen bytes of entropy: names and election delays must differ between nodes.
pub(super) fn seed() -> Result<Seed, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(Seed(bytes))
}
