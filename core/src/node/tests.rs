//! A few nodes joined by hand, frame by frame: the shortest way to see a cluster live.

use alloc::{collections::BTreeMap, vec, vec::Vec};
use core::net::{IpAddr, Ipv4Addr};

use crate::{
    Node,
    config::Config,
    endpoint::Addr,
    id::LinkId,
    io::{DownReason, Durability, Effect, Input, Outbox},
    node::Health,
    rng::Seed,
    time::{Instant, Now, UnixMillis},
};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Nodes on one machine, an instant network, no disks.
struct Bench {
    ms: u64,
    nodes: Vec<Option<Node>>,
    // (node, its link) on both sides of each connection.
    wires: BTreeMap<(usize, LinkId), (usize, LinkId)>,
    accepted: u64,
}

impl Bench {
    fn new(images: &[alloc::string::String], timeout_ms: u64) -> Self {
        let mut bench = Self { ms: 0, nodes: vec![], wires: BTreeMap::new(), accepted: 0 };
        for (n, image) in images.iter().enumerate() {
            let port = 7000 + u16::try_from(n).unwrap();
            let config = Config {
                port,
                cluster_enabled: true,
                cluster_node_timeout_ms: timeout_ms,
                ..Config::default()
            };
            let mut out = Outbox::new();
            let seed = Seed::from_u64(n as u64);
            let node = Node::restore(image, config, seed, bench.now(), &mut out).unwrap();
            bench.nodes.push(Some(node));
        }
        bench
    }

    fn now(&self) -> Now {
        Now { mono: Instant::from_millis(self.ms), wall: UnixMillis(1_700_000_000_000 + self.ms) }
    }

    fn input(&mut self, n: usize, input: Input<'_>) {
        let now = self.now();
        let mut out = Outbox::new();
        let Some(node) = &mut self.nodes[n] else { return };
        node.handle(now, input, &mut out);
        node.check().unwrap();
        let effects: Vec<Effect> = out.drain().collect();
        for effect in effects {
            self.carry_out(n, effect);
        }
    }

    fn carry_out(&mut self, n: usize, effect: Effect) {
        match effect {
            Effect::Dial { link, to, .. } => {
                let bus = to.port > 17000 - 1;
                let other = usize::from(to.port) - if bus { 17000 } else { 7000 };
                if !bus || self.nodes[other].is_none() {
                    self.input(n, Input::LinkDown { link, why: DownReason::Refused });
                    return;
                }
                self.accepted += 1;
                let there = LinkId::accepted(self.accepted);
                self.wires.insert((n, link), (other, there));
                self.wires.insert((other, there), (n, link));
                self.input(
                    other,
                    Input::LinkAccepted {
                        link: there,
                        remote: Addr { ip: HERE, port: 40_000 },
                        local: HERE,
                    },
                );
                self.input(n, Input::LinkUp { link, local: HERE });
            }
            Effect::Send { link, frame } => {
                if let Some((other, there)) = self.wires.get(&(n, link)).copied() {
                    self.input(other, Input::Frame { link: there, bytes: &frame });
                }
            }
            Effect::Hangup { link, .. } => {
                if let Some((other, there)) = self.wires.remove(&(n, link)) {
                    self.wires.remove(&(other, there));
                    self.input(other, Input::LinkDown { link: there, why: DownReason::Closed });
                }
            }
            Effect::Persist { .. }
            | Effect::Snapshot { .. }
            | Effect::DialHost { .. }
            | Effect::Append { .. }
            | Effect::SaveRdb { .. }
            | Effect::RewriteAof { .. }
            | Effect::CancelJob { .. }
            | Effect::CloseAof
            | Effect::Reload { .. }
            | Effect::RewriteConfig { .. }
            | Effect::Log { .. }
            | Effect::Stream { .. }
            | Effect::Reply { .. }
            | Effect::Push { .. }
            | Effect::CloseClient { .. }
            | Effect::Resume { .. }
            | Effect::Notice(_)
            | Effect::Exit(_) => {}
        }
    }

    fn kill(&mut self, n: usize) {
        self.nodes[n] = None;
        let mine: Vec<_> = self.wires.keys().filter(|(node, _)| *node == n).copied().collect();
        for key in mine {
            if let Some((other, there)) = self.wires.remove(&key) {
                self.wires.remove(&(other, there));
                self.input(other, Input::LinkDown { link: there, why: DownReason::Reset });
            }
        }
    }

    fn run(&mut self, ms: u64) {
        for _ in 0..ms / 10 {
            self.ms += 10;
            for n in 0..self.nodes.len() {
                let due =
                    self.nodes[n].as_ref().is_some_and(|node| node.next_wake() <= self.now().mono);
                if due {
                    self.input(n, Input::Wake);
                }
            }
        }
    }

