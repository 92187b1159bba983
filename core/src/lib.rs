//! A Redis Cluster node as a pure function of (state, time, input).
//!
//! # The contract
//!
//! A [`Node`] owns no socket, no clock, no file and no thread. A *driver* does, and there are
//! three of them: real TCP (`slotscope server`), the virtual [`sim::World`], and tests.
//!
//! 1. The driver reads both clocks once per turn into a [`time::Now`].
//! 2. Whatever happened goes in: [`Node::handle`] for links, frames, streams and deadlines,
//!    [`Node::execute`] for a client's command, whose reply is written straight into the
//!    connection's buffer.
//! 3. After a batch of `execute` calls the driver calls [`Node::settle`] once: replicas are fed,
//!    pending cluster work runs. (`handle` settles by itself.)
//! 4. Effects come out in an [`io::Outbox`] that the driver owns. They are carried out front to
//!    back, and [`io::Effect::Persist`] is a barrier: what follows it waits until the image is
//!    durable, so a vote never leaves before it is on disk.
//! 5. [`Node::next_wake`] says when to come back with [`io::Input::Wake`].
//!
//! Because effects live outside, a clone of a `Node` is a complete snapshot of it.
//!
//! # Reading order
//!
//! `slot/hash` → `bus` → `io` → `rules/failure` → `rules/vote` → `rules/claim` →
//! `node/inbound` → `sim`. `ARCHITECTURE.md` beside this crate has the map and the layers.

#![no_std]
#![warn(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::alloc_instead_of_core,
    clippy::iter_over_hash_type
)]

extern crate alloc;

// Layer 0: words.
pub mod config;
pub mod digest;
pub mod endpoint;
pub mod epoch;
pub mod id;
pub mod rng;
pub mod time;
// Layer 1: formats.
pub mod bus;
pub mod resp;
pub mod slot;
pub mod store_formats;
// Layer 2: the driver interface.
pub mod explain;
pub mod io;
pub mod script;
// Layer 3: beliefs.
pub(crate) mod beliefs;
pub(crate) mod cluster;
pub(crate) mod hold;
pub(crate) mod migration;
pub(crate) mod persist;
pub(crate) mod repl;
pub(crate) mod session;
pub(crate) mod store;
// Layer 4: rules.
pub(crate) mod rules;
// Layer 5: commands.
pub mod command;
// Layer 6: the node.
pub mod node;
// Layer 7: around it.
pub mod client;
#[cfg(feature = "sim")]
pub mod sim;

pub use node::Node;
