//! Snapshots and answers to "why (not)?": beliefs as plain data.

use alloc::{collections::BTreeMap, vec::Vec};

use crate::{
    beliefs::Beliefs,
    cluster::{ClusterState, Condition, Peer, PeerIdx},
    explain::{ElectionWait, Reason, Why},
    id::NodeId,
    node::{ElectionView, Health, PeerView, Snapshot},
    rules::{candidacy, failure, serving},
    slot::Slot,
    time::Now,
};

/// What a node believes.
pub(super) fn snapshot(b: &Beliefs, now: Now) -> Snapshot {
    let cluster = &b.cluster;
    let me = cluster.me();
    let node_timeout_ms = b.config.cluster_node_timeout_ms;
    Snapshot {
        id: me.id,
        current_epoch: cluster.current_epoch,
        config_epoch: cluster.shown_epoch(me),
        last_vote_epoch: cluster.last_vote_epoch,
        serving: cluster.serving.last,
        peers: cluster
            .peers
            .iter()
            .map(|(at, peer)| {
                let mut seen = peer_view(cluster, peer, now, node_timeout_ms);
                if at == PeerIdx::ME {
                    seen.offset = b.repl.offset();
                    seen.linked = true;
                }
                seen
            })
            .collect(),
        migrating: open_slots(cluster, &cluster.owners.migrating),
        importing: open_slots(cluster, &cluster.owners.importing),
        election: cluster.election.plan.as_ref().map(|plan| ElectionView {
            delay: plan.delay.clone(),
            scheduled_at: plan.planned,
            asks_at: plan.asks_at,
            epoch: plan.epoch,
            votes: plan.votes.clone(),
            needed: candidacy::majority(cluster),
        }),
        repl: b.repl.view(),
        keys: b.store.total_len() as u64,
        node_timeout_ms,
    }
}

fn open_slots(cluster: &ClusterState, marks: &BTreeMap<Slot, PeerIdx>) -> Vec<(Slot, NodeId)> {
    marks.iter().filter_map(|(slot, at)| Some((*slot, cluster.peers.id_of(*at)?))).collect()
}

fn peer_view(cluster: &ClusterState, peer: &Peer, now: Now, node_timeout_ms: u64) -> PeerView {
    let (health, failed_at) = match peer.condition {
        Condition::Ok => (Health::Ok, None),
        Condition::Pfail => (Health::Pfail, None),
        Condition::Fail { since } => (Health::Fail, Some(since)),
    };
    PeerView {
        id: peer.id,
        addr: peer.endpoint.data(),
        cport: peer.endpoint.cport,
        master: peer.master().and_then(|at| cluster.peers.id_of(at)),
        is_replica: !peer.is_master(),
        health,
        reporters: failure::judge_quorum(cluster, peer, now.mono, node_timeout_ms).reporters,
        failed_at,
        handshake: peer.handshake.is_some(),
        noaddr: peer.noaddr,
        nofailover: peer.nofailover,
        ping_sent: peer.ping_sent,
        pong_received: peer.pong_received,
        config_epoch: cluster.shown_epoch(peer),
        linked: peer.link.up().is_some(),
        slots: peer.slots.ranges().collect(),
        offset: peer.offset,
    }
}

/// Why something stands as it does.
pub(super) fn why(b: &Beliefs, now: Now, question: Why) -> Option<Reason> {
    let node_timeout_ms = b.config.cluster_node_timeout_ms;
    let cluster = &b.cluster;
    match question {
        Why::NotFailed(id) => {
            let at = cluster.peers.find(id).filter(|at| *at != PeerIdx::ME)?;
            let peer = cluster.peers.get(at)?;
            Some(match peer.condition {
                Condition::Pfail => {
                    Reason::Fail(failure::judge_quorum(cluster, peer, now.mono, node_timeout_ms))
                }
                Condition::Fail { since } => {
                    Reason::Forgive(failure::judge_forgive(peer, since, now.mono, node_timeout_ms))
                }
                Condition::Ok => {
                    let silence = failure::silence(peer, now.mono);
                    Reason::NotSuspected {
                        about: id,
                        waiting_ms: silence.ping_ms,
                        silent_ms: silence.data_ms,
                        limit_ms: node_timeout_ms,
                    }
                }
            })
        }
        Why::NotElected => {
            let wait = candidacy::why_not(b, now.mono);
            (!matches!(wait, ElectionWait::IsMaster)).then_some(Reason::ElectionWaits(wait))
        }
        Why::Serving => {
            let mut verdict = serving::judge(cluster, b.config.cluster_require_full_coverage);
            verdict.ok = cluster.serves();
            Some(Reason::Serving(verdict))
        }
    }
}
