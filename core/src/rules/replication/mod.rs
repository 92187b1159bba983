//! Replication at work: the stream goes out, replicas come and go, WAIT is answered.
//!
//! The state is in [`crate::repl`]; here is what has effects. [`attach()`] brings a replica up to
//! date, [`follow`](mod@follow) makes this node a replica or a master, [`cron`](mod@cron) is what
//! happens each second. Applying a master's stream is in `node/stream`.
//!
//! Spec: Redis replication. A master sends each write to its replicas after it has answered the
//! client, and waits for nobody (unless the client says WAIT).

mod attach;
mod cron;
mod failover;
mod follow;
mod snapshot;
mod writable;

pub(crate) use attach::{Refusal, Request, attach, psync_request};
pub(crate) use cron::{acknowledge, cron};
pub(crate) use failover::{
    Plan, abort as abort_failover, answered as failover_answered, begin as begin_failover,
    take_over,
};
pub(crate) use follow::{discarded, drop_replicas, follow, follow_nobody, lost, start};
use snapshot::drop_overflowing;
pub(crate) use snapshot::sent as snapshot_sent;
pub(crate) use writable::{expire_own, wrote_here};

use alloc::vec::Vec;

use super::Ctx;
use crate::{
    id::ClientId,
    io::{Effect, Level},
    repl::{Gathered, Kept, Stage, Waiter, wire},
    time::Instant,
};

/// A write enters the append only file, if there is one, and this master's stream (nothing on a
/// replica, or while no replica ever came: such a master does not count). While a command is running it is only
/// gathered: see [`Unit`](crate::repl::Unit).
pub(crate) fn propagate(ctx: &mut Ctx<'_>, command: &[&[u8]]) {
    pass_on(ctx, command, Kept::Logged);
}

/// The same for what replicas are told and no file has to keep: a message of Pub/Sub.
pub(crate) fn tell(ctx: &mut Ctx<'_>, command: &[&[u8]]) {
    pass_on(ctx, command, Kept::Told);
}

fn pass_on(ctx: &mut Ctx<'_>, command: &[&[u8]], kept: Kept) {
    if !is_wanted(ctx) {
        return;
    }
    let unit = &mut ctx.b.repl.unit;
    if unit.open {
        unit.commands.push(Gathered {
            words: command.iter().map(|word| word.to_vec()).collect(),
            kept,
            database: ctx.b.store.number(),
        });
    } else {
        emit(ctx, command, kept);
    }
}

/// From here to [`close_unit`] commands are gathered, because they belong together.
pub(crate) const fn open_unit(ctx: &mut Ctx<'_>) {
    ctx.b.repl.unit.open = true;
}

/// What was gathered enters the stream, within MULTI and EXEC if it is more than one command; not
/// if these have nothing in common (`is_loose`), as keys that SCAN found to be due.
pub(crate) fn close_unit(ctx: &mut Ctx<'_>, is_loose: bool) {
    let unit = &mut ctx.b.repl.unit;
    unit.open = false;
    if unit.commands.is_empty() {
        return;
    }
    let commands = core::mem::take(&mut unit.commands);
    let is_wrapped = commands.len() > 1 && !is_loose;
    let logs = commands.iter().any(|command| command.kept == Kept::Logged);
    let kept = if logs { Kept::Logged } else { Kept::Told };
    let running_on = ctx.b.store.number();
    if is_wrapped && let Some(first) = commands.first() {
        // So that its SELECT stands before it.
        ctx.b.store.select(first.database);
        emit(ctx, &[b"MULTI"], kept);
    }
    for command in &commands {
        let words: Vec<&[u8]> = command.words.iter().map(Vec::as_slice).collect();
        ctx.b.store.select(command.database);
        emit(ctx, &words, command.kept);
    }
    if is_wrapped {
        append(ctx, &[b"EXEC"], kept);
    }
    ctx.b.store.select(running_on);
}

/// Whether anybody keeps what this node writes.
fn is_wanted(ctx: &Ctx<'_>) -> bool {
    ctx.b.persist.is_logging() || is_followed(ctx)
}

/// Whether replicas are told of it.
const fn is_followed(ctx: &Ctx<'_>) -> bool {
    let repl = &ctx.b.repl;
    !repl.is_replica() && repl.backlog.is_some()
}

/// One command of the data, behind a SELECT if the stream means another database.
fn emit(ctx: &mut Ctx<'_>, command: &[&[u8]], kept: Kept) {
    let database = ctx.b.store.number();
    if is_followed(ctx) && ctx.b.repl.selected.replace(database) != Some(database) {
        let mut bytes = Vec::new();
        wire::select(database, &mut bytes);
        ctx.b.repl.produce(&bytes);
    }
    append(ctx, command, kept);
}

