//! One row for each directive that this version acts on: name, form, unit, what it changes.
//!
//! The rows drive the configuration file, the command line, `CONFIG GET`, `CONFIG SET` and the
//! documentation. To add a directive: a field in [`Config`] with its default, and a row here.
//! Directives that are only remembered stand in `kept`.

use alloc::{format, string::String, string::ToString as _, vec::Vec};

use super::{
    Broken, BufferLimit, Config, EndpointType, Fsync, GUARDS, Level,
    event::Events,
    kept::KEPT,
    value::{Shape, Value, yes_no},
};

/// A directive of redis.conf.
#[derive(Clone, Copy, Debug)]
pub struct Directive {
    /// Its name in Redis 7.0.
    pub name: &'static str,
    /// An older name that means the same: `slave-read-only`.
    pub alias: Option<&'static str>,
    /// What may follow it.
    pub shape: Shape,
    /// What its number counts: `ms`, `s`, `bytes`; empty where there is nothing to count.
    pub unit: &'static str,
    /// When it may change.
    pub change: Change,
    /// It is for tests: patterns of `CONFIG GET` do not find it.
    pub hidden: bool,
    /// What follows from it, for people.
    pub about: &'static str,
    pub(super) home: Home,
}

/// When a directive may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// At any time, by `CONFIG SET`.
    Runtime,
    /// Only in the file or on the command line.
    Start,
    /// As [`Change::Start`], because changing it remotely would let a client write files.
    Protected,
}

/// Where the value of a directive lives.
#[derive(Clone, Copy, Debug)]
pub(super) enum Home {
    /// A field that code reads.
    Field {
        /// Prints it as `CONFIG GET` does.
        get: fn(&Config) -> String,
        /// Takes a value that has the right form.
        set: fn(&mut Config, Value<'_>) -> Result<(), String>,
    },
    /// Remembered as text.
    Kept {
        /// What it is until it is set.
        default: &'static str,
        /// Whether anything but the default asks for something that this version cannot do.
        asks: bool,
    },
}

/// All directives: those acted on, then those remembered.
pub fn all() -> impl Iterator<Item = &'static Directive> {
    ROWS.iter().chain(KEPT)
}

/// The directive of that name (or older name), in any letter case.
#[must_use]
pub fn find(name: &str) -> Option<&'static Directive> {
    all().find(|row| row.names().any(|known| known.eq_ignore_ascii_case(name)))
}

impl Directive {
    /// Its name and its older name.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        core::iter::once(self.name).chain(self.alias)
    }

    /// Whether this version does what it says; otherwise it is only remembered.
    #[must_use]
    pub const fn is_acted_on(&self) -> bool {
        matches!(self.home, Home::Field { .. })
    }

    /// Its value in `config`, as `CONFIG GET` prints it.
    #[must_use]
    pub fn print(&self, config: &Config) -> String {
        match self.home {
            Home::Field { get, .. } => get(config),
            Home::Kept { default, .. } => {
                config.kept.get(self.name).map_or_else(|| default.into(), Clone::clone)
            }
        }
    }
}

/// A yes/no field.
macro_rules! flag {
    ($field:ident) => {
        Home::Field {
            get: |c| yes_no(c.$field),
            set: |c, v| {
                if let Value::YesNo(yes) = v {
                    c.$field = yes;
                }
                Ok(())
            },
        }
    };
}

/// A number field; its row's bounds fit the field's type.
macro_rules! number {
    ($($field:ident).+) => {
        Home::Field {
            get: |c| c.$($field).+.to_string(),
            set: |c, v| {
                if let Value::Number(n) = v {
                    c.$($field).+ = n.try_into().map_err(|_| String::from("argument out of range"))?;
                }
                Ok(())
            },
        }
    };
}

/// A text field.
macro_rules! text {
    ($field:ident) => {
        Home::Field {
            get: |c| c.$field.clone(),
            set: |c, v| {
                if let Value::Text(word) = v {
                    c.$field = word.into();
                }
                Ok(())
            },
        }
    };
}

use Change::{Protected, Runtime, Start};
use Shape::{Bytes, Memory, Number, OneOf, Text, Words, YesNo};

const PORT: Shape = Number(0, 65_535);
const I32: i64 = i32::MAX as i64;
const I64: i64 = i64::MAX;

