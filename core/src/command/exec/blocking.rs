//! BLPOP and its kin: take an element, or wait until there is one.
//!
//! A request that finds nothing waits, and is tried again, key by key, when a key that it names has
//! been written; who waits longest is served first. Replicas are told of the pop alone. In a
//! transaction nothing waits.
//!
//! Whoever waits for a slot that leaves is sent after it, and everybody is told when the cluster
//! goes down: the write that they wait for would not come.
//!
//! Spec: Redis lists, "Blocking commands"; Redis 7.0 behaviour.

use alloc::{sync::Arc, vec::Vec};

use super::{Refused, args::float, lists, peek_as, zsets};
use crate::{
    cluster::PeerIdx,
    command::{
        Call, Outcome, Propagate, dispatch,
        route::{self, Refusal},
        statistics, table,
    },
    id::ClientId,
    io::Effect,
    resp::{Protocol, ReplyBuf},
    rules::{Ctx, replication},
    session::{Replies, Wait},
    slot::key_slot,
    store::{End, List, ZSet},
    time::Instant,
};

/// What a request wants to take.
struct Wish<'a> {
    keys: Vec<&'a [u8]>,
    what: What,
    /// How long it would wait; 0 for ever.
    timeout_ms: u64,
}

#[derive(Clone, Copy)]
enum What {
    /// One element of a list.
    Element(End),
    /// Up to so many elements of a list.
    Elements(End, usize),
    /// One member of a sorted set.
    Member(End),
    /// Up to so many members of a sorted set.
    Members(End, usize),
    /// One element, to be moved.
    Move(End, End),
}

/// `BLPOP`, `BRPOP`, `BLMOVE`, `BRPOPLPUSH`, `BLMPOP`, `BZPOPMIN`, `BZPOPMAX`, `BZMPOP`
pub(in crate::command) fn take_or_wait(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(wish) = wish(call) else { return };
    match take(ctx, call, wish.what, &wish.keys) {
        Err(Refused) | Ok(true) => return,
        Ok(false) => {}
    }
    let Some(client) = call.client.filter(|_| call.may_wait) else {
        return match wish.what {
            What::Move(..) => call.reply.null(),
            What::Element(_) | What::Elements(..) | What::Member(_) | What::Members(..) => {
                call.reply.null_array();
            }
        };
    };
    let until = match wish.timeout_ms {
        0 => Instant::NEVER,
        ms => ctx.now.mono.plus_ms(ms),
    };
    let session = ctx.b.sessions.get(&client);
    let wait = Wait {
        words: call.args.iter().map(|word| word.to_vec()).collect(),
        keys: wish.keys.iter().map(|key| Arc::from(*key)).collect(),
        database: ctx.b.store.number(),
        until,
        is_mute: session.is_some_and(|session| session.replies != Replies::On),
    };
    ctx.b.blocked.add(client, wait);
    call.outcome = Outcome::Blocked;
}

/// Reads a request; `None` if it was refused.
fn wish<'a>(call: &mut Call<'a>) -> Option<Wish<'a>> {
    let last = call.args.len() - 1;
    let simple = |call: &Call<'a>| call.args.get(1..last).unwrap_or_default().to_vec();
    Some(match call.command.name {
        "blmove" => {
            let (from, to) = (lists::end_of(call.arg(3)), lists::end_of(call.arg(4)));
            let (Some(from), Some(to)) = (from, to) else {
                call.syntax_error();
                return None;
            };
            let timeout_ms = timeout(call, 5)?;
            Wish { keys: alloc::vec![call.arg(1)], what: What::Move(from, to), timeout_ms }
        }
        "brpoplpush" => {
            let timeout_ms = timeout(call, 3)?;
            let what = What::Move(End::Tail, End::Head);
            Wish { keys: alloc::vec![call.arg(1)], what, timeout_ms }
        }
        "blmpop" => {
            let timeout_ms = timeout(call, 1)?;
            let (keys, end, count) = lists::pop_options(call, 2, lists::end_of)?;
            Wish { keys, what: What::Elements(end, count), timeout_ms }
        }
        "bzmpop" => {
            let timeout_ms = timeout(call, 1)?;
            let (keys, end, count) = lists::pop_options(call, 2, zsets::end_of)?;
            Wish { keys, what: What::Members(end, count), timeout_ms }
        }
        name => {
            let timeout_ms = timeout(call, last)?;
            let what = match name {
                "blpop" => What::Element(End::Head),
                "brpop" => What::Element(End::Tail),
                "bzpopmin" => What::Member(End::Head),
                _ => What::Member(End::Tail),
            };
            Wish { keys: simple(call), what, timeout_ms }
        }
    })
}

