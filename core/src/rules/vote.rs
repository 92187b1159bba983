//! A master's answer to a replica that asks for its vote.
//!
//! Six guards in a fixed order. The first is silent, the others say in the log what they compared.
//! One vote per epoch makes two winners in one epoch impossible; the vote must be on disk before
//! it leaves, else a restart could give it twice (`io::Effect::Persist` is the barrier).
//! One vote per failed master in two node timeouts gives the winner time to tell everybody, so
//! that a second replica does not start another election.
//!
//! Spec: Redis Cluster spec, "Replica election and promotion"; Redis 7.0 behaviour.

use super::{Ctx, failure, speak};
use crate::{
    cluster::{ClusterState, Peer, PeerIdx},
    config::Broken,
    epoch::Epoch,
    explain::{Reason, VoteRefusal, VoteVerdict},
    slot::SlotSet,
    time::Instant,
};

/// What a request says.
pub(crate) struct VoteRequest<'a> {
    /// Who asks.
    pub from: PeerIdx,
    /// The epoch of its election.
    pub current_epoch: Epoch,
    /// The version of the claim it wants to continue.
    pub config_epoch: Epoch,
    /// The slots it wants to serve: its master's.
    pub slots: &'a SlotSet,
    /// It insists although its master is up: a manual failover.
    pub forced: bool,
}

/// Grant (`refused` is `None`) or refuse, with every number compared.
pub(crate) fn judge(
    cluster: &ClusterState,
    request: &VoteRequest<'_>,
    now: Instant,
    node_timeout_ms: u64,
    broken: Broken,
) -> Option<VoteVerdict> {
    let candidate = cluster.peers.get(request.from)?;
    let master = candidate.master().and_then(|at| cluster.peers.get(at));
    let mut verdict = VoteVerdict {
        candidate: candidate.id,
        master: master.map(|peer| peer.id),
        request_epoch: request.current_epoch,
        current_epoch: cluster.current_epoch,
        last_vote_epoch: cluster.last_vote_epoch,
        master_failed: master.is_some_and(Peer::is_failed),
        master_pfail: master.is_some_and(Peer::is_pfail),
        reports: master.map_or(0, |peer| {
            let heard = failure::valid_reports(peer, now, node_timeout_ms);
            u32::try_from(heard).unwrap_or(u32::MAX).saturating_add(u32::from(peer.is_pfail()))
        }),
        needed: cluster.majority(),
        forced: request.forced,
        refused: None,
    };
    let stands = |guard| broken.stands(guard);
    verdict.refused = if !cluster.me().is_voter() && stands(Broken::NoVoteRights) {
        Some(VoteRefusal::NotVoter)
    } else if request.current_epoch < cluster.current_epoch && stands(Broken::NoVoteEpoch) {
        Some(VoteRefusal::EpochBehind)
    } else if cluster.last_vote_epoch == cluster.current_epoch {
        Some(VoteRefusal::AlreadyVoted)
    } else if candidate.is_master() && stands(Broken::NoVoteReplica) {
        Some(VoteRefusal::NotReplica)
    } else if let Some(master) = master {
        let voted_ms = master.voted_at.map(|at| now.ms_since(at));
        let pause_ms = node_timeout_ms.saturating_mul(2);
        if !master.is_failed() && !request.forced && stands(Broken::NoVoteMasterFailed) {
            Some(VoteRefusal::MasterUp)
        } else if let Some(ago) =
            voted_ms.filter(|ago| *ago < pause_ms && stands(Broken::NoVotePause))
        {
            Some(VoteRefusal::TooSoon { wait_ms: pause_ms - ago })
        } else {
            stale_claim(cluster, request).filter(|_| stands(Broken::NoVoteClaims))
        }
    } else if broken == Broken::NoVoteMasterKnown || broken == Broken::NoVoteReplica {
        stale_claim(cluster, request)
    } else {
        Some(VoteRefusal::MasterUnknown)
    };
    Some(verdict)
}

/// The first claimed slot whose owner, still claiming it, holds a newer config epoch.
fn stale_claim(cluster: &ClusterState, request: &VoteRequest<'_>) -> Option<VoteRefusal> {
    request.slots.iter().find_map(|slot| {
        let owner = cluster.owner(slot).filter(|_| cluster.owners.is_claimed(slot))?;
        let owner = cluster.peers.get(owner)?.config_epoch;
        let request = request.config_epoch;
        (owner > request).then_some(VoteRefusal::StaleClaim { slot, owner, request })
    })
}

/// A request arrived.
pub(crate) fn answer(ctx: &mut Ctx<'_>, request: &VoteRequest<'_>) {
    let now = ctx.now.mono;
    let verdict = judge(&ctx.b.cluster, request, now, ctx.node_timeout_ms(), ctx.b.config.broken);
    let Some(verdict) = verdict else { return };
    let granted = verdict.refused.is_none();
    ctx.out.because(Reason::Vote(verdict));
    if granted {
        grant(ctx, request.from);
    }
}

fn grant(ctx: &mut Ctx<'_>, to: PeerIdx) {
    let now = ctx.now.mono;
    let broken = ctx.b.config.broken;
    let cluster = ctx.cluster();
    if broken.stands(Broken::NoLastVoteEpoch) {
        cluster.last_vote_epoch = cluster.current_epoch;
        if let Some(master) = cluster.peers.get(to).and_then(Peer::master)
            && let Some(master) = cluster.peers.get_mut(master)
        {
            master.voted_at = Some(now);
        }
    }
    cluster.todo.sync();
    speak::auth_ack(ctx, to);
}
