//! Everything a node may ask its driver for.

use alloc::{string::String, sync::Arc, vec::Vec};

use super::{Dataset, JobId};
use crate::{
    config::Level,
    endpoint::{Addr, Target},
    epoch::Epoch,
    id::{ClientId, LinkId, NodeId},
};

/// One encoded bus frame, shared by all links of a broadcast.
pub type Frame = Arc<[u8]>;

/// The whole text of `nodes.conf`, to replace the file with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image(pub Arc<str>);

/// How well an image of `nodes.conf` is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// Handed to the operating system: the end of the process cannot take it back, the end of the
    /// machine can. For what others would tell again, or a person would do again.
    Written,
    /// On the disk itself. For promises: votes, epochs, claims.
    Synced,
}

/// One thing to do, in order.
///
/// Drivers match this without a wildcard arm, so that a new effect cannot be forgotten.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Replace `nodes.conf`, then go on. **A barrier**: later effects of this node wait until the
    /// image is as durable as is said here. When it fails the node logs `Fatal: can't update
    /// cluster config file.` and ends, so nothing that depended on it ever leaves (as in Redis).
    Persist {
        /// The whole file.
        image: Image,
        /// What to wait for.
        durability: Durability,
    },
    /// Connect; answered by `LinkUp` or `LinkDown`.
    Dial {
        /// The node's number for the link.
        link: LinkId,
        /// Whom to dial.
        to: Addr,
        /// What for: the driver cuts frames on a bus link and passes a stream through as it is.
        purpose: Purpose,
    },
    /// As [`Effect::Dial`], to a host that is known by name alone: the driver looks it up. A name
    /// that leads nowhere is a `LinkDown`.
    DialHost {
        /// The node's number for the link.
        link: LinkId,
        /// As a client gave it.
        host: Arc<str>,
        /// TCP port.
        port: u16,
        /// What for.
        purpose: Purpose,
    },
    /// Send one frame on a bus link; dropped silently if the link is gone.
    Send {
        /// On which link.
        link: LinkId,
        /// The whole frame.
        frame: Frame,
    },
    /// Send bytes on a replication link that this node dialled.
    Stream {
        /// On which link.
        link: LinkId,
        /// What.
        bytes: Vec<u8>,
    },
    /// Close a link; no `LinkDown` follows.
    Hangup {
        /// Which one.
        link: LinkId,
        /// Why.
        why: HangupReason,
    },
    /// Bytes for a client outside of an `execute` call: a replica's feed, a late answer.
    Reply {
        /// To whom.
        client: ClientId,
        /// RESP, or a replication payload.
        bytes: Vec<u8>,
    },
    /// Give a client `head` and then this dataset, as RDB, beside the loop; answered by
    /// [`super::Input::SnapshotSent`], unless the client is gone before. Nothing else is for that
    /// client meanwhile.
    Snapshot {
        /// To whom.
        client: ClientId,
        /// What comes before it.
        head: Vec<u8>,
        /// What.
        dataset: Dataset,
        /// How the client tells where it ends.
        framing: Framing,
    },
    /// Offer a client's postponed request again ([`crate::command::Outcome::Postponed`]). It may
    /// be postponed once more.
    Resume {
        /// Whose.
        client: ClientId,
    },
    /// A message for a client that answers nothing (Pub/Sub), shared by all who get it. It does not
    /// end the client's waiting for an answer.
    Push {
        /// To whom.
        client: ClientId,
        /// RESP.
        bytes: Arc<[u8]>,
    },
    /// Flush what is queued for a client and close it; no `ClientGone` follows.
    CloseClient {
        /// Which one.
        client: ClientId,
    },
    /// Append to the open append only file, beside the loop. With `appendfsync always` the replies
    /// of this turn and of later ones wait until it is durable; see `appendfsync`.
    Append {
        /// Whole commands.
        bytes: Vec<u8>,
    },
    /// Replace the snapshot file (`dbfilename`) by this dataset, beside the loop; answered by
    /// `DiskReport::Saved`.
    SaveRdb {
        /// Named in the answer.
        job: JobId,
        /// What.
        dataset: Dataset,
        /// Whether the log speaks of it as Redis speaks of BGSAVE.
        background: bool,
    },
    /// Make this dataset the base of the append only file, beside the loop; what is appended from
    /// here on goes into a new file behind it. Answered by `DiskReport::Rewritten`.
    RewriteAof {
        /// Named in the answer.
        job: JobId,
        /// What.
        dataset: Dataset,
        /// Whether commands are appended from here on, also if no file is open yet.
        appends: bool,
    },
    /// Give a snapshot or rewrite up; no answer follows.
    CancelJob {
        /// Which one.
        job: JobId,
    },
    /// Write out and close the append only file; nothing is appended any more.
    CloseAof,
    /// Load everything anew from disk, before anything else happens (`DEBUG RELOAD`, `DEBUG
    /// LOADAOF`), by [`crate::Node::load_rdb`] and its kin, and answer the client.
    Reload {
        /// Who gets the answer.
        client: ClientId,
        /// From where.
        from: ReloadFrom,
    },
    /// Write the directives in force into the configuration file (`CONFIG REWRITE`), and answer
    /// the client.
    RewriteConfig {
        /// Who gets the answer.
        client: ClientId,
    },
    /// A line for the log, without its prefix.
    Log {
        /// Its mark.
        level: Level,
        /// The text after the mark, as Redis 7.0 words it where Redis has such a line.
        line: String,
    },
    /// Something that the outside may want to show or react to; nothing depends on it.
    Notice(Notice),
    /// End the process.
    Exit(Exit),
}

impl Effect {
    /// Connects to another server.
    pub(crate) fn dial(link: LinkId, to: Target, purpose: Purpose) -> Self {
        match to {
            Target::Addr(to) => Self::Dial { link, to, purpose },
            Target::Host(host, port) => Self::DialHost { link, host, port, purpose },
        }
    }
}

/// How a snapshot is put on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Behind its length (`$<bytes>`), so all of it has to be made first.
    Sized,
    /// As it is made, between a line with this mark (`$EOF:<mark>`) and the mark: 40 characters.
    Marked(String),
}

/// What a dialled link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Cluster bus: frames both ways.
    Bus,
    /// Replication from the master's data port: a byte stream.
    Replication,
    /// Keys for another server's data port, and its answers: a byte stream.
    Migration,
}

/// Why a node closes a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HangupReason {
    /// The peer is no longer known, or its address changed.
    PeerGone,
    /// No answer for half the node timeout: a fresh connection may do better.
    Silent,
    /// Somebody else answered at that address.
    WrongNode,
    /// The same node connected again; the newer link stays.
    Replaced,
    /// The link is not needed any more (a new master, a finished role).
    Unneeded,
    /// The peer broke the protocol.
    Protocol,
}

/// Where a dataset is loaded from anew.
#[derive(Clone, Debug, PartialEq)]
pub enum ReloadFrom {
    /// The snapshot file, which is written first if a dataset is given.
    Rdb(Option<Dataset>),
    /// The append only files.
    Aof,
}

/// How a process ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// `SHUTDOWN`: flush and leave with status 0.
    Shutdown,
    /// `DEBUG SEGFAULT`: die at once, as by a signal.
    Crash,
    /// A fatal condition that was logged; status 1.
    Fatal,
}

/// A change worth telling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// This node is a master now.
    BecameMaster {
        /// The config epoch that it holds.
        epoch: Epoch,
    },
    /// This node is a replica now, or of another master.
    BecameReplica {
        /// Of whom.
        of: NodeId,
    },
    /// `cluster-node-timeout` or another directive changed at run time.
    ConfigChanged,
}
