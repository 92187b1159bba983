//! What a winner does: take the epoch, the role and the slots, and tell everybody.
//!
//! Spec: Redis Cluster spec, "Replica election and promotion"; Redis 7.0 behaviour.

use alloc::vec::Vec;

use super::{Ctx, speak};
use crate::{
    cluster::PeerIdx,
    explain::Reason,
    io::{Effect, Level, Notice},
    slot::Slot,
};

/// The votes suffice.
pub(crate) fn win(ctx: &mut Ctx<'_>, votes: u32, needed: u32) {
    let cluster = &mut ctx.b.cluster;
    let Some(epoch) = cluster.election.plan.as_ref().and_then(|plan| plan.epoch) else { return };
    let Some(master) = cluster.my_master() else { return };
    let Some(replaced) = cluster.peers.id_of(master) else { return };
    let slots = cluster.peers.get(master).map_or(0, |peer| u32::from(peer.slot_count));
    let raised = cluster.me().config_epoch < epoch;
    if raised {
        cluster.me_mut().config_epoch = epoch;
    }
    // Differs from Redis, where a winner may give its first vote as a master in the very epoch that
    // it has won; together with the vote of the master that it replaced, another replica wins the
    // epoch once more. Who wins has voted: for itself.
    cluster.last_vote_epoch = cluster.last_vote_epoch.max(epoch);
    ctx.out.because(Reason::Elected { epoch, votes, needed, replaced, slots });
    if raised {
        ctx.out.log(Level::Warning, || {
            alloc::format!("configEpoch set to {epoch} after successful failover")
        });
    }
    take_over(ctx, master);
}

/// Takes the place of `master`: role, data history, slots; then everybody is told.
pub(crate) fn take_over(ctx: &mut Ctx<'_>, master: PeerIdx) {
    let cluster = &mut ctx.b.cluster;
    let slots: Vec<Slot> = match cluster.peers.get(master) {
        Some(peer) => peer.slots.iter().collect(),
        None => return,
    };
    cluster.set_as_master(PeerIdx::ME);
    for slot in slots {
        cluster.assign(slot, PeerIdx::ME);
    }
    cluster.election.reset();
    cluster.todo.sync();
    let epoch = cluster.me().config_epoch;
    // Before replication speaks: its lines are a master's, as in Redis.
    ctx.out.push(Effect::Notice(Notice::BecameMaster { epoch }));
    super::replication::follow_nobody(ctx);
    super::serving::update(ctx);
    speak::pong_of_takeover(ctx, master);
    super::manual::reset(ctx);
}
