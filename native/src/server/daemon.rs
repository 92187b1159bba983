//! `daemonize yes`: the server goes on in the background, without the terminal.
//!
//! A process cannot be split safely once it runs, so the program is started a second time with the
//! same words; that one leaves the terminal's session. As in Redis, whoever called gets its shell
//! back at once, and reads in the log whether the start went well.

use std::{
    env,
    io::{self, Write as _},
    os::unix::process::CommandExt as _,
    process::{Command, Stdio},
};

/// Set for the process in the background.
const MARK: &str = "SLOTSCOPE_IN_BACKGROUND";

/// Whether this is the process in the background.
pub(super) fn is_background() -> bool {
    env::var_os(MARK).is_some()
}

/// Starts the program again in the background, with what standard input said.
pub(super) fn start_background(piped: Option<&str>) -> io::Result<()> {
    let mut words = env::args_os();
    let name = words.next().unwrap_or_default();
    let mut child = Command::new(env::current_exe()?)
        .arg0(name)
        .args(words)
        .env(MARK, "yes")
        .stdin(if piped.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let (Some(mut to), Some(text)) = (child.stdin.take(), piped) {
        to.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// Leaves the session of the terminal, so that its end is not this process's end.
pub(super) fn leave_terminal() {
    // Fails only for a process that leads a session already, which is as good.
    let _ = rustix::process::setsid();
}
