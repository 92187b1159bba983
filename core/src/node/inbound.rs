//! A frame came in: who says it, and which rule hears it. One match, no policy.
//!
//! The order of steps is Redis's, because later ones rely on earlier ones: a vote request raises
//! the voter's clock before it is judged, even if it is refused then.
//!
//! Facts: Redis 7.0 behaviour, `bus` for the layout.

use core::net::IpAddr;

use alloc::format;

use super::stream::socket_error;
use crate::{
    bus::{self, Body, Extension, Header, Kind, Message, MsgFlags},
    cluster::{Outbound, Peer, PeerIdx, Role},
    endpoint::Addr,
    explain::Reason,
    id::{LinkId, NodeId},
    io::{DownReason, Effect, HangupReason, Level},
    rules::{
        Ctx, candidacy, claim, epoch, failure, gossip, manual, meet, ping,
        publish::{self, Reach},
        speak,
        vote::{self, VoteRequest},
    },
    slot::SlotSet,
};

/// Somebody connected to the bus port.
pub(super) fn accepted(ctx: &mut Ctx<'_>, link: LinkId, remote: Addr, local: IpAddr) {
    let since = ctx.now.mono;
    ctx.out.log(Level::Verbose, || format!("Accepting cluster node connection from {remote}"));
    if let Some(oldest) = ctx.b.cluster.links.accept(link, remote.ip, local, since) {
        ctx.out.push(Effect::Hangup { link: oldest, why: HangupReason::Unneeded });
    }
}

/// A dialled link is up; false if it is not one of the bus.
pub(super) fn link_up(ctx: &mut Ctx<'_>, link: LinkId) -> bool {
    let Some(at) = ctx.b.cluster.links.outbound(link) else { return false };
    let since = ctx.now.mono;
    if let Some(peer) = ctx.b.cluster.peers.get_mut(at) {
        peer.link = Outbound::Up { link, since };
    }
    if let Some((id, to)) = target(ctx, at) {
        ctx.out.log(Level::Debug, || format!("Connecting with Node {id} at {to}"));
    }
    ping::linked(ctx, at);
    true
}

/// A link is gone; false if it is not one of the bus.
pub(super) fn link_down(ctx: &mut Ctx<'_>, link: LinkId, why: DownReason) -> bool {
    let inbound = ctx.b.cluster.links.inbound(link);
    let was_inbound = inbound.is_some();
    log_down(ctx, link, inbound.and_then(|inbound| inbound.peer), why);
    let peer = ctx.b.cluster.links.gone(link);
    if let Some(at) = peer {
        ping::unlinked(ctx, at, why == DownReason::Refused);
    }
    if why == DownReason::Garbage && (was_inbound || peer.is_some()) {
        ctx.out.log(Level::Warning, || {
            "Bad message length or signature received from Cluster bus.".into()
        });
    }
    was_inbound || peer.is_some()
}

/// Whom an outbound link leads to, and where.
fn target(ctx: &Ctx<'_>, at: PeerIdx) -> Option<(NodeId, Addr)> {
    let peer = ctx.b.cluster.peers.get(at)?;
    Some((peer.id, peer.endpoint.bus()?))
}

/// What Redis says about a link that is gone, most of it to those who ask for details.
fn log_down(ctx: &mut Ctx<'_>, link: LinkId, from: Option<PeerIdx>, why: DownReason) {
    let to = ctx.b.cluster.links.outbound(link);
    if let DownReason::Overflow { queued } = why {
        ctx.b.cluster.traffic.overflows += 1;
        let (way, at) = if to.is_some() { ("to", to) } else { ("from", from) };
        let id = at.and_then(|at| ctx.b.cluster.peers.id_of(at));
        let id = id.as_ref().map_or("", |id| id.as_str());
        ctx.out.log(Level::Warning, || {
            format!(
                "Freeing cluster link({way} node {id}, used memory: {queued}) due to exceeding \
                 send buffer memory limit."
            )
        });
        return;
    }
    let error = if why == DownReason::Closed { "connection closed" } else { socket_error(why) };
    let dialled = to.and_then(|at| {
        let dialling = matches!(ctx.b.cluster.peers.get(at)?.link, Outbound::Dialling { .. });
        target(ctx, at).filter(|_| dialling)
    });
    match dialled {
        None => {
            ctx.out.log(Level::Debug, || format!("I/O error reading from node link: {error}"));
        }
        // On this machine the kernel refuses at once, before the connection is waited for.
        Some((_, Addr { ip, port })) if why == DownReason::Refused && ip.is_loopback() => {
            ctx.out.log(Level::Debug, || {
                format!("Unable to connect to Cluster Node [{ip}]:{port} -> {error}")
            });
        }
        Some((id, to)) => ctx
            .out
            .log(Level::Verbose, || format!("Connection with Node {id} at {to} failed: {error}")),
    }
}

