//! The link to the master: shaking hands, loading the snapshot, applying the stream.
//!
//! [`Upstream::next`](crate::repl::Upstream::next) says what came; here is what is done about it.
//! What was applied is forwarded, byte by byte, into this node's own backlog, so that its own
//! replicas and, after a promotion, its former peers can go on from it.

mod load;
#[cfg(test)]
mod tests;

pub(super) use load::Head;

use alloc::{string::String, vec::Vec};

use super::{MasterLink, ReplView};
use crate::{
    id::LinkId,
    io::{DownReason, Effect, Exit, HangupReason, Level},
    repl::{Form, Heard, Phase, Repl, ReplId, Transfer, wire},
    rules::{
        Ctx, persistence,
        replication::{acknowledge, drop_replicas, failover_answered, lost},
    },
    store::database,
};

/// The dialled link is up.
pub(super) fn up(ctx: &mut Ctx<'_>, link: LinkId) {
    let now = ctx.now.mono;
    let Some(up) = ctx.b.repl.upstream.as_mut().filter(|up| up.link == Some(link)) else { return };
    up.phase = Phase::Ping;
    up.last_io = now;
    ctx.out.log(Level::Notice, || "Non blocking connect for SYNC fired the event.".into());
    say(ctx, &[&[b"PING"]]);
}

/// The dialled link is gone, or could not be made.
pub(super) fn down(ctx: &mut Ctx<'_>, link: LinkId, why: DownReason) {
    let Some(up) = ctx.b.repl.upstream.as_ref().filter(|up| up.link == Some(link)) else { return };
    match &up.phase {
        Phase::Streaming => {}
        Phase::Receiving(_) => ctx
            .out
            .log(Level::Warning, || "I/O error trying to sync with MASTER: connection lost".into()),
        Phase::Waiting
        | Phase::Dialling
        | Phase::Ping
        | Phase::Introducing { .. }
        | Phase::Asking => ctx.out.log(Level::Warning, || {
            alloc::format!("Error condition on socket for SYNC: {}", socket_error(why))
        }),
    }
    lost(ctx, None);
}

/// Bytes came from the master.
pub(super) fn bytes(ctx: &mut Ctx<'_>, link: LinkId, bytes: &[u8]) {
    let now = ctx.now.mono;
    let Some(up) = ctx.b.repl.upstream.as_mut().filter(|up| up.link == Some(link)) else { return };
    up.receive(bytes, now);
    let limit = usize::try_from(ctx.b.config.client_query_buffer_limit).unwrap_or(usize::MAX);
    loop {
        // A command may end the link, or the whole role (SHUTDOWN does not come by stream, but a
        // rule may run); what was received for it is then gone with it.
        let Some(up) = ctx.b.repl.upstream.as_mut().filter(|up| up.link == Some(link)) else {
            return;
        };
        match up.next(limit) {
            Heard::Nothing => {
                up.compact();
                return;
            }
            heard => hear(ctx, heard),
        }
    }
}

