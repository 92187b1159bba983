//! Lists: elements in order. Commands that wait for elements are elsewhere; they use
//! [`pop_some`] and [`move_one`].

use alloc::{boxed::Box, vec::Vec};

use super::{
    NOT_AN_INTEGER, Refused,
    args::{counted_keys, number, positive, span},
    change, integer, peek_as, read_as, same,
};
use crate::{
    command::{Call, Propagate},
    resp::parse_i64,
    rules::Ctx,
    store::{End, List},
};

/// `LPUSH key element...`
pub(in crate::command) fn lpush(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    push(ctx, call, End::Head, Missing::Made);
}

/// `RPUSH key element...`
pub(in crate::command) fn rpush(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    push(ctx, call, End::Tail, Missing::Made);
}

/// `LPUSHX key element...`
pub(in crate::command) fn lpushx(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    push(ctx, call, End::Head, Missing::Left);
}

/// `RPUSHX key element...`
pub(in crate::command) fn rpushx(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    push(ctx, call, End::Tail, Missing::Left);
}

/// What to do about a key that is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Made,
    Left,
}

fn push(ctx: &mut Ctx<'_>, call: &mut Call<'_>, end: End, missing: Missing) {
    let key = call.arg(1);
    let Ok(found) = peek_as::<List>(ctx, call, key) else { return };
    if found.is_none() && missing == Missing::Left {
        return call.reply.integer(0);
    }
    let items = call.args.get(2..).unwrap_or_default();
    let len = change(ctx, call, key, |list: &mut List| {
        items.iter().for_each(|item| list.push(end, item));
        list.len()
    });
    call.propagate = Propagate::Verbatim;
    call.reply.integer(number(len.unwrap_or(0)));
}

/// `LPOP key [count]`
pub(in crate::command) fn lpop(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    pop(ctx, call, End::Head);
}

/// `RPOP key [count]`
pub(in crate::command) fn rpop(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    pop(ctx, call, End::Tail);
}

fn pop(ctx: &mut Ctx<'_>, call: &mut Call<'_>, end: End) {
    let key = call.arg(1);
    let count = match call.args.len() {
        2 => None,
        3 => match positive(call, 2) {
            Some(count) => Some(count),
            None => return,
        },
        _ => {
            let name = call.command.name;
            return call
                .reply
                .error_fmt(format_args!("ERR wrong number of arguments for '{name}' command"));
        }
    };
    match (peek_as::<List>(ctx, call, key), count) {
        (Err(_), _) => return,
        (Ok(None), None) => return call.reply.null(),
        (Ok(None), Some(_)) => return call.reply.null_array(),
        (Ok(Some(_)), Some(0)) => return call.reply.array(0),
        (Ok(Some(_)), _) => {}
    }
    let popped = pop_some(ctx, call, key, end, count.unwrap_or(1));
    call.propagate = Propagate::Verbatim;
    match (popped.as_slice(), count) {
        ([only], None) => call.reply.bulk(only),
        (many, _) => write_all(call, many),
    }
}

fn write_all(call: &mut Call<'_>, items: &[Box<[u8]>]) {
    call.reply.array(items.len());
    for item in items {
        call.reply.bulk(item);
    }
}

/// Takes up to `count` elements from one end of a list that is there.
pub(super) fn pop_some(
    ctx: &mut Ctx<'_>,
    call: &Call<'_>,
    key: &[u8],
    end: End,
    count: usize,
) -> Vec<Box<[u8]>> {
    let popped = change(ctx, call, key, |list: &mut List| {
        core::iter::from_fn(|| list.pop(end)).take(count).collect()
    });
    popped.unwrap_or_default()
}

/// `LLEN key`
pub(in crate::command) fn llen(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let Ok(found) = read_as::<List>(ctx, call, key) else { return };
    call.reply.integer(number(found.map_or(0, List::len)));
}

/// `LRANGE key start end`
pub(in crate::command) fn lrange(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (Some(start), Some(end)) = (parse_i64(call.arg(2)), parse_i64(call.arg(3))) else {
        return call.reply.error(NOT_AN_INTEGER);
    };
    let key = call.arg(1);
    let Ok(found) = read_as::<List>(ctx, call, key) else { return };
    let part = found.and_then(|list| Some((list, span(start, end, list.len())?)));
    let Some((list, (from, to))) = part else { return call.reply.array(0) };
    call.reply.array(to - from);
    for item in list.range(from, to) {
        call.reply.bulk(item);
    }
}

/// A place from the head, or from the tail if negative.
fn place(at: i64, len: usize) -> Option<usize> {
    let at = if at < 0 { at.checked_add(number(len))? } else { at };
    usize::try_from(at).ok().filter(|at| *at < len)
}

/// `LINDEX key index`
pub(in crate::command) fn lindex(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let Ok(found) = read_as::<List>(ctx, call, key) else { return };
    let Some(list) = found else { return call.reply.null() };
    let Some(index) = integer(call, 2) else { return };
    match place(index, list.len()).and_then(|at| list.get(at)) {
        Some(item) => call.reply.bulk(item),
        None => call.reply.null(),
    }
}

