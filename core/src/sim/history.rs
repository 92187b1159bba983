//! What was, and how to get back there: records for those who watch, and checkpoints.
//!
//! A checkpoint is a clone of the state. Any past moment is the last checkpoint before it, played
//! on; the records that this yields again are the same as the first time.

use alloc::{sync::Arc, vec::Vec};

use super::{HostIdx, Record, What, turn::State};
use crate::time::Instant;

/// Who watches a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// Somebody wants to see everything and to go back: records, reasons, checkpoints.
    Full,
    /// The same without the reasons of decisions.
    NoReasons,
    /// Reasons are counted, nothing is kept: for seeds, which care for what happened at all.
    Marks,
    /// Nobody: only digest, invariants and ledgers count, at full speed.
    Nobody,
}

impl Watch {
    /// Whether nodes give reasons.
    pub(super) const fn wants_reasons(self) -> bool {
        matches!(self, Self::Full | Self::Marks)
    }

    /// Whether records and checkpoints are kept.
    pub(super) const fn wants_records(self) -> bool {
        matches!(self, Self::Full | Self::NoReasons)
    }
}

/// Records kept; when there are more, the oldest quarter goes. A quiet cluster of six makes about
/// a hundred in a second, so this is some ten minutes and some ten megabytes.
const RECORDS_MAX: usize = 64_000;

/// The records of a run, a window of its end.
#[derive(Clone, Debug)]
pub(super) struct Recorder {
    records: Vec<Record>,
    /// The number of the first record kept.
    first: u64,
    pub watch: Watch,
}

impl Recorder {
    pub(super) const fn new(watch: Watch) -> Self {
        Self { records: Vec::new(), first: 0, watch }
    }

    pub(super) fn push(
        &mut self,
        at: Instant,
        host: Option<HostIdx>,
        cause: Option<u64>,
        what: impl FnOnce() -> What,
    ) -> Option<u64> {
        if !self.watch.wants_records() {
            return None;
        }
        if self.records.len() >= RECORDS_MAX {
            self.first += RECORDS_MAX as u64 / 4;
            self.records.drain(..RECORDS_MAX / 4);
        }
        let seq = self.next_seq();
        self.records.push(Record { seq, at, host, cause, what: what() });
        Some(seq)
    }

    fn place(&self, seq: u64) -> usize {
        let place = usize::try_from(seq.saturating_sub(self.first)).unwrap_or(usize::MAX);
        place.min(self.records.len())
    }

    pub(super) fn mark_carrying(&mut self, seq: u64) {
        let place = self.place(seq);
        if let Some(Record { what: What::Arrived { carrying, .. }, .. }) =
            self.records.get_mut(place)
        {
            *carrying = true;
        }
    }

    pub(super) fn from(&self, seq: u64) -> &[Record] {
        &self.records[self.place(seq)..]
    }

    pub(super) fn next_seq(&self) -> u64 {
        self.first + self.records.len() as u64
    }

    /// Goes back to when `next` was the next number.
    fn rewind(&mut self, next: u64) {
        self.records.truncate(self.place(next));
        self.first = self.first.min(next);
    }
}

/// A past moment.
#[derive(Clone, Debug)]
struct Checkpoint {
    at: Instant,
    next_seq: u64,
    state: Arc<State>,
}

/// Checkpoints, thinned out the further back they lie.
#[derive(Clone, Debug, Default)]
pub(super) struct Checkpoints {
    kept: Vec<Checkpoint>,
}

/// Virtual time between two checkpoints: replaying that much takes a few milliseconds.
const EVERY_MS: u64 = 2000;
/// Checkpoints kept; a state of six nodes takes some hundred kilobytes.
const KEPT_MAX: usize = 48;

impl Checkpoints {
    /// When the next one is due.
    pub(super) fn due_at(&self) -> Instant {
        self.kept.last().map_or(Instant::ZERO, |last| last.at.plus_ms(EVERY_MS))
    }

    pub(super) fn take(&mut self, state: &State, next_seq: u64) {
        let at = state.now;
        self.kept.push(Checkpoint { at, next_seq, state: Arc::new(state.clone()) });
        if self.kept.len() > KEPT_MAX {
            self.thin();
        }
    }

    /// Drops the checkpoint whose loss costs least: the gap that it leaves is smallest compared
    /// with how long ago it was. The first one stays.
    fn thin(&mut self) {
        let Some(newest) = self.kept.last().map(|last| last.at) else { return };
        let cost = |n: &usize| {
            let gap = self.kept[n + 1].at.ms_since(self.kept[n - 1].at);
            let ago = newest.ms_since(self.kept[*n].at) + 1;
            gap.saturating_mul(1000) / ago
        };
        if let Some(cheapest) = (1..self.kept.len() - 1).min_by_key(cost) {
            self.kept.remove(cheapest);
        }
    }

    #[cfg(test)]
    pub(super) fn times(&self) -> impl Iterator<Item = Instant> + '_ {
        self.kept.iter().map(|checkpoint| checkpoint.at)
    }

    /// Goes back to the last checkpoint at or before `at`, forgetting the later ones.
    pub(super) fn back_to(&mut self, at: Instant, recorder: &mut Recorder) -> Option<State> {
        let after = self.kept.partition_point(|checkpoint| checkpoint.at <= at);
        self.kept.truncate(after);
        let checkpoint = self.kept.last()?;
        recorder.rewind(checkpoint.next_seq);
        Some(State::clone(&checkpoint.state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Plan, World};

    /// Checkpoints stay few however long the run, dense at its end and sparse at its beginning.
    #[test]
    fn checkpoints_are_thinned_towards_the_past() {
        let plan = Plan { clients: Vec::new(), ..Plan::cluster(1, 3, 0) };
        let mut world = World::new(plan).unwrap();
        world.seek(Instant::from_millis(600_000));
        let times: Vec<u64> = world.checkpoint_times().map(Instant::as_millis).collect();
        assert!(times.len() <= KEPT_MAX, "{}", times.len());
        assert_eq!(times[0], 0);
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
        let newest = &times[times.len() - 5..];
        assert!(newest[0] >= 600_000 - 6 * EVERY_MS, "{newest:?}");
        // No gap is much wider than a sixth of how long ago it was.
        for pair in times.windows(2) {
            let (gap, ago) = (pair[1] - pair[0], 600_000 - pair[0]);
            assert!(gap <= ago / 4 + 2 * EVERY_MS, "{gap} ms, {ago} ms ago");
        }
    }
}
