//! One number for the whole state of a node.
//!
//! Fowler–Noll–Vo over everything that behaviour depends on, each field as fixed-width little
//! endian: the same in debug, release and wasm. It guards replays against drift, nobody attacks it.

use crate::{
    beliefs::Beliefs,
    cluster::{Condition, Outbound, Part, roster},
    digest::Fnv,
    time::{Instant, Now},
};

/// The digest of a node's state.
pub(super) fn of(b: &Beliefs) -> u64 {
    let mut hash = Fnv::new();
    let cluster = &b.cluster;
    let at = |instant: Option<Instant>| instant.map_or(u64::MAX, Instant::as_micros);
    hash.bytes(roster::nodes_text(cluster, Now::default()).as_bytes());
    hash.u64(cluster.current_epoch.0);
    hash.u64(cluster.last_vote_epoch.0);
    if let Some(kind) = cluster.deaf_to {
        hash.u64(u64::from(kind.number()));
    }
    hash.u64(cluster.ticks);
    hash.u64(cluster.next_tick.as_micros());
    hash.u64(u64::from(cluster.serves()));
    hash.u64(at(cluster.serving.first_look));
    hash.u64(at(cluster.serving.minority_at));
    for (place, peer) in cluster.peers.iter() {
        hash.u64(u64::from(place.0));
        hash.u64(at(peer.ping_sent));
        hash.u64(at(peer.pong_received));
        hash.u64(at(peer.data_received));
        hash.u64(at(peer.voted_at));
        hash.u64(at(peer.orphan_since));
        hash.u64(peer.offset);
        hash.u64(match peer.condition {
            Condition::Ok => 0,
            Condition::Pfail => 1,
            Condition::Fail { since } => since.as_micros().wrapping_add(2),
        });
        hash.u64(match peer.link {
            Outbound::None => 0,
            Outbound::Dialling { link, since } | Outbound::Up { link, since } => {
                link.0.rotate_left(32) ^ since.as_micros()
            }
        });
        for report in &peer.reports {
            hash.u64(u64::from(report.by.0));
            hash.u64(report.at.as_micros());
        }
    }
    if let Some(manual) = cluster.manual {
        hash.u64(manual.until.as_micros());
        hash.u64(match manual.part {
            Part::Asked => 0,
            Part::Ready => 1,
            Part::CatchingUp { offset } => offset.rotate_left(2) ^ 2,
            Part::Paused { replica } => u64::from(replica.0) << 2 | 3,
        });
    }
    if let Some(plan) = &cluster.election.plan {
        hash.u64(plan.asks_at.as_micros());
        hash.u64(plan.epoch.map_or(u64::MAX, |epoch| epoch.0));
        hash.u64(u64::from(plan.needed));
        for voter in &plan.votes {
            hash.bytes(voter.as_bytes());
        }
    }
    b.repl.feed(&mut hash);
    b.holds.feed(&mut hash);
    b.migrations.feed(&mut hash);
    b.persist.feed(&mut hash);
    b.blocked.feed(&mut hash);
    hash.u64(b.store.digest_of_all());
    hash.u64(b.rng.clone().u64());
    hash.finish()
}
