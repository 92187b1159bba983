//! `slotscope create-cluster`: a whole cluster on this machine, as processes.
//!
//! The steps that make a cluster of empty nodes are `core`'s (`client::manager`); here are the
//! processes, the sockets, and the words on the terminal.

mod processes;
mod wire;

use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    process::Child,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use slotscope_core::{
    client::{
        Value,
        manager::{Create, Step},
    },
    endpoint::Addr,
};
use tokio::{runtime, signal, time};

use self::{
    processes::{LOOK_AGAIN, Place},
    wire::Conversation,
};
use crate::{
    cli::{ClusterAction, ClusterArgs},
    terminal::say,
};

/// After so long a node that does not answer is taken for failed.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// Does what the command line says.
pub(crate) fn run(args: &ClusterArgs) -> anyhow::Result<()> {
    match args.action {
        ClusterAction::Start => start(args),
        ClusterAction::Create => create(args),
        ClusterAction::Status => status(args),
        ClusterAction::Stop => stop(args),
        ClusterAction::Clean => clean(args),
    }
}

fn here(port: u16) -> Addr {
    Addr { ip: IpAddr::V4(Ipv4Addr::LOCALHOST), port }
}

fn ports(args: &ClusterArgs) -> anyhow::Result<Vec<u16>> {
    let last = args.port.checked_add(args.nodes - 1).filter(|last| *last <= 55_535);
    let last = last.with_context(|| {
        format!(
            "{} nodes from port {} on need ports up to 55535: the cluster bus is 10000 higher",
            args.nodes, args.port
        )
    })?;
    Ok((args.port..=last).collect())
}

fn start(args: &ClusterArgs) -> anyhow::Result<()> {
    let ports = ports(args)?;
    fs::create_dir_all(&args.dir)
        .with_context(|| format!("cannot make the folder {}", args.dir.display()))?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let mut started = Vec::new();
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = start_all(args, &ports, &mut started) => ended,
            _ = signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
        }
    });
    if ended.is_err() {
        // What this command began it also ends; nodes that ran before stay.
        for (_, child) in &mut started {
            drop(child.kill());
            drop(child.wait());
        }
        return ended;
    }
    say(&format!("Next: {}", next_command(std::env::args().skip(1))));
    Ok(())
}

/// The command that follows `start`, with the same options: it must find the same nodes.
fn next_command(words: impl Iterator<Item = String>) -> String {
    let mut command = String::from("slotscope");
    let mut is_start = true;
    for word in words {
        let word = if is_start && word == "start" {
            is_start = false;
            "create".into()
        } else {
            word
        };
        command.push(' ');
        command.push_str(&word);
    }
    command
}

async fn start_all(
    args: &ClusterArgs,
    ports: &[u16],
    started: &mut Vec<(Place, Child)>,
) -> anyhow::Result<()> {
    for port in ports {
        let place = Place::new(&args.dir, *port);
        if let Some(pid) = place.running() {
            say(&format!("{port}: runs already, pid {pid}"));
            continue;
        }
        say(&format!("{port}: starting in {}", place.folder.display()));
        let child = place.start(args.node_timeout)?;
        started.push((place, child));
    }
    for (place, child) in started {
        wait_for(place, child).await?;
        say(&format!("{}: ready, pid {}", place.port, child.id()));
    }
    Ok(())
}

/// Waits until the node answers; fails with its own last words when it ends instead.
async fn wait_for(place: &Place, child: &mut Child) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            bail!("the node on port {} ended ({status}): {}", place.port, last_words(place));
        }
        // Our own process must be the one that answers, so its pid file has to stand first.
        if place.running().is_some()
            && let Ok(mut node) = Conversation::open(here(place.port))
            && node.ask(&["PING"]).is_ok_and(|pong| pong.as_str() == Some("PONG"))
        {
            return Ok(());
        }
        if begun.elapsed() > START_PATIENCE {
            bail!("the node on port {} does not answer: {}", place.port, last_words(place));
        }
        time::sleep(LOOK_AGAIN).await;
    }
}

/// The last line of a node's log.
fn last_words(place: &Place) -> String {
    let text = fs::read_to_string(place.log()).unwrap_or_default();
    let line = text.lines().next_back().unwrap_or("its log is empty");
    format!("{line} (see {})", place.log().display())
}

