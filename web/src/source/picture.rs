//! One moment of a run, copied out of the world: what the screen reads.

use std::collections::BTreeMap;

use slotscope_core::{
    id::NodeId,
    node::Snapshot,
    sim::{HostIdx, HostView, Ledger, Plan, World},
    slot::Slot,
    time::Instant,
};

/// Everything the screen shows of a world at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// World time.
    pub now: Instant,
    /// Identifies the state.
    pub digest: u64,
    /// Records so far.
    pub seq: u64,
    /// The machines.
    pub hosts: Vec<HostView>,
    /// What the node of each machine believes; `None` while its process is down.
    pub views: Vec<Option<Snapshot>>,
    /// Which machine has which name.
    pub ids: BTreeMap<NodeId, HostIdx>,
    /// The applications' ledgers.
    pub ledgers: Vec<Ledger>,
    /// The groups of the wall.
    pub wall: Vec<Vec<HostIdx>>,
    /// Single directions that are cut.
    pub cuts: Vec<(HostIdx, HostIdx)>,
    /// When something happens next.
    pub next_event_at: Instant,
    /// Broken invariants.
    pub violations: Vec<String>,
    /// The shards of the plan: which slots were whose, from the first letter on.
    pub homes: Vec<(Slot, Slot, u8)>,
    /// The shard each machine belongs to by the plan.
    pub born: Vec<Option<u8>>,
}

impl Picture {
    /// Copies the present moment out of `world`.
    #[must_use]
    pub fn of(world: &World) -> Self {
        let hosts = world.hosts();
        let views: Vec<Option<Snapshot>> =
            (0..hosts.len()).map(|n| world.snapshot(host(n))).collect();
        let mut ids = BTreeMap::new();
        for peer in views.iter().flatten().flat_map(|view| &view.peers) {
            if let Some(at) = world.host_of(peer.id) {
                ids.insert(peer.id, at);
            }
        }
        let ledgers =
            (0..world.plan().clients.len()).filter_map(|n| world.ledger(n).cloned()).collect();
        let (wall, cuts) = world.walls();
        let (homes, born) = shards(world.plan());
        Self {
            now: world.now(),
            digest: world.digest(),
            seq: world.next_seq(),
            wall: wall.to_vec(),
            cuts: cuts.to_vec(),
            hosts,
            views,
            ids,
            ledgers,
            next_event_at: world.next_event_at(),
            violations: world.violations().to_vec(),
            homes,
            born,
        }
    }

    /// The client port of a machine.
    #[must_use]
    pub fn port(&self, at: HostIdx) -> u16 {
        self.hosts.get(usize::from(at.0)).map_or(0, |h| h.port)
    }

    /// The machine of a port.
    #[must_use]
    pub fn by_port(&self, port: u16) -> Option<HostIdx> {
        self.hosts.iter().position(|h| h.port == port).map(host)
    }

    /// The machines in the order of the plan.
    pub fn each(&self) -> impl Iterator<Item = HostIdx> + use<> {
        (0..self.hosts.len()).map(host)
    }

    /// What the node of a machine believes.
    #[must_use]
    pub fn view(&self, at: HostIdx) -> Option<&Snapshot> {
        self.views.get(usize::from(at.0))?.as_ref()
    }

    /// Whether the process of a machine runs.
    #[must_use]
    pub fn is_up(&self, at: HostIdx) -> bool {
        self.hosts.get(usize::from(at.0)).is_some_and(|h| h.up)
    }

    /// How people call a node: its port, or the start of its name when its machine is unknown.
    #[must_use]
    pub fn name(&self, id: NodeId) -> String {
        match self.ids.get(&id) {
            Some(at) => self.port(*at).to_string(),
            None => id.as_str()[..8].to_string(),
        }
    }

    /// The highest current epoch that a living node knows.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.views.iter().flatten().map(|view| view.current_epoch.0).max().unwrap_or(0)
    }
}

/// The *n*th machine.
#[must_use]
pub fn host(n: usize) -> HostIdx {
    HostIdx(u16::try_from(n).unwrap_or(u16::MAX))
}

/// Slots with the shard that they belong to.
type Homes = Vec<(Slot, Slot, u8)>;

/// Letters for the shards of a plan: its masters with slots in their order.
fn shards(plan: &Plan) -> (Homes, Vec<Option<u8>>) {
    let mut homes = Vec::new();
    let mut born: Vec<Option<u8>> = vec![None; plan.nodes.len()];
    let mut next = 0;
    for (node, shard) in plan.nodes.iter().zip(&mut born) {
        if !node.slots.is_empty() {
            homes.extend(node.slots.iter().map(|(a, b)| (*a, *b, next)));
            *shard = Some(next);
            next = next.saturating_add(1);
        }
    }
    for (n, node) in plan.nodes.iter().enumerate() {
        if let Some(master) = node.master {
            born[n] = born.get(usize::from(master.0)).copied().flatten();
        }
    }
    homes.sort_unstable();
    (homes, born)
}
