//! From a request to its handler: the checks, in Redis's order, and what follows a write.
//!
//! Unknown command, arity, authentication, redirection, replicas out of reach, a read-only
//! replica, a replica without its master, a client that may only listen. Then a command is run, or
//! queued if MULTI has begun. Each refusal is worded as Redis 7.0 words it, because
//! clients parse the first word and people search for the rest.

use alloc::{string::String, vec::Vec};

pub(super) use super::wording::Shown;
use super::{
    Args, Call, Outcome, Propagate,
    exec::{self, blocking, info, transaction},
    home::{slot_of, sole_slot},
    statistics,
    table::{self, Command, flag},
    wording::{refuse_arity, refuse_unknown},
};
use crate::{
    beliefs::Beliefs,
    hold::Scope,
    id::ClientId,
    io::Level,
    resp::{Protocol, ReplyBuf},
    rules::{Ctx, persistence, replication, watch},
    session::Replies,
    slot::{Slot, key_slot},
};

/// What is known of the client before its command runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub client: ClientId,
    authenticated: bool,
    pub readonly: bool,
    pub asking: bool,
    /// It said MULTI.
    pub in_multi: bool,
    /// It listens to channels and speaks RESP2, in which replies could be taken for messages.
    only_listens: bool,
    is_replica: bool,
    replies: Replies,
}

/// How a request was refused; the refusal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// By this node, in words that Redis gives a prefix only when it sends them.
    Worded,
    /// By this node.
    Here,
    /// Another node answers, or none.
    Elsewhere,
}

/// Runs one command of a client and appends its reply.
pub(crate) fn execute(
    ctx: &mut Ctx<'_>,
    client: ClientId,
    args: Args<'_>,
    reply: &mut ReplyBuf,
) -> Outcome {
    ctx.b.stats.commands += 1;
    ctx.b.record.last = None;
    let mark = reply.len();
    let found = table::lookup(args);
    #[cfg(feature = "full")]
    let found = found.map(|command| exec::scripts::declared(ctx.b, command, args));
    let caller = caller(ctx, client, found.ok());
    ctx.b.scripts.asking = caller.asking;
    let checked = match found {
        Ok(command) => check(ctx, command, args, caller, reply).map(|slot| (command, slot)),
        // What a browser sends that was talked into asking this port for a page: the lines below
        // would be commands.
        Err(_) if args.first().is_some_and(|word| speaks_http(word)) => {
            return hang_up_on_http(ctx, client);
        }
        Err(unknown) => {
            refuse_unknown(unknown, args, reply);
            Err(Refused::Here)
        }
    };
    let outcome = match checked {
        Ok((command, _)) if !ctx.b.holds.is_idle() && must_wait(ctx, command, args, caller) => {
            return postpone(ctx, caller);
        }
        Ok((command, _)) if caller.in_multi && !transaction::is_immediate(command) => {
            transaction::queue(ctx, client, command, args, reply)
        }
        Ok((command, slot)) => run(ctx, client, command, args, slot, reply),
        Err(how) => {
            statistics::refused(ctx, found.ok(), reply.as_bytes().get(mark..).unwrap_or_default());
            if caller.in_multi || found.is_ok_and(transaction::is_exec) {
                transaction::refused(ctx, client, found.ok(), how, mark, reply);
            }
            Outcome::Done
        }
    };
    if caller.is_replica {
        // Nothing but the stream goes to a replica.
        reply.truncate(mark);
        if matches!(outcome, Outcome::Done | Outcome::AfterPersist) {
            return Outcome::Silent;
        }
    }
    if caller.replies != Replies::On {
        silence(ctx, caller, found.ok(), mark, reply);
    }
    outcome
}

fn speaks_http(word: &[u8]) -> bool {
    [&b"post"[..], b"host:"].iter().any(|name| word.eq_ignore_ascii_case(name))
}

fn hang_up_on_http(ctx: &mut Ctx<'_>, client: ClientId) -> Outcome {
    let remote = ctx.b.sessions.get(&client).and_then(|session| session.remote);
    ctx.out.log(Level::Warning, || {
        let from = remote.map_or_else(|| "a local socket".into(), |addr| alloc::format!("{addr}"));
        alloc::format!(
            "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: \
             commands to Redis. This is likely due to an attacker attempting to use Cross \
             Protocol Scripting to compromise your Redis instance. Connection from {from} aborted."
        )
    });
    Outcome::Close
}