/// Exactly one frame.
pub(super) fn frame(ctx: &mut Ctx<'_>, link: LinkId, bytes: &[u8]) {
    if let Some(kind) = bus::kind_of(bytes) {
        ctx.b.cluster.traffic.received[usize::from(kind.number())] += 1;
        ctx.out.log(Level::Debug, || {
            format!("--- Processing packet of type {}, {} bytes", kind.name(), bytes.len())
        });
        if ctx.b.cluster.deaf_to == Some(kind) {
            ctx.out.log(Level::Warning, || "Dropping packet that matches debug drop filter".into());
            return;
        }
    }
    match bus::decode(bytes) {
        Ok(message) => {
            let sender = identify(ctx, link, &message.header);
            if let Some(at) = sender {
                known_sender(ctx, at, &message.header);
            }
            dispatch(ctx, link, sender, &message);
        }
        Err(error) => {
            if let Some(line) = error.log_line() {
                ctx.out.log(Level::Warning, || line);
            }
            if error.closes_link() {
                let peer = ctx.b.cluster.links.gone(link);
                if let Some(at) = peer {
                    ping::unlinked(ctx, at, false);
                }
                ctx.out.push(Effect::Hangup { link, why: HangupReason::Protocol });
            }
        }
    }
}

/// The sender: whom the link belongs to, if that is settled, else whom the header names.
fn identify(ctx: &mut Ctx<'_>, link: LinkId, header: &Header<'_>) -> Option<PeerIdx> {
    let cluster = &mut ctx.b.cluster;
    let of_link =
        cluster.links.outbound(link).or_else(|| cluster.links.inbound(link).and_then(|i| i.peer));
    let settled = of_link.filter(|at| cluster.peers.get(*at).is_some_and(Peer::is_introduced));
    if settled.is_some() {
        return settled;
    }
    let named = cluster.peers.find(header.sender).filter(|at| *at != PeerIdx::ME)?;
    let fresh_inbound = cluster.links.inbound(link).is_some_and(|inbound| inbound.peer.is_none());
    if fresh_inbound && let Some(older) = cluster.links.bind(link, named) {
        let id = header.sender;
        ctx.out.log(Level::Debug, || {
            let fd = |link: LinkId| link.0 & !LinkId::accepted(0).0;
            format!("Replacing inbound link fd {} from node {id} with fd {}", fd(older), fd(link))
        });
        ctx.out.push(Effect::Hangup { link: older, why: HangupReason::Replaced });
    }
    Some(named)
}

/// What every message of a known node tells: it lives, its clock, its offset.
fn known_sender(ctx: &mut Ctx<'_>, at: PeerIdx, header: &Header<'_>) {
    let now = ctx.now.mono;
    let Some(peer) = ctx.b.cluster.peers.get_mut(at) else { return };
    peer.data_received = Some(now);
    if peer.is_introduced() {
        peer.offset = header.offset;
        epoch::adopt(ctx, at, header.current_epoch, header.config_epoch);
        if header.mflags.contains(MsgFlags::PAUSED) && ctx.b.cluster.my_master() == Some(at) {
            manual::hear_offset(ctx, at, header.offset);
        }
    }
}

fn dispatch(ctx: &mut Ctx<'_>, link: LinkId, sender: Option<PeerIdx>, message: &Message<'_>) {
    let header = &message.header;
    match message.body {
        Body::Ping { .. } => heartbeat(ctx, link, sender, message, Kind::Ping),
        Body::Pong { .. } => heartbeat(ctx, link, sender, message, Kind::Pong),
        Body::Meet { .. } => heartbeat(ctx, link, sender, message, Kind::Meet),
        Body::Fail { about } => match (sender, ctx.b.cluster.peers.find(about)) {
            (Some(from), Some(about)) => failure::hear_fail(ctx, from, about),
            (Some(_), None) => {}
            (None, _) => ctx.out.log(Level::Notice, || {
                alloc::format!(
                    "Ignoring FAIL message from unknown node {} about {about}",
                    header.sender
                )
            }),
        },
        Body::AuthRequest => {
            if let Some(from) = sender
                && let Some(slots) = SlotSet::from_bytes(header.slots)
            {
                let request = VoteRequest {
                    from,
                    current_epoch: header.current_epoch,
                    config_epoch: header.config_epoch,
                    slots: &slots,
                    forced: header.mflags.contains(MsgFlags::FORCEACK),
                };
                vote::answer(ctx, &request);
            }
        }
        Body::AuthAck => {
            if let Some(from) = sender {
                candidacy::count_vote(ctx, from, header.current_epoch);
            }
        }
        Body::Update { about, config_epoch, slots } => {
            if let Some(from) = sender
                && let Some(slots) = SlotSet::from_bytes(slots)
            {
                claim::hear_update(ctx, from, about, config_epoch, &slots);
            }
        }
        Body::MfStart => {
            if let Some(from) = sender {
                manual::hear_start(ctx, from, link);
            }
        }
        Body::Publish { channel, message } => {
            if sender.is_some() {
                publish::heard(ctx, Reach::Everybody, channel, message);
            }
        }
        Body::PublishShard { channel, message } => {
            if sender.is_some() {
                publish::heard(ctx, Reach::Shard, channel, message);
            }
        }
        // Modules are nobody's business here.
        Body::Module { .. } => {}
        Body::Unknown(number) => {
            ctx.out.log(Level::Warning, || format!("Received unknown packet type: {number}"));
        }
    }
}

