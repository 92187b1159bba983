//! Keys and values: what a node stores, by slot.
//!
//! Each slot has a map of its own, so that counting, listing, moving and deleting a slot are
//! cheap, and a slot without keys costs nothing. Maps are in insertion order (removal moves the
//! last key into the gap), so nothing that is observable depends on hash values: the same commands
//! give the same order in debug, release and wasm.
//!
//! Expiry is a wall time per key. A key whose time has come is *hidden* at once by every read that
//! passes the clock; deleting it is the caller's business, because a master must tell its replicas
//! and a replica must not delete by itself.
//!
//! Not here: types of errors and replies (`command`), payload formats (`store_formats`).

mod databases;
mod dataset;
mod exchange;
mod glob;
mod hash;
mod key;
mod list;
mod pack;
mod scan;
mod set;
mod slot_map;
mod table;
#[cfg(test)]
mod tests;
mod tree;
mod value;
mod zset;

use alloc::{collections::BTreeSet, sync::Arc, vec::Vec};

pub(crate) use databases::{Databases, database};
pub(crate) use dataset::Sum;
pub(crate) use glob::glob;
pub(crate) use hash::Hash;
pub(crate) use key::Key;
pub(crate) use list::{End, List};
pub(crate) use set::{Member, Set};
use slot_map::SlotMap;
pub(crate) use table::Entry;
use table::SlotTable;
pub(crate) use value::{Collection, Kind, Str, Value};
pub(crate) use zset::ZSet;

use crate::{config::Packing, rng::Rng, slot::Slot, time::UnixMillis};

/// What one key costs beside its bytes, for the memory estimate: map entry, index, allocations.
/// A constant, so that the estimate is the same on every platform.
const OVERHEAD: u64 = 96;

/// All keys of a node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keyspace {
    slots: SlotTable,
    /// Every key with an expiry, soonest first.
    ///
    /// Invariant: exactly the keys whose entry has `expire`, with that time. Shared between clones
    /// until one of them changes it.
    expiring: Arc<BTreeSet<(UnixMillis, Slot, Key)>>,
    len: usize,
    bytes: u64,
    dirty: u64,
    /// Keys that came into being since they were taken last; `None` while nobody wants to know.
    fresh: Option<Vec<Key>>,
    /// What stands in one piece, if that was ever said to be other than usual.
    packing: Option<Packing>,
}

impl Keyspace {
    /// Number of keys, expired ones included until they are deleted (as `DBSIZE` counts).
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no key at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of keys with an expiry.
    pub fn expiring_len(&self) -> usize {
        self.expiring.len()
    }

    /// Changes since the start; it only grows.
    pub fn dirty(&self) -> u64 {
        self.dirty
    }

    /// What a command changed counts otherwise than step by step.
    pub fn recount(&mut self, dirty: u64) {
        self.dirty = dirty;
    }

    /// Estimated memory in bytes, the same on every platform.
    pub fn memory(&self) -> u64 {
        self.bytes
    }

    /// Estimated memory of one key.
    pub fn memory_of(&self, slot: Slot, key: &[u8]) -> Option<u64> {
        self.slots.get(slot)?.get(key).map(|entry| cost(key, &entry.value))
    }

    /// From now on collections that are written stand in one piece up to these limits.
    pub fn set_packing(&mut self, packing: Packing) {
        if self.packing.is_some() || packing != Packing::DEFAULT {
            self.packing = Some(packing);
        }
    }

    /// The limits for collections, if they are other than usual.
    pub fn packing(&self) -> Option<&Packing> {
        self.packing.as_ref()
    }

    /// From now on new keys are noted, or not.
    pub fn note_fresh(&mut self, wanted: bool) {
        self.fresh = wanted.then(Vec::new);
    }

    /// The keys that came into being since the last call, in order.
    pub fn take_fresh(&mut self) -> Vec<Key> {
        self.fresh.as_mut().map(core::mem::take).unwrap_or_default()
    }

    /// Deletes everything.
    pub fn clear(&mut self) {
        self.dirty += self.len as u64;
        self.slots = SlotTable::default();
        self.expiring = Arc::default();
        self.len = 0;
        self.bytes = 0;
    }

