//! Tools of the hand, and the commands that do the same.

use slotscope_core::sim::{Action, HostIdx};

use crate::source::picture::Picture;

/// What a reader does to the selected machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// End its process.
    Kill,
    /// Start it again.
    Restart,
    /// Stop it with a signal, or let it go on.
    Freeze,
    /// Begin to choose sides, or put up the wall.
    Wall,
    /// Cut or join the link to the next machine that is selected.
    Link,
    /// Take down the wall and join all cuts.
    Heal,
    /// Take back the last thing done.
    Undo,
    /// Do it again.
    Redo,
}

/// A side of a wall that is being chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// With the application.
    #[default]
    Near,
    /// Beyond the wall.
    Far,
}

/// A tool that waits for more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    /// None.
    #[default]
    None,
    /// Sides of a wall, one for each machine.
    Wall(Vec<Side>),
    /// The other end of a link from here.
    Link(HostIdx),
}

impl Tool {
    /// The wall as it is drawn so far: the machines on the near side, then those beyond.
    #[must_use]
    pub fn groups(&self) -> Option<Vec<Vec<HostIdx>>> {
        let Self::Wall(sides) = self else { return None };
        let side = |wanted: Side| -> Vec<HostIdx> {
            let with = sides.iter().enumerate().filter(|(_, s)| **s == wanted);
            with.map(|(n, _)| crate::source::picture::host(n)).collect()
        };
        let groups = vec![side(Side::Near), side(Side::Far)];
        groups.iter().all(|g| !g.is_empty()).then_some(groups)
    }
}

/// What to type to get the same, on a machine that runs these processes.
#[must_use]
pub fn command_for(action: &Action, picture: &Picture) -> Option<String> {
    let port = |h: &HostIdx| picture.port(*h);
    let bus = |h: &HostIdx| u32::from(picture.port(*h)) + 10_000;
    let ports = |group: &[HostIdx]| -> String {
        group.iter().map(|h| port(h).to_string()).collect::<Vec<_>>().join(",")
    };
    Some(match action {
        Action::Kill(h) => format!("redis-cli -p {} DEBUG SEGFAULT", port(h)),
        Action::Restart(h) => format!("redis-server ./{0}/redis.conf --port {0}", port(h)),
        Action::Freeze(h) => format!("kill -STOP $(pgrep -f ':{} \\[cluster\\]')", port(h)),
        Action::Thaw(h) => format!("kill -CONT $(pgrep -f ':{} \\[cluster\\]')", port(h)),
        Action::Cut(a, b) => {
            format!("iptables -A INPUT -s host-{} -p tcp --dport {} -j DROP", port(a), bus(b))
        }
        Action::Join(a, b) => {
            format!("iptables -D INPUT -s host-{} -p tcp --dport {} -j DROP", port(a), bus(b))
        }
        Action::Partition(groups) => {
            let sides: Vec<String> = groups.iter().map(|g| ports(g)).collect();
            format!("# {}: iptables … -j DROP", sides.join(" | "))
        }
        Action::Heal => "iptables -F".into(),
        Action::Move(slot, h) => {
            format!("# slot {slot} to {0}: redis-cli --cluster reshard 127.0.0.1:{0} …", port(h))
        }
        Action::Fix => format!("redis-cli --cluster fix 127.0.0.1:{}", port(&HostIdx(0))),
        Action::Leave(h, ..) => format!("redis-cli --cluster del-node 127.0.0.1:{} …", port(h)),
        Action::Command(h, words) => format!("redis-cli -p {} {}", port(h), words.join(" ")),
        Action::Latency(..) | Action::DiskFull(..) | Action::ClockStep(..) => return None,
    })
}
