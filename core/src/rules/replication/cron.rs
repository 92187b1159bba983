//! What replication does once a second: sign of life, acknowledgement, timeouts, another try.
//!
//! Facts: Redis runs this each second too; defaults are `repl-timeout` 60 s and
//! `repl-ping-replica-period` 10 s. A node without master and replicas has nothing due and sleeps.

use alloc::vec::Vec;

use super::follow::{dial, lost};
use crate::{
    id::ClientId,
    io::{Effect, HangupReason, Level},
    repl::{Phase, Repl, ReplId, wire},
    rules::{Ctx, clients},
    time::Instant,
};

/// Runs what is due; harmless when nothing is.
pub(crate) fn cron(ctx: &mut Ctx<'_>) {
    let now = ctx.now.mono;
    if ctx.b.repl.due.is_none_or(|due| due > now) {
        return;
    }
    watch_master(ctx);
    watch_replicas(ctx);
    ping(ctx);
    free_backlog(ctx);
    ctx.b.repl.due = next(ctx);
}

/// Sends `REPLCONF ACK` with what has been processed.
pub(crate) fn acknowledge(ctx: &mut Ctx<'_>) {
    let Repl { upstream: Some(up), offset, .. } = &ctx.b.repl else { return };
    let Some(link) = up.link else { return };
    let mut number = itoa::Buffer::new();
    let bytes = wire::encoded(&[b"REPLCONF", b"ACK", number.format(*offset).as_bytes()]);
    ctx.out.push(Effect::Stream { link, bytes });
}

fn watch_master(ctx: &mut Ctx<'_>) {
    let limit_ms = ctx.b.config.repl_timeout_s.saturating_mul(1000);
    let Some(up) = &ctx.b.repl.upstream else { return };
    let silent = ctx.now.mono.ms_since(up.last_io) > limit_ms;
    let master = up.master.clone();
    match &up.phase {
        Phase::Waiting => {
            ctx.out.log(Level::Notice, || alloc::format!("Connecting to MASTER {master}"));
            dial(ctx);
        }
        Phase::Dialling | Phase::Ping | Phase::Introducing { .. } | Phase::Asking if silent => {
            ctx.out.log(Level::Warning, || "Timeout connecting to the MASTER...".into());
            lost(ctx, Some(HangupReason::Silent));
        }
        Phase::Receiving(_) if silent => {
            ctx.out.log(Level::Warning, || {
                "Timeout receiving bulk data from MASTER... If the problem persists try to set \
                 the 'repl-timeout' parameter in redis.conf to a larger value."
                    .into()
            });
            lost(ctx, Some(HangupReason::Silent));
        }
        Phase::Streaming if silent => {
            ctx.out.log(Level::Warning, || "MASTER timeout: no data nor PING received...".into());
            lost(ctx, Some(HangupReason::Silent));
        }
        Phase::Streaming => acknowledge(ctx),
        Phase::Dialling
        | Phase::Ping
        | Phase::Introducing { .. }
        | Phase::Asking
        | Phase::Receiving(_) => {}
    }
}

/// Drops replicas that say nothing any more.
fn watch_replicas(ctx: &mut Ctx<'_>) {
    let (now, limit_s) = (ctx.now.mono, ctx.b.config.repl_timeout_s);
    let silent = |replica: &&crate::repl::Replica| {
        replica.is_online() && replica.acks && replica.lag_s(now) > limit_s
    };
    let gone: Vec<ClientId> =
        ctx.b.repl.replicas.iter().filter(silent).map(|replica| replica.client).collect();
    for client in gone {
        let replica = ctx.b.repl.replicas.iter().find(|replica| replica.client == client);
        if let Some(replica) = replica {
            ctx.out.log(Level::Warning, || {
                alloc::format!("Disconnecting timedout replica (streaming sync): {}", replica.name)
            });
        }
        clients::close(ctx, client);
    }
}

/// A sign of life in the stream, so that replicas tell a quiet master from a dead one. (A replica
/// forwards its master's.)
fn ping(ctx: &mut Ctx<'_>) {
    let now = ctx.now.mono;
    let period_ms = ctx.b.config.repl_ping_replica_period_s.max(1).saturating_mul(1000);
    let repl = &mut ctx.b.repl;
    let is_due = repl.pinged_at.plus_ms(period_ms) <= now;
    if repl.is_replica() || repl.replicas.is_empty() || repl.quiet || !is_due {
        return;
    }
    repl.pinged_at = now;
    repl.produce(&wire::encoded(&[b"ping"]));
}

/// Nobody came for a long time: the backlog goes, and with it the history, which would otherwise
/// count on with bytes missing.
fn free_backlog(ctx: &mut Ctx<'_>) {
    let Some(at) = backlog_ends(ctx) else { return };
    if at > ctx.now.mono {
        return;
    }
    let repl = &mut ctx.b.repl;
    repl.id = ReplId::random(&mut ctx.b.rng);
    repl.before = None;
    repl.backlog = None;
    repl.alone_since = None;
    let ttl = ctx.b.config.repl_backlog_ttl_s;
    ctx.out.log(Level::Notice, || {
        alloc::format!("Replication backlog freed after {ttl} seconds without connected replicas.")
    });
}

/// When a lonely master's backlog is freed.
fn backlog_ends(ctx: &Ctx<'_>) -> Option<Instant> {
    let (repl, ttl) = (&ctx.b.repl, ctx.b.config.repl_backlog_ttl_s);
    let lonely = !repl.is_replica() && repl.backlog.is_some() && ttl > 0;
    repl.alone_since.filter(|_| lonely).map(|since| since.plus_ms(ttl.saturating_mul(1000)))
}

/// When to come again.
fn next(ctx: &Ctx<'_>) -> Option<Instant> {
    let repl = &ctx.b.repl;
    if repl.is_replica() || !repl.replicas.is_empty() {
        return Some(ctx.now.mono.plus_ms(1000));
    }
    backlog_ends(ctx)
}
