//! Who is down: suspect (PFAIL), agree (FAIL), forgive.
//!
//! *PFAIL* is one node's opinion: a ping waits for longer than the node timeout and nothing else
//! came from the peer meanwhile. Since a peer is pinged when its last pong is half a timeout old,
//! PFAIL comes about one and a half timeouts after the last sign of life.
//!
//! *FAIL* is an agreement: this node holds the peer for PFAIL, and a majority of the masters that
//! own slots reported it within two timeouts (this node counts itself if it is a master). The
//! agreement is weak: reports are gathered over a window, not at one instant. It need not be
//! strong, since nothing is promoted without votes.
//!
//! *Forgiving* waits for a master with slots: a node that flaps must not stop a running election,
//! so its FAIL stays for two timeouts, unless it has nothing to lose.
//!
//! Spec: Redis Cluster spec, "Failure detection"; Redis 7.0 behaviour. Reports of masters without
//! slots count here although the majority is taken of those with slots, as in Redis 7.0.

use alloc::vec::Vec;

use super::{Ctx, speak};
use crate::{
    cluster::{ClusterState, Condition, Peer, PeerIdx, Report},
    explain::{Back, FailVerdict, ForgiveVerdict, Reason},
    time::Instant,
};

/// A failure report counts for two node timeouts.
const REPORT_VALIDITY: u64 = 2;
/// A FAIL flag on a master with slots stays for two node timeouts.
const FAIL_UNDO: u64 = 2;

/// How long a peer has been silent: the age of its unanswered ping and of its last data.
pub(crate) struct Silence {
    /// Age of the ping that waits; `None` when none does.
    pub ping_ms: Option<u64>,
    /// Time since anything came.
    pub data_ms: u64,
}

/// Looks at the silence of a peer.
pub(crate) fn silence(peer: &Peer, now: Instant) -> Silence {
    Silence {
        ping_ms: peer.ping_sent.map(|at| now.ms_since(at)),
        data_ms: now.ms_since(peer.data_received.unwrap_or(Instant::ZERO)),
    }
}

/// Is the peer silent for longer than the node timeout? The number is the smaller of both ages:
/// a slow answer to a ping is no failure while other traffic comes through.
pub(crate) fn judge_silence(silence: &Silence, node_timeout_ms: u64) -> Option<u64> {
    let silent = silence.ping_ms?.min(silence.data_ms);
    (silent > node_timeout_ms).then_some(silent)
}

/// The cron's question about one peer; true if it became PFAIL now.
pub(crate) fn suspect(ctx: &mut Ctx<'_>, at: PeerIdx) -> bool {
    let limit_ms = ctx.node_timeout_ms();
    let now = ctx.now.mono;
    let Some(peer) = ctx.b.cluster.peers.get_mut(at) else { return false };
    if !peer.is_fine() {
        return false;
    }
    let Some(silent_ms) = judge_silence(&silence(peer, now), limit_ms) else { return false };
    peer.condition = Condition::Pfail;
    let about = peer.id;
    ctx.out.because(Reason::Suspected { about, silent_ms, limit_ms });
    true
}

/// A master said in its gossip that a peer is PFAIL or FAIL.
pub(crate) fn report(ctx: &mut Ctx<'_>, by: PeerIdx, about: PeerIdx) {
    let now = ctx.now.mono;
    let cluster = ctx.cluster();
    let Some(by_id) = cluster.peers.id_of(by) else { return };
    let Some(peer) = cluster.peers.get_mut(about) else { return };
    let about_id = peer.id;
    if let Some(known) = peer.reports.iter_mut().find(|report| report.by == by) {
        known.at = now;
    } else {
        peer.reports.push(Report { by, at: now });
        ctx.out.because(Reason::Reported { by: by_id, about: about_id });
    }
    agree(ctx, about);
}

/// A master's gossip no longer finds fault with a peer.
pub(crate) fn withdraw(ctx: &mut Ctx<'_>, by: PeerIdx, about: PeerIdx) {
    let limit_ms = ctx.node_timeout_ms().saturating_mul(REPORT_VALIDITY);
    let now = ctx.now.mono;
    let cluster = ctx.cluster();
    let Some(by_id) = cluster.peers.id_of(by) else { return };
    let Some(peer) = cluster.peers.get_mut(about) else { return };
    let about_id = peer.id;
    let before = peer.reports.len();
    peer.reports.retain(|report| report.by != by);
    if peer.reports.len() < before {
        purge(peer, now, limit_ms);
        ctx.out.because(Reason::ReportWithdrawn { by: by_id, about: about_id });
    }
}

/// Drops reports older than two node timeouts.
fn purge(peer: &mut Peer, now: Instant, limit_ms: u64) {
    peer.reports.retain(|report| now.ms_since(report.at) <= limit_ms);
}

