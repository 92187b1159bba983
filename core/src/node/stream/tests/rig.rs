//! A few servers outside of a cluster, with bytes passed by hand: in pieces, and as late as a test
//! wants.

use core::net::{IpAddr, Ipv4Addr};

use alloc::{
    collections::{BTreeMap, VecDeque},
    string::{String, ToString as _},
    vec::Vec,
};

use crate::{
    command::Outcome,
    config::Config,
    endpoint::Addr,
    id::{ClientId, LinkId},
    io::{DownReason, Effect, Exit, Input, Outbox},
    node::{MasterLink, Node},
    resp::{Limits, Parser, ReplyBuf},
    rng::Seed,
    time::{Instant, Now, UnixMillis},
};

/// A few servers outside of a cluster, numbered from 0, on ports 7000 and up.
pub(super) struct Rig {
    pub nodes: Vec<Node>,
    now: Now,
    out: Outbox,
    /// Connected links: who dialled, whom, as which client there.
    links: BTreeMap<(usize, LinkId), (usize, ClientId)>,
    /// What a master received and has not parsed yet.
    inbox: BTreeMap<(usize, ClientId), Vec<u8>>,
    /// Effects to carry out, in order.
    work: VecDeque<(usize, Effect)>,
    /// Late answers to clients that are no link.
    pub answers: Vec<(usize, ClientId, Vec<u8>)>,
    /// Servers that ended.
    pub exits: Vec<(usize, Exit)>,
    log: Vec<(usize, String)>,
    next_client: u64,
    /// Bytes arrive in pieces of so many.
    pub piece: usize,
    /// Snapshots stay where they are until [`Rig::send`].
    pub holds: bool,
    /// Those that do: from whom, to which client there, and what.
    held: VecDeque<(usize, ClientId, Vec<u8>)>,
    /// Servers that nobody reaches, and that say nothing.
    pub dead: Vec<usize>,
}

const START: u64 = 1_700_000_000_000;

impl Rig {
    pub fn new(servers: usize) -> Self {
        let mut rig = Self {
            nodes: Vec::new(),
            now: Now { mono: Instant::from_millis(1000), wall: UnixMillis(START) },
            out: Outbox::new(),
            links: BTreeMap::new(),
            inbox: BTreeMap::new(),
            work: VecDeque::new(),
            answers: Vec::new(),
            exits: Vec::new(),
            holds: false,
            held: VecDeque::new(),
            log: Vec::new(),
            next_client: 1,
            piece: usize::MAX,
            dead: Vec::new(),
        };
        for n in 0..servers {
            let port = 7000 + u16::try_from(n).unwrap();
            let config = Config { port, ..Config::default() };
            let seed = Seed::from_u64(port.into());
            rig.nodes.push(Node::new(config, seed, rig.now, &mut rig.out));
        }
        rig
    }

    pub fn say(&mut self, at: usize, words: &[&str]) -> Vec<u8> {
        self.say_as(at, ClientId(0), words).0
    }

    pub fn say_as(&mut self, at: usize, client: ClientId, words: &[&str]) -> (Vec<u8>, Outcome) {
        let args: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        let mut reply = ReplyBuf::new();
        let outcome = self.nodes[at].execute(self.now, client, &args, &mut reply, &mut self.out);
        self.nodes[at].settle(self.now, &mut self.out);
        self.carry_out(at);
        (reply.take(), outcome)
    }

    pub fn input(&mut self, at: usize, input: Input<'_>) {
        self.nodes[at].handle(self.now, input, &mut self.out);
        let effects: Vec<Effect> = self.out.drain().collect();
        self.work.extend(effects.into_iter().map(|effect| (at, effect)));
    }

    pub fn carry_out(&mut self, at: usize) {
        assert_eq!(self.nodes[at].check(), Ok(()));
        let effects: Vec<Effect> = self.out.drain().collect();
        self.work.extend(effects.into_iter().map(|effect| (at, effect)));
        while let Some((at, effect)) = self.work.pop_front() {
            if !self.dead.contains(&at) {
                self.effect(at, effect);
            }
        }
    }

    fn effect(&mut self, at: usize, effect: Effect) {
        match effect {
            Effect::Dial { link, to, .. } => {
                let target = usize::from(to.port - 7000);
                if target >= self.nodes.len() || self.dead.contains(&target) {
                    self.input(at, Input::LinkDown { link, why: DownReason::Refused });
                    return;
                }
                let client = ClientId(self.next_client);
                self.next_client += 1;
                self.links.insert((at, link), (target, client));
                let remote = Some(Addr { ip: LOCAL, port: 50_000 });
                self.input(target, Input::ClientUp { client, remote, local: None });
                self.input(at, Input::LinkUp { link, local: LOCAL });
            }
            Effect::Stream { link, bytes } => {
                if let Some((target, client)) = self.links.get(&(at, link)).copied() {
                    self.serve(target, client, &bytes);
                }
            }
            Effect::Hangup { link, .. } => {
                if let Some((target, client)) = self.links.remove(&(at, link)) {
                    self.input(target, Input::ClientGone { client });
                }
            }
            Effect::Reply { client, bytes } => self.deliver(at, client, &bytes),
            Effect::Snapshot { client, head, dataset, framing } => {
                self.held.push_back((at, client, dataset.framed(head, &framing)));
                if !self.holds {
                    self.send(usize::MAX);
                }
            }
            Effect::CloseClient { client } => {
                if let Some((from, link)) = self.link_of(at, client) {
                    self.links.remove(&(from, link));
                    self.input(from, Input::LinkDown { link, why: DownReason::Closed });
                }
            }
            Effect::Log { line, .. } => self.log.push((at, line)),
            Effect::Persist { .. }
            | Effect::DialHost { .. }
            | Effect::Append { .. }
            | Effect::SaveRdb { .. }
            | Effect::RewriteAof { .. }
            | Effect::CancelJob { .. }
            | Effect::CloseAof
            | Effect::Reload { .. }
            | Effect::RewriteConfig { .. }
            | Effect::Resume { .. }
            | Effect::Push { .. }
            | Effect::Send { .. }
            | Effect::Notice(_) => {}
            Effect::Exit(exit) => self.exits.push((at, exit)),
        }
    }

