//! Strings as bytes: SET and GET with their relatives, parts of strings, several at once.

use alloc::vec::Vec;

use super::{NOT_AN_INTEGER, exists, integer, millis, peek_as, read, read_as, same, settle, wall};
use crate::{
    command::{Call, Propagate, dispatch::is_replica},
    resp::parse_i64,
    rules::Ctx,
    store::{Kind as _, Str, Value},
    time::UnixMillis,
};

/// `GET key`
pub(in crate::command) fn get(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    if let Ok(found) = read_as(ctx, call, key) {
        write(call, found);
    }
}

fn write(call: &mut Call<'_>, found: Option<&Str>) {
    match found {
        Some(text) => call.reply.bulk(text.view(&mut itoa::Buffer::new())),
        None => call.reply.null(),
    }
}

/// The options of SET and GETEX, which share their syntax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Options {
    only_if: Option<OnlyIf>,
    get: bool,
    life: Life,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnlyIf {
    Absent,
    Present,
}

/// What becomes of the expiry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Life {
    /// Not said: SET takes it away, GETEX leaves it.
    #[default]
    Unsaid,
    Keep,
    Persist,
    /// A time, as word number so many gives it.
    Until {
        at: usize,
        unit: Unit,
    },
}

/// How a time is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// In seconds rather than milliseconds.
    pub seconds: bool,
    /// Since 1970 rather than from now.
    pub absolute: bool,
}

