//! Elements by chance: SPOP, SRANDMEMBER, HRANDFIELD, ZRANDMEMBER.
//!
//! Chance comes from the node's generator, so that a run repeats. Replicas are told what was taken.

use alloc::{collections::BTreeSet, vec::Vec};

use super::{
    args::{self, positive},
    change, peek_as, read_as, same, shared,
};
use crate::{
    command::{Call, Propagate},
    resp::Protocol,
    rng::Rng,
    rules::Ctx,
    store::{Hash, Kind as _, Set, Value, ZSet},
};

/// `SPOP key [count]`
pub(in crate::command) fn spop(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let count = match call.args.len() {
        2 => None,
        3 => match positive(call, 2) {
            Some(count) => Some(count),
            None => return,
        },
        _ => return call.syntax_error(),
    };
    let len = match (peek_as::<Set>(ctx, call, key), count) {
        (Err(_), _) => return,
        (Ok(None), None) => return call.reply.null(),
        (Ok(None), Some(_)) | (Ok(Some(_)), Some(0)) => return call.reply.set(0),
        (Ok(Some(set)), _) => set.len(),
    };
    let wanted = count.unwrap_or(1).min(len);
    let mut rng = ctx.b.rng.clone();
    let taken = change(ctx, call, key, |set: &mut Set| take(set, wanted, &mut rng));
    ctx.b.rng = rng;
    let taken = taken.unwrap_or_default();
    call.propagate = if count.is_some() && wanted == len {
        Propagate::as_one(&[b"DEL", key])
    } else {
        removals(key, &taken)
    };
    match (count, taken.as_slice()) {
        (None, [only]) => call.reply.bulk(only),
        (_, many) => {
            call.reply.set(many.len());
            for member in many {
                call.reply.bulk(member);
            }
        }
    }
}

fn take(set: &mut Set, count: usize, rng: &mut Rng) -> Vec<Vec<u8>> {
    if count >= set.len() {
        return core::mem::take(set).iter().map(|member| member.to_vec()).collect();
    }
    let mut taken = Vec::with_capacity(count);
    while taken.len() < count {
        let Some(member) = set.at(rng.index(set.len())).map(|member| member.to_vec()) else {
            break;
        };
        set.remove(&member);
        taken.push(member);
    }
    taken
}

/// Members in one SREM: a longer list travels in several.
const BATCH: usize = 1024;

fn removals(key: &[u8], taken: &[Vec<u8>]) -> Propagate {
    let command = |members: &[Vec<u8>]| {
        let mut words = alloc::vec![b"SREM".to_vec(), key.to_vec()];
        words.extend_from_slice(members);
        words
    };
    Propagate::As(taken.chunks(BATCH).map(command).collect())
}

/// Numbers of elements to answer with: all in order if at least as many are wanted as there are;
/// else different ones by chance; by chance and with repetitions if `count` is negative.
enum Numbers {
    All(core::ops::Range<usize>),
    Some(alloc::vec::IntoIter<usize>),
    /// So many more, out of so many.
    Again(u64, usize),
}

fn numbers(rng: &mut Rng, count: i64, len: usize) -> Numbers {
    let Ok(wanted) = usize::try_from(count) else {
        return Numbers::Again(if len == 0 { 0 } else { count.unsigned_abs() }, len);
    };
    if wanted >= len {
        return Numbers::All(0..len);
    }
    // Floyd's way to a sample: each step adds one number that is not in it yet.
    let mut chosen = BTreeSet::new();
    for top in len - wanted..len {
        let one = rng.index(top + 1);
        if !chosen.insert(one) {
            chosen.insert(top);
        }
    }
    Numbers::Some(chosen.into_iter().collect::<Vec<_>>().into_iter())
}

impl Numbers {
    fn len(&self) -> usize {
        match self {
            Self::All(range) => range.len(),
            Self::Some(chosen) => chosen.len(),
            Self::Again(count, _) => usize::try_from(*count).unwrap_or(usize::MAX),
        }
    }

    fn next(&mut self, rng: &mut Rng) -> Option<usize> {
        match self {
            Self::All(range) => range.next(),
            Self::Some(chosen) => chosen.next(),
            Self::Again(0, _) => None,
            Self::Again(left, len) => {
                *left -= 1;
                Some(rng.index(*len))
            }
        }
    }
}

/// How often elements may be drawn with repetitions. Redis would go on until the client's buffer is
/// full, which for most settings is for ever.
const AGAIN_MAX: i64 = 1 << 24;

/// How many to draw, as word 2 says.
fn count(call: &mut Call<'_>) -> Option<i64> {
    let count = args::draws(call, 2)?;
    if count < -AGAIN_MAX {
        call.reply.error("ERR value is out of range");
        return None;
    }
    Some(count)
}

