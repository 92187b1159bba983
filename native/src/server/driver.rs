//! The loop around a node: inputs go in, effects come out and are carried out in order.
//!
//! This is the only file that matches [`Effect`], without a wildcard arm, so that a new effect
//! cannot be forgotten. The node is borrowed only inside one synchronous call, never across an
//! await.
//!
//! A `Persist` at the head of the queue starts a write on a helper thread and closes the queue
//! until the file is as durable as was asked for: everything behind it, for links, clients and the log alike, waits.
//! Commands go on being executed meanwhile; only what they ask for waits.

mod clients;
mod dataset;
mod snapshot;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    rc::Rc,
    time::{Duration, Instant},
};

use slotscope_core::{
    Node,
    command::Outcome,
    config::Config,
    id::{ClientId, LinkId},
    io::{
        DownReason, Durability, Effect, Exit, Image, Input, Level, Notice, Outbox, Purpose, Signal,
    },
    resp::{Parser, ProtocolError, ReplyBuf},
    time,
};
use tokio::{
    sync::{Notify, oneshot},
    task,
};

use super::{
    clock::Clock,
    disk::NodesFile,
    link,
    log::{Log, MASTER, REPLICA},
    outbound::{End, Outbound},
    persist::{self, Files, Held},
};

/// The longest queue of a bus or replication link when `cluster-link-sendbuf-limit` is 0. A frame
/// has some kilobytes: a peer that is so far behind does better with a new link.
const LINK_QUEUE_BYTES: u64 = 64 << 20;

/// A node with its sockets, its file and its clocks.
#[derive(Debug)]
pub(super) struct Driver {
    pub(super) node: RefCell<Node>,
    pub(super) out: RefCell<Outbox>,
    pub(super) clock: Clock,
    pub(super) log: Rc<Log>,
    queue: RefCell<VecDeque<Item>>,
    /// A `Persist` is under way; nothing leaves the queue.
    persisting: Cell<bool>,
    /// `None` while a helper thread has it, and without cluster mode.
    disk: RefCell<Option<NodesFile>>,
    /// The dataset on disk.
    pub(super) files: Files,
    links: RefCell<BTreeMap<LinkId, Link>>,
    /// Links that broke while effects were carried out; the node is told afterwards.
    lost: RefCell<Vec<(LinkId, DownReason)>>,
    clients: RefCell<BTreeMap<ClientId, Client>>,
    accepted: Cell<u64>,
    connected: Cell<u64>,
    armed: Cell<time::Instant>,
    rearm: Notify,
    exit: RefCell<Option<Exit>>,
    exiting: Notify,
}

/// What stands in the queue.
#[derive(Debug)]
enum Item {
    /// Something that the node asked for.
    Do(Effect),
    /// A reply that waits for the effects before it.
    Release(oneshot::Sender<()>),
}

#[derive(Debug)]
struct Link {
    out: Rc<Outbound>,
    /// What it is for.
    purpose: Purpose,
    task: Option<task::AbortHandle>,
}

#[derive(Debug)]
struct Client {
    out: Rc<Outbound>,
    name: String,
}

/// What became of a batch of requests. Effects have not been carried out yet.
#[derive(Debug)]
pub(super) struct Batch {
    /// Bytes that are done with.
    pub consumed: usize,
    /// The replies may leave only when the effects so far are carried out.
    pub waits: bool,
    /// The replies may leave only when what was appended so far is durable.
    pub held: bool,
    /// The connection ends with these replies.
    pub closes: Option<Close>,
}

/// Why a batch ends its connection.
#[derive(Debug)]
pub(super) enum Close {
    /// A command said so.
    Asked,
    /// The client broke the protocol.
    Protocol(ProtocolError),
}

impl Driver {
    /// Puts a node to work; `out` holds what it asked for so far.
    pub(super) fn new(
        node: Node,
        out: Outbox,
        clock: Clock,
        log: Rc<Log>,
        disk: Option<NodesFile>,
        files: Files,
    ) -> Rc<Self> {
        let is_replica = node.snapshot(clock.now()).myself().is_replica;
        log.set_role(if is_replica { REPLICA } else { MASTER });
        let driver = Rc::new(Self {
            node: RefCell::new(node),
            out: RefCell::new(out),
            clock,
            log,
            queue: RefCell::default(),
            persisting: Cell::new(false),
            disk: RefCell::new(disk),
            files,
            links: RefCell::default(),
            lost: RefCell::default(),
            clients: RefCell::default(),
            accepted: Cell::new(0),
            connected: Cell::new(0),
            armed: Cell::new(time::Instant::NEVER),
            rearm: Notify::new(),
            exit: RefCell::new(None),
            exiting: Notify::new(),
        });
        driver.follow_config();
        driver
    }

