//! Both clocks of the operating system, read once per turn; and the seed of a node.

use std::{
    cell::Cell,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use slotscope_core::{
    rng::Seed,
    time::{self, Now, UnixMillis},
};

/// So far the two clocks may drift apart before the wall clock is believed again.
const DRIFT_US: u64 = 2000;

/// The clocks of one process. Monotonic time counts from its start.
///
/// Two clocks that are read one after the other turn their milliseconds at different moments, and
/// what happened once would seem to have happened at one or the other. So wall time is monotonic
/// time and what lies between them, which is looked at anew when the wall clock was set.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    origin: Instant,
    /// Wall time when monotonic time was 0, in whole ms as µs: both turn at once.
    wall_origin_us: Cell<u64>,
}

impl Clock {
    /// A clock whose monotonic time is 0 now.
    pub(super) fn new() -> Self {
        Self { origin: Instant::now(), wall_origin_us: Cell::new(0) }
    }

    /// Reads both clocks.
    pub(super) fn now(&self) -> Now {
        let mono = u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX);
        // A wall clock before 1970 is a machine without a battery: 0 is as good as any.
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        let wall = u64::try_from(wall).unwrap_or(u64::MAX);
        if wall.abs_diff(self.wall_origin_us.get().saturating_add(mono)) > DRIFT_US {
            self.wall_origin_us.set(wall.saturating_sub(mono) / 1000 * 1000);
        }
        Now {
            mono: time::Instant::from_micros(mono),
            wall: UnixMillis(self.wall_origin_us.get().saturating_add(mono) / 1000),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_once_has_one_wall_time() {
        let clock = Clock::new();
        let then = clock.now();
        let begun = Instant::now();
        while begun.elapsed().as_millis() < 20 {
            assert_eq!(clock.now().wall_at(then.mono), then.wall);
        }
    }
}
