//! What does an application see? Writes, reads back, redirections, errors, lost promises.
//!
//! An application sets `key:<k>` to ever higher numbers, one command at a time, and after each
//! acknowledged write reads another key back. It behaves like a common client library: it keeps a
//! slot map from `CLUSTER SLOTS`, follows `MOVED` and `ASK`, fetches the map again after a
//! redirection or an error, and closes a connection whose answer does not come in time. What it
//! was promised stands in its ledger.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::String,
    vec::Vec,
};

use super::{
    ClientEvent, ClientPlan, HostIdx, Ledger, What,
    check::{Loss, Witness},
    digest::Digest,
    net::{Carries, ConnId, Load, Place},
    queue::Event,
    turn::Turn,
};
use crate::{
    client::{
        Incomplete, Value, encode_command,
        router::{HOPS_MAX, SlotMap, redirection},
    },
    endpoint::Addr,
    io::DownReason,
    rng::Rng,
    slot::{Slot, key_slot},
    time::Instant,
};

/// When applications start: a restarted cluster serves after two seconds.
const START_MS: u64 = 3000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    /// `CLUSTER SLOTS`, then the write that was due.
    Map,
    Write {
        n: u64,
        key: u32,
    },
    Read {
        key: u32,
    },
}

/// The one command that waits for its answer.
#[derive(Clone, Debug)]
struct Waiting {
    request: u64,
    job: Job,
    host: HostIdx,
    hops: u8,
    asking: bool,
    sent: bool,
    /// Who answered, as it was when the answer left.
    by: Option<Witness>,
    unread: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Connection {
    id: ConnId,
    up: bool,
}

/// What was promised about a key.
#[derive(Clone, Copy, Debug)]
struct Promise {
    write: u64,
    acked_at: Instant,
    by: Witness,
}

/// One application.
#[derive(Clone, Debug)]
pub(super) struct App {
    plan: ClientPlan,
    rng: Rng,
    map: SlotMap,
    /// The map may be old: fetch it before the next write.
    stale: bool,
    conns: BTreeMap<HostIdx, Connection>,
    waiting: Option<Waiting>,
    next_request: u64,
    next_write: u64,
    /// Whom to ask for the map.
    seed_host: u16,
    promises: BTreeMap<u32, Promise>,
    /// Keys whose last write ended in an error, and whose part of the cluster has not answered
    /// since: while there are some, the outage goes on.
    out: BTreeSet<u32>,
    next_read: u32,
    pub ledger: Ledger,
    /// It writes no more; used to let a world come to rest.
    pub resting: bool,
}

impl App {
    pub(super) const fn new(plan: ClientPlan, rng: Rng) -> Self {
        Self {
            plan,
            rng,
            map: SlotMap::new(),
            stale: true,
            conns: BTreeMap::new(),
            waiting: None,
            next_request: 0,
            next_write: 0,
            seed_host: 0,
            promises: BTreeMap::new(),
            out: BTreeSet::new(),
            next_read: 0,
            ledger: Ledger::new(),
            resting: false,
        }
    }

    /// When the application `n` of a plan sends its first command.
    pub(super) const fn starts_at(n: u16) -> Instant {
        // Applications started together would otherwise knock in step.
        Instant::from_micros(START_MS * 1000 + n as u64 * 7919)
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        for number in [
            self.ledger.sent,
            self.ledger.acked,
            self.ledger.errors,
            self.ledger.lost,
            self.ledger.moved,
            self.next_request,
            self.next_write,
            u64::from(self.seed_host),
            u64::from(self.stale) << 1 | u64::from(self.resting),
        ] {
            digest.word(number);
        }
        for (first, last, owner) in self.map.ranges() {
            digest.word(
                u64::from(first.get()) << 32 | u64::from(last.get()) << 16 | u64::from(owner.port),
            );
        }
        for (key, promise) in &self.promises {
            digest.word(u64::from(*key));
            digest.word(promise.write);
        }
    }
}

fn key_name(key: u32) -> String {
    format!("key:{key}")
}

fn key_slot_of(key: u32) -> Slot {
    key_slot(key_name(key).as_bytes())
}

impl Turn<'_> {
    fn app(&mut self, app: u16) -> &mut App {
        &mut self.s.apps[usize::from(app)]
    }

