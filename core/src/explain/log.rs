//! The line that Redis 7.0 prints for a decision, word for word, with its mark.
//!
//! Decisions that Redis takes without a word have none. What is logged beside a decision (an
//! accepted link, the steps of a synchronisation) is written where it happens.

use alloc::{
    format,
    string::{String, ToString as _},
};

use super::{
    Back, DelayedElection, ElectionWait, FailVerdict, ForgiveVerdict, ManualMode, ManualStep,
    ManualVerdict, MigrationVerdict, Reason, VoteRefusal, VoteVerdict, verdict::Demotion,
};
use crate::io::Level;

impl Reason {
    /// The line that Redis 7.0 prints for this decision, if it prints one.
    #[must_use]
    pub fn log_line(&self) -> Option<(Level, String)> {
        let (level, line) = match self {
            Self::Suspected { about, .. } => {
                (Level::Debug, format!("*** NODE {about} possibly failing"))
            }
            Self::Reported { by, about } => {
                (Level::Verbose, format!("Node {by} reported node {about} as not reachable."))
            }
            Self::ReportWithdrawn { by, about } => {
                (Level::Verbose, format!("Node {by} reported node {about} is back online."))
            }
            Self::Fail(FailVerdict { about, failed: true, .. }) => {
                (Level::Notice, format!("Marking node {about} as failing (quorum reached)."))
            }
            Self::FailHeard { from, about } => {
                (Level::Notice, format!("FAIL message received from {from} about {about}"))
            }
            Self::Forgive(verdict) => (Level::Notice, forgiven(verdict)?),
            Self::Serving(verdict) => {
                let state = if verdict.ok { "ok" } else { "fail" };
                (Level::Warning, format!("Cluster state changed: {state}"))
            }
            Self::ElectionDelayed(delay) => (Level::Warning, delayed(delay)),
            Self::RankWorse { rank, added_ms } => (
                Level::Warning,
                format!("Replica rank updated to #{rank}, added {added_ms} milliseconds of delay."),
            ),
            Self::ElectionWaits(wait) => {
                (Level::Warning, format!("Currently unable to failover: {}", cannot(wait)?))
            }
            Self::VotesAsked { epoch, .. } => {
                (Level::Warning, format!("Starting a failover election for epoch {epoch}."))
            }
            Self::Vote(verdict) => (Level::Warning, vote(verdict)?),
            Self::Elected { .. } => {
                (Level::Warning, "Failover election won: I'm the new master.".to_string())
            }
            Self::Manual(verdict) => (Level::Warning, manual(verdict)),
            Self::Migration(MigrationVerdict { to, refused: None, .. }) => {
                (Level::Warning, format!("Migrating to orphaned master {to}"))
            }
            Self::EpochBumped { old, new } if old != new => {
                (Level::Warning, format!("New configEpoch set to {new}"))
            }
            Self::EpochCollision { with, new: Some(new), .. } => (
                Level::Verbose,
                format!(
                    "WARNING: configEpoch collision with node {with}. configEpoch set to {new}"
                ),
            ),
            Self::UpdateSent { to, about, .. } => (
                Level::Verbose,
                format!(
                    "Node {to} has old slots configuration, sending an UPDATE message about {about}"
                ),
            ),
            Self::Demoted(Demotion { of, followed: false, .. }) => (
                Level::Warning,
                format!("Configuration change detected. Reconfiguring myself as a replica of {of}"),
            ),
            Self::Demoted(Demotion { of, followed: true, .. }) => (
                Level::Warning,
                format!("I'm a sub-replica! Reconfiguring myself as a replica of grandmaster {of}"),
            ),
            Self::HandshakeDone { about } => {
                (Level::Debug, format!("Handshake with node {about} completed."))
            }
            Self::NotSuspected { .. }
            | Self::Trusted { .. }
            | Self::Fail(_)
            | Self::VoteCounted { .. }
            | Self::Migration(_)
            | Self::EpochBumped { .. }
            | Self::EpochAdopted { .. }
            | Self::EpochCollision { .. }
            | Self::Claim(_)
            | Self::UpdateHeard { .. }
            | Self::RoleHeard { .. }
            | Self::Learned { .. }
            | Self::StillBanned { .. }
            | Self::HandshakeExpired { .. }
            | Self::Synced { .. }
            | Self::Moved { .. }
            | Self::Ask { .. }
            | Self::TryAgain { .. }
            | Self::ClusterDown { .. }
            | Self::CrossSlot { .. } => return None,
        };
        Some((level, line))
    }
}

