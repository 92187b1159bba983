//! SHUTDOWN, SIGTERM and SIGINT: who is waited for, the last snapshot, and whether the process may
//! end without it.
//!
//! Replicas come first: what they have not acknowledged would be lost if one of them is promoted,
//! so a master gives them `shutdown-timeout` to catch up. A snapshot is made if `save` points are
//! set, or if the client says SAVE; when it fails, the process stays, unless told FORCE. Writes
//! wait from here on: nobody would have what they change.
//!
//! Spec: Redis 7.0, SHUTDOWN. Replicas that lag are asked once how far they are; since the question
//! is a part of the stream, it is their next word of their own accord that says it all.

use alloc::vec::Vec;

use super::{Ctx, aof::cancel as cancel_rewrite, save_for};
use crate::{
    hold::{Purpose, Scope},
    id::ClientId,
    io::{Effect, Exit, Level, Signal},
    persist::{AofState, SaveFor, Shutdown},
    repl::Replica,
    time::Instant,
};

/// How somebody wants it to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// `Some(true)` for SAVE, `Some(false)` for NOSAVE.
    pub save: Option<bool>,
    /// FORCE: errors do not keep it from ending.
    pub force: bool,
    /// NOW: no replica is waited for.
    pub now: bool,
}

const REFUSED: &[u8] = b"-ERR Errors trying to SHUTDOWN. Check logs.\r\n";

/// A signal asks for the end, in the way that `shutdown-on-sigterm` or `shutdown-on-sigint` says.
pub(crate) fn signalled(ctx: &mut Ctx<'_>, signal: Signal) {
    let text = ctx.b.config.value(match signal {
        Signal::Term => "shutdown-on-sigterm",
        Signal::Int => "shutdown-on-sigint",
    });
    let mut wish = Wish::default();
    for word in text.as_deref().unwrap_or_default().split(' ') {
        match word {
            "save" => wish.save = Some(true),
            "nosave" => wish.save = Some(false),
            "now" => wish.now = true,
            "force" => wish.force = true,
            _ => {}
        }
    }
    shut_down(ctx, None, wish);
}

/// Ends the process: now, or when the replicas have caught up and the last snapshot is durable.
pub(crate) fn shut_down(ctx: &mut Ctx<'_>, client: Option<ClientId>, mut wish: Wish) {
    if let Some(shutdown) = &mut ctx.b.persist.shutdown {
        shutdown.clients.extend(client);
        return;
    }
    ctx.out.log(Level::Warning, || "User requested shutdown...".into());
    if ctx.b.persist.loading.is_some() {
        // What is here is a part of what the file holds.
        wish = Wish { save: Some(false), ..wish };
    }
    let patience_s = ctx.b.config.value("shutdown-timeout").and_then(|s| s.parse().ok());
    let patience_ms = patience_s.unwrap_or(10_u64).saturating_mul(1000);
    let waits = !wish.now && patience_ms > 0 && lagging(ctx).next().is_some();
    ctx.b.persist.shutdown = Some(Shutdown {
        clients: client.into_iter().collect(),
        save: wish.save,
        force: wish.force,
        until: waits.then(|| ctx.now.mono.plus_ms(patience_ms)),
    });
    if waits {
        ctx.b.holds.pause(Purpose::Shutdown, Scope::Writes, Instant::NEVER);
        ctx.b.repl.waiters.ask = true;
        ctx.out.log(Level::Notice, || "Waiting for replicas before shutting down.".into());
    } else {
        finish(ctx);
    }
}

/// Looks whether the replicas have caught up, or had their time.
pub(super) fn cron(ctx: &mut Ctx<'_>) {
    let until = ctx.b.persist.shutdown.as_ref().and_then(|shutdown| shutdown.until);
    if until.is_some_and(|until| until <= ctx.now.mono || lagging(ctx).next().is_none()) {
        finish(ctx);
    }
}

fn lagging<'a>(ctx: &'a Ctx<'_>) -> impl Iterator<Item = &'a Replica> {
    let repl = &ctx.b.repl;
    repl.replicas.iter().filter(|replica| replica.acked != repl.offset)
}

