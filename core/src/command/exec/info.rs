//! INFO: this node in text, a section for each subject.

use core::fmt::{Display, Write as _};

use alloc::{string::String, vec::Vec};

use crate::{
    beliefs::Beliefs, command::Call, config::Config, persist::Loading, repl::Backlog, rules::Ctx,
};

/// The version of Redis whose behaviour this is.
pub(in crate::command) const REDIS_VERSION: &str = "7.0.15";

/// `redis_mode` of INFO and `mode` of HELLO.
pub(super) const fn mode(config: &Config) -> &'static str {
    if config.cluster_enabled { "cluster" } else { "standalone" }
}

type Section = (&'static str, fn(&Ctx<'_>, &mut Lines));

/// In the order of Redis.
const SECTIONS: [Section; 9] = [
    ("server", server),
    ("clients", clients),
    ("memory", memory),
    ("persistence", persistence),
    ("stats", stats),
    ("replication", replication),
    ("cpu", cpu),
    ("cluster", cluster),
    ("keyspace", keyspace),
];

/// `INFO [section...]`
pub(in crate::command) fn info(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let wanted: Vec<&[u8]> = call.args.iter().skip(1).copied().collect();
    let whole = wanted.is_empty()
        || wanted.iter().any(|word| {
            [&b"default"[..], b"all", b"everything"]
                .iter()
                .any(|name| word.eq_ignore_ascii_case(name))
        });
    let mut text = Lines(String::new());
    for (name, write) in SECTIONS {
        if whole || wanted.iter().any(|word| word.eq_ignore_ascii_case(name.as_bytes())) {
            if !text.0.is_empty() {
                text.0.push_str("\r\n");
            }
            write(ctx, &mut text);
        }
    }
    call.reply.verbatim("txt", text.0.as_bytes());
}

/// `name:value` lines.
struct Lines(String);

impl Lines {
    fn head(&mut self, title: &str) {
        let _ = write!(self.0, "# {title}\r\n");
    }

    fn put(&mut self, name: &str, value: impl Display) {
        let _ = write!(self.0, "{name}:{value}\r\n");
    }

    /// A number, or -1 where there is none yet.
    fn put_or_minus_one(&mut self, name: &str, value: Option<u64>) {
        match value {
            Some(value) => self.put(name, value),
            None => self.put(name, -1),
        }
    }

    /// The same bytes twice, the second time for people.
    fn bytes(&mut self, name: &str, n: u64) {
        self.put(name, n);
        self.put(&alloc::format!("{name}_human"), human(n));
    }
}

/// `1.50M`
fn human(n: u64) -> String {
    const UNITS: [(u64, char); 4] =
        [(1 << 40, 'T'), (1 << 30, 'G'), (1 << 20, 'M'), (1 << 10, 'K')];
    match UNITS.into_iter().find(|(size, _)| n >= *size) {
        Some((size, unit)) => {
            let hundredths = u128::from(n) * 100 / u128::from(size);
            alloc::format!("{}.{:02}{unit}", hundredths / 100, hundredths % 100)
        }
        None => alloc::format!("{n}B"),
    }
}

fn server(ctx: &Ctx<'_>, text: &mut Lines) {
    let (b, config) = (&*ctx.b, &ctx.b.config);
    let uptime = ctx.now.mono.ms_since(b.started) / 1000;
    text.head("Server");
    text.put("redis_version", REDIS_VERSION);
    text.put("slotscope_version", env!("CARGO_PKG_VERSION"));
    text.put("redis_mode", mode(config));
    text.put("run_id", b.cluster.my_id());
    text.put("tcp_port", config.port);
    text.put("server_time_usec", ctx.now.wall.0.saturating_mul(1000));
    text.put("uptime_in_seconds", uptime);
    text.put("uptime_in_days", uptime / 86_400);
    text.put("hz", 10);
    text.put("configured_hz", 10);
    text.put("config_file", "");
    if let Some(shutdown) = &b.persist.shutdown {
        let left = shutdown.until.map_or(0, |until| until.ms_since(ctx.now.mono));
        text.put("shutdown_in_milliseconds", left);
    }
}

