//! DEBUG's views of the data: digests that can be compared with a real server's, and how a value is
//! kept; and what tests of clients ask for. What it does to the bus is in `cluster`. What breaks things
//! on purpose is in `server`.

use alloc::{format, string::String};

use super::{Shown, args, cluster, same};
use crate::{
    command::Call,
    io::Level,
    resp::{Protocol, parse_i64},
    rules::Ctx,
    slot::key_slot,
    store::{Sum, Value},
    store_formats::rdb::dump,
};

/// What tests of Redis itself switch and this server does not have: accepted.
const NOTHING_TO_SWITCH: [&str; 5] = [
    "QUICKLIST-PACKED-THRESHOLD",
    "CONFIG-REWRITE-FORCE-ALL",
    "REPLYBUFFER",
    "PAUSE-CRON",
    "SET-SKIP-CHECKSUM-VALIDATION",
];

/// The longest sleep that DEBUG may ask for, in seconds.
const SLEEP_MAX_S: f64 = 86_400.0;
/// The most keys that DEBUG POPULATE makes at once: each takes memory.
const POPULATE_MAX: i64 = 10_000_000;
/// The longest value that it makes, in bytes: as long as a client could send one.
const POPULATE_SIZE_MAX: i64 = 512 << 20;
const NOT_POSITIVE: &str = "ERR value is out of range, must be positive";

/// The subcommands of DEBUG that change how this server behaves; false if it is none of them.
pub(super) fn switch(ctx: &mut Ctx<'_>, call: &mut Call<'_>) -> bool {
    if !cfg!(feature = "full") {
        return false;
    }
    let word = call.arg(1);
    match call.args.len() {
        3 if same(word, "SLEEP") => {
            let seconds = args::float(call.arg(2)).unwrap_or(0.0).clamp(0.0, SLEEP_MAX_S);
            let time = core::time::Duration::from_secs_f64(seconds);
            ctx.out.sleep(u64::try_from(time.as_micros()).unwrap_or(0));
        }
        3 if same(word, "SET-ACTIVE-EXPIRE") => {
            ctx.b.debug.expires_lazily = parse_i64(call.arg(2)) == Some(0);
        }
        3 if same(word, "SET-DISABLE-DENY-SCRIPTS") => {
            ctx.b.scripts.may_do_all = parse_i64(call.arg(2)) == Some(1);
        }
        2 if same(word, "CHANGE-REPL-ID") => {
            let id = crate::repl::ReplId::random(&mut ctx.b.rng);
            ctx.b.repl.shift(id);
        }
        3 if same(word, "LOG") => {
            let text = format!("DEBUG LOG: {}", Shown(call.arg(2)));
            ctx.out.log(Level::Warning, || text);
        }
        3 if same(word, "ERROR") => {
            call.reply.error_fmt(format_args!("{}", Shown(call.arg(2))));
            return true;
        }
        3 if same(word, "PROTOCOL") => {
            protocol(call);
            return true;
        }
        3..=5 if same(word, "POPULATE") => {
            populate(ctx, call);
            return true;
        }
        _ if NOTHING_TO_SWITCH.iter().any(|known| same(word, known)) => {}
        _ => return false,
    }
    call.reply.ok();
    true
}

/// `DEBUG POPULATE count [prefix] [size]`: keys that are there stay as they are, and replicas are
/// not told.
fn populate(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let whole = |word: &[u8]| parse_i64(word).filter(|n| *n >= 0);
    let Some(count) = whole(call.arg(2)) else { return call.reply.error(NOT_POSITIVE) };
    let count = count.min(POPULATE_MAX);
    let prefix = if call.args.len() > 3 { call.arg(3) } else { b"key" };
    let size = match call.args.get(4).map(|word| whole(word)) {
        None => None,
        Some(Some(size)) if size <= POPULATE_SIZE_MAX => usize::try_from(size).ok(),
        Some(_) => return call.reply.error(NOT_POSITIVE),
    };
    for n in 0..count {
        let key = [prefix, format!(":{n}").as_bytes()].concat();
        let mut value = format!("value:{n}").into_bytes();
        if let Some(size) = size {
            value.resize(size, 0);
        }
        if ctx.b.store.entry(key_slot(&key), &key).is_none() {
            ctx.b.store.insert(key_slot(&key), &key, Value::str(&value), None);
        }
    }
    // Nobody is told of these, not even that they are new.
    ctx.b.store.take_fresh();
    call.reply.ok();
}

