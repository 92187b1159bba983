//! How do bytes travel? Connections as TCP gives them: in order, or not at all.
//!
//! A connection has two lanes, one for each direction, and on each lane parcels arrive in the order
//! in which they left. Nothing is ever lost silently inside a living connection: what a cut or a
//! wall swallows marks the lane as broken, everything after it is swallowed too, and when the way
//! is free again both ends see a reset. An end that closed tells the other one, as soon as it can.
//! Whoever sends to a closed end gets a reset back.

use alloc::{
    collections::{BTreeMap, VecDeque},
    vec::Vec,
};

use super::{
    Flight, FlightKind, HostIdx, NetPlan, What, digest::Digest, host::Held, queue::Event,
    turn::Turn,
};
use crate::{
    endpoint::Addr,
    id::{ClientId, LinkId},
    io::{DownReason, Frame},
    rng::Rng,
    time::Instant,
};

/// A connection of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ConnId(pub u64);

/// One of the two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Host(HostIdx),
    App(u16),
    /// An address at which there is no machine.
    Nowhere,
}

/// What a connection was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carries {
    /// Bus frames.
    Bus,
    /// A replica's side of the data port.
    Replication,
    /// Keys for another node's data port.
    Migration,
    /// An application's commands.
    Commands,
}

#[derive(Clone, Debug)]
pub(super) struct End {
    pub place: Place,
    /// The number under which a node knows it: of a link or of a client.
    pub label: u64,
    pub open: bool,
}

/// Something on its way.
#[derive(Clone, Debug)]
pub(super) enum Load {
    /// A connection attempt.
    Open,
    /// It succeeded.
    Opened,
    Frame(Frame),
    Bytes(Vec<u8>),
    /// The other end is closed.
    Close(DownReason),
}

#[derive(Clone, Debug)]
pub(super) struct Parcel {
    pub id: u64,
    pub arrives_at: Instant,
    pub load: Load,
    /// The flight that a watcher sees, and the record of its start.
    pub flight: Option<(Flight, Option<u64>)>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    pub parcels: VecDeque<Parcel>,
    /// Something was swallowed: nothing may follow it.
    broken: bool,
    last_arrival: Instant,
}

#[derive(Clone, Debug)]
pub(super) struct Conn {
    pub carries: Carries,
    /// Who dialled, who accepted.
    pub ends: [End; 2],
    /// Lane 0 leads from the dialler.
    pub lanes: [Lane; 2],
    /// The accepting machine's kernel has answered.
    accepted: bool,
    /// The dialler knows that it is connected.
    connected: bool,
}

/// The network.
#[derive(Clone, Debug)]
pub(super) struct Net {
    pub conns: BTreeMap<ConnId, Conn>,
    pub cuts: Vec<(HostIdx, HostIdx)>,
    pub walls: Vec<Vec<HostIdx>>,
    latencies: BTreeMap<(HostIdx, HostIdx), u32>,
    plan: NetPlan,
    rng: Rng,
    next_conn: u64,
    next_parcel: u64,
    next_flight: u64,
    next_label: u64,
}

/// When an unanswered connection attempt is repeated, in ms after the one before: as TCP does.
const DIAL_AGAIN_MS: [u64; 4] = [1000, 2000, 4000, 8000];

impl Net {
    pub(super) fn new(plan: NetPlan, rng: Rng) -> Self {
        Self {
            conns: BTreeMap::new(),
            cuts: Vec::new(),
            walls: Vec::new(),
            latencies: BTreeMap::new(),
            plan,
            rng,
            next_conn: 0,
            next_parcel: 0,
            next_flight: 0,
            next_label: 1,
        }
    }

    /// Whether packets pass from one place to another.
    pub(super) fn passable(&self, from: Place, to: Place) -> bool {
        if to == Place::Nowhere {
            return false;
        }
        if let (Place::Host(from), Place::Host(to)) = (from, to)
            && self.cuts.contains(&(from, to))
        {
            return false;
        }
        self.walls.is_empty() || self.side(from) == self.side(to)
    }

