//! The backlog: the last bytes of the replication stream, numbered by offset.
//!
//! A replica whose link broke for a moment asks for the bytes that it missed; if they are still
//! here it need not load the whole dataset again. The buffer holds `repl-backlog-size` bytes, but
//! it is grown only as bytes come, so that a node which wrote nothing costs nothing to clone.
//!
//! Between two calls of [`Backlog::trim`] it may hold more than its size: what one turn of the
//! node produced has to reach the attached replicas before it may be forgotten.

use alloc::{collections::VecDeque, vec::Vec};

/// A window on the replication stream. Offsets are those of the protocol: the first byte of a
/// stream has offset 1.
#[derive(Clone, Debug)]
pub(crate) struct Backlog {
    bytes: VecDeque<u8>,
    first: u64,
    size: usize,
}

impl Backlog {
    /// An empty window whose next byte has the offset `first`.
    pub fn starting_at(first: u64, size: u64) -> Self {
        let size = usize::try_from(size).unwrap_or(usize::MAX).max(MIN_SIZE);
        Self { bytes: VecDeque::new(), first, size }
    }

    /// Offset of the oldest byte held (or of the next one, while nothing is held).
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// How many bytes are held.
    pub fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Offset of the byte that comes next.
    pub fn end(&self) -> u64 {
        self.first.saturating_add(self.len())
    }

    /// Adds produced or received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// Appends the bytes from offset `from` on to `to`; `false` (and nothing appended) if they
    /// are not held.
    pub fn copy_from(&self, from: u64, to: &mut Vec<u8>) -> bool {
        let Some(skip) = from.checked_sub(self.first) else { return false };
        let Ok(skip) = usize::try_from(skip) else { return false };
        if skip > self.bytes.len() {
            return false;
        }
        let (head, tail) = self.bytes.as_slices();
        to.reserve(self.bytes.len() - skip);
        if skip < head.len() {
            to.extend_from_slice(&head[skip..]);
            to.extend_from_slice(tail);
        } else {
            to.extend_from_slice(&tail[skip - head.len()..]);
        }
        true
    }

    /// Forgets what exceeds the size. Called once everybody attached has been fed.
    pub fn trim(&mut self) {
        let Some(excess) = self.bytes.len().checked_sub(self.size) else { return };
        self.bytes.drain(..excess);
        self.first = self.first.saturating_add(excess as u64);
        // One huge write must not be paid for ever after.
        if self.bytes.capacity() / 2 > self.size {
            self.bytes.shrink_to(self.size);
        }
    }

    /// Takes over a changed `repl-backlog-size`.
    pub fn resize(&mut self, size: u64) {
        self.size = usize::try_from(size).unwrap_or(usize::MAX).max(MIN_SIZE);
    }
}

/// Redis does not go below 16 KiB either: less would make every short break a full sync.
const MIN_SIZE: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(log: &Backlog, from: u64) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        log.copy_from(from, &mut out).then_some(out)
    }

    #[test]
    fn offsets_name_bytes() {
        let mut log = Backlog::starting_at(11, 0);
        assert_eq!((log.first(), log.len(), log.end()), (11, 0, 11));
        log.push(b"abc");
        assert_eq!(tail(&log, 10), None);
        assert_eq!(tail(&log, 11).unwrap(), b"abc");
        assert_eq!(tail(&log, 13).unwrap(), b"c");
        assert_eq!(tail(&log, 14).unwrap(), b"");
        assert_eq!(tail(&log, 15), None);
        assert_eq!(tail(&log, u64::MAX), None);
    }

    #[test]
    fn only_the_last_bytes_stay_and_wrap_is_invisible() {
        let mut log = Backlog::starting_at(1, 0);
        let mut all = Vec::new();
        for n in 0..40_000_u32 {
            let piece = n.to_le_bytes();
            log.push(&piece);
            all.extend_from_slice(&piece);
            log.trim();
        }
        assert_eq!(log.len(), MIN_SIZE as u64);
        assert_eq!(log.end(), all.len() as u64 + 1);
        for from in [log.first(), log.first() + 1, log.first() + 9_999, log.end()] {
            assert_eq!(tail(&log, from).unwrap(), &all[usize::try_from(from - 1).unwrap()..]);
        }
    }

    #[test]
    fn a_turn_may_exceed_the_size_until_it_is_trimmed() {
        let mut log = Backlog::starting_at(1, 0);
        log.push(&[7; MIN_SIZE * 8]);
        assert_eq!(tail(&log, 1).unwrap().len(), MIN_SIZE * 8);
        log.trim();
        assert_eq!(tail(&log, 1), None);
        assert!(log.bytes.capacity() <= MIN_SIZE * 2);
    }
}