    fn tell(&mut self, app: u16, event: impl FnOnce() -> ClientEvent) {
        self.record(None, || What::Client { client: app, event: event() });
    }

    fn host_at(&self, addr: Addr) -> Option<HostIdx> {
        match self.listener(addr, false) {
            Place::Host(host) => Some(host),
            Place::App(_) | Place::Nowhere => None,
        }
    }

    /// The next command is due.
    pub(super) fn app_tick(&mut self, app: u16) {
        let now = self.s.now;
        let this = self.app(app);
        let every = u64::from(this.plan.every_us.max(1));
        let (idle, stale, resting) = (this.waiting.is_none(), this.stale, this.resting);
        let next = Instant::from_micros(now.as_micros() + every);
        self.s.queue.push(next, Event::AppTick { app });
        if !idle || resting {
            return;
        }
        if stale {
            let seed = HostIdx(self.app(app).seed_host);
            self.app_start(app, Job::Map, seed, 0, false);
        } else {
            self.app_write(app);
        }
    }

    fn app_write(&mut self, app: u16) {
        let this = self.app(app);
        let key = this.rng.below(this.plan.keys.max(1));
        this.next_write += 1;
        this.ledger.sent += 1;
        let n = this.next_write;
        let slot = key_slot_of(key);
        let owner = this.map.owner(slot);
        let seed = HostIdx(this.seed_host);
        let host = owner.and_then(|addr| self.host_at(addr)).unwrap_or(seed);
        self.tell(app, || ClientEvent::Sent { write: n, slot, to: host });
        self.app_start(app, Job::Write { n, key }, host, 0, false);
    }

    /// Reads the next key that was promised something, if there is one.
    fn app_read(&mut self, app: u16) {
        let this = self.app(app);
        let from = this.next_read;
        let next = this.promises.range(from..).next().or_else(|| this.promises.iter().next());
        let Some((&key, _)) = next else { return };
        this.next_read = key + 1;
        let owner = this.map.owner(key_slot_of(key));
        if let Some(host) = owner.and_then(|addr| self.host_at(addr)) {
            self.app_start(app, Job::Read { key }, host, 0, false);
        }
    }

    fn app_start(&mut self, app: u16, job: Job, host: HostIdx, hops: u8, asking: bool) {
        let now = self.s.now;
        let this = self.app(app);
        this.next_request += 1;
        let request = this.next_request;
        let timeout = now.plus_ms(u64::from(this.plan.timeout_ms.max(1)));
        this.waiting = Some(Waiting {
            request,
            job,
            host,
            hops,
            asking,
            sent: false,
            by: None,
            unread: Vec::new(),
        });
        let known = this.conns.get(&host).copied();
        self.s.queue.push(timeout, Event::AppTimeout { app, request });
        match known {
            Some(conn) if conn.up => self.app_send(app, conn.id),
            Some(_) => {}
            None => {
                let to = Place::Host(host);
                let id = self.dial(Place::App(app), 0, to, Carries::Commands);
                self.app(app).conns.insert(host, Connection { id, up: false });
            }
        }
    }

    fn app_send(&mut self, app: u16, conn: ConnId) {
        let Some(waiting) = self.app(app).waiting.as_mut() else { return };
        waiting.sent = true;
        let mut bytes = if waiting.asking { encode_command(&["ASKING"]) } else { Vec::new() };
        bytes.extend(match waiting.job {
            Job::Map => encode_command(&["CLUSTER", "SLOTS"]),
            Job::Write { n, key } => encode_command(&["SET", &key_name(key), &format!("{n}")]),
            Job::Read { key } => encode_command(&["GET", &key_name(key)]),
        });
        self.s.trace.bytes(&bytes);
        self.transmit(conn, 0, Load::Bytes(bytes), None);
    }

