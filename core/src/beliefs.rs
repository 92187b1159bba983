//! Everything a node holds to be true, in one borrowable place.
//!
//! Beliefs are state without decisions. Rules (layer 4) and commands (layer 5) borrow them
//! through `rules::Ctx`; the node (layer 6) owns them.

use crate::{
    cluster::ClusterState,
    config::Config,
    hold::Holds,
    migration::Migrations,
    persist::Persist,
    repl::Repl,
    rng::Rng,
    script::Scripts,
    session::{Blocked, PubSub, Record, Sessions, Tracking, Watchers},
    store::Databases,
    time::Instant,
};

/// The state of one node.
#[derive(Clone, Debug)]
pub(crate) struct Beliefs {
    /// Directives in force.
    pub config: Config,
    /// Peers, slot ownership, epochs, elections.
    pub cluster: ClusterState,
    /// Keys and values; the database of the command that runs is selected.
    pub store: Databases,
    /// Replication: ids, offset, backlog, attached replicas, the link to the master.
    pub repl: Repl,
    /// Requests that wait: pauses, keys on their way.
    pub holds: Holds,
    /// Keys on their way to other servers.
    pub migrations: Migrations,
    /// What is on disk, and on its way there.
    pub persist: Persist,
    /// Clients of the data port.
    pub sessions: Sessions,
    /// Who watches which key.
    pub watchers: Watchers,
    /// Who waits for which key.
    pub blocked: Blocked,
    /// Who listens to which channel.
    pub pubsub: PubSub,
    /// The only source of randomness.
    pub rng: Rng,
    /// Counters for INFO.
    pub stats: Stats,
    /// Who keeps copies of which keys.
    pub tracking: Tracking,
    /// What is noted of commands.
    pub record: Record,
    /// Scripts that are known, and who runs them.
    pub scripts: Scripts,
    /// When this node started.
    pub started: Instant,
    /// What `DEBUG` has switched.
    pub debug: Switches,
}

/// What `DEBUG` switches, for tests of clients; and what only they ask for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Switches {
    /// Keys whose time has come stay until somebody asks for them (`DEBUG SET-ACTIVE-EXPIRE 0`).
    pub expires_lazily: bool,
    /// The number of the process that this node is, as its driver said; 0 without a process.
    pub process: u32,
}

/// Counters that INFO shows; nothing depends on them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stats {
    /// `total_commands_processed`.
    pub commands: u64,
    /// `total_connections_received`.
    pub connections: u64,
    /// `rejected_connections`.
    pub rejected: u64,
    /// `keyspace_hits`.
    pub hits: u64,
    /// `keyspace_misses`.
    pub misses: u64,
    /// `expired_keys`.
    pub expired: u64,
    /// `sync_full`.
    pub sync_full: u64,
    /// `sync_partial_ok`.
    pub sync_partial_ok: u64,
    /// `sync_partial_err`.
    pub sync_partial_err: u64,
    /// `unexpected_error_replies`.
    pub unexpected_errors: u64,
}
