//! EVAL and its kin, and SCRIPT: what a client says about scripts.
//!
//! A script is a unit like a transaction: its commands run one after another with nothing between
//! them, and reach replicas and log together. Its row says little of what it will do, so what it
//! says of itself behind `#!lua` stands in for flags: see [`declared`]. What it does command by
//! command is judged in `host`.
//!
//! Spec: Redis 7.0 documentation, "Scripting with Lua", "Script flags".
//! Differs from Redis: while a script runs for longer than `busy-reply-threshold` only clients who
//! are connected already are told so, and what Redis would do all the same (QUIT, RESET, REPLCONF)
//! waits; so do the bus and all links. There is no debugger.

mod host;
mod shebang;

use alloc::{string::String, sync::Arc};

use self::host::Host;
use super::{NOT_AN_INTEGER, info, same};
use crate::{
    beliefs::Beliefs,
    command::{
        Args, Call, Command, dispatch::is_replica, full_rows::FULL_ROWS, statistics, table::flag,
    },
    resp::parse_i64,
    rules::{Ctx, persistence},
    script::{Ended, Known, Promise, Script, Sha},
};

const NO_ENGINE: &str = "ERR this node runs no scripts: whoever drives it has no interpreter";
const NO_SCRIPT: &str = "NOSCRIPT No matching script. Please use EVAL.";

/// Rows that run scripts; they stand first among those of a server.
const RUNNERS: usize = 4;
/// What a script may say of itself, as far as it changes flags: three questions.
const PROMISES: usize = 8;

/// The rows of [`RUNNERS`] for scripts that say something of themselves.
static DECLARED: [[Command; PROMISES]; RUNNERS] = {
    let mut all = [[FULL_ROWS[0]; PROMISES]; RUNNERS];
    let mut row = 0;
    while row < RUNNERS {
        let mut promise = 0;
        while promise < PROMISES {
            let mut flags = FULL_ROWS[row].flags
                & !(flag::STALE | flag::DENYOOM | flag::WRITE | flag::MAY_REPLICATE);
            let (no_writes, allows_oom) = (promise & 1 != 0, promise & 2 != 0);
            if !no_writes {
                flags |= flag::WRITE;
            }
            if !no_writes && !allows_oom {
                flags |= flag::DENYOOM;
            }
            if promise & 4 != 0 {
                flags |= flag::STALE;
            }
            all[row][promise] = Command { flags, ..FULL_ROWS[row] };
            promise += 1;
        }
        row += 1;
    }
    all
};

/// The row of a request, with the flags that its script has declared if it is one and has.
pub(in crate::command) fn declared(
    b: &Beliefs,
    command: &'static Command,
    args: Args<'_>,
) -> &'static Command {
    if !command.is_script() {
        return command;
    }
    let Some(row) = FULL_ROWS[..RUNNERS].iter().position(|row| row.name == command.name) else {
        return command;
    };
    let text = args.get(1).copied().unwrap_or_default();
    let promise = if is_by_name(command) {
        Sha::spelled(text).and_then(|sha| b.scripts.known.get(&sha)).map(|known| known.promise)
    } else {
        shebang::read(text).ok().map(|(promise, _)| promise)
    };
    match promise {
        Some(promise) if promise.declared => {
            let place = usize::from(promise.no_writes)
                | usize::from(promise.allow_oom) << 1
                | usize::from(promise.allow_stale) << 2;
            &DECLARED[row][place]
        }
        _ => command,
    }
}

fn is_by_name(command: &Command) -> bool {
    command.name.starts_with("evalsha")
}

/// `EVAL script numkeys [key...] [arg...]`, and EVALSHA, EVAL_RO, EVALSHA_RO.
pub(in crate::command) fn eval(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(client) = call.client else { return call.reply.error(NO_ENGINE) };
    statistics::show(ctx, client, call.args);
    let text = call.arg(1);
    let by_name = if is_by_name(call.command) {
        let Some(sha) = Sha::spelled(text) else { return call.reply.error(NO_SCRIPT) };
        Some(sha)
    } else {
        None
    };
    let Some(numkeys) = parse_i64(call.arg(2)) else { return call.reply.error(NOT_AN_INTEGER) };
    let rest = call.args.get(3..).unwrap_or_default();
    let Ok(numkeys) = usize::try_from(numkeys) else {
        return call.reply.error("ERR Number of keys can't be negative");
    };
    let Some((keys, args)) = rest.split_at_checked(numkeys) else {
        return call.reply.error("ERR Number of keys can't be greater than number of args");
    };
    let found = match by_name {
        Some(sha) if ctx.b.scripts.known.contains_key(&sha) => Ok(sha),
        Some(_) => Err(NO_SCRIPT.into()),
        None => learn(ctx.b, text),
    };
    let known = found.and_then(|sha| {
        let known = ctx.b.scripts.known.get(&sha).cloned().ok_or(NO_SCRIPT)?;
        Ok((sha, known))
    });
    let (sha, known) = match known {
        Ok(known) => known,
        Err(text) => return call.reply.error(&text),
    };
    let only_reads = call.command.name.ends_with("_ro");
    if let Some(text) = refusal(ctx, known.promise, only_reads) {
        return call.reply.error(&text);
    }
    let Some(mut engine) = ctx.b.scripts.engine.0.take() else {
        return call.reply.error(NO_ENGINE);
    };
    let limit = ctx.b.config.value("busy-reply-threshold");
    let limit_ms = limit.and_then(|text| text.parse().ok()).unwrap_or(0);
    let script = Script { sha: &sha, body: &known.body, keys, args, limit_ms };
    ctx.b.scripts.is_running = true;
    let database = ctx.b.store.number();
    let mut host = Host::new(ctx, client, call.slot, known.promise, only_reads);
    let ended = engine.run(&script, &mut host, call.reply);
    call.outcome = host.outcome;
    ctx.b.scripts.is_running = false;
    // What a script selects is for itself.
    ctx.b.store.select(database);
    if let Some(session) = ctx.b.sessions.get_mut(&client) {
        session.database = database;
    }
    ctx.b.scripts.is_counted = ended == Ended::WithCountedError;
    ctx.b.scripts.engine.0 = Some(engine);
}

