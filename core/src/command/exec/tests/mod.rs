//! Commands against a bare context: what they answer, what they store, what goes to replicas.
//!
//! A script is a list of lines: a command, ` -> `, the reply. Replies are written `OK` (status),
//! `:1` (integer), `"text"`, `nil`, `-ERR …` (error), `[a b]` (array, set or flat map). A command
//! alone may answer anything; `+ 5` lets five milliseconds pass; `= text` is what the commands
//! since the last such line put into the replication stream, separated by ` ; `.

mod cluster;
mod data;
#[cfg(feature = "full")]
mod scripts;
mod server;
mod sessions;
mod values;

use alloc::{format, string::String, vec::Vec};

use crate::{
    beliefs::{Beliefs, Stats},
    cluster::{ClusterState, PeerIdx},
    command::{Outcome, apply, execute, known},
    config::Config,
    endpoint::Addr,
    id::{ClientId, NodeId},
    io::{Effect, Outbox},
    repl::Repl,
    resp::ReplyBuf,
    rng::{Rng, Seed},
    rules::Ctx,
    session::Session,
    slot::Slot,
    store::Databases,
    time::{Instant, Now, UnixMillis},
};

const ME: ClientId = ClientId(7);
const START: u64 = 1_700_000_000_000;

/// A node without its driver.
struct Bench {
    b: Beliefs,
    out: Outbox,
    reply: ReplyBuf,
    ms: u64,
    heard: u64,
}

impl Bench {
    fn new(config: Config) -> Self {
        let mut rng = Rng::new(Seed::from_u64(1));
        let mut cluster = ClusterState::alone(NodeId::random(&mut rng), Instant::ZERO);
        cluster.serving.last.ok = true;
        if config.cluster_enabled {
            for slot in Slot::all() {
                cluster.assign(slot, PeerIdx::ME);
            }
        }
        let mut repl = Repl::new(&mut rng);
        repl.ensure_backlog(&config);
        repl.selected = Some(0);
        let mut b = Beliefs {
            config,
            cluster,
            store: Databases::default(),
            repl,
            holds: crate::hold::Holds::default(),
            migrations: crate::migration::Migrations::default(),
            persist: crate::persist::Persist::new(Instant::ZERO, UnixMillis(START)),
            sessions: alloc::collections::BTreeMap::new(),
            watchers: crate::session::Watchers::default(),
            pubsub: crate::session::PubSub::default(),
            blocked: crate::session::Blocked::default(),
            rng,
            stats: Stats::default(),
            record: crate::session::Record::default(),
            tracking: crate::session::Tracking::default(),
            scripts: crate::script::Scripts::default(),
            started: Instant::ZERO,
            debug: crate::beliefs::Switches::default(),
        };
        let remote = "127.0.0.1".parse().ok().map(|ip| Addr { ip, port: 50_000 });
        let locked = !b.config.requirepass.is_empty();
        b.sessions.insert(ME, Session::new(remote, None, locked, Instant::ZERO));
        Self { b, out: Outbox::new(), reply: ReplyBuf::new(), ms: 0, heard: 0 }
    }

    fn now(&self) -> Now {
        Now { mono: Instant::from_millis(self.ms), wall: UnixMillis(START + self.ms) }
    }

    fn run(&mut self, words: &[&[u8]]) -> (Outcome, String) {
        self.reply.clear();
        let mut ctx = Ctx { now: self.now(), b: &mut self.b, out: &mut self.out };
        let outcome = execute(&mut ctx, ME, words, &mut self.reply);
        let mut rest = self.reply.as_bytes();
        let shown = if rest.is_empty() { String::new() } else { show(&mut rest) };
        assert!(rest.is_empty(), "one reply for one command: {shown}");
        (outcome, shown)
    }

