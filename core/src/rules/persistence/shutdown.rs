//! SHUTDOWN and SIGTERM: the last snapshot, and whether the process may end without it.
//!
//! Spec: Redis, SHUTDOWN. A snapshot is made if `save` points are set, or if the client says SAVE;
//! when it fails, the process stays, unless told FORCE. Writes wait from here on: what they would
//! change is in no file.

use super::{Ctx, aof::cancel as cancel_rewrite, save_for};
use crate::{
    hold::{Purpose, Scope},
    id::ClientId,
    io::{Effect, Exit, Level},
    persist::{AofState, SaveFor, Shutdown},
    time::Instant,
};

/// What was said about the last snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// `Some(true)` for SAVE, `Some(false)` for NOSAVE.
    pub save: Option<bool>,
    /// FORCE.
    pub force: bool,
}

const REFUSED: &[u8] = b"-ERR Errors trying to SHUTDOWN. Check logs.\r\n";

/// Ends the process, now or when the last snapshot is durable.
pub(crate) fn shut_down(ctx: &mut Ctx<'_>, client: Option<ClientId>, wish: Wish) {
    if ctx.b.persist.shutdown.is_some() {
        return;
    }
    ctx.out.log(Level::Warning, || "User requested shutdown...".into());
    let shutdown = Shutdown { client, force: wish.force };
    ctx.b.persist.shutdown = Some(shutdown);
    if ctx.b.persist.saving.is_some() {
        ctx.out.log(Level::Warning, || "There is a child saving an .rdb. Killing it!".into());
        give_up_saving(ctx);
    }
    if ctx.b.persist.aof.state == AofState::Waiting {
        // Nothing of what came before is in any file of the log yet.
        if !wish.force {
            ctx.out.log(Level::Warning, || "Writing initial AOF, can't exit.".into());
            return refuse(ctx, shutdown);
        }
        ctx.out.log(Level::Warning, || "Writing initial AOF. Exit anyway.".into());
    }
    if ctx.b.persist.rewriting.is_some() {
        ctx.out.log(Level::Warning, || "There is a child rewriting the AOF. Killing it!".into());
        cancel_rewrite(ctx);
    }
    if ctx.b.persist.is_logging() {
        ctx.out.log(Level::Notice, || "Calling fsync() on the AOF file.".into());
    }
    if wish.save.unwrap_or(!ctx.b.config.save_points().is_empty()) {
        ctx.out.log(Level::Notice, || "Saving the final RDB snapshot before exiting.".into());
        ctx.b.holds.pause(Purpose::Shutdown, Scope::Writes, Instant::NEVER);
        save_for(ctx, SaveFor::Shutdown);
    } else {
        ctx.out.push(Effect::Exit(Exit::Shutdown));
    }
}

/// `SHUTDOWN ABORT`: false when there is nothing to abort.
pub(crate) fn abort(ctx: &mut Ctx<'_>) -> bool {
    let Some(shutdown) = ctx.b.persist.shutdown else { return false };
    if ctx.b.persist.saving.is_none() {
        return false;
    }
    ctx.out.log(Level::Notice, || "Shutdown manually aborted.".into());
    give_up_saving(ctx);
    refuse(ctx, shutdown);
    true
}

/// The last snapshot has ended.
pub(super) fn saved(ctx: &mut Ctx<'_>, ok: bool) {
    let Some(shutdown) = ctx.b.persist.shutdown else { return };
    if ok || shutdown.force {
        if !ok {
            ctx.out.log(Level::Warning, || "Error trying to save the DB. Exit anyway.".into());
        }
        ctx.out.push(Effect::Exit(Exit::Shutdown));
    } else {
        ctx.out.log(Level::Warning, || "Error trying to save the DB, can't exit.".into());
        refuse(ctx, shutdown);
    }
}

fn give_up_saving(ctx: &mut Ctx<'_>) {
    if let Some(job) = ctx.b.persist.saving.take() {
        ctx.out.push(Effect::CancelJob { job: job.id });
    }
}

/// The process stays; whoever asked is told.
fn refuse(ctx: &mut Ctx<'_>, shutdown: Shutdown) {
    ctx.b.persist.shutdown = None;
    ctx.b.holds.unpause(Purpose::Shutdown);
    match shutdown.client {
        Some(client) => ctx.out.push(Effect::Reply { client, bytes: REFUSED.to_vec() }),
        None => ctx.out.log(Level::Warning, || {
            "SIGTERM received but errors trying to shut down the server, check the logs for more \
             information"
                .into()
        }),
    }
}
