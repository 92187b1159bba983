//! DUMP and RESTORE: one value as bytes, and back.

use super::{exists, integer, millis, read, same, settle, wall};
use crate::{
    command::{Call, Propagate, dispatch::is_replica},
    resp::parse_i64,
    rules::Ctx,
    store::Value,
    store_formats::rdb::{self, RdbError},
};

/// `DUMP key`
pub(in crate::command) fn dump(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let payload =
        read(ctx, call, call.arg(1)).map(|entry| rdb::dump(|to| entry.value.write_to(to)));
    match payload {
        Some(payload) => call.reply.bulk(&payload),
        None => call.reply.null(),
    }
}

/// The words behind the payload.
#[derive(Clone, Copy, Default)]
struct Options {
    replaces: bool,
    is_absolute: bool,
}

/// `RESTORE key ttl payload [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ n]`
pub(in crate::command) fn restore(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let Some(options) = options(call) else { return };
    if !options.replaces && exists(ctx, call, key) {
        return call.reply.error("BUSYKEY Target key name already exists.");
    }
    let Some(ttl) = integer(call, 2) else { return };
    if ttl < 0 {
        return call.reply.error("ERR Invalid TTL value, must be >= 0");
    }
    let value = match rdb::read_dump(call.arg(3)) {
        Ok(object) => Value::from_object(object).ok(),
        Err(RdbError::Checksum { .. } | RdbError::Version(_) | RdbError::Truncated(_)) => {
            return call.reply.error("ERR DUMP payload version or checksum are wrong");
        }
        Err(_) => None,
    };
    let Some(value) = value else { return call.reply.error("ERR Bad data format") };
    let now = millis(ctx.now.wall);
    let at = match (ttl, options.is_absolute) {
        (0, _) => None,
        (ttl, true) => Some(ttl),
        (ttl, false) => Some(ttl.saturating_add(now)),
    };
    let slot = settle(ctx, call, key);
    let is_over = at.is_some_and(|at| at <= now) && call.client.is_some() && !is_replica(ctx.b);
    if is_over {
        // It lived while it was on its way: there is nothing to make, but the old one goes.
        if ctx.b.store.remove(slot, key).is_some() {
            call.propagate = Propagate::as_one(&[b"DEL", key]);
        }
        return call.reply.ok();
    }
    ctx.b.store.insert(slot, key, value, at.map(wall));
    call.propagate = match at {
        Some(at) if !options.is_absolute => {
            let mut number = itoa::Buffer::new();
            let mut words = call.args.to_vec();
            words[2] = number.format(at).as_bytes();
            words.push(b"ABSTTL");
            Propagate::as_one(&words)
        }
        Some(_) | None => Propagate::Verbatim,
    };
    call.reply.ok();
}

/// Reads the options; refuses what makes no sense. Nothing is evicted here, so IDLETIME and FREQ
/// are checked and forgotten.
fn options(call: &mut Call<'_>) -> Option<Options> {
    let mut options = Options::default();
    let (mut idle, mut frequency) = (false, false);
    let mut rest = call.args.get(4..).unwrap_or_default();
    while let [word, more @ ..] = rest {
        rest = more;
        if same(word, "REPLACE") {
            options.replaces = true;
        } else if same(word, "ABSTTL") {
            options.is_absolute = true;
        } else if same(word, "IDLETIME") && !more.is_empty() && !frequency {
            rest = &more[1..];
            idle = true;
            number(call, more[0], i64::MAX, "ERR Invalid IDLETIME value, must be >= 0")?;
        } else if same(word, "FREQ") && !more.is_empty() && !idle {
            rest = &more[1..];
            frequency = true;
            number(call, more[0], 255, "ERR Invalid FREQ value, must be >= 0 and <= 255")?;
        } else {
            call.syntax_error();
            return None;
        }
    }
    Some(options)
}

/// A number from 0 to `max`, or the refusal.
fn number(call: &mut Call<'_>, word: &[u8], max: i64, refusal: &str) -> Option<i64> {
    let n = parse_i64(word);
    match n {
        None => call.reply.error(super::NOT_AN_INTEGER),
        Some(n) if !(0..=max).contains(&n) => {
            call.reply.error(refusal);
            return None;
        }
        Some(_) => {}
    }
    n
}
