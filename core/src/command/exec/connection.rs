//! Commands about the connection itself.

use alloc::string::String;

use super::{pubsub, same};
use crate::{
    command::{
        Call, Outcome,
        dispatch::{Shown, is_replica},
    },
    resp::{Protocol, parse_i64},
    rules::{Ctx, watch},
    session::{Replies, Session},
    store::database,
};

const NO_CLUSTER: &str = "ERR This instance has cluster support disabled";
const BAD_NAME: &str = "ERR Client names cannot contain spaces, newlines or special characters.";
const WRONG_PASSWORD: &str = "WRONGPASS invalid username-password pair or user is disabled.";

/// The session of the caller; none for the replication stream.
pub(super) fn session<'c>(ctx: &'c mut Ctx<'_>, call: &Call<'_>) -> Option<&'c mut Session> {
    call.client.and_then(|client| ctx.b.sessions.get_mut(&client))
}

/// `PING [message]`; a client that listens in RESP2 gets it in the form of a message.
pub(in crate::command) fn ping(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    match call.args {
        [_] | [_, _] if pubsub::only_listens(ctx, call) => {
            let message = call.arg(1);
            call.reply.array(2);
            call.reply.bulk(b"pong");
            call.reply.bulk(message);
        }
        [_] => call.reply.simple("PONG"),
        [_, message] => call.reply.bulk(message),
        _ => call.reply.error("ERR wrong number of arguments for 'ping' command"),
    }
}

/// `ECHO message`
pub(in crate::command) fn echo(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    let message = call.arg(1);
    call.reply.bulk(message);
}

/// `SELECT n`
pub(in crate::command) fn select(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(number) = super::small_integer(call, 1) else { return };
    if ctx.b.config.cluster_enabled && number != 0 {
        return call.reply.error("ERR SELECT is not allowed in cluster mode");
    }
    let Some(number) = database(&ctx.b.config, call.arg(1)) else {
        return call.reply.error("ERR DB index is out of range");
    };
    ctx.b.store.select(number);
    if let Some(session) = session(ctx, call) {
        session.database = number;
    }
    call.reply.ok();
}

/// `AUTH [user] password`
pub(in crate::command) fn auth(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let passed = match call.args {
        [_, _] if ctx.b.config.requirepass.is_empty() => {
            return call.reply.error(
                "ERR AUTH <password> called without any password configured for the default \
                 user. Are you sure your configuration is correct?",
            );
        }
        [_, password] => passes(ctx, b"default", password),
        [_, user, password] => passes(ctx, user, password),
        _ => return call.syntax_error(),
    };
    if !passed {
        return call.reply.error(WRONG_PASSWORD);
    }
    if let Some(session) = session(ctx, call) {
        session.authenticated = true;
    }
    call.reply.ok();
}

/// There is one user, `default`; without `requirepass` any password is right.
fn passes(ctx: &Ctx<'_>, user: &[u8], password: &[u8]) -> bool {
    let wanted = ctx.b.config.requirepass.as_bytes();
    // Every byte is looked at, so that the time taken does not tell where the first wrong one is.
    let differ = wanted.iter().zip(password).fold(0, |sum, (a, b)| sum | (a ^ b));
    user == b"default" && (wanted.is_empty() || (differ == 0 && wanted.len() == password.len()))
}

/// `HELLO [2|3 [AUTH user password] [SETNAME name]]`
pub(in crate::command) fn hello(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let mut protocol = None;
    if call.args.len() > 1 {
        protocol = match parse_i64(call.arg(1)) {
            Some(2) => Some(Protocol::Resp2),
            Some(3) => Some(Protocol::Resp3),
            Some(_) => return call.reply.error("NOPROTO unsupported protocol version"),
            None => {
                return call.reply.error("ERR Protocol version is not an integer or out of range");
            }
        };
    }
    let Some((login, name)) = hello_options(call) else { return };
    if let Some((user, password)) = login {
        if !passes(ctx, user, password) {
            return call.reply.error(WRONG_PASSWORD);
        }
        if let Some(session) = session(ctx, call) {
            session.authenticated = true;
        }
    }
    let locked = !ctx.b.config.requirepass.is_empty()
        && session(ctx, call).is_some_and(|session| !session.authenticated);
    if locked {
        return call.reply.error(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the \
             HELLO AUTH <user> <pass> option can be used to authenticate the client and \
             select the RESP protocol version at the same time",
        );
    }
    if let Some(session) = session(ctx, call) {
        if let Some(protocol) = protocol {
            session.protocol = protocol;
        }
        if let Some(name) = name {
            session.name = name;
        }
    }
    if let Some(protocol) = protocol {
        call.reply.set_protocol(protocol);
    }
    introduce(ctx, call);
}

