//! The language of checks: what must hold over state, trace, ledger and actions.
//!
//! A clause is one line. It names its source, may name a mode, and says what must hold:
//!
//! ```text
//! state    S: node(7005).role == master          S: slots(w) has 10923-16383
//!          S: for all n: view(n).owner(10923) == w
//! trace    T: saw Fail{7002} before AuthRequest{from:w, epoch:e} before Elected{w, epoch:e}
//!          T: count(Moved{slot:12182}) == 1      T: never Fail{about:7001}
//! ledger   L: lost == 0                          L: outage <= 12s
//! actions  A: count(kill) <= 1                   A: used("CLUSTER FAILOVER") on 7005
//! modes    now p | eventually p within 30s | always p since kill{7002} | stable p for 5s | never p
//! ```
//!
//! Nodes are named by their client port. One lower-case letter is a variable: the trace binds it
//! where it first stands, and it means the same in all later clauses of the check. Events and
//! their fields are listed in `schema`; nothing ever compares whole states.

mod ast;
mod eval;
mod facts;
mod lexer;
mod parser;
mod paths;
mod schema;
#[cfg(test)]
mod tests;
mod trace;
mod value;

pub(crate) use ast::{Mode, Pattern};
pub use ast::{Predicate, Source};
pub(crate) use eval::{Env, Outlook, Scope};
pub use facts::Facts;
pub use schema::{EVENTS, fields_of};
pub use trace::{Event, Ports};
pub use value::Value;

/// A predicate cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at column {column} of `{text}`")]
pub struct PredicateError {
    /// What is wrong.
    pub what: String,
    /// Where, counted in characters from 1.
    pub column: usize,
    /// The predicate.
    pub text: String,
}
