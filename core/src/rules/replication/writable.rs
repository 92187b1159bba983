//! Keys that clients have written to a replica that lets them (`replica-read-only no`).
//!
//! A replica leaves the expiry of its master's keys to its master, who knows nothing of these: so
//! it has to see to them itself. Nobody is told when they go.
//!
//! Spec: Redis replication, "Read-only replica"; Redis keeps a list of such keys since 4.0.

use alloc::vec::Vec;

use crate::{
    config::event,
    rules::{Ctx, notify, watch},
    slot::key_slot,
    store::Key,
};

/// A client has written keys of the selected database: those that expire are remembered.
pub(crate) fn wrote_here<'k>(ctx: &mut Ctx<'_>, keys: impl Iterator<Item = &'k [u8]>) {
    // In the page every server is in a cluster, where a replica takes no writes.
    if !cfg!(feature = "full") || !ctx.b.repl.is_replica() || ctx.b.config.replica_read_only {
        return;
    }
    let store = &ctx.b.store;
    let expires =
        |key: &&[u8]| store.entry(key_slot(key), key).is_some_and(|entry| entry.expire.is_some());
    ctx.b.repl.own_keys.extend(keys.filter(expires).map(|key| (store.number(), Key::from(key))));
}

/// Deletes up to `budget` of the remembered keys whose time has come.
pub(crate) fn expire_own(ctx: &mut Ctx<'_>, budget: usize) {
    let now = ctx.now.wall;
    let all: Vec<(u32, Key)> = ctx.b.repl.own_keys.iter().take(budget).cloned().collect();
    for own in all {
        let (database, key) = &own;
        let keys = ctx.b.store.of(*database);
        let entry = keys.and_then(|keys| keys.entry(key_slot(key), key));
        let expires = entry.is_some_and(|entry| entry.expire.is_some());
        let is_due = entry.is_some_and(|entry| entry.is_expired(now));
        if is_due {
            ctx.b.store.select(*database);
            ctx.b.store.remove(key_slot(key), key);
            ctx.b.stats.expired += 1;
            notify::event(ctx, event::EXPIRED, "expired", key);
            watch::touched(ctx, key);
        }
        if is_due || !expires {
            ctx.b.repl.own_keys.remove(&own);
        }
    }
}
