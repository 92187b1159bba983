//! The Why card: a decision as the list of comparisons that made it.
//!
//! Each guard stands in the order in which the code asks, with the two numbers compared and
//! whether it passed, failed or was not reached. A card holds ids and numbers, never sentences:
//! every id in [`REASON_IDS`], [`DECISION_IDS`], [`GUARD_IDS`] and [`FACT_IDS`] has its words in
//! English and Chinese in the message files of `web`, and a test here holds these lists complete.

use alloc::{string::String, vec::Vec};

use super::Reason;
use crate::{epoch::Epoch, id::NodeId, slot::Slot};

mod election;
mod failure;
mod ids;
mod other;
mod slots;
mod takeover;
mod vote;

pub use ids::{DECISION_IDS, FACT_IDS, GUARD_IDS, REASON_IDS};

/// One decision, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Card {
    /// What was decided and why, in one stable id: `vote.refused.master-up`.
    pub id: &'static str,
    /// What was decided, in a word: `no-vote`.
    pub decision: &'static str,
    /// About whom, or for whom: the candidate, the suspect, the claimant.
    pub subject: Option<NodeId>,
    /// Who else matters: the candidate's master, the reporter, the former owner.
    pub other: Option<NodeId>,
    /// About which slot.
    pub slot: Option<Slot>,
    /// How the guards combine.
    pub needs: Needs,
    /// The comparisons, in code order.
    pub guards: Vec<Guard>,
    /// Further numbers of the decision.
    pub facts: Vec<Fact>,
    /// Where the Redis Cluster specification speaks of it: a section title.
    pub spec: &'static str,
    /// What Redis 7.0 prints.
    pub log: Option<String>,
}

/// How the guards of a card combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Needs {
    /// Each must pass; the first that fails ends it.
    All,
    /// One is enough.
    Any,
}

/// One comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Guard {
    /// What is compared, as a stable id.
    pub id: &'static str,
    /// The number at hand.
    pub left: Number,
    /// How it has to stand to the other one.
    pub relation: Relation,
    /// The number it is held against.
    pub right: Number,
    /// How it ended.
    pub outcome: Outcome,
}

/// A number (or name) that a decision looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Number {
    /// So many of something.
    Count(u64),
    /// Milliseconds.
    Ms(u64),
    /// A replication offset.
    Offset(u64),
    /// An epoch.
    Epoch(Epoch),
    /// A node.
    Node(NodeId),
    /// A slot.
    Slot(Slot),
    /// Yes or no.
    Flag(bool),
    /// Not known to the one who decided, or not looked at.
    None,
}

/// How the left number of a guard has to stand to the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Relation {
    /// Equal (of flags: is).
    Equal,
    /// Different.
    NotEqual,
    /// Greater or equal.
    AtLeast,
    /// Greater.
    Above,
    /// Less or equal.
    AtMost,
    /// Less.
    Below,
}

impl Relation {
    /// As a sign.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            Self::Equal => '=',
            Self::NotEqual => '≠',
            Self::AtLeast => '≥',
            Self::Above => '>',
            Self::AtMost => '≤',
            Self::Below => '<',
        }
    }
}

/// How a guard ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Outcome {
    /// It held.
    Passed,
    /// It did not.
    Failed,
    /// An earlier one had decided.
    NotReached,
}

impl Outcome {
    const fn of(passed: bool) -> Self {
        if passed { Self::Passed } else { Self::Failed }
    }
}

/// A number that was not compared but belongs to the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Fact {
    /// What it is.
    pub id: &'static str,
    /// The number.
    pub value: Number,
}

