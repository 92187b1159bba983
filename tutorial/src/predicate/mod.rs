//! The language of checks: what must hold over state, trace, ledger and actions.

/// A predicate cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at column {column} of `{source_text}`")]
pub struct PredicateError {
    /// What is wrong.
    pub what: String,
    /// Counted in characters from 1.
    pub column: usize,
    /// The predicate.
    pub source_text: String,
}
