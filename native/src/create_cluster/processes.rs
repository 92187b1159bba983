//! The processes of a cluster on this machine: started in folders of their own, ended by their pid
//! files after a look at whose pid it is.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// How often a condition outside of this program is looked at again.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// After so long a server that was asked to end is killed.
const STOP_PATIENCE: Duration = Duration::from_secs(15);

/// One node's place: `<dir>/<port>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Its client port.
    pub port: u16,
    /// Its folder.
    pub folder: PathBuf,
}

impl Place {
    /// The place of the node on `port`.
    pub(super) fn new(dir: &Path, port: u16) -> Self {
        Self { port, folder: dir.join(port.to_string()) }
    }

    /// All places under `dir`, by port: folders that are named by a number.
    pub(super) fn all(dir: &Path) -> io::Result<Vec<Self>> {
        let mut places = Vec::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let port = entry.file_name().to_str().and_then(|name| name.parse().ok());
            if let Some(port) = port
                && entry.path().is_dir()
            {
                places.push(Self { port, folder: entry.path() });
            }
        }
        places.sort();
        Ok(places)
    }

    /// The node's log.
    pub(super) fn log(&self) -> PathBuf {
        self.folder.join(LOG)
    }

    /// The pid of the node that runs here, if one does and it is ours.
    pub(super) fn running(&self) -> Option<Pid> {
        let text = fs::read_to_string(self.folder.join(PID)).ok()?;
        // Kill with a negative number would mean a whole group.
        let number = text.trim().parse().ok().filter(|number: &i32| *number > 0)?;
        let pid = Pid::from_raw(number)?;
        let words = command_line(pid)?;
        // A pid may belong to anybody after the machine was restarted.
        let is_server = words.iter().any(|word| word == "server");
        let is_here =
            words.windows(2).any(|pair| pair[0] == "--port" && pair[1].parse() == Ok(self.port));
        (is_server && is_here).then_some(pid)
    }

    /// Starts a node here.
    pub(super) fn start(&self, node_timeout_ms: u64) -> anyhow::Result<Child> {
        fs::create_dir_all(&self.folder)
            .with_context(|| format!("cannot make the folder {}", self.folder.display()))?;
        let program = env::current_exe().context("cannot tell where this program is")?;
        let mut command = Command::new(program);
        command
            .args(["server", "--port", &self.port.to_string()])
            .args(["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf"])
            .args(["--cluster-node-timeout", &node_timeout_ms.to_string()])
            .args(["--logfile", LOG, "--pidfile", PID])
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // In a group of its own: Ctrl-C at the terminal, later, is not meant for it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn().with_context(|| format!("cannot start the node on port {}", self.port))
    }

    /// Ends the node that runs here; false when none does.
    pub(super) fn stop(&self) -> anyhow::Result<bool> {
        let Some(pid) = self.running() else { return Ok(false) };
        send(pid, Signal::TERM)?;
        let asked = Instant::now();
        while is_alive(pid) {
            if asked.elapsed() > STOP_PATIENCE {
                send(pid, Signal::KILL)?;
                return Ok(true);
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(true)
    }

    /// Removes the files of a node that does not run.
    pub(super) fn clean(&self) -> anyhow::Result<()> {
        if let Some(pid) = self.running() {
            bail!("the node on port {} still runs (pid {pid}): stop it first", self.port);
        }
        fs::remove_dir_all(&self.folder)
            .with_context(|| format!("cannot remove {}", self.folder.display()))
    }
}

const LOG: &str = "node.log";
const PID: &str = "node.pid";

fn send(pid: Pid, signal: Signal) -> anyhow::Result<()> {
    match kill_process(pid, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot end the process {pid}")),
    }
}

/// A process that ended and was not waited for (a zombie) is not alive.
fn is_alive(pid: Pid) -> bool {
    test_kill_process(pid).is_ok() && command_line(pid).is_some_and(|words| !words.is_empty())
}

/// The words of a running process.
fn command_line(pid: Pid) -> Option<Vec<String>> {
    if cfg!(target_os = "linux") {
        let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let words = bytes.split(|byte| *byte == 0).filter(|word| !word.is_empty());
        return Some(words.map(|word| String::from_utf8_lossy(word).into_owned()).collect());
    }
    let shown =
        Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output().ok()?;
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    shown.status.success().then(|| text.split_whitespace().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_of_somebody_else_is_not_ours() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::new(dir.path(), 7000);
        assert_eq!(place.running(), None, "no pid file");
        fs::create_dir(&place.folder).unwrap();
        for text in ["", "nonsense", "-4", &std::process::id().to_string()] {
            fs::write(place.folder.join(PID), text).unwrap();
            assert_eq!(place.running(), None, "{text}");
        }
        assert!(!place.stop().unwrap());
        fs::write(dir.path().join("notes.txt"), "").unwrap();
        fs::create_dir(dir.path().join("other")).unwrap();
        assert_eq!(Place::all(dir.path()).unwrap(), std::slice::from_ref(&place));
        place.clean().unwrap();
        assert!(!place.folder.exists());
    }
}