/// Nobody is waited for any more.
fn finish(ctx: &mut Ctx<'_>) {
    let Some(shutdown) = &mut ctx.b.persist.shutdown else { return };
    shutdown.until = None;
    let (save, force) = (shutdown.save, shutdown.force);
    tell_lag(ctx);
    if ctx.b.persist.saving.is_some() {
        ctx.out.log(Level::Warning, || "There is a child saving an .rdb. Killing it!".into());
        give_up_saving(ctx);
    }
    if ctx.b.persist.aof.state == AofState::Waiting {
        // Nothing of what came before is in any file of the log yet.
        if !force {
            ctx.out.log(Level::Warning, || "Writing initial AOF, can't exit.".into());
            return failed(ctx);
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
    if save.unwrap_or(!ctx.b.config.save_points().is_empty()) {
        ctx.out.log(Level::Notice, || "Saving the final RDB snapshot before exiting.".into());
        ctx.b.holds.pause(Purpose::Shutdown, Scope::Writes, Instant::NEVER);
        save_for(ctx, SaveFor::Shutdown);
    } else {
        ctx.out.push(Effect::Exit(Exit::Shutdown));
    }
}

/// How far the replicas are: one that is behind may lack what was acknowledged.
fn tell_lag(ctx: &mut Ctx<'_>) {
    let (repl, now) = (&ctx.b.repl, ctx.now.mono);
    let all = repl.replicas.len();
    let behind: Vec<_> = lagging(ctx)
        .map(|replica| {
            alloc::format!(
                "Lagging replica {} reported offset {} behind master, lag={}, state=online.",
                replica.name,
                repl.offset.saturating_sub(replica.acked),
                replica.lag_s(now)
            )
        })
        .collect();
    let in_sync = all - behind.len();
    for line in behind {
        ctx.out.log(Level::Warning, || line);
    }
    if all > 0 {
        ctx.out.log(Level::Notice, || {
            alloc::format!("{in_sync} of {all} replicas are in sync when shutting down.")
        });
    }
}

/// `SHUTDOWN ABORT`: false when there is nothing to abort.
pub(crate) fn abort(ctx: &mut Ctx<'_>) -> bool {
    if ctx.b.persist.shutdown.is_none() {
        return false;
    }
    if ctx.b.persist.saving.is_some_and(|saving| saving.who == SaveFor::Shutdown) {
        give_up_saving(ctx);
    }
    cancel(ctx);
    ctx.out.log(Level::Notice, || "Shutdown manually aborted.".into());
    true
}

/// The last snapshot has ended.
pub(super) fn saved(ctx: &mut Ctx<'_>, ok: bool) {
    let Some(shutdown) = &ctx.b.persist.shutdown else { return };
    let force = shutdown.force;
    if !ok && !force {
        ctx.out.log(Level::Warning, || "Error trying to save the DB, can't exit.".into());
        return failed(ctx);
    }
    if !ok {
        ctx.out.log(Level::Warning, || "Error trying to save the DB. Exit anyway.".into());
    }
    ctx.out.push(Effect::Exit(Exit::Shutdown));
}

fn give_up_saving(ctx: &mut Ctx<'_>) {
    if let Some(job) = ctx.b.persist.saving.take() {
        ctx.out.push(Effect::CancelJob { job: job.id });
    }
}

fn failed(ctx: &mut Ctx<'_>) {
    ctx.out.log(Level::Warning, || {
        "Errors trying to shut down the server. Check the logs for more information.".into()
    });
    cancel(ctx);
}

/// The process stays; whoever asked is told.
fn cancel(ctx: &mut Ctx<'_>) {
    let Some(shutdown) = ctx.b.persist.shutdown.take() else { return };
    ctx.b.holds.unpause(Purpose::Shutdown);
    for client in shutdown.clients {
        ctx.out.push(Effect::Reply { client, bytes: REFUSED.to_vec() });
    }
}
