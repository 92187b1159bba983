//! Everything that can happen to a node, except a client's command (that is `Node::execute`).

use core::net::IpAddr;

use super::DiskReport;
use crate::{
    endpoint::Addr,
    id::{ClientId, LinkId},
};

/// One thing that happened.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Some deadline may have passed; harmless when none has.
    Wake,
    /// A link that the node asked for by [`super::Effect::Dial`] is connected.
    LinkUp {
        /// The node's own number for it.
        link: LinkId,
        /// This end of the socket.
        local: IpAddr,
    },
    /// Somebody connected to the bus port.
    LinkAccepted {
        /// [`LinkId::accepted`].
        link: LinkId,
        /// The other end.
        remote: Addr,
        /// This end: how a node learns its own address.
        local: IpAddr,
    },
    /// Exactly one whole bus frame, cut by [`crate::bus::cut`].
    Frame {
        /// The link that it came on.
        link: LinkId,
        /// The whole frame, header included.
        bytes: &'a [u8],
    },
    /// Bytes of a replication link, in whatever pieces they came.
    Stream {
        /// The link that the node dialled with [`super::Purpose::Replication`].
        link: LinkId,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// A link is gone, or could not be made.
    LinkDown {
        /// Which one.
        link: LinkId,
        /// What the driver knows of it.
        why: DownReason,
    },
    /// A client connected to the data port; it must precede the client's first `execute`.
    ClientUp {
        /// The driver's number for it.
        client: ClientId,
        /// The other end; `None` for a Unix socket.
        remote: Option<Addr>,
        /// This end.
        local: Option<Addr>,
    },
    /// A client's connection is gone.
    ClientGone {
        /// Which one.
        client: ClientId,
    },
    /// All of an [`super::Effect::Snapshot`] is given to the connection.
    SnapshotSent {
        /// To whom.
        client: ClientId,
    },
    /// What became of something that the node wanted on disk.
    Disk(DiskReport<'a>),
    /// The process was asked to end.
    Terminate(Signal),
}

/// How a process is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM.
    Term,
    /// SIGINT.
    Int,
}

/// Why a link went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DownReason {
    /// Nobody listens there.
    Refused,
    /// No answer in time, or no route.
    Unreachable,
    /// The other side closed it.
    Closed,
    /// It broke: reset, or an error in the middle.
    Reset,
    /// The bytes were not a bus frame; the driver saw it while cutting.
    Garbage,
    /// More was queued than `cluster-link-sendbuf-limit` or a fixed limit allows.
    Overflow {
        /// How much was.
        queued: u64,
    },
}