/// `LSET key index element`
pub(in crate::command) fn lset(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (key, item) = (call.arg(1), call.arg(3));
    let len = match peek_as::<List>(ctx, call, key) {
        Err(_) => return,
        Ok(None) => return call.reply.error("ERR no such key"),
        Ok(Some(list)) => list.len(),
    };
    let Some(index) = integer(call, 2) else { return };
    let Some(at) = place(index, len) else {
        return call.reply.error("ERR index out of range");
    };
    change(ctx, call, key, |list: &mut List| list.set(at, item));
    call.propagate = Propagate::Verbatim;
    call.reply.ok();
}

/// `LINSERT key BEFORE|AFTER pivot element`
pub(in crate::command) fn linsert(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (key, pivot, item) = (call.arg(1), call.arg(3), call.arg(4));
    let after = match call.arg(2) {
        word if same(word, "BEFORE") => 0,
        word if same(word, "AFTER") => 1,
        _ => return call.syntax_error(),
    };
    let at = match peek_as::<List>(ctx, call, key) {
        Err(_) => return,
        Ok(None) => return call.reply.integer(0),
        Ok(Some(list)) => list.iter().position(|one| one == pivot),
    };
    let Some(at) = at else { return call.reply.integer(-1) };
    let len = change(ctx, call, key, |list: &mut List| {
        list.insert(at + after, item);
        list.len()
    });
    call.propagate = Propagate::Verbatim;
    call.reply.integer(number(len.unwrap_or(0)));
}

/// `LREM key count element`: from the head, from the tail if negative, all if 0.
pub(in crate::command) fn lrem(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(count) = integer(call, 2) else { return };
    let (key, item) = (call.arg(1), call.arg(3));
    match peek_as::<List>(ctx, call, key) {
        Err(_) => return,
        Ok(None) => return call.reply.integer(0),
        Ok(Some(_)) => {}
    }
    let end = if count < 0 { End::Tail } else { End::Head };
    let max = match usize::try_from(count.unsigned_abs()) {
        Ok(0) | Err(_) => usize::MAX,
        Ok(max) => max,
    };
    let gone = change(ctx, call, key, |list: &mut List| list.remove(item, max, end)).unwrap_or(0);
    if gone > 0 {
        call.propagate = Propagate::Verbatim;
    }
    call.reply.integer(number(gone));
}

/// `LTRIM key start end`
pub(in crate::command) fn ltrim(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (Some(start), Some(end)) = (parse_i64(call.arg(2)), parse_i64(call.arg(3))) else {
        return call.reply.error(NOT_AN_INTEGER);
    };
    let key = call.arg(1);
    let len = match peek_as::<List>(ctx, call, key) {
        Err(_) => return,
        Ok(None) => return call.reply.ok(),
        Ok(Some(list)) => list.len(),
    };
    let (from, to) = span(start, end, len).unwrap_or((0, 0));
    if to - from < len {
        change(ctx, call, key, |list: &mut List| list.trim(from, to));
        call.propagate = Propagate::Verbatim;
    }
    call.reply.ok();
}

/// What LPOS is asked for.
struct Search {
    /// Which match is the first that counts; negative from the tail.
    rank: i64,
    /// How many; `None` for one without a list around it.
    count: Option<usize>,
    /// How many elements to look at.
    max: usize,
}

fn search(call: &mut Call<'_>) -> Option<Search> {
    let mut search = Search { rank: 1, count: None, max: usize::MAX };
    let limit = |text: &[u8]| parse_i64(text).and_then(|n| usize::try_from(n).ok());
    // 0 stands for "no limit".
    let open = |n: usize| if n == 0 { usize::MAX } else { n };
    for pair in call.args.get(3..).unwrap_or_default().chunks(2) {
        let problem = match pair {
            [name, text] if same(name, "RANK") => match parse_i64(text) {
                None => NOT_AN_INTEGER,
                Some(0) => {
                    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the \
                     second ... or use negative to start from the end of the list"
                }
                Some(rank) => {
                    search.rank = rank;
                    continue;
                }
            },
            [name, text] if same(name, "COUNT") => match limit(text) {
                None => "ERR COUNT can't be negative",
                Some(count) => {
                    search.count = Some(open(count));
                    continue;
                }
            },
            [name, text] if same(name, "MAXLEN") => match limit(text) {
                None => "ERR MAXLEN can't be negative",
                Some(max) => {
                    search.max = open(max);
                    continue;
                }
            },
            _ => "ERR syntax error",
        };
        call.reply.error(problem);
        return None;
    }
    Some(search)
}

