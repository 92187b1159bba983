//! The driver interface: what goes into a node and what comes out.

mod disk;
mod effect;
mod input;
mod outbox;

pub use disk::{Dataset, DatasetForm, DiskReport, Frozen, JobId};
pub use effect::{
    Durability, Effect, Exit, Frame, Framing, HangupReason, Image, Notice, Purpose, ReloadFrom,
};
pub use input::{DownReason, Input, Signal};
pub use outbox::Outbox;

pub use crate::config::Level;
