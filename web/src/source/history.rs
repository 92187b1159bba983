//! What has been seen of a run so far, kept for the timeline, the logs and the Why cards.
//!
//! The history outlives a step back: what lies ahead of the present stays known until somebody
//! acts, because the same plan and journal make it happen again, record for record.

use std::collections::BTreeMap;

use slotscope_core::{
    explain::{ManualStep, Reason},
    sim::{ClientEvent, FlightKind, HostIdx, Record, What},
    time::Instant,
};

/// How many messages are remembered for the space-time strip; older ones are let go.
const HOPS_MAX: usize = 60_000;
/// How many other records are remembered.
const ITEMS_MAX: usize = 120_000;

/// Errors of an application that lie closer together belong to one outage: only a part of the
/// keys fails, so good answers come in between.
const CALM_MS: u64 = 3000;

/// A message and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Unique in the run.
    pub flight: u64,
    /// The record of its departure.
    pub seq: u64,
    /// From.
    pub from: HostIdx,
    /// To.
    pub to: HostIdx,
    /// What kind.
    pub kind: FlightKind,
    /// When it left.
    pub sent_at: Instant,
    /// When it is (or was) due.
    pub arrives_at: Instant,
    /// How it ended, with the record that says so.
    pub end: Option<(u64, Instant, HopEnd)>,
}

/// How a message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HopEnd {
    /// It arrived and changed nothing.
    Plain,
    /// It arrived and led to a decision.
    Carrying,
    /// It died on its way.
    Lost,
}

/// Kinds of interesting moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkKind {
    /// Somebody did something to the world.
    Action,
    /// A process ended or began by itself.
    Process,
    /// A first suspicion.
    Pfail,
    /// A majority agreed.
    Fail,
    /// A replica scheduled an election or asked for votes.
    Election,
    /// A voter answered.
    Vote,
    /// A replica won.
    Elected,
    /// A node opened or closed for clients.
    Serving,
    /// Epochs collided, or slots changed hands in somebody's map.
    Epoch,
    /// An application met its first error of an outage, or recovered.
    Client,
    /// An acknowledged write is gone.
    Lost,
    /// A node follows another master now.
    Demoted,
}

impl MarkKind {
    /// The stable name that tests and style sheets use.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Process => "process",
            Self::Pfail => "pfail",
            Self::Fail => "fail",
            Self::Election => "election",
            Self::Vote => "vote",
            Self::Elected => "elected",
            Self::Serving => "serving",
            Self::Epoch => "epoch",
            Self::Client => "client",
            Self::Lost => "lost",
            Self::Demoted => "demoted",
        }
    }
}

impl MarkKind {
    /// Of several at one instant the heaviest is told.
    #[must_use]
    pub const fn weight(self) -> u8 {
        match self {
            Self::Client | Self::Process => 0,
            Self::Serving => 1,
            Self::Action => 2,
            Self::Epoch => 3,
            Self::Demoted => 4,
            Self::Election => 5,
            Self::Pfail => 6,
            Self::Lost => 7,
            Self::Vote => 8,
            Self::Fail => 9,
            Self::Elected => 10,
        }
    }
}

/// An interesting moment on the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The record.
    pub seq: u64,
    /// When.
    pub at: Instant,
    /// What kind.
    pub kind: MarkKind,
    /// Where.
    pub host: Option<HostIdx>,
}

/// Everything remembered of a run.
#[derive(Clone, Debug, Default)]
pub struct History {
    items: Vec<Record>,
    hops: Vec<Hop>,
    in_air: BTreeMap<u64, usize>,
    marks: Vec<Mark>,
    instants: Vec<Instant>,
    next_seq: u64,
    last_error: Vec<Option<Instant>>,
}

impl History {
    /// The first record number that is not known yet.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Records other than messages, oldest first; those ahead of the present included.
    #[must_use]
    pub fn items(&self) -> &[Record] {
        &self.items
    }

    /// Records other than messages up to `now`.
    #[must_use]
    pub fn until(&self, now: Instant) -> &[Record] {
        &self.items[..self.items.partition_point(|r| r.at <= now)]
    }

    /// The record with this number, unless it was a message.
    #[must_use]
    pub fn item(&self, seq: u64) -> Option<&Record> {
        let at = self.items.partition_point(|r| r.seq < seq);
        self.items.get(at).filter(|r| r.seq == seq)
    }

    /// Messages, oldest first.
    #[must_use]
    pub fn hops(&self) -> &[Hop] {
        &self.hops
    }

    /// Messages that left since record `seq`.
    #[must_use]
    pub fn hops_since(&self, seq: u64) -> &[Hop] {
        &self.hops[self.hops.partition_point(|h| h.seq < seq)..]
    }

    /// The message whose arrival is the record `seq`.
    #[must_use]
    pub fn arrival(&self, seq: u64) -> Option<&Hop> {
        // Arrivals are nearly in the order of departures, but not quite: look through them all
        // from the youngest.
        self.hops.iter().rev().find(|h| h.end.is_some_and(|(end, ..)| end == seq))
    }

