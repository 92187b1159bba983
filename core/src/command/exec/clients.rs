//! CLIENT LIST, INFO and KILL: who is connected.

use core::fmt::Write as _;

use alloc::{string::String, vec::Vec};

use super::{blocking, same, tracking};
use crate::{
    command::{Call, Outcome, dispatch::Shown},
    endpoint::Addr,
    id::ClientId,
    io::HangupReason,
    resp::{Protocol, parse_i64},
    rules::{Ctx, clients, replication},
    session::{Mode, Session},
};

/// `CLIENT INFO`
pub(in crate::command) fn info(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let mut text = String::new();
    if let Some(client) = call.client {
        describe(ctx, call, client, &mut text);
    }
    call.reply.verbatim("txt", text.as_bytes());
}

/// `CLIENT LIST [TYPE normal|master|replica|pubsub] [ID id...]`
pub(in crate::command) fn list(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let mut kind = None;
    let mut ids: Option<Vec<i64>> = None;
    match call.args {
        [_, _] => {}
        [_, _, word, name] if same(word, "TYPE") => match Kind::named(name) {
            Some(found) => kind = Some(found),
            None => return unknown_kind(call, name),
        },
        [_, _, word, rest @ ..] if same(word, "ID") && !rest.is_empty() => {
            ids = rest.iter().map(|id| parse_i64(id)).collect();
            if ids.is_none() {
                return call.reply.error("ERR Invalid client ID");
            }
        }
        _ => return call.syntax_error(),
    }
    let mut text = String::new();
    for (client, session) in &ctx.b.sessions {
        let wanted = kind.is_none_or(|kind| kind == Kind::of(session))
            && ids.as_ref().is_none_or(|ids| ids.iter().any(|id| is(*client, *id)));
        if wanted {
            describe(ctx, call, *client, &mut text);
        }
    }
    call.reply.verbatim("txt", text.as_bytes());
}

fn is(client: ClientId, id: i64) -> bool {
    u64::try_from(id).is_ok_and(|id| id == client.0)
}

/// What a connection is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Normal,
    Replica,
    /// A connection on which this node is the client; none is in the list of sessions.
    Master,
    /// It listens.
    Pubsub,
}

impl Kind {
    fn named(name: &[u8]) -> Option<Self> {
        let names = [
            ("normal", Self::Normal),
            ("replica", Self::Replica),
            ("slave", Self::Replica),
            ("master", Self::Master),
            ("pubsub", Self::Pubsub),
        ];
        names.into_iter().find(|(known, _)| same(name, known)).map(|(_, kind)| kind)
    }

    const fn of(session: &Session) -> Self {
        if session.is_replica {
            Self::Replica
        } else if session.subscribed {
            Self::Pubsub
        } else {
            Self::Normal
        }
    }
}

fn unknown_kind(call: &mut Call<'_>, name: &[u8]) {
    call.reply.error_fmt(format_args!("ERR Unknown client type '{}'", Shown(name)));
}

/// What a fresh query buffer of Redis holds; it is given back when a client is idle.
const QUERY_BUFFER: usize = 20_474;
/// How long that takes.
const QUERY_BUFFER_IDLE_MS: u64 = 2000;
/// Replies wait in a buffer of so many bytes first, then in a list of such blocks.
const REPLY_BLOCK: u64 = 16 << 10;
/// A connection and its first reply buffer.
const CLIENT_BYTES: u64 = 1800;