#[rustfmt::skip]
const fn row(
    name: &'static str, shape: Shape, unit: &'static str, change: Change, home: Home,
    about: &'static str,
) -> Directive {
    Directive { name, alias: None, shape, unit, change, hidden: false, about, home }
}

impl Directive {
    pub(super) const fn also(mut self, alias: &'static str) -> Self {
        self.alias = Some(alias);
        self
    }

    pub(super) const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }
}

// One line a directive reads as a table; rustfmt would make six of it.
#[rustfmt::skip]
static ROWS: &[Directive] = &[
    // Network.
    row("port", PORT, "", Start, number!(port), "TCP port for clients; 0 listens on none. Redis can change it at run time, Slotscope cannot."),
    row("bind", Words, "", Start, BIND, "Addresses to listen on. `-` before one: its absence is no error. The cluster bus uses the same. Redis can change it at run time, Slotscope cannot."),
    row("protected-mode", YesNo, "", Runtime, flag!(protected_mode), "Refuses clients from other machines while neither a password nor `bind` is set."),
    row("timeout", Number(0, I32), "s", Runtime, number!(timeout_s), "Closes clients that are idle for so long; 0 never does."),
    row("tcp-backlog", Number(0, I32), "", Start, number!(tcp_backlog), "How many connections may wait to be accepted."),
    row("tcp-keepalive", Number(0, I32), "s", Runtime, number!(tcp_keepalive_s), "Asks a silent client's machine for a sign of life after so long; 0 never does."),
    row("maxclients", Number(1, u32::MAX as i64), "", Runtime, number!(maxclients), "More connections than that are refused."),
    row("proto-max-bulk-len", Bytes(1 << 20, i64::MAX), "bytes", Runtime, number!(proto_max_bulk_len), "The longest string a client may send."),
    row("client-query-buffer-limit", Bytes(1 << 20, i64::MAX), "bytes", Runtime, number!(client_query_buffer_limit), "The most that may wait to be parsed; a client that sends more is closed."),
    row("client-output-buffer-limit", Words, "bytes bytes s", Runtime, OUTPUT, "Per class (normal, replica, pubsub): closes a client that has more waiting than the hard limit, or more than the soft limit for so many seconds; 0 is no limit."),
    // General.
    row("daemonize", YesNo, "", Start, flag!(daemonize), "Goes on in the background, without the terminal."),
    row("pidfile", Text, "", Start, text!(pidfile), "Where the process number is written while the server runs."),
    row("loglevel", OneOf(&["debug", "verbose", "notice", "warning"]), "", Runtime, LOGLEVEL, "Lines below this level are not written."),
    row("logfile", Text, "", Start, text!(logfile), "Where log lines go; empty is standard output."),
    row("databases", Number(1, I32), "", Start, number!(databases), "How many databases SELECT knows; a cluster uses only database 0."),
    row("dir", Text, "", Protected, text!(dir), "The working directory, where nodes.conf lives."),
    // Snapshots and append only file.
    row("save", Words, "s changes", Runtime, SAVE, "After so many seconds with so many changes a snapshot is due."),
    row("dbfilename", Text, "", Protected, DBFILENAME, "Name of the snapshot file, in `dir`."),
    row("rdbcompression", YesNo, "", Runtime, flag!(rdbcompression), "Packs long strings of a snapshot."),
    row("rdbchecksum", YesNo, "", Start, flag!(rdbchecksum), "Ends a snapshot with a checksum."),
    row("stop-writes-on-bgsave-error", YesNo, "", Runtime, flag!(stop_writes_on_bgsave_error), "Refuses writes while snapshots are wanted and the last one failed."),
    row("appendonly", YesNo, "", Runtime, flag!(appendonly), "Logs every write to a file, which is read at the next start."),
    row("appendfilename", Text, "", Start, APPENDFILENAME, "How the names of the append only files begin."),
    row("appenddirname", Text, "", Start, APPENDDIRNAME, "The folder of the append only files, in `dir`."),
    row("appendfsync", OneOf(&["everysec", "always", "no"]), "", Runtime, APPENDFSYNC, "When what was logged is made durable: before a write is answered, once a second, or when the operating system sees fit."),
    row("no-appendfsync-on-rewrite", YesNo, "", Runtime, flag!(no_appendfsync_on_rewrite), "Lets the once-a-second sync rest while a rewrite or a snapshot is being written."),
    row("auto-aof-rewrite-percentage", Number(0, I32), "%", Runtime, number!(auto_aof_rewrite_percentage), "The log is rewritten when it has grown by so much; 0 never does it."),
    row("auto-aof-rewrite-min-size", Memory(false), "bytes", Runtime, number!(auto_aof_rewrite_min_size), "A smaller log is not rewritten by itself."),
    row("aof-load-truncated", YesNo, "", Runtime, flag!(aof_load_truncated), "Whether a log that ends in the middle of a command is cut there and loaded, or stops the start."),
    row("aof-use-rdb-preamble", YesNo, "", Runtime, flag!(aof_use_rdb_preamble), "Whether a rewrite writes a snapshot or commands."),
    row("aof-timestamp-enabled", YesNo, "", Runtime, flag!(aof_timestamp_enabled), "Whether the log notes the time between commands."),
    // Replication.
    row("replicaof", Words, "", Start, REPLICAOF, "Copies another server's data; not in cluster mode.").also("slaveof"),
    row("masterauth", Text, "", Runtime, text!(masterauth), "The password that this replica sends to its master."),
    row("masteruser", Text, "", Runtime, text!(masteruser), "The user name that goes with masterauth."),
    row("replica-serve-stale-data", YesNo, "", Runtime, flag!(replica_serve_stale_data), "Whether a replica answers reads while it has lost its master.").also("slave-serve-stale-data"),
    row("replica-read-only", YesNo, "", Runtime, flag!(replica_read_only), "Whether a replica refuses writes of clients.").also("slave-read-only"),
    row("repl-ping-replica-period", Number(1, I32), "s", Runtime, number!(repl_ping_replica_period_s), "How often a master pings its replicas in the stream.").also("repl-ping-slave-period"),
    row("repl-timeout", Number(1, I32), "s", Runtime, number!(repl_timeout_s), "A replication link that is silent for so long is taken for broken."),
    row("repl-backlog-size", Bytes(1, i64::MAX), "bytes", Runtime, number!(repl_backlog_size), "How much of the stream is kept: a replica that missed less can go on without a full copy."),
    row("repl-backlog-ttl", Number(0, I64), "s", Runtime, number!(repl_backlog_ttl_s), "A master without replicas drops its backlog after so long; 0 never does."),
    row("replica-priority", Number(0, I32), "", Runtime, number!(replica_priority), "For Sentinel: a lower number is promoted first, 0 never.").also("slave-priority"),
    row("min-replicas-to-write", Number(0, I32), "", Runtime, number!(min_replicas_to_write), "A master with fewer good replicas refuses writes; 0 never does.").also("min-slaves-to-write"),
    row("min-replicas-max-lag", Number(0, I32), "s", Runtime, number!(min_replicas_max_lag_s), "A replica that was silent for longer is not a good one.").also("min-slaves-max-lag"),
    // Security and memory.
    row("requirepass", Text, "", Runtime, text!(requirepass), "Clients must AUTH with this password; empty asks for none."),
    row("maxmemory", Memory(false), "bytes", Runtime, number!(maxmemory), "The most memory the data may take; 0 is no limit. Beyond it writes are refused; nothing is evicted, so other policies than noeviction have no limit."),
    row("notify-keyspace-events", Text, "", Runtime, NOTIFY, "Which changes of keys are published on channels: K and E say on which, g$lshzxnm which, A most."),
    row("hash-max-listpack-entries", Number(0, I64), "", Runtime, number!(packing.hash_entries), "A hash with more fields has a table.").also("hash-max-ziplist-entries"),
    row("hash-max-listpack-value", Memory(false), "bytes", Runtime, number!(packing.hash_bytes), "A hash with a longer field or value has a table.").also("hash-max-ziplist-value"),
    row("set-max-intset-entries", Number(0, I64), "", Runtime, number!(packing.set_numbers), "A set of more integers has a table."),
    row("zset-max-listpack-entries", Number(0, I64), "", Runtime, number!(packing.zset_entries), "A sorted set with more members has a tree.").also("zset-max-ziplist-entries"),
    row("zset-max-listpack-value", Memory(false), "bytes", Runtime, number!(packing.zset_bytes), "A sorted set with a longer member has a tree.").also("zset-max-ziplist-value"),
    // What is noted of single commands.
    row("slowlog-log-slower-than", Number(-1, I64), "us", Runtime, number!(slowlog_log_slower_than_us), "Commands that take longer are noted in the slow log; -1 notes none."),
    row("slowlog-max-len", Number(0, I64), "", Runtime, number!(slowlog_max_len), "How many slow commands are kept."),
    row("latency-monitor-threshold", Number(0, I64), "ms", Runtime, number!(latency_monitor_threshold_ms), "Commands that take so long are noted as a spike; 0 notes none."),
    row("latency-tracking-info-percentiles", Words, "", Runtime, PERCENTILES, "Which percentiles of these times INFO shows."),
    row("latency-tracking", YesNo, "", Runtime, flag!(latency_tracking), "Whether it is counted how long each command takes."),
    // Cluster.
    row("cluster-enabled", YesNo, "", Start, flag!(cluster_enabled), "Whether this server is a node of a cluster."),
    row("cluster-config-file", Text, "", Start, text!(cluster_config_file), "Where the node remembers its cluster. Written by the node, never by hand."),
    row("cluster-node-timeout", Number(0, I64), "ms", Runtime, number!(cluster_node_timeout_ms), "A node that does not answer for so long is suspected (PFAIL). Shorter finds failures sooner and mistakes slow networks for dead nodes."),
    row("cluster-port", PORT, "", Start, number!(cluster_port), "Port of the cluster bus; 0 is the client port + 10000."),
    row("cluster-replica-validity-factor", Number(0, I32), "", Runtime, number!(cluster_replica_validity_factor), "A replica whose data is older than node timeout x factor + ping period does not ask for votes; 0 always asks.").also("cluster-slave-validity-factor"),
    row("cluster-migration-barrier", Number(0, I32), "", Runtime, number!(cluster_migration_barrier), "A master keeps at least so many replicas before one moves to a master that has none."),
    row("cluster-allow-replica-migration", YesNo, "", Runtime, flag!(cluster_allow_replica_migration), "Whether a replica may move to a master that has none."),
    row("cluster-require-full-coverage", YesNo, "", Runtime, flag!(cluster_require_full_coverage), "Whether the whole cluster stops while one slot has no owner."),
    row("cluster-allow-reads-when-down", YesNo, "", Runtime, flag!(cluster_allow_reads_when_down), "Whether reads are answered while the cluster is down: available, but possibly stale."),
    row("cluster-allow-pubsubshard-when-down", YesNo, "", Runtime, flag!(cluster_allow_pubsubshard_when_down), "Whether sharded Pub/Sub works while the cluster is down."),
    row("cluster-replica-no-failover", YesNo, "", Runtime, flag!(cluster_replica_no_failover), "Whether this replica never asks for votes by itself.").also("cluster-slave-no-failover"),
    row("cluster-link-sendbuf-limit", Memory(false), "bytes", Runtime, number!(cluster_link_sendbuf_limit), "A bus link with more waiting is closed; 0 leaves only Slotscope's own limit."),
    row("cluster-announce-ip", Text, "", Runtime, ANNOUNCE_IP, "The address that others are told; empty lets them see for themselves."),
    row("cluster-announce-port", PORT, "", Runtime, number!(cluster_announce_port), "The client port that others are told; 0 is the real one."),
    row("cluster-announce-bus-port", PORT, "", Runtime, number!(cluster_announce_bus_port), "The bus port that others are told; 0 is the real one."),
    row("cluster-announce-hostname", Text, "", Runtime, HOSTNAME, "A host name that clients may be sent to."),
    row("cluster-preferred-endpoint-type", OneOf(&["ip", "hostname", "unknown-endpoint"]), "", Runtime, ENDPOINT, "What clients are redirected to: the address, the announced host name, or where they already are."),
    // Limits of Slotscope itself.
    row("slotscope-bus-frame-limit", Memory(false), "bytes", Runtime, number!(bus_frame_limit), "A longer bus message closes its link. Redis 7.0 has no bound here."),
    row("slotscope-max-peers", Number(1, u32::MAX as i64), "", Runtime, number!(max_peers), "No more nodes than that are learned, so that forged gossip cannot fill the memory."),
    row("slotscope-break", OneOf(GUARDS), "", Start, BROKEN, "Switches a guard off on purpose, to show what it is for. Never in earnest."),
];

