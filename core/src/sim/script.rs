//! Scenario files: what is done to a world, and what must be seen of it.
//!
//! ```text
//! # A comment.
//! world masters=3 replicas=1 seed=7 timeout=2000
//! run 5s
//! ----
//! (what is expected)
//!
//! kill n1
//! run until=master:n4 limit=30s
//! ----
//! 12.345 n0 marks n1 failed because failure.quorum reports=1 own=1 needed=2
//! ```
//!
//! A block is directives, a line `----`, and the expected trace up to an empty line. [`play`] runs
//! the directives and gives the file back with the trace as it really was, so a test compares two
//! texts, and an update is a copy.
//!
//! Directives: `world` (masters, replicas, fresh, seed, timeout, clients, latency, jitter),
//! `config <directive> <value>` (between `world` and the first other one), `show <mark> …` (only
//! decisions whose mark begins so; a whole mark also tells what is too common otherwise; `log` adds
//! log lines; `all`), `kill restart freeze thaw n1`,
//! `cut join n1 n2`, `partition n0,n3 n1,n2`, `heal`, `latency n0 n1 <us>`, `disk-full n1`,
//! `disk-free n1`, `clock n1 <ms>`, `tell n1 <command>` (a word `@n2` is the name of that node, `""` the
//! empty word), `move 5061 n1`, `fix`, `leave n4 5000
//! replica` (or `master`), `create replicas=1`, `run 10s`, `run
//! until=<condition> limit=30s`, `settled`, `ledger`, `view n0`, `why n0 <question>`. Conditions:
//! `settled`, `serving`, `down`, `master:n4`, `replica:n1`, `failed:n1`, `fine:n1`, `gone:n1`,
//! `mark:<mark>` (a decision with that mark was taken in this block).

use alloc::{
    collections::BTreeSet,
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::{Action, Detail, HostIdx, Plan, World, check::name, record::What};
use crate::{
    client::{
        Value,
        manager::{Create, Step},
    },
    endpoint::Addr,
    explain::Why,
    node::{Health, Snapshot},
    slot::Slot,
    time::Instant,
};

/// Time between two looks at a condition.
const LOOK_MS: u64 = 10;
/// A waiting `run` without a limit of its own.
const LIMIT_MS: u64 = 60_000;

/// A script being played.
#[derive(Debug, Default)]
struct Stage {
    plan: Option<Plan>,
    world: Option<World>,
    /// Records up to here have been told.
    told: u64,
    show: Vec<String>,
    lines: Vec<String>,
    /// A cluster is being made: its many commands are not told.
    typing: bool,
    /// Directives beyond those of the script.
    extra: Vec<(String, String)>,
}

/// Plays a script and gives it back with the trace as it was.
///
/// # Errors
/// A directive that cannot be read or carried out, with its line number.
pub fn play(script: &str) -> Result<String, String> {
    play_with(script, &[])
}

/// As [`play`], with further directives for every node: how does it go without a guard?
///
/// # Errors
/// As [`play`].
pub fn play_with(script: &str, extra: &[(&str, &str)]) -> Result<String, String> {
    let extra = extra.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
    let mut stage = Stage { extra, ..Stage::default() };
    let mut text = String::new();
    let mut lines = script.lines().enumerate();
    while let Some((n, line)) = lines.next() {
        text.push_str(line);
        text.push('\n');
        if line == "----" {
            stage.report();
            for told in stage.lines.drain(..) {
                text.push_str(&told);
                text.push('\n');
            }
            // What was expected ends with an empty line, or with the file.
            if lines.by_ref().any(|(_, expected)| expected.is_empty()) {
                text.push('\n');
            }
        } else if !line.is_empty() && !line.starts_with('#') {
            stage.directive(line).map_err(|why| format!("line {}: {line}: {why}", n + 1))?;
        }
    }
    Ok(text)
}

fn milliseconds(text: &str) -> Result<u64, String> {
    let (number, factor) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, 1),
        (None, Some(number)) => (number, 1000),
        (None, None) => (text, 1),
    };
    number.parse::<u64>().map(|n| n * factor).map_err(|_| format!("'{text}' is no duration"))
}

fn number<N: core::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("'{text}' is not a number that fits"))
}

fn host(text: &str) -> Result<HostIdx, String> {
    let n = text.strip_prefix('n').ok_or_else(|| format!("'{text}' is no machine"))?;
    number(n).map(HostIdx)
}

