//! What a node remembers about each client of its data port.

use alloc::{collections::BTreeMap, string::String};

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
    /// `REPLCONF listening-port`, once it has introduced itself as a replica.
    pub replica_port: Option<u16>,
    /// It sent PSYNC or SYNC: from now on it is a replica's feed, owned by `repl`.
    pub is_replica: bool,
}

/// All clients, by number.
pub(crate) type Sessions = BTreeMap<ClientId, Session>;
