//! Who owns which slot, and which slots are on the move.

use alloc::{collections::BTreeMap, sync::Arc};

use super::PeerIdx;
use crate::slot::{SLOTS, Slot, SlotSet};

const NOBODY: u16 = u16::MAX;

/// The slot table of one node.
#[derive(Clone, Debug)]
pub(crate) struct Ownership {
    // Shared between clones until written: a checkpoint of an idle world costs nothing here.
    table: Arc<[u16; SLOTS as usize]>,
    /// Slots whose owner stopped claiming them in its headers. They stay with it until somebody
    /// else claims them, even with a lower epoch.
    pub not_claimed: Arc<SlotSet>,
    /// Open slots that leave this node: to whom.
    pub migrating: BTreeMap<Slot, PeerIdx>,
    /// Open slots that come to this node: from whom.
    pub importing: BTreeMap<Slot, PeerIdx>,
}

impl Default for Ownership {
    fn default() -> Self {
        Self {
            table: Arc::new([NOBODY; SLOTS as usize]),
            not_claimed: Arc::new(SlotSet::new()),
            migrating: BTreeMap::new(),
            importing: BTreeMap::new(),
        }
    }
}

impl Ownership {
    /// The owner of a slot.
    pub(crate) fn owner(&self, slot: Slot) -> Option<PeerIdx> {
        let at = self.table[slot.index()];
        (at != NOBODY).then_some(PeerIdx(at))
    }

    /// Writes the table; the peers' own sets are kept by `ClusterState`.
    pub(super) fn set(&mut self, slot: Slot, owner: Option<PeerIdx>) {
        Arc::make_mut(&mut self.table)[slot.index()] = owner.map_or(NOBODY, |at| at.0);
        self.set_claimed(slot, true);
    }

    /// Whether the owner of a slot still claims it.
    pub(crate) fn is_claimed(&self, slot: Slot) -> bool {
        !self.not_claimed.contains(slot)
    }

    /// Notes whether the owner of a slot still claims it.
    pub(crate) fn set_claimed(&mut self, slot: Slot, claimed: bool) {
        if claimed == self.not_claimed.contains(slot) {
            let set = Arc::make_mut(&mut self.not_claimed);
            if claimed {
                set.remove(slot);
            } else {
                set.insert(slot);
            }
        }
    }

    /// Drops the open-slot marks that name a peer.
    pub(super) fn forget_peer(&mut self, peer: PeerIdx) {
        self.migrating.retain(|_, to| *to != peer);
        self.importing.retain(|_, from| *from != peer);
    }
}
