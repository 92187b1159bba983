//! An application that counts, and so can tell whether the cluster forgot something.
//!
//! It raises counters one by one and remembers each number that it was given. A counter never
//! goes back by itself, so a number that was given out twice means that the first of the two
//! writes is gone: lost is every acknowledged number that is not below the next one of the same
//! counter. That is what `consistency-test.rb` of the tutorials looks for, with a time to each.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use jiff::Timestamp;

use crate::client::App;

/// Counters, so that every master has many of them.
const COUNTERS: u64 = 300;

/// A number that a counter was raised to, as the cluster acknowledged it.
#[derive(Clone, Copy, Debug)]
pub struct Ack {
    /// Which counter: `key_<n>`.
    pub counter: u64,
    /// To what.
    pub value: u64,
    /// When the answer was there.
    pub at: Instant,
}

/// What the application has seen.
#[derive(Debug, Default)]
pub struct Tally {
    /// In order.
    pub acks: Vec<Ack>,
    /// Writes that ended in an error: when by the logs' clock, which port, its words. Whether they
    /// happened is not known.
    pub errors: Vec<(Instant, String)>,
}

/// How long a bystander may be without an owner for slots that are handed over: a write to a busy
/// disk.
const MOMENT: Duration = Duration::from_millis(200);

impl Tally {
    /// Errors that a handover does not explain.
    ///
    /// It explains one kind, which clusters of `redis-server` 7.0 alone give too (seen in
    /// 220 handovers): a bystander that hears of the old master's new role before it hears the
    /// heir's claim knows no owner of the slots for a moment, and answers CLUSTERDOWN.
    #[must_use]
    pub fn beyond_a_handover(&self) -> Vec<&(Instant, String)> {
        let mut since: Option<(Instant, Instant)> = None;
        let is_beyond = |error: &&(Instant, String)| {
            let (at, said) = *error;
            let first =
                since.filter(|(_, last)| *at - *last < MOMENT).map_or(*at, |(first, _)| first);
            since = Some((first, *at));
            !said.ends_with("ClusterDown: The cluster is down") || *at - first > MOMENT
        };
        self.errors.iter().filter(is_beyond).collect()
    }

    /// Acknowledged numbers that were taken back, by a later answer or by `last`, the values at the
    /// end.
    #[must_use]
    pub fn lost(&self, last: &BTreeMap<u64, u64>) -> Vec<Ack> {
        let mut next = last.clone();
        let mut lost: Vec<Ack> = Vec::new();
        for ack in self.acks.iter().rev() {
            // A value at the end counts as reached, one that is given out later does not.
            let limit = next.get(&ack.counter).copied().unwrap_or(0);
            if ack.value > limit {
                lost.push(*ack);
            } else {
                next.insert(ack.counter, ack.value.saturating_sub(1));
            }
        }
        lost.reverse();
        lost
    }
}

/// The application, in a thread until [`Counting::stop`].
#[derive(Debug)]
pub struct Counting {
    ports: Vec<u16>,
    is_over: Arc<AtomicBool>,
    acks: Arc<AtomicU64>,
    errors: Arc<AtomicU64>,
    thread: JoinHandle<Tally>,
}

