//! The connection, the server, the table of commands.

use alloc::format;

use super::{Bench, check, in_cluster};
use crate::{
    command::Outcome,
    config::Config,
    io::{Effect, Exit},
};

#[test]
fn a_password_locks_the_door() {
    let mut bench = Bench::new(Config { requirepass: "pw".into(), ..Config::default() });
    bench.check(
        r#"
        GET k -> -NOAUTH Authentication required.
        PING -> -NOAUTH Authentication required.
        nosuch -> -ERR unknown command 'nosuch', with args beginning with:
        AUTH wrong -> -WRONGPASS invalid username-password pair or user is disabled.
        AUTH p -> -WRONGPASS invalid username-password pair or user is disabled.
        AUTH someone pw -> -WRONGPASS invalid username-password pair or user is disabled.
        HELLO 3 AUTH default no -> -WRONGPASS invalid username-password pair or user is disabled.
        AUTH pw -> OK
        PING -> PONG
        RESET -> RESET
        PING -> -NOAUTH Authentication required.
        "#,
    );
    assert!(bench.say("HELLO 2").starts_with("-NOAUTH HELLO must be called"));
    assert!(bench.say("HELLO 3 AUTH default pw").contains("\"proto\" :3"));
    bench.check("PING -> PONG");
}

#[test]
fn the_connection() {
    check(
        r#"
        PING hi -> "hi"
        PING a b -> -ERR wrong number of arguments for 'ping' command
        ECHO hi -> "hi"
        SELECT 0 -> OK
        SELECT 16 -> -ERR DB index is out of range
        SELECT x -> -ERR value is not an integer or out of range
        CLIENT ID -> :7
        CLIENT GETNAME -> nil
        CLIENT SETNAME me -> OK
        CLIENT GETNAME -> "me"
        HELLO 4 -> -NOPROTO unsupported protocol version
        HELLO x -> -ERR Protocol version is not an integer or out of range
        HELLO 2 foo -> -ERR Syntax error in HELLO option 'foo'
        HELLO 2 SETNAME you -> ["server" "redis" "version" "7.0.15" "proto" :2 "id" :7 "mode" "standalone" "role" "master" "modules" []]
        CLIENT GETNAME -> "you"
        CLIENT KILL ID 99 -> :0
        CLIENT KILL 1.2.3.4:5 -> -ERR No such client
        CLIENT LIST TYPE foo -> -ERR Unknown client type 'foo'
        ACL WHOAMI -> "default"
        "#,
    );
    let mut bench = Bench::new(in_cluster());
    bench.check("SELECT 1 -> -ERR SELECT is not allowed in cluster mode");
    assert!(bench.say("CLIENT INFO").contains("addr=127.0.0.1:50000"));
    assert!(bench.say("HELLO").contains("\"mode\" \"cluster\""));
    assert_eq!(bench.run(&[b"QUIT"]), (Outcome::Close, "OK".into()));
    assert_eq!(bench.run(&[b"CLIENT", b"KILL", b"SKIPME", b"no"]).0, Outcome::Close);
}

#[test]
fn ends_are_effects() {
    for (command, exit) in [("SHUTDOWN NOSAVE", Exit::Shutdown), ("DEBUG SEGFAULT", Exit::Crash)] {
        let mut bench = Bench::new(Config::default());
        assert_eq!(bench.say(command), "");
        assert_eq!(bench.out.drain().next_back(), Some(Effect::Exit(exit)));
    }
    let mut bench = Bench::new(Config::default());
    bench.check("SHUTDOWN SAVE NOSAVE -> -ERR syntax error");
    assert!(bench.out.is_empty());
}

#[test]
fn a_flush_gives_a_snapshot_up() {
    let mut bench = Bench::new(Config::default());
    bench.say("CONFIG SET save \"\"");
    bench.say("BGSAVE");
    drop(bench.out.drain());
    bench.say("FLUSHALL");
    let gives_up = |effect: Effect| matches!(effect, Effect::CancelJob { .. });
    assert!(bench.out.drain().any(gives_up));
    bench.check("BGSAVE -> Background saving started");
}

#[test]
fn configuration_at_run_time() {
    let mut bench = Bench::new(Config::default());
    bench.check(
        r#"
        CONFIG SET cluster-node-timeout 5000 maxmemory 1mb -> OK
        CONFIG GET cluster-node-timeout maxmem* -> ["cluster-node-timeout" "5000" "maxmemory" "1048576" "maxmemory-clients" "0" "maxmemory-eviction-tenacity" "10" "maxmemory-policy" "noeviction" "maxmemory-samples" "5"]
        CONFIG SET cluster-node-timeout 7000 nosuch 1 -> -ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'
        CONFIG GET CLUSTER-node-timeout -> ["cluster-node-timeout" "5000"]
        CONFIG SET a 1 b -> -ERR wrong number of arguments for 'config|set' command
        "#,
    );
    assert_eq!(bench.b.config.cluster_node_timeout_ms, 5000);
}

