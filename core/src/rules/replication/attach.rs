//! A replica asks for the stream: from where it is if that can be, else from the start.
//!
//! Spec: Redis replication, PSYNC. The numbers are judged by `Repl::judge_resync`; here is what
//! follows. How the whole dataset is sent is in [`super::snapshot`].

use alloc::{string::String, vec::Vec};

use super::snapshot;
use crate::{
    explain::{Reason, Resync},
    id::ClientId,
    io::{Effect, Framing, Level},
    repl::{Introduction, Repl, ReplId, Replica, ReplicaName, Stage},
    resp,
    rules::{Ctx, persistence},
};

/// How a replica asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// The old way: a snapshot without a first line, and no acknowledgements afterwards.
    Sync,
    /// `PSYNC <id> <offset>`; `?` asks for a snapshot in any case.
    Psync {
        /// The id as it came.
        id: String,
        /// The first byte wanted.
        offset: i64,
    },
}

/// Why it cannot be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is a replica already: Redis says nothing.
    Already,
    /// This node is a replica itself, and not in step with its master.
    NoMasterLink,
    /// This master is handing its role over.
    FailsOver,
}

/// Attaches `client` as a replica.
pub(crate) fn attach(
    ctx: &mut Ctx<'_>,
    client: ClientId,
    request: &Request,
) -> Result<(), Refusal> {
    let repl = &ctx.b.repl;
    if repl.replicas.contains(client) {
        return Err(Refusal::Already);
    }
    if repl.failover.is_some() {
        return Err(Refusal::FailsOver);
    }
    if repl.is_replica() && !repl.link_is_up() {
        return Err(Refusal::NoMasterLink);
    }
    let said = repl.introductions.get(&client).cloned().unwrap_or_default();
    let name = name_of(ctx, client, &said);
    ctx.out.log(Level::Notice, || alloc::format!("Replica {name} asks for synchronization"));

    let how = judge(ctx, request, &name);
    let port = name.port;
    let stage = match how {
        Resync::Partial { from, .. } => {
            let bytes = partial(ctx, from, said.psync2, &name);
            ctx.out.push(Effect::Reply { client, bytes });
            Stage::Online
        }
        Resync::FullAsked | Resync::FullOtherHistory | Resync::FullOutsideBacklog { .. } => {
            full(ctx, client, request, said.eof)
        }
    };
    if said.rdb_only {
        return Ok(());
    }
    let now = ctx.now.mono;
    let repl = &mut ctx.b.repl;
    let acks = matches!(request, Request::Psync { .. });
    repl.replicas.attach(Replica {
        client,
        name,
        acks,
        next: repl.offset + 1,
        acked: 0,
        acked_at: now,
        stage,
    });
    repl.alone_since = None;
    if repl.replicas.len() == 1 {
        repl.pinged_at = now;
    }
    repl.wake_by(now.plus_ms(1000));
    if let Some(session) = ctx.b.sessions.get_mut(&client) {
        session.is_replica = true;
    }
    ctx.out.because(Reason::Synced { replica_port: port, how });
    Ok(())
}

fn name_of(ctx: &Ctx<'_>, client: ClientId, said: &Introduction) -> ReplicaName {
    let session = ctx.b.sessions.get(&client);
    let socket = session.and_then(|session| session.remote);
    let ip = said.ip.clone().or_else(|| socket.map(|addr| alloc::format!("{}", addr.ip)));
    ReplicaName { ip: ip.unwrap_or_default(), port: said.port, client: client.0 }
}

/// Which way, with the log line of a refusal to go on.
fn judge(ctx: &mut Ctx<'_>, request: &Request, name: &ReplicaName) -> Resync {
    let Request::Psync { id, offset } = request else { return Resync::FullAsked };
    if id.starts_with('?') {
        let line = || alloc::format!("Full resync requested by replica {name}");
        ctx.out.log(Level::Notice, line);
        return Resync::FullAsked;
    }
    let repl = &ctx.b.repl;
    // An id that is none is a foreign history too.
    let history = Some(ReplId::from_bytes(id.as_bytes()).unwrap_or(ReplId::NONE));
    let how = repl.judge_resync(history, u64::try_from(*offset).unwrap_or(0));
    match how {
        Resync::FullOtherHistory => log_foreign(ctx, id, *offset),
        Resync::FullOutsideBacklog { .. } => {
            ctx.out.log(Level::Notice, || {
                alloc::format!(
                    "Unable to partial resync with replica {name} for lack of backlog (Replica \
                     request was: {offset})."
                )
            });
            if u64::try_from(*offset).is_ok_and(|offset| offset > repl.offset + 1) {
                ctx.out.log(Level::Warning, || {
                    alloc::format!(
                        "Warning: replica {name} tried to PSYNC with an offset that is greater \
                         than the master replication offset."
                    )
                });
            }
        }
        Resync::Partial { .. } | Resync::FullAsked => {}
    }
    how
}