impl Counting {
    /// Starts counting in the cluster that these ports belong to, with a pause after each write.
    #[must_use]
    pub fn start(ports: Vec<u16>, pause: Duration) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let (acks, errors) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (over, given, failed) = (Arc::clone(&is_over), Arc::clone(&acks), Arc::clone(&errors));
        let mut app = App::new(ports.clone());
        let thread = thread::spawn(move || {
            let mut tally = Tally::default();
            for turn in 0_u64.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                // 7 shares no factor with 300: every counter comes, neighbours far apart.
                let counter = turn * 7 % COUNTERS;
                match app.incr(&name(counter)) {
                    Ok(value) => {
                        tally.acks.push(Ack { counter, value, at: Instant::now() });
                        given.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(error) => {
                        let said = format!("{} {}: {error}", time_of_day(), app.asked());
                        tally.errors.push((Instant::now(), said));
                        failed.fetch_add(1, Ordering::Relaxed);
                    }
                }
                thread::sleep(pause);
            }
            tally
        });
        Self { ports, is_over, acks, errors, thread }
    }

    /// Writes that were acknowledged so far.
    #[must_use]
    pub fn acks(&self) -> u64 {
        self.acks.load(Ordering::Relaxed)
    }

    /// Writes that failed so far.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    /// Ends it; what it has seen, and what of it is lost by what the cluster says now.
    #[must_use]
    pub fn stop(self) -> (Tally, Vec<Ack>) {
        self.is_over.store(true, Ordering::Relaxed);
        let tally = self.thread.join().unwrap();
        let last = values(self.ports);
        let lost = tally.lost(&last);
        println!(
            "{} writes acknowledged, {} errors, {} acknowledged and lost",
            tally.acks.len(),
            tally.errors.len(),
            lost.len()
        );
        (tally, lost)
    }
}

/// Now, as the logs of both makes print it in UTC.
fn time_of_day() -> String {
    Timestamp::now().strftime("%H:%M:%S%.3f").to_string()
}

/// The name of a counter.
#[must_use]
pub fn name(counter: u64) -> String {
    format!("key_{counter}")
}

/// What all counters say now.
#[must_use]
pub fn values(ports: Vec<u16>) -> BTreeMap<u64, u64> {
    let mut app = App::new(ports);
    let mut ask = |counter| {
        // A node that has been away is asked again somewhere else.
        (0..10).find_map(|_| app.get(&name(counter)).ok())
    };
    (0..COUNTERS)
        .map(|counter| {
            let value = ask(counter).unwrap_or_else(|| panic!("counter {counter} is not served"));
            (counter, value.unwrap_or(0))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(acks: &[(u64, u64)], last: &[(u64, u64)]) -> Vec<(u64, u64)> {
        let at = Instant::now();
        let acks = acks.iter().map(|&(counter, value)| Ack { counter, value, at }).collect();
        let tally = Tally { acks, errors: Vec::new() };
        let lost = tally.lost(&last.iter().copied().collect());
        lost.iter().map(|ack| (ack.counter, ack.value)).collect()
    }

    /// A moment of CLUSTERDOWN is a handover; more of it, or anything else, is not.
    #[test]
    fn a_handover_explains_a_moment_without_an_owner() {
        let start = Instant::now();
        let beyond = |errors: &[(u64, &str)]| {
            let at = |ms: &u64| start + Duration::from_millis(*ms);
            let errors = errors.iter().map(|(ms, said)| (at(ms), (*said).to_owned())).collect();
            Tally { acks: Vec::new(), errors }.beyond_a_handover().len()
        };
        let down = "12:00:00.000 7000: ClusterDown: The cluster is down";
        assert_eq!(beyond(&[(0, down), (150, down), (900, down)]), 0);
        assert_eq!(beyond(&[(0, down), (150, down), (300, down)]), 1);
        assert_eq!(beyond(&[(0, "12:00:00.000 7000: Io: broken pipe"), (1, down)]), 1);
    }

    /// Nothing is lost while numbers rise, also where an unknown write left a gap.
    #[test]
    fn rising_numbers_are_kept() {
        assert_eq!(lost(&[(1, 1), (2, 1), (1, 2), (1, 4)], &[(1, 4), (2, 1)]), []);
        assert_eq!(lost(&[(1, 1)], &[(1, 9)]), []);
    }

    /// A number that is given out again was lost the first time, and so is what lay above it.
    #[test]
    fn repeated_numbers_are_lost() {
        assert_eq!(lost(&[(1, 1), (1, 2), (1, 3), (1, 2)], &[(1, 2)]), [(1, 2), (1, 3)]);
        assert_eq!(lost(&[(1, 1), (1, 2)], &[(1, 1)]), [(1, 2)]);
        assert_eq!(lost(&[(1, 1), (1, 2)], &[]), [(1, 1), (1, 2)]);
    }
}
