//! nodes.conf: what a node remembers of its cluster, and what it makes of it after a restart.
//!
//! The file is the text of CLUSTER NODES (`cluster/roster`) without handshakes, and the two epochs
//! that must not be forgotten. `store_formats/nodes_conf` knows the grammar.

use alloc::{string::String, sync::Arc, vec::Vec};
use core::fmt::Write as _;

use crate::{
    bus::NodeFlags,
    cluster::{ClusterState, Condition, Handshake, Peer, PeerIdx, Role, roster},
    epoch::Epoch,
    id::NodeId,
    io::Image,
    slot::Slot,
    store_formats::nodes_conf::{self, ImageError, NodeLine},
    time::{Instant, Now},
};

/// The whole file.
pub(super) fn save(cluster: &ClusterState, now: Now) -> Image {
    let mut text = roster::text(cluster, now, false);
    let (current, voted) = (cluster.current_epoch, cluster.last_vote_epoch);
    // Writing to a String cannot fail.
    let _ = writeln!(text, "vars currentEpoch {current} lastVoteEpoch {voted}");
    Image(Arc::from(text))
}

/// Beliefs from the file, and the names of variables that were skipped.
pub(super) fn load(image: &str, now: Now) -> Result<(ClusterState, Vec<String>), ImageError> {
    let parsed = nodes_conf::parse(image)?;
    let nowhere = || ImageError { line: 0, what: "no node is marked myself".into() };
    let my_line = parsed
        .nodes
        .iter()
        .find(|line| line.flags.contains(NodeFlags::MYSELF))
        .ok_or_else(nowhere)?;
    let mut cluster = ClusterState::alone(my_line.id, now.mono);
    for line in &parsed.nodes {
        let peer = peer(line, now);
        if line.id == my_line.id {
            *cluster.me_mut() = peer;
        } else {
            cluster.peers.add(peer);
        }
    }
    for line in &parsed.nodes {
        relate(&mut cluster, line, now.mono);
    }
    // Only an edited file marks a slot for a move that its node has no right to.
    let marked = cluster.owners.migrating.keys().copied();
    let strays: Vec<Slot> = marked.filter(|slot| !cluster.is_mine(*slot)).collect();
    for slot in strays {
        cluster.owners.migrating.remove(&slot);
    }
    cluster.current_epoch = parsed.current_epoch;
    cluster.current_epoch = cluster.max_epoch();
    cluster.last_vote_epoch = parsed.last_vote_epoch;
    // A vote was in an epoch that had begun: an edited file may say otherwise, a node may not.
    cluster.current_epoch = cluster.current_epoch.max(cluster.last_vote_epoch);
    Ok((cluster, parsed.unknown_vars))
}

fn peer(line: &NodeLine, now: Now) -> Peer {
    let mut peer = Peer::new(line.id, now.mono);
    peer.endpoint = line.endpoint.clone();
    let has = |flag| line.flags.contains(flag);
    if has(NodeFlags::REPLICA) {
        peer.role = Role::Replica { of: None };
    } else {
        peer.config_epoch = line.config_epoch;
    }
    peer.condition = if has(NodeFlags::FAIL) {
        Condition::Fail { since: now.mono }
    } else if has(NodeFlags::PFAIL) {
        Condition::Pfail
    } else {
        Condition::Ok
    };
    peer.handshake =
        has(NodeFlags::HANDSHAKE).then_some(Handshake { since: now.mono, meet: false });
    peer.noaddr = has(NodeFlags::NOADDR);
    peer.nofailover = has(NodeFlags::NOFAILOVER);
    // The times of a former life mean nothing on this clock; that there were some, does.
    peer.ping_sent = (line.ping_sent_ms > 0).then_some(now.mono);
    peer.pong_received = (line.pong_recv_ms > 0).then_some(now.mono);
    if has(NodeFlags::MYSELF) {
        peer.condition = Condition::Ok;
        peer.ping_sent = None;
        peer.handshake = None;
        peer.noaddr = false;
    }
    peer
}

/// The place of a name; one that only appears as somebody's master or source is created.
fn place(cluster: &mut ClusterState, id: NodeId, now: Instant) -> Option<PeerIdx> {
    cluster.peers.find(id).or_else(|| cluster.peers.add(Peer::new(id, now)))
}

fn relate(cluster: &mut ClusterState, line: &NodeLine, now: Instant) {
    let Some(at) = cluster.peers.find(line.id) else { return };
    if let Some(master) = line.master.and_then(|id| place(cluster, id, now)) {
        cluster.set_master(at, master);
    }
    // A replica has no slots, whatever an edited file says.
    let is_replica = cluster.peers.get(at).is_none_or(|peer| !peer.is_master());
    for (from, to) in line.slots.iter().filter(|_| !is_replica) {
        for slot in Slot::range(*from, *to) {
            cluster.assign(slot, at);
        }
    }
    for (slot, id) in &line.migrating {
        if let Some(to) = place(cluster, *id, now) {
            cluster.owners.migrating.insert(*slot, to);
        }
    }
    for (slot, id) in &line.importing {
        if let Some(from) = place(cluster, *id, now) {
            cluster.owners.importing.insert(*slot, from);
        }
    }
    if line.config_epoch > Epoch::ZERO && line.master.is_none() {
        cluster.current_epoch = cluster.current_epoch.max(line.config_epoch);
    }
}