    pub(super) fn app_connected(&mut self, app: u16, id: ConnId) {
        let this = self.app(app);
        let Some((host, conn)) = this.conns.iter_mut().find(|(_, conn)| conn.id == id) else {
            return;
        };
        conn.up = true;
        let host = *host;
        if this.waiting.as_ref().is_some_and(|waiting| waiting.host == host && !waiting.sent) {
            self.app_send(app, id);
        }
    }

    pub(super) fn app_closed(&mut self, app: u16, id: ConnId, why: DownReason) {
        let this = self.app(app);
        let Some(host) = this.conns.iter().find(|(_, conn)| conn.id == id).map(|(host, _)| *host)
        else {
            return;
        };
        this.conns.remove(&host);
        if this.waiting.as_ref().is_some_and(|waiting| waiting.host == host) {
            let port = self.s.hosts[usize::from(host.0)].port;
            let what = match why {
                DownReason::Refused => "Connection refused",
                DownReason::Unreachable => "No route to host",
                DownReason::Closed
                | DownReason::Reset
                | DownReason::Garbage
                | DownReason::Overflow { .. } => "Connection reset by peer",
            };
            self.app_failed(app, format!("127.0.0.1:{port}: {what}"));
        }
    }

    pub(super) fn app_timeout(&mut self, app: u16, request: u64) -> bool {
        let this = self.app(app);
        let Some(waiting) = this.waiting.as_ref().filter(|w| w.request == request) else {
            return false;
        };
        // A late answer must not be taken for that of the next command.
        let host = waiting.host;
        let timeout = this.plan.timeout_ms;
        if let Some(conn) = this.conns.remove(&host) {
            self.close(conn.id, 0, DownReason::Closed);
        }
        let port = self.s.hosts[usize::from(host.0)].port;
        self.app_failed(app, format!("127.0.0.1:{port}: no answer within {timeout} ms"));
        true
    }

    /// An answer leaves a machine. What it promises, the machine promises as what it is now, even
    /// if it has stepped down when the answer arrives.
    pub(super) fn app_is_answered(&mut self, host: HostIdx, id: ConnId) {
        let by = self.witness(host);
        let Some(Place::App(app)) = self.s.net.conns.get(&id).map(|conn| conn.ends[0].place) else {
            return;
        };
        let this = self.app(app);
        if let Some(waiting) = &mut this.waiting
            && this.conns.get(&waiting.host).is_some_and(|conn| conn.id == id)
        {
            waiting.by = Some(by);
        }
    }

    pub(super) fn app_bytes(&mut self, app: u16, id: ConnId, bytes: &[u8]) {
        self.s.trace.bytes(bytes);
        let this = self.app(app);
        let Some(waiting) = this.waiting.as_mut() else { return };
        if this.conns.get(&waiting.host).is_none_or(|conn| conn.id != id) || !waiting.sent {
            return;
        }
        waiting.unread.extend_from_slice(bytes);
        loop {
            match Value::parse(&waiting.unread) {
                Ok((_, used)) if waiting.asking => {
                    waiting.asking = false;
                    waiting.unread.drain(..used);
                }
                Ok((value, _)) => return self.app_answer(app, &value),
                Err(Incomplete::More) => return,
                Err(Incomplete::Broken) => {
                    return self.app_failed(app, "the answer is not RESP".into());
                }
            }
        }
    }

