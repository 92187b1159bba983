//! Lists: elements in order, quick at both ends.
//!
//! A row of pieces of about [`PIECE`] bytes, each packed. Pushing and popping touch one piece;
//! finding an element by its number goes from piece to piece from the nearer end. A clone shares
//! the pieces until one of the two changes one.

use alloc::{boxed::Box, collections::VecDeque, sync::Arc};

use super::{Digest, pack::Pack};
use crate::config::Packing;

/// Bytes of a piece: Redis's default (`list-max-listpack-size -2`), small enough to shift quickly.
const PIECE: usize = 8192;
/// What a piece costs beside its elements.
const PIECE_COST: u64 = 48;

/// Elements in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct List {
    /// None of them is empty.
    pieces: VecDeque<Arc<Pack>>,
    len: usize,
    bytes: u64,
}

/// One of the ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The first element's side (LEFT).
    Head,
    /// The last element's side (RIGHT).
    Tail,
}

impl List {
    /// Lists have one form only.
    pub const fn limit(&mut self, _: &Packing) {}

    /// How many elements.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no element.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many pieces it is kept in.
    pub fn pieces(&self) -> usize {
        self.pieces.len()
    }

    /// Its bytes in memory, for estimates.
    pub fn size(&self) -> u64 {
        self.bytes + PIECE_COST * self.pieces.len() as u64
    }

    /// Adds an element at one end.
    pub fn push(&mut self, end: End, item: &[u8]) {
        let need = Pack::cost(item.len());
        let piece = match end {
            End::Head => self.pieces.front_mut(),
            End::Tail => self.pieces.back_mut(),
        };
        match (piece, end) {
            (Some(piece), End::Head) if piece.size() + need <= PIECE => {
                Arc::make_mut(piece).insert(0, item);
            }
            (Some(piece), End::Tail) if piece.size() + need <= PIECE => {
                Arc::make_mut(piece).push(item);
            }
            (_, End::Head) => self.pieces.push_front(alone(item)),
            (_, End::Tail) => self.pieces.push_back(alone(item)),
        }
        self.len += 1;
        self.bytes += need as u64;
    }

    /// Takes the element at one end.
    pub fn pop(&mut self, end: End) -> Option<Box<[u8]>> {
        let piece = match end {
            End::Head => self.pieces.front_mut(),
            End::Tail => self.pieces.back_mut(),
        }?;
        let item = match end {
            End::Head => piece.iter().next(),
            End::Tail => piece.iter().next_back(),
        }?;
        let (from, to, bytes) = (item.from, item.to, Box::from(item.bytes));
        if piece.len() == 1 {
            match end {
                End::Head => self.pieces.pop_front(),
                End::Tail => self.pieces.pop_back(),
            };
        } else {
            Arc::make_mut(piece).remove(from, to, 1);
        }
        self.len -= 1;
        self.bytes -= (to - from) as u64;
        Some(bytes)
    }

