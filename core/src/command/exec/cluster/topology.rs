//! The map of the cluster as clients read it: NODES, SLOTS, SHARDS.

use alloc::{string::ToString as _, vec::Vec};

use super::{bulk_or_null, number, shown_host};
use crate::{
    cluster::{Peer, PeerIdx, roster::nodes_text},
    command::Call,
    config::EndpointType,
    rules::Ctx,
    slot::Slot,
};

/// `CLUSTER NODES`
pub(crate) fn nodes(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let text = nodes_text(&ctx.b.cluster, ctx.now);
    call.reply.verbatim("txt", text.as_bytes());
}

/// The offset of a node as this one knows it.
fn offset_of(ctx: &Ctx<'_>, at: PeerIdx, peer: &Peer) -> u64 {
    if at == PeerIdx::ME { ctx.b.repl.offset() } else { peer.offset }
}

/// `CLUSTER SLOTS: ranges in ascending order, each with its master and the replicas worth asking.`
///
/// A replica that is FAIL, or whose offset is 0 (it has not finished its first sync), is left out.
pub(crate) fn slots(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let cluster = &ctx.b.cluster;
    let mut ranges: Vec<(Slot, Slot, PeerIdx)> = cluster
        .peers
        .iter()
        .flat_map(|(at, peer)| peer.slots.ranges().map(move |(from, to)| (from, to, at)))
        .collect();
    ranges.sort_unstable();
    call.reply.array(ranges.len());
    for (from, to, master) in ranges {
        let replicas: Vec<(PeerIdx, &Peer)> = cluster
            .replicas_of(master)
            .filter(|(at, peer)| !peer.is_failed() && offset_of(ctx, *at, peer) > 0)
            .collect();
        call.reply.array(3 + replicas.len());
        call.reply.integer(number(from));
        call.reply.integer(number(to));
        if let Some(peer) = cluster.peers.get(master) {
            node_entry(ctx, call, master, peer);
        }
        for (at, peer) in replicas {
            node_entry(ctx, call, at, peer);
        }
    }
}

/// `[endpoint, port, id, metadata]`; the metadata names what the endpoint does not.
fn node_entry(ctx: &Ctx<'_>, call: &mut Call<'_>, at: PeerIdx, peer: &Peer) {
    let preferred = ctx.b.config.cluster_preferred_endpoint_type;
    let ip = (preferred != EndpointType::Ip)
        .then_some(peer.endpoint.ip)
        .flatten()
        .map(|ip| ip.to_string());
    let hostname = (preferred != EndpointType::Hostname && !peer.endpoint.hostname.is_empty())
        .then_some(&peer.endpoint.hostname);
    let host = shown_host(ctx, at, peer);
    let reply = &mut *call.reply;
    reply.array(4);
    bulk_or_null(reply, host.as_deref());
    reply.integer(i64::from(peer.endpoint.port));
    reply.bulk(peer.id.as_bytes());
    reply.map(usize::from(ip.is_some()) + usize::from(hostname.is_some()));
    if let Some(ip) = ip {
        reply.bulk(b"ip");
        reply.bulk(ip.as_bytes());
    }
    if let Some(hostname) = hostname {
        reply.bulk(b"hostname");
        reply.bulk(hostname.as_bytes());
    }
}

/// `CLUSTER SHARDS: each master with its slots and replicas.`
pub(crate) fn shards(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let cluster = &ctx.b.cluster;
    let heads: Vec<(PeerIdx, &Peer)> =
        cluster.peers.iter().filter(|(_, peer)| peer.is_master() && peer.is_introduced()).collect();
    call.reply.array(heads.len());
    for (master, peer) in heads {
        call.reply.map(2);
        call.reply.bulk(b"slots");
        let ranges: Vec<_> = peer.slots.ranges().collect();
        call.reply.array(ranges.len() * 2);
        for (from, to) in ranges {
            call.reply.integer(number(from));
            call.reply.integer(number(to));
        }
        call.reply.bulk(b"nodes");
        call.reply.array(1 + cluster.replicas_of(master).count());
        shard_node(ctx, call, master, peer);
        for (at, replica) in cluster.replicas_of(master) {
            shard_node(ctx, call, at, replica);
        }
    }
}

fn shard_node(ctx: &Ctx<'_>, call: &mut Call<'_>, at: PeerIdx, peer: &Peer) {
    let offset = offset_of(ctx, at, peer);
    let health = if peer.is_failed() {
        "fail"
    } else if !peer.is_master() && offset == 0 {
        "loading"
    } else {
        "online"
    };
    let ip = peer.endpoint.ip.map_or_else(Default::default, |ip| ip.to_string());
    let host = shown_host(ctx, at, peer);
    let hostname = &peer.endpoint.hostname;
    let reply = &mut *call.reply;
    reply.map(7 + usize::from(!hostname.is_empty()));
    reply.bulk(b"id");
    reply.bulk(peer.id.as_bytes());
    reply.bulk(b"port");
    reply.integer(i64::from(peer.endpoint.port));
    reply.bulk(b"ip");
    reply.bulk(ip.as_bytes());
    reply.bulk(b"endpoint");
    // SLOTS has a null for an unknown endpoint, SHARDS an empty string.
    reply.bulk(host.as_deref().unwrap_or_default().as_bytes());
    if !hostname.is_empty() {
        reply.bulk(b"hostname");
        reply.bulk(hostname.as_bytes());
    }
    reply.bulk(b"role");
    reply.bulk(if peer.is_master() { b"master" } else { b"replica" });
    reply.bulk(b"replication-offset");
    reply.integer(i64::try_from(offset).unwrap_or(i64::MAX));
    reply.bulk(b"health");
    reply.bulk(health.as_bytes());
}
