//! A run as lines of text: one for each change, as scenario files and failing seeds show it.

use alloc::{format, string::String};

use super::{ClientEvent, Record, What, World, check::name};
use crate::{
    explain::{
        Back, ElectionWait, ManualMode, ManualStep, ManualVerdict, MigrationWait, Reason, Resync,
        VoteRefusal,
    },
    id::NodeId,
};

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Decisions that changed something, processes, actions, what applications lost.
    Changes,
    /// Also the log lines.
    Log,
}

impl World {
    /// The line for a record, if it is worth one.
    #[must_use]
    pub fn line(&self, record: &Record, detail: Detail) -> Option<String> {
        let text = match &record.what {
            What::Decided(reason) => self.decision(reason)?,
            What::Process { up: true } => "starts".into(),
            What::Process { up: false } => "is gone".into(),
            What::Did(action) => format!("do {action}"),
            What::Answer(answer) => format!("answers {answer}"),
            What::Violation(broken) => format!("BROKEN {broken}"),
            What::Client { client, event: ClientEvent::LostWrite { write, acked_at } } => {
                format!("client {client} lost write {write}, acknowledged at {acked_at}")
            }
            What::Log { level, line, .. } if detail == Detail::Log => {
                format!("log {} {line}", level.mark())
            }
            What::Log { line, .. } if line.starts_with("Fatal") => format!("log {line}"),
            What::Sent(_)
            | What::Arrived { .. }
            | What::Lost { .. }
            | What::Log { .. }
            | What::Client { .. } => return None,
        };
        let who = record.host.map_or_else(String::new, |host| format!(" n{}", host.0));
        Some(format!("{}{who} {text}", record.at))
    }

    /// A machine by name: `n3`; the first letters of the name if it is nobody's.
    fn who(&self, id: NodeId) -> String {
        match self.host_of(id) {
            Some(host) => format!("n{}", host.0),
            None => id.as_str().chars().take(8).collect(),
        }
    }

    /// The answer to "why not?": decisions that were not taken have words here, too.
    #[must_use]
    pub fn answer(&self, reason: &Reason) -> String {
        let mark = name(reason);
        match reason {
            Reason::NotSuspected { about, waiting_ms, silent_ms, limit_ms } => format!(
                "does not suspect {} because {mark} ping={} silent={silent_ms} limit={limit_ms}",
                self.who(*about),
                waiting_ms.map_or_else(|| "none".into(), |ms| format!("{ms}"))
            ),
            Reason::Fail(v) if !v.failed => format!(
                "does not mark {} failed because {mark} suspected={} reports={} own={} needed={}",
                self.who(v.about),
                v.pfail_here,
                v.reporters.len(),
                v.own,
                v.needed
            ),
            Reason::ElectionWaits(wait) => format!("does not stand because {mark} {}", waits(wait)),
            reason => self
                .decision(reason)
                .or_else(|| self.in_passing(reason))
                .unwrap_or_else(|| format!("decides {mark}")),
        }
    }

    /// What happens all the time, and is told only when it is asked for.
    fn in_passing(&self, reason: &Reason) -> Option<String> {
        let mark = name(reason);
        Some(match reason {
            Reason::Reported { by, about } | Reason::ReportWithdrawn { by, about } => {
                format!(
                    "files a word of {} about {} because {mark}",
                    self.who(*by),
                    self.who(*about)
                )
            }
            Reason::EpochAdopted { from, old, new } => {
                format!("goes from epoch {old} to {new} because {mark} from={}", self.who(*from))
            }
            Reason::UpdateSent { to, about, epoch } => format!(
                "teaches {} because {mark} about={} epoch={epoch}",
                self.who(*to),
                self.who(*about)
            ),
            Reason::RoleHeard { about, master } => {
                let role = master.map_or_else(
                    || "a master".into(),
                    |master| format!("a replica of {}", self.who(master)),
                );
                format!("holds {} for {role} because {mark}", self.who(*about))
            }
            Reason::StillBanned { about, left_ms } => {
                format!("does not learn of {} because {mark} left={left_ms}", self.who(*about))
            }
            Reason::Ask { slot, to } => {
                format!("sends a client to {} for once because {mark} slot={slot}", self.who(*to))
            }
            Reason::TryAgain { slot } => {
                format!("puts a client off because {mark} slot={slot}")
            }
            Reason::Learned { about, from } => format!(
                "learns of {} because {mark} {}",
                self.who(*about),
                from.map_or_else(|| "met".into(), |from| format!("from={}", self.who(from)))
            ),
            Reason::Moved { slot, to } => {
                format!("sends a client to {} because {mark} slot={slot}", self.who(*to))
            }
            Reason::ClusterDown { slot, unassigned } => {
                format!("refuses a client because {mark} slot={slot} unassigned={unassigned}")
            }
            Reason::CrossSlot { first, other } => {
                format!("refuses a client because {mark} slots={first},{other}")
            }
            _ => return None,
        })
    }