    /// Takes over everything that `other` holds, in place of what was here.
    pub fn replace_with(&mut self, other: Self) {
        let dirty = self.dirty + self.len as u64 + other.dirty;
        let (fresh, packing) = (self.fresh.take(), self.packing);
        *self = Self { dirty, fresh, packing, ..other };
    }

    /// The same keys and values, to be read elsewhere while this goes on changing. What only a
    /// living keyspace needs is left out, so that it is not copied at the next change.
    pub fn freeze(&self) -> Self {
        Self { expiring: Arc::default(), ..self.clone() }
    }

    /// The entry of a key whether or not its time has come.
    pub fn entry(&self, slot: Slot, key: &[u8]) -> Option<&Entry> {
        self.slots.get(slot)?.get(key)
    }

    /// The entry of a key, hidden if it expired by `now`.
    pub fn live(&self, slot: Slot, key: &[u8], now: UnixMillis) -> Option<&Entry> {
        self.entry(slot, key).filter(|entry| !entry.is_expired(now))
    }

    /// The value of a key, hidden if it expired by `now`.
    pub fn get(&self, slot: Slot, key: &[u8], now: UnixMillis) -> Option<&Value> {
        self.live(slot, key, now).map(|entry| &entry.value)
    }

    /// Whether the key is there but its time has come.
    pub fn is_expired(&self, slot: Slot, key: &[u8], now: UnixMillis) -> bool {
        // Most data sets have few expiries: one comparison spares the look-up.
        self.next_expiry().is_some_and(|soonest| soonest < now)
            && self.entry(slot, key).is_some_and(|entry| entry.is_expired(now))
    }

    /// Sets a key, replacing value and expiry.
    pub fn insert(&mut self, slot: Slot, key: &[u8], mut value: Value, expire: Option<UnixMillis>) {
        if let Some(packing) = &self.packing {
            value.confine(packing);
        }
        self.dirty += 1;
        self.bytes += cost(key, &value);
        let map = self.slots.get_or_make(slot);
        if let Some((name, entry)) = map.get_mut(key) {
            self.bytes -= cost(name, &entry.value);
            if entry.expire != expire {
                let name = Key::clone(name);
                let old = entry.expire;
                entry.expire = expire;
                entry.value = value;
                self.reschedule(slot, &name, old, expire);
            } else {
                entry.value = value;
            }
            return;
        }
        let name = Key::from(key);
        if let Some(at) = expire {
            Arc::make_mut(&mut self.expiring).insert((at, slot, Key::clone(&name)));
        }
        if let Some(fresh) = &mut self.fresh {
            fresh.push(Key::clone(&name));
        }
        map.append(name, Entry { value, expire });
        self.len += 1;
    }

    /// Changes a value in place, keeping its expiry. `None` when the key is not there.
    pub fn modify<R>(
        &mut self,
        slot: Slot,
        key: &[u8],
        change: impl FnOnce(&mut Value) -> R,
    ) -> Option<R> {
        let (_, entry) = self.slots.get_mut(slot)?.get_mut(key)?;
        self.bytes -= entry.value.size();
        let answer = change(&mut entry.value);
        self.bytes += entry.value.size();
        self.dirty += 1;
        Some(answer)
    }

    /// Sets, moves or takes away the expiry of a key; false when the key is not there.
    pub fn set_expiry(&mut self, slot: Slot, key: &[u8], expire: Option<UnixMillis>) -> bool {
        let found = self.slots.get_mut(slot).and_then(|map| map.get_mut(key));
        let Some((name, entry)) = found else { return false };
        let name = Key::clone(name);
        let old = core::mem::replace(&mut entry.expire, expire);
        self.reschedule(slot, &name, old, expire);
        self.dirty += 1;
        true
    }

    /// Deletes a key; what it held.
    pub fn remove(&mut self, slot: Slot, key: &[u8]) -> Option<Entry> {
        let map = self.slots.get_mut(slot)?;
        let (name, entry) = map.swap_remove(key)?;
        if map.is_empty() {
            self.slots.remove(slot);
        }
        self.reschedule(slot, &name, entry.expire, None);
        self.forget(&name, &entry);
        Some(entry)
    }

    /// Deletes all keys of a slot; how many there were.
    pub fn remove_slot(&mut self, slot: Slot) -> usize {
        let Some(map) = self.slots.remove(slot) else { return 0 };
        for (name, entry) in map.iter() {
            self.reschedule(slot, name, entry.expire, None);
            self.forget(name, entry);
        }
        map.len()
    }

