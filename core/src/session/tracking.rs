//! CLIENT TRACKING: which client has which key in a cache of its own?

use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};

use crate::id::ClientId;

/// Which keys a client is told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Those that it has read.
    #[default]
    Read,
    /// Those that it reads right behind `CLIENT CACHING YES`.
    OptIn,
    /// Those that it reads, but for those right behind `CLIENT CACHING NO`.
    OptOut,
    /// All that begin with one of its prefixes.
    Broadcast,
}

/// What one client has asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tracked {
    /// Which keys.
    pub mode: Mode,
    /// Who is told instead.
    pub redirect: Option<ClientId>,
    /// Whoever that was is gone, and was missed.
    pub is_broken: bool,
    /// Not of what it writes itself.
    pub skips_own: bool,
    /// How the keys begin of which it is told, in byte order.
    pub prefixes: Vec<Vec<u8>>,
    /// `CLIENT CACHING` stands for the next command.
    pub caching: bool,
}

/// Keys in byte order.
pub(crate) type Keys = BTreeSet<Arc<[u8]>>;

/// All clients that have asked, and what they have read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tracking {
    /// By client.
    pub clients: BTreeMap<ClientId, Tracked>,
    /// Those of them that are told of whatever begins so: every write asks these.
    pub broadcasting: BTreeSet<ClientId>,
    /// Who has read a key since it was changed last.
    pub readers: BTreeMap<Arc<[u8]>, BTreeSet<ClientId>>,
    /// Changed keys that those with prefixes are told at the end of the turn, by client and prefix.
    pub pending: BTreeMap<(ClientId, Vec<u8>), Keys>,
    /// Whose command is running.
    pub current: Option<ClientId>,
    /// What that client is told of its own command: it comes right behind the reply.
    pub own: Vec<u8>,
}

impl Tracking {
    /// A client is gone, or wants to be told no more. What it read is forgotten when it changes.
    pub fn forget(&mut self, client: ClientId) {
        self.broadcasting.remove(&client);
        if self.clients.remove(&client).is_some() && self.clients.is_empty() {
            self.readers.clear();
        }
    }

    /// A client asks to be told.
    pub fn follow(&mut self, client: ClientId, wish: Tracked) {
        if wish.mode == Mode::Broadcast {
            self.broadcasting.insert(client);
        }
        self.clients.insert(client, wish);
    }

    /// A client has read a key.
    pub fn read(&mut self, client: ClientId, key: &[u8]) {
        match self.readers.get_mut(key) {
            Some(readers) => drop(readers.insert(client)),
            None => drop(self.readers.insert(Arc::from(key), BTreeSet::from([client]))),
        }
    }
}
