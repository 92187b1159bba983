//! ACL: who may do what? There is one user, `default`, who may do everything; `requirepass` is its
//! password. What would make other users is refused as unknown.

use alloc::{format, string::String, vec::Vec};

use sha2::{Digest as _, Sha256};

use crate::{
    command::{
        Call,
        dispatch::Shown,
        exec::same,
        table::{self, acl},
    },
    resp::parse_i64,
    rules::Ctx,
};

const DEFAULT: &[u8] = b"default";

/// `ACL WHOAMI`
pub(in crate::command) fn whoami(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    call.reply.bulk(DEFAULT);
}

/// `ACL USERS`
pub(in crate::command) fn users(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    call.reply.array(1);
    call.reply.bulk(DEFAULT);
}

/// `ACL LIST`
pub(in crate::command) fn list(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let secret = match password_hash(ctx) {
        Some(hash) => format!("#{hash}"),
        None => "nopass".into(),
    };
    call.reply.array(1);
    call.reply.bulk(format!("user default on {secret} ~* &* +@all").as_bytes());
}

/// `ACL GETUSER name`
pub(in crate::command) fn getuser(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if call.arg(2) != DEFAULT {
        return call.reply.null();
    }
    let hash = password_hash(ctx);
    let reply = &mut *call.reply;
    reply.map(6);
    reply.bulk(b"flags");
    reply.set(1 + usize::from(hash.is_none()));
    reply.bulk(b"on");
    if hash.is_none() {
        reply.bulk(b"nopass");
    }
    reply.bulk(b"passwords");
    reply.array(usize::from(hash.is_some()));
    if let Some(hash) = hash {
        reply.bulk(hash.as_bytes());
    }
    for (name, value) in [("commands", "+@all"), ("keys", "~*"), ("channels", "&*")] {
        reply.bulk(name.as_bytes());
        reply.bulk(value.as_bytes());
    }
    reply.bulk(b"selectors");
    reply.array(0);
}

/// The password as ACL shows it: SHA-256 in hexadecimal.
fn password_hash(ctx: &Ctx<'_>) -> Option<String> {
    let password = &ctx.b.config.requirepass;
    if password.is_empty() {
        return None;
    }
    Some(Sha256::digest(password.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// `ACL CAT [category]`
pub(in crate::command) fn cat(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    let name = match *call.args {
        [_, _] => {
            call.reply.array(acl::NAMES.len());
            for (_, name) in acl::NAMES {
                call.reply.bulk(name.trim_start_matches('@').as_bytes());
            }
            return;
        }
        [_, _, name] => name,
        _ => return super::wrong_subcommand(call),
    };
    let bit = acl::NAMES.iter().find(|(_, known)| same(name, known.trim_start_matches('@')));
    let Some((bit, _)) = bit else {
        return call.reply.error_fmt(format_args!("ERR Unknown category '{}'", Shown(name)));
    };
    let rows = table::all().iter().flat_map(|row| core::iter::once(row).chain(row.subcommands));
    let found: Vec<String> = rows
        .filter(|row| row.all_categories() & bit != 0)
        .map(|row| format!("{}{}", row.container, row.name))
        .collect();
    call.reply.array(found.len());
    for name in found {
        call.reply.bulk(name.as_bytes());
    }
}

/// `ACL LOG [count|RESET]`: nobody is refused by rules, so there is nothing to tell.
pub(in crate::command) fn log(_: &mut Ctx<'_>, call: &mut Call<'_>) {
    match *call.args {
        [_, _] => call.reply.array(0),
        [_, _, word] if same(word, "RESET") => call.reply.ok(),
        [_, _, word] if parse_i64(word).is_some() => call.reply.array(0),
        [_, _, _] => call.reply.error("ERR value is not an integer or out of range"),
        _ => super::wrong_subcommand(call),
    }
}
