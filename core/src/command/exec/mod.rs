//! What commands do, by family. Each handler finds arity, authentication and routing settled.

pub(super) mod acl;
mod args;
pub(super) mod bitfield;
pub(super) mod bits;
pub(super) mod blocking;
pub(super) mod client;
pub(super) mod clients;
pub(super) mod cluster;
pub(super) mod config;
pub(super) mod connection;
pub(super) mod databases;
mod debug;
mod decimal;
pub(super) mod draws;
pub(super) mod dump;
pub(super) mod expiry;
pub(super) mod failover;
pub(super) mod hashes;
#[cfg(feature = "full")]
pub(super) mod hyperloglog;
pub(super) mod info;
pub(super) mod introspect;
pub(super) mod keys;
pub(super) mod lcs;
pub(super) mod lists;
pub(super) mod memory;
pub(super) mod migrate;
pub(super) mod numbers;
pub(super) mod persistence;
pub(super) mod pubsub;
pub(super) mod record;
pub(super) mod replication;
pub(super) mod scans;
#[cfg(feature = "full")]
pub(super) mod scripts;
pub(super) mod server;
pub(super) mod set_ops;
pub(super) mod sets;
pub(super) mod sort;
pub(super) mod strings;
#[cfg(test)]
mod tests;
pub(super) mod tracking;
pub(super) mod transaction;
pub(super) mod zranges;
pub(super) mod zset_ops;
pub(super) mod zsets;

use super::{
    Call,
    dispatch::{Shown, is_replica},
    table::flag,
};
use crate::{
    config::event,
    resp::parse_i64,
    rules::{Ctx, notify, replication::propagate, watch},
    slot::Slot,
    store::{Collection, Entry, Kind, Value},
    time::UnixMillis,
};

const NOT_AN_INTEGER: &str = "ERR value is not an integer or out of range";
const WRONG_TYPE: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";

/// The handler of a command that only has subcommands. Dispatch never gets here: without a
/// subcommand the arity is wrong, and an unknown one is refused.
pub(super) fn container(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    call.syntax_error();
}

/// Refuses what a build without the feature `full` leaves out: the page has to be small.
fn left_out(call: &mut Call<'_>) {
    call.reply.error("ERR this is left out here; the program `slotscope server` has it");
}

/// Refuses a subcommand whose words do not fit, as Redis words it.
fn wrong_subcommand(call: &mut Call<'_>) {
    let word = call.arg(1);
    let container = call.command.container.trim_end_matches('|').to_ascii_uppercase();
    call.reply.error_fmt(format_args!(
        "ERR unknown subcommand or wrong number of arguments for '{}'. Try {container} HELP.",
        Shown(word.get(..128).unwrap_or(word))
    ));
}

/// The slot of a key that is about to be read or written. If its time has come, a master deletes
/// it now and tells its replicas; a replica leaves it, hidden, to its master.
fn settle(ctx: &mut Ctx<'_>, call: &Call<'_>, key: &[u8]) -> Slot {
    let slot = call.slot_of(key);
    let due = ctx.b.store.is_expired(slot, key, call.clock(ctx));
    // A replica that clients may write to deletes what they are about to write.
    let writes_here =
        call.client.is_some() && call.command.is(flag::WRITE) && !ctx.b.config.replica_read_only;
    // A paused master hides the key as a replica does: its offset may not move.
    if due && (!is_replica(ctx.b) || writes_here) && ctx.b.holds.paused(ctx.now.mono).is_none() {
        ctx.b.store.remove(slot, key);
        ctx.b.stats.expired += 1;
        propagate(ctx, &[b"DEL", key]);
        notify::event(ctx, event::EXPIRED, "expired", key);
        // Nobody's own doing: who finds it out is told too.
        let current = ctx.b.tracking.current.take();
        watch::touched(ctx, key);
        ctx.b.tracking.current = current;
    }
    slot
}

/// Looks a key up for reading, and counts the hit or miss.
fn read<'c>(ctx: &'c mut Ctx<'_>, call: &Call<'_>, key: &[u8]) -> Option<&'c Entry> {
    let slot = settle(ctx, call, key);
    let now = call.clock(ctx);
    if ctx.b.config.notify_keyspace_events.has(event::MISS)
        && ctx.b.store.live(slot, key, now).is_none()
    {
        notify::event(ctx, event::MISS, "keymiss", key);
    }
    let found = ctx.b.store.live(slot, key, now);
    match found {
        Some(_) => ctx.b.stats.hits += 1,
        None => ctx.b.stats.misses += 1,
    }
    found
}

