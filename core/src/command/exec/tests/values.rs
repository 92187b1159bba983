//! Hashes, lists, sets, sorted sets and bits: replies as a real server gave them, and what goes to
//! replicas. What is random is in `tests/tests/commands.rs`, beside a real server.

use super::{Bench, check, in_cluster};
use crate::config::Config;

/// Commands by the key whose type they are for; `_` stands for the key.
const OWN: [(&str, &str); 10] = [
    ("s", "GET _|APPEND _ x|INCR _|GETRANGE _ 0 1|SETRANGE _ 0 x|GETSET _ x|GETDEL _|STRLEN _"),
    ("s", "GETEX _|SETBIT _ 0 1|GETBIT _ 0|BITCOUNT _|BITPOS _ 1|BITFIELD _|INCRBYFLOAT _ 1"),
    ("l", "LPUSH _ a|RPUSHX _ a|LPOP _|RPOP _ 2|LLEN _|LRANGE _ 0 1|LINDEX _ 0|LSET _ 0 x"),
    ("l", "LINSERT _ BEFORE a b|LREM _ 0 a|LTRIM _ 0 1|LPOS _ a|LMOVE _ _ LEFT LEFT"),
    ("h", "HSET _ f v|HSETNX _ f v|HGET _ f|HMGET _ f|HGETALL _|HDEL _ f|HEXISTS _ f|HLEN _"),
    ("h", "HSTRLEN _ f|HKEYS _|HVALS _|HINCRBY _ f 1|HINCRBYFLOAT _ f 1|HSCAN _ 0|HRANDFIELD _"),
    ("m", "SADD _ a|SREM _ a|SISMEMBER _ a|SMISMEMBER _ a|SMEMBERS _|SCARD _|SPOP _|SPOP _ 1"),
    ("m", "SRANDMEMBER _|SMOVE _ _ a|SINTER _|SUNION _|SDIFF _|SINTERSTORE d _|SSCAN _ 0"),
    ("z", "ZADD _ 1 a|ZREM _ a|ZSCORE _ a|ZINCRBY _ 1 a|ZCARD _|ZCOUNT _ 0 1|ZRANK _ a"),
    ("z", "ZRANGE _ 0 1|ZRANGESTORE d _ 0 1|ZREMRANGEBYRANK _ 0 1|ZPOPMIN _|ZMPOP 1 _ MIN"),
];

#[test]
fn every_command_refuses_another_type() {
    let mut bench = Bench::new(Config::default());
    for line in ["SET s v", "RPUSH l a", "HSET h f v", "SADD m a", "ZADD z 1 a"] {
        bench.say(line);
    }
    for (of, lines) in OWN {
        for line in lines.split('|') {
            for key in ["s", "l", "h", "m", "z"].into_iter().filter(|key| *key != of) {
                let line = line.replace('_', key);
                let wrong = "-WRONGTYPE Operation against a key holding the wrong kind of value";
                assert_eq!(bench.say(&line), wrong, "{line}");
            }
        }
    }
    assert_eq!(bench.stream().split(" ; ").count(), 5, "a refusal changes nothing");
}

#[test]
fn hashes() {
    check(
        r#"
        HSET h a 1 b 2 -> :2
        HSET h a 3 c 4 -> :1
        HSET h a -> -ERR wrong number of arguments for 'hset' command
        HGETALL h -> ["a" "3" "b" "2" "c" "4"]
        HMGET h a nope c -> ["3" nil "4"]
        HINCRBY h a 5 -> :8
        HINCRBY h a 9223372036854775807 -> -ERR increment or decrement would overflow
        HINCRBYFLOAT h b 0.1 -> "2.1"
        HINCRBYFLOAT h b inf -> -ERR value is NaN or Infinity
        HSTRLEN h b -> :3
        OBJECT ENCODING h -> "listpack"
        HDEL h a b c d -> :3
        EXISTS h -> :0
        HGETALL h -> []
        = HSET h a 1 b 2 ; HSET h a 3 c 4 ; HINCRBY h a 5 ; HSET h b 2.1 ; HDEL h a b c d
        "#,
    );
}

#[test]
fn lists() {
    check(
        r#"
        RPUSH l a b c -> :3
        LPUSH l z y -> :5
        LRANGE l 0 -1 -> ["y" "z" "a" "b" "c"]
        LPOS l c RANK -1 -> :4
        LPOS l nope COUNT 0 -> []
        LINSERT l AFTER a x -> :6
        LMOVE l m RIGHT LEFT -> "c"
        LMPOP 2 none l RIGHT COUNT 2 -> ["l" ["b" "x"]]
        LTRIM l 1 1 -> OK
        LPOP l 5 -> ["z"]
        LPOP l -> nil
        LPOP l 5 -> nil
        LPUSHX l a -> :0
        OBJECT ENCODING m -> "quicklist"
        RPOPLPUSH m m -> "c"
        = RPUSH l a b c ; LPUSH l z y ; LINSERT l AFTER a x ; LMOVE l m RIGHT LEFT ; RPOP l 2 ; LTRIM l 1 1 ; LPOP l 5 ; RPOPLPUSH m m
        "#,
    );
}

#[test]
fn sets() {
    check(
        r#"
        SADD a 3 1 2 -> :3
        SMEMBERS a -> ["1" "2" "3"]
        OBJECT ENCODING a -> "intset"
        SADD b 2 3 x -> :3
        OBJECT ENCODING b -> "hashtable"
        SINTER a b -> ["2" "3"]
        SINTERCARD 2 a b LIMIT 1 -> :1
        SDIFFSTORE d a b -> :1
        SPOP d -> "1"
        SPOP b 9 -> ["2" "3" "x"]
        SPOP b 9 -> []
        SMOVE a c 3 -> :1
        SUNIONSTORE a none -> :0
        = SADD a 3 1 2 ; SADD b 2 3 x ; SDIFFSTORE d a b ; SREM d 1 ; DEL b ; SMOVE a c 3 ; SUNIONSTORE a none
        "#,
    );
}

