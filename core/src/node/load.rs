//! Loading a dataset from disk, before the node is heard of (or at `DEBUG RELOAD`).
//!
//! The driver reads files and hands their bytes in, in pieces. Who asks for data in between is told
//! to wait ([`Node::loading`]), and what cannot be read ends the start: a node with half of its data
//! would spread the loss to its replicas.
//!
//! Spec: Redis persistence. A master leaves out keys of a snapshot whose time has come; a replica
//! keeps them until its master says DEL, and a log is replayed without looking at the clock. Differs
//! from Redis: a log that ends within the EXEC of a transaction is good up to its MULTI, where 7.0
//! leaves the MULTI open in the file and takes what is appended later for a part of it.

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};

use super::{Node, stream};
use crate::{
    cluster::PeerIdx,
    command,
    io::{Dataset, Level, Outbox},
    persist::{AofState, Loading},
    repl::ReplId,
    rules::{Ctx, persistence, replication},
    slot::{Slot, key_slot},
    store::{Value, database},
    store_formats::{
        aof::{self, AofItem},
        rdb::{Item, Loader, RdbError, Step},
    },
    time::{Now, UnixMillis},
};

/// What a snapshot is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RdbPart {
    /// The snapshot file.
    File,
    /// The base of the append only files, or the head of an older one: commands may follow.
    AofBase,
}

/// Where a log is, between two pieces of it.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// Up to where the file is good: whole commands, and no MULTI without its EXEC.
    pub good: u64,
    at: u64,
    /// The database that the commands mean.
    database: u32,
    queued: Option<Vec<Vec<Vec<u8>>>>,
}

impl Replay {
    /// Begins behind `at` bytes that were read as something else.
    #[must_use]
    pub fn behind(at: u64) -> Self {
        Self { good: at, at, database: 0, queued: None }
    }

    /// Whether a MULTI has no EXEC yet.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.queued.is_some()
    }
}

/// Why a log cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// Something stands there that is no command.
    #[error("{what} at byte {at}")]
    Malformed {
        /// Counted from the start of the file.
        at: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// A command that this version does not have, or not in that form.
    #[error("Unknown command '{name}' at byte {at}")]
    Unknown {
        /// Where it begins.
        at: u64,
        /// Its name.
        name: String,
    },
}

/// What was loaded last, and what it means for what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// Nothing, or a snapshot; no log is open.
    WithoutAof,
    /// The log, which is open now: bytes of all its files.
    Aof(u64),
}

/// A snapshot being loaded, between two pieces of it.
#[derive(Clone, Debug)]
pub struct RdbLoad {
    loader: Loader,
    part: RdbPart,
    head: stream::Head,
    id: Option<ReplId>,
    offset: Option<u64>,
    /// The database of the keys that come.
    database: u32,
    keys: u64,
    /// Keys that were left out, each with its database.
    expired: Vec<(u32, Vec<u8>)>,
    /// The lines about the head are in the log.
    told: bool,
}

impl RdbLoad {
    /// Begins one.
    #[must_use]
    pub fn new(part: RdbPart) -> Self {
        Self {
            loader: Loader::new(),
            part,
            head: stream::Head::default(),
            id: None,
            offset: None,
            database: 0,
            keys: 0,
            expired: Vec::new(),
            told: false,
        }
    }

    /// How many bytes were read.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.loader.position()
    }

    /// What was fed beyond the end.
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        self.loader.rest()
    }

    fn aux(&mut self, key: &[u8], value: &[u8]) {
        match key {
            b"repl-id" => self.id = ReplId::from_bytes(value),
            b"repl-offset" => {
                self.offset = core::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
            }
            _ => self.head.take(key, value),
        }
    }
}

impl Node {
    /// Forgets all keys, because others are about to be loaded.
    pub fn unload(&mut self) {
        self.b.store.clear_all();
    }

    /// From here on, until [`Node::loaded`], `total` bytes are read: clients are told to wait.
    pub fn loading(&mut self, now: Now, total: u64) {
        let since = now.wall;
        self.b.persist.loading = Some(Loading { since, total, loaded: 0, memory: 0 });
    }

    /// So much more was read.
    pub fn note_loaded(&mut self, bytes: u64) {
        if let Some(loading) = &mut self.b.persist.loading {
            loading.loaded = loading.loaded.saturating_add(bytes);
        }
    }

    /// How many keys there are.
    #[must_use]
    pub fn keys(&self) -> u64 {
        self.b.store.total_len() as u64
    }

