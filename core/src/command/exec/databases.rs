//! Keys from one database to another. A cluster has one database, so most of this is for servers
//! outside of clusters.
//!
//! These commands change keys of a database that is not selected. What follows a change (events,
//! watchers, clients that wait) is therefore told here, and not by dispatch from their words.

use super::{exists, left_out, read, same};
use crate::{
    command::{Call, Propagate},
    config::event,
    resp::parse_i64,
    rules::{Ctx, notify, watch},
    session::Watched,
    slot::key_slot,
    store::{Entry, database},
};

const SAME: &str = "ERR source and destination objects are the same";
const NO_SUCH: &str = "ERR DB index is out of range";

/// `COPY source destination [DB number] [REPLACE]`
pub(in crate::command) fn copy(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (source, target) = (call.arg(1), call.arg(2));
    let from = ctx.b.store.number();
    let (mut at, mut replace, mut to) = (3, false, from);
    while at < call.args.len() {
        if same(call.arg(at), "REPLACE") {
            replace = true;
        } else if same(call.arg(at), "DB") && at + 1 < call.args.len() {
            at += 1;
            let Some(number) = super::integer(call, at) else { return };
            to = match database(&ctx.b.config, call.arg(at)) {
                Some(number) => number,
                None if ctx.b.config.cluster_enabled && number > 0 => {
                    return call
                        .reply
                        .error("ERR Copying to another database is not allowed in cluster mode");
                }
                None => return call.reply.error(NO_SUCH),
            };
        } else {
            return call.syntax_error();
        }
        at += 1;
    }
    if from == to && source == target {
        return call.reply.error(SAME);
    }
    let Some(entry) = read(ctx, call, source).cloned() else { return call.reply.integer(0) };
    let taken = is_taken(ctx, call, to, target);
    if replace || !taken {
        put(ctx, call, to, target, entry, "copy_to");
    }
    call.reply.integer(i64::from(replace || !taken));
}

/// `MOVE key number`
pub(in crate::command) fn move_to(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if ctx.b.config.cluster_enabled {
        return call.reply.error("ERR MOVE is not allowed in cluster mode");
    }
    if super::integer(call, 2).is_none() {
        return;
    }
    let Some(to) = database(&ctx.b.config, call.arg(2)) else { return call.reply.error(NO_SUCH) };
    if to == ctx.b.store.number() {
        return call.reply.error(SAME);
    }
    let key = call.arg(1);
    let slot = call.slot_of(key);
    let found = exists(ctx, call, key).then(|| ctx.b.store.entry(slot, key).cloned()).flatten();
    let Some(entry) = found else { return call.reply.integer(0) };
    if is_taken(ctx, call, to, key) {
        return call.reply.integer(0);
    }
    // Out of here first: that is the order in which it is told.
    ctx.b.store.remove(slot, key);
    notify::event(ctx, event::GENERIC, "move_from", key);
    watch::touched(ctx, key);
    put(ctx, call, to, key, entry, "move_to");
    call.reply.integer(1);
}

/// Whether a database has such a key.
fn is_taken(ctx: &mut Ctx<'_>, call: &Call<'_>, number: u32, key: &[u8]) -> bool {
    let from = ctx.b.store.number();
    ctx.b.store.select(number);
    let taken = exists(ctx, call, key);
    ctx.b.store.select(from);
    taken
}

/// Puts a key into a database, in place of what it held there, and tells of it.
fn put(ctx: &mut Ctx<'_>, call: &mut Call<'_>, to: u32, key: &[u8], entry: Entry, event: &str) {
    let from = ctx.b.store.number();
    ctx.b.store.select(to);
    ctx.b.store.insert(call.slot_of(key), key, entry.value, entry.expire);
    notify::fresh(ctx);
    notify::event(ctx, event::GENERIC, event, key);
    watch::touched(ctx, key);
    ctx.b.blocked.touched(to, key);
    ctx.b.store.select(from);
    call.propagate = Propagate::Verbatim;
}

/// `SWAPDB number number`
pub(in crate::command) fn swapdb(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if !cfg!(feature = "full") {
        return left_out(call);
    }
    if ctx.b.config.cluster_enabled {
        return call.reply.error("ERR SWAPDB is not allowed in cluster mode");
    }
    let (first, second) = (call.arg(1), call.arg(2));
    if parse_i64(first).is_none() {
        return call.reply.error("ERR invalid first DB index");
    }
    if parse_i64(second).is_none() {
        return call.reply.error("ERR invalid second DB index");
    }
    let config = &ctx.b.config;
    let (Some(one), Some(other)) = (database(config, first), database(config, second)) else {
        return call.reply.error(NO_SUCH);
    };
    if one != other {
        swap(ctx, one, other);
    }
    call.propagate = Propagate::Verbatim;
    call.reply.ok();
}

fn swap(ctx: &mut Ctx<'_>, one: u32, other: u32) {
    ctx.b.store.swap(one, other);
    for client in ctx.b.watchers.clients() {
        let Some(session) = ctx.b.sessions.get_mut(&client) else { continue };
        for watch in &mut session.watching {
            let before = match watch.database {
                number if number == one => other,
                number if number == other => one,
                _ => continue,
            };
            let slot = key_slot(&watch.key);
            let entry = |number: u32| ctx.b.store.of(number)?.entry(slot, &watch.key);
            let is_over = entry(watch.database).map(|entry| entry.is_expired(ctx.now.wall));
            match (watch.was, entry(before).is_some(), is_over) {
                (_, false, None) => {}
                (Watched::Expired, _, None) => watch.was = Watched::Absent,
                // What is over is as good as nothing.
                (Watched::Expired, _, Some(true)) => {}
                (_, false, Some(true)) => watch.was = Watched::Expired,
                _ => session.watch_broken = true,
            }
        }
    }
    for number in [one, other] {
        for key in ctx.b.blocked.keys_of(number) {
            let keys = ctx.b.store.of(number);
            if keys.is_some_and(|keys| keys.entry(key_slot(&key), &key).is_some()) {
                ctx.b.blocked.touched(number, &key);
            }
        }
    }
}