#[test]
fn sorted_sets() {
    check(
        r#"
        ZADD z 1 a 2 b 3.1 c -> :3
        ZADD z GT CH 0 a 5 b -> :1
        ZADD z XX INCR 1 a -> "2"
        ZADD z NX INCR 1 a -> nil
        ZRANGE z 0 -1 WITHSCORES -> ["a" "2" "c" "3.1000000000000001" "b" "5"]
        ZRANGE z 5 (2 BYSCORE REV LIMIT 0 1 -> ["b"]
        ZRANGE z 0 1 LIMIT 0 1 -> -ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX
        ZCOUNT z (2 +inf -> :2
        ZREVRANK z a -> :2
        ZINCRBY z -inf a -> "-inf"
        ZINCRBY z inf a -> -ERR resulting score is not a number (NaN)
        ZUNIONSTORE u 2 z none WEIGHTS 2 1 AGGREGATE MAX -> :3
        ZMPOP 2 none u MAX COUNT 2 -> ["u" [["b" "10"] ["c" "6.2000000000000002"]]]
        ZPOPMIN z -> ["a" "-inf"]
        ZREMRANGEBYLEX z - + -> :2
        EXISTS z -> :0
        = ZADD z 1 a 2 b 3.1 c ; ZADD z GT CH 0 a 5 b ; ZADD z XX INCR 1 a ; ZINCRBY z -inf a ; ZUNIONSTORE u 2 z none WEIGHTS 2 1 AGGREGATE MAX ; ZPOPMAX u 2 ; ZPOPMIN z ; ZREMRANGEBYLEX z - +
        "#,
    );
}

#[test]
fn bits() {
    check(
        r#"
        SETBIT b 7 1 -> :0
        SETBIT b 7 1 -> :1
        BITCOUNT b 0 -1 -> :1
        BITPOS b 0 -> :0
        BITOP NOT n b -> :1
        BITPOS n 0 -> :7
        BITFIELD n GET u4 0 INCRBY u4 0 1 OVERFLOW FAIL INCRBY u4 0 -1 -> [:15 :0 nil]
        SETBIT b -1 1 -> -ERR bit offset is not an integer or out of range
        = SETBIT b 7 1 ; BITOP NOT n b ; BITFIELD n GET u4 0 INCRBY u4 0 1 OVERFLOW FAIL INCRBY u4 0 -1
        SET x ohmytext
        SET y mynewtext
        LCS x y -> "mytext"
        LCS x y IDX MINMATCHLEN 4 WITHMATCHLEN -> ["matches" [[[:4 :7] [:5 :8] :4]] "len" :6]
        "#,
    );
}

#[test]
fn sorting_and_copying() {
    check(
        r#"
        RPUSH l 3 10 2
        SORT l -> ["2" "3" "10"]
        SORT l ALPHA DESC LIMIT 0 2 -> ["3" "2"]
        MSET w_2 9 w_3 1 w_10 5
        SORT l BY w_* GET # GET w_* -> ["3" "1" "10" "5" "2" "9"]
        SORT l STORE s -> :3
        RPUSH l x
        SORT l -> -ERR One or more scores can't be converted into double
        COPY l c -> :1
        COPY l c -> :0
        RENAME c d -> OK
        LRANGE d 0 -1 -> ["3" "10" "2" "x"]
        "#,
    );
    let mut bench = Bench::new(in_cluster());
    bench.check(
        "
        RPUSH l 1 2 -> :2
        SORT l BY w_* -> -ERR BY option of SORT denied in Cluster mode.
        SORT l GET # -> -ERR GET option of SORT denied in Cluster mode.
        SORT l BY nosort DESC -> [\"1\" \"2\"]
        ZUNIONSTORE {l}d 2 {l}a b -> -CROSSSLOT Keys in request don't hash to the same slot
        ZUNION 2 a -> -ERR syntax error
        SORT l STORE m -> -CROSSSLOT Keys in request don't hash to the same slot
        ",
    );
}

#[test]
fn large_things_scan_to_their_end() {
    let mut bench = Bench::new(Config::default());
    for n in 0..1000 {
        bench.say(&alloc::format!("HSET h f{n} v"));
        bench.say(&alloc::format!("SADD s m{n}"));
        bench.say(&alloc::format!("ZADD z {n} m{n}"));
    }
    bench.check("OBJECT ENCODING h -> \"hashtable\"\nOBJECT ENCODING z -> \"skiplist\"");
    for (name, key, words) in [("HSCAN", "h", 2), ("SSCAN", "s", 1), ("ZSCAN", "z", 2)] {
        let (mut cursor, mut seen) = (alloc::string::String::from("0"), 0);
        loop {
            let reply = bench.say(&alloc::format!("{name} {key} {cursor} COUNT 33"));
            let mut parts = reply.split(['[', ']', ' ', '"']).filter(|part| !part.is_empty());
            cursor = parts.next().expect("a cursor").into();
            seen += parts.count();
            if cursor == "0" {
                break;
            }
        }
        assert_eq!(seen, 1000 * words, "{name}");
    }
    bench.check("ZRANK z m500 -> :500\nZRANGE z 998 -1 -> [\"m998\" \"m999\"]");
}
