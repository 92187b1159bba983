//! The cron: whom to dial, whom to ping, whose link to renew, whom to suspect. Every 100 ms.
//!
//! Once a second, of five nodes drawn at random the one with the oldest pong is pinged; and at
//! every tick everybody whose last pong is older than half the node timeout. The first spreads
//! gossip at a low, steady cost; the second makes sure that no node goes unwatched for longer than
//! half a timeout. A link on which a ping waits for half a timeout is closed and dialled again
//! before the node is blamed: connections can break without notice.
//!
//! Spec: Redis Cluster spec, "Heartbeat and gossip messages"; Redis 7.0 behaviour.

use super::{Ctx, candidacy, failure, forget, manual, migration, serving, speak};
use crate::{
    cluster::{CRON_PERIOD_MS, Outbound, PeerIdx},
    explain::Reason,
    io::{Effect, HangupReason, Level, Purpose},
    time::Instant,
};

/// A random ping every ten ticks.
const RANDOM_PING_TICKS: u64 = 10;
/// Of so many nodes drawn, the one with the oldest pong is pinged.
const RANDOM_PING_DRAWS: usize = 5;
/// A handshake lives at least this long.
const HANDSHAKE_MIN_MS: u64 = 1000;

/// One tick.
pub(crate) fn tick(ctx: &mut Ctx<'_>) {
    let cluster = &mut ctx.b.cluster;
    cluster.ticks += 1;
    cluster.next_tick = ctx.now.mono.plus_ms(CRON_PERIOD_MS);
    keep_links(ctx);
    if ctx.b.cluster.ticks.is_multiple_of(RANDOM_PING_TICKS) {
        ping_at_random(ctx);
    }
    let mut suspected = false;
    for at in ctx.b.cluster.peers.other_places() {
        suspected |= watch(ctx, at);
    }
    start_replication(ctx);
    manual::expire(ctx);
    if !ctx.b.cluster.is_master() {
        manual::step(ctx);
        candidacy::step(ctx);
    }
    if !ctx.b.cluster.is_master() {
        migration::step(ctx);
    }
    if suspected || !ctx.b.cluster.serves() {
        serving::update(ctx);
    }
}

/// Counts PFAIL nodes, drops handshakes that nobody answers, dials whoever has no link.
fn keep_links(ctx: &mut Ctx<'_>) {
    let now = ctx.now.mono;
    let handshake_ms = ctx.node_timeout_ms().max(HANDSHAKE_MIN_MS);
    let mut pfail = 0;
    for at in ctx.b.cluster.peers.other_places() {
        let Some(peer) = ctx.b.cluster.peers.get(at) else { continue };
        if peer.noaddr {
            continue;
        }
        pfail += usize::from(peer.is_pfail());
        if let Some(handshake) = peer.handshake {
            let age_ms = now.ms_since(handshake.since);
            if age_ms > handshake_ms {
                let at_addr = peer.endpoint.bus();
                ctx.out.because_if(|| Reason::HandshakeExpired { at: at_addr, age_ms });
                forget::drop_peer(ctx, at);
                continue;
            }
        }
        if peer.link == Outbound::None {
            dial(ctx, at);
        }
    }
    ctx.b.cluster.pfail_count = pfail;
}

fn dial(ctx: &mut Ctx<'_>, at: PeerIdx) {
    let since = ctx.now.mono;
    let cluster = &mut ctx.b.cluster;
    let Some(to) = cluster.peers.get(at).and_then(|peer| peer.endpoint.bus()) else { return };
    let link = cluster.links.dial(at);
    if let Some(peer) = cluster.peers.get_mut(at) {
        peer.link = Outbound::Dialling { link, since };
    }
    ctx.out.push(Effect::Dial { link, to, purpose: Purpose::Bus });
}

fn ping_at_random(ctx: &mut Ctx<'_>) {
    let known = ctx.b.cluster.peers.len();
    let mut oldest: Option<(PeerIdx, Option<Instant>)> = None;
    for _ in 0..RANDOM_PING_DRAWS {
        let draw = ctx.b.rng.index(known);
        let peers = &ctx.b.cluster.peers;
        let Some((at, peer)) = peers.nth(draw).and_then(|at| Some((at, peers.get(at)?))) else {
            continue;
        };
        let may = at != PeerIdx::ME
            && peer.is_introduced()
            && peer.link.up().is_some()
            && peer.ping_sent.is_none();
        if may && oldest.is_none_or(|(_, pong)| peer.pong_received < pong) {
            oldest = Some((at, peer.pong_received));
        }
    }
    if let Some((at, _)) = oldest {
        if let Some(id) = ctx.b.cluster.peers.id_of(at) {
            ctx.out.log(Level::Debug, || alloc::format!("Pinging node {id}"));
        }
        speak::ping(ctx, at);
    }
}

