//! A desk for the tutorials: their programs under their names, their ports, their folder.
//!
//! The texts use fixed ports and names of programs. Here the ports are free ones, and words are
//! translated on the way in and back on the way out, so that a step is typed, and what it shows is
//! read, as it stands in the text. `redis-server` and `keydb-server` are the node under test by
//! another name; `redis-cli` is the real one.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    io::Write as _,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    places,
    ports::{self, BUS_OFFSET},
    process::{Process, wait_for},
    server::Make,
    table::{self, Row},
    terminal::Terminal,
};

/// Long enough that only something that hangs reaches it.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// One reader of one text.
#[derive(Debug)]
pub struct Desk {
    /// Who makes the nodes.
    pub make: Make,
    /// Nodes by the port that the text gives them.
    pub nodes: BTreeMap<u16, Process>,
    /// Where commands are typed.
    pub folder: PathBuf,
    rows: Vec<Row>,
    typed: Mutex<BTreeSet<String>>,
    /// From the text's ports to ours.
    ports: BTreeMap<u16, u16>,
    bin: PathBuf,
    /// Dropped last.
    below: TempDir,
}

impl Desk {
    /// For the rows of these texts, which use these ports.
    #[must_use]
    pub fn new(make: Make, texts: &[u8], ports: &[u16]) -> Self {
        let below = TempDir::new().unwrap();
        let bin = below.path().join("bin");
        fs::create_dir(&bin).unwrap();
        let server = match make {
            Make::Slotscope => places::slotscope().to_path_buf(),
            Make::Redis => on_path("redis-server"),
        };
        for name in ["redis-server", "keydb-server"] {
            symlink(&server, bin.join(name)).unwrap();
        }
        symlink(places::slotscope(), bin.join("slotscope")).unwrap();
        symlink(on_path("redis-cli"), bin.join("keydb-cli")).unwrap();
        let rows = table::read(include_str!("../data/tutorials.txt"));
        let rows = rows.into_iter().filter(|row| texts.contains(&row.text)).collect();
        let ports = ports.iter().map(|&told| (told, ports::free())).collect();
        Self {
            make,
            nodes: BTreeMap::new(),
            folder: below.path().to_path_buf(),
            rows,
            typed: Mutex::default(),
            ports,
            bin,
            below,
        }
    }

    /// The step of that name; from now on it counts as typed.
    #[must_use]
    pub fn row(&self, step: &str) -> Row {
        let row = self.rows.iter().find(|row| row.step == step);
        let row = row.unwrap_or_else(|| panic!("no step {step:?} in the table"));
        assert_eq!(row.left_out, None, "{step:?} is typed after all");
        self.typed.lock().unwrap().insert(step.to_owned());
        row.clone()
    }

    /// What is typed for a step, with our ports; `<..>` and IDs are replaced, each pair once.
    #[must_use]
    pub fn line(&self, step: &str, instead: &[(&str, &str)]) -> String {
        let row = self.row(step);
        let mut line = row.instead.unwrap_or_else(|| row.commands.join("\n"));
        for (placeholder, value) in instead {
            assert!(line.contains(placeholder), "no {placeholder} in {line}");
            line = line.replacen(placeholder, value, 1);
        }
        self.to_ours(&line)
    }

    /// Types a step into a shell and waits for its end; what it printed, in the text's ports.
    pub fn types(&self, step: &str, instead: &[(&str, &str)]) -> String {
        self.types_and_answers(step, instead, "")
    }

    /// As [`Desk::types`], with answers to what it may ask.
    pub fn types_and_answers(&self, step: &str, instead: &[(&str, &str)], answers: &str) -> String {
        let shown = self.shell(&self.line(step, instead), answers);
        table::assert_seen(step, &shown, &self.row(step).seen);
        shown
    }

    /// Any line in a shell: what it printed, errors included, in the text's ports.
    #[must_use]
    pub fn shell(&self, line: &str, answers: &str) -> String {
        self.shell_as_is(&self.to_ours(line), answers)
    }

