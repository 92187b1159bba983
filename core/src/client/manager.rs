//! How is a cluster made of empty nodes? What `redis-cli --cluster create` does, step by step.
//!
//! A state machine without IO: [`Create::next`] says what to send to which node, and is told the
//! reply at the next call. Its order is that of redis-cli 7.0: look at every node; slots to the
//! masters; config epochs 1, 2, 3, …; everybody meets the first one; wait until all agree; assign
//! the replicas; wait until everybody knows.

use alloc::{
    collections::BTreeSet,
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use super::Value;
use crate::{endpoint::Addr, slot::SLOTS};

/// What the driver does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send a command to a node (by its place in the list); give the reply to the next call.
    Send {
        /// Which node.
        node: usize,
        /// The words.
        command: Vec<Vec<u8>>,
    },
    /// Come back after so many milliseconds.
    WaitMs(u64),
    /// Tell the person; come back at once.
    Say(String),
    /// The cluster stands.
    Done,
    /// It does not, and why.
    Failed(String),
}

/// How often the nodes are asked whether they agree, once a second. Gossip needs a few seconds
/// even for a hundred nodes; a minute means that something is in the way.
const ROUNDS_MAX: u32 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Info(usize),
    Nodes(usize),
    Known(usize),
    Slots(usize),
    Epoch(usize),
    Meet(usize),
    /// First wait of a round, then one question for each node.
    Agree(usize),
    Replicate(usize),
    Covered(usize),
    End,
}

/// The making of one cluster.
#[derive(Clone, Debug)]
pub struct Create {
    nodes: Vec<Addr>,
    masters: usize,
    ids: Vec<String>,
    phase: Phase,
    asked: bool,
    rounds: u32,
    views: BTreeSet<String>,
    /// Sentences to say before going on.
    say: Vec<String>,
}

impl Create {
    /// Plans a cluster of `nodes` in which each master has `replicas` replicas.
    ///
    /// # Errors
    /// Fewer than three masters would come out, or there are more than slots; in words.
    pub fn new(nodes: Vec<Addr>, replicas: usize) -> Result<Self, String> {
        let masters = nodes.len() / (replicas.saturating_add(1));
        if masters < 3 {
            return Err(format!(
                "a cluster needs at least 3 masters: with {} nodes and {replicas} replicas for \
                 each master there are {masters}; at least {} nodes are needed",
                nodes.len(),
                replicas.saturating_add(1).saturating_mul(3)
            ));
        }
        if masters > usize::from(SLOTS) {
            return Err(format!("there are only {SLOTS} slots for {masters} masters"));
        }
        let distinct: BTreeSet<&Addr> = nodes.iter().collect();
        if distinct.len() != nodes.len() {
            return Err("a node is named twice".into());
        }
        let mut create = Self {
            nodes,
            masters,
            ids: Vec::new(),
            phase: Phase::Info(0),
            asked: false,
            rounds: 0,
            views: BTreeSet::new(),
            say: Vec::new(),
        };
        create.announce();
        Ok(create)
    }

    fn announce(&mut self) {
        self.say
            .push(format!(">>> Performing hash slots allocation on {} nodes...", self.nodes.len()));
        for n in 0..self.masters {
            let (first, last) = self.range(n);
            self.say.push(format!("Master[{n}] -> Slots {first} - {last}"));
        }
        for n in self.masters..self.nodes.len() {
            let master = self.nodes[self.master_of(n)];
            self.say.push(format!("Adding replica {} to {master}", self.nodes[n]));
        }
        self.say.reverse();
    }

    /// The inclusive range of the master `n`: rounded shares, as redis-cli deals them out.
    fn range(&self, n: usize) -> (usize, usize) {
        let bound = |n: usize| (n * usize::from(SLOTS) + self.masters / 2) / self.masters;
        (bound(n), bound(n + 1) - 1)
    }

    const fn master_of(&self, replica: usize) -> usize {
        replica % self.masters
    }

    /// What to do next. `reply` is the answer to the last [`Step::Send`], if that is what the last
    /// call returned.
    pub fn next(&mut self, reply: Option<Value>) -> Step {
        if core::mem::take(&mut self.asked)
            && let Err(why) = self.take_in(&reply.unwrap_or(Value::Null))
        {
            self.phase = Phase::End;
            return Step::Failed(why);
        }
        if let Some(sentence) = self.say.pop() {
            return Step::Say(sentence);
        }
        self.go_on()
    }

    fn send(&mut self, node: usize, words: Vec<String>) -> Step {
        self.asked = true;
        Step::Send { node, command: words.into_iter().map(String::into_bytes).collect() }
    }

