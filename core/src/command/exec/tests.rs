//! Commands against a bare context: what they answer, what they store, what goes to replicas.
//!
//! A script is a list of lines: a command, ` -> `, the reply. Replies are written `OK` (status),
//! `:1` (integer), `"text"`, `nil`, `-ERR …` (error), `[a b]` (array, set or flat map). A command
//! alone may answer anything; `+ 5` lets five milliseconds pass; `= text` is what the commands
//! since the last such line put into the replication stream, separated by ` ; `.

use alloc::{format, string::String, vec::Vec};

use crate::{
    beliefs::{Beliefs, Stats},
    cluster::{ClusterState, PeerIdx},
    command::{Outcome, apply, execute},
    config::Config,
    endpoint::Addr,
    id::{ClientId, NodeId},
    io::{Effect, Exit, Outbox},
    repl::Repl,
    resp::ReplyBuf,
    rng::{Rng, Seed},
    rules::Ctx,
    session::Session,
    slot::Slot,
    store::Keyspace,
    time::{Instant, Now, UnixMillis},
};

const ME: ClientId = ClientId(7);
const START: u64 = 1_700_000_000_000;

/// A node without its driver.
struct Bench {
    b: Beliefs,
    out: Outbox,
    reply: ReplyBuf,
    ms: u64,
    heard: u64,
}

impl Bench {
    fn new(config: Config) -> Self {
        let mut rng = Rng::new(Seed::from_u64(1));
        let mut cluster = ClusterState::alone(NodeId::random(&mut rng), Instant::ZERO);
        cluster.serving.last.ok = true;
        if config.cluster_enabled {
            for slot in Slot::all() {
                cluster.assign(slot, PeerIdx::ME);
            }
        }
        let mut repl = Repl::new(&mut rng);
        repl.ensure_backlog(&config);
        repl.selected = true;
        let mut b = Beliefs {
            config,
            cluster,
            store: Keyspace::default(),
            repl,
            sessions: alloc::collections::BTreeMap::new(),
            rng,
            stats: Stats::default(),
            started: Instant::ZERO,
        };
        let remote = "127.0.0.1".parse().ok().map(|ip| Addr { ip, port: 50_000 });
        let locked = !b.config.requirepass.is_empty();
        b.sessions.insert(ME, Session::new(remote, None, locked, Instant::ZERO));
        Self { b, out: Outbox::new(), reply: ReplyBuf::new(), ms: 0, heard: 0 }
    }

    fn now(&self) -> Now {
        Now { mono: Instant::from_millis(self.ms), wall: UnixMillis(START + self.ms) }
    }

    fn run(&mut self, words: &[&[u8]]) -> (Outcome, String) {
        self.reply.clear();
        let mut ctx = Ctx { now: self.now(), b: &mut self.b, out: &mut self.out };
        let outcome = execute(&mut ctx, ME, words, &mut self.reply);
        let mut rest = self.reply.as_bytes();
        let shown = if rest.is_empty() { String::new() } else { show(&mut rest) };
        assert!(rest.is_empty(), "one reply for one command: {shown}");
        (outcome, shown)
    }

    fn say(&mut self, line: &str) -> String {
        let words = split(line);
        self.run(&words.iter().map(Vec::as_slice).collect::<Vec<_>>()).1
    }

    fn apply(&mut self, line: &str) -> bool {
        let words = split(line);
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        apply(&mut Ctx { now: self.now(), b: &mut self.b, out: &mut self.out }, &words)
    }

    /// What went into the stream since the last question.
    fn stream(&mut self) -> String {
        let mut bytes = Vec::new();
        let log = self.b.repl.backlog.as_ref().expect("made above");
        let from = log.first() + self.heard;
        self.heard = log.len();
        if from < log.end() {
            assert!(log.copy_from(from, &mut bytes));
        }
        let mut rest = bytes.as_slice();
        let mut commands = Vec::new();
        while !rest.is_empty() {
            let command = show(&mut rest);
            commands.push(command.trim_matches(['[', ']']).replace('"', ""));
        }
        commands.join(" ; ")
    }

    fn check(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some(ms) = line.strip_prefix("+ ") {
                self.ms += ms.parse::<u64>().expect("milliseconds");
            } else if let Some(wanted) = line.strip_prefix('=') {
                assert_eq!(self.stream(), wanted.trim(), "stream");
            } else {
                match line.split_once(" -> ") {
                    Some((command, wanted)) => {
                        assert_eq!(self.say(command).trim_end(), wanted, "{command}");
                    }
                    None => drop(self.say(line)),
                }
            }
        }
    }
}

