//! BITFIELD: numbers of 1 to 64 bits anywhere in a string, read, set and counted up, with a choice
//! of what happens at their limits.

use alloc::vec::Vec;

use super::{
    NOT_AN_INTEGER,
    bits::{bit, edit, make_room, offset},
    peek_as, read_as, same,
};
use crate::{
    command::{Call, Propagate},
    resp::parse_i64,
    rules::Ctx,
    store::{Kind as _, Str},
};

/// The type of a number.
#[derive(Clone, Copy, Debug)]
struct Width {
    bits: u32,
    signed: bool,
}

/// What happens at the limits of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Overflow {
    Wrap,
    Saturate,
    Fail,
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Get,
    Set(i64),
    Add(i64),
}

/// One of the things to do.
#[derive(Clone, Copy, Debug)]
struct Step {
    act: Act,
    at: usize,
    width: Width,
    overflow: Overflow,
}

impl Width {
    /// `i16`, `u8`: up to 64 bits with a sign, up to 63 without.
    fn read(text: &[u8]) -> Option<Self> {
        let (signed, digits, max) = match text {
            [b'i', digits @ ..] => (true, digits, 64),
            [b'u', digits @ ..] => (false, digits, 63),
            _ => return None,
        };
        let bits = parse_i64(digits).and_then(|n| u32::try_from(n).ok())?;
        (1..=max).contains(&bits).then_some(Self { bits, signed })
    }

    const fn limits(self) -> (i128, i128) {
        if self.signed {
            (-(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1)
        } else {
            (0, (1 << self.bits) - 1)
        }
    }

    /// The number of this type that has the lowest bits of `n`.
    fn cut(self, n: i128) -> i128 {
        let low = n & ((1 << self.bits) - 1);
        if self.signed && low >> (self.bits - 1) == 1 { low - (1 << self.bits) } else { low }
    }

    fn load(self, bytes: &[u8], at: usize) -> i128 {
        let raw = (0..self.bits as usize)
            .fold(0, |sum: i128, i| (sum << 1) | i128::from(bit(bytes, at + i)));
        self.cut(raw)
    }

    fn store(self, bytes: &mut [u8], at: usize, n: i128) {
        for i in 0..self.bits as usize {
            let on = n >> (self.bits as usize - 1 - i) & 1 == 1;
            let (place, mask) = ((at + i) / 8, 0x80 >> ((at + i) % 8));
            if on {
                bytes[place] |= mask;
            } else {
                bytes[place] &= !mask;
            }
        }
    }

    /// The number after an overflow was dealt with; `None` if it must not happen.
    fn fit(self, n: i128, overflow: Overflow) -> Option<i128> {
        let (min, max) = self.limits();
        match overflow {
            _ if (min..=max).contains(&n) => Some(n),
            Overflow::Wrap => Some(self.cut(n)),
            Overflow::Saturate => Some(n.clamp(min, max)),
            Overflow::Fail => None,
        }
    }
}

/// `BITFIELD key [GET type offset | SET type offset value | INCRBY type offset n |
/// OVERFLOW WRAP|SAT|FAIL]...`
pub(in crate::command) fn bitfield(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(steps) = steps(ctx, call, Access::Full) else { return };
    run(ctx, call, &steps);
}

/// `BITFIELD_RO key [GET type offset]...`
pub(in crate::command) fn bitfield_ro(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(steps) = steps(ctx, call, Access::ReadOnly) else { return };
    run(ctx, call, &steps);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Full,
    ReadOnly,
}

fn steps(ctx: &Ctx<'_>, call: &mut Call<'_>, access: Access) -> Option<Vec<Step>> {
    let (mut steps, mut overflow, mut at) = (Vec::new(), Overflow::Wrap, 2);
    while at < call.args.len() {
        let (word, left) = (call.arg(at), call.args.len() - at - 1);
        if left >= 1 && same(word, "OVERFLOW") {
            overflow = match call.arg(at + 1) {
                word if same(word, "WRAP") => Overflow::Wrap,
                word if same(word, "SAT") => Overflow::Saturate,
                word if same(word, "FAIL") => Overflow::Fail,
                _ => {
                    call.reply.error("ERR Invalid OVERFLOW type specified");
                    return None;
                }
            };
            at += 2;
            continue;
        }
        let words = if left >= 2 && same(word, "GET") {
            3
        } else if left >= 3 && (same(word, "SET") || same(word, "INCRBY")) {
            4
        } else {
            call.syntax_error();
            return None;
        };
        let Some(width) = Width::read(call.arg(at + 1)) else {
            call.reply.error(
                "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not \
                 supported but i64 is.",
            );
            return None;
        };
        let place = offset(ctx, call, at + 2, u64::from(width.bits))?;
        let act = if words == 3 {
            Act::Get
        } else {
            let Some(n) = parse_i64(call.arg(at + 3)) else {
                call.reply.error(NOT_AN_INTEGER);
                return None;
            };
            if same(word, "SET") { Act::Set(n) } else { Act::Add(n) }
        };
        steps.push(Step { act, at: place, width, overflow });
        at += words;
    }
    if access == Access::ReadOnly && steps.iter().any(|step| !matches!(step.act, Act::Get)) {
        call.reply.error("ERR BITFIELD_RO only supports the GET subcommand");
        return None;
    }
    Some(steps)
}

fn run(ctx: &mut Ctx<'_>, call: &mut Call<'_>, steps: &[Step]) {
    let key = call.arg(1);
    let last = steps
        .iter()
        .filter(|step| !matches!(step.act, Act::Get))
        .map(|step| step.at + step.width.bits as usize - 1)
        .max();
    let (mut changed, before) = (false, ctx.b.store.dirty());
    let mut changes = 0;
    if let Some(last) = last {
        if peek_as::<Str>(ctx, call, key).is_err() {
            return;
        }
        changed = make_room(ctx, call, key, last);
    } else if read_as::<Str>(ctx, call, key).is_err() {
        return;
    }
    call.reply.array(steps.len());
    for step in steps {
        let found = ctx.b.store.live(call.slot_of(key), key, call.clock(ctx));
        let mut room = itoa::Buffer::new();
        let bytes = found.and_then(|entry| Str::of(&entry.value)).map(|text| text.view(&mut room));
        let old = step.width.load(bytes.unwrap_or_default(), step.at);
        let (new, answer_old) = match step.act {
            Act::Get => (Some(old), true),
            Act::Add(n) => (step.width.fit(old + i128::from(n), step.overflow), false),
            Act::Set(n) => {
                // Without a sign a negative number is a very large one.
                let n = if step.width.signed {
                    i128::from(n)
                } else {
                    i128::from(u64::from_le_bytes(n.to_le_bytes()))
                };
                (step.width.fit(n, step.overflow), true)
            }
        };
        let Some(new) = new else {
            call.reply.null();
            continue;
        };
        if new != old {
            edit(ctx, call, key, |bytes| step.width.store(bytes, step.at, new));
            changed = true;
            changes += 1;
        }
        let answer = if answer_old { old } else { new };
        call.reply.integer(i64::try_from(answer).unwrap_or(i64::MAX));
    }
    if changed {
        call.propagate = Propagate::Verbatim;
        changes = changes.max(1);
    }
    ctx.b.store.recount(before + changes);
}
