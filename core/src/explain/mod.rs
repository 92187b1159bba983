//! Why: every decision as a typed verdict with the numbers that it compared.
//!
//! One value serves the Why card, the log line, the coverage mark, the lesson's anchor and the
//! translation key. Verdicts live below the rules that produce them, so an outbox can carry them.

mod card;
mod log;
mod reason;
#[cfg(test)]
mod samples;
mod verdict;

pub use card::{
    Card, DECISION_IDS, FACT_IDS, Fact, GUARD_IDS, Guard, Needs, Number, Outcome, REASON_IDS,
    Relation,
};
pub use reason::Reason;
pub use verdict::{
    Back, ClaimVerdict, DelayedElection, Demotion, ElectionWait, FailVerdict, ForgiveVerdict,
    ManualMode, ManualStep, ManualVerdict, MigrationVerdict, MigrationWait, Resync, ServingVerdict,
    VoteRefusal, VoteVerdict, Why,
};