    fn ask(&mut self, node: usize, words: &[&str]) -> Step {
        self.send(node, words.iter().map(|word| (*word).into()).collect())
    }

    fn go_on(&mut self) -> Step {
        let count = self.nodes.len();
        match self.phase {
            Phase::Info(n) => self.ask(n, &["INFO"]),
            Phase::Nodes(n) => self.ask(n, &["CLUSTER", "NODES"]),
            Phase::Known(n) => self.ask(n, &["CLUSTER", "INFO"]),
            Phase::Slots(n) => {
                let (first, last) = self.range(n);
                let mut words = alloc::vec!["CLUSTER".to_string(), "ADDSLOTS".into()];
                words.extend((first..=last).map(|slot| slot.to_string()));
                self.send(n, words)
            }
            Phase::Epoch(n) => {
                let epoch = (n + 1).to_string();
                self.ask(n, &["CLUSTER", "SET-CONFIG-EPOCH", &epoch])
            }
            Phase::Meet(n) => {
                let first = self.nodes[0];
                let (ip, port) = (first.ip.to_string(), first.port.to_string());
                self.ask(n, &["CLUSTER", "MEET", &ip, &port])
            }
            Phase::Agree(0) | Phase::Covered(0) => {
                self.rounds += 1;
                self.views.clear();
                let settled = matches!(self.phase, Phase::Agree(_));
                self.phase = if settled { Phase::Agree(1) } else { Phase::Covered(1) };
                Step::WaitMs(1000)
            }
            Phase::Agree(n) | Phase::Covered(n) if n <= count => {
                self.ask(n - 1, &["CLUSTER", "NODES"])
            }
            Phase::Replicate(n) => {
                let master = self.ids[self.master_of(n)].clone();
                self.ask(n, &["CLUSTER", "REPLICATE", &master])
            }
            Phase::Agree(_) | Phase::Covered(_) | Phase::End => Step::Done,
        }
    }

    /// Takes in a reply and moves on.
    fn take_in(&mut self, reply: &Value) -> Result<(), String> {
        let count = self.nodes.len();
        match self.phase {
            Phase::Info(n) => {
                let info = self.text(n, reply)?;
                if !info.contains("cluster_enabled:1") {
                    return Err(format!(
                        "[ERR] Node {} is not configured as a cluster node.",
                        self.nodes[n]
                    ));
                }
                if info.lines().any(|line| line.starts_with("db0:")) {
                    return Err(self.not_empty(n));
                }
                self.phase = Phase::Nodes(n);
            }
            Phase::Nodes(n) => {
                let text = self.text(n, reply)?;
                let myself = text.lines().find(|line| line.contains("myself"));
                let id = myself.and_then(|line| line.split(' ').next());
                self.ids.push(id.ok_or_else(|| self.strange(n))?.into());
                self.phase = Phase::Known(n);
            }
            Phase::Known(n) => {
                if !self.text(n, reply)?.contains("cluster_known_nodes:1\r") {
                    return Err(self.not_empty(n));
                }
                self.phase = if n + 1 < count { Phase::Info(n + 1) } else { Phase::Slots(0) };
            }
            Phase::Slots(n) => {
                self.ok(n, reply)?;
                if n + 1 < self.masters {
                    self.phase = Phase::Slots(n + 1);
                } else {
                    self.say.push(">>> Assign a different config epoch to each node".into());
                    self.phase = Phase::Epoch(0);
                }
            }
            Phase::Epoch(n) if n + 1 < count => self.phase = Phase::Epoch(n + 1),
            Phase::Epoch(_) => {
                self.say.push(">>> Sending CLUSTER MEET messages to join the cluster".into());
                self.phase = Phase::Meet(1);
            }
            Phase::Meet(n) => {
                self.ok(n, reply)?;
                if n + 1 < count {
                    self.phase = Phase::Meet(n + 1);
                } else {
                    self.say.push("Waiting for the cluster to join".into());
                    self.phase = Phase::Agree(0);
                }
            }
            Phase::Agree(n) => self.compare(n, reply)?,
            Phase::Replicate(n) => {
                self.ok(n, reply)?;
                self.phase =
                    if n + 1 < count { Phase::Replicate(n + 1) } else { Phase::Covered(0) };
            }
            Phase::Covered(n) => self.compare(n, reply)?,
            Phase::End => {}
        }
        Ok(())
    }

