//! The cluster bus.
