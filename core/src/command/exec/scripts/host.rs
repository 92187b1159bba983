//! The server as a script sees it: which of its commands are allowed, and how they run.
//!
//! The checks are those that a client meets, in Redis's order for scripts. Two of them depend on
//! the run: what memory, replicas and disk forbid is only looked at before the first write, because
//! a script cannot be stopped half way; and a script that says something of itself stays in one
//! slot unless it has asked for more.

use alloc::string::String;

use super::{
    super::{same, transaction},
    info,
};
use crate::{
    command::{
        Command, Outcome, dispatch,
        dispatch::is_replica,
        route, statistics,
        table::{self, flag},
    },
    id::ClientId,
    io::Level,
    resp::{Protocol, ReplyBuf},
    rules::{Ctx, persistence},
    script::{Met, Promise, ScriptHost},
    session::Replies,
    slot::Slot,
};

const BUSY: &[u8] = b"-BUSY Redis is busy running a script. You can only call SCRIPT KILL or \
    SHUTDOWN NOSAVE.\r\n";
const UNKILLABLE: &[u8] = b"-UNKILLABLE Sorry the script already executed write commands against \
    the dataset. You can either wait the script termination or kill the server in a hard way using \
    the SHUTDOWN NOSAVE command.\r\n";
pub(super) const FEW_REPLICAS: &str = "NOREPLICAS Not enough good replicas to write.";

/// One run of a script, as its server keeps it.
pub(super) struct Host<'h, 'c> {
    ctx: &'h mut Ctx<'c>,
    client: ClientId,
    promise: Promise,
    /// It was called by a command that only reads, or says that it only reads.
    only_reads: bool,
    /// Memory was short when it began.
    was_full: bool,
    has_written: bool,
    /// The slot that it is in, in a cluster.
    slot: Option<Slot>,
    reply: ReplyBuf,
    /// What the driver is told when it has ended.
    pub outcome: Outcome,
}

impl<'h, 'c> Host<'h, 'c> {
    pub(super) fn new(
        ctx: &'h mut Ctx<'c>,
        client: ClientId,
        slot: Option<Slot>,
        promise: Promise,
        only_reads: bool,
    ) -> Self {
        let was_full = info::is_full(ctx.b);
        let only_reads = only_reads || promise.no_writes;
        Self {
            ctx,
            client,
            promise,
            only_reads,
            was_full,
            has_written: false,
            slot,
            reply: ReplyBuf::new(),
            outcome: Outcome::Done,
        }
    }

    fn check(&mut self, command: &'static Command, words: &[&[u8]]) -> Result<(), String> {
        let ctx = &*self.ctx;
        let config = &ctx.b.config;
        if !command.takes(words.len()) {
            return Err("ERR Wrong number of args calling Redis command from script".into());
        }
        if command.is(flag::NOSCRIPT) && !ctx.b.scripts.may_do_all {
            return Err("ERR This Redis command is not allowed from script".into());
        }
        if is_replica(ctx.b)
            && !ctx.b.repl.link_is_up()
            && !config.replica_serve_stale_data
            && !command.is(flag::STALE)
        {
            return Err("ERR Can not execute the command on a stale replica".into());
        }
        if self.only_reads && command.is(flag::WRITE | flag::MAY_REPLICATE) {
            return Err("ERR Write commands are not allowed from read-only scripts.".into());
        }
        if command.is(flag::WRITE) && !self.has_written {
            if is_replica(ctx.b) && config.replica_read_only {
                return Err("READONLY You can't write against a read only replica.".into());
            }
            if !ctx.b.persist.is_healthy()
                && let Some(text) = persistence::refusal(ctx)
            {
                return Err(text);
            }
            if has_few_replicas(ctx) {
                return Err(FEW_REPLICAS.into());
            }
        }
        if command.is(flag::DENYOOM)
            && self.was_full
            && !self.has_written
            && !self.promise.allow_oom
        {
            return Err("OOM command not allowed when used memory > 'maxmemory'.".into());
        }
        if command.is(flag::WRITE) {
            if self.moves_away(command, words) {
                return Err("TRYAGAIN Script attempted to write a key that is on its way to \
                            another node"
                    .into());
            }
            self.has_written = true;
        }
        self.check_slot(command, words)
    }

    /// MIGRATE does not stop the node here, as it does in Redis, so a key may be on its way that the
    /// script has not named beforehand.
    fn moves_away(&self, command: &'static Command, words: &[&[u8]]) -> bool {
        let holds = &self.ctx.b.holds;
        holds.any_moving()
            && (command.keys.is_empty()
                || command
                    .key_places(words)
                    .filter_map(|(at, _)| words.get(at))
                    .any(|key| holds.is_moving(key)))
    }

