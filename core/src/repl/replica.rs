//! The link of a replica to its master: what has come, and what it means at this point.
//!
//! ```text
//! Waiting ─► Dialling ─► Ping ─► Introducing ─► Asking ─┬─ +CONTINUE ───────────────► Streaming
//!    ▲                                                  └─ +FULLRESYNC ─► Receiving ─►    │
//!    └────────────────────────── any break, each second ──────────────────────────────────┘
//! ```
//!
//! This file only reads: [`Upstream::next`] turns bytes into one [`Heard`] after the other. What
//! follows from it (answers, log lines, loading, applying) is in `rules/replication` and
//! `node/stream`.
//!
//! Spec: Redis replication, PSYNC; `+FULLRESYNC` and `+CONTINUE` may be preceded by newlines, the
//! snapshot has no CRLF behind it, and in its `$EOF:` form nothing follows before the first ACK.

use alloc::{boxed::Box, string::String, vec::Vec};

use super::{ReplId, Staging};
use crate::{
    endpoint::Target,
    id::LinkId,
    resp::{Limits, Parser},
    time::Instant,
};

/// The master that this node follows, and the link to it.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    /// Whom it follows.
    pub master: Target,
    /// The connection, once dialled.
    pub link: Option<LinkId>,
    /// How far it got.
    pub phase: Phase,
    /// When anything last came (or when the link was dialled).
    pub last_io: Instant,
    /// When a working link was lost; `None` while it works, or if it never did.
    pub down_since: Option<Instant>,
    /// Received and not yet forgotten.
    inbox: Vec<u8>,
    /// Reads the stream, from where `read` is.
    parser: Parser,
    /// How far into `inbox` everything is applied.
    applied: usize,
    /// What was read of the snapshot that comes.
    pub staging: Option<Box<Staging>>,
    /// How far into `inbox` reading got; commands of an unfinished MULTI stand between.
    read: usize,
}

/// How far the link got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not connected: the next second tries.
    Waiting,
    /// Connecting.
    Dialling,
    /// PING is on its way.
    Ping,
    /// AUTH and REPLCONF are on their way.
    Introducing {
        /// The answer to AUTH is still due.
        auth: bool,
        /// So many answers to REPLCONF are still due.
        replies: u32,
    },
    /// PSYNC is on its way.
    Asking,
    /// A snapshot comes.
    Receiving(Transfer),
    /// The stream comes.
    Streaming,
}

/// A snapshot on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Transfer {
    /// What `+FULLRESYNC` announced; `None` after the old SYNC, which announces nothing.
    pub history: Option<(ReplId, u64)>,
    /// Its form, once its first line came.
    pub form: Option<Form>,
    /// Bytes of it that were handed on.
    pub received: u64,
}

/// The two forms of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `$<bytes>`.
    Sized(u64),
    /// `$EOF:<mark>`, ended by the mark.
    Marked([u8; 40]),
}

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Nothing complete.
    Nothing,
    /// The answer to PING; `Err` if it is none that we can go on from.
    Pong(Result<(), String>),
    /// The answer to AUTH.
    Auth(Result<(), String>),
    /// One answer to REPLCONF; `Err` is tolerated.
    Introduced(Result<(), String>),
    /// PSYNC: from the start, in this history at this offset.
    FullResync(ReplId, u64),
    /// PSYNC: from where we are; with the id if the master told one.
    Continue(Option<ReplId>),
    /// PSYNC: not now.
    Later(String),
    /// PSYNC: never heard of it.
    Unsupported(String),
    /// The first line of a snapshot.
    Snapshot(Form),
    /// The next bytes of the snapshot; the last ones, if it says so.
    Piece(Vec<u8>, bool),
    /// A command of the stream.
    Command(Vec<Vec<u8>>),
    /// The link cannot be used any more, in one sentence.
    Broken(String),
}

impl Upstream {
    /// A master to follow, not connected yet.
    pub fn new(master: Target, now: Instant) -> Self {
        Self {
            master,
            link: None,
            phase: Phase::Waiting,
            last_io: now,
            down_since: None,
            inbox: Vec::new(),
            parser: stream_parser(),
            staging: None,
            applied: 0,
            read: 0,
        }
    }

