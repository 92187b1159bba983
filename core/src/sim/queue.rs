//! What happens next? Events by (time, sequence): ties are broken by who was scheduled first.

use core::cmp::Reverse;

use alloc::collections::BinaryHeap;

use super::{HostIdx, digest::Digest, net::ConnId};
use crate::time::Instant;

/// One thing that is going to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// A node's deadline.
    Wake { host: HostIdx, life: u32 },
    /// The parcel at the front of a lane arrives.
    Arrive { conn: ConnId, lane: u8, parcel: u64 },
    /// A connection attempt without an answer: try again, or give up.
    DialAgain { conn: ConnId, attempt: u8 },
    /// A disk has written the oldest image that it was given.
    Synced { host: HostIdx, life: u32 },
    /// A disk has written the oldest part of a dataset that it was given.
    Wrote { host: HostIdx, life: u32 },
    /// A job of the person at the machines: its next step.
    Job { n: u32 },
    /// An application's next command is due.
    AppTick { app: u16 },
    /// An application has waited for its answer long enough.
    AppTimeout { app: u16, request: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    at: Instant,
    seq: u64,
    event: Event,
}

/// The future.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Reverse<Entry>>,
    next_seq: u64,
}

impl Queue {
    /// Schedules `event`; nothing is ever taken back, outdated events are recognised when due.
    pub(super) fn push(&mut self, at: Instant, event: Event) {
        let seq = self.next_seq;
        self.next_seq += 1;
        self.heap.push(Reverse(Entry { at, seq, event }));
    }

    /// When the next event is due.
    pub(super) fn next_at(&self) -> Instant {
        self.heap.peek().map_or(Instant::NEVER, |Reverse(entry)| entry.at)
    }

    /// Takes the next event.
    pub(super) fn pop(&mut self) -> Option<(Instant, Event)> {
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.event))
    }

    /// Adds the whole future to `digest`. Entries are summed up, because the inner order of a
    /// heap is not part of the state.
    pub(super) fn digest(&self, digest: &mut Digest) {
        let mut sum = 0_u64;
        for Reverse(entry) in &self.heap {
            let mut one = Digest::new();
            one.word(entry.at.as_micros());
            one.word(entry.seq);
            let (kind, a, b) = match entry.event {
                Event::Wake { host, life } => (0, u64::from(host.0), u64::from(life)),
                Event::Arrive { conn, lane, parcel } => (1 + u64::from(lane), conn.0, parcel),
                Event::DialAgain { conn, attempt } => (3, conn.0, u64::from(attempt)),
                Event::Synced { host, life } => (4, u64::from(host.0), u64::from(life)),
                Event::Wrote { host, life } => (7, u64::from(host.0), u64::from(life)),
                Event::Job { n } => (8, u64::from(n), 0),
                Event::AppTick { app } => (5, u64::from(app), 0),
                Event::AppTimeout { app, request } => (6, u64::from(app), request),
            };
            one.word(kind);
            one.word(a);
            one.word(b);
            sum = sum.wrapping_add(one.finish());
        }
        digest.word(sum);
        digest.word(self.next_seq);
    }
}
