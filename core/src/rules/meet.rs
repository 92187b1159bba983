//! How nodes get to know each other: MEET, the handshake, and learning from gossip.
//!
//! CLUSTER MEET makes a node with a random name and dials it; its answer tells the real name. The
//! other side makes one, too, when a MEET comes from a stranger, and dials back. From then on
//! gossip introduces each to everybody the other knows, without further MEETs.
//!
//! Spec: Redis Cluster spec, "Nodes handshake"; Redis 7.0 behaviour.
//!
//! Differs from Redis: at most `slotscope-max-peers` nodes are learned, so that forged gossip
//! cannot fill the memory.

use core::net::IpAddr;

use super::{Ctx, forget};
use crate::{
    bus::{Gossip, Header, NodeFlags},
    cluster::{Condition, Handshake, Outbound, Peer, PeerIdx, Role},
    endpoint::Endpoint,
    explain::Reason,
    id::{LinkId, NodeId},
    io::{Effect, HangupReason, Level},
    time::Instant,
};

/// So many handshakes may run before strangers' MEETs are left unanswered: enough for a new cluster
/// of that size whose nodes all meet this one, and a bound for whoever forges addresses.
const HANDSHAKES_MAX: usize = 256;

fn has_room(ctx: &Ctx<'_>) -> bool {
    ctx.b.cluster.peers.len() < ctx.b.config.max_peers as usize
}

/// Begins a handshake with whoever answers at `ip`. Nothing happens if one runs already for that
/// address. `meet`: this node introduces itself (CLUSTER MEET), rather than answering a MEET.
pub(crate) fn start(ctx: &mut Ctx<'_>, ip: IpAddr, port: u16, cport: u16, meet: bool) {
    let now = ctx.now.mono;
    let running = ctx.b.cluster.peers.others().any(|(_, peer)| {
        peer.handshake.is_some() && peer.endpoint.ip == Some(ip) && peer.endpoint.cport == cport
    });
    let strangers = || {
        let begun = ctx.b.cluster.peers.others().filter(|(_, peer)| peer.handshake.is_some());
        begun.count() >= HANDSHAKES_MAX
    };
    if running || !has_room(ctx) || (!meet && strangers()) {
        return;
    }
    let id = NodeId::random(&mut ctx.b.rng);
    let mut peer = Peer::new(id, now);
    peer.endpoint = Endpoint { ip: Some(ip), port, cport, ..Endpoint::default() };
    peer.handshake = Some(Handshake { since: now, meet });
    if ctx.b.cluster.peers.add(peer).is_some() {
        ctx.out.because_if(|| Reason::Learned { about: id, from: None });
    }
}

/// Gossip of a known node mentions an unknown one: it is believed, and contacted with PING.
pub(crate) fn learn(ctx: &mut Ctx<'_>, from: PeerIdx, entry: &Gossip) {
    let now = ctx.now.mono;
    if !has_room(ctx) || entry.ip.is_none() {
        return;
    }
    let mut peer = Peer::new(entry.id, now);
    peer.endpoint = Endpoint {
        ip: entry.ip,
        port: entry.port,
        pport: entry.pport,
        cport: entry.cport,
        ..Endpoint::default()
    };
    if entry.flags.contains(NodeFlags::REPLICA) {
        peer.role = Role::Replica { of: None };
    }
    if entry.flags.contains(NodeFlags::FAIL) {
        peer.condition = Condition::Fail { since: Instant::ZERO };
    } else if entry.flags.contains(NodeFlags::PFAIL) {
        peer.condition = Condition::Pfail;
    }
    peer.migration_target = entry.flags.contains(NodeFlags::MIGRATE_TO);
    peer.nofailover = entry.flags.contains(NodeFlags::NOFAILOVER);
    let from = ctx.b.cluster.peers.id_of(from);
    if ctx.b.cluster.peers.add(peer).is_some() {
        ctx.b.cluster.todo.write();
        ctx.out.because_if(|| Reason::Learned { about: entry.id, from });
    }
}

/// A MEET from a stranger: dial back. A MEET is an explicit wish, so no ban list is asked.
pub(crate) fn greeted(ctx: &mut Ctx<'_>, header: &Header<'_>, remote: IpAddr) {
    let ip = header.ip.unwrap_or(remote);
    start(ctx, ip, header.port, header.cport, false);
}

/// What an answer on this node's own link says about who is there.
pub(crate) enum Identity {
    /// The one expected (or a handshake that learned its name now).
    Known,
    /// The link is gone: a duplicate, or somebody else.
    Dropped,
}

