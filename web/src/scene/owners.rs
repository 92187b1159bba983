//! The slot ruler: who owns which slots, and who else claims them.

use slotscope_core::{
    sim::HostIdx,
    slot::{SLOTS, Slot},
};

use crate::source::picture::Picture;

/// A piece of the ruler with one owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// First slot.
    pub from: u16,
    /// Last slot.
    pub to: u16,
    /// Its owner; `None`: uncovered.
    pub owner: Option<HostIdx>,
    /// The config epoch of the claim.
    pub epoch: u64,
    /// The shard whose hue it has.
    pub shard: Option<u8>,
    /// Living nodes that still claim it for themselves, with their epochs.
    pub rivals: Vec<(HostIdx, u64)>,
}

impl Segment {
    /// How many slots.
    #[must_use]
    pub fn len(&self) -> u32 {
        u32::from(self.to) - u32::from(self.from) + 1
    }

    /// Never: a segment has at least one slot.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }
}

struct Claim {
    from: u32,
    /// One past the last slot.
    end: u32,
    owner: HostIdx,
    epoch: u64,
    own: bool,
}

/// The ruler as all living nodes together see it (of two claims the higher config epoch counts),
/// or as `eyes` see it.
#[must_use]
pub fn segments(picture: &Picture, eyes: Option<HostIdx>) -> Vec<Segment> {
    let claims = claims(picture, eyes);
    let mut edges: Vec<u32> = claims.iter().flat_map(|c| [c.from, c.end]).collect();
    edges.extend(picture.homes.iter().map(|(from, ..)| u32::from(from.get())));
    edges.extend([0, u32::from(SLOTS)]);
    edges.sort_unstable();
    edges.dedup();
    let mut out: Vec<Segment> = Vec::new();
    for pair in edges.windows(2) {
        let (from, end) = (pair[0], pair[1]);
        let here = || claims.iter().filter(|c| c.from <= from && c.end >= end);
        let best = here().max_by_key(|c| (c.epoch, c.own));
        let owner = best.map(|c| c.owner);
        let mut rivals: Vec<(HostIdx, u64)> = here()
            .filter(|c| c.own && Some(c.owner) != owner)
            .map(|c| (c.owner, c.epoch))
            .collect();
        rivals.sort_unstable();
        let piece = Segment {
            from: u16::try_from(from).unwrap_or(0),
            to: u16::try_from(end - 1).unwrap_or(0),
            owner,
            epoch: best.map_or(0, |c| c.epoch),
            shard: home(picture, from),
            rivals,
        };
        match out.last_mut() {
            Some(last)
                if (last.owner, last.epoch, last.shard, &last.rivals)
                    == (piece.owner, piece.epoch, piece.shard, &piece.rivals) =>
            {
                last.to = piece.to;
            }
            Some(_) | None => out.push(piece),
        }
    }
    out
}

fn claims(picture: &Picture, eyes: Option<HostIdx>) -> Vec<Claim> {
    let mut claims = Vec::new();
    for host in picture.each().filter(|h| eyes.is_none_or(|e| e == *h)) {
        let Some(view) = picture.view(host) else { continue };
        for peer in &view.peers {
            let Some(owner) = picture.ids.get(&peer.id).copied() else { continue };
            claims.extend(peer.slots.iter().map(|(a, b)| Claim {
                from: u32::from(a.get()),
                end: u32::from(b.get()) + 1,
                owner,
                epoch: peer.config_epoch.0,
                own: owner == host,
            }));
        }
    }
    claims
}

/// The shard of the plan to which a slot belongs.
fn home(picture: &Picture, slot: u32) -> Option<u8> {
    let within = |a: &Slot, b: &Slot| (u32::from(a.get())..=u32::from(b.get())).contains(&slot);
    picture.homes.iter().find(|(a, b, _)| within(a, b)).map(|(.., shard)| *shard)
}
