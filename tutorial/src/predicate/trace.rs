//! Records of a world to events of the language.

use core::fmt;

use slotscope_core::{
    explain::{
        Back, ClaimVerdict, ElectionWait, FailVerdict, ForgiveVerdict, ManualMode, ManualStep,
        Reason, Resync, VoteRefusal,
    },
    id::NodeId,
    sim::{Action, ClientEvent, FlightKind, HostIdx, Record, What},
    time::Instant,
};

use super::{schema::fields_of, value::Value};

/// Something that happened, in the words of the language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The record it was made from.
    pub seq: u64,
    /// World time.
    pub at: Instant,
    /// One of [`super::EVENTS`].
    pub name: &'static str,
    /// Its fields, in the order of the schema.
    pub fields: Vec<(&'static str, Value)>,
}

impl Event {
    /// The value of a field; unknown if there is none.
    pub(crate) fn field(&self, name: &str) -> &Value {
        const UNKNOWN: &Value = &Value::Unknown;
        self.fields.iter().find(|(field, _)| *field == name).map_or(UNKNOWN, |(_, value)| value)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{{", self.name)?;
        let known = self.fields.iter().filter(|(_, value)| *value != Value::Unknown);
        for (at, (field, value)) in known.enumerate() {
            write!(f, "{}{field}:{value}", if at == 0 { "" } else { ", " })?;
        }
        f.write_str("}")
    }
}

/// How nodes are named: by the port of their machine.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// The port of a machine.
    pub of_host: &'a dyn Fn(HostIdx) -> Option<u16>,
    /// The port of the node with a name.
    pub of_id: &'a dyn Fn(NodeId) -> Option<u16>,
}

impl fmt::Debug for Ports<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ports")
    }
}

