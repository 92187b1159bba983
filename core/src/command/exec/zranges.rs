//! Sorted sets by range: of ranks, of scores, of names.
//!
//! Every range becomes one of ranks first: bounds of scores and names are counted into ranks, so
//! that listing, counting and deleting are the same for all three.

use alloc::vec::Vec;

use super::{
    NOT_AN_INTEGER, Refused,
    args::{loose_float, number, span},
    change, peek_as, read_as, same, settle,
};
use crate::{
    command::{Call, Propagate},
    resp::{Protocol, parse_i64},
    rules::Ctx,
    store::ZSet,
};

/// What the two bounds are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Lex,
}

/// Two bounds, both read.
#[derive(Clone, Copy, Debug)]
enum Bounds<'a> {
    Rank(i64, i64),
    Score(Limit<f64>, Limit<f64>),
    Lex(Name<'a>, Name<'a>),
}

/// A score that is the last one, or just beyond it.
#[derive(Clone, Copy, Debug)]
struct Limit<T> {
    at: T,
    excluded: bool,
}

/// A bound among names.
#[derive(Clone, Copy, Debug)]
enum Name<'a> {
    First,
    Last,
    At(Limit<&'a [u8]>),
}

fn bounds<'a>(call: &mut Call<'a>, by: By, min: &'a [u8], max: &'a [u8]) -> Option<Bounds<'a>> {
    let (read, problem) = match by {
        By::Rank => {
            let ranks = parse_i64(min).zip(parse_i64(max));
            (ranks.map(|(start, end)| Bounds::Rank(start, end)), NOT_AN_INTEGER)
        }
        By::Score => {
            let scores = score(min).zip(score(max));
            let read = scores.map(|(min, max)| Bounds::Score(min, max));
            (read, "ERR min or max is not a float")
        }
        By::Lex => {
            let names = name(min).zip(name(max));
            let read = names.map(|(min, max)| Bounds::Lex(min, max));
            (read, "ERR min or max not valid string range item")
        }
    };
    if read.is_none() {
        call.reply.error(problem);
    }
    read
}

/// A score, with `(` before it if it is excluded. As in Redis, nothing at all is 0.
fn score(text: &[u8]) -> Option<Limit<f64>> {
    let (text, excluded) = match text {
        [b'(', rest @ ..] => (rest, true),
        _ => (text, false),
    };
    loose_float(text).map(|at| Limit { at, excluded })
}

fn name(text: &[u8]) -> Option<Name<'_>> {
    match text {
        b"-" => Some(Name::First),
        b"+" => Some(Name::Last),
        [b'(', at @ ..] => Some(Name::At(Limit { at, excluded: true })),
        [b'[', at @ ..] => Some(Name::At(Limit { at, excluded: false })),
        _ => None,
    }
}

impl Bounds<'_> {
    /// The ranks that lie in it: first, and behind the last. `reversed` counts ranks from the end.
    fn ranks(self, zset: &ZSet, reversed: bool) -> (usize, usize) {
        let len = zset.len();
        let (from, to) = match self {
            Self::Rank(start, end) => {
                let (from, to) = span(start, end, len).unwrap_or((0, 0));
                if reversed { (len - to, len - from) } else { (from, to) }
            }
            Self::Score(min, max) => (
                zset.count_before(|_, score| score < min.at || (min.excluded && score == min.at)),
                zset.count_before(|_, score| score < max.at || (!max.excluded && score == max.at)),
            ),
            Self::Lex(min, max) => (
                zset.count_before(|member, _| min.is_after(member, Side::Low)),
                zset.count_before(|member, _| max.is_after(member, Side::High)),
            ),
        };
        (from, to.max(from))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Low,
    High,
}

impl Name<'_> {
    /// Whether a member stands before this bound, seen from one side of it.
    fn is_after(self, member: &[u8], side: Side) -> bool {
        match self {
            Self::First => false,
            Self::Last => true,
            Self::At(limit) => {
                let equal_counts = (side == Side::Low) == limit.excluded;
                member < limit.at || (equal_counts && member == limit.at)
            }
        }
    }
}

/// A request for a range.
#[derive(Clone, Copy, Debug)]
struct Query<'a> {
    bounds: Bounds<'a>,
    reversed: bool,
    with_scores: bool,
    /// How many to leave out at the beginning; `None` leaves all out.
    skip: Option<usize>,
    take: usize,
}

