//! In which slot are the keys of a request, and may this node answer for it?

use alloc::vec::Vec;

use super::{
    Args,
    dispatch::{Caller, Refused},
    exec::transaction,
    route,
    table::{self, Command},
};
use crate::{
    resp::ReplyBuf,
    rules::Ctx,
    slot::{Slot, key_slot},
};

/// The slot of all keys of the request, if there is one and this node may answer for it.
///
/// For EXEC these are the keys of the whole transaction.
pub(super) fn slot_of(
    ctx: &mut Ctx<'_>,
    command: &'static Command,
    args: Args<'_>,
    caller: Caller,
    reply: &mut ReplyBuf,
) -> Result<Option<Slot>, Refused> {
    if command.keys.is_empty() {
        if caller.in_multi && ctx.b.config.cluster_enabled && transaction::is_exec(command) {
            judge_transaction(ctx, caller, reply)?;
        }
        return Ok(None);
    }
    if !ctx.b.config.cluster_enabled {
        return Ok(sole_slot(command, args));
    }
    // Almost every request: one key, in a slot that is nowhere else.
    if let Some(key) = command.sole_key().and_then(|at| args.get(at)) {
        let slot = key_slot(key);
        if route::is_settled_here(ctx.b, slot) {
            return Ok(Some(slot));
        }
    }
    let requests = [(command, args)];
    let query = route::Query::new(&requests, caller.readonly, caller.asking);
    let verdict = route::judge(ctx.b, ctx.now.wall, &query);
    match verdict {
        route::Verdict::Here(slot) => Ok(slot),
        route::Verdict::Elsewhere(why) => {
            route::refuse(ctx, why, reply);
            Err(Refused::Elsewhere)
        }
    }
}

/// Judges all commands of a transaction together.
fn judge_transaction(
    ctx: &mut Ctx<'_>,
    caller: Caller,
    reply: &mut ReplyBuf,
) -> Result<(), Refused> {
    let session = ctx.b.sessions.get(&caller.client);
    let Some(transaction) = session.and_then(|session| session.multi.as_deref()) else {
        return Ok(());
    };
    let words: Vec<Vec<&[u8]>> =
        transaction.queue.iter().map(|words| words.iter().map(Vec::as_slice).collect()).collect();
    let requests: Vec<(&Command, Args<'_>)> = words
        .iter()
        .filter_map(|words| Some((table::lookup(words).ok()?, words.as_slice())))
        .collect();
    let query = route::Query::new(&requests, caller.readonly, caller.asking);
    match route::judge(ctx.b, ctx.now.wall, &query) {
        route::Verdict::Here(_) => Ok(()),
        route::Verdict::Elsewhere(why) => {
            route::refuse(ctx, why, reply);
            Err(Refused::Elsewhere)
        }
    }
}

/// The slot of a request with exactly one key; several may differ outside of a cluster.
pub(super) fn sole_slot(command: &'static Command, args: Args<'_>) -> Option<Slot> {
    let mut places = command.key_places(args);
    let (at, _) = places.next()?;
    match places.next() {
        Some(_) => None,
        None => args.get(at).map(|key| key_slot(key)),
    }
}