/// One line of CLIENT LIST. Sizes of buffers that this server does not have are those that Redis
/// would show for the same requests; what waits to be sent is what the driver has said.
fn describe(ctx: &Ctx<'_>, call: &Call<'_>, client: ClientId, text: &mut String) {
    let Some(session) = ctx.b.sessions.get(&client) else { return };
    let now = ctx.now.mono;
    let (channels, patterns, shards) = ctx.b.pubsub.counts(client);
    let (container, command) = session.command;
    let idle_ms = now.ms_since(session.last);
    let own: &[&[u8]] = if call.client == Some(client) { call.args } else { &[] };
    let query = if own.is_empty() { 0 } else { request_len(own) };
    let words: usize = own.iter().map(|word| word.len()).sum();
    let room = if idle_ms < QUERY_BUFFER_IDLE_MS { QUERY_BUFFER } else { 0 };
    let (queued, queued_bytes) = match session.multi.as_deref() {
        Some(transaction) => (signed(transaction.queue.len()), transaction.bytes),
        None => (-1, 0),
    };
    let (direct, listed) =
        (session.waiting.min(REPLY_BLOCK), session.waiting.saturating_sub(REPLY_BLOCK));
    let total = CLIENT_BYTES + room as u64 + words as u64 + queued_bytes as u64 + listed;
    let _ = writeln!(
        text,
        "id={id} addr={remote} laddr={local} fd={id} name={name} age={age} idle={idle} \
         flags={flags} db={database} sub={channels} psub={patterns} ssub={shards} multi={queued} \
         qbuf={query} qbuf-free={free} argv-mem={words} multi-mem={queued_bytes} rbs=1024 rbp=0 \
         obl={direct} oll={blocks} omem={listed} tot-mem={total} events={events} \
         cmd={container}{command} user=default redir={redirect} resp={resp}",
        id = client.0,
        database = session.database,
        remote = end(ctx, session.remote),
        local = end(ctx, session.local),
        name = session.name,
        age = now.ms_since(session.since) / 1000,
        idle = idle_ms / 1000,
        flags = flags(ctx, client, session),
        free = room.saturating_sub(query),
        blocks = listed.div_ceil(REPLY_BLOCK),
        events = if session.waiting > 0 { "rw" } else { "r" },
        redirect = ctx.b.tracking.clients.get(&client).map_or(-1, tracking::redirect),
        resp = match session.protocol {
            Protocol::Resp2 => 2,
            Protocol::Resp3 => 3,
        },
    );
}

/// How long a request was on the wire.
fn request_len(words: &[&[u8]]) -> usize {
    let head = |n: usize| itoa::Buffer::new().format(n).len() + 3;
    head(words.len()) + words.iter().map(|word| head(word.len()) + word.len() + 2).sum::<usize>()
}

/// An end of a connection; of a unix socket both are its path.
fn end(ctx: &Ctx<'_>, end: Option<Addr>) -> String {
    match end {
        Some(addr) => alloc::format!("{addr}"),
        None => alloc::format!("{}:0", ctx.b.config.value("unixsocket").unwrap_or_default()),
    }
}

/// In the order of Redis; `N` stands for none.
fn flags(ctx: &Ctx<'_>, client: ClientId, session: &Session) -> String {
    let tracked = ctx.b.tracking.clients.get(&client);
    let known = [
        (session.is_replica, 'S'),
        (ctx.b.record.monitors.contains(&client), 'O'),
        (session.subscribed, 'P'),
        (session.multi.is_some(), 'x'),
        (is_blocked(ctx, client), 'b'),
        (tracked.is_some(), 't'),
        (tracked.is_some_and(|it| it.is_broken), 'R'),
        (tracked.is_some_and(|it| it.mode == Mode::Broadcast), 'B'),
        (session.watch_broken, 'd'),
        (session.remote.is_none(), 'U'),
        (session.readonly, 'r'),
        (session.no_evict, 'e'),
    ];
    let set: String = known.iter().filter(|(is, _)| *is).map(|(_, letter)| *letter).collect();
    if set.is_empty() { "N".into() } else { set }
}

fn is_blocked(ctx: &Ctx<'_>, client: ClientId) -> bool {
    ctx.b.repl.waiters.holds(client)
        || ctx.b.blocked.get(client).is_some()
        || ctx.b.holds.is_waiting(client)
}

/// What `CLIENT KILL` looks for; every part that is given must fit.
#[derive(Debug, Default)]
struct Target<'a> {
    id: Option<i64>,
    remote: Option<&'a [u8]>,
    local: Option<&'a [u8]>,
    kind: Option<Kind>,
    user: Option<&'a [u8]>,
    /// Also the caller.
    me_too: bool,
}