    fn side(&self, place: Place) -> usize {
        match place {
            Place::Host(host) => self
                .walls
                .iter()
                .position(|group| group.contains(&host))
                .unwrap_or(self.walls.len()),
            Place::App(_) | Place::Nowhere => 0,
        }
    }

    /// One way, with jitter; at least a microsecond, so that nothing arrives before it is sent.
    fn delay_us(&mut self, from: Place, to: Place) -> u64 {
        let special = match (from, to) {
            (Place::Host(a), Place::Host(b)) if !self.latencies.is_empty() => {
                self.latencies.get(&(a.min(b), a.max(b))).copied()
            }
            _ => None,
        };
        let jitter = self.rng.below(self.plan.jitter_us.saturating_add(1));
        u64::from(special.unwrap_or(self.plan.latency_us).max(1)) + u64::from(jitter)
    }

    pub(super) fn set_latency(&mut self, a: HostIdx, b: HostIdx, us: u32) {
        self.latencies.insert((a.min(b), a.max(b)), us);
    }

    pub(super) fn clear(&mut self) {
        self.cuts.clear();
        self.walls.clear();
        self.latencies.clear();
    }

    /// A number for an accepted link or a client; never used twice in a run.
    pub(super) fn label(&mut self) -> u64 {
        self.next_label += 1;
        self.next_label - 1
    }

    /// Messages on their way to running programs, in the order of arrival.
    pub(super) fn flights(&self, now: Instant) -> Vec<Flight> {
        let lanes = self.conns.values().flat_map(|conn| &conn.lanes);
        let mut flights: Vec<Flight> = lanes
            .flat_map(|lane| &lane.parcels)
            .filter_map(|parcel| parcel.flight.as_ref())
            .filter(|(flight, _)| flight.arrives_at >= now)
            .map(|(flight, _)| flight.clone())
            .collect();
        flights.sort_by_key(|flight| (flight.arrives_at, flight.id));
        flights
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        for (id, conn) in &self.conns {
            digest.word(id.0);
            digest.word(u64::from(conn.accepted) | u64::from(conn.connected) << 1);
            for end in &conn.ends {
                digest.word(end.label << 1 | u64::from(end.open));
            }
            for lane in &conn.lanes {
                digest.word(lane.last_arrival.as_micros() << 1 | u64::from(lane.broken));
                for parcel in &lane.parcels {
                    digest.word(parcel.id);
                    match &parcel.load {
                        Load::Open | Load::Opened | Load::Close(_) => {}
                        Load::Frame(frame) => digest.bytes(frame),
                        Load::Bytes(bytes) => digest.bytes(bytes),
                    }
                }
            }
        }
        digest.word(self.next_parcel);
        for (a, b) in &self.cuts {
            digest.word(u64::from(a.0) << 16 | u64::from(b.0));
        }
        for group in &self.walls {
            digest.word(group.len() as u64);
            for host in group {
                digest.word(u64::from(host.0));
            }
        }
        for ((a, b), us) in &self.latencies {
            digest.word(u64::from(a.0) << 48 | u64::from(b.0) << 32 | u64::from(*us));
        }
    }
}

const fn other(lane: u8) -> u8 {
    1 - lane
}