type Named = (&'static str, Vec<Value>);

impl Ports<'_> {
    /// The event that a record stands for, if it stands for one.
    #[must_use]
    pub fn event(&self, record: &Record) -> Option<Event> {
        let here = record.host.map_or(Value::Unknown, |host| self.host(host));
        let (name, values) = match &record.what {
            What::Decided(reason) => self.decided(here, reason),
            What::Client { client, event } => self.client(Value::Int(i64::from(*client)), event),
            What::Did(action) => self.action(action),
            What::Process { up: true } => ("Up", vec![here]),
            What::Process { up: false } => ("Down", vec![here]),
            What::Log { line, .. } => ("Log", vec![Value::Text(line.clone()), here]),
            What::Sent(flight) => {
                let kind = Value::Word(kind(flight.kind));
                ("Message", vec![kind, self.host(flight.from), self.host(flight.to)])
            }
            What::Answer(text) => ("Answer", vec![Value::Text(text.clone()), here]),
            What::Violation(text) => ("Violation", vec![Value::Text(text.clone())]),
            What::Arrived { .. } | What::Lost { .. } => return None,
        };
        let (name, fields) = fields_of(name)?;
        debug_assert_eq!(fields.len(), values.len(), "{name}");
        let fields = fields.iter().copied().zip(values).collect();
        Some(Event { seq: record.seq, at: record.at, name, fields })
    }

    fn host(&self, host: HostIdx) -> Value {
        Value::port((self.of_host)(host))
    }

    fn id(&self, id: NodeId) -> Value {
        Value::port((self.of_id)(id))
    }

    fn decided(&self, here: Value, reason: &Reason) -> Named {
        let n = |n: u32| Value::Int(i64::from(n));
        let ms = |ms: u64| Value::Ms(i64::try_from(ms).unwrap_or(i64::MAX));
        match reason {
            Reason::Suspected { about, silent_ms, limit_ms } => {
                ("Suspected", vec![self.id(*about), here, ms(*silent_ms), ms(*limit_ms)])
            }
            Reason::NotSuspected { about, silent_ms, limit_ms, .. } => {
                ("NotSuspected", vec![self.id(*about), here, ms(*silent_ms), ms(*limit_ms)])
            }
            Reason::Trusted { about } => ("Trusted", vec![self.id(*about), here]),
            Reason::Reported { by, about } => {
                ("Reported", vec![self.id(*about), self.id(*by), here])
            }
            Reason::ReportWithdrawn { by, about } => {
                ("Withdrawn", vec![self.id(*about), self.id(*by), here])
            }
            Reason::Fail(verdict) => self.fail(here, verdict),
            Reason::FailHeard { from, about } => {
                ("FailHeard", vec![self.id(*about), self.id(*from), here])
            }
            Reason::Forgive(verdict) => self.forgive(here, verdict),
            Reason::Serving(v) => {
                let state = Value::Word(if v.ok { "ok" } else { "fail" });
                ("ClusterState", vec![here, state, n(v.reachable), n(v.needed), n(v.uncovered)])
            }
            Reason::ElectionDelayed(_)
            | Reason::RankWorse { .. }
            | Reason::ElectionWaits(_)
            | Reason::VotesAsked { .. }
            | Reason::Vote(_)
            | Reason::VoteCounted { .. }
            | Reason::Elected { .. }
            | Reason::Manual(_) => self.election(here, reason),
            Reason::Migration(v) => {
                let moves = Value::Word(if v.refused.is_none() { "yes" } else { "no" });
                ("Migration", vec![here, self.id(v.to), moves, ms(v.orphaned_ms)])
            }
            Reason::EpochAdopted { .. }
            | Reason::EpochBumped { .. }
            | Reason::EpochCollision { .. }
            | Reason::Claim(_)
            | Reason::UpdateSent { .. }
            | Reason::UpdateHeard { .. }
            | Reason::Demoted(_)
            | Reason::RoleHeard { .. } => self.claim(here, reason),
            Reason::Learned { about, from } => {
                let from = from.map_or(Value::Unknown, |from| self.id(from));
                ("Learned", vec![self.id(*about), here, from])
            }
            Reason::StillBanned { about, left_ms } => {
                ("StillBanned", vec![self.id(*about), here, ms(*left_ms)])
            }
            Reason::HandshakeDone { about } => ("HandshakeDone", vec![self.id(*about), here]),
            Reason::HandshakeExpired { at, age_ms } => {
                ("HandshakeExpired", vec![here, Value::port(at.map(|at| at.port)), ms(*age_ms)])
            }
            Reason::Synced { replica_port, how } => {
                let how = match how {
                    Resync::Partial { .. } => "partial",
                    Resync::FullAsked
                    | Resync::FullOtherHistory
                    | Resync::FullOutsideBacklog { .. } => "full",
                };
                ("Synced", vec![Value::port(Some(*replica_port)), here, Value::Word(how)])
            }
            Reason::Moved { slot, to } => {
                ("Moved", vec![Value::Int(i64::from(slot.get())), here, self.id(*to)])
            }
            Reason::Ask { slot, to } => {
                ("Ask", vec![Value::Int(i64::from(slot.get())), here, self.id(*to)])
            }
            Reason::TryAgain { slot } => {
                ("TryAgain", vec![Value::Int(i64::from(slot.get())), here])
            }
            Reason::ClusterDown { slot, .. } => {
                ("ClusterDown", vec![Value::Int(i64::from(slot.get())), here])
            }
            Reason::CrossSlot { first, other } => {
                let slot = |slot: u16| Value::Int(i64::from(slot));
                ("CrossSlot", vec![slot(first.get()), slot(other.get()), here])
            }
        }
    }

    fn fail(&self, here: Value, verdict: &FailVerdict) -> Named {
        let count = u64::try_from(verdict.reporters.len()).unwrap_or(u64::MAX);
        let count = Value::count(count.saturating_add(u64::from(verdict.own)));
        let needed = Value::Int(i64::from(verdict.needed));
        let name = if verdict.failed { "Fail" } else { "NotFail" };
        (name, vec![self.id(verdict.about), here, count, needed])
    }

    fn forgive(&self, here: Value, verdict: &ForgiveVerdict) -> Named {
        let age = Value::Ms(i64::try_from(verdict.failed_ms).unwrap_or(i64::MAX));
        let about = self.id(verdict.about);
        let why = match verdict.back {
            None => return ("NotForgiven", vec![about, here, age]),
            Some(Back::Replica) => "replica",
            Some(Back::Slotless) => "slotless",
            Some(Back::NobodyServed) => "nobody_served",
        };
        ("Forgiven", vec![about, here, Value::Word(why), age])
    }

    fn election(&self, here: Value, reason: &Reason) -> Named {
        let n = |n: u32| Value::Int(i64::from(n));
        let ms = |ms: u64| Value::Ms(i64::try_from(ms).unwrap_or(i64::MAX));
        match reason {
            Reason::ElectionDelayed(d) => {
                let offset = Value::count(d.offset);
                let delay = ms(d.total_ms());
                ("ElectionDelayed", vec![here, n(d.rank), delay, ms(d.random_ms), offset])
            }
            Reason::RankWorse { rank, added_ms } => {
                ("RankWorse", vec![here, n(*rank), ms(*added_ms)])
            }
            Reason::ElectionWaits(why) => ("ElectionWaits", vec![here, Value::Word(waits(why))]),
            Reason::VotesAsked { epoch, master } => {
                ("AuthRequest", vec![here, Value::count(epoch.0), self.id(*master)])
            }
            Reason::Vote(verdict) => {
                let candidate = self.id(verdict.candidate);
                let epoch = Value::count(verdict.request_epoch.0);
                match &verdict.refused {
                    None => ("Granted", vec![candidate, here, epoch]),
                    Some(why) => {
                        ("Refused", vec![candidate, here, epoch, Value::Word(refusal(why))])
                    }
                }
            }
            Reason::VoteCounted { from, have, needed, epoch } => {
                let epoch = Value::count(epoch.0);
                ("AuthAck", vec![here, self.id(*from), epoch, n(*have), n(*needed)])
            }
            Reason::Manual(verdict) => {
                let step = Value::Word(manual(verdict.step));
                let needed = verdict.needed.map_or(Value::Unknown, Value::count);
                (
                    "Manual",
                    vec![here, self.id(verdict.with), step, Value::count(verdict.mine), needed],
                )
            }
            Reason::Elected { epoch, votes, needed, replaced, slots } => {
                let (epoch, replaced) = (Value::count(epoch.0), self.id(*replaced));
                ("Elected", vec![here, epoch, n(*votes), n(*needed), replaced, n(*slots)])
            }
            _ => ("", Vec::new()),
        }
    }

    fn claim(&self, here: Value, reason: &Reason) -> Named {
        let epoch = |n: slotscope_core::epoch::Epoch| Value::count(n.0);
        match reason {
            Reason::EpochAdopted { from, old, new } => {
                ("EpochAdopted", vec![here, self.id(*from), epoch(*old), epoch(*new)])
            }
            Reason::EpochBumped { old, new } => {
                ("EpochBumped", vec![here, epoch(*old), epoch(*new)])
            }
            Reason::EpochCollision { with, shared, new } => {
                let new = new.map_or(Value::Unknown, epoch);
                ("EpochCollision", vec![here, self.id(*with), epoch(*shared), new])
            }
            Reason::Claim(verdict) => {
                let ClaimVerdict { claimant, epoch: claimed, won, stale } = verdict;
                let won = won.iter().map(|(from, to, ..)| u64::from(to.get() - from.get()) + 1);
                let stale = Value::Word(if stale.is_some() { "yes" } else { "no" });
                let (claimant, won) = (self.id(*claimant), Value::count(won.sum()));
                ("Claim", vec![here, claimant, epoch(*claimed), won, stale])
            }
            Reason::UpdateSent { to, about, epoch: of } => {
                ("Update", vec![self.id(*to), here, self.id(*about), epoch(*of)])
            }
            Reason::UpdateHeard { from, about, epoch: of } => {
                ("UpdateHeard", vec![here, self.id(*from), self.id(*about), epoch(*of)])
            }
            Reason::Demoted(demotion) => {
                let followed = Value::Word(if demotion.followed { "yes" } else { "no" });
                ("Demoted", vec![here, self.id(demotion.of), epoch(demotion.epoch), followed])
            }
            Reason::RoleHeard { about, master } => {
                let master = master.map_or(Value::Unknown, |master| self.id(master));
                ("RoleHeard", vec![self.id(*about), here, master])
            }
            _ => ("", Vec::new()),
        }
    }

    fn client(&self, client: Value, event: &ClientEvent) -> Named {
        match event {
            ClientEvent::Sent { write, slot, to } => {
                let slot = Value::Int(i64::from(slot.get()));
                ("Sent", vec![self.host(*to), client, Value::count(*write), slot])
            }
            ClientEvent::Acked { write } => ("Acked", vec![Value::count(*write), client]),
            ClientEvent::Error { write, text } => {
                ("Error", vec![Value::Text(text.clone()), client, Value::count(*write)])
            }
            ClientEvent::Moved { write, to } => {
                ("Followed", vec![self.host(*to), client, Value::count(*write)])
            }
            ClientEvent::LostWrite { write, .. } => {
                ("LostWrite", vec![Value::count(*write), client])
            }
            ClientEvent::MapLoaded(_) => ("MapLoaded", vec![client]),
        }
    }

    fn action(&self, action: &Action) -> Named {
        match action {
            Action::Kill(host) => ("kill", vec![self.host(*host)]),
            Action::Restart(host) => ("restart", vec![self.host(*host)]),
            Action::Freeze(host) => ("freeze", vec![self.host(*host)]),
            Action::Thaw(host) => ("thaw", vec![self.host(*host)]),
            Action::Cut(from, to) => ("cut", vec![self.host(*from), self.host(*to)]),
            Action::Join(from, to) => ("join", vec![self.host(*from), self.host(*to)]),
            Action::Partition(_) => ("partition", Vec::new()),
            Action::Heal => ("heal", Vec::new()),
            Action::Latency(a, b, us) => {
                ("latency", vec![self.host(*a), self.host(*b), Value::Int(i64::from(*us))])
            }
            Action::DiskFull(host, full) => {
                let full = Value::Word(if *full { "yes" } else { "no" });
                ("disk_full", vec![self.host(*host), full])
            }
            Action::ClockStep(host, ms) => ("clock_step", vec![self.host(*host), Value::Ms(*ms)]),
            Action::Move(slot, host) => {
                ("move", vec![Value::Int(i64::from(slot.get())), self.host(*host)])
            }
            Action::Fix => ("fix", Vec::new()),
            Action::Leave(host, away_ms, follows) => {
                let role = Value::Word(if *follows { "replica" } else { "master" });
                ("leave", vec![self.host(*host), Value::Ms(i64::from(*away_ms)), role])
            }
            Action::Command(host, words) => {
                ("command", vec![Value::Text(words.join(" ")), self.host(*host)])
            }
        }
    }
}