fn heartbeat(
    ctx: &mut Ctx<'_>,
    link: LinkId,
    mut sender: Option<PeerIdx>,
    message: &Message<'_>,
    kind: Kind,
) {
    let header = &message.header;
    let inbound = ctx.b.cluster.links.inbound(link);
    if kind != Kind::Pong {
        if let Some(inbound) = inbound {
            meet::learn_own_ip(ctx, inbound.local, kind == Kind::Meet);
            if kind == Kind::Meet && sender.is_none() {
                meet::greeted(ctx, header, inbound.remote);
            }
        }
        speak::pong(ctx, link);
    }
    ctx.out.log(Level::Debug, || {
        let links = &ctx.b.cluster.links;
        let at = links.outbound(link).or_else(|| links.inbound(link).and_then(|l| l.peer));
        let id = at.and_then(|at| ctx.b.cluster.peers.id_of(at));
        let id = id.as_ref().map_or("NULL", |id| id.as_str());
        format!("{} packet received: {id}", kind.name())
    });
    if let Some(at) = ctx.b.cluster.links.outbound(link) {
        let was_handshake =
            ctx.b.cluster.peers.get(at).is_some_and(|peer| peer.handshake.is_some());
        match meet::identify(ctx, at, link, header) {
            meet::Identity::Dropped => return,
            meet::Identity::Known => {}
        }
        if was_handshake {
            // It was nobody when the message arrived; it is somebody now.
            sender = Some(at);
            known_sender(ctx, at, header);
        }
    }
    let Some(from) = sender else { return };
    if let Some(peer) = ctx.b.cluster.peers.get_mut(from) {
        peer.nofailover = header.flags.contains(bus::NodeFlags::NOFAILOVER);
    }
    if let Some(inbound) = inbound.filter(|_| kind == Kind::Ping) {
        meet::follow_address(ctx, from, header, inbound.remote);
    }
    if kind == Kind::Pong && ctx.b.cluster.links.outbound(link) == Some(from) {
        ponged(ctx, from);
    }
    hear_role(ctx, from, header);
    if let Some(slots) = SlotSet::from_bytes(header.slots) {
        claim::hear(ctx, from, header.config_epoch, &slots);
    }
    epoch::collide(ctx, from, header.config_epoch);
    if let Some((entries, extensions)) = message.body.heartbeat() {
        for entry in entries {
            gossip::hear(ctx, from, &entry);
        }
        let hostname = extensions.into_iter().find_map(|extension| match extension {
            Extension::Hostname(name) => Some(name),
            Extension::Other { .. } => None,
        });
        if let Some(peer) = ctx.b.cluster.peers.get_mut(from)
            && peer.endpoint.hostname != hostname.unwrap_or("")
        {
            peer.endpoint.hostname = hostname.unwrap_or("").into();
            ctx.b.cluster.todo.write();
        }
    }
}

fn ponged(ctx: &mut Ctx<'_>, from: PeerIdx) {
    let now = ctx.now.mono;
    if let Some(peer) = ctx.b.cluster.peers.get_mut(from) {
        peer.ping_sent = None;
        peer.pong_received = Some(now);
    }
    failure::answered(ctx, from);
}

/// Master or replica, and of whom: from `slaveof`, never from the flag bits.
fn hear_role(ctx: &mut Ctx<'_>, from: PeerIdx, header: &Header<'_>) {
    let cluster = &mut ctx.b.cluster;
    let Some(peer) = cluster.peers.get(from) else { return };
    let about = peer.id;
    let Some(master_id) = header.master else {
        if !peer.is_master() {
            cluster.set_as_master(from);
            cluster.todo.write();
            cluster.todo.serving = true;
            ctx.out.because_if(|| Reason::RoleHeard { about, master: None });
        }
        return;
    };
    let master = cluster.peers.find(master_id);
    if peer.is_master() {
        // A master that turned replica has nothing to claim any more.
        cluster.unassign_all(from);
        if let Some(peer) = cluster.peers.get_mut(from) {
            peer.role = Role::Replica { of: None };
            peer.migration_target = false;
        }
        cluster.todo.write();
        cluster.todo.serving = true;
        ctx.out.because_if(|| Reason::RoleHeard { about, master: Some(master_id) });
    }
    let known = cluster.peers.get(from).and_then(Peer::master);
    if let Some(master) = master.filter(|at| Some(*at) != known && *at != from) {
        cluster.set_master(from, master);
        cluster.todo.write();
    }
}