    /// Element number `index`, from 0.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        self.range(index, index.checked_add(1)?).next()
    }

    /// Replaces element number `index`; whether there is one.
    pub fn set(&mut self, index: usize, item: &[u8]) -> bool {
        if index >= self.len {
            return false;
        }
        let (at, within) = self.locate(index);
        let piece = Arc::make_mut(&mut self.pieces[at]);
        let old = piece.size();
        let from = piece.place(within);
        let to = piece.place(within + 1);
        piece.replace(from, to, item);
        self.bytes = self.bytes - old as u64 + piece.size() as u64;
        self.divide(at);
        true
    }

    /// Puts an element before number `index`, or at the end.
    pub fn insert(&mut self, index: usize, item: &[u8]) {
        if index == 0 {
            return self.push(End::Head, item);
        }
        if index >= self.len {
            return self.push(End::Tail, item);
        }
        let (at, within) = self.locate(index);
        let piece = Arc::make_mut(&mut self.pieces[at]);
        let place = piece.place(within);
        piece.insert(place, item);
        self.len += 1;
        self.bytes += Pack::cost(item.len()) as u64;
        self.divide(at);
    }

    /// Takes away up to `max` elements that equal `item`, from `end` on; how many.
    pub fn remove(&mut self, item: &[u8], max: usize, end: End) -> usize {
        let mut gone = 0;
        for step in 0..self.pieces.len() {
            let at = match end {
                End::Head => step,
                End::Tail => self.pieces.len() - 1 - step,
            };
            if !self.pieces[at].iter().any(|one| one.bytes == item) {
                continue;
            }
            let piece = Arc::make_mut(&mut self.pieces[at]);
            let (kept, removed) = without(piece, item, max - gone, end);
            self.bytes -= (piece.size() - kept.size()) as u64;
            gone += removed;
            *piece = kept;
            if gone == max {
                break;
            }
        }
        self.pieces.retain(|piece| piece.len() > 0);
        self.len -= gone;
        gone
    }

    /// Keeps the elements from number `from` to before `to`.
    pub fn trim(&mut self, from: usize, to: usize) {
        let to = to.min(self.len);
        if from >= to {
            *self = Self::default();
            return;
        }
        self.drop_at(End::Tail, self.len - to);
        self.drop_at(End::Head, from);
    }

    /// All elements, first to last.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &[u8]> + '_ {
        self.pieces.iter().flat_map(|piece| piece.iter()).map(|item| item.bytes)
    }

    /// The elements from number `from` to before `to`.
    pub fn range(&self, from: usize, to: usize) -> impl Iterator<Item = &[u8]> + '_ {
        let to = to.min(self.len);
        let from = from.min(to);
        let (at, within) = if from < self.len { self.locate(from) } else { (0, 0) };
        // Within the first piece: skip from the place that is nearer.
        let pieces = self.pieces.range(at.min(self.pieces.len())..);
        pieces.flat_map(|piece| piece.iter()).map(|item| item.bytes).skip(within).take(to - from)
    }

    /// Takes its content into a digest.
    pub(super) fn feed(&self, hash: &mut Digest) {
        hash.number(1);
        for item in self.iter() {
            hash.bytes(item);
        }
    }

    /// The piece and the place in it of element number `index`, which must be there.
    fn locate(&self, index: usize) -> (usize, usize) {
        if index <= self.len / 2 {
            let mut rest = index;
            for (at, piece) in self.pieces.iter().enumerate() {
                if rest < piece.len() {
                    return (at, rest);
                }
                rest -= piece.len();
            }
        }
        let mut after = self.len.saturating_sub(index);
        for (at, piece) in self.pieces.iter().enumerate().rev() {
            if after <= piece.len() {
                return (at, piece.len() - after);
            }
            after -= piece.len();
        }
        (0, 0)
    }

    /// Halves a piece that has become too large.
    fn divide(&mut self, at: usize) {
        let piece = &mut self.pieces[at];
        if piece.size() <= PIECE || piece.len() == 1 {
            return;
        }
        let half = piece.len() / 2;
        let tail = Arc::make_mut(piece).split_off(half);
        self.pieces.insert(at + 1, Arc::new(tail));
    }

    fn drop_at(&mut self, end: End, count: usize) {
        let mut left = count;
        while left > 0 {
            let piece = match end {
                End::Head => self.pieces.front_mut(),
                End::Tail => self.pieces.back_mut(),
            };
            let Some(piece) = piece else { break };
            let (size, items) = (piece.size(), piece.len());
            if items <= left {
                match end {
                    End::Head => self.pieces.pop_front(),
                    End::Tail => self.pieces.pop_back(),
                };
                left -= items;
                self.len -= items;
                self.bytes -= size as u64;
                continue;
            }
            let piece = Arc::make_mut(piece);
            match end {
                End::Head => *piece = piece.split_off(left),
                End::Tail => drop(piece.split_off(items - left)),
            }
            self.len -= left;
            self.bytes -= (size - piece.size()) as u64;
            left = 0;
        }
    }
}

fn alone(item: &[u8]) -> Arc<Pack> {
    let mut piece = Pack::default();
    piece.push(item);
    Arc::new(piece)
}

/// A piece without up to `max` elements that equal `item`, and how many those were.
fn without(piece: &Pack, item: &[u8], max: usize, end: End) -> (Pack, usize) {
    let all = piece.iter().filter(|one| one.bytes == item).count();
    let (skip, gone) = match end {
        End::Head => (0, all.min(max)),
        End::Tail => (all.saturating_sub(max), all.min(max)),
    };
    let (mut kept, mut seen) = (Pack::default(), 0);
    for one in piece.iter() {
        if one.bytes == item {
            seen += 1;
            if seen > skip && seen <= skip + gone {
                continue;
            }
        }
        kept.push(one.bytes);
    }
    (kept, gone)
}
