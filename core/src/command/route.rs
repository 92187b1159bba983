//! Who answers for these keys? Decided once, before any handler.
//!
//! The rule, in the order of Redis: no key, answer here. The slot of the first key must have an
//! owner (CLUSTERDOWN), all keys must share it (CROSSSLOT), the cluster must be up (CLUSTERDOWN).
//! A slot on the move is answered where its keys are (ASK, TRYAGAIN). A replica answers reads of
//! its master's slots to clients that said READONLY. Everything else is MOVED to the owner.
//!
//! Spec: Redis Cluster specification, "Redirection and resharding".
//! Differs from Redis: nothing known.

use core::fmt;

use super::{Args, table::Command, table::flag};
use crate::{
    beliefs::Beliefs,
    cluster::{Peer, PeerIdx},
    config::EndpointType,
    explain::Reason,
    resp::ReplyBuf,
    rules::Ctx,
    slot::{Slot, key_slot},
    time::UnixMillis,
};

/// One request, or the requests of a transaction, as far as routing looks at them.
#[derive(Debug)]
pub(crate) struct Query<'a> {
    /// Rows and words.
    requests: &'a [(&'static Command, Args<'a>)],
    /// One of them may change data.
    writes: bool,
    /// It is about channels of a shard, which need no keys to be there.
    is_shard_channel: bool,
    /// It takes keys of an open slot away: where the keys are is for itself to find out.
    is_migrate: bool,
    /// The client said READONLY.
    readonly: bool,
    /// The client said ASKING just before, or the command itself says so.
    asking: bool,
}

impl<'a> Query<'a> {
    /// What a client that said READONLY or ASKING (or neither) wants.
    pub fn new(requests: &'a [(&'static Command, Args<'a>)], readonly: bool, asking: bool) -> Self {
        let is = |test: fn(&Command) -> bool| requests.iter().any(|(command, _)| test(command));
        Self {
            requests,
            writes: is(|command| command.is(flag::WRITE)),
            is_shard_channel: requests.len() == 1 && is(Command::is_shard_channel),
            is_migrate: requests.len() == 1 && is(|command| command.name == "migrate"),
            readonly,
            asking: asking || is(|command| command.is(flag::ASKING)),
        }
    }
}

/// The decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// This node answers; the slot, if there are keys.
    Here(Option<Slot>),
    /// It does not.
    Elsewhere(Refusal),
}

/// Why not, with the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Two keys, two slots.
    CrossSlot {
        /// The first key's.
        first: Slot,
        /// The other's.
        other: Slot,
    },
    /// Nobody owns the slot.
    Unassigned(Slot),
    /// The cluster is down.
    Down(Slot),
    /// The cluster is down and this would be a write.
    DownReadsOnly(Slot),
    /// The slot is on the move and some of the keys are elsewhere.
    TryAgain(Slot),
    /// The slot is leaving, and the keys have left (or never were).
    Ask(Slot, PeerIdx),
    /// Another node owns the slot.
    Moved(Slot, PeerIdx),
}

/// Where does this request belong? Changes nothing, not even expired keys.
pub(crate) fn judge(b: &Beliefs, now: UnixMillis, query: &Query<'_>) -> Verdict {
    let mut slot = None;
    for key in keys(query) {
        let this = key_slot(key);
        match slot {
            None if b.cluster.owner(this).is_none() => {
                return Verdict::Elsewhere(Refusal::Unassigned(this));
            }
            None => slot = Some(this),
            Some(first) if first != this => {
                return Verdict::Elsewhere(Refusal::CrossSlot { first, other: this });
            }
            Some(_) => {}
        }
    }
    let Some(slot) = slot else { return Verdict::Here(None) };
    match refusal(b, now, query, slot) {
        Some(why) => Verdict::Elsewhere(why),
        None => Verdict::Here(Some(slot)),
    }
}

/// Whether this node answers for a slot whatever is asked: [`judge`] comes to the same answer, but
/// looks at much that does not matter then.
pub(crate) fn is_settled_here(b: &Beliefs, slot: Slot) -> bool {
    b.cluster.is_mine(slot) && b.cluster.serves() && !b.cluster.owners.migrating.contains_key(&slot)
}

