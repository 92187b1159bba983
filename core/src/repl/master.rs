//! The replicas attached to this node: who they are, what they were sent, what they acknowledged.

use core::fmt;

use alloc::{string::String, vec::Vec};

use crate::{id::ClientId, time::Instant};

/// What a client said of itself by `REPLCONF` before it asked for the stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Introduction {
    /// `listening-port`; 0 while unknown.
    pub port: u16,
    /// `ip-address`, when it wants to be known by another one than its socket's.
    pub ip: Option<String>,
    /// `capa psync2`: it understands a new replication id after `+CONTINUE`.
    pub psync2: bool,
    /// `capa eof`: it finds the end of a snapshot whose length was not said.
    pub eof: bool,
    /// `rdb-only 1`: it wants a snapshot and no stream.
    pub rdb_only: bool,
}

/// One attached replica.
#[derive(Clone, Debug)]
pub(crate) struct Replica {
    /// Its connection.
    pub client: ClientId,
    /// How INFO, ROLE and the log call it.
    pub name: ReplicaName,
    /// It came by PSYNC; one that came by SYNC sends no ACKs and never times out.
    pub acks: bool,
    /// Offset of the next byte to send it.
    pub next: u64,
    /// The highest offset that it acknowledged.
    pub acked: u64,
    /// When it last acknowledged (or attached).
    pub acked_at: Instant,
    /// Whether it gets the stream.
    pub stage: Stage,
}

/// How far a replica is with its snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The snapshot is on its way. What the stream had since waits here.
    Receiving {
        /// Bytes of the stream.
        held: Vec<u8>,
        /// A snapshot without a length must not be followed by anything before the replica has
        /// found its end, which it says by its first ACK.
        until_ack: bool,
        /// All of it is sent.
        is_sent: bool,
    },
    /// It gets the stream.
    Online,
}

impl Replica {
    /// Whether it gets the stream.
    pub const fn is_online(&self) -> bool {
        matches!(self.stage, Stage::Online)
    }

    /// As INFO names its stage.
    pub const fn state(&self) -> &'static str {
        match self.stage {
            Stage::Receiving { is_sent: false, .. } => "send_bulk",
            // Redis counts it among those who have everything.
            Stage::Receiving { is_sent: true, .. } | Stage::Online => "online",
        }
    }

    /// Whole seconds since its last word.
    pub const fn lag_s(&self, now: Instant) -> u64 {
        now.ms_since(self.acked_at) / 1000
    }
}

/// Address and client port of a replica.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReplicaName {
    /// Empty when the connection has none (a Unix socket).
    pub ip: String,
    /// 0 while it has not told.
    pub port: u16,
    /// What else to call it by.
    pub client: u64,
}

impl fmt::Display for ReplicaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.ip.as_str(), self.port) {
            ("", _) => write!(f, "client id #{}", self.client),
            (ip, 0) => write!(f, "{ip}:<unknown-replica-port>"),
            (ip, port) => write!(f, "{ip}:{port}"),
        }
    }
}

/// All attached replicas, in the order in which they attached.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replicas(Vec<Replica>);

impl Replicas {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Replica> {
        self.0.iter()
    }

    /// All of them, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Replica> {
        self.0.iter_mut()
    }

    /// Whether this client is one.
    pub fn contains(&self, client: ClientId) -> bool {
        self.0.iter().any(|replica| replica.client == client)
    }

    /// Attaches one.
    pub fn attach(&mut self, replica: Replica) {
        self.0.push(replica);
    }

    /// Detaches one.
    pub fn detach(&mut self, client: ClientId) -> Option<Replica> {
        let at = self.0.iter().position(|replica| replica.client == client)?;
        Some(self.0.remove(at))
    }

    /// Notes `REPLCONF ACK <offset>`; `false` if the client is no replica.
    pub fn ack(&mut self, client: ClientId, offset: u64, now: Instant) -> bool {
        let Some(replica) = self.0.iter_mut().find(|replica| replica.client == client) else {
            return false;
        };
        replica.acked = replica.acked.max(offset);
        replica.acked_at = now;
        true
    }

    /// How many acknowledged everything up to `offset`.
    pub fn acked(&self, offset: u64) -> usize {
        self.0.iter().filter(|replica| replica.acks && replica.acked >= offset).count()
    }

    /// How many were heard of within `max_lag_s` seconds (`min-replicas-to-write`).
    pub fn good(&self, max_lag_s: u64, now: Instant) -> usize {
        self.0
            .iter()
            .filter(|replica| {
                replica.is_online() && replica.acks && replica.lag_s(now) <= max_lag_s
            })
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_log() {
        let name = |ip: &str, port| ReplicaName { ip: ip.into(), port, client: 7 };
        assert_eq!(alloc::format!("{}", name("127.0.0.1", 7001)), "127.0.0.1:7001");
        assert_eq!(alloc::format!("{}", name("::1", 0)), "::1:<unknown-replica-port>");
        assert_eq!(alloc::format!("{}", name("", 7001)), "client id #7");
    }

    #[test]
    fn acknowledged_offsets_never_fall() {
        let mut all = Replicas::default();
        let client = ClientId(3);
        assert!(!all.ack(client, 5, Instant::ZERO));
        all.attach(Replica {
            client,
            name: ReplicaName::default(),
            acks: true,
            next: 1,
            acked: 0,
            acked_at: Instant::ZERO,
            stage: Stage::Online,
        });
        assert!(all.ack(client, 50, Instant::from_millis(1000)));
        assert!(all.ack(client, 20, Instant::from_millis(4000)));
        assert_eq!((all.acked(50), all.acked(51)), (1, 0));
        assert_eq!(all.good(10, Instant::from_millis(14_000)), 1);
        assert_eq!(all.good(10, Instant::from_millis(15_000)), 0);
    }
}
