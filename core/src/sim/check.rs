//! Does the cluster keep what Redis Cluster promises? The invariants, checked as a world runs.
//!
//! *Always*: a voter grants one vote in an epoch, also across a crash; an epoch has one winner by
//! votes; persisted epochs never fall; who is promoted has the votes of a majority (or was told to
//! take over, by a person). All of it is seen from outside: from frames that left and from images
//! that reached the disk, so a wrong node cannot talk itself out of it.
//!
//! *Eventually* (once faults stop): see [`World::unsettled`](super::World::unsettled).
//! *Sometimes*: which paths a run has taken, by name of the reason.
//! *Measured*: acknowledged writes lost. Each is put down to a window that Redis Cluster documents:
//! the master came back without its data, or another one took over before it had the write (or
//! while the old one still acknowledged). A loss that fits neither is a broken promise of ours, and so
//! is one by a restart with `appendfsync always`.

use alloc::{collections::BTreeMap, format, string::String, vec::Vec};

use super::{HostIdx, What, turn::Turn};
use crate::{
    config::Fsync,
    explain::{ElectionWait, ManualStep, ManualVerdict, Reason},
    io::{Durability, Notice},
    slot::Slot,
    time::Instant,
};

/// What the checkers remember. It stands outside of the machines: no crash makes it forget.
#[derive(Clone, Debug, Default)]
pub(super) struct Checks {
    pub violations: Vec<String>,
    /// Who got the vote of a voter in an epoch.
    grants: BTreeMap<(HostIdx, u64), HostIdx>,
    /// Who won an epoch by votes.
    winners: BTreeMap<u64, HostIdx>,
    /// The epochs (current, last vote) that stand on each disk.
    persisted: BTreeMap<HostIdx, (u64, u64)>,
    /// Whose they are: a node that was reset has a new name, and begins anew.
    bearers: BTreeMap<HostIdx, String>,
    /// Those of them that not even the end of a machine could take back.
    synced: BTreeMap<HostIdx, (u64, u64)>,
    /// A person uses a command that breaks the rules on purpose, on this machine, just now.
    excused: Option<HostIdx>,
    /// Replicas that have processed all that their master had, for a manual failover: when, and
    /// whose writes those were.
    caught_up: BTreeMap<HostIdx, (Instant, Witness)>,
    /// Masters that became it so: from then on nothing promised before may be missing.
    rises: BTreeMap<HostIdx, Rise>,
    /// Names of the decisions seen, with how often.
    pub seen: BTreeMap<&'static str, u32>,
    /// How often a machine has become a replica, which throws away what it alone had.
    demotions: BTreeMap<HostIdx, u32>,
    pub losses: Losses,
}

/// Acknowledged writes lost, by the window that explains them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// The machine that acknowledged the write was restarted (or demoted and promoted again) and
    /// came back without it.
    pub restart: u64,
    /// Another machine owns the key now and never had the write: asynchronous replication.
    pub failover: u64,
    /// The key's slot was on the move: a failover forgets that a slot is open.
    pub moving: u64,
}

/// A promotion by a manual failover that waited for the master's data.
#[derive(Clone, Copy, Debug)]
struct Rise {
    caught_up: Instant,
    new: Witness,
    old: Witness,
}

/// A manual failover ends after so long.
const MANUAL_MS: u64 = 5000;

/// Which process in which role acknowledged or answered something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Witness {
    host: HostIdx,
    life: u32,
    demotions: u32,
}

/// An acknowledged write that a later read did not find.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loss {
    pub write: u64,
    pub acked_at: Instant,
    pub slot: Slot,
    /// Who acknowledged it.
    pub promised: Witness,
    /// Who answered without it.
    pub found: Witness,
}

/// Where the header of a bus frame holds the sender's current epoch: of a vote, the epoch voted in.
const EPOCH_AT: usize = 16;

fn epoch_of(frame: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(*frame.get(EPOCH_AT..)?.first_chunk()?))
}

impl Checks {
    /// A vote left a machine: from here on it counts, whether it arrives or not.
    fn grant(&mut self, voter: HostIdx, to: HostIdx, frame: &[u8]) -> Result<(), String> {
        let Some(epoch) = epoch_of(frame) else { return Ok(()) };
        match self.grants.insert((voter, epoch), to) {
            None => Ok(()),
            Some(before) => Err(format!(
                "node {} voted twice in epoch {epoch}: for node {} and for node {}",
                voter.0, before.0, to.0
            )),
        }
    }

