//! Directives of Redis 7.0 that this version only remembers.
//!
//! They are accepted so that configuration files and tools work as they stand, checked for their
//! form, and answered by `CONFIG GET`. Rows marked `ASKS` ask for something that this version
//! cannot do when they are set: the server says so at its start.

use super::{
    directives::{Change, Directive, Home},
    value::Shape,
};

use Change::{Runtime, Start};
use Shape::{Memory, Number, OneOf, Text, Words, YesNo};

const COUNT: Shape = Number(0, i64::MAX);
const I32: i64 = i32::MAX as i64;
const DELAY: Shape = Number(i32::MIN as i64, I32);
const ASKS: bool = true;
const IDLE: bool = false;

#[rustfmt::skip]
const fn row(
    name: &'static str, shape: Shape, change: Change, default: &'static str, asks: bool,
) -> Directive {
    let home = Home::Kept { default, asks };
    Directive {
        name, alias: None, shape, unit: "", change, hidden: false, about: "Remembered only.", home,
    }
}

// One line a directive reads as a table; rustfmt would make several of it.
#[rustfmt::skip]
pub(super) static KEPT: &[Directive] = &[
    row("acl-pubsub-default", OneOf(&["allchannels", "resetchannels"]), Runtime, "resetchannels", IDLE),
    row("aclfile", Text, Start, "", ASKS),
    row("acllog-max-len", COUNT, Runtime, "128", IDLE),
    row("active-defrag-cycle-max", Number(1, 99), Runtime, "25", IDLE),
    row("active-defrag-cycle-min", Number(1, 99), Runtime, "1", IDLE),
    row("active-defrag-ignore-bytes", Memory(false), Runtime, "104857600", IDLE),
    row("active-defrag-max-scan-fields", COUNT, Runtime, "1000", IDLE),
    row("active-defrag-threshold-lower", Number(0, 1000), Runtime, "10", IDLE),
    row("active-defrag-threshold-upper", Number(0, 1000), Runtime, "100", IDLE),
    row("active-expire-effort", Number(1, 10), Runtime, "1", IDLE),
    row("activedefrag", YesNo, Runtime, "no", IDLE),
    row("activerehashing", YesNo, Runtime, "yes", IDLE),
    row("always-show-logo", YesNo, Start, "no", IDLE),
    row("aof-disable-auto-gc", YesNo, Runtime, "no", IDLE),
    row("aof-rewrite-incremental-fsync", YesNo, Runtime, "yes", IDLE),
    row("aof_rewrite_cpulist", Text, Start, "", IDLE),
    row("bgsave_cpulist", Text, Start, "", IDLE),
    row("bind-source-addr", Text, Runtime, "", ASKS),
    row("bio_cpulist", Text, Start, "", IDLE),
    row("busy-reply-threshold", COUNT, Runtime, "5000", IDLE).also("lua-time-limit"),
    row("cluster-announce-tls-port", Number(0, 65_535), Runtime, "0", IDLE),
    row("crash-log-enabled", YesNo, Runtime, "yes", IDLE),
    row("crash-memcheck-enabled", YesNo, Runtime, "yes", IDLE),
    row("disable-thp", YesNo, Start, "yes", IDLE),
    row("dynamic-hz", YesNo, Runtime, "yes", IDLE),
    row("enable-debug-command", OneOf(&["no", "yes", "local"]), Start, "no", IDLE),
    row("enable-module-command", OneOf(&["no", "yes", "local"]), Start, "no", IDLE),
    row("enable-protected-configs", OneOf(&["no", "yes", "local"]), Start, "no", IDLE),
    row("hll-sparse-max-bytes", Memory(false), Runtime, "3000", IDLE),
    row("hz", Number(0, I32), Runtime, "10", IDLE),
    row("ignore-warnings", Words, Runtime, "", IDLE),
    row("io-threads", COUNT, Start, "1", IDLE),
    row("io-threads-do-reads", YesNo, Start, "no", IDLE),
    row("jemalloc-bg-thread", YesNo, Runtime, "yes", IDLE),
    row("key-load-delay", DELAY, Runtime, "0", IDLE).hidden(),
    row("lazyfree-lazy-eviction", YesNo, Runtime, "no", IDLE),
    row("lazyfree-lazy-expire", YesNo, Runtime, "no", IDLE),
    row("lazyfree-lazy-server-del", YesNo, Runtime, "no", IDLE),
    row("lazyfree-lazy-user-del", YesNo, Runtime, "no", IDLE),
    row("lazyfree-lazy-user-flush", YesNo, Runtime, "no", IDLE),
    row("lfu-decay-time", Number(0, I32), Runtime, "1", IDLE),
    row("lfu-log-factor", Number(0, I32), Runtime, "10", IDLE),
    row("list-compress-depth", Number(0, I32), Runtime, "0", IDLE),
    row("list-max-listpack-size", DELAY, Runtime, "-2", IDLE).also("list-max-ziplist-size"),
    row("loading-process-events-interval-bytes", Memory(false), Runtime, "2097152", IDLE).hidden(),
    row("maxmemory-clients", Memory(true), Runtime, "0", ASKS),
    row("maxmemory-eviction-tenacity", Number(0, 100), Runtime, "10", IDLE),
    row("maxmemory-policy", OneOf(&["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction"]), Runtime, "noeviction", ASKS),
    row("maxmemory-samples", Number(1, I32), Runtime, "5", IDLE),
    row("oom-score-adj", OneOf(&["no", "yes", "relative", "absolute"]), Runtime, "no", IDLE),
    row("oom-score-adj-values", Words, Runtime, "0 200 800", IDLE),
    row("proc-title-template", Text, Runtime, "{title} {listen-addr} {server-mode}", IDLE),
    row("propagation-error-behavior", OneOf(&["ignore", "panic", "panic-on-replicas"]), Runtime, "ignore", IDLE),
    row("rdb-del-sync-files", YesNo, Runtime, "no", IDLE),
    row("rdb-key-save-delay", DELAY, Runtime, "0", IDLE).hidden(),
    row("rdb-save-incremental-fsync", YesNo, Runtime, "yes", IDLE),
    row("repl-disable-tcp-nodelay", YesNo, Runtime, "no", IDLE),
    row("repl-diskless-load", OneOf(&["disabled", "on-empty-db", "swapdb"]), Runtime, "disabled", IDLE),
    row("repl-diskless-sync", YesNo, Runtime, "yes", IDLE),
    row("repl-diskless-sync-delay", Number(0, I32), Runtime, "5", IDLE),
    row("repl-diskless-sync-max-replicas", Number(0, I32), Runtime, "0", IDLE),
    row("replica-announce-ip", Text, Runtime, "", IDLE).also("slave-announce-ip"),
    row("replica-announce-port", Number(0, 65_535), Runtime, "0", IDLE).also("slave-announce-port"),
    row("replica-announced", YesNo, Runtime, "yes", IDLE),
    row("replica-ignore-disk-write-errors", YesNo, Runtime, "no", IDLE),
    row("replica-ignore-maxmemory", YesNo, Runtime, "yes", IDLE).also("slave-ignore-maxmemory"),
    row("replica-lazy-flush", YesNo, Runtime, "no", IDLE).also("slave-lazy-flush"),
    row("sanitize-dump-payload", OneOf(&["no", "yes", "clients"]), Runtime, "no", IDLE),
    row("server_cpulist", Text, Start, "", IDLE),
    row("set-proc-title", YesNo, Start, "yes", IDLE),
    row("shutdown-on-sigint", Words, Runtime, "default", IDLE),
    row("shutdown-on-sigterm", Words, Runtime, "default", IDLE),
    row("shutdown-timeout", Number(0, I32), Runtime, "10", IDLE),
    row("socket-mark-id", COUNT, Start, "0", IDLE),
    row("stream-node-max-bytes", Memory(false), Runtime, "4096", IDLE),
    row("stream-node-max-entries", COUNT, Runtime, "100", IDLE),
    row("supervised", OneOf(&["upstart", "systemd", "auto", "no"]), Start, "no", ASKS),
    row("syslog-enabled", YesNo, Start, "no", ASKS),
    row("syslog-facility", OneOf(&["user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"]), Start, "local0", IDLE),
    row("syslog-ident", Text, Start, "redis", IDLE),
    row("tls-auth-clients", OneOf(&["no", "yes", "optional"]), Runtime, "yes", IDLE),
    row("tls-ca-cert-dir", Text, Runtime, "", IDLE),
    row("tls-ca-cert-file", Text, Runtime, "", IDLE),
    row("tls-cert-file", Text, Runtime, "", ASKS),
    row("tls-ciphers", Text, Runtime, "", IDLE),
    row("tls-ciphersuites", Text, Runtime, "", IDLE),
    row("tls-client-cert-file", Text, Runtime, "", IDLE),
    row("tls-client-key-file", Text, Runtime, "", IDLE),
    row("tls-client-key-file-pass", Text, Runtime, "", IDLE),
    row("tls-cluster", YesNo, Runtime, "no", ASKS),
    row("tls-dh-params-file", Text, Runtime, "", IDLE),
    row("tls-key-file", Text, Runtime, "", IDLE),
    row("tls-key-file-pass", Text, Runtime, "", IDLE),
    row("tls-port", Number(0, 65_535), Runtime, "0", ASKS),
    row("tls-prefer-server-ciphers", YesNo, Runtime, "no", IDLE),
    row("tls-protocols", Words, Runtime, "", IDLE),
    row("tls-replication", YesNo, Runtime, "no", ASKS),
    row("tls-session-cache-size", COUNT, Runtime, "20480", IDLE),
    row("tls-session-cache-timeout", COUNT, Runtime, "300", IDLE),
    row("tls-session-caching", YesNo, Runtime, "yes", IDLE),
    row("tracking-table-max-keys", COUNT, Runtime, "1000000", IDLE),
    row("unixsocket", Text, Start, "", IDLE),
    row("unixsocketperm", Text, Start, "0", IDLE),
    row("use-exit-on-panic", YesNo, Runtime, "no", IDLE).hidden(),
    row("watchdog-period", COUNT, Runtime, "0", IDLE).hidden(),
];