    fn link_of(&self, at: usize, client: ClientId) -> Option<(usize, LinkId)> {
        self.links.iter().find(|(_, end)| **end == (at, client)).map(|(key, _)| *key)
    }

    fn deliver(&mut self, at: usize, client: ClientId, bytes: &[u8]) {
        let Some((from, link)) = self.link_of(at, client) else {
            self.answers.push((at, client, bytes.to_vec()));
            return;
        };
        for piece in bytes.chunks(self.piece) {
            if self.links.contains_key(&(from, link)) && !self.dead.contains(&from) {
                self.input(from, Input::Stream { link, bytes: piece });
            }
        }
    }

    /// Sends so many bytes of the snapshot that waits longest, and says when that is all.
    pub fn send(&mut self, bytes: usize) {
        let Some((at, client, mut rest)) = self.held.pop_front() else { return };
        let later = rest.split_off(bytes.min(rest.len()));
        self.deliver(at, client, &rest);
        if later.is_empty() {
            self.input(at, Input::SnapshotSent { client });
        } else {
            self.held.push_front((at, client, later));
        }
    }

    /// What a driver does with the bytes of a client.
    fn serve(&mut self, at: usize, client: ClientId, bytes: &[u8]) {
        if self.dead.contains(&at) {
            return;
        }
        let mut inbox = self.inbox.remove(&(at, client)).unwrap_or_default();
        inbox.extend_from_slice(bytes);
        let mut done = 0;
        let mut reply = ReplyBuf::new();
        while let Some(parsed) = Parser::new(Limits::DEFAULT).next(&inbox[done..]).unwrap() {
            let args = parsed.args();
            if !args.is_empty() {
                self.nodes[at].execute(self.now, client, &args, &mut reply, &mut self.out);
            }
            done += parsed.consumed;
        }
        inbox.drain(..done);
        self.inbox.insert((at, client), inbox);
        self.nodes[at].settle(self.now, &mut self.out);
        let reply = reply.take();
        if !reply.is_empty() {
            self.deliver(at, client, &reply);
        }
        let effects: Vec<Effect> = self.out.drain().collect();
        self.work.extend(effects.into_iter().map(|effect| (at, effect)));
    }

    /// Time passes, 100 ms a step, everybody awake.
    pub fn wait_ms(&mut self, ms: u64) {
        for _ in 0..ms / 100 {
            self.now.mono = self.now.mono.plus_ms(100);
            self.now.wall.0 += 100;
            for at in 0..self.nodes.len() {
                if !self.dead.contains(&at) {
                    self.input(at, Input::Wake);
                    self.carry_out(at);
                }
            }
        }
    }

    /// Breaks all links to and from a server, as a cable does.
    pub fn cut(&mut self, at: usize) {
        let broken: Vec<_> = self.links.iter().map(|(a, b)| (*a, *b)).collect();
        for ((from, link), (target, client)) in broken {
            if from == at || target == at {
                self.links.remove(&(from, link));
                self.inbox.remove(&(target, client));
                if !self.dead.contains(&target) {
                    self.input(target, Input::ClientGone { client });
                }
                if !self.dead.contains(&from) {
                    self.input(from, Input::LinkDown { link, why: DownReason::Reset });
                }
            }
        }
        self.carry_out(at);
    }

    pub fn kill(&mut self, at: usize) {
        self.dead.push(at);
        self.cut(at);
    }

    pub fn follow(&mut self, at: usize, master: usize) {
        let port = (7000 + master).to_string();
        assert_eq!(self.say(at, &["REPLICAOF", "127.0.0.1", &port]), b"+OK\r\n");
    }

    pub fn get(&mut self, at: usize, key: &str) -> String {
        let reply = String::from_utf8(self.say(at, &["GET", key])).unwrap();
        reply.split("\r\n").nth(1).unwrap_or("").into()
    }

    pub fn offset(&self, at: usize) -> u64 {
        self.nodes[at].snapshot(self.now).repl.offset
    }

    pub fn link(&self, at: usize) -> MasterLink {
        self.nodes[at].snapshot(self.now).repl.link
    }

    /// Takes the log of one server.
    pub fn take_log(&mut self, at: usize) -> Vec<String> {
        let (mine, rest) =
            core::mem::take(&mut self.log).into_iter().partition(|(node, _)| *node == at);
        self.log = rest;
        mine.into_iter().map(|(_, line)| line).collect()
    }

    /// The line of INFO replication that starts so.
    pub fn info(&mut self, at: usize, name: &str) -> String {
        let config = self.nodes[at].config().clone();
        let text = self.nodes[at].b.repl.info(&config, self.now);
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or("(none)").into()
    }

    pub fn assert_same(&self, a: usize, b: usize) {
        assert_eq!(self.offset(a), self.offset(b), "offsets of {a} and {b}");
        assert_eq!(self.nodes[a].dataset_digest(), self.nodes[b].dataset_digest(), "{a} and {b}");
    }
}

pub(super) const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
