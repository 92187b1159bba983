//! DEBUG's ways of disturbing the bus on purpose: messages of a kind that go unheard, links that
//! are cut. Tests of clusters, Redis's own among them, make partitions with these.

use super::{introduced, word};
use crate::{
    bus::Kind,
    command::Call,
    io::{Effect, HangupReason},
    resp::parse_i64,
    rules::{Ctx, ping},
};

/// `DEBUG DROP-CLUSTER-PACKET-FILTER type`: -1, or any number that is no type, hears all again.
pub(in crate::command::exec) fn drop_kind(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(number) = parse_i64(word(call, 2)) else {
        return call.reply.error("ERR value is not an integer or out of range");
    };
    ctx.b.cluster.deaf_to = u16::try_from(number).ok().and_then(Kind::from_number);
    call.reply.ok();
}

/// `DEBUG CLUSTERLINK KILL <to|from|all> <node-id>`
pub(in crate::command::exec) fn cut(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if !ctx.b.config.cluster_enabled {
        let line = "ERR Debug option only available for cluster mode enabled setup!";
        return call.reply.error(line);
    }
    let (way, id) = (word(call, 3), word(call, 4));
    let Some(at) = introduced(ctx, id) else {
        let id = alloc::string::String::from_utf8_lossy(id);
        return call.reply.error_fmt(format_args!("ERR Unknown node {id}"));
    };
    let is = |name: &[u8]| way.eq_ignore_ascii_case(name);
    let all = is(b"all");
    let mut cut = alloc::vec::Vec::new();
    if all || is(b"to") {
        let link = ctx.b.cluster.peers.get(at).and_then(|peer| peer.link.id());
        if let Some(link) = link {
            ctx.b.cluster.links.gone(link);
            ping::unlinked(ctx, at, false);
            cut.push(link);
        }
    }
    if all || is(b"from") {
        cut.extend(ctx.b.cluster.links.unbind(at));
    }
    if !(all || is(b"to") || is(b"from")) {
        let way = alloc::string::String::from_utf8_lossy(way);
        return call.reply.error_fmt(format_args!("ERR Unknown direction {way}"));
    }
    for link in cut {
        ctx.out.push(Effect::Hangup { link, why: HangupReason::Unneeded });
    }
    call.reply.ok();
}
