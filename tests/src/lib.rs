//! What do whole-system tests stand on?
//!
//! Processes that never outlive their test ([`process`]), ports that nobody else has ([`ports`]),
//! nodes of either make behind one type ([`server`]), clusters of them ([`cluster`]), a browser
//! that is always closed ([`browser`]). The tests themselves are in `tests/tests`, one file for
//! each promise of the project.
//!
//! Nothing sleeps for a fixed time: [`process::wait_for`] looks again and again until its
//! condition holds or its deadline has passed, and then says what it waited for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this crate is tests, helpers included")]

pub mod between;
pub mod browser;
pub mod client;
pub mod cluster;
pub mod contents;
pub mod counting;
pub mod places;
pub mod ports;
pub mod process;
pub mod server;
pub mod table;
pub mod terminal;
pub mod typing;
pub mod verbatim;
pub mod wire;
