//! Loading a master's snapshot.

use alloc::{string::String, vec::Vec};

use super::{give_up, stream_begins};
use crate::{
    io::Level,
    repl::{Phase, Repl, ReplId, Transfer},
    rules::{
        Ctx, persistence,
        replication::{discarded, drop_replicas},
        watch,
    },
    slot::key_slot,
    store::Value,
    store_formats::rdb::{Item, Loader, RdbError, Step},
    time::UnixMillis,
};

/// The snapshot is here: it replaces everything, unless it cannot be read.
pub(super) fn loaded(ctx: &mut Ctx<'_>, snapshot: &[u8]) {
    let Repl { upstream: Some(up), .. } = &ctx.b.repl else { return };
    let history = match &up.phase {
        Phase::Receiving(Transfer { history, .. }) => *history,
        _ => None,
    };
    // Read as a whole before anything is dropped: a damaged snapshot costs nothing but time.
    let read = match read(snapshot) {
        Ok(read) => read,
        Err(why) => {
            give_up(ctx, || {
                alloc::format!("Failed trying to load the MASTER synchronization DB: {why}")
            });
            return;
        }
    };
    if ctx.b.repl.resumable {
        discarded(ctx);
    }
    drop_replicas(ctx);
    for line in ["Flushing old data", "Loading DB in memory"] {
        ctx.out.log(Level::Notice, || alloc::format!("MASTER <-> REPLICA sync: {line}"));
    }
    ctx.b.store.clear();
    watch::touched_all(ctx);
    read.head.lines(ctx, false);
    let keys = read.keys.len();
    for (key, value, expire_ms) in read.keys {
        // Expired ones too: a replica hides them and waits for the master's DEL.
        ctx.b.store.insert(key_slot(&key), &key, value, expire_ms.map(UnixMillis));
    }
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
    memory: Option<u64>,
    /// Libraries of functions in it.
    pub libraries: usize,
}

/// A snapshot in pieces.
#[derive(Default)]
struct Snapshot {
    head: Head,
    keys: Vec<(Vec<u8>, Value, Option<u64>)>,
}

fn read(bytes: &[u8]) -> Result<Snapshot, RdbError> {
    let mut loader = Loader::new();
    loader.feed(bytes);
    let mut read = Snapshot::default();
    while let Step::Item(item) = loader.next_item(true)? {
        match item {
            Item::Aux(key, value) => read.head.take(&key, &value),
            Item::Database(0) | Item::Sizes { .. } => {}
            Item::Database(n) => return Err(RdbError::Database(n)),
            Item::Function(_) => read.head.libraries += 1,
            // Redis skips collections without elements too.
            Item::Entry { value, .. } if value.is_empty() => {}
            Item::Entry { key, value, expire_ms } => {
                let at = loader.position();
                let value =
                    Value::from_object(value).map_err(|what| RdbError::Damaged { at, what })?;
                read.keys.push((key, value, expire_ms));
            }
        }
    }
    if loader.rest().is_empty() {
        Ok(read)
    } else {
        Err(RdbError::Damaged { at: loader.position(), what: "something behind the end" })
    }
}

impl Head {
    /// An auxiliary field.
    pub fn take(&mut self, key: &[u8], value: &[u8]) {
        let text = core::str::from_utf8(value).unwrap_or_default();
        match key {
            b"redis-ver" => self.version = String::from_utf8_lossy(value).into_owned(),
            b"ctime" => self.ctime_s = text.parse().ok(),
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