    /// One thing happened.
    pub(super) fn handle(self: &Rc<Self>, input: Input<'_>) {
        self.node.borrow_mut().handle(self.clock.now(), input, &mut self.out.borrow_mut());
        self.carry_out();
    }

    /// How long whoever feeds the node is to wait before it goes on (`key-load-delay`).
    pub(super) fn pause(&self) -> Duration {
        Duration::from_micros(self.out.borrow_mut().take_sleep())
    }

    /// Reads something of the configuration in force.
    pub(super) fn config<T>(&self, read: impl FnOnce(&Config) -> T) -> T {
        read(self.node.borrow().config())
    }

    /// Carries out what the node has asked for, as far as no write to the disk is under way.
    pub(super) fn carry_out(self: &Rc<Self>) {
        loop {
            self.take_effects();
            self.run_queue();
            let Some((link, why)) = self.lost.borrow_mut().pop() else { break };
            let input = Input::LinkDown { link, why };
            self.node.borrow_mut().handle(self.clock.now(), input, &mut self.out.borrow_mut());
        }
        let wake = self.node.borrow().next_wake();
        if wake < self.armed.get() {
            self.armed.set(wake);
            self.rearm.notify_one();
        }
    }

    /// Queues what the node has asked for. What concerns the dataset on disk keeps an order of its
    /// own and waits for nothing: it is ordered at once.
    fn take_effects(self: &Rc<Self>) {
        let mut reloads = Vec::new();
        {
            let (mut out, mut queue) = (self.out.borrow_mut(), self.queue.borrow_mut());
            for effect in out.drain() {
                if !persist::is_for_files(&effect) {
                    queue.push_back(Item::Do(effect));
                } else if let Effect::Reload { client, from } = effect {
                    reloads.push((client, from));
                } else if let Some(line) = self.order(effect) {
                    queue.push_back(Item::Do(Effect::Log { level: Level::Notice, line }));
                }
            }
        }
        // Before anything that was answered leaves.
        self.files.write_through();
        for (client, from) in reloads {
            self.reload(client, &from);
        }
    }

    /// Resolves when everything that the node has asked for so far is carried out; `None` when
    /// that is already so.
    pub(super) fn settled(&self) -> Option<oneshot::Receiver<()>> {
        if self.queue.borrow().is_empty() && !self.persisting.get() {
            return None;
        }
        let (done, wait) = oneshot::channel();
        self.queue.borrow_mut().push_back(Item::Release(done));
        Some(wait)
    }

    fn run_queue(self: &Rc<Self>) {
        while !self.persisting.get() {
            let Some(item) = self.queue.borrow_mut().pop_front() else { return };
            match item {
                Item::Do(effect) => self.carry(effect),
                // The connection may be gone meanwhile: then nobody waits.
                Item::Release(waiting) => drop(waiting.send(())),
            }
        }
    }

