//! Stub
use super::Reason;
use crate::io::Level;
impl Reason {
    /// The line that Redis 7.0 prints for this decision, if it prints one.
    #[must_use]
    pub fn log_line(&self) -> Option<(Level, alloc::string::String)> {
        None
    }
}