/// Seconds, with a fraction if wanted.
fn timeout(call: &mut Call<'_>, at: usize) -> Option<u64> {
    let problem = match float(call.arg(at)).map(|seconds| seconds * 1000.0) {
        None => "ERR timeout is not a float or out of range",
        // Redis takes what is too long for its clock for a negative number.
        Some(ms) if !(0.0..9.2e18).contains(&ms) => "ERR timeout is negative",
        Some(ms) => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is not negative and fits; the fraction is looked at below"
            )]
            let whole = ms as u64;
            #[expect(clippy::cast_precision_loss, reason = "exact where there is a fraction")]
            let is_cut = (whole as f64) < ms;
            return Some(whole + u64::from(is_cut));
        }
    };
    call.reply.error(problem);
    None
}

/// Takes what is wanted from the first of the keys that has something; false if none has.
fn take(
    ctx: &mut Ctx<'_>,
    call: &mut Call<'_>,
    what: What,
    keys: &[&[u8]],
) -> Result<bool, Refused> {
    if let What::Move(from, to) = what {
        let Some(item) = lists::move_one(ctx, call, from, to)? else { return Ok(false) };
        call.propagate = told_move(call);
        call.reply.bulk(&item);
        return Ok(true);
    }
    for key in keys {
        let there = match what {
            What::Element(_) | What::Elements(..) | What::Move(..) => {
                peek_as::<List>(ctx, call, key)?.is_some()
            }
            What::Member(_) | What::Members(..) => peek_as::<ZSet>(ctx, call, key)?.is_some(),
        };
        if there {
            take_from(ctx, call, what, key);
            return Ok(true);
        }
    }
    Ok(false)
}

fn take_from(ctx: &mut Ctx<'_>, call: &mut Call<'_>, what: What, key: &[u8]) {
    match what {
        What::Element(end) => {
            let items = lists::pop_some(ctx, call, key, end, 1);
            let name: &[u8] = if end == End::Head { b"LPOP" } else { b"RPOP" };
            call.propagate = Propagate::as_one(&[name, key]);
            call.reply.array(2);
            call.reply.bulk(key);
            call.reply.bulk(items.first().map_or(&[], |item| &**item));
        }
        What::Elements(end, count) => {
            let items = lists::pop_some(ctx, call, key, end, count);
            lists::tell_pop(call, key, end, items.len());
            call.reply.array(2);
            call.reply.bulk(key);
            call.reply.array(items.len());
            for item in &items {
                call.reply.bulk(item);
            }
        }
        What::Member(end) => {
            let pairs = zsets::pop_some(ctx, call, key, end, 1);
            let name: &[u8] = if end == End::Head { b"ZPOPMIN" } else { b"ZPOPMAX" };
            call.propagate = Propagate::as_one(&[name, key]);
            call.reply.array(3);
            call.reply.bulk(key);
            for (member, score) in &pairs {
                call.reply.bulk(member);
                call.reply.double(*score);
            }
        }
        What::Members(end, count) => {
            let pairs = zsets::pop_some(ctx, call, key, end, count);
            zsets::tell_pop(call, key, end, pairs.len());
            call.reply.array(2);
            call.reply.bulk(key);
            zsets::write_pairs(call, &pairs);
        }
        // It takes from its first key itself.
        What::Move(..) => {}
    }
}

fn told_move(call: &Call<'_>) -> Propagate {
    let (source, target) = (call.arg(1), call.arg(2));
    if call.command.name == "blmove" {
        Propagate::as_one(&[b"LMOVE", source, target, call.arg(3), call.arg(4)])
    } else {
        Propagate::as_one(&[b"RPOPLPUSH", source, target])
    }
}

/// Serves those who wait for keys that have been written, and those who wait for what that moves.
pub(in crate::command) fn serve(ctx: &mut Ctx<'_>) {
    let running_on = ctx.b.store.number();
    while ctx.b.blocked.has_ready() {
        for (database, key) in ctx.b.blocked.take_ready() {
            ctx.b.store.select(database);
            for client in ctx.b.blocked.of(database, &key) {
                if ctx.b.store.entry(key_slot(&key), &key).is_none() {
                    break;
                }
                serve_one(ctx, client, &key);
            }
        }
    }
    ctx.b.store.select(running_on);
}

