//! Subcommands that look and change nothing.

use alloc::{string::String, vec::Vec};
use core::fmt::Write as _;

use super::{node_at, word};
use crate::{
    bus::Kind,
    cluster::{Outbound, PeerIdx, roster::line},
    command::Call,
    resp::parse_i64,
    rules::{Ctx, failure},
    slot::{SLOTS, Slot, key_slot},
};

/// `CLUSTER MYID`
pub(crate) fn myid(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    call.reply.bulk(ctx.b.cluster.my_id().as_bytes());
}

/// `CLUSTER KEYSLOT key`
pub(crate) fn keyslot(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    call.reply.integer(super::number(key_slot(word(call, 2))));
}

/// The number at word `n`, or `ERR value is not an integer or out of range`.
fn number_at(call: &mut Call<'_>, n: usize) -> Option<i64> {
    let number = parse_i64(word(call, n));
    if number.is_none() {
        call.reply.error("ERR value is not an integer or out of range");
    }
    number
}

fn slot_of(number: i64) -> Option<Slot> {
    u16::try_from(number).ok().and_then(Slot::new)
}

/// `CLUSTER COUNTKEYSINSLOT slot`
pub(crate) fn countkeysinslot(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(number) = number_at(call, 2) else { return };
    match slot_of(number) {
        Some(slot) => {
            let count = ctx.b.store.count_in_slot(slot);
            call.reply.integer(i64::try_from(count).unwrap_or(i64::MAX));
        }
        None => call.reply.error("ERR Invalid slot"),
    }
}

/// `CLUSTER GETKEYSINSLOT slot count`
pub(crate) fn getkeysinslot(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(slot) = number_at(call, 2) else { return };
    let Some(max) = number_at(call, 3) else { return };
    let Some((slot, max)) = slot_of(slot).zip(usize::try_from(max).ok()) else {
        return call.reply.error("ERR Invalid slot or number of keys");
    };
    let keys = ctx.b.store.keys_in_slot(slot, max);
    call.reply.array(keys.len());
    for key in keys {
        call.reply.bulk(&key);
    }
}

/// `CLUSTER REPLICAS node-id (and SLAVES)`
pub(crate) fn replicas(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(master) = node_at(ctx, call, 2) else { return };
    let cluster = &ctx.b.cluster;
    if !cluster.peers.get(master).is_some_and(crate::cluster::Peer::is_master) {
        return call.reply.error("ERR The specified node is not a master");
    }
    call.reply.array(cluster.replicas_of(master).count());
    for (at, _) in cluster.replicas_of(master) {
        let mut text = String::new();
        if let Some(line) = line(cluster, at, ctx.now) {
            line.write_to(&mut text);
        }
        call.reply.bulk(text.as_bytes());
    }
}

/// `CLUSTER COUNT-FAILURE-REPORTS node-id`
pub(crate) fn count_failure_reports(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(at) = node_at(ctx, call, 2) else { return };
    let valid = ctx.b.cluster.peers.get(at).map_or(0, |peer| {
        failure::valid_reports(peer, ctx.now.mono, ctx.b.config.cluster_node_timeout_ms)
    });
    call.reply.integer(i64::try_from(valid).unwrap_or(i64::MAX));
}

/// `CLUSTER LINKS`
pub(crate) fn links(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let cluster = &ctx.b.cluster;
    // Node by node, as Redis lists them: both directions of a pair stand together.
    let mut all = Vec::new();
    for (at, peer) in cluster.peers.others() {
        if let Outbound::Up { since, .. } = peer.link {
            all.push(("to", peer.id, since));
        }
        let inbound = cluster.links.bound().filter(|(from, _)| *from == at);
        all.extend(inbound.map(|(_, since)| ("from", peer.id, since)));
    }
    call.reply.array(all.len());
    for (direction, node, since) in all {
        call.reply.map(6);
        call.reply.bulk(b"direction");
        call.reply.bulk(direction.as_bytes());
        call.reply.bulk(b"node");
        call.reply.bulk(node.as_bytes());
        call.reply.bulk(b"create-time");
        call.reply.integer(i64::try_from(ctx.now.wall_at(since).0).unwrap_or(i64::MAX));
        call.reply.bulk(b"events");
        call.reply.bulk(b"r");
        // Send queues belong to the driver; the core knows of none.
        call.reply.bulk(b"send-buffer-allocated");
        call.reply.integer(0);
        call.reply.bulk(b"send-buffer-used");
        call.reply.integer(0);
    }
}

/// `CLUSTER INFO`
pub(crate) fn info(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let cluster = &ctx.b.cluster;
    let (mut assigned, mut pfail, mut fail) = (0, 0, 0);
    for (_, peer) in cluster.peers.iter() {
        let slots = u32::from(peer.slot_count);
        assigned += slots;
        pfail += if peer.is_pfail() { slots } else { 0 };
        fail += if peer.is_failed() { slots } else { 0 };
    }
    debug_assert!(assigned <= u32::from(SLOTS), "a slot has one owner");
    let state = if cluster.serves() { "ok" } else { "fail" };
    let me = cluster.peers.get(PeerIdx::ME).map(|me| cluster.shown_epoch(me)).unwrap_or_default();
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "cluster_state:{state}\r\ncluster_slots_assigned:{assigned}\r\ncluster_slots_ok:{}\r\n\
         cluster_slots_pfail:{pfail}\r\ncluster_slots_fail:{fail}\r\ncluster_known_nodes:{}\r\n\
         cluster_size:{}\r\ncluster_current_epoch:{}\r\ncluster_my_epoch:{me}\r\n",
        assigned - pfail - fail,
        cluster.peers.len(),
        cluster.size(),
        cluster.current_epoch,
    );
    for (word, counts) in [("sent", cluster.traffic.sent), ("received", cluster.traffic.received)] {
        for kind in Kind::ALL {
            let count = counts[usize::from(kind.number())];
            if count > 0 {
                let _ = write!(text, "cluster_stats_messages_{}_{word}:{count}\r\n", kind.name());
            }
        }
        let total: u64 = counts.iter().sum();
        let _ = write!(text, "cluster_stats_messages_{word}:{total}\r\n");
    }
    let _ =
        write!(text, "total_cluster_links_buffer_limit_exceeded:{}\r\n", cluster.traffic.overflows);
    call.reply.verbatim("txt", text.as_bytes());
}