/// `DEBUG PROTOCOL type`: a reply of that type.
fn protocol(call: &mut Call<'_>) {
    let word = call.arg(2);
    let reply = &mut *call.reply;
    let is_new = reply.protocol() == Protocol::Resp3;
    match word.to_ascii_lowercase().as_slice() {
        b"string" => reply.bulk(b"Hello World"),
        b"integer" => reply.integer(12_345),
        // Not pi, for all that.
        b"double" => reply.double(3141.0 / 1000.0),
        b"null" => reply.null(),
        kind @ (b"array" | b"set") => {
            if kind == b"set" {
                reply.set(3);
            } else {
                reply.array(3);
            }
            (0..3).for_each(|n| reply.integer(n));
        }
        b"map" => {
            reply.map(3);
            for n in 0..3 {
                reply.integer(n);
                reply.boolean(n == 1);
            }
        }
        b"attrib" => {
            if is_new {
                reply.raw(b"|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n");
            }
            reply.bulk(b"Some real reply following the attribute");
        }
        b"push" if is_new => {
            reply.push(2);
            reply.bulk(b"server-cpu-usage");
            reply.integer(42);
            reply.bulk(b"Some real reply following the push reply");
        }
        b"push" => reply.error("ERR RESP2 is not supported by this command"),
        b"verbatim" => reply.verbatim("txt", b"This is a verbatim\nstring"),
        b"true" => reply.boolean(true),
        b"false" => reply.boolean(false),
        b"bignum" if is_new => reply.raw(b"(1234567999999999999999999999999999999\r\n"),
        b"bignum" => reply.bulk(b"1234567999999999999999999999999999999"),
        _ => reply.error(
            "ERR Wrong protocol type name. Please use one of the following: \
             string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
        ),
    }
}

/// The subcommands of DEBUG that look or disturb the bus; refuses all others.
pub(super) fn look(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let word = call.arg(1);
    match call.args.len() {
        2 if same(word, "DIGEST") => {
            let sum = ctx.b.store.sum_of_all();
            call.reply.simple(&format!("{sum}"));
        }
        2.. if same(word, "DIGEST-VALUE") => digest_values(ctx, call),
        3.. if same(word, "OBJECT") => object(ctx, call),
        3 if same(word, "DROP-CLUSTER-PACKET-FILTER") => cluster::drop_kind(ctx, call),
        5 if same(word, "CLUSTERLINK") && same(call.arg(2), "KILL") => cluster::cut(ctx, call),
        3 if ["LISTPACK", "ZIPLIST", "QUICKLIST"].iter().any(|known| same(word, known)) => {
            let key = call.arg(2);
            if ctx.b.store.entry(call.slot_of(key), key).is_none() {
                return call.reply.error("ERR no such key");
            }
            call.reply.simple("Nothing to see: this server keeps values in forms of its own");
        }
        3.. if ["HTSTATS", "HTSTATS-KEY"].iter().any(|known| same(word, known)) => {
            call.reply.verbatim("txt", b"");
        }
        2 if same(word, "HELP") => help(call),
        _ => {
            let word = Shown(word);
            call.reply.error_fmt(format_args!(
                "ERR unknown subcommand or wrong number of arguments for '{word}'. Try DEBUG HELP."
            ));
        }
    }
}

/// `DEBUG DIGEST-VALUE key...`
fn digest_values(ctx: &Ctx<'_>, call: &mut Call<'_>) {
    let keys = call.args.get(2..).unwrap_or_default();
    call.reply.array(keys.len());
    for key in keys {
        // Nothing is deleted here, whatever its time.
        let found = ctx.b.store.entry(call.slot_of(key), key);
        let sum = found.map(|entry| Sum::of_value(&entry.value, entry.expire.is_some()));
        call.reply.simple(&format!("{}", sum.unwrap_or_default()));
    }
}

/// `DEBUG OBJECT key`: the address is none, since values move.
fn object(ctx: &Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(2);
    let Some(entry) = ctx.b.store.entry(call.slot_of(key), key) else {
        return call.reply.error("ERR no such key");
    };
    // Beside the value: its type, the version and the checksum.
    let len = dump(|to| entry.value.write_to(to)).len().saturating_sub(11);
    let extra = match &entry.value {
        Value::List(list) => format!(" ql_nodes:{}", list.pieces()),
        Value::Str(_) | Value::Hash(_) | Value::Set(_) | Value::ZSet(_) => String::new(),
    };
    call.reply.simple(&format!(
        "Value at:0x0 refcount:1 encoding:{} serializedlength:{len} lru:0 lru_seconds_idle:0{extra}",
        entry.value.encoding()
    ));
}

/// `DEBUG HELP`
fn help(call: &mut Call<'_>) {
    const LINES: [&str; 21] = [
        "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "DIGEST",
        "    Answers with a sum of all data.",
        "DIGEST-VALUE <key> [<key> ...]",
        "    Answers with the sums of single values.",
        "OBJECT <key>",
        "    Tells how a value is kept.",
        "SLEEP <seconds>",
        "    Serves nobody for so long.",
        "SET-ACTIVE-EXPIRE <0|1>",
        "    Leaves keys whose time has come until somebody asks for them.",
        "POPULATE <count> [<prefix>] [<size>]",
        "    Makes keys.",
        "PROTOCOL <type>",
        "    Answers with a reply of that type.",
        "LOG <message>",
        "    Writes a line into the log.",
        "SEGFAULT",
        "    Ends the process at once, as a crash would.",
        "HELP",
        "    Lists these subcommands.",
    ];
    call.reply.array(LINES.len());
    LINES.iter().for_each(|line| call.reply.simple(line));
}
