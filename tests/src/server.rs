//! A node of either make: `slotscope server` or `redis-server`, started with the same directives.

use std::{
    fs,
    io::Write as _,
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use crate::{
    places,
    process::{Process, wait_for},
};

/// Who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    /// This project.
    Slotscope,
    /// The reference.
    Redis,
}

impl Make {
    /// Who is under test: this project, unless `SLOTSCOPE_UNDER_TEST=redis` asks what the
    /// reference does in its place. A test that fails there too asks for the wrong thing.
    #[must_use]
    pub fn under_test() -> Self {
        match std::env::var("SLOTSCOPE_UNDER_TEST").as_deref() {
            Ok("redis") => Self::Redis,
            _ => Self::Slotscope,
        }
    }
}

/// A node on loopback, with a folder of its own. Killed when dropped.
#[derive(Debug)]
pub struct Server {
    /// Who made it.
    pub make: Make,
    /// Its data port.
    pub port: u16,
    /// Where its `nodes.conf` and its dump are.
    pub folder: PathBuf,
    directives: Vec<String>,
    process: Process,
}

impl Server {
    /// Starts it and waits until it accepts connections. `directives` as on the command line:
    /// `["--cluster-node-timeout", "2000"]`.
    pub fn start(make: Make, port: u16, below: &Path, directives: &[&str]) -> Self {
        let folder = below.join(port.to_string());
        fs::create_dir_all(&folder).unwrap();
        let directives: Vec<String> = directives.iter().map(|&word| word.to_owned()).collect();
        let process = spawn(make, port, &folder, &directives);
        let mut server = Self { make, port, folder, directives, process };
        server.await_port();
        server
    }

    /// A member of a cluster, with the time after which silence counts as failure.
    pub fn cluster_member(make: Make, port: u16, below: &Path, node_timeout_ms: u32) -> Self {
        let timeout = node_timeout_ms.to_string();
        let mut words = vec!["--cluster-enabled", "yes", "--cluster-node-timeout", &timeout];
        if make == Make::Redis {
            // It waits five seconds for more replicas before a snapshot, and tells nobody what
            // its data add up to, unless it is told otherwise.
            words.extend(["--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes"]);
        }
        Self::start(make, port, below, &words)
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again from its folder.
    pub fn restart(&mut self) {
        self.process.kill();
        self.process = spawn(self.make, self.port, &self.folder, &self.directives);
        self.await_port();
    }

    /// `redis-cli -p <port> <words>`: what it prints.
    #[must_use]
    pub fn cli(&self, words: &[&str]) -> String {
        redis_cli(&[&["-p", &self.port.to_string()], words].concat())
    }

    /// As [`Server::cli`], following redirections.
    #[must_use]
    pub fn cli_cluster(&self, words: &[&str]) -> String {
        redis_cli(&[&["-c", "-p", &self.port.to_string()], words].concat())
    }

    /// Several lines in one connection of `redis-cli`: what it prints.
    #[must_use]
    pub fn cli_script(&self, lines: &str) -> String {
        self.script(&[], lines)
    }

    /// As [`Server::cli_script`], following redirections.
    #[must_use]
    pub fn cli_script_cluster(&self, lines: &str) -> String {
        self.script(&["-c"], lines)
    }

    fn script(&self, words: &[&str], lines: &str) -> String {
        let mut child = Command::new("redis-cli")
            .args(words)
            .args(["-p", &self.port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("redis-cli is installed");
        let (mut input, lines) = (child.stdin.take().unwrap(), lines.to_owned());
        // Beside reading: what it prints may be more than a pipe holds.
        let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// A field of `INFO`.
    #[must_use]
    pub fn info(&self, field: &str) -> Option<String> {
        let text = self.cli(&["INFO"]);
        let value = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        value.map(|value| value.trim().to_owned())
    }

    fn await_port(&mut self) {
        let (port, process) = (self.port, &mut self.process);
        wait_for("the node accepts connections", Duration::from_secs(20), || {
            if let Some(status) = process.ended() {
                panic!("{} ended with {status}", process.name());
            }
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
        });
    }
}

fn spawn(make: Make, port: u16, folder: &Path, directives: &[String]) -> Process {
    let (mut command, name) = match make {
        Make::Slotscope => {
            let mut command = Command::new(places::slotscope());
            command.arg("server");
            (command, format!("slotscope-{port}"))
        }
        Make::Redis => (Command::new("redis-server"), format!("redis-{port}")),
    };
    command
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
        .arg(folder)
        .args(directives);
    Process::spawn(&name, &mut command, folder)
}

/// The real `redis-cli`: what it prints, errors included.
#[must_use]
pub fn redis_cli(words: &[&str]) -> String {
    let output = Command::new("redis-cli").args(words).output().expect("redis-cli is installed");
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    text
}
