//! Persistence at work: what is logged, when a snapshot or a rewrite is due, and what a report of
//! the disk means.
//!
//! The state is in [`crate::persist`]. Nothing here touches a file: an effect says what is wanted,
//! the driver does it beside its loop, and a [`DiskReport`] says what became of it.
//!
//! Spec: Redis persistence (append only file, snapshots, `save` points). Differs from Redis: no
//! child process writes; a dataset is frozen by sharing, and a helper thread writes it. SAVE does
//! not stop the server either: its client waits, nobody else does.

mod aof;
mod cron;
mod dataset;
mod rdb;
mod shutdown;

pub(crate) use aof::{bgrewrite, feed, follow_config, log, restart, rewritten};
pub(crate) use cron::cron;
pub(crate) use dataset::{freeze, freeze_base};
pub(crate) use rdb::{bgsave, flushed, refusal, save, save_for, saved};
pub(crate) use shutdown::{Wish, abort, shut_down, signalled};

use super::Ctx;
use crate::io::{DiskReport, Effect, Exit, Level};

/// The disk reports.
pub(crate) fn report(ctx: &mut Ctx<'_>, report: DiskReport<'_>) {
    match report {
        DiskReport::Saved { job, result } => saved(ctx, job, result),
        DiskReport::Rewritten { job, result } => rewritten(ctx, job, result),
        DiskReport::Appending(result) => appending(ctx, result),
    }
}

/// Appending has begun to fail, or works again.
fn appending(ctx: &mut Ctx<'_>, result: Result<(), &str>) {
    match result {
        Ok(()) => {
            if ctx.b.persist.aof.error.take().is_some() {
                ctx.out.log(Level::Warning, || {
                    "AOF write error looks solved, Redis can write again.".into()
                });
            }
        }
        Err(error) => {
            ctx.out
                .log(Level::Warning, || alloc::format!("Error writing to the AOF file: {error}"));
            if ctx.b.config.appendfsync == crate::config::Fsync::Always {
                // A write that was answered would not be durable: nothing may be answered.
                ctx.out.log(Level::Warning, || {
                    "Can't recover from AOF write error when the AOF fsync policy is 'always'. \
                     Exiting..."
                        .into()
                });
                ctx.out.push(Effect::Exit(Exit::Fatal));
            }
            ctx.b.persist.aof.error = Some(error.into());
        }
    }
}