    /// One node's view, in a round of questions.
    fn compare(&mut self, n: usize, reply: &Value) -> Result<(), String> {
        let count = self.nodes.len();
        let joining = matches!(self.phase, Phase::Agree(_));
        let view = self.view(&self.text(n - 1, reply)?, joining);
        // Somebody who does not know everybody yet makes this round a failure.
        self.views.insert(view.unwrap_or_default());
        let next = n + 1;
        if next <= count {
            self.phase = if joining { Phase::Agree(next) } else { Phase::Covered(next) };
            return Ok(());
        }
        let agreed = self.views.len() == 1 && !self.views.contains("");
        if !agreed {
            if self.rounds >= ROUNDS_MAX {
                return Err(format!("[ERR] The nodes do not agree after {} s.", self.rounds));
            }
            self.say.push(".".into());
            self.phase = if joining { Phase::Agree(0) } else { Phase::Covered(0) };
        } else if joining {
            self.rounds = 0;
            self.phase = if self.masters < count {
                Phase::Replicate(self.masters)
            } else {
                Phase::Covered(0)
            };
        } else {
            self.say.push(format!("[OK] All {SLOTS} slots covered."));
            self.say.push("[OK] All nodes agree about slots configuration.".into());
            self.phase = Phase::End;
        }
        Ok(())
    }

    /// What a node says about names, roles and slots; `None` while it does not know everybody.
    fn view(&self, text: &str, joining: bool) -> Option<String> {
        let mut lines = BTreeSet::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let [id, _, flags, master, _, _, _, link, slots @ ..] = words.as_slice() else {
                continue;
            };
            if flags.contains("handshake") || *link != "connected" {
                return None;
            }
            let master = if joining { "" } else { master };
            lines.insert(format!("{id} {master} {}", slots.join(" ")));
        }
        let all = lines.len() == self.nodes.len();
        let owned = |n: usize| {
            let (first, last) = self.range(n);
            lines.contains(&format!(
                "{} {} {first}-{last}",
                self.ids[n],
                if joining { "" } else { "-" }
            ))
        };
        let follows = |n: usize| {
            joining || lines.contains(&format!("{} {} ", self.ids[n], self.ids[self.master_of(n)]))
        };
        let right = (0..self.masters).all(owned) && (self.masters..self.nodes.len()).all(follows);
        (all && right).then(|| lines.into_iter().collect::<Vec<_>>().join("\n"))
    }

    fn text(&self, n: usize, reply: &Value) -> Result<String, String> {
        match reply {
            Value::Error(text) => Err(format!("[ERR] Node {} replied: {text}", self.nodes[n])),
            reply => reply.as_str().map(Into::into).ok_or_else(|| self.strange(n)),
        }
    }

    fn ok(&self, n: usize, reply: &Value) -> Result<(), String> {
        match reply.as_str() {
            Some("OK") => Ok(()),
            Some(text) => Err(format!("[ERR] Node {} replied: {text}", self.nodes[n])),
            None => Err(self.strange(n)),
        }
    }

    fn strange(&self, n: usize) -> String {
        format!("[ERR] Node {} gave no understandable answer.", self.nodes[n])
    }

    fn not_empty(&self, n: usize) -> String {
        format!(
            "[ERR] Node {} is not empty: it knows other nodes (see CLUSTER NODES) or holds keys.",
            self.nodes[n]
        )
    }
}

#[cfg(test)]
mod tests {
    use core::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn nodes(count: u16) -> Vec<Addr> {
        (0..count).map(|n| Addr { ip: IpAddr::V4(Ipv4Addr::LOCALHOST), port: 7000 + n }).collect()
    }

    #[test]
    fn too_few_nodes_are_refused_with_the_number_needed() {
        let why = Create::new(nodes(5), 1).unwrap_err();
        assert!(why.contains("at least 6 nodes"), "{why}");
        assert!(Create::new([nodes(3), nodes(3)].concat(), 1).unwrap_err().contains("twice"));
    }

    #[test]
    fn shares_are_those_of_redis_cli() {
        let create = Create::new(nodes(6), 1).unwrap();
        let ranges: Vec<(usize, usize)> = (0..3).map(|n| create.range(n)).collect();
        assert_eq!(ranges, [(0, 5460), (5461, 10_922), (10_923, 16_383)]);
    }

    #[test]
    fn a_node_with_keys_ends_it() {
        let mut create = Create::new(nodes(3), 0).unwrap();
        let mut step = create.next(None);
        while let Step::Say(_) = step {
            step = create.next(None);
        }
        assert_eq!(step, Step::Send { node: 0, command: alloc::vec![b"INFO".to_vec()] });
        let info = "cluster_enabled:1\r\ndb0:keys=1\r\n";
        let step = create.next(Some(Value::Bulk(info.into())));
        assert!(matches!(step, Step::Failed(why) if why.contains("7000 is not empty")));
    }
}