/// Looks at who asks, and notes that it did.
fn caller(ctx: &mut Ctx<'_>, client: ClientId, command: Option<&'static Command>) -> Caller {
    let now = ctx.now.mono;
    let Some(session) = ctx.b.sessions.get_mut(&client) else {
        // A driver that announces no clients (some tests) has trusted ones.
        return Caller {
            client,
            authenticated: true,
            readonly: false,
            asking: false,
            in_multi: false,
            only_listens: false,
            is_replica: false,
            replies: Replies::On,
        };
    };
    session.last = now;
    ctx.b.store.select(session.database);
    if let Some(command) = command {
        session.command = (command.container, command.name);
    }
    let caller = Caller {
        client,
        authenticated: session.authenticated,
        readonly: session.readonly,
        asking: session.asking,
        in_multi: session.multi.is_some(),
        is_replica: session.is_replica,
        only_listens: session.subscribed && session.protocol == Protocol::Resp2,
        replies: session.replies,
    };
    // ASKING lasts for one command, whatever becomes of that; in a transaction until its end.
    if caller.asking && !caller.in_multi && command.is_none_or(|command| command.name != "multi") {
        session.asking = false;
    }
    caller
}

/// The checks before a command runs or is queued; the slot of its keys.
fn check(
    ctx: &mut Ctx<'_>,
    command: &'static Command,
    args: Args<'_>,
    caller: Caller,
    reply: &mut ReplyBuf,
) -> Result<Option<Slot>, Refused> {
    if !command.takes(args.len()) {
        refuse_arity(command, reply);
        return Err(Refused::Worded);
    }
    if !caller.authenticated && !command.is(flag::NO_AUTH) && !ctx.b.config.requirepass.is_empty() {
        reply.error("NOAUTH Authentication required.");
        return Err(Refused::Here);
    }
    if caller.in_multi && command.is(flag::NO_MULTI) {
        reply.error("ERR Command not allowed inside a transaction");
        return Err(Refused::Worded);
    }
    let touches = command.is(flag::WRITE) || command.is(flag::READONLY) && !command.keys.is_empty();
    if (touches || command.is_script())
        && (caller.is_replica || ctx.b.record.monitors.contains(&caller.client))
    {
        reply.error("ERR Replica can't interact with the keyspace");
        return Err(Refused::Here);
    }
    let slot = slot_of(ctx, command, args, caller, reply)?;
    if ctx.b.config.maxmemory > 0 && info::is_short(ctx.b, command, caller.client) {
        reply.error("OOM command not allowed when used memory > 'maxmemory'.");
        return Err(Refused::Here);
    }
    if !ctx.b.persist.is_healthy()
        && (command.is(flag::WRITE) || command.name == "ping")
        && !is_replica(ctx.b)
        && let Some(text) = persistence::refusal(ctx)
    {
        reply.error(&text);
        return Err(Refused::Here);
    }
    if let Some(text) = role_refusal(ctx, command, caller) {
        reply.error(text);
        return Err(Refused::Here);
    }
    if ctx.b.persist.loading.is_some() && is_too_early(ctx, command, caller) {
        reply.error(LOADING);
        return Err(Refused::Here);
    }
    if caller.only_listens && !may_listener_say(command) {
        reply.error_fmt(format_args!(
            "ERR Can't execute '{}{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / \
             RESET are allowed in this context",
            command.container, command.name
        ));
        return Err(Refused::Worded);
    }
    Ok(slot)
}

/// Whether it is SUBSCRIBE or one of its kin.
fn is_subscribing(command: &Command) -> bool {
    command.is(flag::PUBSUB) && command.name.ends_with("subscribe")
}

/// What a client that listens may still say in RESP2.
fn may_listener_say(command: &Command) -> bool {
    is_subscribing(command)
        || (command.container.is_empty() && ["ping", "quit", "reset"].contains(&command.name))
}

