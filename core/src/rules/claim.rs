//! Who owns a slot after a claim, and teaching those who claim what they lost.
//!
//! Every heartbeat claims slots with a config epoch. A claim wins a slot that nobody owns, that its
//! owner stopped claiming, or whose owner has a lower config epoch. Slots that a master no longer
//! claims stay with it in this table until somebody else claims them: a lost claim is not a gift.
//!
//! Whoever loses its last slot to a claimant becomes its replica, and so do the loser's replicas:
//! that is how an old master comes back as a replica, without anybody telling it to.
//!
//! A claimant that is behind gets an UPDATE about the owner that it does not know of.
//!
//! Spec: Redis Cluster spec, "Hash slots configuration propagation", "UPDATE messages"; Redis 7.0
//! behaviour.

use alloc::vec::Vec;

use super::{
    Ctx,
    follow::{self, Cause},
    replication, speak, watch,
};
use crate::{
    cluster::{ClusterState, Peer, PeerIdx},
    config::Broken,
    epoch::Epoch,
    explain::{ClaimVerdict, Reason},
    id::NodeId,
    slot::{Slot, SlotSet},
};

/// What a claim may change, slot by slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// It is the claimant's already.
    AlreadyTheirs,
    /// This node imports it; only its own commands end that.
    Importing,
    /// The claim wins.
    Won,
    /// The present owner's claim is at least as new.
    Stale,
}

/// Does a claim to `slot` with `epoch` win?
pub(crate) fn judge(
    cluster: &ClusterState,
    claimant: PeerIdx,
    epoch: Epoch,
    slot: Slot,
    broken: Broken,
) -> Judgement {
    let importing =
        cluster.owners.importing.contains_key(&slot) && broken.stands(Broken::NoClaimImporting);
    let Some(owner) = cluster.owner(slot) else {
        return if importing { Judgement::Importing } else { Judgement::Won };
    };
    if owner == claimant {
        return Judgement::AlreadyTheirs;
    }
    if importing {
        return Judgement::Importing;
    }
    let older = cluster.peers.get(owner).is_none_or(|peer| peer.config_epoch < epoch);
    let given_up = !cluster.owners.is_claimed(slot) && broken.stands(Broken::NoClaimGivenUp);
    if older || given_up || broken == Broken::NoClaimEpoch {
        Judgement::Won
    } else {
        Judgement::Stale
    }
}

/// A heartbeat of a known node claims slots: its own, or its master's if it is a replica.
pub(crate) fn hear(ctx: &mut Ctx<'_>, from: PeerIdx, epoch: Epoch, claim: &SlotSet) {
    let cluster = &ctx.b.cluster;
    let Some(sender) = cluster.peers.get(from) else { return };
    let stands_for = if sender.is_master() { Some(from) } else { sender.master() };
    let Some(recorded) = stands_for.and_then(|at| cluster.peers.get(at)) else { return };
    if *recorded.slots == *claim {
        return;
    }
    if sender.is_master() {
        apply(ctx, from, epoch, claim);
    }
    if ctx.b.config.broken.stands(Broken::NoUpdate) {
        teach(ctx, from, epoch, claim);
    }
}

/// What the walk over a claim found.
#[derive(Default)]
struct Taken {
    slots: Vec<(Slot, Option<PeerIdx>)>,
    dirty: Vec<Slot>,
    from_my_shard: u16,
}

/// Rebinds slots to a claimant, from a heartbeat or an UPDATE.
pub(crate) fn apply(ctx: &mut Ctx<'_>, claimant: PeerIdx, epoch: Epoch, claim: &SlotSet) {
    if claimant == PeerIdx::ME {
        return;
    }
    let shard_master = ctx.b.cluster.my_shard_master();
    let taken = rebind(ctx, claimant, epoch, claim, shard_master);
    if !taken.slots.is_empty() {
        ctx.b.cluster.todo.sync();
        ctx.b.cluster.todo.serving = true;
        explain(ctx, claimant, epoch, &taken);
    }
    let cluster = &ctx.b.cluster;
    let lost_all = taken.from_my_shard > 0
        && cluster.peers.get(shard_master).is_some_and(|peer| peer.slot_count == 0);
    let whole_claim = claim.len() == taken.from_my_shard;
    let grandmaster = cluster
        .my_master()
        .and_then(|at| cluster.peers.get(at))
        .and_then(Peer::master)
        .filter(|at| *at != PeerIdx::ME)
        .filter(|_| ctx.b.config.broken.stands(Broken::NoGrandmaster));
    let lost_all = lost_all && ctx.b.config.broken.stands(Broken::NoFollow);
    if lost_all && (ctx.b.config.cluster_allow_replica_migration || whole_claim) {
        follow::follow(ctx, claimant, Cause::SlotsLost);
    } else if let Some(grandmaster) = grandmaster {
        follow::follow(ctx, grandmaster, Cause::Grandmaster);
    } else if ctx.b.config.broken.stands(Broken::NoCleanSlots) {
        // The rest of this node's slots stay; keys of the lost ones are somebody else's now.
        for slot in taken.dirty {
            let keys = ctx.b.store.keys_in_slot(slot, usize::MAX);
            ctx.b.store.remove_slot(slot);
            for key in keys {
                replication::propagate(ctx, &[b"DEL", &key]);
                watch::touched(ctx, &key);
            }
        }
    }
}