    /// Interesting moments, oldest first; those ahead of the present included.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// The last instant at which something is known to have happened.
    #[must_use]
    pub fn end(&self) -> Instant {
        self.instants.last().copied().unwrap_or(Instant::ZERO)
    }

    /// The last instant before `now` at which something happened.
    #[must_use]
    pub fn instant_before(&self, now: Instant) -> Option<Instant> {
        let at = self.instants.partition_point(|t| *t < now);
        at.checked_sub(1).map(|i| self.instants[i])
    }

    /// The first known mark after `now`.
    #[must_use]
    pub fn mark_after(&self, now: Instant) -> Option<Mark> {
        self.marks.get(self.marks.partition_point(|m| m.at <= now)).copied()
    }

    /// The last mark before `now`.
    #[must_use]
    pub fn mark_before(&self, now: Instant) -> Option<Mark> {
        let at = self.marks.partition_point(|m| m.at < now);
        at.checked_sub(1).map(|i| self.marks[i])
    }

    /// Takes note of records; those known already are passed over.
    pub fn absorb(&mut self, records: &[Record]) {
        for record in records {
            if record.seq < self.next_seq {
                continue;
            }
            self.next_seq = record.seq + 1;
            if self.instants.last() != Some(&record.at) {
                self.instants.push(record.at);
            }
            self.note(record);
        }
        self.let_go();
    }

    fn note(&mut self, record: &Record) {
        match &record.what {
            What::Sent(flight) => {
                self.in_air.insert(flight.id, self.hops.len());
                self.hops.push(Hop {
                    flight: flight.id,
                    seq: record.seq,
                    from: flight.from,
                    to: flight.to,
                    kind: flight.kind,
                    sent_at: flight.sent_at,
                    arrives_at: flight.arrives_at,
                    end: None,
                });
            }
            What::Arrived { flight, carrying } => {
                let how = if *carrying { HopEnd::Carrying } else { HopEnd::Plain };
                self.landed(*flight, record, how);
            }
            What::Lost { flight } => self.landed(*flight, record, HopEnd::Lost),
            What::Decided(_)
            | What::Log { .. }
            | What::Client { .. }
            | What::Process { .. }
            | What::Did(_)
            | What::Answer(_)
            | What::Violation(_) => {
                if let Some(kind) = self.mark_of(record) {
                    let (seq, at, host) = (record.seq, record.at, record.host);
                    self.marks.push(Mark { seq, at, kind, host });
                }
                self.items.push(record.clone());
            }
        }
    }

    fn landed(&mut self, flight: u64, record: &Record, how: HopEnd) {
        if let Some(hop) = self.in_air.remove(&flight).and_then(|i| self.hops.get_mut(i)) {
            hop.end = Some((record.seq, record.at, how));
        }
    }

    /// What makes a record worth stopping at.
    fn mark_of(&mut self, record: &Record) -> Option<MarkKind> {
        match &record.what {
            What::Did(_) => Some(MarkKind::Action),
            What::Decided(reason) => mark_of_reason(reason),
            What::Client { client, event } => {
                self.mark_of_client(usize::from(*client), event, record.at)
            }
            What::Process { .. }
            | What::Log { .. }
            | What::Answer(_)
            | What::Violation(_)
            | What::Sent(_)
            | What::Arrived { .. }
            | What::Lost { .. } => None,
        }
    }

    /// Errors count once an outage, not once a command.
    fn mark_of_client(
        &mut self,
        client: usize,
        event: &ClientEvent,
        at: Instant,
    ) -> Option<MarkKind> {
        match event {
            ClientEvent::LostWrite { .. } => Some(MarkKind::Lost),
            ClientEvent::Error { .. } => {
                if self.last_error.len() <= client {
                    self.last_error.resize(client + 1, None);
                }
                let before = self.last_error[client].replace(at);
                let same = before.is_some_and(|b| at.ms_since(b) < CALM_MS);
                (!same).then_some(MarkKind::Client)
            }
            ClientEvent::Acked { .. }
            | ClientEvent::Sent { .. }
            | ClientEvent::Moved { .. }
            | ClientEvent::MapLoaded(_) => None,
        }
    }

    /// The last outage of an application up to `now`: from its first error to its last.
    #[must_use]
    pub fn outage(&self, client: u16, now: Instant) -> Option<(Instant, Instant)> {
        let errors = self.until(now).iter().rev().filter(|r| {
            matches!(&r.what, What::Client { client: of, event: ClientEvent::Error { .. } }
                if *of == client)
        });
        let mut outage: Option<(Instant, Instant)> = None;
        for record in errors {
            match &mut outage {
                None => outage = Some((record.at, record.at)),
                Some((first, _)) if first.ms_since(record.at) < CALM_MS => *first = record.at,
                Some(_) => break,
            }
        }
        outage
    }

