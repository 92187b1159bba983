//! nodes.conf: the text in which a node remembers its cluster.
//!
//! ```text
//! <id> <ip>:<port>@<cport>[,<hostname>] <flags> <master|-> <ping ms> <pong ms> <epoch> <link> <slots>
//! vars currentEpoch <n> lastVoteEpoch <n>
//! ```
//!
//! One line a node, the same text that `CLUSTER NODES` and `CLUSTER REPLICAS` print; slots as `N`,
//! `A-B`, and on the node's own line `[N->-id]` (moving away) and `[N-<-id]` (coming in).
//!
//! A node that came back with half a memory could vote twice in one epoch, or claim slots that
//! it gave away. So a file that is cut off or does not add up is refused with the line that shows
//! it; nothing is guessed.
//!
//! Differs from Redis, which accepts more: here the `vars` line and the end of the last line must
//! be there, numbers are numbers to their last digit, no slot has two owners and no node two
//! lines. What Redis 7.2 adds behind the host name (`,shard-id=…`) is read over.

use alloc::{
    collections::BTreeSet,
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt::Write as _;

use crate::{
    bus::{NodeFlags, is_hostname},
    endpoint::Endpoint,
    epoch::Epoch,
    id::NodeId,
    slot::{Slot, SlotSet},
};

/// Why an image was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct ImageError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

/// One node, as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeLine {
    /// Its name.
    pub id: NodeId,
    /// Where it can be reached.
    pub endpoint: Endpoint,
    /// Role and health; flags that have no name in this text are neither written nor read.
    pub flags: NodeFlags,
    /// Its master. A file may name one that has no line of its own.
    pub master: Option<NodeId>,
    /// When the unanswered ping left, Unix milliseconds; 0: none is waiting.
    pub ping_sent_ms: u64,
    /// When the last pong came, Unix milliseconds; 0: never.
    pub pong_recv_ms: u64,
    /// Its config epoch; for a replica, its master's.
    pub config_epoch: Epoch,
    /// Whether the outbound link is up.
    pub connected: bool,
    /// The slots it owns, as inclusive ranges, ascending.
    pub slots: Vec<(Slot, Slot)>,
    /// Slots moving away, with the target. Only on the node's own line.
    pub migrating: Vec<(Slot, NodeId)>,
    /// Slots coming in, with the source. Only on the node's own line.
    pub importing: Vec<(Slot, NodeId)>,
}

impl NodeLine {
    /// Appends the line, without a line end.
    pub fn write_to(&self, to: &mut String) {
        // Writing to a string cannot fail.
        let _ = self.write(to);
    }

    fn write(&self, to: &mut String) -> core::fmt::Result {
        write!(to, "{} {} {} ", self.id, self.endpoint, self.flags)?;
        match self.master {
            Some(master) => write!(to, "{master}")?,
            None => to.push('-'),
        }
        let link = if self.connected { "connected" } else { "disconnected" };
        write!(to, " {} {} {} {link}", self.ping_sent_ms, self.pong_recv_ms, self.config_epoch)?;
        for (first, last) in &self.slots {
            match first == last {
                true => write!(to, " {first}")?,
                false => write!(to, " {first}-{last}")?,
            }
        }
        // Redis prints the open slots in the order of the slots, not by direction.
        let moving = self.migrating.iter().map(|(slot, id)| (slot, '>', id));
        let coming = self.importing.iter().map(|(slot, id)| (slot, '<', id));
        let mut open: Vec<_> = moving.chain(coming).collect();
        open.sort_unstable();
        for (slot, direction, id) in open {
            write!(to, " [{slot}-{direction}-{id}]")?;
        }
        Ok(())
    }

    /// Reads one line (of a file, or of `CLUSTER NODES`).
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(line: &str) -> Result<Self, String> {
        let mut words = line.split_ascii_whitespace();
        let mut word = |what: &str| words.next().ok_or_else(|| format!("no {what}: cut off?"));
        let id = node_id(word("node ID")?)?;
        let endpoint = endpoint(word("address")?)?;
        let flags = flags(word("flags")?)?;
        let master = match word("master")? {
            "-" => None,
            name => Some(node_id(name)?),
        };
        let ping_sent_ms = number(word("ping time")?)?;
        let pong_recv_ms = number(word("pong time")?)?;
        let config_epoch = Epoch(number(word("config epoch")?)?);
        let connected = match word("link state")? {
            "connected" => true,
            "disconnected" => false,
            other => return Err(format!("unknown link state '{other}'")),
        };
        let mut node = Self {
            id,
            endpoint,
            flags,
            master,
            ping_sent_ms,
            pong_recv_ms,
            config_epoch,
            connected,
            slots: Vec::new(),
            migrating: Vec::new(),
            importing: Vec::new(),
        };
        let mut owned = SlotSet::new();
        for word in words {
            node.slot_word(word, &mut owned)?;
        }
        node.slots = owned.ranges().collect();
        node.adds_up()?;
        Ok(node)
    }

