//! The state that predicates look at: every node's own view, and what only the god view has.

use slotscope_core::{
    id::NodeId,
    node::{Health, MasterLink, PeerView, Snapshot},
    sim::{Ledger, World},
    slot::Slot,
    time::Instant,
};

use super::value::Value;

/// The state at one moment.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// World time.
    pub now: Instant,
    pub(crate) nodes: Vec<NodeFacts>,
    pub(crate) ledgers: Vec<Ledger>,
    names: Vec<(NodeId, u16)>,
}

/// One machine.
#[derive(Clone, Debug)]
pub(crate) struct NodeFacts {
    pub(crate) port: u16,
    up: bool,
    frozen: bool,
    snapshot: Option<Snapshot>,
}

impl Facts {
    /// What holds in `world` now.
    #[must_use]
    pub fn of(world: &World) -> Self {
        let mut facts = Self { now: world.now(), ..Self::default() };
        for (at, host) in (0..).map(slotscope_core::sim::HostIdx).zip(world.hosts()) {
            let snapshot = world.snapshot(at);
            facts.nodes.push(NodeFacts {
                port: host.port,
                up: host.up,
                frozen: host.frozen,
                snapshot,
            });
        }
        let mut ids: Vec<NodeId> =
            facts.views().flat_map(|(_, s)| &s.peers).map(|p| p.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let port = |id| facts.nodes.get(usize::from(world.host_of(id)?.0)).map(|node| node.port);
        facts.names = ids.into_iter().filter_map(|id| Some((id, port(id)?))).collect();
        facts.ledgers =
            (0..world.plan().clients.len()).filter_map(|n| world.ledger(n)).cloned().collect();
        facts
    }

    /// The ports of the nodes that run.
    pub(crate) fn running(&self) -> impl Iterator<Item = u16> {
        self.views().map(|(port, _)| port)
    }

    fn views(&self) -> impl Iterator<Item = (u16, &Snapshot)> {
        self.nodes
            .iter()
            .filter(|node| node.up)
            .filter_map(|node| Some((node.port, node.snapshot.as_ref()?)))
    }

    fn view(&self, port: u16) -> Option<&Snapshot> {
        self.views().find(|(of, _)| *of == port).map(|(_, snapshot)| snapshot)
    }

    fn port(&self, id: NodeId) -> Option<u16> {
        self.names.iter().find(|(name, _)| *name == id).map(|(_, port)| *port)
    }

    fn peer(&self, by: u16, of: u16) -> Option<&PeerView> {
        self.view(by)?.peers.iter().find(|peer| !peer.handshake && self.port(peer.id) == Some(of))
    }

    /// A field of `node(port)`: what it says of itself, and whether it runs.
    pub(crate) fn node(&self, port: u16, field: &str) -> Value {
        let Some(node) = self.nodes.iter().find(|node| node.port == port) else {
            return Value::Unknown;
        };
        let yes = |yes: bool| Value::Word(if yes { "yes" } else { "no" });
        match field {
            "up" => return yes(node.up),
            "frozen" => return yes(node.frozen),
            _ => {}
        }
        let Some(view) = self.view(port) else {
            return if field == "role" { Value::Word("down") } else { Value::Unknown };
        };
        match field {
            "current_epoch" => Value::count(view.current_epoch.0),
            "config_epoch" => Value::count(view.config_epoch.0),
            "last_vote_epoch" => Value::count(view.last_vote_epoch.0),
            "state" => Value::Word(if view.serving.ok { "ok" } else { "fail" }),
            "offset" => Value::count(view.repl.offset),
            "keys" => Value::count(view.keys),
            "link" => Value::Word(match view.repl.link {
                MasterLink::None => "none",
                MasterLink::Syncing => "syncing",
                MasterLink::Up => "up",
                MasterLink::Down(_) => "down",
            }),
            _ => view.peers.first().map_or(Value::Unknown, |own| self.of_peer(own, field)),
        }
    }

    /// A field of `view(by).of(of)`.
    pub(crate) fn view_of(&self, by: u16, of: u16, field: &str) -> Value {
        self.peer(by, of).map_or(Value::Unknown, |peer| self.of_peer(peer, field))
    }

    fn of_peer(&self, peer: &PeerView, field: &str) -> Value {
        let master = peer.master.and_then(|id| self.port(id));
        match field {
            "role" if peer.is_replica => Value::Replica(master),
            "role" => Value::Word("master"),
            "master" => Value::port(master),
            "health" => Value::Word(match peer.health {
                Health::Ok => "ok",
                Health::Pfail => "pfail",
                Health::Fail => "fail",
            }),
            "flags" => Value::Words(flags(peer)),
            "config_epoch" => Value::count(peer.config_epoch.0),
            "slots" => Value::Slots(ranges(peer)),
            "offset" => Value::count(peer.offset),
            "reports" => Value::count(u64::try_from(peer.reporters.len()).unwrap_or(u64::MAX)),
            "link" => Value::Word(if peer.linked { "up" } else { "down" }),
            _ => Value::Unknown,
        }
    }

    /// `view(by).knows(of)`
    pub(crate) fn knows(&self, by: u16, of: u16) -> Value {
        Value::Word(if self.peer(by, of).is_some() { "yes" } else { "no" })
    }

    /// `view(by).owner(slot)`
    pub(crate) fn owner(&self, by: u16, slot: i64) -> Value {
        let slot = u16::try_from(slot).ok().and_then(Slot::new);
        let owner = self.view(by).zip(slot).and_then(|(view, slot)| view.owner(slot));
        Value::port(owner.and_then(|peer| self.port(peer.id)))
    }

    /// Voters in their own eyes: running masters that own slots.
    pub(crate) fn voters(&self) -> u64 {
        let voters = self.views().filter(|(_, view)| {
            view.peers.first().is_some_and(|own| !own.is_replica && !own.slots.is_empty())
        });
        u64::try_from(voters.count()).unwrap_or(u64::MAX)
    }

    /// Running replicas that stream from `master`.
    pub(crate) fn replicas_ok(&self, master: u16) -> u64 {
        let follow = |view: &Snapshot| {
            view.repl.link == MasterLink::Up
                && view.peers.first().and_then(|own| own.master).and_then(|id| self.port(id))
                    == Some(master)
        };
        u64::try_from(self.views().filter(|(_, view)| follow(view)).count()).unwrap_or(u64::MAX)
    }

    /// A field of `cluster`: what no single node knows.
    pub(crate) fn cluster(&self, field: &str) -> Value {
        let masters: Vec<(&Snapshot, &PeerView)> = self
            .views()
            .filter_map(|(_, view)| Some((view, view.peers.first()?)))
            .filter(|(_, own)| !own.is_replica && !own.slots.is_empty())
            .collect();
        match field {
            "covered" => {
                let mut set = slotscope_core::slot::SlotSet::new();
                for (from, to) in masters.iter().flat_map(|(_, own)| &own.slots) {
                    Slot::all().filter(|slot| from <= slot && slot <= to).for_each(|slot| {
                        set.insert(slot);
                    });
                }
                Value::Int(i64::from(set.len()))
            }
            "size" => Value::count(self.voters()),
            "epoch" => {
                let highest = self.views().map(|(_, view)| view.current_epoch.0).max();
                highest.map_or(Value::Unknown, Value::count)
            }
            "epochs_distinct" => {
                let mut epochs: Vec<u64> = masters.iter().map(|(v, _)| v.config_epoch.0).collect();
                let all = epochs.len();
                epochs.sort_unstable();
                epochs.dedup();
                Value::Word(if epochs.len() == all { "yes" } else { "no" })
            }
            _ => Value::Unknown,
        }
    }

    /// A field of the ledger, over all applications.
    pub(crate) fn ledger(&self, field: &str) -> Value {
        let sum = |of: fn(&Ledger) -> u64| Value::count(self.ledgers.iter().map(of).sum());
        match field {
            "sent" => sum(|ledger| ledger.sent),
            "acked" => sum(|ledger| ledger.acked),
            "errors" => sum(|ledger| ledger.errors),
            "lost" => sum(|ledger| ledger.lost),
            "moved" => sum(|ledger| ledger.moved),
            "failing" => {
                let failing = self.ledgers.iter().any(|ledger| ledger.failing);
                Value::Word(if failing { "yes" } else { "no" })
            }
            "outage" => {
                let length = |ledger: &Ledger| {
                    ledger.outage.map_or(0, |(from, to)| to.unwrap_or(self.now).ms_since(from))
                };
                let longest = self.ledgers.iter().map(length).max().unwrap_or(0);
                Value::Ms(i64::try_from(longest).unwrap_or(i64::MAX))
            }
            // The applications of the world do not compare their reads yet.
            _ => Value::Unknown,
        }
    }
}

fn flags(peer: &PeerView) -> Vec<&'static str> {
    let all = [
        (!peer.is_replica, "master"),
        (peer.is_replica, "slave"),
        (peer.is_replica, "replica"),
        (peer.health == Health::Pfail, "fail?"),
        (peer.health == Health::Pfail, "pfail"),
        (peer.health == Health::Fail, "fail"),
        (peer.handshake, "handshake"),
        (peer.noaddr, "noaddr"),
        (peer.nofailover, "nofailover"),
    ];
    all.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect()
}

fn ranges(peer: &PeerView) -> Vec<(u16, u16)> {
    peer.slots.iter().map(|(from, to)| (from.get(), to.get())).collect()
}
