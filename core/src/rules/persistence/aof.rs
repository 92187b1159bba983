//! The append only file: every change of the dataset, in order.
//!
//! What is logged is what replicas get ([`log`] is called by the one funnel of the replication
//! stream), plus, on a replica, what its master sent. A rewrite replaces the files by the dataset
//! as it stands; what is logged meanwhile goes into a new file behind it, so that nothing waits.
//!
//! Spec: Redis persistence, multi-part AOF of 7.0. A log that was switched on while the server ran
//! holds nothing of what came before, so it counts only once a first rewrite has succeeded; if
//! that fails, another one is tried.

use super::{Ctx, freeze_base};
use crate::{
    io::{Effect, JobId, Level},
    persist::{AofState, Rewriting},
    repl::wire,
};

/// After so many failed rewrites in a row the next one is put off, longer each time.
const FAILURES_MAX: u32 = 3;
/// An hour is the longest.
const DELAY_MAX_MIN: u64 = 60;

/// A change enters the log, if there is one.
pub(crate) fn log(ctx: &mut Ctx<'_>, command: &[&[u8]]) {
    if !ctx.b.persist.is_logging() || !is_change(command) {
        return;
    }
    let notes = ctx.b.config.aof_timestamp_enabled;
    let second = ctx.now.wall.secs();
    let aof = &mut ctx.b.persist.aof;
    if notes && second > aof.noted_s {
        aof.noted_s = second;
        aof.log.extend_from_slice(b"#TS:");
        aof.log.extend_from_slice(itoa::Buffer::new().format(second).as_bytes());
        aof.log.extend_from_slice(b"\r\n");
    }
    let database = ctx.b.store.number();
    if aof.selected.replace(database) != Some(database) {
        wire::select(database, &mut aof.log);
    }
    wire::encode(command, &mut aof.log);
}

/// Messages travel by the stream too, but change nothing.
fn is_change(command: &[&[u8]]) -> bool {
    let Some(name) = command.first() else { return false };
    ![&b"PUBLISH"[..], b"SPUBLISH", b"PING", b"REPLCONF", b"SELECT"]
        .iter()
        .any(|other| name.eq_ignore_ascii_case(other))
}

/// Ends a turn: what was logged goes to the driver.
pub(crate) fn feed(ctx: &mut Ctx<'_>) {
    let aof = &mut ctx.b.persist.aof;
    if !aof.log.is_empty() {
        let bytes = core::mem::take(&mut aof.log);
        aof.size += bytes.len() as u64;
        ctx.out.push(Effect::Append { bytes });
    }
}

/// `appendonly` may have changed.
pub(crate) fn follow_config(ctx: &mut Ctx<'_>) {
    match (ctx.b.config.appendonly, ctx.b.persist.aof.state) {
        (true, AofState::Off) => switch_on(ctx),
        (false, AofState::Waiting | AofState::On) => switch_off(ctx),
        (true, AofState::Waiting | AofState::On) | (false, AofState::Off) => {}
    }
}

fn switch_on(ctx: &mut Ctx<'_>) {
    ctx.b.persist.aof.state = AofState::Waiting;
    if ctx.b.persist.saves_in_background() {
        ctx.b.persist.aof.scheduled = true;
        ctx.out.log(Level::Warning, || {
            "AOF was enabled but there is already another background operation. An AOF \
             background was scheduled to start when possible."
                .into()
        });
        return;
    }
    if ctx.b.persist.rewriting.is_some() {
        ctx.out.log(Level::Warning, || {
            "AOF was enabled but there is already an AOF rewriting in background. Stopping \
             background AOF and starting a rewrite now."
                .into()
        });
        cancel(ctx);
    }
    rewrite(ctx);
}

fn switch_off(ctx: &mut Ctx<'_>) {
    feed(ctx);
    if ctx.b.persist.rewriting.is_some() {
        ctx.out.log(Level::Notice, || "Killing running AOF rewrite child".into());
        cancel(ctx);
    }
    let aof = &mut ctx.b.persist.aof;
    aof.state = AofState::Off;
    aof.scheduled = false;
    aof.selected = None;
    aof.error = None;
    ctx.out.push(Effect::CloseAof);
}

