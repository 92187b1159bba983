//! SORT: the elements of a list, set or sorted set, by what they are or by what other keys hold.

use alloc::{borrow::ToOwned as _, vec::Vec};
use core::cmp::Ordering;

use super::{
    NOT_AN_INTEGER, WRONG_TYPE,
    args::{loose_float, number},
    read, same, settle,
};
use crate::{
    command::{Call, Propagate},
    resp::parse_i64,
    rules::Ctx,
    store::{End, Hash, Kind as _, List, Str, Value},
};

/// What SORT is asked for.
#[derive(Clone, Debug, Default)]
struct Options<'a> {
    descending: bool,
    alpha: bool,
    /// Negative: from the beginning; all.
    limit: Option<(i64, i64)>,
    by: Option<&'a [u8]>,
    get: Vec<&'a [u8]>,
    store: Option<&'a [u8]>,
}

fn options<'a>(ctx: &Ctx<'_>, call: &mut Call<'a>, may_store: bool) -> Option<Options<'a>> {
    let (mut options, mut at) = (Options::default(), 2);
    let in_cluster = ctx.b.config.cluster_enabled;
    while at < call.args.len() {
        let (word, left) = (call.arg(at), call.args.len() - at - 1);
        if same(word, "ASC") {
            options.descending = false;
        } else if same(word, "DESC") {
            options.descending = true;
        } else if same(word, "ALPHA") {
            options.alpha = true;
        } else if same(word, "LIMIT") && left >= 2 {
            let (skip, take) = (parse_i64(call.arg(at + 1)), parse_i64(call.arg(at + 2)));
            let (Some(skip), Some(take)) = (skip, take) else {
                call.reply.error(NOT_AN_INTEGER);
                return None;
            };
            options.limit = Some((skip, take));
            at += 2;
        } else if may_store && same(word, "STORE") && left >= 1 {
            options.store = Some(call.arg(at + 1));
            at += 1;
        } else if same(word, "BY") && left >= 1 {
            let pattern = call.arg(at + 1);
            if in_cluster && pattern.contains(&b'*') {
                call.reply.error("ERR BY option of SORT denied in Cluster mode.");
                return None;
            }
            options.by = Some(pattern);
            at += 1;
        } else if same(word, "GET") && left >= 1 {
            if in_cluster {
                call.reply.error("ERR GET option of SORT denied in Cluster mode.");
                return None;
            }
            options.get.push(call.arg(at + 1));
            at += 1;
        } else {
            call.syntax_error();
            return None;
        }
        at += 1;
    }
    Some(options)
}

/// `SORT key [BY pattern] [LIMIT offset count] [GET pattern]... [ASC|DESC] [ALPHA] [STORE key]`
pub(in crate::command) fn sort(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    sort_with(ctx, call, true);
}

/// `SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern]... [ASC|DESC] [ALPHA]`
pub(in crate::command) fn sort_ro(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    sort_with(ctx, call, false);
}

fn sort_with(ctx: &mut Ctx<'_>, call: &mut Call<'_>, may_store: bool) {
    let Some(options) = options(ctx, call, may_store) else { return };
    let key = call.arg(1);
    let held = read(ctx, call, key).map(|entry| entry.value.clone());
    let items: Vec<Vec<u8>> = match &held {
        None => Vec::new(),
        Some(Value::List(list)) => list.iter().map(<[u8]>::to_vec).collect(),
        Some(Value::Set(set)) => set.iter().map(|member| member.to_vec()).collect(),
        Some(Value::ZSet(zset)) => zset.iter().map(|(member, _)| member.to_vec()).collect(),
        Some(Value::Str(_) | Value::Hash(_)) => return call.reply.error(WRONG_TYPE),
    };
    let Some(sorted) = sorted(ctx, call, &options, held.as_ref(), items) else {
        return call.reply.error("ERR One or more scores can't be converted into double");
    };
    let found: Vec<Option<Vec<u8>>> = sorted
        .into_iter()
        .flat_map(|item| match options.get.as_slice() {
            [] => alloc::vec![Some(item)],
            patterns => patterns
                .iter()
                .map(|pattern| look_up(ctx, call, pattern, &item))
                .collect::<Vec<_>>(),
        })
        .collect();
    match options.store {
        Some(target) => store(ctx, call, target, &found),
        None => {
            call.reply.array(found.len());
            for one in found {
                match one {
                    Some(text) => call.reply.bulk(&text),
                    None => call.reply.null(),
                }
            }
        }
    }
}