/// Tries the request of one client again, for one key.
fn serve_one(ctx: &mut Ctx<'_>, client: ClientId, key: &[u8]) {
    let Some(wait) = ctx.b.blocked.get(client).cloned() else { return };
    let args: Vec<&[u8]> = wait.words.iter().map(Vec::as_slice).collect();
    let Ok(command) = table::lookup(&args) else { return };
    let mut reply = ReplyBuf::with_protocol(protocol(ctx, client));
    let mut call = Call {
        client: Some(client),
        command,
        args: &args,
        slot: ctx.b.config.cluster_enabled.then(|| key_slot(key)),
        reply: &mut reply,
        propagate: Propagate::Nothing,
        outcome: Outcome::Done,
        may_wait: false,
    };
    let Some(Wish { what, .. }) = wish(&mut call) else { return };
    replication::open_unit(ctx);
    // A value of another type is not what it waits for.
    let is_served = match what {
        What::Move(..) if !matches!(peek_as::<List>(ctx, &mut call, key), Ok(Some(_))) => false,
        What::Move(..) => take(ctx, &mut call, what, &[key]) != Ok(false),
        What::Element(_) | What::Elements(..) | What::Member(_) | What::Members(..) => {
            take(ctx, &mut call, what, &[key]) == Ok(true)
        }
    };
    let propagate = call.propagate;
    if is_served {
        ctx.b.blocked.remove(client);
        statistics::served(ctx, client, command, &args, reply.as_bytes());
    }
    // The answer comes before what the client is told of its own command.
    if is_served && !wait.is_mute {
        ctx.out.push(Effect::Reply { client, bytes: reply.take() });
    }
    dispatch::finish(ctx, client, command, &args, propagate);
}

fn protocol(ctx: &Ctx<'_>, client: ClientId) -> Protocol {
    ctx.b.sessions.get(&client).map_or(Protocol::Resp2, |session| session.protocol)
}

/// Ends the waiting of a client with an answer; false if it does not wait.
fn answer(ctx: &mut Ctx<'_>, client: ClientId, write: impl FnOnce(&mut ReplyBuf)) -> bool {
    let Some(wait) = ctx.b.blocked.remove(client) else { return false };
    if !wait.is_mute {
        let mut reply = ReplyBuf::with_protocol(protocol(ctx, client));
        write(&mut reply);
        let args: Vec<&[u8]> = wait.words.iter().map(Vec::as_slice).collect();
        if let Ok(command) = table::lookup(&args) {
            statistics::served(ctx, client, command, &args, reply.as_bytes());
        }
        ctx.out.push(Effect::Reply { client, bytes: reply.take() });
    }
    true
}

/// CLIENT UNBLOCK: a client's time is over, or it gets an error; false if it does not wait.
pub(in crate::command) fn unblock(ctx: &mut Ctx<'_>, client: ClientId, with_error: bool) -> bool {
    const UNBLOCKED: &str = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
    if let Some(reached) = replication::end_wait(ctx, client) {
        let mut reply = ReplyBuf::new();
        if with_error {
            reply.error(UNBLOCKED);
        } else {
            reply.integer(i64::try_from(reached).unwrap_or(i64::MAX));
        }
        ctx.out.push(Effect::Reply { client, bytes: reply.take() });
        return true;
    }
    answer(ctx, client, |reply| {
        if with_error {
            reply.error(UNBLOCKED);
        } else {
            reply.null_array();
        }
    })
}

/// Answers those whose time is over.
pub(crate) fn end_waits(ctx: &mut Ctx<'_>) {
    let now = ctx.now.mono;
    if ctx.b.blocked.deadline() > now {
        return;
    }
    let due: Vec<ClientId> = ctx
        .b
        .blocked
        .iter()
        .filter(|(_, wait)| wait.until <= now)
        .map(|(client, _)| client)
        .collect();
    for client in due {
        answer(ctx, client, ReplyBuf::null_array);
    }
}

/// Sends those who wait for keys that this node no longer serves where they have to go.
pub(crate) fn send_away(ctx: &mut Ctx<'_>) {
    if ctx.b.blocked.is_empty() || !ctx.b.config.cluster_enabled {
        return;
    }
    let away: Vec<(ClientId, Refusal)> = ctx
        .b
        .blocked
        .iter()
        .filter_map(|(client, wait)| {
            let slot = key_slot(wait.keys.first()?);
            if !ctx.b.cluster.serves() {
                return Some((client, Refusal::Down(slot)));
            }
            if ctx.b.cluster.owners.importing.contains_key(&slot) {
                return None;
            }
            match ctx.b.cluster.owner(slot) {
                None => Some((client, Refusal::Unassigned(slot))),
                Some(PeerIdx::ME) => None,
                Some(owner) => Some((client, Refusal::Moved(slot, owner))),
            }
        })
        .collect();
    for (client, why) in away {
        let mut reply = ReplyBuf::with_protocol(protocol(ctx, client));
        route::refuse(ctx, why, &mut reply);
        answer(ctx, client, |to| to.raw(reply.as_bytes()));
    }
}