/// One peer's turn; true if it became PFAIL.
fn watch(ctx: &mut Ctx<'_>, at: PeerIdx) -> bool {
    let now = ctx.now.mono;
    let half_ms = ctx.node_timeout_ms() / 2;
    let Some(peer) = ctx.b.cluster.peers.get(at) else { return false };
    if peer.noaddr || !peer.is_introduced() {
        return false;
    }
    renew_silent_link(ctx, at);
    let Some(peer) = ctx.b.cluster.peers.get_mut(at) else { return false };
    let stale = peer.pong_received.is_none_or(|at| now.ms_since(at) > half_ms);
    if peer.ping_sent.is_none() && stale {
        match peer.link {
            Outbound::Up { .. } => {
                speak::ping(ctx, at);
                return false;
            }
            // The ping is due and will leave when the link is up; its clock runs from now on.
            Outbound::Dialling { .. } => {
                peer.ping_sent = Some(now);
                return false;
            }
            Outbound::None => {}
        }
    }
    let waits_for_me = ctx.b.cluster.manual.is_some_and(|m| m.paused_for() == Some(at));
    if waits_for_me && ctx.b.cluster.peers.get(at).is_some_and(|p| p.link.up().is_some()) {
        // It needs the offset soon, whatever became of the first answer.
        speak::ping(ctx, at);
        return false;
    }
    failure::suspect(ctx, at)
}

/// Closes an outbound link on which a ping waits for half the timeout and nothing else comes.
fn renew_silent_link(ctx: &mut Ctx<'_>, at: PeerIdx) {
    let now = ctx.now.mono;
    let node_timeout_ms = ctx.node_timeout_ms();
    let cluster = &mut ctx.b.cluster;
    let Some(peer) = cluster.peers.get_mut(at) else { return };
    let (Outbound::Up { link, since } | Outbound::Dialling { link, since }) = peer.link else {
        return;
    };
    let half_ms = node_timeout_ms / 2;
    let silence = failure::silence(peer, now);
    if now.ms_since(since) > node_timeout_ms
        && silence.ping_ms.is_some_and(|ms| ms > half_ms)
        && silence.data_ms > half_ms
    {
        peer.link = Outbound::None;
        cluster.links.gone(link);
        ctx.out.push(Effect::Hangup { link, why: HangupReason::Silent });
    }
}

/// A replica whose master's address was not known when it became one.
fn start_replication(ctx: &mut Ctx<'_>) {
    let cluster = &ctx.b.cluster;
    let Some(master) = cluster.my_master().and_then(|at| cluster.peers.get(at)) else { return };
    if let Some(addr) = master.endpoint.data().filter(|_| !master.noaddr)
        && !ctx.b.repl.is_replica()
    {
        super::replication::follow(ctx, addr);
    }
}

/// An outbound link is up: greet at once. An older unanswered ping keeps its clock, so that a link
/// that breaks again and again does not hide a dead node.
pub(crate) fn linked(ctx: &mut Ctx<'_>, at: PeerIdx) {
    let waiting = ctx.b.cluster.peers.get(at).and_then(|peer| peer.ping_sent);
    speak::ping(ctx, at);
    if let (Some(_), Some(peer)) = (waiting, ctx.b.cluster.peers.get_mut(at)) {
        peer.ping_sent = waiting;
    }
}

/// An outbound link could not be made, or broke. Nobody listening counts as a ping without answer.
pub(crate) fn unlinked(ctx: &mut Ctx<'_>, at: PeerIdx, refused: bool) {
    let now = ctx.now.mono;
    if let Some(peer) = ctx.b.cluster.peers.get_mut(at) {
        peer.link = Outbound::None;
        if refused && peer.ping_sent.is_none() {
            peer.ping_sent = Some(now);
        }
    }
}
