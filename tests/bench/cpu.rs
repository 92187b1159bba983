//! Processors: what a process has used of them, and who runs on which.

use std::{fs, process::Command, time::Duration};

use anyhow::{Context as _, Result};

/// Time that all threads of a process have spent so far, in its code and in the kernel for it.
pub fn used(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    // The name in brackets may hold spaces: fields are counted from behind it, and the first
    // there is field 3. User time is field 14, system time field 15.
    let (_, fields) = stat.rsplit_once(')').context("a stat line without a name")?;
    let mut fields = fields.split_whitespace().skip(14 - 3);
    let mut ticks = || fields.next().and_then(|field| field.parse::<f64>().ok());
    let (user, system) = ticks().zip(ticks()).context("a stat line without times")?;
    #[expect(clippy::cast_precision_loss, reason = "it is 100")]
    let second = rustix::param::clock_ticks_per_second() as f64;
    Ok(Duration::from_secs_f64((user + system) / second))
}

/// One processor for the servers and one for the client, where there are two and `taskset`.
#[derive(Clone, Copy, Debug)]
pub struct Pins(bool);

impl Pins {
    /// Finds out.
    pub fn new(wanted: bool) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let has_taskset = Command::new("taskset").arg("--version").output().is_ok();
        Self(wanted && processors > 1 && has_taskset)
    }

    /// Whether anything is pinned.
    pub const fn is_pinned(self) -> bool {
        self.0
    }

    /// Puts a running server on its processor.
    pub fn server(self, pid: u32) -> Result<()> {
        if self.0 {
            let mut taskset = Command::new("taskset");
            taskset.args(["--all-tasks", "--cpu-list", "--pid", "0", &pid.to_string()]);
            taskset.output().context("cannot start taskset")?;
        }
        Ok(())
    }

    /// A client on the other processor.
    pub fn client(self, program: &str) -> Command {
        if self.0 {
            let mut taskset = Command::new("taskset");
            taskset.args(["--cpu-list", "1", program]);
            taskset
        } else {
            Command::new(program)
        }
    }
}
