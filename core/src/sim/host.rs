//! What is a machine? A process with its node, a disk, two clocks, and what waits for it.
//!
//! `Node::handle`, `Node::execute`, `Node::settle` and `Node::next_wake` are the only ways into a
//! node, exactly as in the native server. Effects are carried out front to back; those behind a
//! `Persist` wait until the disk has the image, and a crash in between forgets them.

use core::net::{IpAddr, Ipv4Addr};

use alloc::{
    collections::{BTreeMap, VecDeque},
    string::String,
    vec::Vec,
};

use super::{
    Flight, FlightKind, HostIdx, NodePlan, What,
    digest::Digest,
    disk::Disk,
    net::{Carries, ConnId, Load, Place},
    queue::Event,
    turn::Turn,
};
use crate::{
    bus::{self, Kind},
    client::Value,
    endpoint::Addr,
    id::{ClientId, LinkId},
    io::{DownReason, Effect, Exit, Frame, Input, Level, Purpose},
    node::Node,
    resp::Parser,
    rng::Seed,
    time::{Instant, Now, UnixMillis},
};

/// Where all machines live: the plan tells them apart by port.
pub(super) const IP: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What the wall clocks show when a world begins: 2024-01-01 00:00 UTC.
const WALL_START_MS: u64 = 1_704_067_200_000;

/// Something that waits for a stopped process.
#[derive(Clone, Copy, Debug)]
pub(super) enum Held {
    Arrive { conn: ConnId, lane: u8, parcel: u64 },
    Synced,
    Wrote,
}

/// Something that waits for the disk.
#[derive(Clone, Debug)]
pub(super) enum Pending {
    Effect(Effect),
    /// A reply that may not leave before the barrier.
    Bytes(ClientId, Vec<u8>),
    /// The answer to a person.
    Answer(String),
    Close(ClientId),
}

#[derive(Clone, Debug)]
pub(super) struct Client {
    /// `None` for a person at the machine.
    conn: Option<ConnId>,
    pub parser: Parser,
    pub unread: Vec<u8>,
    /// Its last request is answered later, or waits to be offered again: nothing behind it runs.
    pub waits: bool,
}

/// One machine.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub idx: HostIdx,
    pub port: u16,
    pub cport: u16,
    /// The process, while it runs.
    pub node: Option<Node>,
    pub frozen: bool,
    /// How many processes there have been.
    pub life: u32,
    pub disk: Disk,
    /// What waits for the stopped process, in the order of arrival.
    pub inbox: Vec<Held>,
    /// How far the wall clock is off.
    pub clock_offset_ms: i64,
    links: BTreeMap<LinkId, ConnId>,
    pub clients: BTreeMap<ClientId, Client>,
    /// The client that a person at the machine is.
    pub person: Option<ClientId>,
    /// What the person typed, while the node has put it back.
    pub typed: Vec<String>,
    /// A `Persist` is being written, and this waits for it.
    syncing: bool,
    behind: VecDeque<Pending>,
    /// When the next wake event is due.
    wake_at: Instant,
}

impl Host {
    pub(super) fn new(idx: HostIdx, plan: &NodePlan, cport: u16) -> Self {
        Self {
            idx,
            port: plan.port,
            cport,
            node: None,
            frozen: false,
            life: 0,
            disk: Disk::default(),
            inbox: Vec::new(),
            clock_offset_ms: 0,
            links: BTreeMap::new(),
            clients: BTreeMap::new(),
            person: None,
            typed: Vec::new(),
            syncing: false,
            behind: VecDeque::new(),
            wake_at: Instant::NEVER,
        }
    }

    /// Both clocks at the world time `at`.
    pub(super) fn clock(&self, at: Instant) -> Now {
        let wall = (WALL_START_MS + at.as_millis()).saturating_add_signed(self.clock_offset_ms);
        Now { mono: at, wall: UnixMillis(wall) }
    }

    pub(super) fn accept_link(&mut self, link: LinkId, conn: ConnId) {
        self.links.insert(link, conn);
    }