fn delayed(delay: &DelayedElection) -> String {
    format!(
        "Start of election delayed for {} milliseconds (rank #{}, offset {}).",
        delay.total_ms(),
        delay.rank,
        delay.offset
    )
}

fn forgiven(verdict: &ForgiveVerdict) -> Option<String> {
    let what = match verdict.back? {
        Back::Replica => "replica is reachable again.",
        Back::Slotless => "master without slots is reachable again.",
        Back::NobodyServed => "is reachable again and nobody is serving its slots after some time.",
    };
    Some(format!("Clear FAIL state for node {}: {what}", verdict.about))
}

/// The four reasons that Redis names; the others it keeps to itself.
const fn cannot(wait: &ElectionWait) -> Option<&'static str> {
    match wait {
        ElectionWait::DataAge { .. } => Some(
            "Disconnected from master for longer than allowed. Please check the \
             'cluster-replica-validity-factor' configuration option.",
        ),
        ElectionWait::Delay { .. } => Some("Waiting the delay before I can start a new failover."),
        ElectionWait::Expired { .. } => Some("Failover attempt expired."),
        ElectionWait::Votes { .. } => Some("Waiting for votes, but majority still not reached."),
        ElectionWait::IsMaster
        | ElectionWait::NoMaster
        | ElectionWait::MasterNotFail { .. }
        | ElectionWait::NoFailover
        | ElectionWait::NothingToSave
        | ElectionWait::Manual { .. } => None,
    }
}

fn manual(verdict: &ManualVerdict) -> String {
    let with = verdict.with;
    match verdict.step {
        ManualStep::Asked(ManualMode::Default) => "Manual failover user request accepted.".into(),
        ManualStep::Asked(ManualMode::Force) => "Forced failover user request accepted.".into(),
        ManualStep::Asked(ManualMode::Takeover) => "Taking over the master (user request).".into(),
        ManualStep::Requested => format!("Manual failover requested by replica {with}."),
        ManualStep::OffsetHeard => format!(
            "Received replication offset for paused master manual failover: {}",
            verdict.needed.unwrap_or_default()
        ),
        ManualStep::CaughtUp => {
            "All master replication stream processed, manual failover can start.".into()
        }
        ManualStep::TimedOut => "Manual failover timed out.".into(),
    }
}

