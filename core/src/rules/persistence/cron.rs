//! What persistence looks at ten times a second: `save` points, growth of the log, what was put off.
//!
//! Facts: the order of Redis's cron. A scheduled rewrite comes before everything; then, if nothing
//! is under way, the first `save` point that is met, or a log that has grown enough. After a failed
//! snapshot the next one waits five seconds.

use super::{
    Ctx,
    aof::{is_put_off, rewrite},
    save_for, shutdown,
};
use crate::{
    io::Level,
    persist::{AofState, SaveFor},
};

/// How long after a failed snapshot the next one is tried by itself.
const RETRY_MS: u64 = 5000;

/// Looks for what is due.
pub(crate) fn cron(ctx: &mut Ctx<'_>) {
    if ctx.b.persist.shutdown.is_some() {
        return shutdown::cron(ctx);
    }
    if ctx.b.persist.is_busy() {
        return;
    }
    if ctx.b.persist.aof.scheduled && !is_put_off(ctx) {
        rewrite(ctx);
        return;
    }
    if save_if_due(ctx) || rewrite_if_grown(ctx) {
        return;
    }
    if ctx.b.persist.rdb.scheduled && may_try(ctx) {
        save_for(ctx, SaveFor::Background);
    }
}

fn may_try(ctx: &Ctx<'_>) -> bool {
    let rdb = &ctx.b.persist.rdb;
    rdb.ok || rdb.tried_at.is_none_or(|at| ctx.now.mono.ms_since(at) > RETRY_MS)
}

fn save_if_due(ctx: &mut Ctx<'_>) -> bool {
    let rdb = &ctx.b.persist.rdb;
    let changes = ctx.b.store.dirty().saturating_sub(rdb.saved_dirty);
    let age_ms = ctx.now.mono.ms_since(rdb.saved_at);
    let points = ctx.b.config.save_points();
    let met =
        |(seconds, least): &&(u64, u64)| changes >= *least && age_ms > seconds.saturating_mul(1000);
    let Some((seconds, least)) = points.iter().find(met).copied() else { return false };
    if !may_try(ctx) {
        return false;
    }
    ctx.out
        .log(Level::Notice, || alloc::format!("{least} changes in {seconds} seconds. Saving..."));
    save_for(ctx, SaveFor::Background);
    true
}

fn rewrite_if_grown(ctx: &mut Ctx<'_>) -> bool {
    let (aof, config) = (&ctx.b.persist.aof, &ctx.b.config);
    let percentage = config.auto_aof_rewrite_percentage;
    if aof.state != AofState::On || percentage == 0 || aof.size <= config.auto_aof_rewrite_min_size
    {
        return false;
    }
    let growth = (aof.size.saturating_mul(100) / aof.base_size.max(1)).saturating_sub(100);
    if growth < percentage || is_put_off(ctx) {
        return false;
    }
    ctx.out.log(Level::Notice, || {
        alloc::format!("Starting automatic rewriting of AOF on {growth}% growth")
    });
    rewrite(ctx);
    true
}
