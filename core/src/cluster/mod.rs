//! What a node believes about its cluster: state without decisions.
//!
//! Decisions live in `rules`; here are the tables that they read and write.

mod election;
mod links;
mod manual;
mod ownership;
mod peer;
mod peers;
pub(crate) mod roster;

pub(crate) use election::{Election, Relog, Scheduled};
pub(crate) use links::Links;
pub(crate) use manual::{Manual, Part};
pub(crate) use ownership::Ownership;
pub(crate) use peer::{Condition, Handshake, Outbound, Peer, Report, Role};
pub(crate) use peers::{PeerIdx, PeerTable};

use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};

use crate::{
    bus::Kind,
    epoch::Epoch,
    explain::{MigrationWait, ServingVerdict},
    id::{LinkId, NodeId},
    io::Durability,
    slot::{Slot, SlotSet},
    time::Instant,
};

/// The cluster cron runs every 100 ms, as in Redis; all rules that it drives are phrased in its
/// ticks, so a finer clock would change behaviour and a coarser one failover times.
pub(crate) const CRON_PERIOD_MS: u64 = 100;

/// Everything a node believes about its cluster.
#[derive(Clone, Debug)]
pub(crate) struct ClusterState {
    /// Everybody known; [`PeerIdx::ME`] is this node.
    pub peers: PeerTable,
    /// Who owns which slot.
    pub owners: Ownership,
    /// The cluster's clock.
    pub current_epoch: Epoch,
    /// The last epoch this node voted in.
    pub last_vote_epoch: Epoch,
    /// Whether it serves clients, with the numbers of the last look.
    pub serving: Serving,
    /// The election it waits for or holds.
    pub election: Election,
    /// The manual failover it takes part in.
    pub manual: Option<Manual>,
    /// Why this replica last did not migrate, so that it is told once.
    pub migration_wait: Option<MigrationWait>,
    /// Connections of the bus.
    pub links: Links,
    /// Nodes that were forgotten, and until when gossip may not bring them back.
    pub banned: BTreeMap<NodeId, Instant>,
    /// Messages of this kind go unheard (`DEBUG DROP-CLUSTER-PACKET-FILTER`).
    pub deaf_to: Option<Kind>,
    /// Messages sent and received by kind, for CLUSTER INFO.
    pub traffic: Traffic,
    /// Ticks of the cron so far.
    pub ticks: u64,
    /// When the cron runs next.
    pub next_tick: Instant,
    /// PFAIL peers that could be gossiped at the last tick.
    pub pfail_count: usize,
    /// Work left for the end of the turn.
    pub todo: Todo,
    /// Slots that left this node's shard in this turn: their listeners are told.
    pub lost: Vec<Slot>,
}

/// Whether this node serves clients.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Serving {
    /// The last evaluation.
    pub last: ServingVerdict,
    /// When the first evaluation happened: a master stays down for a while after that.
    pub first_look: Option<Instant>,
    /// When this node was last found in a minority.
    pub minority_at: Option<Instant>,
}

/// Work that rules leave for the end of the turn ("before sleep" in Redis).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Todo {
    /// nodes.conf must be saved before anything of this turn leaves, and so durably.
    pub save: Option<Durability>,
    /// `cluster_state` must be looked at again.
    pub serving: bool,
    /// The election step must run.
    pub election: bool,
}

impl Todo {
    /// Something changed that stands in nodes.conf, and that others would tell this node again.
    pub(crate) fn write(&mut self) {
        self.save = self.save.max(Some(Durability::Written));
    }

    /// A promise changed: an epoch, a vote, or whose slots are whose in which epoch. Not even a
    /// machine that loses its power may forget it.
    pub(crate) const fn sync(&mut self) {
        self.save = Some(Durability::Synced);
    }
}

/// Messages by kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traffic {
    /// Sent, indexed by type number.
    pub sent: [u64; 11],
    /// Received, indexed by type number.
    pub received: [u64; 11],
    /// Links closed because too much waited to be sent on them.
    pub overflows: u64,
}

impl ClusterState {
    /// A node that knows only itself.
    pub(crate) fn alone(id: NodeId, now: Instant) -> Self {
        Self {
            peers: PeerTable::new(Peer::new(id, now)),
            owners: Ownership::default(),
            current_epoch: Epoch::ZERO,
            last_vote_epoch: Epoch::ZERO,
            serving: Serving {
                last: ServingVerdict {
                    ok: false,
                    uncovered: 0,
                    failed: 0,
                    reachable: 0,
                    needed: 1,
                    full_coverage: true,
                },
                first_look: None,
                minority_at: None,
            },
            election: Election::default(),
            manual: None,
            migration_wait: None,
            links: Links::default(),
            banned: BTreeMap::new(),
            deaf_to: None,
            traffic: Traffic::default(),
            ticks: 0,
            next_tick: now,
            pfail_count: 0,
            todo: Todo::default(),
            lost: Vec::new(),
        }
    }

    /// This node.
    pub(crate) fn me(&self) -> &Peer {
        self.peers.me()
    }

    /// This node.
    pub(crate) fn me_mut(&mut self) -> &mut Peer {
        self.peers.me_mut()
    }

    /// This node's name.
    pub(crate) fn my_id(&self) -> NodeId {
        self.me().id
    }

    /// Whether this node is a master.
    pub(crate) fn is_master(&self) -> bool {
        self.me().is_master()
    }

    /// The master of this node, if it is a replica that knows it.
    pub(crate) fn my_master(&self) -> Option<PeerIdx> {
        self.me().master()
    }