fn option<'a>(words: &[&'a str], name: &str) -> Option<&'a str> {
    words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

impl Stage {
    fn directive(&mut self, line: &str) -> Result<(), String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["world", options @ ..] => self.build(options),
            ["config", directive, value @ ..] => {
                let plan = self.plan.as_mut().ok_or("the world has begun already")?;
                plan.config.push(((*directive).into(), value.join(" ")));
                Ok(())
            }
            ["show", marks @ ..] => {
                self.show = marks.iter().map(ToString::to_string).collect();
                Ok(())
            }
            ["run", options @ ..] => self.run(options),
            ["settled"] => {
                let wrong = self.world()?.unsettled();
                self.report();
                let good = wrong.is_empty();
                self.lines.extend(if good { alloc::vec!["settled".to_string()] } else { wrong });
                Ok(())
            }
            ["ledger"] => self.ledger(),
            ["view", of] => self.view(host(of)?),
            ["why", of, question @ ..] => self.why(host(of)?, question),
            ["create", options @ ..] => {
                self.create(option(options, "replicas").map_or(Ok(0), number)?)
            }
            _ => {
                let action = action(&words)?;
                let world = self.world()?;
                if action.hosts().iter().any(|host| usize::from(host.0) >= world.hosts().len()) {
                    return Err("there is no such machine".into());
                }
                world.act(action);
                Ok(())
            }
        }
    }

    fn build(&mut self, options: &[&str]) -> Result<(), String> {
        let get = |name: &str, usual: u32| option(options, name).map_or(Ok(usual), number);
        let small = |name: &str, usual: u16| option(options, name).map_or(Ok(usual), number);
        let seed = option(options, "seed").map_or(Ok(1), number)?;
        let fresh = small("fresh", 0)?;
        let (masters, replicas) = (small("masters", 3)?, small("replicas", 1)?);
        let mut plan = Plan::cluster(
            seed,
            if fresh > 0 { fresh } else { masters },
            if fresh > 0 { 0 } else { replicas },
        );
        if fresh > 0 {
            for node in &mut plan.nodes {
                node.member = false;
                node.slots.clear();
            }
        }
        let timeout = get("timeout", 5000)?.to_string();
        plan.config = alloc::vec![("cluster-node-timeout".into(), timeout)];
        plan.net.latency_us = get("latency", 1000)?;
        plan.net.jitter_us = get("jitter", 500)?;
        plan.clients.truncate(usize::from(small("clients", 1)?));
        // What is still to be told of another world in the same file belongs to its blocks.
        plan.config.extend(self.extra.iter().cloned());
        let lines = core::mem::take(&mut self.lines);
        let extra = core::mem::take(&mut self.extra);
        *self = Self { plan: Some(plan), lines, extra, ..Self::default() };
        Ok(())
    }

    fn world(&mut self) -> Result<&mut World, String> {
        if let Some(plan) = self.plan.take() {
            self.world = Some(World::new(plan)?);
        }
        self.world.as_mut().ok_or_else(|| "there is no world yet".into())
    }

    fn run(&mut self, options: &[&str]) -> Result<(), String> {
        let from = self.world()?.now();
        let Some(condition) = option(options, "until") else {
            let [time] = options else { return Err("run how long?".into()) };
            let until = from.plus_ms(milliseconds(time)?);
            self.go_to(until)?;
            return Ok(());
        };
        let limit = option(options, "limit").map_or(Ok(LIMIT_MS), milliseconds)?;
        let end = from.plus_ms(limit);
        let block = self.told;
        loop {
            let world = self.world()?;
            if holds(world, condition, block)? {
                return Ok(());
            }
            if world.now() >= end {
                self.report();
                self.lines.push(format!("LIMIT {condition} did not come within {limit} ms"));
                return Ok(());
            }
            let next = world.now().plus_ms(LOOK_MS);
            self.go_to(next)?;
        }
    }

    fn go_to(&mut self, until: Instant) -> Result<(), String> {
        // Told as it goes: records are kept for a while only.
        while self.world()?.now() < until {
            let world = self.world()?;
            let step = world.now().plus_ms(1000).min(until);
            world.seek(step);
            self.report();
        }
        Ok(())
    }

    /// Turns what happened into lines.
    fn report(&mut self) {
        let Some(world) = &self.world else { return };
        let log = self.show.iter().any(|mark| mark == "log");
        let detail = if log { Detail::Log } else { Detail::Changes };
        let marks: Vec<&String> = self.show.iter().filter(|mark| *mark != "log").collect();
        for record in world.records(self.told) {
            let typed = matches!(record.what, What::Answer(_) | What::Did(Action::Command(..)));
            if self.typing && typed {
                continue;
            }
            if let What::Decided(reason) = &record.what
                && !marks.is_empty()
                && !marks
                    .iter()
                    .any(|mark| *mark == "all" || name(reason).starts_with(mark.as_str()))
            {
                continue;
            }
            // What happens all the time is told to those who name it.
            if let (What::Decided(reason), Some(host)) = (&record.what, record.host)
                && marks.iter().any(|mark| mark.as_str() == name(reason))
            {
                self.lines.push(format!("{} {host} {}", record.at, world.answer(reason)));
                continue;
            }
            self.lines.extend(world.line(record, detail));
        }
        self.told = world.next_seq();
    }

    fn ledger(&mut self) -> Result<(), String> {
        let world = self.world()?;
        let mut lines = Vec::new();
        for (n, ledger) in (0..).map_while(|n| Some((n, world.ledger(n)?))) {
            let state = if ledger.failing { "failing" } else { "fine" };
            let (acked, errors, lost) = (ledger.acked, ledger.errors, ledger.lost);
            lines.push(format!("client {n}: acked={acked} errors={errors} lost={lost} {state}"));
        }
        self.report();
        self.lines.extend(lines);
        Ok(())
    }

    fn view(&mut self, of: HostIdx) -> Result<(), String> {
        let world = self.world()?;
        let mut lines = Vec::new();
        match world.snapshot(of) {
            None => lines.push(format!("n{} does not run", of.0)),
            Some(snapshot) => lines.extend(view_lines(world, of, &snapshot)),
        }
        self.report();
        self.lines.extend(lines);
        Ok(())
    }

    fn why(&mut self, of: HostIdx, question: &[&str]) -> Result<(), String> {
        let world = self.world()?;
        let question = match question {
            ["not-elected"] => Why::NotElected,
            ["serving"] => Why::Serving,
            ["not-failed", about] => {
                let about = host(about)?;
                let ids = (0_u16..).take(world.hosts().len()).filter_map(|n| {
                    let snapshot = world.snapshot(HostIdx(n))?;
                    snapshot
                        .peers
                        .iter()
                        .map(|peer| peer.id)
                        .find(|id| world.host_of(*id) == Some(about))
                });
                Why::NotFailed(ids.into_iter().next().ok_or("nobody knows that machine")?)
            }
            _ => return Err("not a question".into()),
        };
        let answer = world.why(of, question);
        let line = answer.map_or_else(|| "no answer".into(), |reason| world.answer(&reason));
        self.report();
        self.lines.push(format!("n{} {line}", of.0));
        Ok(())
    }

    /// Makes a cluster of all machines, as `redis-cli --cluster create` does.
    fn create(&mut self, replicas: usize) -> Result<(), String> {
        let nodes: Vec<Addr> = self
            .world()?
            .hosts()
            .iter()
            .map(|host| Addr { ip: super::host::IP, port: host.port })
            .collect();
        let mut create = Create::new(nodes, replicas)?;
        self.typing = true;
        let mut reply: Option<Value> = None;
        loop {
            match create.next(reply.take()) {
                Step::Send { node, command } => {
                    let words = command
                        .into_iter()
                        .map(|word| String::from_utf8_lossy(&word).into_owned())
                        .collect();
                    let to = HostIdx(u16::try_from(node).map_err(|_| "too many nodes")?);
                    reply = self.world()?.ask(to, words);
                }
                Step::WaitMs(ms) => {
                    let until = self.world()?.now().plus_ms(ms);
                    self.go_to(until)?;
                }
                Step::Say(text) => {
                    self.report();
                    self.lines.push(format!("| {text}"));
                }
                Step::Done => break,
                Step::Failed(why) => {
                    self.lines.push(format!("| {why}"));
                    break;
                }
            }
        }
        self.report();
        self.typing = false;
        Ok(())
    }
}

