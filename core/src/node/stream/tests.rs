//! Nodes that replicate, with bytes passed by hand: in pieces, and as late as a test wants.

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
    io::{DownReason, Effect, Input, Outbox},
    node::{MasterLink, Node},
    resp::{Limits, Parser, ReplyBuf},
    rng::Seed,
    time::{Instant, Now, UnixMillis},
};

/// A few servers outside of a cluster, numbered from 0, on ports 7000 and up.
struct Rig {
    nodes: Vec<Node>,
    now: Now,
    out: Outbox,
    /// Connected links: who dialled, whom, as which client there.
    links: BTreeMap<(usize, LinkId), (usize, ClientId)>,
    /// What a master received and has not parsed yet.
    inbox: BTreeMap<(usize, ClientId), Vec<u8>>,
    /// Effects to carry out, in order.
    work: VecDeque<(usize, Effect)>,
    /// Late answers to clients that are no link.
    answers: Vec<(usize, ClientId, Vec<u8>)>,
    log: Vec<(usize, String)>,
    next_client: u64,
    /// Bytes arrive in pieces of so many.
    piece: usize,
    /// Servers that nobody reaches, and that say nothing.
    dead: Vec<usize>,
}

const START: u64 = 1_700_000_000_000;

impl Rig {
    fn new(servers: usize) -> Self {
        let mut rig = Self {
            nodes: Vec::new(),
            now: Now { mono: Instant::from_millis(1000), wall: UnixMillis(START) },
            out: Outbox::new(),
            links: BTreeMap::new(),
            inbox: BTreeMap::new(),
            work: VecDeque::new(),
            answers: Vec::new(),
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

    fn say(&mut self, at: usize, words: &[&str]) -> Vec<u8> {
        self.say_as(at, ClientId(0), words).0
    }

    fn say_as(&mut self, at: usize, client: ClientId, words: &[&str]) -> (Vec<u8>, Outcome) {
        let args: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        let mut reply = ReplyBuf::new();
        let outcome = self.nodes[at].execute(self.now, client, &args, &mut reply, &mut self.out);
        self.nodes[at].settle(self.now, &mut self.out);
        self.carry_out(at);
        (reply.take(), outcome)
    }

    fn input(&mut self, at: usize, input: Input<'_>) {
        self.nodes[at].handle(self.now, input, &mut self.out);
        let effects: Vec<Effect> = self.out.drain().collect();
        self.work.extend(effects.into_iter().map(|effect| (at, effect)));
    }

    fn carry_out(&mut self, at: usize) {
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
            Effect::CloseClient { client } => {
                if let Some((from, link)) = self.link_of(at, client) {
                    self.links.remove(&(from, link));
                    self.input(from, Input::LinkDown { link, why: DownReason::Closed });
                }
            }
            Effect::Log { line, .. } => self.log.push((at, line)),
            Effect::Persist(_) | Effect::Send { .. } | Effect::Notice(_) | Effect::Exit(_) => {}
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
    fn wait_ms(&mut self, ms: u64) {
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
    fn cut(&mut self, at: usize) {
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

    fn kill(&mut self, at: usize) {
        self.dead.push(at);
        self.cut(at);
    }

    fn follow(&mut self, at: usize, master: usize) {
        let port = (7000 + master).to_string();
        assert_eq!(self.say(at, &["REPLICAOF", "127.0.0.1", &port]), b"+OK\r\n");
    }

    fn get(&mut self, at: usize, key: &str) -> String {
        let reply = String::from_utf8(self.say(at, &["GET", key])).unwrap();
        reply.split("\r\n").nth(1).unwrap_or("").into()
    }

    fn offset(&self, at: usize) -> u64 {
        self.nodes[at].snapshot(self.now).repl.offset
    }

    fn link(&self, at: usize) -> MasterLink {
        self.nodes[at].snapshot(self.now).repl.link
    }

    /// Takes the log of one server.
    fn take_log(&mut self, at: usize) -> Vec<String> {
        let (mine, rest) =
            core::mem::take(&mut self.log).into_iter().partition(|(node, _)| *node == at);
        self.log = rest;
        mine.into_iter().map(|(_, line)| line).collect()
    }

    /// The line of INFO replication that starts so.
    fn info(&mut self, at: usize, name: &str) -> String {
        let config = self.nodes[at].config().clone();
        let text = self.nodes[at].b.repl.info(&config, self.now);
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or("(none)").into()
    }

    fn assert_same(&self, a: usize, b: usize) {
        assert_eq!(self.offset(a), self.offset(b), "offsets of {a} and {b}");
        assert_eq!(self.nodes[a].dataset_digest(), self.nodes[b].dataset_digest(), "{a} and {b}");
    }
}

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[test]
fn a_blank_replica_gets_everything_and_then_the_stream() {
    for piece in [usize::MAX, 1, 7] {
        let mut rig = Rig::new(2);
        rig.piece = piece;
        rig.say(0, &["SET", "a", "1"]);
        rig.say(0, &["SET", "e", "x", "PX", "500"]);
        assert_eq!(rig.offset(0), 0, "no replica ever came: nothing is counted");
        rig.follow(1, 0);
        assert_eq!(rig.link(1), MasterLink::Up);
        assert_eq!((rig.get(1, "a"), rig.get(1, "e")), ("1".into(), "x".into()));
        rig.assert_same(0, 1);

        rig.say(0, &["SET", "b", "2"]);
        rig.say(0, &["DEL", "a"]);
        assert_eq!((rig.get(1, "b"), rig.get(1, "a")), ("2".into(), "".into()));
        assert!(rig.offset(0) > 23);
        rig.assert_same(0, 1);

        // A key that expires is hidden on the replica and deleted by the master's word.
        rig.wait_ms(15_000);
        assert_eq!(rig.get(1, "e"), "");
        rig.assert_same(0, 1);
        assert_eq!(
            rig.info(0, "slave0"),
            alloc::format!("ip=127.0.0.1,port=7001,state=online,offset={},lag=0", rig.offset(0))
        );
        assert_eq!(rig.info(1, "master_link_status"), "up");

        assert_eq!(rig.say(1, &["SET", "a", "2"])[0], b'-', "a replica refuses writes");
    }
}

#[test]
fn the_log_tells_the_story_in_the_words_of_redis() {
    let mut rig = Rig::new(2);
    rig.say(0, &["SET", "a", "1"]);
    let (own, foreign) = (rig.info(1, "master_replid"), rig.info(0, "master_replid"));
    rig.take_log(0);
    rig.take_log(1);
    rig.follow(1, 0);
    let new = rig.info(0, "master_replid");
    assert_ne!(new, foreign, "the first replica starts a new history");
    let master = [
        "Replica 127.0.0.1:7001 asks for synchronization".into(),
        alloc::format!(
            "Partial resynchronization not accepted: Replication ID mismatch (Replica asked for \
             '{own}', my replication IDs are '{foreign}' and '{}')",
            "0".repeat(40)
        ),
        alloc::format!(
            "Replication backlog created, my new replication IDs are '{new}' and '{}'",
            "0".repeat(40)
        ),
        "Starting BGSAVE for SYNC with target: disk".into(),
        "Synchronization with replica 127.0.0.1:7001 succeeded".into(),
    ];
    assert_eq!(rig.take_log(0), master);
    let log = rig.take_log(1);
    let replica = [
        "Before turning into a replica, using my own master parameters to synthesize a cached \
         master: I may be able to synchronize with the new master with just a partial transfer.",
        "Connecting to MASTER 127.0.0.1:7000",
        "MASTER <-> REPLICA sync started",
        "REPLICAOF 127.0.0.1:7000 enabled (user request)",
        "Non blocking connect for SYNC fired the event.",
        "Master replied to PING, replication can continue...",
        &alloc::format!("Trying a partial resynchronization (request {own}:1)."),
        &alloc::format!("Full resync from master: {new}:0"),
        &log[8],
        "Discarding previously cached master state.",
        "MASTER <-> REPLICA sync: Flushing old data",
        "MASTER <-> REPLICA sync: Loading DB in memory",
        "Loading RDB produced by version 7.0.15",
        "RDB age 0 seconds",
        "RDB memory usage when created 0.00 Mb",
        "Done loading RDB, keys loaded: 1, keys expired: 0.",
        "MASTER <-> REPLICA sync: Finished with success",
    ];
    assert_eq!(log, replica);
    assert!(log[8].starts_with("MASTER <-> REPLICA sync: receiving "), "{}", log[8]);
    assert!(log[8].ends_with(" bytes from master to disk"), "{}", log[8]);

    rig.kill(0);
    let log = rig.take_log(1);
    assert_eq!(
        log,
        [
            "Connection with master lost.",
            "Caching the disconnected master state.",
            "Reconnecting to MASTER 127.0.0.1:7000",
            "MASTER <-> REPLICA sync started",
            "Error condition on socket for SYNC: Connection refused",
        ]
    );
}

#[test]
fn a_short_break_costs_only_what_was_missed() {
    let mut rig = Rig::new(2);
    rig.follow(1, 0);
    rig.say(0, &["SET", "a", "1"]);
    rig.take_log(0);
    // The replica is away while two writes happen.
    rig.dead.push(1);
    rig.cut(1);
    rig.say(0, &["SET", "b", "2"]);
    rig.say(0, &["SET", "a", "3"]);
    let behind = rig.offset(0) - rig.offset(1);
    assert_eq!(behind, 54, "two commands of 27 bytes");
    rig.dead.clear();
    let link = rig.nodes[1].b.repl.upstream.as_ref().unwrap().link.unwrap();
    rig.input(1, Input::LinkDown { link, why: DownReason::Reset });
    rig.carry_out(1);
    assert_eq!((rig.get(1, "a"), rig.get(1, "b")), ("3".into(), "2".into()));
    rig.assert_same(0, 1);
    let accepted = "accepted. Sending 54 bytes of backlog starting from offset";
    assert!(rig.take_log(0).iter().any(|line| line.contains(accepted)));
    let stats = rig.nodes[0].b.stats;
    assert_eq!((stats.sync_full, stats.sync_partial_ok), (1, 1));
}

#[test]
fn a_gap_beyond_the_backlog_costs_a_full_resync() {
    let mut rig = Rig::new(2);
    rig.nodes[0].b.config.repl_backlog_size = 16 << 10;
    rig.follow(1, 0);
    rig.dead.push(1);
    rig.cut(1);
    for n in 0..20 {
        rig.say(0, &["SET", &alloc::format!("k{n}"), &"x".repeat(1000)]);
    }
    rig.dead.clear();
    rig.take_log(0);
    let link = rig.nodes[1].b.repl.upstream.as_ref().unwrap().link.unwrap();
    rig.input(1, Input::LinkDown { link, why: DownReason::Reset });
    rig.carry_out(1);
    rig.assert_same(0, 1);
    assert!(rig.take_log(0)[1].contains("for lack of backlog (Replica request was: 1)."));
    assert_eq!(rig.nodes[0].b.stats.sync_full, 2);
}

/// The story of a failover: the promoted replica's peer and the old master go on without loading
/// everything again.
#[test]
fn after_a_promotion_peers_go_on_by_the_second_id() {
    let mut rig = Rig::new(3);
    rig.follow(1, 0);
    rig.follow(2, 0);
    rig.say(0, &["SET", "a", "1"]);
    rig.assert_same(0, 2);
    let old = rig.info(0, "master_replid");
    rig.kill(0);
    rig.say(1, &["REPLICAOF", "NO", "ONE"]);
    assert_eq!(rig.info(1, "master_replid2"), old);
    assert_eq!(rig.info(1, "second_repl_offset"), (rig.offset(1) + 1).to_string());
    rig.say(1, &["SET", "b", "2"]);
    rig.take_log(2);
    rig.follow(2, 1);
    assert_eq!(rig.get(2, "b"), "2");
    rig.assert_same(1, 2);
    assert_eq!(rig.info(2, "master_replid"), rig.info(1, "master_replid"));
    assert_eq!(rig.info(2, "master_replid2"), old);
    let log = rig.take_log(2);
    assert!(log.iter().any(|line| line.starts_with("Master replication ID changed to ")));
    assert_eq!(rig.nodes[1].b.stats.sync_full, 0);

    // The old master comes back with nothing written since: it is the same history.
    rig.dead.clear();
    rig.follow(0, 1);
    assert_eq!(rig.get(0, "b"), "2");
    rig.assert_same(0, 1);
    assert_eq!(rig.nodes[1].b.stats.sync_full, 0);
}

/// A master that slept, because nobody was there, wakes for whoever comes.
#[test]
fn a_lonely_master_pings_again_when_a_replica_comes() {
    let mut rig = Rig::new(3);
    rig.follow(1, 0);
    rig.kill(0);
    rig.say(1, &["REPLICAOF", "NO", "ONE"]);
    rig.wait_ms(5000);
    rig.follow(2, 1);
    let before = rig.offset(1);
    rig.wait_ms(10_900);
    assert_eq!(rig.offset(1), before + 14, "one PING");
    rig.assert_same(1, 2);
    let reached = rig.nodes[1].b.repl.replicas.iter().next().unwrap().acked;
    assert_eq!(reached, before + 14);
}

/// After an hour alone the backlog goes, and nobody may go on by the history that it belonged to.
#[test]
fn a_lonely_backlog_is_freed() {
    let mut rig = Rig::new(2);
    rig.nodes[0].b.config.repl_backlog_ttl_s = 30;
    rig.follow(1, 0);
    let id = rig.info(0, "master_replid");
    rig.kill(1);
    rig.wait_ms(29_000);
    assert_eq!(rig.info(0, "repl_backlog_active"), "1");
    rig.take_log(0);
    rig.wait_ms(2000);
    let line = "Replication backlog freed after 30 seconds without connected replicas.";
    assert_eq!(rig.take_log(0), [line]);
    assert_ne!(rig.info(0, "master_replid"), id);
    rig.say(0, &["SET", "uncounted", "1"]);
    rig.dead.clear();
    rig.wait_ms(2000);
    let link = rig.nodes[1].b.repl.upstream.as_ref().unwrap().link;
    if let Some(link) = link {
        rig.input(1, Input::LinkDown { link, why: DownReason::Reset });
        rig.carry_out(1);
    }
    rig.wait_ms(1000);
    assert_eq!(rig.get(1, "uncounted"), "1");
    rig.assert_same(0, 1);
    assert_eq!(rig.nodes[0].b.stats.sync_full, 2);
}

#[test]
fn an_old_master_that_wrote_on_alone_loses_that() {
    let mut rig = Rig::new(2);
    rig.follow(1, 0);
    rig.say(0, &["SET", "a", "1"]);
    rig.dead.push(1);
    rig.cut(1);
    rig.say(0, &["SET", "lost", "1"]);
    rig.dead.clear();
    rig.say(1, &["REPLICAOF", "NO", "ONE"]);
    rig.say(1, &["SET", "kept", "1"]);
    rig.follow(0, 1);
    assert_eq!((rig.get(0, "lost"), rig.get(0, "kept")), ("".into(), "1".into()));
    rig.assert_same(0, 1);
    assert_eq!(rig.nodes[1].b.stats.sync_full, 1);
}

#[test]
fn a_replica_of_a_replica_gets_the_same_bytes() {
    let mut rig = Rig::new(3);
    rig.piece = 5;
    // It has to wait until its own master is in step.
    rig.say(0, &["SET", "a", "1"]);
    rig.dead.push(0);
    rig.follow(1, 0);
    rig.follow(2, 1);
    let waits = "Master is currently unable to PSYNC but should be in the future: -NOMASTERLINK";
    assert!(rig.take_log(2).iter().any(|line| line.starts_with(waits)));
    rig.dead.clear();
    rig.wait_ms(3000);
    rig.assert_same(1, 2);
    rig.say(0, &["SET", "b", "2"]);
    rig.wait_ms(12_000);
    assert_eq!(rig.get(2, "b"), "2");
    rig.assert_same(0, 1);
    rig.assert_same(0, 2);
    assert_eq!(rig.info(2, "master_replid"), rig.info(0, "master_replid"));

    // Its master is promoted: it follows into the new history by itself, without a full resync.
    rig.kill(0);
    rig.say(1, &["REPLICAOF", "NO", "ONE"]);
    rig.say(1, &["SET", "c", "3"]);
    rig.wait_ms(2000);
    assert_eq!(rig.get(2, "c"), "3");
    rig.assert_same(1, 2);
    assert_eq!(rig.nodes[1].b.stats.sync_full, 1);
}

#[test]
fn wait_blocks_until_acknowledged_or_late() {
    let mut rig = Rig::new(2);
    let client = ClientId(900);
    assert_eq!(rig.say_as(0, client, &["WAIT", "0", "0"]).0, b":0\r\n");
    rig.follow(1, 0);
    rig.wait_ms(1000);
    // A client that wrote nothing has nothing to wait for.
    assert_eq!(rig.say_as(0, client, &["WAIT", "1", "0"]).0, b":1\r\n");
    rig.say_as(0, client, &["SET", "a", "1"]);
    let (reply, outcome) = rig.say_as(0, client, &["WAIT", "1", "0"]);
    // The rig delivers at once: GETACK went out, was answered, and the answer counts.
    assert_eq!((reply.len(), outcome), (0, Outcome::Silent));
    assert_eq!(rig.answers, [(0, client, b":1\r\n".to_vec())]);
    rig.answers.clear();

    rig.say_as(0, client, &["SET", "a", "2"]);
    rig.say_as(0, client, &["WAIT", "2", "500"]);
    assert!(rig.answers.is_empty());
    rig.wait_ms(400);
    assert!(rig.answers.is_empty());
    rig.wait_ms(100);
    assert_eq!(rig.answers, [(0, client, b":1\r\n".to_vec())]);
    rig.assert_same(0, 1);
    assert_eq!(rig.say(1, &["WAIT", "1", "0"])[0], b'-');
}

#[test]
fn hostile_replicas_get_an_answer_or_silence() {
    let mut rig = Rig::new(2);
    rig.follow(1, 0);
    rig.say(0, &["SET", "a", "1"]);
    let client = ClientId(77);
    let big = "9".repeat(40);
    let id = rig.info(0, "master_replid");
    for (words, start) in [
        (&["REPLCONF", "listening-port"][..], "-ERR syntax"),
        (&["REPLCONF", "listening-port", "x"], "-ERR value"),
        (&["REPLCONF", "listening-port", "70000"], "-ERR value"),
        (&["REPLCONF", "ip-address", &"1".repeat(46)], "-ERR REPLCONF ip-address"),
        (&["REPLCONF", "what", "1"], "-ERR Unrecognized REPLCONF option: what"),
        (&["REPLCONF", "ACK", &big], ""),
        (&["REPLCONF", "ACK", "-5"], ""),
        (&["REPLCONF", "ACK", "100000"], ""),
        (&["REPLCONF", "GETACK", "*"], ""),
        (&["REPLCONF", "capa", "eof", "capa", "psync2", "capa", "x"], "+OK"),
        (&["PSYNC", "?", "x"], "-ERR value"),
        (&["PSYNC", &id, &big], "-ERR value"),
        (&["WAIT", "x", "0"], "-ERR value"),
        (&["WAIT", "1", "x"], "-ERR timeout is not"),
        (&["WAIT", "1", "-1"], "-ERR timeout is negative"),
        (&["WAIT", "-1", "0"], ":1"),
        (&["SET", "mine", "1"], "+OK"),
        (&["WAIT", "9223372036854775807", "9223372036854775807"], ""),
        (&["REPLICAOF", "host.example", "1"], "-ERR Invalid master host"),
        (&["REPLICAOF", "127.0.0.1", "x"], "-ERR Invalid master port"),
    ] {
        let (reply, _) = rig.say_as(0, client, words);
        let reply = String::from_utf8(reply).unwrap();
        let fits = if start.is_empty() { reply.is_empty() } else { reply.starts_with(start) };
        assert!(fits, "{words:?}: {reply}");
    }
    // Offsets that cannot be continued from get everything, from the present history.
    for (n, offset) in ["-9", "0", "9223372036854775807"].into_iter().enumerate() {
        let client = ClientId(1000 + n as u64);
        rig.answers.clear();
        assert!(rig.say_as(0, client, &["PSYNC", &id, offset]).0.is_empty());
        let (_, _, bytes) = &rig.answers[0];
        assert!(bytes.starts_with(alloc::format!("+FULLRESYNC {id} ").as_bytes()), "{offset}");
    }
    rig.assert_same(0, 1);
}

#[test]
fn silence_ends_a_link_on_both_sides() {
    let mut rig = Rig::new(2);
    rig.nodes[0].b.config.repl_timeout_s = 5;
    rig.nodes[1].b.config.repl_timeout_s = 5;
    rig.nodes[0].b.config.repl_ping_replica_period_s = 60;
    rig.follow(1, 0);
    rig.take_log(1);
    // Nothing is written and no ping falls due: the replica gives its master up, and at once
    // finds it again.
    rig.wait_ms(7000);
    let log = rig.take_log(1);
    assert_eq!(log[0], "MASTER timeout: no data nor PING received...");
    assert_eq!(rig.link(1), MasterLink::Up);
    // A replica that hangs is dropped by its master.
    rig.take_log(0);
    rig.dead.push(1);
    rig.wait_ms(7000);
    let log = rig.take_log(0);
    assert_eq!(log[0], "Disconnecting timedout replica (streaming sync): 127.0.0.1:7001");
    assert_eq!(log[1], "Connection with replica 127.0.0.1:7001 lost.");
    assert_eq!(rig.info(0, "connected_slaves"), "0");
}

#[test]
fn a_multi_is_applied_whole_or_not_at_all() {
    let mut rig = Rig::new(2);
    rig.follow(1, 0);
    let before = rig.offset(1);
    let link = rig.nodes[1].b.repl.upstream.as_ref().unwrap().link.unwrap();
    let half: &[u8] = b"*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\nm\r\n$1\r\n1\r\n";
    rig.input(1, Input::Stream { link, bytes: half });
    assert_eq!((rig.get(1, "m"), rig.offset(1)), ("".into(), before));
    rig.input(1, Input::Stream { link, bytes: b"*1\r\n$4\r\nexec\r\n" });
    let read = u64::try_from(half.len()).unwrap() + 14;
    assert_eq!((rig.get(1, "m"), rig.offset(1)), ("1".into(), before + read));

    // A link that breaks in between forgets the half.
    rig.input(1, Input::Stream { link, bytes: half });
    rig.kill(0);
    assert_eq!(rig.offset(1), before + read);
    assert!(rig.nodes[1].b.repl.queued.is_none());
}

#[test]
fn a_damaged_snapshot_leaves_the_old_data_alone() {
    let mut rig = Rig::new(2);
    rig.say(1, &["SET", "old", "1"]);
    rig.dead.push(0);
    rig.follow(1, 0);
    let link = rig.nodes[1].b.repl.fresh_link();
    let up = rig.nodes[1].b.repl.upstream.as_mut().unwrap();
    up.link = Some(link);
    up.phase = crate::repl::Phase::Asking;
    let text = alloc::format!("+FULLRESYNC {} 0\r\n$12\r\nREDIS0010!00", "a".repeat(40));
    rig.take_log(1);
    rig.input(1, Input::Stream { link, bytes: text.as_bytes() });
    rig.carry_out(1);
    assert!(rig.take_log(1).iter().any(|line| line.starts_with("Failed trying to load")));
    assert_eq!(rig.get(1, "old"), "1");
    assert_ne!(rig.link(1), MasterLink::Up);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]
    /// Whatever a master sends, whatever its phase: no panic, and the node still answers.
    #[test]
    fn hostile_masters_never_panic(
        noise in proptest::collection::vec(proptest::prop_oneof![
            proptest::sample::select(&b"+-$*\r\n0123456789 PSYNC"[..]), 0_u8..], 0..300),
        lead in 0_usize..6) {
        let mut rig = Rig::new(2);
        rig.dead.push(0);
        rig.follow(1, 0);
        rig.wait_ms(1000);
        let link = rig.nodes[1].b.repl.fresh_link();
        rig.nodes[1].b.repl.upstream.as_mut().unwrap().link = Some(link);
        rig.input(1, Input::LinkUp { link, local: LOCAL });
        let full = alloc::format!("+FULLRESYNC {} 5\r\n", "a".repeat(40));
        let leads = ["", "+PONG\r\n", "+OK\r\n+OK\r\n", &full, "$40\r\nREDIS0010", "\n"];
        for text in &leads[..lead] {
            rig.input(1, Input::Stream { link, bytes: text.as_bytes() });
        }
        for piece in noise.chunks(11) {
            rig.input(1, Input::Stream { link, bytes: piece });
        }
        rig.carry_out(1);
        rig.wait_ms(2000);
        proptest::prop_assert_eq!(rig.say(1, &["REPLICAOF", "NO", "ONE"]), b"+OK\r\n");
    }
}
