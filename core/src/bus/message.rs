//! Messages: a checked frame, lent as fields.

use super::{
    ExtIter, FrameError, GossipIter, Header, MsgFlags, extension, frame,
    header::{self, Raw},
    layout::{GOSSIP_LEN, HEADER_LEN, VERSION},
    read::Reader,
};
use crate::{epoch::Epoch, id::NodeId};

/// The message types of Redis 7.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Kind {
    /// Are you there? With gossip.
    Ping,
    /// Yes; also news about oneself without being asked. With gossip.
    Pong,
    /// Be my peer. With gossip.
    Meet,
    /// A node has failed, by agreement of a majority.
    Fail,
    /// A Pub/Sub message for everybody.
    Publish,
    /// Vote for me.
    AuthRequest,
    /// You have my vote.
    AuthAck,
    /// Your slot map is old: this node owns these slots.
    Update,
    /// Pause your clients, I am taking over (manual failover).
    MfStart,
    /// From module to module.
    Module,
    /// A Pub/Sub message for one shard.
    PublishShard,
}

impl Kind {
    /// All of them, by number.
    pub const ALL: [Self; 11] = [
        Self::Ping,
        Self::Pong,
        Self::Meet,
        Self::Fail,
        Self::Publish,
        Self::AuthRequest,
        Self::AuthAck,
        Self::Update,
        Self::MfStart,
        Self::Module,
        Self::PublishShard,
    ];

    /// The type with this number on the wire.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Its number on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Ping => 0,
            Self::Pong => 1,
            Self::Meet => 2,
            Self::Fail => 3,
            Self::Publish => 4,
            Self::AuthRequest => 5,
            Self::AuthAck => 6,
            Self::Update => 7,
            Self::MfStart => 8,
            Self::Module => 9,
            Self::PublishShard => 10,
        }
    }

    /// Its name in log lines and in the counters of `CLUSTER INFO`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Pong => "pong",
            Self::Meet => "meet",
            Self::Fail => "fail",
            Self::Publish => "publish",
            Self::AuthRequest => "auth-req",
            Self::AuthAck => "auth-ack",
            Self::Update => "update",
            Self::MfStart => "mfstart",
            Self::Module => "module",
            Self::PublishShard => "publishshard",
        }
    }
}

/// A whole message.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// About the sender.
    pub header: Header<'a>,
    /// What it says.
    pub body: Body<'a>,
}

/// What a message says, beyond its header.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// [`Kind::Ping`].
    Ping {
        /// About others.
        gossip: GossipIter<'a>,
        /// About the sender.
        ext: ExtIter<'a>,
    },
    /// [`Kind::Pong`].
    Pong {
        /// About others.
        gossip: GossipIter<'a>,
        /// About the sender.
        ext: ExtIter<'a>,
    },
    /// [`Kind::Meet`].
    Meet {
        /// About others.
        gossip: GossipIter<'a>,
        /// About the sender.
        ext: ExtIter<'a>,
    },
    /// [`Kind::Fail`].
    Fail {
        /// Who has failed.
        about: NodeId,
    },
    /// [`Kind::Publish`].
    Publish {
        /// To which channel.
        channel: &'a [u8],
        /// What.
        message: &'a [u8],
    },
    /// [`Kind::AuthRequest`].
    AuthRequest,
    /// [`Kind::AuthAck`].
    AuthAck,
    /// [`Kind::Update`].
    Update {
        /// The owner.
        about: NodeId,
        /// The version of its claim.
        config_epoch: Epoch,
        /// Its slots, in wire order.
        slots: &'a [u8; 2048],
    },
    /// [`Kind::MfStart`].
    MfStart,
    /// [`Kind::Module`].
    Module {
        /// The module, in the sender's byte order: opaque.
        id: [u8; 8],
        /// The module's own message type.
        kind: u8,
        /// The module's own data.
        payload: &'a [u8],
    },
    /// [`Kind::PublishShard`].
    PublishShard {
        /// To which channel.
        channel: &'a [u8],
        /// What.
        message: &'a [u8],
    },
    /// A type that Redis 7.0 does not know; its length was not checked.
    Unknown(u16),
}

impl<'a> Body<'a> {
    /// Its type; `None` if unknown.
    #[must_use]
    pub const fn kind(&self) -> Option<Kind> {
        Some(match self {
            Self::Ping { .. } => Kind::Ping,
            Self::Pong { .. } => Kind::Pong,
            Self::Meet { .. } => Kind::Meet,
            Self::Fail { .. } => Kind::Fail,
            Self::Publish { .. } => Kind::Publish,
            Self::AuthRequest => Kind::AuthRequest,
            Self::AuthAck => Kind::AuthAck,
            Self::Update { .. } => Kind::Update,
            Self::MfStart => Kind::MfStart,
            Self::Module { .. } => Kind::Module,
            Self::PublishShard { .. } => Kind::PublishShard,
            Self::Unknown(_) => return None,
        })
    }