/// The dataset was replaced as a whole: what the log holds is another one's history.
pub(crate) fn restart(ctx: &mut Ctx<'_>) {
    if ctx.b.persist.is_logging() {
        switch_off(ctx);
        switch_on(ctx);
    }
}

/// Gives a rewrite up.
pub(super) fn cancel(ctx: &mut Ctx<'_>) {
    if let Some(job) = ctx.b.persist.rewriting.take() {
        ctx.out.push(Effect::CancelJob { job: job.id });
    }
}

/// `BGREWRITEAOF`: what to answer.
pub(crate) fn bgrewrite(ctx: &mut Ctx<'_>) -> Result<&'static str, &'static str> {
    if ctx.b.persist.rewriting.is_some() {
        return Err("ERR Background append only file rewriting already in progress");
    }
    if ctx.b.persist.saves_in_background() {
        ctx.b.persist.aof.scheduled = true;
        // Asked for by a person: earlier failures do not put it off.
        ctx.b.persist.aof.not_before = None;
        return Ok("Background append only file rewriting scheduled");
    }
    rewrite(ctx);
    Ok("Background append only file rewriting started")
}

/// Begins a rewrite. Nothing else may be under way.
pub(super) fn rewrite(ctx: &mut Ctx<'_>) {
    // What was logged until here is in the dataset: it belongs to the old files.
    feed(ctx);
    let dataset = freeze_base(ctx);
    let persist = &mut ctx.b.persist;
    let job = persist.fresh_job();
    persist.rewriting = Some(Rewriting { id: job, since: ctx.now.mono });
    let appends = persist.is_logging();
    let aof = &mut persist.aof;
    aof.scheduled = false;
    aof.selected = None;
    aof.rewrites += 1;
    aof.size_before = aof.size;
    ctx.out.push(Effect::RewriteAof { job, dataset, appends });
}

/// A rewrite has ended.
pub(crate) fn rewritten(ctx: &mut Ctx<'_>, job: JobId, result: Result<u64, &str>) {
    let Some(job) = ctx.b.persist.rewriting.take_if(|rewriting| rewriting.id == job) else {
        return;
    };
    let aof = &mut ctx.b.persist.aof;
    aof.last_took_s = Some(ctx.now.mono.ms_since(job.since) / 1000);
    match result {
        Ok(base) => {
            aof.size = base.saturating_add(aof.size.saturating_sub(aof.size_before));
            aof.base_size = aof.size;
            aof.failures = 0;
            aof.not_before = None;
            if aof.state == AofState::Waiting {
                aof.state = AofState::On;
            }
            ctx.out.log(Level::Notice, || "Background AOF rewrite finished successfully".into());
        }
        Err(error) => {
            aof.failures = aof.failures.saturating_add(1);
            if aof.state == AofState::Waiting {
                aof.scheduled = true;
            }
            ctx.out.log(Level::Warning, || {
                alloc::format!("Write error writing append only file on disk: {error}")
            });
            ctx.out.log(Level::Warning, || "Background AOF rewrite terminated with error".into());
        }
    }
}

/// Whether failed rewrites put the next one off; the first look after a failure sets the time.
pub(super) fn is_put_off(ctx: &mut Ctx<'_>) -> bool {
    let now = ctx.now.mono;
    let aof = &mut ctx.b.persist.aof;
    if aof.failures < FAILURES_MAX {
        return false;
    }
    match aof.not_before {
        Some(at) if now < at => true,
        Some(_) => {
            aof.not_before = None;
            false
        }
        None => {
            let doubled = 1_u64.checked_shl(aof.failures - FAILURES_MAX).unwrap_or(DELAY_MAX_MIN);
            let minutes = doubled.min(DELAY_MAX_MIN);
            aof.not_before = Some(now.plus_ms(minutes * 60_000));
            ctx.out.log(Level::Warning, || {
                alloc::format!(
                    "Background AOF rewrite has repeatedly failed and triggered the limit, will \
                     retry in {minutes} minutes"
                )
            });
            true
        }
    }
}