    /// Number of keys of a slot.
    pub fn count_in_slot(&self, slot: Slot) -> usize {
        self.slots.get(slot).map_or(0, SlotMap::len)
    }

    /// Up to `max` keys of a slot.
    pub fn keys_in_slot(&self, slot: Slot, max: usize) -> Vec<Key> {
        let keys = self.slots.get(slot).into_iter().flat_map(SlotMap::iter).map(|(key, _)| key);
        keys.take(max).cloned().collect()
    }

    /// The slots that hold keys, ascending.
    pub fn slots_with_keys(&self) -> impl Iterator<Item = Slot> + '_ {
        self.slots.iter().map(|(slot, _)| slot)
    }

    /// All keys: slots ascending, within a slot in the order of its map.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Value, Option<UnixMillis>)> + '_ {
        self.slots
            .iter()
            .flat_map(|(_, map)| map.iter())
            .map(|(name, entry)| (name, &entry.value, entry.expire))
    }

    /// A key drawn evenly, whether or not its time has come.
    pub fn random(&self, rng: &mut Rng) -> Option<(Slot, &Key)> {
        if self.is_empty() {
            return None;
        }
        let mut at = rng.index(self.len);
        for (slot, map) in self.slots.iter() {
            match map.at(at) {
                Some((name, _)) => return Some((slot, name)),
                None => at -= map.len(),
            }
        }
        None
    }

    /// When the first key expires: nothing has to be done before.
    pub fn next_expiry(&self) -> Option<UnixMillis> {
        self.expiring.first().map(|(at, _, _)| *at)
    }

    /// Deletes up to `budget` keys whose time has come, soonest first, and names them: a master
    /// tells its replicas. Replicas do not call it.
    pub fn expire_some(&mut self, now: UnixMillis, budget: usize) -> Vec<(Slot, Key)> {
        let mut gone = Vec::new();
        while gone.len() < budget {
            let due = self.expiring.first().filter(|(at, _, _)| *at < now);
            let Some((_, slot, name)) = due.cloned() else { break };
            self.remove(slot, &name);
            gone.push((slot, name));
        }
        gone
    }

    /// Mean time to live of the keys that expire, in ms (`avg_ttl` of INFO).
    pub fn mean_ttl(&self, now: UnixMillis) -> u64 {
        let sum: u64 = self.expiring.iter().map(|(at, _, _)| at.0.saturating_sub(now.0)).sum();
        sum.checked_div(self.expiring.len() as u64).unwrap_or(0)
    }

    /// Identifies the content: equal for equal keys, values and expiries in whatever order they
    /// came, on every platform.
    pub fn digest(&self) -> u64 {
        self.iter().fold(0, |sum: u64, (name, value, expire)| {
            let mut hash = Digest::new();
            hash.bytes(name);
            value.feed(&mut hash);
            hash.number(expire.map_or(u64::MAX, |at| at.0));
            sum.wrapping_add(hash.finish())
        })
    }

    fn reschedule(
        &mut self,
        slot: Slot,
        name: &Key,
        old: Option<UnixMillis>,
        new: Option<UnixMillis>,
    ) {
        if old == new {
            return;
        }
        let expiring = Arc::make_mut(&mut self.expiring);
        if let Some(at) = old {
            expiring.remove(&(at, slot, Key::clone(name)));
        }
        if let Some(at) = new {
            expiring.insert((at, slot, Key::clone(name)));
        }
    }

    fn forget(&mut self, name: &[u8], entry: &Entry) {
        self.len -= 1;
        self.bytes -= cost(name, &entry.value);
        self.dirty += 1;
    }
}

fn cost(key: &[u8], value: &Value) -> u64 {
    OVERHEAD + key.len() as u64 + value.size()
}

/// FNV-1a with a final mix: stable for ever, which no hash map's hasher promises.
#[derive(Debug)]
struct Digest(u64);

impl Digest {
    const fn new() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }

    fn number(&mut self, n: u64) {
        for byte in n.to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }

    /// The sum over all keys must not let bits cancel, so each hash is spread first.
    const fn finish(&self) -> u64 {
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }
}
