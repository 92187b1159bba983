//! Hashes: fields with values.

use super::{
    Refused,
    args::{NOT_A_FLOAT, number},
    change, decimal, integer, peek_as, read_as,
};
use crate::{
    command::{Call, Propagate},
    resp::parse_i64,
    rules::Ctx,
    store::Hash,
};

/// `HSET key field value...`
pub(in crate::command) fn hset(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if let Ok(new) = set_pairs(ctx, call) {
        call.reply.integer(new);
    }
}

/// `HMSET key field value...`
pub(in crate::command) fn hmset(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if set_pairs(ctx, call).is_ok() {
        call.reply.ok();
    }
}

/// Sets all fields; how many are new.
fn set_pairs(ctx: &mut Ctx<'_>, call: &mut Call<'_>) -> Result<i64, Refused> {
    let pairs = call.args.get(2..).unwrap_or_default();
    if pairs.len() % 2 == 1 {
        let name = call.command.name;
        call.reply.error_fmt(format_args!("ERR wrong number of arguments for '{name}' command"));
        return Err(Refused);
    }
    let key = call.arg(1);
    peek_as::<Hash>(ctx, call, key)?;
    let new = change(ctx, call, key, |hash: &mut Hash| {
        pairs.chunks_exact(2).filter(|pair| hash.insert(pair[0], pair[1])).count()
    });
    call.propagate = Propagate::Verbatim;
    Ok(number(new.unwrap_or(0)))
}

/// `HSETNX key field value`
pub(in crate::command) fn hsetnx(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (key, field, value) = (call.arg(1), call.arg(2), call.arg(3));
    let Ok(found) = peek_as::<Hash>(ctx, call, key) else { return };
    if found.is_some_and(|hash| hash.get(field).is_some()) {
        return call.reply.integer(0);
    }
    change(ctx, call, key, |hash: &mut Hash| hash.insert(field, value));
    call.propagate = Propagate::Verbatim;
    call.reply.integer(1);
}

/// `HGET key field`
pub(in crate::command) fn hget(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let Ok(found) = read_as::<Hash>(ctx, call, key) else { return };
    write(call, found, call.arg(2));
}

fn write(call: &mut Call<'_>, found: Option<&Hash>, field: &[u8]) {
    match found.and_then(|hash| hash.get(field)) {
        Some(value) => call.reply.bulk(value),
        None => call.reply.null(),
    }
}

/// `HMGET key field...`
pub(in crate::command) fn hmget(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let Ok(found) = read_as::<Hash>(ctx, call, key) else { return };
    let fields = call.args.get(2..).unwrap_or_default();
    call.reply.array(fields.len());
    for field in fields {
        write(call, found, field);
    }
}

/// `HGETALL key`
pub(in crate::command) fn hgetall(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let Ok(found) = read_as::<Hash>(ctx, call, key) else { return };
    call.reply.map(found.map_or(0, Hash::len));
    for (field, value) in found.into_iter().flat_map(Hash::iter) {
        call.reply.bulk(field);
        call.reply.bulk(value);
    }
}

/// `HKEYS key`
pub(in crate::command) fn hkeys(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    list(ctx, call, |(field, _)| field);
}

/// `HVALS key`
pub(in crate::command) fn hvals(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    list(ctx, call, |(_, value)| value);
}

/// A field with its value.
type Pair<'h> = (&'h [u8], &'h [u8]);

fn list(ctx: &mut Ctx<'_>, call: &mut Call<'_>, part: for<'h> fn(Pair<'h>) -> &'h [u8]) {
    let key = call.arg(1);
    let Ok(found) = read_as::<Hash>(ctx, call, key) else { return };
    call.reply.array(found.map_or(0, Hash::len));
    for pair in found.into_iter().flat_map(Hash::iter) {
        call.reply.bulk(part(pair));
    }
}

/// `HDEL key field...`
pub(in crate::command) fn hdel(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    match peek_as::<Hash>(ctx, call, key) {
        Err(_) => return,
        Ok(None) => return call.reply.integer(0),
        Ok(Some(_)) => {}
    }
    let fields = call.args.get(2..).unwrap_or_default();
    let gone = change(ctx, call, key, |hash: &mut Hash| {
        fields.iter().filter(|field| hash.remove(field)).count()
    });
    let gone = gone.unwrap_or(0);
    if gone > 0 {
        call.propagate = Propagate::Verbatim;
    }
    call.reply.integer(number(gone));
}

/// `HEXISTS key field`
pub(in crate::command) fn hexists(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (key, field) = (call.arg(1), call.arg(2));
    let Ok(found) = read_as::<Hash>(ctx, call, key) else { return };
    call.reply.integer(i64::from(found.is_some_and(|hash| hash.get(field).is_some())));
}

/// `HLEN key`
pub(in crate::command) fn hlen(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let Ok(found) = read_as::<Hash>(ctx, call, key) else { return };
    call.reply.integer(number(found.map_or(0, Hash::len)));
}

/// `HSTRLEN key field`
pub(in crate::command) fn hstrlen(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (key, field) = (call.arg(1), call.arg(2));
    let Ok(found) = read_as::<Hash>(ctx, call, key) else { return };
    let len = found.and_then(|hash| hash.get(field)).map_or(0, <[u8]>::len);
    call.reply.integer(number(len));
}

/// `HINCRBY key field n`
pub(in crate::command) fn hincrby(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(by) = integer(call, 3) else { return };
    let (key, field) = (call.arg(1), call.arg(2));
    let Ok(found) = peek_as::<Hash>(ctx, call, key) else { return };
    let old = match found.and_then(|hash| hash.get(field)) {
        None => 0,
        Some(text) => match parse_i64(text) {
            Some(n) => n,
            None => return call.reply.error("ERR hash value is not an integer"),
        },
    };
    let Some(new) = old.checked_add(by) else {
        return call.reply.error("ERR increment or decrement would overflow");
    };
    let mut room = itoa::Buffer::new();
    let text = room.format(new).as_bytes();
    change(ctx, call, key, |hash: &mut Hash| hash.insert(field, text));
    call.propagate = Propagate::Verbatim;
    call.reply.integer(new);
}

/// `HINCRBYFLOAT key field x`
pub(in crate::command) fn hincrbyfloat(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (key, field, by) = (call.arg(1), call.arg(2), call.arg(3));
    match decimal::float(by) {
        Err(_) => return call.reply.error(NOT_A_FLOAT),
        // What is too large for a float here is none there either.
        Ok(by) if !by.is_finite() => {
            return call.reply.error("ERR value is NaN or Infinity");
        }
        Ok(_) => {}
    }
    let Ok(found) = peek_as::<Hash>(ctx, call, key) else { return };
    let old = found.and_then(|hash| hash.get(field)).unwrap_or(b"0");
    let new = match decimal::add(old, by) {
        Ok(new) => new,
        Err(decimal::Refusal::NotANumber) => {
            return call.reply.error("ERR hash value is not a float");
        }
        Err(decimal::Refusal::Infinite) => {
            return call.reply.error("ERR increment would produce NaN or Infinity");
        }
    };
    let text = new.as_bytes();
    change(ctx, call, key, |hash: &mut Hash| hash.insert(field, text));
    // The result travels, so that no replica computes another one.
    call.propagate = Propagate::as_one(&[b"HSET", key, field, text]);
    call.reply.bulk(text);
}