/// Runs a command that has passed all checks.
fn run(
    ctx: &mut Ctx<'_>,
    client: ClientId,
    command: &'static Command,
    args: Args<'_>,
    slot: Option<Slot>,
    reply: &mut ReplyBuf,
) -> Outcome {
    replication::open_unit(ctx);
    ctx.b.tracking.current = Some(client);
    if command.is(flag::WRITE) || command.is(flag::READONLY) || command.name == "exec" {
        ctx.out.touch();
    }
    let mut call = Call {
        client: Some(client),
        command,
        args,
        slot,
        reply,
        propagate: Propagate::Nothing,
        outcome: Outcome::Done,
        may_wait: true,
    };
    let mark = call.reply.len();
    handle(ctx, &mut call);
    let Call { propagate, outcome, reply, .. } = call;
    let place = if outcome == Outcome::Blocked {
        None
    } else {
        let answer = reply.as_bytes().get(mark..).unwrap_or_default();
        statistics::ran(ctx, client, command, args, answer)
    };
    exec::tracking::track(ctx, client, command, args);
    exec::tracking::end(ctx, client, command);
    finish(ctx, client, command, args, propagate);
    // While a script runs (and this is another client's command) nobody sees half of its work.
    if ctx.b.blocked.has_ready() && !ctx.b.scripts.is_running {
        blocking::serve(ctx);
    }
    ctx.b.tracking.current = None;
    if !ctx.b.tracking.own.is_empty() {
        reply.raw(&core::mem::take(&mut ctx.b.tracking.own));
    }
    // Those who were served are not what the driver has measured.
    ctx.b.record.last = place;
    outcome
}

/// What follows a command that ran in a unit of its own: watchers, those who wait, and replicas
/// learn what it did.
pub(super) fn finish(
    ctx: &mut Ctx<'_>,
    client: ClientId,
    command: &'static Command,
    args: Args<'_>,
    propagate: Propagate,
) {
    let before = ctx.b.repl.offset;
    if propagate != Propagate::Nothing {
        wrote(ctx, command, args, &propagate);
        if propagate.is_one() && ctx.b.repl.unit.commands.is_empty() {
            // Alone it needs no gathering: the way of almost every write.
            ctx.b.repl.unit.open = false;
        }
        spread(ctx, args, propagate);
    }
    let is_loose = command.keys.is_empty() && command.is(flag::READONLY);
    replication::close_unit(ctx, is_loose);
    if ctx.b.repl.offset != before {
        replication::wrote(ctx, client);
    }
}

/// Runs a command of a transaction, within the unit that EXEC opened.
pub(super) fn run_queued(
    ctx: &mut Ctx<'_>,
    client: ClientId,
    command: &'static Command,
    args: Args<'_>,
    reply: &mut ReplyBuf,
) -> Outcome {
    // All keys of a transaction have been judged to share a slot, outside of a cluster a command
    // finds out for itself.
    let slot = if ctx.b.config.cluster_enabled {
        let mut places = command.key_places(args);
        places.next().and_then(|(at, _)| args.get(at)).map(|key| key_slot(key))
    } else {
        sole_slot(command, args)
    };
    ctx.b.stats.commands += 1;
    let mut call = Call {
        client: Some(client),
        command,
        args,
        slot,
        reply,
        propagate: Propagate::Nothing,
        outcome: Outcome::Done,
        may_wait: false,
    };
    let mark = call.reply.len();
    handle(ctx, &mut call);
    let Call { propagate, outcome, reply, .. } = call;
    let answer = reply.as_bytes().get(mark..).unwrap_or_default();
    statistics::ran(ctx, client, command, args, answer);
    exec::tracking::track(ctx, client, command, args);
    if propagate != Propagate::Nothing {
        wrote(ctx, command, args, &propagate);
        spread(ctx, args, propagate);
    }
    outcome
}

fn handle(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if call.command.container == "cluster|" && !ctx.b.config.cluster_enabled {
        return call.reply.error("ERR This instance has cluster support disabled");
    }
    (call.command.handler)(ctx, call);
}

/// A client's command has changed keys.
fn wrote(ctx: &mut Ctx<'_>, command: &Command, args: Args<'_>, told: &Propagate) {
    if ctx.b.repl.is_replica() {
        let keys = command.key_places(args).filter_map(|(at, _)| args.get(at).copied());
        replication::wrote_here(ctx, keys);
    }
    changed(ctx, command, args, told);
}

