//! DEBUG's views of the data: digests that can be compared with a real server's, and how a value is
//! kept. What it does to the bus is in `cluster`. What breaks things on purpose is in `server`.

use alloc::{format, string::String};

use super::{Shown, cluster, same};
use crate::{
    command::Call,
    rules::Ctx,
    store::{Sum, Value},
    store_formats::rdb::dump,
};

/// The subcommands of DEBUG that look or disturb the bus; refuses all others.
pub(super) fn look(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let word = call.arg(1);
    match call.args.len() {
        2 if same(word, "DIGEST") => {
            let sum = ctx.b.store.dataset_sum();
            call.reply.simple(&format!("{sum}"));
        }
        2.. if same(word, "DIGEST-VALUE") => digest_values(ctx, call),
        3.. if same(word, "OBJECT") => object(ctx, call),
        3 if same(word, "DROP-CLUSTER-PACKET-FILTER") => cluster::drop_kind(ctx, call),
        5 if same(word, "CLUSTERLINK") && same(call.arg(2), "KILL") => cluster::cut(ctx, call),
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
    const LINES: [&str; 11] = [
        "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "DIGEST",
        "    Answers with a sum of all data.",
        "DIGEST-VALUE <key> [<key> ...]",
        "    Answers with the sums of single values.",
        "OBJECT <key>",
        "    Tells how a value is kept.",
        "SEGFAULT",
        "    Ends the process at once, as a crash would.",
        "HELP",
        "    Lists these subcommands.",
    ];
    call.reply.array(LINES.len());
    LINES.iter().for_each(|line| call.reply.simple(line));
}
