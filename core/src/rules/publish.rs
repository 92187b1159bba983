//! PUBLISH: who gets a message, here and on other nodes.
//!
//! A message to a channel goes to everybody who listens to it on this node, and over the bus to
//! all other nodes; a message to a channel of a shard goes to the nodes of that shard alone. What
//! came over the bus goes no further. Listeners to a channel get it before listeners to patterns.
//!
//! When a slot leaves this node's shard, those who listen to its channels are told that they no
//! longer do.
//!
//! Spec: Redis Pub/Sub, "Sharded Pub/Sub"; Redis 7.0 behaviour.

use alloc::{sync::Arc, vec::Vec};

use super::{Ctx, speak};
use crate::{
    id::ClientId,
    io::Effect,
    resp::{Protocol, ReplyBuf},
    session::Kind,
    slot::Slot,
    store::glob,
};

/// To whom a message is addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// PUBLISH: the whole cluster.
    Everybody,
    /// SPUBLISH: the shard that owns the channel's slot.
    Shard,
}

/// A client of this node publishes; how many clients of this node got it.
///
/// The publisher itself, if it listens too, finds the message in `own`, before its reply.
pub(crate) fn publish(
    ctx: &mut Ctx<'_>,
    reach: Reach,
    channel: &[u8],
    message: &[u8],
    own: Option<(ClientId, &mut ReplyBuf)>,
) -> usize {
    let receivers = deliver(ctx, reach, channel, message, own);
    if ctx.b.config.cluster_enabled {
        match reach {
            Reach::Everybody => speak::publish(ctx, channel, message),
            Reach::Shard => speak::publish_to_shard(ctx, channel, message),
        }
    }
    receivers
}

/// A message came over the bus.
pub(crate) fn heard(ctx: &mut Ctx<'_>, reach: Reach, channel: &[u8], message: &[u8]) {
    deliver(ctx, reach, channel, message, None);
}

/// Gives a message to the clients of this node that listen; how many there are.
fn deliver(
    ctx: &mut Ctx<'_>,
    reach: Reach,
    channel: &[u8],
    message: &[u8],
    mut own: Option<(ClientId, &mut ReplyBuf)>,
) -> usize {
    let mut receivers = 0;
    let (word, listeners): (&[u8], _) = match reach {
        Reach::Everybody => (b"message", ctx.b.pubsub.of_channel(channel)),
        Reach::Shard => (b"smessage", ctx.b.pubsub.of_shard(channel)),
    };
    receivers += listeners.len();
    send(ctx, &listeners, &[word, channel, message], &mut own);
    if reach == Reach::Shard || ctx.b.pubsub.pattern_count() == 0 {
        return receivers;
    }
    let fitting: Vec<(Arc<[u8]>, Vec<ClientId>)> = ctx
        .b
        .pubsub
        .patterns()
        .filter(|(pattern, _)| glob(pattern, channel))
        .map(|(pattern, set)| (Arc::clone(pattern), set.iter().copied().collect()))
        .collect();
    for (pattern, listeners) in fitting {
        receivers += listeners.len();
        send(ctx, &listeners, &[b"pmessage", &pattern, channel, message], &mut own);
    }
    receivers
}

/// One message to several clients: written once for each protocol that one of them speaks.
fn send(
    ctx: &mut Ctx<'_>,
    to: &[ClientId],
    words: &[&[u8]],
    own: &mut Option<(ClientId, &mut ReplyBuf)>,
) {
    let mut written: [Option<Arc<[u8]>>; 2] = [None, None];
    for client in to {
        if let Some((me, reply)) = own
            && me == client
        {
            write(words, reply);
            continue;
        }
        let protocol = protocol_of(ctx, *client);
        let bytes = written[usize::from(protocol == Protocol::Resp3)].get_or_insert_with(|| {
            let mut reply = ReplyBuf::with_protocol(protocol);
            write(words, &mut reply);
            Arc::from(reply.as_bytes())
        });
        ctx.out.push(Effect::Push { client: *client, bytes: Arc::clone(bytes) });
    }
}

fn write(words: &[&[u8]], reply: &mut ReplyBuf) {
    reply.push(words.len());
    for word in words {
        reply.bulk(word);
    }
}

fn protocol_of(ctx: &Ctx<'_>, client: ClientId) -> Protocol {
    ctx.b.sessions.get(&client).map_or(Protocol::Resp2, |session| session.protocol)
}

/// Slots have left this node's shard: nobody listens to their channels here any more.
pub(crate) fn slots_lost(ctx: &mut Ctx<'_>, slots: &[Slot]) {
    for slot in slots {
        for (name, client) in ctx.b.pubsub.of_slot(*slot) {
            ctx.b.pubsub.remove(client, Kind::Shard, &name);
            let left = ctx.b.pubsub.names_of(client, Kind::Shard).len();
            let mut reply = ReplyBuf::with_protocol(protocol_of(ctx, client));
            reply.push(3);
            reply.bulk(b"sunsubscribe");
            reply.bulk(&name);
            reply.integer(i64::try_from(left).unwrap_or(i64::MAX));
            let is_subscribed = ctx.b.pubsub.counts(client) != (0, 0, 0);
            if let Some(session) = ctx.b.sessions.get_mut(&client) {
                session.subscribed = is_subscribed;
            }
            ctx.out.push(Effect::Push { client, bytes: Arc::from(reply.as_bytes()) });
        }
    }
}