/// How a command with a count ends: with what it names, or not at all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pairs {
    Alone,
    With,
}

/// `count [WITHVALUES]` from word 2 on; refuses what is wrong.
fn options(call: &mut Call<'_>, with: &str) -> Option<(i64, Pairs)> {
    let count = count(call)?;
    let pairs = match call.args.get(3..).unwrap_or_default() {
        [] => Pairs::Alone,
        [word] if same(word, with) => Pairs::With,
        _ => {
            call.syntax_error();
            return None;
        }
    };
    if pairs == Pairs::With && count > i64::MAX / 2 {
        call.reply.error("ERR value is out of range");
        return None;
    }
    Some((count, pairs))
}

/// Answers with a count: `write` puts element number so many into the reply, alone or with what
/// belongs to it.
fn draw_many(
    ctx: &mut Ctx<'_>,
    call: &mut Call<'_>,
    (count, pairs): (i64, Pairs),
    len: usize,
    write: impl Fn(&mut Call<'_>, usize, Pairs),
) {
    let rng = &mut ctx.b.rng;
    let mut numbers = numbers(rng, count, len);
    let nested = call.reply.protocol() == Protocol::Resp3;
    let double = pairs == Pairs::With && !nested;
    call.reply.array(numbers.len().saturating_mul(if double { 2 } else { 1 }));
    while let Some(at) = numbers.next(rng) {
        if pairs == Pairs::With && nested {
            call.reply.array(2);
        }
        write(call, at, pairs);
    }
}

/// `SRANDMEMBER key [count]`
pub(in crate::command) fn srandmember(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let count = match call.args.len() {
        2 => None,
        3 => match count(call) {
            Some(count) => Some(count),
            None => return,
        },
        _ => return call.syntax_error(),
    };
    let Ok(held) = shared::<Set>(ctx, call, key) else { return };
    let held = held.as_ref().and_then(Set::of);
    let (Some(set), Some(count)) = (held, count) else {
        let Some(set) = held else {
            return if count.is_some() { call.reply.array(0) } else { call.reply.null() };
        };
        let at = ctx.b.rng.index(set.len());
        return match set.at(at) {
            Some(member) => call.reply.bulk(&member),
            None => call.reply.null(),
        };
    };
    draw_many(ctx, call, (count, Pairs::Alone), set.len(), |call, at, _| {
        if let Some(member) = set.at(at) {
            call.reply.bulk(&member);
        }
    });
}

/// `HRANDFIELD key [count [WITHVALUES]]`
pub(in crate::command) fn hrandfield(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    if call.args.len() == 2 {
        let Ok(held) = read_as::<Hash>(ctx, call, key) else { return };
        let len = held.map_or(0, Hash::len);
        let at = ctx.b.rng.index(len);
        let held = ctx.b.store.entry(call.slot_of(key), key).filter(|_| len > 0);
        return match held.and_then(|entry| Hash::of(&entry.value)?.at(at)) {
            Some((field, _)) => call.reply.bulk(field),
            None => call.reply.null(),
        };
    }
    let Some(options) = options(call, "WITHVALUES") else { return };
    let Ok(held) = shared::<Hash>(ctx, call, key) else { return };
    let Some(hash) = held.as_ref().and_then(Hash::of) else { return call.reply.array(0) };
    // Finding a packed pair by its number takes a walk; one walk serves for all.
    let pairs: Vec<(&[u8], &[u8])> = hash.iter().collect();
    draw_many(ctx, call, options, pairs.len(), |call, at, with| {
        let (field, value) = pairs[at];
        call.reply.bulk(field);
        if with == Pairs::With {
            call.reply.bulk(value);
        }
    });
}

/// `ZRANDMEMBER key [count [WITHSCORES]]`
pub(in crate::command) fn zrandmember(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let options = match call.args.len() {
        2 => None,
        _ => match options(call, "WITHSCORES") {
            Some(options) => Some(options),
            None => return,
        },
    };
    let Ok(held) = shared::<ZSet>(ctx, call, key) else { return };
    let zset = held.as_ref().and_then(|value: &Value| ZSet::of(value));
    match (zset, options) {
        (None, None) => call.reply.null(),
        (None, Some(_)) => call.reply.array(0),
        (Some(zset), None) => {
            let at = ctx.b.rng.index(zset.len());
            match zset.at(at) {
                Some((member, _)) => call.reply.bulk(member),
                None => call.reply.null(),
            }
        }
        (Some(zset), Some(options)) => {
            draw_many(ctx, call, options, zset.len(), |call, at, with| {
                let Some((member, score)) = zset.at(at) else { return };
                call.reply.bulk(member);
                if with == Pairs::With {
                    call.reply.double(score);
                }
            });
        }
    }
}