const BIND: Home = Home::Field {
    get: |c| c.bind.join(" "),
    set: |c, v| {
        let Value::Words(words) = v else { return Ok(()) };
        c.bind = words.iter().filter(|w| !w.is_empty()).map(|w| (*w).into()).collect();
        Ok(())
    },
};

/// A text field that names a file in a folder of its own: no path.
macro_rules! file_name {
    ($field:ident, $error:literal) => {
        Home::Field {
            get: |c| c.$field.clone(),
            set: |c, v| {
                let Value::Text(word) = v else { return Ok(()) };
                if word.contains(['/', '\\']) {
                    return Err($error.into());
                }
                c.$field = word.into();
                Ok(())
            },
        }
    };
}

const DBFILENAME: Home = file_name!(dbfilename, "dbfilename can't be a path, just a filename");
const APPENDFILENAME: Home =
    file_name!(appendfilename, "appendfilename can't be a path, just a filename");
const APPENDDIRNAME: Home =
    file_name!(appenddirname, "appenddirname can't be a path, just a dirname");

const APPENDFSYNC: Home = Home::Field {
    get: |c| {
        match c.appendfsync {
            Fsync::Always => "always",
            Fsync::EverySecond => "everysec",
            Fsync::No => "no",
        }
        .into()
    },
    set: |c, v| {
        let Value::Text(word) = v else { return Ok(()) };
        c.appendfsync = match word {
            "always" => Fsync::Always,
            "no" => Fsync::No,
            _ => Fsync::EverySecond,
        };
        Ok(())
    },
};

