//! Strings as rows of bits, the highest of the first byte first.

use alloc::vec::Vec;

use super::{NOT_AN_INTEGER, args::number, integer, peek_as, read_as, same, settle, shared};
use crate::{
    command::{Call, Propagate},
    resp::parse_i64,
    rules::Ctx,
    store::{Kind as _, Str, Value},
};

const BAD_OFFSET: &str = "ERR bit offset is not an integer or out of range";

/// The place of a bit: not beyond the longest string.
pub(super) fn offset(ctx: &Ctx<'_>, call: &mut Call<'_>, at: usize, width: u64) -> Option<usize> {
    let (digits, factor) = match call.arg(at) {
        [b'#', rest @ ..] if width > 0 => (rest, width),
        all => (all, 1),
    };
    let place = parse_i64(digits)
        .and_then(|n| u64::try_from(n).ok())
        .and_then(|n| n.checked_mul(factor))
        .filter(|n| n >> 3 < ctx.b.config.proto_max_bulk_len)
        .and_then(|n| usize::try_from(n).ok());
    if place.is_none() {
        call.reply.error(BAD_OFFSET);
    }
    place
}

/// Lengthens a string so that it has a bit at `place`, and makes it if it is missing; whether it
/// had to be changed for that.
pub(super) fn make_room(ctx: &mut Ctx<'_>, call: &Call<'_>, key: &[u8], place: usize) -> bool {
    let (slot, need) = (call.slot_of(key), place / 8 + 1);
    match ctx.b.store.entry(slot, key).and_then(|entry| Str::of(&entry.value)) {
        Some(text) if text.len() >= need => {
            // OBJECT ENCODING says `raw` from now on, even if no bit changes.
            if !matches!(text, Str::Grown(_)) {
                edit(ctx, call, key, |_| {});
            }
            false
        }
        Some(_) => {
            ctx.b.store.modify(slot, key, |value| {
                if let Some(text) = Str::of_mut(value) {
                    text.grow().resize(need, 0);
                }
            });
            true
        }
        None => {
            let zeros = Value::Str(Str::Grown(alloc::vec![0; need]));
            ctx.b.store.insert(slot, key, zeros, None);
            true
        }
    }
}

/// Changes the bytes of a string that is there.
pub(super) fn edit(ctx: &mut Ctx<'_>, call: &Call<'_>, key: &[u8], work: impl FnOnce(&mut [u8])) {
    ctx.b.store.modify(call.slot_of(key), key, |value| {
        if let Some(text) = Str::of_mut(value) {
            work(text.grow());
        }
    });
}

/// A bit; 0 beyond the end.
pub(super) fn bit(bytes: &[u8], at: usize) -> bool {
    bytes.get(at / 8).is_some_and(|byte| byte & (0x80 >> (at % 8)) != 0)
}

/// `SETBIT key offset 0|1`
pub(in crate::command) fn setbit(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(at) = offset(ctx, call, 2, 0) else { return };
    let on = match call.arg(3) {
        b"0" => false,
        b"1" => true,
        _ => return call.reply.error("ERR bit is not an integer or out of range"),
    };
    let key = call.arg(1);
    let Ok(found) = peek_as::<Str>(ctx, call, key) else { return };
    let old = found.is_some_and(|text| bit(text.view(&mut itoa::Buffer::new()), at));
    let before = ctx.b.store.dirty();
    if make_room(ctx, call, key, at) || old != on {
        edit(ctx, call, key, |bytes| {
            let mask = 0x80 >> (at % 8);
            if on {
                bytes[at / 8] |= mask;
            } else {
                bytes[at / 8] &= !mask;
            }
        });
        call.propagate = Propagate::Verbatim;
        ctx.b.store.recount(before + 1);
    } else {
        ctx.b.store.recount(before);
    }
    call.reply.integer(i64::from(old));
}

/// `GETBIT key offset`
pub(in crate::command) fn getbit(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(at) = offset(ctx, call, 2, 0) else { return };
    let key = call.arg(1);
    let Ok(found) = read_as::<Str>(ctx, call, key) else { return };
    let on = found.is_some_and(|text| bit(text.view(&mut itoa::Buffer::new()), at));
    call.reply.integer(i64::from(on));
}

/// What a range is that ends before it begins, both counted from the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Backwards {
    Empty,
    /// Whatever remains of it once both are cut to the string.
    Cut,
}

/// `start end [BYTE|BIT]` from word `at` on, as bits: first, and behind the last. The end may be
/// missing. `None` is a refusal, an empty range is no bits.
fn range(
    call: &mut Call<'_>,
    at: usize,
    len: usize,
    backwards: Backwards,
) -> Option<core::ops::Range<usize>> {
    let words = call.args.get(at..).unwrap_or_default();
    let number_at = |n: usize| words.get(n).map(|word| parse_i64(word));
    let (start, end) = match (number_at(0), number_at(1)) {
        (None, _) => (0, -1),
        (Some(Some(start)), None) => (start, -1),
        (Some(Some(start)), Some(Some(end))) => (start, end),
        _ => {
            call.reply.error(NOT_AN_INTEGER);
            return None;
        }
    };
    let unit = match words.get(2) {
        None => 8,
        Some(word) if same(word, "BYTE") => 8,
        Some(word) if same(word, "BIT") => 1,
        Some(_) => {
            call.syntax_error();
            return None;
        }
    };
    let units = number(len.saturating_mul(8) / unit);
    if backwards == Backwards::Empty && start < 0 && end < 0 && start > end {
        return Some(0..0);
    }
    let place = |at: i64| if at < 0 { at.saturating_add(units).max(0) } else { at };
    let (start, end) = (place(start), place(end).min(units - 1));
    if start > end {
        return Some(0..0);
    }
    let bits = |n: i64| usize::try_from(n).unwrap_or(usize::MAX).saturating_mul(unit);
    Some(bits(start)..bits(end + 1))
}

