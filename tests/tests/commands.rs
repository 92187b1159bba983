//! Does a node answer as `redis-server` 7.0 does, word for word, and feed its replicas the same?
//!
//! Both get the same commands: those of `commands.txt`, then random ones from fixed seeds
//! (`workload`), and at the end DEBUG DIGEST must be the same, on a replica of the other make too.
//! What may differ on purpose is not asked: texts of our own (summaries, notes), orders that are a
//! matter of hashing, numbers of connections, and INCRBYFLOAT where 80-bit floats lose digits.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

mod workload;

use std::time::Duration;

use slotscope_core::rng::{Rng, Seed};
use slotscope_tests::{
    ports,
    process::wait_for,
    server::{Make, Server},
    verbatim::Verbatim,
};

const PATIENCE: Duration = Duration::from_secs(20);

fn both() -> (tempfile::TempDir, Server, Server) {
    let folder = tempfile::tempdir().unwrap();
    let start = |make| {
        let directives = ["--repl-diskless-sync", "no", "--enable-debug-command", "yes"];
        Server::start(make, ports::free(), folder.path(), &directives)
    };
    let (theirs, ours) = (start(Make::Redis), start(Make::Slotscope));
    (folder, theirs, ours)
}

/// Commands whose replies come in any order.
const UNORDERED: [&str; 15] = [
    "hgetall",
    "hkeys",
    "hrandfield",
    "hscan",
    "hvals",
    "keys",
    "sdiff",
    "sinter",
    "smembers",
    "spop",
    "srandmember",
    "sscan",
    "sunion",
    "zrandmember",
    "zscan",
];

/// Sorts what comes in any order.
fn comparable(words: &[&str], reply: String) -> String {
    if !UNORDERED.iter().any(|name| words[0].eq_ignore_ascii_case(name)) {
        return reply;
    }
    let mut parts: Vec<&str> = reply.split(['[', ']', ' ']).collect();
    parts.sort_unstable();
    parts.join(" ")
}

