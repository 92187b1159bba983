//! Which acknowledged writes does a cluster lose, and does it say so beforehand?
//!
//! Redis Cluster promises little, and in writing. Two windows are documented: writes that a master
//! acknowledged just before it died and whose stream its replica had not yet (asynchronous
//! replication), and writes that a master acknowledged while it was cut off from the majority,
//! until it stops by itself: a node timeout after the first ping without an answer, which it sends
//! at most half a node timeout after the last answer. A manual failover has no window. The
//! report puts every lost write into one of them; one that fits none fails the test.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use slotscope_tests::{
    between::Between,
    client::App,
    cluster::{NodeLine, nodes},
    counting::{Ack, Counting, Tally},
    ports::{self, BUS_OFFSET},
    process::wait_for,
    server::{Make, Server, redis_cli},
};

const NODE_TIMEOUT_MS: u32 = 2000;
const NODE_TIMEOUT: Duration = Duration::from_millis(2000);
const PATIENCE: Duration = Duration::from_secs(60);
/// On one machine the replication lag is a few milliseconds; this allows for a busy one.
const LAG: Duration = Duration::from_millis(500);
/// A master notices the silence of the others at its next look, and looks every 100 ms; the rest
/// allows for a busy machine.
const NOTICE: Duration = Duration::from_millis(700);

/// What was done to the cluster, and when.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A master was killed.
    Kill { at: Instant },
    /// A master was cut off, together with its clients.
    Partition { at: Instant, healed: Instant },
    /// A master was asked to hand over.
    Handover,
}

/// A documented reason for a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Window {
    /// "it acknowledges, then dies before its replicas have it"
    AsynchronousReplication,
    /// "the minority's master goes on until it misses the majority"
    Minority,
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsynchronousReplication => "acknowledged before the replica had it",
            Self::Minority => "acknowledged on the minority's side before it noticed",
        })
    }
}

impl Event {
    /// The window that a lost write fell into.
    fn window(self, lost: &Ack) -> Option<Window> {
        match self {
            Self::Kill { at } => {
                let age = at.checked_duration_since(lost.at)?;
                (age < LAG).then_some(Window::AsynchronousReplication)
            }
            Self::Partition { at, healed } => {
                if let Some(age) = at.checked_duration_since(lost.at) {
                    return (age < LAG).then_some(Window::AsynchronousReplication);
                }
                let noticed = at + NODE_TIMEOUT / 2 + NODE_TIMEOUT + NOTICE;
                let is_within = lost.at < healed && lost.at < noticed;
                is_within.then_some(Window::Minority)
            }
            Self::Handover => None,
        }
    }
}

/// Prints what became of the promises, and fails on a loss that nobody announced.
fn report(name: &str, event: Event, tally: &Tally, lost: &[Ack]) {
    let mut windows: BTreeMap<Window, usize> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for ack in lost {
        match event.window(ack) {
            Some(window) => *windows.entry(window).or_default() += 1,
            None => unexplained.push(ack),
        }
    }
    println!(
        "{name}: {} acknowledged, {} unknown, {} lost",
        tally.acks.len(),
        tally.errors.len(),
        lost.len()
    );
    for (window, count) in &windows {
        println!("{name}:   {count} {window}");
    }
    assert!(unexplained.is_empty(), "{name}: outside of every window: {unexplained:?} {event:?}");
}

/// Six nodes, each behind a relay.
struct Relayed {
    servers: Vec<Server>,
    /// By server.
    announced: Vec<u16>,
    between: Between,
    _folder: tempfile::TempDir,
}

