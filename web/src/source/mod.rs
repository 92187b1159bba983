//! Where steps come from: a world in this tab, its history, and a run in a link.

pub mod history;
pub mod link;
pub mod picture;
pub mod sim;
