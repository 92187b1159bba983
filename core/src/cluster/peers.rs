//! The table of known nodes: dense places that stay valid, and an index by name.

use alloc::{collections::BTreeMap, vec::Vec};

use super::{Peer, Role};
use crate::id::NodeId;

/// A node's place in the table. It stays the same for as long as the node is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PeerIdx(pub u16);

impl PeerIdx {
    /// This node.
    pub(crate) const ME: Self = Self(0);
}

/// Everybody known, this node at place 0.
#[derive(Clone, Debug)]
pub(crate) struct PeerTable {
    places: Vec<Option<Peer>>,
    by_id: BTreeMap<NodeId, PeerIdx>,
}

impl PeerTable {
    /// A table with this node alone.
    pub(crate) fn new(me: Peer) -> Self {
        let by_id = BTreeMap::from([(me.id, PeerIdx::ME)]);
        Self { places: alloc::vec![Some(me)], by_id }
    }

    /// This node.
    pub(crate) fn me(&self) -> &Peer {
        // Invariant: place 0 is filled by `new` and never removed.
        self.places[0].as_ref().expect("place 0 is this node")
    }

    /// This node.
    pub(crate) fn me_mut(&mut self) -> &mut Peer {
        self.places[0].as_mut().expect("place 0 is this node")
    }

    /// The peer at a place.
    pub(crate) fn get(&self, at: PeerIdx) -> Option<&Peer> {
        self.places.get(usize::from(at.0))?.as_ref()
    }

    /// The peer at a place.
    pub(crate) fn get_mut(&mut self, at: PeerIdx) -> Option<&mut Peer> {
        self.places.get_mut(usize::from(at.0))?.as_mut()
    }

    /// The place of a name.
    pub(crate) fn find(&self, id: NodeId) -> Option<PeerIdx> {
        self.by_id.get(&id).copied()
    }

    /// The name at a place.
    pub(crate) fn id_of(&self, at: PeerIdx) -> Option<NodeId> {
        self.get(at).map(|peer| peer.id)
    }

    /// Everybody with their places, in the order of places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (PeerIdx, &Peer)> {
        (0u16..).map(PeerIdx).zip(&self.places).filter_map(|(at, peer)| Some((at, peer.as_ref()?)))
    }

    /// Everybody but this node.
    pub(crate) fn others(&self) -> impl Iterator<Item = (PeerIdx, &Peer)> {
        self.iter().skip(1)
    }

    /// The places of everybody but this node, to walk while changing the table.
    pub(crate) fn other_places(&self) -> impl Iterator<Item = PeerIdx> + use<> {
        let end = u16::try_from(self.places.len()).unwrap_or(u16::MAX);
        (1..end).map(PeerIdx)
    }

    /// How many are known, this node included.
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// A uniform choice among everybody, this node included; the caller draws `nth`.
    pub(crate) fn nth(&self, nth: usize) -> Option<PeerIdx> {
        // Names are in order in the index, so the draw does not depend on places freed earlier.
        self.by_id.values().nth(nth).copied()
    }

    /// Adds a peer; `None` if the name is taken or the table is full.
    pub(crate) fn add(&mut self, peer: Peer) -> Option<PeerIdx> {
        if self.by_id.contains_key(&peer.id) {
            return None;
        }
        let free = self.places.iter().position(Option::is_none);
        let at = PeerIdx(u16::try_from(free.unwrap_or(self.places.len())).ok()?);
        if at.0 == u16::MAX {
            return None;
        }
        self.by_id.insert(peer.id, at);
        match free {
            Some(place) => self.places[place] = Some(peer),
            None => self.places.push(Some(peer)),
        }
        Some(at)
    }

    /// Gives a peer another name (a handshake learned the real one).
    pub(crate) fn rename(&mut self, at: PeerIdx, to: NodeId) {
        let Some(peer) = self.places.get_mut(usize::from(at.0)).and_then(Option::as_mut) else {
            return;
        };
        self.by_id.remove(&peer.id);
        peer.id = to;
        self.by_id.insert(to, at);
    }

    /// Takes a peer out, and out of everybody's records. This node stays.
    pub(crate) fn remove(&mut self, at: PeerIdx) -> Option<Peer> {
        if at == PeerIdx::ME {
            return None;
        }
        let gone = self.places.get_mut(usize::from(at.0))?.take()?;
        self.by_id.remove(&gone.id);
        for peer in self.places.iter_mut().flatten() {
            peer.reports.retain(|report| report.by != at);
            if peer.role == (Role::Replica { of: Some(at) }) {
                peer.role = Role::Replica { of: None };
            }
        }
        Some(gone)
    }

    /// Marks a master as a valid target of replica migration.
    pub(crate) fn mark_migration_target(&mut self, at: PeerIdx) {
        if let Some(peer) = self.get_mut(at) {
            peer.migration_target = true;
        }
    }
}