    fn carry(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Persist { image, durability } => self.persist(image, durability),
            Effect::Dial { link, to, purpose } => {
                self.add_link(link, purpose, |out| {
                    link::dial(Rc::clone(self), link, to, purpose, out)
                });
            }
            Effect::DialHost { link, host, port, purpose } => {
                self.add_link(link, purpose, |out| {
                    link::dial_host(Rc::clone(self), link, host, port, purpose, out)
                });
            }
            Effect::Send { link, frame } => self.send(link, &frame),
            Effect::Stream { link, bytes } => self.send(link, &bytes),
            Effect::Hangup { link, why: _ } => {
                if let Some(Link { task: Some(task), .. }) = self.links.borrow_mut().remove(&link) {
                    task.abort();
                }
            }
            Effect::Reply { .. }
            | Effect::Snapshot { .. }
            | Effect::Push { .. }
            | Effect::CloseClient { .. } => {
                if self.files.keeps() {
                    self.files.keep(Held::Effect(effect));
                } else {
                    self.carry_to_client(effect);
                }
            }
            Effect::Resume { client } => self.resume(client),
            Effect::Append { .. }
            | Effect::SaveRdb { .. }
            | Effect::RewriteAof { .. }
            | Effect::CancelJob { .. }
            | Effect::CloseAof
            | Effect::Reload { .. }
            | Effect::RewriteConfig { .. } => unreachable!("ordered before anything is queued"),
            Effect::Log { level, line } => self.log.line(level, &line),
            Effect::Notice(notice) => match notice {
                Notice::BecameMaster { .. } => self.log.set_role(MASTER),
                Notice::BecameReplica { .. } => self.log.set_role(REPLICA),
                Notice::ConfigChanged => self.follow_config(),
            },
            Effect::Exit(exit) => {
                *self.exit.borrow_mut() = Some(exit);
                self.exiting.notify_one();
            }
        }
    }

    fn carry_to_client(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Reply { client, bytes } => self.feed(client, &bytes),
            Effect::Snapshot { client, head, dataset, framing } => {
                self.send_snapshot(client, snapshot::Gift { head, dataset, framing });
            }
            Effect::Push { client, bytes } => self.push(client, &bytes),
            Effect::CloseClient { client } => {
                if let Some(client) = self.clients.borrow_mut().remove(&client) {
                    client.out.finish(End::Flushed);
                }
            }
            _ => {}
        }
    }

    /// Writes `nodes.conf` on a helper thread; the queue goes on when that is done.
    ///
    /// Images that wait further back in the queue describe later states of the same node, so the
    /// last of them is written now and the others not at all: what waits behind any of them finds
    /// at least what it waited for, and no less durable.
    fn persist(self: &Rc<Self>, image: Image, durability: Durability) {
        let (mut newest, mut firmest) = (image, durability);
        self.queue.borrow_mut().retain_mut(|item| match item {
            Item::Do(Effect::Persist { image, durability }) => {
                newest = image.clone();
                firmest = firmest.max(*durability);
                false
            }
            Item::Do(_) | Item::Release(_) => true,
        });
        let Some(mut disk) = self.disk.borrow_mut().take() else { return };
        self.persisting.set(true);
        let driver = Rc::clone(self);
        task::spawn_local(async move {
            let written = task::spawn_blocking(move || {
                let result = disk.replace(&newest.0, firmest);
                (disk, result)
            });
            match written.await {
                Ok((disk, Ok(old))) => {
                    *driver.disk.borrow_mut() = Some(disk);
                    driver.persisting.set(false);
                    driver.carry_out();
                    task::spawn_blocking(move || drop(old));
                }
                Ok((_, Err(error))) => driver.persist_failed(&error.to_string()),
                Err(error) => driver.persist_failed(&error.to_string()),
            }
        });
    }

    /// The queue stays closed, so nothing that depended on the file ever leaves.
    fn persist_failed(&self, error: &str) {
        self.log.warning(&format!("Could not write the cluster config file: {error}"));
        self.log.warning("Fatal: can't update cluster config file.");
        *self.exit.borrow_mut() = Some(Exit::Fatal);
        self.exiting.notify_one();
    }

    fn follow_config(&self) {
        self.follow_level(self.config(|config| config.loglevel));
        self.config(|config| self.files.follow_config(config));
    }

    fn follow_level(&self, level: Level) {
        self.log.set_level(level);
        self.out.borrow_mut().set_level(level);
    }

    // Commands.

    /// Runs the whole requests at the front of `bytes`, up to one whose answer has to wait, and ends
    /// the batch.
    pub(super) fn run_batch(
        &self,
        id: ClientId,
        parser: &mut Parser,
        bytes: &[u8],
        reply: &mut ReplyBuf,
    ) -> Batch {
        let now = self.clock.now();
        let mut node = self.node.borrow_mut();
        let mut out = self.out.borrow_mut();
        let mut batch = Batch { consumed: 0, waits: false, held: false, closes: None };
        let mut since = Instant::now();
        while batch.closes.is_none() {
            match parser.next(bytes.get(batch.consumed..).unwrap_or(&[])) {
                Ok(None) => break,
                Ok(Some(request)) => {
                    batch.consumed += request.consumed;
                    if request.is_empty() {
                        continue;
                    }
                    let outcome = node.execute(now, id, &request.args(), reply, &mut out);
                    match out.take_sleep() {
                        0 => {}
                        // Nobody is served meanwhile: that is the point of it.
                        us => std::thread::sleep(Duration::from_micros(us)),
                    }
                    let until = Instant::now();
                    let us = until.duration_since(since).as_micros();
                    since = until;
                    node.took(now, id, &request.args(), u64::try_from(us).unwrap_or(u64::MAX));
                    match outcome {
                        Outcome::Done | Outcome::Silent => {}
                        // What follows would be answered, or push bytes, before this reply.
                        Outcome::AfterPersist => {
                            batch.waits = true;
                            break;
                        }
                        outcome @ (Outcome::Blocked | Outcome::Postponed) => {
                            if outcome == Outcome::Postponed {
                                batch.consumed -= request.consumed;
                            }
                            if let Some(client) = self.clients.borrow().get(&id) {
                                client.out.is_blocked.set(true);
                            }
                            break;
                        }
                        Outcome::Close => batch.closes = Some(Close::Asked),
                    }
                }
                Err(error) => {
                    error.write_reply(reply);
                    batch.closes = Some(Close::Protocol(error));
                }
            }
        }
        node.settle(now, &mut out);
        // What depends on a write must not be heard of before the write is durable.
        let waits_for_disk = out.take_touched() && node.logs();
        batch.held = waits_for_disk && self.files.holds_after(&out);
        let level = node.config().loglevel;
        drop((node, out));
        self.follow_level(level);
        batch
    }

    // Links.

    /// A link that somebody dialled to the bus port.
    pub(super) fn accepted_link(&self) -> LinkId {
        self.accepted.set(self.accepted.get() + 1);
        LinkId::accepted(self.accepted.get())
    }

    /// Registers a link and starts its task, which `start` makes.
    pub(super) fn add_link<F>(
        self: &Rc<Self>,
        id: LinkId,
        purpose: Purpose,
        start: impl FnOnce(Rc<Outbound>) -> F,
    ) where
        F: Future<Output = ()> + 'static,
    {
        let out = Rc::new(Outbound::default());
        self.links.borrow_mut().insert(id, Link { out: Rc::clone(&out), purpose, task: None });
        let task = task::spawn_local(start(out)).abort_handle();
        if let Some(link) = self.links.borrow_mut().get_mut(&id) {
            link.task = Some(task);
        }
    }

    /// Whether the node still wants this link.
    pub(super) fn has_link(&self, id: LinkId) -> bool {
        self.links.borrow().contains_key(&id)
    }

    /// A link's task ends: the node is told, unless it hung up itself.
    pub(super) fn link_down(self: &Rc<Self>, id: LinkId, why: DownReason) {
        if self.links.borrow_mut().remove(&id).is_some() {
            self.handle(Input::LinkDown { link: id, why });
        }
    }

    fn send(&self, id: LinkId, bytes: &[u8]) {
        let mut links = self.links.borrow_mut();
        let Some(link) = links.get(&id) else { return };
        link.out.push(bytes);
        if link.purpose == Purpose::Migration {
            // All of it is one command's keys, made for this; nothing more comes before the answer.
            return;
        }
        let queued = link.out.waiting() as u64;
        let limit = match self.config(|config| config.cluster_link_sendbuf_limit) {
            0 => LINK_QUEUE_BYTES,
            limit => limit,
        };
        if queued > limit {
            if let Some(Link { task: Some(task), .. }) = links.remove(&id) {
                task.abort();
            }
            self.lost.borrow_mut().push((id, DownReason::Overflow { queued }));
        }
    }

    // Time and the end.

    /// Wakes the node at its deadlines, for ever.
    pub(super) async fn keep_time(self: Rc<Self>) {
        loop {
            let wake = self.node.borrow().next_wake();
            self.armed.set(wake);
            match self.clock.instant(wake) {
                None => self.rearm.notified().await,
                Some(at) => tokio::select! {
                    () = tokio::time::sleep_until(at.into()) => self.handle(Input::Wake),
                    () = self.rearm.notified() => {}
                },
            }
        }
    }

    /// Asks for a clean end, behind everything that the node asked for before.
    pub(super) fn shut_down(self: &Rc<Self>, signal: Signal) {
        self.handle(Input::Terminate(signal));
    }

    /// Asks for an end at once.
    pub(super) fn insist(&self) {
        *self.exit.borrow_mut() = Some(Exit::Fatal);
        self.exiting.notify_one();
    }

    /// Resolves when the process is to end.
    pub(super) async fn exit(&self) -> Exit {
        loop {
            let asked = self.exit.borrow_mut().take();
            match asked {
                Some(exit) => return exit,
                None => self.exiting.notified().await,
            }
        }
    }

    /// Resolves when every client has got what was queued for it.
    pub(super) async fn flush(&self) {
        let outs: Vec<_> = self.clients.borrow().values().map(|c| Rc::clone(&c.out)).collect();
        for out in outs {
            out.drained().await;
        }
    }

    /// A line of the driver's own.
    pub(super) fn log(&self, level: Level, line: &str) {
        self.log.line(level, line);
    }
}
