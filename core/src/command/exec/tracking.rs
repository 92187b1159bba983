//! CLIENT TRACKING and its kin: a client that keeps copies of keys asks to be told of changes.

use alloc::vec::Vec;

use super::{integer, same};
use crate::{
    command::{Args, Call, Command, dispatch::Shown, table::flag},
    id::ClientId,
    rules::{Ctx, tracking as tracked_keys},
    session::{Mode, Tracked},
};

/// `CLIENT GETREDIR`: -1 without tracking, 0 without another client.
pub(in crate::command) fn getredir(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let n = own(ctx, call).map_or(-1, redirect);
    call.reply.integer(n);
}

fn own<'c>(ctx: &'c Ctx<'_>, call: &Call<'_>) -> Option<&'c Tracked> {
    call.client.and_then(|client| ctx.b.tracking.clients.get(&client))
}

/// As CLIENT LIST shows it.
pub(super) fn redirect(tracked: &Tracked) -> i64 {
    tracked.redirect.map_or(0, |client| i64::try_from(client.0).unwrap_or(i64::MAX))
}

/// `CLIENT TRACKING ON|OFF [REDIRECT id] [PREFIX p]... [BCAST] [OPTIN] [OPTOUT] [NOLOOP]`
pub(in crate::command) fn tracking(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(client) = call.client else { return };
    if !cfg!(feature = "full") {
        return super::left_out(call);
    }
    let Some(mut wish) = wish(ctx, call) else { return };
    let word = call.arg(2);
    if same(word, "OFF") {
        ctx.b.tracking.forget(client);
        return call.reply.ok();
    }
    if !same(word, "ON") {
        return call.syntax_error();
    }
    if let Some(old) = ctx.b.tracking.clients.get_mut(&client) {
        let (was, is) = (old.mode, wish.mode);
        if (was == Mode::Broadcast) != (is == Mode::Broadcast) {
            return call.reply.error(
                "ERR You can't switch BCAST mode on/off before disabling tracking for this \
                 client, and then re-enabling it with a different mode.",
            );
        }
        if [was, is] == [Mode::OptIn, Mode::OptOut] || [was, is] == [Mode::OptOut, Mode::OptIn] {
            return call.reply.error(
                "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this \
                 client, and then re-enabling it with a different mode.",
            );
        }
        // One for all keys is added to any.
        let asked = wish.prefixes.iter().any(|prefix| !prefix.is_empty());
        if asked && overlaps(call, &old.prefixes, &wish.prefixes, "an existing") {
            return;
        }
        let mut prefixes = core::mem::take(&mut old.prefixes);
        prefixes.append(&mut wish.prefixes);
        wish.prefixes = prefixes;
    }
    wish.prefixes.sort();
    wish.prefixes.dedup();
    ctx.b.tracking.follow(client, wish);
    call.reply.ok();
}

/// What the options ask for; refused unless they fit together.
fn wish(ctx: &Ctx<'_>, call: &mut Call<'_>) -> Option<Tracked> {
    let mut wish = Tracked::default();
    let (mut broadcast, mut opt_in, mut opt_out) = (false, false, false);
    let mut at = 3;
    while at < call.args.len() {
        let word = call.arg(at);
        let has_more = at + 1 < call.args.len();
        if same(word, "REDIRECT") && has_more {
            at += 1;
            if wish.redirect.is_some() {
                call.reply.error("ERR A client can only redirect to a single other client");
                return None;
            }
            let to = ClientId(u64::try_from(integer(call, at)?).unwrap_or(0));
            if !ctx.b.sessions.contains_key(&to) {
                call.reply.error("ERR The client ID you want redirect to does not exist");
                return None;
            }
            wish.redirect = Some(to);
        } else if same(word, "PREFIX") && has_more {
            at += 1;
            wish.prefixes.push(call.arg(at).to_vec());
        } else if same(word, "BCAST") {
            broadcast = true;
        } else if same(word, "OPTIN") {
            opt_in = true;
        } else if same(word, "OPTOUT") {
            opt_out = true;
        } else if same(word, "NOLOOP") {
            wish.skips_own = true;
        } else {
            call.syntax_error();
            return None;
        }
        at += 1;
    }
    let problem = if !same(call.arg(2), "ON") {
        None
    } else if !broadcast && !wish.prefixes.is_empty() {
        Some("ERR PREFIX option requires BCAST mode to be enabled")
    } else if broadcast && (opt_in || opt_out) {
        Some("ERR OPTIN and OPTOUT are not compatible with BCAST")
    } else if opt_in && opt_out {
        Some("ERR You can't specify both OPTIN mode and OPTOUT mode")
    } else {
        None
    };
    if let Some(problem) = problem {
        call.reply.error(problem);
        return None;
    }
    if broadcast && wish.prefixes.is_empty() {
        // All keys begin with nothing.
        wish.prefixes.push(Vec::new());
    }
    wish.mode = match (broadcast, opt_in, opt_out) {
        (true, ..) => Mode::Broadcast,
        (_, true, _) => Mode::OptIn,
        (_, _, true) => Mode::OptOut,
        (false, false, false) => Mode::Read,
    };
    for (at, prefix) in wish.prefixes.iter().enumerate() {
        let others = wish.prefixes.get(at + 1..).unwrap_or_default();
        if overlaps(call, others, core::slice::from_ref(prefix), "another provided") {
            return None;
        }
    }
    Some(wish)
}

