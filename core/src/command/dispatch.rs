//! From a request to its handler: the checks, in Redis's order, and what follows a write.
//!
//! Unknown command, arity, authentication, redirection, replicas out of reach, a read-only
//! replica, a replica without its master. Each refusal is worded as Redis 7.0 words it, because
//! clients parse the first word and people search for the rest.

use core::fmt;

use alloc::vec::Vec;

use super::{
    Args, Call, Outcome, Propagate, route,
    table::{self, Command, Unknown, flag},
};
use crate::{
    beliefs::Beliefs,
    hold::Scope,
    id::ClientId,
    resp::ReplyBuf,
    rules::{Ctx, replication},
    slot::{Slot, key_slot},
};

/// What is known of the client before its command runs.
#[derive(Clone, Copy, Debug, Default)]
struct Caller {
    authenticated: bool,
    readonly: bool,
    asking: bool,
}

/// Runs one command of a client and appends its reply.
pub(crate) fn execute(
    ctx: &mut Ctx<'_>,
    client: ClientId,
    args: Args<'_>,
    reply: &mut ReplyBuf,
) -> Outcome {
    ctx.b.stats.commands += 1;
    let now = ctx.now.mono;
    let command = table::lookup(args);
    let caller = match ctx.b.sessions.get_mut(&client) {
        Some(session) => {
            session.last = now;
            if let Ok(command) = command {
                session.command = (command.container, command.name);
            }
            Caller {
                authenticated: session.authenticated,
                readonly: session.readonly,
                // It lasts for one command, whatever becomes of that.
                asking: core::mem::take(&mut session.asking),
            }
        }
        // A driver that announces no clients (some tests) has trusted ones.
        None => Caller { authenticated: true, ..Caller::default() },
    };
    let command = match command {
        Ok(command) => command,
        Err(unknown) => {
            refuse_unknown(unknown, args, reply);
            return Outcome::Done;
        }
    };
    if !command.takes(args.len()) {
        refuse_arity(command, reply);
        return Outcome::Done;
    }
    if !caller.authenticated && !command.is(flag::NO_AUTH) && !ctx.b.config.requirepass.is_empty() {
        reply.error("NOAUTH Authentication required.");
        return Outcome::Done;
    }
    let slot = match slot_of(ctx, command, args, caller, reply) {
        Ok(slot) => slot,
        Err(Refused) => return Outcome::Done,
    };
    if let Some(text) = role_refusal(ctx, command) {
        reply.error(text);
        return Outcome::Done;
    }
    if command.container == "cluster|" && !ctx.b.config.cluster_enabled {
        reply.error("ERR This instance has cluster support disabled");
        return Outcome::Done;
    }
    if !ctx.b.holds.is_idle() && must_wait(ctx, client, command, args) {
        ctx.b.stats.commands -= 1;
        ctx.b.holds.wait(client);
        if let Some(session) = ctx.b.sessions.get_mut(&client) {
            session.asking = caller.asking;
        }
        return Outcome::Postponed;
    }
    let mut call = Call {
        client: Some(client),
        command,
        args,
        slot,
        reply,
        propagate: Propagate::Nothing,
        outcome: Outcome::Done,
    };
    (command.handler)(ctx, &mut call);
    let Call { propagate, outcome, .. } = call;
    if propagate != Propagate::Nothing {
        spread(ctx, args, propagate);
        replication::wrote(ctx, client);
    }
    outcome
}

/// Whether a request has to wait for the end of a pause, or for a key that is on its way.
///
/// A replica's own requests never wait, or a manual failover would wait for itself. A write
/// without keys (FLUSHALL) waits for all keys on their way.
fn must_wait(ctx: &Ctx<'_>, client: ClientId, command: &Command, args: Args<'_>) -> bool {
    let b = &*ctx.b;
    if b.sessions.get(&client).is_some_and(|session| session.is_replica) {
        return false;
    }
    let writes = command.is(flag::WRITE);
    match b.holds.paused(ctx.now.mono) {
        Some(Scope::All) => return true,
        Some(Scope::Writes) if writes => return true,
        Some(Scope::Writes) | None => {}
    }
    if !writes || !b.holds.any_moving() {
        return false;
    }
    command.keys.is_empty()
        || command
            .key_places(args.len())
            .filter_map(|(at, _)| args.get(at))
            .any(|key| b.holds.is_moving(key))
}

/// Runs a command of the replication stream: no routing, no authentication, no reply, and keys
/// whose time has come are still there, because only the master decides when they go.
///
/// False when this node does not know the command, so that the caller can say so.
pub(crate) fn apply(ctx: &mut Ctx<'_>, args: Args<'_>) -> bool {
    let Ok(command) = table::lookup(args) else { return false };
    if !command.takes(args.len()) {
        return false;
    }
    let slot = sole_slot(command, args);
    let mut reply = ReplyBuf::new();
    let mut call = Call {
        client: None,
        command,
        args,
        slot,
        reply: &mut reply,
        propagate: Propagate::Nothing,
        outcome: Outcome::Done,
    };
    (command.handler)(ctx, &mut call);
    true
}