impl Reason {
    /// This decision as a card.
    #[must_use]
    pub fn card(&self) -> Card {
        let mut card = match self {
            Self::Suspected { about, silent_ms, limit_ms } => {
                failure::suspected(*about, *silent_ms, *limit_ms)
            }
            Self::NotSuspected { about, waiting_ms, silent_ms, limit_ms } => {
                failure::not_suspected(*about, *waiting_ms, *silent_ms, *limit_ms)
            }
            Self::Trusted { about } => failure::trusted(*about),
            Self::Reported { by, about } => failure::reported(*by, *about, true),
            Self::ReportWithdrawn { by, about } => failure::reported(*by, *about, false),
            Self::Fail(verdict) => failure::quorum(verdict),
            Self::FailHeard { from, about } => failure::heard(*from, *about),
            Self::Forgive(verdict) => failure::forgive(verdict),
            Self::Serving(verdict) => failure::serving(verdict),
            Self::ElectionDelayed(delay) => election::delayed(delay),
            Self::RankWorse { rank, added_ms } => election::rank_worse(*rank, *added_ms),
            Self::ElectionWaits(wait) => election::waits(wait),
            Self::VotesAsked { epoch, master } => election::votes_asked(*epoch, *master),
            Self::Vote(verdict) => vote::vote(verdict),
            Self::VoteCounted { from, have, needed, epoch } => {
                election::vote_counted(*from, *have, *needed, *epoch)
            }
            Self::Elected { epoch, votes, needed, replaced, slots } => {
                election::won(*epoch, *votes, *needed, *replaced, *slots)
            }
            Self::Manual(verdict) => takeover::manual(verdict),
            Self::Migration(verdict) => takeover::migration(verdict),
            Self::EpochBumped { old, new } => slots::bumped(*old, *new),
            Self::EpochAdopted { from, old, new } => slots::epoch_adopted(*from, *old, *new),
            Self::EpochCollision { with, shared, new } => slots::collision(*with, *shared, *new),
            Self::Claim(verdict) => slots::claim(verdict),
            Self::UpdateSent { to, about, epoch } => slots::update(*to, *about, *epoch, true),
            Self::UpdateHeard { from, about, epoch } => slots::update(*from, *about, *epoch, false),
            Self::Demoted(demotion) => slots::demoted(demotion),
            Self::RoleHeard { about, master } => other::role_heard(*about, *master),
            Self::Learned { about, from } => other::learned(*about, *from),
            Self::StillBanned { about, left_ms } => other::still_banned(*about, *left_ms),
            Self::HandshakeDone { about } => other::handshake_done(*about),
            Self::HandshakeExpired { age_ms, .. } => other::handshake_expired(*age_ms),
            Self::Synced { how, .. } => other::synced(how),
            Self::Moved { slot, to } => other::moved(*slot, *to),
            Self::Ask { slot, to } => other::ask(*slot, *to),
            Self::TryAgain { slot } => other::try_again(*slot),
            Self::ClusterDown { slot, unassigned } => other::cluster_down(*slot, *unassigned),
            Self::CrossSlot { first, other } => other::cross_slot(*first, *other),
        };
        card.log = self.log_line().map(|(_, line)| line);
        card
    }
}

impl Card {
    /// A card without guards.
    const fn new(id: &'static str, decision: &'static str, spec: &'static str) -> Self {
        Self {
            id,
            decision,
            subject: None,
            other: None,
            slot: None,
            needs: Needs::All,
            guards: Vec::new(),
            facts: Vec::new(),
            spec,
            log: None,
        }
    }

    const fn about(mut self, subject: NodeId) -> Self {
        self.subject = Some(subject);
        self
    }

    fn with(mut self, guard: Guard) -> Self {
        self.guards.push(guard);
        self
    }

    fn fact(mut self, id: &'static str, value: Number) -> Self {
        self.facts.push(Fact { id, value });
        self
    }

    /// Marks everything behind the first failed guard as not reached.
    fn stop_at_failure(mut self) -> Self {
        let failed = |guard: &Guard| guard.outcome == Outcome::Failed;
        let first = self.guards.iter().position(failed).unwrap_or(self.guards.len());
        for guard in self.guards.iter_mut().skip(first + 1) {
            guard.outcome = Outcome::NotReached;
        }
        self
    }
}

impl Guard {
    const fn new(
        id: &'static str,
        left: Number,
        relation: Relation,
        right: Number,
        passed: bool,
    ) -> Self {
        Self { id, left, relation, right, outcome: Outcome::of(passed) }
    }

    /// `count >= needed`.
    fn at_least(id: &'static str, count: u64, needed: u64) -> Self {
        let passed = count >= needed;
        Self::new(id, Number::Count(count), Relation::AtLeast, Number::Count(needed), passed)
    }

    /// `count = 0`.
    fn none_of(id: &'static str, count: u64) -> Self {
        Self::new(id, Number::Count(count), Relation::Equal, Number::Count(0), count == 0)
    }

    /// A yes-or-no question that has to be answered with yes.
    const fn is(id: &'static str, answer: bool) -> Self {
        Self::new(id, Number::Flag(answer), Relation::Equal, Number::Flag(true), answer)
    }

    /// A wait that has to be over: `left = 0`.
    const fn over(id: &'static str, left_ms: u64) -> Self {
        Self::new(id, Number::Ms(left_ms), Relation::Equal, Number::Ms(0), left_ms == 0)
    }
}

#[cfg(test)]
mod tests;
