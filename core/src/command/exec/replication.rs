//! REPLCONF, PSYNC, SYNC, ROLE, WAIT and REPLICAOF.
//!
//! The stream itself does not leave by the reply buffer but as an effect, so that it stands in
//! order with everything that follows it.

use alloc::string::String;

use super::same;
use crate::{
    command::{Call, Outcome},
    endpoint::Target,
    io::Level,
    resp::parse_i64,
    rules::{
        Ctx,
        replication::{self, Refusal, Request},
    },
};

/// What a replica tells its master: `REPLCONF option value …`.
pub(crate) fn replconf(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(client) = call.client else { return };
    let pairs = call.args.get(1..).unwrap_or_default().chunks_exact(2);
    // ACK may be followed by FACK and a second offset, which is a pair as well.
    if !pairs.remainder().is_empty() {
        call.syntax_error();
        return;
    }
    for pair in pairs {
        let [option, value] = *pair else { continue };
        match option.to_ascii_lowercase().as_slice() {
            b"listening-port" => {
                let Some(port) = parse_i64(value).and_then(|n| u16::try_from(n).ok()) else {
                    call.reply.error("ERR value is not an integer or out of range");
                    return;
                };
                ctx.b.repl.introductions.entry(client).or_default().port = port;
                if let Some(session) = ctx.b.sessions.get_mut(&client) {
                    session.replica_port = Some(port);
                }
            }
            b"ip-address" => {
                if value.len() > NAME_MAX {
                    call.reply.error_fmt(format_args!(
                        "ERR REPLCONF ip-address provided by replica instance is too long: {} \
                         bytes",
                        value.len()
                    ));
                    return;
                }
                let name = String::from_utf8_lossy(value);
                let shown = name.chars().filter(|c| c.is_ascii_graphic() && *c != ',').collect();
                ctx.b.repl.introductions.entry(client).or_default().ip = Some(shown);
            }
            b"capa" => {
                let said = ctx.b.repl.introductions.entry(client).or_default();
                said.psync2 |= value.eq_ignore_ascii_case(b"psync2");
                said.eof |= value.eq_ignore_ascii_case(b"eof");
            }
            b"rdb-only" => {
                ctx.b.repl.introductions.entry(client).or_default().rdb_only = value != b"0";
            }
            b"ack" => {
                let offset = parse_i64(value).and_then(|n| u64::try_from(n).ok());
                if let Some(offset) = offset {
                    replication::acknowledged(ctx, client, offset);
                }
                call.outcome = Outcome::Silent;
                return;
            }
            b"getack" => {
                // Only a master asks so, in its stream; from a client it means nothing.
                call.outcome = Outcome::Silent;
                return;
            }
            _ => {
                let option = String::from_utf8_lossy(option);
                call.reply.error_fmt(format_args!("ERR Unrecognized REPLCONF option: {option}"));
                return;
            }
        }
    }
    call.reply.ok();
}

/// `PSYNC id offset`: the stream from there on, or everything.
pub(crate) fn psync(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if same(call.arg(3), "FAILOVER") {
        match replication::take_over(ctx, call.arg(1)) {
            Ok(()) => {}
            Err(text) => return call.reply.error(text),
        }
    }
    match replication::psync_request(call.arg(1), call.arg(2)) {
        Some(request) => attach(ctx, call, &request),
        None => call.reply.error("ERR value is not an integer or out of range"),
    }
}

/// `SYNC`: everything, the old way.
pub(crate) fn sync(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    attach(ctx, call, &Request::Sync);
}

fn attach(ctx: &mut Ctx<'_>, call: &mut Call<'_>, request: &Request) {
    let Some(client) = call.client else { return };
    match replication::attach(ctx, client, request) {
        Ok(()) | Err(Refusal::Already) => call.outcome = Outcome::Silent,
        Err(Refusal::NoMasterLink) => {
            call.reply.error("NOMASTERLINK Can't SYNC while not connected with my master");
        }
        Err(Refusal::FailsOver) => {
            call.reply.error("NOMASTERLINK Can't SYNC while failing over");
        }
    }
}