    /// Forgets everything from record `seq` on: another future begins.
    pub fn forget_from(&mut self, seq: u64, now: Instant) {
        if seq >= self.next_seq {
            return;
        }
        self.next_seq = seq;
        self.items.retain(|r| r.seq < seq);
        self.marks.retain(|m| m.seq < seq);
        self.hops.retain(|h| h.seq < seq);
        self.instants.retain(|t| *t <= now);
        self.in_air.clear();
        for (i, hop) in self.hops.iter_mut().enumerate() {
            if hop.end.is_some_and(|(end, ..)| end >= seq) {
                hop.end = None;
            }
            if hop.end.is_none() {
                self.in_air.insert(hop.flight, i);
            }
        }
        self.last_error.clear();
    }

    /// Keeps memory bounded on a page that is left running.
    fn let_go(&mut self) {
        if self.hops.len() > HOPS_MAX {
            self.hops.drain(..HOPS_MAX / 4);
            let open = self.hops.iter().enumerate().filter(|(_, h)| h.end.is_none());
            self.in_air = open.map(|(i, h)| (h.flight, i)).collect();
        }
        if self.items.len() > ITEMS_MAX {
            self.items.drain(..ITEMS_MAX / 4);
        }
    }
}

fn mark_of_reason(reason: &Reason) -> Option<MarkKind> {
    match reason {
        Reason::Suspected { .. } => Some(MarkKind::Pfail),
        Reason::Fail(verdict) => verdict.failed.then_some(MarkKind::Fail),
        Reason::ElectionDelayed(_) | Reason::VotesAsked { .. } => Some(MarkKind::Election),
        Reason::Vote(_) => Some(MarkKind::Vote),
        Reason::Elected { .. } => Some(MarkKind::Elected),
        Reason::Serving(_) => Some(MarkKind::Serving),
        Reason::EpochCollision { .. } | Reason::EpochBumped { .. } => Some(MarkKind::Epoch),
        Reason::Demoted(_) => Some(MarkKind::Demoted),
        Reason::Migration(verdict) => verdict.refused.is_none().then_some(MarkKind::Demoted),
        Reason::Manual(verdict) => {
            matches!(verdict.step, ManualStep::Asked(_)).then_some(MarkKind::Election)
        }
        Reason::NotSuspected { .. }
        | Reason::Trusted { .. }
        | Reason::Reported { .. }
        | Reason::ReportWithdrawn { .. }
        | Reason::FailHeard { .. }
        | Reason::Forgive(_)
        | Reason::RankWorse { .. }
        | Reason::ElectionWaits(_)
        | Reason::VoteCounted { .. }
        | Reason::EpochAdopted { .. }
        | Reason::Claim(_)
        | Reason::UpdateSent { .. }
        | Reason::UpdateHeard { .. }
        | Reason::RoleHeard { .. }
        | Reason::Learned { .. }
        | Reason::HandshakeDone { .. }
        | Reason::HandshakeExpired { .. }
        | Reason::Synced { .. }
        | Reason::StillBanned { .. }
        | Reason::Moved { .. }
        | Reason::Ask { .. }
        | Reason::TryAgain { .. }
        | Reason::ClusterDown { .. }
        | Reason::CrossSlot { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use slotscope_core::sim::{Action, Flight};

    fn record(seq: u64, ms: u64, what: What) -> Record {
        Record { seq, at: Instant::from_millis(ms), host: Some(HostIdx(0)), cause: None, what }
    }

    fn sent(seq: u64, ms: u64, id: u64) -> Record {
        let flight = Flight {
            id,
            from: HostIdx(0),
            to: HostIdx(1),
            kind: FlightKind::Ping,
            sent_at: Instant::from_millis(ms),
            arrives_at: Instant::from_millis(ms + 5),
        };
        record(seq, ms, What::Sent(flight))
    }

    /// Records that come a second time, after a step back, change nothing.
    #[test]
    fn a_replay_is_absorbed_once() {
        let run = [
            sent(0, 1, 7),
            record(1, 6, What::Arrived { flight: 7, carrying: true }),
            record(2, 9, What::Did(Action::Kill(HostIdx(2)))),
        ];
        let mut history = History::default();
        history.absorb(&run);
        history.absorb(&run);
        assert_eq!(history.hops().len(), 1);
        assert_eq!(history.items().len(), 1);
        assert_eq!(history.marks().len(), 1);
        assert_eq!(history.end(), Instant::from_millis(9));
        assert_eq!(history.instant_before(Instant::from_millis(9)), Some(Instant::from_millis(6)));
    }

    /// An action in the past cuts off what is no longer going to happen, and a message that was in
    /// the air at that moment can land again.
    #[test]
    fn another_future_begins() {
        let mut history = History::default();
        history.absorb(&[
            sent(0, 1, 7),
            record(1, 6, What::Arrived { flight: 7, carrying: false }),
            record(2, 9, What::Did(Action::Heal)),
        ]);
        history.forget_from(1, Instant::from_millis(3));
        assert_eq!(history.next_seq(), 1);
        assert!(history.marks().is_empty());
        assert_eq!(history.hops()[0].end, None);
        history.absorb(&[record(1, 6, What::Lost { flight: 7 })]);
        assert_eq!(history.hops()[0].end, Some((1, Instant::from_millis(6), HopEnd::Lost)));
    }
}
