//! Cards about what a person may start, a manual failover, and about replica migration.

use super::{Card, Guard, Number, Relation};
use crate::explain::{ManualMode, ManualStep, ManualVerdict, MigrationVerdict, MigrationWait};

const SPEC_MANUAL: &str = "Manual failover";
const SPEC_MIGRATION: &str = "Replica migration algorithm";

pub(super) fn manual(verdict: &ManualVerdict) -> Card {
    let (id, decision) = match verdict.step {
        ManualStep::Asked(ManualMode::Default) => ("manual.asked.default", "begin"),
        ManualStep::Asked(ManualMode::Force) => ("manual.asked.force", "begin"),
        ManualStep::Asked(ManualMode::Takeover) => ("manual.asked.takeover", "promote"),
        ManualStep::Requested => ("manual.requested", "pause"),
        ManualStep::OffsetHeard => ("manual.offset-heard", "catch-up"),
        ManualStep::CaughtUp => ("manual.caught-up", "ask-votes"),
        ManualStep::TimedOut => ("manual.timed-out", "give-up"),
    };
    let card = Card::new(id, decision, SPEC_MANUAL).about(verdict.with);
    let mine = Number::Offset(verdict.mine);
    match verdict.needed {
        Some(needed) => card.with(Guard::new(
            "manual.in-step",
            mine,
            Relation::Equal,
            Number::Offset(needed),
            verdict.mine == needed,
        )),
        None => card.fact("offset", mine),
    }
}

pub(super) fn migration(verdict: &MigrationVerdict) -> Card {
    let id = match verdict.refused {
        None => "migration.moves",
        Some(MigrationWait::NotServing) => "migration.waits.not-serving",
        Some(MigrationWait::Barrier) => "migration.waits.barrier",
        Some(MigrationWait::NotSmallest) => "migration.waits.not-smallest",
        Some(MigrationWait::Delay) => "migration.waits.delay",
    };
    let decision = if verdict.refused.is_none() { "follow" } else { "not-move" };
    let count = |n: u32| Number::Count(u64::from(n));
    let serves = verdict.refused != Some(MigrationWait::NotServing);
    let spare = verdict.working > verdict.barrier;
    let smallest = verdict.refused != Some(MigrationWait::NotSmallest);
    let long = verdict.orphaned_ms > verdict.delay_ms;
    Card::new(id, decision, SPEC_MIGRATION)
        .about(verdict.to)
        .with(Guard::is("migration.serving", serves))
        .with(Guard::new(
            "migration.barrier",
            count(verdict.working),
            Relation::Above,
            count(verdict.barrier),
            spare,
        ))
        .with(Guard::new(
            "migration.smallest",
            Number::Node(verdict.me),
            Relation::Equal,
            Number::Node(verdict.smallest),
            smallest,
        ))
        .with(Guard::new(
            "migration.orphaned",
            Number::Ms(verdict.orphaned_ms),
            Relation::Above,
            Number::Ms(verdict.delay_ms),
            long,
        ))
        .stop_at_failure()
}