    /// A person typed a command.
    pub(super) fn told(&mut self, host: HostIdx, words: &[String]) {
        let is = |n: usize, word: &str| words.get(n).is_some_and(|w| w.eq_ignore_ascii_case(word));
        self.excused = (is(0, "cluster") && (is(1, "reset") || is(2, "takeover"))).then_some(host);
    }

    /// The command has been carried out. A node that was reset has a new name, and with it no past.
    pub(super) fn was_told(&mut self, host: HostIdx, has_new_name: bool) {
        self.excused = None;
        if has_new_name {
            self.persisted.remove(&host);
            self.synced.remove(&host);
            self.grants.retain(|(voter, _), _| *voter != host);
        }
    }

    fn count(&mut self, reason: &Reason) {
        *self.seen.entry(name(reason)).or_default() += 1;
    }

    fn votes_for(&self, candidate: HostIdx, epoch: u64) -> u32 {
        let votes = self.grants.iter().filter(|((_, e), to)| *e == epoch && **to == candidate);
        u32::try_from(votes.count()).unwrap_or(u32::MAX)
    }
}

impl Turn<'_> {
    /// A vote leaves a machine.
    pub(super) fn vote_leaves(&mut self, voter: HostIdx, to: HostIdx, frame: &[u8]) {
        if let Err(text) = self.s.checks.grant(voter, to, frame) {
            self.violated(text);
        }
        let on_disk = self.s.checks.synced.get(&voter).map_or(0, |(_, voted)| *voted);
        if epoch_of(frame).is_some_and(|epoch| epoch > on_disk) {
            self.violated(format!(
                "a vote of node {} left before it was synced to disk (there: {on_disk})",
                voter.0
            ));
        }
    }

    /// A request for votes leaves a machine.
    pub(super) fn request_leaves(&mut self, candidate: HostIdx, frame: &[u8]) {
        let on_disk = self.s.checks.synced.get(&candidate).map_or(0, |(current, _)| *current);
        if epoch_of(frame).is_some_and(|epoch| epoch > on_disk) {
            self.violated(format!(
                "node {} asked for votes before its epoch was synced to disk (there: {on_disk})",
                candidate.0
            ));
        }
    }

    fn violated(&mut self, text: String) {
        self.record(None, || What::Violation(text.clone()));
        self.s.checks.violations.push(text);
    }

    /// A decision was taken.
    pub(super) fn decided(&mut self, idx: HostIdx, reason: &Reason) {
        self.s.checks.count(reason);
        if let Reason::Manual(ManualVerdict { step: ManualStep::CaughtUp, with, .. }) = reason
            && let Some(master) = self.s.names.get(with).copied()
        {
            let whose = self.witness(master);
            self.s.checks.caught_up.insert(idx, (self.s.now, whose));
        }
    }

    /// Who speaks to an application just now.
    pub(super) fn witness(&self, host: HostIdx) -> Witness {
        let life = self.s.hosts[usize::from(host.0)].life;
        let demotions = self.s.checks.demotions.get(&host).copied().unwrap_or_default();
        Witness { host, life, demotions }
    }

    /// A promised write is not there: which documented window does that fall into?
    pub(super) fn explain_loss(&mut self, lost: &Loss) {
        let Loss { write, acked_at, slot, promised, found } = *lost;
        let checks = &mut self.s.checks;
        let losses = &mut checks.losses;
        let rise = checks.rises.get(&found.host).filter(|rise| rise.new == found);
        let moved = self.s.operator.touched_since(slot, acked_at);
        let manual = rise.is_some_and(|r| r.old == promised && acked_at <= r.caught_up);
        if moved {
            losses.moving += 1;
        } else if manual {
            self.violated(format!(
                "a manual failover to node {} lost the acknowledged write {write}",
                found.host.0
            ));
        } else if promised.host != found.host {
            losses.failover += 1;
        } else if promised == found {
            self.violated(format!(
                "node {} lost the acknowledged write {write} without having died or stepped down",
                found.host.0
            ));
        } else if self.config.appendonly
            && self.config.appendfsync == Fsync::Always
            && promised.demotions == found.demotions
        {
            self.violated(format!(
                "node {} came back without the acknowledged write {write}, with appendfsync always",
                found.host.0
            ));
        } else {
            losses.restart += 1;
        }
    }

    /// After each turn of a node: its local invariants.
    pub(super) fn check(&mut self, idx: HostIdx) {
        let host = &self.s.hosts[usize::from(idx.0)];
        if let Some(Err(broken)) = host.node.as_ref().map(crate::Node::check) {
            let text = format!("node {}: {broken}", idx.0);
            if self.s.checks.violations.last() != Some(&text) {
                self.violated(text);
            }
        }
    }

    /// A node tells of a change.
    pub(super) fn noticed(&mut self, idx: HostIdx, notice: &Notice) {
        if let Notice::BecameReplica { .. } = notice {
            *self.s.checks.demotions.entry(idx).or_default() += 1;
        }
        let Notice::BecameMaster { epoch } = notice else { return };
        let epoch = epoch.0;
        let caught_up = self.s.checks.caught_up.remove(&idx);
        if self.s.checks.excused == Some(idx) {
            return;
        }
        // A master that died meanwhile and came back without its data has fed the replica that.
        let stands = |(at, old): &(Instant, Witness)| {
            self.s.now.ms_since(*at) <= MANUAL_MS && self.witness(old.host) == *old
        };
        if let Some((at, old)) = caught_up.filter(stands) {
            let new = self.witness(idx);
            self.s.checks.rises.insert(idx, Rise { caught_up: at, new, old });
        }
        let host = &self.s.hosts[usize::from(idx.0)];
        let Some(node) = &host.node else { return };
        let serving = node.snapshot(host.clock(self.s.now)).serving;
        let votes = self.s.checks.votes_for(idx, epoch);
        if votes < serving.needed {
            self.violated(format!(
                "node {} became master in epoch {epoch} with {votes} of {} votes",
                idx.0, serving.needed
            ));
        }
        if let Some(other) = self.s.checks.winners.insert(epoch, idx)
            && other != idx
        {
            self.violated(format!(
                "epoch {epoch} was won by node {} and by node {}",
                other.0, idx.0
            ));
        }
    }

    /// An image reached a disk.
    pub(super) fn persisted(&mut self, idx: HostIdx, image: &str, durability: Durability) {
        let Some(epochs) = epochs_of(image) else { return };
        if durability == Durability::Synced {
            self.s.checks.synced.insert(idx, epochs);
        }
        let before = self.s.checks.persisted.insert(idx, epochs).unwrap_or_default();
        let bearer = bearer_of(image).unwrap_or_default();
        let last = self.s.checks.bearers.insert(idx, bearer.into());
        if last.is_some_and(|last| last != bearer) {
            return;
        }
        let fell = epochs.0 < before.0 || epochs.1 < before.1;
        if fell {
            self.violated(format!(
                "node {}: persisted epochs fell from {before:?} to {epochs:?}",
                idx.0
            ));
        }
    }
}

