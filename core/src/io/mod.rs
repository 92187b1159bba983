//! The driver interface: what goes into a node and what comes out.

mod effect;
mod input;
mod outbox;

pub use effect::{Effect, Exit, Frame, HangupReason, Image, Notice, Purpose};
pub use input::{DownReason, Input};
pub use outbox::Outbox;

pub use crate::config::Level;