    pub(super) fn accept_client(&mut self, client: ClientId, conn: Option<ConnId>) {
        let fresh = Client { conn, parser: Parser::default(), unread: Vec::new(), waits: false };
        self.clients.insert(client, fresh);
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.word(u64::from(self.life) << 2 | u64::from(self.frozen) << 1);
        digest.word(self.clock_offset_ms.cast_unsigned());
        digest.word(self.inbox.len() as u64);
        digest.word(self.behind.len() as u64);
        digest.word(self.links.len() as u64);
        for (client, at) in &self.clients {
            digest.word(client.0);
            digest.bytes(&at.unread);
            digest.word(u64::from(at.waits));
        }
        self.disk.digest(digest);
        if let Some(node) = &self.node {
            digest.word(node.digest());
        }
    }
}

const fn flight_kind(kind: Kind) -> FlightKind {
    match kind {
        Kind::Ping => FlightKind::Ping,
        Kind::Pong => FlightKind::Pong,
        Kind::Meet => FlightKind::Meet,
        Kind::Fail => FlightKind::Fail,
        Kind::Publish | Kind::PublishShard => FlightKind::Publish,
        Kind::AuthRequest => FlightKind::AuthRequest,
        Kind::AuthAck => FlightKind::AuthAck,
        Kind::Update => FlightKind::Update,
        Kind::MfStart => FlightKind::MfStart,
        Kind::Module => FlightKind::Module,
    }
}

