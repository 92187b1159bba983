//! What a run is made from: the plan (fixed before it starts) and the actions (while it runs).

use alloc::{string::String, vec::Vec};

use crate::{slot::Slot, time::Instant};

/// A machine of the world, by its place in the plan. Machine *n* is `127.0.0.1:(7000 + n)` unless
/// the plan says otherwise.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct HostIdx(pub u16);

/// Everything that is fixed before a run.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Plan {
    /// Where all randomness comes from.
    pub seed: u64,
    /// The machines.
    pub nodes: Vec<NodePlan>,
    /// Directives for every node, as redis.conf has them: `("cluster-node-timeout", "5000")`.
    pub config: Vec<(String, String)>,
    /// The network.
    pub net: NetPlan,
    /// The applications.
    pub clients: Vec<ClientPlan>,
}

/// One machine.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NodePlan {
    /// Client port; the bus is at + 10000.
    pub port: u16,
    /// Slots it owns from the start, as inclusive ranges.
    pub slots: Vec<(Slot, Slot)>,
    /// Whom it replicates from the start.
    pub master: Option<HostIdx>,
    /// Whether it starts as a member of the cluster (it has a nodes.conf naming all members), or
    /// as a fresh node that knows nobody.
    pub member: bool,
}

/// The network between machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NetPlan {
    /// One-way latency in microseconds.
    pub latency_us: u32,
    /// Random extra, 0 to this many microseconds. Order within a link is kept (it is TCP).
    pub jitter_us: u32,
}

/// An application that writes and reads back counters, remembering what was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ClientPlan {
    /// Microseconds between two commands.
    pub every_us: u32,
    /// It uses keys `key:0` to `key:(keys - 1)`.
    pub keys: u32,
    /// How long it waits for an answer before it counts an error, in ms.
    pub timeout_ms: u32,
}

impl Plan {
    /// `masters` masters that share the slots evenly, and `replicas` replicas for each, on ports
    /// from 7000: masters first, then the replicas, in the order of `redis-cli --cluster create`.
    /// One application writes ten times a second.
    #[must_use]
    pub fn cluster(seed: u64, masters: u16, replicas: u16) -> Self {
        let masters = masters.max(1);
        let bound = |n: u16| -> u16 {
            u16::try_from((u32::from(n) * 16_384 + u32::from(masters) / 2) / u32::from(masters))
                .unwrap_or(16_384)
        };
        let nodes = (0..masters.saturating_mul(replicas.saturating_add(1)))
            .map(|n| {
                let range = Slot::new(bound(n))
                    .zip(Slot::new(bound(n.saturating_add(1)).saturating_sub(1)));
                NodePlan {
                    port: 7000 + n,
                    slots: if n < masters { range.into_iter().collect() } else { Vec::new() },
                    master: (n >= masters).then(|| HostIdx(n % masters)),
                    member: true,
                }
            })
            .collect();
        Self {
            seed,
            nodes,
            config: alloc::vec![("cluster-node-timeout".into(), "5000".into())],
            net: NetPlan { latency_us: 1000, jitter_us: 500 },
            clients: alloc::vec![ClientPlan { every_us: 100_000, keys: 100, timeout_ms: 1000 }],
        }
    }
}

/// Something done to a running world: by the learner, by a script, by the fault injector.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Action {
    /// `kill -9`: the process is gone, its disk stays, its peers see resets.
    Kill(HostIdx),
    /// Start it again from its disk.
    Restart(HostIdx),
    /// SIGSTOP: it keeps its sockets and answers nothing.
    Freeze(HostIdx),
    /// SIGCONT.
    Thaw(HostIdx),
    /// Nothing passes from the first to the second machine (one way): packets vanish.
    Cut(HostIdx, HostIdx),
    /// That direction works again.
    Join(HostIdx, HostIdx),
    /// A wall: nothing passes between the machines of different groups; those in no group form
    /// one more. Replaces an earlier wall; applications stand with the first group.
    Partition(Vec<Vec<HostIdx>>),
    /// The wall, all cuts and all extra latencies are gone.
    Heal,
    /// One-way latency between two machines, both directions, in microseconds.
    Latency(HostIdx, HostIdx, u32),
    /// The disk is full (true), or has room again.
    DiskFull(HostIdx, bool),
    /// The wall clock of a machine jumps by so many milliseconds.
    ClockStep(HostIdx, i64),
    /// A person types a command at a machine's data port: words as typed, but for `@n2`, the name
    /// of the node on that machine, and `@master`, that of a master with the fewest replicas.
    Command(HostIdx, Vec<String>),
    /// A person moves a slot to a machine, keys and all, as `redis-cli --cluster reshard` does.
    Move(Slot, HostIdx),
    /// A person mends the cluster as `redis-cli --cluster fix` does, and has names forgotten that no
    /// machine bears any more. It waits until all machines answer.
    Fix,
    /// A person takes a replica out of the cluster (`redis-cli --cluster del-node`) and adds the
    /// machine again as a new node so many ms later: as a replica (true) or as a master without
    /// slots. On a master nothing happens.
    Leave(HostIdx, u32, bool),
}

/// An action with the moment it happened at: a line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TimedAction {
    /// World time.
    pub at: Instant,
    /// What.
    pub action: Action,
}
