//! SCAN and its relatives: going through keys or elements in steps, with a cursor that costs the
//! server no memory.

use alloc::vec::Vec;

use super::{NOT_AN_INTEGER, read_as, same, settle};
use crate::{
    command::Call,
    resp::{parse_i64, write_double},
    rules::Ctx,
    store::{Hash, Key, Set, ZSet, glob},
};

/// What a step is asked for.
struct Step<'a> {
    cursor: u64,
    pattern: Option<&'a [u8]>,
    kind: Option<&'a [u8]>,
    count: usize,
}

impl Step<'_> {
    fn fits(&self, name: &[u8]) -> bool {
        self.pattern.is_none_or(|pattern| pattern == b"*" || glob(pattern, name))
    }
}

fn cursor(call: &mut Call<'_>, at: usize) -> Option<u64> {
    let cursor = core::str::from_utf8(call.arg(at)).ok().and_then(|text| text.parse().ok());
    if cursor.is_none() {
        call.reply.error("ERR invalid cursor");
    }
    cursor
}

/// `[MATCH pattern] [COUNT n]` from word `from` on, and `[TYPE type]` of keys.
fn step<'a>(call: &mut Call<'a>, cursor: u64, from: usize, of_keys: bool) -> Option<Step<'a>> {
    let mut step = Step { cursor, pattern: None, kind: None, count: 10 };
    for pair in call.args.get(from..).unwrap_or_default().chunks(2) {
        match pair {
            [name, text] if same(name, "MATCH") => step.pattern = Some(*text),
            [name, text] if of_keys && same(name, "TYPE") => step.kind = Some(*text),
            [name, text] if same(name, "COUNT") => match parse_i64(text) {
                None => {
                    call.reply.error(NOT_AN_INTEGER);
                    return None;
                }
                Some(..=0) => {
                    call.syntax_error();
                    return None;
                }
                Some(n) => step.count = usize::try_from(n).unwrap_or(usize::MAX),
            },
            _ => {
                call.syntax_error();
                return None;
            }
        }
    }
    Some(step)
}

fn answer<T: AsRef<[u8]>>(call: &mut Call<'_>, next: u64, found: &[T]) {
    call.reply.array(2);
    call.reply.bulk(itoa::Buffer::new().format(next).as_bytes());
    call.reply.array(found.len());
    for one in found {
        call.reply.bulk(one.as_ref());
    }
}

/// `SCAN cursor [MATCH pattern] [COUNT n] [TYPE type]`
pub(in crate::command) fn scan(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(cursor) = cursor(call, 1) else { return };
    let Some(step) = step(call, cursor, 2, true) else { return };
    let now = call.clock(ctx);
    let (mut found, mut due): (Vec<Key>, Vec<Key>) = (Vec::new(), Vec::new());
    let next = ctx.b.store.scan(step.cursor, step.count, |key, entry| {
        let fits =
            step.fits(key) && step.kind.is_none_or(|kind| same(kind, entry.value.type_name()));
        if fits && entry.is_expired(now) {
            due.push(Key::clone(key));
        } else if fits {
            found.push(Key::clone(key));
        }
    });
    for key in due {
        settle(ctx, call, &key);
    }
    answer(call, next, &found);
}

/// `HSCAN key cursor [MATCH pattern] [COUNT n]`
pub(in crate::command) fn hscan(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (key, Some(cursor)) = (call.arg(1), cursor(call, 2)) else { return };
    let Ok(held) = read_as::<Hash>(ctx, call, key) else { return };
    let Some(hash) = held else { return answer::<&[u8]>(call, 0, &[]) };
    let Some(step) = step(call, cursor, 3, false) else { return };
    let mut found: Vec<Vec<u8>> = Vec::new();
    let next = hash.scan(step.cursor, step.count, |field, value| {
        if step.fits(field) {
            found.extend([field.to_vec(), value.to_vec()]);
        }
    });
    answer(call, next, &found);
}

/// `SSCAN key cursor [MATCH pattern] [COUNT n]`
pub(in crate::command) fn sscan(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (key, Some(cursor)) = (call.arg(1), cursor(call, 2)) else { return };
    let Ok(held) = read_as::<Set>(ctx, call, key) else { return };
    let Some(set) = held else { return answer::<&[u8]>(call, 0, &[]) };
    let Some(step) = step(call, cursor, 3, false) else { return };
    let mut found: Vec<Vec<u8>> = Vec::new();
    let next = set.scan(step.cursor, step.count, |member| {
        if step.fits(member) {
            found.push(member.to_vec());
        }
    });
    answer(call, next, &found);
}

/// A score as ZSCAN writes it: in a packed one, whole numbers have no exponent.
fn score_text(score: f64, is_packed: bool) -> Vec<u8> {
    let mut text = Vec::new();
    write_double(&mut text, score);
    let is_whole = score.abs() < 4.0e18 && text.contains(&b'e') && !text.contains(&b'-');
    if is_packed && is_whole && score % 1.0 == 0.0 {
        text = alloc::format!("{score}").into_bytes();
    }
    text
}

/// `ZSCAN key cursor [MATCH pattern] [COUNT n]`
pub(in crate::command) fn zscan(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (key, Some(cursor)) = (call.arg(1), cursor(call, 2)) else { return };
    let Ok(held) = read_as::<ZSet>(ctx, call, key) else { return };
    let Some(zset) = held else { return answer::<&[u8]>(call, 0, &[]) };
    let Some(step) = step(call, cursor, 3, false) else { return };
    let mut found: Vec<Vec<u8>> = Vec::new();
    let next = zset.scan(step.cursor, step.count, |member, score| {
        if step.fits(member) {
            found.extend([member.to_vec(), score_text(score, zset.is_packed())]);
        }
    });
    answer(call, next, &found);
}
