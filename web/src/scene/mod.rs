//! From a picture to shapes: what stands where on the stage, and what it says. Pure, so that a
//! test can look at it without a screen.
//!
//! Hue belongs to shards; state belongs to shape, line and texture.

pub mod air;
pub mod layout;
mod marks;
pub mod owners;
pub mod strip;

use slotscope_core::{
    id::NodeId,
    node::{Health, MasterLink, PeerView, Snapshot},
    sim::HostIdx,
};

use crate::source::{history::History, picture::Picture};
pub use layout::{Circle, Place};
pub use marks::{Answer, Ballot, Halo, Wait};
pub use owners::Segment;

/// What a node is at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A master that owns slots: it may vote.
    Voter,
    /// A master without slots.
    Empty,
    /// A replica.
    Replica,
}

impl Role {
    /// The stable name that tests and style sheets use.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Voter => "master",
            Self::Empty => "empty",
            Self::Replica => "replica",
        }
    }
}

/// One machine on the stage.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeGlyph {
    /// Which machine.
    pub host: HostIdx,
    /// Its client port.
    pub port: u16,
    /// What it is.
    pub role: Role,
    /// Its shard: 0 is A.
    pub shard: Option<u8>,
    /// Whom it replicates.
    pub master: Option<HostIdx>,
    /// Where it stands.
    pub place: Place,
    /// The process runs (god view).
    pub up: bool,
    /// The process is stopped by a signal.
    pub frozen: bool,
    /// How it fares in the eyes of the others.
    pub health: Health,
    /// Living nodes that hold it for FAIL.
    pub fail_views: usize,
    /// It refuses clients.
    pub lid: bool,
    /// Its current epoch, as far as it is known.
    pub epoch: Option<u64>,
    /// Its current epoch is behind the highest one.
    pub behind: bool,
    /// Failure reports about it.
    pub halo: Option<Halo>,
    /// The votes it asked for.
    pub ballot: Option<Ballot>,
    /// The election it waits for.
    pub wait: Option<Wait>,
    /// Its replication, when it is a replica.
    pub repl: Option<ReplGlyph>,
}

/// The replication of one replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplGlyph {
    /// Its master.
    pub master: HostIdx,
    /// Its link, in its own eyes.
    pub link: MasterLink,
    /// Bytes processed.
    pub offset: u64,
    /// Bytes its master produced, if it is up.
    pub master_offset: Option<u64>,
    /// The first byte of the master's backlog.
    pub backlog_first: Option<u64>,
}

impl ReplGlyph {
    /// How far it is behind its master.
    #[must_use]
    pub fn gap(&self) -> Option<u64> {
        self.master_offset.map(|m| m.saturating_sub(self.offset))
    }

    /// Its offset in thousandths of what the master can still give from its backlog.
    #[must_use]
    pub fn permille(&self) -> u16 {
        let (Some(end), Some(first)) = (self.master_offset, self.backlog_first) else {
            return 1000;
        };
        let (have, all) = (self.offset.saturating_sub(first), end.saturating_sub(first));
        (have * 1000)
            .checked_div(all)
            .map_or(1000, |part| u16::try_from(part).unwrap_or(1000).min(1000))
    }

    /// Whether the backlog no longer reaches back to this replica.
    #[must_use]
    pub fn is_outside(&self) -> bool {
        self.backlog_first.is_some_and(|first| self.offset + 1 < first)
    }
}

/// The stage at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// The machines, in the order of the plan.
    pub nodes: Vec<NodeGlyph>,
    /// The slot ruler.
    pub ruler: Vec<Segment>,
    /// Slots with an owner that lives.
    pub served: u32,
    /// Slots without an owner.
    pub uncovered: u32,
    /// Through whose eyes this is seen.
    pub eyes: Option<HostIdx>,
    /// Masters with slots.
    pub voters: usize,
    /// Majority of the voters.
    pub majority: usize,
    /// The side of the wall on which each machine stands: 0 is no wall.
    pub sides: Vec<u8>,
    /// Single directions that are cut.
    pub cuts: Vec<(HostIdx, HostIdx)>,
}

