//! Cards about getting to know each other, about replication and about redirected clients.

use super::{Card, Guard, Number, Relation};
use crate::{explain::Resync, id::NodeId, slot::Slot};

const SPEC_HANDSHAKE: &str = "Node handshake";
const SPEC_GOSSIP: &str = "Heartbeat and gossip messages";
const SPEC_REMOVAL: &str = "The CLUSTER FORGET command";
const SPEC_MOVED: &str = "MOVED Redirection";
const SPEC_KEYS: &str = "Multi-keys operations";
const SPEC_AVAILABLE: &str = "Availability";
/// Not in the cluster specification: the page on replication.
const SPEC_REPLICATION: &str = "How Redis replication works";

pub(super) fn role_heard(about: NodeId, master: Option<NodeId>) -> Card {
    let mut card = match master {
        Some(_) => Card::new("role.replica", "note-role", SPEC_GOSSIP),
        None => Card::new("role.master", "note-role", SPEC_GOSSIP),
    };
    card.other = master;
    card.about(about)
}

pub(super) fn learned(about: NodeId, from: Option<NodeId>) -> Card {
    let mut card = match from {
        Some(_) => Card::new("meet.gossiped", "learn", SPEC_HANDSHAKE),
        None => Card::new("meet.introduced", "learn", SPEC_HANDSHAKE),
    };
    card.other = from;
    card.about(about)
}

pub(super) fn still_banned(about: NodeId, left_ms: u64) -> Card {
    Card::new("meet.banned", "not-learn", SPEC_REMOVAL)
        .about(about)
        .with(Guard::over("meet.ban-over", left_ms))
}

pub(super) fn handshake_done(about: NodeId) -> Card {
    Card::new("meet.done", "know", SPEC_HANDSHAKE).about(about)
}

pub(super) fn handshake_expired(age_ms: u64) -> Card {
    Card::new("meet.expired", "forget", SPEC_HANDSHAKE).fact("age", Number::Ms(age_ms))
}

pub(super) fn synced(how: &Resync) -> Card {
    let history = |same| Guard::is("sync.same-history", same);
    let asked_to_go_on = |asked| Guard::is("sync.asked-to-go-on", asked);
    match *how {
        Resync::Partial { from, bytes } => Card::new("sync.partial", "send-rest", SPEC_REPLICATION)
            .with(asked_to_go_on(true))
            .with(history(true))
            .with(Guard::is("sync.in-backlog", true))
            .fact("from", Number::Offset(from))
            .fact("bytes", Number::Count(bytes)),
        Resync::FullAsked => Card::new("sync.full.asked", "send-all", SPEC_REPLICATION)
            .with(asked_to_go_on(false))
            .with(history(false))
            .with(Guard::is("sync.in-backlog", false))
            .stop_at_failure(),
        Resync::FullOtherHistory => {
            Card::new("sync.full.other-history", "send-all", SPEC_REPLICATION)
                .with(asked_to_go_on(true))
                .with(history(false))
                .with(Guard::is("sync.in-backlog", false))
                .stop_at_failure()
        }
        Resync::FullOutsideBacklog { asked, first, len } => {
            Card::new("sync.full.outside-backlog", "send-all", SPEC_REPLICATION)
                .with(asked_to_go_on(true))
                .with(history(true))
                .with(within(asked, first, len))
                .fact("backlog", Number::Count(len))
        }
    }
}

/// The side on which it missed the backlog.
fn within(asked: u64, first: u64, len: u64) -> Guard {
    let (relation, bound) = if asked < first {
        (Relation::AtLeast, first)
    } else {
        (Relation::AtMost, first.saturating_add(len))
    };
    Guard::new("sync.in-backlog", Number::Offset(asked), relation, Number::Offset(bound), false)
}

pub(super) fn moved(slot: Slot, to: NodeId) -> Card {
    let mut card = Card::new("route.moved", "redirect", SPEC_MOVED)
        .about(to)
        .with(Guard::is("route.slot-is-mine", false));
    card.slot = Some(slot);
    card
}

const SPEC_ASK: &str = "ASK redirection";

pub(super) fn ask(slot: Slot, to: NodeId) -> Card {
    let mut card = Card::new("route.ask", "ask", SPEC_ASK)
        .about(to)
        .with(Guard::is("route.slot-is-mine", true))
        .with(Guard::is("route.keys-here", false));
    card.slot = Some(slot);
    card
}

pub(super) fn try_again(slot: Slot) -> Card {
    let mut card = Card::new("route.try-again", "refuse", SPEC_KEYS)
        .with(Guard::is("route.keys-together", false));
    card.slot = Some(slot);
    card
}

pub(super) fn cluster_down(slot: Slot, unassigned: bool) -> Card {
    let id = if unassigned { "route.down.unassigned" } else { "route.down.state" };
    let mut card = Card::new(id, "refuse", SPEC_AVAILABLE)
        .with(Guard::is("route.slot-assigned", !unassigned))
        .with(Guard::is("route.state-ok", false))
        .stop_at_failure();
    card.slot = Some(slot);
    card
}

pub(super) fn cross_slot(first: Slot, other: Slot) -> Card {
    let (left, right) = (Number::Slot(other), Number::Slot(first));
    let mut card = Card::new("route.cross-slot", "refuse", SPEC_KEYS).with(Guard::new(
        "route.same-slot",
        left,
        Relation::Equal,
        right,
        false,
    ));
    card.slot = Some(first);
    card
}
