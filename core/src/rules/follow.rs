//! Becoming a replica: of the master that took over, of a grandmaster, or as told.
//!
//! Spec: Redis Cluster spec, "The slots configuration update"; Redis 7.0 behaviour.

use super::Ctx;
use crate::{
    cluster::PeerIdx,
    explain::{Demotion, Reason},
    io::{Effect, Notice},
};

/// Why a node follows another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// This node, or its master, lost its last slot to it.
    SlotsLost,
    /// This node's master became a replica itself.
    Grandmaster,
    /// `CLUSTER REPLICATE`.
    Told,
    /// A master without replicas needs one.
    Migration,
}

/// This node becomes a replica of `master`, or changes to it.
pub(crate) fn follow(ctx: &mut Ctx<'_>, master: PeerIdx, cause: Cause) {
    let cluster = &mut ctx.b.cluster;
    let Some(peer) = cluster.peers.get(master) else { return };
    let (of, epoch, addr) = (peer.id, peer.config_epoch, peer.endpoint.data());
    if master == PeerIdx::ME {
        return;
    }
    match cause {
        Cause::SlotsLost | Cause::Grandmaster => {
            let followed = cause == Cause::Grandmaster;
            ctx.out.because(Reason::Demoted(Demotion { of, epoch, followed }));
        }
        // Said already, by the person or by the rule.
        Cause::Told | Cause::Migration => {}
    }
    let cluster = &mut ctx.b.cluster;
    if cluster.is_master() {
        cluster.owners.migrating.clear();
        cluster.owners.importing.clear();
    }
    cluster.set_master(PeerIdx::ME, master);
    cluster.election.reset();
    match cause {
        Cause::SlotsLost | Cause::Grandmaster => cluster.todo.sync(),
        Cause::Told | Cause::Migration => cluster.todo.write(),
    }
    cluster.todo.serving = true;
    // Before replication speaks: its lines are a replica's, as in Redis.
    ctx.out.push(Effect::Notice(Notice::BecameReplica { of }));
    if let Some(addr) = addr {
        super::replication::follow(ctx, addr);
    }
    // Writes that waited for a manual failover find a replica now, and are sent on.
    super::manual::reset(ctx);
}