impl Scene {
    /// Whether every node that lives refuses clients: then it is said once and not at each node.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        let mut living = self.nodes.iter().filter(|node| node.up).peekable();
        living.peek().is_some() && living.all(|node| node.lid)
    }

    /// The glyph of a machine.
    #[must_use]
    pub fn node(&self, host: HostIdx) -> Option<&NodeGlyph> {
        self.nodes.get(usize::from(host.0))
    }

    /// The glyph with a port.
    #[must_use]
    pub fn by_port(&self, port: u16) -> Option<&NodeGlyph> {
        self.nodes.iter().find(|n| n.port == port)
    }

    /// Whether a wall stands.
    #[must_use]
    pub fn is_walled(&self) -> bool {
        self.sides.iter().any(|side| *side > 0)
    }
}

/// Builds the stage from a picture, as everybody together sees it, or as `eyes` sees it.
#[must_use]
pub fn build(picture: &Picture, history: &History, eyes: Option<HostIdx>) -> Scene {
    let eyes = eyes.filter(|e| picture.view(*e).is_some());
    let ruler = owners::segments(picture, eyes);
    let owner_of = |h: HostIdx| ruler.iter().find(|s| s.owner == Some(h));
    let roles: Vec<(Role, Option<HostIdx>)> =
        picture
            .each()
            .map(|h| {
                if owner_of(h).is_some() { (Role::Voter, None) } else { believed(picture, eyes, h) }
            })
            .collect();
    let role = |h: HostIdx| roles.get(usize::from(h.0)).copied().unwrap_or((Role::Empty, None));
    let shard = |h: HostIdx| -> Option<u8> {
        let master = role(h).1.filter(|m| owner_of(*m).is_some());
        let home = owner_of(master.unwrap_or(h)).and_then(|s| s.shard);
        home.or_else(|| picture.born.get(usize::from(h.0)).copied().flatten())
    };
    let voters: Vec<HostIdx> = picture.each().filter(|h| role(*h).0 == Role::Voter).collect();
    let majority = voters.len() / 2 + 1;
    let shards: Vec<(Option<u8>, Circle)> = picture
        .each()
        .map(|h| {
            let circle = if role(h).0 == Role::Voter { Circle::Inner } else { Circle::Outer };
            (shard(h), circle)
        })
        .collect();
    let places = layout::places(&shards, picture.homes.iter().map(|h| h.2).max());
    let highest = picture.epoch();
    let electorate = marks::Electorate { voters: &voters, majority };
    let nodes = picture
        .each()
        .zip(&picture.hosts)
        .zip(&places)
        .map(|((host, machine), place)| {
            let view = picture.view(host);
            let (health, fail_views) = health(picture, eyes, &voters, host);
            let epoch = view.map(|v| v.current_epoch.0);
            let (role, master) = role(host);
            NodeGlyph {
                host,
                port: machine.port,
                role,
                shard: shard(host),
                master,
                place: *place,
                up: machine.up,
                frozen: machine.frozen,
                health,
                fail_views,
                lid: view.is_some_and(|v| !v.serving.ok),
                epoch,
                behind: epoch.is_some_and(|e| e < highest),
                halo: marks::halo(picture, eyes, &electorate, host, fail_views > 0),
                ballot: marks::ballot(picture, history, &electorate, host),
                wait: view.and_then(|v| marks::wait(picture, v)),
                repl: view.and_then(|v| replication(picture, v, master)),
            }
        })
        .collect();
    Scene {
        nodes,
        served: ruler
            .iter()
            .filter(|s| s.owner.is_some_and(|o| picture.is_up(o)))
            .map(Segment::len)
            .sum(),
        uncovered: ruler.iter().filter(|s| s.owner.is_none()).map(Segment::len).sum(),
        ruler,
        eyes,
        voters: voters.len(),
        majority,
        sides: sides(picture),
        cuts: picture.cuts.clone(),
    }
}

