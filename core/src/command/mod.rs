//! Commands: one declarative row each, redirection decided once, handlers by family.
//!
//! `table` holds the rows, `route` decides MOVED and its kin before any handler runs, `exec` holds
//! the handlers.

use alloc::vec::Vec;

use crate::{id::ClientId, resp::ReplyBuf, rules::Ctx, slot::Slot};

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
    /// The reply stands in the buffer; close the connection once it is sent.
    Close,
}

/// One request: its words, command name first. Never empty.
pub type Args<'a> = &'a [&'a [u8]];

/// What a handler gets beside the context.
pub(crate) struct Call<'a> {
    /// Who asks; `None` for the replication stream, whose replies go nowhere.
    pub client: Option<ClientId>,
    /// The words of the request.
    pub args: Args<'a>,
    /// The slot of its keys, if it has keys.
    pub slot: Option<Slot>,
    /// Where the reply goes.
    pub reply: &'a mut ReplyBuf,
    /// What goes to replicas when the handler has finished.
    pub propagate: Propagate,
    /// What the driver is told.
    pub outcome: Outcome,
}

/// What a command adds to the replication stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Propagate {
    /// Nothing: it changed nothing (the default).
    #[default]
    Nothing,
    /// The request as it stands.
    Verbatim,
    /// Its effect instead: one or more commands.
    As(Vec<Vec<Vec<u8>>>),
}

/// A handler. It has been checked for arity, authentication and redirection before.
pub(crate) type Handler = fn(&mut Ctx<'_>, &mut Call<'_>);

/// Runs one command of a client and appends its reply.
///
/// Until the command table lands, every command is unknown.
pub(crate) fn execute(
    _: &mut Ctx<'_>,
    _: ClientId,
    args: Args<'_>,
    reply: &mut ReplyBuf,
) -> Outcome {
    let name = alloc::string::String::from_utf8_lossy(args.first().copied().unwrap_or_default());
    reply.error_fmt(format_args!("ERR unknown command '{name}'"));
    Outcome::Done
}
