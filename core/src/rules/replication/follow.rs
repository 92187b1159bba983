//! Changing sides: this node becomes a replica, of another master, or a master.
//!
//! Spec: Redis replication ids. A promoted replica starts a new history and keeps the old one as
//! its second id, so that replicas of its former master can go on with it. A demoted master asks
//! its new master to go on from its own history: the two may well be the same.

use alloc::{string::String, vec::Vec};

use crate::{
    endpoint::Target,
    id::ClientId,
    io::{Effect, HangupReason, Level, Purpose},
    repl::{Phase, ReplId, Upstream},
    rules::{Ctx, clients},
    time::Instant,
};

/// A server outside of a cluster starts: it follows the master of its `replicaof` directive.
pub(crate) fn start(ctx: &mut Ctx<'_>) {
    if ctx.b.config.cluster_enabled {
        return;
    }
    let Some((host, port)) = &ctx.b.config.replicaof else { return };
    let master = Target::new(host, *port);
    become_replica(ctx);
    // Dialled once time passes: the data come from disk first.
    ctx.b.repl.upstream = Some(Upstream::new(master, ctx.now.mono));
    ctx.b.repl.due = Some(ctx.now.mono);
}

/// This node follows the master at `master` from now on; nothing changes if it does already.
pub(crate) fn follow(ctx: &mut Ctx<'_>, master: impl Into<Target>) {
    let master = master.into();
    let now = ctx.now.mono;
    let down_since = match ctx.b.repl.upstream.as_ref() {
        Some(up) if up.master == master => return,
        Some(_) => {
            let_go(ctx);
            ctx.b.repl.upstream.as_ref().and_then(|up| up.down_since)
        }
        None => {
            become_replica(ctx);
            None
        }
    };
    let repl = &mut ctx.b.repl;
    let mut up = Upstream::new(master.clone(), now);
    up.down_since = down_since;
    repl.upstream = Some(up);
    repl.due = Some(now.plus_ms(1000));
    ctx.out.log(Level::Notice, || alloc::format!("Connecting to MASTER {master}"));
    dial(ctx);
}

/// This node is a master from now on; nothing changes if it is one already.
pub(crate) fn follow_nobody(ctx: &mut Ctx<'_>) {
    if !ctx.b.repl.is_replica() {
        return;
    }
    let_go(ctx);
    let repl = &mut ctx.b.repl;
    repl.upstream = None;
    if repl.resumable {
        repl.resumable = false;
        discarded(ctx);
    }
    let repl = &mut ctx.b.repl;
    let old = repl.id;
    repl.shift(ReplId::random(&mut ctx.b.rng));
    repl.own_keys.clear();
    // The first write says SELECT again: who follows from here may not know it.
    repl.selected = None;
    let (new, end) = (repl.id, repl.offset + 1);
    ctx.out.log(Level::Warning, || {
        alloc::format!(
            "Setting secondary replication ID to {old}, valid up to offset: {end}. New \
             replication ID is {new}"
        )
    });
    drop_replicas(ctx);
    let repl = &mut ctx.b.repl;
    repl.alone_since = Some(ctx.now.mono);
    repl.due = Some(ctx.now.mono.plus_ms(1000));
}

/// A working or half-made link is gone, or has to go; `Some` reason hangs it up.
///
/// A link that worked is dialled again at once, others in the next second.
pub(crate) fn lost(ctx: &mut Ctx<'_>, hangup: Option<HangupReason>) {
    let repl = &mut ctx.b.repl;
    let Some(up) = &mut repl.upstream else { return };
    let worked = up.is_up();
    let master = up.master.clone();
    let link = up.disconnect(ctx.now.mono);
    repl.queued = None;
    if let (Some(link), Some(why)) = (link, hangup) {
        ctx.out.push(Effect::Hangup { link, why });
    }
    if !worked {
        return;
    }
    lost_lines(ctx);
    if hangup != Some(HangupReason::Protocol) {
        ctx.out.log(Level::Notice, || alloc::format!("Reconnecting to MASTER {master}"));
        dial(ctx);
    }
}

/// Dials the master.
pub(super) fn dial(ctx: &mut Ctx<'_>) {
    let repl = &mut ctx.b.repl;
    let link = repl.fresh_link();
    let Some(up) = &mut repl.upstream else { return };
    up.link = Some(link);
    up.phase = Phase::Dialling;
    up.last_io = ctx.now.mono;
    let to = up.master.clone();
    ctx.out.push(Effect::dial(link, to, Purpose::Replication));
    ctx.out.log(Level::Notice, || "MASTER <-> REPLICA sync started".into());
}

/// All own replicas have to ask again: this node's history is no longer the one they know.
pub(crate) fn drop_replicas(ctx: &mut Ctx<'_>) {
    let all: Vec<ClientId> = ctx.b.repl.replicas.iter().map(|replica| replica.client).collect();
    for client in all {
        clients::close(ctx, client);
    }
}

/// The line for a cached history that is of no use any more.
pub(crate) fn discarded(ctx: &mut Ctx<'_>) {
    let line: fn() -> String = || "Discarding previously cached master state.".into();
    ctx.out.log(Level::Notice, line);
}

/// Hangs up on the master without dialling again.
fn let_go(ctx: &mut Ctx<'_>) {
    let repl = &mut ctx.b.repl;
    let Some(up) = &mut repl.upstream else { return };
    let worked = up.is_up();
    let link = up.disconnect(ctx.now.mono);
    repl.queued = None;
    if let Some(link) = link {
        ctx.out.push(Effect::Hangup { link, why: HangupReason::Unneeded });
    }
    if worked {
        lost_lines(ctx);
    }
}

fn lost_lines(ctx: &mut Ctx<'_>) {
    ctx.out.log(Level::Warning, || "Connection with master lost.".into());
    if ctx.b.repl.resumable {
        ctx.out.log(Level::Notice, || "Caching the disconnected master state.".into());
    }
}

/// A master turns replica: it keeps data, id and offset, and hopes to go on from there.
fn become_replica(ctx: &mut Ctx<'_>) {
    let waiters = ctx.b.repl.waiters.take_all().into_iter().map(|waiter| waiter.client);
    let blocked: Vec<ClientId> =
        waiters.chain(ctx.b.blocked.iter().map(|(client, _)| client)).collect();
    for client in blocked {
        let text = "-UNBLOCKED force unblock from blocking operation, instance state changed \
                    (master -> replica?)\r\n";
        ctx.out.push(Effect::Reply { client, bytes: text.into() });
        clients::close(ctx, client);
    }
    let repl = &mut ctx.b.repl;
    if repl.id == ReplId::NONE {
        repl.id = ReplId::random(&mut ctx.b.rng);
    }
    repl.resumable = true;
    repl.written.clear();
    repl.alone_since = None;
    repl.pinged_at = Instant::NEVER;
    repl.ensure_backlog(&ctx.b.config);
    ctx.out.log(Level::Notice, || {
        "Before turning into a replica, using my own master parameters to synthesize a cached \
         master: I may be able to synchronize with the new master with just a partial transfer."
            .into()
    });
}
