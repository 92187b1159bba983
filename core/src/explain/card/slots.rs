//! Cards about epochs and about who owns which slot.

use super::{Card, Guard, Number, Relation};
use crate::{
    epoch::Epoch,
    explain::{ClaimVerdict, verdict::Demotion},
    id::NodeId,
};

const SPEC_CLOCK: &str = "Cluster current epoch";
const SPEC_COLLISION: &str = "Configuration epoch conflicts resolution algorithm";
const SPEC_SLOTS: &str = "Hash slots configuration propagation";
const SPEC_UPDATE: &str = "UPDATE messages, a closer look";
const SPEC_REJOIN: &str = "How nodes rejoin the cluster";

fn epochs(id: &'static str, left: Epoch, relation: Relation, right: Epoch, passed: bool) -> Guard {
    Guard::new(id, Number::Epoch(left), relation, Number::Epoch(right), passed)
}

pub(super) fn epoch_adopted(from: NodeId, old: Epoch, new: Epoch) -> Card {
    Card::new("epoch.adopted", "adopt-epoch", SPEC_CLOCK).about(from).with(epochs(
        "epoch.higher",
        new,
        Relation::Above,
        old,
        new > old,
    ))
}

pub(super) fn collision(with: NodeId, shared: Epoch, new: Option<Epoch>) -> Card {
    let (id, decision) = match new {
        Some(_) => ("epoch.collision.moved-on", "take-epoch"),
        None => ("epoch.collision.stayed", "keep-epoch"),
    };
    Card::new(id, decision, SPEC_COLLISION)
        .about(with)
        .with(epochs("epoch.same", shared, Relation::Equal, shared, true))
        .with(Guard::is("epoch.smaller-id", new.is_some()))
        .fact("epoch", new.map_or(Number::None, Number::Epoch))
}

/// The next epoch without a vote: from a person's command, or at the end of an import.
pub(super) fn bumped(old: Epoch, new: Epoch) -> Card {
    let is_highest = Guard::is("epoch.not-highest-yet", old != new);
    let (id, decision) =
        if old == new { ("epoch.still", "keep-epoch") } else { ("epoch.bumped", "take-epoch") };
    Card::new(id, decision, SPEC_COLLISION).with(is_highest).fact("epoch", Number::Epoch(new))
}

/// One guard for each range that changed hands, or the one comparison that refused.
pub(super) fn claim(verdict: &ClaimVerdict) -> Card {
    let claimed = verdict.epoch;
    if let Some((slot, owner, epoch)) = verdict.stale {
        let guard = epochs("claim.not-older", claimed, Relation::AtLeast, epoch, claimed >= epoch);
        let mut card =
            Card::new("claim.stale", "keep-slots", SPEC_SLOTS).about(verdict.claimant).with(guard);
        (card.slot, card.other) = (Some(slot), Some(owner));
        return card;
    }
    let mut card = Card::new("claim.won", "give-slots", SPEC_SLOTS).about(verdict.claimant);
    let mut slots: u64 = 0;
    for (first, last, owner, epoch) in &verdict.won {
        slots += u64::from(last.get().saturating_sub(first.get())) + 1;
        let guard = match owner {
            None => Guard::is("claim.unassigned", true),
            Some(owner) => {
                card.other.get_or_insert(*owner);
                epochs("claim.newer", claimed, Relation::Above, *epoch, true)
            }
        };
        // Ranges of one owner are decided by one comparison.
        if !card.guards.contains(&guard) {
            card.guards.push(guard);
        }
        card.slot.get_or_insert(*first);
    }
    card.fact("slots", Number::Count(slots))
}

pub(super) fn update(with: NodeId, about: NodeId, epoch: Epoch, sent: bool) -> Card {
    let mut card = if sent {
        Card::new("claim.update-sent", "send-update", SPEC_UPDATE)
    } else {
        Card::new("claim.update-heard", "adopt-slots", SPEC_UPDATE)
    };
    card.other = Some(about);
    card.about(with).fact("epoch", Number::Epoch(epoch))
}

pub(super) fn demoted(demotion: &Demotion) -> Card {
    let card = if demotion.followed {
        Card::new("follow.grandmaster", "follow", SPEC_REJOIN)
            .with(Guard::is("follow.master-is-replica", true))
    } else {
        Card::new("follow.slots-lost", "follow", SPEC_REJOIN)
            .with(Guard::is("follow.lost-last-slot", true))
    };
    card.about(demotion.of).fact("epoch", Number::Epoch(demotion.epoch))
}