    /// Whether the stream flows.
    pub const fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Streaming)
    }

    /// Forgets the connection (not the master); gives its number if it was made.
    pub fn disconnect(&mut self, now: Instant) -> Option<LinkId> {
        if self.is_up() {
            self.down_since = Some(now);
        }
        self.phase = Phase::Waiting;
        self.inbox = Vec::new();
        self.staging = None;
        self.parser = stream_parser();
        self.applied = 0;
        self.read = 0;
        self.link.take()
    }

    /// Takes received bytes.
    pub fn receive(&mut self, bytes: &[u8], now: Instant) {
        self.last_io = now;
        self.inbox.extend_from_slice(bytes);
    }

    /// Bytes received, for INFO during a transfer.
    pub fn waiting(&self) -> usize {
        self.inbox.len()
    }

    /// What comes next. `limit` bounds what may wait for its end: a line, a command, a MULTI.
    pub fn next(&mut self, limit: usize) -> Heard {
        match self.phase {
            Phase::Waiting | Phase::Dialling => Heard::Nothing,
            Phase::Ping | Phase::Introducing { .. } | Phase::Asking => self.line_heard(),
            Phase::Receiving(Transfer { form: None, .. }) => self.header_heard(),
            Phase::Receiving(_) => self.piece_heard(),
            Phase::Streaming => self.command_heard(limit),
        }
    }

    /// The next bytes of a snapshot.
    fn piece_heard(&mut self) -> Heard {
        let Phase::Receiving(Transfer { form: Some(form), received, .. }) = &mut self.phase else {
            return Heard::Nothing;
        };
        let (len, last) = match form {
            Form::Sized(total) => {
                let due = total.saturating_sub(*received);
                let len = usize::try_from(due).unwrap_or(usize::MAX).min(self.inbox.len());
                (len, len as u64 == due)
            }
            Form::Marked(mark) => {
                // What might be the beginning of the mark stays.
                let len = self.inbox.len().saturating_sub(mark.len());
                (len, self.inbox.ends_with(mark))
            }
        };
        if len == 0 && !last {
            return Heard::Nothing;
        }
        *received += len as u64;
        if *received > SNAPSHOT_MAX {
            return Heard::Broken(too_long(*received));
        }
        let rest = self.inbox.split_off(len);
        let piece = core::mem::replace(&mut self.inbox, rest);
        if let (Form::Marked(_), true) = (form, last) {
            self.inbox.clear();
        }
        Heard::Piece(piece, last)
    }

    /// The bytes of the stream that were read and not yet applied.
    pub fn unapplied(&self) -> &[u8] {
        &self.inbox[self.applied..self.read]
    }

    /// What was read is applied.
    pub const fn set_applied(&mut self) {
        self.applied = self.read;
    }

    /// Forgets what is applied. Not done after each command, which would move the rest each time.
    pub fn compact(&mut self) {
        self.inbox.drain(..self.applied);
        self.read -= self.applied;
        self.applied = 0;
    }

    /// Takes one line off the inbox, without its end. Empty lines are signs of life.
    fn take_line(&mut self) -> Result<Option<String>, String> {
        loop {
            let Some(end) = memchr::memchr(b'\n', &self.inbox) else {
                return if self.inbox.len() > LINE_MAX {
                    Err("the master sent a line without an end".into())
                } else {
                    Ok(None)
                };
            };
            let line = self.inbox[..end].strip_suffix(b"\r").unwrap_or(&self.inbox[..end]);
            let line = String::from_utf8_lossy(line).into_owned();
            self.inbox.drain(..=end);
            if !line.is_empty() {
                return Ok(Some(line));
            }
        }
    }

    fn line_heard(&mut self) -> Heard {
        let line = match self.take_line() {
            Ok(Some(line)) => line,
            Ok(None) => return Heard::Nothing,
            Err(why) => return Heard::Broken(why),
        };
        let answer = if line.starts_with('-') { Err(line.clone()) } else { Ok(()) };
        match &mut self.phase {
            Phase::Ping => {
                let known = ["-NOAUTH", "-NOPERM", "-ERR operation not permitted"];
                let fine = line.starts_with('+') || known.iter().any(|text| line.starts_with(text));
                Heard::Pong(if fine { Ok(()) } else { Err(line) })
            }
            Phase::Introducing { auth, .. } if *auth => {
                *auth = false;
                Heard::Auth(answer)
            }
            Phase::Introducing { replies, .. } => {
                *replies = replies.saturating_sub(1);
                Heard::Introduced(answer)
            }
            Phase::Waiting
            | Phase::Dialling
            | Phase::Asking
            | Phase::Receiving(_)
            | Phase::Streaming => psync_answer(line),
        }
    }

    fn header_heard(&mut self) -> Heard {
        let line = match self.take_line() {
            Ok(Some(line)) => line,
            Ok(None) => return Heard::Nothing,
            Err(why) => return Heard::Broken(why),
        };
        if let Some(why) = line.strip_prefix('-') {
            return Heard::Broken(alloc::format!(
                "MASTER aborted replication with an error: {why}"
            ));
        }
        let form = match header(&line) {
            Ok(form) => form,
            Err(why) => return Heard::Broken(why),
        };
        if let Phase::Receiving(transfer) = &mut self.phase {
            transfer.form = Some(form);
        }
        Heard::Snapshot(form)
    }

    fn command_heard(&mut self, limit: usize) -> Heard {
        // Bare newlines are no part of the stream: neither counted nor forwarded.
        let fresh = &self.inbox[self.read..];
        let blank = fresh.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.inbox.drain(self.read..self.read + blank);
        let fresh = &self.inbox[self.read..];
        // The parser would take a line of words too, as from a person; a master sends none.
        if fresh.first().is_some_and(|first| *first != b'*') {
            return Heard::Broken("the master sent something that is no command".into());
        }
        match self.parser.next(fresh) {
            Ok(None) if self.inbox.len() - self.applied > limit => {
                Heard::Broken("the master sent a command that is too long".into())
            }
            Ok(None) => Heard::Nothing,
            Err(why) => Heard::Broken(alloc::format!("the master sent no command: {why}")),
            Ok(Some(command)) if command.args().is_empty() => {
                Heard::Broken("the master sent something that is no command".into())
            }
            Ok(Some(command)) => {
                let words = command.args().iter().map(|word| word.to_vec()).collect();
                self.read += command.consumed;
                Heard::Command(words)
            }
        }
    }
}

