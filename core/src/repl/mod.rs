//! Replication as this node knows it: whose history its data belongs to, and how far it goes.
//!
//! A *history* is a replication id and an offset that counts every byte of its command stream.
//! Two nodes with the same id and offset hold the same data; one that is behind needs the bytes
//! between. A promoted replica starts a new history and remembers the old one as its second id,
//! valid up to the offset of the switch, so that its former peers can go on with it.
//!
//! Here is the state and what follows from it alone. Decisions that produce effects (feeding,
//! following, pinging) are in `rules/replication`; applying what a master sends is in
//! `node/stream`.
//!
//! Spec: Redis replication ("How Redis replication works", "Partial resynchronization").
//! Differs from Redis: a snapshot for a replica is made in memory and sent at once in the sized
//! form, so a replica is online from the moment that it asks.

mod backlog;
mod digest;
mod master;
mod replica;
mod report;
mod staging;
#[cfg(test)]
mod tests;
mod wait;
pub(crate) mod wire;

pub(crate) use backlog::Backlog;
pub(crate) use master::{Introduction, Replica, ReplicaName, Replicas, Stage};
pub(crate) use replica::{Form, Heard, Phase, Transfer, Upstream};
pub(crate) use staging::Staging;
pub(crate) use wait::{Waiter, Waiters};

use core::fmt;

use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

use crate::{
    config::Config,
    explain::Resync,
    id::{ClientId, LinkId, NodeId},
    rng::Rng,
    store::Key,
    time::Instant,
};

/// Everything about replication.
#[derive(Clone, Debug, Default)]
pub(crate) struct Repl {
    /// The history that the data belongs to.
    pub id: ReplId,
    /// The history before the last switch, and the first offset at which it is no longer ours.
    pub before: Option<(ReplId, u64)>,
    /// Bytes of the stream that the data contains: produced by a master, processed by a replica.
    pub offset: u64,
    /// The last bytes of the stream; a master has none before the first replica came.
    pub backlog: Option<Backlog>,
    /// Attached replicas.
    pub replicas: Replicas,
    /// What clients said of themselves by REPLCONF.
    pub introductions: BTreeMap<ClientId, Introduction>,
    /// The master that this node follows.
    pub upstream: Option<Upstream>,
    /// Whether the data is known to belong to `id` up to `offset`, so that a partial resync may
    /// be asked for (Redis: there is a cached master).
    pub resumable: bool,
    /// The database that the stream means, once it has said so: a master's to its replicas.
    pub selected: Option<u32>,
    /// The database that the stream of this node's master means.
    pub database: u32,
    /// Keys that expire and that clients have made on this replica, each with its database.
    pub own_keys: BTreeSet<(u32, Key)>,
    /// Commands of a MULTI in the master's stream that has not ended: applied at its EXEC.
    pub queued: Option<Vec<Vec<Vec<u8>>>>,
    /// What a command or a transaction that is running has put into the stream so far.
    pub unit: Unit,
    /// Clients blocked by WAIT.
    pub waiters: Waiters,
    /// Offset behind the last write of each client, for WAIT.
    pub written: BTreeMap<ClientId, u64>,
    /// This master hands its role over (FAILOVER).
    pub failover: Option<Failover>,
    /// No PING and no GETACK now: a manual failover waits for equal offsets.
    pub quiet: bool,
    /// When the once-a-second work is due; `None` when there is nothing to do.
    pub due: Option<Instant>,
    /// When a master put the last PING into the stream. The period counts from here whenever it is
    /// changed: one that was made longer must not be followed by another PING.
    pub pinged_at: Instant,
    /// Since when a master with a backlog has no replica.
    pub alone_since: Option<Instant>,
    dialled: u64,
}

/// A master that hands its role to a replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failover {
    /// To whom; any replica that is in step will do while this is `None`.
    pub target: Option<(String, u16)>,
    /// How long it waits for the replica; [`Instant::NEVER`] if for ever.
    pub until: Instant,
    /// Then it hands over nevertheless.
    pub force: bool,
    /// It waits no more, but asks the other one to take over.
    pub hands_over: bool,
}

/// What belongs together in the stream: it is wrapped in MULTI and EXEC if it is more than one
/// command, so that no replica shows a half of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unit {
    /// A command is running: what it propagates is gathered first.
    pub open: bool,
    /// The commands so far.
    pub commands: Vec<Gathered>,
}

/// A command of a unit.
#[derive(Clone, Debug)]
pub(crate) struct Gathered {
    /// Its words.
    pub words: Vec<Vec<u8>>,
    /// Who keeps it.
    pub kept: Kept,
    /// The database that it means.
    pub database: u32,
}

/// Who is told of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Replicas, and the file that restores the data.
    Logged,
    /// Replicas alone.
    Told,
}

/// A replication id: 40 characters, drawn at random.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ReplId([u8; 40]);

impl ReplId {
    /// The id that stands for "none": 40 zeros.
    pub const NONE: Self = Self([b'0'; 40]);

    /// Takes 40 letters and digits.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let id: [u8; 40] = bytes.try_into().ok()?;
        id.iter().all(u8::is_ascii_alphanumeric).then_some(Self(id))
    }

    /// Draws one.
    pub fn random(rng: &mut Rng) -> Self {
        Self(*NodeId::random(rng).as_bytes())
    }

    /// The 40 characters.
    pub fn as_str(&self) -> &str {
        // Invariant: constructors admit ASCII only.
        core::str::from_utf8(&self.0).unwrap_or("")
    }
}

impl Default for ReplId {
    fn default() -> Self {
        Self::NONE
    }
}