fn refusal(b: &Beliefs, now: UnixMillis, query: &Query<'_>, slot: Slot) -> Option<Refusal> {
    let owner = b.cluster.owner(slot)?;
    let writes = query.writes;
    if !b.cluster.serves() && query.is_shard_channel {
        if !b.config.cluster_allow_pubsubshard_when_down {
            return Some(Refusal::Down(slot));
        }
    } else if !b.cluster.serves() {
        if !b.config.cluster_allow_reads_when_down {
            return Some(Refusal::Down(slot));
        }
        if writes {
            return Some(Refusal::DownReadsOnly(slot));
        }
    }
    let opened = b.cluster.owners.migrating.contains_key(&slot)
        || b.cluster.owners.importing.contains_key(&slot);
    if opened && query.is_migrate {
        return None;
    }
    if owner == PeerIdx::ME {
        let to = *b.cluster.owners.migrating.get(&slot)?;
        let (keys, missing) = count_missing(b, now, query, slot);
        return match missing {
            0 => None,
            _ if missing == keys => Some(Refusal::Ask(slot, to)),
            _ => Some(Refusal::TryAgain(slot)),
        };
    }
    if query.asking && b.cluster.owners.importing.contains_key(&slot) {
        let (_, missing) = count_missing(b, now, query, slot);
        return (missing > 0 && has_different_keys(query)).then_some(Refusal::TryAgain(slot));
    }
    if (query.readonly || query.is_shard_channel) && !writes && b.cluster.my_master() == Some(owner)
    {
        return None;
    }
    Some(Refusal::Moved(slot, owner))
}

fn keys<'q>(query: &'q Query<'_>) -> impl Iterator<Item = &'q [u8]> {
    query.requests.iter().flat_map(|(command, args)| {
        command.key_places(args).filter_map(|(at, _)| args.get(at).copied())
    })
}

fn count_missing(b: &Beliefs, now: UnixMillis, query: &Query<'_>, slot: Slot) -> (usize, usize) {
    if query.is_shard_channel {
        return (0, 0);
    }
    keys(query).fold((0, 0), |(all, missing), key| {
        (all + 1, missing + usize::from(b.store.get(slot, key, now).is_none()))
    })
}

fn has_different_keys(query: &Query<'_>) -> bool {
    let mut keys = keys(query);
    let first = keys.next();
    keys.any(|key| Some(key) != first)
}

/// Answers with the refusal, and records it if somebody listens.
pub(crate) fn refuse(ctx: &mut Ctx<'_>, why: Refusal, reply: &mut ReplyBuf) {
    match why {
        Refusal::CrossSlot { .. } => {
            reply.error("CROSSSLOT Keys in request don't hash to the same slot");
        }
        Refusal::Unassigned(_) => reply.error("CLUSTERDOWN Hash slot not served"),
        Refusal::Down(_) => reply.error("CLUSTERDOWN The cluster is down"),
        Refusal::DownReadsOnly(_) => {
            reply.error("CLUSTERDOWN The cluster is down and only accepts read commands");
        }
        Refusal::TryAgain(_) => {
            reply.error("TRYAGAIN Multiple keys request during rehashing of slot");
        }
        Refusal::Ask(slot, to) => redirect(ctx, "ASK", slot, to, reply),
        Refusal::Moved(slot, to) => redirect(ctx, "MOVED", slot, to, reply),
    }
    if ctx.out.is_explaining()
        && let Some(reason) = reason(ctx.b, why)
    {
        ctx.out.because(reason);
    }
}

/// What the Why card shows.
fn reason(b: &Beliefs, why: Refusal) -> Option<Reason> {
    Some(match why {
        Refusal::CrossSlot { first, other } => Reason::CrossSlot { first, other },
        Refusal::Unassigned(slot) => Reason::ClusterDown { slot, unassigned: true },
        Refusal::Down(slot) | Refusal::DownReadsOnly(slot) => {
            Reason::ClusterDown { slot, unassigned: false }
        }
        Refusal::Moved(slot, to) => Reason::Moved { slot, to: b.cluster.peers.id_of(to)? },
        Refusal::Ask(slot, to) => Reason::Ask { slot, to: b.cluster.peers.id_of(to)? },
        Refusal::TryAgain(slot) => Reason::TryAgain { slot },
    })
}

fn redirect(ctx: &Ctx<'_>, word: &str, slot: Slot, to: PeerIdx, reply: &mut ReplyBuf) {
    let Some(peer) = ctx.b.cluster.peers.get(to) else {
        reply.error("CLUSTERDOWN Hash slot not served");
        return;
    };
    let host = Host { peer, kind: ctx.b.config.cluster_preferred_endpoint_type };
    reply.error_fmt(format_args!("{word} {slot} {host}:{}", peer.endpoint.port));
}

/// The host part of a redirection.
struct Host<'a> {
    peer: &'a Peer,
    kind: EndpointType,
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = &self.peer.endpoint;
        match self.kind {
            EndpointType::Ip => match endpoint.ip {
                Some(ip) => write!(f, "{ip}"),
                None => Ok(()),
            },
            EndpointType::Hostname if endpoint.hostname.is_empty() => f.write_str("?"),
            EndpointType::Hostname => f.write_str(&endpoint.hostname),
            EndpointType::UnknownEndpoint => Ok(()),
        }
    }
}