impl Relayed {
    fn create() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let between = Between::default();
        let timeout = NODE_TIMEOUT_MS.to_string();
        let (mut servers, mut announced) = (Vec::new(), Vec::new());
        for _ in 0..6 {
            let (port, relay) = (ports::free(), ports::free());
            between.relay(relay, port);
            let (data, bus) = (relay.to_string(), (relay + BUS_OFFSET).to_string());
            servers.push(Server::start(
                Make::under_test(),
                port,
                folder.path(),
                &[
                    "--cluster-enabled",
                    "yes",
                    "--cluster-node-timeout",
                    &timeout,
                    "--cluster-announce-ip",
                    "127.0.0.1",
                    "--cluster-announce-port",
                    &data,
                    "--cluster-announce-bus-port",
                    &bus,
                    "--repl-diskless-sync-delay",
                    "0",
                ],
            ));
            announced.push(relay);
        }
        let addresses: Vec<String> =
            announced.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let mut words = vec!["--cluster", "create"];
        words.extend(addresses.iter().map(String::as_str));
        words.extend(["--cluster-replicas", "1", "--cluster-yes"]);
        let printed = redis_cli(&words);
        assert!(printed.contains("[OK] All 16384 slots covered."), "{printed}");
        let relayed = Self { servers, announced, between, _folder: folder };
        relayed.await_calm();
        relayed
    }

    fn await_calm(&self) {
        wait_for("all agree, serve and follow", PATIENCE, || {
            let views: Vec<Vec<NodeLine>> = self.servers.iter().map(nodes).collect();
            let is_fine = |line: &NodeLine| line.flags == ["master"] || line.flags == ["slave"];
            let agree = views.windows(2).all(|pair| pair[0] == pair[1]);
            let serve = self.servers.iter().all(|server| {
                let follows = server.info("role").as_deref() == Some("master")
                    || server.info("master_link_status").as_deref() == Some("up");
                follows && server.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
            });
            (agree && views[0].len() == 6 && views[0].iter().all(is_fine) && serve).then_some(())
        });
    }

    /// The first master and its replica, as places among the servers.
    fn shard(&self) -> (usize, usize) {
        let lines = nodes(&self.servers[0]);
        let place =
            |line: &NodeLine| self.announced.iter().position(|port| *port == line.port).unwrap();
        let master = lines.iter().find(|line| line.is("master") && !line.slots.is_empty()).unwrap();
        let replica = lines.iter().find(|line| line.master.as_ref() == Some(&master.id)).unwrap();
        (place(master), place(replica))
    }

    /// Applications in the middle of their work.
    fn app(&self) -> Counting {
        let app = Counting::start(self.announced.clone(), Duration::from_millis(1));
        wait_for("the application counts", PATIENCE, || (app.acks() > 1000).then_some(()));
        app
    }

    fn await_promotion(&self, heir: usize, among: &[usize]) {
        let port = self.announced[heir];
        wait_for("the replica is master", PATIENCE, || {
            let all = among.iter().all(|&n| {
                let is_master = |line: &NodeLine| line.port == port && line.is("master");
                nodes(&self.servers[n]).iter().any(is_master)
            });
            all.then_some(())
        });
    }
}

/// A kill: what its replica had not yet. A handover: nothing.
#[test]
fn by_a_kill_and_by_a_handover() {
    let mut cluster = Relayed::create();
    let (master, heir) = cluster.shard();
    let app = cluster.app();
    let killed_at = Instant::now();
    cluster.servers[master].kill();
    let others: Vec<usize> = (0..6).filter(|n| *n != master).collect();
    cluster.await_promotion(heir, &others);
    let acks = app.acks();
    wait_for("the application goes on", PATIENCE, || (app.acks() > acks + 500).then_some(()));
    cluster.servers[master].restart();
    cluster.await_calm();
    let (tally, lost) = app.stop();
    assert!(!tally.errors.is_empty(), "nobody noticed");
    report("kill", Event::Kill { at: killed_at }, &tally, &lost);

    // And back by hand, twice, under the same load. One voter helps to replace one node only once
    // in two node timeouts, by hand or not, so the last time must be as long ago.
    wait_for("voters may vote again", PATIENCE, || {
        (killed_at.elapsed() > NODE_TIMEOUT * 5).then_some(())
    });
    let app = cluster.app();
    for heir in [master, heir] {
        assert_eq!(cluster.servers[heir].cli(&["CLUSTER", "FAILOVER"]).trim(), "OK");
        cluster.await_promotion(heir, &[0, 1, 2, 3, 4, 5]);
        cluster.await_calm();
        let acks = app.acks();
        wait_for("the application goes on", PATIENCE, || (app.acks() > acks + 500).then_some(()));
    }
    let (tally, lost) = app.stop();
    assert!(tally.beyond_a_handover().is_empty(), "a handover refuses nobody: {:?}", tally.errors);
    report("handover", Event::Handover, &tally, &lost);
}

