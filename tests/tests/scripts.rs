//! Do scripts do and answer what they do in `redis-server` 7.0, word for word?
//!
//! Both get what `scripts.txt` says, in both versions of the protocol; then scripts in a cluster,
//! where keys have places, and what a script writes is compared as replicas are told of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::{path::Path, time::Duration};

use slotscope_tests::{
    ports,
    process::wait_for,
    server::{Make, Server},
    verbatim::Verbatim,
};

const PATIENCE: Duration = Duration::from_secs(20);

/// What the two answer differently.
fn differences(
    theirs: &mut Verbatim,
    ours: &mut Verbatim,
    requests: &[Vec<String>],
) -> Vec<String> {
    let mut found = Vec::new();
    for request in requests {
        let words: Vec<&str> = request.iter().map(String::as_str).collect();
        let (wanted, got) = (theirs.ask(&words), ours.ask(&words));
        if wanted != got {
            found.push(format!("{words:?}\n  redis {wanted}\n  ours  {got}"));
        }
    }
    found
}

/// The requests of a list: words between ` ;; `, `\n` for the end of a line.
fn requests(list: &str) -> Vec<Vec<String>> {
    list.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split(" ;; ").map(|word| word.replace("\\n", "\n")).collect())
        .collect()
}

#[test]
fn scripts_answer_the_same_word_for_word() {
    let folder = tempfile::tempdir().unwrap();
    let start = |make| Server::start(make, ports::free(), folder.path(), &[]);
    let (theirs, ours) = (start(Make::Redis), start(Make::Slotscope));
    let (mut theirs, mut ours) = (Verbatim::to(&theirs), Verbatim::to(&ours));
    let requests = requests(include_str!("scripts.txt"));
    assert!(requests.len() > 200);
    let mut found = differences(&mut theirs, &mut ours, &requests);
    for wire in [&mut theirs, &mut ours] {
        wire.ask(&["HELLO", "3"]);
        wire.ask(&["FLUSHALL"]);
    }
    found.extend(differences(&mut theirs, &mut ours, &requests));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A node of a cluster that has the lower half of the slots; nobody has the others.
fn half_a_cluster(make: Make, folder: &Path) -> Server {
    let directives = ["--cluster-enabled", "yes", "--cluster-require-full-coverage", "no"];
    let server = Server::start(make, ports::free(), folder, &directives);
    assert_eq!(server.cli(&["cluster", "addslotsrange", "0", "8191"]).trim(), "OK");
    wait_for("the cluster is up", PATIENCE, || {
        server.cli(&["cluster", "info"]).contains("cluster_state:ok").then_some(())
    });
    server
}

/// `b` and `c` are in the lower half (slots 3300 and 7365), `a` and `d` are not.
const IN_A_CLUSTER: &str = r"
eval ;; return redis.call('set',KEYS[1],'v') ;; 1 ;; b
eval ;; return KEYS ;; 2 ;; b ;; c
eval ;; return KEYS ;; 1 ;; a
eval ;; return redis.call('set','b','v') ;; 0
eval ;; return redis.call('set','a','v') ;; 0
eval ;; return redis.call('mget','b','c') ;; 0
eval ;; return redis.call('set','c','v') ;; 1 ;; b
eval ;; #!lua\nreturn redis.call('set','c','v') ;; 1 ;; b
eval ;; #!lua\nredis.call('set','b','v') return redis.call('set','c','v') ;; 0
eval ;; #!lua flags=allow-cross-slot-keys\nredis.call('set','b','v') return redis.call('set','c','v') ;; 0
eval ;; #!lua flags=no-cluster\nreturn 1 ;; 0
eval ;; return redis.call('cluster','keyslot','b') ;; 0
eval ;; return redis.call('cluster','reset') ;; 0
eval_ro ;; return redis.call('get',KEYS[1]) ;; 1 ;; b
evalsha ;; ffffffffffffffffffffffffffffffffffffffff ;; 1 ;; b
multi
eval ;; return redis.call('incr',KEYS[1]) ;; 1 ;; {b}n
eval ;; return redis.call('incr',KEYS[1]) ;; 1 ;; {b}n
exec
multi
eval ;; return 1 ;; 1 ;; b
eval ;; return 1 ;; 1 ;; c
exec
";

#[test]
fn in_a_cluster_scripts_stay_where_their_keys_are() {
    let folder = tempfile::tempdir().unwrap();
    let (theirs, ours) = (
        half_a_cluster(Make::Redis, folder.path()),
        half_a_cluster(Make::Slotscope, folder.path()),
    );
    let (mut theirs, mut ours) = (Verbatim::to(&theirs), Verbatim::to(&ours));
    let found = differences(&mut theirs, &mut ours, &requests(IN_A_CLUSTER));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

const WRITING: &str = r"
eval ;; return redis.call('set',KEYS[1],ARGV[1]) ;; 1 ;; k ;; v
eval ;; redis.call('set',KEYS[1],1) redis.call('incr',KEYS[1]) return redis.call('get',KEYS[1]) ;; 1 ;; k
eval ;; redis.call('set',KEYS[1],1) error('half way') ;; 1 ;; k
eval ;; redis.call('incr','n') redis.pcall('incr','k','x') redis.call('incr','n') return 1 ;; 0
eval ;; return redis.call('get',KEYS[1]) ;; 1 ;; k
eval ;; return 1 ;; 0
eval ;; redis.call('set','k','v','ex',100) redis.call('sadd','s','a') return redis.call('spop','s') ;; 0
eval ;; redis.call('publish','c','m') return redis.call('del','nothing') ;; 0
multi
set ;; before ;; 1
eval ;; redis.call('set','in','1') return redis.call('set','in','2') ;; 0
set ;; behind ;; 1
exec
script ;; load ;; return 1
script ;; flush
set ;; end ;; 1
";

#[test]
fn replicas_are_told_what_scripts_did() {
    let folder = tempfile::tempdir().unwrap();
    let told = |make| {
        let server =
            Server::start(make, ports::free(), folder.path(), &["--repl-diskless-sync", "no"]);
        let (mut wire, mut stream) = (Verbatim::to(&server), Verbatim::follow(&server));
        for request in requests(WRITING) {
            wire.ask(&request.iter().map(String::as_str).collect::<Vec<_>>());
        }
        // The time at which a key ends is not the same, nor is the case of words.
        let plain = |command: String| {
            let command = command.to_lowercase();
            command.split("pxat").next().unwrap_or_default().to_owned()
        };
        stream.stream_until_end().into_iter().map(plain).collect::<Vec<_>>()
    };
    assert_eq!(told(Make::Slotscope), told(Make::Redis));
}

#[test]
fn a_script_that_runs_for_too_long_can_be_ended_unless_it_has_written() {
    const BUSY: &str =
        "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
    let folder = tempfile::tempdir().unwrap();
    for make in [Make::Redis, Make::Slotscope] {
        let directives = ["--busy-reply-threshold", "20"];
        let mut server = Server::start(make, ports::free(), folder.path(), &directives);
        let (mut slow, mut other) = (Verbatim::to(&server), Verbatim::to(&server));
        assert_eq!(other.ask(&["PING"]), "+PONG", "it is connected before the script begins");
        slow.say(&["EVAL", "while true do pcall(function() while true do end end) end", "0"]);
        slow.say(&["PING"]);
        wait_for("the node is busy", PATIENCE, || (other.ask(&["GET", "k"]) == BUSY).then_some(()));
        assert_eq!(other.ask(&["SCRIPT", "KILL"]), "+OK", "{make:?}");
        assert!(
            slow.value().starts_with("-ERR Script killed by user with SCRIPT KILL"),
            "{make:?}"
        );
        assert_eq!(slow.value(), "+PONG", "{make:?}: what came behind it was kept");
        assert_eq!(other.ask(&["GET", "k"]), "$-1", "{make:?}");

        slow.say(&["EVAL", "redis.call('set','k','v') while true do end", "0"]);
        wait_for("the node is busy", PATIENCE, || (other.ask(&["GET", "k"]) == BUSY).then_some(()));
        let reply = other.ask(&["SCRIPT", "KILL"]);
        assert!(reply.starts_with("-UNKILLABLE Sorry the script already executed"), "{reply}");
        other.say(&["SHUTDOWN", "NOSAVE"]);
        wait_for("the process ends", PATIENCE, || server.process().ended().map(|_| ()));
    }
}

/// Lua 5.1 lends some thousands of values at once, and a stack has an end: who asks for more gets an
/// error, and the others their answers.
#[test]
fn no_script_ends_the_process() {
    const MANY: &str = "local t={} for i=1,7990 do t[i]='a'..i end ";
    const BODIES: [&str; 12] = [
        "return redis.call('del',unpack(t))",
        "return redis.error_reply(unpack(t))",
        "return math.random(unpack(t))",
        "return cmsgpack.pack(unpack(t))",
        "return cmsgpack.unpack(string.rep('\\161a',100000))",
        "return struct.unpack(string.rep('s',100000),string.rep('a\\0',100000))",
        "local u={} u[1]=u cjson.encode_max_depth(100000000) return cjson.encode(u)",
        "cjson.decode_max_depth(100000000) return cjson.decode(string.rep('[',1000000))",
        "cjson.decode_max_depth(100000000) return cjson.decode(string.rep('{\"a\":',300000))",
        "return rawset({},nil,1)",
        "return rawset({},0/0,1)",
        "local function all(n, ...) if n == 0 then return redis.call('del', ...) end \
         return all(n - 1, 'k', ...) end return all(7995)",
    ];
    let folder = tempfile::tempdir().unwrap();
    let ours = Server::start(Make::Slotscope, ports::free(), folder.path(), &[]);
    let eval = |body: &str| ours.cli(&["EVAL", body, "0"]);
    for body in BODIES {
        let said = eval(&format!("{MANY}{body}"));
        assert!(said.starts_with("ERR "), "{body}: {said}");
    }
    // These are no more than Redis gives, too.
    let lines = |said: &str| said.lines().count();
    assert_eq!(lines(&eval("local t={} for i=1,9000 do t[i]='a' end return t")), 9000);
    assert_eq!(lines(&eval("local t={} for i=1,9000 do t['k'..i]=1 end return {map=t}")), 18000);
    assert_eq!(eval("for i=1,10000 do pcall(rawset,{},nil,1) end return 1").trim(), "1");
    let each: String = (0..9000).map(|n| format!("EVAL \"return {n}\" 0\n")).collect();
    assert!(ours.cli_script(&each).trim_end().ends_with("8999"));
    eval("collectgarbage('stop') collectgarbage('setpause', 1000000)");
    let waste = "EVAL \"local t={} for i=1,1000 do t[i]={i} end return 1\" 0\n".repeat(3000);
    assert_eq!(lines(&ours.cli_script(&waste)), 3000);
    let memory: u64 = ours.info("used_memory_lua").unwrap().parse().unwrap();
    assert!(memory < 50 << 20, "{memory} bytes");
}
