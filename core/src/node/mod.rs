//! The node: the only public way in.

mod snapshot;
mod stream;

pub use snapshot::{ElectionView, Health, MasterLink, PeerView, ReplView, Snapshot};

use crate::{
    beliefs::Beliefs,
    command::{Args, Outcome},
    config::Config,
    explain::{Reason, Why},
    id::{ClientId, NodeId},
    io::{Input, Outbox},
    resp::ReplyBuf,
    rng::Seed,
    store_formats::nodes_conf::ImageError,
    time::{Instant, Now},
};

/// One cluster node (or, with `cluster-enabled no`, one plain server).
#[derive(Clone, Debug)]
pub struct Node {
    b: Beliefs,
}

impl Node {
    /// A fresh node that knows nobody. Logs `No cluster configuration found, I'm <id>` and asks
    /// for its first `nodes.conf` when cluster mode is on.
    #[must_use]
    pub fn new(config: Config, seed: Seed, now: Now, out: &mut Outbox) -> Self {
        let _ = (config, seed, now, out);
        loop {}
    }

    /// A node that comes back with what `nodes.conf` says.
    ///
    /// # Errors
    /// [`ImageError`] with the line that cannot be read; nothing is guessed.
    pub fn restore(
        image: &str,
        config: Config,
        seed: Seed,
        now: Now,
        out: &mut Outbox,
    ) -> Result<Self, ImageError> {
        let _ = (image, config, seed, now, out);
        loop {}
    }

    /// Something happened. Settles by itself. Hostile bytes are not an error of the caller: they
    /// close a link and are logged.
    pub fn handle(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        let _ = (now, input, out);
    }

    /// Runs one command of a client and appends its reply.
    pub fn execute(
        &mut self,
        now: Now,
        client: ClientId,
        args: Args<'_>,
        reply: &mut ReplyBuf,
        out: &mut Outbox,
    ) -> Outcome {
        let _ = (now, client, args, reply, out);
        Outcome::Done
    }

    /// Ends a batch of [`Node::execute`]: feeds replicas, runs pending cluster work.
    pub fn settle(&mut self, now: Now, out: &mut Outbox) {
        let _ = (now, out);
    }

    /// The earliest deadline.
    #[must_use]
    pub fn next_wake(&self) -> Instant {
        Instant::NEVER
    }

    /// What it believes.
    #[must_use]
    pub fn snapshot(&self, now: Now) -> Snapshot {
        let _ = now;
        loop {}
    }

    /// Why something has not happened (yet); `None` when the question makes no sense here.
    #[must_use]
    pub fn why(&self, now: Now, question: Why) -> Option<Reason> {
        let _ = (now, question);
        None
    }

    /// The directives in force.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.b.config
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> NodeId {
        loop {}
    }

    /// Identifies the whole state: equal digests, equal behaviour from here on. The same on every
    /// platform.
    #[must_use]
    pub fn digest(&self) -> u64 {
        0
    }
}