impl Turn<'_> {
    /// Begins a connection; the answer comes as a parcel.
    pub(super) fn dial(&mut self, from: Place, label: u64, to: Place, carries: Carries) -> ConnId {
        let net = &mut self.s.net;
        let id = ConnId(net.next_conn);
        net.next_conn += 1;
        let end = |place, label, open| End { place, label, open };
        let conn = Conn {
            carries,
            ends: [end(from, label, true), end(to, 0, false)],
            lanes: [Lane::default(), Lane::default()],
            accepted: false,
            connected: false,
        };
        net.conns.insert(id, conn);
        if to == Place::Nowhere {
            self.inject(id, 1, Load::Close(DownReason::Refused));
        } else {
            self.transmit(id, 0, Load::Open, None);
            let again = self.s.now.plus_ms(DIAL_AGAIN_MS[0]);
            self.s.queue.push(again, Event::DialAgain { conn: id, attempt: 1 });
        }
        id
    }

    /// The machine that listens at `to`, and for what.
    pub(super) fn listener(&self, to: Addr, bus: bool) -> Place {
        let listens = |host: &&super::host::Host| {
            (if bus { host.cport } else { host.port }) == to.port && to.ip == super::host::IP
        };
        self.s.hosts.iter().find(listens).map_or(Place::Nowhere, |host| Place::Host(host.idx))
    }

    pub(super) fn dial_again(&mut self, id: ConnId, attempt: u8) {
        let Some(conn) = self.s.net.conns.get(&id) else { return };
        if conn.connected || !conn.ends[0].open {
            return;
        }
        match DIAL_AGAIN_MS.get(usize::from(attempt)) {
            Some(wait) => {
                self.transmit(id, 0, Load::Open, None);
                let again = self.s.now.plus_ms(*wait);
                self.s.queue.push(again, Event::DialAgain { conn: id, attempt: attempt + 1 });
            }
            None => self.inject(id, 1, Load::Close(DownReason::Unreachable)),
        }
    }

    /// Puts something on a lane, with all that can happen to it.
    pub(super) fn transmit(&mut self, id: ConnId, lane: u8, load: Load, kind: Option<FlightKind>) {
        let Some(conn) = self.s.net.conns.get(&id) else { return };
        let from = conn.ends[usize::from(lane)].place;
        let to = conn.ends[usize::from(other(lane))].place;
        let is_data = matches!(load, Load::Frame(_) | Load::Bytes(_));
        let swallowed =
            !self.s.net.passable(from, to) || is_data && conn.lanes[usize::from(lane)].broken;
        let last = conn.lanes[usize::from(lane)].last_arrival;
        let delay = self.s.net.delay_us(from, to);
        let arrives_at = Instant::from_micros(self.s.now.as_micros() + delay).max(last);
        let flight = kind.and_then(|kind| self.take_off(from, to, kind, arrives_at));
        let net = &mut self.s.net;
        let Some(conn) = net.conns.get_mut(&id) else { return };
        let at = &mut conn.lanes[usize::from(lane)];
        if swallowed {
            // A lost attempt to connect is repeated; anything else leaves a hole behind.
            at.broken |= !matches!(load, Load::Open | Load::Opened);
            self.lost(flight);
            return;
        }
        at.last_arrival = arrives_at;
        let parcel = net.next_parcel;
        net.next_parcel += 1;
        at.parcels.push_back(Parcel { id: parcel, arrives_at, load, flight });
        self.s.queue.push(arrives_at, Event::Arrive { conn: id, lane, parcel });
    }

    /// Puts something on a lane that comes from this side's own kernel: it arrives at once.
    fn inject(&mut self, id: ConnId, lane: u8, load: Load) {
        let now = self.s.now;
        let net = &mut self.s.net;
        let Some(conn) = net.conns.get_mut(&id) else { return };
        let parcel = net.next_parcel;
        net.next_parcel += 1;
        let at = &mut conn.lanes[usize::from(lane)];
        at.parcels.push_back(Parcel { id: parcel, arrives_at: now, load, flight: None });
        self.s.queue.push(now, Event::Arrive { conn: id, lane, parcel });
    }

    fn take_off(
        &mut self,
        from: Place,
        to: Place,
        kind: FlightKind,
        arrives_at: Instant,
    ) -> Option<(Flight, Option<u64>)> {
        let (Place::Host(from), Place::Host(to)) = (from, to) else { return None };
        let id = self.s.net.next_flight;
        self.s.net.next_flight += 1;
        let flight = Flight { id, from, to, kind, sent_at: self.s.now, arrives_at };
        let record = self.record(Some(from), || What::Sent(flight.clone()));
        Some((flight, record))
    }

    fn lost(&mut self, flight: Option<(Flight, Option<u64>)>) {
        if let Some((flight, record)) = flight {
            let cause = core::mem::replace(&mut self.cause, record);
            self.record(Some(flight.to), || What::Lost { flight: flight.id });
            self.cause = cause;
        }
    }

    /// The parcel at the front of a lane has come to its end; false if it is not there any more.
    pub(super) fn arrive(&mut self, id: ConnId, lane: u8, parcel: u64) -> bool {
        let Some(conn) = self.s.net.conns.get_mut(&id) else { return false };
        let way = &mut conn.lanes[usize::from(lane)];
        // Behind others that wait for a stopped process, or at the front.
        let Some(place) = way.parcels.iter().position(|waiting| waiting.id == parcel) else {
            return false;
        };
        let to = conn.ends[usize::from(other(lane))].place;
        if let Place::Host(host) = to
            && self.s.hosts[usize::from(host.0)].frozen
        {
            // The kernel of a machine answers for a stopped process, and keeps what came for it.
            let opens = matches!(way.parcels[place].load, Load::Open);
            let answers = opens && !conn.accepted;
            conn.accepted |= opens;
            self.s.hosts[usize::from(host.0)].inbox.push(Held::Arrive { conn: id, lane, parcel });
            if answers {
                self.transmit(id, other(lane), Load::Opened, None);
            }
            return true;
        }
        if place != 0 {
            return false;
        }
        let Some(parcel) = way.parcels.pop_front() else { return false };
        match parcel.load {
            Load::Open => self.accept(id),
            Load::Opened => self.opened(id),
            Load::Frame(_) | Load::Bytes(_) => self.deliver(id, lane, parcel),
            Load::Close(why) => self.closed(id, usize::from(other(lane)), why),
        }
        true
    }

    fn accept(&mut self, id: ConnId) {
        let Some(conn) = self.s.net.conns.get_mut(&id) else { return };
        let Place::Host(at) = conn.ends[1].place else { return };
        let host = &mut self.s.hosts[usize::from(at.0)];
        if host.node.is_none() {
            self.transmit(id, 1, Load::Close(DownReason::Refused), None);
            return;
        }
        let answers = !core::mem::replace(&mut conn.accepted, true) || conn.ends[1].open;
        let fresh = !core::mem::replace(&mut conn.ends[1].open, true);
        let (carries, from) = (conn.carries, conn.ends[0].place);
        if fresh {
            let label = self.s.net.label();
            let link = LinkId::accepted(label);
            if let Some(conn) = self.s.net.conns.get_mut(&id) {
                conn.ends[1].label = if carries == Carries::Bus { link.0 } else { label };
            }
            match carries {
                Carries::Bus => host.accept_link(link, id),
                Carries::Replication | Carries::Migration | Carries::Commands => {
                    host.accept_client(ClientId(label), Some(id));
                }
            }
        }
        if answers {
            self.transmit(id, 1, Load::Opened, None);
        }
        if fresh {
            self.announce(at, id, from);
        }
    }

    fn opened(&mut self, id: ConnId) {
        let Some(conn) = self.s.net.conns.get_mut(&id) else { return };
        if core::mem::replace(&mut conn.connected, true) || !conn.ends[0].open {
            return;
        }
        let label = conn.ends[0].label;
        match conn.ends[0].place {
            Place::Host(host) => self.link_up(host, LinkId(label)),
            Place::App(app) => self.app_connected(app, id),
            Place::Nowhere => {}
        }
    }

    fn deliver(&mut self, id: ConnId, lane: u8, parcel: Parcel) {
        let Some(conn) = self.s.net.conns.get(&id) else { return };
        let end = &conn.ends[usize::from(other(lane))];
        if !end.open {
            let sender_open = conn.ends[usize::from(lane)].open;
            self.lost(parcel.flight);
            if sender_open {
                self.transmit(id, other(lane), Load::Close(DownReason::Reset), None);
            }
            return;
        }
        let (place, label, carries) = (end.place, end.label, conn.carries);
        match place {
            Place::Host(host) => {
                let arrived = self.land(host, parcel.flight);
                match parcel.load {
                    Load::Frame(frame) => self.frame(host, LinkId(label), &frame),
                    Load::Bytes(bytes) if lane == 0 => {
                        self.client_bytes(host, ClientId(label), &bytes);
                    }
                    Load::Bytes(bytes) => self.stream(host, LinkId(label), &bytes),
                    Load::Open | Load::Opened | Load::Close(_) => {}
                }
                self.landed(arrived);
            }
            Place::App(app) if carries == Carries::Commands => {
                if let Load::Bytes(bytes) = parcel.load {
                    self.app_bytes(app, id, &bytes);
                }
            }
            Place::App(_) | Place::Nowhere => {}
        }
    }

    /// One end learns that the connection is gone.
    fn closed(&mut self, id: ConnId, end: usize, why: DownReason) {
        let Some(conn) = self.s.net.conns.get_mut(&id) else { return };
        if !core::mem::replace(&mut conn.ends[end].open, false) {
            self.bury(id);
            return;
        }
        let (place, label) = (conn.ends[end].place, conn.ends[end].label);
        if why == DownReason::Refused || why == DownReason::Unreachable {
            conn.ends[1 - end].open = false;
        }
        let is_client = end == 1 && conn.carries != Carries::Bus;
        self.bury(id);
        match place {
            Place::Host(host) if is_client => self.client_gone(host, ClientId(label)),
            Place::Host(host) => self.link_down(host, LinkId(label), why),
            Place::App(app) => self.app_closed(app, id, why),
            Place::Nowhere => {}
        }
    }

    /// One end closes the connection by itself.
    pub(super) fn close(&mut self, id: ConnId, end: u8, why: DownReason) {
        let Some(conn) = self.s.net.conns.get_mut(&id) else { return };
        conn.ends[usize::from(end)].open = false;
        if conn.ends[usize::from(other(end))].open {
            self.transmit(id, end, Load::Close(why), None);
        }
        self.bury(id);
    }

    /// Forgets a connection that no end knows any more.
    fn bury(&mut self, id: ConnId) {
        let Some(conn) = self.s.net.conns.get(&id) else { return };
        if conn.ends.iter().any(|end| end.open) {
            return;
        }
        let Some(conn) = self.s.net.conns.remove(&id) else { return };
        for parcel in conn.lanes.into_iter().flat_map(|lane| lane.parcels) {
            self.lost(parcel.flight);
        }
    }

    /// After a cut or a wall: what is on its way into it is swallowed.
    pub(super) fn swallow(&mut self) {
        let net = &mut self.s.net;
        let mut swallowed = Vec::new();
        let ids: Vec<ConnId> = net.conns.keys().copied().collect();
        for id in ids {
            for lane in 0..2_usize {
                let Some(conn) = net.conns.get(&id) else { continue };
                let (from, to) = (conn.ends[lane].place, conn.ends[1 - lane].place);
                if net.passable(from, to) {
                    continue;
                }
                let now = self.s.now;
                let Some(conn) = net.conns.get_mut(&id) else { continue };
                let way = &mut conn.lanes[lane];
                // What has arrived and waits for a stopped process is not on its way any more.
                let there = way.parcels.iter().take_while(|p| p.arrives_at <= now).count();
                for parcel in way.parcels.drain(there..) {
                    way.broken |= !matches!(parcel.load, Load::Open | Load::Opened);
                    swallowed.push(parcel.flight);
                }
            }
        }
        for flight in swallowed {
            self.lost(flight);
        }
    }

    /// After a healing: connections that lost something are reset, and ends that could not be told
    /// that the other one closed are told now.
    pub(super) fn mend(&mut self) {
        let ids: Vec<ConnId> = self.s.net.conns.keys().copied().collect();
        for id in ids {
            let net = &self.s.net;
            let Some(conn) = net.conns.get(&id) else { continue };
            let (a, b) = (conn.ends[0].place, conn.ends[1].place);
            if !net.passable(a, b) || !net.passable(b, a) {
                continue;
            }
            let broken = conn.lanes.iter().any(|lane| lane.broken);
            let open = [conn.ends[0].open, conn.ends[1].open];
            for lane in 0..2_u8 {
                if broken && open[usize::from(other(lane))] {
                    self.transmit(id, lane, Load::Close(DownReason::Reset), None);
                }
            }
        }
    }
}
