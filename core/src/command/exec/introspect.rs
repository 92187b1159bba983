//! COMMAND: the rows of the table as Redis 7.0 shows them, and HELP made from their summaries.

use alloc::{string::String, vec::Vec};

use super::same;
use crate::{
    command::{
        Call,
        table::{self, Begin, Command, Find, KeySpec, acl, flag},
    },
    resp::ReplyBuf,
    rules::Ctx,
    store::glob,
};

/// `COMMAND`
pub(in crate::command) fn all(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    call.reply.array(table::all().len());
    for command in table::all() {
        describe(command, call.reply);
    }
}

/// `COMMAND COUNT`
pub(in crate::command) fn count(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    call.reply.integer(i64::try_from(table::all().len()).unwrap_or(i64::MAX));
}

/// `COMMAND INFO [name...]`; a name may be `container|subcommand`.
pub(in crate::command) fn info(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let names = call.args.get(2..).unwrap_or_default();
    if names.is_empty() {
        return all(ctx, call);
    }
    call.reply.array(names.len());
    for name in names {
        match by_full_name(name) {
            Some(command) => describe(command, call.reply),
            None => call.reply.null(),
        }
    }
}

fn by_full_name(name: &[u8]) -> Option<&'static Command> {
    match name.iter().position(|b| *b == b'|') {
        None => table::find(name),
        Some(bar) => table::subcommand(table::find(&name[..bar])?, &name[bar + 1..]),
    }
}

/// The ten elements that describe a command.
fn describe(command: &Command, reply: &mut ReplyBuf) {
    reply.array(10);
    full_name(command, reply);
    reply.integer(i64::from(command.arity));
    names(&flag::NAMES, command.flags, reply);
    let (first, last, step) = command.key_range();
    reply.integer(first);
    reply.integer(last);
    reply.integer(step);
    names(&acl::NAMES, command.all_categories(), reply);
    reply.set(command.tips.len());
    for tip in command.tips {
        reply.bulk(tip.as_bytes());
    }
    reply.set(command.keys.len());
    for spec in command.keys {
        key_spec(spec, reply);
    }
    reply.array(command.subcommands.len());
    for sub in command.subcommands {
        describe(sub, reply);
    }
}

fn full_name(command: &Command, reply: &mut ReplyBuf) {
    if command.container.is_empty() {
        reply.bulk(command.name.as_bytes());
    } else {
        reply.bulk([command.container, command.name].concat().as_bytes());
    }
}

/// The names of the bits that are set.
fn names(known: &[(u32, &str)], set: u32, reply: &mut ReplyBuf) {
    reply.set(known.iter().filter(|(bit, _)| set & bit != 0).count());
    for (_, name) in known.iter().filter(|(bit, _)| set & bit != 0) {
        reply.simple(name);
    }
}

fn key_spec(spec: &KeySpec, reply: &mut ReplyBuf) {
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    reply.map(3 + usize::from(spec.notes.is_some()));
    if let Some(notes) = spec.notes {
        reply.bulk(b"notes");
        reply.bulk(notes.as_bytes());
    }
    reply.bulk(b"flags");
    access(spec.flags, reply);
    reply.bulk(b"begin_search");
    match spec.begin {
        Begin::At(_) | Begin::MigrateOne => {
            let first = if let Begin::At(first) = spec.begin { first } else { 3 };
            search(reply, "index", 1);
            reply.bulk(b"index");
            reply.integer(number(first));
        }
        Begin::MigrateMany => {
            search(reply, "keyword", 2);
            reply.bulk(b"keyword");
            reply.bulk(b"KEYS");
            reply.bulk(b"startfrom");
            reply.integer(-2);
        }
        Begin::Nowhere | Begin::SortStore => search(reply, "unknown", 0),
    }
    reply.bulk(b"find_keys");
    match (spec.begin, spec.find) {
        (Begin::Nowhere | Begin::SortStore, _) => search(reply, "unknown", 0),
        (_, Find::Range { last, step }) => {
            search(reply, "range", 3);
            reply.bulk(b"lastkey");
            reply.integer(last);
            reply.bulk(b"keystep");
            reply.integer(number(step));
            reply.bulk(b"limit");
            reply.integer(0);
        }
        (_, Find::Counted) => {
            search(reply, "keynum", 3);
            reply.bulk(b"keynumidx");
            reply.integer(0);
            reply.bulk(b"firstkey");
            reply.integer(1);
            reply.bulk(b"keystep");
            reply.integer(1);
        }
    }
}

/// One half of a key specification; `fields` pairs follow.
fn search(reply: &mut ReplyBuf, kind: &str, fields: usize) {
    reply.map(2);
    reply.bulk(b"type");
    reply.bulk(kind.as_bytes());
    reply.bulk(b"spec");
    reply.map(fields);
}

fn access(flags: &[&str], reply: &mut ReplyBuf) {
    reply.set(flags.len());
    for flag in flags {
        reply.simple(flag);
    }
}

