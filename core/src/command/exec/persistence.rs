//! SAVE, BGSAVE, BGREWRITEAOF, LASTSAVE, SHUTDOWN, and what DEBUG does with files.

use super::same;
use crate::{
    command::{Call, Outcome, dispatch::LOADING},
    io::{Effect, ReloadFrom},
    rules::{
        Ctx,
        persistence::{self, Wish},
    },
};

/// `SAVE`: the client waits, nobody else does.
pub(in crate::command) fn save(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    match persistence::save(ctx, call.client) {
        Ok(()) => call.outcome = Outcome::Blocked,
        Err(text) => call.reply.error(text),
    }
}

/// `BGSAVE [SCHEDULE]`
pub(in crate::command) fn bgsave(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let schedule = match call.args {
        [_] => false,
        [_, word] if same(word, "SCHEDULE") => true,
        _ => return call.syntax_error(),
    };
    match persistence::bgsave(ctx, schedule) {
        Ok(text) => call.reply.simple(text),
        Err(text) => call.reply.error(text),
    }
}

/// `BGREWRITEAOF`
pub(in crate::command) fn bgrewriteaof(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    match persistence::bgrewrite(ctx) {
        Ok(text) => call.reply.simple(text),
        Err(text) => call.reply.error(text),
    }
}

/// `LASTSAVE`
pub(in crate::command) fn lastsave(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let saved = ctx.b.persist.rdb.saved_wall.secs();
    call.reply.integer(i64::try_from(saved).unwrap_or(i64::MAX));
}

/// `SHUTDOWN [NOSAVE|SAVE] [NOW] [FORCE] [ABORT]`: no reply, the connection just ends; unless the
/// last snapshot fails.
pub(in crate::command) fn shutdown(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let has = |name: &str| call.args.iter().skip(1).any(|word| same(word, name));
    let known = call.args.iter().skip(1).all(|word| {
        ["NOSAVE", "SAVE", "NOW", "FORCE", "ABORT"].iter().any(|name| same(word, name))
    });
    if !known || (has("SAVE") && has("NOSAVE")) {
        return call.syntax_error();
    }
    if has("ABORT") {
        if call.args.iter().skip(1).any(|word| !same(word, "ABORT")) {
            return call.syntax_error();
        }
        return if persistence::abort(ctx) {
            call.reply.ok();
        } else {
            call.reply.error("ERR No shutdown in progress.");
        };
    }
    let save = match (has("SAVE"), has("NOSAVE")) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        (false, false) => None,
    };
    persistence::shut_down(ctx, call.client, Wish { save, force: has("FORCE"), now: has("NOW") });
    call.outcome = Outcome::Blocked;
}

/// `DEBUG RELOAD [MERGE] [NOFLUSH] [NOSAVE]`: through the snapshot file and back.
pub(super) fn debug_reload(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let mut saves = true;
    for word in call.args.iter().skip(2) {
        if same(word, "NOSAVE") {
            saves = false;
        } else {
            return call.reply.error(
                "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options; MERGE and \
                 NOFLUSH are not supported yet.",
            );
        }
    }
    let Some(client) = call.client else { return };
    let dataset = saves.then(|| persistence::freeze(ctx));
    reload(ctx, call, Effect::Reload { client, from: ReloadFrom::Rdb(dataset) });
}

/// `DEBUG LOADAOF`: forgets everything and reads the append only files.
pub(super) fn debug_loadaof(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(client) = call.client else { return };
    reload(ctx, call, Effect::Reload { client, from: ReloadFrom::Aof });
}

fn reload(ctx: &mut Ctx<'_>, call: &mut Call<'_>, effect: Effect) {
    if ctx.b.persist.loading.is_some() {
        return call.reply.error(LOADING);
    }
    // What was logged so far has to be in the file that is read.
    persistence::feed(ctx);
    ctx.out.push(effect);
    call.outcome = Outcome::Blocked;
}