    /// As [`Desk::shell`], with the numbers as they are.
    #[must_use]
    pub fn shell_as_is(&self, line: &str, answers: &str) -> String {
        let mut child = self
            .command(&format!("{{ {line}\n}} 2>&1"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // It may end without having read them.
        drop(child.stdin.take().unwrap().write_all(answers.as_bytes()));
        let output = child.wait_with_output().unwrap();
        self.to_told(&String::from_utf8_lossy(&output.stdout))
    }

    /// A step at a terminal.
    #[must_use]
    pub fn opens(&self, step: &str, instead: &[(&str, &str)]) -> Terminal {
        let line = self.line(step, instead);
        // So that the terminal belongs to the program, not to the shell before it.
        Terminal::open(&mut self.command(&format!("exec {line}")), PATIENCE)
    }

    /// Types a step at the prompt of an open session; what it answered, in the text's ports.
    pub fn says(&self, at: &mut Terminal, step: &str, instead: &[(&str, &str)]) -> String {
        at.say(&self.line(step, instead));
        let shown = self.to_told(&await_prompt(at));
        table::assert_seen(step, &shown, &self.row(step).seen);
        shown
    }

    /// Starts what a step starts and goes on running, as the node at `port` of the text.
    pub fn starts(&mut self, step: &str, port: u16) {
        let row = self.row(step);
        let line = self.to_ours(row.instead.as_ref().unwrap_or(row.commands.last().unwrap()));
        let folder = self.folder.join(port.to_string());
        // The text goes into the folder of the node first.
        let place = if folder.is_dir() { folder } else { self.folder.clone() };
        let mut command = self.command(&format!("exec {line}"));
        let process = Process::spawn(&port.to_string(), command.current_dir(place), &self.folder);
        self.nodes.insert(port, process);
        let log = self.await_log(port, row.seen.first().map_or("", String::as_str));
        table::assert_seen(step, &log, &row.seen);
        wait_for("it answers", PATIENCE, || {
            let pong = self.cli(port, &["PING"]);
            (pong.trim() == "PONG").then_some(())
        });
    }

    /// Starts a node again as it was started, after it has ended.
    pub fn starts_again(&mut self, port: u16) {
        let row = self.row("start");
        let mut command = self.command(&format!("exec {}", row.commands.last().unwrap()));
        command.current_dir(self.folder.join(port.to_string()));
        // The old one first: two would share a folder.
        self.nodes.remove(&port);
        let process = Process::spawn(&port.to_string(), &mut command, &self.folder);
        self.nodes.insert(port, process);
        wait_for("it answers", PATIENCE, || {
            (self.cli(port, &["PING"]).trim() == "PONG").then_some(())
        });
    }

    /// Waits until the node's log holds `words`; the log, in the text's ports.
    #[must_use]
    pub fn await_log(&self, port: u16, words: &str) -> String {
        wait_for(&format!("the log of {port} says {words:?}"), PATIENCE, || {
            let log = self.to_told(&self.nodes[&port].log());
            log.contains(words).then_some(log)
        })
    }

    /// `redis-cli -p <port> <words>`.
    #[must_use]
    pub fn cli(&self, port: u16, words: &[&str]) -> String {
        let words: Vec<String> = words.iter().map(|word| self.to_ours(word)).collect();
        let mut command = Command::new("redis-cli");
        command.args(["-p", &self.ours(port).to_string()]).args(words);
        let output = command.output().expect("redis-cli is installed");
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        self.to_told(&text)
    }

    /// Our port for one of the text.
    #[must_use]
    pub fn ours(&self, told: u16) -> u16 {
        *self.ports.get(&told).unwrap_or(&told)
    }

    /// All of our ports, in the order of the text's.
    #[must_use]
    pub fn all_ours(&self) -> Vec<u16> {
        self.ports.values().copied().collect()
    }

    /// Panics unless every row of the texts was typed, or says why not.
    pub fn finish(self) {
        let typed = self.typed.lock().unwrap();
        let is_open = |row: &&Row| row.left_out.is_none() && !typed.contains(&row.step);
        let open: Vec<_> = self.rows.iter().filter(is_open).collect();
        assert!(open.is_empty(), "lines that nobody typed: {open:#?}");
    }

    /// Where all of it is.
    #[must_use]
    pub fn below(&self) -> &Path {
        self.below.path()
    }

    fn command(&self, line: &str) -> Command {
        let mut path = self.bin.clone().into_os_string();
        path.push(":");
        path.push(env::var_os("PATH").unwrap_or_default());
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(&self.folder).env("PATH", path);
        command
    }

    fn to_ours(&self, text: &str) -> String {
        self.replace_numbers(text, |number| self.ports.get(&number).copied())
    }

    fn to_told(&self, text: &str) -> String {
        self.replace_numbers(text, |number| {
            let of =
                |port| self.ports.iter().find(|(_, ours)| **ours == port).map(|(told, _)| *told);
            of(number).or_else(|| Some(of(number.checked_sub(BUS_OFFSET)?)? + BUS_OFFSET))
        })
    }

    /// Replaces every number that stands for a port.
    fn replace_numbers(&self, text: &str, by: impl Fn(u16) -> Option<u16>) -> String {
        let (mut out, mut rest) = (String::new(), text);
        while let Some(at) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            match word.parse().ok().and_then(&by) {
                Some(port) => out.push_str(&port.to_string()),
                None => out.push_str(word),
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// Everything up to and with the next prompt of `redis-cli`: `127.0.0.1:7000> `.
pub fn await_prompt(at: &mut Terminal) -> String {
    let mut shown = String::new();
    loop {
        shown.push_str(&at.await_words("> "));
        let last = shown.rsplit('\n').next().unwrap_or_default();
        if last.starts_with("127.0.0.1:") {
            return shown;
        }
    }
}

/// Where the shell finds a program.
fn on_path(program: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join(program)).find(|at| at.is_file());
    found.unwrap_or_else(|| panic!("{program} is installed"))
}
