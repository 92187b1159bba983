//! A replica's way to its master's place: wait, ask, count, or not.
//!
//! When the master is FAIL, a replica plans an election: 500 ms so that the FAIL message reaches
//! everybody (voters refuse while their own table says the master is up), 0 to 499 ms at random so
//! that two replicas rarely ask at once, and a second for each replica of the same master that
//! holds more data. Then it takes the next epoch and asks every node. A majority of the masters
//! that own slots, failed ones included in the count, makes it the winner; two timeouts without
//! one end the attempt, and the next may start two timeouts after that.
//!
//! It does not ask at all when its data is too old (`cluster-replica-validity-factor`): serving
//! very old data can be worse than serving none.
//!
//! Spec: Redis Cluster spec, "Replica election and promotion"; Redis 7.0 behaviour.

use alloc::vec::Vec;

use super::{Ctx, promote, speak};
use crate::{
    beliefs::Beliefs,
    cluster::{ClusterState, Manual, Peer, PeerIdx, Relog, Scheduled},
    config::Broken,
    epoch::Epoch,
    explain::{DelayedElection, ElectionWait, Reason},
    time::Instant,
};

/// Lets the FAIL message travel before voters are asked.
const FIXED_DELAY_MS: u64 = 500;
/// Keeps replicas apart.
const RANDOM_DELAY_MS: u32 = 500;
/// What each better replica costs.
const RANK_DELAY_MS: u64 = 1000;
/// The same reason for not failing over is logged again after this long.
const RELOG_MS: u64 = 300_000;
/// No word about not failing over while the master is FAIL for less than the node timeout and this.
const QUIET_MS: u64 = 5000;

/// What a replica does next about its master.
enum Next {
    Wait(ElectionWait),
    Plan,
    Ask,
    Win { votes: u32, needed: u32 },
}

/// How long an attempt lasts; a new one may be planned after twice that.
fn attempt_ms(node_timeout_ms: u64) -> u64 {
    node_timeout_ms.saturating_mul(2).max(2000)
}

/// Why this node may not even plan an election, apart from the age of its data.
fn judge_right(b: &Beliefs, now: Instant) -> Option<ElectionWait> {
    let cluster = &b.cluster;
    let node_timeout_ms = b.config.cluster_node_timeout_ms;
    if cluster.is_master() {
        return Some(ElectionWait::IsMaster);
    }
    let Some(master) = cluster.my_master().and_then(|at| cluster.peers.get(at)) else {
        return Some(ElectionWait::NoMaster);
    };
    // A manual failover is for masters that are up, and for replicas told not to stand.
    let manual = cluster.manual.is_some_and(Manual::is_ready);
    if !master.is_failed() && !manual {
        if let Some(manual) = cluster.manual {
            return Some(super::manual::wait(manual, b.repl.offset()));
        }
        let reports = super::failure::valid_reports(master, now, node_timeout_ms);
        return Some(ElectionWait::MasterNotFail {
            pfail: master.is_pfail(),
            reports: u32::try_from(reports).unwrap_or(u32::MAX),
            needed: cluster.majority(),
        });
    }
    if b.config.cluster_replica_no_failover && !manual {
        return Some(ElectionWait::NoFailover);
    }
    if master.slot_count == 0 {
        return Some(ElectionWait::NothingToSave);
    }
    if manual { None } else { judge_data_age(b, now) }
}

/// Is the data young enough? The node timeout is taken off, since that long nobody noticed.
fn judge_data_age(b: &Beliefs, now: Instant) -> Option<ElectionWait> {
    let config = &b.config;
    let factor = config.cluster_replica_validity_factor;
    let node_timeout_ms = config.cluster_node_timeout_ms;
    let age_ms = b.repl.silence_s(now).map(|age_s| {
        let raw_ms = age_s.saturating_mul(1000);
        if raw_ms > node_timeout_ms { raw_ms - node_timeout_ms } else { raw_ms }
    });
    let limit_ms = config
        .repl_ping_replica_period_s
        .saturating_mul(1000)
        .saturating_add(node_timeout_ms.saturating_mul(factor));
    (factor > 0 && age_ms.is_none_or(|age_ms| age_ms > limit_ms))
        .then_some(ElectionWait::DataAge { age_ms, limit_ms })
}