    /// Another client says something; all replies, and what it is sent besides.
    fn say_as(&mut self, client: u64, line: &str) -> String {
        let client = ClientId(client);
        let locked = !self.b.config.requirepass.is_empty();
        let fresh = || Session::new(None, None, locked, Instant::ZERO);
        self.b.sessions.entry(client).or_insert_with(fresh);
        let words = split(line);
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        self.reply.clear();
        let mut ctx = Ctx { now: self.now(), b: &mut self.b, out: &mut self.out };
        execute(&mut ctx, client, &words, &mut self.reply);
        let mut rest = self.reply.as_bytes();
        let mut shown = Vec::new();
        while !rest.is_empty() {
            shown.push(show(&mut rest));
        }
        shown.join(" | ")
    }

    /// What clients were sent outside of their own commands, `<client> <reply>` each.
    fn pushed(&mut self) -> Vec<String> {
        self.out
            .drain()
            .filter_map(|effect| match effect {
                Effect::Push { client, bytes } => {
                    Some(format!("{} {}", client.0, show(&mut &*bytes)))
                }
                _ => None,
            })
            .collect()
    }

    fn say(&mut self, line: &str) -> String {
        let words = split(line);
        self.run(&words.iter().map(Vec::as_slice).collect::<Vec<_>>()).1
    }

    fn apply(&mut self, line: &str) -> bool {
        let words = split(line);
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let ctx = &mut Ctx { now: self.now(), b: &mut self.b, out: &mut self.out };
        known(&words).and_then(|command| apply(ctx, command, &words)).is_ok()
    }

    /// What went into the stream since the last question.
    fn stream(&mut self) -> String {
        let mut bytes = Vec::new();
        let log = self.b.repl.backlog.as_ref().expect("made above");
        let from = log.first() + self.heard;
        self.heard = log.len();
        if from < log.end() {
            assert!(log.copy_from(from, &mut bytes));
        }
        let mut rest = bytes.as_slice();
        let mut commands = Vec::new();
        while !rest.is_empty() {
            let command = show(&mut rest);
            commands.push(command.trim_matches(['[', ']']).replace('"', ""));
        }
        commands.join(" ; ")
    }

    fn check(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some(ms) = line.strip_prefix("+ ") {
                self.ms += ms.parse::<u64>().expect("milliseconds");
            } else if let Some(wanted) = line.strip_prefix('=') {
                assert_eq!(self.stream(), wanted.trim(), "stream");
            } else {
                match line.split_once(" -> ") {
                    Some((command, wanted)) => {
                        assert_eq!(self.say(command).trim_end(), wanted, "{command}");
                    }
                    None => drop(self.say(line)),
                }
            }
        }
    }
}

fn check(script: &str) {
    Bench::new(Config::default()).check(script);
}

fn in_cluster() -> Config {
    Config { cluster_enabled: true, ..Config::default() }
}

/// Words by spaces; `""` is the empty word, `_` inside a word stays.
fn split(line: &str) -> Vec<Vec<u8>> {
    line.split_whitespace()
        .map(|word| if word == "\"\"" { Vec::new() } else { word.as_bytes().to_vec() })
        .collect()
}

/// Reads one RESP value and writes it as a script does.
fn show(rest: &mut &[u8]) -> String {
    let end = rest.iter().position(|b| *b == b'\n').expect("a line");
    let line = core::str::from_utf8(&rest[..end - 1]).expect("text");
    *rest = &rest[end + 1..];
    let (mark, line) = line.split_at(1);
    match mark {
        "+" => line.into(),
        "-" | ":" | "," => format!("{mark}{line}"),
        "_" => "nil".into(),
        "$" | "=" => {
            let Ok(len) = line.parse::<usize>() else { return "nil".into() };
            let text = String::from_utf8_lossy(&rest[..len]).into_owned();
            *rest = &rest[len + 2..];
            format!("\"{text}\"")
        }
        "*" | "~" | "%" | ">" => {
            let Ok(len) = line.parse::<usize>() else { return "nil".into() };
            let len = if mark == "%" { 2 * len } else { len };
            let parts: Vec<String> = (0..len).map(|_| show(rest)).collect();
            format!("[{}]", parts.join(" "))
        }
        _ => unreachable!("unknown mark {mark}"),
    }
}
