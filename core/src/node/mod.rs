//! The node: the only public way in.
//!
//! What happens in a turn: an input reaches a rule (`inbound` for the bus, `stream` for
//! replication, `tick` for deadlines, `command` for clients), rules change beliefs and leave work
//! for the end of the turn, and [`Node::settle`] does that work in Redis's order: the election
//! step, the look at `cluster_state`, feeding the replicas, and the saved nodes.conf, which is put
//! *before* everything else that this turn sends.

mod clients;
mod digest;
mod image;
mod inbound;
mod load;
mod snapshot;
mod stream;
#[cfg(test)]
mod tests;
mod tick;
mod view;

pub use clients::{ClientClass, ClientView};
pub use load::{Loaded, RdbLoad, RdbPart, Replay, ReplayError};
pub use snapshot::{ElectionView, Health, MasterLink, PeerView, ReplView, Snapshot};

use alloc::{collections::BTreeMap, string::String};

use crate::{
    beliefs::{Beliefs, Stats},
    cluster::{ClusterState, PeerIdx, roster},
    command::{self, Args, Outcome},
    config::{Broken, Config},
    explain::{Reason, Why},
    hold::Holds,
    id::{ClientId, NodeId},
    io::{Effect, Input, Level, Outbox},
    migration::Migrations,
    persist::Persist,
    repl::Repl,
    resp::ReplyBuf,
    rng::{Rng, Seed},
    rules::{
        Ctx, candidacy, manual, migrate, own, persistence, publish, replication, serving, tracking,
    },
    store::Databases,
    store_formats::nodes_conf::ImageError,
    time::{Instant, Now},
};

/// One cluster node (or, with `cluster-enabled no`, one plain server).
#[derive(Clone, Debug)]
pub struct Node {
    b: Beliefs,
}

impl Node {
    /// A fresh node that knows nobody. In cluster mode it logs `No cluster configuration found, I'm
    /// <id>` and asks for its first `nodes.conf`.
    #[must_use]
    pub fn new(config: Config, seed: Seed, now: Now, out: &mut Outbox) -> Self {
        let mut rng = Rng::new(seed);
        let id = NodeId::random(&mut rng);
        let cluster = ClusterState::alone(id, now.mono);
        let mut node = Self::with(cluster, config, rng, now);
        if node.b.config.cluster_enabled {
            out.log(Level::Notice, || alloc::format!("No cluster configuration found, I'm {id}"));
            node.b.cluster.todo.sync();
        }
        replication::start(&mut node.ctx(now, out));
        node.settle(now, out);
        node
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
        let (cluster, unknown) = image::load(image, now)?;
        let id = cluster.my_id();
        let mut node = Self::with(cluster, config, Rng::new(seed), now);
        for name in unknown {
            out.log(Level::Warning, || {
                alloc::format!("Skipping unknown cluster config variable '{name}'")
            });
        }
        out.log(Level::Notice, || alloc::format!("Node configuration loaded, I'm {id}"));
        node.settle(now, out);
        Ok(node)
    }

    fn with(cluster: ClusterState, config: Config, mut rng: Rng, now: Now) -> Self {
        let repl = Repl::new(&mut rng);
        let mut node = Self {
            b: Beliefs {
                config,
                cluster,
                store: Databases::default(),
                repl,
                holds: Holds::default(),
                migrations: Migrations::default(),
                persist: Persist::new(now.mono, now.wall),
                sessions: BTreeMap::new(),
                watchers: crate::session::Watchers::default(),
                pubsub: crate::session::PubSub::default(),
                blocked: crate::session::Blocked::default(),
                rng,
                stats: Stats::default(),
                record: crate::session::Record::default(),
                tracking: crate::session::Tracking::default(),
                scripts: crate::script::Scripts::default(),
                started: now.mono,
                debug: crate::beliefs::Switches::default(),
            },
        };
        own::follow_config(&mut node.b);
        node
    }

    fn ctx<'a>(&'a mut self, now: Now, out: &'a mut Outbox) -> Ctx<'a> {
        Ctx { now, b: &mut self.b, out }
    }