/// `ROLE`.
pub(crate) fn role(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (repl, reply) = (&ctx.b.repl, &mut *call.reply);
    let mut number = itoa::Buffer::new();
    if let Some(up) = &repl.upstream {
        reply.array(5);
        reply.bulk(b"slave");
        reply.bulk(up.master.host().as_bytes());
        reply.integer(i64::from(up.master.port()));
        reply.bulk(repl.role_state().as_bytes());
        reply.integer(if up.is_up() { signed(repl.offset) } else { -1 });
        return;
    }
    reply.array(3);
    reply.bulk(b"master");
    reply.integer(signed(repl.offset));
    reply.array(repl.replicas.len());
    for replica in repl.replicas.iter() {
        reply.array(3);
        reply.bulk(replica.name.ip.as_bytes());
        reply.bulk(number.format(replica.name.port).as_bytes());
        reply.bulk(number.format(replica.acked).as_bytes());
    }
}

/// `WAIT numreplicas timeout`: answered later if too few replicas have the client's writes.
pub(crate) fn wait(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(client) = call.client else { return };
    if ctx.b.repl.is_replica() {
        call.reply.error(
            "ERR WAIT cannot be used with replica instances. Please also note that since Redis \
             4.0 if a replica is configured to be writable (which is not the default) writes to \
             replicas are just local and are not propagated.",
        );
        return;
    }
    let Some(needed) = parse_i64(call.arg(1)) else {
        call.reply.error("ERR value is not an integer or out of range");
        return;
    };
    let Some(timeout) = parse_i64(call.arg(2)) else {
        call.reply.error("ERR timeout is not an integer or out of range");
        return;
    };
    let Ok(timeout_ms) = u64::try_from(timeout) else {
        call.reply.error("ERR timeout is negative");
        return;
    };
    // A negative number of replicas is reached by none.
    let needed = u64::try_from(needed).unwrap_or(0);
    match replication::wait(ctx, client, needed, timeout_ms, call.may_wait) {
        Some(reached) => call.reply.integer(signed(reached)),
        None => call.outcome = Outcome::Blocked,
    }
}

/// `REPLICAOF host port`, `REPLICAOF NO ONE`; in a cluster the bus decides who follows whom.
pub(crate) fn replicaof(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if ctx.b.config.cluster_enabled {
        call.reply.error("ERR REPLICAOF not allowed in cluster mode.");
        return;
    }
    if ctx.b.repl.failover.is_some() {
        call.reply.error("ERR REPLICAOF not allowed while failing over.");
        return;
    }
    let (host, port) = (call.arg(1), call.arg(2));
    if host.eq_ignore_ascii_case(b"no") && port.eq_ignore_ascii_case(b"one") {
        if ctx.b.repl.is_replica() {
            replication::follow_nobody(ctx);
            ctx.b.config.replicaof = None;
            let line = || "MASTER MODE enabled (user request)".into();
            ctx.out.log(Level::Notice, line);
        }
        call.reply.ok();
        return;
    }
    let Some(port) = parse_i64(port).and_then(|n| u16::try_from(n).ok()) else {
        call.reply.error("ERR Invalid master port");
        return;
    };
    let name = String::from_utf8_lossy(host);
    let master = Target::new(&name, port);
    if ctx.b.repl.upstream.as_ref().is_some_and(|up| up.master == master) {
        ctx.out.log(Level::Notice, || {
            "REPLICAOF would result into synchronization with the master we are already connected \
             with. No operation performed."
                .into()
        });
        call.reply.simple("OK Already connected to specified master");
        return;
    }
    ctx.b.config.replicaof = Some((name.into_owned(), port));
    replication::follow(ctx, master.clone());
    let line = || alloc::format!("REPLICAOF {master} enabled (user request)");
    ctx.out.log(Level::Notice, line);
    call.reply.ok();
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// As long as Redis lets an address be.
const NAME_MAX: usize = 45;