fn clients(ctx: &Ctx<'_>, text: &mut Lines) {
    let b = &*ctx.b;
    let feeds = b.sessions.values().filter(|session| session.is_replica).count();
    text.head("Clients");
    text.put("connected_clients", b.sessions.len() - feeds);
    text.put("cluster_connections", if b.config.cluster_enabled { links(ctx) } else { 0 });
    text.put("maxclients", b.config.maxclients);
    text.put("blocked_clients", blocked(b));
    text.put("tracking_clients", 0);
    text.put("clients_in_timeout_table", b.blocked.with_deadline());
}

/// Clients who wait for something.
fn blocked(b: &Beliefs) -> usize {
    let ending = b.persist.shutdown.as_ref().map_or(0, |shutdown| shutdown.clients.len());
    b.holds.waiting() + b.repl.waiters.len() + b.blocked.len() + ending
}

/// Bus connections that this node dialled.
fn links(ctx: &Ctx<'_>) -> usize {
    ctx.b.cluster.peers.iter().filter(|(_, peer)| peer.link.id().is_some()).count()
}

fn memory(ctx: &Ctx<'_>, text: &mut Lines) {
    text.head("Memory");
    text.bytes("used_memory", ctx.b.store.memory());
    text.put("used_memory_dataset", ctx.b.store.memory());
    text.bytes("maxmemory", ctx.b.config.maxmemory);
    text.put("maxmemory_policy", "noeviction");
    let feeds = ctx.b.sessions.values().filter(|session| session.is_replica);
    let queued: u64 = feeds.map(|session| session.waiting).sum();
    let backlog = ctx.b.repl.backlog.as_ref().map_or(0, Backlog::len);
    text.put("mem_clients_slaves", queued);
    text.put("mem_replication_backlog", backlog);
    text.put("mem_total_replication_buffers", queued + backlog);
}

fn persistence(ctx: &Ctx<'_>, text: &mut Lines) {
    let (persist, now) = (&ctx.b.persist, ctx.now.mono);
    let (rdb, aof) = (&persist.rdb, &persist.aof);
    let status = |ok: bool| if ok { "ok" } else { "err" };
    text.head("Persistence");
    text.put("loading", u8::from(persist.loading.is_some()));
    text.put("async_loading", 0);
    text.put("current_cow_peak", 0);
    text.put("current_cow_size", 0);
    text.put("current_cow_size_age", 0);
    text.put("current_fork_perc", "0.00");
    text.put("current_save_keys_processed", 0);
    text.put("current_save_keys_total", 0);
    text.put("rdb_changes_since_last_save", ctx.b.store.dirty().saturating_sub(rdb.saved_dirty));
    text.put("rdb_bgsave_in_progress", u8::from(persist.saves_in_background()));
    text.put("rdb_last_save_time", rdb.saved_wall.secs());
    text.put("rdb_last_bgsave_status", status(rdb.ok));
    text.put_or_minus_one("rdb_last_bgsave_time_sec", rdb.last_took_s);
    let saving = persist.saving.filter(|_| persist.saves_in_background());
    let took = |since| now.ms_since(since) / 1000;
    text.put_or_minus_one("rdb_current_bgsave_time_sec", saving.map(|job| took(job.since)));
    text.put("rdb_saves", rdb.saves);
    text.put("rdb_last_cow_size", 0);
    text.put("rdb_last_load_keys_expired", rdb.expired);
    text.put("rdb_last_load_keys_loaded", rdb.loaded);
    text.put("aof_enabled", u8::from(persist.is_logging()));
    text.put("aof_rewrite_in_progress", u8::from(persist.rewriting.is_some()));
    text.put("aof_rewrite_scheduled", u8::from(aof.scheduled));
    text.put_or_minus_one("aof_last_rewrite_time_sec", aof.last_took_s);
    let rewriting = persist.rewriting.map(|job| took(job.since));
    text.put_or_minus_one("aof_current_rewrite_time_sec", rewriting);
    text.put("aof_last_bgrewrite_status", status(aof.failures == 0));
    text.put("aof_rewrites", aof.rewrites);
    text.put("aof_rewrites_consecutive_failures", aof.failures);
    text.put("aof_last_write_status", status(aof.error.is_none()));
    text.put("aof_last_cow_size", 0);
    text.put("module_fork_in_progress", 0);
    text.put("module_fork_last_cow_size", 0);
    if persist.is_logging() {
        text.put("aof_current_size", aof.size);
        text.put("aof_base_size", aof.base_size);
        text.put("aof_pending_rewrite", u8::from(aof.scheduled));
        text.put("aof_buffer_length", aof.log.len());
        text.put("aof_pending_bio_fsync", 0);
        text.put("aof_delayed_fsync", 0);
    }
    if let Some(loading) = &persist.loading {
        let Loading { since, total, loaded, memory } = *loading;
        let elapsed_s = ctx.now.wall.0.saturating_sub(since.0) / 1000;
        let left = total.saturating_sub(loaded);
        let part = loaded.saturating_mul(10_000).checked_div(total).unwrap_or(0);
        text.put("loading_start_time", since.secs());
        text.put("loading_total_bytes", total);
        text.put("loading_rdb_used_mem", memory);
        text.put("loading_loaded_bytes", loaded);
        text.put("loading_loaded_perc", format_args!("{}.{:02}", part / 100, part % 100));
        // One second, while there is nothing to go by.
        let eta = elapsed_s.saturating_mul(left).checked_div(loaded).unwrap_or(1);
        text.put("loading_eta_seconds", eta);
    }
}