impl fmt::Display for ReplId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for ReplId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", &self.as_str()[..8])
    }
}

impl Repl {
    /// A node with a history of its own and nothing in it.
    pub fn new(rng: &mut Rng) -> Self {
        Self { id: ReplId::random(rng), ..Self::default() }
    }

    /// A number for a link about to be dialled.
    pub fn fresh_link(&mut self) -> LinkId {
        self.dialled += 1;
        LinkId(REPLICATION_LINK | self.dialled)
    }

    /// Whether this node follows a master, connected or not.
    pub const fn is_replica(&self) -> bool {
        self.upstream.is_some()
    }

    /// The offset that headers of the bus and INFO carry: 0 for a replica that has nothing yet, or
    /// that is getting everything anew. Who sees it sends no clients there.
    pub fn offset(&self) -> u64 {
        match &self.upstream {
            Some(Upstream { phase: Phase::Receiving(_), .. }) => 0,
            Some(up) if !up.is_up() && !self.resumable => 0,
            _ => self.offset,
        }
    }

    /// Whether a replica is taking in a snapshot.
    pub fn is_loading(&self) -> bool {
        self.upstream.as_ref().is_some_and(|up| up.staging.is_some())
    }

    /// Whether a replica's link works.
    pub fn link_is_up(&self) -> bool {
        self.upstream.as_ref().is_some_and(Upstream::is_up)
    }

    /// Age of the data in whole seconds, for elections: since anything came from the master, or
    /// since the link was lost. `None` for a replica that was never in step: it has no data.
    pub fn silence_s(&self, now: Instant) -> Option<u64> {
        let up = self.upstream.as_ref()?;
        let since = if up.is_up() { Some(up.last_io) } else { up.down_since };
        since.map(|since| now.ms_since(since) / 1000)
    }

    /// The earliest moment at which `rules::replication::cron` has something to do.
    pub fn next_deadline(&self) -> Instant {
        let waiting = self.failover.as_ref().filter(|failover| !failover.hands_over);
        let failover = waiting.map_or(Instant::NEVER, |failover| failover.until);
        self.due.unwrap_or(Instant::NEVER).min(self.waiters.deadline()).min(failover)
    }

    /// Replicas that wrote within `min-replicas-max-lag`.
    pub fn good_replicas(&self, config: &Config, now: Instant) -> u32 {
        let good = self.replicas.good(config.min_replicas_max_lag_s, now);
        u32::try_from(good).unwrap_or(u32::MAX)
    }

    /// The once-a-second work is due by `at`, if not sooner.
    pub fn wake_by(&mut self, at: Instant) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// Adds bytes to the stream, if anybody might ever ask for them.
    pub fn produce(&mut self, bytes: &[u8]) {
        if let Some(log) = &mut self.backlog {
            log.push(bytes);
            self.offset += bytes.len() as u64;
        }
    }

    /// Counts what was read of the master's stream, now that it is applied, and keeps it for own
    /// replicas.
    pub fn process_read(&mut self) {
        let Some(up) = &mut self.upstream else { return };
        let bytes = up.unapplied();
        self.offset += bytes.len() as u64;
        if let Some(log) = &mut self.backlog {
            log.push(bytes);
        }
        up.set_applied();
    }

    /// Makes a backlog that begins after the current offset, unless there is one.
    pub fn ensure_backlog(&mut self, config: &Config) {
        if self.backlog.is_none() {
            self.restart_backlog(config);
        }
    }

    /// Invariant: the backlog, if there is one, ends at the offset (`Node::check` looks).
    pub fn backlog_ends_at_offset(&self) -> bool {
        self.backlog.as_ref().is_none_or(|log| log.end() == self.offset + 1)
    }

    /// Makes an empty backlog that begins after the current offset.
    pub fn restart_backlog(&mut self, config: &Config) {
        self.backlog = Some(Backlog::starting_at(self.offset + 1, config.repl_backlog_size));
    }

    /// Starts a new history here and remembers the old one (a promotion).
    pub fn shift(&mut self, to: ReplId) {
        self.before = Some((self.id, self.offset + 1));
        self.id = to;
    }

    /// May a replica go on from `offset` of history `id`? Judged by the numbers alone.
    ///
    /// A blank replica asks for byte 1 of its own random history; that matches neither id here.
    pub fn judge_resync(&self, id: Option<ReplId>, offset: u64) -> Resync {
        let Some(id) = id else { return Resync::FullAsked };
        let known = id != ReplId::NONE
            && (id == self.id || self.before.is_some_and(|(old, end)| old == id && offset <= end));
        if !known {
            return Resync::FullOtherHistory;
        }
        match &self.backlog {
            Some(log) if (log.first()..=log.end()).contains(&offset) => {
                Resync::Partial { from: offset, bytes: log.end() - offset }
            }
            Some(log) => {
                Resync::FullOutsideBacklog { asked: offset, first: log.first(), len: log.len() }
            }
            None => Resync::FullOutsideBacklog { asked: offset, first: 0, len: 0 },
        }
    }

    /// Forgets a client that is gone (or became somebody else's); gives the replica that it was.
    pub fn forget(&mut self, client: ClientId, now: Instant) -> Option<Replica> {
        self.introductions.remove(&client);
        self.written.remove(&client);
        self.waiters.forget(client);
        let replica = self.replicas.detach(client)?;
        if self.replicas.is_empty() {
            self.alone_since = Some(now);
        }
        Some(replica)
    }
}

/// Bit 62 marks links of replication among those that this node dials: the bus numbers its own
/// from 0, so the two never meet.
const REPLICATION_LINK: u64 = 1 << 62;
