//! Code that stands outside a node and speaks to it as any client would.
//!
//! All of it is sans-IO: it says what to send to whom and is told what came back, so the same code
//! runs over sockets (`slotscope create-cluster`), in a world and in tests.

pub mod manager;
pub mod router;
mod value;

pub use value::{Incomplete, Value, encode_command};