#[test]
fn replies_are_the_same_word_for_word() {
    let (_folder, theirs, ours) = both();
    let (mut theirs, mut ours) = (Verbatim::to(&theirs), Verbatim::to(&ours));
    let mut differences = Vec::new();
    let mut compare = |words: &[&str]| {
        let wanted = comparable(words, theirs.ask(words));
        let got = comparable(words, ours.ask(words));
        if wanted != got {
            differences.push(format!("{words:?}\n  redis {wanted}\n  ours  {got}"));
        }
    };
    for line in include_str!("commands.txt").lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> =
            line.split_whitespace().map(|word| if word == "''" { "" } else { word }).collect();
        compare(&words);
    }
    let mut rng = Rng::new(Seed::from_u64(2));
    compare(&["FLUSHALL"]);
    // Keys whose time has come are counted until somebody finds them: that must not be chance.
    compare(&["DEBUG", "SET-ACTIVE-EXPIRE", "0"]);
    for _ in 0..5000 {
        compare(&random(&mut rng));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// A command on few keys, with values on which they disagree about being numbers.
fn random(rng: &mut Rng) -> Vec<&'static str> {
    const KEYS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
    const VALUES: [&str; 9] =
        ["1", "-5", "abc", "", "0", "9223372036854775806", "hello world", "-0", "12 "];
    const NUMBERS: [&str; 7] = ["0", "1", "-1", "5", "100", "x", "-3"];
    const LATER: [&str; 3] = ["99999999999", "88888888888", "5"];
    const ONLY: [&str; 4] = ["nx", "xx", "gt", "lt"];
    // k key, v value, n number, t time, o condition; the rest stands for itself.
    const SHAPES: [&str; 36] = [
        "set k v",
        "set k v nx",
        "set k v xx",
        "set k v get",
        "set k v keepttl",
        "set k v exat t",
        "set k v pxat t xx get",
        "get k",
        "incr k",
        "decr k",
        "decrby k n",
        "incrby k v",
        "append k v",
        "getrange k n n",
        "setrange k n v",
        "del k k",
        "exists k k k",
        "mget k k k",
        "mset k v k v",
        "msetnx k v k v",
        "expireat k t o",
        "pexpireat k t",
        "expiretime k",
        "persist k",
        "rename k k",
        "renamenx k k",
        "object encoding k",
        "strlen k",
        "type k",
        "getset k v",
        "getdel k",
        "getex k exat t",
        "getex k persist",
        "dbsize",
        "keys [a-c]",
        "touch k k",
    ];
    fn pick(rng: &mut Rng, from: &[&'static str]) -> &'static str {
        from[rng.index(from.len())]
    }
    let shape = pick(rng, &SHAPES);
    let word = |rng: &mut Rng, word: &'static str| match word {
        "k" => pick(rng, &KEYS),
        "v" => pick(rng, &VALUES),
        "n" => pick(rng, &NUMBERS),
        "t" => pick(rng, &LATER),
        "o" => pick(rng, &ONLY),
        _ => word,
    };
    shape.split(' ').map(|part| word(rng, part)).collect()
}

/// A cluster of one, with all slots.
fn cluster_of_one(make: Make, folder: &std::path::Path) -> Server {
    let directives = ["--cluster-enabled", "yes", "--enable-debug-command", "yes"];
    let server = Server::start(make, ports::free(), folder, &directives);
    assert_eq!(server.cli(&["cluster", "addslotsrange", "0", "16383"]).trim(), "OK");
    wait_for("the cluster is up", PATIENCE, || {
        server.cli(&["cluster", "info"]).contains("cluster_state:ok").then_some(())
    });
    server
}

#[test]
fn every_data_command_does_the_same_in_a_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = cluster_of_one(Make::Redis, folder.path());
    let ours = cluster_of_one(Make::Slotscope, folder.path());
    let mut differences = Vec::new();
    for (seed, hello) in [(1, "2"), (2, "3"), (3, "2")] {
        let (mut theirs, mut ours) = (Verbatim::to(&theirs), Verbatim::to(&ours));
        let mut rng = Rng::new(Seed::from_u64(seed));
        for wire in [&mut theirs, &mut ours] {
            wire.ask(&["HELLO", hello]);
            wire.ask(&["FLUSHALL"]);
        }
        for step in 0..8000 {
            let words = workload::command(&mut rng);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let wanted = comparable(&words, theirs.ask(&words));
            let got = comparable(&words, ours.ask(&words));
            if wanted != got {
                let shown = words.join(" ");
                differences.push(format!("{seed}/{step} {shown}\n  redis {wanted}\n  ours  {got}"));
            }
            if step % 500 == 499 {
                let digest = ["DEBUG", "DIGEST"];
                assert_eq!(ours.ask(&digest), theirs.ask(&digest), "{}", differences.join("\n"));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn a_replica_of_the_other_make_holds_the_same() {
    for (make, other) in [(Make::Redis, Make::Slotscope), (Make::Slotscope, Make::Redis)] {
        let folder = tempfile::tempdir().unwrap();
        let debug = ["--enable-debug-command", "yes"];
        let master = Server::start(make, ports::free(), folder.path(), &debug);
        let mut client = Verbatim::to(&master);
        let mut rng = Rng::new(Seed::from_u64(9));
        let mut work = |client: &mut Verbatim| {
            for _ in 0..3000 {
                let words = workload::command(&mut rng);
                client.ask(&words.iter().map(String::as_str).collect::<Vec<_>>());
                let taken = ["SPOP", workload::SETS[rng.index(workload::SETS.len())], "2"];
                client.ask(&taken[..2 + rng.index(2)]);
            }
        };
        // One half comes as a snapshot, the other as a stream.
        work(&mut client);
        let follow = format!("127.0.0.1 {}", master.port);
        let follow: Vec<&str> =
            debug.into_iter().chain(["--replicaof"]).chain(follow.split(' ')).collect();
        let replica = Server::start(other, ports::free(), folder.path(), &follow);
        wait_for("the link is up", PATIENCE, || {
            (replica.info("master_link_status").as_deref() == Some("up")).then_some(())
        });
        work(&mut client);
        client.ask(&["SET", "last", "1"]);
        assert_eq!(client.ask(&["WAIT", "1", "20000"]), ":1");
        let digest = ["DEBUG", "DIGEST"];
        let (wanted, got) = (client.ask(&digest), Verbatim::to(&replica).ask(&digest));
        assert_eq!(got, wanted, "{other:?} following {make:?}");
    }
}

#[test]
fn replicas_are_told_the_same() {
    const SCRIPT: &str = "set a 1|set a 2 exat 99999999999|set a 3 pxat 99999999999123 xx get|\
        set a 3 get|set b 1 nx|set b 1 nx|setnx b 1|getset a w|getex a exat 99999999999|\
        getex a persist|getex a persist|getex a exat 5|getdel b|getdel b|append d x|incr n|\
        INCRBY n 5|decr n|incrbyfloat n 1.5|mset x 1 y 2|msetnx x 1 y 2|setrange d 3 x|\
        expireat x 9999999999|expire x -1|persist y|expireat y 9999999999|persist y|rename y z|\
        renamenx z w|del w nokey|unlink nokey|unlink d n|flushdb async|\
        hset h a 1 b 2|hset h a 1|hmset h c 3|hsetnx h a 9|hsetnx h d 4|hincrby h a 5|\
        hincrbyfloat h a 0.5|hdel h b nofield|hdel h nofield|hdel h a c d|hset s|\
        rpush l a b c d a|lpush l z|lpushx nokey a|rpushx l e|lpop l|rpop l 2|lpop l 0|lpop nokey|\
        lset l 0 y|lset l 99 y|linsert l before b x|linsert l after nope x|lrem l 0 y|lrem l 0 y|\
        ltrim l 0 -1|ltrim l 0 1|lmove l m left right|rpoplpush m m|lmove nokey m left left|\
        lmpop 2 nokey m left count 5|rpush l 1 2 3|lmpop 1 l right|ltrim l 5 6|\
        sadd s 1 2 3|sadd s 1|srem s 3 9|srem s 9|smove s t 1|smove s t 9|smove s s 2|spop s|\
        sadd s 1 2|spop s 2|spop s|sadd s 7|spop s 0|spop s 9|sadd a 1 2 x|sadd b 2 x y|\
        sinterstore c a b|sunionstore c a b|sdiffstore c a b|sdiffstore c a a|sdiffstore c a a|\
        zadd z 1 a 2 b 3 c|zadd z 1 a|zadd z xx 9 d|zadd z incr 1 a|zadd z incr 0 a|zincrby z 2 b|\
        zrem z nope|zrem z c|zrangestore w z 0 -1|zrangestore w z 9 9|zrangestore w z 9 9|\
        zremrangebyscore z 90 99|zremrangebyrank z 0 0|zadd z 1 a 2 b 3 c|zremrangebylex z [a [a|\
        zpopmin z|zpopmax z 0|zpopmax z 1|zpopmin z|zadd z 1 a 2 b 3 c|zmpop 2 nokey z max count 2|\
        zunionstore w 2 z nokey|zinterstore w 2 z nokey|zdiffstore w 1 z|zinterstore w 2 z nokey|\
        setbit bit 7 1|setbit bit 7 1|setbit bit 7 0|bitfield bit get u8 0|bitfield bit set u8 0 5|\
        bitfield bit set u8 0 5|bitop not dest bit|bitop and dest nokey|bitop and dest nokey|\
        copy a a2|copy a a2|copy a b replace|copy nokey b|sort a alpha store sorted|\
        sort nokey store sorted|sort nokey store sorted|sort_ro a alpha|getset a x|del a b|flushall";
    let (_folder, theirs, ours) = both();
    let told: Vec<Vec<String>> = [&theirs, &ours]
        .into_iter()
        .map(|server| {
            let (mut feed, mut client) = (Verbatim::follow(server), Verbatim::to(server));
            for line in SCRIPT.split('|') {
                client.ask(&line.split(' ').collect::<Vec<_>>());
            }
            client.ask(&["SET", "end", "1"]);
            feed.stream_until_end()
        })
        .collect();
    assert_eq!(told[1], told[0]);
}
