//! Every knob of a node: its directive in redis.conf, default, unit, range, consequence.
//!
//! `directives` holds one row for each, which drives the configuration file, `CONFIG GET/SET` and
//! the documentation alike; `kept` those of Redis that are only remembered; `access` reads and
//! changes a [`Config`] by the names of its directives.

use core::net::IpAddr;

use alloc::{collections::BTreeMap, string::String, vec::Vec};

mod access;
mod broken;
mod directives;
pub mod event;
mod glob;
mod kept;
mod level;
mod parse;
mod rewrite;
mod value;

pub use access::ConfigError;
pub use broken::{Broken, NAMES as GUARDS};
pub use directives::{Change, Directive, all, find};
pub use glob::matches;
pub use level::Level;
pub use parse::{FileError, quoted, words};
pub use value::Shape;

/// The directives of a node. Fields are in the order of redis.conf's sections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    // network
    /// `port`: TCP port for clients (6379).
    pub port: u16,
    /// `bind`: addresses to listen on (`127.0.0.1 -::1`).
    pub bind: Vec<String>,
    /// `protected-mode`: refuse clients from other machines while no password is set (yes).
    pub protected_mode: bool,
    /// `timeout`: close clients idle for so many seconds; 0 never (0).
    pub timeout_s: u64,
    /// `tcp-backlog` (511).
    pub tcp_backlog: u32,
    /// `tcp-keepalive` in seconds (300).
    pub tcp_keepalive_s: u64,
    /// `maxclients` (10000).
    pub maxclients: u32,
    /// `proto-max-bulk-len` in bytes (512 MiB): the longest string accepted.
    pub proto_max_bulk_len: u64,
    /// `client-query-buffer-limit` in bytes (1 GiB): the most that may wait to be parsed.
    pub client_query_buffer_limit: u64,
    /// `client-output-buffer-limit` of normal clients, replicas and subscribers.
    pub client_output_buffer_limit: [BufferLimit; 3],
    // general
    /// `daemonize`: goes on in the background (no).
    pub daemonize: bool,
    /// `pidfile`; written when not empty.
    pub pidfile: String,
    /// `loglevel` (notice).
    pub loglevel: Level,
    /// `logfile`; empty is standard output.
    pub logfile: String,
    /// `databases` (16; a cluster uses one).
    pub databases: u32,
    /// `dir`: working directory (`./`).
    pub dir: String,
    // snapshotting
    /// `save` points as pairs of seconds and changes; `None` until a directive says something
    /// (see [`Config::save_points`]).
    pub save: Option<Vec<(u64, u64)>>,
    /// `dbfilename` (dump.rdb).
    pub dbfilename: String,
    /// `rdbcompression` (yes).
    pub rdbcompression: bool,
    /// `rdbchecksum` (yes).
    pub rdbchecksum: bool,
    /// `stop-writes-on-bgsave-error` (yes).
    pub stop_writes_on_bgsave_error: bool,
    // append only file
    /// `appendonly` (no).
    pub appendonly: bool,
    /// `appendfilename` (appendonly.aof).
    pub appendfilename: String,
    /// `appenddirname` (appendonlydir).
    pub appenddirname: String,
    /// `appendfsync` (everysec).
    pub appendfsync: Fsync,
    /// `no-appendfsync-on-rewrite` (no).
    pub no_appendfsync_on_rewrite: bool,
    /// `auto-aof-rewrite-percentage`; 0 never rewrites by itself (100).
    pub auto_aof_rewrite_percentage: u64,
    /// `auto-aof-rewrite-min-size` in bytes (64 MiB).
    pub auto_aof_rewrite_min_size: u64,
    /// `aof-load-truncated` (yes).
    pub aof_load_truncated: bool,
    /// `aof-use-rdb-preamble` (yes).
    pub aof_use_rdb_preamble: bool,
    /// `aof-timestamp-enabled` (no).
    pub aof_timestamp_enabled: bool,
    // replication
    /// `replicaof host port` as given; refused in cluster mode.
    pub replicaof: Option<(String, u16)>,
    /// `masterauth`; empty is none.
    pub masterauth: String,
    /// `masteruser`; empty is none.
    pub masteruser: String,
    /// `replica-serve-stale-data` (yes).
    pub replica_serve_stale_data: bool,
    /// `replica-read-only` (yes).
    pub replica_read_only: bool,
    /// `repl-ping-replica-period` in seconds (10).
    pub repl_ping_replica_period_s: u64,
    /// `repl-timeout` in seconds (60).
    pub repl_timeout_s: u64,
    /// `repl-backlog-size` in bytes (1 MiB).
    pub repl_backlog_size: u64,
    /// `repl-backlog-ttl` in seconds (3600).
    pub repl_backlog_ttl_s: u64,
    /// `replica-priority` (100; Sentinel's, shown by INFO).
    pub replica_priority: u32,
    /// `min-replicas-to-write` (0).
    pub min_replicas_to_write: u32,
    /// `min-replicas-max-lag` in seconds (10).
    pub min_replicas_max_lag_s: u64,
    // security
    /// `requirepass`; empty is none.
    pub requirepass: String,
    /// What stands in one piece.
    pub packing: Packing,
    /// `notify-keyspace-events`: which changes of keys are told, and how (none).
    pub notify_keyspace_events: event::Events,
    // memory
    /// `maxmemory` in bytes; 0 no limit. Accepted and shown, not enforced.
    pub maxmemory: u64,
    /// `slowlog-log-slower-than` in microseconds; negative notes nothing (10000).
    pub slowlog_log_slower_than_us: i64,
    /// `slowlog-max-len` (128).
    pub slowlog_max_len: u64,
    /// `latency-monitor-threshold` in milliseconds; 0 notes nothing (0).
    pub latency_monitor_threshold_ms: u64,
    /// `latency-tracking` (yes).
    pub latency_tracking: bool,
    /// `latency-tracking-info-percentiles`, as words (50 99 99.9).
    pub latency_percentiles: String,
    // cluster
    /// `cluster-enabled` (no).
    pub cluster_enabled: bool,
    /// `cluster-config-file` (nodes.conf).
    pub cluster_config_file: String,
    /// `cluster-node-timeout` in ms (15000): NT of all rules.
    pub cluster_node_timeout_ms: u64,
    /// `cluster-port`; 0 means port + 10000 (0).
    pub cluster_port: u16,
    /// `cluster-replica-validity-factor`; 0 no limit on data age (10).
    pub cluster_replica_validity_factor: u64,
    /// `cluster-migration-barrier`: replicas a master keeps (1).
    pub cluster_migration_barrier: u32,
    /// `cluster-allow-replica-migration` (yes).
    pub cluster_allow_replica_migration: bool,
    /// `cluster-require-full-coverage` (yes).
    pub cluster_require_full_coverage: bool,
    /// `cluster-allow-reads-when-down` (no).
    pub cluster_allow_reads_when_down: bool,
    /// `cluster-allow-pubsubshard-when-down` (yes).
    pub cluster_allow_pubsubshard_when_down: bool,
    /// `cluster-replica-no-failover` (no).
    pub cluster_replica_no_failover: bool,
    /// `cluster-link-sendbuf-limit` in bytes; 0 no limit (0).
    pub cluster_link_sendbuf_limit: u64,
    /// `cluster-announce-ip`.
    pub cluster_announce_ip: Option<IpAddr>,
    /// `cluster-announce-port`; 0 the real one.
    pub cluster_announce_port: u16,
    /// `cluster-announce-bus-port`; 0 the real one.
    pub cluster_announce_bus_port: u16,
    /// `cluster-announce-hostname`; empty is none.
    pub cluster_announce_hostname: String,
    /// `cluster-preferred-endpoint-type` (ip).
    pub cluster_preferred_endpoint_type: EndpointType,
    // limits of Slotscope itself
    /// `slotscope-bus-frame-limit` in bytes (16 MiB): a longer bus frame closes its link. Redis
    /// 7.0 has no bound here.
    pub bus_frame_limit: u64,
    /// `slotscope-max-peers` (2048): nodes beyond that are not learned from gossip or MEET, so
    /// that forged gossip cannot fill the memory.
    pub max_peers: u32,
    /// `slotscope-break` (nothing): a guard switched off on purpose, to see what it is for.
    pub broken: Broken,
    /// Directives of Redis that this version only remembers, where they were set.
    pub kept: BTreeMap<&'static str, String>,
}

