//! Slot to map, sparse: up to 256 pages of 64 slots.
//!
//! A look-up is two steps through small arrays that stay in the cache. A table without keys has no
//! pages at all. Pages and maps are shared between clones until one of them writes, so that a
//! checkpoint of a whole cluster copies pointers and not data.

use alloc::{sync::Arc, vec::Vec};

use super::{SlotMap, Value};
use crate::{
    slot::{SLOTS, Slot},
    time::UnixMillis,
};

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
        self.expire.is_some_and(|at| at < now)
    }
}

const PAGE: usize = 64;
const PAGES: usize = SLOTS as usize / PAGE;

#[derive(Clone, Debug)]
struct Page {
    /// Bit *i*: slot *i* of this page holds keys.
    used: u64,
    maps: [Option<Arc<SlotMap>>; PAGE],
}

impl Default for Page {
    fn default() -> Self {
        Self { used: 0, maps: [const { None }; PAGE] }
    }
}

/// Slot to map.
#[derive(Clone, Debug, Default)]
pub(super) struct SlotTable {
    /// Empty, or [`PAGES`] of them.
    pages: Vec<Option<Arc<Page>>>,
}

impl SlotTable {
    /// The map of `slot`, if it holds keys.
    pub fn get(&self, slot: Slot) -> Option<&SlotMap> {
        let page = self.pages.get(slot.index() / PAGE)?.as_ref()?;
        page.maps[slot.index() % PAGE].as_deref()
    }

    /// The map of `slot`, if it holds keys; the caller removes it when it empties it.
    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut SlotMap> {
        let page = self.pages.get_mut(slot.index() / PAGE)?.as_mut()?;
        let map = Arc::make_mut(page).maps[slot.index() % PAGE].as_mut()?;
        Some(Arc::make_mut(map))
    }

    /// The map of `slot`, made if it was missing; the caller puts a key into it.
    pub fn get_or_make(&mut self, slot: Slot) -> &mut SlotMap {
        if self.pages.is_empty() {
            self.pages.resize_with(PAGES, || None);
        }
        let page = self.pages[slot.index() / PAGE].get_or_insert_default();
        let page = Arc::make_mut(page);
        page.used |= 1 << (slot.index() % PAGE);
        Arc::make_mut(page.maps[slot.index() % PAGE].get_or_insert_default())
    }

    /// Takes the map of `slot` out.
    pub fn remove(&mut self, slot: Slot) -> Option<Arc<SlotMap>> {
        let page = self.pages.get_mut(slot.index() / PAGE)?;
        let inside = Arc::make_mut(page.as_mut()?);
        let map = inside.maps[slot.index() % PAGE].take();
        inside.used &= !(1 << (slot.index() % PAGE));
        if inside.used == 0 {
            *page = None;
        }
        map
    }

    /// The slots that hold keys, ascending, with their maps.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &SlotMap)> + '_ {
        self.iter_from(Slot::FIRST)
    }

    /// The same from `first` on.
    pub fn iter_from(&self, first: Slot) -> impl Iterator<Item = (Slot, &SlotMap)> + '_ {
        let from = first.index() / PAGE;
        let pages = self.pages.iter().enumerate().skip(from);
        let pages = pages.filter_map(|(page_no, page)| Some((page_no, page.as_deref()?)));
        pages.flat_map(move |(page_no, page)| {
            let below = if page_no == from { (1u64 << (first.index() % PAGE)) - 1 } else { 0 };
            let mut left = page.used & !below;
            core::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                let slot = u16::try_from(page_no * PAGE + bit).ok().and_then(Slot::new)?;
                Some((slot, page.maps[bit].as_deref()?))
            })
        })
    }
}
