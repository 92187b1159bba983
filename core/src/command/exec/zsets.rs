//! Sorted sets by member: adding, removing, scores, ranks, and taking from an end.
//! Ranges are in `zranges`, several sorted sets at once in `zset_ops`.

use alloc::{vec, vec::Vec};

use super::{
    args::{NOT_A_FLOAT, float, number, positive},
    change,
    lists::pop_options,
    peek_as, read_as, same,
};
use crate::{
    command::{Call, Propagate},
    resp::Protocol,
    rules::Ctx,
    store::{End, ZSet},
};

const NOT_A_NUMBER: &str = "ERR resulting score is not a number (NaN)";

/// The options of ZADD.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    only_new: bool,
    only_old: bool,
    only_greater: bool,
    only_less: bool,
    count_changed: bool,
    increment: bool,
}

/// What became of one member.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Done {
    /// The conditions did not hold.
    Nothing,
    Added(f64),
    Updated(f64),
    /// It had that score already.
    Same(f64),
    NotANumber,
}

impl Options {
    fn read(call: &Call<'_>) -> (Self, usize) {
        let (mut options, mut at) = (Self::default(), 2);
        while at < call.args.len() {
            let word = call.arg(at);
            if same(word, "NX") {
                options.only_new = true;
            } else if same(word, "XX") {
                options.only_old = true;
            } else if same(word, "GT") {
                options.only_greater = true;
            } else if same(word, "LT") {
                options.only_less = true;
            } else if same(word, "CH") {
                options.count_changed = true;
            } else if same(word, "INCR") {
                options.increment = true;
            } else {
                break;
            }
            at += 1;
        }
        (options, at)
    }

    /// Why they do not go together.
    fn problem(self, pairs: usize) -> Option<&'static str> {
        let one_way = self.only_greater || self.only_less;
        if self.only_new && self.only_old {
            Some("ERR XX and NX options at the same time are not compatible")
        } else if (self.only_greater && self.only_less) || (self.only_new && one_way) {
            Some("ERR GT, LT, and/or NX options at the same time are not compatible")
        } else if self.increment && pairs > 1 {
            Some("ERR INCR option supports a single increment-element pair")
        } else {
            None
        }
    }

    fn apply(self, zset: &mut ZSet, member: &[u8], score: f64) -> Done {
        let Some(old) = zset.score(member) else {
            if self.only_old {
                return Done::Nothing;
            }
            zset.insert(member, score);
            return Done::Added(score);
        };
        if self.only_new {
            return Done::Nothing;
        }
        let new = if self.increment { old + score } else { score };
        if new.is_nan() {
            return Done::NotANumber;
        }
        if (self.only_less && new >= old) || (self.only_greater && new <= old) {
            return Done::Nothing;
        }
        if new == old {
            return Done::Same(new);
        }
        zset.insert(member, new);
        Done::Updated(new)
    }
}

/// `ZADD key [NX|XX] [GT|LT] [CH] [INCR] score member...`
pub(in crate::command) fn zadd(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (options, at) = Options::read(call);
    let words = call.args.get(at..).unwrap_or_default();
    if words.is_empty() || words.len() % 2 == 1 {
        return call.syntax_error();
    }
    if let Some(problem) = options.problem(words.len() / 2) {
        return call.reply.error(problem);
    }
    add(ctx, call, options, words);
}

/// `ZINCRBY key increment member`
pub(in crate::command) fn zincrby(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let options = Options { increment: true, ..Options::default() };
    let words = call.args.get(2..).unwrap_or_default();
    add(ctx, call, options, words);
}

fn add(ctx: &mut Ctx<'_>, call: &mut Call<'_>, options: Options, words: &[&[u8]]) {
    let mut scores = Vec::with_capacity(words.len() / 2);
    for pair in words.chunks_exact(2) {
        match float(pair[0]) {
            Some(score) => scores.push((pair[1], score)),
            None => return call.reply.error(NOT_A_FLOAT),
        }
    }
    let key = call.arg(1);
    let Ok(found) = peek_as::<ZSet>(ctx, call, key) else { return };
    if found.is_none() && options.only_old {
        return if options.increment { call.reply.null() } else { call.reply.integer(0) };
    }
    let done = change(ctx, call, key, |zset: &mut ZSet| {
        scores.iter().map(|(member, score)| options.apply(zset, member, *score)).collect::<Vec<_>>()
    });
    let done = done.unwrap_or_default();
    let added = done.iter().filter(|one| matches!(one, Done::Added(_))).count();
    let updated = done.iter().filter(|one| matches!(one, Done::Updated(_))).count();
    if added + updated > 0 {
        call.propagate = Propagate::Verbatim;
    }
    match done.last() {
        Some(Done::NotANumber) => call.reply.error(NOT_A_NUMBER),
        Some(Done::Added(score) | Done::Updated(score) | Done::Same(score))
            if options.increment =>
        {
            call.reply.double(*score);
        }
        _ if options.increment => call.reply.null(),
        _ => {
            let changed = if options.count_changed { updated } else { 0 };
            call.reply.integer(number(added + changed));
        }
    }
}

/// `ZREM key member...`
pub(in crate::command) fn zrem(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    match peek_as::<ZSet>(ctx, call, key) {
        Err(_) => return,
        Ok(None) => return call.reply.integer(0),
        Ok(Some(_)) => {}
    }
    let members = call.args.get(2..).unwrap_or_default();
    let gone = change(ctx, call, key, |zset: &mut ZSet| {
        members.iter().filter(|member| zset.remove(member).is_some()).count()
    });
    let gone = gone.unwrap_or(0);
    if gone > 0 {
        call.propagate = Propagate::Verbatim;
    }
    call.reply.integer(number(gone));
}

