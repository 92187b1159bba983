//! Keys as such: delete, list, rename, look.

use alloc::vec::Vec;

use super::{exists, read, same, settle};
use crate::{
    command::{Call, Propagate, dispatch::is_replica},
    config::event,
    rules::{Ctx, notify, persistence},
    store::{Key, Str, Value, glob},
};

/// `DEL key...` and `UNLINK key...`
pub(in crate::command) fn del(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let mut gone = 0;
    for key in call.args.iter().skip(1) {
        let slot = settle(ctx, call, key);
        if ctx.b.store.remove(slot, key).is_some() {
            gone += 1;
            notify::event(ctx, event::GENERIC, "del", key);
        }
    }
    if gone > 0 {
        call.propagate = Propagate::Verbatim;
    }
    call.reply.integer(gone);
}

/// `EXISTS key...` and `TOUCH key...`; a key named twice counts twice.
pub(in crate::command) fn exists_all(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let mut there = 0;
    for key in call.args.iter().skip(1) {
        there += i64::from(read(ctx, call, key).is_some());
    }
    call.reply.integer(there);
}

/// `TYPE key`
pub(in crate::command) fn type_of(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let name = read(ctx, call, key).map_or("none", |entry| entry.value.type_name());
    call.reply.simple(name);
}

/// `RENAME key new`
pub(in crate::command) fn rename(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if move_key(ctx, call, Target::Replaced) {
        call.reply.ok();
    }
}

/// `RENAMENX key new`
pub(in crate::command) fn renamenx(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if move_key(ctx, call, Target::Free) {
        call.reply.integer(1);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Replaced,
    Free,
}

/// Moves a key with its expiry; whether it did. Otherwise the reply is written.
fn move_key(ctx: &mut Ctx<'_>, call: &mut Call<'_>, target: Target) -> bool {
    let (old, new) = (call.arg(1), call.arg(2));
    if !exists(ctx, call, old) {
        call.reply.error("ERR no such key");
        return false;
    }
    let taken = exists(ctx, call, new);
    if target == Target::Free && taken {
        call.reply.integer(0);
        return false;
    }
    if old != new
        && let Some(entry) = ctx.b.store.remove(call.slot_of(old), old)
    {
        ctx.b.store.insert(call.slot_of(new), new, entry.value, entry.expire);
        call.propagate = Propagate::Verbatim;
    }
    true
}

/// `DBSIZE`
pub(in crate::command) fn dbsize(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    call.reply.integer(i64::try_from(ctx.b.store.len()).unwrap_or(i64::MAX));
}

/// `FLUSHALL [ASYNC|SYNC]` and `FLUSHDB [ASYNC|SYNC]`
pub(in crate::command) fn flush(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let known = match call.args {
        [_] => true,
        [_, mode] => same(mode, "ASYNC") || same(mode, "SYNC"),
        _ => false,
    };
    if !known {
        return call.syntax_error();
    }
    if call.command.name == "flushall" {
        ctx.b.store.clear_all();
        persistence::flushed(ctx);
    } else {
        ctx.b.store.clear();
    }
    call.propagate = Propagate::Verbatim;
    call.reply.ok();
}

/// `KEYS pattern`
pub(in crate::command) fn keys(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (pattern, now) = (call.arg(1), call.clock(ctx));
    let fits = |key: &Key| pattern == b"*" || glob(pattern, key);
    let found: Vec<&Key> = ctx
        .b
        .store
        .iter()
        .filter(|(key, _, expire)| expire.is_none_or(|at| at > now) && fits(key))
        .map(|(key, _, _)| key)
        .collect();
    call.reply.array(found.len());
    for key in found {
        call.reply.bulk(key);
    }
}

/// How often RANDOMKEY draws again on meeting a key whose time has come, before it settles for
/// that one: on a replica nothing takes such keys away.
const DRAWS_MAX: usize = 100;

/// `RANDOMKEY`
pub(in crate::command) fn randomkey(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let now = call.clock(ctx);
    let mut drawn = None;
    for _ in 0..DRAWS_MAX {
        let Some((slot, key)) = ctx.b.store.random(&mut ctx.b.rng) else { break };
        let key = Key::clone(key);
        if !ctx.b.store.is_expired(slot, &key, now) {
            drawn = Some(key);
            break;
        }
        if is_replica(ctx.b) {
            drawn = Some(key);
        } else {
            settle(ctx, call, &key);
        }
    }
    match drawn {
        Some(key) => call.reply.bulk(&key),
        None => call.reply.null(),
    }
}

/// `OBJECT ENCODING key`
pub(in crate::command) fn object_encoding(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(2);
    let slot = settle(ctx, call, key);
    match ctx.b.store.get(slot, key, call.clock(ctx)) {
        Some(value) => call.reply.bulk(value.encoding().as_bytes()),
        None => call.reply.null(),
    }
}

/// What Redis says of a value that all keys share: it counts nothing then.
const SHARED: i64 = i32::MAX as i64;

/// `OBJECT REFCOUNT key`: small numbers are shared, though only in Redis does that save anything.
pub(in crate::command) fn object_refcount(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(2);
    let slot = settle(ctx, call, key);
    match ctx.b.store.get(slot, key, call.clock(ctx)) {
        Some(Value::Str(Str::Int(0..10_000))) => call.reply.integer(SHARED),
        Some(_) => call.reply.integer(1),
        None => call.reply.null(),
    }
}

/// `OBJECT IDLETIME key`: nothing notes when keys are used, which would cost memory for each; as
/// if each had just been.
pub(in crate::command) fn object_idletime(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(2);
    if exists(ctx, call, key) {
        call.reply.integer(0);
    } else {
        call.reply.null();
    }
}

/// `OBJECT FREQ key`: nothing is evicted here, so nothing counts how often keys are used.
pub(in crate::command) fn object_freq(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(2);
    if !exists(ctx, call, key) {
        return call.reply.null();
    }
    call.reply.error(
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note \
         that when switching between policies at runtime LRU and LFU data will take some time to \
         adjust.",
    );
}