impl Query<'_> {
    /// The ranks to answer with.
    fn ranks(&self, zset: &ZSet) -> (usize, usize) {
        let (from, to) = self.bounds.ranks(zset, self.reversed);
        let Some(skip) = self.skip else { return (from, from) };
        let left = (to - from).saturating_sub(skip);
        let take = left.min(self.take);
        if self.reversed {
            (to - take - skip.min(to - from), to - skip.min(to - from))
        } else {
            let from = from + skip.min(to - from);
            (from, from + take)
        }
    }
}

/// What a command's name says of the range; the options say the rest.
#[derive(Clone, Copy)]
struct Form {
    by: Option<By>,
    reversed: Option<bool>,
    stores: bool,
}

/// Reads `min max [BYSCORE|BYLEX] [REV] [LIMIT offset count] [WITHSCORES]` from word `at` on.
fn query<'a>(call: &mut Call<'a>, at: usize, form: Form) -> Option<Query<'a>> {
    let (mut by, mut reversed) = (form.by, form.reversed);
    let (mut with_scores, mut limit) = (false, None);
    let mut next = at + 2;
    while next < call.args.len() {
        let (word, left) = (call.arg(next), call.args.len() - next - 1);
        if !form.stores && same(word, "WITHSCORES") {
            with_scores = true;
        } else if same(word, "LIMIT") && left >= 2 {
            let (skip, take) = (parse_i64(call.arg(next + 1)), parse_i64(call.arg(next + 2)));
            let (Some(skip), Some(take)) = (skip, take) else {
                call.reply.error(NOT_AN_INTEGER);
                return None;
            };
            limit = Some((skip, take));
            next += 2;
        } else if reversed.is_none() && same(word, "REV") {
            reversed = Some(true);
        } else if by.is_none() && same(word, "BYLEX") {
            by = Some(By::Lex);
        } else if by.is_none() && same(word, "BYSCORE") {
            by = Some(By::Score);
        } else {
            call.syntax_error();
            return None;
        }
        next += 1;
    }
    let (by, reversed) = (by.unwrap_or(By::Rank), reversed.unwrap_or(false));
    let (skip, take) = limit.unwrap_or((0, -1));
    let problem = if take != -1 && by == By::Rank {
        "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
    } else if with_scores && by == By::Lex {
        "ERR syntax error, WITHSCORES not supported in combination with BYLEX"
    } else {
        ""
    };
    if !problem.is_empty() {
        call.reply.error(problem);
        return None;
    }
    let (first, second) = (call.arg(at), call.arg(at + 1));
    let (min, max) = if reversed && by != By::Rank { (second, first) } else { (first, second) };
    let bounds = bounds(call, by, min, max)?;
    let take = usize::try_from(take).unwrap_or(usize::MAX);
    Some(Query { bounds, reversed, with_scores, skip: usize::try_from(skip).ok(), take })
}

fn list(ctx: &mut Ctx<'_>, call: &mut Call<'_>, by: Option<By>, reversed: Option<bool>) {
    let form = Form { by, reversed, stores: false };
    let Some(query) = query(call, 2, form) else { return };
    let key = call.arg(1);
    let Ok(found) = read_as::<ZSet>(ctx, call, key) else { return };
    let Some(zset) = found else { return call.reply.array(0) };
    let (from, to) = query.ranks(zset);
    let nested = query.with_scores && call.reply.protocol() == Protocol::Resp3;
    let width = if query.with_scores && !nested { 2 } else { 1 };
    call.reply.array((to - from) * width);
    let write = |(member, score): (&[u8], f64)| {
        if nested {
            call.reply.array(2);
        }
        call.reply.bulk(member);
        if query.with_scores {
            call.reply.double(score);
        }
    };
    if query.reversed {
        zset.range(from, to).rev().for_each(write);
    } else {
        zset.range(from, to).for_each(write);
    }
}

/// `ZRANGE key min max [BYSCORE|BYLEX] [REV] [LIMIT offset count] [WITHSCORES]`
pub(in crate::command) fn zrange(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    list(ctx, call, None, None);
}

/// `ZREVRANGE key start end [WITHSCORES]`
pub(in crate::command) fn zrevrange(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    list(ctx, call, Some(By::Rank), Some(true));
}