/// The reply has been written.
struct Refused;

/// The slot of all keys of the request, if there is one and this node may answer for it.
fn slot_of(
    ctx: &mut Ctx<'_>,
    command: &'static Command,
    args: Args<'_>,
    caller: Caller,
    reply: &mut ReplyBuf,
) -> Result<Option<Slot>, Refused> {
    if command.keys.is_empty() {
        return Ok(None);
    }
    if !ctx.b.config.cluster_enabled {
        return Ok(sole_slot(command, args));
    }
    let query = route::Query { command, args, readonly: caller.readonly, asking: caller.asking };
    let verdict = route::judge(ctx.b, ctx.now.wall, &query);
    match verdict {
        route::Verdict::Here(slot) => Ok(slot),
        route::Verdict::Elsewhere(why) => {
            route::refuse(ctx, why, reply);
            Err(Refused)
        }
    }
}

/// The slot of a request with exactly one key; several may differ outside of a cluster.
fn sole_slot(command: &'static Command, args: Args<'_>) -> Option<Slot> {
    let mut places = command.key_places(args.len());
    let (at, _) = places.next()?;
    match places.next() {
        Some(_) => None,
        None => args.get(at).map(|key| key_slot(key)),
    }
}

/// Refusals that depend on this node's role and its replicas.
fn role_refusal(ctx: &Ctx<'_>, command: &Command) -> Option<&'static str> {
    let config = &ctx.b.config;
    let writes = command.is(flag::WRITE);
    if !is_replica(ctx.b) {
        let few = writes
            && config.min_replicas_to_write > 0
            && config.min_replicas_max_lag_s > 0
            && ctx.b.repl.good_replicas(config, ctx.now.mono) < config.min_replicas_to_write;
        return few.then_some("NOREPLICAS Not enough good replicas to write.");
    }
    if writes && config.replica_read_only {
        return Some("READONLY You can't write against a read only replica.");
    }
    if !config.replica_serve_stale_data && !command.is(flag::STALE) && !ctx.b.repl.link_is_up() {
        return Some(
            "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        );
    }
    None
}

/// Whether this node follows a master.
pub(super) fn is_replica(b: &Beliefs) -> bool {
    if b.config.cluster_enabled { !b.cluster.is_master() } else { b.repl.is_replica() }
}

/// Puts what a command did into the replication stream.
fn spread(ctx: &mut Ctx<'_>, args: Args<'_>, what: Propagate) {
    match what {
        Propagate::Nothing => {}
        Propagate::Verbatim => replication::propagate(ctx, args),
        Propagate::As(commands) => {
            for command in commands {
                let words: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
                replication::propagate(ctx, &words);
            }
        }
    }
}

fn refuse_unknown(unknown: Unknown, args: Args<'_>, reply: &mut ReplyBuf) {
    let name = |at: usize| Shown(args.get(at).map_or(&[][..], |word| cut(word, SHOWN_MAX)));
    match unknown {
        Unknown::Command => {
            let rest = Words(args.get(1..).unwrap_or_default());
            reply.error_fmt(format_args!(
                "ERR unknown command '{}', with args beginning with: {rest}",
                name(0)
            ));
        }
        Unknown::Subcommand(container) => reply.error_fmt(format_args!(
            "ERR unknown subcommand '{}'. Try {} HELP.",
            name(1),
            Upper(container.name)
        )),
    }
}

fn refuse_arity(command: &Command, reply: &mut ReplyBuf) {
    reply.error_fmt(format_args!(
        "ERR wrong number of arguments for '{}{}' command",
        command.container, command.name
    ));
}

/// How much of what a client sent an error repeats.
const SHOWN_MAX: usize = 128;

fn cut(word: &[u8], max: usize) -> &[u8] {
    word.get(..max).unwrap_or(word)
}

/// Bytes for an error text: what is not UTF-8 becomes a replacement character.
pub(super) struct Shown<'a>(pub &'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_str("\u{FFFD}")?;
            }
        }
        Ok(())
    }
}

/// The first words, each in quotes and followed by a space, [`SHOWN_MAX`] bytes in all.
struct Words<'a>(&'a [&'a [u8]]);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut used = 0;
        for word in self.0 {
            if used >= SHOWN_MAX {
                break;
            }
            let part = cut(word, SHOWN_MAX - used);
            write!(f, "'{}' ", Shown(part))?;
            used += part.len() + 3;
        }
        Ok(())
    }
}

struct Upper(&'static str);

impl fmt::Display for Upper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            fmt::Write::write_char(f, letter.to_ascii_uppercase())?;
        }
        Ok(())
    }
}
