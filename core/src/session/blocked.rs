//! Clients that wait for something to be put under a key (BLPOP and its kin).
//!
//! Who came first is served first, for each key. Empty, and free of cost, while nobody waits.

use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};

use crate::{digest::Fnv, id::ClientId, time::Instant};

/// What a client waits for.
#[derive(Clone, Debug)]
pub(crate) struct Wait {
    /// Its request, which is tried again.
    pub words: Vec<Vec<u8>>,
    /// The keys.
    pub keys: Vec<Arc<[u8]>>,
    /// In which database.
    pub database: u32,
    /// When it gives up; [`Instant::NEVER`] if never.
    pub until: Instant,
    /// It wants no reply (CLIENT REPLY).
    pub is_mute: bool,
}

/// All clients that wait for keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Blocked {
    clients: BTreeMap<ClientId, Wait>,
    queues: BTreeMap<Arc<[u8]>, Vec<ClientId>>,
    /// Keys that somebody waits for and that have been written, in that order, with the database.
    ready: Vec<(u32, Arc<[u8]>)>,
}

impl Blocked {
    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.clients.len()
    }

    /// A client waits, behind those who wait for the same keys already.
    pub fn add(&mut self, client: ClientId, wait: Wait) {
        self.remove(client);
        for key in &wait.keys {
            let queue = self.queues.entry(Arc::clone(key)).or_default();
            if !queue.contains(&client) {
                queue.push(client);
            }
        }
        self.clients.insert(client, wait);
    }

    /// A client waits no more.
    pub fn remove(&mut self, client: ClientId) -> Option<Wait> {
        let wait = self.clients.remove(&client)?;
        for key in &wait.keys {
            if let Some(queue) = self.queues.get_mut(key) {
                queue.retain(|other| *other != client);
                if queue.is_empty() {
                    self.queues.remove(key);
                }
            }
        }
        Some(wait)
    }

    /// A key was written: those who wait for it are to be served.
    pub fn touched(&mut self, database: u32, key: &[u8]) {
        if let Some((key, _)) = self.queues.get_key_value(key)
            && !self.ready.iter().any(|ready| ready.0 == database && ready.1 == *key)
        {
            self.ready.push((database, Arc::clone(key)));
        }
    }

    /// The keys of a database that somebody waits for.
    pub fn keys_of(&self, database: u32) -> Vec<Arc<[u8]>> {
        let waits = self.clients.values().filter(|wait| wait.database == database);
        waits.flat_map(|wait| wait.keys.iter().cloned()).collect()
    }

    /// Whether there is somebody to be served.
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The keys that were written since the last call, in order.
    pub fn take_ready(&mut self) -> Vec<(u32, Arc<[u8]>)> {
        core::mem::take(&mut self.ready)
    }

    /// Who waits for a key of a database, in order.
    pub fn of(&self, database: u32, key: &[u8]) -> Vec<ClientId> {
        let waits = |client: &&ClientId| {
            self.clients.get(client).is_some_and(|wait| wait.database == database)
        };
        self.queues.get(key).into_iter().flatten().filter(waits).copied().collect()
    }

    /// What a client waits for.
    pub fn get(&self, client: ClientId) -> Option<&Wait> {
        self.clients.get(&client)
    }

    /// Everybody.
    pub fn iter(&self) -> impl Iterator<Item = (ClientId, &Wait)> {
        self.clients.iter().map(|(client, wait)| (*client, wait))
    }

    /// How many would give up some day.
    pub fn with_deadline(&self) -> usize {
        self.clients.values().filter(|wait| wait.until != Instant::NEVER).count()
    }

    /// When the first one gives up.
    pub fn deadline(&self) -> Instant {
        self.clients.values().map(|wait| wait.until).min().unwrap_or(Instant::NEVER)
    }

    /// All of it, for the digest of a node.
    pub fn feed(&self, hash: &mut Fnv) {
        for (client, wait) in &self.clients {
            hash.u64(client.0);
            hash.u64(wait.until.as_micros());
            wait.words.iter().for_each(|word| hash.bytes(word));
        }
        for client in self.queues.values().flatten() {
            hash.u64(client.0);
        }
    }
}
