//! SCAN: a cursor that needs no memory in the server.
//!
//! A cursor names a slot and an index: what stands below that index in the slot's map is still to
//! be visited. Going *down* is what makes it safe. Removal moves the last key of the map into the
//! gap, which may show a key twice but never moves one from the part that is still to come into
//! the part that is done; new keys are appended. So a key that is there during the whole scan is
//! reported at least once, which is the promise of SCAN.

use super::{Entry, Keyspace};
use crate::slot::Slot;

/// "All of the slot": no map has so many keys.
const WHOLE: u64 = u32::MAX as u64;

impl Keyspace {
    /// Visits about `count` keys from `cursor` on (0 starts); the next cursor, 0 at the end.
    pub fn scan(
        &self,
        cursor: u64,
        count: usize,
        mut visit: impl FnMut(&super::Key, &Entry),
    ) -> u64 {
        let (first, mut below) = match cursor {
            0 => (Slot::FIRST, WHOLE),
            _ => {
                // A cursor that this node never gave ends the scan, as harmless as in Redis.
                let slot = u16::try_from(cursor >> 32).ok().and_then(Slot::new);
                let Some(slot) = slot else { return 0 };
                (slot, cursor & WHOLE)
            }
        };
        let mut left = count.max(1);
        for (slot, map) in self.slots.iter_from(first) {
            if slot != first {
                below = WHOLE;
            }
            if left == 0 {
                return cursor_at(slot, WHOLE);
            }
            let mut at = map.len().min(usize::try_from(below).unwrap_or(usize::MAX));
            while at > 0 && left > 0 {
                at -= 1;
                left -= 1;
                if let Some((name, entry)) = map.at(at) {
                    visit(name, entry);
                }
            }
            if at > 0 {
                return cursor_at(slot, at as u64);
            }
        }
        0
    }
}

fn cursor_at(slot: Slot, below: u64) -> u64 {
    (u64::from(slot.get()) << 32) | below
}

/// The same downward walk through one container of `len` elements that removes by moving its last
/// one into the gap: HSCAN, SSCAN and ZSCAN.
pub(super) fn down(cursor: u64, count: usize, len: usize, mut visit: impl FnMut(usize)) -> u64 {
    let below = match cursor {
        0 => len,
        _ => len.min(usize::try_from(cursor).unwrap_or(usize::MAX)),
    };
    let from = below.saturating_sub(count.max(1));
    (from..below).rev().for_each(&mut visit);
    from as u64
}