/// How large a collection may be and still stand in one piece: `OBJECT ENCODING` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    /// `hash-max-listpack-entries` (512).
    pub hash_entries: usize,
    /// `hash-max-listpack-value` in bytes (64).
    pub hash_bytes: usize,
    /// `zset-max-listpack-entries` (128).
    pub zset_entries: usize,
    /// `zset-max-listpack-value` in bytes (64).
    pub zset_bytes: usize,
    /// `set-max-intset-entries` (512).
    pub set_numbers: usize,
}

impl Packing {
    /// Those of Redis.
    pub const DEFAULT: Self = Self {
        hash_entries: 512,
        hash_bytes: 64,
        zset_entries: 128,
        zset_bytes: 64,
        set_numbers: 512,
    };
}

/// How much may wait to be sent to a client before it is closed. 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BufferLimit {
    /// Closed at once beyond so many bytes.
    pub hard: u64,
    /// Closed when more than so many bytes wait …
    pub soft: u64,
    /// … for so many seconds.
    pub soft_s: u64,
}

/// `appendfsync`: when the append only file is made durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fsync {
    /// Before a write is acknowledged.
    Always,
    /// Once a second: a power failure costs two seconds at most.
    #[default]
    EverySecond,
    /// When the operating system sees fit.
    No,
}