    /// Something happened. Settles by itself. Hostile bytes are not an error of the caller: they
    /// close a link and are logged.
    pub fn handle(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        let ctx = &mut self.ctx(now, out);
        match input {
            Input::Wake => tick::wake(ctx),
            Input::LinkUp { link, .. } => {
                if !inbound::link_up(ctx, link) && !migrate::up(ctx, link) {
                    stream::up(ctx, link);
                }
            }
            Input::LinkAccepted { link, remote, local } => {
                inbound::accepted(ctx, link, remote, local);
            }
            Input::Frame { link, bytes } => inbound::frame(ctx, link, bytes),
            Input::Stream { link, bytes } => {
                if !migrate::bytes(ctx, link, bytes) {
                    stream::bytes(ctx, link, bytes);
                }
            }
            Input::LinkDown { link, why } => {
                if !inbound::link_down(ctx, link, why) && !migrate::down(ctx, link, why) {
                    stream::down(ctx, link, why);
                }
            }
            Input::ClientUp { client, remote, local } => {
                clients::came(ctx, client, remote, local);
            }
            Input::ClientGone { client } => clients::went(ctx, client),
            Input::SnapshotSent { client } => replication::snapshot_sent(ctx, client),
            Input::Disk(report) => persistence::report(ctx, report),
            Input::Terminate(signal) => persistence::signalled(ctx, signal),
        }
        self.settle(now, out);
    }

    /// Runs one command of a client and appends its reply. The driver calls [`Node::settle`] once
    /// after a batch of these.
    pub fn execute(
        &mut self,
        now: Now,
        client: ClientId,
        args: Args<'_>,
        reply: &mut ReplyBuf,
        out: &mut Outbox,
    ) -> Outcome {
        command::execute(&mut self.ctx(now, out), client, args, reply)
    }

    /// What [`Node::execute`] ran last for that client took so long: for statistics and the slow
    /// log. A driver that does not measure need not say so.
    pub fn took(&mut self, now: Now, client: ClientId, args: Args<'_>, us: u64) {
        if let Some(place) = self.b.record.last.take() {
            command::took(&mut self.b, now, client, place, args, us);
        }
    }

    /// Ends a turn: pending cluster work is done, replicas are fed, and a changed configuration is
    /// saved before anything of this turn leaves.
    pub fn settle(&mut self, now: Now, out: &mut Outbox) {
        let ctx = &mut self.ctx(now, out);
        if ctx.b.cluster.manual.is_some() {
            manual::step(ctx);
        }
        // A manual failover plans and asks in one turn; nobody needs more than three steps.
        for _ in 0..3 {
            if !ctx.b.cluster.todo.election || ctx.b.cluster.is_master() {
                break;
            }
            candidacy::step(ctx);
        }
        if ctx.b.cluster.todo.serving && ctx.b.config.cluster_enabled {
            serving::update(ctx);
        }
        for client in ctx.b.holds.take_ready() {
            ctx.out.push(Effect::Resume { client });
        }
        if !ctx.b.cluster.lost.is_empty() {
            let lost = core::mem::take(&mut ctx.b.cluster.lost);
            publish::slots_lost(ctx, &lost);
            command::send_away(ctx);
        }
        tracking::settle(ctx);
        // Before the replies of this turn that leave as effects: they wait for what stands here.
        persistence::feed(ctx);
        replication::feed(ctx);
        if let Some(durability) = ctx.b.cluster.todo.save.take()
            && ctx.b.config.cluster_enabled
        {
            let image = image::save(&self.b.cluster, now);
            let persist = Effect::Persist { image, durability };
            if self.b.config.broken.stands(Broken::NoBarrier) {
                out.barrier(persist);
            } else {
                out.push(persist);
            }
        }
    }

    /// The data on disk has been loaded: slots that hold keys but are not this node's are taken, or
    /// opened for importing. To be called once, between the load and the first client.
    pub fn data_loaded(&mut self, now: Now, out: &mut Outbox) {
        own::data_loaded(&mut self.ctx(now, out));
        self.settle(now, out);
    }