/// A command has changed keys: those who watch them or wait for them learn of it. What it was told
/// as says more exactly which keys these are.
fn changed(ctx: &mut Ctx<'_>, command: &Command, args: Args<'_>, told: &Propagate) {
    if ["copy", "move"].contains(&command.name) {
        // They do it themselves, for the database that they have changed.
        return;
    }
    #[cfg(feature = "full")]
    super::events::tell(ctx, command, args, told);
    let tracks = !ctx.b.tracking.clients.is_empty();
    if ctx.b.watchers.is_empty() && ctx.b.blocked.is_empty() && !tracks {
        return;
    }
    let Propagate::As(commands) = told else { return touch_keys(ctx, command, args) };
    for words in commands {
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        if let Ok(command) = table::lookup(&words) {
            touch_keys(ctx, command, &words);
        }
    }
}

fn touch_keys(ctx: &mut Ctx<'_>, command: &Command, args: Args<'_>) {
    if command.keys.is_empty() {
        if command.is(flag::WRITE) {
            // SWAPDB says itself whose keys it changes.
            let flushed = ctx.b.store.number();
            match command.name {
                "flushall" => watch::touched_all(ctx),
                "flushdb" => watch::touched_every(ctx, |database| database == flushed),
                _ => {}
            }
        }
        return;
    }
    for (at, spec) in command.key_places(args) {
        if spec.writes()
            && let Some(key) = args.get(at)
        {
            watch::touched(ctx, key);
            ctx.b.blocked.touched(ctx.b.store.number(), key);
        }
    }
}

/// Whether a request has to wait for the end of a pause, or for a key that is on its way.
///
/// A replica's own requests never wait, or a manual failover would wait for itself. A write
/// without keys (FLUSHALL) waits for all keys on their way. EXEC counts as what it will run; what
/// is only queued does not touch its keys yet.
fn must_wait(ctx: &Ctx<'_>, command: &'static Command, args: Args<'_>, caller: Caller) -> bool {
    let b = &*ctx.b;
    let session = b.sessions.get(&caller.client);
    if session.is_some_and(|session| session.is_replica) {
        return false;
    }
    let begun = session.and_then(|session| session.multi.as_deref());
    let transaction = begun.filter(|_| transaction::is_exec(command));
    let flags = command.flags | transaction.map_or(0, |transaction| transaction.any);
    match b.holds.paused(ctx.now.mono) {
        Some(Scope::All) => return true,
        Some(Scope::Writes) if flags & (flag::WRITE | flag::MAY_REPLICATE) != 0 => return true,
        Some(Scope::Writes) | None => {}
    }
    // What a script writes is known when it does so.
    let may_write = |command: &Command| command.is(flag::WRITE) || command.is_script();
    let writes = flags & (flag::WRITE | flag::MAY_REPLICATE) != 0 || command.is_script();
    if !b.holds.any_moving() || !writes {
        return false;
    }
    let waits = |command: &Command, args: Args<'_>| {
        may_write(command)
            && (command.keys.is_empty()
                || command
                    .key_places(args)
                    .filter_map(|(at, _)| args.get(at))
                    .any(|key| b.holds.is_moving(key)))
    };
    match (transaction, begun) {
        (Some(transaction), _) => transaction.queue.iter().any(|words| {
            let args: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            table::lookup(&args).is_ok_and(|command| waits(command, &args))
        }),
        (None, Some(_)) => false,
        (None, None) => waits(command, args),
    }
}

/// Puts a request back, whole.
fn postpone(ctx: &mut Ctx<'_>, caller: Caller) -> Outcome {
    ctx.b.stats.commands -= 1;
    ctx.b.holds.wait(caller.client);
    if let Some(session) = ctx.b.sessions.get_mut(&caller.client) {
        session.asking = caller.asking;
    }
    Outcome::Postponed
}

/// Takes a reply back that the client does not want (CLIENT REPLY).
fn silence(
    ctx: &mut Ctx<'_>,
    caller: Caller,
    command: Option<&Command>,
    mark: usize,
    reply: &mut ReplyBuf,
) {
    let Some(session) = ctx.b.sessions.get_mut(&caller.client) else { return };
    // CLIENT REPLY ON is answered itself.
    if session.replies == Replies::On {
        return;
    }
    // What the client listens to is told all the same, and so is that it does.
    if !command.is_some_and(is_subscribing) {
        reply.truncate(mark);
    }
    let skips_again =
        command.is_some_and(|command| command.container == "client|" && command.name == "reply");
    if session.replies == Replies::SkipNext && !skips_again {
        session.replies = Replies::On;
    }
}

