//! Gossip: which others a heartbeat mentions, and what is believed of what is heard.
//!
//! A heartbeat mentions a tenth of the known nodes, at least three. Why a tenth: within two node
//! timeouts every node exchanges at least four heartbeats with every other one, so a node that
//! fails is mentioned to each observer by a majority of the others with a probability that hardly
//! falls as the cluster grows. Nodes held for PFAIL are always mentioned, at the end: they are what
//! others must hear of in time.
//!
//! Reports count only from masters; unknown nodes are learned only from senders that are known, so
//! that a stranger cannot join two clusters.
//!
//! Spec: Redis Cluster spec, "Heartbeat and gossip messages"; Redis 7.0 behaviour.

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};

use super::{Ctx, failure, forget, meet};
use crate::{
    bus::{Gossip, NodeFlags},
    cluster::{ClusterState, Peer, PeerIdx},
    io::{Effect, HangupReason, Level},
    time::{Now, UnixMillis},
};

/// A pong time so far in the future is a broken clock somewhere, not news.
const FUTURE_MS: u64 = 500;

/// The entries of one heartbeat.
pub(crate) fn choose(ctx: &mut Ctx<'_>) -> Vec<Gossip> {
    let now = ctx.now;
    let known = ctx.b.cluster.peers.len();
    // Neither this node nor the receiver is worth an entry.
    let wanted = (known / 10).max(3).min(known.saturating_sub(2));
    let failing = ctx.b.cluster.pfail_count;
    let mut chosen: Vec<PeerIdx> = Vec::with_capacity(wanted + failing);
    let mut tries = wanted * 3;
    while chosen.len() < wanted && tries > 0 {
        tries -= 1;
        let draw = ctx.b.rng.index(known);
        let cluster = &ctx.b.cluster;
        let Some(at) = cluster.peers.nth(draw) else { continue };
        let Some(peer) = cluster.peers.get(at) else { continue };
        let mentionable = at != PeerIdx::ME && !peer.is_pfail() && is_reachable(peer);
        if mentionable && !chosen.contains(&at) {
            chosen.push(at);
        }
    }
    let cluster = &ctx.b.cluster;
    if failing > 0 {
        let pfail = cluster
            .peers
            .others()
            .filter(|(_, peer)| peer.is_pfail() && peer.is_introduced() && !peer.noaddr);
        chosen.extend(pfail.map(|(at, _)| at).take(failing));
    }
    chosen.iter().filter_map(|at| cluster.peers.get(*at)).map(|peer| entry(peer, now)).collect()
}

/// Worth mentioning: introduced, with an address, and either linked or owning slots.
fn is_reachable(peer: &Peer) -> bool {
    peer.is_introduced() && !peer.noaddr && (peer.link.id().is_some() || peer.slot_count > 0)
}

fn entry(peer: &Peer, now: Now) -> Gossip {
    let secs = |at: Option<crate::time::Instant>| {
        at.map_or(0, |at| u32::try_from(now.wall_at(at).secs()).unwrap_or(u32::MAX))
    };
    Gossip {
        id: peer.id,
        ping_sent_s: secs(peer.ping_sent),
        pong_received_s: secs(peer.pong_received),
        ip: peer.endpoint.ip,
        port: peer.endpoint.port,
        cport: peer.endpoint.cport,
        pport: peer.endpoint.pport,
        flags: peer.flags(),
    }
}

/// One entry was heard from a known sender.
pub(crate) fn hear(ctx: &mut Ctx<'_>, from: PeerIdx, entry: &Gossip) {
    ctx.out.log(Level::Debug, || {
        let Gossip { id, ip, port, cport, flags, .. } = entry;
        let ip = ip.map_or_else(String::new, |ip| ip.to_string());
        alloc::format!("GOSSIP {id} {ip}:{port}@{cport} {flags}")
    });
    let bad = entry.flags.intersects(NodeFlags::FAIL.with(NodeFlags::PFAIL));
    let Some(about) = ctx.b.cluster.peers.find(entry.id) else {
        let stranger = entry.flags.contains(NodeFlags::NOADDR) || forget::is_banned(ctx, entry.id);
        if !stranger {
            meet::learn(ctx, from, entry);
        }
        return;
    };
    let from_master = ctx.b.cluster.peers.get(from).is_some_and(Peer::is_master);
    if from_master && about != PeerIdx::ME {
        if bad {
            failure::report(ctx, from, about);
        } else {
            failure::withdraw(ctx, from, about);
        }
    }
    if !bad {
        refresh_pong(ctx, about, entry);
    }
    if !bad && !entry.flags.contains(NodeFlags::NOADDR) {
        follow_address(ctx, about, entry);
    }
}

/// Somebody heard this node more recently than we did: as good as a pong, while no ping of ours
/// waits and nobody complains.
fn refresh_pong(ctx: &mut Ctx<'_>, about: PeerIdx, entry: &Gossip) {
    let now = ctx.now;
    let node_timeout_ms = ctx.node_timeout_ms();
    let Some(peer) = ctx.b.cluster.peers.get_mut(about) else { return };
    let told_ms = u64::from(entry.pong_received_s) * 1000;
    let never = entry.pong_received_s == 0;
    if never || peer.ping_sent.is_some() || told_ms > now.wall.0.saturating_add(FUTURE_MS) {
        return;
    }
    if failure::valid_reports(peer, now.mono, node_timeout_ms) > 0 {
        return;
    }
    let told = now.mono_at(UnixMillis(told_ms));
    if peer.pong_received.is_none_or(|known| told > known) {
        peer.pong_received = Some(told);
    }
}

/// A node that fails here is fine elsewhere, at another address: it moved.
fn follow_address(ctx: &mut Ctx<'_>, about: PeerIdx, entry: &Gossip) {
    let cluster: &mut ClusterState = &mut ctx.b.cluster;
    let Some(peer) = cluster.peers.get_mut(about) else { return };
    let same = peer.endpoint.ip == entry.ip
        && peer.endpoint.port == entry.port
        && peer.endpoint.cport == entry.cport;
    if peer.is_fine() || same || entry.ip.is_none() {
        return;
    }
    peer.endpoint.ip = entry.ip;
    peer.endpoint.port = entry.port;
    peer.endpoint.pport = entry.pport;
    peer.endpoint.cport = entry.cport;
    peer.noaddr = false;
    if let Some(link) = peer.link.id() {
        peer.link = crate::cluster::Outbound::None;
        cluster.links.gone(link);
        ctx.out.push(Effect::Hangup { link, why: HangupReason::PeerGone });
    }
}
