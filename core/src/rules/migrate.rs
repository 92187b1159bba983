//! Keys go to another server: MIGRATE.
//!
//! The rule: this node connects to the other one's data port as any client does, says AUTH and
//! SELECT if need be, and RESTORE for each key with what it has left to live. A key whose RESTORE
//! was answered with OK is deleted here, unless it was to be copied, and replicas are told DEL.
//! Until the answer is here nobody may write the keys; reads go on. One line answers the client:
//! OK, the first refusal of the other side, or that it cannot be reached.
//!
//! Spec: MIGRATE of Redis 7.0. Connections are kept for ten seconds, and a kept one that turns out
//! to be closed is dialled once more.
//! Differs from Redis: the node goes on serving meanwhile; only writes to the keys on their way
//! wait. The timeout is one for each step, as there.

#[cfg(test)]
mod tests;

use alloc::{format, string::String, vec::Vec};

use super::{Ctx, notify, replication, watch};
use crate::{
    config::event,
    endpoint::Target,
    id::LinkId,
    io::{DownReason, Effect, HangupReason, Purpose},
    migration::{Link, Stage, Task},
    repl::wire,
    slot::key_slot,
    store_formats::rdb,
    time::UnixMillis,
};

/// How long a connection without a task is kept.
const IDLE_MS: u64 = 10_000;
/// More idle connections are not kept; Redis keeps as many.
const IDLE_MAX: usize = 64;

/// Sends keys away. The client that asked is answered by an effect.
pub(crate) fn start(ctx: &mut Ctx<'_>, to: Target, task: Task) {
    ctx.b.holds.lock(task.keys.iter().cloned());
    match ctx.b.migrations.idle(&to, task.auth.as_ref()) {
        Some(id) => {
            if let Some(link) = ctx.b.migrations.links.get_mut(&id) {
                link.stage = Stage::Sent(task);
            }
            send(ctx, id);
        }
        None => dial(ctx, to, task),
    }
}

fn dial(ctx: &mut Ctx<'_>, to: Target, task: Task) {
    let link = ctx.b.migrations.fresh_link();
    let purpose = Purpose::Migration;
    ctx.out.push(Effect::dial(link, to.clone(), purpose));
    let until = ctx.now.mono.plus_ms(task.timeout_ms);
    ctx.b.migrations.links.insert(link, Link::dialling(to, task, until));
}

/// A link is connected; false if it is not one of these.
pub(crate) fn up(ctx: &mut Ctx<'_>, id: LinkId) -> bool {
    let Some(link) = ctx.b.migrations.links.get_mut(&id) else { return false };
    if let Some(task) = link.take_task() {
        link.stage = Stage::Sent(task);
        send(ctx, id);
    }
    true
}

/// Puts the keys of a link's task on their way.
fn send(ctx: &mut Ctx<'_>, id: LinkId) {
    let now = ctx.now;
    if let Some(task) = ctx.b.migrations.links.get_mut(&id).and_then(|link| link.task_mut()) {
        ctx.b.store.select(task.from);
    }
    let restore: &[u8] = if ctx.b.config.cluster_enabled { b"RESTORE-ASKING" } else { b"RESTORE" };
    let Some(link) = ctx.b.migrations.links.get_mut(&id) else { return };
    let (introduced, database) = (link.introduced.is_some(), link.database);
    let Some(task) = link.task_mut() else { return };
    let mut bytes = Vec::new();
    task.preface = 0;
    if let Some(auth) = task.auth.as_ref().filter(|_| !introduced) {
        let words: Vec<&[u8]> = auth.iter().map(Vec::as_slice).collect();
        wire::encode(&words, &mut bytes);
        task.preface += 1;
    }
    if database != Some(task.database) {
        let number = format!("{}", task.database);
        wire::encode(&[b"SELECT", number.as_bytes()], &mut bytes);
        task.preface += 1;
    }
    task.due.clear();
    for key in &task.keys {
        let Some(entry) = ctx.b.store.live(key_slot(key), key, now.wall) else { continue };
        let payload = rdb::dump(|to| entry.value.write_to(to));
        let ttl = format!("{}", entry.expire.map_or(0, |at| left(at, now.wall)));
        let mut words: Vec<&[u8]> = alloc::vec![restore, key, ttl.as_bytes(), &payload];
        if task.replaces {
            words.push(b"REPLACE");
        }
        wire::encode(&words, &mut bytes);
        task.due.push_back(crate::store::Key::clone(key));
    }
    let nothing = task.due.is_empty();
    let (auth, database) = (task.auth.clone(), task.database);
    link.until = now.mono.plus_ms(task.timeout_ms);
    if nothing {
        // All of them have expired since.
        return finish(ctx, id, Ok(()));
    }
    link.introduced = auth;
    link.database = Some(database);
    ctx.out.push(Effect::Stream { link: id, bytes });
}

/// What a key has left to live: at least a millisecond, since 0 would mean for ever.
fn left(at: UnixMillis, now: UnixMillis) -> u64 {
    at.0.saturating_sub(now.0).max(1)
}