fn kind(kind: FlightKind) -> &'static str {
    match kind {
        FlightKind::Ping => "ping",
        FlightKind::Pong => "pong",
        FlightKind::Meet => "meet",
        FlightKind::Fail => "fail",
        FlightKind::Publish => "publish",
        FlightKind::AuthRequest => "auth_request",
        FlightKind::AuthAck => "auth_ack",
        FlightKind::Update => "update",
        FlightKind::MfStart => "mfstart",
        FlightKind::Module => "module",
        FlightKind::Replication => "replication",
        FlightKind::Migration => "migration",
    }
}

fn waits(why: &ElectionWait) -> &'static str {
    match why {
        ElectionWait::DataAge { .. } => "data_age",
        ElectionWait::Delay { .. } => "delay",
        ElectionWait::Expired { .. } => "expired",
        ElectionWait::Votes { .. } => "votes",
        ElectionWait::IsMaster => "is_master",
        ElectionWait::NoMaster => "no_master",
        ElectionWait::MasterNotFail { .. } => "master_not_fail",
        ElectionWait::NoFailover => "no_failover",
        ElectionWait::NothingToSave => "nothing_to_save",
        ElectionWait::Manual { .. } => "manual",
    }
}

const fn manual(step: ManualStep) -> &'static str {
    match step {
        ManualStep::Asked(ManualMode::Default) => "asked",
        ManualStep::Asked(ManualMode::Force) => "forced",
        ManualStep::Asked(ManualMode::Takeover) => "takeover",
        ManualStep::Requested => "requested",
        ManualStep::OffsetHeard => "offset_heard",
        ManualStep::CaughtUp => "caught_up",
        ManualStep::TimedOut => "timed_out",
    }
}

fn refusal(why: &VoteRefusal) -> &'static str {
    match why {
        VoteRefusal::NotVoter => "not_voter",
        VoteRefusal::EpochBehind => "epoch_behind",
        VoteRefusal::AlreadyVoted => "already_voted",
        VoteRefusal::NotReplica => "not_replica",
        VoteRefusal::MasterUnknown => "master_unknown",
        VoteRefusal::MasterUp => "master_up",
        VoteRefusal::TooSoon { .. } => "too_soon",
        VoteRefusal::StaleClaim { .. } => "stale_claim",
    }
}
