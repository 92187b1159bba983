//! INFO: this node in text, a section for each subject.

use core::fmt::{Display, Write as _};

use alloc::{string::String, vec::Vec};

use super::{same, transaction};
use crate::{
    beliefs::Beliefs,
    command::{Call, Command, table::flag},
    config::Config,
    id::ClientId,
    persist::Loading,
    repl::Backlog,
    rules::Ctx,
    session::Mode,
};

/// The version of Redis whose behaviour this is.
pub(in crate::command) const REDIS_VERSION: &str = "7.0.15";

/// `redis_mode` of INFO and `mode` of HELLO.
pub(super) const fn mode(config: &Config) -> &'static str {
    if config.cluster_enabled { "cluster" } else { "standalone" }
}

type Section = (&'static str, fn(&Ctx<'_>, &mut Lines));

/// In the order of Redis.
const SECTIONS: [Section; 13] = [
    ("server", server),
    ("clients", clients),
    ("memory", memory),
    ("persistence", persistence),
    ("stats", stats),
    ("replication", replication),
    ("cpu", cpu),
    ("modules", |_, text| text.head("Modules")),
    ("commandstats", commandstats),
    ("errorstats", errorstats),
    ("latencystats", latencystats),
    ("cluster", cluster),
    ("keyspace", keyspace),
];