/// The command that a request of the stream or of a log names, or what a client would be told.
pub(crate) fn known(args: Args<'_>) -> Result<&'static Command, String> {
    let mut reply = ReplyBuf::new();
    match table::lookup(args) {
        Ok(command) if command.takes(args.len()) => return Ok(command),
        Ok(command) => refuse_arity(command, &mut reply),
        Err(unknown) => refuse_unknown(unknown, args, &mut reply),
    }
    Err(refusal(&reply).unwrap_or_default())
}

/// The text of a reply that is an error.
fn refusal(reply: &ReplyBuf) -> Option<String> {
    let text = reply.as_bytes().strip_prefix(b"-")?;
    let text = text.strip_prefix(b"ERR ").unwrap_or(reply.as_bytes());
    Some(String::from_utf8_lossy(text.strip_suffix(b"\r\n").unwrap_or(text)).into_owned())
}

/// Runs a command of the replication stream: no routing, no authentication, no reply, and keys
/// whose time has come are still there, because only the master decides when they go. The error
/// that a client would get, if it would get one.
pub(crate) fn apply(
    ctx: &mut Ctx<'_>,
    command: &'static Command,
    args: Args<'_>,
) -> Result<(), String> {
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
        may_wait: false,
    };
    // Whoever calls this knows what of it is to be logged; the handler must not do it again.
    let muted = core::mem::replace(&mut ctx.b.persist.muted, true);
    (command.handler)(ctx, &mut call);
    ctx.b.persist.muted = muted;
    let Call { propagate, .. } = call;
    if propagate != Propagate::Nothing {
        changed(ctx, command, args, &propagate);
    }
    refusal(&reply).map_or(Ok(()), Err)
}

/// Refusals that depend on this node's role and its replicas.
fn role_refusal(ctx: &Ctx<'_>, command: &Command, caller: Caller) -> Option<&'static str> {
    let config = &ctx.b.config;
    let (mut writes, mut may_be_stale) = (command.is(flag::WRITE), command.is(flag::STALE));
    if caller.in_multi
        && transaction::is_exec(command)
        && let Some(session) = ctx.b.sessions.get(&caller.client)
        && let Some(transaction) = session.multi.as_deref().filter(|t| !t.queue.is_empty())
    {
        writes |= transaction.any & flag::WRITE != 0;
        may_be_stale &= transaction.all & flag::STALE != 0;
    }
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
    if !config.replica_serve_stale_data && !may_be_stale && !ctx.b.repl.link_is_up() {
        return Some(
            "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        );
    }
    None
}

/// Whether a command needs data that are not loaded yet; EXEC does if something that it runs does.
fn is_too_early(ctx: &Ctx<'_>, command: &Command, caller: Caller) -> bool {
    let session = ctx.b.sessions.get(&caller.client);
    let begun = session.and_then(|session| session.multi.as_deref());
    let queued = begun.filter(|begun| transaction::is_exec(command) && !begun.queue.is_empty());
    !command.is(flag::LOADING) || queued.is_some_and(|queued| queued.all & flag::LOADING == 0)
}

/// What is answered to whoever asks for data that are not loaded yet.
pub(super) const LOADING: &str = "LOADING Redis is loading the dataset in memory";

/// Whether this node follows a master.
pub(super) fn is_replica(b: &Beliefs) -> bool {
    if b.config.cluster_enabled { !b.cluster.is_master() } else { b.repl.is_replica() }
}

/// Puts what a command did into the replication stream.
fn spread(ctx: &mut Ctx<'_>, args: Args<'_>, what: Propagate) {
    match what {
        Propagate::Nothing => {}
        Propagate::Verbatim => replication::propagate(ctx, args),
        Propagate::Told => replication::tell(ctx, args),
        Propagate::As(commands) => {
            for command in commands {
                let words: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
                replication::propagate(ctx, &words);
            }
        }
    }
}