    /// Loads the next piece of a snapshot; true when it has ended. After the last piece
    /// (`is_last`) it has. On an error the dataset is in pieces, and the node must not be used.
    ///
    /// # Errors
    /// [`RdbError`], which says where.
    pub fn load_rdb(
        &mut self,
        now: Now,
        load: &mut RdbLoad,
        piece: &[u8],
        is_last: bool,
        out: &mut Outbox,
    ) -> Result<bool, RdbError> {
        let ctx = &mut self.ctx(now, out);
        // A replica hides what has expired and waits; so does a log, whose commands may need it.
        let keeps_expired =
            load.part == RdbPart::AofBase || ctx.b.repl.is_replica() || !ctx.b.cluster.is_master();
        load.loader.feed(piece);
        loop {
            let item = match load.loader.next_item(is_last)? {
                Step::Hungry => return Ok(false),
                Step::End => break,
                Step::Item(item) => item,
            };
            match item {
                Item::Aux(key, value) => load.aux(&key, &value),
                Item::Sizes { .. } => {}
                Item::Database(n) => {
                    load.database = RdbError::database(n, ctx.b.config.databases_in_use())?;
                }
                Item::Function(_) => load.head.libraries += 1,
                // Redis skips collections without elements too.
                Item::Entry { value, .. } if value.is_empty() => {}
                Item::Entry { key, value, expire_ms } => {
                    tell_head(ctx, load);
                    let expire = expire_ms.map(UnixMillis);
                    if !keeps_expired && expire.is_some_and(|at| at < ctx.now.wall) {
                        load.expired.push((load.database, key));
                        continue;
                    }
                    let at = load.position();
                    let value =
                        Value::from_object(value).map_err(|what| RdbError::Damaged { at, what })?;
                    load.keys += 1;
                    // Another piece may have come in between.
                    ctx.b.store.select(load.database);
                    ctx.b.store.insert(key_slot(&key), &key, value, expire);
                }
            }
        }
        tell_head(ctx, load);
        let (keys, expired) = (load.keys, load.expired.len());
        ctx.out.log(Level::Notice, || {
            alloc::format!("Done loading RDB, keys loaded: {keys}, keys expired: {expired}.")
        });
        ctx.b.persist.rdb.loaded = keys;
        ctx.b.persist.rdb.expired = expired as u64;
        if load.part == RdbPart::File {
            resume_history(ctx, load);
        }
        Ok(true)
    }

    /// Replays the whole commands at the front of `bytes`, the next piece of a log; how many bytes
    /// they took.
    ///
    /// # Errors
    /// [`ReplayError`], which says where; the dataset is in pieces then.
    pub fn replay(
        &mut self,
        now: Now,
        bytes: &[u8],
        replay: &mut Replay,
        out: &mut Outbox,
    ) -> Result<usize, ReplayError> {
        let ctx = &mut self.ctx(now, out);
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            let next = aof::next(rest).map_err(|wrong| ReplayError::Malformed {
                at: replay.at + wrong.at as u64,
                what: wrong.what,
            })?;
            let Some((item, length)) = next else { return Ok(used) };
            if let AofItem::Command(words) = item {
                perform(ctx, replay, &words)?;
            }
            used += length;
            replay.at += length as u64;
            if replay.queued.is_none() {
                replay.good = replay.at;
            }
        }
    }

    /// Loading is over: what was loaded counts as saved, and keys of slots that are not this
    /// node's are taken account of.
    pub fn loaded(&mut self, now: Now, from: Loaded, out: &mut Outbox) {
        let ctx = &mut self.ctx(now, out);
        ctx.b.persist.loading = None;
        let rdb = &mut ctx.b.persist.rdb;
        rdb.saved_dirty = ctx.b.store.dirty();
        if let Loaded::Aof(bytes) = from {
            let aof = &mut ctx.b.persist.aof;
            aof.state = AofState::On;
            aof.selected = None;
            (aof.size, aof.base_size) = (bytes, bytes);
        }
        claim_slots_with_keys(ctx);
        self.settle(now, out);
    }

    /// The dataset as a new base of the log, for a log that has none.
    #[must_use]
    pub fn base(&mut self, now: Now, out: &mut Outbox) -> Dataset {
        persistence::freeze_base(&self.ctx(now, out))
    }
}

/// Before its first key, a snapshot says what it is.
fn tell_head(ctx: &mut Ctx<'_>, load: &mut RdbLoad) {
    if !core::mem::replace(&mut load.told, true) {
        load.head.lines(ctx, load.part == RdbPart::AofBase);
        if let Some(loading) = &mut ctx.b.persist.loading {
            loading.memory = load.head.memory.unwrap_or(0);
        }
    }
}