/// `INFO [section...]`
pub(in crate::command) fn info(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let wanted: Vec<&[u8]> = call.args.iter().skip(1).copied().collect();
    let asked = |name: &str| wanted.iter().any(|word| same(word, name));
    let (whole, usual) =
        (asked("all") || asked("everything"), wanted.is_empty() || asked("default"));
    let mut text = Lines(String::new());
    for (name, write) in SECTIONS {
        let is_usual = !["commandstats", "latencystats"].contains(&name);
        if whole || usual && is_usual || asked(name) {
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

    /// What this server has nothing to say of, and those who read INFO look for.
    fn zeros(&mut self, names: &str) {
        names.split_ascii_whitespace().for_each(|name| self.put(name, 0));
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
    text.put("redis_git_sha1", "00000000");
    text.zeros("redis_git_dirty redis_build_id");
    text.put("slotscope_version", env!("CARGO_PKG_VERSION"));
    text.put("redis_mode", mode(config));
    text.put("os", "Linux");
    text.put("arch_bits", 64);
    text.put("monotonic_clock", "POSIX clock_gettime");
    text.put("multiplexing_api", "epoll");
    text.put("atomicvar_api", "c11-builtin");
    text.put("gcc_version", "0.0.0");
    text.put("process_id", b.debug.process);
    text.put("process_supervised", "no");
    text.put("run_id", b.cluster.my_id());
    text.put("tcp_port", config.port);
    text.put("server_time_usec", ctx.now.wall.0.saturating_mul(1000));
    text.put("uptime_in_seconds", uptime);
    text.put("uptime_in_days", uptime / 86_400);
    text.put("hz", 10);
    text.put("configured_hz", 10);
    text.put("lru_clock", ctx.now.wall.secs() & 0xFF_FFFF);
    text.put("executable", "");
    text.put("config_file", "");
    if let Some(shutdown) = &b.persist.shutdown {
        let left = shutdown.until.map_or(0, |until| until.ms_since(ctx.now.mono));
        text.put("shutdown_in_milliseconds", left);
    }
    text.zeros("io_threads_active");
}

fn clients(ctx: &Ctx<'_>, text: &mut Lines) {
    let b = &*ctx.b;
    let feeds = b.sessions.values().filter(|session| session.is_replica).count();
    text.head("Clients");
    text.put("connected_clients", b.sessions.len() - feeds);
    text.put("cluster_connections", if b.config.cluster_enabled { links(ctx) } else { 0 });
    text.put("maxclients", b.config.maxclients);
    text.zeros("client_recent_max_input_buffer client_recent_max_output_buffer");
    text.put("blocked_clients", blocked(b));
    text.put("tracking_clients", b.tracking.clients.len());
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
    let (data, used) = (ctx.b.store.total_memory(), memory_used(ctx.b));
    let overhead = used - data;
    for name in ["used_memory", "used_memory_rss", "used_memory_peak"] {
        text.bytes(name, used);
    }
    text.put("used_memory_peak_perc", "100.00%");
    text.put("used_memory_overhead", overhead);
    text.put("used_memory_startup", USED_AT_START);
    text.put("used_memory_dataset", data);
    text.put("used_memory_dataset_perc", format_args!("{}.00%", data * 100 / used));
    text.put("allocator_allocated", used);
    text.put("allocator_active", used);
    text.put("allocator_resident", used);
    let scripts = &ctx.b.scripts;
    let engine = scripts.engine.0.as_ref().map_or(0, |engine| engine.memory());
    text.put("used_memory_lua", engine);
    text.put("used_memory_vm_eval", engine);
    text.put("used_memory_lua_human", human(engine));
    text.put("used_memory_scripts_eval", scripts.bytes);
    text.put("number_of_cached_scripts", scripts.known.len());
    text.zeros("number_of_functions number_of_libraries used_memory_vm_functions");
    text.bytes("used_memory_vm_total", engine);
    text.zeros("used_memory_functions");
    text.bytes("used_memory_scripts", scripts.bytes);
    text.bytes("maxmemory", ctx.b.config.maxmemory);
    text.put("maxmemory_policy", ctx.b.config.value("maxmemory-policy").unwrap_or_default());
    for name in ["allocator_frag", "allocator_rss", "rss_overhead"] {
        text.put(&alloc::format!("{name}_ratio"), "1.00");
        text.put(&alloc::format!("{name}_bytes"), 0);
    }
    text.put("mem_fragmentation_ratio", "1.00");
    text.zeros("mem_fragmentation_bytes mem_not_counted_for_evict");
    let feeds = ctx.b.sessions.values().filter(|session| session.is_replica);
    let queued: u64 = feeds.map(|session| session.waiting).sum();
    let backlog = ctx.b.repl.backlog.as_ref().map_or(0, Backlog::len);
    text.put("mem_clients_slaves", queued);
    text.put("mem_replication_backlog", backlog);
    text.put("mem_total_replication_buffers", queued + backlog);
    text.put("mem_clients_normal", ctx.b.sessions.len() as u64 * CLIENT_BYTES);
    text.zeros("mem_cluster_links mem_aof_buffer");
    text.put("mem_allocator", "libc");
    text.zeros("active_defrag_running lazyfree_pending_objects lazyfreed_objects");
}

/// What a server of Redis takes before it has any key, roughly: limits that people set expect it.
pub(super) const USED_AT_START: u64 = 900_000;
/// What a client takes.
const CLIENT_BYTES: u64 = 1800;

/// The memory that `maxmemory` is compared with.
pub(super) fn memory_used(b: &Beliefs) -> u64 {
    USED_AT_START + b.store.total_memory() + b.sessions.len() as u64 * CLIENT_BYTES
}

/// Whether a command asks for memory that is not there. Queueing takes memory too, so within a
/// transaction every command does. Policies that make room do not exist here: with them there is
/// no limit.
pub(in crate::command) fn is_short(b: &Beliefs, command: &Command, client: ClientId) -> bool {
    let queued = b.sessions.get(&client).and_then(|session| session.multi.as_deref());
    let asks = match queued {
        Some(queued) if transaction::is_exec(command) => queued.any & flag::DENYOOM != 0,
        Some(_) => !transaction::is_immediate(command),
        None => command.is(flag::DENYOOM),
    };
    asks && is_full(b)
}

/// Whether more memory is used than there may be, and nothing makes room.
pub(in crate::command) fn is_full(b: &Beliefs) -> bool {
    b.config.maxmemory > 0
        && memory_used(b) > b.config.maxmemory
        && b.config.value("maxmemory-policy").as_deref() == Some("noeviction")
}

fn persistence(ctx: &Ctx<'_>, text: &mut Lines) {
    let (persist, now) = (&ctx.b.persist, ctx.now.mono);
    let (rdb, aof) = (&persist.rdb, &persist.aof);
    let status = |ok: bool| if ok { "ok" } else { "err" };
    text.head("Persistence");
    // A replica reads its master's snapshot beside the old data, whatever `repl-diskless-load`
    // says. Who asks for the old data to be served meanwhile is told so, others are told to wait.
    let is_async = ctx.b.config.value("repl-diskless-load").as_deref() == Some("swapdb");
    let is_loading = ctx.b.repl.is_loading();
    text.put("loading", u8::from(persist.loading.is_some() || is_loading && !is_async));
    text.put("async_loading", u8::from(is_loading && is_async));
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
    text.zeros(
        "instantaneous_ops_per_sec total_net_input_bytes total_net_output_bytes \
         total_net_repl_input_bytes total_net_repl_output_bytes instantaneous_input_kbps \
         instantaneous_output_kbps instantaneous_input_repl_kbps instantaneous_output_repl_kbps",
    );
    text.put("rejected_connections", stats.rejected);
    text.put("sync_full", stats.sync_full);
    text.put("sync_partial_ok", stats.sync_partial_ok);
    text.put("sync_partial_err", stats.sync_partial_err);
    text.put("expired_keys", stats.expired);
    text.zeros(
        "expired_stale_perc expired_time_cap_reached_count expire_cycle_cpu_milliseconds \
         evicted_keys evicted_clients total_eviction_exceeded_time current_eviction_exceeded_time",
    );
    text.put("keyspace_hits", stats.hits);
    text.put("keyspace_misses", stats.misses);
    text.put("pubsub_channels", ctx.b.pubsub.channel_count());
    text.put("pubsub_patterns", ctx.b.pubsub.pattern_count());
    text.put("pubsubshard_channels", ctx.b.pubsub.shard_count());
    text.zeros("latest_fork_usec total_forks");
    text.put("migrate_cached_sockets", ctx.b.migrations.links.len());
    text.zeros(
        "slave_expires_tracked_keys active_defrag_hits active_defrag_misses \
         active_defrag_key_hits active_defrag_key_misses total_active_defrag_time \
         current_active_defrag_time",
    );
    let tracking = &ctx.b.tracking;
    text.put("tracking_total_keys", tracking.readers.len());
    let items = tracking.readers.values().map(alloc::collections::BTreeSet::len);
    text.put("tracking_total_items", items.sum::<usize>());
    let prefixes = tracking.clients.values().filter(|tracked| tracked.mode == Mode::Broadcast);
    text.put("tracking_total_prefixes", prefixes.map(|it| it.prefixes.len().max(1)).sum::<usize>());
    text.put("unexpected_error_replies", stats.unexpected_errors);
    text.put("total_error_replies", ctx.b.record.errors_total);
    text.zeros(
        "dump_payload_sanitizations total_reads_processed total_writes_processed \
         io_threaded_reads_processed io_threaded_writes_processed reply_buffer_shrinks \
         reply_buffer_expands",
    );
}

fn commandstats(ctx: &Ctx<'_>, text: &mut Lines) {
    text.head("Commandstats");
    if !cfg!(feature = "full") {
        return;
    }
    for ((container, name), counts) in &ctx.b.record.commands {
        let (calls, us) = (counts.calls, counts.us);
        let hundredths = (us * 100).checked_div(calls).unwrap_or(0);
        text.put(
            &alloc::format!("cmdstat_{container}{name}"),
            format_args!(
                "calls={calls},usec={us},usec_per_call={}.{:02},rejected_calls={},failed_calls={}",
                hundredths / 100,
                hundredths % 100,
                counts.rejected,
                counts.failed
            ),
        );
    }
}

fn errorstats(ctx: &Ctx<'_>, text: &mut Lines) {
    text.head("Errorstats");
    if !cfg!(feature = "full") {
        return;
    }
    for (code, count) in &ctx.b.record.errors {
        text.put(&alloc::format!("errorstat_{code}"), format_args!("count={count}"));
    }
}

fn latencystats(ctx: &Ctx<'_>, text: &mut Lines) {
    text.head("Latencystats");
    if !cfg!(feature = "full") || !ctx.b.config.latency_tracking {
        return;
    }
    let wanted = &ctx.b.config.latency_percentiles;
    for ((container, name), counts) in &ctx.b.record.commands {
        if counts.times.is_empty() {
            continue;
        }
        let one = |word: &str| {
            let us = counts.times.percentile(thousandths(word)?);
            Some(alloc::format!("p{word}={us}.000"))
        };
        let values: Vec<String> = wanted.split_ascii_whitespace().filter_map(one).collect();
        text.put(&alloc::format!("latency_percentiles_usec_{container}{name}"), values.join(","));
    }
}

/// `99.9` of a hundred in thousandths; further digits do not count.
fn thousandths(word: &str) -> Option<u64> {
    let (whole, rest) = word.split_once('.').unwrap_or((word, ""));
    let rest: u64 = alloc::format!("{rest:0<3}").get(..3)?.parse().ok()?;
    Some(whole.parse::<u64>().ok()? * 1000 + rest)
}

fn replication(ctx: &Ctx<'_>, text: &mut Lines) {
    text.0.push_str(&ctx.b.repl.info(&ctx.b.config, ctx.now));
}

/// The core reads no clock, so there is nothing to say; clients expect the section all the same.
fn cpu(_: &Ctx<'_>, text: &mut Lines) {
    text.head("CPU");
    text.put("used_cpu_sys", "0.000000");
    text.put("used_cpu_user", "0.000000");
    text.zeros(
        "used_cpu_sys_children used_cpu_user_children used_cpu_sys_main_thread \
         used_cpu_user_main_thread",
    );
}

fn cluster(ctx: &Ctx<'_>, text: &mut Lines) {
    text.head("Cluster");
    text.put("cluster_enabled", u8::from(ctx.b.config.cluster_enabled));
}

/// A node without keys has no line: `redis-cli --cluster create` reads that as "empty".
fn keyspace(ctx: &Ctx<'_>, text: &mut Lines) {
    text.head("Keyspace");
    for (number, store) in ctx.b.store.each() {
        let (keys, expires) = (store.len(), store.expiring_len());
        let ttl = store.mean_ttl(ctx.now.wall);
        let name = alloc::format!("db{number}");
        text.put(&name, format_args!("keys={keys},expires={expires},avg_ttl={ttl}"));
    }
}
