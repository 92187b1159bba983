//! A replica gets the whole dataset: how it is put on the wire, and what waits until it is there.
//!
//! The driver makes and sends the snapshot beside its loop. The stream goes on meanwhile; what is
//! new in it waits with the replica, within `client-output-buffer-limit replica`.
//!
//! Spec: Redis replication, diskless form. Without a length the snapshot ends at a mark, and the
//! replica would take what follows at once for a part of it: so nothing follows before its first
//! ACK. Differs from Redis: there is no child process and no wait for further replicas
//! (`repl-diskless-sync-delay`), because a snapshot costs neither a copy of the memory nor a pause.

use alloc::{format, string::String, vec::Vec};

use crate::{
    id::ClientId,
    io::{Effect, Framing, Level},
    repl::{Replica, Stage},
    rules::{Ctx, clients},
    script::Sha,
};

/// How the dataset goes to a client.
pub(super) fn framing(ctx: &Ctx<'_>, finds_marks: bool) -> Framing {
    let wanted = ctx.b.config.value("repl-diskless-sync").as_deref() != Some("no");
    if !(wanted && finds_marks) {
        return Framing::Sized;
    }
    // Nobody can put it into a value beforehand, and no other draw changes for it.
    let mut dice = ctx.b.rng.clone();
    let drawn = [(); 4].map(|()| dice.u64().to_le_bytes());
    Framing::Marked(format!("{}", Sha::of(drawn.as_flattened())))
}

/// The stage of a replica whose snapshot begins.
pub(super) const fn begin(framing: &Framing) -> Stage {
    let until_ack = matches!(framing, Framing::Marked(_));
    Stage::Receiving { held: Vec::new(), until_ack, is_sent: false }
}

/// All of a snapshot is given to the connection.
pub(crate) fn sent(ctx: &mut Ctx<'_>, client: ClientId) {
    let now = ctx.now.mono;
    let Some(replica) = find(ctx, client) else { return };
    let Stage::Receiving { until_ack, is_sent, .. } = &mut replica.stage else { return };
    *is_sent = true;
    replica.acked_at = now;
    if !*until_ack {
        return put_online(ctx, client);
    }
    let name = replica.name.clone();
    ctx.out.log(Level::Notice, || {
        format!(
            "Streamed RDB transfer with replica {name} succeeded (socket). Waiting for REPLCONF \
             ACK from slave to enable streaming"
        )
    });
}

/// A replica speaks: the one that had to find the end of its snapshot has found it.
pub(super) fn acknowledged(ctx: &mut Ctx<'_>, client: ClientId) {
    let waits = |replica: &mut Replica| {
        matches!(replica.stage, Stage::Receiving { until_ack: true, is_sent: true, .. })
    };
    if find(ctx, client).is_some_and(waits) {
        put_online(ctx, client);
    }
}

/// From here on it gets the stream, and first what has waited.
fn put_online(ctx: &mut Ctx<'_>, client: ClientId) {
    let now = ctx.now.mono;
    let Some(replica) = find(ctx, client) else { return };
    replica.acked_at = now;
    let name = replica.name.clone();
    let stage = core::mem::replace(&mut replica.stage, Stage::Online);
    if let Stage::Receiving { held: bytes, .. } = stage
        && !bytes.is_empty()
    {
        ctx.out.push(Effect::Reply { client, bytes });
    }
    let line = || format!("Synchronization with replica {name} succeeded");
    ctx.out.log(Level::Notice, line);
}

fn find<'c>(ctx: &'c mut Ctx<'_>, client: ClientId) -> Option<&'c mut Replica> {
    ctx.b.repl.replicas.iter_mut().find(|replica| replica.client == client)
}

/// Gives up on replicas for which more waits than is allowed.
pub(super) fn drop_overflowing(ctx: &mut Ctx<'_>) {
    let [_, limit, _] = ctx.b.config.client_output_buffer_limit;
    if limit.hard == 0 {
        return;
    }
    let overflows = |replica: &&Replica| {
        let Stage::Receiving { held, .. } = &replica.stage else { return false };
        held.len() as u64 > limit.hard
    };
    let over: Vec<(ClientId, String)> = ctx
        .b
        .repl
        .replicas
        .iter()
        .filter(overflows)
        .map(|replica| (replica.client, format!("{}", replica.name)))
        .collect();
    for (client, name) in over {
        ctx.out.log(Level::Warning, || {
            format!(
                "Client id={} addr={name} scheduled to be closed ASAP for overcoming of output \
                 buffer limits.",
                client.0
            )
        });
        clients::close(ctx, client);
    }
}
