//! The roster: beliefs about nodes as the lines of CLUSTER NODES and nodes.conf.
//!
//! `store_formats/nodes_conf` knows the grammar; here the fields get their meaning.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use super::{ClusterState, PeerIdx};
use crate::{
    bus::NodeFlags,
    slot::Slot,
    store_formats::nodes_conf::NodeLine,
    time::{Instant, Now},
};

/// One peer's line.
pub(crate) fn line(cluster: &ClusterState, at: PeerIdx, now: Now) -> Option<NodeLine> {
    let peer = cluster.peers.get(at)?;
    let mine = at == PeerIdx::ME;
    let ms = |instant: Option<Instant>| instant.map_or(0, |instant| now.wall_at(instant).0);
    let open = |slots: &BTreeMap<Slot, PeerIdx>| -> Vec<_> {
        let marks = slots.iter().filter(|_| mine);
        marks.filter_map(|(slot, at)| Some((*slot, cluster.peers.id_of(*at)?))).collect()
    };
    Some(NodeLine {
        id: peer.id,
        endpoint: peer.endpoint.clone(),
        flags: peer.flags().set_to(NodeFlags::MYSELF, mine),
        master: peer.master().and_then(|at| cluster.peers.id_of(at)),
        ping_sent_ms: ms(peer.ping_sent),
        pong_recv_ms: ms(peer.pong_received),
        config_epoch: cluster.shown_epoch(peer),
        connected: mine || peer.link.up().is_some(),
        slots: peer.slots.ranges().collect(),
        migrating: open(&cluster.owners.migrating),
        importing: open(&cluster.owners.importing),
    })
}

/// The text of CLUSTER NODES.
pub(crate) fn nodes_text(cluster: &ClusterState, now: Now) -> String {
    text(cluster, now, true)
}

/// A line for each, with or without those in handshake.
pub(crate) fn text(cluster: &ClusterState, now: Now, handshakes: bool) -> String {
    let mut text = String::new();
    for (at, peer) in cluster.peers.iter() {
        if (handshakes || peer.is_introduced())
            && let Some(line) = line(cluster, at, now)
        {
            line.write_to(&mut text);
            text.push('\n');
        }
    }
    text
}
