//! What is noted of the commands that clients send: counts, times, slow ones, and who looks on.
//!
//! Nothing depends on it. How long a command took the driver has to say, since a node reads no
//! clock: a driver that says nothing has all of them taking no time.

use alloc::{
    borrow::ToOwned as _,
    collections::{BTreeMap, BTreeSet, VecDeque},
    string::String,
    vec::Vec,
};

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use crate::{id::ClientId, time::UnixMillis};

/// A command by the container with its bar (or nothing), and its own name.
pub(crate) type Name = (&'static str, &'static str);

/// More kinds of errors are not counted apart: a client that invents some must not fill the memory.
const ERRORS_MAX: usize = 128;
/// Samples that are kept of each kind of spike.
const SPIKES_MAX: usize = 160;

/// What is counted of one command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    /// How often it ran.
    pub calls: u64,
    /// How often it was refused before it ran.
    pub rejected: u64,
    /// How often it answered with an error.
    pub failed: u64,
    /// How long it took in all.
    pub us: u64,
    /// How often it took how long.
    pub times: Times,
}

/// How often something took how long, in microseconds, of which two decimal digits count at
/// least, as in the histograms of Redis.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times(Vec<u64>);

/// A command that took long.
#[derive(Clone, Debug)]
pub(crate) struct Slow {
    /// They are numbered.
    pub id: u64,
    /// When.
    pub at: UnixMillis,
    /// How long.
    pub us: u64,
    /// Its words, as far as they are kept.
    pub words: Vec<Vec<u8>>,
    /// Who sent it.
    pub remote: String,
    /// What that client calls itself.
    pub name: String,
}

/// Spikes of one kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spikes {
    /// Second and milliseconds, the latest last.
    pub samples: VecDeque<(u64, u64)>,
    /// The longest of all in milliseconds.
    pub longest_ms: u64,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    /// Counts by command, in the order in which each was seen first.
    pub commands: IndexMap<Name, Counts, FixedState>,
    /// Errors by their first word.
    pub errors: BTreeMap<String, u64>,
    /// Errors of all kinds.
    pub errors_total: u64,
    /// The place among `commands` of the one that ran last; what the driver says is about it.
    pub last: Option<usize>,
    /// Slow commands, the latest last.
    pub slow: VecDeque<Slow>,
    /// How many have been slow.
    pub slow_total: u64,
    /// Spikes by kind.
    pub spikes: BTreeMap<&'static str, Spikes>,
    /// Who sees every command.
    pub monitors: BTreeSet<ClientId>,
}

impl Record {
    /// Forgets what is counted (CONFIG RESETSTAT).
    pub fn reset(&mut self) {
        self.commands.clear();
        self.errors.clear();
        self.errors_total = 0;
    }

    /// Counts an error by its first word.
    pub fn count_error(&mut self, code: &str) {
        self.errors_total += 1;
        if let Some(count) = self.errors.get_mut(code) {
            *count += 1;
        } else if self.errors.len() < ERRORS_MAX {
            self.errors.insert(code.to_owned(), 1);
        }
    }

    /// A spike.
    pub fn spike(&mut self, kind: &'static str, second: u64, ms: u64) {
        let spikes = self.spikes.entry(kind).or_default();
        spikes.longest_ms = spikes.longest_ms.max(ms);
        match spikes.samples.back_mut() {
            // One a second, the longest.
            Some((at, longest)) if *at == second => *longest = ms.max(*longest),
            _ => spikes.samples.push_back((second, ms)),
        }
        if spikes.samples.len() > SPIKES_MAX {
            spikes.samples.pop_front();
        }
    }
}

impl Times {
    /// Once more so many microseconds.
    fn add(&mut self, us: u64) {
        let bucket = bucket(us);
        if bucket >= self.0.len() {
            self.0.resize(bucket + 1, 0);
        }
        if let Some(count) = self.0.get_mut(bucket) {
            *count += 1;
        }
    }

    /// Whether nothing was counted.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How often about so many microseconds, the shortest first.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        let seen = self.0.iter().enumerate().filter(|(_, count)| **count > 0);
        seen.map(|(bucket, count)| (most(bucket), *count))
    }

    /// The time that so many thousandths of a hundredth of the calls did not exceed.
    pub fn percentile(&self, thousandths: u64) -> u64 {
        let total: u64 = self.0.iter().sum();
        let wanted = (total * thousandths).div_ceil(100_000).max(1);
        let mut seen = 0;
        let found = self.iter().find(|(_, count)| {
            seen += count;
            seen >= wanted
        });
        found.map_or(0, |(us, _)| us)
    }
}

/// Buckets of one power of two.
const STEPS: u64 = 128;

/// The bucket of a time: one for each number below 256, then 128 for each power of two.
fn bucket(us: u64) -> usize {
    let power = u64::from((us / STEPS).checked_ilog2().unwrap_or(0));
    usize::try_from(power * STEPS + (us >> power)).unwrap_or(usize::MAX)
}

/// The longest time of a bucket: what counts as equal to it is told as this.
fn most(bucket: usize) -> u64 {
    least(bucket + 1).wrapping_sub(1)
}

/// The shortest time of a bucket.
fn least(bucket: usize) -> u64 {
    let bucket = u64::try_from(bucket).unwrap_or(u64::MAX);
    let power = (bucket / STEPS).saturating_sub(1);
    (bucket - power * STEPS) << power
}

impl Counts {
    /// It took so long.
    pub fn took(&mut self, us: u64) {
        self.us += us;
        self.times.add(us);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_the_bucket_that_begins_at_most_a_hundredth_below_it() {
        let around = (0..64).flat_map(|power| [(1_u64 << power) - 1, 1 << power, 3 << power >> 1]);
        for us in around.chain(0..5000).chain([u64::MAX]) {
            let from = least(bucket(us));
            assert!(from <= us && us - from <= us / 100, "{us} in a bucket from {from}");
            assert!(most(bucket(us)) >= us, "{us} in a bucket up to {}", most(bucket(us)));
        }
    }

    #[test]
    fn percentiles_are_found_by_rank() {
        let mut times = Times::default();
        assert_eq!(times.percentile(50_000), 0);
        (1..=20).for_each(|us| times.add(us));
        let asked = [0, 50_000, 95_000, 99_900, 100_000];
        assert_eq!(asked.map(|rank| times.percentile(rank)), [1, 10, 19, 20, 20]);
    }
}