fn check(script: &str) {
    Bench::new(Config::default()).check(script);
}

fn in_cluster() -> Config {
    Config { cluster_enabled: true, ..Config::default() }
}

/// Words by spaces; `""` is the empty word, `_` inside a word stays.
fn split(line: &str) -> Vec<Vec<u8>> {
    line.split_whitespace()
        .map(|word| if word == "\"\"" { Vec::new() } else { word.as_bytes().to_vec() })
        .collect()
}

/// Reads one RESP value and writes it as a script does.
fn show(rest: &mut &[u8]) -> String {
    let end = rest.iter().position(|b| *b == b'\n').expect("a line");
    let line = core::str::from_utf8(&rest[..end - 1]).expect("text");
    *rest = &rest[end + 1..];
    let (mark, line) = line.split_at(1);
    match mark {
        "+" => line.into(),
        "-" | ":" | "," => format!("{mark}{line}"),
        "_" => "nil".into(),
        "$" | "=" => {
            let Ok(len) = line.parse::<usize>() else { return "nil".into() };
            let text = String::from_utf8_lossy(&rest[..len]).into_owned();
            *rest = &rest[len + 2..];
            format!("\"{text}\"")
        }
        "*" | "~" | "%" => {
            let Ok(len) = line.parse::<usize>() else { return "nil".into() };
            let len = if mark == "%" { 2 * len } else { len };
            let parts: Vec<String> = (0..len).map(|_| show(rest)).collect();
            format!("[{}]", parts.join(" "))
        }
        _ => unreachable!("unknown mark {mark}"),
    }
}

#[test]
fn set_and_its_options() {
    check(
        r#"
        SET k v -> OK
        get k -> "v"
        SET k w NX -> nil
        SET k w XX GET -> "v"
        SET new w XX -> nil
        SET k x NX GET -> "w"
        SET k x EX 10 -> OK
        TTL k -> :10
        SET k y KEEPTTL -> OK
        PTTL k -> :10000
        SET k z -> OK
        TTL k -> :-1
        SET k v EX 0 -> -ERR invalid expire time in 'set' command
        SET k v EX x -> -ERR value is not an integer or out of range
        SET k v EX 9223372036854775807 -> -ERR invalid expire time in 'set' command
        SET k v EX 1 PX 1 -> -ERR syntax error
        SET k v EX 1 KEEPTTL -> -ERR syntax error
        SET k v NX XX -> -ERR syntax error
        SET k v EX -> -ERR syntax error
        SETEX k 0 v -> -ERR invalid expire time in 'setex' command
        SETNX k v -> :0
        SETNX free v -> :1
        GETSET k new -> "z"
        GETDEL k -> "new"
        GET k -> nil
        "#,
    );
}

#[test]
fn the_stream_carries_effects() {
    check(
        r#"
        SET k v
        = SET k v
        SET k v EX 10
        = SET k v PXAT 1700000010000
        SET GET v XX GET
        SET GET v GET
        = SET GET v
        SETEX k 5 v
        PEXPIRE k 100
        EXPIREAT k 1800000000
        = SET k v PXAT 1700000005000 ; PEXPIREAT k 1700000000100 ; PEXPIREAT k 1800000000000
        GETEX k PERSIST
        GETEX k PX 5
        GETEX k
        = PERSIST k ; PEXPIREAT k 1700000000005
        EXPIRE k -1
        = DEL k
        INCRBYFLOAT f 1.5
        INCR n
        = SET f 1.5 KEEPTTL ; INCR n
        GETSET n 5
        GETDEL n
        = SET n 5 ; DEL n
        DEL none
        PERSIST f
        SETNX f 1
        GET f
        =
        mset a 1 b 2
        = mset a 1 b 2
        FLUSHALL
        = FLUSHALL
        "#,
    );
}

#[test]
fn expired_keys_are_gone_and_replicas_are_told() {
    check(
        r#"
        SET k v PX 100
        + 99
        GET k -> "v"
        + 1
        = SET k v PXAT 1700000000100
        DBSIZE -> :1
        GET k -> nil
        = DEL k
        DBSIZE -> :0
        SET k v PX 100
        + 100
        SET k w NX -> OK
        = SET k v PXAT 1700000000200 ; DEL k ; SET k w NX
        PEXPIRE k 10
        + 10
        APPEND k x -> :1
        INCR k -> -ERR value is not an integer or out of range
        TTL k -> :-1
        "#,
    );
}