#[test]
fn info_has_what_clients_look_for() {
    let mut bench = Bench::new(in_cluster());
    let text = bench.say("INFO");
    for line in ["redis_version:7.0.15", "redis_mode:cluster", "cluster_enabled:1", "loading:0"] {
        assert!(text.contains(&format!("{line}\r\n")), "{line} in {text}");
    }
    assert!(text.contains("# Replication\r\nrole:master\r\n"), "{text}");
    assert!(text.ends_with("# Keyspace\r\n\""), "an empty node has no db0 line: {text}");
    bench.check("SET k v PX 500");
    let text = bench.say("INFO keyspace CLUSTER nosuch");
    let wanted =
        "# Cluster\r\ncluster_enabled:1\r\n\r\n# Keyspace\r\ndb0:keys=1,expires=1,avg_ttl=500\r\n";
    assert_eq!(text, format!("\"{wanted}\""));
}

#[test]
fn commands_describe_themselves() {
    check(
        r#"
        COMMAND GETKEYS MSET a 1 b 2 -> ["a" "b"]
        COMMAND GETKEYS PING x -> -ERR The command has no key arguments
        COMMAND GETKEYS GET a b -> -ERR Invalid number of arguments specified for command
        COMMAND GETKEYS nosuch a -> -ERR Invalid command specified
        COMMAND GETKEYSANDFLAGS SET a 1 -> [["a" [OW update]]]
        COMMAND GETKEYSANDFLAGS SET a 1 GET -> [["a" [RW access update]]]
        COMMAND LIST FILTERBY PATTERN EXPIRE* -> ["expire" "expireat" "expiretime"]
        COMMAND LIST FILTERBY foo bar -> -ERR syntax error
        COMMAND INFO nosuch -> [nil]
        COMMAND INFO get -> [["get" :2 [readonly fast] :1 :1 :1 [@read @string @fast] [] [["flags" [RO access] "begin_search" ["type" "index" "spec" ["index" :1]] "find_keys" ["type" "range" "spec" ["lastkey" :0 "keystep" :1 "limit" :0]]]] []]]
        COMMAND INFO config|get -> [["config|get" :-3 [admin noscript loading stale] :0 :0 :0 [@admin @slow @dangerous] [] [] []]]
        COMMAND DOCS dbsize nosuch -> ["dbsize" ["summary" "Counts the keys of this node." "since" "1.0.0" "group" "server"]]
        "#,
    );
    let mut bench = Bench::new(Config::default());
    let count = bench.say("COMMAND COUNT");
    assert_eq!(count, format!(":{}", crate::command::table::all().len()));
    assert!(bench.say("CONFIG HELP").contains("GET     Reads the directives"));
}

#[test]
fn refusals_before_a_handler() {
    check(
        r#"
        nosuch a b -> -ERR unknown command 'nosuch', with args beginning with: 'a' 'b'
        GET -> -ERR wrong number of arguments for 'get' command
        CONFIG -> -ERR wrong number of arguments for 'config' command
        config get -> -ERR wrong number of arguments for 'config|get' command
        Client Nosuch -> -ERR unknown subcommand 'Nosuch'. Try CLIENT HELP.
        CLUSTER INFO -> -ERR This instance has cluster support disabled
        READONLY -> -ERR This instance has cluster support disabled
        "#,
    );
    let said = Bench::new(Config::default()).say("nosuch a b");
    assert!(said.ends_with("'a' 'b' "), "each word is followed by a space: {said}");
    let mut bench = Bench::new(Config { min_replicas_to_write: 1, ..Config::default() });
    bench.check("SET k v -> -NOREPLICAS Not enough good replicas to write.");
    bench.check("GET k -> nil");
}

#[test]
fn what_stands_in_one_piece_can_be_said() {
    check(
        r#"
        CONFIG SET hash-max-listpack-entries 2 -> OK
        HSET h a 1 b 2 -> :2
        OBJECT ENCODING h -> "listpack"
        HSET h c 3 -> :1
        OBJECT ENCODING h -> "hashtable"
        CONFIG SET hash-max-ziplist-value 100 -> OK
        HSET long f aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa -> :1
        OBJECT ENCODING long -> "listpack"
        CONFIG SET set-max-intset-entries 1 -> OK
        SADD s 1 2 -> :2
        OBJECT ENCODING s -> "hashtable"
        CONFIG SET zset-max-listpack-value 3 -> OK
        ZADD z 1 abcd -> :1
        OBJECT ENCODING z -> "skiplist"
        COPY z y -> :1
        OBJECT ENCODING y -> "skiplist"
        "#,
    );
}

#[test]
fn writes_need_memory() {
    check(
        r#"
        CONFIG SET maxmemory 1 -> OK
        SET k v -> -OOM command not allowed when used memory > 'maxmemory'.
        GET k -> nil
        DEL k -> :0
        MULTI -> OK
        GET k -> -OOM command not allowed when used memory > 'maxmemory'.
        EXEC -> -EXECABORT Transaction discarded because of previous errors.
        CONFIG SET maxmemory-policy allkeys-lru -> OK
        SET k v -> OK
        "#,
    );
}

