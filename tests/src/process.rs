//! How is a process started so that it never outlives its test, and how is something awaited?

use std::{
    fmt::Write as _,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Lines of a log that are shown when its test fails.
const LINES_SHOWN: usize = 60;

/// A running program. Killed when dropped; when the test is failing, the end of its log is shown.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, whose output goes into `<folder>/<name>.log` (appended to).
    pub fn spawn(name: &str, command: &mut Command, folder: &Path) -> Self {
        let log = folder.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        Self { name: name.to_owned(), child, log }
    }

    /// What the test calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(&self.log)
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// `kill -9`, and gone when this returns.
    pub fn kill(&mut self) {
        // An error means that it has ended by itself.
        if self.child.kill().is_ok() {
            self.child.wait().unwrap();
        }
    }

    /// Any other signal, by its name: `TERM`, `STOP`, `CONT`.
    pub fn signal(&self, signal: &str) {
        let status =
            Command::new("kill").arg(format!("-{signal}")).arg(self.pid().to_string()).status();
        assert!(status.unwrap().success(), "cannot send {signal} to {}", self.name);
    }

    /// Memory that it holds now, in bytes.
    #[must_use]
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() && !is_interrupted() {
            let log = self.log();
            let skipped = log.lines().count().saturating_sub(LINES_SHOWN);
            let mut shown = String::new();
            for line in log.lines().skip(skipped) {
                writeln!(shown, "    {line}").unwrap();
            }
            eprintln!("--- the last lines of {}:\n{shown}", self.name);
        }
    }
}

/// Looks until `look` returns something, and returns it; panics when `deadline` has passed, with
/// `what` in the message.
pub fn wait_for<T>(what: &str, deadline: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + deadline;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(!is_interrupted(), "interrupted while waiting: {what}");
        assert!(Instant::now() < until, "not within {deadline:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Somebody pressed Ctrl-C.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Makes every [`wait_for`] fail from now on, so that what was started is ended by its owners.
pub fn interrupt() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Whether [`interrupt`] was called.
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}
