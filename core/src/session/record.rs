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
    /// How often it took how long, rounded.
    pub times: BTreeMap<u64, u64>,
}

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
    /// Counts by command.
    pub commands: BTreeMap<Name, Counts>,
    /// Errors by their first word.
    pub errors: BTreeMap<String, u64>,
    /// Errors of all kinds.
    pub errors_total: u64,
    /// The command that ran last; what the driver says is about it.
    pub last: Option<Name>,
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

impl Counts {
    /// It took so long.
    pub fn took(&mut self, us: u64) {
        self.us += us;
        // Four digits of the binary number are enough for percentiles.
        let unit = 1 << (u64::BITS - us.leading_zeros()).saturating_sub(5);
        *self.times.entry(us / unit * unit).or_default() += 1;
    }

    /// The time that so many thousandths of the calls did not exceed.
    pub fn percentile(&self, thousandths: u64) -> u64 {
        let total: u64 = self.times.values().sum();
        let wanted = (total * thousandths).div_ceil(100_000).max(1);
        let mut seen = 0;
        let mut times = self.times.iter();
        times
            .find(|(_, count)| {
                seen += **count;
                seen >= wanted
            })
            .map_or(0, |(us, _)| *us)
    }
}