    /// `N`, `A-B`, `[N->-id]` or `[N-<-id]`.
    fn slot_word(&mut self, word: &str, owned: &mut SlotSet) -> Result<(), String> {
        let wrong = || format!("'{word}' is no slot");
        if let Some(open) = word.strip_prefix('[') {
            let open = open.strip_suffix(']').ok_or_else(wrong)?;
            let (number, rest) = open.split_once('-').ok_or_else(wrong)?;
            let slot = slot(number).ok_or_else(wrong)?;
            let (list, id) = match rest.split_at_checked(2).ok_or_else(wrong)? {
                (">-", id) => (&mut self.migrating, id),
                ("<-", id) => (&mut self.importing, id),
                _ => return Err(wrong()),
            };
            list.push((slot, node_id(id)?));
            return Ok(());
        }
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        let first = slot(first).ok_or_else(wrong)?;
        let last = slot(last).filter(|last| first <= *last).ok_or_else(wrong)?;
        for slot in Slot::range(first, last) {
            if !owned.insert(slot) {
                return Err(format!("slot {slot} is listed twice"));
            }
        }
        Ok(())
    }

    /// What no node ever writes of itself or others.
    fn adds_up(&self) -> Result<(), String> {
        let both = NodeFlags::MASTER | NodeFlags::REPLICA;
        if self.flags.contains(both) {
            return Err("a node is either master or slave".into());
        }
        if self.flags.contains(NodeFlags::REPLICA) && !self.slots.is_empty() {
            return Err("a slave owns no slots".into());
        }
        let open = !(self.migrating.is_empty() && self.importing.is_empty());
        if open && !self.flags.contains(NodeFlags::MYSELF) {
            return Err("open slots stand only on the line of myself".into());
        }
        Ok(())
    }
}

/// What a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// Everybody, exactly one of them with the flag `myself`.
    pub nodes: Vec<NodeLine>,
    /// The cluster's clock: `currentEpoch`, or the highest config epoch if that is higher.
    pub current_epoch: Epoch,
    /// The last epoch this node voted in.
    pub last_vote_epoch: Epoch,
    /// Names on the `vars` line that this version does not know; Redis warns and goes on.
    pub unknown_vars: Vec<String>,
}

impl Parsed {
    /// The line of the node whose file this is.
    #[must_use]
    pub fn myself(&self) -> Option<&NodeLine> {
        self.nodes.iter().find(|node| node.flags.contains(NodeFlags::MYSELF))
    }
}

/// Writes a whole file.
#[must_use]
pub fn write_image<'a>(
    nodes: impl IntoIterator<Item = &'a NodeLine>,
    current_epoch: Epoch,
    last_vote_epoch: Epoch,
) -> String {
    let mut image = String::new();
    for node in nodes {
        node.write_to(&mut image);
        image.push('\n');
    }
    let _ = writeln!(image, "vars currentEpoch {current_epoch} lastVoteEpoch {last_vote_epoch}");
    image
}

/// Reads a whole file.
///
/// # Errors
/// The first line that cannot be believed.
pub fn parse(image: &str) -> Result<Parsed, ImageError> {
    let mut reading = Reading::default();
    let mut last = 0;
    for (at, line) in image.split_inclusive('\n').enumerate() {
        let refuse = |what: String| ImageError { line: at + 1, what };
        if line.trim_ascii().is_empty() {
            continue;
        }
        last = at + 1;
        if !line.ends_with('\n') {
            return Err(refuse("the line has no end: cut off?".into()));
        }
        match line.trim_ascii_start().strip_prefix("vars") {
            Some(vars) if vars.starts_with([' ', '\t', '\r', '\n']) => reading.vars(vars),
            _ => reading.node(line),
        }
        .map_err(refuse)?;
    }
    reading.finish().map_err(|what| ImageError { line: last.max(1), what })
}

