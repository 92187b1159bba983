//! Random commands of all types on few keys, so that types clash and options meet.
//!
//! A shape is a command whose upper-case letters stand for words drawn at random; lower-case words
//! and numbers stand for themselves. All keys share a hash tag, so that a cluster takes them.

use slotscope_core::rng::Rng;

/// Keys that mostly hold sets.
pub const SETS: [&str; 3] = ["{t}s0", "{t}s1", "{t}s2"];
/// Keys that hold whatever comes.
const KEYS: [&str; 8] = ["{t}0", "{t}1", "{t}2", "{t}3", "{t}4", "{t}s0", "{t}s1", "{t}s2"];
/// Sorted sets with one score only: where scores differ, ranges of names mean nothing.
const FLAT: [&str; 2] = ["{t}f0", "{t}f1"];
/// Keys that are never sorted: SORT makes a real server keep a sorted set in another form.
const UNSORTED: [&str; 2] = ["{t}e0", "{t}e1"];
const LONG: &str = "a member that is too long to be packed into one piece with others like it";
const MEMBERS: [&str; 14] =
    ["a", "b", "c", "1", "2", "-3", "10", LONG, "", "foo", "9223372036854775807", "012", " 7", "é"];
const NUMBERS: [&str; 14] = [
    "0",
    "1",
    "-1",
    "2",
    "-2",
    "3",
    "5",
    "-5",
    "10",
    "100",
    "-100",
    "x",
    "",
    "9223372036854775807",
];
const SCORES: [&str; 14] =
    ["1", "2", "3", "5", "-1", "-7", "1.5", "3.1", "0.1", "inf", "-inf", "1e10", "1e-7", "nan"];
const BOUNDS: [&str; 10] = ["-inf", "+inf", "(1", "(3", "0", "2", "5", "(-4", "-9", "x"];
const NAMES: [&str; 9] = ["-", "+", "[a", "(a", "[c", "(foo", "[m3", "(m5", "x"];
const OFFSETS: [&str; 8] = ["0", "1", "7", "8", "31", "100", "-1", "63"];
const WIDTHS: [&str; 9] = ["u8", "i8", "u1", "i64", "u63", "i5", "u4", "i16", "u64"];

/// `K` key, `C` a count and so many keys, `Q` keys, `X` key of one score, `E` key that is never
/// sorted, `M` member, `N` members,
/// `I` integer, `S` score, `P` scores with members, `F` fields with values, `B` bound of scores, `L`
/// bound of names, `O` bit, `W` width of a bit field, `G` many elements.
const SHAPES: &[&str] = &[
    "hset K F",
    "hset K F",
    "hmset K F",
    "hset K M",
    "hsetnx K M M",
    "hget K M",
    "hmget K N",
    "hgetall K",
    "hdel K N",
    "hexists K M",
    "hlen K",
    "hstrlen K M",
    "hkeys K",
    "hvals K",
    "hincrby K M I",
    "hincrbyfloat K M 0.5",
    "hincrbyfloat K M -2.25",
    "hincrbyfloat K M x",
    "hscan K 0 count 1000",
    "hscan K 0 match m*",
    "hrandfield K 1000",
    "hrandfield K 1000 withvalues",
    "lpush K N",
    "rpush K N",
    "lpushx K N",
    "rpushx K N",
    "lpop K",
    "rpop K",
    "lpop K I",
    "rpop K I",
    "llen K",
    "lrange K I I",
    "lindex K I",
    "lset K I M",
    "linsert K before M M",
    "linsert K AFTER M M",
    "lrem K I M",
    "ltrim K 0 -2",
    "ltrim K 1 50",
    "lpos K M",
    "lpos K M rank I",
    "lpos K M count I",
    "lpos K M rank -1 count 0 maxlen 3",
    "lmove K K left right",
    "lmove K K RIGHT LEFT",
    "rpoplpush K K",
    "lmpop C left",
    "lmpop C right count I",
    "sadd K N",
    "sadd K N",
    "srem K N",
    "sismember K M",
    "smismember K N",
    "smembers K",
    "scard K",
    "spop K 5000",
    "spop K 0",
    "srandmember K 1000",
    "smove K K M",
    "sinter Q",
    "sunion Q",
    "sdiff Q",
    "sinterstore K Q",
    "sunionstore K Q",
    "sdiffstore K Q",
    "sintercard C",
    "sintercard C limit I",
    "sscan K 0 count 1000",
    "zadd K P",
    "zadd K P",
    "zadd K nx P",
    "zadd K xx ch P",
    "zadd K gt ch P",
    "zadd K lt P",
    "zadd K nx gt P",
    "zadd K incr S M",
    "zadd K xx incr S M",
    "zrem K N",
    "zscore K M",
    "zmscore K N",
    "zincrby K S M",
    "zcard K",
    "zcount K B B",
    "zlexcount X L L",
    "zrank K M",
    "zrevrank K M",
    "zrange K I I",
    "zrange K I I rev withscores",
    "zrange K B B byscore withscores",
    "zrange K B B byscore rev limit I I",
    "zrange X L L bylex limit I I",
    "zrange X L L bylex rev",
    "zrange K I I limit 0 1",
    "zrangestore K K I I rev",
    "zrangestore K K B B byscore limit 0 2",
    "zrevrange K I I withscores",
    "zrangebyscore K B B withscores limit I I",
    "zrevrangebyscore K B B",
    "zrangebylex X L L",
    "zrevrangebylex X L L limit I I",
    "zremrangebyrank K I I",
    "zremrangebyscore K B B",
    "zremrangebylex X L L",
    "zpopmin K",
    "zpopmax K I",
    "zmpop C min",
    "zmpop C max count I",
    "zunion C withscores",
    "zunion C aggregate min withscores",
    "zinter C withscores",
    "zinter 2 K K weights 2 0.5",
    "zdiff C withscores",
    "zunionstore K C",
    "zunionstore K 2 K K weights 1 2 aggregate max",
    "zinterstore K C aggregate min",
    "zdiffstore K C",
    "zintercard C limit I",
    "zscan K 0 count 1000",
    "zrandmember K 1000 withscores",
    "zadd X 0 M 0 M 0 M",
    "zrem X N",
    "set K M",
    "set K M nx",
    "set K M xx get",
    "set K M exat 99999999999",
    "get K",
    "append K M",
    "incr K",
    "decrby K I",
    "getset K M",
    "getdel K",
    "getex K persist",
    "mget Q",
    "strlen K",
    "getrange K I I",
    "setrange K 3 M",
    "setnx K M",
    "setbit K O 1",
    "setbit K O 0",
    "getbit K O",
    "bitcount K",
    "bitcount K I I",
    "bitcount K I I bit",
    "bitpos K 1",
    "bitpos K 0 I",
    "bitpos K 1 I I bit",
    "bitop and K Q",
    "bitop or K Q",
    "bitop xor K Q",
    "bitop not K K",
    "bitfield K get W O set W O I",
    "bitfield K overflow sat incrby W O I incrby W #1 I",
    "bitfield K overflow fail incrby W O I",
    "bitfield_ro K get W O",
    "lcs K K",
    "lcs K K len",
    "lcs K K idx withmatchlen minmatchlen 2",
    "copy K K",
    "copy K K replace",
    "rename K K",
    "renamenx K K",
    "del K",
    "unlink Q",
    "type K",
    "exists Q",
    "touch Q",
    "dbsize",
    "keys *",
    "expireat K 99999999999",
    "persist K",
    "pexpiretime K",
    "sort K",
    "sort K desc limit I I",
    "sort K alpha",
    "sort K alpha store K",
    "sort_ro K alpha desc",
    "sort K by x*",
    "sort K get #",
    "move K 1",
    "swapdb 0 1",
    "debug digest-value Q",
    "G",
    "G",
    "object encoding E",
    "object encoding E",
    "hset E F",
    "sadd E N",
    "zadd E P",
    "zunionstore E C",
    "sinterstore E Q",
    "append E M",
    "set E M",
    "setbit E O 1",
    "incr E",
    "hdel E N",
    "srem E N",
    "zrem E N",
    "del E",
    "zrangestore E K 0 I",
];