    fn check_slot(&mut self, command: &'static Command, words: &[&[u8]]) -> Result<(), String> {
        let b = &*self.ctx.b;
        if !b.config.cluster_enabled || command.keys.is_empty() {
            return Ok(());
        }
        let readonly = b.sessions.get(&self.client).is_some_and(|session| session.readonly);
        let requests = [(command, words)];
        let query = route::Query::new(&requests, readonly, b.scripts.asking);
        let slot = match route::judge(b, self.ctx.now.wall, &query) {
            route::Verdict::Here(slot) => slot,
            route::Verdict::Elsewhere(why) => {
                return Err(match why {
                    route::Refusal::DownReadsOnly(_) => {
                        "ERR Script attempted to execute a write command while the cluster is down \
                         and readonly"
                    }
                    route::Refusal::Down(_) => {
                        "ERR Script attempted to execute a command while the cluster is down"
                    }
                    route::Refusal::CrossSlot { .. }
                    | route::Refusal::Unassigned(_)
                    | route::Refusal::TryAgain(_)
                    | route::Refusal::Ask(..)
                    | route::Refusal::Moved(..) => {
                        "ERR Script attempted to access a non local key in a cluster node"
                    }
                }
                .into());
            }
        };
        // Scripts from before there were flags may touch any slot of this node.
        if !self.promise.declared || self.promise.allow_cross_slot {
            return Ok(());
        }
        match (self.slot, slot) {
            (Some(mine), Some(other)) if mine != other => {
                Err("ERR Script attempted to access keys that do not hash to the same slot".into())
            }
            (None, Some(_)) => {
                self.slot = slot;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl ScriptHost for Host<'_, '_> {
    fn call(&mut self, words: &[&[u8]], protocol: Protocol) -> Result<&[u8], String> {
        let found = table::lookup(words);
        let checked = match found {
            Ok(command) => self.check(command, words).map(|()| command),
            Err(_) => Err("ERR Unknown Redis command called from script".into()),
        };
        let command = match checked {
            Ok(command) => command,
            Err(text) => {
                let line = alloc::format!("-{text}");
                statistics::refused(self.ctx, found.ok(), line.as_bytes());
                return Err(text);
            }
        };
        if command.is(flag::WRITE | flag::READONLY) {
            self.ctx.out.touch();
        }
        self.reply.clear();
        self.reply.set_protocol(protocol);
        let (ctx, client) = (&mut *self.ctx, self.client);
        let outcome = dispatch::run_queued(ctx, client, command, words, &mut self.reply);
        self.outcome = match (self.outcome, outcome) {
            (Outcome::Close, _) | (_, Outcome::Close) => Outcome::Close,
            (Outcome::AfterPersist, _) | (_, Outcome::AfterPersist) => Outcome::AfterPersist,
            (outcome, _) => outcome,
        };
        Ok(self.reply.as_bytes())
    }

    fn may(&mut self, words: &[&[u8]]) -> Option<bool> {
        // There is one user, who may do anything.
        table::lookup(words).ok().map(|_| true)
    }

    fn log(&mut self, level: Level, line: &[u8]) {
        self.ctx.out.log(level, || String::from_utf8_lossy(line).into_owned());
    }

    fn meet(&mut self, client: ClientId, words: &[&[u8]]) -> Met {
        let b = &mut *self.ctx.b;
        let locks = !b.config.requirepass.is_empty();
        let (Ok(command), Some(session)) = (table::lookup(words), b.sessions.get_mut(&client))
        else {
            return Met::Later;
        };
        // What is sent to these is no answer to what they say, or not now.
        let is_apart = session.is_replica || session.replies != Replies::On;
        if is_apart || client == self.client || !command.takes(words.len()) {
            return Met::Later;
        }
        if locks && !session.authenticated && !command.is(flag::NO_AUTH) {
            return Met::Answered(b"-NOAUTH Authentication required.\r\n".to_vec());
        }
        if command.is(flag::ALLOW_BUSY) {
            let is_queued = session.multi.is_some();
            return match (command.container, command.name) {
                ("script|", "kill") if !is_queued => self.kill(),
                ("", "multi" | "discard" | "watch" | "unwatch" | "auth" | "hello") => {
                    self.serve(client, words)
                }
                ("", "shutdown") if words.iter().any(|word| same(word, "NOSAVE")) => Met::Exit,
                _ => Met::Later,
            };
        }
        let in_multi = session.multi.is_some();
        let mut reply = ReplyBuf::new();
        reply.raw(BUSY);
        statistics::refused(self.ctx, Some(command), BUSY);
        if in_multi {
            let how = dispatch::Refused::Here;
            transaction::refused(self.ctx, client, Some(command), how, 0, &mut reply);
        }
        Met::Answered(reply.take())
    }
}

impl Host<'_, '_> {
    /// Runs a command of another client that has to do with that client alone; what the script has
    /// written so far is not its business.
    fn serve(&mut self, client: ClientId, words: &[&[u8]]) -> Met {
        let ctx = &mut *self.ctx;
        let protocol = ctx.b.sessions.get(&client).map(|session| session.protocol);
        let mut reply = ReplyBuf::with_protocol(protocol.unwrap_or_default());
        let unit = core::mem::take(&mut ctx.b.repl.unit);
        let (asking, current) = (ctx.b.scripts.asking, ctx.b.tracking.current);
        let own = core::mem::take(&mut ctx.b.tracking.own);
        let database = ctx.b.store.number();
        dispatch::execute(ctx, client, words, &mut reply);
        ctx.b.scripts.asking = asking;
        ctx.b.tracking.current = current;
        ctx.b.tracking.own = own;
        ctx.b.store.select(database);
        ctx.b.repl.unit = unit;
        Met::Answered(reply.take())
    }

    fn kill(&self) -> Met {
        if self.has_written {
            return Met::Answered(UNKILLABLE.to_vec());
        }
        Met::Killed(b"+OK\r\n".to_vec())
    }
}

/// Whether `min-replicas-to-write` forbids writing.
pub(super) fn has_few_replicas(ctx: &Ctx<'_>) -> bool {
    let config = &ctx.b.config;
    !is_replica(ctx.b)
        && config.min_replicas_to_write > 0
        && config.min_replicas_max_lag_s > 0
        && ctx.b.repl.good_replicas(config, ctx.now.mono) < config.min_replicas_to_write
}