/// A file half read.
#[derive(Default)]
struct Reading {
    nodes: Vec<NodeLine>,
    ids: BTreeSet<NodeId>,
    owned: SlotSet,
    current_epoch: Option<Epoch>,
    last_vote_epoch: Option<Epoch>,
    unknown_vars: Vec<String>,
}

impl Reading {
    fn node(&mut self, line: &str) -> Result<(), String> {
        let node = NodeLine::parse(line)?;
        if !self.ids.insert(node.id) {
            return Err(format!("node {} is listed twice", node.id));
        }
        let is_myself = |node: &NodeLine| node.flags.contains(NodeFlags::MYSELF);
        if is_myself(&node) && self.nodes.iter().any(is_myself) {
            return Err("a second node with the flag myself".into());
        }
        for (first, last) in &node.slots {
            for slot in Slot::range(*first, *last) {
                if !self.owned.insert(slot) {
                    return Err(format!("slot {slot} has two owners"));
                }
            }
        }
        self.nodes.push(node);
        Ok(())
    }

    fn vars(&mut self, line: &str) -> Result<(), String> {
        let mut words = line.split_ascii_whitespace();
        while let Some(name) = words.next() {
            let value = words.next().ok_or_else(|| format!("no value of {name}: cut off?"))?;
            let known = match name {
                "currentEpoch" => &mut self.current_epoch,
                "lastVoteEpoch" => &mut self.last_vote_epoch,
                _ => {
                    self.unknown_vars.push(name.to_string());
                    continue;
                }
            };
            if known.replace(Epoch(number(value)?)).is_some() {
                return Err(format!("{name} is given twice"));
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Parsed, String> {
        let epoch = |value: Option<Epoch>, name| {
            value.ok_or_else(|| format!("no {name} up to here: the file is cut off"))
        };
        let current_epoch = epoch(self.current_epoch, "currentEpoch")?;
        let last_vote_epoch = epoch(self.last_vote_epoch, "lastVoteEpoch")?;
        let highest = self.nodes.iter().map(|node| node.config_epoch).max().unwrap_or_default();
        let parsed = Parsed {
            current_epoch: current_epoch.max(highest),
            last_vote_epoch,
            unknown_vars: self.unknown_vars,
            nodes: self.nodes,
        };
        if parsed.myself().is_none() {
            return Err("no node has the flag myself".into());
        }
        Ok(parsed)
    }
}

fn node_id(word: &str) -> Result<NodeId, String> {
    word.parse().map_err(|_| format!("'{word}' is no node ID"))
}

fn number(word: &str) -> Result<u64, String> {
    // `u64::from_str` would take a plus.
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    let value = if digits { word.parse().ok() } else { None };
    value.ok_or_else(|| format!("'{word}' is no number"))
}

fn slot(word: &str) -> Option<Slot> {
    u16::try_from(number(word).ok()?).ok().and_then(Slot::new)
}

fn flags(word: &str) -> Result<NodeFlags, String> {
    let mut flags = NodeFlags::NONE;
    for name in word.split(',') {
        flags |= NodeFlags::from_name(name).ok_or_else(|| format!("unknown flag '{name}'"))?;
    }
    Ok(flags)
}

/// `<ip>:<port>[@<cport>][,<hostname>][,<name>=<value>…]`; an address may be empty.
fn endpoint(word: &str) -> Result<Endpoint, String> {
    let wrong = || format!("'{word}' is no address");
    let mut parts = word.split(',');
    // An IPv6 address has colons of its own.
    let (ip, ports) = parts.next().and_then(|addr| addr.rsplit_once(':')).ok_or_else(wrong)?;
    let ip = match ip {
        "" => None,
        text => Some(text.parse().map_err(|_| wrong())?),
    };
    let port = |word: &str| number(word).ok().and_then(|port| u16::try_from(port).ok());
    let (port, cport) = match ports.split_once('@') {
        Some((data, bus)) => (port(data).ok_or_else(wrong)?, port(bus).ok_or_else(wrong)?),
        None => {
            let data = port(ports).ok_or_else(wrong)?;
            (data, data.checked_add(10_000).ok_or_else(wrong)?)
        }
    };
    let mut hostname = String::new();
    for (at, part) in parts.enumerate() {
        match part {
            "" if at == 0 => {}
            name if at == 0 && is_hostname(name) => hostname = name.to_string(),
            pair if pair.contains('=') => {}
            _ => return Err(wrong()),
        }
    }
    Ok(Endpoint { ip, port, pport: 0, cport, hostname })
}

#[cfg(test)]
mod tests;
