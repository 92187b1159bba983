//! The dataset at one moment, as a file or a replica gets it.
//!
//! Freezing shares every slot with the living keyspace; a slot is copied when it is next written
//! to, and only while a frozen dataset still needs it. Writing happens wherever the driver wants,
//! in pieces, so that a snapshot never stands in memory as a whole.

use alloc::{string::String, vec::Vec};

use super::Ctx;
use crate::{
    io::{Dataset, DatasetForm, Frozen},
    repl::wire,
    resp,
    store::{Keyspace, Value},
    store_formats::rdb,
};

/// About so much is given to the sink at once.
const PIECE: usize = 64 << 10;

/// All keys, and what stands at the head of its snapshot.
#[derive(Debug)]
struct Still {
    /// Databases with their numbers, and how many keys of each expire.
    databases: Vec<(u32, u64, Keyspace)>,
    head: Vec<(&'static str, String)>,
    compress: bool,
    checksum: bool,
    /// `rdb-key-save-delay`
    delay: i64,
}

/// The dataset for the snapshot file, or for a replica.
pub(crate) fn freeze(ctx: &Ctx<'_>) -> Dataset {
    // Redis names its history only while there is one that somebody could follow.
    let named = ctx.b.repl.backlog.is_some() || ctx.b.repl.is_replica();
    dataset(still(ctx, named, false), DatasetForm::Rdb)
}

/// The dataset as the base of the append only file.
pub(crate) fn freeze_base(ctx: &Ctx<'_>) -> Dataset {
    let form =
        if ctx.b.config.aof_use_rdb_preamble { DatasetForm::Rdb } else { DatasetForm::Commands };
    dataset(still(ctx, false, true), form)
}

fn dataset(still: Still, form: DatasetForm) -> Dataset {
    let delay = still.delay;
    Dataset::new(still, form).delayed(delay)
}

fn still(ctx: &Ctx<'_>, with_history: bool, is_base: bool) -> Still {
    let (store, repl) = (&ctx.b.store, &ctx.b.repl);
    let mut head = alloc::vec![
        ("redis-ver", String::from("7.0.15")),
        ("redis-bits", String::from("64")),
        ("ctime", alloc::format!("{}", ctx.now.wall.secs())),
        ("used-mem", alloc::format!("{}", store.total_memory())),
    ];
    if with_history {
        let database = if repl.is_replica() { repl.database } else { repl.selected.unwrap_or(0) };
        head.push(("repl-stream-db", alloc::format!("{database}")));
        head.push(("repl-id", alloc::format!("{}", repl.id)));
        head.push(("repl-offset", alloc::format!("{}", repl.offset)));
    }
    head.push(("aof-base", String::from(if is_base { "1" } else { "0" })));
    Still {
        databases: store.freeze_all(),
        head,
        compress: ctx.b.config.rdbcompression,
        checksum: ctx.b.config.rdbchecksum,
        delay: ctx.b.config.value("rdb-key-save-delay").and_then(|us| us.parse().ok()).unwrap_or(0),
    }
}

impl Frozen for Still {
    fn write(&self, form: DatasetForm, sink: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        match form {
            DatasetForm::Rdb => self.write_rdb(sink),
            DatasetForm::Commands => self.write_commands(sink),
        }
    }
}

impl Still {
    /// So much is given to the sink at once, at least.
    const fn piece(&self) -> usize {
        if self.delay == 0 { PIECE } else { 1 }
    }

    fn write_rdb(&self, sink: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        let mut rdb = rdb::Writer::new();
        if !self.compress {
            rdb = rdb.uncompressed();
        }
        if !self.checksum {
            rdb = rdb.unchecked();
        }
        for (key, value) in &self.head {
            rdb.aux(key, value.as_bytes());
        }
        for (number, expiring, keys) in &self.databases {
            rdb.database(*number, keys.len() as u64, *expiring);
            for (key, value, expire) in keys.iter() {
                value.write_to(rdb.key(key, expire.map(|at| at.0)));
                if rdb.waiting() >= self.piece() && !sink(&rdb.take()) {
                    return false;
                }
            }
        }
        sink(&rdb.finish())
    }

    fn write_commands(&self, sink: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        let mut bytes = Vec::new();
        for (number, _, keys) in &self.databases {
            wire::select(*number, &mut bytes);
            for (key, value, expire) in keys.iter() {
                commands(key, value, &mut bytes);
                if let Some(at) = expire {
                    let mut number = itoa::Buffer::new();
                    wire::encode(&[b"PEXPIREAT", key, number.format(at.0).as_bytes()], &mut bytes);
                }
                if bytes.len() >= self.piece() {
                    if !sink(&bytes) {
                        return false;
                    }
                    bytes.clear();
                }
            }
        }
        sink(&bytes)
    }
}

/// So many elements go into one command, as in Redis.
const BATCH: usize = 64;

/// The commands that make a key.
fn commands(key: &[u8], value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::Str(text) => {
            let mut room = itoa::Buffer::new();
            wire::encode(&[b"SET", key, text.view(&mut room)], bytes);
        }
        Value::Hash(hash) => {
            let pairs = hash.iter().map(|(field, value)| [field.to_vec(), value.to_vec()]);
            batches(b"HMSET", key, pairs, bytes);
        }
        Value::List(list) => {
            batches(b"RPUSH", key, list.iter().map(|item| [item.to_vec()]), bytes);
        }
        Value::Set(set) => {
            batches(b"SADD", key, set.iter().map(|member| [member.to_vec()]), bytes);
        }
        Value::ZSet(zset) => {
            let pairs = zset.iter().map(|(member, score)| {
                let mut text = Vec::new();
                resp::write_double(&mut text, score);
                [text, member.to_vec()]
            });
            batches(b"ZADD", key, pairs, bytes);
        }
    }
}

/// `name key element...`, as often as the elements need.
fn batches<const N: usize>(
    name: &[u8],
    key: &[u8],
    elements: impl Iterator<Item = [Vec<u8>; N]>,
    bytes: &mut Vec<u8>,
) {
    let mut elements = elements.peekable();
    while elements.peek().is_some() {
        let batch: Vec<[Vec<u8>; N]> = elements.by_ref().take(BATCH).collect();
        let mut words: Vec<&[u8]> = alloc::vec![name, key];
        words.extend(batch.iter().flatten().map(Vec::as_slice));
        wire::encode(&words, bytes);
    }
}
