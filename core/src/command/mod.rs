//! Commands: one declarative row each, redirection decided once, handlers by family.
//!
//! `table` says what a row is and finds it, `rows` and `subrows` hold the rows, `dispatch` runs the
//! checks that come before a handler, `route` decides MOVED and its kin, `exec` holds the handlers.

use alloc::vec::Vec;

use crate::{
    id::ClientId,
    resp::ReplyBuf,
    rules::Ctx,
    slot::{Slot, key_slot},
    time::UnixMillis,
};

mod dispatch;
#[cfg(feature = "full")]
mod events;
mod exec;
#[cfg(feature = "full")]
mod full_rows;
mod home;
mod keyspecs;
mod route;
mod rows;
mod statistics;
mod subrows;
mod table;
mod value_rows;
mod wording;

pub(crate) use dispatch::{apply, execute, known};
pub(crate) use exec::blocking::{end_waits, send_away};
pub(crate) use statistics::{applied, took};
pub(crate) use table::Command;

/// Which word of a request is its first key, if the command is known and has keys there.
#[must_use]
pub fn first_key(args: Args<'_>) -> Option<usize> {
    let row = table::lookup(args).ok()?;
    row.key_places(args).next().map(|(at, ..)| at).filter(|at| *at < args.len())
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The reply stands in the buffer.
    Done,
    /// The reply stands in the buffer, and may leave only after the effects of this turn (a
    /// `Persist` among them) are carried out: an OK to a cluster command implies a saved file.
    AfterPersist,
    /// No reply, now or later (a replica's `REPLCONF ACK`).
    Silent,
    /// The answer comes later as one `Effect::Reply` (WAIT). Until then the client is blocked: its
    /// next requests wait unread, so that replies keep the order of requests.
    Blocked,
    /// Nothing was done: the request stays unread, and so does what follows it, until
    /// `Effect::Resume` says to offer it again from its first word. (`CLIENT PAUSE`, a manual
    /// failover, keys on their way to another node.)
    Postponed,
    /// The reply stands in the buffer; close the connection once it is sent.
    Close,
}

/// One request: its words, command name first. Never empty.
pub type Args<'a> = &'a [&'a [u8]];

/// What a handler gets beside the context.
pub(crate) struct Call<'a> {
    /// Who asks; `None` for the replication stream, whose replies go nowhere.
    pub client: Option<ClientId>,
    /// The row that led here.
    pub command: &'static Command,
    /// The words of the request.
    pub args: Args<'a>,
    /// The slot of its keys, if it has keys and they are known to share one.
    pub slot: Option<Slot>,
    /// Where the reply goes.
    pub reply: &'a mut ReplyBuf,
    /// What goes to replicas when the handler has finished.
    pub propagate: Propagate,
    /// What the driver is told.
    pub outcome: Outcome,
    /// Within a transaction, or for the replication stream, nothing may wait for something.
    pub may_wait: bool,
}

impl<'a> Call<'a> {
    /// The word at `at`; empty beyond the last one, which arity checks rule out.
    pub fn arg(&self, at: usize) -> &'a [u8] {
        self.args.get(at).copied().unwrap_or_default()
    }

    /// The slot of one of its keys.
    pub fn slot_of(&self, key: &[u8]) -> Slot {
        self.slot.unwrap_or_else(|| key_slot(key))
    }

    /// The time by which expiries are judged: to a stream or a log no key has expired, since whoever
    /// wrote it decided when they go. Nothing has expired at 0, not even what ended then.
    pub fn clock(&self, ctx: &Ctx<'_>) -> UnixMillis {
        if self.client.is_some() { ctx.now.wall } else { UnixMillis(0) }
    }

    /// Refuses with `ERR syntax error`.
    pub fn syntax_error(&mut self) {
        self.reply.error("ERR syntax error");
    }
}

/// What a command adds to the replication stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Propagate {
    /// Nothing: it changed nothing (the default).
    #[default]
    Nothing,
    /// The request as it stands.
    Verbatim,
    /// The request as it stands, to replicas alone: it changes no data.
    Told,
    /// Its effect instead: one or more commands.
    As(Vec<Vec<Vec<u8>>>),
}

impl Propagate {
    /// Whether it is exactly one command.
    pub fn is_one(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Verbatim | Self::Told => true,
            Self::As(commands) => commands.len() == 1,
        }
    }

    /// One command instead of the request.
    pub fn as_one(words: &[&[u8]]) -> Self {
        Self::As(alloc::vec![words.iter().map(|word| word.to_vec()).collect()])
    }
}

/// A handler. It has been checked for arity, authentication and redirection before.
pub(crate) type Handler = fn(&mut Ctx<'_>, &mut Call<'_>);