/// The answer to PSYNC.
fn psync_answer(line: String) -> Heard {
    let mut words = line.split(' ').filter(|word| !word.is_empty());
    match words.next() {
        Some("+FULLRESYNC") => {
            let id = words.next().and_then(|word| ReplId::from_bytes(word.as_bytes()));
            // Signed, as Redis counts: room for everything that is ever added to it.
            let offset: Option<i64> = words.next().and_then(|word| word.parse().ok());
            let offset = offset.and_then(|offset| u64::try_from(offset).ok());
            match (id, offset) {
                (Some(id), Some(offset)) => Heard::FullResync(id, offset),
                _ => Heard::Broken("Master replied with wrong +FULLRESYNC syntax.".into()),
            }
        }
        Some("+CONTINUE") => {
            Heard::Continue(words.next().and_then(|word| ReplId::from_bytes(word.as_bytes())))
        }
        Some("-NOMASTERLINK" | "-LOADING") => Heard::Later(line),
        _ => Heard::Unsupported(line),
    }
}

/// A master may have another `proto-max-bulk-len` than this node; the limit on what may wait for
/// its end holds in any case.
fn stream_parser() -> Parser {
    Parser::new(Limits { bulk_max: u64::from(u32::MAX), ..Limits::DEFAULT })
}

/// The first line of a snapshot.
fn header(line: &str) -> Result<Form, String> {
    let Some(what) = line.strip_prefix('$') else {
        let seen: String = line.chars().take(80).collect();
        return Err(alloc::format!(
            "Bad protocol from MASTER, the first byte is not '$' (we received '{seen}'), are you \
             sure the host and port are right?"
        ));
    };
    if let Some(mark) = what.strip_prefix("EOF:") {
        let mark = mark.as_bytes().try_into().map_err(|_| {
            alloc::format!("the mark that ends the snapshot has {} bytes, not 40", mark.len())
        })?;
        return Ok(Form::Marked(mark));
    }
    match what.parse() {
        Ok(len) if len <= SNAPSHOT_MAX => Ok(Form::Sized(len)),
        Ok(len) => Err(too_long(len)),
        Err(_) => Err(alloc::format!("the length of the snapshot is not a number: '{what}'")),
    }
}

fn too_long(len: u64) -> String {
    alloc::format!("a snapshot of {len} bytes is longer than the {SNAPSHOT_MAX} that are taken")
}

/// The longest snapshot taken from a master: more than any machine holds. (Room is made for keys as
/// they come, so a lie about the length costs nothing.)
const SNAPSHOT_MAX: u64 = 1 << 40;
/// No line of the handshake is longer than a replication id and an offset, or an error text.
const LINE_MAX: usize = 64 << 10;
