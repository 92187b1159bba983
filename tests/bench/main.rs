//! `cargo lab-bench`: how fast, how frugal, how soon back? Beside `redis-server`, in one run.
//!
//! Both servers run at the same time with the same directives and are asked in turn, several
//! rounds, so that a busy moment of the machine falls on both. What is printed is the median of
//! the rounds. [`speed`] asks by `redis-benchmark`, [`memory`] fills both, [`failover`] kills.
//!
//! Nothing here knows what a good number is, except for the last column, which says what the
//! project promises.

#![allow(clippy::panic, reason = "what a shared helper cannot do ends the benchmark")]

mod cpu;
mod failover;
mod fill;
mod memory;
mod speed;
mod table;

use std::{
    ffi::OsString,
    panic,
    process::{Command, ExitCode, Stdio},
    thread,
};

use anyhow::{Context as _, Result, bail};
use lexopt::{Arg, ValueExt as _};
use slotscope_tests::{places, process};
use tokio::signal::unix::{SignalKind, signal};

const HELP: &str = "\
cargo lab-bench [speed] [memory] [failover] [options]

speed                 redis-benchmark -c 50: GET, SET and INCR, at -P 1 and -P 16
memory                resident memory for a million values of 64 bytes
failover              kill -9 of a master to the first accepted write on its slots
                      (without any of these words: speed and memory)

--rounds N            rounds of speed; both servers are measured in each (5)
--requests N          requests of one measurement at -P 1; four times as many at -P 16 (200000)
--keys N              number of different keys of speed (100000)
--size N              bytes of a value of speed (3, as redis-benchmark has it)
--memory-keys N       number of keys of memory (1000000)
--no-pin              do not pin server and client to a processor each
--runs N              runs of failover for each node timeout (5)
--timeouts MS,MS      node timeouts of failover (1000,5000)
--slotscope PATH      another program than the one built from here
";

/// What the command line asks for.
#[derive(Clone, Debug)]
struct Options {
    speed: bool,
    memory: bool,
    failover: bool,
    rounds: usize,
    requests: u64,
    keys: u64,
    size: u64,
    memory_keys: u64,
    pin: bool,
    runs: usize,
    timeouts_ms: Vec<u32>,
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => return complain(&format!("{error:#}; --help lists the options")),
    };
    listen_for_ctrl_c();
    // Helpers that tests share panic with a whole sentence: that sentence is the error.
    panic::set_hook(Box::new(|info| {
        if !process::is_interrupted() {
            let text = info.payload_as_str().unwrap_or("an unknown error");
            complain(text);
        }
    }));
    let outcome = panic::catch_unwind(|| run(&options));
    match outcome {
        Ok(Ok(())) => ExitCode::SUCCESS,
        _ if process::is_interrupted() => {
            complain("interrupted; all servers are stopped");
            ExitCode::from(130)
        }
        Ok(Err(error)) => complain(&format!("{error:#}")),
        Err(_) => ExitCode::FAILURE,
    }
}

fn complain(text: &str) -> ExitCode {
    eprintln!("slotscope-bench: {text}");
    ExitCode::FAILURE
}

/// `None`: the help is asked for.
fn options() -> Result<Option<Options>> {
    let mut options = Options {
        speed: false,
        memory: false,
        failover: false,
        rounds: 5,
        requests: 200_000,
        keys: 100_000,
        size: 3,
        memory_keys: 1_000_000,
        pin: true,
        runs: 5,
        timeouts_ms: vec![1000, 5000],
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(None),
            Arg::Long("rounds") => options.rounds = positive(&parser.value()?)?,
            Arg::Long("requests") => options.requests = positive(&parser.value()?)?,
            Arg::Long("keys") => options.keys = positive(&parser.value()?)?,
            Arg::Long("size") => options.size = positive(&parser.value()?)?,
            Arg::Long("memory-keys") => options.memory_keys = positive(&parser.value()?)?,
            Arg::Long("no-pin") => options.pin = false,
            Arg::Long("runs") => options.runs = positive(&parser.value()?)?,
            Arg::Long("timeouts") => {
                let list = parser.value()?.string()?;
                let each = list.split(',').map(|ms| positive(&OsString::from(ms)));
                options.timeouts_ms = each.collect::<Result<_>>()?;
            }
            Arg::Long("slotscope") => places::use_program(parser.value()?.into()),
            Arg::Value(word) => match word.string()?.as_str() {
                "speed" => options.speed = true,
                "memory" => options.memory = true,
                "failover" => options.failover = true,
                other => bail!("unknown word: {other}"),
            },
            other => return Err(other.unexpected().into()),
        }
    }
    if !(options.speed || options.memory || options.failover) {
        (options.speed, options.memory) = (true, true);
    }
    Ok(Some(options))
}

fn positive<T: TryFrom<u64>>(word: &OsString) -> Result<T> {
    let number: u64 = word.parse().context("not a number")?;
    match T::try_from(number) {
        Ok(n) if number > 0 => Ok(n),
        _ => bail!("out of range: {number}"),
    }
}

fn run(options: &Options) -> Result<()> {
    for program in ["redis-server", "redis-cli", "redis-benchmark"] {
        need(program)?;
    }
    if !std::path::Path::new("/proc/self/stat").exists() {
        bail!("CPU time and memory of a server are read from /proc, which this system lacks");
    }
    eprintln!("building slotscope in release (slow only the first time)");
    let program = places::slotscope();
    let versions = [
        first_line(program.as_os_str(), "--version")?,
        first_line("redis-server".as_ref(), "--version")?,
    ];
    println!("{}\n{}", versions[0], versions[1]);
    if options.speed {
        speed::run(options)?;
    }
    if options.memory {
        memory::run(options)?;
    }
    if options.failover {
        failover::run(options)?;
    }
    Ok(())
}

fn need(program: &str) -> Result<()> {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).status();
    found.map(drop).with_context(|| {
        format!("{program} is needed (on Debian: apt-get install redis-server redis-tools)")
    })
}

fn first_line(program: &std::ffi::OsStr, option: &str) -> Result<String> {
    let output = Command::new(program).arg(option).output();
    let output = output.with_context(|| format!("cannot start {}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// The first Ctrl-C makes every wait fail, so that the servers are stopped by those who started
/// them; a second one does not wait for that.
fn listen_for_ctrl_c() {
    thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            let Ok(mut int) = signal(SignalKind::interrupt()) else { return };
            int.recv().await;
            process::interrupt();
            int.recv().await;
            std::process::exit(130);
        });
    });
}