/// `LPOS key element [RANK rank] [COUNT count] [MAXLEN len]`
pub(in crate::command) fn lpos(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(search) = search(call) else { return };
    let (key, item) = (call.arg(1), call.arg(2));
    let Ok(found) = read_as::<List>(ctx, call, key) else { return };
    let len = found.map_or(0, List::len);
    let skip = usize::try_from(search.rank.unsigned_abs() - 1).unwrap_or(usize::MAX);
    let wanted = search.count.unwrap_or(1);
    let from_tail = search.rank < 0;
    let mut items = found.into_iter().flat_map(List::iter);
    let next = core::iter::from_fn(|| if from_tail { items.next_back() } else { items.next() });
    let places: Vec<usize> = next
        .take(search.max)
        .enumerate()
        .filter(|(_, one)| *one == item)
        .map(|(at, _)| if from_tail { len - 1 - at } else { at })
        .skip(skip)
        .take(wanted)
        .collect();
    match (search.count, places.first()) {
        (None, None) => call.reply.null(),
        (None, Some(at)) => call.reply.integer(number(*at)),
        (Some(_), _) => {
            call.reply.array(places.len());
            for at in places {
                call.reply.integer(number(at));
            }
        }
    }
}

/// LEFT or RIGHT.
pub(super) fn end_of(word: &[u8]) -> Option<End> {
    if same(word, "LEFT") {
        Some(End::Head)
    } else if same(word, "RIGHT") {
        Some(End::Tail)
    } else {
        None
    }
}

/// `LMOVE source destination LEFT|RIGHT LEFT|RIGHT`
pub(in crate::command) fn lmove(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (Some(from), Some(to)) = (end_of(call.arg(3)), end_of(call.arg(4))) else {
        return call.syntax_error();
    };
    shift(ctx, call, from, to);
}

/// `RPOPLPUSH source destination`
pub(in crate::command) fn rpoplpush(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    shift(ctx, call, End::Tail, End::Head);
}

fn shift(ctx: &mut Ctx<'_>, call: &mut Call<'_>, from: End, to: End) {
    match move_one(ctx, call, from, to) {
        Err(_) => {}
        Ok(None) => call.reply.null(),
        Ok(Some(item)) => {
            call.propagate = Propagate::Verbatim;
            call.reply.bulk(&item);
        }
    }
}

/// Moves an element from one end of the first key to an end of the second; `None` if the first key
/// is not there.
pub(super) fn move_one(
    ctx: &mut Ctx<'_>,
    call: &mut Call<'_>,
    from: End,
    to: End,
) -> Result<Option<Box<[u8]>>, Refused> {
    let (source, target) = (call.arg(1), call.arg(2));
    if peek_as::<List>(ctx, call, source)?.is_none() {
        return Ok(None);
    }
    peek_as::<List>(ctx, call, target)?;
    if source == target {
        let item = change(ctx, call, source, |list: &mut List| {
            let item = list.pop(from)?;
            list.push(to, &item);
            Some(item)
        });
        return Ok(item.flatten());
    }
    let item = change(ctx, call, source, |list: &mut List| list.pop(from)).flatten();
    if let Some(item) = &item {
        change(ctx, call, target, |list: &mut List| list.push(to, item));
    }
    Ok(item)
}

/// `LMPOP numkeys key... LEFT|RIGHT [COUNT count]`
pub(in crate::command) fn lmpop(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some((keys, end, count)) = pop_options(call, 1, end_of) else { return };
    for key in keys {
        match peek_as::<List>(ctx, call, key) {
            Err(_) => return,
            Ok(None) => continue,
            Ok(Some(_)) => {}
        }
        let items = pop_some(ctx, call, key, end, count);
        tell_pop(call, key, end, items.len());
        call.reply.array(2);
        call.reply.bulk(key);
        write_all(call, &items);
        return;
    }
    call.reply.null_array();
}

/// What replicas are told of a pop from one of several lists.
pub(super) fn tell_pop(call: &mut Call<'_>, key: &[u8], end: End, count: usize) {
    let name: &[u8] = if end == End::Head { b"LPOP" } else { b"RPOP" };
    let mut room = itoa::Buffer::new();
    call.propagate = Propagate::as_one(&[name, key, room.format(count).as_bytes()]);
}

/// `numkeys key... WHERE [COUNT count]` from word `at` on; where to pop is for the caller to read.
pub(super) fn pop_options<'a, W>(
    call: &mut Call<'a>,
    at: usize,
    wher: impl Fn(&[u8]) -> Option<W>,
) -> Option<(Vec<&'a [u8]>, W, usize)> {
    let (keys, rest) = counted_keys(call, at, "ERR numkeys should be greater than 0")?;
    let Some(end) = wher(call.arg(rest)) else {
        call.syntax_error();
        return None;
    };
    match call.args.get(rest + 1..).unwrap_or_default() {
        [] => Some((keys, end, 1)),
        [name, text] if same(name, "COUNT") => {
            let count = parse_i64(text).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
            if count.is_none() {
                call.reply.error("ERR count should be greater than 0");
            }
            Some((keys, end, count?))
        }
        _ => {
            call.syntax_error();
            None
        }
    }
}