/// The data belongs to a history that others may know too: a replica goes on from there, and a
/// master lets its former replicas go on.
fn resume_history(ctx: &mut Ctx<'_>, load: &RdbLoad) {
    let (Some(id), Some(offset)) = (load.id, load.offset) else { return };
    let is_replica = ctx.b.repl.is_replica() || !ctx.b.cluster.is_master();
    let repl = &mut ctx.b.repl;
    repl.offset = offset;
    if is_replica {
        repl.database = load.head.database.unwrap_or(0);
        repl.id = id;
        repl.before = None;
        repl.resumable = true;
        repl.restart_backlog(&ctx.b.config);
    } else {
        repl.before = Some((id, offset + 1));
        repl.restart_backlog(&ctx.b.config);
        repl.alone_since = Some(ctx.now.mono);
        repl.due = Some(ctx.now.mono.plus_ms(1000));
        // They have the keys that were left out here.
        for (database, key) in &load.expired {
            ctx.b.store.select(*database);
            replication::propagate(ctx, &[b"DEL", key]);
        }
    }
}

fn perform(ctx: &mut Ctx<'_>, replay: &mut Replay, words: &[&[u8]]) -> Result<(), ReplayError> {
    let is = |name: &[u8]| words[0].eq_ignore_ascii_case(name);
    if is(b"MULTI") {
        replay.queued = Some(Vec::new());
        return Ok(());
    }
    if is(b"EXEC") {
        for words in replay.queued.take().unwrap_or_default() {
            let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            apply(ctx, replay.at, &mut replay.database, &words)?;
        }
        return Ok(());
    }
    match &mut replay.queued {
        Some(queue) => {
            queue.push(words.iter().map(|word| word.to_vec()).collect());
            Ok(())
        }
        None => apply(ctx, replay.at, &mut replay.database, words),
    }
}

fn apply(
    ctx: &mut Ctx<'_>,
    at: u64,
    selected: &mut u32,
    words: &[&[u8]],
) -> Result<(), ReplayError> {
    let unknown =
        |name: &[u8]| ReplayError::Unknown { at, name: String::from_utf8_lossy(name).to_string() };
    if words[0].eq_ignore_ascii_case(b"SELECT") {
        // Keys of a database that is not here would be lost without a word.
        let number = words.get(1).and_then(|word| database(&ctx.b.config, word));
        return match number {
            Some(number) => {
                *selected = number;
                Ok(())
            }
            None => Err(unknown(b"SELECT of a database that this server does not have")),
        };
    }
    ctx.b.store.select(*selected);
    let command = command::known(words).map_err(|_| unknown(words[0]))?;
    if command.is_script() {
        // Logs of before 7.0 may hold some. Left out, what it wrote would be missing without a word.
        return Err(unknown(words[0]));
    }
    // Redis goes on as well: it failed when it was logged, too.
    drop(command::apply(ctx, command, words));
    Ok(())
}

/// Keys lie in slots that are not ours: a crash, or a restored backup. A slot without an owner
/// becomes ours; one with another owner is marked as on its way here, so that the keys are not
/// served by mistake and can be moved.
fn claim_slots_with_keys(ctx: &mut Ctx<'_>) {
    if !ctx.b.config.cluster_enabled || !ctx.b.cluster.is_master() {
        return;
    }
    let with_keys: Vec<Slot> = ctx.b.store.slots_with_keys().collect();
    for slot in with_keys {
        let owner = ctx.b.cluster.owner(slot);
        match owner {
            Some(PeerIdx::ME) => {}
            None => {
                ctx.out.log(Level::Warning, || {
                    alloc::format!(
                        "I have keys for unassigned slot {slot}. Taking responsibility for it."
                    )
                });
                ctx.b.cluster.assign(slot, PeerIdx::ME);
                ctx.b.cluster.todo.sync();
            }
            Some(owner) => {
                if ctx.b.cluster.owners.importing.contains_key(&slot) {
                    continue;
                }
                ctx.out.log(Level::Warning, || {
                    alloc::format!(
                        "I have keys for slot {slot}, but the slot is assigned to another node. \
                         Setting it to importing state."
                    )
                });
                ctx.b.cluster.owners.importing.insert(slot, owner);
                ctx.b.cluster.todo.sync();
            }
        }
    }
}