fn judge(b: &Beliefs, now: Instant) -> Next {
    if let Some(wait) = judge_right(b, now) {
        return Next::Wait(wait);
    }
    let timeout_ms = attempt_ms(b.config.cluster_node_timeout_ms);
    let cluster = &b.cluster;
    let Some(plan) = &cluster.election.plan else { return Next::Plan };
    let age_ms = now.ms_since(plan.asks_at);
    if age_ms > timeout_ms.saturating_mul(2) {
        return Next::Plan;
    }
    if now < plan.asks_at {
        return Next::Wait(ElectionWait::Delay { left_ms: plan.asks_at.ms_since(now) });
    }
    if age_ms > timeout_ms {
        let retry_in_ms = timeout_ms.saturating_mul(2).saturating_sub(age_ms);
        return Next::Wait(ElectionWait::Expired { retry_in_ms });
    }
    if plan.epoch.is_none() {
        return Next::Ask;
    }
    let have = u32::try_from(plan.votes.len()).unwrap_or(u32::MAX);
    let needed = needed_votes(b);
    if have >= needed {
        Next::Win { votes: have, needed }
    } else {
        Next::Wait(ElectionWait::Votes { have, needed })
    }
}

fn needed_votes(b: &Beliefs) -> u32 {
    if b.config.broken.stands(Broken::NoQuorum) { majority(&b.cluster) } else { 1 }
}

/// How many votes win the election that is held, or would be.
///
/// Differs from Redis, which takes the majority of the moment: a candidate that hears of masters
/// that stepped down, and not yet of their heirs, holds the cluster for small, and one vote could
/// win it an epoch that another has won with two. The majority never shrinks in an election here.
pub(crate) fn majority(cluster: &ClusterState) -> u32 {
    let asked = cluster.election.plan.as_ref().map_or(0, |plan| plan.needed);
    cluster.majority().max(asked)
}

/// Why this replica does not hold an election now, for whoever asks.
pub(crate) fn why_not(b: &Beliefs, now: Instant) -> ElectionWait {
    match judge(b, now) {
        Next::Wait(wait) => wait,
        Next::Plan | Next::Ask => ElectionWait::Delay { left_ms: 0 },
        Next::Win { votes, needed } => ElectionWait::Votes { have: votes, needed },
    }
}

/// One step: at each tick of a replica, and whenever something moved.
pub(crate) fn step(ctx: &mut Ctx<'_>) {
    ctx.b.cluster.todo.election = false;
    update_rank(ctx);
    match judge(ctx.b, ctx.now.mono) {
        Next::Wait(wait) => note_wait(ctx, wait),
        Next::Plan => plan(ctx),
        Next::Ask => ask(ctx),
        Next::Win { votes, needed } => promote::win(ctx, votes, needed),
    }
}

/// How many other replicas of the same master hold more data than this one.
pub(crate) fn rank(cluster: &ClusterState, offset: u64) -> u32 {
    let Some(master) = cluster.my_master() else { return 0 };
    let better = cluster
        .replicas_of(master)
        .filter(|(at, peer)| *at != PeerIdx::ME && !peer.nofailover && peer.offset > offset)
        .count();
    u32::try_from(better).unwrap_or(u32::MAX)
}

fn plan(ctx: &mut Ctx<'_>) {
    let now = ctx.now.mono;
    let offset = ctx.b.repl.offset();
    // Drawn in any case: the order of draws does not depend on why an election is held.
    let random_ms = u64::from(ctx.b.rng.below(RANDOM_DELAY_MS));
    let delay = if ctx.b.cluster.manual.is_some() {
        // The master stands still and waits: at once, whatever others hold.
        ctx.b.cluster.todo.election = true;
        DelayedElection { fixed_ms: 0, random_ms: 0, rank: 0, offset }
    } else {
        let rank = rank(&ctx.b.cluster, offset);
        DelayedElection { fixed_ms: FIXED_DELAY_MS, random_ms, rank, offset }
    };
    let asks_at = now.plus_ms(delay.total_ms());
    ctx.out.because(Reason::ElectionDelayed(delay.clone()));
    ctx.b.cluster.election.plan =
        Some(Scheduled { planned: now, asks_at, delay, epoch: None, needed: 0, votes: Vec::new() });
    // The other replicas of this master learn this one's offset before anybody asks.
    speak::pong_to_siblings(ctx);
}