fn rebind(
    ctx: &mut Ctx<'_>,
    claimant: PeerIdx,
    epoch: Epoch,
    claim: &SlotSet,
    shard_master: PeerIdx,
) -> Taken {
    let mut taken = Taken::default();
    for slot in Slot::all() {
        let cluster = &mut ctx.b.cluster;
        if !claim.contains(slot) {
            if cluster.owner(slot) == Some(claimant) {
                cluster.owners.set_claimed(slot, false);
            }
            continue;
        }
        match judge(cluster, claimant, epoch, slot, ctx.b.config.broken) {
            Judgement::AlreadyTheirs => cluster.owners.set_claimed(slot, true),
            Judgement::Importing | Judgement::Stale => {}
            Judgement::Won => {
                let owner = cluster.owner(slot);
                if owner == Some(PeerIdx::ME) && ctx.b.store.count_in_slot(slot) > 0 {
                    taken.dirty.push(slot);
                }
                taken.from_my_shard += u16::from(owner == Some(shard_master));
                cluster.assign(slot, claimant);
                taken.slots.push((slot, owner));
            }
        }
    }
    taken
}

/// Tells what changed hands, in ranges.
fn explain(ctx: &mut Ctx<'_>, claimant: PeerIdx, epoch: Epoch, taken: &Taken) {
    if !ctx.out.is_explaining() {
        return;
    }
    let cluster = &ctx.b.cluster;
    let Some(claimant) = cluster.peers.id_of(claimant) else { return };
    let mut won: Vec<(Slot, Slot, Option<NodeId>, Epoch)> = Vec::new();
    for (slot, owner) in &taken.slots {
        let owner = owner.and_then(|at| cluster.peers.get(at));
        let (id, was) =
            owner.map_or((None, Epoch::ZERO), |peer| (Some(peer.id), peer.config_epoch));
        match won.last_mut() {
            Some((_, to, last, _)) if *last == id && to.get() + 1 == slot.get() => *to = *slot,
            _ => won.push((*slot, *slot, id, was)),
        }
    }
    ctx.out.because(Reason::Claim(ClaimVerdict { claimant, epoch, won, stale: None }));
}

/// The sender claims a slot whose owner, still claiming it, is newer: one UPDATE about that owner.
fn teach(ctx: &mut Ctx<'_>, from: PeerIdx, epoch: Epoch, claim: &SlotSet) {
    let cluster = &ctx.b.cluster;
    let newer = claim.iter().find_map(|slot| {
        let owner = cluster.owner(slot).filter(|at| *at != from)?;
        let peer = cluster.peers.get(owner)?;
        let behind = cluster.owners.is_claimed(slot) && peer.config_epoch > epoch;
        behind.then_some((slot, owner, peer.id, peer.config_epoch))
    });
    let Some((slot, owner, about, newer)) = newer else { return };
    let Some(to) = cluster.peers.id_of(from) else { return };
    ctx.out.because_if(|| {
        let stale = Some((slot, about, newer));
        Reason::Claim(ClaimVerdict { claimant: to, epoch, won: Vec::new(), stale })
    });
    ctx.out.because(Reason::UpdateSent { to, about, epoch: newer });
    speak::update(ctx, from, owner);
}

/// An UPDATE: somebody knows better who owns these slots.
pub(crate) fn hear_update(
    ctx: &mut Ctx<'_>,
    from: PeerIdx,
    about: NodeId,
    epoch: Epoch,
    slots: &SlotSet,
) {
    let cluster = &mut ctx.b.cluster;
    let Some(from_id) = cluster.peers.id_of(from) else { return };
    let Some(at) = cluster.peers.find(about) else { return };
    if at == PeerIdx::ME {
        ctx.out.log(crate::io::Level::Warning, || "Discarding UPDATE message about myself.".into());
        return;
    }
    let broken = ctx.b.config.broken;
    let is_news = |peer: &&mut Peer| peer.config_epoch < epoch || broken == Broken::NoUpdateEpoch;
    let Some(peer) = cluster.peers.get_mut(at).filter(is_news) else { return };
    peer.config_epoch = epoch;
    let was_replica = !peer.is_master();
    if was_replica {
        cluster.set_as_master(at);
    }
    cluster.todo.sync();
    ctx.out.because_if(|| Reason::UpdateHeard { from: from_id, about, epoch });
    apply(ctx, at, epoch, slots);
}
