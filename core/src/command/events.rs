//! Which events has a command that has run, for keyspace notifications?
//!
//! They are read off from what replicas are told of it, where each word has one meaning: BLPOP is
//! told as LPOP, GETEX as PEXPIREAT or DEL. A key that is gone afterwards adds `del`, or has that
//! alone if the command was to make the key (SINTERSTORE of nothing). DEL itself is not told here:
//! only its handler knows which of its keys were there.

use super::{
    Args, Propagate,
    exec::same,
    table::{self, Command},
};
use crate::{
    config::event,
    rules::{Ctx, notify},
    slot::key_slot,
};

/// What is told of a key that is gone after the command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gone {
    /// The event, then `del`.
    Too,
    /// `del` alone.
    Instead,
}

/// Commands, the class of their event and its name; nothing stands for the command's own.
const EVENTS: [(&str, u16, &str, Gone); 18] = [
    ("set setnx mset msetnx", event::STRING, "set", Gone::Too),
    ("incr decr incrby decrby", event::STRING, "incrby", Gone::Too),
    ("append setrange incrbyfloat", event::STRING, "", Gone::Too),
    ("pfadd pfmerge", event::STRING, "pfadd", Gone::Too),
    ("setbit bitfield", event::STRING, "setbit", Gone::Too),
    ("bitop", event::STRING, "set", Gone::Instead),
    ("expire pexpire expireat pexpireat", event::GENERIC, "expire", Gone::Instead),
    ("persist restore", event::GENERIC, "", Gone::Too),
    ("restore-asking", event::GENERIC, "restore", Gone::Too),
    ("lpush rpush lpop rpop linsert lset lrem ltrim", event::LIST, "", Gone::Too),
    ("lpushx", event::LIST, "lpush", Gone::Too),
    ("rpushx", event::LIST, "rpush", Gone::Too),
    ("sort", event::LIST, "sortstore", Gone::Instead),
    ("sadd srem spop", event::SET, "", Gone::Too),
    ("sinterstore sunionstore sdiffstore", event::SET, "", Gone::Instead),
    ("hset hmset hsetnx", event::HASH, "hset", Gone::Too),
    ("hdel hincrby hincrbyfloat", event::HASH, "", Gone::Too),
    (
        "zrem zremrangebyscore zremrangebyrank zremrangebylex zpopmin zpopmax",
        event::ZSET,
        "",
        Gone::Too,
    ),
];

/// Tells what a command has done.
pub(super) fn tell(ctx: &mut Ctx<'_>, command: &Command, args: Args<'_>, told: &Propagate) {
    let wanted = ctx.b.config.notify_keyspace_events;
    if !wanted.has(event::KEYSPACE | event::KEYEVENT) {
        return;
    }
    notify::fresh(ctx);
    match told {
        _ if ["del", "unlink", "pfcount"].contains(&command.name) => {}
        Propagate::Nothing | Propagate::Told => {}
        Propagate::Verbatim => one(ctx, command.name, command, args),
        Propagate::As(commands) => {
            // These are told as something else, and have events of their own all the same.
            let own = ["incrbyfloat", "hincrbyfloat", "spop"].contains(&command.name);
            for words in commands.iter().take(if own { 1 } else { usize::MAX }) {
                let words: alloc::vec::Vec<&[u8]> = words.iter().map(|word| &**word).collect();
                if let Ok(row) = table::lookup(&words) {
                    one(ctx, if own { command.name } else { row.name }, row, &words);
                }
            }
        }
    }
}

/// The events of one command by the name of `name`, whose keys are where `row` says.
fn one(ctx: &mut Ctx<'_>, name: &'static str, row: &Command, args: Args<'_>) {
    let arg = |at: usize| args.get(at).copied().unwrap_or_default();
    let pop = |left: bool| if left { "lpop" } else { "rpop" };
    let push = |left: bool| if left { "lpush" } else { "rpush" };
    match name {
        "rename" | "renamenx" => {
            notify::event(ctx, event::GENERIC, "rename_from", arg(1));
            notify::event(ctx, event::GENERIC, "rename_to", arg(2));
        }
        "lmove" | "rpoplpush" => {
            let (from, to) = if name == "lmove" {
                (same(arg(3), "LEFT"), same(arg(4), "LEFT"))
            } else {
                (false, true)
            };
            notify::event(ctx, event::LIST, push(to), arg(2));
            happened(ctx, event::LIST, pop(from), arg(1), Gone::Too);
        }
        "smove" => {
            happened(ctx, event::SET, "srem", arg(1), Gone::Too);
            happened(ctx, event::SET, "sadd", arg(2), Gone::Too);
        }
        _ => {
            let (class, event, gone) = find(name, args);
            for (at, spec) in row.key_places(args) {
                if spec.writes() {
                    happened(ctx, class, event, arg(at), gone);
                }
            }
        }
    }
    if name == "set" && same(arg(3), "PXAT") {
        notify::event(ctx, event::GENERIC, "expire", arg(1));
    }
}

fn find(name: &'static str, args: Args<'_>) -> (u16, &'static str, Gone) {
    if name == "zadd" || name == "zincrby" {
        let adds = args.iter().skip(2).take(4).any(|word| same(word, "INCR"));
        let event = if adds || name == "zincrby" { "zincr" } else { "zadd" };
        return (event::ZSET, event, Gone::Too);
    }
    let known = EVENTS.iter().find(|(names, ..)| names.split(' ').any(|known| known == name));
    match known {
        Some((_, class, "", gone)) => (*class, name, *gone),
        Some((_, class, event, gone)) => (*class, event, *gone),
        // ZUNIONSTORE and its kin, and DEL where it stands for something else.
        None if name.starts_with('z') => (event::ZSET, name, Gone::Instead),
        None => (event::GENERIC, "del", Gone::Instead),
    }
}

fn happened(ctx: &mut Ctx<'_>, class: u16, name: &str, key: &[u8], gone: Gone) {
    let is_gone = ctx.b.store.entry(key_slot(key), key).is_none();
    if !is_gone || gone == Gone::Too {
        notify::event(ctx, class, name, key);
    }
    if is_gone {
        notify::event(ctx, event::GENERIC, "del", key);
    }
}
