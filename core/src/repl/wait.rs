//! WAIT: clients that stay blocked until enough replicas acknowledged what they wrote.

use alloc::vec::Vec;

use super::master::Replicas;
use crate::{id::ClientId, time::Instant};

/// One blocked client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waiter {
    /// Who.
    pub client: ClientId,
    /// How many replicas it wants.
    pub needed: u64,
    /// The offset of its last write.
    pub offset: u64,
    /// When it gives up; [`Instant::NEVER`] if never.
    pub until: Instant,
}

/// All blocked clients.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiters {
    blocked: Vec<Waiter>,
    /// A `REPLCONF GETACK *` goes out at the end of this turn.
    pub ask: bool,
}

impl Waiters {
    /// Blocks a client.
    pub fn block(&mut self, waiter: Waiter) {
        // A blocked client runs nothing; a driver that lets it run all the same gains nothing.
        self.forget(waiter.client);
        self.blocked.push(waiter);
        self.ask = true;
    }

    /// Forgets a client that is gone.
    pub fn forget(&mut self, client: ClientId) {
        self.blocked.retain(|waiter| waiter.client != client);
    }

    /// Whether this client waits.
    pub fn holds(&self, client: ClientId) -> bool {
        self.blocked.iter().any(|waiter| waiter.client == client)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.blocked.len()
    }

    /// Takes out one client.
    pub fn take(&mut self, client: ClientId) -> Option<Waiter> {
        let at = self.blocked.iter().position(|waiter| waiter.client == client)?;
        Some(self.blocked.remove(at))
    }

    /// Takes out everybody who has what it waited for, or whose time is over, with the number of
    /// replicas reached.
    pub fn ready(&mut self, replicas: &Replicas, now: Instant) -> Vec<(ClientId, u64)> {
        let mut done = Vec::new();
        self.blocked.retain(|waiter| {
            let reached = replicas.acked(waiter.offset) as u64;
            let over = reached >= waiter.needed || waiter.until <= now;
            if over {
                done.push((waiter.client, reached));
            }
            !over
        });
        done
    }

    /// Takes out everybody.
    pub fn take_all(&mut self) -> Vec<Waiter> {
        self.ask = false;
        core::mem::take(&mut self.blocked)
    }

    /// When the first one gives up.
    pub fn deadline(&self) -> Instant {
        self.blocked.iter().map(|waiter| waiter.until).min().unwrap_or(Instant::NEVER)
    }
}
