//! Gossip: what a heartbeat tells about others.

use core::net::IpAddr;

use super::{NodeFlags, layout::GOSSIP_LEN, read::Reader};
use crate::id::NodeId;

/// One node as the sender of a heartbeat sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gossip {
    /// About whom.
    pub id: NodeId,
    /// When the sender's unanswered ping left, Unix seconds; 0: none is waiting.
    pub ping_sent_s: u32,
    /// When its last pong came, Unix seconds.
    pub pong_received_s: u32,
    /// Its address.
    pub ip: Option<IpAddr>,
    /// Its client port.
    pub port: u16,
    /// Its bus port.
    pub cport: u16,
    /// Its plaintext client port when `port` is the TLS one, else 0.
    pub pport: u16,
    /// Role and health in the sender's view.
    pub flags: NodeFlags,
}

/// The gossip entries of a heartbeat, decoded one by one. Entries whose name is malformed are
/// skipped: nothing could be done with them.
#[derive(Clone, Copy, Debug)]
pub struct GossipIter<'a>(Reader<'a>);

impl<'a> GossipIter<'a> {
    pub(super) const fn new(entries: &'a [u8]) -> Self {
        Self(Reader(entries))
    }

    /// How many entries are left.
    #[must_use]
    pub const fn count_left(&self) -> usize {
        self.0.0.len() / GOSSIP_LEN
    }
}

impl Iterator for GossipIter<'_> {
    type Item = Gossip;

    fn next(&mut self) -> Option<Gossip> {
        loop {
            if let Some(entry) = entry(&mut self.0)? {
                return Some(entry);
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.count_left()))
    }
}

/// `None` at the end, `Some(None)` for an entry without a valid name.
fn entry(reader: &mut Reader<'_>) -> Option<Option<Gossip>> {
    let id = reader.node_id()?;
    let ping_sent_s = reader.u32()?;
    let pong_received_s = reader.u32()?;
    let ip = reader.ip()?;
    let port = reader.u16()?;
    let cport = reader.u16()?;
    let flags = NodeFlags(reader.u16()?);
    let pport = reader.u16()?;
    let _reserved = reader.u16()?;
    Some(id.map(|id| Gossip { id, ping_sent_s, pong_received_s, ip, port, cport, pport, flags }))
}