/// The next one.
pub fn command(rng: &mut Rng) -> Vec<String> {
    let shape = SHAPES[rng.index(SHAPES.len())];
    let mut words = Vec::new();
    for letter in shape.split(' ') {
        fill(rng, letter, &mut words);
    }
    words
}

fn fill(rng: &mut Rng, letter: &str, words: &mut Vec<String>) {
    let few = 1 + rng.index(3);
    match letter {
        "K" => words.push(pick(rng, &KEYS)),
        "Q" => (0..few).for_each(|_| words.push(pick(rng, &KEYS))),
        "C" => {
            words.push(few.to_string());
            (0..few).for_each(|_| words.push(pick(rng, &KEYS)));
        }
        "E" => words.push(pick(rng, &UNSORTED)),
        "X" => words.push(pick(rng, &FLAT)),
        "M" => words.push(member(rng)),
        "N" => (0..few).for_each(|_| words.push(member(rng))),
        "I" => words.push(pick(rng, &NUMBERS)),
        "S" => words.push(score(rng)),
        "P" => (0..few).for_each(|_| words.extend([score(rng), member(rng)])),
        "F" => (0..few).for_each(|_| words.extend([member(rng), member(rng)])),
        "B" => words.push(pick(rng, &BOUNDS)),
        "L" => words.push(pick(rng, &NAMES)),
        "O" => words.push(pick(rng, &OFFSETS)),
        "W" => words.push(pick(rng, &WIDTHS)),
        "G" => many(rng, words),
        other => words.push(other.to_owned()),
    }
}

fn pick(rng: &mut Rng, from: &[&str]) -> String {
    from[rng.index(from.len())].to_owned()
}

fn member(rng: &mut Rng) -> String {
    if rng.chance(800) { pick(rng, &MEMBERS) } else { format!("m{}", rng.index(700)) }
}

fn score(rng: &mut Rng) -> String {
    if rng.chance(600) { pick(rng, &SCORES) } else { format!("{}", rng.index(40)) }
}

/// As many elements as make small things large.
fn many(rng: &mut Rng, words: &mut Vec<String>) {
    let count = [50, 130, 300, 600][rng.index(4)];
    let keys: &[&str] = if rng.chance(300) { &UNSORTED } else { &KEYS };
    let (kind, key) = (rng.index(4), pick(rng, keys));
    words.extend([["hset", "sadd", "zadd", "rpush"][kind].to_owned(), key]);
    for n in 0..count {
        match kind {
            0 => words.extend([format!("f{n}"), format!("v{n}")]),
            1 => words.push(format!("{}", n * 7)),
            2 => words.extend([score(rng), format!("m{n}")]),
            _ => words.push(format!("e{}", rng.index(50))),
        }
    }
}