fn vote(verdict: &VoteVerdict) -> Option<String> {
    let VoteVerdict { candidate, request_epoch, current_epoch, .. } = verdict;
    let why = match verdict.refused {
        None => {
            return Some(format!("Failover auth granted to {candidate} for epoch {current_epoch}"));
        }
        Some(VoteRefusal::NotVoter) => return None,
        Some(VoteRefusal::EpochBehind) => {
            format!("reqEpoch ({request_epoch}) < curEpoch({current_epoch})")
        }
        Some(VoteRefusal::AlreadyVoted) => format!("already voted for epoch {current_epoch}"),
        Some(VoteRefusal::NotReplica) => "it is a master node".to_string(),
        Some(VoteRefusal::MasterUnknown) => "I don't know its master".to_string(),
        Some(VoteRefusal::MasterUp) => "its master is up".to_string(),
        Some(VoteRefusal::TooSoon { wait_ms }) => {
            format!("can't vote about this master before {wait_ms} milliseconds")
        }
        Some(VoteRefusal::StaleClaim { slot, owner, request }) => {
            format!("slot {slot} epoch ({owner}) > reqEpoch ({request})")
        }
    };
    Some(format!("Failover auth denied to {candidate}: {why}"))
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::{
        epoch::Epoch,
        explain::samples::{self, node},
        io::Level::{Debug, Notice, Verbose, Warning},
    };

    #[test]
    fn lines_are_those_of_redis_7_0() {
        let (a, b) = (node('a'), node('b'));
        let denied = |why: &str| (Warning, format!("Failover auth denied to {a}: {why}"));
        let cannot = |why: &str| (Warning, format!("Currently unable to failover: {why}"));
        let want = [
            (Debug, format!("*** NODE {a} possibly failing")),
            (Verbose, format!("Node {b} reported node {a} as not reachable.")),
            (Verbose, format!("Node {b} reported node {a} is back online.")),
            (Notice, format!("Marking node {a} as failing (quorum reached).")),
            (Notice, format!("FAIL message received from {b} about {a}")),
            (Notice, format!("Clear FAIL state for node {a}: replica is reachable again.")),
            (
                Notice,
                format!("Clear FAIL state for node {a}: master without slots is reachable again."),
            ),
            (
                Notice,
                format!(
                    "Clear FAIL state for node {a}: is reachable again and nobody is serving its \
                     slots after some time."
                ),
            ),
            (Warning, "Cluster state changed: ok".into()),
            (Warning, "Cluster state changed: fail".into()),
            (Warning, "Cluster state changed: fail".into()),
            (Warning, "Cluster state changed: fail".into()),
            (
                Warning,
                "Start of election delayed for 1641 milliseconds (rank #1, offset 251).".into(),
            ),
            (Warning, "Replica rank updated to #2, added 1000 milliseconds of delay.".into()),
            (Warning, "Starting a failover election for epoch 8.".into()),
            (Warning, format!("Failover auth granted to {a} for epoch 8")),
            (Warning, format!("Failover auth granted to {a} for epoch 8")),
            (Warning, "Failover election won: I'm the new master.".into()),
            (Warning, "New configEpoch set to 9".into()),
            (
                Verbose,
                format!("WARNING: configEpoch collision with node {b}. configEpoch set to 9"),
            ),
            (
                Verbose,
                format!(
                    "Node {a} has old slots configuration, sending an UPDATE message about {b}"
                ),
            ),
            (
                Warning,
                format!("Configuration change detected. Reconfiguring myself as a replica of {a}"),
            ),
            (
                Warning,
                format!("I'm a sub-replica! Reconfiguring myself as a replica of grandmaster {a}"),
            ),
            (Debug, format!("Handshake with node {a} completed.")),
            denied("reqEpoch (8) < curEpoch(8)"),
            denied("already voted for epoch 8"),
            denied("it is a master node"),
            denied("I don't know its master"),
            denied("its master is up"),
            denied("can't vote about this master before 1234 milliseconds"),
            denied("slot 5 epoch (9) > reqEpoch (3)"),
            cannot(
                "Disconnected from master for longer than allowed. Please check the \
                 'cluster-replica-validity-factor' configuration option.",
            ),
            cannot("Waiting the delay before I can start a new failover."),
            cannot("Failover attempt expired."),
            cannot("Waiting for votes, but majority still not reached."),
            (Warning, "Manual failover user request accepted.".into()),
            (Warning, "Forced failover user request accepted.".into()),
            (Warning, "Taking over the master (user request).".into()),
            (Warning, format!("Manual failover requested by replica {b}.")),
            (Warning, "Received replication offset for paused master manual failover: 251".into()),
            (Warning, "All master replication stream processed, manual failover can start.".into()),
            (Warning, "Manual failover timed out.".into()),
            (Warning, format!("Migrating to orphaned master {b}")),
        ];
        let got: Vec<_> = samples::all().iter().filter_map(Reason::log_line).collect();
        assert_eq!(got, want);
    }

    /// The two epochs of a refusal are not the same number by accident.
    #[test]
    fn a_late_request_names_both_epochs() {
        let mut verdict = samples::vote(Some(VoteRefusal::EpochBehind));
        verdict.request_epoch = Epoch(6);
        let (_, line) = Reason::Vote(verdict).log_line().unwrap();
        assert!(line.ends_with("reqEpoch (6) < curEpoch(8)"), "{line}");
    }
}
