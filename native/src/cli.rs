//! The command line: one definition for parsing, help and examples.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A Redis Cluster node you can look inside.
#[derive(Debug, Parser)]
#[command(name = "slotscope", version, about, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  slotscope                                      open the lab in the browser
  slotscope server --port 7000 --cluster-enabled yes
  slotscope create-cluster start                 six nodes on ports 7000 to 7005
  slotscope sim --seeds 1..1000                  a thousand runs with random faults

Without a command, `slotscope` is `slotscope lab`. Called as `redis-server`, it is
`slotscope server`.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the lab on this machine and open it in the browser (the default).
    #[command(after_help = "Examples:\n  slotscope lab\n  slotscope lab --port 8000 --no-open\n  \
        slotscope lab --dist web/dist")]
    Lab(LabArgs),
    /// Run one node, with the configuration files and options of redis-server.
    #[command(after_help = "Examples:\n  slotscope server\n  slotscope server ./redis.conf\n  \
        slotscope server ./redis.conf --port 7000 --loglevel verbose\n  \
        slotscope server --port 7000 --cluster-enabled yes --cluster-node-timeout 5000\n\n\
        Every directive of redis.conf is an option: --directive value... Later ones win.")]
    Server(ServerArgs),
    /// Start, join, watch and stop a whole cluster on this machine.
    #[command(after_help = "Examples:\n  slotscope create-cluster start\n  \
        slotscope create-cluster create\n  slotscope create-cluster status\n  \
        slotscope create-cluster stop\n  slotscope create-cluster clean\n  \
        slotscope create-cluster start --nodes 9 --replicas 2 --port 30000\n\n\
        `start` runs the processes, `create` joins them into a cluster, `stop` ends them and \
        keeps their files, `clean` removes the files.")]
    CreateCluster(ClusterArgs),
    /// Run the cluster in virtual time, with random faults, and check its invariants.
    #[command(after_help = "Examples:\n  slotscope sim --seeds 1..1000\n  \
        slotscope sim --seed 42 --until 60s --trace\n  \
        slotscope sim --seeds 1..100 --break no-last-vote-epoch\n\n\
        Exit status: 0 all seeds held, 2 an invariant broke, 3 a cluster did not come to rest \
        after all was repaired, 1 anything else.")]
    Sim(SimArgs),
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct LabArgs {
    /// Port of this machine to serve the lab on [default: 7379, or a free one if that is taken].
    #[arg(long)]
    pub port: Option<u16>,
    /// Do not open the browser.
    #[arg(long)]
    pub no_open: bool,
    /// Serve the page from this folder instead of the program's own.
    #[arg(long, value_name = "DIR")]
    pub dist: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct ServerArgs {
    /// A configuration file, then directives: `[FILE] [--port 7000] [--cluster-enabled yes] ...`
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "FILE | --DIRECTIVE VALUE"
    )]
    pub words: Vec<String>,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct ClusterArgs {
    /// What to do.
    #[arg(value_enum)]
    pub action: ClusterAction,
    /// How many nodes.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u16).range(3..=500))]
    pub nodes: u16,
    /// How many replicas each master gets.
    #[arg(long, default_value_t = 1)]
    pub replicas: u16,
    /// Port of the first node; the others follow.
    #[arg(long, default_value_t = 7000, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,
    /// cluster-node-timeout in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 2000)]
    pub node_timeout: u64,
    /// Where the nodes keep their files, a folder each.
    #[arg(long, value_name = "DIR", default_value = "slotscope-cluster")]
    pub dir: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ClusterAction {
    /// Run the processes.
    Start,
    /// Join the running processes into a cluster.
    Create,
    /// Show who runs and what each node says.
    Status,
    /// End the processes; their files stay.
    Stop,
    /// Remove the files of stopped nodes.
    Clean,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct SimArgs {
    /// Seeds to run: one number, or a range whose ends are both run.
    #[arg(long, value_name = "FROM..TO", default_value = "1..100", value_parser = seed_range)]
    pub seeds: (u64, u64),
    /// Seeds that run at the same time.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: u16,
    /// One seed alone.
    #[arg(long, conflicts_with = "seeds")]
    pub seed: Option<u64>,
    /// Virtual time at which a single seed ends: 60s, 1500ms, 2m.
    #[arg(long, value_name = "TIME", requires = "seed", value_parser = duration_ms)]
    pub until: Option<u64>,
    /// Print what happens in a single seed.
    #[arg(long, requires = "seed")]
    pub trace: bool,
    /// Break a rule on purpose, to see that the invariants notice: no-last-vote-epoch.
    #[arg(long = "break", value_name = "RULE")]
    pub broken: Option<String>,
}

fn seed_range(text: &str) -> Result<(u64, u64), String> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let number = |text: &str| {
        text.trim_start_matches('=').parse::<u64>().map_err(|_| format!("'{text}' is no seed"))
    };
    let (from, to) = (number(from)?, number(to)?);
    if from <= to { Ok((from, to)) } else { Err("the range is empty".into()) }
}

fn duration_ms(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "ms" => 1,
        "s" | "" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        other => return Err(format!("'{other}' is no unit of time: ms, s, m or h")),
    };
    let number: u64 = digits.parse().map_err(|_| format!("'{text}' is no time, such as 60s"))?;
    number.checked_mul(factor).ok_or_else(|| format!("'{text}' is too long"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_server_takes_the_words_of_redis_server() {
        let words = |line: &[&str]| match Cli::try_parse_from(line).unwrap().command {
            Some(Command::Server(args)) => args.words,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            words(&["slotscope", "server", "a.conf", "--port", "7000", "--save", ""]),
            ["a.conf", "--port", "7000", "--save", ""]
        );
        assert_eq!(words(&["slotscope", "server", "--port", "1"]), ["--port", "1"]);
        let help = Cli::try_parse_from(["slotscope", "server", "--help"]).unwrap_err();
        assert_eq!(help.kind(), clap::error::ErrorKind::DisplayHelp);
    }

    #[test]
    fn every_command_shows_examples() {
        for command in Cli::command().get_subcommands() {
            let help = command.clone().render_long_help().to_string();
            assert!(help.contains("Examples:"), "{}", command.get_name());
        }
    }

    #[test]
    fn seeds_and_times() {
        assert_eq!(seed_range("1..1000"), Ok((1, 1000)));
        assert_eq!(seed_range("7"), Ok((7, 7)));
        assert_eq!(seed_range("1..=3"), Ok((1, 3)));
        assert!(seed_range("3..1").is_err() && seed_range("a..b").is_err());
        assert_eq!(duration_ms("60s"), Ok(60_000));
        assert_eq!(duration_ms("250ms"), Ok(250));
        assert_eq!(duration_ms("2m"), Ok(120_000));
        assert!(duration_ms("2 weeks").is_err() && duration_ms("s").is_err());
    }
}
