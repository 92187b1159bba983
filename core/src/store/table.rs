//! Slot to map, sparse: 256 pages of 64 slots, and on a page only the slots that hold keys.
//!
//! ```text
//! pages[slot / 64]:  used = 0b..0100_0010   maps = [map of slot 1, map of slot 6]
//! ```
//!
//! A look-up is a shift, a bit test and a population count. A table without keys has no pages at
//! all. Maps are shared between clones until one of them writes, so that a checkpoint of a whole
//! cluster copies pointers and not data.

use alloc::{sync::Arc, vec::Vec};

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::Value;
use crate::{
    slot::{SLOTS, Slot},
    time::UnixMillis,
};

/// The bytes of a key, shared between the map, the expiry index and whoever lists keys.
pub(crate) type Key = Arc<[u8]>;

/// The keys of one slot in insertion order.
///
/// The seed is fixed: order never depends on it, and a slot map is small.
pub(super) type SlotMap = IndexMap<Key, Entry, FixedState>;

/// What a key holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// The value.
    pub value: Value,
    /// When it stops to exist.
    pub expire: Option<UnixMillis>,
}

impl Entry {
    /// Whether its time has come.
    pub fn is_expired(&self, now: UnixMillis) -> bool {
        self.expire.is_some_and(|at| at <= now)
    }
}

const PAGE: usize = 64;
const PAGES: usize = SLOTS as usize / PAGE;

#[derive(Clone, Debug, Default)]
struct Page {
    /// Bit *i*: slot *i* of this page holds keys.
    used: u64,
    /// One map for each set bit, ascending.
    maps: Vec<Arc<SlotMap>>,
}

impl Page {
    /// Where the map of slot `i` of this page is, or would be.
    fn place(&self, i: usize) -> (bool, usize) {
        let bit = 1u64 << i;
        (self.used & bit != 0, (self.used & (bit - 1)).count_ones() as usize)
    }
}

/// Slot to map.
#[derive(Clone, Debug, Default)]
pub(super) struct SlotTable {
    /// Empty, or [`PAGES`] of them.
    pages: Vec<Page>,
}

impl SlotTable {
    /// The map of `slot`, if it holds keys.
    pub fn get(&self, slot: Slot) -> Option<&SlotMap> {
        let page = self.pages.get(slot.index() / PAGE)?;
        match page.place(slot.index() % PAGE) {
            (true, at) => page.maps.get(at).map(|map| &**map),
            (false, _) => None,
        }
    }

    /// The map of `slot`, if it holds keys; the caller removes it when it empties it.
    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut SlotMap> {
        let page = self.pages.get_mut(slot.index() / PAGE)?;
        match page.place(slot.index() % PAGE) {
            (true, at) => page.maps.get_mut(at).map(Arc::make_mut),
            (false, _) => None,
        }
    }

    /// The map of `slot`, made if it was missing; the caller puts a key into it.
    pub fn get_or_make(&mut self, slot: Slot) -> &mut SlotMap {
        if self.pages.is_empty() {
            self.pages.resize_with(PAGES, Page::default);
        }
        let page = &mut self.pages[slot.index() / PAGE];
        let (there, at) = page.place(slot.index() % PAGE);
        if !there {
            page.used |= 1 << (slot.index() % PAGE);
            page.maps.insert(at, Arc::default());
        }
        Arc::make_mut(&mut page.maps[at])
    }

    /// Takes the map of `slot` out.
    pub fn remove(&mut self, slot: Slot) -> Option<Arc<SlotMap>> {
        let page = self.pages.get_mut(slot.index() / PAGE)?;
        let (there, at) = page.place(slot.index() % PAGE);
        if !there {
            return None;
        }
        page.used &= !(1 << (slot.index() % PAGE));
        Some(page.maps.remove(at))
    }

    /// The slots that hold keys, ascending, with their maps.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &SlotMap)> + '_ {
        self.iter_from(Slot::FIRST)
    }

    /// The same from `first` on.
    pub fn iter_from(&self, first: Slot) -> impl Iterator<Item = (Slot, &SlotMap)> + '_ {
        let from = first.index() / PAGE;
        self.pages.iter().enumerate().skip(from).flat_map(move |(page_no, page)| {
            let mut used = page.used;
            let mut at = 0;
            if page_no == from {
                let below = (1u64 << (first.index() % PAGE)) - 1;
                at = (used & below).count_ones() as usize;
                used &= !below;
            }
            page.maps[at..].iter().map_while(move |map| {
                let bit = used.trailing_zeros() as usize;
                used &= used.wrapping_sub(1);
                let slot = u16::try_from(page_no * PAGE + bit).ok().and_then(Slot::new)?;
                Some((slot, &**map))
            })
        })
    }
}
