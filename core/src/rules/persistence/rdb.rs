//! Snapshots: BGSAVE, SAVE, and what follows when they succeed or fail.
//!
//! Spec: Redis persistence. While snapshots are wanted and the last one failed, a master refuses
//! writes (`stop-writes-on-bgsave-error`): better a clear error now than a loss later.

use super::{Ctx, freeze, shutdown};
use crate::{
    id::ClientId,
    io::{Effect, JobId, Level},
    persist::{SaveFor, Saving},
};

/// `BGSAVE [SCHEDULE]`: what to answer.
pub(crate) fn bgsave(ctx: &mut Ctx<'_>, schedule: bool) -> Result<&'static str, &'static str> {
    supersede(ctx);
    let persist = &mut ctx.b.persist;
    if persist.saving.is_some() {
        return Err("ERR Background save already in progress");
    }
    if persist.rewriting.is_some() {
        if schedule {
            persist.rdb.scheduled = true;
            return Ok("Background saving scheduled");
        }
        return Err("ERR Another child process is active (AOF?): can't BGSAVE right now. Use \
                    BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.");
    }
    save_for(ctx, SaveFor::Background);
    Ok("Background saving started")
}

/// `SAVE`: the client is answered when the snapshot is durable; the refusal, if it cannot begin.
pub(crate) fn save(ctx: &mut Ctx<'_>, client: Option<ClientId>) -> Result<(), &'static str> {
    supersede(ctx);
    if ctx.b.persist.saving.is_some() {
        return Err("ERR Background save already in progress");
    }
    // A rewrite may go on: its file is another one.
    save_for(ctx, client.map_or(SaveFor::Nobody, SaveFor::Client));
    Ok(())
}

/// All keys were deleted by command: a snapshot that is being made in the background is given up.
/// Where snapshots are wanted, another one is made, since the file must not bring the keys back after
/// a crash.
pub(crate) fn flushed(ctx: &mut Ctx<'_>) {
    if ctx.b.persist.muted {
        return;
    }
    let who = ctx.b.persist.saving.map(|saving| saving.who);
    if matches!(who, Some(SaveFor::Background | SaveFor::Nobody))
        && let Some(saving) = ctx.b.persist.saving.take()
    {
        ctx.out.push(Effect::CancelJob { job: saving.id });
    }
    if ctx.b.persist.saving.is_none() && !ctx.b.config.save_points().is_empty() {
        save_for(ctx, SaveFor::Nobody);
        // Redis has written the file by now, and counts anew.
        ctx.b.persist.rdb.saved_dirty = ctx.b.store.dirty();
    }
}

/// Gives a snapshot up that nobody waits for, because a later one is about to begin: what FLUSHALL
/// leaves behind is no reason to refuse a SAVE.
fn supersede(ctx: &mut Ctx<'_>) {
    let idle = ctx.b.persist.saving.take_if(|saving| saving.who == SaveFor::Nobody);
    if let Some(saving) = idle {
        ctx.out.push(Effect::CancelJob { job: saving.id });
    }
}

/// Begins a snapshot.
pub(crate) fn save_for(ctx: &mut Ctx<'_>, who: SaveFor) {
    let dataset = freeze(ctx);
    let dirty = ctx.b.store.dirty();
    let now = ctx.now.mono;
    let persist = &mut ctx.b.persist;
    let job = persist.fresh_job();
    persist.saving = Some(Saving { id: job, dirty, who, since: now });
    persist.rdb.tried_at = Some(now);
    persist.rdb.scheduled = false;
    persist.rdb.saves += 1;
    let background = who == SaveFor::Background;
    ctx.out.push(Effect::SaveRdb { job, dataset, background });
}

/// A snapshot has ended.
pub(crate) fn saved(ctx: &mut Ctx<'_>, job: JobId, result: Result<(), &str>) {
    let Some(saving) = ctx.b.persist.saving.take_if(|saving| saving.id == job) else { return };
    let Saving { dirty, who, since, .. } = saving;
    let rdb = &mut ctx.b.persist.rdb;
    if result.is_ok() {
        rdb.saved_dirty = dirty;
        rdb.saved_at = ctx.now.mono;
        rdb.saved_wall = ctx.now.wall;
        rdb.ok = true;
    }
    match who {
        SaveFor::Background => {
            rdb.last_took_s = Some(ctx.now.mono.ms_since(since) / 1000);
            rdb.ok = result.is_ok();
            ctx.out.log(
                if result.is_ok() { Level::Notice } else { Level::Warning },
                || match result {
                    Ok(()) => "Background saving terminated with success".into(),
                    Err(_) => "Background saving error".into(),
                },
            );
        }
        SaveFor::Client(client) => {
            let bytes = if result.is_ok() { b"+OK\r\n".to_vec() } else { b"-ERR\r\n".to_vec() };
            ctx.out.push(Effect::Reply { client, bytes });
        }
        // It was counted as saved too early.
        SaveFor::Nobody if result.is_err() => rdb.saved_dirty = dirty.saturating_sub(1),
        SaveFor::Nobody => {}
        SaveFor::Shutdown => shutdown::saved(ctx, result.is_ok()),
    }
}

/// Why a master refuses writes (and PING), if the disk is the reason.
pub(crate) fn refusal(ctx: &Ctx<'_>) -> Option<alloc::string::String> {
    let (persist, config) = (&ctx.b.persist, &ctx.b.config);
    if !persist.rdb.ok && config.stop_writes_on_bgsave_error && !config.save_points().is_empty() {
        return Some(
            "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to \
             persist to disk. Commands that may modify the data set are disabled, because this \
             instance is configured to report errors during writes if RDB snapshotting fails \
             (stop-writes-on-bgsave-error option). Please check the Redis logs for details about \
             the RDB error."
                .into(),
        );
    }
    let error = persist.aof.error.as_ref()?;
    Some(alloc::format!("MISCONF Errors writing to the AOF file: {error}"))
}