/// Answers came; false if the link is not one of these.
pub(crate) fn bytes(ctx: &mut Ctx<'_>, id: LinkId, bytes: &[u8]) -> bool {
    let now = ctx.now.mono;
    let Some(link) = ctx.b.migrations.links.get_mut(&id) else { return false };
    let fits = link.receive(bytes);
    link.proven = true;
    loop {
        let Some(task) = link.task_mut() else {
            // An idle link has nothing to say: whoever is there is not to be trusted with keys.
            close(ctx, id, HangupReason::Protocol);
            return true;
        };
        if task.is_answered() {
            break;
        }
        let until = now.plus_ms(task.timeout_ms);
        link.until = until;
        let Some(line) = link.answer() else {
            if !fits {
                finish(ctx, id, Err(Failure::Reading));
                close(ctx, id, HangupReason::Protocol);
            }
            return true;
        };
        if let Some(task) = link.task_mut() {
            task.answered(&line);
        }
    }
    let says_more = link.has_more();
    finish(ctx, id, Ok(()));
    if says_more {
        close(ctx, id, HangupReason::Protocol);
    }
    true
}

/// A link is gone, or could not be made; false if it is not one of these.
pub(crate) fn down(ctx: &mut Ctx<'_>, id: LinkId, why: DownReason) -> bool {
    let Some(link) = ctx.b.migrations.links.get_mut(&id) else { return false };
    let stale = link.proven && link.task_mut().is_some_and(|task| !task.heard());
    if stale {
        // Kept, and closed meanwhile by the other side: nothing of this task was done there.
        let to = link.to.clone();
        if let Some(task) = link.take_task() {
            ctx.b.migrations.links.remove(&id);
            dial(ctx, to, task);
            return true;
        }
    }
    let failure = match link.stage {
        // A refusal is something that Redis learns only when it writes.
        Stage::Dialling(_) if why == DownReason::Refused => Failure::Writing,
        Stage::Dialling(_) => Failure::Connecting,
        Stage::Sent(_) | Stage::Idle => Failure::Reading,
    };
    finish(ctx, id, Err(failure));
    ctx.b.migrations.links.remove(&id);
    true
}

/// Ends what has waited long enough.
pub(crate) fn expire(ctx: &mut Ctx<'_>) {
    let now = ctx.now.mono;
    let links = ctx.b.migrations.links.iter();
    let due: Vec<LinkId> = links.filter(|(_, link)| link.until <= now).map(|(id, _)| *id).collect();
    for id in due {
        let failure = match ctx.b.migrations.links.get(&id).map(|link| &link.stage) {
            Some(Stage::Dialling(_)) => Failure::Connecting,
            Some(Stage::Sent(_) | Stage::Idle) | None => Failure::Reading,
        };
        finish(ctx, id, Err(failure));
        close(ctx, id, HangupReason::Silent);
    }
}

/// Why the other side did not answer.
#[derive(Clone, Copy, Debug)]
enum Failure {
    Connecting,
    Writing,
    Reading,
}

fn close(ctx: &mut Ctx<'_>, id: LinkId, why: HangupReason) {
    if ctx.b.migrations.links.remove(&id).is_some() {
        ctx.out.push(Effect::Hangup { link: id, why });
    }
}

/// The task of a link is over: what has arrived is deleted here, and the client is answered.
fn finish(ctx: &mut Ctx<'_>, id: LinkId, end: Result<(), Failure>) {
    let now = ctx.now.mono;
    let Some(link) = ctx.b.migrations.links.get_mut(&id) else { return };
    let Some(task) = link.take_task() else { return };
    link.until = now.plus_ms(IDLE_MS);
    if task.refusal.is_some() {
        // Perhaps that was AUTH or SELECT: both are said again.
        link.database = None;
        link.introduced = None;
    }
    ctx.b.holds.unlock(&task.keys);
    let follows = ctx.b.repl.is_replica() || !ctx.b.cluster.is_master();
    if !task.copies && !follows {
        delete(ctx, &task);
    }
    let answer: String = match (end, task.refusal) {
        _ if follows => "-UNBLOCKED force unblock from blocking operation, instance state changed \
                         (master -> replica?)\r\n"
            .into(),
        (_, Some(why)) => format!("-ERR Target instance replied with error: {why}\r\n"),
        (Err(Failure::Connecting), None) => {
            "-IOERR error or timeout connecting to the client\r\n".into()
        }
        (Err(Failure::Writing), None) => {
            "-IOERR error or timeout writing to target instance\r\n".into()
        }
        (Err(Failure::Reading), None) => {
            "-IOERR error or timeout reading to target instance\r\n".into()
        }
        (Ok(()), None) => "+OK\r\n".into(),
    };
    ctx.out.push(Effect::Reply { client: task.client, bytes: answer.into_bytes() });
    let idle = ctx.b.migrations.links.values().filter(|l| matches!(l.stage, Stage::Idle)).count();
    if end.is_ok() && idle > IDLE_MAX {
        close(ctx, id, HangupReason::Unneeded);
    }
}

/// Deletes what has arrived, and says so in one DEL.
fn delete(ctx: &mut Ctx<'_>, task: &Task) {
    ctx.b.store.select(task.from);
    let mut words: Vec<&[u8]> = alloc::vec![b"DEL"];
    for key in &task.arrived {
        if ctx.b.store.remove(key_slot(key), key).is_some() {
            words.push(key);
        }
    }
    for key in words.iter().skip(1) {
        notify::event(ctx, event::GENERIC, "del", key);
        watch::touched(ctx, key);
    }
    if words.len() > 1 {
        replication::propagate(ctx, &words);
        replication::wrote(ctx, task.client);
    }
}
