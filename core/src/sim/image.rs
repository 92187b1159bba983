//! What stands on the disks of a cluster that was formed before the world began?
//!
//! The nodes.conf that `redis-cli --cluster create` leaves behind: machine *n* was given config
//! epoch *n* + 1, masters keep theirs, and the current epoch is the number of machines.

use core::fmt::Write as _;

use alloc::string::String;

use super::{HostIdx, Plan};
use crate::id::NodeId;

/// The image of the machine `me`.
pub(super) fn of_member(plan: &Plan, ids: &[NodeId], me: HostIdx) -> String {
    let mut text = String::new();
    let mut members = 0;
    for (n, (node, id)) in plan.nodes.iter().zip(ids).enumerate() {
        if !node.member {
            continue;
        }
        members += 1;
        let myself = if n == usize::from(me.0) { "myself," } else { "" };
        let master = node.master.and_then(|host| ids.get(usize::from(host.0)));
        // A replica's line shows the config epoch of its master.
        let epoch = node.master.map_or(n + 1, |host| usize::from(host.0) + 1);
        let cport = node.port.saturating_add(10_000);
        // Writing to a string does not fail.
        let _ = write!(text, "{id} 127.0.0.1:{}@{cport} {myself}", node.port);
        let _ = match master {
            Some(master) => write!(text, "slave {master} 0 0 {epoch} connected"),
            None => write!(text, "master - 0 0 {epoch} connected"),
        };
        for (first, last) in &node.slots {
            let _ = if first == last {
                write!(text, " {first}")
            } else {
                write!(text, " {first}-{last}")
            };
        }
        text.push('\n');
    }
    let _ = writeln!(text, "vars currentEpoch {members} lastVoteEpoch 0");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Rng, Seed};

    #[test]
    fn an_image_names_all_members_and_their_slots() {
        let plan = Plan::cluster(1, 3, 1);
        let mut rng = Rng::new(Seed::from_u64(1));
        let ids: alloc::vec::Vec<NodeId> =
            plan.nodes.iter().map(|_| NodeId::random(&mut rng)).collect();
        let text = of_member(&plan, &ids, HostIdx(4));
        let lines: alloc::vec::Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 7);
        assert!(lines[0].ends_with(" master - 0 0 1 connected 0-5460"), "{}", lines[0]);
        assert!(lines[4].contains(" myself,slave ") && lines[4].ends_with(" 0 0 2 connected"));
        assert_eq!(lines[6], "vars currentEpoch 6 lastVoteEpoch 0");
    }
}