    fn app_answer(&mut self, app: u16, value: &Value) {
        let now = self.s.now;
        let Some(waiting) = self.app(app).waiting.take() else { return };
        let port = self.s.hosts[usize::from(waiting.host.0)].port;
        let from = Addr { ip: super::host::IP, port };
        if let Some(to) = redirection(value, from) {
            return self.app_redirected(app, &waiting, to, value);
        }
        if let Some(text) = value.as_error() {
            let text = text.into();
            self.app(app).waiting = Some(waiting);
            return self.app_failed(app, text);
        }
        match waiting.job {
            Job::Map => {
                if let Some(map) = SlotMap::from_reply(value, from) {
                    self.app_map(app, map);
                }
                self.app_write(app);
            }
            Job::Write { n, key } => {
                let by = waiting.by.unwrap_or_else(|| self.witness(waiting.host));
                let this = self.app(app);
                this.ledger.acked += 1;
                this.ledger.failing = false;
                let App { out, map, ledger, .. } = this;
                out.retain(|k| *k != key && map.owner(key_slot_of(*k)) != Some(from));
                if let (true, Some((_, end @ None))) = (out.is_empty(), &mut ledger.outage) {
                    *end = Some(now);
                }
                this.promises.insert(key, Promise { write: n, acked_at: now, by });
                self.tell(app, || ClientEvent::Acked { write: n });
                self.app_read(app);
            }
            Job::Read { key } => {
                let by = waiting.by.unwrap_or_else(|| self.witness(waiting.host));
                let this = self.app(app);
                let found = value.as_str().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
                if let Some(promise) = this.promises.get(&key).copied()
                    && found < promise.write
                {
                    this.promises.remove(&key);
                    this.ledger.lost += 1;
                    let (write, acked_at) = (promise.write, promise.acked_at);
                    self.tell(app, || ClientEvent::LostWrite { write, acked_at });
                    let slot = key_slot_of(key);
                    let (promised, found) = (promise.by, by);
                    self.explain_loss(&Loss { write, acked_at, slot, promised, found });
                }
            }
        }
    }

    fn app_map(&mut self, app: u16, map: SlotMap) {
        let seen: Vec<(Slot, Slot, HostIdx)> = map
            .ranges()
            .iter()
            .filter_map(|(first, last, owner)| Some((*first, *last, self.host_at(*owner)?)))
            .collect();
        let this = self.app(app);
        this.map = map;
        this.stale = false;
        if this.ledger.map != seen {
            this.ledger.map.clone_from(&seen);
            self.tell(app, || ClientEvent::MapLoaded(seen));
        }
    }

    fn app_redirected(
        &mut self,
        app: u16,
        waiting: &Waiting,
        to: crate::client::router::Redirect,
        value: &Value,
    ) {
        let target = self.host_at(to.to).filter(|_| waiting.hops < HOPS_MAX);
        let this = self.app(app);
        this.stale |= !to.asking;
        let Some(host) = target else {
            this.waiting = Some(waiting.clone());
            return self.app_failed(app, value.as_error().unwrap_or_default().into());
        };
        this.ledger.moved += 1;
        if !to.asking {
            this.map.correct(to.slot, to.to);
            // Who knew better may know the rest, too.
            this.seed_host = host.0;
        }
        if let Job::Write { n, .. } = waiting.job {
            self.tell(app, || ClientEvent::Moved { write: n, to: host });
        }
        self.app_start(app, waiting.job, host, waiting.hops + 1, to.asking);
    }

    /// The command in hand ended in an error.
    fn app_failed(&mut self, app: u16, text: String) {
        let now = self.s.now;
        let hosts = u16::try_from(self.s.hosts.len()).unwrap_or(u16::MAX).max(1);
        let this = self.app(app);
        let Some(waiting) = this.waiting.take() else { return };
        this.stale = true;
        match waiting.job {
            Job::Map => {
                // This one does not know; the next one may. The write goes where the old map says.
                this.seed_host = (waiting.host.0 + 1) % hosts;
                self.app_write(app);
            }
            Job::Write { n, key } => {
                if waiting.host.0 == this.seed_host {
                    this.seed_host = (waiting.host.0 + 1) % hosts;
                }
                this.ledger.errors += 1;
                this.ledger.failing = true;
                this.out.insert(key);
                let goes_on = this.ledger.outage.filter(|(_, end)| end.is_none());
                this.ledger.outage = Some(goes_on.unwrap_or((now, None)));
                this.ledger.last_error = Some(text.clone());
                self.tell(app, || ClientEvent::Error { write: n, text });
            }
            // Nobody waits for a read; the key's turn comes again.
            Job::Read { .. } => {}
        }
    }
}