/// Kept as words without needless zeros: `50.0` is 50.
const PERCENTILES: Home = Home::Field {
    get: |c| c.latency_percentiles.clone(),
    set: |c, v| {
        let Value::Words(words) = v else { return Ok(()) };
        let mut kept = Vec::new();
        for word in words {
            let invalid = "Invalid latency-tracking-info-percentiles parameters";
            let number: f64 = word.parse().map_err(|_| String::from(invalid))?;
            if !(0.0..=100.0).contains(&number) {
                return Err("latency-tracking-info-percentiles parameters should sit between \
                            [0.0,100.0]"
                    .into());
            }
            kept.push(number.to_string());
        }
        c.latency_percentiles = kept.join(" ");
        Ok(())
    },
};

const NOTIFY: Home = Home::Field {
    get: |c| c.notify_keyspace_events.print(),
    set: |c, v| {
        let Value::Text(word) = v else { return Ok(()) };
        c.notify_keyspace_events = Events::read(word)
            .ok_or_else(|| String::from("Invalid event class character. Use 'Ag$lshzxeKEtmdn'."))?;
        Ok(())
    },
};

const LOGLEVEL: Home = Home::Field {
    get: |c| {
        match c.loglevel {
            Level::Debug => "debug",
            Level::Verbose => "verbose",
            Level::Notice => "notice",
            Level::Warning => "warning",
        }
        .into()
    },
    set: |c, v| {
        let Value::Text(word) = v else { return Ok(()) };
        c.loglevel = match word {
            "debug" => Level::Debug,
            "verbose" => Level::Verbose,
            "notice" => Level::Notice,
            _ => Level::Warning,
        };
        Ok(())
    },
};

