//! Clients of the data port come and go; keys that are due expire.

use alloc::vec::Vec;

use crate::{
    beliefs::Beliefs,
    config::event,
    endpoint::Addr,
    id::ClientId,
    rules::{Ctx, clients, notify, replication, watch},
    session::Session,
    store::Keyspace,
    time::Now,
};

/// What a connection is used for: each class has limits of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientClass {
    /// Requests and replies.
    Normal,
    /// A replica's feed.
    Replica,
    /// It listens to channels.
    Pubsub,
}

/// A client, as far as its connection is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientView {
    /// What it is used for.
    pub class: ClientClass,
    /// How long its last request is ago.
    pub idle_ms: u64,
    /// An answer comes later, so it may well be idle.
    pub is_waiting: bool,
    /// It has said its password, or need not.
    pub is_trusted: bool,
}

/// What is known of a client.
pub(super) fn look(b: &Beliefs, now: Now, client: ClientId) -> Option<ClientView> {
    let session = b.sessions.get(&client)?;
    let class = if session.is_replica {
        ClientClass::Replica
    } else if session.subscribed {
        ClientClass::Pubsub
    } else {
        ClientClass::Normal
    };
    let is_waiting = b.blocked.get(client).is_some()
        || b.repl.waiters.holds(client)
        || b.holds.is_waiting(client)
        || b.persist.shutdown.as_ref().is_some_and(|shutdown| shutdown.clients.contains(&client));
    Some(ClientView {
        class,
        idle_ms: now.mono.ms_since(session.last),
        is_waiting,
        is_trusted: session.authenticated || b.config.requirepass.is_empty(),
    })
}

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
    if ctx.b.debug.expires_lazily {
        return;
    }
    if cfg!(feature = "full") && !ctx.b.repl.own_keys.is_empty() {
        replication::expire_own(ctx, budget);
    }
    if ctx.b.repl.is_replica() || !ctx.b.cluster.is_master() {
        return;
    }
    // A paused master stands still: its offset may not move.
    if ctx.b.holds.paused(ctx.now.mono).is_some() {
        return;
    }
    let now = ctx.now.wall;
    if ctx.b.store.next_expiry_of_all().is_none_or(|due| due >= now) {
        return;
    }
    let is_due = |keys: &Keyspace| keys.next_expiry().is_some_and(|due| due < now);
    let due = ctx.b.store.each().filter(|(_, keys)| is_due(keys));
    let numbers: Vec<u32> = due.map(|(number, _)| number).collect();
    let mut budget = budget;
    for number in numbers {
        ctx.b.store.select(number);
        let gone: Vec<_> = ctx.b.store.expire_some(now, budget);
        budget -= gone.len();
        for (_, key) in gone {
            ctx.b.stats.expired += 1;
            replication::propagate(ctx, &[b"DEL", &key]);
            notify::event(ctx, event::EXPIRED, "expired", &key);
            watch::touched(ctx, &key);
        }
    }
}