const UNITS: [(&str, Unit); 4] = [
    ("EX", Unit { seconds: true, absolute: false }),
    ("PX", Unit { seconds: false, absolute: false }),
    ("EXAT", Unit { seconds: true, absolute: true }),
    ("PXAT", Unit { seconds: false, absolute: true }),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Syntax {
    Set,
    Getex,
}

/// Reads options from word `from` on; `None` is a syntax error.
fn options(call: &Call<'_>, from: usize, syntax: Syntax) -> Option<Options> {
    let mut options = Options::default();
    let mut at = from;
    while at < call.args.len() {
        let word = call.arg(at);
        let unit = UNITS.into_iter().find(|(name, _)| same(word, name));
        if let Some((_, unit)) = unit {
            let fits = match options.life {
                Life::Unsaid => true,
                // The same option twice: the later one counts.
                Life::Until { unit: before, .. } => before == unit,
                Life::Keep | Life::Persist => false,
            };
            if !fits || at + 1 >= call.args.len() {
                return None;
            }
            at += 1;
            options.life = Life::Until { at, unit };
        } else if syntax == Syntax::Set && same(word, "NX") {
            if options.only_if == Some(OnlyIf::Present) {
                return None;
            }
            options.only_if = Some(OnlyIf::Absent);
        } else if syntax == Syntax::Set && same(word, "XX") {
            if options.only_if == Some(OnlyIf::Absent) {
                return None;
            }
            options.only_if = Some(OnlyIf::Present);
        } else if syntax == Syntax::Set && same(word, "GET") {
            options.get = true;
        } else {
            let life = match syntax {
                Syntax::Set if same(word, "KEEPTTL") => Life::Keep,
                Syntax::Getex if same(word, "PERSIST") => Life::Persist,
                Syntax::Set | Syntax::Getex => return None,
            };
            if options.life != Life::Unsaid && options.life != life {
                return None;
            }
            options.life = life;
        }
        at += 1;
    }
    Some(options)
}

/// The time that word `at` gives; refuses what is not positive or does not fit.
fn until(ctx: &Ctx<'_>, call: &mut Call<'_>, at: usize, unit: Unit) -> Option<UnixMillis> {
    let Some(n) = parse_i64(call.arg(at)) else {
        call.reply.error(NOT_AN_INTEGER);
        return None;
    };
    let ms = if unit.seconds { n.checked_mul(1000) } else { Some(n) };
    let base = if unit.absolute { 0 } else { millis(ctx.now.wall) };
    let ms = ms.filter(|ms| *ms > 0).and_then(|ms| ms.checked_add(base));
    if ms.is_none() {
        let name = call.command.name;
        call.reply.error_fmt(format_args!("ERR invalid expire time in '{name}' command"));
    }
    ms.map(wall)
}

/// `SET key value [NX|XX] [GET] [EX s|PX ms|EXAT s|PXAT ms|KEEPTTL]`
pub(in crate::command) fn set(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(options) = options(call, 3, Syntax::Set) else { return call.syntax_error() };
    let (key, value) = (call.arg(1), call.arg(2));
    let expire = match options.life {
        Life::Until { at, unit } => match until(ctx, call, at, unit) {
            Some(until) => Some(until),
            None => return,
        },
        Life::Unsaid | Life::Keep | Life::Persist => None,
    };
    if options.get {
        let Ok(found) = read_as(ctx, call, key) else { return };
        write(call, found);
    }
    let slot = settle(ctx, call, key);
    // A plain SET need not know: it looks its key up once, when it writes.
    let wanted = match options.only_if {
        None => true,
        Some(OnlyIf::Absent) => !exists(ctx, call, key),
        Some(OnlyIf::Present) => exists(ctx, call, key),
    };
    if !wanted {
        if !options.get {
            call.reply.null();
        }
        return;
    }
    let kept = match options.life {
        Life::Keep => ctx.b.store.entry(slot, key).and_then(|entry| entry.expire),
        Life::Unsaid | Life::Persist | Life::Until { .. } => expire,
    };
    ctx.b.store.insert(slot, key, Value::str(value), kept);
    if !options.get {
        call.reply.ok();
    }
    call.propagate = match expire {
        Some(at) => set_until(key, value, at),
        None if options.get => {
            // A replica has nobody to answer. Only options are dropped: a key may spell GET.
            let (head, tail) = call.args.split_at(3);
            let tail = tail.iter().filter(|word| !same(word, "GET"));
            Propagate::as_one(&head.iter().chain(tail).copied().collect::<Vec<_>>())
        }
        None => Propagate::Verbatim,
    };
}

/// An expiry travels as an absolute time: a relative one would start anew at each replica.
fn set_until(key: &[u8], value: &[u8], at: UnixMillis) -> Propagate {
    let mut room = itoa::Buffer::new();
    Propagate::as_one(&[b"SET", key, value, b"PXAT", room.format(at.0).as_bytes()])
}

/// `SETNX key value`
pub(in crate::command) fn setnx(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    if exists(ctx, call, key) {
        return call.reply.integer(0);
    }
    ctx.b.store.insert(call.slot_of(key), key, Value::str(call.arg(2)), None);
    call.propagate = Propagate::Verbatim;
    call.reply.integer(1);
}

/// `SETEX key seconds value`
pub(in crate::command) fn setex(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    set_for(ctx, call, Unit { seconds: true, absolute: false });
}

/// `PSETEX key milliseconds value`
pub(in crate::command) fn psetex(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    set_for(ctx, call, Unit { seconds: false, absolute: false });
}

fn set_for(ctx: &mut Ctx<'_>, call: &mut Call<'_>, unit: Unit) {
    let Some(at) = until(ctx, call, 2, unit) else { return };
    let (key, value) = (call.arg(1), call.arg(3));
    let slot = settle(ctx, call, key);
    ctx.b.store.insert(slot, key, Value::str(value), Some(at));
    call.propagate = set_until(key, value, at);
    call.reply.ok();
}

/// `GETSET key value`
pub(in crate::command) fn getset(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (key, value) = (call.arg(1), call.arg(2));
    let Ok(found) = read_as(ctx, call, key) else { return };
    write(call, found);
    ctx.b.store.insert(call.slot_of(key), key, Value::str(value), None);
    call.propagate = Propagate::as_one(&[b"SET", key, value]);
}

/// `GETDEL key`
pub(in crate::command) fn getdel(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let Ok(found) = read_as(ctx, call, key) else { return };
    let there = found.is_some();
    write(call, found);
    if there {
        ctx.b.store.remove(call.slot_of(key), key);
        call.propagate = Propagate::as_one(&[b"DEL", key]);
    }
}

/// `GETEX key [EX s|PX ms|EXAT s|PXAT ms|PERSIST]`
pub(in crate::command) fn getex(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(options) = options(call, 2, Syntax::Getex) else { return call.syntax_error() };
    let key = call.arg(1);
    // Redis looks before it judges the time, and answers nil for a missing key.
    match peek_as::<Str>(ctx, call, key) {
        Err(_) => return,
        Ok(Some(_)) => {}
        Ok(None) => {
            ctx.b.stats.misses += 1;
            return call.reply.null();
        }
    }
    let expire = match options.life {
        Life::Until { at, unit } => match until(ctx, call, at, unit) {
            Some(until) => Some(until),
            None => return,
        },
        Life::Unsaid | Life::Keep | Life::Persist => None,
    };
    let found = read(ctx, call, key);
    let had_expiry = found.is_some_and(|entry| entry.expire.is_some());
    write(call, found.and_then(|entry| Str::of(&entry.value)));
    let slot = call.slot_of(key);
    match (expire, options.life) {
        (Some(at), _) if at <= call.clock(ctx) && !is_replica(ctx.b) => {
            ctx.b.store.remove(slot, key);
            call.propagate = Propagate::as_one(&[b"DEL", key]);
        }
        (Some(at), _) => {
            ctx.b.store.set_expiry(slot, key, Some(at));
            let mut room = itoa::Buffer::new();
            let words: [&[u8]; 3] = [b"PEXPIREAT", key, room.format(at.0).as_bytes()];
            call.propagate = Propagate::as_one(&words);
        }
        (None, Life::Persist) if had_expiry => {
            ctx.b.store.set_expiry(slot, key, None);
            call.propagate = Propagate::as_one(&[b"PERSIST", key]);
        }
        (None, _) => {}
    }
}

/// `MGET key...`
pub(in crate::command) fn mget(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    call.reply.array(call.args.len() - 1);
    for key in call.args.iter().skip(1) {
        // Another type counts as nothing here.
        let found = read(ctx, call, key).and_then(|entry| Str::of(&entry.value));
        write(call, found);
    }
}

/// `MSET key value...`
pub(in crate::command) fn mset(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if !in_pairs(call) {
        return;
    }
    put_pairs(ctx, call);
    call.reply.ok();
}

/// `MSETNX key value...`
pub(in crate::command) fn msetnx(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if !in_pairs(call) {
        return;
    }
    for key in call.args.iter().skip(1).step_by(2) {
        if exists(ctx, call, key) {
            return call.reply.integer(0);
        }
    }
    put_pairs(ctx, call);
    call.reply.integer(1);
}

fn in_pairs(call: &mut Call<'_>) -> bool {
    let fits = call.args.len() % 2 == 1;
    if !fits {
        let name = call.command.name;
        call.reply.error_fmt(format_args!("ERR wrong number of arguments for '{name}' command"));
    }
    fits
}

fn put_pairs(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    for pair in call.args.get(1..).unwrap_or_default().chunks_exact(2) {
        let slot = settle(ctx, call, pair[0]);
        ctx.b.store.insert(slot, pair[0], Value::str(pair[1]), None);
    }
    call.propagate = Propagate::Verbatim;
}

/// `STRLEN key`
pub(in crate::command) fn strlen(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let Ok(found) = read_as(ctx, call, key) else { return };
    call.reply.integer(len_of(found));
}

fn len_of(text: Option<&Str>) -> i64 {
    text.map_or(0, |text| i64::try_from(text.len()).unwrap_or(i64::MAX))
}

/// `APPEND key value`
pub(in crate::command) fn append(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (key, more) = (call.arg(1), call.arg(2));
    let Ok(found) = peek_as(ctx, call, key) else { return };
    let (old, slot) = (len_of(found), call.slot_of(key));
    let new = old.saturating_add(i64::try_from(more.len()).unwrap_or(i64::MAX));
    if !fits(ctx, call, new) {
        return;
    }
    let grown = ctx.b.store.modify(slot, key, |value| {
        if let Some(text) = Str::of_mut(value) {
            text.grow().extend_from_slice(more);
        }
    });
    if grown.is_none() {
        ctx.b.store.insert(slot, key, Value::str(more), None);
    }
    call.propagate = Propagate::Verbatim;
    call.reply.integer(new);
}

fn fits(ctx: &Ctx<'_>, call: &mut Call<'_>, len: i64) -> bool {
    let fits = u64::try_from(len).is_ok_and(|len| len <= ctx.b.config.proto_max_bulk_len);
    if !fits {
        call.reply.error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    }
    fits
}

/// `SETRANGE key offset value`
pub(in crate::command) fn setrange(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(offset) = integer(call, 2) else { return };
    let Ok(from) = usize::try_from(offset) else {
        return call.reply.error("ERR offset is out of range");
    };
    let (key, part) = (call.arg(1), call.arg(3));
    let Ok(found) = peek_as(ctx, call, key) else { return };
    let (old, slot) = (len_of(found), call.slot_of(key));
    if part.is_empty() {
        return call.reply.integer(old);
    }
    let end = offset.saturating_add(i64::try_from(part.len()).unwrap_or(i64::MAX));
    if !fits(ctx, call, end) {
        return;
    }
    if ctx.b.store.entry(slot, key).is_none() {
        ctx.b.store.insert(slot, key, Value::str(b""), None);
    }
    ctx.b.store.modify(slot, key, |value| overwrite(value, from, part));
    call.propagate = Propagate::Verbatim;
    call.reply.integer(old.max(end));
}

fn overwrite(value: &mut Value, from: usize, part: &[u8]) {
    let Some(text) = Str::of_mut(value) else { return };
    let bytes = text.grow();
    let end = from + part.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[from..end].copy_from_slice(part);
}

/// `GETRANGE key start end`, both included, negative counted from the end.
pub(in crate::command) fn getrange(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (Some(start), Some(end)) = (parse_i64(call.arg(2)), parse_i64(call.arg(3))) else {
        return call.reply.error(NOT_AN_INTEGER);
    };
    let key = call.arg(1);
    match read_as::<Str>(ctx, call, key) {
        Ok(Some(text)) => {
            let mut room = itoa::Buffer::new();
            call.reply.bulk(part_of(text.view(&mut room), start, end));
        }
        Ok(None) => call.reply.bulk(b""),
        Err(_) => {}
    }
}

fn part_of(bytes: &[u8], start: i64, end: i64) -> &[u8] {
    let len = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    if start < 0 && end < 0 && start > end {
        return b"";
    }
    let place = |at: i64| if at < 0 { at.saturating_add(len).max(0) } else { at };
    let (start, end) = (place(start), place(end).min(len - 1));
    match (usize::try_from(start), usize::try_from(end)) {
        (Ok(start), Ok(end)) if start <= end => &bytes[start..=end],
        _ => b"",
    }
}
