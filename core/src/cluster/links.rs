//! Connections of the bus: whom they belong to.
//!
//! A node has one outbound link to each peer (it dials) and usually one inbound link from it (it
//! was dialled). The two are independent; which peer an inbound link belongs to is known only
//! once a message on it named its sender.

use alloc::{collections::BTreeMap, vec::Vec};
use core::net::IpAddr;

use super::PeerIdx;
use crate::{id::LinkId, time::Instant};

/// A link that somebody dialled to this node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inbound {
    /// Whom it belongs to, once that is known.
    pub peer: Option<PeerIdx>,
    /// The other end: the address of a node that does not announce another one.
    pub remote: IpAddr,
    /// This end: how a node learns its own address.
    pub local: IpAddr,
    /// When it was accepted.
    pub since: Instant,
}

/// So many inbound links may be open whose peer is not known yet: enough for a whole cluster that
/// connects at once after a restart, and a bound for strangers who never say a word.
const UNBOUND_MAX: usize = 256;

/// All links of one node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Links {
    outbound: BTreeMap<LinkId, PeerIdx>,
    inbound: BTreeMap<LinkId, Inbound>,
    next: u64,
}

impl Links {
    /// A number for a link to dial.
    pub(crate) fn number(&mut self) -> LinkId {
        self.next += 1;
        LinkId(self.next)
    }

    /// Numbers a link to dial to `peer`.
    pub(crate) fn dial(&mut self, peer: PeerIdx) -> LinkId {
        let link = self.number();
        self.outbound.insert(link, peer);
        link
    }

    /// Whom an outbound link leads to.
    pub(crate) fn outbound(&self, link: LinkId) -> Option<PeerIdx> {
        self.outbound.get(&link).copied()
    }

    /// An inbound link.
    pub(crate) fn inbound(&self, link: LinkId) -> Option<Inbound> {
        self.inbound.get(&link).copied()
    }

    /// Somebody connected. Returns a link to close instead, the oldest of too many whose other end
    /// has not said who it is.
    pub(crate) fn accept(
        &mut self,
        link: LinkId,
        remote: IpAddr,
        local: IpAddr,
        since: Instant,
    ) -> Option<LinkId> {
        let unbound = || self.inbound.iter().filter(|(_, inbound)| inbound.peer.is_none());
        let oldest = (unbound().count() >= UNBOUND_MAX)
            .then(|| unbound().min_by_key(|(link, inbound)| (inbound.since, **link)))
            .flatten()
            .map(|(link, _)| *link);
        if let Some(oldest) = oldest {
            self.inbound.remove(&oldest);
        }
        self.inbound.insert(link, Inbound { peer: None, remote, local, since });
        oldest
    }

    /// An inbound link turned out to be `peer`'s. Returns an older inbound link of the same peer,
    /// which has to be closed.
    pub(crate) fn bind(&mut self, link: LinkId, peer: PeerIdx) -> Option<LinkId> {
        let older = self
            .inbound
            .iter()
            .find(|(other, inbound)| **other != link && inbound.peer == Some(peer))
            .map(|(other, _)| *other);
        if let Some(older) = older {
            self.inbound.remove(&older);
        }
        if let Some(inbound) = self.inbound.get_mut(&link) {
            inbound.peer = Some(peer);
        }
        older
    }

    /// The inbound links whose peer is known.
    pub(crate) fn bound(&self) -> impl Iterator<Item = (PeerIdx, Instant)> {
        self.inbound.values().filter_map(|inbound| Some((inbound.peer?, inbound.since)))
    }

    /// A link is gone. Returns the peer that an outbound link led to.
    pub(crate) fn gone(&mut self, link: LinkId) -> Option<PeerIdx> {
        self.inbound.remove(&link);
        self.outbound.remove(&link)
    }

    /// Takes all links of a peer out of the books; those that it dialled are returned.
    pub(super) fn unbind_all(&mut self, peer: PeerIdx) -> Vec<LinkId> {
        self.outbound.retain(|_, to| *to != peer);
        self.unbind(peer)
    }

    /// Takes all inbound links of a peer out of the books.
    pub(crate) fn unbind(&mut self, peer: PeerIdx) -> Vec<LinkId> {
        let theirs: Vec<LinkId> = self
            .inbound
            .iter()
            .filter(|(_, inbound)| inbound.peer == Some(peer))
            .map(|(link, _)| *link)
            .collect();
        for link in &theirs {
            self.inbound.remove(link);
        }
        theirs
    }
}