#[test]
fn a_replica_hides_what_has_expired_and_waits() {
    let mut bench = Bench::new(in_cluster());
    bench.check("SET k 5 PX 100");
    bench.check("READONLY -> OK");
    let master = NodeId::random(&mut bench.b.rng);
    let peer = crate::cluster::Peer::new(master, Instant::ZERO);
    let at = bench.b.cluster.peers.add(peer).expect("room");
    for slot in Slot::all() {
        bench.b.cluster.assign(slot, at);
    }
    bench.b.cluster.set_master(PeerIdx::ME, at);
    bench.check(
        r#"
        GET k -> "5"
        + 200
        GET k -> nil
        DBSIZE -> :1
        "#,
    );
    assert!(bench.apply("INCR k"), "to the stream it is still there");
    assert_eq!(
        bench.b.store.entry(crate::slot::key_slot(b"k"), b"k").map(|entry| entry.value.clone()),
        Some(crate::store::Value::str(b"6"))
    );
    assert!(bench.apply("DEL k"));
    assert!(!bench.apply("NOSUCH k") && !bench.apply("GET"), "the caller is told");
    bench.check(
        r#"
        DBSIZE -> :0
        SET k v -> -MOVED 7629 :0
        FLUSHALL -> -READONLY You can't write against a read only replica.
        READWRITE -> OK
        GET k -> -MOVED 7629 :0
        "#,
    );
}

#[test]
fn expiry_conditions() {
    check(
        r#"
        SET k v
        EXPIRE k 100 GT -> :0
        EXPIRE k 100 XX -> :0
        EXPIRE k 100 LT -> :1
        EXPIRE k 100 NX -> :0
        EXPIRE k 200 LT -> :0
        EXPIRE k 200 GT -> :1
        EXPIRE k 50 XX LT -> :1
        EXPIRE k 1 NX XX -> -ERR NX and XX, GT or LT options at the same time are not compatible
        EXPIRE k 1 GT LT -> -ERR GT and LT options at the same time are not compatible
        EXPIRE k 1 foo -> -ERR Unsupported option foo
        EXPIRE k 9223372036854775807 -> -ERR invalid expire time in 'expire' command
        EXPIRETIME k -> :1700000050
        PERSIST k -> :1
        PERSIST k -> :0
        PEXPIRETIME k -> :-1
        TTL none -> :-2
        PEXPIRE k 1400
        TTL k -> :1
        PEXPIRE k 1500
        TTL k -> :2
        EXPIRE none 5 -> :0
        "#,
    );
}

#[test]
fn numbers() {
    check(
        r#"
        INCR n -> :1
        DECR n -> :0
        INCRBY n 9223372036854775807 -> :9223372036854775807
        INCR n -> -ERR increment or decrement would overflow
        DECRBY n -9223372036854775808 -> -ERR decrement would overflow
        OBJECT ENCODING n -> "int"
        SET s 01
        INCR s -> -ERR value is not an integer or out of range
        INCRBYFLOAT s 0.5 -> "1.5"
        INCRBYFLOAT s x -> -ERR value is not a valid float
        INCRBYFLOAT s inf -> -ERR increment would produce NaN or Infinity
        PEXPIRE s 50
        INCRBYFLOAT s 0.5 -> "2"
        PTTL s -> :50
        "#,
    );
}

#[test]
fn parts_of_strings() {
    check(
        r#"
        APPEND s Hello -> :5
        APPEND s World -> :10
        OBJECT ENCODING s -> "raw"
        STRLEN s -> :10
        GETRANGE s -5 -1 -> "World"
        GETRANGE s 0 100 -> "HelloWorld"
        GETRANGE s 3 1 -> ""
        GETRANGE s -1 -3 -> ""
        GETRANGE none 0 1 -> ""
        SETRANGE s 5 There -> :10
        GET s -> "HelloThere"
        SETRANGE s -1 x -> -ERR offset is out of range
        SETRANGE s 536870912 x -> -ERR string exceeds maximum allowed size (proto-max-bulk-len)
        SETRANGE none 3 "" -> :0
        EXISTS none -> :0
        SETRANGE n 1 2 -> :2
        MGET s none -> ["HelloThere" nil]
        MSET a 1 b -> -ERR wrong number of arguments for 'mset' command
        MSETNX a 1 s 2 -> :0
        MSETNX a 1 b 2 -> :1
        MGET a b -> ["1" "2"]
        "#,
    );
}

