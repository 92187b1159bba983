//! Epochs: adopting a higher one, and two masters that hold the same.
//!
//! The current epoch is the cluster's clock: the highest one heard of wins. A config epoch versions
//! one master's claim to its slots and is normally won by votes; the exceptions (a closed import,
//! TAKEOVER, BUMPEPOCH) take the next one without asking. Such shortcuts can give two masters the
//! same config epoch, and then neither claim beats the other. So when a master hears its own config
//! epoch from another master, the one whose ID is smaller moves on to a new one; the other stays.
//!
//! Spec: Redis Cluster spec, "configEpoch conflicts resolution algorithm"; Redis 7.0 behaviour.

use super::Ctx;
use crate::{cluster::PeerIdx, config::Broken, epoch::Epoch, explain::Reason};

/// A known node's header: its clock may be ahead, and its claim may have a newer version.
pub(crate) fn adopt(ctx: &mut Ctx<'_>, from: PeerIdx, current: Epoch, config: Epoch) {
    let cluster = &mut ctx.b.cluster;
    let Some(peer) = cluster.peers.get_mut(from) else { return };
    let from = peer.id;
    let broken = ctx.b.config.broken;
    if config > peer.config_epoch && broken.stands(Broken::NoConfigEpochAdopted) {
        peer.config_epoch = config;
        cluster.todo.sync();
    }
    if current > cluster.current_epoch && broken.stands(Broken::NoEpochAdopted) {
        let old = cluster.current_epoch;
        cluster.current_epoch = current;
        cluster.todo.write();
        ctx.out.because_if(|| Reason::EpochAdopted { from, old, new: current });
    }
}

/// Another master speaks: does it hold the same config epoch as this one?
pub(crate) fn collide(ctx: &mut Ctx<'_>, with: PeerIdx, told: Epoch) {
    let cluster = &mut ctx.b.cluster;
    let Some(other) = cluster.peers.get(with) else { return };
    let broken = ctx.b.config.broken;
    if !cluster.is_master() || !other.is_master() || broken == Broken::NoCollision {
        return;
    }
    let shared = cluster.me().config_epoch;
    if other.config_epoch != shared || told != shared {
        return;
    }
    let with = other.id;
    let moves = cluster.my_id() < with || broken == Broken::NoCollisionOrder;
    let new = moves.then(|| cluster.current_epoch.next());
    if let Some(new) = new {
        cluster.current_epoch = new;
        cluster.me_mut().config_epoch = new;
        cluster.todo.sync();
    }
    if new.is_some() {
        ctx.out.because(Reason::EpochCollision { with, shared, new });
    } else {
        ctx.out.because_if(|| Reason::EpochCollision { with, shared, new });
    }
}

/// Takes the next epoch without asking anybody, unless this node already holds the highest one.
/// Returns the config epoch, and whether it is new.
pub(crate) fn bump_without_consensus(ctx: &mut Ctx<'_>) -> (Epoch, bool) {
    let cluster = &mut ctx.b.cluster;
    let max = cluster.max_epoch();
    let mine = cluster.me().config_epoch;
    let once = ctx.b.config.broken.stands(Broken::NoBumpOnce);
    if mine != Epoch::ZERO && mine == max && once {
        ctx.out.because_if(|| Reason::EpochBumped { old: mine, new: mine });
        return (mine, false);
    }
    let new = max.next();
    cluster.current_epoch = new;
    cluster.me_mut().config_epoch = new;
    cluster.todo.sync();
    ctx.out.because(Reason::EpochBumped { old: mine, new });
    (new, true)
}
