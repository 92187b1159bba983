//! Writing messages: who gets what, on which link.
//!
//! Answers (PONG to a PING or MEET) go back on the link that the question came on. Everything else
//! goes on this node's own outbound links, so a node that does not listen hears no votes, FAIL or
//! UPDATE. Broadcasts skip nodes in handshake.
//!
//! Facts: Redis 7.0 behaviour, `bus` for the layout.

use alloc::sync::Arc;
use core::net::IpAddr;

use super::{Ctx, gossip};
use crate::{
    bus::{BodyOut, Header, Heartbeat, Kind, MsgFlags, NodeFlags, encode},
    cluster::{ClusterState, Outbound, Peer, PeerIdx},
    config::Config,
    id::LinkId,
    io::{Effect, Frame},
    slot::SlotSet,
};

/// The ports that this node tells others: client, bus.
pub(crate) fn announced_ports(config: &Config) -> (u16, u16) {
    let or = |announced: u16, real: u16| if announced == 0 { real } else { announced };
    let bus = config.bus_port().unwrap_or(0);
    (or(config.cluster_announce_port, config.port), or(config.cluster_announce_bus_port, bus))
}

/// What every message says about this node. A replica shows its master's slots and config epoch.
fn header<'a>(
    cluster: &'a ClusterState,
    config: &Config,
    offset: u64,
    slots: &'a SlotSet,
) -> Header<'a> {
    let me = cluster.me();
    let (port, cport) = announced_ports(config);
    Header {
        sender: me.id,
        port,
        pport: 0,
        cport,
        current_epoch: cluster.current_epoch,
        config_epoch: cluster.shown_epoch(me),
        offset,
        slots: slots.as_bytes(),
        master: me.master().and_then(|at| cluster.peers.id_of(at)),
        ip: config.cluster_announce_ip,
        flags: me.flags().with(NodeFlags::MYSELF),
        state_ok: cluster.serves(),
        // A master that stands still says so with each word.
        mflags: match cluster.manual {
            Some(manual) if manual.paused_for().is_some() => MsgFlags::PAUSED,
            Some(_) | None => MsgFlags::NONE,
        },
    }
}

fn frame(ctx: &Ctx<'_>, body: &BodyOut<'_>) -> Frame {
    let cluster = &ctx.b.cluster;
    let slots = Arc::clone(cluster.shown_slots());
    let mut header = header(cluster, &ctx.b.config, ctx.b.repl.offset(), &slots);
    if matches!(body, BodyOut::AuthRequest) && cluster.manual.is_some() {
        // The master is up, and shall be replaced nevertheless.
        header.mflags = header.mflags.with(MsgFlags::FORCEACK);
    }
    encode(&header, body)
}

fn send(ctx: &mut Ctx<'_>, link: LinkId, frame: Frame, kind: Kind) {
    ctx.b.cluster.traffic.sent[usize::from(kind.number())] += 1;
    ctx.out.push(Effect::Send { link, frame });
}

/// Sends to everybody that is introduced and whose outbound link is up.
fn broadcast(ctx: &mut Ctx<'_>, body: &BodyOut<'_>, kind: Kind) {
    let frame = frame(ctx, body);
    for at in ctx.b.cluster.peers.other_places() {
        let Some(peer) = ctx.b.cluster.peers.get(at) else { continue };
        if let Some(link) = peer.link.up().filter(|_| peer.is_introduced()) {
            send(ctx, link, Arc::clone(&frame), kind);
        }
    }
}

/// A heartbeat with fresh gossip on a given link.
fn heartbeat(ctx: &mut Ctx<'_>, link: LinkId, kind: Kind) {
    let entries = gossip::choose(ctx);
    let hostname = ctx.b.config.cluster_announce_hostname.clone();
    let beat = Heartbeat { gossip: &entries, hostname: &hostname };
    let body = match kind {
        Kind::Meet => BodyOut::Meet(beat),
        Kind::Pong => BodyOut::Pong(beat),
        _ => BodyOut::Ping(beat),
    };
    let frame = frame(ctx, &body);
    send(ctx, link, frame, kind);
}

/// PING (or MEET, the first time to a node that was introduced here) on the outbound link, which
/// starts the clock of an unanswered ping.
pub(crate) fn ping(ctx: &mut Ctx<'_>, to: PeerIdx) {
    let now = ctx.now.mono;
    let Some(peer) = ctx.b.cluster.peers.get_mut(to) else { return };
    let Outbound::Up { link, .. } = peer.link else { return };
    peer.ping_sent = Some(now);
    let meet = peer.handshake.is_some_and(|handshake| handshake.meet);
    if let Some(handshake) = &mut peer.handshake {
        handshake.meet = false;
    }
    heartbeat(ctx, link, if meet { Kind::Meet } else { Kind::Ping });
}

/// The answer to a PING or MEET, on the link that it came on.
pub(crate) fn pong(ctx: &mut Ctx<'_>, link: LinkId) {
    heartbeat(ctx, link, Kind::Pong);
}