fn stats(ctx: &Ctx<'_>, text: &mut Lines) {
    let stats = &ctx.b.stats;
    text.head("Stats");
    text.put("total_connections_received", stats.connections);
    text.put("total_commands_processed", stats.commands);
    text.put("rejected_connections", stats.rejected);
    text.put("sync_full", stats.sync_full);
    text.put("sync_partial_ok", stats.sync_partial_ok);
    text.put("sync_partial_err", stats.sync_partial_err);
    text.put("expired_keys", stats.expired);
    text.put("evicted_keys", 0);
    text.put("keyspace_hits", stats.hits);
    text.put("keyspace_misses", stats.misses);
    text.put("pubsub_channels", ctx.b.pubsub.channel_count());
    text.put("pubsub_patterns", ctx.b.pubsub.pattern_count());
    text.put("pubsubshard_channels", ctx.b.pubsub.shard_count());
    text.put("migrate_cached_sockets", ctx.b.migrations.links.len());
    text.put("unexpected_error_replies", stats.unexpected_errors);
}

fn replication(ctx: &Ctx<'_>, text: &mut Lines) {
    text.0.push_str(&ctx.b.repl.info(&ctx.b.config, ctx.now));
}

/// The core reads no clock, so there is nothing to say; clients expect the section all the same.
fn cpu(_: &Ctx<'_>, text: &mut Lines) {
    text.head("CPU");
    text.put("used_cpu_sys", "0.000000");
    text.put("used_cpu_user", "0.000000");
}

fn cluster(ctx: &Ctx<'_>, text: &mut Lines) {
    text.head("Cluster");
    text.put("cluster_enabled", u8::from(ctx.b.config.cluster_enabled));
}

/// A node without keys has no line: `redis-cli --cluster create` reads that as "empty".
fn keyspace(ctx: &Ctx<'_>, text: &mut Lines) {
    let store = &ctx.b.store;
    text.head("Keyspace");
    if !store.is_empty() {
        let (keys, expires) = (store.len(), store.expiring_len());
        let ttl = store.mean_ttl(ctx.now.wall);
        text.put("db0", format_args!("keys={keys},expires={expires},avg_ttl={ttl}"));
    }
}