/// While it waits, a replica that turns out to hold more data comes first.
fn update_rank(ctx: &mut Ctx<'_>) {
    if ctx.b.cluster.manual.is_some() || judge_right(ctx.b, ctx.now.mono).is_some() {
        return;
    }
    let rank = rank(&ctx.b.cluster, ctx.b.repl.offset());
    let spent_ms = attempt_ms(ctx.node_timeout_ms()).saturating_mul(2);
    let now = ctx.now.mono;
    let Some(plan) = &mut ctx.b.cluster.election.plan else { return };
    let spent = now.ms_since(plan.asks_at) > spent_ms;
    if spent || plan.epoch.is_some() || rank <= plan.delay.rank {
        return;
    }
    let added_ms = u64::from(rank - plan.delay.rank) * RANK_DELAY_MS;
    plan.delay.rank = rank;
    plan.asks_at = plan.asks_at.plus_ms(added_ms);
    ctx.out.because(Reason::RankWorse { rank, added_ms });
}

fn ask(ctx: &mut Ctx<'_>) {
    let broken = ctx.b.config.broken;
    let cluster = &mut ctx.b.cluster;
    let Some(master) = cluster.my_master().and_then(|at| cluster.peers.id_of(at)) else { return };
    if broken.stands(Broken::NoElectionEpoch) {
        cluster.current_epoch = cluster.current_epoch.next();
    }
    let (epoch, needed) = (cluster.current_epoch, cluster.majority());
    if let Some(plan) = &mut cluster.election.plan {
        (plan.epoch, plan.needed) = (Some(epoch), needed);
    }
    cluster.todo.sync();
    ctx.out.because(Reason::VotesAsked { epoch, master });
    speak::auth_request(ctx);
}

/// A vote arrived. It counts if it comes from a voter whose clock has reached this election.
pub(crate) fn count_vote(ctx: &mut Ctx<'_>, from: PeerIdx, current_epoch: Epoch) {
    let broken = ctx.b.config.broken;
    let cluster = &mut ctx.b.cluster;
    if cluster.is_master() {
        return;
    }
    let needed = majority(cluster);
    let may_count = |peer: &&Peer| peer.is_voter() || broken == Broken::NoCountRights;
    let Some(voter) = cluster.peers.get(from).filter(may_count) else { return };
    let from = voter.id;
    let Some(plan) = &mut cluster.election.plan else { return };
    let in_time = |epoch: &Epoch| current_epoch >= *epoch || broken == Broken::NoCountEpoch;
    let Some(epoch) = plan.epoch.filter(in_time) else { return };
    // Enough is enough: whoever repeats a vote for ever must not fill the memory.
    if plan.votes.len() < needed as usize {
        plan.votes.push(from);
    }
    let have = u32::try_from(plan.votes.len()).unwrap_or(u32::MAX);
    cluster.todo.election = true;
    ctx.out.because_if(|| Reason::VoteCounted { from, have, needed, epoch });
}

/// Logs why there is no failover when the reason is new, or old enough to be said again.
fn note_wait(ctx: &mut Ctx<'_>, wait: ElectionWait) {
    let now = ctx.now.mono;
    let silent = matches!(
        wait,
        ElectionWait::IsMaster
            | ElectionWait::NoMaster
            | ElectionWait::MasterNotFail { .. }
            | ElectionWait::NoFailover
            | ElectionWait::NothingToSave
            | ElectionWait::Manual { .. }
    );
    if silent {
        ctx.b.cluster.election.relog = None;
        return;
    }
    let kind = core::mem::discriminant(&wait);
    let known = ctx.b.cluster.election.relog.as_ref();
    let same = known.filter(|last| core::mem::discriminant(&last.wait) == kind);
    let logged = same.and_then(|last| last.logged);
    if logged.is_some_and(|at| now.ms_since(at) < RELOG_MS) {
        return;
    }
    let quiet_ms = ctx.node_timeout_ms().saturating_add(QUIET_MS);
    let quiet = master_failed_ms(&ctx.b.cluster, now).is_some_and(|ms| ms < quiet_ms);
    let fresh = same.is_none();
    let logged = (!quiet).then_some(now);
    ctx.b.cluster.election.relog = Some(Relog { wait: wait.clone(), logged });
    if !quiet {
        ctx.out.because(Reason::ElectionWaits(wait));
    } else if fresh {
        ctx.out.because_if(|| Reason::ElectionWaits(wait));
    }
}

fn master_failed_ms(cluster: &ClusterState, now: Instant) -> Option<u64> {
    match cluster.peers.get(cluster.my_master()?)?.condition {
        crate::cluster::Condition::Fail { since } => Some(now.ms_since(since)),
        crate::cluster::Condition::Ok | crate::cluster::Condition::Pfail => None,
    }
}
