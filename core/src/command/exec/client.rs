//! CLIENT: this connection and the others.

use core::fmt::Write as _;

use alloc::{string::String, vec::Vec};

use super::{connection, same};
use crate::{
    command::{Call, Outcome, dispatch::Shown},
    hold::{self, Scope},
    id::ClientId,
    resp::{Protocol, parse_i64},
    rules::{Ctx, clients},
    session::{Replies, Session},
    time::Instant,
};

/// `CLIENT ID`
pub(in crate::command) fn id(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    let id = call.client.map_or(0, |client| client.0);
    call.reply.integer(i64::try_from(id).unwrap_or(i64::MAX));
}

/// `CLIENT GETNAME`
pub(in crate::command) fn getname(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    match connection::session(ctx, call) {
        Some(session) if !session.name.is_empty() => call.reply.bulk(session.name.as_bytes()),
        _ => call.reply.null(),
    }
}

/// `CLIENT SETNAME name`
pub(in crate::command) fn setname(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    connection::setname(ctx, call);
}

/// `CLIENT REPLY ON|OFF|SKIP`: only ON is answered.
pub(in crate::command) fn reply(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let word = call.arg(2);
    let wanted = if same(word, "ON") {
        Replies::On
    } else if same(word, "OFF") {
        Replies::Off
    } else if same(word, "SKIP") {
        Replies::SkipNext
    } else {
        return call.syntax_error();
    };
    let Some(session) = connection::session(ctx, call) else { return };
    if wanted == Replies::SkipNext && session.replies == Replies::Off {
        return;
    }
    session.replies = wanted;
    if wanted == Replies::On {
        call.reply.ok();
    }
}

/// `CLIENT NO-EVICT ON|OFF`
pub(in crate::command) fn no_evict(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    let word = call.arg(2);
    if same(word, "ON") || same(word, "OFF") {
        call.reply.ok();
    } else {
        call.syntax_error();
    }
}

/// `CLIENT INFO`
pub(in crate::command) fn info(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let now = ctx.now.mono;
    let mut text = String::new();
    if let (Some(client), Some(session)) = (call.client, connection::session(ctx, call)) {
        describe(client, session, now, &mut text);
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
    let now = ctx.now.mono;
    let mut text = String::new();
    for (client, session) in &ctx.b.sessions {
        let wanted = kind.is_none_or(|kind| kind == Kind::of(session))
            && ids.as_ref().is_none_or(|ids| ids.iter().any(|id| is(*client, *id)));
        if wanted {
            describe(*client, session, now, &mut text);
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

/// One line of CLIENT LIST. Fields about buffers, which the driver holds, are left out.
fn describe(client: ClientId, session: &Session, now: Instant, text: &mut String) {
    let Session { name, since, last, command: (container, command), protocol, .. } = session;
    let address = |end: Option<crate::endpoint::Addr>| {
        end.map_or_else(|| String::from("?:0"), |addr| alloc::format!("{addr}"))
    };
    let _ = writeln!(
        text,
        "id={} addr={} laddr={} fd={} name={name} age={} idle={} flags={}{} db=0 sub=0 psub=0 \
         ssub=0 multi=-1 events=r cmd={container}{command} user=default redir=-1 resp={}",
        client.0,
        address(session.remote),
        address(session.local),
        client.0,
        now.ms_since(*since) / 1000,
        now.ms_since(*last) / 1000,
        if session.is_replica { "S" } else { "N" },
        if session.readonly { "r" } else { "" },
        match protocol {
            Protocol::Resp2 => 2,
            Protocol::Resp3 => 3,
        },
    );
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
    let reads = |end: Option<crate::endpoint::Addr>, text: &[u8]| {
        end.is_some_and(|addr| alloc::format!("{addr}").as_bytes() == text)
    };
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
    i64::try_from(found.len()).unwrap_or(i64::MAX)
}

/// `CLIENT PAUSE milliseconds [WRITE|ALL]`
pub(in crate::command) fn pause(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let scope = match call.args.get(3) {
        None => Scope::All,
        Some(mode) if same(mode, "ALL") => Scope::All,
        Some(mode) if same(mode, "WRITE") => Scope::Writes,
        Some(_) => return call.reply.error("ERR CLIENT PAUSE mode must be WRITE or ALL"),
    };
    if call.args.len() > 4 {
        return call.syntax_error();
    }
    let Some(ms) = parse_i64(call.arg(2)) else {
        return call.reply.error("ERR timeout is not an integer or out of range");
    };
    let Ok(ms) = u64::try_from(ms) else {
        return call.reply.error("ERR timeout is negative");
    };
    let until = ctx.now.mono.plus_ms(ms);
    ctx.b.holds.pause(hold::Purpose::Client, scope, until);
    call.reply.ok();
}

/// `CLIENT UNPAUSE`
pub(in crate::command) fn unpause(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    ctx.b.holds.unpause(hold::Purpose::Client);
    call.reply.ok();
}
