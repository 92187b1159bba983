//! CONFIG: directives at run time.

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::str;

use crate::{
    beliefs::Stats,
    command::{
        Call, Outcome,
        dispatch::{LOADING, Shown},
    },
    io::{Effect, Notice},
    rules::{Ctx, own, persistence},
};

/// `CONFIG GET pattern...`
pub(in crate::command) fn get(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    // A directive that fits two patterns is answered once.
    let mut found: BTreeMap<&'static str, String> = BTreeMap::new();
    for pattern in call.args.iter().skip(2) {
        if let Ok(pattern) = str::from_utf8(pattern) {
            found.extend(ctx.b.config.get(&pattern.to_ascii_lowercase()));
        }
    }
    call.reply.map(found.len());
    for (name, value) in found {
        call.reply.bulk(name.as_bytes());
        call.reply.bulk(value.as_bytes());
    }
}

/// `CONFIG SET name value...`, all or none.
pub(in crate::command) fn set(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let words = call.args.get(2..).unwrap_or_default();
    if words.len() % 2 != 0 {
        return call.reply.error("ERR wrong number of arguments for 'config|set' command");
    }
    let mut pairs: Vec<(&str, &str)> = Vec::with_capacity(words.len() / 2);
    for pair in words.chunks_exact(2) {
        match (str::from_utf8(pair[0]), str::from_utf8(pair[1])) {
            (Ok(name), Ok(value)) => pairs.push((name, value)),
            _ => {
                return call.reply.error_fmt(format_args!(
                    "ERR CONFIG SET failed (possibly related to argument '{}') - not UTF-8",
                    Shown(pair[0])
                ));
            }
        }
    }
    let appends = |(name, _): &(&str, &str)| name.eq_ignore_ascii_case("appendonly");
    if ctx.b.persist.loading.is_some() && pairs.iter().any(appends) {
        return call.reply.error(LOADING);
    }
    match ctx.b.config.set_all_runtime(&pairs) {
        Ok(()) => {
            let announced = pairs.iter().any(|(name, _)| *name == "cluster-announce-ip");
            own::config_changed(ctx, announced);
            ctx.out.set_level(ctx.b.config.loglevel);
            ctx.out.push(Effect::Notice(Notice::ConfigChanged));
            persistence::follow_config(ctx);
            call.reply.ok();
        }
        Err(error) => call.reply.error(&error.reply()),
    }
}

/// `CONFIG RESETSTAT`
pub(in crate::command) fn resetstat(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    ctx.b.stats = Stats::default();
    ctx.b.record.reset();
    call.reply.ok();
}

/// `CONFIG REWRITE`: the driver knows the file.
pub(in crate::command) fn rewrite(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(client) = call.client else { return };
    ctx.out.push(Effect::RewriteConfig { client });
    call.outcome = Outcome::Blocked;
}
