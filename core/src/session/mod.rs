//! What a node remembers about each client of its data port.
//!
//! `transaction` is what MULTI and WATCH leave behind, `pubsub` who listens to which channel,
//! `blocked` who waits for which key, `record` what
//! is noted of commands, `tracking` who keeps copies of which keys.

mod blocked;
mod pubsub;
mod record;
mod tracking;
mod transaction;

pub(crate) use blocked::{Blocked, Wait};
pub(crate) use pubsub::{Kind, PubSub};
pub(crate) use record::{Record, Slow};
pub(crate) use tracking::{Mode, Tracked, Tracking};
pub(crate) use transaction::{Transaction, Watch, Watched, Watchers};

use alloc::{boxed::Box, collections::BTreeMap, string::String, vec::Vec};

use crate::{endpoint::Addr, id::ClientId, resp::Protocol, time::Instant};

/// One client's state between commands.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// RESP2 until `HELLO 3`.
    pub protocol: Protocol,
    /// `AUTH` succeeded, or no password is set.
    pub authenticated: bool,
    /// `ASKING` was the previous command.
    pub asking: bool,
    /// The database that it has selected.
    pub database: u32,
    /// `READONLY` is in force.
    pub readonly: bool,
    /// `CLIENT SETNAME`.
    pub name: String,
    /// The other end.
    pub remote: Option<Addr>,
    /// This end: what a `MOVED` to an unknown endpoint falls back on.
    pub local: Option<Addr>,
    /// When it connected.
    pub since: Instant,
    /// When its last command came.
    pub last: Instant,
    /// Its last command: the container with its bar (or nothing), and the name.
    pub command: (&'static str, &'static str),
    /// `REPLCONF listening-port`, once it has introduced itself as a replica.
    pub replica_port: Option<u16>,
    /// It sent PSYNC or SYNC: from now on it is a replica's feed, owned by `repl`.
    pub is_replica: bool,
    /// What it queued since MULTI.
    pub multi: Option<Box<Transaction>>,
    /// Keys that must not change until its EXEC.
    pub watching: Vec<Watch>,
    /// One of them has changed: its EXEC does nothing.
    pub watch_broken: bool,
    /// It is subscribed to something.
    pub subscribed: bool,
    /// Which of its replies it wants to see.
    pub replies: Replies,
    /// `CLIENT NO-EVICT ON`.
    pub no_evict: bool,
    /// Bytes that wait to be sent to it, as the driver said last.
    pub waiting: u64,
}

/// `CLIENT REPLY`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Replies {
    /// All.
    #[default]
    On,
    /// All but the next one.
    SkipNext,
    /// None.
    Off,
}

impl Session {
    /// A client that has just connected.
    pub fn new(
        remote: Option<Addr>,
        local: Option<Addr>,
        needs_password: bool,
        now: Instant,
    ) -> Self {
        Self {
            protocol: Protocol::Resp2,
            authenticated: !needs_password,
            asking: false,
            database: 0,
            readonly: false,
            name: String::new(),
            remote,
            local,
            since: now,
            last: now,
            command: ("", "NULL"),
            replica_port: None,
            is_replica: false,
            multi: None,
            watching: Vec::new(),
            watch_broken: false,
            subscribed: false,
            replies: Replies::On,
            no_evict: false,
            waiting: 0,
        }
    }
}

/// All clients, by number.
pub(crate) type Sessions = BTreeMap<ClientId, Session>;
