//! Strings as numbers: INCR and its relatives.

use super::{NOT_AN_INTEGER, decimal, integer, peek_as};
use crate::{
    command::{Call, Propagate},
    rules::Ctx,
    store::{Str, Value},
};

/// `INCR key`
pub(in crate::command) fn incr(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    add(ctx, call, 1);
}

/// `DECR key`
pub(in crate::command) fn decr(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    add(ctx, call, -1);
}

/// `INCRBY key n`
pub(in crate::command) fn incrby(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if let Some(n) = integer(call, 2) {
        add(ctx, call, n);
    }
}

/// `DECRBY key n`
pub(in crate::command) fn decrby(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(n) = integer(call, 2) else { return };
    match n.checked_neg() {
        Some(n) => add(ctx, call, n),
        None => call.reply.error("ERR decrement would overflow"),
    }
}

fn add(ctx: &mut Ctx<'_>, call: &mut Call<'_>, by: i64) {
    let key = call.arg(1);
    let slot = call.slot_of(key);
    let old = match peek_as::<Str>(ctx, call, key) {
        Err(_) => return,
        Ok(None) => None,
        Ok(Some(text)) => match text.as_i64() {
            Some(n) => Some(n),
            None => return call.reply.error(NOT_AN_INTEGER),
        },
    };
    let Some(new) = old.unwrap_or(0).checked_add(by) else {
        return call.reply.error("ERR increment or decrement would overflow");
    };
    let changed = ctx.b.store.modify(slot, key, |value| *value = Value::Str(Str::Int(new)));
    if changed.is_none() {
        ctx.b.store.insert(slot, key, Value::Str(Str::Int(new)), None);
    }
    call.propagate = Propagate::Verbatim;
    call.reply.integer(new);
}

/// `INCRBYFLOAT key x`
pub(in crate::command) fn incrbyfloat(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let slot = call.slot_of(key);
    let mut room = itoa::Buffer::new();
    let old = match peek_as::<Str>(ctx, call, key) {
        Err(_) => return,
        Ok(None) => &b"0"[..],
        Ok(Some(text)) => text.view(&mut room),
    };
    let new = match decimal::add(old, call.arg(2)) {
        Ok(new) => new,
        Err(decimal::Refusal::NotANumber) => {
            return call.reply.error("ERR value is not a valid float");
        }
        Err(decimal::Refusal::Infinite) => {
            return call.reply.error("ERR increment would produce NaN or Infinity");
        }
    };
    let expire = ctx.b.store.entry(slot, key).and_then(|entry| entry.expire);
    // Text even if it spells an integer, as OBJECT ENCODING shows in Redis.
    let text = Value::Str(Str::text(new.as_bytes()));
    ctx.b.store.insert(slot, key, text, expire);
    // The result travels, so that no replica computes another one.
    call.propagate = Propagate::as_one(&[b"SET", key, new.as_bytes(), b"KEEPTTL"]);
    call.reply.bulk(new.as_bytes());
}
