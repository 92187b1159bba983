//! Fields to bytes: one allocation a frame, unknown and reserved bits zero.

use alloc::sync::Arc;
use core::{
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr},
};

use super::{
    Gossip, Header, Kind, MsgFlags, NodeFlags, extension,
    layout::{EXT_HEAD_LEN, GOSSIP_LEN, HEADER_LEN, IP_LEN, SIGNATURE, VERSION},
};
use crate::{epoch::Epoch, id::NodeId};

/// What a message shall say.
#[derive(Clone, Copy, Debug)]
pub enum BodyOut<'a> {
    /// [`Kind::Ping`].
    Ping(Heartbeat<'a>),
    /// [`Kind::Pong`].
    Pong(Heartbeat<'a>),
    /// [`Kind::Meet`].
    Meet(Heartbeat<'a>),
    /// [`Kind::Fail`].
    Fail {
        /// Who has failed.
        about: NodeId,
    },
    /// [`Kind::Publish`]. A message that no frame can hold (4 GiB) is cut; long before that,
    /// receivers close the link.
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
        /// The module; opaque.
        id: [u8; 8],
        /// The module's own message type.
        kind: u8,
        /// The module's own data.
        payload: &'a [u8],
    },
    /// [`Kind::PublishShard`], with the limit of `Publish`.
    PublishShard {
        /// To which channel.
        channel: &'a [u8],
        /// What.
        message: &'a [u8],
    },
}

/// The body of a ping, pong or meet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heartbeat<'a> {
    /// About others; at most 65535 entries leave.
    pub gossip: &'a [Gossip],
    /// `cluster-announce-hostname`; empty is none. A name that has other characters than a host
    /// name may have is not sent.
    pub hostname: &'a str,
}

impl<'a> Heartbeat<'a> {
    /// The entries that fit the 16-bit count.
    fn entries(&self) -> &'a [Gossip] {
        &self.gossip[..self.gossip.len().min(usize::from(u16::MAX))]
    }

    /// The length of the extensions: a hostname with its terminating zero, rounded up to 8.
    fn ext_len(&self) -> usize {
        if extension::is_hostname(self.hostname) {
            EXT_HEAD_LEN + (self.hostname.len() + 1).next_multiple_of(8)
        } else {
            0
        }
    }
}

/// No more payload than this goes into a frame, whose length has 32 bits.
const PAYLOAD_MAX: usize = (u32::MAX / 2) as usize - 2 * HEADER_LEN;

fn clip(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(PAYLOAD_MAX)]
}

impl BodyOut<'_> {
    /// Its type.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Ping(_) => Kind::Ping,
            Self::Pong(_) => Kind::Pong,
            Self::Meet(_) => Kind::Meet,
            Self::Fail { .. } => Kind::Fail,
            Self::Publish { .. } => Kind::Publish,
            Self::AuthRequest => Kind::AuthRequest,
            Self::AuthAck => Kind::AuthAck,
            Self::Update { .. } => Kind::Update,
            Self::MfStart => Kind::MfStart,
            Self::Module { .. } => Kind::Module,
            Self::PublishShard { .. } => Kind::PublishShard,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Ping(beat) | Self::Pong(beat) | Self::Meet(beat) => {
                beat.entries().len() * GOSSIP_LEN + beat.ext_len()
            }
            Self::Fail { .. } => 40,
            Self::Publish { channel, message } | Self::PublishShard { channel, message } => {
                8 + clip(channel).len() + clip(message).len()
            }
            Self::AuthRequest | Self::AuthAck | Self::MfStart => 0,
            Self::Update { .. } => 8 + 40 + 2048,
            Self::Module { payload, .. } => 13 + clip(payload).len(),
        }
    }
}

/// Writes a frame. The flag for extensions and all lengths and counts are set by what `body`
/// holds.
#[must_use]
pub fn encode(header: &Header<'_>, body: &BodyOut<'_>) -> Arc<[u8]> {
    let len = HEADER_LEN + body.len();
    let mut frame: Arc<[u8]> = core::iter::repeat_n(0, len).collect();
    // The only reference so far, so this never copies.
    let mut to = Writer { rest: Arc::make_mut(&mut frame) };
    write_header(&mut to, header, body, len);
    write_body(&mut to, body);
    debug_assert!(to.rest.is_empty(), "the length was computed from the same fields");
    frame
}