type Login<'a> = Option<(&'a [u8], &'a [u8])>;

/// The options behind the version; refuses unknown ones.
fn hello_options<'a>(call: &mut Call<'a>) -> Option<(Login<'a>, Option<String>)> {
    let (mut login, mut name, mut at) = (None, None, 2);
    while at < call.args.len() {
        let left = call.args.len() - at - 1;
        let word = call.arg(at);
        if same(word, "AUTH") && left >= 2 {
            login = Some((call.arg(at + 1), call.arg(at + 2)));
            at += 3;
        } else if same(word, "SETNAME") && left >= 1 {
            let Some(fits) = client_name(call.arg(at + 1)) else {
                call.reply.error(BAD_NAME);
                return None;
            };
            name = Some(fits);
            at += 2;
        } else {
            call.reply
                .error_fmt(format_args!("ERR Syntax error in HELLO option '{}'", Shown(word)));
            return None;
        }
    }
    Some((login, name))
}

fn introduce(ctx: &Ctx<'_>, call: &mut Call<'_>) {
    let client = call.client.map_or(0, |client| client.0);
    let reply = &mut *call.reply;
    reply.map(7);
    reply.bulk(b"server");
    reply.bulk(b"redis");
    reply.bulk(b"version");
    reply.bulk(super::info::REDIS_VERSION.as_bytes());
    reply.bulk(b"proto");
    reply.integer(match reply.protocol() {
        Protocol::Resp2 => 2,
        Protocol::Resp3 => 3,
    });
    reply.bulk(b"id");
    reply.integer(i64::try_from(client).unwrap_or(i64::MAX));
    reply.bulk(b"mode");
    reply.bulk(super::info::mode(&ctx.b.config).as_bytes());
    reply.bulk(b"role");
    reply.bulk(if is_replica(ctx.b) { b"replica" } else { b"master" });
    reply.bulk(b"modules");
    reply.array(0);
}

/// A client's name: printable, no spaces, so that CLIENT LIST stays readable.
pub(super) fn client_name(bytes: &[u8]) -> Option<String> {
    let fits = bytes.iter().all(|b| (b'!'..=b'~').contains(b));
    if fits { core::str::from_utf8(bytes).ok().map(String::from) } else { None }
}

/// `CLIENT SETNAME name`
pub(super) fn setname(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    match client_name(call.arg(2)) {
        Some(name) => {
            if let Some(session) = session(ctx, call) {
                session.name = name;
            }
            call.reply.ok();
        }
        None => call.reply.error(BAD_NAME),
    }
}

/// `QUIT`
pub(in crate::command) fn quit(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    call.reply.ok();
    call.outcome = Outcome::Close;
}

/// `RESET`
pub(in crate::command) fn reset(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let locked = !ctx.b.config.requirepass.is_empty();
    if let Some(client) = call.client {
        watch::unwatch(ctx, client);
        ctx.b.pubsub.forget(client);
        ctx.b.record.monitors.remove(&client);
        ctx.b.tracking.forget(client);
    }
    if let Some(session) = session(ctx, call) {
        session.multi = None;
        session.subscribed = false;
        session.replies = Replies::On;
        session.asking = false;
        session.database = 0;
        session.protocol = Protocol::Resp2;
        session.authenticated = !locked;
        session.readonly = false;
        session.no_evict = false;
        session.name.clear();
    }
    call.reply.set_protocol(Protocol::Resp2);
    call.reply.simple("RESET");
}

/// `READONLY`
pub(in crate::command) fn readonly(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    in_cluster(ctx, call, |session| session.readonly = true);
}

/// `READWRITE`
pub(in crate::command) fn readwrite(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    in_cluster(ctx, call, |session| session.readonly = false);
}

/// `ASKING`
pub(in crate::command) fn asking(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    in_cluster(ctx, call, |session| session.asking = true);
}

fn in_cluster(ctx: &mut Ctx<'_>, call: &mut Call<'_>, change: impl FnOnce(&mut Session)) {
    if !ctx.b.config.cluster_enabled {
        return call.reply.error(NO_CLUSTER);
    }
    if let Some(session) = session(ctx, call) {
        change(session);
    }
    call.reply.ok();
}
