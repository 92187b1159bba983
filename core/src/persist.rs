//! What a node knows of its own files: what is on disk, what is on its way there, what failed.
//!
//! State alone. When a snapshot is due, what is logged and what a report of the disk means is
//! decided in `rules/persistence`.

use alloc::{string::String, vec::Vec};

use crate::{
    digest::Fnv,
    id::ClientId,
    io::JobId,
    time::{Instant, UnixMillis},
};

/// Everything about persistence.
#[derive(Clone, Debug)]
pub(crate) struct Persist {
    /// The append only file.
    pub aof: Aof,
    /// The snapshot file.
    pub rdb: Rdb,
    /// The snapshot that is being written beside the loop.
    pub saving: Option<Saving>,
    /// The rewrite that is being written beside the loop. As in Redis neither begins by itself
    /// while the other is under way; SAVE alone does.
    pub rewriting: Option<Rewriting>,
    /// The dataset is being read from disk.
    pub loading: Option<Loading>,
    /// A shutdown under way.
    pub shutdown: Option<Shutdown>,
    /// A command is being replayed: what it does is in a log already, or is logged by whoever
    /// replays it.
    pub muted: bool,
    jobs: u64,
}

/// The append only file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aof {
    /// Whether writes are logged.
    pub state: AofState,
    /// Logged in this turn and not yet given to the driver.
    pub log: Vec<u8>,
    /// The database that the open file means, once it has said so.
    pub selected: Option<u32>,
    /// The last second that was noted in the file (`aof-timestamp-enabled`).
    pub noted_s: u64,
    /// Bytes of all files in force.
    pub size: u64,
    /// Bytes of them that were written before the rewrite that is under way began.
    pub size_before: u64,
    /// Bytes after the last rewrite, or at the start.
    pub base_size: u64,
    /// Why appending fails, while it does.
    pub error: Option<String>,
    /// A rewrite is wanted as soon as nothing else is under way.
    pub scheduled: bool,
    /// Rewrites begun.
    pub rewrites: u64,
    /// Rewrites that failed one after the other.
    pub failures: u32,
    /// How long the last rewrite took.
    pub last_took_s: Option<u64>,
    /// No rewrite by itself before: it has failed too often.
    pub not_before: Option<Instant>,
}

/// Whether writes are logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AofState {
    /// No.
    #[default]
    Off,
    /// Yes, but what came before is not in the files yet: a first rewrite has to end.
    Waiting,
    /// Yes.
    On,
}

/// The snapshot file.
#[derive(Clone, Debug)]
pub(crate) struct Rdb {
    /// Changes of the dataset (`Keyspace::dirty`) that the last snapshot contains.
    pub saved_dirty: u64,
    /// When the last snapshot was made, or the start.
    pub saved_at: Instant,
    /// The same for people.
    pub saved_wall: UnixMillis,
    /// When one was last tried.
    pub tried_at: Option<Instant>,
    /// Whether the last one succeeded.
    pub ok: bool,
    /// How long the last one took in the background.
    pub last_took_s: Option<u64>,
    /// A snapshot is wanted as soon as nothing else is under way.
    pub scheduled: bool,
    /// Snapshots begun.
    pub saves: u64,
    /// Keys that the last loading brought.
    pub loaded: u64,
    /// Keys that had expired by then and were left out.
    pub expired: u64,
}

/// Reading the dataset at the start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loading {
    /// Since when.
    pub since: UnixMillis,
    /// Bytes of the files that are read.
    pub total: u64,
    /// Bytes read.
    pub loaded: u64,
    /// What the data took where the snapshot was made.
    pub memory: u64,
}

/// A snapshot being written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Saving {
    /// Its number.
    pub id: JobId,
    /// `Keyspace::dirty` when it began.
    pub dirty: u64,
    /// For whom.
    pub who: SaveFor,
    /// Since when.
    pub since: Instant,
}

/// A new base of the append only file being written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rewriting {
    /// Its number.
    pub id: JobId,
    /// Since when.
    pub since: Instant,
}

/// For whom a snapshot is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SaveFor {
    /// BGSAVE, or a `save` point.
    Background,
    /// SAVE: this client waits.
    Client(ClientId),
    /// Nobody is told (FLUSHALL).
    Nobody,
    /// The end of the process.
    Shutdown,
}

/// A shutdown that waits for its replicas or for its snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shutdown {
    /// Who asked, unless it was a signal alone: they are told if it fails.
    pub clients: Vec<ClientId>,
    /// `Some(true)` for SAVE, `Some(false)` for NOSAVE.
    pub save: Option<bool>,
    /// It ends whether or not the snapshot succeeds.
    pub force: bool,
    /// How long replicas may still catch up; `None` once nobody waits for them any more.
    pub until: Option<Instant>,
}

impl Persist {
    /// Nothing on disk, nothing to do.
    pub fn new(now: Instant, wall: UnixMillis) -> Self {
        Self {
            aof: Aof::default(),
            rdb: Rdb {
                saved_dirty: 0,
                saved_at: now,
                saved_wall: wall,
                tried_at: None,
                ok: true,
                last_took_s: None,
                scheduled: false,
                saves: 0,
                loaded: 0,
                expired: 0,
            },
            saving: None,
            rewriting: None,
            loading: None,
            shutdown: None,
            muted: false,
            jobs: 0,
        }
    }

    /// Whether writes are logged: the one question of the hot path.
    pub fn is_logging(&self) -> bool {
        self.aof.state != AofState::Off && !self.muted
    }

    /// Whether nothing has failed that may make a master refuse writes.
    pub fn is_healthy(&self) -> bool {
        self.rdb.ok && self.aof.error.is_none()
    }

    /// A number for a new job.
    pub fn fresh_job(&mut self) -> JobId {
        self.jobs += 1;
        JobId(self.jobs)
    }

    /// Whether a snapshot or a rewrite is being written.
    pub fn is_busy(&self) -> bool {
        self.saving.is_some() || self.rewriting.is_some()
    }

    /// Whether a BGSAVE runs, which a rewrite has to wait for. Redis blocks for other snapshots: what
    /// comes behind a FLUSHALL finds its file written, and need not wait for it here either.
    pub fn saves_in_background(&self) -> bool {
        self.saving.is_some_and(|saving| saving.who == SaveFor::Background)
    }

    /// All of it, for the digest of a node.
    pub fn feed(&self, hash: &mut Fnv) {
        hash.u64(self.aof.state as u64);
        hash.bytes(&self.aof.log);
        hash.u64(self.aof.size);
        hash.u64(self.aof.base_size);
        hash.u64(u64::from(self.aof.scheduled) << 1 | u64::from(self.aof.error.is_some()));
        hash.u64(self.rdb.saved_dirty);
        hash.u64(self.rdb.saved_at.as_micros());
        hash.u64(u64::from(self.rdb.scheduled) << 1 | u64::from(self.rdb.ok));
        hash.u64(self.saving.map_or(u64::MAX, |job| job.id.0));
        hash.u64(self.rewriting.map_or(u64::MAX, |job| job.id.0));
        hash.u64(self.jobs);
    }
}