fn write_header(to: &mut Writer<'_>, header: &Header<'_>, body: &BodyOut<'_>, len: usize) {
    let (count, extensions) = match body {
        BodyOut::Ping(beat) | BodyOut::Pong(beat) | BodyOut::Meet(beat) => {
            (beat.entries().len(), u16::from(beat.ext_len() > 0))
        }
        BodyOut::Fail { .. }
        | BodyOut::Publish { .. }
        | BodyOut::AuthRequest
        | BodyOut::AuthAck
        | BodyOut::Update { .. }
        | BodyOut::MfStart
        | BodyOut::Module { .. }
        | BodyOut::PublishShard { .. } => (0, 0),
    };
    let ours = MsgFlags(header.mflags.0 & (MsgFlags::PAUSED | MsgFlags::FORCEACK).0);
    let mflags = if extensions > 0 { ours.with(MsgFlags::EXT_DATA) } else { ours };
    to.bytes(&SIGNATURE);
    to.len(len);
    to.u16(VERSION);
    to.u16(header.port);
    to.u16(body.kind().number());
    to.u16(u16::try_from(count).unwrap_or(u16::MAX));
    to.bytes(&header.current_epoch.0.to_be_bytes());
    to.bytes(&header.config_epoch.0.to_be_bytes());
    to.bytes(&header.offset.to_be_bytes());
    to.bytes(header.sender.as_bytes());
    to.bytes(header.slots);
    to.bytes(header.master.as_ref().map_or(&[0; 40], |master| master.as_bytes()));
    to.ip(header.ip);
    to.u16(extensions);
    to.bytes(&[0; 30]);
    to.u16(header.pport);
    to.u16(header.cport);
    to.u16(header.flags.0 & NodeFlags::KNOWN.0);
    to.bytes(&[u8::from(!header.state_ok), mflags.0, 0, 0]);
}

fn write_body(to: &mut Writer<'_>, body: &BodyOut<'_>) {
    match body {
        BodyOut::Ping(beat) | BodyOut::Pong(beat) | BodyOut::Meet(beat) => {
            for entry in beat.entries() {
                write_gossip(to, entry);
            }
            if beat.ext_len() > 0 {
                to.len(beat.ext_len());
                to.u16(extension::HOSTNAME);
                to.u16(0);
                to.bytes(beat.hostname.as_bytes());
                to.skip(beat.ext_len() - EXT_HEAD_LEN - beat.hostname.len());
            }
        }
        BodyOut::Fail { about } => to.bytes(about.as_bytes()),
        BodyOut::Publish { channel, message } | BodyOut::PublishShard { channel, message } => {
            let (channel, message) = (clip(channel), clip(message));
            to.len(channel.len());
            to.len(message.len());
            to.bytes(channel);
            to.bytes(message);
        }
        BodyOut::AuthRequest | BodyOut::AuthAck | BodyOut::MfStart => {}
        BodyOut::Update { about, config_epoch, slots } => {
            to.bytes(&config_epoch.0.to_be_bytes());
            to.bytes(about.as_bytes());
            to.bytes(*slots);
        }
        BodyOut::Module { id, kind, payload } => {
            let payload = clip(payload);
            to.bytes(id);
            to.len(payload.len());
            to.bytes(&[*kind]);
            to.bytes(payload);
        }
    }
}

fn write_gossip(to: &mut Writer<'_>, entry: &Gossip) {
    to.bytes(entry.id.as_bytes());
    to.bytes(&entry.ping_sent_s.to_be_bytes());
    to.bytes(&entry.pong_received_s.to_be_bytes());
    to.ip(entry.ip);
    to.u16(entry.port);
    to.u16(entry.cport);
    to.u16(entry.flags.0 & NodeFlags::KNOWN.0);
    to.u16(entry.pport);
    to.u16(0);
}

/// Writes fields into zeroed bytes, front to back.
struct Writer<'a> {
    rest: &'a mut [u8],
}

impl Writer<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.advance(bytes.len(), |to| to.copy_from_slice(bytes));
    }

    fn u16(&mut self, value: u16) {
        self.bytes(&value.to_be_bytes());
    }

    /// A length that `PAYLOAD_MAX` keeps within 32 bits.
    fn len(&mut self, value: usize) {
        self.bytes(&u32::try_from(value).unwrap_or(u32::MAX).to_be_bytes());
    }

    fn skip(&mut self, n: usize) {
        self.advance(n, |_| ());
    }

    /// Text padded with zeros; nothing for `None`. The longest text, an IPv6 address with an
    /// embedded IPv4 one, has 45 characters.
    fn ip(&mut self, ip: Option<IpAddr>) {
        self.advance(IP_LEN, |to| {
            let mut text = Text { to };
            // Cannot fail: the field is long enough.
            let _ = match ip {
                None => Ok(()),
                Some(IpAddr::V4(ip)) => text.write_v4(ip),
                Some(IpAddr::V6(ip)) => write!(text, "{ip}"),
            };
        });
    }

    fn advance(&mut self, n: usize, fill: impl FnOnce(&mut [u8])) {
        let rest = core::mem::take(&mut self.rest);
        if let Some((to, rest)) = rest.split_at_mut_checked(n) {
            fill(to);
            self.rest = rest;
        } else {
            debug_assert!(false, "the frame was made long enough");
        }
    }
}

/// Formats into a slice; what does not fit is left out.
struct Text<'a> {
    to: &'a mut [u8],
}

impl Text<'_> {
    /// As `Display` does, in a third of the time: every gossip entry has an address.
    fn write_v4(&mut self, ip: Ipv4Addr) -> core::fmt::Result {
        for (at, octet) in ip.octets().into_iter().enumerate() {
            if at > 0 {
                self.write_str(".")?;
            }
            self.write_str(itoa::Buffer::new().format(octet))?;
        }
        Ok(())
    }
}

impl core::fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let to = core::mem::take(&mut self.to);
        let (here, rest) = to.split_at_mut_checked(text.len()).ok_or(core::fmt::Error)?;
        here.copy_from_slice(text.as_bytes());
        self.to = rest;
        Ok(())
    }
}