    /// The earliest deadline.
    #[must_use]
    pub fn next_wake(&self) -> Instant {
        let Beliefs { cluster, repl, holds, migrations, blocked, .. } = &self.b;
        cluster
            .next_tick
            .min(repl.next_deadline())
            .min(holds.next_deadline())
            .min(migrations.next_deadline())
            .min(blocked.deadline())
    }

    /// What it believes.
    #[must_use]
    pub fn snapshot(&self, now: Now) -> Snapshot {
        view::snapshot(&self.b, now)
    }

    /// Why something has not happened (yet), or why it stands as it does; `None` when the question
    /// makes no sense here.
    #[must_use]
    pub fn why(&self, now: Now, question: Why) -> Option<Reason> {
        view::why(&self.b, now, question)
    }

    /// The text of `CLUSTER NODES`, as this node would answer it.
    #[must_use]
    pub fn cluster_nodes(&self, now: Now) -> String {
        roster::nodes_text(&self.b.cluster, now)
    }

    /// Whether writes are appended to a file.
    #[must_use]
    pub fn logs(&self) -> bool {
        self.b.persist.is_logging()
    }

    /// The directives in force.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.b.config
    }

    /// What a driver has to know of a client to look after its connection; `None` once it is gone.
    #[must_use]
    pub fn client(&self, now: Now, client: ClientId) -> Option<ClientView> {
        clients::look(&self.b, now, client)
    }

    /// So many bytes wait to be sent to a client: CLIENT LIST shows it.
    pub fn note_waiting(&mut self, client: ClientId, bytes: u64) {
        if let Some(session) = self.b.sessions.get_mut(&client) {
            session.waiting = bytes;
        }
    }

    /// Lends it an interpreter: without one it refuses EVAL. A clone of the node has none.
    pub fn lend_engine(&mut self, engine: alloc::boxed::Box<dyn crate::script::ScriptEngine>) {
        self.b.scripts.engine.0 = Some(engine);
    }

    /// The number of its process, for INFO.
    pub const fn note_process(&mut self, id: u32) {
        self.b.debug.process = id;
    }

    /// A client was not let in: INFO counts it.
    pub const fn note_rejected(&mut self) {
        self.b.stats.rejected += 1;
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.b.cluster.my_id()
    }

    /// `M` for a master, `S` for a replica: the role letter of a log line.
    #[must_use]
    pub fn role_letter(&self) -> char {
        if self.b.cluster.is_master() && !self.b.repl.is_replica() { 'M' } else { 'S' }
    }

    /// The votes that this node has given may not be repeated: its last vote epoch, for checkers.
    #[must_use]
    pub const fn last_vote_epoch(&self) -> crate::epoch::Epoch {
        self.b.cluster.last_vote_epoch
    }

    /// A digest of all keys, values and expiries, for comparing a master with its replica.
    #[must_use]
    pub fn dataset_digest(&self) -> u64 {
        self.b.store.digest_of_all()
    }

    /// Identifies the whole state: equal digests, equal behaviour from here on. The same on every
    /// platform.
    #[must_use]
    pub fn digest(&self) -> u64 {
        digest::of(&self.b)
    }

    /// Local invariants, each named: what must hold after every turn, whatever came in.
    ///
    /// # Errors
    /// The name of the broken one.
    pub fn check(&self) -> Result<(), &'static str> {
        let cluster = &self.b.cluster;
        let me = cluster.me();
        if !me.is_master() && me.slot_count > 0 {
            return Err("a replica owns no slot");
        }
        if cluster.last_vote_epoch > cluster.current_epoch {
            return Err("no vote in a future epoch");
        }
        if cluster.owners.migrating.keys().any(|slot| !cluster.is_mine(*slot)) {
            return Err("a migrating slot is mine");
        }
        if !self.b.repl.backlog_ends_at_offset() {
            return Err("the backlog ends at the replication offset");
        }
        let counted = cluster.peers.iter().all(|(_, peer)| peer.slots.len() == peer.slot_count);
        if !counted {
            return Err("slot sets and counts agree");
        }
        if cluster.peers.get(PeerIdx::ME).is_some_and(|me| !me.is_fine()) {
            return Err("no node suspects itself");
        }
        Ok(())
    }
}