fn action(words: &[&str]) -> Result<Action, String> {
    Ok(match words {
        ["kill", of] => Action::Kill(host(of)?),
        ["restart", of] => Action::Restart(host(of)?),
        ["freeze", of] => Action::Freeze(host(of)?),
        ["thaw", of] => Action::Thaw(host(of)?),
        ["cut", from, to] => Action::Cut(host(from)?, host(to)?),
        ["join", from, to] => Action::Join(host(from)?, host(to)?),
        ["partition", groups @ ..] => {
            let group = |text: &&str| text.split(',').map(host).collect::<Result<Vec<_>, _>>();
            Action::Partition(groups.iter().map(group).collect::<Result<Vec<_>, _>>()?)
        }
        ["heal"] => Action::Heal,
        ["latency", a, b, us] => Action::Latency(host(a)?, host(b)?, number(us)?),
        ["disk-full", of] => Action::DiskFull(host(of)?, true),
        ["disk-free", of] => Action::DiskFull(host(of)?, false),
        ["clock", of, ms] => Action::ClockStep(host(of)?, number(ms)?),
        ["move", slot, to] => {
            let slot = Slot::new(number(slot)?).ok_or("there is no such slot")?;
            Action::Move(slot, host(to)?)
        }
        ["fix"] => Action::Fix,
        ["leave", of, ms, "replica"] => Action::Leave(host(of)?, number(ms)?, true),
        ["leave", of, ms, "master"] => Action::Leave(host(of)?, number(ms)?, false),
        ["tell", of, command @ ..] => {
            let word = |word: &&str| if *word == "\"\"" { String::new() } else { (*word).into() };
            Action::Command(host(of)?, command.iter().map(word).collect())
        }
        _ => return Err("not a directive".into()),
    })
}