    /// The words for a decision that changed something; each group of rules has its own.
    fn decision(&self, reason: &Reason) -> Option<String> {
        self.on_failure(reason)
            .or_else(|| self.on_election(reason))
            .or_else(|| self.on_the_map(reason))
    }

    fn on_failure(&self, reason: &Reason) -> Option<String> {
        let mark = name(reason);
        let told = match reason {
            Reason::Suspected { about, silent_ms, limit_ms } => {
                format!(
                    "suspects {} because {mark} silent={silent_ms} limit={limit_ms}",
                    self.who(*about)
                )
            }
            Reason::Trusted { about } => {
                format!("trusts {} again because {mark}", self.who(*about))
            }
            Reason::Fail(v) if v.failed => format!(
                "marks {} failed because {mark} reports={} own={} needed={}",
                self.who(v.about),
                v.reporters.len(),
                v.own,
                v.needed
            ),
            Reason::FailHeard { from, about } => {
                format!(
                    "hears that {} failed because {mark} from={}",
                    self.who(*about),
                    self.who(*from)
                )
            }
            Reason::Forgive(v) => {
                let why = match v.back? {
                    Back::Replica => "replica",
                    Back::Slotless => "slotless",
                    Back::NobodyServed => "nobody-served",
                };
                format!("forgives {} because {mark} {why} after={}", self.who(v.about), v.failed_ms)
            }
            Reason::Serving(v) => format!(
                "{} because {mark} uncovered={} failed={} reachable={} needed={}",
                if v.ok { "serves" } else { "serves no more" },
                v.uncovered,
                v.failed,
                v.reachable,
                v.needed
            ),
            _ => return None,
        };
        Some(told)
    }

    fn on_election(&self, reason: &Reason) -> Option<String> {
        let mark = name(reason);
        let told = match reason {
            Reason::ElectionDelayed(d) => format!(
                "waits {} ms for its election because {mark} random={} rank={} offset={}",
                d.total_ms(),
                d.random_ms,
                d.rank,
                d.offset
            ),
            Reason::RankWorse { rank, added_ms } => {
                format!("waits {added_ms} ms longer because {mark} rank={rank}")
            }
            Reason::ElectionWaits(ElectionWait::Expired { retry_in_ms }) => {
                format!("gives up for {retry_in_ms} ms because {mark}")
            }
            Reason::ElectionWaits(wait @ ElectionWait::DataAge { .. }) => {
                format!("may not stand because {mark} {}", waits(wait))
            }
            Reason::VotesAsked { epoch, master } => {
                format!("asks for votes because {mark} epoch={epoch} master={}", self.who(*master))
            }
            Reason::Vote(v) => match &v.refused {
                None => format!(
                    "votes for {} because {mark} epoch={}",
                    self.who(v.candidate),
                    v.request_epoch
                ),
                Some(why) => {
                    format!("refuses {} because {mark} {}", self.who(v.candidate), refusal(why, v))
                }
            },
            Reason::VoteCounted { from, have, needed, epoch } => {
                format!(
                    "has the vote of {} because {mark} epoch={epoch} have={have} needed={needed}",
                    self.who(*from)
                )
            }
            Reason::Manual(v) => self.manual(v),
            Reason::ElectionWaits(wait @ ElectionWait::Manual { .. }) => {
                format!("does not stand yet because {mark} {}", waits(wait))
            }
            Reason::Elected { epoch, votes, needed, replaced, slots } => format!(
                "replaces {} because {mark} epoch={epoch} votes={votes} needed={needed} slots={slots}",
                self.who(*replaced)
            ),
            _ => return None,
        };
        Some(told)
    }

    fn manual(&self, v: &ManualVerdict) -> String {
        let (mark, with) = (name(&Reason::Manual(*v)), self.who(v.with));
        let mine = v.mine;
        match (v.step, v.needed) {
            (ManualStep::Asked(mode), _) => {
                let mode = match mode {
                    ManualMode::Default => "default",
                    ManualMode::Force => "force",
                    ManualMode::Takeover => "takeover",
                };
                format!("shall replace {with} because {mark} mode={mode} mine={mine}")
            }
            (ManualStep::Requested, _) => {
                format!("stands still for {with} because {mark} mine={mine}")
            }
            (ManualStep::OffsetHeard, needed) => format!(
                "knows where {with} stands still because {mark} mine={mine} needed={}",
                needed.unwrap_or_default()
            ),
            (ManualStep::CaughtUp, _) => {
                format!("is where {with} stands still because {mark} mine={mine}")
            }
            (ManualStep::TimedOut, _) => {
                format!("gives up to change places with {with} because {mark} mine={mine}")
            }
        }
    }

