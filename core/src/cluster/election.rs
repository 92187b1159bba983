//! The election that a replica waits for or holds.

use alloc::vec::Vec;

use crate::{
    epoch::Epoch,
    explain::{DelayedElection, ElectionWait},
    id::NodeId,
    time::Instant,
};

/// Where a replica stands in its attempt to replace its master.
#[derive(Clone, Debug, Default)]
pub(crate) struct Election {
    /// The present (or last) attempt; `None` when none was ever planned for this master.
    pub plan: Option<Scheduled>,
    /// The reason last logged for not failing over, so that it is not logged each tick.
    pub relog: Option<Relog>,
}

/// One attempt.
#[derive(Clone, Debug)]
pub(crate) struct Scheduled {
    /// When it was planned.
    pub planned: Instant,
    /// When votes are asked for.
    pub asks_at: Instant,
    /// The sum that makes the delay.
    pub delay: DelayedElection,
    /// The epoch of the election, once votes were asked for.
    pub epoch: Option<Epoch>,
    /// The majority at that moment: it is needed in any case.
    pub needed: u32,
    /// Who voted, once per vote message.
    pub votes: Vec<NodeId>,
}

/// What was last logged about not failing over.
#[derive(Clone, Debug)]
pub(crate) struct Relog {
    /// The reason.
    pub wait: ElectionWait,
    /// When it was logged; `None` while it is known but not said yet.
    pub logged: Option<Instant>,
}

impl Election {
    /// Forgets the attempt: there is another master now, or none.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }
}