fn hear(ctx: &mut Ctx<'_>, heard: Heard) {
    match heard {
        Heard::Nothing => {}
        Heard::Pong(Ok(())) => {
            let line = "Master replied to PING, replication can continue...";
            ctx.out.log(Level::Notice, || line.into());
            introduce(ctx);
        }
        Heard::Pong(Err(line)) => {
            give_up(ctx, || alloc::format!("Error reply to PING from master: '{line}'"));
        }
        Heard::Auth(Ok(())) => {}
        Heard::Auth(Err(line)) => {
            give_up(ctx, || alloc::format!("Unable to AUTH to MASTER: {line}"));
        }
        Heard::Introduced(answer) => introduced(ctx, answer.err()),
        Heard::FullResync(id, offset) => {
            let line = || alloc::format!("Full resync from master: {id}:{offset}");
            ctx.out.log(Level::Notice, line);
            failover_answered(ctx, true);
            expect_snapshot(ctx, Some((id, offset)));
        }
        Heard::Continue(id) => {
            failover_answered(ctx, true);
            resume(ctx, id);
        }
        Heard::Later(line) => {
            give_up(ctx, || {
                alloc::format!(
                    "Master is currently unable to PSYNC but should be in the future: {line}"
                )
            });
            failover_answered(ctx, false);
        }
        Heard::Unsupported(line) => {
            if ctx.b.repl.failover.is_some() {
                return failover_answered(ctx, false);
            }
            let text = alloc::format!(
                "Master does not support PSYNC or is in error state (reply: {line})"
            );
            ctx.out.log(Level::Notice, || text);
            ctx.out.log(Level::Notice, || "Retrying with SYNC...".into());
            expect_snapshot(ctx, None);
            send(ctx, b"SYNC\r\n".to_vec());
        }
        Heard::Snapshot(form) => ctx.out.log(Level::Notice, || match form {
            Form::Sized(n) => {
                alloc::format!("MASTER <-> REPLICA sync: receiving {n} bytes from master to disk")
            }
            Form::Marked(_) => "MASTER <-> REPLICA sync: receiving streamed RDB from master with \
                                EOF to disk"
                .into(),
        }),
        Heard::Piece(bytes, last) => load::piece(ctx, &bytes, last),
        Heard::Command(words) => command(ctx, words),
        Heard::Broken(why) => {
            if ctx.b.repl.link_is_up() {
                // Going on from the same byte would meet the same bytes.
                ctx.b.repl.resumable = false;
            }
            give_up(ctx, || why);
        }
    }
}

/// AUTH, then who we are, in one go.
fn introduce(ctx: &mut Ctx<'_>) {
    let config = &ctx.b.config;
    let announced = |name| config.value(name).filter(|value| !value.is_empty() && value != "0");
    let port =
        announced("replica-announce-port").unwrap_or_else(|| alloc::format!("{}", config.port));
    let ip = announced("replica-announce-ip");
    let (user, password) = (config.masteruser.as_bytes(), config.masterauth.as_bytes());
    let auth = !password.is_empty();
    let mut bytes = Vec::new();
    if auth && user.is_empty() {
        wire::encode(&[b"AUTH", password], &mut bytes);
    } else if auth {
        wire::encode(&[b"AUTH", user, password], &mut bytes);
    }
    wire::encode(&[b"REPLCONF", b"listening-port", port.as_bytes()], &mut bytes);
    if let Some(ip) = &ip {
        wire::encode(&[b"REPLCONF", b"ip-address", ip.as_bytes()], &mut bytes);
    }
    wire::encode(&[b"REPLCONF", b"capa", b"eof", b"capa", b"psync2"], &mut bytes);
    let replies = 2 + u32::from(ip.is_some());
    if let Some(up) = &mut ctx.b.repl.upstream {
        up.phase = Phase::Introducing { auth, replies };
    }
    send(ctx, bytes);
}

/// An answer to REPLCONF came; after the last one, PSYNC.
fn introduced(ctx: &mut Ctx<'_>, refused: Option<String>) {
    if let Some(line) = refused {
        ctx.out.log(Level::Notice, || {
            alloc::format!("(Non critical) Master does not understand REPLCONF: {line}")
        });
    }
    let Repl { upstream: Some(up), resumable, id, offset, .. } = &mut ctx.b.repl else { return };
    if !matches!(up.phase, Phase::Introducing { replies: 0, .. }) {
        return;
    }
    up.phase = Phase::Asking;
    let next = *offset + 1;
    if *resumable {
        let id = *id;
        ctx.out.log(Level::Notice, || {
            alloc::format!("Trying a partial resynchronization (request {id}:{next}).")
        });
        let mut number = itoa::Buffer::new();
        let (id, next) = (id.as_str().as_bytes(), number.format(next).as_bytes());
        if ctx.b.repl.failover.is_some() {
            say(ctx, &[&[b"PSYNC", id, next, b"FAILOVER"]]);
        } else {
            say(ctx, &[&[b"PSYNC", id, next]]);
        }
    } else {
        ctx.out.log(Level::Notice, || {
            "Partial resynchronization not possible (no cached master)".into()
        });
        say(ctx, &[&[b"PSYNC", b"?", b"-1"]]);
    }
}

