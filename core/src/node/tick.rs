//! What each deadline triggers: the cluster cron, replication's own clock, expiry.

use crate::{
    cluster::CRON_PERIOD_MS,
    command,
    rules::{Ctx, migrate, persistence, ping, replication},
};

/// Keys deleted by one expiry cycle at most, so that a mass expiry does not hold the node up.
const EXPIRE_BUDGET: usize = 200;

/// Some deadline may have passed.
pub(super) fn wake(ctx: &mut Ctx<'_>) {
    let now = ctx.now.mono;
    ctx.b.holds.end_due(now);
    if now >= ctx.b.migrations.next_deadline() {
        migrate::expire(ctx);
    }
    command::end_waits(ctx);
    if now >= ctx.b.repl.next_deadline() {
        replication::cron(ctx);
    }
    if now < ctx.b.cluster.next_tick {
        return;
    }
    if ctx.b.config.cluster_enabled {
        // One tick, however late: a node that slept does not catch up on missed ones.
        ping::tick(ctx);
    } else {
        ctx.b.cluster.next_tick = now.plus_ms(CRON_PERIOD_MS);
    }
    command::send_away(ctx);
    super::clients::expire(ctx, EXPIRE_BUDGET);
    persistence::cron(ctx);
}
