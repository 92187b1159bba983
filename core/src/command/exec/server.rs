//! The server as a whole: ending it, breaking it, asking it for the time.

use super::{connection, debug, persistence, same};
use crate::{
    command::{Call, Outcome},
    io::{Effect, Exit},
    rules::Ctx,
};

/// `+OK` to what there is nothing to do for.
pub(in crate::command) fn ok(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    call.reply.ok();
}

/// An empty list.
pub(in crate::command) fn empty_array(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    call.reply.array(0);
}

/// `DEBUG SEGFAULT`: it ends the process, so from elsewhere only if the configuration says so.
/// Redis refuses it from here too unless told otherwise, and the lessons would need that setting.
pub(in crate::command) fn debug(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let remote = connection::session(ctx, call).and_then(|session| session.remote);
    let far = remote.is_some_and(|remote| !remote.ip.is_loopback());
    if far && ctx.b.config.value("enable-debug-command").as_deref() != Some("yes") {
        return call.reply.error(
            "ERR DEBUG command not allowed. If the enable-debug-command option is set to \
             \"local\", you can run it from a local connection, otherwise you need to set this \
             option in the configuration file, and then restart the server.",
        );
    }
    let word = call.arg(1);
    if same(word, "SEGFAULT") {
        ctx.out.push(Effect::Exit(Exit::Crash));
        call.outcome = Outcome::Silent;
    } else if same(word, "RELOAD") {
        persistence::debug_reload(ctx, call);
    } else if same(word, "LOADAOF") {
        persistence::debug_loadaof(ctx, call);
    } else if !debug::switch(ctx, call) {
        debug::look(ctx, call);
    }
}

/// `TIME`
pub(in crate::command) fn time(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let wall = ctx.now.wall;
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    call.reply.array(2);
    call.reply.bulk_integer(number(wall.secs()));
    call.reply.bulk_integer(number(wall.0 % 1000 * 1000));
}

/// DUMP of no functions: RDB version 10 and the CRC64 of nothing else.
const NO_FUNCTIONS: [u8; 10] = [0x0A, 0x00, 0x5D, 0x9B, 0x5C, 0x40, 0x0F, 0x7F, 0xA2, 0xDA];

/// `FUNCTION DUMP`
pub(in crate::command) fn function_dump(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    call.reply.bulk(&NO_FUNCTIONS);
}

/// `FUNCTION RESTORE payload [policy]`: redis-cli sends a new node what FUNCTION DUMP said.
pub(in crate::command) fn function_restore(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    if call.arg(2) == NO_FUNCTIONS {
        call.reply.ok();
    } else {
        call.reply.error("ERR DUMP payload version or checksum are wrong");
    }
}

/// `LOLWUT ...`: the version, as in the last line that Redis prints.
pub(in crate::command) fn lolwut(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    let text = alloc::format!("Redis ver. {}\n", super::info::REDIS_VERSION);
    call.reply.verbatim("txt", text.as_bytes());
}

/// `MODULE LOAD` and its kin.
pub(in crate::command) fn no_modules(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    call.reply.error("ERR MODULE command not allowed: this server takes no modules.");
}