#[test]
fn debug_helps_tests_of_clients() {
    check(
        r#"
        DEBUG POPULATE 2 -> OK
        GET key:1 -> "value:1"
        DEBUG POPULATE 1 x 12 -> OK
        STRLEN x:0 -> :12
        DEBUG PROTOCOL integer -> :12345
        DEBUG PROTOCOL push -> -ERR RESP2 is not supported by this command
        DEBUG ERROR MINE -> -MINE
        DEBUG SET-ACTIVE-EXPIRE 0 -> OK
        DEBUG QUICKLIST-PACKED-THRESHOLD 1b -> OK
        DEBUG NOSUCH -> -ERR unknown subcommand or wrong number of arguments for 'NOSUCH'. Try DEBUG HELP.
        "#,
    );
    let mut bench = Bench::new(Config::default());
    bench.check("DEBUG SLEEP 0.25 -> OK");
    assert_eq!(bench.out.take_sleep(), 250_000);
}

#[test]
fn commands_and_errors_are_counted() {
    let mut bench = Bench::new(Config::default());
    bench.check(
        r#"
        SET k v -> OK
        LPUSH k v
        GET
        nosuch
        "#,
    );
    let text = bench.say("INFO everything");
    for line in [
        "cmdstat_set:calls=1,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=0",
        "cmdstat_lpush:calls=1,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=1",
        "cmdstat_get:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0",
        "errorstat_ERR:count=2",
        "errorstat_WRONGTYPE:count=1",
        "total_error_replies:3",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    assert!(!bench.say("INFO").contains("cmdstat_set"));
    bench.check("CONFIG RESETSTAT -> OK");
    assert!(bench.say("INFO stats").contains("total_error_replies:0"));
}

#[test]
fn who_monitors_sees_what_others_say() {
    let mut bench = Bench::new(Config::default());
    assert_eq!(bench.say_as(9, "MONITOR"), "OK");
    bench.check("SET k a\"b -> OK");
    bench.check("CONFIG GET port");
    let pushed = bench.pushed();
    assert_eq!(pushed.len(), 1, "{pushed:?}");
    assert!(pushed[0].ends_with(r#"[0 127.0.0.1:50000] "SET" "k" "a\"b""#), "{pushed:?}");
}

/// The keyspace is for clients that do not only look on; and asked again, MONITOR says nothing.
#[test]
fn who_monitors_only_looks_on() {
    let mut bench = Bench::new(Config::default());
    assert_eq!(bench.say_as(9, "MONITOR"), "OK");
    assert_eq!(bench.say_as(9, "MONITOR"), "");
    let refused = "-ERR Replica can't interact with the keyspace";
    assert_eq!(bench.say_as(9, "GET k"), refused);
    assert_eq!(bench.say_as(9, "SET k v"), refused);
    assert_eq!(bench.say_as(9, "PING"), "PONG");
}

/// What a client that keeps copies is told of its own writes stands right behind their replies.
#[test]
fn own_writes_are_told_behind_their_reply() {
    let mut bench = Bench::new(Config::default());
    bench.say_as(9, "HELLO 3");
    bench.say_as(9, "CLIENT TRACKING ON");
    bench.say_as(9, "GET k");
    assert_eq!(bench.say_as(9, "SET k v"), r#"OK | ["invalidate" ["k"]]"#);
    bench.say_as(9, "GET k");
    assert_eq!(bench.say_as(9, "FLUSHALL"), r#"OK | ["invalidate" nil]"#);
    assert_eq!(bench.pushed(), [""; 0]);
}

/// A web page that talks to this port is left before what it sends below can be a command.
#[test]
fn http_is_not_spoken_here() {
    let mut bench = Bench::new(Config::default());
    for words in [[&b"POST"[..], b"/", b"HTTP/1.1"], [b"Host:", b"127.0.0.1:6379", b""]] {
        assert_eq!(bench.run(&words), (Outcome::Close, "".into()));
    }
}

#[test]
fn populate_takes_sizes_that_a_client_could_send() {
    check(
        r#"
        DEBUG POPULATE abc -> -ERR value is out of range, must be positive
        DEBUG POPULATE -1 -> -ERR value is out of range, must be positive
        DEBUG POPULATE 1 p abc -> -ERR value is out of range, must be positive
        DEBUG POPULATE 1 p 9223372036854775807 -> -ERR value is out of range, must be positive
        DBSIZE -> :0
        DEBUG POPULATE 2 p 3 -> OK
        GET p:1 -> "val"
        "#,
    );
}

/// A count that was noted is a hit like any other, and so is one that has to be made.
#[test]
fn counting_is_reading() {
    let mut bench = Bench::new(Config::default());
    bench.check("PFADD hl a b\nPFCOUNT hl -> :2\nPFCOUNT hl -> :2\nPFCOUNT none -> :0");
    let stats = bench.say("INFO stats");
    assert!(stats.contains("keyspace_hits:2\r\nkeyspace_misses:1\r\n"), "{stats}");
}
