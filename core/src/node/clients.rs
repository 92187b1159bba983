//! Clients of the data port come and go; keys that are due expire.

use alloc::vec::Vec;

use crate::{
    endpoint::Addr,
    id::ClientId,
    rules::{Ctx, clients, replication, watch},
    session::Session,
};

/// A client connected.
pub(super) fn came(ctx: &mut Ctx<'_>, client: ClientId, remote: Option<Addr>, local: Option<Addr>) {
    let needs_password = !ctx.b.config.requirepass.is_empty();
    let session = Session::new(remote, local, needs_password, ctx.now.mono);
    ctx.b.stats.connections += 1;
    ctx.b.sessions.insert(client, session);
}

/// A client's connection is gone; it may have been a replica.
pub(super) fn went(ctx: &mut Ctx<'_>, client: ClientId) {
    clients::gone(ctx, client);
}

/// Deletes some of the keys that are due, and tells the replicas. A replica deletes none by
/// itself: it hides them and waits for its master's word.
pub(super) fn expire(ctx: &mut Ctx<'_>, budget: usize) {
    if ctx.b.repl.is_replica() || !ctx.b.cluster.is_master() {
        return;
    }
    // A paused master stands still: its offset may not move.
    if ctx.b.holds.paused(ctx.now.mono).is_some() {
        return;
    }
    if ctx.b.store.next_expiry().is_none_or(|due| due > ctx.now.wall) {
        return;
    }
    let gone: Vec<_> = ctx.b.store.expire_some(ctx.now.wall, budget);
    for (_, key) in gone {
        ctx.b.stats.expired += 1;
        replication::propagate(ctx, &[b"DEL", &key]);
        watch::touched(ctx, &key);
    }
}