/// All that a set of machines says about one, from those that run.
fn all_say(world: &World, about: HostIdx, says: impl Fn(Health) -> bool) -> bool {
    let others = (0_u16..).take(world.hosts().len()).map(HostIdx).filter(|host| *host != about);
    let mut heard = others.filter_map(|host| world.snapshot(host)).peekable();
    heard.peek().is_some()
        && heard.all(|snapshot| {
            let peer = snapshot.peers.iter().find(|peer| world.host_of(peer.id) == Some(about));
            peer.is_some_and(|peer| says(peer.health))
        })
}

fn holds(world: &World, condition: &str, block: u64) -> Result<bool, String> {
    let (what, of) = condition.split_once(':').unwrap_or((condition, ""));
    let serving = |ok: bool| {
        let running =
            (0_u16..).take(world.hosts().len()).filter_map(|n| world.snapshot(HostIdx(n)));
        running.into_iter().all(|snapshot| snapshot.serving.ok == ok)
    };
    let replica = |of: &str| {
        let snapshot = world.snapshot(host(of)?);
        Ok::<_, String>(snapshot.map(|snapshot| snapshot.myself().is_replica))
    };
    Ok(match what {
        "settled" => world.unsettled().is_empty(),
        "serving" => serving(true),
        "down" => serving(false),
        "master" => replica(of)? == Some(false),
        "replica" => replica(of)? == Some(true),
        "failed" => all_say(world, host(of)?, |health| health == Health::Fail),
        "fine" => all_say(world, host(of)?, |health| health == Health::Ok),
        "gone" => world.snapshot(host(of)?).is_none(),
        "mark" => world
            .records(block)
            .iter()
            .any(|record| matches!(&record.what, What::Decided(reason) if name(reason) == of)),
        _ => return Err(format!("'{condition}' is no condition")),
    })
}

fn view_lines(world: &World, of: HostIdx, snapshot: &Snapshot) -> Vec<String> {
    let label = |id| world.host_of(id).map_or_else(|| "?".into(), |host| format!("n{}", host.0));
    let mut sorted: BTreeSet<(String, String)> = BTreeSet::new();
    for peer in &snapshot.peers {
        let role = match (peer.is_replica, peer.master) {
            (true, Some(master)) => format!("replica of {}", label(master)),
            (true, None) => "replica".into(),
            (false, _) => "master".into(),
        };
        let health = match peer.health {
            Health::Ok => "fine",
            Health::Pfail => "PFAIL",
            Health::Fail => "FAIL",
        };
        let slots: Vec<String> =
            peer.slots.iter().map(|(first, last)| format!("{first}-{last}")).collect();
        let line = format!("{role} epoch={} {health} {}", peer.config_epoch, slots.join(" "));
        sorted.insert((label(peer.id), line.trim_end().into()));
    }
    let state = if snapshot.serving.ok { "ok" } else { "fail" };
    let head = format!("n{} says: {state} epoch={}", of.0, snapshot.current_epoch);
    let lines = sorted.into_iter().map(|(who, line)| format!("  {who} {line}"));
    core::iter::once(head).chain(lines).collect()
}
