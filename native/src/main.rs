//! The program `slotscope`: a node, a cluster of them, the simulator, the lab.

mod cli;
mod create_cluster;
mod lab;
mod server;
mod sim;
mod terminal;

use std::{env, path::Path, process::ExitCode};

use clap::Parser as _;

use self::cli::{Cli, Command, LabArgs};

fn main() -> ExitCode {
    let words: Vec<String> = match env::args_os().map(std::ffi::OsString::into_string).collect() {
        Ok(words) => words,
        Err(word) => {
            terminal::complain(&format!(
                "slotscope: the command line is no UTF-8 text: {}",
                word.display()
            ));
            return ExitCode::FAILURE;
        }
    };
    if is_server(words.first().map_or("", String::as_str)) {
        return server::run(words.get(1..).unwrap_or(&[]));
    }
    let ended = match Cli::parse_from(words).command {
        Some(Command::Server(args)) => return server::run(&args.words),
        None => lab::run(&LabArgs::default()),
        Some(Command::Lab(args)) => lab::run(&args),
        Some(Command::CreateCluster(args)) => create_cluster::run(&args),
        Some(Command::Sim(args)) => match sim::run(&args) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::complain(&format!("slotscope: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Whether the program was called by the name of a server, so that the text of the tutorials can
/// be typed as it stands.
fn is_server(program: &str) -> bool {
    let name = Path::new(program).file_stem().and_then(|name| name.to_str());
    matches!(name, Some("redis-server" | "keydb-server"))
}
