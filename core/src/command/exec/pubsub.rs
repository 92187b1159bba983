//! Pub/Sub: who listens, who speaks. Messages themselves are sent by `rules::publish`.
//!
//! A request that names several channels has as many replies, each with the number of
//! subscriptions that the client has then (of channels and patterns together, or of channels of a
//! shard).

use alloc::{sync::Arc, vec::Vec};

use super::connection;
use crate::{
    command::{Call, Propagate},
    resp::{Protocol, ReplyBuf},
    rules::{
        Ctx,
        publish::{self as publishing, Reach},
    },
    session::{Kind, PubSub},
    store::glob,
};

/// `SUBSCRIBE channel...`
pub(in crate::command) fn subscribe(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    listen(ctx, call, Kind::Channel, b"subscribe");
}

/// `PSUBSCRIBE pattern...`
pub(in crate::command) fn psubscribe(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    listen(ctx, call, Kind::Pattern, b"psubscribe");
}

/// `SSUBSCRIBE channel...`
pub(in crate::command) fn ssubscribe(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    listen(ctx, call, Kind::Shard, b"ssubscribe");
}

fn listen(ctx: &mut Ctx<'_>, call: &mut Call<'_>, kind: Kind, word: &[u8]) {
    let Some(client) = call.client else { return };
    for name in call.args.iter().skip(1) {
        ctx.b.pubsub.add(client, kind, name);
        confirm(&ctx.b.pubsub, call, kind, word, Some(name));
    }
    mark(ctx, call);
}

/// `UNSUBSCRIBE [channel...]`
pub(in crate::command) fn unsubscribe(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    leave(ctx, call, Kind::Channel, b"unsubscribe");
}

/// `PUNSUBSCRIBE [pattern...]`
pub(in crate::command) fn punsubscribe(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    leave(ctx, call, Kind::Pattern, b"punsubscribe");
}

/// `SUNSUBSCRIBE [channel...]`
pub(in crate::command) fn sunsubscribe(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    leave(ctx, call, Kind::Shard, b"sunsubscribe");
}

fn leave(ctx: &mut Ctx<'_>, call: &mut Call<'_>, kind: Kind, word: &[u8]) {
    let Some(client) = call.client else { return };
    let named = call.args.get(1..).unwrap_or_default();
    let all: Vec<Arc<[u8]>> =
        if named.is_empty() { ctx.b.pubsub.names_of(client, kind) } else { Vec::new() };
    let names: Vec<&[u8]> =
        if named.is_empty() { all.iter().map(|name| &**name).collect() } else { named.to_vec() };
    for name in &names {
        ctx.b.pubsub.remove(client, kind, name);
        confirm(&ctx.b.pubsub, call, kind, word, Some(name));
    }
    if names.is_empty() {
        confirm(&ctx.b.pubsub, call, kind, word, None);
    }
    mark(ctx, call);
}

fn confirm(pubsub: &PubSub, call: &mut Call<'_>, kind: Kind, word: &[u8], name: Option<&[u8]>) {
    let Some(client) = call.client else { return };
    let (channels, patterns, shards) = pubsub.counts(client);
    call.reply.push(3);
    call.reply.bulk(word);
    match name {
        Some(name) => call.reply.bulk(name),
        None => call.reply.null(),
    }
    count(call.reply, if kind == Kind::Shard { shards } else { channels + patterns });
}

/// Remembers in the session whether there is any subscription.
fn mark(ctx: &mut Ctx<'_>, call: &Call<'_>) {
    let Some(client) = call.client else { return };
    let listens = ctx.b.pubsub.counts(client) != (0, 0, 0);
    if let Some(session) = connection::session(ctx, call) {
        session.subscribed = listens;
    }
}

/// Whether this client may only listen: with RESP2 a reply could not be told from a message.
pub(in crate::command) fn only_listens(ctx: &mut Ctx<'_>, call: &Call<'_>) -> bool {
    connection::session(ctx, call)
        .is_some_and(|session| session.subscribed && session.protocol == Protocol::Resp2)
}

/// `PUBLISH channel message`
pub(in crate::command) fn publish(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    tell(ctx, call, Reach::Everybody);
}

/// `SPUBLISH channel message`
pub(in crate::command) fn spublish(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    tell(ctx, call, Reach::Shard);
}

fn tell(ctx: &mut Ctx<'_>, call: &mut Call<'_>, reach: Reach) {
    let (channel, message) = (call.arg(1), call.arg(2));
    let own = call.client.map(|client| (client, &mut *call.reply));
    let receivers = publishing::publish(ctx, reach, channel, message, own);
    // In a cluster the bus tells the others, replicas among them.
    if !ctx.b.config.cluster_enabled {
        call.propagate = Propagate::Told;
    }
    count(call.reply, receivers);
}

/// `PUBSUB CHANNELS [pattern]`
pub(in crate::command) fn channels(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let found = ctx.b.pubsub.channels().cloned().collect();
    fitting(call, found);
}

/// `PUBSUB SHARDCHANNELS [pattern]`
pub(in crate::command) fn shardchannels(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let found = ctx.b.pubsub.shard_channels().cloned().collect();
    fitting(call, found);
}

fn fitting(call: &mut Call<'_>, mut names: Vec<Arc<[u8]>>) {
    match *call.args {
        [_, _] => {}
        [_, _, pattern] => names.retain(|name| glob(pattern, name)),
        _ => return super::wrong_subcommand(call),
    }
    call.reply.array(names.len());
    for name in names {
        call.reply.bulk(&name);
    }
}

/// `PUBSUB NUMPAT`
pub(in crate::command) fn numpat(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    count(call.reply, ctx.b.pubsub.pattern_count());
}

/// `PUBSUB NUMSUB [channel...]`
pub(in crate::command) fn numsub(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    listeners(call, |name| ctx.b.pubsub.channel_listeners(name));
}

/// `PUBSUB SHARDNUMSUB [channel...]`
pub(in crate::command) fn shardnumsub(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    listeners(call, |name| ctx.b.pubsub.shard_listeners(name));
}

fn listeners(call: &mut Call<'_>, of: impl Fn(&[u8]) -> usize) {
    let names = call.args.get(2..).unwrap_or_default();
    call.reply.array(2 * names.len());
    for name in names {
        call.reply.bulk(name);
        count(call.reply, of(name));
    }
}

fn count(reply: &mut ReplyBuf, n: usize) {
    reply.integer(i64::try_from(n).unwrap_or(i64::MAX));
}
