//! Replica migration: a replica moves to a master that has lost all of its own.
//!
//! A cluster in which each master has one replica survives one failure, and a second one of the
//! same shard only if somebody brings a new replica in between. A spare replica of another shard
//! may be that somebody: of all replicas of the best-equipped masters the one with the smallest
//! name moves, if its own master keeps at least `cluster-migration-barrier` of them. All replicas
//! judge alike, so one moves; should two, nothing is lost but a full copy.
//!
//! The master must have been an orphan for five seconds without a break: during a failover the
//! loser's replicas need a moment to turn to the winner. And it must once have had replicas (the
//! flag `migrate_to`): a master that never had any runs alone on purpose.
//!
//! Spec: Redis Cluster spec, "Replica migration", "Replica migration algorithm"; Redis 7.0
//! behaviour. Of several orphans the one with the smallest name is helped first (Redis takes them
//! in the order of its hash table).

use super::{
    Ctx,
    follow::{self, Cause},
};
use crate::{
    beliefs::Beliefs,
    cluster::{ClusterState, Peer, PeerIdx},
    explain::{MigrationVerdict, MigrationWait, Reason},
    time::Instant,
};

/// How long a master must have been without a working replica.
const DELAY_MS: u64 = 5000;

/// Replicas of a master that are not FAIL.
fn working(cluster: &ClusterState, master: PeerIdx) -> u32 {
    let count = cluster.replicas_of(master).filter(|(_, peer)| !peer.is_failed()).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A living master that once had replicas and has none that works.
fn is_orphan(cluster: &ClusterState, at: PeerIdx, peer: &Peer) -> bool {
    peer.is_master() && !peer.is_failed() && peer.migration_target && working(cluster, at) == 0
}

/// One look at each tick of a replica.
pub(crate) fn step(ctx: &mut Ctx<'_>) {
    if !ctx.b.config.cluster_allow_replica_migration || !is_worth_a_look(&ctx.b.cluster) {
        ctx.b.cluster.migration_wait = None;
        return;
    }
    note_orphans(ctx);
    let Some(verdict) = judge(ctx.b, ctx.now.mono) else { return };
    let moves = verdict.refused.is_none();
    let (to, wait) = (verdict.to, verdict.refused);
    let news = ctx.b.cluster.migration_wait != wait;
    ctx.b.cluster.migration_wait = wait;
    if moves {
        ctx.out.because(Reason::Migration(verdict));
        if let Some(target) = ctx.b.cluster.peers.find(to) {
            follow::follow(ctx, target, Cause::Migration);
        }
    } else if news {
        ctx.out.because_if(|| Reason::Migration(verdict));
    }
}

/// Somebody is an orphan, and this node's master is among those with the most replicas, at least
/// two.
fn is_worth_a_look(cluster: &ClusterState) -> bool {
    let Some(mine) = cluster.my_master() else { return false };
    let (mut orphans, mut most, mut here) = (0, 0, 0);
    for (at, peer) in cluster.peers.others() {
        if !peer.is_master() || peer.is_failed() || peer.noaddr || !peer.is_introduced() {
            continue;
        }
        orphans += u32::from(peer.slot_count > 0 && is_orphan(cluster, at, peer));
        let count = working(cluster, at);
        most = most.max(count);
        if at == mine {
            here = count;
        }
    }
    orphans > 0 && most >= 2 && here == most
}

/// Since when is each orphan one?
fn note_orphans(ctx: &mut Ctx<'_>) {
    let now = ctx.now.mono;
    for at in ctx.b.cluster.peers.other_places() {
        let cluster = &mut ctx.b.cluster;
        let orphan = cluster.peers.get(at).is_some_and(|peer| is_orphan(cluster, at, peer));
        if let Some(peer) = cluster.peers.get_mut(at) {
            peer.orphan_since = orphan.then(|| peer.orphan_since.unwrap_or(now));
        }
    }
}

/// Shall this replica move, and to whom? `None` while nobody is an orphan.
pub(crate) fn judge(b: &Beliefs, now: Instant) -> Option<MigrationVerdict> {
    let cluster = &b.cluster;
    let mine = cluster.my_master()?;
    let orphan = |(_, peer): &(PeerIdx, &Peer)| peer.orphan_since.is_some() && peer.slot_count > 0;
    let (_, target) = cluster.peers.others().filter(orphan).min_by_key(|(_, peer)| peer.id)?;
    let most = cluster
        .peers
        .iter()
        .filter(|(_, peer)| peer.is_master())
        .map(|(at, _)| working(cluster, at))
        .max()?;
    let smallest = cluster
        .peers
        .iter()
        .filter(|(_, peer)| peer.master().is_some_and(|master| working(cluster, master) == most))
        .map(|(_, peer)| peer.id)
        .min()?;
    let fine = cluster.replicas_of(mine).filter(|(_, peer)| peer.is_fine()).count();
    let mut verdict = MigrationVerdict {
        to: target.id,
        working: u32::try_from(fine).unwrap_or(u32::MAX),
        barrier: b.config.cluster_migration_barrier,
        orphaned_ms: target.orphan_since.map_or(0, |since| now.ms_since(since)),
        delay_ms: DELAY_MS,
        me: cluster.my_id(),
        smallest,
        refused: None,
    };
    verdict.refused = if !cluster.serves() {
        Some(MigrationWait::NotServing)
    } else if verdict.working <= verdict.barrier {
        Some(MigrationWait::Barrier)
    } else if smallest != cluster.my_id() {
        Some(MigrationWait::NotSmallest)
    } else {
        (verdict.orphaned_ms <= DELAY_MS).then_some(MigrationWait::Delay)
    };
    Some(verdict)
}
