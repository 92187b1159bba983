//! The rules: one decision a file, each the rule in prose, a pure `judge`, a short `apply`.

pub(crate) mod replication;

use crate::{beliefs::Beliefs, io::Outbox, time::Now};

/// What a rule or a command borrows for one call.
pub(crate) struct Ctx<'a> {
    /// Both clocks, read once for this turn.
    pub now: Now,
    /// The node's state.
    pub b: &'a mut Beliefs,
    /// Where effects and reasons go.
    pub out: &'a mut Outbox,
}
