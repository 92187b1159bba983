//! Loading a master's snapshot.

use alloc::{boxed::Box, string::String};

use super::{give_up, stream_begins};
use crate::{
    io::Level,
    repl::{Phase, ReplId, Staging, Transfer},
    rules::{
        Ctx, persistence,
        replication::{discarded, drop_replicas},
        watch,
    },
};

/// Bytes of the snapshot are here; with the last ones it replaces everything, unless it cannot be
/// read.
pub(super) fn piece(ctx: &mut Ctx<'_>, bytes: &[u8], last: bool) {
    let Some(up) = &mut ctx.b.repl.upstream else { return };
    // Read beside the old data: a damaged snapshot costs nothing but time.
    let databases = ctx.b.config.databases_in_use();
    let staging = up.staging.get_or_insert_with(|| Box::new(Staging::new(databases)));
    let before = staging.keys;
    let taken = staging.take(bytes, last);
    let keys = staging.keys - before;
    slow_down(ctx, keys);
    match taken {
        Ok(()) if last => {}
        Ok(()) => return,
        Err(why) => {
            give_up(ctx, || {
                alloc::format!("Failed trying to load the MASTER synchronization DB: {why}")
            });
            return;
        }
    }
    let Some(read) = ctx.b.repl.upstream.as_mut().and_then(|up| up.staging.take()) else { return };
    let history = match ctx.b.repl.upstream.as_ref().map(|up| &up.phase) {
        Some(Phase::Receiving(Transfer { history, .. })) => *history,
        _ => None,
    };
    replace(ctx, *read, history);
}

/// Tests want loading to be slow (`key-load-delay`): so many microseconds for each key, or so many
/// keys for each microsecond.
fn slow_down(ctx: &mut Ctx<'_>, keys: u64) {
    let delay = ctx.b.config.value("key-load-delay").and_then(|text| text.parse::<i64>().ok());
    let us = match delay {
        None | Some(0) => return,
        Some(delay) if delay > 0 => keys.saturating_mul(delay.unsigned_abs()),
        Some(delay) => keys / delay.unsigned_abs(),
    };
    ctx.out.sleep(us);
}

/// A whole snapshot takes the place of the dataset.
fn replace(ctx: &mut Ctx<'_>, read: Staging, history: Option<(ReplId, u64)>) {
    if ctx.b.repl.resumable {
        discarded(ctx);
    }
    drop_replicas(ctx);
    for line in ["Flushing old data", "Loading DB in memory"] {
        ctx.out.log(Level::Notice, || alloc::format!("MASTER <-> REPLICA sync: {line}"));
    }
    let mut head = Head { libraries: read.libraries, ..Head::default() };
    for (key, value) in &read.fields {
        head.take(key, value);
    }
    ctx.b.store.replace_all_with(read.store);
    ctx.b.repl.own_keys.clear();
    ctx.b.repl.database = head.database.unwrap_or(0);
    watch::touched_all(ctx);
    head.lines(ctx, false);
    let keys = read.keys;
    ctx.out.log(Level::Notice, || {
        alloc::format!("Done loading RDB, keys loaded: {keys}, keys expired: 0.")
    });
    let repl = &mut ctx.b.repl;
    repl.before = None;
    repl.resumable = history.is_some();
    (repl.id, repl.offset) = history.unwrap_or_else(|| (ReplId::random(&mut ctx.b.rng), 0));
    repl.restart_backlog(&ctx.b.config);
    stream_begins(ctx);
    persistence::restart(ctx);
    ctx.out.log(Level::Notice, || "MASTER <-> REPLICA sync: Finished with success".into());
}

/// What a snapshot says of itself.
#[derive(Clone, Debug, Default)]
pub(in crate::node) struct Head {
    version: String,
    ctime_s: Option<u64>,
    /// What the data took where it was made.
    pub memory: Option<u64>,
    /// Libraries of functions in it.
    pub libraries: usize,
    /// The database that the stream which it is taken from meant.
    pub database: Option<u32>,
}

impl Head {
    /// An auxiliary field.
    pub fn take(&mut self, key: &[u8], value: &[u8]) {
        let text = core::str::from_utf8(value).unwrap_or_default();
        match key {
            b"redis-ver" => self.version = String::from_utf8_lossy(value).into_owned(),
            b"ctime" => self.ctime_s = text.parse().ok(),
            b"repl-stream-db" => self.database = text.parse().ok(),
            b"used-mem" => self.memory = text.parse().ok(),
            _ => {}
        }
    }

    /// What is worth telling.
    pub fn lines(&self, ctx: &mut Ctx<'_>, is_base: bool) {
        if !self.version.is_empty() {
            let line = || alloc::format!("Loading RDB produced by version {}", self.version);
            ctx.out.log(Level::Notice, line);
        }
        if let Some(then) = self.ctime_s {
            let age = ctx.now.wall.secs().saturating_sub(then);
            ctx.out.log(Level::Notice, || alloc::format!("RDB age {age} seconds"));
        }
        if let Some(bytes) = self.memory {
            let hundredths = bytes.saturating_mul(100) / (1 << 20);
            ctx.out.log(Level::Notice, || {
                let (whole, part) = (hundredths / 100, hundredths % 100);
                alloc::format!("RDB memory usage when created {whole}.{part:02} Mb")
            });
        }
        if is_base {
            ctx.out.log(Level::Notice, || "RDB is base AOF".into());
        }
        if self.libraries > 0 {
            ctx.out.log(Level::Warning, || {
                alloc::format!("{} libraries of functions were skipped.", self.libraries)
            });
        }
    }
}