/// Whether a key is there, for a command that will write it: no statistics.
fn exists(ctx: &mut Ctx<'_>, call: &Call<'_>, key: &[u8]) -> bool {
    let slot = settle(ctx, call, key);
    ctx.b.store.live(slot, key, call.clock(ctx)).is_some()
}

/// The refusal is written; there is nothing more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refused;

/// Looks a key up for reading, as [`read`] does, and refuses a value of another type.
fn read_as<'c, T: Kind + 'c>(
    ctx: &'c mut Ctx<'_>,
    call: &mut Call<'_>,
    key: &[u8],
) -> Result<Option<&'c T>, Refused> {
    typed(read(ctx, call, key), call)
}

/// The same for a value that must outlive the next look: collections are shared, so that it costs
/// a pointer.
fn shared<T: Kind>(
    ctx: &mut Ctx<'_>,
    call: &mut Call<'_>,
    key: &[u8],
) -> Result<Option<Value>, Refused> {
    let found = read(ctx, call, key);
    typed::<T>(found, call)?;
    Ok(found.map(|entry| entry.value.clone()))
}

/// The same for a command that will write the key: no statistics.
fn peek_as<'c, T: Kind + 'c>(
    ctx: &'c mut Ctx<'_>,
    call: &mut Call<'_>,
    key: &[u8],
) -> Result<Option<&'c T>, Refused> {
    let slot = settle(ctx, call, key);
    let now = call.clock(ctx);
    typed(ctx.b.store.live(slot, key, now), call)
}

fn typed<'c, T: Kind + 'c>(
    found: Option<&'c Entry>,
    call: &mut Call<'_>,
) -> Result<Option<&'c T>, Refused> {
    let Some(entry) = found else { return Ok(None) };
    let held = T::of(&entry.value);
    if held.is_none() {
        call.reply.error(WRONG_TYPE);
        return Err(Refused);
    }
    Ok(held)
}

/// Changes the collection of a key whose type is known to fit: makes the key if it was missing, and
/// takes it away if nothing is left in it.
fn change<T: Collection, R>(
    ctx: &mut Ctx<'_>,
    call: &Call<'_>,
    key: &[u8],
    work: impl FnOnce(&mut T) -> R,
) -> Option<R> {
    let slot = call.slot_of(key);
    let mut work = Some(work);
    let packing = ctx.b.store.packing().copied();
    let changed = ctx.b.store.modify(slot, key, |value| {
        let held = T::of_mut(value)?;
        if let Some(packing) = &packing {
            held.confine(packing);
        }
        Some((work.take()?(held), held.is_void()))
    });
    let Some(changed) = changed else {
        let mut fresh = T::default();
        if let Some(packing) = &packing {
            fresh.confine(packing);
        }
        let answer = work.take()?(&mut fresh);
        if !fresh.is_void() {
            ctx.b.store.insert(slot, key, fresh.into(), None);
        }
        return Some(answer);
    };
    let (answer, is_void) = changed?;
    if is_void {
        ctx.b.store.remove(slot, key);
    }
    Some(answer)
}

/// An integer argument; refuses what is none.
fn integer(call: &mut Call<'_>, at: usize) -> Option<i64> {
    let n = parse_i64(call.arg(at));
    if n.is_none() {
        call.reply.error(NOT_AN_INTEGER);
    }
    n
}

/// A word as a number of 32 bits; refuses others.
fn small_integer(call: &mut Call<'_>, at: usize) -> Option<i32> {
    let n = i32::try_from(integer(call, at)?);
    if n.is_err() {
        call.reply
            .error("ERR value is out of range, value must between -2147483648 and 2147483647");
    }
    n.ok()
}

/// A wall time from a number that may be negative: before the epoch is the epoch.
fn wall(ms: i64) -> UnixMillis {
    UnixMillis(u64::try_from(ms).unwrap_or(0))
}

/// A wall time as a number for replies and arithmetic.
fn millis(at: UnixMillis) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}

/// Whether two words are the same but for letter case.
pub(super) fn same(word: &[u8], keyword: &str) -> bool {
    word.eq_ignore_ascii_case(keyword.as_bytes())
}
