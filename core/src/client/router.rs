//! Whom does a client ask, and where does it turn when it is sent elsewhere?
//!
//! A cluster client keeps a slot map (from `CLUSTER SLOTS`), sends a command to the owner of its
//! key's slot, follows `MOVED` (and corrects its map) and `ASK` (for this one command, with
//! `ASKING` in front), and gives up after a few hops.
//! Spec: Redis Cluster spec, "MOVED Redirection", "ASK Redirection".

use alloc::vec::Vec;

use super::Value;
use crate::{endpoint::Addr, slot::Slot};

/// Redirections a client follows for one command before it calls it an error; what most
/// libraries use.
pub const HOPS_MAX: u8 = 16;

/// Who owns what, as one client believes: inclusive ranges, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotMap {
    ranges: Vec<(Slot, Slot, Addr)>,
}

impl SlotMap {
    /// A client that knows nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { ranges: Vec::new() }
    }

    /// Reads a `CLUSTER SLOTS` reply; `from` stands in where the reply names no endpoint.
    /// `None` when it is not such a reply.
    #[must_use]
    pub fn from_reply(reply: &Value, from: Addr) -> Option<Self> {
        let slot =
            |value: &Value| value.as_int().and_then(|n| u16::try_from(n).ok()).and_then(Slot::new);
        let mut ranges = Vec::new();
        for entry in reply.as_array()? {
            let [first, last, owner, ..] = entry.as_array()? else { return None };
            let [host, port, ..] = owner.as_array()? else { return None };
            let port = u16::try_from(port.as_int()?).ok()?;
            let ip = host.as_str().and_then(|text| text.parse().ok()).unwrap_or(from.ip);
            ranges.push((slot(first)?, slot(last)?, Addr { ip, port }));
        }
        ranges.sort_unstable();
        Some(Self { ranges })
    }

    /// The owner of `slot`, as far as this client knows.
    #[must_use]
    pub fn owner(&self, slot: Slot) -> Option<Addr> {
        let at = self.ranges.partition_point(|(_, last, _)| *last < slot);
        self.ranges.get(at).filter(|(first, ..)| *first <= slot).map(|(.., addr)| *addr)
    }

    /// Notes that `slot` alone belongs to `to`: what a `MOVED` says.
    pub fn correct(&mut self, slot: Slot, to: Addr) {
        let before = |slot: Slot| slot.get().checked_sub(1).and_then(Slot::new);
        let mut ranges = Vec::with_capacity(self.ranges.len() + 2);
        for &(first, last, addr) in &self.ranges {
            if !(first..=last).contains(&slot) {
                ranges.push((first, last, addr));
                continue;
            }
            if let Some(end) = before(slot).filter(|end| *end >= first) {
                ranges.push((first, end, addr));
            }
            if let Some(start) = Slot::new(slot.get() + 1).filter(|start| *start <= last) {
                ranges.push((start, last, addr));
            }
        }
        ranges.push((slot, slot, to));
        ranges.sort_unstable();
        self.ranges = ranges;
    }

    /// The ranges, ascending.
    #[must_use]
    pub fn ranges(&self) -> &[(Slot, Slot, Addr)] {
        &self.ranges
    }
}

/// Where a reply sends the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// The slot in question.
    pub slot: Slot,
    /// Whom to ask instead.
    pub to: Addr,
    /// `ASK`: for this command only, and `ASKING` goes first.
    pub asking: bool,
}

/// Reads `MOVED 3999 127.0.0.1:6381` and `ASK …`; `from` stands in for an empty host.
#[must_use]
pub fn redirection(reply: &Value, from: Addr) -> Option<Redirect> {
    let mut words = reply.as_error()?.split(' ');
    let asking = match words.next()? {
        "MOVED" => false,
        "ASK" => true,
        _ => return None,
    };
    let slot = words.next()?.parse().ok().and_then(Slot::new)?;
    let (host, port) = words.next()?.rsplit_once(':')?;
    let ip = if host.is_empty() { from.ip } else { host.parse().ok()? };
    Some(Redirect { slot, to: Addr { ip, port: port.parse().ok()? }, asking })
}

#[cfg(test)]
mod tests {
    use core::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn addr(port: u16) -> Addr {
        Addr { ip: IpAddr::V4(Ipv4Addr::LOCALHOST), port }
    }

    fn slot(n: u16) -> Slot {
        Slot::new(n).unwrap()
    }

    #[test]
    fn redirections_are_read_and_other_errors_are_not() {
        let read = |text: &str| redirection(&Value::Error(text.into()), addr(7000));
        let moved = Redirect { slot: slot(3999), to: addr(6381), asking: false };
        assert_eq!(read("MOVED 3999 127.0.0.1:6381"), Some(moved));
        assert_eq!(read("ASK 3999 :6381"), Some(Redirect { asking: true, ..moved }));
        for no in ["MOVED", "MOVED 99999 127.0.0.1:1", "MOVED 1 127.0.0.1", "CLUSTERDOWN x"] {
            assert_eq!(read(no), None, "{no}");
        }
    }

    #[test]
    fn a_map_is_read_corrected_and_asked() {
        let node =
            |port| Value::Array(alloc::vec![Value::Bulk(b"".to_vec()), Value::Integer(port)]);
        let range = |a, b, port| {
            Value::Array(alloc::vec![Value::Integer(a), Value::Integer(b), node(port)])
        };
        let reply = Value::Array(alloc::vec![range(100, 200, 7001), range(0, 99, 7000)]);
        let mut map = SlotMap::from_reply(&reply, addr(7000)).unwrap();
        assert_eq!(map.owner(slot(99)), Some(addr(7000)));
        assert_eq!(map.owner(slot(201)), None);
        map.correct(slot(150), addr(7002));
        assert_eq!(map.owner(slot(149)), Some(addr(7001)));
        assert_eq!(map.owner(slot(150)), Some(addr(7002)));
        assert_eq!(map.owner(slot(151)), Some(addr(7001)));
        map.correct(slot(300), addr(7002));
        assert_eq!(map.owner(slot(300)), Some(addr(7002)));
    }
}
