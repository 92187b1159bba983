//! What scripts may do and how it is told, with an engine that only knows lines: each is a command
//! (with `_` for spaces), and the last reply is the script's.

use alloc::{boxed::Box, string::String, vec::Vec};

use super::{Bench, split};
use crate::{
    config::Config,
    resp::{Protocol, ReplyBuf},
    script::{Ended, Script, ScriptEngine, ScriptHost, Sha},
};

#[derive(Debug)]
struct Lines;

impl ScriptEngine for Lines {
    fn check(&mut self, _: &Sha, body: &[u8]) -> Result<(), String> {
        if body.starts_with(b"wrong") { Err("line 1 is wrong".into()) } else { Ok(()) }
    }

    fn run(
        &mut self,
        script: &Script<'_>,
        host: &mut dyn ScriptHost,
        reply: &mut ReplyBuf,
    ) -> Ended {
        let body = String::from_utf8_lossy(script.body);
        let mut last = b"$-1\r\n".to_vec();
        for line in body.split(['\n', ';']).filter(|line| !line.trim().is_empty()) {
            let words = split(&line.replace("KEY", "k").replace('_', " "));
            let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            match host.call(&words, Protocol::Resp2) {
                Ok(bytes) => last = bytes.to_vec(),
                Err(text) => {
                    reply.error(&text);
                    return Ended::WithCountedError;
                }
            }
        }
        reply.raw(&last);
        Ended::Plainly
    }

    fn forget(&mut self) {}

    fn memory(&self) -> u64 {
        4096
    }
}

fn bench(config: Config) -> Bench {
    let mut bench = Bench::new(config);
    bench.b.scripts.engine.0 = Some(Box::new(Lines));
    bench
}

#[test]
fn without_an_engine_scripts_are_refused_and_nothing_else() {
    super::check(
        "
        EVAL x 0 -> -ERR this node runs no scripts: whoever drives it has no interpreter
        SCRIPT LOAD x -> -ERR this node runs no scripts: whoever drives it has no interpreter
        SCRIPT EXISTS 0123456789012345678901234567890123456789 -> [:0]
        SCRIPT KILL -> -NOTBUSY No scripts in execution right now.
        ",
    );
}

#[test]
fn what_a_script_did_is_told_and_not_the_script() {
    bench(Config::default()).check(
        r#"
        EVAL set_KEY_1 1 k -> OK
        = set k 1
        EVAL incr_KEY;incr_KEY;get_KEY 1 k -> "3"
        = MULTI ; incr k ; incr k ; EXEC
        EVAL get_KEY 1 k -> "3"
        =
        EVAL incr_KEY;nosuch 1 k -> -ERR Unknown Redis command called from script
        = incr k
        MULTI -> OK
        EVAL incr_KEY 1 k -> QUEUED
        EVAL incr_KEY 1 k -> QUEUED
        EXEC -> [:5 :6]
        = MULTI ; incr k ; incr k ; EXEC
        "#,
    );
}

#[test]
fn scripts_are_known_by_their_names_until_they_are_forgotten() {
    let name = alloc::format!("{}", Sha::of(b"ping"));
    let script = r#"
        EVALSHA <name> 0 -> -NOSCRIPT No matching script. Please use EVAL.
        EVAL ping 0 -> PONG
        EVALSHA <name> 0 -> PONG
        SCRIPT EXISTS <name> -> [:1]
        SCRIPT FLUSH ASYNC -> OK
        EVALSHA <name> 0 -> -NOSCRIPT No matching script. Please use EVAL.
        EVAL wrong 0 -> -ERR Error compiling script (new function): line 1 is wrong
        SCRIPT FLUSH maybe -> -ERR SCRIPT FLUSH only support SYNC|ASYNC option
        "#;
    bench(Config::default()).check(&script.replace("<name>", &name));
}

#[test]
fn what_a_script_may_do_depends_on_what_it_says_and_on_who_calls_it() {
    bench(Config::default()).check(
        r#"
        EVAL_RO set_KEY_1 1 k -> -ERR Write commands are not allowed from read-only scripts.
        EVAL_RO get_KEY 1 k -> nil
        EVAL multi 0 -> -ERR This Redis command is not allowed from script
        EVAL get 0 -> -ERR Wrong number of args calling Redis command from script
        =
        "#,
    );
    let mut bench = bench(Config::default());
    let mut say = |script: &[u8]| bench.run(&[b"EVAL", script, b"1", b"k"]).1;
    assert_eq!(
        say(b"#!lua flags=no-writes\nset KEY 1"),
        "-ERR Write commands are not allowed from read-only scripts."
    );
    assert_eq!(say(b"#!lua\nset KEY 1"), "OK");
    let only_reads = bench.run(&[b"EVAL_RO", b"#!lua\nget KEY", b"1", b"k"]).1;
    assert_eq!(only_reads, "-ERR Can not execute a script with write flag using *_ro command.");
}

#[test]
fn commands_of_scripts_are_counted_like_others() {
    let mut bench = bench(Config::default());
    bench.check(
        r#"
        EVAL incr_KEY;incr_KEY 1 k -> :2
        EVAL nosuch 0 -> -ERR Unknown Redis command called from script
        "#,
    );
    let stats = bench.say("INFO commandstats");
    assert!(stats.contains("cmdstat_incr:calls=2"), "{stats}");
    assert!(stats.contains("cmdstat_eval:calls=2"), "{stats}");
    let errors = bench.say("INFO errorstats");
    assert!(errors.contains("errorstat_ERR:count=1"), "once, not for the script again: {errors}");
    let memory = bench.say("INFO memory");
    assert!(memory.contains("number_of_cached_scripts:2"), "{memory}");
    assert!(memory.contains("used_memory_lua:4096"), "{memory}");
}

#[test]
fn a_script_stays_in_its_slot_unless_it_may_leave() {
    let mut bench = bench(Config { cluster_enabled: true, ..Config::default() });
    let mut say = |script: &[u8]| bench.run(&[b"EVAL", script, b"1", b"k"]).1;
    let refused = "-ERR Script attempted to access keys that do not hash to the same slot";
    assert_eq!(say(b"#!lua\nset other 1"), refused);
    assert_eq!(say(b"#!lua flags=allow-cross-slot-keys\nset other 1"), "OK");
    assert_eq!(say(b"set other 1"), "OK", "as before there were flags");
    assert_eq!(
        say(b"mget k other"),
        "-ERR Script attempted to access a non local key in a cluster node"
    );
}

#[test]
fn the_keys_of_a_script_are_where_it_counts_them() {
    let row = crate::command::table::find(b"eval").expect("a row");
    assert!(row.is_script());
    assert_eq!(row.key_range(), (0, 0, 0));
    let words: &[&[u8]] = &[b"eval", b"x", b"2", b"a", b"b", b"c"];
    let places: Vec<usize> = row.key_places(words).map(|(at, _)| at).collect();
    assert_eq!(places, [3, 4]);
}