/// `ZCARD key`
pub(in crate::command) fn zcard(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let Ok(found) = read_as::<ZSet>(ctx, call, key) else { return };
    call.reply.integer(number(found.map_or(0, ZSet::len)));
}

/// `ZSCORE key member`
pub(in crate::command) fn zscore(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let Ok(found) = read_as::<ZSet>(ctx, call, key) else { return };
    write_score(call, found, call.arg(2));
}

/// `ZMSCORE key member...`
pub(in crate::command) fn zmscore(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let Ok(found) = read_as::<ZSet>(ctx, call, key) else { return };
    let members = call.args.get(2..).unwrap_or_default();
    call.reply.array(members.len());
    for member in members {
        write_score(call, found, member);
    }
}

fn write_score(call: &mut Call<'_>, found: Option<&ZSet>, member: &[u8]) {
    match found.and_then(|zset| zset.score(member)) {
        Some(score) => call.reply.double(score),
        None => call.reply.null(),
    }
}

/// `ZRANK key member`
pub(in crate::command) fn zrank(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    rank(ctx, call, |rank, _| rank);
}

/// `ZREVRANK key member`
pub(in crate::command) fn zrevrank(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    rank(ctx, call, |rank, len| len - 1 - rank);
}

fn rank(ctx: &mut Ctx<'_>, call: &mut Call<'_>, count: fn(usize, usize) -> usize) {
    let (key, member) = (call.arg(1), call.arg(2));
    let Ok(found) = read_as::<ZSet>(ctx, call, key) else { return };
    match found.and_then(|zset| Some(count(zset.rank(member)?, zset.len()))) {
        Some(rank) => call.reply.integer(number(rank)),
        None => call.reply.null(),
    }
}

/// `ZPOPMIN key [count]`
pub(in crate::command) fn zpopmin(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    pop(ctx, call, End::Head);
}

/// `ZPOPMAX key [count]`
pub(in crate::command) fn zpopmax(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    pop(ctx, call, End::Tail);
}

fn pop(ctx: &mut Ctx<'_>, call: &mut Call<'_>, end: End) {
    let count = match call.args.len() {
        2 => None,
        3 => match positive(call, 2) {
            Some(count) => Some(count),
            None => return,
        },
        _ => return call.syntax_error(),
    };
    let key = call.arg(1);
    match peek_as::<ZSet>(ctx, call, key) {
        Err(_) => return,
        Ok(Some(_)) if count != Some(0) => {}
        Ok(_) => return call.reply.array(0),
    }
    let popped = pop_some(ctx, call, key, end, count.unwrap_or(1));
    call.propagate = Propagate::Verbatim;
    if count.is_some() && call.reply.protocol() == Protocol::Resp3 {
        return write_pairs(call, &popped);
    }
    call.reply.array(2 * popped.len());
    for (member, score) in &popped {
        call.reply.bulk(member);
        call.reply.double(*score);
    }
}

/// Pairs as lists of two.
pub(super) fn write_pairs(call: &mut Call<'_>, pairs: &[(Vec<u8>, f64)]) {
    call.reply.array(pairs.len());
    for (member, score) in pairs {
        call.reply.array(2);
        call.reply.bulk(member);
        call.reply.double(*score);
    }
}

/// Takes up to `count` members from one end of a sorted set that is there: the lowest first from
/// the head, the highest first from the tail.
pub(super) fn pop_some(
    ctx: &mut Ctx<'_>,
    call: &Call<'_>,
    key: &[u8],
    end: End,
    count: usize,
) -> Vec<(Vec<u8>, f64)> {
    let popped = change(ctx, call, key, |zset: &mut ZSet| {
        let owned = |(member, score): (&[u8], f64)| (member.to_vec(), score);
        let popped: Vec<_> = match end {
            End::Head => zset.iter().take(count).map(owned).collect(),
            End::Tail => zset.iter().rev().take(count).map(owned).collect(),
        };
        for (member, _) in &popped {
            zset.remove(member);
        }
        popped
    });
    popped.unwrap_or_default()
}

/// MIN or MAX.
pub(super) fn end_of(word: &[u8]) -> Option<End> {
    if same(word, "MIN") {
        Some(End::Head)
    } else if same(word, "MAX") {
        Some(End::Tail)
    } else {
        None
    }
}

/// `ZMPOP numkeys key... MIN|MAX [COUNT count]`
pub(in crate::command) fn zmpop(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some((keys, end, count)) = pop_options(call, 1, end_of) else { return };
    for key in keys {
        match peek_as::<ZSet>(ctx, call, key) {
            Err(_) => return,
            Ok(None) => continue,
            Ok(Some(_)) => {}
        }
        let popped = pop_some(ctx, call, key, end, count);
        tell_pop(call, key, end, popped.len());
        call.reply.array(2);
        call.reply.bulk(key);
        return write_pairs(call, &popped);
    }
    call.reply.null_array();
}

/// What replicas are told of a pop from one of several sorted sets.
pub(super) fn tell_pop(call: &mut Call<'_>, key: &[u8], end: End, count: usize) {
    let name: &[u8] = if end == End::Head { b"ZPOPMIN" } else { b"ZPOPMAX" };
    let mut room = itoa::Buffer::new();
    call.propagate = Propagate::As(vec![vec![
        name.to_vec(),
        key.to_vec(),
        room.format(count).as_bytes().to_vec(),
    ]]);
}
