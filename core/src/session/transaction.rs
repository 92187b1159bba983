//! What a client queued since MULTI, and the keys that it watches.

use alloc::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
    vec::Vec,
};

use crate::id::ClientId;

/// A transaction that has begun and not ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transaction {
    /// The commands in order, as words.
    pub queue: Vec<Vec<Vec<u8>>>,
    /// A command was refused: EXEC will run nothing.
    pub failed: bool,
    /// The flags that any of the commands has.
    pub any: u32,
    /// The flags that all of the commands have; meaningless while there is none.
    pub all: u32,
    /// Bytes of all words, for a limit.
    pub bytes: usize,
}

impl Transaction {
    /// Appends a command that has these flags.
    pub fn push(&mut self, flags: u32, words: &[&[u8]]) {
        self.any |= flags;
        self.all = if self.queue.is_empty() { flags } else { self.all & flags };
        self.bytes += words.iter().map(|word| word.len()).sum::<usize>();
        self.queue.push(words.iter().map(|word| word.to_vec()).collect());
    }
}

/// A key that a client watches, and what it was then.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    /// The key.
    pub key: Arc<[u8]>,
    /// In which database.
    pub database: u32,
    /// What it was.
    pub was: Watched,
}

/// What a watched key was when WATCH came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watched {
    /// Not there: only its creation is a change.
    Absent,
    /// There.
    Live,
    /// There, but its time had come: that it goes is no change.
    Expired,
}

/// Who watches which key. Empty, and free of cost, while nobody watches.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watchers {
    keys: BTreeMap<Arc<[u8]>, Vec<ClientId>>,
}

impl Watchers {
    /// Whether nobody watches anything.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// A client watches a key; the name of the key, shared with other watchers.
    pub fn add(&mut self, key: &[u8], client: ClientId) -> Arc<[u8]> {
        match self.keys.entry(Arc::from(key)) {
            Entry::Occupied(mut entry) => {
                entry.get_mut().push(client);
                Arc::clone(entry.key())
            }
            Entry::Vacant(entry) => {
                let name = Arc::clone(entry.key());
                entry.insert(alloc::vec![client]);
                name
            }
        }
    }

    /// A client does not watch a key any more.
    pub fn remove(&mut self, key: &[u8], client: ClientId) {
        let Some(clients) = self.keys.get_mut(key) else { return };
        clients.retain(|other| *other != client);
        if clients.is_empty() {
            self.keys.remove(key);
        }
    }

    /// Who watches this key.
    pub fn of(&self, key: &[u8]) -> Vec<ClientId> {
        self.keys.get(key).cloned().unwrap_or_default()
    }

    /// Everybody who watches something; some more than once.
    pub fn clients(&self) -> Vec<ClientId> {
        self.keys.values().flatten().copied().collect()
    }
}