#[test]
fn keys_as_such() {
    check(
        r#"
        MSET a 1 b 2 c 3
        EXISTS a a none -> :2
        TOUCH a none -> :1
        TYPE a -> string
        TYPE none -> none
        RENAME none x -> -ERR no such key
        PEXPIRE a 50
        RENAME a d -> OK
        PTTL d -> :50
        RENAMENX d b -> :0
        RENAMENX d e -> :1
        RENAME e e -> OK
        KEYS e -> ["e"]
        UNLINK b c none -> :2
        DBSIZE -> :1
        RANDOMKEY -> "e"
        SCAN 0 -> ["0" ["e"]]
        SCAN 0 MATCH x* COUNT 5 -> ["0" []]
        SCAN 0 TYPE hash -> ["0" []]
        SCAN 0 COUNT 0 -> -ERR syntax error
        SCAN x -> -ERR invalid cursor
        + 50
        KEYS * -> []
        RANDOMKEY -> nil
        FLUSHALL soon -> -ERR syntax error
        FLUSHDB ASYNC -> OK
        MEMORY USAGE none -> nil
        "#,
    );
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
        SELECT 1 -> -ERR DB index is out of range
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
fn configuration_at_run_time() {
    let mut bench = Bench::new(Config::default());
    bench.check(
        r#"
        CONFIG SET cluster-node-timeout 5000 maxmemory 1mb -> OK
        CONFIG GET cluster-node-timeout maxmem* -> ["cluster-node-timeout" "5000" "maxmemory" "1048576" "maxmemory-clients" "0" "maxmemory-eviction-tenacity" "10" "maxmemory-policy" "noeviction" "maxmemory-samples" "5"]
        CONFIG SET cluster-node-timeout 7000 nosuch 1 -> -ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'
        CONFIG GET CLUSTER-node-timeout -> ["cluster-node-timeout" "5000"]
        CONFIG SET a 1 b -> -ERR wrong number of arguments for 'config|set' command
        CONFIG REWRITE -> -ERR The server is running without a config file
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
fn one_slot_one_node() {
    let mut bench = Bench::new(in_cluster());
    bench.check(
        r#"
        MSET {t}a 1 {t}b 2 -> OK
        MSET a 1 b 2 -> -CROSSSLOT Keys in request don't hash to the same slot
        DEL {t}a {t}b -> :2
        "#,
    );
    bench.b.cluster.serving.last.ok = false;
    bench.check("GET a -> -CLUSTERDOWN The cluster is down");
    bench.check("DBSIZE -> :0");
    bench.b.config.cluster_allow_reads_when_down = true;
    bench.check(
        r#"
        GET a -> nil
        SET a 1 -> -CLUSTERDOWN The cluster is down and only accepts read commands
        "#,
    );
    bench.b.cluster.unassign(crate::slot::key_slot(b"a"));
    bench.check("GET a -> -CLUSTERDOWN Hash slot not served");
}

#[test]
fn a_moving_slot() {
    let mut bench = Bench::new(in_cluster());
    let id = NodeId::random(&mut bench.b.rng);
    let mut peer = crate::cluster::Peer::new(id, Instant::ZERO);
    peer.endpoint.ip = "10.0.0.2".parse().ok();
    peer.endpoint.port = 7002;
    let other = bench.b.cluster.peers.add(peer).expect("room");
    let slot = crate::slot::key_slot(b"{t}");
    bench.check("SET {t}a 1");
    bench.b.cluster.owners.migrating.insert(slot, other);
    bench.check(
        r#"
        GET {t}a -> "1"
        GET {t}b -> -ASK 15891 10.0.0.2:7002
        MGET {t}a {t}b -> -TRYAGAIN Multiple keys request during rehashing of slot
        "#,
    );
    bench.b.cluster.owners.migrating.clear();
    bench.b.cluster.assign(slot, other);
    bench.b.cluster.owners.importing.insert(slot, other);
    bench.check(
        r#"
        GET {t}a -> -MOVED 15891 10.0.0.2:7002
        ASKING -> OK
        GET {t}a -> "1"
        GET {t}a -> -MOVED 15891 10.0.0.2:7002
        ASKING -> OK
        MGET {t}a {t}b -> -TRYAGAIN Multiple keys request during rehashing of slot
        ASKING -> OK
        nosuch
        GET {t}a -> -MOVED 15891 10.0.0.2:7002
        "#,
    );
    bench.b.config.cluster_preferred_endpoint_type = crate::config::EndpointType::Hostname;
    bench.check("GET {t}a -> -MOVED 15891 ?:7002");
    bench.b.config.cluster_preferred_endpoint_type = crate::config::EndpointType::UnknownEndpoint;
    bench.check("GET {t}a -> -MOVED 15891 :7002");
}