    fn on_the_map(&self, reason: &Reason) -> Option<String> {
        let mark = name(reason);
        let told = match reason {
            Reason::EpochCollision { with, shared, new: Some(new) } => {
                format!("takes epoch {new} because {mark} with={} shared={shared}", self.who(*with))
            }
            Reason::Claim(v) => {
                let slots: u32 =
                    v.won.iter().map(|(a, b, ..)| u32::from(b.get() - a.get()) + 1).sum();
                match &v.stale {
                    Some((slot, owner, epoch)) => format!(
                        "does not believe {} because {mark} claimed={} slot={slot} owner={} epoch={epoch}",
                        self.who(v.claimant),
                        v.epoch,
                        self.who(*owner)
                    ),
                    None if slots > 0 => format!(
                        "gives {slots} slots to {} because {mark} epoch={}",
                        self.who(v.claimant),
                        v.epoch
                    ),
                    None => return None,
                }
            }
            Reason::UpdateHeard { from, about, epoch } => format!(
                "is taught by {} because {mark} about={} epoch={epoch}",
                self.who(*from),
                self.who(*about)
            ),
            Reason::Demoted(d) => {
                format!(
                    "follows {} because {mark} epoch={} followed={}",
                    self.who(d.of),
                    d.epoch,
                    d.followed
                )
            }
            Reason::Migration(v) => {
                let (what, why) = match v.refused {
                    None => ("moves", ""),
                    Some(MigrationWait::NotServing) => ("does not move", " not-serving"),
                    Some(MigrationWait::Barrier) => ("does not move", " barrier"),
                    Some(MigrationWait::NotSmallest) => ("does not move", " not-smallest"),
                    Some(MigrationWait::Delay) => ("does not move yet", " delay"),
                };
                format!(
                    "{what} to {} because {mark}{why} working={} barrier={} smallest={} orphaned={}",
                    self.who(v.to),
                    v.working,
                    v.barrier,
                    self.who(v.smallest),
                    v.orphaned_ms
                )
            }
            Reason::EpochBumped { old, new } if old == new => {
                format!("keeps epoch {new} because {mark}")
            }
            Reason::EpochBumped { old, new } => {
                format!("takes epoch {new} because {mark} old={old}")
            }
            Reason::HandshakeDone { about } => format!("knows {} because {mark}", self.who(*about)),
            Reason::HandshakeExpired { age_ms, .. } => {
                format!("gives up a handshake because {mark} age={age_ms}")
            }
            Reason::Synced { replica_port, how } => {
                format!("feeds {replica_port} because {mark} {}", resync(how))
            }
            _ => return None,
        };
        Some(told)
    }
}

fn waits(wait: &ElectionWait) -> String {
    match wait {
        ElectionWait::DataAge { age_ms, limit_ms } => match age_ms {
            Some(age) => format!("data-age age={age} limit={limit_ms}"),
            None => format!("data-age never-in-step limit={limit_ms}"),
        },
        ElectionWait::Delay { left_ms } => format!("delay left={left_ms}"),
        ElectionWait::Expired { retry_in_ms } => format!("expired retry-in={retry_in_ms}"),
        ElectionWait::Votes { have, needed } => format!("votes have={have} needed={needed}"),
        ElectionWait::IsMaster => "is-master".into(),
        ElectionWait::NoMaster => "no-master".into(),
        ElectionWait::MasterNotFail { pfail, reports, needed } => {
            format!("master-not-fail suspected={pfail} reports={reports} needed={needed}")
        }
        ElectionWait::NoFailover => "no-failover".into(),
        ElectionWait::NothingToSave => "nothing-to-save".into(),
        ElectionWait::Manual { mine, needed } => match needed {
            Some(needed) => format!("manual mine={mine} needed={needed}"),
            None => format!("manual mine={mine} needed=unknown"),
        },
    }
}

fn refusal(why: &VoteRefusal, verdict: &crate::explain::VoteVerdict) -> String {
    match why {
        VoteRefusal::NotVoter => "not-voter".into(),
        VoteRefusal::EpochBehind => {
            format!(
                "epoch-behind request={} current={}",
                verdict.request_epoch, verdict.current_epoch
            )
        }
        VoteRefusal::AlreadyVoted => format!("already-voted epoch={}", verdict.last_vote_epoch),
        VoteRefusal::NotReplica => "not-replica".into(),
        VoteRefusal::MasterUnknown => "master-unknown".into(),
        VoteRefusal::MasterUp => "master-up".into(),
        VoteRefusal::TooSoon { wait_ms } => format!("too-soon wait={wait_ms}"),
        VoteRefusal::StaleClaim { slot, owner, request } => {
            format!("stale-claim slot={slot} owner={owner} request={request}")
        }
    }
}

const fn resync(how: &Resync) -> &'static str {
    match how {
        Resync::Partial { .. } => "partial",
        Resync::FullAsked => "full asked",
        Resync::FullOtherHistory => "full other-history",
        Resync::FullOutsideBacklog { .. } => "full outside-backlog",
    }
}
