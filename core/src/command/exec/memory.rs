//! MEMORY: what it is used for. All numbers are estimates by this program's own count, the same on
//! every platform; there is no allocator to ask.

use alloc::format;

use super::{NOT_AN_INTEGER, info, left_out, same};
use crate::{command::Call, repl::Backlog, resp::parse_i64, rules::Ctx};

/// `MEMORY USAGE key [SAMPLES n]`
pub(in crate::command) fn usage(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let well_formed = match call.args {
        [_, _, _] => true,
        [_, _, _, word, samples] => {
            // All elements are always counted, whatever the number.
            if same(word, "SAMPLES") && parse_i64(samples).is_none() {
                return call.reply.error(NOT_AN_INTEGER);
            }
            same(word, "SAMPLES")
        }
        _ => false,
    };
    if !well_formed {
        return call.syntax_error();
    }
    let key = call.arg(2);
    match ctx.b.store.memory_of(call.slot_of(key), key) {
        Some(bytes) => call.reply.integer(i64::try_from(bytes).unwrap_or(i64::MAX)),
        None => call.reply.null(),
    }
}

/// `MEMORY DOCTOR`
pub(in crate::command) fn doctor(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if !cfg!(feature = "full") {
        return left_out(call);
    }
    let keys = ctx.b.store.total_len();
    let text = format!(
        "{keys} keys take about {} bytes. Redis would go on about the fragmentation of its \
         allocator, which this server cannot see.\n",
        ctx.b.store.total_memory()
    );
    call.reply.verbatim("txt", text.as_bytes());
}

/// `MEMORY MALLOC-STATS`
pub(in crate::command) fn malloc_stats(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    call.reply.bulk(b"Stats not supported for the current allocator");
}

/// `MEMORY STATS`: the fields of Redis, as far as there is something to say.
pub(in crate::command) fn stats(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if !cfg!(feature = "full") {
        return left_out(call);
    }
    let b = &*ctx.b;
    let (used, data) = (info::memory_used(b), b.store.total_memory());
    let keys = b.store.total_len() as u64;
    let feeds: u64 = b.sessions.values().filter(|it| it.is_replica).map(|it| it.waiting).sum();
    let clients = used - data - info::USED_AT_START;
    let numbers = [
        ("peak.allocated", used),
        ("total.allocated", used),
        ("startup.allocated", info::USED_AT_START),
        ("replication.backlog", b.repl.backlog.as_ref().map_or(0, Backlog::len)),
        ("clients.slaves", feeds),
        ("clients.normal", clients),
        ("cluster.links", 0),
        ("aof.buffer", b.persist.aof.log.len() as u64),
        ("lua.caches", 0),
        ("functions.caches", 0),
        ("overhead.total", used - data),
        ("keys.count", keys),
        ("keys.bytes-per-key", data.checked_div(keys).unwrap_or(0)),
        ("dataset.bytes", data),
        ("allocator.allocated", used),
        ("allocator.active", used),
        ("allocator.resident", used),
        ("allocator-fragmentation.bytes", 0),
        ("allocator-rss.bytes", 0),
        ("rss-overhead.bytes", 0),
        ("fragmentation.bytes", 0),
    ];
    let ratios = ["allocator-fragmentation.ratio", "allocator-rss.ratio", "rss-overhead.ratio"];
    let integer = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let databases = b.store.each().count();
    let reply = &mut *call.reply;
    reply.map(numbers.len() + databases + ratios.len() + 3);
    for (name, n) in numbers {
        reply.bulk(name.as_bytes());
        reply.integer(integer(n));
    }
    for (number, _) in b.store.each() {
        reply.bulk(format!("db.{number}").as_bytes());
        let parts = ["main", "expires", "slot-to-keys"];
        reply.map(parts.len());
        for part in parts {
            reply.bulk(format!("overhead.hashtable.{part}").as_bytes());
            reply.integer(0);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    let share = if used > info::USED_AT_START {
        data as f64 * 100.0 / (used - info::USED_AT_START) as f64
    } else {
        0.0
    };
    let shares =
        [("dataset.percentage", share), ("peak.percentage", 100.0), ("fragmentation", 1.0)];
    for (name, value) in shares.into_iter().chain(ratios.map(|name| (name, 1.0))) {
        reply.bulk(name.as_bytes());
        reply.double(value);
    }
}
