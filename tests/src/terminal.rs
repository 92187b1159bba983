//! How does a person at a terminal look to a program?
//!
//! `redis-cli` behaves otherwise when a terminal is at its other end: it prompts, says where it was
//! redirected to, and reads the answers to its questions one line at a time. So it gets a terminal,
//! one without any tricks (`TERM=dumb`), and what it prints and what is typed stand in one
//! transcript, as a reader of the tutorial would see them.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::process::wait_for;

/// A program at a terminal. Killed when dropped.
#[derive(Debug)]
pub struct Terminal {
    child: Child,
    keyboard: File,
    shown: Arc<Mutex<Vec<u8>>>,
    /// Up to here the transcript has been looked at.
    read: usize,
    patience: Duration,
}

impl Terminal {
    /// Starts `command` at a terminal. Nothing that is waited for may take longer than `patience`.
    pub fn open(command: &mut Command, patience: Duration) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let theirs = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let child = command
            .env("TERM", "dumb")
            .stdin(Stdio::from(theirs.try_clone().unwrap()))
            .stdout(Stdio::from(theirs.try_clone().unwrap()))
            .stderr(Stdio::from(theirs))
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let shown = Arc::new(Mutex::new(Vec::new()));
        let screen = Arc::clone(&shown);
        let mut reader = File::from(ours);
        let keyboard = reader.try_clone().unwrap();
        // Ends with the program: reading from a terminal that nobody holds is an error.
        thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut part) {
                screen.lock().unwrap().extend_from_slice(&part[..count]);
            }
        });
        Self { child, keyboard, shown, read: 0, patience }
    }

    /// Waits until `words` are on the screen, after all that was waited for before; everything
    /// from there up to and with them.
    pub fn await_words(&mut self, words: &str) -> String {
        let (shown, read, child) = (&self.shown, &mut self.read, &mut self.child);
        wait_for(&format!("the terminal shows {words:?}"), self.patience, || {
            let has_ended = child.try_wait().unwrap().is_some();
            let shown = shown.lock().unwrap();
            let rest = String::from_utf8_lossy(&shown[*read..]).into_owned();
            let Some(at) = rest.find(words) else {
                assert!(!has_ended, "it ended without {words:?}, after:\n{rest}");
                return None;
            };
            // Letters that are no UTF-8 would make the two texts differ in length; there are none.
            *read += at + words.len();
            Some(rest[..at + words.len()].replace("\r\n", "\n"))
        })
    }

    /// Types a line.
    pub fn say(&mut self, line: &str) {
        self.keyboard.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Waits until the program has ended; all that it showed since the last look.
    pub fn await_end(mut self) -> (ExitStatus, String) {
        let child = &mut self.child;
        let status = wait_for("the program ends", self.patience, || child.try_wait().unwrap());
        // What it wrote last may still be on its way through the terminal.
        let mut len = usize::MAX;
        wait_for("the screen is still", self.patience, || {
            let now = self.shown.lock().unwrap().len();
            let is_still = now == std::mem::replace(&mut len, now);
            is_still.then_some(())
        });
        let shown = self.shown.lock().unwrap();
        (status, String::from_utf8_lossy(&shown[self.read..]).replace("\r\n", "\n"))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // An error means that it has ended by itself.
        if self.child.kill().is_ok() {
            self.child.wait().unwrap();
        }
    }
}
