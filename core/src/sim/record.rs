//! What can be seen of a run: one record for everything that happened.

use alloc::{string::String, vec::Vec};

use super::{Action, HostIdx};
use crate::{explain::Reason, io::Level, slot::Slot, time::Instant};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Record {
    /// Ascending, from 0; part of the run, so the same in every replay.
    pub seq: u64,
    /// World time.
    pub at: Instant,
    /// Where; `None` for things outside of the machines (applications, the wall).
    pub host: Option<HostIdx>,
    /// The record of the message whose arrival led to this, if one did.
    pub cause: Option<u64>,
    /// What.
    pub what: What,
}

/// Kinds of records.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum What {
    /// A frame left (its flight begins).
    Sent(Flight),
    /// A frame arrived and was handled; `carrying`: it led to a decision.
    Arrived {
        /// Which flight.
        flight: u64,
        /// Whether it changed somebody's belief.
        carrying: bool,
    },
    /// A frame died on its way (a cut, a wall, a dead machine).
    Lost {
        /// Which flight.
        flight: u64,
    },
    /// A decision, taken or not taken.
    Decided(Reason),
    /// A line of a node's log, without prefix.
    Log {
        /// Its mark.
        level: Level,
        /// `M` or `S`: the role at that instant.
        role: char,
        /// The text.
        line: String,
    },
    /// An application saw something.
    Client {
        /// Which application of the plan.
        client: u16,
        /// What.
        event: ClientEvent,
    },
    /// A process ended or began (`up`).
    Process {
        /// Whether it runs now.
        up: bool,
    },
    /// An action of the journal was carried out.
    Did(Action),
    /// The answer to an [`Action::Command`], as redis-cli prints it.
    Answer(String),
    /// An invariant is broken. Always a bug of ours.
    Violation(String),
}

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Flight {
    /// Unique in the run.
    pub id: u64,
    /// From.
    pub from: HostIdx,
    /// To.
    pub to: HostIdx,
    /// What kind.
    pub kind: FlightKind,
    /// When it left.
    pub sent_at: Instant,
    /// When it will arrive, if nothing happens to it.
    pub arrives_at: Instant,
}

/// What is on its way.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub enum FlightKind {
    /// Heartbeat.
    Ping,
    /// Its answer, or news.
    Pong,
    /// Introduction.
    Meet,
    /// Majority's agreement.
    Fail,
    /// Pub/Sub on the bus.
    Publish,
    /// A replica asks for votes.
    AuthRequest,
    /// A vote.
    AuthAck,
    /// A lesson for a stale node.
    Update,
    /// A manual failover begins.
    MfStart,
    /// A module's message.
    Module,
    /// Replication stream, either direction.
    Replication,
    /// Keys that go to another node, and its answers.
    Migration,
}

/// What an application sees.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ClientEvent {
    /// A write was sent.
    Sent {
        /// Its number: write *n* sets its key to *n*.
        write: u64,
        /// The key's slot.
        slot: Slot,
        /// To which machine.
        to: HostIdx,
    },
    /// It was acknowledged.
    Acked {
        /// Its number.
        write: u64,
    },
    /// It ended in an error; the text is the server's, or says that the connection broke or that
    /// no answer came.
    Error {
        /// Its number.
        write: u64,
        /// The words.
        text: String,
    },
    /// A redirection was followed.
    Moved {
        /// The write.
        write: u64,
        /// To which machine.
        to: HostIdx,
    },
    /// A read showed that an acknowledged write is gone.
    LostWrite {
        /// Its number.
        write: u64,
        /// When it had been acknowledged.
        acked_at: Instant,
    },
    /// The slot map was fetched and is another one: the owner of each range.
    MapLoaded(Vec<(Slot, Slot, HostIdx)>),
}