/// A PING on a given link: the answer to MFSTART, with this master's offset.
pub(crate) fn ping_on(ctx: &mut Ctx<'_>, link: LinkId) {
    heartbeat(ctx, link, Kind::Ping);
}

/// News about this node's configuration, to everybody.
pub(crate) fn pong_to_all(ctx: &mut Ctx<'_>) {
    for at in ctx.b.cluster.peers.other_places() {
        pong_to(ctx, at);
    }
}

/// A takeover, to everybody, and to the master that was replaced last of all: once it has told its
/// own new role to those who have not heard the claim yet, they know no owner of the slots and
/// refuse their clients.
pub(crate) fn pong_of_takeover(ctx: &mut Ctx<'_>, replaced: PeerIdx) {
    for at in ctx.b.cluster.peers.other_places() {
        if at != replaced {
            pong_to(ctx, at);
        }
    }
    pong_to(ctx, replaced);
}

/// This replica's offset, to the other replicas of its master, before an election.
pub(crate) fn pong_to_siblings(ctx: &mut Ctx<'_>) {
    let master = ctx.b.cluster.my_master();
    for at in ctx.b.cluster.peers.other_places() {
        let sibling = ctx.b.cluster.peers.get(at).and_then(Peer::master);
        if sibling.is_some() && sibling == master {
            pong_to(ctx, at);
        }
    }
}

fn pong_to(ctx: &mut Ctx<'_>, at: PeerIdx) {
    let Some(peer) = ctx.b.cluster.peers.get(at) else { return };
    if let Some(link) = peer.link.up().filter(|_| peer.is_introduced()) {
        pong(ctx, link);
    }
}

/// A majority agreed: `about` is FAIL.
pub(crate) fn fail(ctx: &mut Ctx<'_>, about: PeerIdx) {
    let Some(about) = ctx.b.cluster.peers.id_of(about) else { return };
    broadcast(ctx, &BodyOut::Fail { about }, Kind::Fail);
}

/// This replica asks everybody for a vote.
pub(crate) fn auth_request(ctx: &mut Ctx<'_>) {
    broadcast(ctx, &BodyOut::AuthRequest, Kind::AuthRequest);
}

/// A Pub/Sub message for everybody.
pub(crate) fn publish(ctx: &mut Ctx<'_>, channel: &[u8], message: &[u8]) {
    broadcast(ctx, &BodyOut::Publish { channel, message }, Kind::Publish);
}

/// A Pub/Sub message for the other nodes of this shard.
pub(crate) fn publish_to_shard(ctx: &mut Ctx<'_>, channel: &[u8], message: &[u8]) {
    let master = ctx.b.cluster.my_shard_master();
    let frame = frame(ctx, &BodyOut::PublishShard { channel, message });
    for at in ctx.b.cluster.peers.other_places() {
        let Some(peer) = ctx.b.cluster.peers.get(at) else { continue };
        let is_here = at == master || peer.master() == Some(master);
        if let Some(link) = peer.link.up().filter(|_| is_here) {
            send(ctx, link, Arc::clone(&frame), Kind::PublishShard);
        }
    }
}

fn send_to(ctx: &mut Ctx<'_>, to: PeerIdx, body: &BodyOut<'_>, kind: Kind) {
    if let Some(link) = ctx.b.cluster.peers.get(to).and_then(|peer| peer.link.up()) {
        let frame = frame(ctx, body);
        send(ctx, link, frame, kind);
    }
}

/// A vote.
pub(crate) fn auth_ack(ctx: &mut Ctx<'_>, to: PeerIdx) {
    send_to(ctx, to, &BodyOut::AuthAck, Kind::AuthAck);
}

/// Asks this replica's master to stand still for a manual failover.
pub(crate) fn manual_failover_start(ctx: &mut Ctx<'_>, master: PeerIdx) {
    send_to(ctx, master, &BodyOut::MfStart, Kind::MfStart);
}

/// Teaches a stale node about the owner of slots that it claims, or that its master does.
pub(crate) fn update(ctx: &mut Ctx<'_>, to: PeerIdx, about: PeerIdx) {
    let cluster = &ctx.b.cluster;
    let Some(owner) = cluster.peers.get(about) else { return };
    // Slots that the owner stopped claiming are not passed on as its claim.
    let slots: SlotSet =
        owner.slots.iter().filter(|slot| cluster.owners.is_claimed(*slot)).collect();
    let body = BodyOut::Update {
        about: owner.id,
        config_epoch: owner.config_epoch,
        slots: slots.as_bytes(),
    };
    send_to(ctx, to, &body, Kind::Update);
}

/// The IP under which this node is known, if any.
pub(crate) fn my_ip(ctx: &Ctx<'_>) -> Option<IpAddr> {
    ctx.b.config.cluster_announce_ip.or(ctx.b.cluster.me().endpoint.ip)
}