/// A PONG on an outbound link: ends a handshake, or finds that the wrong node answers.
pub(crate) fn identify(
    ctx: &mut Ctx<'_>,
    at: PeerIdx,
    link: LinkId,
    header: &Header<'_>,
) -> Identity {
    let Some(peer) = ctx.b.cluster.peers.get(at) else { return Identity::Dropped };
    if peer.handshake.is_some() {
        return finish(ctx, at, header);
    }
    if peer.id == header.sender {
        return Identity::Known;
    }
    let (id, age_ms) = (peer.id, ctx.now.mono.ms_since(peer.created));
    let flags = peer.flags().0;
    ctx.out.log(Level::Debug, || {
        alloc::format!(
            "PONG contains mismatching sender ID. About node {id} added {age_ms} ms ago, having flags {flags}"
        )
    });
    if let Some(peer) = ctx.b.cluster.peers.get_mut(at) {
        peer.noaddr = true;
        peer.endpoint = Endpoint::default();
        peer.link = Outbound::None;
    }
    ctx.b.cluster.links.gone(link);
    ctx.b.cluster.todo.write();
    ctx.out.push(Effect::Hangup { link, why: HangupReason::WrongNode });
    Identity::Dropped
}

fn finish(ctx: &mut Ctx<'_>, at: PeerIdx, header: &Header<'_>) -> Identity {
    let cluster = &mut ctx.b.cluster;
    if let Some(known) = cluster.peers.find(header.sender) {
        ctx.out.log(Level::Verbose, || {
            alloc::format!(
                "Handshake: we already know node {}, updating the address if needed.",
                header.sender
            )
        });
        let met = cluster.peers.get(at).and_then(|peer| peer.endpoint.ip);
        if let Some(ip) = header.ip.or(met).filter(|_| known != PeerIdx::ME) {
            renew_address(ctx, known, header, ip);
        }
        forget::drop_peer(ctx, at);
        return Identity::Dropped;
    }
    if let Some(id) = cluster.peers.id_of(at) {
        let name = header.sender;
        ctx.out.log(Level::Debug, || alloc::format!("Renaming node {id} into {name}"));
    }
    cluster.peers.rename(at, header.sender);
    let Some(peer) = cluster.peers.get_mut(at) else { return Identity::Dropped };
    peer.handshake = None;
    // The role bits count this once; from now on `slaveof` tells the role.
    if header.flags.contains(NodeFlags::REPLICA) {
        peer.role = Role::Replica { of: None };
    }
    cluster.todo.write();
    ctx.out.because(Reason::HandshakeDone { about: header.sender });
    Identity::Known
}

/// A PING of a known node came from another address than we have, over its own link.
pub(crate) fn follow_address(ctx: &mut Ctx<'_>, at: PeerIdx, header: &Header<'_>, remote: IpAddr) {
    renew_address(ctx, at, header, header.ip.unwrap_or(remote));
}

/// What a header says of its sender's address, at the IP where it was heard.
fn renew_address(ctx: &mut Ctx<'_>, at: PeerIdx, header: &Header<'_>, ip: IpAddr) {
    let port = header.port;
    let new = Endpoint {
        ip: Some(ip),
        port,
        pport: header.pport,
        cport: header.cport,
        ..Endpoint::default()
    };
    if move_to(ctx, at, &new) {
        let id = header.sender;
        ctx.out.log(Level::Warning, || {
            alloc::format!("Address updated for node {id}, now {ip}:{port}")
        });
    }
}

/// Takes a new address; true if it differs. The old link is dropped, replication is re-targeted.
fn move_to(ctx: &mut Ctx<'_>, at: PeerIdx, new: &Endpoint) -> bool {
    let is_my_master = ctx.b.cluster.my_master() == Some(at);
    let Some(peer) = ctx.b.cluster.peers.get_mut(at) else { return false };
    let old = &peer.endpoint;
    if old.ip == new.ip && old.port == new.port && old.cport == new.cport && old.pport == new.pport
    {
        return false;
    }
    let hostname = core::mem::take(&mut peer.endpoint.hostname);
    peer.endpoint = Endpoint { hostname, ..new.clone() };
    peer.noaddr = false;
    let link = peer.link.id();
    peer.link = Outbound::None;
    let data = peer.endpoint.data();
    if let Some(link) = link {
        ctx.b.cluster.links.gone(link);
        ctx.out.push(Effect::Hangup { link, why: HangupReason::PeerGone });
    }
    ctx.b.cluster.todo.write();
    if let Some(addr) = data.filter(|_| is_my_master) {
        super::replication::follow(ctx, addr);
    }
    true
}

/// How this node learns its own address: from the local end of a socket on which somebody reached
/// it. A MEET always teaches, a PING only a node that has none yet, nothing an announced one.
pub(crate) fn learn_own_ip(ctx: &mut Ctx<'_>, local: IpAddr, meet: bool) {
    if ctx.b.config.cluster_announce_ip.is_some() {
        return;
    }
    let me = ctx.b.cluster.me_mut();
    if (meet || me.endpoint.ip.is_none()) && me.endpoint.ip != Some(local) {
        me.endpoint.ip = Some(local);
        ctx.b.cluster.todo.write();
        ctx.out
            .log(Level::Warning, || alloc::format!("IP address for this node updated to {local}"));
    }
}