    /// Gossip and extensions of a ping, pong or meet.
    #[must_use]
    pub const fn heartbeat(&self) -> Option<(GossipIter<'a>, ExtIter<'a>)> {
        match *self {
            Self::Ping { gossip, ext }
            | Self::Pong { gossip, ext }
            | Self::Meet { gossip, ext } => Some((gossip, ext)),
            Self::Fail { .. }
            | Self::Publish { .. }
            | Self::AuthRequest
            | Self::AuthAck
            | Self::Update { .. }
            | Self::MfStart
            | Self::Module { .. }
            | Self::PublishShard { .. }
            | Self::Unknown(_) => None,
        }
    }
}

/// Checks one whole frame, as [`super::cut`] gave it, and lends its fields.
///
/// The order of checks is that of Redis: version, length by type, then names.
///
/// # Errors
/// The message must not be believed; the error tells what Redis would log.
pub fn decode(frame: &[u8]) -> Result<Message<'_>, FrameError> {
    let len = frame::front(frame)?.ok_or(FrameError::BadStart)?;
    if u64::from(len) != frame.len() as u64 {
        return Err(FrameError::NotOneFrame { len, given: frame.len() });
    }
    let mut rest = Reader(frame);
    let raw = header::read(&mut rest).ok_or(FrameError::BadStart)?;
    if raw.version != VERSION {
        return Err(FrameError::Version(raw.version));
    }
    let body = match Kind::from_number(raw.number) {
        None => Some(Body::Unknown(raw.number)),
        Some(kind) => read_body(kind, &raw, rest, len)?,
    };
    match (raw.header, body) {
        (Some(header), Some(body)) => Ok(Message { header, body }),
        (None, _) | (_, None) => Err(FrameError::Name),
    }
}

/// The body of a known type; `None` if a name in it is malformed.
fn read_body<'a>(
    kind: Kind,
    raw: &Raw<'a>,
    mut rest: Reader<'a>,
    len: u32,
) -> Result<Option<Body<'a>>, FrameError> {
    let wrong = |expected| FrameError::Length { kind, len, expected };
    let exactly = |body_len: u64| {
        let expected = HEADER_LEN as u64 + body_len;
        if expected == u64::from(len) { Ok(()) } else { Err(wrong(expected)) }
    };
    // Where a body is shorter than its own fixed part, the fixed part is what was expected.
    let short = |fixed: u64| wrong(HEADER_LEN as u64 + fixed);
    Ok(match kind {
        Kind::Ping | Kind::Pong | Kind::Meet => {
            let (gossip, ext) = heartbeat(kind, raw, rest, len)?;
            Some(match kind {
                Kind::Ping => Body::Ping { gossip, ext },
                Kind::Pong => Body::Pong { gossip, ext },
                _ => Body::Meet { gossip, ext },
            })
        }
        Kind::Fail => {
            exactly(40)?;
            let about = rest.node_id().ok_or(short(40))?;
            about.map(|about| Body::Fail { about })
        }
        Kind::Publish | Kind::PublishShard => {
            let lengths = rest.u32().zip(rest.u32()).ok_or(short(8))?;
            exactly(8 + u64::from(lengths.0) + u64::from(lengths.1))?;
            let (channel, message) = usize::try_from(lengths.0)
                .ok()
                .and_then(|at| rest.0.split_at_checked(at))
                .ok_or(short(8))?;
            Some(match kind {
                Kind::Publish => Body::Publish { channel, message },
                _ => Body::PublishShard { channel, message },
            })
        }
        Kind::Update => {
            exactly(8 + 40 + 2048)?;
            let config_epoch = Epoch(rest.u64().ok_or(short(8))?);
            let about = rest.node_id().ok_or(short(48))?;
            let slots = rest.array().ok_or(short(48 + 2048))?;
            about.map(|about| Body::Update { about, config_epoch, slots })
        }
        Kind::Module => {
            let id = *rest.array().ok_or(short(13))?;
            let payload_len = rest.u32().ok_or(short(13))?;
            let [kind] = *rest.array().ok_or(short(13))?;
            exactly(13 + u64::from(payload_len))?;
            Some(Body::Module { id, kind, payload: rest.0 })
        }
        Kind::AuthRequest => exactly(0).map(|()| Some(Body::AuthRequest))?,
        Kind::AuthAck => exactly(0).map(|()| Some(Body::AuthAck))?,
        Kind::MfStart => exactly(0).map(|()| Some(Body::MfStart))?,
    })
}

fn heartbeat<'a>(
    kind: Kind,
    raw: &Raw<'a>,
    mut rest: Reader<'a>,
    len: u32,
) -> Result<(GossipIter<'a>, ExtIter<'a>), FrameError> {
    let gossip_len = usize::from(raw.count) * GOSSIP_LEN;
    let before_ext = (HEADER_LEN + gossip_len) as u64;
    let wrong = |expected| FrameError::Length { kind, len, expected };
    let gossip =
        rest.bytes(gossip_len).ok_or(FrameError::GossipOverrun { kind, count: raw.count, len })?;
    let has_ext = raw.mflags.contains(MsgFlags::EXT_DATA);
    let ext_len = if has_ext { extension::check(rest.0, raw.extensions, kind, len)? } else { 0 };
    if before_ext + ext_len != u64::from(len) {
        return Err(wrong(before_ext + ext_len));
    }
    Ok((GossipIter::new(gossip), ExtIter::new(rest.0)))
}