/// `cluster-preferred-endpoint-type`: what clients are redirected to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EndpointType {
    /// The IP.
    #[default]
    Ip,
    /// The announced host name, `?` where there is none.
    Hostname,
    /// Nothing: the client uses the address it already has.
    UnknownEndpoint,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            port: 6379,
            bind: alloc::vec!["127.0.0.1".into(), "-::1".into()],
            protected_mode: true,
            timeout_s: 0,
            tcp_backlog: 511,
            tcp_keepalive_s: 300,
            maxclients: 10_000,
            proto_max_bulk_len: 512 << 20,
            client_query_buffer_limit: 1 << 30,
            client_output_buffer_limit: [
                BufferLimit::default(),
                BufferLimit { hard: 256 << 20, soft: 64 << 20, soft_s: 60 },
                BufferLimit { hard: 32 << 20, soft: 8 << 20, soft_s: 60 },
            ],
            daemonize: false,
            pidfile: String::new(),
            loglevel: Level::Notice,
            logfile: String::new(),
            databases: 16,
            dir: "./".into(),
            save: None,
            dbfilename: "dump.rdb".into(),
            rdbcompression: true,
            rdbchecksum: true,
            stop_writes_on_bgsave_error: true,
            appendonly: false,
            appendfilename: "appendonly.aof".into(),
            appenddirname: "appendonlydir".into(),
            appendfsync: Fsync::EverySecond,
            no_appendfsync_on_rewrite: false,
            auto_aof_rewrite_percentage: 100,
            auto_aof_rewrite_min_size: 64 << 20,
            aof_load_truncated: true,
            aof_use_rdb_preamble: true,
            aof_timestamp_enabled: false,
            replicaof: None,
            masterauth: String::new(),
            masteruser: String::new(),
            replica_serve_stale_data: true,
            replica_read_only: true,
            repl_ping_replica_period_s: 10,
            repl_timeout_s: 60,
            repl_backlog_size: 1 << 20,
            repl_backlog_ttl_s: 3600,
            replica_priority: 100,
            min_replicas_to_write: 0,
            min_replicas_max_lag_s: 10,
            requirepass: String::new(),
            packing: Packing::DEFAULT,
            notify_keyspace_events: event::Events::default(),
            slowlog_log_slower_than_us: 10_000,
            slowlog_max_len: 128,
            latency_monitor_threshold_ms: 0,
            latency_tracking: true,
            latency_percentiles: "50 99 99.9".into(),
            maxmemory: 0,
            cluster_enabled: false,
            cluster_config_file: "nodes.conf".into(),
            cluster_node_timeout_ms: 15_000,
            cluster_port: 0,
            cluster_replica_validity_factor: 10,
            cluster_migration_barrier: 1,
            cluster_allow_replica_migration: true,
            cluster_require_full_coverage: true,
            cluster_allow_reads_when_down: false,
            cluster_allow_pubsubshard_when_down: true,
            cluster_replica_no_failover: false,
            cluster_link_sendbuf_limit: 0,
            cluster_announce_ip: None,
            cluster_announce_port: 0,
            cluster_announce_bus_port: 0,
            cluster_announce_hostname: String::new(),
            cluster_preferred_endpoint_type: EndpointType::Ip,
            bus_frame_limit: 16 << 20,
            max_peers: 2048,
            broken: Broken::Nothing,
            kept: BTreeMap::new(),
        }
    }
}

impl Config {
    /// How many databases there are: a cluster has one.
    pub(crate) const fn databases_in_use(&self) -> u32 {
        if self.cluster_enabled { 1 } else { self.databases }
    }

    /// The `save` points in force: those given, else Redis's own.
    #[must_use]
    pub fn save_points(&self) -> &[(u64, u64)] {
        self.save.as_deref().unwrap_or(&[(3600, 1), (300, 100), (60, 10_000)])
    }

    /// The port on which the cluster bus listens; `None` if port + 10000 does not exist.
    #[must_use]
    pub fn bus_port(&self) -> Option<u16> {
        if self.cluster_port != 0 { Some(self.cluster_port) } else { self.port.checked_add(10_000) }
    }
}