/// How many valid reports there are about a peer.
pub(crate) fn valid_reports(peer: &Peer, now: Instant, node_timeout_ms: u64) -> usize {
    let limit_ms = node_timeout_ms.saturating_mul(REPORT_VALIDITY);
    peer.reports.iter().filter(|report| now.ms_since(report.at) <= limit_ms).count()
}

/// Do enough masters agree that the peer is down?
pub(crate) fn judge_quorum(
    cluster: &ClusterState,
    about: &Peer,
    now: Instant,
    node_timeout_ms: u64,
) -> FailVerdict {
    let limit_ms = node_timeout_ms.saturating_mul(REPORT_VALIDITY);
    let reporters: Vec<_> = about
        .reports
        .iter()
        .filter(|report| now.ms_since(report.at) <= limit_ms)
        .filter_map(|report| cluster.peers.id_of(report.by))
        .collect();
    let own = u32::from(cluster.is_master());
    let needed = cluster.majority();
    let counted = u32::try_from(reporters.len()).unwrap_or(u32::MAX).saturating_add(own);
    let pfail_here = about.is_pfail();
    FailVerdict {
        about: about.id,
        pfail_here,
        reporters,
        own,
        needed,
        size: cluster.size(),
        failed: pfail_here && counted >= needed,
    }
}

/// PFAIL becomes FAIL if a majority agrees. Asked only when gossip brings a report, never by a
/// timer, as in Redis.
fn agree(ctx: &mut Ctx<'_>, at: PeerIdx) {
    let limit_ms = ctx.node_timeout_ms();
    let now = ctx.now.mono;
    let Some(peer) = ctx.b.cluster.peers.get_mut(at) else { return };
    if !peer.is_pfail() {
        return;
    }
    purge(peer, now, limit_ms.saturating_mul(REPORT_VALIDITY));
    let Some(peer) = ctx.b.cluster.peers.get(at) else { return };
    let verdict = judge_quorum(&ctx.b.cluster, peer, now, limit_ms);
    let failed = verdict.failed;
    ctx.out.because(Reason::Fail(verdict));
    if failed {
        set_fail(ctx, at);
        speak::fail(ctx, at);
    }
}

fn set_fail(ctx: &mut Ctx<'_>, at: PeerIdx) {
    let since = ctx.now.mono;
    let cluster = ctx.cluster();
    if let Some(peer) = cluster.peers.get_mut(at) {
        peer.condition = Condition::Fail { since };
    }
    cluster.todo.write();
    cluster.todo.serving = true;
}

/// A FAIL message: somebody saw a majority agree. Believed at once from anybody known, so that a
/// partial view of reports does not delay an election.
pub(crate) fn hear_fail(ctx: &mut Ctx<'_>, from: PeerIdx, about: PeerIdx) {
    let cluster = ctx.cluster();
    let Some(from_id) = cluster.peers.id_of(from) else { return };
    let Some(peer) = cluster.peers.get(about) else { return };
    if about == PeerIdx::ME || peer.is_failed() {
        return;
    }
    let about_id = peer.id;
    set_fail(ctx, about);
    ctx.out.because(Reason::FailHeard { from: from_id, about: about_id });
}

/// May the FAIL flag be cleared, now that the peer answers?
pub(crate) fn judge_forgive(
    peer: &Peer,
    since: Instant,
    now: Instant,
    node_timeout_ms: u64,
) -> ForgiveVerdict {
    let failed_ms = now.ms_since(since);
    let limit_ms = node_timeout_ms.saturating_mul(FAIL_UNDO);
    let back = if !peer.is_master() {
        Some(Back::Replica)
    } else if peer.slot_count == 0 {
        Some(Back::Slotless)
    } else {
        (failed_ms > limit_ms).then_some(Back::NobodyServed)
    };
    ForgiveVerdict { about: peer.id, back, failed_ms, limit_ms }
}

/// A pong came on this node's own link: PFAIL is over, FAIL perhaps.
pub(crate) fn answered(ctx: &mut Ctx<'_>, at: PeerIdx) {
    let limit_ms = ctx.node_timeout_ms();
    let now = ctx.now.mono;
    let Some(peer) = ctx.b.cluster.peers.get_mut(at) else { return };
    match peer.condition {
        Condition::Ok => {}
        Condition::Pfail => {
            peer.condition = Condition::Ok;
            let about = peer.id;
            ctx.out.because(Reason::Trusted { about });
            ctx.b.cluster.todo.serving = true;
        }
        Condition::Fail { since } => {
            let verdict = judge_forgive(peer, since, now, limit_ms);
            if verdict.back.is_some() {
                peer.condition = Condition::Ok;
                ctx.b.cluster.todo.write();
                ctx.b.cluster.todo.serving = true;
            }
            ctx.out.because(Reason::Forgive(verdict));
        }
    }
}
