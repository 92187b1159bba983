//! Words for a person at a terminal.

use std::io::{self, Write as _};

/// One line on standard output, at once: a person, a test or a script may be waiting for it.
pub(crate) fn say(line: &str) {
    let mut out = io::stdout().lock();
    // Whoever read it may be gone (`| head`): the work goes on without a reader.
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}

/// One line on standard error.
pub(crate) fn complain(line: &str) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}