/// `ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]`
pub(in crate::command) fn zrangebyscore(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    list(ctx, call, Some(By::Score), Some(false));
}

/// `ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]`
pub(in crate::command) fn zrevrangebyscore(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    list(ctx, call, Some(By::Score), Some(true));
}

/// `ZRANGEBYLEX key min max [LIMIT offset count]`
pub(in crate::command) fn zrangebylex(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    list(ctx, call, Some(By::Lex), Some(false));
}

/// `ZREVRANGEBYLEX key max min [LIMIT offset count]`
pub(in crate::command) fn zrevrangebylex(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    list(ctx, call, Some(By::Lex), Some(true));
}

/// `ZRANGESTORE destination source min max [BYSCORE|BYLEX] [REV] [LIMIT offset count]`
pub(in crate::command) fn zrangestore(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let form = Form { by: None, reversed: None, stores: true };
    let Some(query) = query(call, 3, form) else { return };
    let (target, source) = (call.arg(1), call.arg(2));
    let Ok(found) = read_as::<ZSet>(ctx, call, source) else { return };
    let mut kept = ZSet::default();
    if let Some(zset) = found {
        let (from, to) = query.ranks(zset);
        for (member, score) in zset.range(from, to) {
            kept.insert(member, score);
        }
    }
    keep(ctx, call, target, kept);
}

/// Puts a result into a key, which is deleted if nothing came out; answers how many there are.
pub(super) fn keep(ctx: &mut Ctx<'_>, call: &mut Call<'_>, key: &[u8], kept: ZSet) {
    let slot = settle(ctx, call, key);
    let len = kept.len();
    let changed = if len == 0 {
        ctx.b.store.remove(slot, key).is_some()
    } else {
        ctx.b.store.insert(slot, key, kept.into(), None);
        true
    };
    if changed {
        call.propagate = Propagate::Verbatim;
    }
    call.reply.integer(number(len));
}

/// `ZCOUNT key min max`
pub(in crate::command) fn zcount(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    count(ctx, call, By::Score);
}

/// `ZLEXCOUNT key min max`
pub(in crate::command) fn zlexcount(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    count(ctx, call, By::Lex);
}

fn count(ctx: &mut Ctx<'_>, call: &mut Call<'_>, by: By) {
    let (key, min, max) = (call.arg(1), call.arg(2), call.arg(3));
    let Some(bounds) = bounds(call, by, min, max) else { return };
    let Ok(found) = read_as::<ZSet>(ctx, call, key) else { return };
    let (from, to) = found.map_or((0, 0), |zset| bounds.ranks(zset, false));
    call.reply.integer(number(to - from));
}

/// `ZREMRANGEBYRANK key start end`
pub(in crate::command) fn zremrangebyrank(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    remove(ctx, call, By::Rank);
}

/// `ZREMRANGEBYSCORE key min max`
pub(in crate::command) fn zremrangebyscore(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    remove(ctx, call, By::Score);
}

/// `ZREMRANGEBYLEX key min max`
pub(in crate::command) fn zremrangebylex(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    remove(ctx, call, By::Lex);
}

fn remove(ctx: &mut Ctx<'_>, call: &mut Call<'_>, by: By) {
    let (key, min, max) = (call.arg(1), call.arg(2), call.arg(3));
    let Some(bounds) = bounds(call, by, min, max) else { return };
    let Ok(gone) = peek(ctx, call, key, bounds) else { return };
    if !gone.is_empty() {
        change(ctx, call, key, |zset: &mut ZSet| {
            for member in &gone {
                zset.remove(member);
            }
        });
        call.propagate = Propagate::Verbatim;
    }
    call.reply.integer(number(gone.len()));
}

/// The members that lie between bounds.
fn peek(
    ctx: &mut Ctx<'_>,
    call: &mut Call<'_>,
    key: &[u8],
    bounds: Bounds<'_>,
) -> Result<Vec<Vec<u8>>, Refused> {
    let Some(zset) = peek_as::<ZSet>(ctx, call, key)? else { return Ok(Vec::new()) };
    let (from, to) = bounds.ranks(zset, false);
    Ok(zset.range(from, to).map(|(member, _)| member.to_vec()).collect())
}