/// Whose image it is.
fn bearer_of(image: &str) -> Option<&str> {
    image.lines().find(|line| line.contains("myself"))?.split(' ').next()
}

/// The two numbers of the line `vars currentEpoch N lastVoteEpoch M`.
fn epochs_of(image: &str) -> Option<(u64, u64)> {
    let line = image.lines().rev().find(|line| line.starts_with("vars "))?;
    let after = |name: &str| {
        let mut words = line.split(' ').skip_while(|word| *word != name);
        words.nth(1)?.parse().ok()
    };
    Some((after("currentEpoch")?, after("lastVoteEpoch")?))
}

/// Whether a decision changed what a node holds to be true (or what it was asked to decide once):
/// refusals that repeat with every tick do not.
pub(super) const fn changes_a_belief(reason: &Reason) -> bool {
    match reason {
        Reason::Fail(verdict) => verdict.failed,
        Reason::Migration(verdict) => verdict.refused.is_none(),
        Reason::Forgive(verdict) => verdict.back.is_some(),
        Reason::ElectionWaits(_)
        | Reason::NotSuspected { .. }
        | Reason::Moved { .. }
        | Reason::Ask { .. }
        | Reason::TryAgain { .. }
        | Reason::StillBanned { .. }
        | Reason::ClusterDown { .. }
        | Reason::CrossSlot { .. } => false,
        _ => true,
    }
}

/// All names that [`name`] gives.
pub const MARKS: [&str; 49] = [
    "failure.suspected",
    "failure.not-suspected",
    "failure.trusted",
    "failure.reported",
    "failure.report-withdrawn",
    "failure.quorum",
    "failure.no-quorum",
    "failure.heard",
    "failure.forgiven",
    "failure.not-forgiven",
    "serving.ok",
    "serving.fail",
    "candidacy.delayed",
    "candidacy.rank-worse",
    "candidacy.expired",
    "candidacy.data-age",
    "candidacy.waits",
    "candidacy.asked",
    "vote.granted",
    "vote.refused",
    "vote.counted",
    "promote.won",
    "manual.asked",
    "manual.requested",
    "manual.offset-heard",
    "manual.waits",
    "manual.caught-up",
    "manual.timed-out",
    "migration.moves",
    "migration.waits",
    "epoch.bumped",
    "epoch.adopted",
    "epoch.collision",
    "claim.stale",
    "claim.won",
    "claim.update-sent",
    "claim.update-heard",
    "follow.demoted",
    "follow.role-heard",
    "meet.learned",
    "meet.banned",
    "meet.done",
    "meet.expired",
    "repl.synced",
    "route.moved",
    "route.ask",
    "route.try-again",
    "route.cluster-down",
    "route.cross-slot",
];

