//! Who listens to what: channels, patterns, and the channels of a shard.
//!
//! Names are in byte order, so nothing that is listed depends on hash values. Channels of a shard
//! are kept by slot: when a slot leaves, its listeners are found without looking at the others.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};

use crate::{
    id::ClientId,
    slot::{Slot, key_slot},
};

/// The three kinds of subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// SUBSCRIBE.
    Channel,
    /// PSUBSCRIBE.
    Pattern,
    /// SSUBSCRIBE.
    Shard,
}

type Name = Arc<[u8]>;
type Listeners = BTreeMap<Name, BTreeSet<ClientId>>;

/// All subscriptions of a node's clients.
#[derive(Clone, Debug, Default)]
pub(crate) struct PubSub {
    channels: Listeners,
    patterns: Listeners,
    shards: BTreeMap<Slot, Listeners>,
    clients: BTreeMap<ClientId, Own>,
}

/// What one client listens to.
#[derive(Clone, Debug, Default)]
struct Own {
    channels: BTreeSet<Name>,
    patterns: BTreeSet<Name>,
    shards: BTreeSet<Name>,
}

impl Own {
    const fn names(&mut self, kind: Kind) -> &mut BTreeSet<Name> {
        match kind {
            Kind::Channel => &mut self.channels,
            Kind::Pattern => &mut self.patterns,
            Kind::Shard => &mut self.shards,
        }
    }
}

impl PubSub {
    fn listeners(&mut self, kind: Kind, name: &[u8]) -> &mut Listeners {
        match kind {
            Kind::Channel => &mut self.channels,
            Kind::Pattern => &mut self.patterns,
            Kind::Shard => self.shards.entry(key_slot(name)).or_default(),
        }
    }

    /// A client listens; nothing changes if it does already.
    pub fn add(&mut self, client: ClientId, kind: Kind, name: &[u8]) {
        let listeners = self.listeners(kind, name);
        let shared = match listeners.get_key_value(name) {
            Some((shared, _)) => Arc::clone(shared),
            None => Arc::from(name),
        };
        listeners.entry(Arc::clone(&shared)).or_default().insert(client);
        self.clients.entry(client).or_default().names(kind).insert(shared);
    }

    /// A client listens no more; false if it did not.
    pub fn remove(&mut self, client: ClientId, kind: Kind, name: &[u8]) -> bool {
        let Some(own) = self.clients.get_mut(&client) else { return false };
        if !own.names(kind).remove(name) {
            return false;
        }
        if own.channels.is_empty() && own.patterns.is_empty() && own.shards.is_empty() {
            self.clients.remove(&client);
        }
        let listeners = self.listeners(kind, name);
        if let Some(set) = listeners.get_mut(name) {
            set.remove(&client);
            if set.is_empty() {
                listeners.remove(name);
            }
        }
        if kind == Kind::Shard && self.listeners(kind, name).is_empty() {
            self.shards.remove(&key_slot(name));
        }
        true
    }

    /// Forgets a client.
    pub fn forget(&mut self, client: ClientId) {
        for kind in [Kind::Channel, Kind::Pattern, Kind::Shard] {
            for name in self.names_of(client, kind) {
                self.remove(client, kind, &name);
            }
        }
    }

    /// What a client listens to, in byte order.
    pub fn names_of(&self, client: ClientId, kind: Kind) -> Vec<Arc<[u8]>> {
        let Some(own) = self.clients.get(&client) else { return Vec::new() };
        let names = match kind {
            Kind::Channel => &own.channels,
            Kind::Pattern => &own.patterns,
            Kind::Shard => &own.shards,
        };
        names.iter().cloned().collect()
    }

    /// How many channels, patterns and channels of a shard a client listens to.
    pub fn counts(&self, client: ClientId) -> (usize, usize, usize) {
        self.clients
            .get(&client)
            .map_or((0, 0, 0), |own| (own.channels.len(), own.patterns.len(), own.shards.len()))
    }

    /// Who listens to a channel by its name.
    pub fn of_channel(&self, name: &[u8]) -> Vec<ClientId> {
        self.channels.get(name).into_iter().flatten().copied().collect()
    }

    /// Who listens to a channel of a shard.
    pub fn of_shard(&self, name: &[u8]) -> Vec<ClientId> {
        let listeners = self.shards.get(&key_slot(name)).and_then(|names| names.get(name));
        listeners.into_iter().flatten().copied().collect()
    }

    /// All patterns with their listeners.
    pub fn patterns(&self) -> impl Iterator<Item = (&Arc<[u8]>, &BTreeSet<ClientId>)> {
        self.patterns.iter()
    }

    /// How many patterns have listeners.
    pub fn pattern_count(&self) -> usize {
        self.patterns.len()
    }

    /// How many channels have listeners.
    pub fn channel_count(&self) -> usize {
        self.channels.len()
    }

    /// How many channels of shards have listeners.
    pub fn shard_count(&self) -> usize {
        self.shards.values().map(BTreeMap::len).sum()
    }

    /// The channels that have listeners.
    pub fn channels(&self) -> impl Iterator<Item = &Arc<[u8]>> {
        self.channels.keys()
    }

    /// The channels of shards that have listeners.
    pub fn shard_channels(&self) -> impl Iterator<Item = &Arc<[u8]>> {
        self.shards.values().flat_map(BTreeMap::keys)
    }

    /// How many listen to a channel by its name.
    pub fn channel_listeners(&self, name: &[u8]) -> usize {
        self.channels.get(name).map_or(0, BTreeSet::len)
    }

    /// How many listen to a channel of a shard.
    pub fn shard_listeners(&self, name: &[u8]) -> usize {
        self.shards.get(&key_slot(name)).and_then(|names| names.get(name)).map_or(0, BTreeSet::len)
    }

    /// Who listens to which channel of a slot, in order.
    pub fn of_slot(&self, slot: Slot) -> Vec<(Arc<[u8]>, ClientId)> {
        let listeners = self.shards.get(&slot).into_iter().flatten();
        listeners
            .flat_map(|(name, set)| set.iter().map(|client| (Arc::clone(name), *client)))
            .collect()
    }
}