/// What `host` is if it owns no slot: as `eyes` say, else as it says itself, else as the best
/// informed living node says.
fn believed(picture: &Picture, eyes: Option<HostIdx>, host: HostIdx) -> (Role, Option<HostIdx>) {
    let of = |peer: &PeerView| {
        let master = peer.master.and_then(|id| picture.ids.get(&id).copied());
        if peer.is_replica { (Role::Replica, master) } else { (Role::Empty, None) }
    };
    let id = id_of(picture, host);
    let seen_by = |view: &Snapshot| id.and_then(|id| view.peer(id).map(&of));
    if let Some(role) = eyes.and_then(|e| picture.view(e)).and_then(seen_by) {
        return role;
    }
    if let Some(own) = picture.view(host) {
        return of(own.myself());
    }
    let best = picture.views.iter().flatten().max_by_key(|v| (v.current_epoch, v.config_epoch));
    best.and_then(seen_by).unwrap_or((Role::Empty, None))
}

/// The name of the node on a machine.
#[must_use]
pub fn id_of(picture: &Picture, host: HostIdx) -> Option<NodeId> {
    match picture.view(host) {
        Some(view) => Some(view.id),
        None => picture.ids.iter().find(|(_, h)| **h == host).map(|(id, _)| *id),
    }
}

/// The worst opinion about `host` among the living voters (or of `eyes` alone), and how many
/// living nodes hold it for FAIL.
fn health(
    picture: &Picture,
    eyes: Option<HostIdx>,
    voters: &[HostIdx],
    host: HostIdx,
) -> (Health, usize) {
    let Some(id) = id_of(picture, host) else { return (Health::Ok, 0) };
    let of = |observer: HostIdx| {
        let view = picture.view(observer).filter(|_| observer != host)?;
        view.peer(id).map(|peer| peer.health)
    };
    if let Some(eyes) = eyes {
        let health = of(eyes).unwrap_or(Health::Ok);
        return (health, usize::from(health == Health::Fail));
    }
    let fails = picture.each().filter(|h| of(*h) == Some(Health::Fail)).count();
    let suspected = voters.iter().any(|h| of(*h) == Some(Health::Pfail));
    let health = match (fails > 0, suspected) {
        (true, _) => Health::Fail,
        (false, true) => Health::Pfail,
        (false, false) => Health::Ok,
    };
    (health, fails)
}

fn replication(picture: &Picture, view: &Snapshot, master: Option<HostIdx>) -> Option<ReplGlyph> {
    if view.repl.link == MasterLink::None {
        return None;
    }
    let master = master?;
    let theirs = picture.view(master);
    Some(ReplGlyph {
        master,
        link: view.repl.link,
        offset: view.repl.offset,
        master_offset: theirs.map(|v| v.repl.offset),
        backlog_first: theirs.and_then(|v| v.repl.backlog).map(|(first, _)| first),
    })
}

/// On which side of the wall each machine stands. Machines in no group form one more side.
fn sides(picture: &Picture) -> Vec<u8> {
    let mut sides = vec![0; picture.hosts.len()];
    if picture.wall.is_empty() {
        return sides;
    }
    let rest = u8::try_from(picture.wall.len() + 1).unwrap_or(u8::MAX);
    sides.fill(rest);
    for (n, group) in (1..).zip(&picture.wall) {
        for host in group {
            if let Some(side) = sides.get_mut(usize::from(host.0)) {
                *side = n;
            }
        }
    }
    // A wall with everybody on one side parts nobody.
    let first = sides.first().copied();
    if sides.iter().all(|side| Some(*side) == first) {
        sides.fill(0);
    }
    sides
}

#[cfg(test)]
mod tests;
