//! The world: machines, a network, disks, clients and faults in virtual time.
//!
//! A run is a [`Plan`] and a journal of [`Action`]s; the same two give the same run, bit for bit,
//! natively and in wasm. Checkpoints (clones) make any past moment reachable.

mod act;
mod check;
mod commands;
mod data;
mod digest;
mod disk;
pub mod faults;
mod history;
mod host;
mod image;
mod net;
mod operator;
mod plan;
mod queue;
mod record;
mod report;
mod script;
mod settled;
mod sweep;
mod turn;
mod workload;
mod world;

pub use check::{Losses, MARKS, name as reason_name};
pub use history::Watch;
pub use plan::{Action, ClientPlan, HostIdx, NetPlan, NodePlan, Plan, TimedAction};
pub use record::{ClientEvent, Flight, FlightKind, Record, What};
pub use report::Detail;
pub use script::{play, play_with};
pub use sweep::{SeedReport, seed_run, sweep, sweep_seed};
pub use world::{HostView, Ledger, RunEnd, World};
