//! The log: `pid:R dd Mon yyyy hh:mm:ss.mmm M text`, on standard output or in a file.

use std::{
    cell::{Cell, RefCell},
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

use jiff::{Zoned, fmt::strtime};
use slotscope_core::io::Level;

/// Where log lines go, and who they say is speaking.
#[derive(Debug)]
pub(super) struct Log {
    file: RefCell<Option<File>>,
    role: Cell<char>,
    level: Cell<Level>,
}

impl Log {
    /// A log on standard output, of a process that is neither master nor replica yet.
    pub(super) fn new() -> Self {
        Self {
            file: RefCell::new(None),
            role: Cell::new(STARTING),
            level: Cell::new(Level::Notice),
        }
    }

    /// From now on lines are appended to `path`.
    pub(super) fn open(&self, path: &Path) -> io::Result<()> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        *self.file.borrow_mut() = Some(file);
        Ok(())
    }

    /// From now on lines below `level` are dropped.
    pub(super) fn set_level(&self, level: Level) {
        self.level.set(level);
    }

    /// From now on lines carry this role: [`STARTING`], [`MASTER`] or [`REPLICA`].
    pub(super) fn set_role(&self, role: char) {
        self.role.set(role);
    }

    /// Writes one line. A log that cannot be written does not stop a node.
    pub(super) fn line(&self, level: Level, text: &str) {
        if level < self.level.get() {
            return;
        }
        let line = format(std::process::id(), self.role.get(), &Zoned::now(), level, text);
        // One write a line: lines of several processes in one file stay whole.
        let written = match &mut *self.file.borrow_mut() {
            Some(file) => file.write_all(line.as_bytes()),
            None => io::stdout().lock().write_all(line.as_bytes()),
        };
        drop(written);
    }

    /// A warning.
    pub(super) fn warning(&self, text: &str) {
        self.line(Level::Warning, text);
    }

    /// A notice.
    pub(super) fn notice(&self, text: &str) {
        self.line(Level::Notice, text);
    }
}

/// Before it is known what the node is.
pub(super) const STARTING: char = 'C';
/// A master.
pub(super) const MASTER: char = 'M';
/// A replica.
pub(super) const REPLICA: char = 'S';

fn format(pid: u32, role: char, at: &Zoned, level: Level, text: &str) -> String {
    let mark = level.mark();
    // A peer's words may be part of the text; a line of the log stays one line.
    let text = text.replace(['\r', '\n'], " ");
    match strtime::format("%d %b %Y %H:%M:%S%.3f", at) {
        Ok(time) => format!("{pid}:{role} {time} {mark} {text}\n"),
        Err(_) => format!("{pid}:{role} {at} {mark} {text}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_looks_like_redis() {
        let at: Zoned = "2026-11-20T03:05:27.317999[UTC]".parse().unwrap();
        assert_eq!(
            format(7941, 'M', &at, Level::Warning, "Server initialized"),
            "7941:M 20 Nov 2026 03:05:27.317 # Server initialized\n"
        );
        let at: Zoned = "2026-02-03T13:05:07[UTC]".parse().unwrap();
        assert_eq!(
            format(1, 'S', &at, Level::Notice, "two\r\nlines"),
            "1:S 03 Feb 2026 13:05:07.000 * two  lines\n"
        );
    }

    #[test]
    fn lines_below_the_level_are_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node.log");
        let log = Log::new();
        log.open(&path).unwrap();
        log.line(Level::Verbose, "unseen");
        log.notice("seen");
        log.set_level(Level::Debug);
        log.line(Level::Debug, "seen too");
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains(":C ") && text.ends_with(" . seen too\n"));
    }
}
