//! nodes.conf: the text in which a node remembers its cluster.

use alloc::string::String;

/// Why an image was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct ImageError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}