/// The elements in the order that was asked for, cut to the limit; `None` if one that should be a
/// number is none.
fn sorted(
    ctx: &mut Ctx<'_>,
    call: &Call<'_>,
    options: &Options<'_>,
    held: Option<&Value>,
    mut items: Vec<Vec<u8>>,
) -> Option<Vec<Vec<u8>>> {
    let mut by = options.by;
    let mut alpha = options.alpha;
    let mut is_sorted = by.is_some_and(|pattern| !pattern.contains(&b'*'));
    let is_kept = options.store.is_some() || ctx.b.scripts.is_running;
    if is_sorted && is_kept && matches!(held, Some(Value::Set(_))) {
        // What is kept, or what a script does, must not depend on the order within a set.
        (is_sorted, alpha, by) = (false, true, None);
    }
    if is_sorted {
        if options.descending && matches!(held, Some(Value::ZSet(_))) {
            items.reverse();
        }
    } else {
        let mut keyed = Vec::with_capacity(items.len());
        for item in items {
            let weight = match by {
                Some(pattern) => look_up(ctx, call, pattern, &item),
                None => Some(item.clone()),
            };
            let score = match &weight {
                Some(text) if !alpha => loose_float(text)?,
                _ => 0.0,
            };
            keyed.push((score, weight, item));
        }
        keyed.sort_by(|a, b| {
            let order = if alpha {
                a.1.cmp(&b.1)
            } else {
                a.0.partial_cmp(&b.0).unwrap_or(Ordering::Equal).then_with(|| a.2.cmp(&b.2))
            };
            if options.descending { order.reverse() } else { order }
        });
        items = keyed.into_iter().map(|(_, _, item)| item).collect();
    }
    let (skip, take) = options.limit.unwrap_or((0, -1));
    let skip = usize::try_from(skip).unwrap_or(0);
    let take = usize::try_from(take).unwrap_or(usize::MAX);
    Some(items.into_iter().skip(skip).take(take).collect())
}

/// What a pattern names for an element: the element itself (`#`), or a string, or a field of a
/// hash (`key->field`), with the element in place of the first `*`.
fn look_up(ctx: &mut Ctx<'_>, call: &Call<'_>, pattern: &[u8], item: &[u8]) -> Option<Vec<u8>> {
    if pattern == b"#" {
        return Some(item.to_owned());
    }
    let star = pattern.iter().position(|byte| *byte == b'*')?;
    let (before, after) = (&pattern[..star], &pattern[star + 1..]);
    let arrow = after.windows(2).position(|pair| pair == b"->").filter(|at| at + 2 < after.len());
    let (after, field) = match arrow {
        Some(at) => (&after[..at], Some(&after[at + 2..])),
        None => (after, None),
    };
    let key = [before, item, after].concat();
    // Another key than the command's own: its slot is to be computed.
    let slot = crate::slot::key_slot(&key);
    let value = ctx.b.store.get(slot, &key, call.clock(ctx))?;
    match field {
        Some(field) => Hash::of(value)?.get(field).map(<[u8]>::to_vec),
        None => Str::of(value).map(|text| text.view(&mut itoa::Buffer::new()).to_vec()),
    }
}

fn store(ctx: &mut Ctx<'_>, call: &mut Call<'_>, key: &[u8], found: &[Option<Vec<u8>>]) {
    let mut list = List::default();
    for one in found {
        list.push(End::Tail, one.as_deref().unwrap_or_default());
    }
    let slot = settle(ctx, call, key);
    let len = list.len();
    let changed = if len == 0 {
        ctx.b.store.remove(slot, key).is_some()
    } else {
        ctx.b.store.insert(slot, key, list.into(), None);
        true
    };
    if changed {
        call.propagate = Propagate::Verbatim;
    }
    call.reply.integer(number(len));
}
