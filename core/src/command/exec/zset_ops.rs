//! Several sorted sets (or sets, whose members count 1): what they have in common, all together,
//! and what only the first has.

use alloc::vec::Vec;

use super::{NOT_AN_INTEGER, args::float, args::number, read, same, set_ops::limit, zranges::keep};
use crate::{
    command::{Call, exec::WRONG_TYPE},
    resp::{Protocol, parse_i64},
    rules::Ctx,
    store::{Member, Set, Value, ZSet},
};

/// How sorted sets are put together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    Inter,
    Union,
    Diff,
}

/// What becomes of several scores of one member.
#[derive(Clone, Copy)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            // Infinities of both signs make nothing.
            Self::Sum if (a + b).is_nan() => 0.0,
            Self::Sum => a + b,
            Self::Min => {
                if b < a {
                    b
                } else {
                    a
                }
            }
            Self::Max => {
                if b > a {
                    b
                } else {
                    a
                }
            }
        }
    }
}

/// One of the sources, with the weight of its scores.
struct Source {
    value: Option<Value>,
    weight: f64,
}

impl Source {
    fn len(&self) -> usize {
        match &self.value {
            Some(Value::ZSet(zset)) => zset.len(),
            Some(Value::Set(set)) => set.len(),
            Some(Value::Str(_) | Value::Hash(_) | Value::List(_)) | None => 0,
        }
    }

    /// The weighed score of a member.
    fn score(&self, member: &[u8]) -> Option<f64> {
        let score = match &self.value {
            Some(Value::ZSet(zset)) => zset.score(member)?,
            Some(Value::Set(set)) if set.contains(member) => 1.0,
            _ => return None,
        };
        Some(self.weigh(score))
    }

    fn weigh(&self, score: f64) -> f64 {
        let weighed = self.weight * score;
        if weighed.is_nan() { 0.0 } else { weighed }
    }

    fn for_each(&self, mut visit: impl FnMut(&[u8], f64)) {
        match &self.value {
            Some(Value::ZSet(zset)) => {
                zset.iter().for_each(|(member, score)| visit(member, self.weigh(score)));
            }
            Some(Value::Set(set)) => {
                let members = |set: &Set, visit: &mut dyn FnMut(Member<'_>)| {
                    set.iter().for_each(visit);
                };
                members(set, &mut |member| visit(&member, self.weigh(1.0)));
            }
            Some(Value::Str(_) | Value::Hash(_) | Value::List(_)) | None => {}
        }
    }
}

/// The sources that a request names and how to join them.
struct Request {
    sources: Vec<Source>,
    aggregate: Aggregate,
    with_scores: bool,
    limit: usize,
}

/// What a command is allowed to say after its keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Answers with members.
    Lists,
    /// Stores them.
    Stores,
    /// Counts them.
    Counts,
}

/// Reads `numkeys key... [options]` from word `at` on.
fn request(
    ctx: &mut Ctx<'_>,
    call: &mut Call<'_>,
    at: usize,
    join: Join,
    form: Form,
) -> Option<Request> {
    let Some(count) = parse_i64(call.arg(at)) else {
        call.reply.error(NOT_AN_INTEGER);
        return None;
    };
    let Some(count) = usize::try_from(count).ok().filter(|n| *n > 0) else {
        let name = call.command.name;
        call.reply
            .error_fmt(format_args!("ERR at least 1 input key is needed for '{name}' command"));
        return None;
    };
    let end = count.saturating_add(at + 1);
    let Some(keys) = call.args.get(at + 1..end) else {
        call.syntax_error();
        return None;
    };
    let mut sources = Vec::with_capacity(count);
    for key in keys {
        let value = read(ctx, call, key).map(|entry| entry.value.clone());
        if !matches!(value, None | Some(Value::ZSet(_) | Value::Set(_))) {
            call.reply.error(WRONG_TYPE);
            return None;
        }
        sources.push(Source { value, weight: 1.0 });
    }
    let mut request =
        Request { sources, aggregate: Aggregate::Sum, with_scores: false, limit: usize::MAX };
    if form == Form::Counts {
        request.limit = limit(call, end)?;
        return Some(request);
    }
    options(call, end, join, form, &mut request)?;
    Some(request)
}