fn create(args: &ClusterArgs) -> anyhow::Result<()> {
    let nodes: Vec<Addr> = ports(args)?.into_iter().map(here).collect();
    let mut connections = Vec::new();
    for node in &nodes {
        let connection = Conversation::open(*node).with_context(|| {
            format!("no node answers on {node}: `slotscope create-cluster start` starts them")
        })?;
        connections.push(connection);
    }
    let mut steps =
        Create::new(nodes.clone(), usize::from(args.replicas)).map_err(anyhow::Error::msg)?;
    let mut reply = None;
    loop {
        match steps.next(reply.take()) {
            Step::Send { node, command } => {
                let (Some(connection), Some(addr)) = (connections.get_mut(node), nodes.get(node))
                else {
                    bail!("the plan names a node that is not there: {node}");
                };
                let answer =
                    connection.ask(&command).with_context(|| format!("{addr} does not answer"))?;
                reply = Some(answer);
            }
            Step::WaitMs(ms) => thread::sleep(Duration::from_millis(ms)),
            Step::Say(line) => say(&line),
            Step::Done => return Ok(()),
            Step::Failed(why) => bail!("{why}"),
        }
    }
}

fn places(args: &ClusterArgs) -> anyhow::Result<Vec<Place>> {
    let places = Place::all(&args.dir)
        .with_context(|| format!("no cluster is kept in {}", args.dir.display()))?;
    if places.is_empty() {
        bail!("no cluster is kept in {}", args.dir.display());
    }
    Ok(places)
}

fn status(args: &ClusterArgs) -> anyhow::Result<()> {
    for place in places(args)? {
        let process = match place.running() {
            Some(pid) => format!("pid {pid}"),
            None => "not running".into(),
        };
        let words = match place.running() {
            Some(_) => described(place.port).unwrap_or_else(|error| error.to_string()),
            None => String::new(),
        };
        say(&format!("{:<6} {process:<12} {words}", place.port));
    }
    Ok(())
}

/// One line on what a node says of itself.
fn described(port: u16) -> anyhow::Result<String> {
    let mut node = Conversation::open(here(port)).context("does not answer")?;
    let mut text = |words: &[&str]| -> anyhow::Result<String> {
        let reply: Value = node.ask(words).context("does not answer")?;
        Ok(reply.as_str().unwrap_or_default().to_owned())
    };
    let info = text(&["CLUSTER", "INFO"])?;
    let state = info.lines().find_map(|line| line.strip_prefix("cluster_state:")).unwrap_or("?");
    let nodes = text(&["CLUSTER", "NODES"])?;
    let known = nodes.lines().count();
    let Some(role) = nodes.lines().find_map(own_line) else { bail!("does not name itself") };
    Ok(format!("{role}, cluster state {}, knows {known} nodes", state.trim_end()))
}

/// Role and slots from a node's line about itself in `CLUSTER NODES`.
fn own_line(line: &str) -> Option<String> {
    let fields: Vec<&str> = line.split(' ').collect();
    let [_, _, flags, master, _, _, _, _, slots @ ..] = fields.as_slice() else { return None };
    if !flags.split(',').any(|flag| flag == "myself") {
        return None;
    }
    Some(match (*master, slots) {
        ("-", []) => "master without slots".into(),
        ("-", slots) => format!("master of slots {}", slots.join(" ")),
        (master, _) => format!("replica of {}", master.get(..8).unwrap_or(master)),
    })
}

fn stop(args: &ClusterArgs) -> anyhow::Result<()> {
    for place in places(args)? {
        let was = if place.stop()? { "stopped" } else { "was not running" };
        say(&format!("{}: {was}", place.port));
    }
    Ok(())
}

fn clean(args: &ClusterArgs) -> anyhow::Result<()> {
    let places = places(args)?;
    for place in &places {
        place.clean()?;
        say(&format!("{}: files removed", place.port));
    }
    // The folder itself, if nothing of anybody else's is in it.
    drop(fs::remove_dir(&args.dir));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_command_finds_the_same_nodes() {
        let next = |line: &str| next_command(line.split(' ').map(Into::into));
        assert_eq!(next("create-cluster start"), "slotscope create-cluster create");
        assert_eq!(
            next("create-cluster --port 16379 start --dir start"),
            "slotscope create-cluster --port 16379 create --dir start"
        );
    }

    #[test]
    fn a_node_is_described_by_its_own_line() {
        let id = "a".repeat(40);
        let line = |rest: &str| own_line(&format!("{id} 127.0.0.1:7000@17000 {rest}"));
        assert_eq!(
            line("myself,master - 0 0 1 connected 0-5460 5462").as_deref(),
            Some("master of slots 0-5460 5462")
        );
        assert_eq!(
            line("myself,master - 0 0 0 connected").as_deref(),
            Some("master without slots")
        );
        assert_eq!(
            line("myself,slave 0123456789 0 0 0 connected").as_deref(),
            Some("replica of 01234567")
        );
        assert_eq!(line("master - 0 0 1 connected 0-5460"), None);
        assert_eq!(own_line(""), None);
    }
}
