//! Several sets: what they have in common, all together, and what only the first has.

use alloc::vec::Vec;

use super::{
    Refused,
    args::{counted_keys, number},
    same, settle, shared,
};
use crate::{
    command::{Call, Propagate},
    resp::parse_i64,
    rules::Ctx,
    store::{Kind as _, Set, Value},
};

/// How sets are put together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    Inter,
    Union,
    Diff,
}

/// `SINTER key...`
pub(in crate::command) fn sinter(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    answer(ctx, call, Join::Inter);
}

/// `SUNION key...`
pub(in crate::command) fn sunion(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    answer(ctx, call, Join::Union);
}

/// `SDIFF key...`
pub(in crate::command) fn sdiff(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    answer(ctx, call, Join::Diff);
}

/// `SINTERSTORE destination key...`
pub(in crate::command) fn sinterstore(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    keep(ctx, call, Join::Inter);
}

/// `SUNIONSTORE destination key...`
pub(in crate::command) fn sunionstore(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    keep(ctx, call, Join::Union);
}

/// `SDIFFSTORE destination key...`
pub(in crate::command) fn sdiffstore(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    keep(ctx, call, Join::Diff);
}

fn answer(ctx: &mut Ctx<'_>, call: &mut Call<'_>, join: Join) {
    let keys = call.args.get(1..).unwrap_or_default();
    let Ok(result) = joined(ctx, call, keys, join, usize::MAX) else { return };
    call.reply.set(result.len());
    for member in result.iter() {
        call.reply.bulk(&member);
    }
}

fn keep(ctx: &mut Ctx<'_>, call: &mut Call<'_>, join: Join) {
    let keys = call.args.get(2..).unwrap_or_default();
    let Ok(result) = joined(ctx, call, keys, join, usize::MAX) else { return };
    let (key, len) = (call.arg(1), result.len());
    let slot = settle(ctx, call, key);
    let changed = if len == 0 {
        ctx.b.store.remove(slot, key).is_some()
    } else {
        ctx.b.store.insert(slot, key, result.into(), None);
        true
    };
    if changed {
        call.propagate = Propagate::Verbatim;
    }
    call.reply.integer(number(len));
}

/// `SINTERCARD numkeys key... [LIMIT limit]`
pub(in crate::command) fn sintercard(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    const FEW: &str = "ERR Number of keys can't be greater than number of args";
    let mark = call.reply.len();
    let Some((keys, rest)) = counted_keys(call, 1, "ERR numkeys should be greater than 0") else {
        if parse_i64(call.arg(1)).is_some_and(|n| n > 0) {
            call.reply.truncate(mark);
            call.reply.error(FEW);
        }
        return;
    };
    let Some(limit) = limit(call, rest) else { return };
    let Ok(result) = joined(ctx, call, &keys, Join::Inter, limit) else { return };
    call.reply.integer(number(result.len()));
}

/// `[LIMIT limit]` from word `at` on; 0 is no limit.
pub(super) fn limit(call: &mut Call<'_>, at: usize) -> Option<usize> {
    let mut limit = usize::MAX;
    for pair in call.args.get(at..).unwrap_or_default().chunks(2) {
        match pair {
            [name, text] if same(name, "LIMIT") => {
                match parse_i64(text).and_then(|n| usize::try_from(n).ok()) {
                    Some(0) => limit = usize::MAX,
                    Some(n) => limit = n,
                    None => {
                        call.reply.error("ERR LIMIT can't be negative");
                        return None;
                    }
                }
            }
            _ => {
                call.syntax_error();
                return None;
            }
        }
    }
    Some(limit)
}

/// The joined set, up to `limit` members of it. A key of another type refuses all.
fn joined(
    ctx: &mut Ctx<'_>,
    call: &mut Call<'_>,
    keys: &[&[u8]],
    join: Join,
    limit: usize,
) -> Result<Set, Refused> {
    let held = keys.iter().map(|key| shared::<Set>(ctx, call, key));
    let held: Vec<Option<Value>> = held.collect::<Result<_, Refused>>()?;
    let sets: Vec<Option<&Set>> =
        held.iter().map(|value| value.as_ref().and_then(Set::of)).collect();
    let mut result = Set::default();
    match join {
        Join::Union => {
            for member in sets.iter().flatten().flat_map(|set| set.iter()) {
                result.insert(&member);
            }
        }
        Join::Diff => {
            let Some((Some(first), rest)) = sets.split_first() else { return Ok(result) };
            let others = || rest.iter().flatten();
            for member in first.iter().filter(|m| !others().any(|set| set.contains(m))) {
                result.insert(&member);
            }
        }
        Join::Inter => {
            let Some(mut all) = sets.into_iter().collect::<Option<Vec<&Set>>>() else {
                return Ok(result);
            };
            all.sort_by_key(|set| set.len());
            let Some((least, rest)) = all.split_first() else { return Ok(result) };
            for member in least.iter().filter(|m| rest.iter().all(|set| set.contains(m))) {
                if result.len() >= limit {
                    break;
                }
                result.insert(&member);
            }
        }
    }
    Ok(result)
}