/// `[WEIGHTS weight...] [AGGREGATE SUM|MIN|MAX] [WITHSCORES]` from word `at` on.
fn options(
    call: &mut Call<'_>,
    mut at: usize,
    join: Join,
    form: Form,
    request: &mut Request,
) -> Option<()> {
    let count = request.sources.len();
    while at < call.args.len() {
        let (word, left) = (call.arg(at), call.args.len() - at);
        if join != Join::Diff && left > count && same(word, "WEIGHTS") {
            for (source, next) in request.sources.iter_mut().zip(at + 1..) {
                let Some(weight) = float(call.arg(next)) else {
                    call.reply.error("ERR weight value is not a float");
                    return None;
                };
                source.weight = weight;
            }
            at += count + 1;
        } else if join != Join::Diff && left >= 2 && same(word, "AGGREGATE") {
            request.aggregate = match call.arg(at + 1) {
                word if same(word, "SUM") => Aggregate::Sum,
                word if same(word, "MIN") => Aggregate::Min,
                word if same(word, "MAX") => Aggregate::Max,
                _ => {
                    call.syntax_error();
                    return None;
                }
            };
            at += 2;
        } else if form == Form::Lists && same(word, "WITHSCORES") {
            request.with_scores = true;
            at += 1;
        } else {
            call.syntax_error();
            return None;
        }
    }
    Some(())
}

fn joined(mut request: Request, join: Join) -> ZSet {
    let (mut result, aggregate, limit) = (ZSet::unpacked(), request.aggregate, request.limit);
    if join != Join::Diff {
        // The order in which scores are added up can be seen in their last digits.
        request.sources.sort_by_key(Source::len);
    }
    let Some((first, rest)) = request.sources.split_first() else { return result };
    match join {
        Join::Union => {
            for source in &request.sources {
                source.for_each(|member, score| {
                    let score = match result.score(member) {
                        Some(old) => aggregate.of(old, score),
                        None => score,
                    };
                    result.insert(member, score);
                });
            }
        }
        Join::Inter => first.for_each(|member, score| {
            if result.len() >= limit {
                return;
            }
            let sum = rest
                .iter()
                .try_fold(score, |sum, source| Some(aggregate.of(sum, source.score(member)?)));
            if let Some(sum) = sum {
                result.insert(member, sum);
            }
        }),
        Join::Diff => first.for_each(|member, score| {
            if rest.iter().all(|source| source.score(member).is_none()) {
                result.insert(member, score);
            }
        }),
    }
    result
}

fn list(ctx: &mut Ctx<'_>, call: &mut Call<'_>, join: Join) {
    let Some(request) = request(ctx, call, 1, join, Form::Lists) else { return };
    let with_scores = request.with_scores;
    let result = joined(request, join);
    let nested = with_scores && call.reply.protocol() == Protocol::Resp3;
    call.reply.array(result.len() * if with_scores && !nested { 2 } else { 1 });
    for (member, score) in result.iter() {
        if nested {
            call.reply.array(2);
        }
        call.reply.bulk(member);
        if with_scores {
            call.reply.double(score);
        }
    }
}

fn store(ctx: &mut Ctx<'_>, call: &mut Call<'_>, join: Join) {
    let Some(request) = request(ctx, call, 2, join, Form::Stores) else { return };
    let key = call.arg(1);
    keep(ctx, call, key, joined(request, join).packed());
}

/// `ZUNION numkeys key... [WEIGHTS weight...] [AGGREGATE SUM|MIN|MAX] [WITHSCORES]`
pub(in crate::command) fn zunion(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    list(ctx, call, Join::Union);
}

/// `ZINTER numkeys key... [WEIGHTS weight...] [AGGREGATE SUM|MIN|MAX] [WITHSCORES]`
pub(in crate::command) fn zinter(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    list(ctx, call, Join::Inter);
}

/// `ZDIFF numkeys key... [WITHSCORES]`
pub(in crate::command) fn zdiff(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    list(ctx, call, Join::Diff);
}

/// `ZUNIONSTORE destination numkeys key... [WEIGHTS weight...] [AGGREGATE SUM|MIN|MAX]`
pub(in crate::command) fn zunionstore(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    store(ctx, call, Join::Union);
}

/// `ZINTERSTORE destination numkeys key... [WEIGHTS weight...] [AGGREGATE SUM|MIN|MAX]`
pub(in crate::command) fn zinterstore(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    store(ctx, call, Join::Inter);
}

/// `ZDIFFSTORE destination numkeys key...`
pub(in crate::command) fn zdiffstore(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    store(ctx, call, Join::Diff);
}

/// `ZINTERCARD numkeys key... [LIMIT limit]`
pub(in crate::command) fn zintercard(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(request) = request(ctx, call, 1, Join::Inter, Form::Counts) else { return };
    call.reply.integer(number(joined(request, Join::Inter).len()));
}