    /// Who serves the slots that this node stands for: itself, or its master.
    pub(crate) fn my_shard_master(&self) -> PeerIdx {
        self.my_master().unwrap_or(PeerIdx::ME)
    }

    /// Does this node serve clients?
    pub(crate) fn serves(&self) -> bool {
        self.serving.last.ok
    }

    /// The owner of a slot.
    pub(crate) fn owner(&self, slot: Slot) -> Option<PeerIdx> {
        self.owners.owner(slot)
    }

    /// Whether this node owns a slot.
    pub(crate) fn is_mine(&self, slot: Slot) -> bool {
        self.owners.owner(slot) == Some(PeerIdx::ME)
    }

    /// How many masters own at least one slot: those who vote, whether alive or not.
    pub(crate) fn size(&self) -> u32 {
        let voters = self.peers.iter().filter(|(_, peer)| peer.is_voter()).count();
        u32::try_from(voters).unwrap_or(u32::MAX)
    }

    /// The majority of [`ClusterState::size`].
    pub(crate) fn majority(&self) -> u32 {
        self.size() / 2 + 1
    }

    /// The highest epoch seen anywhere.
    pub(crate) fn max_epoch(&self) -> Epoch {
        let known = self.peers.iter().map(|(_, peer)| peer.config_epoch).max();
        known.unwrap_or_default().max(self.current_epoch)
    }

    /// The replicas of a master, in the order in which they were learned of.
    pub(crate) fn replicas_of(&self, master: PeerIdx) -> impl Iterator<Item = (PeerIdx, &Peer)> {
        self.peers.iter().filter(move |(_, peer)| peer.master() == Some(master))
    }

    /// The config epoch that reports show for a peer: a replica's is its master's.
    pub(crate) fn shown_epoch(&self, peer: &Peer) -> Epoch {
        match peer.master().and_then(|at| self.peers.get(at)) {
            Some(master) => master.config_epoch,
            None => peer.config_epoch,
        }
    }

    /// Gives a free slot to a peer.
    pub(crate) fn assign(&mut self, slot: Slot, to: PeerIdx) {
        self.unassign(slot);
        self.owners.set(slot, Some(to));
        if let Some(peer) = self.peers.get_mut(to) {
            Arc::make_mut(&mut peer.slots).insert(slot);
            peer.slot_count += 1;
            // A master that gets its first slot becomes a target of replica migration if any
            // master has replicas; otherwise the cluster runs without replicas on purpose.
            if peer.slot_count == 1 && self.someone_has_replicas() {
                self.peers.mark_migration_target(to);
            }
        }
    }

    fn someone_has_replicas(&self) -> bool {
        self.peers.iter().any(|(_, peer)| peer.master().is_some())
    }

    /// Takes a slot from its owner, if it has one.
    pub(crate) fn unassign(&mut self, slot: Slot) -> Option<PeerIdx> {
        let owner = self.owners.owner(slot)?;
        self.owners.set(slot, None);
        if owner == self.my_shard_master() {
            self.lost.push(slot);
        }
        if owner == PeerIdx::ME {
            self.owners.migrating.remove(&slot);
        }
        if let Some(peer) = self.peers.get_mut(owner) {
            Arc::make_mut(&mut peer.slots).remove(slot);
            peer.slot_count -= 1;
        }
        Some(owner)
    }

    /// Takes all slots from a peer; how many it had.
    pub(crate) fn unassign_all(&mut self, from: PeerIdx) -> u16 {
        let Some(peer) = self.peers.get(from) else { return 0 };
        let slots: Vec<Slot> = peer.slots.iter().collect();
        for slot in &slots {
            self.unassign(*slot);
        }
        u16::try_from(slots.len()).unwrap_or(u16::MAX)
    }

    /// Makes a peer (or this node) a replica of `master`: roles only, nothing else.
    pub(crate) fn set_master(&mut self, of: PeerIdx, master: PeerIdx) {
        let Some(peer) = self.peers.get_mut(of) else { return };
        let former = peer.master();
        peer.role = Role::Replica { of: Some(master) };
        peer.migration_target = false;
        self.left_by_replica(former);
        self.peers.mark_migration_target(master);
    }

    /// Makes a peer a master: roles only.
    pub(crate) fn set_as_master(&mut self, at: PeerIdx) {
        let Some(peer) = self.peers.get_mut(at) else { return };
        let former = peer.master();
        peer.role = Role::Master;
        if at != PeerIdx::ME {
            peer.migration_target = true;
        }
        self.left_by_replica(former);
    }

    /// A master that lost its last replica is no target of replica migration any more.
    fn left_by_replica(&mut self, former: Option<PeerIdx>) {
        if let Some(former) = former
            && self.replicas_of(former).next().is_none()
            && let Some(former) = self.peers.get_mut(former)
        {
            former.migration_target = false;
        }
    }

    /// Drops a peer and everything that refers to it. Its slots become unassigned. Returns the
    /// links that have to be closed.
    pub(crate) fn remove_peer(&mut self, at: PeerIdx) -> Vec<LinkId> {
        self.unassign_all(at);
        self.owners.forget_peer(at);
        let Some(gone) = self.peers.remove(at) else { return Vec::new() };
        self.left_by_replica(gone.master());
        let mut links: Vec<LinkId> = gone.link.id().into_iter().collect();
        links.extend(self.links.unbind_all(at));
        links
    }

    /// The slots that go into this node's header: its own, or its master's.
    pub(crate) fn shown_slots(&self) -> &Arc<SlotSet> {
        let at = self.my_shard_master();
        self.peers.get(at).map_or(&self.me().slots, |peer| &peer.slots)
    }
}