/// `COMMAND DOCS [name...]`
pub(in crate::command) fn docs(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    let wanted: Vec<&Command> = match call.args.get(2..).unwrap_or_default() {
        [] => table::all().iter().collect(),
        names => names.iter().filter_map(|name| by_full_name(name)).collect(),
    };
    call.reply.map(wanted.len());
    for command in wanted {
        document(command, call.reply);
    }
}

fn document(command: &Command, reply: &mut ReplyBuf) {
    full_name(command, reply);
    reply.map(3 + usize::from(!command.subcommands.is_empty()));
    reply.bulk(b"summary");
    reply.bulk(command.summary.as_bytes());
    reply.bulk(b"since");
    reply.bulk(command.since.as_bytes());
    reply.bulk(b"group");
    reply.bulk(command.group.name().as_bytes());
    if !command.subcommands.is_empty() {
        reply.bulk(b"subcommands");
        reply.map(command.subcommands.len());
        for sub in command.subcommands {
            document(sub, reply);
        }
    }
}

/// `COMMAND LIST [FILTERBY MODULE name|ACLCAT category|PATTERN pattern]`
pub(in crate::command) fn list(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    let everything = || {
        table::all().iter().flat_map(|command| core::iter::once(command).chain(command.subcommands))
    };
    let found: Vec<&Command> = match call.args {
        [_, _] => everything().collect(),
        [_, _, word, kind, value] if same(word, "FILTERBY") => {
            if same(kind, "MODULE") {
                Vec::new()
            } else if same(kind, "ACLCAT") {
                let bit = category(value);
                everything().filter(|command| command.all_categories() & bit != 0).collect()
            } else if same(kind, "PATTERN") {
                let pattern = value.to_ascii_lowercase();
                let fits = |command: &&Command| {
                    glob(&pattern, [command.container, command.name].concat().as_bytes())
                };
                everything().filter(fits).collect()
            } else {
                return call.syntax_error();
            }
        }
        _ => return call.syntax_error(),
    };
    if call.args.len() == 2 {
        call.reply.set(found.len());
    } else {
        call.reply.array(found.len());
    }
    for command in found {
        full_name(command, call.reply);
    }
}

fn category(name: &[u8]) -> u32 {
    acl::NAMES
        .iter()
        .find(|(_, known)| known.as_bytes()[1..].eq_ignore_ascii_case(name))
        .map_or(0, |(bit, _)| *bit)
}

/// `COMMAND GETKEYS name word...`
pub(in crate::command) fn getkeys(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(found) = keys_of(call) else { return };
    call.reply.array(found.len());
    for (key, _) in found {
        call.reply.bulk(key);
    }
}

/// `COMMAND GETKEYSANDFLAGS name word...`
pub(in crate::command) fn getkeysandflags(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(found) = keys_of(call) else { return };
    call.reply.array(found.len());
    let words = call.args.get(2..).unwrap_or_default();
    for (key, spec) in found {
        call.reply.array(2);
        call.reply.bulk(key);
        access(resolved(spec, words), call.reply);
    }
}

/// The flags for one request: options of SET and BITFIELD decide what they do to their key.
fn resolved(spec: &KeySpec, words: &[&[u8]]) -> &'static [&'static str] {
    let rest = words.get(2..).unwrap_or_default();
    if !spec.flags.contains(&"variable_flags") {
        spec.flags
    } else if words.first().is_some_and(|name| same(name, "BITFIELD")) {
        let only_reads = rest.chunks(3).all(|part| same(part[0], "GET"));
        if only_reads { &["RO", "access"] } else { &["RW", "access", "update"] }
    } else if rest.iter().skip(1).any(|word| same(word, "GET")) {
        &["RW", "access", "update"]
    } else {
        &["OW", "update"]
    }
}

fn keys_of<'a>(call: &mut Call<'a>) -> Option<Vec<(&'a [u8], &'static KeySpec)>> {
    let words = call.args.get(2..).unwrap_or_default();
    let problem = match table::lookup(words) {
        Err(_) => "ERR Invalid command specified",
        Ok(command) if command.keys.is_empty() => "ERR The command has no key arguments",
        Ok(command) if !command.takes(words.len()) => {
            "ERR Invalid number of arguments specified for command"
        }
        Ok(command) => {
            let places = command.key_places(words);
            let found: Vec<_> = places.filter_map(|(at, s)| Some((*words.get(at)?, s))).collect();
            if !found.is_empty() || command.is(flag::NO_MANDATORY_KEYS) {
                return Some(found);
            }
            "ERR Invalid arguments specified for command"
        }
    };
    call.reply.error(problem);
    None
}

/// `<CONTAINER> HELP`: the subcommands with their summaries.
pub(in crate::command) fn help(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    let name = call.command.container.trim_end_matches('|');
    let Some(container) = table::find(name.as_bytes()) else { return call.syntax_error() };
    call.reply.array(1 + 2 * container.subcommands.len());
    let mut head: String = name.to_ascii_uppercase();
    head.push_str(" <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    call.reply.simple(&head);
    for sub in container.subcommands {
        call.reply.simple(&sub.name.to_ascii_uppercase());
        call.reply.simple(&["    ", sub.summary].concat());
    }
}