/// A master and its client are cut off: it accepts writes for about a node timeout, which are gone
/// when it comes back, and then refuses.
#[test]
fn by_a_partition() {
    let cluster = Relayed::create();
    let (master, heir) = cluster.shard();
    let majority = cluster.app();
    // This client is on the side of the master: it does not pass the relay, and writes only what
    // the master has.
    let minority = Minority::start(&cluster.servers[master]);
    wait_for("it counts", PATIENCE, || (minority.acks() > 300).then_some(()));
    let id = cluster.servers[master].cli(&["CLUSTER", "MYID"]);
    let cut_at = Instant::now();
    cluster.between.isolate(cluster.servers[master].port, id.trim());
    let others: Vec<usize> = (0..6).filter(|n| *n != master).collect();
    cluster.await_promotion(heir, &others);
    wait_for("the minority's master refuses", PATIENCE, || minority.is_refused().then_some(()));
    let acks = majority.acks();
    wait_for("the majority goes on", PATIENCE, || (majority.acks() > acks + 500).then_some(()));
    let healed = Instant::now();
    cluster.between.heal();
    cluster.await_calm();
    let event = Event::Partition { at: cut_at, healed };
    let (tally, lost) = majority.stop();
    report("partition, majority's client", event, &tally, &lost);
    let (tally, lost) = minority.stop(cluster.announced.clone());
    report("partition, minority's client", event, &tally, &lost);
    assert!(!lost.is_empty(), "a partition without a loss is none: was anything cut?");
}

/// A client that only knows one node, and only writes what is at home there.
struct Minority {
    tag: String,
    is_over: Arc<AtomicBool>,
    acks: Arc<AtomicU64>,
    refused: Arc<AtomicBool>,
    thread: JoinHandle<Tally>,
}

impl Minority {
    /// One key for each write, in a slot of this node: what is lost stays lost.
    fn start(server: &Server) -> Self {
        let (over, acks) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let refused = Arc::new(AtomicBool::new(false));
        let client = redis::Client::open(format!("redis://127.0.0.1:{}/", server.port)).unwrap();
        let tag = tag_of(server);
        let kept = tag.clone();
        let (is_over, given, is_refused) = (over.clone(), acks.clone(), refused.clone());
        let thread = thread::spawn(move || {
            let mut at = client.get_connection().unwrap();
            at.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
            let mut tally = Tally::default();
            for counter in 0_u64.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                let key = format!("{{{tag}}}:{counter}");
                match redis::cmd("INCR").arg(&key).query(&mut at) {
                    Ok(value) => {
                        tally.acks.push(Ack { counter, value, at: Instant::now() });
                        given.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(error) => {
                        is_refused.fetch_or(
                            error.to_string().contains("CLUSTERDOWN")
                                || error.to_string().contains("ClusterDown"),
                            Ordering::Relaxed,
                        );
                        tally.errors.push((Instant::now(), error.to_string()));
                    }
                }
                thread::sleep(Duration::from_millis(2));
            }
            tally
        });
        Self { tag: kept, is_over: over, acks, refused, thread }
    }

    fn acks(&self) -> u64 {
        self.acks.load(Ordering::Relaxed)
    }

    fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    fn stop(self, ports: Vec<u16>) -> (Tally, Vec<Ack>) {
        self.is_over.store(true, Ordering::Relaxed);
        let tally = self.thread.join().unwrap();
        let mut app = App::new(ports);
        let mut last = BTreeMap::new();
        for ack in &tally.acks {
            let value = app.get(&format!("{{{}}}:{}", self.tag, ack.counter)).unwrap();
            last.insert(ack.counter, value.unwrap_or(0));
        }
        let lost = tally.lost(&last);
        (tally, lost)
    }
}

/// A word whose slot is at home at this node.
fn tag_of(server: &Server) -> String {
    let mut words = (0..10_000).map(|n| format!("tag{n}"));
    let is_home = |tag: &String| {
        let key = format!("{{{tag}}}");
        !server.cli(&["GET", &key]).starts_with("MOVED")
    };
    words.find(is_home).expect("a master has a third of the slots")
}