const ENDPOINT: Home = Home::Field {
    get: |c| {
        match c.cluster_preferred_endpoint_type {
            EndpointType::Ip => "ip",
            EndpointType::Hostname => "hostname",
            EndpointType::UnknownEndpoint => "unknown-endpoint",
        }
        .into()
    },
    set: |c, v| {
        let Value::Text(word) = v else { return Ok(()) };
        c.cluster_preferred_endpoint_type = match word {
            "ip" => EndpointType::Ip,
            "hostname" => EndpointType::Hostname,
            _ => EndpointType::UnknownEndpoint,
        };
        Ok(())
    },
};

const BROKEN: Home = Home::Field {
    get: |c| c.broken.name().into(),
    set: |c, v| {
        let Value::Text(word) = v else { return Ok(()) };
        c.broken = Broken::of(word);
        Ok(())
    },
};

const ANNOUNCE_IP: Home = Home::Field {
    get: |c| c.cluster_announce_ip.map_or_else(String::new, |ip| ip.to_string()),
    set: |c, v| {
        let Value::Text(word) = v else { return Ok(()) };
        c.cluster_announce_ip = if word.is_empty() {
            None
        } else {
            // Redis keeps any text and puts it on the wire; a name there helps nobody.
            Some(word.parse().map_err(|_| String::from("argument must be an IP address"))?)
        };
        Ok(())
    },
};

