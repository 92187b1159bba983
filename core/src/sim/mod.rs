//! The world: machines, a network, disks, clients and faults in virtual time.
//!
//! A run is a [`Plan`] and a journal of [`Action`]s; the same two give the same run, bit for bit,
//! natively and in wasm. Checkpoints (clones) make any past moment reachable.

mod plan;
mod record;

pub use plan::{Action, ClientPlan, HostIdx, NetPlan, NodePlan, Plan, TimedAction};
pub use record::{ClientEvent, Flight, FlightKind, Record, What};

mod world;
pub use world::{HostView, Ledger, RunEnd, World};
