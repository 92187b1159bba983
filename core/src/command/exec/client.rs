//! CLIENT: this connection, and pauses for all. Lists of connections are in `clients`.

use super::{connection, same, wrong_subcommand};
use crate::{
    command::{Call, dispatch::Shown},
    hold::{self, Scope},
    resp::parse_i64,
    rules::Ctx,
    session::Replies,
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

/// `CLIENT NO-EVICT ON|OFF`, and `CLIENT NO-TOUCH ON|OFF`
pub(in crate::command) fn no_evict(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let word = call.arg(2);
    let wanted = same(word, "ON");
    if !wanted && !same(word, "OFF") {
        return call.syntax_error();
    }
    if call.command.name == "no-evict"
        && let Some(session) = connection::session(ctx, call)
    {
        session.no_evict = wanted;
    }
    call.reply.ok();
}

/// `CLIENT SETINFO LIB-NAME|LIB-VER text`: libraries of Redis 7.2 say who they are.
pub(in crate::command) fn setinfo(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (name, value) = (call.arg(2), call.arg(3));
    if !same(name, "LIB-NAME") && !same(name, "LIB-VER") {
        return call.reply.error_fmt(format_args!("ERR Unrecognized option '{}'", Shown(name)));
    }
    if connection::client_name(value).is_none() {
        let name = if same(name, "LIB-NAME") { "lib-name" } else { "lib-ver" };
        return call.reply.error_fmt(format_args!(
            "ERR {name} cannot contain spaces, newlines or special characters."
        ));
    }
    call.reply.ok();
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
        return wrong_subcommand(call);
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
