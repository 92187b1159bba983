//! CLUSTER FAILOVER: a replica takes its living master's place without losing a write.
//!
//! The replica sends MFSTART. The master stops taking writes (they wait, nobody is refused) and
//! says in every header that it stands still, and at which offset. When the replica has processed
//! the stream up to there, both hold the same data, and the replica asks for votes at once, with a
//! flag that has voters overlook that the master is up. The master lets its clients go on when it
//! hears the new claim (as a replica, so they are redirected), or when five seconds are over.
//!
//! `FORCE` leaves the handshake out (the master is down), `TAKEOVER` the votes as well: it takes
//! the next config epoch without asking, for when no majority is left.
//!
//! Spec: Redis Cluster spec, "Manual failover"; Redis 7.0 behaviour.

use super::{Ctx, epoch, promote, speak};
use crate::{
    cluster::{Manual, Part, PeerIdx},
    explain::{ElectionWait, ManualMode, ManualStep, ManualVerdict, Reason},
    hold::{Purpose, Scope},
    id::LinkId,
};

/// An attempt lasts so long, on either side.
const TIMEOUT_MS: u64 = 5000;
/// Clients of the master wait at most twice as long: past the end of the attempt, so that no write
/// slips in between a late promotion and the news of it.
const PAUSE_MS: u64 = 2 * TIMEOUT_MS;

/// CLUSTER FAILOVER was typed at this replica of `master`, and nothing speaks against it.
pub(crate) fn ask(ctx: &mut Ctx<'_>, master: PeerIdx, mode: ManualMode) {
    reset(ctx);
    let part = if mode == ManualMode::Default { Part::Asked } else { Part::Ready };
    let until = ctx.now.mono.plus_ms(TIMEOUT_MS);
    ctx.b.cluster.manual = Some(Manual { until, part });
    explain(ctx, ManualStep::Asked(mode), master, None);
    match mode {
        ManualMode::Default => speak::manual_failover_start(ctx, master),
        ManualMode::Force => ctx.b.cluster.todo.election = true,
        ManualMode::Takeover => {
            epoch::bump_without_consensus(ctx);
            promote::take_over(ctx, master);
        }
    }
}

/// MFSTART from a node, which came on `link`.
pub(crate) fn hear_start(ctx: &mut Ctx<'_>, from: PeerIdx, link: LinkId) {
    let cluster = &ctx.b.cluster;
    let is_my_replica = cluster.peers.get(from).is_some_and(|p| p.master() == Some(PeerIdx::ME));
    if !is_my_replica {
        return;
    }
    reset(ctx);
    let until = ctx.now.mono.plus_ms(TIMEOUT_MS);
    ctx.b.cluster.manual = Some(Manual { until, part: Part::Paused { replica: from } });
    pause(ctx);
    explain(ctx, ManualStep::Requested, from, None);
    // The offset at once, on the way that the question came; then with every tick.
    speak::ping_on(ctx, link);
}

/// A header of this replica's master says that it stands still, at `offset`.
pub(crate) fn hear_offset(ctx: &mut Ctx<'_>, master: PeerIdx, offset: u64) {
    let Some(manual) = &mut ctx.b.cluster.manual else { return };
    if manual.part != Part::Asked {
        return;
    }
    manual.part = Part::CatchingUp { offset };
    explain(ctx, ManualStep::OffsetHeard, master, Some(offset));
    let mine = ctx.b.repl.offset();
    if mine != offset {
        let wait = ElectionWait::Manual { mine, needed: Some(offset) };
        ctx.out.because_if(|| Reason::ElectionWaits(wait));
    }
    step(ctx);
}

/// Has this replica processed all that its master had? Asked at the end of each turn.
pub(crate) fn step(ctx: &mut Ctx<'_>) {
    let Some(Manual { part: Part::CatchingUp { offset }, until }) = ctx.b.cluster.manual else {
        return;
    };
    let Some(master) = ctx.b.cluster.my_master() else { return };
    if ctx.b.repl.offset() != offset {
        return;
    }
    ctx.b.cluster.manual = Some(Manual { until, part: Part::Ready });
    ctx.b.cluster.todo.election = true;
    explain(ctx, ManualStep::CaughtUp, master, Some(offset));
}

/// Gives an attempt up whose time is over.
pub(crate) fn expire(ctx: &mut Ctx<'_>) {
    let Some(manual) = ctx.b.cluster.manual.filter(|manual| ctx.now.mono > manual.until) else {
        return;
    };
    let with = manual.paused_for().or_else(|| ctx.b.cluster.my_master());
    let needed = match manual.part {
        Part::CatchingUp { offset } => Some(offset),
        Part::Asked | Part::Ready | Part::Paused { .. } => None,
    };
    if let Some(with) = with {
        explain(ctx, ManualStep::TimedOut, with, needed);
    }
    reset(ctx);
}

/// Ends an attempt, whatever this node's part in it was.
pub(crate) fn reset(ctx: &mut Ctx<'_>) {
    let Some(manual) = ctx.b.cluster.manual.take() else { return };
    if manual.paused_for().is_some() {
        unpause(ctx);
    }
}

/// What a replica in a manual failover waits for, before it may ask for votes.
pub(crate) fn wait(manual: Manual, mine: u64) -> ElectionWait {
    let needed = match manual.part {
        Part::CatchingUp { offset } => Some(offset),
        Part::Asked | Part::Ready | Part::Paused { .. } => None,
    };
    ElectionWait::Manual { mine, needed }
}

/// Nothing enters the stream from here on: no write, no expiry, no PING.
fn pause(ctx: &mut Ctx<'_>) {
    ctx.b.repl.quiet = true;
    let until = ctx.now.mono.plus_ms(PAUSE_MS);
    ctx.b.holds.pause(Purpose::Failover, Scope::Writes, until);
}

fn unpause(ctx: &mut Ctx<'_>) {
    ctx.b.repl.quiet = false;
    ctx.b.holds.unpause(Purpose::Failover);
}

fn explain(ctx: &mut Ctx<'_>, step: ManualStep, with: PeerIdx, needed: Option<u64>) {
    let mine = ctx.b.repl.offset();
    if let Some(with) = ctx.b.cluster.peers.id_of(with) {
        ctx.out.because(Reason::Manual(ManualVerdict { step, with, mine, needed }));
    }
}