impl Turn<'_> {
    pub(super) fn host(&mut self, host: HostIdx) -> &mut Host {
        &mut self.s.hosts[usize::from(host.0)]
    }

    /// Starts the process from what the disk holds. Nothing happens if it runs.
    pub(super) fn boot(&mut self, idx: HostIdx) {
        let at = self.s.now;
        let seed = self.plan.seed;
        let mut config = self.config.clone();
        let host = self.host(idx);
        if host.node.is_some() {
            return;
        }
        host.life += 1;
        config.port = host.port;
        let now = host.clock(at);
        let image = host.disk.image.clone();
        let seed = Seed::from_u64(
            seed ^ (u64::from(idx.0) << 32 | u64::from(host.life))
                .wrapping_mul(0x9E37_79B9_7F4A_7C15),
        );
        self.record(Some(idx), || What::Process { up: true });
        let node = match image {
            Some(image) => Node::restore(&image, config, seed, now, self.out),
            None => Ok(Node::new(config, seed, now, self.out)),
        };
        match node {
            Ok(mut node) => {
                if !self.load_data(idx, &mut node, now) {
                    let line = "Fatal error loading the DB, check server logs. Exiting.";
                    self.log(idx, Level::Warning, line.into());
                    self.record(Some(idx), || What::Process { up: false });
                    return;
                }
                self.s.names.insert(node.id(), idx);
                self.host(idx).node = Some(node);
                self.s.trace.word(u64::from(idx.0) << 8 | 1);
                self.carry_out(idx);
            }
            Err(_) => {
                let line = "Unrecoverable error: corrupted cluster config file.";
                self.log(idx, Level::Warning, line.into());
                self.record(Some(idx), || What::Process { up: false });
            }
        }
    }

    /// The process is gone; its peers see it after one latency.
    pub(super) fn die(&mut self, idx: HostIdx) {
        let host = self.host(idx);
        if host.node.take().is_none() {
            return;
        }
        host.frozen = false;
        host.disk.crash();
        host.syncing = false;
        host.behind.clear();
        host.person = None;
        host.typed.clear();
        host.wake_at = Instant::NEVER;
        let held = core::mem::take(&mut host.inbox);
        let links = core::mem::take(&mut host.links);
        let clients = core::mem::take(&mut host.clients);
        for (link, conn) in links {
            self.close(conn, u8::from(link.is_accepted()), DownReason::Reset);
        }
        for conn in clients.into_values().filter_map(|client| client.conn) {
            self.close(conn, 1, DownReason::Reset);
        }
        for item in held {
            if let Held::Arrive { conn, lane, parcel } = item {
                self.arrive(conn, lane, parcel);
            }
        }
        self.record(Some(idx), || What::Process { up: false });
    }

    pub(super) fn thaw(&mut self, idx: HostIdx) {
        let host = self.host(idx);
        if !core::mem::replace(&mut host.frozen, false) {
            return;
        }
        for held in core::mem::take(&mut host.inbox) {
            match held {
                Held::Arrive { conn, lane, parcel } => {
                    self.arrive(conn, lane, parcel);
                }
                Held::Synced => self.finish_sync(idx),
                Held::Wrote => self.finish_write(idx),
            }
        }
        self.schedule(idx, self.s.now);
    }

    // Inputs.

    /// Hands one input to a node and carries out what comes back.
    pub(super) fn input(&mut self, idx: HostIdx, input: Input<'_>) {
        let at = self.s.now;
        let host = &mut self.s.hosts[usize::from(idx.0)];
        let now = host.clock(at);
        let Some(node) = &mut host.node else { return };
        self.s.trace.word(at.as_micros() << 8 | u64::from(idx.0) & 255);
        node.handle(now, input, self.out);
        self.carry_out(idx);
    }

    pub(super) fn wake(&mut self, idx: HostIdx, life: u32) -> bool {
        let now = self.s.now;
        let host = self.host(idx);
        if host.life != life || host.wake_at != now {
            return false;
        }
        host.wake_at = Instant::NEVER;
        let Some(node) = host.node.as_ref().filter(|_| !host.frozen) else { return false };
        if node.next_wake() > now {
            self.schedule(idx, now);
            return false;
        }
        self.input(idx, Input::Wake);
        // A node that wants to be woken for ever at one instant would stop time.
        self.schedule(idx, now.plus_ms(1));
        true
    }

    /// Makes sure that a wake event stands at the node's next deadline, not before `earliest`.
    ///
    /// An event that stands too early is left alone: it finds nothing due and schedules again.
    fn schedule(&mut self, idx: HostIdx, earliest: Instant) {
        let host = self.host(idx);
        let Some(node) = host.node.as_ref().filter(|_| !host.frozen) else { return };
        let at = node.next_wake().max(earliest);
        if at < host.wake_at {
            host.wake_at = at;
            let life = host.life;
            self.s.queue.push(at, Event::Wake { host: idx, life });
        }
    }

    /// Tells a node that somebody connected.
    pub(super) fn announce(&mut self, idx: HostIdx, id: ConnId, from: Place) {
        let Some(conn) = self.s.net.conns.get(&id) else { return };
        let label = conn.ends[1].label;
        if conn.carries == Carries::Bus {
            let link = LinkId(label);
            // An ephemeral port as a kernel would give it; nothing listens there.
            let port = 32_768 + u16::try_from(label % 28_000).unwrap_or(0);
            let remote = Addr { ip: IP, port };
            self.input(idx, Input::LinkAccepted { link, remote, local: IP });
            return;
        }
        let local = Some(Addr { ip: IP, port: self.host(idx).port });
        // Ephemeral ports as a kernel would give them; nothing listens there.
        let port = 32_768 + u16::try_from(label % 28_000).unwrap_or(0);
        let remote = (from != Place::Nowhere).then_some(Addr { ip: IP, port });
        self.input(idx, Input::ClientUp { client: ClientId(label), remote, local });
    }

    pub(super) fn link_up(&mut self, idx: HostIdx, link: LinkId) {
        self.input(idx, Input::LinkUp { link, local: IP });
    }

    pub(super) fn link_down(&mut self, idx: HostIdx, link: LinkId, why: DownReason) {
        if self.host(idx).links.remove(&link).is_some() {
            self.input(idx, Input::LinkDown { link, why });
        }
    }

    pub(super) fn client_gone(&mut self, idx: HostIdx, client: ClientId) {
        if self.host(idx).clients.remove(&client).is_some() {
            self.input(idx, Input::ClientGone { client });
        }
    }

    pub(super) fn frame(&mut self, idx: HostIdx, link: LinkId, frame: &Frame) {
        self.input(idx, Input::Frame { link, bytes: frame });
    }

    pub(super) fn stream(&mut self, idx: HostIdx, link: LinkId, bytes: &[u8]) {
        self.input(idx, Input::Stream { link, bytes });
    }

    /// Marks the arrival of a flight; what follows is caused by it.
    pub(super) fn land(
        &mut self,
        idx: HostIdx,
        flight: Option<(Flight, Option<u64>)>,
    ) -> Option<u64> {
        let (flight, sent) = flight?;
        self.cause = sent;
        let arrived =
            self.record(Some(idx), || What::Arrived { flight: flight.id, carrying: false });
        self.cause = arrived;
        self.carrying = false;
        arrived
    }

    /// The flight has been handled.
    pub(super) fn landed(&mut self, arrived: Option<u64>) {
        self.cause = None;
        if let Some(seq) = arrived
            && core::mem::take(&mut self.carrying)
        {
            self.rec.mark_carrying(seq);
        }
    }

    // Effects.

    pub(super) fn log(&mut self, idx: HostIdx, level: Level, line: String) {
        let role = self.host(idx).node.as_ref().map_or('M', Node::role_letter);
        self.record(Some(idx), || What::Log { level, role, line });
    }

    /// Carries out what a node asked for.
    pub(super) fn carry_out(&mut self, idx: HostIdx) {
        let mut out = core::mem::take(self.out);
        for reason in out.drain_reasons() {
            self.carrying |= super::check::changes_a_belief(&reason);
            self.decided(idx, &reason);
            self.record(Some(idx), || What::Decided(reason));
        }
        for effect in out.drain() {
            match effect {
                Effect::Log { level, line } => self.log(idx, level, line),
                Effect::Notice(notice) => self.noticed(idx, &notice),
                // In their own order, and not behind nodes.conf: replies wait by themselves.
                effect @ (Effect::Append { .. }
                | Effect::SaveRdb { .. }
                | Effect::RewriteAof { .. }
                | Effect::CancelJob { .. }
                | Effect::CloseAof
                | Effect::Reload { .. }
                | Effect::RewriteConfig { .. }) => self.data_effect(idx, effect),
                effect => self.after_disk(idx, Pending::Effect(effect)),
            }
        }
        *self.out = out;
        self.check(idx);
        self.schedule(idx, self.s.now);
    }

    /// Now, or behind the barrier if there is one.
    pub(super) fn after_disk(&mut self, idx: HostIdx, item: Pending) {
        let host = self.host(idx);
        if host.node.is_none() {
            return;
        }
        if host.syncing {
            host.behind.push_back(item);
        } else {
            self.perform(idx, item);
        }
    }

    fn perform(&mut self, idx: HostIdx, item: Pending) {
        if super::data::answers(&item) && self.replies_wait(idx) {
            self.keep(idx, item);
        } else {
            self.perform_now(idx, item);
        }
    }

    pub(super) fn perform_now(&mut self, idx: HostIdx, item: Pending) {
        match item {
            Pending::Effect(effect) => self.effect(idx, effect),
            Pending::Bytes(client, bytes) => self.reply(idx, client, bytes),
            Pending::Answer(text) => {
                self.record(Some(idx), || What::Answer(text));
            }
            Pending::Close(client) => {
                self.close_client(idx, client);
                self.input(idx, Input::ClientGone { client });
            }
        }
    }

    fn effect(&mut self, idx: HostIdx, effect: Effect) {
        match effect {
            Effect::Persist { image, durability } => {
                self.s.trace.bytes(image.0.as_bytes());
                let now = self.s.now.as_micros();
                let host = self.host(idx);
                let at = Instant::from_micros(now + host.disk.begin(image.0, durability));
                host.syncing = true;
                let life = host.life;
                self.s.queue.push(at, Event::Synced { host: idx, life });
            }
            Effect::Dial { link, to, purpose } => {
                let (carries, bus) = match purpose {
                    Purpose::Bus => (Carries::Bus, true),
                    Purpose::Replication => (Carries::Replication, false),
                    Purpose::Migration => (Carries::Migration, false),
                };
                let to = self.listener(to, bus);
                let conn = self.dial(Place::Host(idx), link.0, to, carries);
                self.host(idx).links.insert(link, conn);
            }
            // Nobody has a name here.
            Effect::DialHost { link, .. } => {
                let conn = self.dial(Place::Host(idx), link.0, Place::Nowhere, Carries::Migration);
                self.host(idx).links.insert(link, conn);
            }
            Effect::Send { link, frame } => self.send(idx, link, frame),
            Effect::Stream { link, bytes } => {
                self.s.trace.bytes(&bytes);
                if let Some(conn) = self.host(idx).links.get(&link).copied() {
                    let kind = self.stream_kind(conn);
                    self.transmit(conn, 0, Load::Bytes(bytes), kind);
                }
            }
            Effect::Hangup { link, why: _ } => {
                if let Some(conn) = self.host(idx).links.remove(&link) {
                    self.close(conn, u8::from(link.is_accepted()), DownReason::Closed);
                }
            }
            Effect::Reply { client, bytes } => {
                self.reply(idx, client, bytes);
                self.go_on(idx, client);
            }
            Effect::Snapshot { client, head, dataset, framing } => {
                self.reply(idx, client, dataset.framed(head, &framing));
                self.input(idx, Input::SnapshotSent { client });
            }
            Effect::Resume { client } => self.go_on(idx, client),
            Effect::Push { client, bytes } => self.reply(idx, client, bytes.to_vec()),
            Effect::CloseClient { client } => self.close_client(idx, client),
            Effect::Append { .. }
            | Effect::SaveRdb { .. }
            | Effect::RewriteAof { .. }
            | Effect::CancelJob { .. }
            | Effect::CloseAof
            | Effect::Reload { .. }
            | Effect::RewriteConfig { .. } => self.data_effect(idx, effect),
            Effect::Log { level, line } => self.log(idx, level, line),
            Effect::Notice(notice) => self.noticed(idx, &notice),
            Effect::Exit(Exit::Shutdown | Exit::Crash | Exit::Fatal) => self.die(idx),
        }
    }

    fn send(&mut self, idx: HostIdx, link: LinkId, frame: Frame) {
        self.s.trace.bytes(&frame);
        let Some(conn) = self.host(idx).links.get(&link).copied() else { return };
        let lane = u8::from(link.is_accepted());
        let kind = bus::kind_of(&frame);
        if kind == Some(Kind::AuthRequest) {
            self.request_leaves(idx, &frame);
        }
        if kind == Some(Kind::AuthAck)
            && let Some(Place::Host(to)) =
                self.s.net.conns.get(&conn).map(|c| c.ends[usize::from(1 - lane)].place)
        {
            self.vote_leaves(idx, to, &frame);
        }
        self.transmit(conn, lane, Load::Frame(frame), kind.map(flight_kind));
    }

    pub(super) fn reply(&mut self, idx: HostIdx, client: ClientId, bytes: Vec<u8>) {
        self.s.trace.bytes(&bytes);
        if self.host(idx).person == Some(client) {
            // A late answer to somebody who waits at the machine.
            if let Ok((value, _)) = Value::parse(&bytes) {
                self.record(Some(idx), || What::Answer(value.to_text()));
            }
            return;
        }
        let Some(conn) = self.host(idx).clients.get(&client).and_then(|c| c.conn) else { return };
        self.app_is_answered(idx, conn);
        let kind = self.stream_kind(conn);
        self.transmit(conn, 1, Load::Bytes(bytes), kind);
    }

    /// What a watcher sees of bytes on a data port.
    fn stream_kind(&self, conn: ConnId) -> Option<FlightKind> {
        match self.s.net.conns.get(&conn)?.carries {
            Carries::Replication => Some(FlightKind::Replication),
            Carries::Migration => Some(FlightKind::Migration),
            Carries::Bus | Carries::Commands => None,
        }
    }

    fn close_client(&mut self, idx: HostIdx, client: ClientId) {
        let host = self.host(idx);
        if host.person == Some(client) {
            host.person = None;
        }
        if let Some(conn) = host.clients.remove(&client).and_then(|c| c.conn) {
            self.close(conn, 1, DownReason::Closed);
        }
    }

    // The disk.

    pub(super) fn synced(&mut self, idx: HostIdx, life: u32) -> bool {
        let host = self.host(idx);
        if host.life != life || host.node.is_none() {
            return false;
        }
        if host.frozen {
            host.inbox.push(Held::Synced);
        } else {
            self.finish_sync(idx);
        }
        true
    }

    fn finish_sync(&mut self, idx: HostIdx) {
        let host = self.host(idx);
        if !core::mem::replace(&mut host.syncing, false) {
            return;
        }
        let Some((image, durability)) = host.disk.finish() else {
            let line = "Fatal: can't update cluster config file.";
            self.log(idx, Level::Warning, line.into());
            self.die(idx);
            return;
        };
        self.persisted(idx, &image, durability);
        while !self.host(idx).syncing {
            let Some(item) = self.host(idx).behind.pop_front() else { break };
            self.perform(idx, item);
        }
    }
}