fn expect_snapshot(ctx: &mut Ctx<'_>, history: Option<(ReplId, u64)>) {
    if let Some(up) = &mut ctx.b.repl.upstream {
        up.phase = Phase::Receiving(Transfer { history, form: None, received: 0 });
    }
}

/// `+CONTINUE`: the stream goes on where it broke, perhaps under a new id.
fn resume(ctx: &mut Ctx<'_>, id: Option<ReplId>) {
    if !ctx.b.repl.resumable {
        // We asked for everything: what follows would not fit what we hold.
        give_up(ctx, || "Master answered +CONTINUE to a request for a full resync.".into());
        return;
    }
    ctx.out.log(Level::Notice, || "Successful partial resynchronization with master.".into());
    let old = ctx.b.repl.id;
    if let Some(id) = id.filter(|id| *id != old) {
        ctx.b.repl.shift(id);
        let line = || alloc::format!("Master replication ID changed to {id}");
        ctx.out.log(Level::Warning, line);
        drop_replicas(ctx);
    }
    ctx.b.repl.ensure_backlog(&ctx.b.config);
    stream_begins(ctx);
    ctx.out.log(Level::Notice, || {
        "MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.".into()
    });
}

fn stream_begins(ctx: &mut Ctx<'_>) {
    if let Some(up) = &mut ctx.b.repl.upstream {
        up.phase = Phase::Streaming;
        up.down_since = None;
    }
    // In the marked form the master sends nothing before this.
    acknowledge(ctx);
}

/// One command of the stream.
fn command(ctx: &mut Ctx<'_>, words: Vec<Vec<u8>>) {
    let name = words.first().map(|name| name.to_ascii_uppercase()).unwrap_or_default();
    let second = words.get(1).map(|word| word.to_ascii_uppercase()).unwrap_or_default();
    match (name.as_slice(), second.as_slice()) {
        (b"MULTI", _) => {
            ctx.b.repl.queued = Some(Vec::new());
            return;
        }
        (b"EXEC", _) => {
            let queued = ctx.b.repl.queued.take().unwrap_or_default();
            transaction(ctx, &queued);
        }
        _ if ctx.b.repl.queued.is_some() => {
            // Half of a MULTI must not be applied: the offset stays before it until its EXEC.
            if let Some(queue) = &mut ctx.b.repl.queued {
                queue.push(words);
            }
            return;
        }
        // Answered with the offset before it; see `crate::repl`.
        (b"REPLCONF", b"GETACK") => acknowledge(ctx),
        (b"SELECT", db) => match database(&ctx.b.config, db) {
            Some(number) => ctx.b.repl.database = number,
            None => {
                let text = String::from_utf8_lossy(db).into_owned();
                ctx.b.repl.resumable = false;
                give_up(ctx, || {
                    alloc::format!("the master uses database {text}, which is not here")
                });
                return;
            }
        },
        (b"PING" | b"REPLCONF", _) => {}
        _ => apply(ctx, &words),
    }
    ctx.b.repl.process_read();
}

/// A whole transaction: all of it, or nothing if one of its commands cannot even be queued.
fn transaction(ctx: &mut Ctx<'_>, queued: &[Vec<Vec<u8>>]) {
    let mut refused = false;
    for words in queued {
        if let Err(error) = crate::command::known(&slices(words)) {
            complain(ctx, &error, "<unknown>");
            refused = true;
        }
    }
    if refused {
        let error = "-EXECABORT Transaction discarded because of previous errors.";
        return complain(ctx, error, "exec");
    }
    ctx.b.store.select(ctx.b.repl.database);
    persistence::log(ctx, &[b"MULTI"]);
    for words in queued {
        match words.as_slice() {
            [name, number] if name.eq_ignore_ascii_case(b"SELECT") => {
                if let Some(number) = database(&ctx.b.config, number) {
                    ctx.b.repl.database = number;
                }
            }
            _ => apply(ctx, words),
        }
    }
    persistence::log(ctx, &[b"EXEC"]);
}

