//! MULTI, EXEC, DISCARD, WATCH: commands that wait for each other.
//!
//! Between MULTI and EXEC each command is checked as always (name, arity, password, redirection,
//! role) and then queued instead of run. One that was refused spoils the whole: EXEC answers
//! EXECABORT. At EXEC the keys of all commands are judged once more, together; a redirection is
//! then the answer, and the transaction is over.
//!
//! Spec: Redis transactions.

use alloc::{boxed::Box, string::String, vec::Vec};

use super::connection;
use crate::{
    command::{
        Call, Command, Outcome,
        dispatch::{self, Refused},
        table,
    },
    id::ClientId,
    io::Level,
    resp::ReplyBuf,
    rules::{Ctx, watch as watching},
    session::Transaction,
};

/// Whether a command runs at once although a transaction has begun.
pub(in crate::command) fn is_immediate(command: &Command) -> bool {
    command.container.is_empty()
        && ["exec", "discard", "multi", "watch", "quit", "reset"].contains(&command.name)
}

/// Whether it is EXEC itself.
pub(in crate::command) fn is_exec(command: &Command) -> bool {
    command.container.is_empty() && command.name == "exec"
}

/// `MULTI`
pub(in crate::command) fn multi(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(session) = connection::session(ctx, call) else { return call.reply.ok() };
    if session.multi.is_some() {
        return call.reply.error("ERR MULTI calls can not be nested");
    }
    session.multi = Some(Box::default());
    call.reply.ok();
}

/// `DISCARD`
pub(in crate::command) fn discard(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let has_begun = connection::session(ctx, call).is_some_and(|session| session.multi.is_some());
    if !has_begun {
        return call.reply.error("ERR DISCARD without MULTI");
    }
    if let Some(client) = call.client {
        end(ctx, client);
    }
    call.reply.ok();
}

/// `WATCH key...`
pub(in crate::command) fn watch(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(client) = call.client else { return };
    let has_begun = connection::session(ctx, call).is_some_and(|session| session.multi.is_some());
    if has_begun {
        return call.reply.error("ERR WATCH inside MULTI is not allowed");
    }
    for key in call.args.iter().skip(1) {
        watching::watch(ctx, client, key);
    }
    call.reply.ok();
}

/// `UNWATCH`
pub(in crate::command) fn unwatch(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if let Some(client) = call.client {
        watching::unwatch(ctx, client);
    }
    call.reply.ok();
}

/// Puts a command that has passed all checks into the queue.
pub(in crate::command) fn queue(
    ctx: &mut Ctx<'_>,
    client: ClientId,
    command: &'static Command,
    args: &[&[u8]],
    reply: &mut ReplyBuf,
) -> Outcome {
    let limit = ctx.b.config.client_query_buffer_limit;
    let Some(transaction) = transaction(ctx, client) else { return Outcome::Done };
    transaction.push(command.flags, args);
    if transaction.bytes as u64 > limit {
        ctx.out.log(Level::Warning, || {
            alloc::format!("Closing client that reached max query buffer length: id={}", client.0)
        });
        return Outcome::Close;
    }
    reply.simple("QUEUED");
    Outcome::Done
}

/// A command was refused while a transaction has begun, or it was EXEC; its refusal stands behind
/// `mark`.
pub(in crate::command) fn refused(
    ctx: &mut Ctx<'_>,
    client: ClientId,
    command: Option<&Command>,
    how: Refused,
    mark: usize,
    reply: &mut ReplyBuf,
) {
    if !command.is_some_and(is_exec) {
        if let Some(transaction) = transaction(ctx, client) {
            transaction.failed = true;
        }
        return;
    }
    end(ctx, client);
    if how == Refused::Elsewhere {
        return;
    }
    let text = reply.as_bytes().get(mark + 1..).unwrap_or_default();
    let text = String::from_utf8_lossy(text).into_owned();
    let text = text.trim_end();
    // What Redis words only here has no prefix of its own.
    let text = if how == Refused::Worded { text.trim_start_matches("ERR ") } else { text };
    reply.truncate(mark);
    reply.error_fmt(format_args!("EXECABORT Transaction discarded because of: {text}"));
}

/// `EXEC`
pub(in crate::command) fn exec(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let begun = connection::session(ctx, call).and_then(|session| session.multi.take());
    let (Some(transaction), Some(client)) = (begun, call.client) else {
        return call.reply.error("ERR EXEC without MULTI");
    };
    let holds = watching::holds(ctx, client);
    end(ctx, client);
    if transaction.failed {
        return call.reply.error("EXECABORT Transaction discarded because of previous errors.");
    }
    if !holds {
        return call.reply.null_array();
    }
    call.reply.array(transaction.queue.len());
    for words in &transaction.queue {
        let args: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        // Invariant: only what was found is queued.
        let Ok(command) = table::lookup(&args) else { continue };
        let inner = dispatch::run_queued(ctx, client, command, &args, call.reply);
        call.outcome = match (call.outcome, inner) {
            (Outcome::Close, _) | (_, Outcome::Close) => Outcome::Close,
            (Outcome::AfterPersist, _) | (_, Outcome::AfterPersist) => Outcome::AfterPersist,
            (outcome, _) => outcome,
        };
    }
}

/// A transaction is over, whatever became of it.
fn end(ctx: &mut Ctx<'_>, client: ClientId) {
    watching::unwatch(ctx, client);
    if let Some(session) = ctx.b.sessions.get_mut(&client) {
        session.multi = None;
        session.asking = false;
    }
}

/// The transaction that a client has begun.
fn transaction<'c>(ctx: &'c mut Ctx<'_>, client: ClientId) -> Option<&'c mut Transaction> {
    ctx.b.sessions.get_mut(&client)?.multi.as_deref_mut()
}