/// Whether one of the new prefixes begins with one of the others, or the other way round; refused.
fn overlaps(call: &mut Call<'_>, others: &[Vec<u8>], new: &[Vec<u8>], which: &str) -> bool {
    let mut pairs = new.iter().flat_map(|new| others.iter().map(move |other| (new, other)));
    let found = pairs.find(|(a, b)| a.starts_with(b) || b.starts_with(a));
    if let Some((new, other)) = found {
        call.reply.error_fmt(format_args!(
            "ERR Prefix '{}' overlaps with {which} prefix '{}'. Prefixes for a single client must \
             not overlap.",
            Shown(new),
            Shown(other)
        ));
    }
    found.is_some()
}

/// `CLIENT TRACKINGINFO`
pub(in crate::command) fn trackinginfo(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if !cfg!(feature = "full") {
        return super::left_out(call);
    }
    let tracked = own(ctx, call);
    let mut flags: Vec<&str> = Vec::new();
    match tracked {
        None => flags.push("off"),
        Some(tracked) => {
            flags.push("on");
            match (tracked.mode, tracked.caching) {
                (Mode::Read, _) => {}
                (Mode::Broadcast, _) => flags.push("bcast"),
                (Mode::OptIn, caching) => {
                    flags.push("optin");
                    flags.extend(caching.then_some("caching-yes"));
                }
                (Mode::OptOut, caching) => {
                    flags.push("optout");
                    flags.extend(caching.then_some("caching-no"));
                }
            }
            flags.extend(tracked.skips_own.then_some("noloop"));
            let is_gone = tracked.redirect.is_some_and(|to| !ctx.b.sessions.contains_key(&to));
            flags.extend((is_gone || tracked.is_broken).then_some("broken_redirect"));
        }
    }
    call.reply.map(3);
    call.reply.bulk(b"flags");
    call.reply.set(flags.len());
    for flag in flags {
        call.reply.bulk(flag.as_bytes());
    }
    call.reply.bulk(b"redirect");
    call.reply.integer(tracked.map_or(-1, redirect));
    call.reply.bulk(b"prefixes");
    let prefixes = tracked.map_or(&[][..], |tracked| tracked.prefixes.as_slice());
    call.reply.array(prefixes.len());
    for prefix in prefixes {
        call.reply.bulk(prefix);
    }
}

/// `CLIENT CACHING YES|NO`
pub(in crate::command) fn caching(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if !cfg!(feature = "full") {
        return super::left_out(call);
    }
    let word = call.arg(2);
    let (yes, no) = (same(word, "YES"), same(word, "NO"));
    let tracked = call.client.and_then(|client| ctx.b.tracking.clients.get_mut(&client));
    match tracked {
        Some(tracked) if yes && tracked.mode == Mode::OptIn => tracked.caching = true,
        Some(tracked) if no && tracked.mode == Mode::OptOut => tracked.caching = true,
        Some(Tracked { mode: Mode::OptIn | Mode::OptOut, .. }) if yes => {
            return call.reply.error(
                "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.",
            );
        }
        Some(Tracked { mode: Mode::OptIn | Mode::OptOut, .. }) if no => {
            return call.reply.error(
                "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.",
            );
        }
        Some(Tracked { mode: Mode::OptIn | Mode::OptOut, .. }) => return call.syntax_error(),
        Some(_) | None => {
            return call.reply.error(
                "ERR CLIENT CACHING can be called only when the client is in tracking mode with \
                 OPTIN or OPTOUT mode enabled",
            );
        }
    }
    call.reply.ok();
}

/// Notes what a client has read that keeps copies.
pub(in crate::command) fn track(
    ctx: &mut Ctx<'_>,
    client: ClientId,
    command: &'static Command,
    args: Args<'_>,
) {
    if !cfg!(feature = "full") || !ctx.b.tracking.clients.contains_key(&client) {
        return;
    }
    if command.is(flag::READONLY) {
        let places = command.key_places(args);
        tracked_keys::read(ctx, client, places.filter_map(|(at, _)| args.get(at).copied()));
    }
}

/// A command is over, or a whole transaction: `CLIENT CACHING` lasts for one (those of CLIENT do not
/// count), or for the transaction that begins behind it.
pub(in crate::command) fn end(ctx: &mut Ctx<'_>, client: ClientId, command: &'static Command) {
    if !cfg!(feature = "full") || ctx.b.tracking.clients.is_empty() {
        return;
    }
    let lasts = command.container == "client|"
        || ctx.b.sessions.get(&client).is_some_and(|session| session.multi.is_some());
    if let Some(tracked) = ctx.b.tracking.clients.get_mut(&client)
        && !lasts
    {
        tracked.caching = false;
    }
}
