//! May this node answer clients? (`cluster_state`.)
//!
//! Fail when slots are uncovered or their owner is FAIL (unless `cluster-require-full-coverage`
//! is off), and always when this node cannot reach a majority of the masters that own slots: the
//! other side may have promoted somebody, and writes taken here would be lost.
//!
//! Going back to ok is slow on purpose for a master. After a start it waits 2 s, so that it can
//! hear first whether it still owns its slots; after a minority it waits for the node timeout
//! (500 to 5000 ms), so that others can tell it what happened meanwhile.
//!
//! Spec: Redis Cluster spec, "Availability"; Redis 7.0 behaviour.

use super::Ctx;
use crate::{
    cluster::{ClusterState, PeerIdx},
    explain::{Reason, ServingVerdict},
    slot::SLOTS,
};

/// How long a master stays down after its first look.
const WRITABLE_DELAY_MS: u64 = 2000;

/// Looks at coverage and majority; who may say so is `update`'s business.
pub(crate) fn judge(cluster: &ClusterState, full_coverage: bool) -> ServingVerdict {
    let (mut covered, mut failed, mut size, mut reachable) = (0, 0, 0, 0);
    for (at, peer) in cluster.peers.iter() {
        let slots = u32::from(peer.slot_count);
        covered += slots;
        if peer.is_failed() {
            failed += slots;
        }
        if peer.is_voter() {
            size += 1;
            reachable += u32::from(at == PeerIdx::ME || peer.is_fine());
        }
    }
    let uncovered = u32::from(SLOTS).saturating_sub(covered);
    let needed = size / 2 + 1;
    let whole = uncovered == 0 && failed == 0;
    let ok = (whole || !full_coverage) && reachable >= needed;
    ServingVerdict { ok, uncovered, failed, reachable, needed, full_coverage }
}

/// Looks again and changes the state if it may.
pub(crate) fn update(ctx: &mut Ctx<'_>) {
    let now = ctx.now.mono;
    let rejoin_ms = ctx.node_timeout_ms().clamp(500, 5000);
    let full_coverage = ctx.b.config.cluster_require_full_coverage;
    let cluster = &mut ctx.b.cluster;
    cluster.todo.serving = false;
    let first_look = *cluster.serving.first_look.get_or_insert(now);
    let is_master = cluster.is_master();
    let was_ok = cluster.serves();
    if is_master && !was_ok && now.ms_since(first_look) < WRITABLE_DELAY_MS {
        return;
    }
    let mut verdict = judge(cluster, full_coverage);
    if verdict.reachable < verdict.needed {
        cluster.serving.minority_at = Some(now);
    }
    if verdict.ok == was_ok {
        cluster.serving.last = verdict;
        return;
    }
    let waits = verdict.ok
        && is_master
        && cluster.serving.minority_at.is_some_and(|at| now.ms_since(at) < rejoin_ms);
    if waits {
        verdict.ok = false;
        cluster.serving.last = verdict;
        return;
    }
    cluster.serving.last = verdict;
    ctx.out.because(Reason::Serving(verdict));
}