/// `BITCOUNT key [start end [BYTE|BIT]]`
pub(in crate::command) fn bitcount(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let Ok(found) = read_as::<Str>(ctx, call, key) else { return };
    let Some(text) = found else { return call.reply.integer(0) };
    if !matches!(call.args.len(), 2 | 4 | 5) {
        return call.syntax_error();
    }
    let mut room = itoa::Buffer::new();
    let bytes = text.view(&mut room);
    let Some(range) = range(call, 2, bytes.len(), Backwards::Empty) else { return };
    call.reply.integer(number(ones(bytes, range)));
}

fn ones(bytes: &[u8], range: core::ops::Range<usize>) -> usize {
    // Whole bytes at once, the ragged ends bit by bit.
    let (first, last) = (range.start.next_multiple_of(8).min(range.end), range.end / 8 * 8);
    if first >= last {
        return range.filter(|at| bit(bytes, *at)).count();
    }
    let whole: usize = bytes[first / 8..last / 8].iter().map(|b| b.count_ones() as usize).sum();
    let ragged = (range.start..first).chain(last..range.end).filter(|at| bit(bytes, *at)).count();
    whole + ragged
}

/// `BITPOS key 0|1 [start [end [BYTE|BIT]]]`
pub(in crate::command) fn bitpos(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(wanted) = integer(call, 2) else { return };
    if !matches!(wanted, 0 | 1) {
        return call.reply.error("ERR The bit argument must be 1 or 0.");
    }
    let (key, on) = (call.arg(1), wanted == 1);
    let Ok(found) = read_as::<Str>(ctx, call, key) else { return };
    let Some(text) = found else { return call.reply.integer(if on { -1 } else { 0 }) };
    if call.args.len() > 6 {
        return call.syntax_error();
    }
    let mut room = itoa::Buffer::new();
    let bytes = text.view(&mut room);
    let Some(range) = range(call, 3, bytes.len(), Backwards::Cut) else { return };
    let is_empty = range.is_empty();
    let end_given = call.args.len() > 4;
    match first(bytes, range, on) {
        Some(at) => call.reply.integer(number(at)),
        // Behind the end all is 0, unless the end was named.
        None if !on && !end_given && !is_empty => call.reply.integer(number(bytes.len() * 8)),
        None => call.reply.integer(-1),
    }
}

fn first(bytes: &[u8], range: core::ops::Range<usize>, on: bool) -> Option<usize> {
    let boring = if on { 0 } else { 0xFF };
    let mut at = range.start;
    while at < range.end {
        if at.is_multiple_of(8) && at + 8 <= range.end && bytes.get(at / 8) == Some(&boring) {
            at += 8;
        } else if bit(bytes, at) == on {
            return Some(at);
        } else {
            at += 1;
        }
    }
    None
}

/// `BITOP AND|OR|XOR|NOT destination key...`
pub(in crate::command) fn bitop(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let word = call.arg(1);
    let join: fn(u8, u8) -> u8 = match word {
        _ if same(word, "AND") => |a, b| a & b,
        _ if same(word, "OR") => |a, b| a | b,
        _ if same(word, "XOR") => |a, b| a ^ b,
        _ if same(word, "NOT") => |a, _| !a,
        _ => return call.syntax_error(),
    };
    if same(word, "NOT") && call.args.len() != 4 {
        return call.reply.error("ERR BITOP NOT must be called with a single source key.");
    }
    let mut texts: Vec<Vec<u8>> = Vec::new();
    for key in call.args.iter().skip(3) {
        let Ok(held) = shared::<Str>(ctx, call, key) else { return };
        let text = held.as_ref().and_then(Str::of);
        texts.push(text.map_or_else(Vec::new, |text| text.view(&mut itoa::Buffer::new()).to_vec()));
    }
    let len = texts.iter().map(Vec::len).max().unwrap_or(0);
    texts.iter_mut().for_each(|text| text.resize(len, 0));
    let mut texts = texts.into_iter();
    let mut result = texts.next().unwrap_or_default();
    if same(word, "NOT") {
        result.iter_mut().for_each(|byte| *byte = !*byte);
    }
    for text in texts {
        result.iter_mut().zip(text).for_each(|(into, byte)| *into = join(*into, byte));
    }
    let key = call.arg(2);
    let slot = settle(ctx, call, key);
    let changed = if len == 0 {
        ctx.b.store.remove(slot, key).is_some()
    } else {
        ctx.b.store.insert(slot, key, Value::Str(Str::Grown(result)), None);
        true
    };
    if changed {
        call.propagate = Propagate::Verbatim;
    }
    call.reply.integer(number(len));
}
