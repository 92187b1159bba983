//! Which requests have to wait, and who waits?
//!
//! A request is held back whole: nothing of it is done, and the driver offers it again when the
//! node says so ([`crate::io::Effect::Resume`]). Two things hold requests back: a pause (`CLIENT
//! PAUSE`, and the master's side of a manual failover), and keys that are on their way to another
//! node (`MIGRATE`): until the other side has answered, nobody may write them here.
//!
//! Spec: Redis 7.0, `CLIENT PAUSE`; Redis Cluster specification, manual failover.

use alloc::{
    collections::{BTreeSet, VecDeque},
    vec::Vec,
};

use crate::{digest::Fnv, id::ClientId, store::Key, time::Instant};

/// What a pause holds back; the later one is the stricter one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// What may change the data or is told to replicas.
    Writes,
    /// Every request.
    All,
}

/// Who asked for a pause; each has one of its own, and they do not end each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// `CLIENT PAUSE`.
    Client,
    /// A manual failover: the master stands still until its replica has everything.
    Failover,
    /// A shutdown: the last snapshot is being written, and what came behind it would be lost.
    Shutdown,
}

#[derive(Clone, Copy, Debug)]
struct Pause {
    scope: Scope,
    until: Instant,
}

/// Pauses, keys on the way, and the clients whose request waits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holds {
    /// By [`Purpose`].
    pauses: [Option<Pause>; 3],
    moving: BTreeSet<Key>,
    /// In the order in which they came: they are offered again in that order.
    waiting: VecDeque<ClientId>,
    /// Something ended, so those who wait may try again.
    lifted: bool,
}

impl Holds {
    /// Holds requests back until a time. A pause for the same purpose becomes neither shorter nor
    /// milder, as in Redis.
    pub fn pause(&mut self, purpose: Purpose, scope: Scope, until: Instant) {
        let slot = &mut self.pauses[purpose as usize];
        *slot = Some(match *slot {
            None => Pause { scope, until },
            Some(old) => Pause { scope: old.scope.max(scope), until: old.until.max(until) },
        });
    }

    /// Ends a pause.
    pub fn unpause(&mut self, purpose: Purpose) {
        self.lifted |= self.pauses[purpose as usize].take().is_some();
    }

    /// Ends the pauses whose time is over.
    pub fn end_due(&mut self, now: Instant) {
        for pause in &mut self.pauses {
            if pause.is_some_and(|pause| pause.until <= now) {
                *pause = None;
                self.lifted = true;
            }
        }
    }

    /// What is held back at `now` by pauses.
    pub fn paused(&self, now: Instant) -> Option<Scope> {
        self.pauses.iter().flatten().filter(|pause| pause.until > now).map(|p| p.scope).max()
    }

    /// Whether nothing at all is held back: the one question of the hot path.
    pub fn is_idle(&self) -> bool {
        self.pauses.iter().all(Option::is_none) && self.moving.is_empty()
    }

    /// These keys are on their way to another node.
    pub fn lock(&mut self, keys: impl IntoIterator<Item = Key>) {
        self.moving.extend(keys);
    }

    /// They have arrived, or stay.
    pub fn unlock<'k>(&mut self, keys: impl IntoIterator<Item = &'k Key>) {
        for key in keys {
            self.lifted |= self.moving.remove(key);
        }
    }

    /// Whether a key is on its way.
    pub fn is_moving(&self, key: &[u8]) -> bool {
        self.moving.contains(key)
    }

    /// Whether any key is on its way.
    pub fn any_moving(&self) -> bool {
        !self.moving.is_empty()
    }

    /// The request of this client waits; it has one at most, since nothing behind it is read.
    pub fn wait(&mut self, client: ClientId) {
        if !self.waiting.contains(&client) {
            self.waiting.push_back(client);
        }
    }

    /// This client is gone, or its request was taken up.
    pub fn forget(&mut self, client: ClientId) {
        self.waiting.retain(|waits| *waits != client);
    }

    /// Whether the request of this client waits.
    pub fn is_waiting(&self, client: ClientId) -> bool {
        self.waiting.contains(&client)
    }

    /// How many clients wait (`blocked_clients` counts them too).
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The clients that may try again, if something has ended since the last call.
    pub fn take_ready(&mut self) -> Vec<ClientId> {
        if !core::mem::take(&mut self.lifted) {
            return Vec::new();
        }
        self.waiting.drain(..).collect()
    }

    /// When the first pause ends.
    pub fn next_deadline(&self) -> Instant {
        self.pauses.iter().flatten().map(|pause| pause.until).min().unwrap_or(Instant::NEVER)
    }

    /// All of it, for the digest of a node.
    pub fn feed(&self, hash: &mut Fnv) {
        for pause in &self.pauses {
            hash.u64(
                pause.map_or(u64::MAX, |p| p.until.as_micros() << 1 | u64::from(p.scope as u8)),
            );
        }
        for key in &self.moving {
            hash.bytes(key);
        }
        for client in &self.waiting {
            hash.u64(client.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::from_micros(ms * 1000)
    }

    #[test]
    fn the_strictest_pause_counts_and_each_ends_for_itself() {
        let mut holds = Holds::default();
        assert!(holds.is_idle());
        holds.pause(Purpose::Failover, Scope::Writes, at(100));
        holds.pause(Purpose::Client, Scope::All, at(50));
        assert_eq!(holds.paused(at(10)), Some(Scope::All));
        assert_eq!(holds.paused(at(50)), Some(Scope::Writes));
        assert_eq!(holds.next_deadline(), at(50));
        holds.end_due(at(50));
        assert_eq!(holds.next_deadline(), at(100));
        holds.unpause(Purpose::Failover);
        assert!(holds.is_idle());
        assert_eq!(holds.next_deadline(), Instant::NEVER);
    }

    #[test]
    fn a_second_pause_makes_the_first_neither_shorter_nor_milder() {
        let mut holds = Holds::default();
        holds.pause(Purpose::Client, Scope::All, at(100));
        holds.pause(Purpose::Client, Scope::Writes, at(50));
        assert_eq!(holds.paused(at(99)), Some(Scope::All));
    }

    #[test]
    fn who_waits_tries_again_in_order_once_something_ended() {
        let mut holds = Holds::default();
        let key = Key::from(&b"k"[..]);
        holds.lock([Key::clone(&key)]);
        assert!(holds.is_moving(b"k") && !holds.is_idle());
        for client in [3, 1, 2, 1] {
            holds.wait(ClientId(client));
        }
        holds.forget(ClientId(2));
        assert_eq!(holds.take_ready(), []);
        holds.unlock([&key]);
        assert_eq!(holds.take_ready(), [ClientId(3), ClientId(1)]);
        assert_eq!((holds.waiting(), holds.any_moving()), (0, false));
    }
}