/// What forbids a script from beginning.
fn refusal(ctx: &Ctx<'_>, promise: Promise, only_reads: bool) -> Option<String> {
    let config = &ctx.b.config;
    let replicates = is_replica(ctx.b);
    let is_stale = replicates && !config.replica_serve_stale_data && !ctx.b.repl.link_is_up();
    if !promise.declared {
        return is_stale.then(|| {
            "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."
                .into()
        });
    }
    if promise.no_cluster && config.cluster_enabled {
        return Some("ERR Can not run script on cluster, 'no-cluster' flag is set.".into());
    }
    if is_stale && !promise.allow_stale {
        return Some(
            "MASTERDOWN Link with MASTER is down, replica-serve-stale-data is set to 'no' and \
             'allow-stale' flag is not set on the script."
                .into(),
        );
    }
    if !promise.no_writes {
        if replicates && config.replica_read_only {
            return Some("READONLY Can not run script with write flag on readonly replica".into());
        }
        if let Some(text) = unsaved(ctx) {
            return Some(text);
        }
        if only_reads {
            return Some("ERR Can not execute a script with write flag using *_ro command.".into());
        }
        if host::has_few_replicas(ctx) {
            return Some(host::FEW_REPLICAS.into());
        }
    }
    let needs_room = !promise.allow_oom && !promise.no_writes;
    (needs_room && info::is_full(ctx.b)).then(|| {
        "OOM allow-oom flag is not set on the script, can not run it when used memory > \
         'maxmemory'"
            .into()
    })
}

/// Why nothing may be written while what was written before cannot be saved.
fn unsaved(ctx: &Ctx<'_>) -> Option<String> {
    if ctx.b.persist.is_healthy() {
        return None;
    }
    let text = persistence::refusal(ctx)?;
    let advice = "Writable scripts are blocked. Use 'no-writes' flag for read only scripts.";
    Some(match text.strip_prefix("MISCONF Errors writing to the AOF file: ") {
        Some(error) => alloc::format!(
            "MISCONF Redis is configured to persist data to AOF, but it's currently unable to \
             persist to disk. {advice} AOF error: {error}"
        ),
        None => alloc::format!(
            "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to \
             persist to disk. {advice}"
        ),
    })
}

/// Makes a script known, if it can be compiled; the text of the refusal if not.
fn learn(b: &mut Beliefs, text: &[u8]) -> Result<Sha, String> {
    let sha = Sha::of(text);
    if b.scripts.known.contains_key(&sha) {
        return Ok(sha);
    }
    let (promise, body) = shebang::read(text)?;
    let engine = b.scripts.engine.0.as_mut().ok_or(NO_ENGINE)?;
    engine
        .check(&sha, body)
        .map_err(|error| alloc::format!("ERR Error compiling script (new function): {error}"))?;
    b.scripts.bytes += text.len() as u64;
    b.scripts.known.insert(sha, Known { body: Arc::from(body), promise });
    Ok(sha)
}

/// `SCRIPT LOAD script`
pub(in crate::command) fn load(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    match learn(ctx.b, call.arg(2)) {
        Ok(sha) => call.reply.bulk(sha.as_bytes()),
        Err(text) => call.reply.error(&text),
    }
}

/// `SCRIPT EXISTS sha1...`
pub(in crate::command) fn exists(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let names = call.args.get(2..).unwrap_or_default();
    call.reply.array(names.len());
    for name in names {
        let is_known = Sha::spelled(name).is_some_and(|sha| ctx.b.scripts.known.contains_key(&sha));
        call.reply.integer(i64::from(is_known));
    }
}

/// `SCRIPT FLUSH [ASYNC|SYNC]`: the same either way, there is little to free.
pub(in crate::command) fn flush(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    match call.args {
        [_, _] => {}
        [_, _, how] if same(how, "SYNC") || same(how, "ASYNC") => {}
        _ => return call.reply.error("ERR SCRIPT FLUSH only support SYNC|ASYNC option"),
    }
    let scripts = &mut ctx.b.scripts;
    scripts.known.clear();
    scripts.bytes = 0;
    if let Some(engine) = &mut scripts.engine.0 {
        engine.forget();
    }
    call.reply.ok();
}

/// `SCRIPT KILL`: whoever can say it does so while no script runs.
pub(in crate::command) fn kill(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    call.reply.error("NOTBUSY No scripts in execution right now.");
}

/// `SCRIPT DEBUG YES|SYNC|NO`
pub(in crate::command) fn debug(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    let word = call.arg(2);
    if same(word, "NO") {
        call.reply.ok();
    } else if same(word, "YES") || same(word, "SYNC") {
        call.reply.error("ERR scripts have no debugger here");
    } else {
        call.reply.error("ERR Use SCRIPT DEBUG YES/SYNC/NO");
    }
}