const HOSTNAME: Home = Home::Field {
    get: |c| c.cluster_announce_hostname.clone(),
    set: |c, v| {
        let Value::Text(word) = v else { return Ok(()) };
        if word.len() >= 256 {
            return Err("Hostnames must be less than 256 characters".into());
        }
        if !word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.')) {
            return Err(
                "Hostnames may only contain alphanumeric characters, hyphens or dots".into()
            );
        }
        c.cluster_announce_hostname = word.into();
        Ok(())
    },
};

const REPLICAOF: Home = Home::Field {
    get: |c| c.replicaof.as_ref().map_or_else(String::new, |(host, port)| format!("{host} {port}")),
    set: |c, v| {
        let Value::Words(words) = v else { return Ok(()) };
        c.replicaof = match *words {
            ["no" | "NO", "one" | "ONE"] | [""] => None,
            [host, port] => {
                let port = port.parse().map_err(|_| String::from("invalid master port"))?;
                Some((host.into(), port))
            }
            _ => return Err("wrong number of arguments".into()),
        };
        Ok(())
    },
};

const SAVE: Home = Home::Field {
    get: |c| {
        let points = c.save_points().iter().map(|(s, n)| format!("{s} {n}"));
        points.collect::<Vec<_>>().join(" ")
    },
    set: |c, v| {
        let Value::Words(words) = v else { return Ok(()) };
        if let [] | [""] = *words {
            c.save = Some(Vec::new());
            return Ok(());
        }
        let number = |word: &str, least: u64| {
            let number = word.parse::<u64>().ok().filter(|n| *n >= least);
            number.ok_or_else(|| String::from("Invalid save parameters"))
        };
        let mut points = Vec::new();
        for pair in words.chunks(2) {
            let [seconds, changes] = *pair else { return Err("Invalid save parameters".into()) };
            points.push((number(seconds, 1)?, number(changes, 0)?));
        }
        // Lines of a file add up; the first one replaces the default.
        c.save.get_or_insert_default().append(&mut points);
        Ok(())
    },
};

const OUTPUT: Home = Home::Field {
    get: |c| {
        let one =
            |(name, l): (&str, &BufferLimit)| format!("{name} {} {} {}", l.hard, l.soft, l.soft_s);
        let names = ["normal", "slave", "pubsub"];
        names.into_iter().zip(&c.client_output_buffer_limit).map(one).collect::<Vec<_>>().join(" ")
    },
    set: |c, v| {
        let Value::Words(words) = v else { return Ok(()) };
        let mut limits = c.client_output_buffer_limit;
        if words.is_empty() || words.len() % 4 != 0 {
            return Err("Wrong number of arguments in buffer limit configuration.".into());
        }
        for class in words.chunks_exact(4) {
            let which = match class[0].to_ascii_lowercase().as_str() {
                "normal" => 0,
                "slave" | "replica" => 1,
                "pubsub" => 2,
                _ => {
                    return Err(
                        "Invalid client class specified in buffer limit configuration.".into()
                    );
                }
            };
            let amount = |word: &str| match Memory(false).read(&[word]) {
                Ok(Value::Number(n)) => u64::try_from(n).ok(),
                _ => None,
            };
            let (Some(hard), Some(soft), Ok(soft_s)) =
                (amount(class[1]), amount(class[2]), class[3].parse())
            else {
                return Err(
                    "Error in hard, soft or soft_seconds setting in buffer limit configuration."
                        .into(),
                );
            };
            limits[which] = BufferLimit { hard, soft, soft_s };
        }
        c.client_output_buffer_limit = limits;
        Ok(())
    },
};
