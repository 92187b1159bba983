//! WATCH: has a key changed since a client began to watch it?
//!
//! Whatever changes a key says so here, unless nobody watches anything: then nothing is done. A key
//! that is gone because its time had come before WATCH is no change; one whose time came after
//! it is, even before it is deleted.
//!
//! Spec: Redis transactions, "Optimistic locking using check-and-set".

use super::{Ctx, tracking};
use crate::{
    id::ClientId,
    session::{Watch, Watched},
    slot::key_slot,
    store::Keyspace,
};

/// A client watches a key from now on.
pub(crate) fn watch(ctx: &mut Ctx<'_>, client: ClientId, key: &[u8]) {
    let slot = key_slot(key);
    let was = match ctx.b.store.entry(slot, key) {
        None => Watched::Absent,
        Some(entry) if entry.is_expired(ctx.now.wall) => Watched::Expired,
        Some(_) => Watched::Live,
    };
    let Some(session) = ctx.b.sessions.get_mut(&client) else { return };
    let database = ctx.b.store.number();
    if session.watching.iter().any(|watch| watch.database == database && *watch.key == *key) {
        return;
    }
    let key = ctx.b.watchers.add(key, client);
    session.watching.push(Watch { key, database, was });
}

/// A client watches nothing any more.
pub(crate) fn unwatch(ctx: &mut Ctx<'_>, client: ClientId) {
    let Some(session) = ctx.b.sessions.get_mut(&client) else { return };
    session.watch_broken = false;
    for watch in core::mem::take(&mut session.watching) {
        ctx.b.watchers.remove(&watch.key, client);
    }
}

/// Whether EXEC may run: nothing that the client watches has changed or expired.
pub(crate) fn holds(ctx: &Ctx<'_>, client: ClientId) -> bool {
    let Some(session) = ctx.b.sessions.get(&client) else { return true };
    !session.watch_broken
        && session.watching.iter().all(|watch| {
            let (slot, keys) = (key_slot(&watch.key), ctx.b.store.of(watch.database));
            let is_expired = |keys: &Keyspace| keys.is_expired(slot, &watch.key, ctx.now.wall);
            watch.was != Watched::Live || !keys.is_some_and(is_expired)
        })
}

/// A key has changed, or is gone.
pub(crate) fn touched(ctx: &mut Ctx<'_>, key: &[u8]) {
    tracking::changed(ctx, key);
    if ctx.b.watchers.is_empty() {
        return;
    }
    let is_gone = ctx.b.store.entry(key_slot(key), key).is_none();
    let database = ctx.b.store.number();
    for client in ctx.b.watchers.of(key) {
        let Some(session) = ctx.b.sessions.get_mut(&client) else { continue };
        let mut watching = session.watching.iter_mut();
        let is_it = |watch: &&mut Watch| watch.database == database && *watch.key == *key;
        let Some(watch) = watching.find(is_it) else { continue };
        if watch.was == Watched::Expired && is_gone {
            watch.was = Watched::Absent;
        } else {
            session.watch_broken = true;
        }
    }
}

/// All keys of all databases are gone.
pub(crate) fn touched_all(ctx: &mut Ctx<'_>) {
    touched_every(ctx, |_| true);
}

/// All keys of some databases are gone.
pub(crate) fn touched_every(ctx: &mut Ctx<'_>, is_concerned: impl Fn(u32) -> bool) {
    tracking::flushed(ctx);
    for client in ctx.b.watchers.clients() {
        let Some(session) = ctx.b.sessions.get_mut(&client) else { continue };
        for watch in session.watching.iter_mut().filter(|watch| is_concerned(watch.database)) {
            match watch.was {
                Watched::Absent => {}
                Watched::Expired => watch.was = Watched::Absent,
                Watched::Live => session.watch_broken = true,
            }
        }
    }
}