fn log_foreign(ctx: &mut Ctx<'_>, asked: &str, offset: i64) {
    let Repl { id, before, .. } = &ctx.b.repl;
    ctx.out.log(Level::Notice, || match before {
        Some((old, end)) if old.as_str() == asked => alloc::format!(
            "Partial resynchronization not accepted: Requested offset for second ID was {offset}, \
             but I can reply up to {end}"
        ),
        _ => alloc::format!(
            "Partial resynchronization not accepted: Replication ID mismatch (Replica asked for \
             '{asked}', my replication IDs are '{id}' and '{}')",
            before.map_or(ReplId::NONE, |(id, _)| id)
        ),
    });
}

/// `+CONTINUE` and what it missed.
fn partial(ctx: &mut Ctx<'_>, from: u64, psync2: bool, name: &ReplicaName) -> Vec<u8> {
    let repl = &ctx.b.repl;
    let mut bytes = if psync2 {
        alloc::format!("+CONTINUE {}\r\n", repl.id).into_bytes()
    } else {
        b"+CONTINUE\r\n".to_vec()
    };
    let head = bytes.len();
    if let Some(log) = &repl.backlog {
        log.copy_from(from, &mut bytes);
    }
    let sent = bytes.len() - head;
    ctx.b.stats.sync_partial_ok += 1;
    ctx.out.log(Level::Notice, || {
        alloc::format!(
            "Partial resynchronization request from {name} accepted. Sending {sent} bytes of \
             backlog starting from offset {from}."
        )
    });
    bytes
}

/// `+FULLRESYNC` and everything.
fn full(ctx: &mut Ctx<'_>, client: ClientId, request: &Request, finds_marks: bool) -> Stage {
    if matches!(request, Request::Psync { id, .. } if !id.starts_with('?')) {
        ctx.b.stats.sync_partial_err += 1;
    }
    ctx.b.stats.sync_full += 1;
    if ctx.b.repl.backlog.is_none() {
        first_backlog(ctx);
    }
    let framing = snapshot::framing(ctx, finds_marks);
    let target = if framing == Framing::Sized { "disk" } else { "replicas sockets" };
    ctx.out.log(Level::Notice, || alloc::format!("Starting BGSAVE for SYNC with target: {target}"));
    let dataset = persistence::freeze(ctx);
    let repl = &mut ctx.b.repl;
    // The replica knows no selected database: the stream says it again.
    repl.selected = None;
    let head = match request {
        Request::Psync { .. } => {
            alloc::format!("+FULLRESYNC {} {}\r\n", repl.id, repl.offset).into_bytes()
        }
        Request::Sync => Vec::new(),
    };
    let stage = snapshot::begin(&framing);
    ctx.out.push(Effect::Snapshot { client, head, dataset, framing });
    stage
}

/// The first replica of a master: from here on its stream counts. Its former history, in which
/// nothing was counted, must not be taken for this one.
fn first_backlog(ctx: &mut Ctx<'_>) {
    let repl = &mut ctx.b.repl;
    repl.id = ReplId::random(&mut ctx.b.rng);
    repl.before = None;
    repl.restart_backlog(&ctx.b.config);
    let id = repl.id;
    ctx.out.log(Level::Notice, || {
        alloc::format!(
            "Replication backlog created, my new replication IDs are '{id}' and '{}'",
            ReplId::NONE
        )
    });
}

/// Parses the arguments of PSYNC; `None` if the offset is not a number.
pub(crate) fn psync_request(id: &[u8], offset: &[u8]) -> Option<Request> {
    let offset = resp::parse_i64(offset)?;
    Some(Request::Psync { id: String::from_utf8_lossy(id).into_owned(), offset })
}