/// The one place through which commands leave for whoever keeps them.
fn append(ctx: &mut Ctx<'_>, command: &[&[u8]], kept: Kept) {
    if kept == Kept::Logged {
        super::persistence::log(ctx, command);
    }
    if is_followed(ctx) {
        ctx.b.repl.produce(&wire::encoded(command));
    }
}

/// Remembers that this client's last write is what entered the stream last, for its WAIT.
pub(crate) fn wrote(ctx: &mut Ctx<'_>, client: ClientId) {
    let repl = &mut ctx.b.repl;
    if !repl.is_replica() && repl.backlog.is_some() {
        repl.written.insert(client, repl.offset);
    }
}

/// Ends a turn: what is new in the stream goes to every replica, one effect each, and answered
/// WAITs to their clients.
pub(crate) fn feed(ctx: &mut Ctx<'_>) {
    if ctx.b.repl.failover.is_some() {
        failover::step(ctx);
    }
    let repl = &mut ctx.b.repl;
    if core::mem::take(&mut repl.waiters.ask) && !repl.quiet && !repl.replicas.is_empty() {
        repl.produce(&wire::encoded(&[b"REPLCONF", b"GETACK", b"*"]));
    }
    if let Some(log) = &mut repl.backlog {
        let end = log.end();
        // Most replicas stand at the same byte: copied once for each place.
        let mut last: Option<(u64, Vec<u8>)> = None;
        for replica in repl.replicas.iter_mut().filter(|replica| replica.next < end) {
            let bytes = match &last {
                Some((from, bytes)) if *from == replica.next => bytes.clone(),
                _ => {
                    let mut bytes = Vec::new();
                    // Invariant: the backlog is trimmed only below, when all have been fed.
                    log.copy_from(replica.next, &mut bytes);
                    last = Some((replica.next, bytes.clone()));
                    bytes
                }
            };
            replica.next = end;
            match &mut replica.stage {
                Stage::Online => ctx.out.push(Effect::Reply { client: replica.client, bytes }),
                Stage::Receiving { held, .. } => held.extend_from_slice(&bytes),
            }
        }
        log.trim();
    }
    drop_overflowing(ctx);
    answer_waits(ctx);
}

/// A replica says how far it is.
pub(crate) fn acknowledged(ctx: &mut Ctx<'_>, client: ClientId, offset: u64) {
    snapshot::acknowledged(ctx, client);
    // The waiting clients are answered when the turn ends.
    ctx.b.repl.replicas.ack(client, offset, ctx.now.mono);
}

/// WAIT: the number of replicas at once, or `None` and the answer comes later; in a transaction
/// nothing waits.
pub(crate) fn wait(
    ctx: &mut Ctx<'_>,
    client: ClientId,
    needed: u64,
    timeout_ms: u64,
    may_wait: bool,
) -> Option<u64> {
    let repl = &mut ctx.b.repl;
    let offset = repl.written.get(&client).copied().unwrap_or(0);
    let reached = repl.replicas.acked(offset) as u64;
    if reached >= needed || !may_wait {
        return Some(reached);
    }
    let until = if timeout_ms == 0 { Instant::NEVER } else { ctx.now.mono.plus_ms(timeout_ms) };
    repl.waiters.block(Waiter { client, needed, offset, until });
    None
}

/// A client waits no more for its WAIT; how many replicas it has reached, if it did wait.
pub(crate) fn end_wait(ctx: &mut Ctx<'_>, client: ClientId) -> Option<u64> {
    let repl = &mut ctx.b.repl;
    let waiter = repl.waiters.take(client)?;
    Some(repl.replicas.acked(waiter.offset) as u64)
}

/// A client is gone: it may have been a replica, or have waited.
pub(crate) fn client_gone(ctx: &mut Ctx<'_>, client: ClientId) {
    if let Some(replica) = ctx.b.repl.forget(client, ctx.now.mono) {
        ctx.out.log(Level::Warning, || {
            alloc::format!("Connection with replica {} lost.", replica.name)
        });
    }
}

fn answer_waits(ctx: &mut Ctx<'_>) {
    let repl = &mut ctx.b.repl;
    for (client, reached) in repl.waiters.ready(&repl.replicas, ctx.now.mono) {
        let mut bytes = Vec::new();
        wire::head(b':', usize::try_from(reached).unwrap_or(usize::MAX), &mut bytes);
        ctx.out.push(Effect::Reply { client, bytes });
    }
}
