//! The backlog: the last bytes of the replication stream, numbered by offset.
//!
//! A replica whose link broke for a moment asks for the bytes that it missed; if they are still
//! here it need not load the whole dataset again. The buffer holds `repl-backlog-size` bytes, but
//! it is grown only as bytes come, and what is full is shared between clones of a node, so that a
//! checkpoint copies [`CHUNK`] bytes at most.
//!
//! Between two calls of [`Backlog::trim`] it may hold more than its size: what one turn of the
//! node produced has to reach the attached replicas before it may be forgotten.
//!
//! ```text
//! offsets   first                                        end
//!           │                                              │
//! chunks  ──[skip│·······][·················][·············] tail
//! ```

use alloc::{collections::VecDeque, sync::Arc, vec::Vec};

/// A window on the replication stream. Offsets are those of the protocol: the first byte of a
/// stream has offset 1.
#[derive(Clone, Debug)]
pub(crate) struct Backlog {
    /// Full ones, oldest first: each of exactly [`CHUNK`] bytes.
    chunks: VecDeque<Arc<[u8]>>,
    /// The newest bytes, fewer than a chunk.
    tail: Vec<u8>,
    /// Bytes of the oldest chunk that are forgotten already.
    skip: usize,
    first: u64,
    len: usize,
    size: usize,
}

impl Backlog {
    /// An empty window whose next byte has the offset `first`.
    pub fn starting_at(first: u64, size: u64) -> Self {
        let mut log = Self {
            chunks: VecDeque::new(),
            tail: Vec::new(),
            skip: 0,
            first,
            len: 0,
            size: MIN_SIZE,
        };
        log.resize(size);
        log
    }

    /// Offset of the oldest byte held (or of the next one, while nothing is held).
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// How many bytes are held.
    pub const fn len(&self) -> u64 {
        self.len as u64
    }

    /// Offset of the byte that comes next.
    pub const fn end(&self) -> u64 {
        self.first.saturating_add(self.len())
    }

    /// Adds produced or received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.len += bytes.len();
        self.tail.extend_from_slice(bytes);
        let full = self.tail.len() - self.tail.len() % CHUNK;
        if full > 0 {
            self.chunks.extend(self.tail[..full].chunks(CHUNK).map(Arc::from));
            self.tail.drain(..full);
            // One huge write must not be paid for ever after.
            self.tail.shrink_to(CHUNK);
        }
    }

    /// Appends the bytes from offset `from` on to `to`; `false` (and nothing appended) if they
    /// are not held.
    pub fn copy_from(&self, from: u64, to: &mut Vec<u8>) -> bool {
        let behind = from.checked_sub(self.first).and_then(|n| usize::try_from(n).ok());
        let Some(behind) = behind.filter(|behind| *behind <= self.len) else { return false };
        to.reserve(self.len - behind);
        // Chunks are full, so the one to begin with is known: a replica asks for the last bytes
        // after each turn, and walking there would cost more than copying them.
        let from = (self.skip + behind) / CHUNK;
        let mut skip = self.skip + behind - from * CHUNK;
        let from = from.min(self.chunks.len());
        let chunks = self.chunks.range(from..).map(|chunk| &chunk[..]);
        for piece in chunks.chain([self.tail.as_slice()]) {
            match piece.get(skip..) {
                Some(rest) => {
                    to.extend_from_slice(rest);
                    skip = 0;
                }
                None => skip -= piece.len(),
            }
        }
        true
    }

    /// Forgets what exceeds the size. Called once everybody attached has been fed.
    pub fn trim(&mut self) {
        let Some(excess) = self.len.checked_sub(self.size) else { return };
        self.len -= excess;
        self.first = self.first.saturating_add(excess as u64);
        self.skip += excess;
        // Invariant: the tail is shorter than the smallest size, so it is never cut into.
        while let Some(oldest) = self.chunks.front().filter(|chunk| chunk.len() <= self.skip) {
            self.skip -= oldest.len();
            self.chunks.pop_front();
        }
    }

    /// Takes over a changed `repl-backlog-size`.
    pub fn resize(&mut self, size: u64) {
        self.size = usize::try_from(size).unwrap_or(usize::MAX).max(MIN_SIZE);
    }
}

/// What is copied at most when a node is cloned, and how much more than the size may be held.
const CHUNK: usize = 8 << 10;
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
        assert!(log.tail.capacity() <= CHUNK);
        assert_eq!(log.len(), MIN_SIZE as u64);
        assert_eq!(tail(&log, log.first()).unwrap(), [7; MIN_SIZE]);
    }

    proptest::proptest! {
        #[test]
        fn it_is_the_end_of_everything_pushed(
            pushes in proptest::collection::vec((0_usize..30_000, 0_u8..), 1..20), size in 0_u64..40_000) {
            let mut log = Backlog::starting_at(1, size);
            let mut all = Vec::new();
            for (len, byte) in pushes {
                let piece = alloc::vec![byte; len];
                log.push(&piece);
                all.extend_from_slice(&piece);
                log.trim();
                let held = all.len().min(log.size);
                proptest::prop_assert_eq!(log.len(), held as u64);
                proptest::prop_assert_eq!(log.end(), all.len() as u64 + 1);
                proptest::prop_assert_eq!(tail(&log, log.first()).unwrap(), &all[all.len() - held..]);
                let stored: usize = log.chunks.iter().map(|chunk| chunk.len()).sum();
                proptest::prop_assert!(stored <= log.size + CHUNK);
            }
        }
    }
}
