//! CLUSTER FORGET: dropping a node, and the ban list that keeps gossip from bringing it back.
//!
//! Everybody must forget within a minute, else somebody who still knows the node gossips it to
//! those who forgot. The ban concerns gossip alone: a MEET is an explicit wish.
//!
//! Spec: Redis Cluster spec, "Node removal"; Redis 7.0 behaviour.

use super::Ctx;
use crate::{
    cluster::PeerIdx,
    explain::Reason,
    id::NodeId,
    io::{Effect, HangupReason},
};

/// How long a forgotten node may not come back through gossip.
pub(crate) const BAN_MS: u64 = 60_000;

/// Drops a node, its links and all references to it.
pub(crate) fn drop_peer(ctx: &mut Ctx<'_>, at: PeerIdx) {
    if ctx.b.cluster.manual.is_some_and(|manual| manual.paused_for() == Some(at)) {
        super::manual::reset(ctx);
    }
    for link in ctx.b.cluster.remove_peer(at) {
        ctx.out.push(Effect::Hangup { link, why: HangupReason::PeerGone });
    }
    ctx.b.cluster.todo.write();
    ctx.b.cluster.todo.serving = true;
}

/// Forgets a node for a minute.
pub(crate) fn forget(ctx: &mut Ctx<'_>, at: PeerIdx) {
    let until = ctx.now.mono.plus_ms(BAN_MS);
    if let Some(id) = ctx.b.cluster.peers.id_of(at) {
        ctx.b.cluster.banned.insert(id, until);
        drop_peer(ctx, at);
    }
}

/// Whether gossip may not bring this node back now.
pub(crate) fn is_banned(ctx: &mut Ctx<'_>, id: NodeId) -> bool {
    let now = ctx.now.mono;
    let banned = &mut ctx.b.cluster.banned;
    banned.retain(|_, until| *until > now);
    let Some(until) = banned.get(&id) else { return false };
    let left_ms = until.ms_since(now);
    ctx.out.because_if(|| Reason::StillBanned { about: id, left_ms });
    true
}
