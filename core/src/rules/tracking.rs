//! CLIENT TRACKING: who is told that a key has changed of which it keeps a copy?
//!
//! Who has read the key since it changed last, and who asked for all keys that begin so. A client
//! that speaks RESP3 is told by a push; another one that is named for it, in either protocol, hears
//! it on the channel `__redis__:invalidate`. Being told once is enough: the key counts as unread.
//!
//! Spec: Redis client side caching.
//! Who asked for all keys is told at the end of a turn, all keys of a prefix at once.

use alloc::{sync::Arc, vec::Vec};

use super::Ctx;
use crate::{
    id::ClientId,
    io::Effect,
    resp::{Protocol, ReplyBuf},
    session::{Kind, Mode},
};

/// Where clients with RESP2 listen.
const CHANNEL: &[u8] = b"__redis__:invalidate";

/// A client has read keys.
pub(crate) fn read<'k>(ctx: &mut Ctx<'_>, client: ClientId, keys: impl Iterator<Item = &'k [u8]>) {
    let Some(tracked) = ctx.b.tracking.clients.get(&client) else { return };
    let wanted = match tracked.mode {
        Mode::Read => true,
        Mode::OptIn => tracked.caching,
        Mode::OptOut => !tracked.caching,
        Mode::Broadcast => false,
    };
    if wanted {
        keys.for_each(|key| ctx.b.tracking.read(client, key));
        let max = ctx.b.config.value("tracking-table-max-keys").and_then(|max| max.parse().ok());
        while max.is_some_and(|max: usize| max > 0 && ctx.b.tracking.readers.len() > max) {
            let Some((key, readers)) = ctx.b.tracking.readers.pop_first() else { break };
            readers.into_iter().for_each(|reader| tell(ctx, reader, Some(&[&*key])));
        }
    }
}

/// A key has changed, or is gone.
pub(crate) fn changed(ctx: &mut Ctx<'_>, key: &[u8]) {
    if !cfg!(feature = "full") || ctx.b.tracking.clients.is_empty() {
        return;
    }
    let tracking = &mut ctx.b.tracking;
    let mut told: Vec<ClientId> = tracking.readers.remove(key).into_iter().flatten().collect();
    told.retain(|reader| {
        tracking.clients.get(reader).is_some_and(|tracked| tracked.mode != Mode::Broadcast)
    });
    let own = |client: &ClientId, skips_own: bool| skips_own && tracking.current == Some(*client);
    told.retain(|reader| {
        !tracking.clients.get(reader).is_some_and(|tracked| own(reader, tracked.skips_own))
    });
    let mut pending = Vec::new();
    for client in &tracking.broadcasting {
        let Some(tracked) = tracking.clients.get(client) else { continue };
        if !own(client, tracked.skips_own) {
            let fitting = tracked.prefixes.iter().filter(|prefix| key.starts_with(prefix));
            pending.extend(fitting.map(|prefix| (*client, prefix.clone())));
        }
    }
    for place in pending {
        tracking.pending.entry(place).or_default().insert(Arc::from(key));
    }
    told.into_iter().for_each(|client| tell(ctx, client, Some(&[key])));
}

/// A turn ends: those who asked for all keys are told.
pub(crate) fn settle(ctx: &mut Ctx<'_>) {
    for ((client, _), keys) in core::mem::take(&mut ctx.b.tracking.pending) {
        let keys: Vec<&[u8]> = keys.iter().map(|key| &**key).collect();
        tell(ctx, client, Some(&keys));
    }
}

/// All keys are gone.
pub(crate) fn flushed(ctx: &mut Ctx<'_>) {
    if !cfg!(feature = "full") {
        return;
    }
    ctx.b.tracking.readers.clear();
    let clients: Vec<ClientId> = ctx.b.tracking.clients.keys().copied().collect();
    clients.into_iter().for_each(|client| tell(ctx, client, None));
}

/// Tells a client, or whoever is to be told instead, that keys have changed, or that all have.
fn tell(ctx: &mut Ctx<'_>, client: ClientId, keys: Option<&[&[u8]]>) {
    let Some(tracked) = ctx.b.tracking.clients.get_mut(&client) else { return };
    let to = tracked.redirect.unwrap_or(client);
    let Some(session) = ctx.b.sessions.get(&to) else {
        tracked.is_broken = true;
        let speaks = ctx.b.sessions.get(&client).map(|session| session.protocol);
        if speaks == Some(Protocol::Resp3) {
            let mut reply = ReplyBuf::with_protocol(Protocol::Resp3);
            reply.push(2);
            reply.bulk(b"tracking-redir-broken");
            reply.integer(i64::try_from(to.0).unwrap_or(i64::MAX));
            ctx.out.push(Effect::Push { client, bytes: Arc::from(reply.as_bytes()) });
        }
        return;
    };
    let mut reply = ReplyBuf::with_protocol(session.protocol);
    if session.protocol == Protocol::Resp3 {
        reply.push(2);
        reply.bulk(b"invalidate");
    } else {
        let listens = tracked.redirect.is_some()
            && ctx.b.pubsub.names_of(to, Kind::Channel).iter().any(|name| **name == *CHANNEL);
        if !listens {
            return;
        }
        reply.push(3);
        reply.bulk(b"message");
        reply.bulk(CHANNEL);
    }
    match keys {
        Some(keys) => {
            reply.array(keys.len());
            keys.iter().for_each(|key| reply.bulk(key));
        }
        None => reply.null(),
    }
    if ctx.b.tracking.current == Some(to) {
        ctx.b.tracking.own.extend_from_slice(reply.as_bytes());
    } else {
        ctx.out.push(Effect::Push { client: to, bytes: Arc::from(reply.as_bytes()) });
    }
}