    fn sees(&self, observer: usize, about: usize) -> Health {
        let view = self.nodes[observer].as_ref().unwrap().snapshot(self.now());
        view.peer(id(about)).unwrap().health
    }
}

fn id(n: usize) -> crate::id::NodeId {
    alloc::format!("{n}").repeat(40).parse().unwrap()
}

/// Three masters, and a replica for each: the image that node `me` starts from.
fn image(me: usize) -> alloc::string::String {
    let slots = ["0-5460", "5461-10922", "10923-16383"];
    let mut text = alloc::string::String::new();
    for n in 0..6 {
        let myself = if n == me { "myself," } else { "" };
        let (role, master, slots) = if n < 3 {
            ("master", "-".into(), slots[n])
        } else {
            ("slave", alloc::format!("{}", id(n - 3)), "")
        };
        let epoch = n % 3 + 1;
        let line = alloc::format!(
            "{} 127.0.0.1:{}@{} {myself}{role} {master} 0 0 {epoch} connected {slots}",
            id(n),
            7000 + n,
            17000 + n
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str("vars currentEpoch 3 lastVoteEpoch 0\n");
    text
}

fn six() -> Bench {
    let images: Vec<_> = (0..6).map(image).collect();
    Bench::new(&images, 1000)
}

#[test]
fn six_nodes_find_each_other_and_serve() {
    let mut bench = six();
    bench.run(5000);
    for n in 0..6 {
        let view = bench.nodes[n].as_ref().unwrap().snapshot(bench.now());
        assert!(view.serving.ok, "{n}: {:?}", view.serving);
        assert!(view.peers.iter().skip(1).all(|peer| peer.linked), "{n}");
    }
}

#[test]
fn a_dead_master_is_agreed_upon_by_a_majority() {
    let mut bench = six();
    bench.run(5000);
    bench.kill(2);
    bench.run(1000);
    assert_eq!(bench.sees(0, 2), Health::Ok, "nobody is blamed before the node timeout");
    bench.run(3000);
    for n in [0, 1, 3, 4, 5] {
        assert_eq!(bench.sees(n, 2), Health::Fail, "{n}");
    }
}

/// Strangers who connect and never say a word are forgotten, the oldest first.
#[test]
fn silent_links_have_a_bound() {
    let mut bench = six();
    let (node, mut out) = (bench.nodes[0].take(), Outbox::new());
    let (mut node, now) = (node.unwrap(), bench.now());
    let mut hung_up = Vec::new();
    for n in 1..=300 {
        let link = LinkId::accepted(n);
        let remote = Addr { ip: HERE, port: 9 };
        node.handle(now, Input::LinkAccepted { link, remote, local: HERE }, &mut out);
        hung_up.extend(out.drain().filter_map(|effect| match effect {
            Effect::Hangup { link, .. } => Some(link),
            _ => None,
        }));
    }
    assert_eq!(hung_up, (1..=44).map(LinkId::accepted).collect::<Vec<_>>());
}

/// What DEBUG does to the bus: kinds of messages go unheard, links are cut.
#[test]
fn the_bus_can_be_disturbed_on_purpose() {
    let mut bench = six();
    bench.run(3000);
    let say = |bench: &mut Bench, words: &[&str]| {
        let (now, node) = (bench.now(), bench.nodes[0].as_mut().unwrap());
        let (mut out, mut reply) = (Outbox::new(), crate::resp::ReplyBuf::new());
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        node.execute(now, crate::id::ClientId(1), &words, &mut reply, &mut out);
        node.settle(now, &mut out);
        let hung_up = out.drain().filter(|effect| matches!(effect, Effect::Hangup { .. }));
        (alloc::string::String::from_utf8_lossy(reply.as_bytes()).into_owned(), hung_up.count())
    };
    let peer = alloc::format!("{}", id(1));
    let ok = alloc::string::String::from("+OK\r\n");
    let cut = say(&mut bench, &["DEBUG", "CLUSTERLINK", "KILL", "ALL", &peer]);
    assert_eq!(cut, (ok.clone(), 2));
    let cut = say(&mut bench, &["DEBUG", "CLUSTERLINK", "KILL", "TO", &peer]);
    assert_eq!(cut, (ok.clone(), 0), "there is none");
    let (unknown, _) = say(&mut bench, &["DEBUG", "CLUSTERLINK", "KILL", "to", "x"]);
    assert_eq!(unknown, "-ERR Unknown node x\r\n");
    assert_eq!(say(&mut bench, &["DEBUG", "DROP-CLUSTER-PACKET-FILTER", "1"]), (ok.clone(), 0));
    bench.run(3000);
    // The PINGs of the others are signs of life, but its own ones are never answered.
    assert_eq!(bench.sees(0, 2), Health::Ok);
    let text = bench.nodes[0].as_ref().unwrap().cluster_nodes(bench.now());
    let pings = text.lines().filter(|line| !line.contains("myself"));
    let pings: Vec<&str> = pings.filter_map(|line| line.split(' ').nth(4)).collect();
    assert!(pings.len() == 5 && pings.iter().all(|sent| *sent != "0"), "{text}");
    assert_eq!(say(&mut bench, &["DEBUG", "DROP-CLUSTER-PACKET-FILTER", "-1"]), (ok, 0));
}

/// A promise is synced; what a person could say again is only written.
#[test]
fn only_promises_wait_for_the_disk_itself() {
    use Durability::{Synced, Written};
    let now = Now { mono: Instant::ZERO, wall: UnixMillis(1_700_000_000_000) };
    let config = Config { cluster_enabled: true, ..Config::default() };
    let mut out = Outbox::new();
    let mut node = Node::new(config, Seed::from_u64(1), now, &mut out);
    let mut said = |line: &str| {
        let mut reply = crate::resp::ReplyBuf::new();
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        node.execute(now, crate::id::ClientId(1), &words, &mut reply, &mut out);
        node.settle(now, &mut out);
        let saved: Vec<Durability> = out
            .drain()
            .filter_map(|effect| match effect {
                Effect::Persist { durability, .. } => Some(durability),
                _ => None,
            })
            .collect();
        saved
    };
    assert_eq!(said("PING"), [Synced], "its name");
    for (line, durability) in [
        ("CLUSTER ADDSLOTSRANGE 0 100", Written),
        ("CLUSTER SETSLOT 3 STABLE", Written),
        ("CLUSTER SET-CONFIG-EPOCH 5", Written),
        ("CLUSTER SAVECONFIG", Synced),
        ("CLUSTER RESET HARD", Synced),
        ("CLUSTER BUMPEPOCH", Synced),
    ] {
        assert_eq!(said(line), [durability], "{line}");
    }
}

/// A peer that does not read: the driver gives its link up, the node counts and says so.
#[test]
fn a_link_that_overflows_is_counted_and_named() {
    let mut bench = six();
    bench.run(3000);
    let (mut node, now) = (bench.nodes[0].take().unwrap(), bench.now());
    let mut out = Outbox::new();
    let (_, link) = *bench.wires.keys().find(|(n, link)| *n == 0 && !link.is_accepted()).unwrap();
    let why = DownReason::Overflow { queued: 12_345 };
    node.handle(now, Input::LinkDown { link, why }, &mut out);
    let line = out.drain().find_map(|effect| match effect {
        Effect::Log { line, .. } => Some(line),
        _ => None,
    });
    let line = line.unwrap();
    assert!(line.starts_with("Freeing cluster link(to node "), "{line}");
    assert!(
        line.ends_with(", used memory: 12345) due to exceeding send buffer memory limit."),
        "{line}"
    );
    let mut reply = crate::resp::ReplyBuf::new();
    let words: [&[u8]; 2] = [b"CLUSTER", b"INFO"];
    node.execute(now, crate::id::ClientId(1), &words, &mut reply, &mut out);
    let text = alloc::string::String::from_utf8_lossy(reply.as_bytes()).into_owned();
    assert!(text.contains("total_cluster_links_buffer_limit_exceeded:1"), "{text}");
}

/// The details that `loglevel debug` shows, as Redis words them.
#[test]
fn details_are_logged_to_those_who_ask() {
    let mut bench = six();
    bench.run(3000);
    let (mut node, now) = (bench.nodes[0].take().unwrap(), bench.now());
    let mut out = Outbox::new();
    out.set_level(crate::io::Level::Debug);
    let (_, link) = *bench.wires.keys().find(|(n, link)| *n == 0 && !link.is_accepted()).unwrap();
    let mut lines = |input: Input<'_>| -> Vec<alloc::string::String> {
        node.handle(now, input, &mut out);
        out.drain()
            .filter_map(|effect| match effect {
                Effect::Log { line, .. } => Some(line),
                _ => None,
            })
            .collect()
    };
    let accepted = LinkId::accepted(9999);
    let remote = Addr { ip: HERE, port: 41_234 };
    assert_eq!(
        lines(Input::LinkAccepted { link: accepted, remote, local: HERE }),
        ["Accepting cluster node connection from 127.0.0.1:41234"]
    );
    let closed = lines(Input::LinkDown { link, why: DownReason::Closed });
    assert_eq!(closed, ["I/O error reading from node link: connection closed"]);
}
