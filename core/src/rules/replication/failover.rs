//! FAILOVER: a master hands its role to one of its replicas, without losing a write.
//!
//! It stops writes and waits until a replica (any, or the one that was named) has acknowledged
//! everything. Then it asks that replica for the stream with the word FAILOVER behind PSYNC, at
//! which the other one becomes a master. A replica that never catches up ends the attempt after
//! `TIMEOUT`, or gets the role nevertheless if `FORCE` was said. One that refuses makes this node
//! the master that it was.
//!
//! Spec: Redis 7.0, FAILOVER; not in a cluster, which has `CLUSTER FAILOVER`.

use alloc::{format, string::String};

use super::{follow, follow_nobody};
use crate::{
    endpoint::Target,
    hold::{Purpose, Scope},
    io::Level,
    repl::{Failover, Repl},
    rules::Ctx,
    time::Instant,
};

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// To whom; to any replica if nobody was named.
    pub target: Option<(String, u16)>,
    /// How long to wait.
    pub timeout_ms: Option<u64>,
    /// Whether the role is handed over also when time is up.
    pub force: bool,
}

/// Begins one.
pub(crate) fn begin(ctx: &mut Ctx<'_>, plan: Plan) -> Result<(), &'static str> {
    let repl = &ctx.b.repl;
    if repl.failover.is_some() {
        return Err("ERR FAILOVER already in progress.");
    }
    if repl.is_replica() {
        return Err("ERR FAILOVER is not valid when server is a replica.");
    }
    if repl.replicas.is_empty() {
        return Err("ERR FAILOVER requires connected replicas.");
    }
    let Plan { target, timeout_ms, force } = plan;
    if force && (timeout_ms.is_none() || target.is_none()) {
        return Err(
            "ERR FAILOVER with force option requires both a timeout and target HOST and IP.",
        );
    }
    let is_replica = |(ip, port): &(String, u16)| {
        repl.replicas.iter().any(|replica| replica.name.ip == *ip && replica.name.port == *port)
    };
    if target.as_ref().is_some_and(|target| !is_replica(target)) {
        return Err("ERR FAILOVER target HOST and PORT is not a replica.");
    }
    let until = timeout_ms.map_or(Instant::NEVER, |ms| ctx.now.mono.plus_ms(ms));
    let failover = Failover { target, until, force, hands_over: false };
    ctx.out.log(Level::Notice, || format!("FAILOVER requested to {}.", name(&failover)));
    let repl = &mut ctx.b.repl;
    repl.failover = Some(failover);
    // Whatever enters the stream now moves the offset that a replica has to reach.
    repl.quiet = true;
    ctx.b.holds.pause(Purpose::Failover, Scope::Writes, Instant::NEVER);
    Ok(())
}

/// Ends the attempt, and says why; false if there is none.
pub(crate) fn abort(ctx: &mut Ctx<'_>, why: &str) -> bool {
    let Some(failover) = clear(ctx) else { return false };
    ctx.out.log(Level::Notice, || format!("FAILOVER to {} aborted: {why}", name(&failover)));
    if failover.hands_over {
        follow_nobody(ctx);
        ctx.b.config.replicaof = None;
    }
    true
}

/// The new master has answered: it took the role, or refused.
pub(crate) fn answered(ctx: &mut Ctx<'_>, accepted: bool) {
    if ctx.b.repl.failover.as_ref().is_none_or(|failover| !failover.hands_over) {
        return;
    }
    if accepted {
        clear(ctx);
    } else {
        abort(ctx, "Failover target rejected psync request");
    }
}

/// Looks whether a replica has caught up, or time is up.
pub(super) fn step(ctx: &mut Ctx<'_>) {
    let Repl { failover: Some(failover), replicas, offset, .. } = &ctx.b.repl else { return };
    if failover.hands_over {
        return;
    }
    let is_late = failover.until <= ctx.now.mono;
    if is_late && !failover.force {
        abort(ctx, "Replica never caught up before timeout");
        return;
    }
    let is_wanted = |ip: &str, port: u16| {
        failover.target.as_ref().is_none_or(|(host, wanted)| host == ip && port == *wanted)
    };
    let synced = replicas
        .iter()
        .find(|replica| replica.acked == *offset && is_wanted(&replica.name.ip, replica.name.port))
        .map(|replica| (replica.name.ip.clone(), replica.name.port));
    let (target, how) = match (synced, &failover.target) {
        (_, Some(target)) if is_late => (target.clone(), "time out exceeded, failing over."),
        (Some(target), _) => (target, "is synced, failing over."),
        (None, _) => return,
    };
    let late = if is_late { "FAILOVER to" } else { "Failover target" };
    ctx.out.log(Level::Notice, || format!("{late} {}:{} {how}", target.0, target.1));
    if let Some(failover) = &mut ctx.b.repl.failover {
        failover.hands_over = true;
        failover.target = Some(target.clone());
    }
    ctx.b.config.replicaof = Some(target.clone());
    follow(ctx, Target::new(&target.0, target.1));
}

/// `PSYNC id offset FAILOVER`: the master hands its role to this replica, if both mean the same
/// history.
pub(crate) fn take_over(ctx: &mut Ctx<'_>, id: &[u8]) -> Result<(), &'static str> {
    ctx.out.log(Level::Warning, || {
        format!("Failover request received for replid {}.", String::from_utf8_lossy(id))
    });
    if !ctx.b.repl.is_replica() {
        return Err("ERR PSYNC FAILOVER can't be sent to a master.");
    }
    if !id.eq_ignore_ascii_case(ctx.b.repl.id.as_str().as_bytes()) {
        return Err("ERR PSYNC FAILOVER replid must match my replid.");
    }
    if ctx.b.config.cluster_enabled {
        // There the votes of masters decide.
        return Err("ERR PSYNC FAILOVER is not for a cluster.");
    }
    follow_nobody(ctx);
    ctx.b.config.replicaof = None;
    ctx.out.log(Level::Notice, || "MASTER MODE enabled (failover request)".into());
    Ok(())
}

fn clear(ctx: &mut Ctx<'_>) -> Option<Failover> {
    let failover = ctx.b.repl.failover.take()?;
    ctx.b.repl.quiet = false;
    ctx.b.holds.unpause(Purpose::Failover);
    Some(failover)
}

fn name(failover: &Failover) -> String {
    match &failover.target {
        Some((ip, port)) => format!("{ip}:{port}"),
        None => "any replica".into(),
    }
}
