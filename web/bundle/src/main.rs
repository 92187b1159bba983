//! What stands behind `cargo lab`, `cargo lab-build`, `cargo lab-test`, `cargo lab-bench` and
//! `cargo lab-help`.
//!
//! One small program that needs nothing but cargo: it finds or builds the wasm standard library,
//! turns `web/` into `web/dist`, starts the lab on it, and runs the checks of the repository in
//! the order in which CI runs them. It knows tools, not protocols.

mod bench;
mod bindgen;
mod build;
mod checks;
mod debian;
mod fuzz;
mod lab;
mod lessons;
mod pack;
mod packages;
mod run;
mod wasm_std;

use std::process::ExitCode;

use anyhow::{Result, bail};
use lexopt::{Arg, ValueExt as _};

const HELP: &str = "\
cargo lab [options]         build the page, start the lab on a loopback port, open the browser
                            (options go to `slotscope lab`; `cargo lab --help` lists them)
cargo lab-build [--dev]     only build the page, into web/dist
cargo lab-test [stage..]    everything that CI runs, cheap first; or only the stages named
cargo lab-test --list       the stages and what each is for
cargo lab-test --from stage start at that stage (after a failure)
cargo lab-bench             throughput, CPU and memory beside redis-server, in one table
cargo lab-bench failover    kill to first accepted write, beside redis-server
                            (cargo lab-bench --help lists the options)
cargo lab-fuzz target [min] look for bytes that break a promise; the targets are the folders of
                            tests/fuzz/corpus
cargo lab-help              this page

cargo test --workspace      unit, property and tidy tests: needs Rust and nothing else
cargo run --release -- server --port 7000 --cluster-enabled yes
                            one node over TCP, with the directives of redis.conf
cargo run --release -- create-cluster start
                            six of them on loopback ports
cargo run --release -- sim --seeds 1..1000
                            random faults in virtual time; a failing seed prints its replay
cargo run --release -- --help
                            everything else that the program can do

What is missing is installed where that is possible (rustup, or apt on Debian as root), and
otherwise named in one sentence. RUSTUP_AUTO_INSTALL=0 keeps rustup from downloading.
";

fn main() -> ExitCode {
    match dispatch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("slotscope-bundle: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch() -> Result<()> {
    let mut parser = lexopt::Parser::from_env();
    match parser.next()? {
        Some(Arg::Value(word)) => match word.string()?.as_str() {
            "build" => match build_options(parser)? {
                Some(flavour) => build::build(flavour).map(drop),
                None => build::probe(),
            },
            // What follows belongs to `slotscope lab`, unread.
            "lab" => lab::lab(&std::env::args_os().skip(2).collect::<Vec<_>>()),
            // What follows belongs to the benchmark, unread.
            "bench" => bench::bench(&std::env::args_os().skip(2).collect::<Vec<_>>()),
            "fuzz" => fuzz::fuzz(&std::env::args().skip(2).collect::<Vec<_>>()),
            "test" => checks::run(&test_options(parser)?),
            "help" => {
                print!("{HELP}");
                Ok(())
            }
            other => bail!("unknown command, try `cargo lab-help`: {other}"),
        },
        Some(Arg::Short('h') | Arg::Long("help")) | None => {
            print!("{HELP}");
            Ok(())
        }
        Some(other) => Err(other.unexpected().into()),
    }
}

/// `None` for the probe: the core as wasm without a page.
fn build_options(mut parser: lexopt::Parser) -> Result<Option<build::Flavour>> {
    let mut flavour = Some(build::Flavour::Release);
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("release") => flavour = Some(build::Flavour::Release),
            Arg::Long("dev") => flavour = Some(build::Flavour::Dev),
            Arg::Long("probe") => flavour = None,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(flavour)
}

fn test_options(mut parser: lexopt::Parser) -> Result<checks::Selection> {
    let mut selection = checks::Selection::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("list") => selection.list = true,
            Arg::Long("from") => selection.from = Some(parser.value()?.string()?),
            Arg::Value(stage) => selection.only.push(stage.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(selection)
}