/// A stable name for each kind of decision: the mark of *sometimes*. [`MARKS`] lists them.
#[must_use]
pub fn name(reason: &Reason) -> &'static str {
    match reason {
        Reason::Suspected { .. } => "failure.suspected",
        Reason::NotSuspected { .. } => "failure.not-suspected",
        Reason::Trusted { .. } => "failure.trusted",
        Reason::Reported { .. } => "failure.reported",
        Reason::ReportWithdrawn { .. } => "failure.report-withdrawn",
        Reason::Fail(verdict) if verdict.failed => "failure.quorum",
        Reason::Fail(_) => "failure.no-quorum",
        Reason::FailHeard { .. } => "failure.heard",
        Reason::Forgive(verdict) if verdict.back.is_some() => "failure.forgiven",
        Reason::Forgive(_) => "failure.not-forgiven",
        Reason::Serving(verdict) if verdict.ok => "serving.ok",
        Reason::Serving(_) => "serving.fail",
        Reason::ElectionDelayed(_) => "candidacy.delayed",
        Reason::RankWorse { .. } => "candidacy.rank-worse",
        Reason::ElectionWaits(ElectionWait::Expired { .. }) => "candidacy.expired",
        Reason::ElectionWaits(ElectionWait::DataAge { .. }) => "candidacy.data-age",
        Reason::ElectionWaits(ElectionWait::Manual { .. }) => "manual.waits",
        Reason::ElectionWaits(_) => "candidacy.waits",
        Reason::VotesAsked { .. } => "candidacy.asked",
        Reason::Vote(verdict) if verdict.refused.is_none() => "vote.granted",
        Reason::Vote(_) => "vote.refused",
        Reason::VoteCounted { .. } => "vote.counted",
        Reason::Elected { .. } => "promote.won",
        Reason::Manual(verdict) => match verdict.step {
            ManualStep::Asked(_) => "manual.asked",
            ManualStep::Requested => "manual.requested",
            ManualStep::OffsetHeard => "manual.offset-heard",
            ManualStep::CaughtUp => "manual.caught-up",
            ManualStep::TimedOut => "manual.timed-out",
        },
        Reason::Migration(verdict) if verdict.refused.is_none() => "migration.moves",
        Reason::Migration(_) => "migration.waits",
        Reason::EpochBumped { .. } => "epoch.bumped",
        Reason::EpochAdopted { .. } => "epoch.adopted",
        Reason::EpochCollision { .. } => "epoch.collision",
        Reason::Claim(verdict) if verdict.stale.is_some() => "claim.stale",
        Reason::Claim(_) => "claim.won",
        Reason::UpdateSent { .. } => "claim.update-sent",
        Reason::UpdateHeard { .. } => "claim.update-heard",
        Reason::Demoted(_) => "follow.demoted",
        Reason::RoleHeard { .. } => "follow.role-heard",
        Reason::Learned { .. } => "meet.learned",
        Reason::StillBanned { .. } => "meet.banned",
        Reason::HandshakeDone { .. } => "meet.done",
        Reason::HandshakeExpired { .. } => "meet.expired",
        Reason::Synced { .. } => "repl.synced",
        Reason::Moved { .. } => "route.moved",
        Reason::Ask { .. } => "route.ask",
        Reason::TryAgain { .. } => "route.try-again",
        Reason::ClusterDown { .. } => "route.cluster-down",
        Reason::CrossSlot { .. } => "route.cross-slot",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epochs_of_an_image_are_found() {
        let image =
            "abc :0@0 myself,master - 0 0 0 connected\nvars currentEpoch 7 lastVoteEpoch 6\n\n";
        assert_eq!(epochs_of(image), Some((7, 6)));
        assert_eq!(epochs_of("nothing"), None);
    }

    #[test]
    fn a_second_vote_in_an_epoch_is_seen() {
        let mut frame = [0; 64];
        frame[EPOCH_AT + 7] = 9;
        let mut checks = Checks::default();
        assert!(checks.grant(HostIdx(1), HostIdx(4), &frame).is_ok());
        assert!(checks.grant(HostIdx(1), HostIdx(5), &frame).is_err());
        assert!(checks.grant(HostIdx(2), HostIdx(5), &frame).is_ok());
    }
}
