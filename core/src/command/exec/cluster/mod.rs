//! CLUSTER and its subcommands: looking (`read`, `topology`), slots
//! (`slot_admin`), nodes and epochs (`admin`). What DEBUG does to the bus is in `trouble`.
//!
//! Handlers parse and answer; what follows from a command is decided by `rules`. Error texts are
//! Redis 7.0's, because `redis-cli --cluster` and client libraries compare some of them.

mod admin;
mod read;
mod slot_admin;
mod topology;
mod trouble;

pub(crate) use admin::{
    bumpepoch, failover, forget, meet, replicate, reset, saveconfig, set_config_epoch,
};
pub(crate) use read::{
    count_failure_reports, countkeysinslot, getkeysinslot, info, keyslot, links, myid, replicas,
    replicas as slaves,
};
pub(crate) use slot_admin::{
    addslots, addslotsrange, delslots, delslotsrange, flushslots, setslot,
};
pub(crate) use topology::{nodes, shards, slots};
pub(super) use trouble::{cut, drop_kind};

use crate::{
    cluster::{Peer, PeerIdx},
    command::{Call, Outcome},
    config::EndpointType,
    id::NodeId,
    resp::{ReplyBuf, parse_i64},
    rules::Ctx,
    slot::Slot,
};

/// `+OK` that leaves only after nodes.conf is saved.
fn saved_ok(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    ctx.b.cluster.todo.write();
    call.reply.ok();
    call.outcome = Outcome::AfterPersist;
}

/// The word at `n`, empty when there is none.
fn word<'a>(call: &Call<'a>, n: usize) -> &'a [u8] {
    call.args.get(n).copied().unwrap_or_default()
}

/// A node by its ID. The random name of a handshake names nobody yet.
fn introduced(ctx: &Ctx<'_>, id: &[u8]) -> Option<PeerIdx> {
    let peers = &ctx.b.cluster.peers;
    let at = NodeId::from_bytes(id).and_then(|id| peers.find(id))?;
    peers.get(at).is_some_and(Peer::is_introduced).then_some(at)
}

/// A node by the ID at word `n`, or `ERR Unknown node <id>`.
fn node_at(ctx: &Ctx<'_>, call: &mut Call<'_>, n: usize) -> Option<PeerIdx> {
    let text = word(call, n);
    let found = introduced(ctx, text);
    if found.is_none() {
        let text = alloc::string::String::from_utf8_lossy(text);
        call.reply.error_fmt(format_args!("ERR Unknown node {text}"));
    }
    found
}

/// The slot at word `n`, or `ERR Invalid or out of range slot`.
fn slot_at(call: &mut Call<'_>, n: usize) -> Option<Slot> {
    let slot = parse_i64(word(call, n)).and_then(|n| u16::try_from(n).ok()).and_then(Slot::new);
    if slot.is_none() {
        call.reply.error("ERR Invalid or out of range slot");
    }
    slot
}

/// The host that clients are told, by `cluster-preferred-endpoint-type`; `None` is a null.
pub(crate) fn shown_host(ctx: &Ctx<'_>, at: PeerIdx, peer: &Peer) -> Option<alloc::string::String> {
    use alloc::string::ToString as _;
    match ctx.b.config.cluster_preferred_endpoint_type {
        EndpointType::Ip => {
            let mine = (at == PeerIdx::ME).then(|| crate::rules::speak::my_ip(ctx)).flatten();
            Some(mine.or(peer.endpoint.ip).map_or_else(Default::default, |ip| ip.to_string()))
        }
        EndpointType::Hostname if peer.endpoint.hostname.is_empty() => Some("?".into()),
        EndpointType::Hostname => Some(peer.endpoint.hostname.clone()),
        EndpointType::UnknownEndpoint => None,
    }
}

/// A bulk string, or a null.
fn bulk_or_null(reply: &mut ReplyBuf, text: Option<&str>) {
    match text {
        Some(text) => reply.bulk(text.as_bytes()),
        None => reply.null(),
    }
}

/// The numbers of a slot, for replies.
fn number(slot: Slot) -> i64 {
    i64::from(slot.get())
}
