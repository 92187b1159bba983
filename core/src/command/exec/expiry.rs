//! How long keys live: EXPIRE and its relatives.

use super::{exists, integer, millis, read, settle, strings::Unit, wall};
use crate::{
    command::{
        Call, Propagate,
        dispatch::{Shown, is_replica},
    },
    rules::Ctx,
};

/// `EXPIRE key seconds [NX|XX|GT|LT]`
pub(in crate::command) fn expire(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    set(ctx, call, Unit { seconds: true, absolute: false });
}

/// `PEXPIRE key milliseconds [NX|XX|GT|LT]`
pub(in crate::command) fn pexpire(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    set(ctx, call, Unit { seconds: false, absolute: false });
}

/// `EXPIREAT key unix-seconds [NX|XX|GT|LT]`
pub(in crate::command) fn expireat(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    set(ctx, call, Unit { seconds: true, absolute: true });
}

/// `PEXPIREAT key unix-milliseconds [NX|XX|GT|LT]`
pub(in crate::command) fn pexpireat(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    set(ctx, call, Unit { seconds: false, absolute: true });
}

/// Under which expiry of the key the new one is taken.
#[derive(Clone, Copy, Debug, Default)]
struct OnlyIf {
    none: bool,
    some: bool,
    greater: bool,
    less: bool,
}

impl OnlyIf {
    /// Whether `new` may follow `old`; no expiry counts as infinitely late.
    fn allows(self, old: Option<i64>, new: i64) -> bool {
        !(self.none && old.is_some()
            || self.some && old.is_none()
            || self.greater && old.is_none_or(|old| new <= old)
            || self.less && old.is_some_and(|old| new >= old))
    }
}

fn condition(call: &mut Call<'_>) -> Option<OnlyIf> {
    let mut only = OnlyIf::default();
    for word in call.args.iter().skip(3) {
        match word.to_ascii_uppercase().as_slice() {
            b"NX" => only.none = true,
            b"XX" => only.some = true,
            b"GT" => only.greater = true,
            b"LT" => only.less = true,
            _ => {
                call.reply.error_fmt(format_args!("ERR Unsupported option {}", Shown(word)));
                return None;
            }
        }
    }
    if only.none && (only.some || only.greater || only.less) {
        call.reply.error("ERR NX and XX, GT or LT options at the same time are not compatible");
        return None;
    }
    if only.greater && only.less {
        call.reply.error("ERR GT and LT options at the same time are not compatible");
        return None;
    }
    Some(only)
}

fn set(ctx: &mut Ctx<'_>, call: &mut Call<'_>, unit: Unit) {
    let Some(only) = condition(call) else { return };
    let Some(n) = integer(call, 2) else { return };
    let ms = if unit.seconds { n.checked_mul(1000) } else { Some(n) };
    let base = if unit.absolute { 0 } else { millis(ctx.now.wall) };
    let Some(at) = ms.and_then(|ms| ms.checked_add(base)) else {
        let name = call.command.name;
        return call.reply.error_fmt(format_args!("ERR invalid expire time in '{name}' command"));
    };
    let key = call.arg(1);
    let slot = settle(ctx, call, key);
    let Some(entry) = ctx.b.store.live(slot, key, call.clock(ctx)) else {
        return call.reply.integer(0);
    };
    if !only.allows(entry.expire.map(millis), at) {
        return call.reply.integer(0);
    }
    // What comes from a log or a master is to be done as it says: commands behind it count on it.
    if call.client.is_some() && at <= millis(ctx.now.wall) && !is_replica(ctx.b) {
        ctx.b.store.remove(slot, key);
        call.propagate = Propagate::as_one(&[b"DEL", key]);
    } else {
        ctx.b.store.set_expiry(slot, key, Some(wall(at)));
        let mut room = itoa::Buffer::new();
        let words: [&[u8]; 3] = [b"PEXPIREAT", key, room.format(at).as_bytes()];
        call.propagate = Propagate::as_one(&words);
    }
    call.reply.integer(1);
}

/// `TTL key`
pub(in crate::command) fn ttl(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let now = millis(ctx.now.wall);
    tell(ctx, call, |at| (at - now).max(0).saturating_add(500) / 1000);
}

/// `PTTL key`
pub(in crate::command) fn pttl(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let now = millis(ctx.now.wall);
    tell(ctx, call, |at| (at - now).max(0));
}

/// `EXPIRETIME key`
pub(in crate::command) fn expiretime(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    tell(ctx, call, |at| at.saturating_add(500) / 1000);
}

/// `PEXPIRETIME key`
pub(in crate::command) fn pexpiretime(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    tell(ctx, call, |at| at);
}

/// -2 without the key, -1 without an expiry.
fn tell(ctx: &mut Ctx<'_>, call: &mut Call<'_>, answer: impl FnOnce(i64) -> i64) {
    let key = call.arg(1);
    let n = match read(ctx, call, key).map(|entry| entry.expire) {
        None => -2,
        Some(None) => -1,
        Some(Some(at)) => answer(millis(at)),
    };
    call.reply.integer(n);
}

/// `PERSIST key`
pub(in crate::command) fn persist(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let slot = call.slot_of(key);
    let had = exists(ctx, call, key)
        && ctx.b.store.entry(slot, key).is_some_and(|entry| entry.expire.is_some());
    if had {
        ctx.b.store.set_expiry(slot, key, None);
        call.propagate = Propagate::Verbatim;
    }
    call.reply.integer(i64::from(had));
}