/// `CLIENT KILL addr` or `CLIENT KILL [ID n] [ADDR a] [LADDR a] [TYPE t] [USER u] [SKIPME yes|no]`
pub(in crate::command) fn kill(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if let [_, _, address] = call.args {
        let target = Target { remote: Some(address), me_too: true, ..Target::default() };
        return match close(ctx, call, &target) {
            0 => call.reply.error("ERR No such client"),
            _ => call.reply.ok(),
        };
    }
    let mut target = Target::default();
    for at in (2..call.args.len()).step_by(2) {
        let (word, value) = (call.arg(at), call.arg(at + 1));
        if at + 1 >= call.args.len() {
            return call.syntax_error();
        }
        if same(word, "ID") {
            target.id = parse_i64(value).filter(|id| *id > 0);
            if target.id.is_none() {
                return call.reply.error("ERR client-id should be greater than 0");
            }
        } else if same(word, "TYPE") {
            target.kind = Kind::named(value);
            if target.kind.is_none() {
                return unknown_kind(call, value);
            }
        } else if same(word, "ADDR") {
            target.remote = Some(value);
        } else if same(word, "LADDR") {
            target.local = Some(value);
        } else if same(word, "USER") {
            if value != b"default" {
                return call.reply.error_fmt(format_args!("ERR No such user '{}'", Shown(value)));
            }
            target.user = Some(value);
        } else if same(word, "SKIPME") && (same(value, "yes") || same(value, "no")) {
            target.me_too = same(value, "no");
        } else {
            return call.syntax_error();
        }
    }
    let closed = close(ctx, call, &target);
    call.reply.integer(closed);
}

fn close(ctx: &mut Ctx<'_>, call: &mut Call<'_>, target: &Target<'_>) -> i64 {
    let reads = |at: Option<Addr>, text: &[u8]| end(ctx, at).as_bytes() == text;
    let found: Vec<ClientId> = ctx
        .b
        .sessions
        .iter()
        .filter(|(client, session)| {
            target.id.is_none_or(|id| is(**client, id))
                && target.remote.is_none_or(|text| reads(session.remote, text))
                && target.local.is_none_or(|text| reads(session.local, text))
                && target.kind.is_none_or(|kind| kind == Kind::of(session))
                && (target.me_too || Some(**client) != call.client)
        })
        .map(|(client, _)| *client)
        .collect();
    for client in &found {
        if Some(*client) == call.client {
            call.outcome = Outcome::Close;
        } else {
            clients::close(ctx, *client);
        }
    }
    signed(found.len()) + i64::from(close_master(ctx, target))
}

/// The link to the master counts as a client once the stream flows: without it the replica goes on
/// as after any break.
fn close_master(ctx: &mut Ctx<'_>, target: &Target<'_>) -> bool {
    let Some(up) = ctx.b.repl.upstream.as_ref().filter(|up| up.is_up()) else { return false };
    let remote = alloc::format!("{}", up.master);
    let wanted = target.id.is_none()
        && target.local.is_none()
        && target.user.is_none()
        && target.kind.is_none_or(|kind| kind == Kind::Master)
        && target.remote.is_none_or(|text| remote.as_bytes() == text);
    if wanted {
        replication::lost(ctx, Some(HangupReason::Unneeded));
    }
    wanted
}

fn signed(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// `CLIENT UNBLOCK id [TIMEOUT|ERROR]`
pub(in crate::command) fn unblock(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let with_error = match *call.args {
        [_, _, _] => false,
        [_, _, _, how] if same(how, "TIMEOUT") => false,
        [_, _, _, how] if same(how, "ERROR") => true,
        [_, _, _, _] => {
            return call.reply.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
        }
        _ => return super::wrong_subcommand(call),
    };
    let Some(id) = parse_i64(call.arg(2)) else {
        return call.reply.error(super::NOT_AN_INTEGER);
    };
    let known = u64::try_from(id).is_ok_and(|id| blocking::unblock(ctx, ClientId(id), with_error));
    call.reply.integer(i64::from(known));
}