fn slices(words: &[Vec<u8>]) -> Vec<&[u8]> {
    words.iter().map(Vec::as_slice).collect()
}

fn apply(ctx: &mut Ctx<'_>, words: &[Vec<u8>]) {
    let args = slices(words);
    ctx.b.store.select(ctx.b.repl.database);
    match crate::command::known(&args) {
        Err(error) => complain(ctx, &error, "<unknown>"),
        Ok(command) => {
            let result = crate::command::apply(ctx, command, &args);
            crate::command::applied(ctx.b, command, result.is_err());
            match result {
                Ok(()) => persistence::log(ctx, &args),
                Err(error) => {
                    complain(ctx, &error, &alloc::format!("{}{}", command.container, command.name));
                }
            }
        }
    }
}

/// A command of the master fails here: the data differ from its from now on. As in Redis that is
/// said and counted, and ends the process if `propagation-error-behavior` wants it so.
fn complain(ctx: &mut Ctx<'_>, error: &str, command: &str) {
    ctx.b.stats.unexpected_errors += 1;
    ctx.out.log(Level::Warning, || {
        alloc::format!(
            "== CRITICAL == This replica is sending an error to its master: '{error}' after \
             processing the command '{command}'"
        )
    });
    let behaviour = ctx.b.config.value("propagation-error-behavior").unwrap_or_default();
    if behaviour.starts_with("panic") && ctx.b.config.replica_read_only {
        ctx.out.log(Level::Warning, || {
            alloc::format!(
                "This replica panicked sending an error to its master after processing the \
                 command '{command}'"
            )
        });
        ctx.out.push(Effect::Exit(Exit::Fatal));
    }
}

/// Ends the link with a line; the next second tries again.
fn give_up(ctx: &mut Ctx<'_>, line: impl FnOnce() -> String) {
    ctx.out.log(Level::Warning, line);
    lost(ctx, Some(HangupReason::Protocol));
}

fn say(ctx: &mut Ctx<'_>, commands: &[&[&[u8]]]) {
    let mut bytes = Vec::new();
    for command in commands {
        wire::encode(command, &mut bytes);
    }
    send(ctx, bytes);
}

fn send(ctx: &mut Ctx<'_>, bytes: Vec<u8>) {
    if let Some(link) = ctx.b.repl.upstream.as_ref().and_then(|up| up.link) {
        ctx.out.push(Effect::Stream { link, bytes });
    }
}

/// As the operating system words it, since that is what Redis prints here.
pub(super) const fn socket_error(why: DownReason) -> &'static str {
    match why {
        DownReason::Refused => "Connection refused",
        DownReason::Unreachable => "Connection timed out",
        DownReason::Closed | DownReason::Reset => "Connection reset by peer",
        DownReason::Garbage | DownReason::Overflow { .. } => "Connection aborted",
    }
}

impl Repl {
    /// The link to the master as snapshots show it.
    pub(super) fn link_view(&self) -> MasterLink {
        match &self.upstream {
            None => MasterLink::None,
            Some(up) if up.is_up() => MasterLink::Up,
            Some(up) => match (&up.phase, up.down_since) {
                (Phase::Waiting | Phase::Dialling, Some(since)) => MasterLink::Down(since),
                _ => MasterLink::Syncing,
            },
        }
    }

    /// Replication as snapshots show it.
    pub(super) fn view(&self) -> ReplView {
        ReplView {
            offset: self.offset(),
            link: self.link_view(),
            backlog: self.backlog.as_ref().map(|log| (log.first(), log.len())),
            replicas: self.replicas.iter().map(|r| (r.name.port, r.acked, true)).collect(),
        }
    }
}
