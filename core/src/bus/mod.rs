//! The cluster bus: what nodes say to each other, byte for byte as Redis 7.0 says it.
//!
//! A frame is a header of 2256 bytes and a body. All integers are big-endian.
//!
//! ```text
//!    0 sig "RCmb"    4 totlen u32    8 ver u16    10 port u16    12 type u16    14 count u16
//!   16 currentEpoch u64    24 configEpoch u64    32 offset u64
//!   40 sender             40 characters
//!   80 myslots            2048 bytes: slot s is bit s & 7 (lowest first) of byte s >> 3
//! 2128 slaveof            40 characters, or 40 zero bytes for a master
//! 2168 myip               46 bytes, text padded with zeros
//! 2214 extensions u16   2216 reserved 30 bytes
//! 2246 pport u16        2248 cport u16
//! 2250 flags u16        2252 state u8    2253 mflags 3 bytes
//! 2256 body
//!
//! ping, pong, meet       count x 104 gossip, then the extensions
//! fail                   40 id
//! publish, publishshard  4 channel length, 4 message length, channel, message
//! update                 8 configEpoch, 40 id, 2048 slots
//! module                 8 module id, 4 length, 1 type, payload
//! auth-req, auth-ack, mfstart   nothing
//! ```
//!
//! The way in: [`cut`] finds the first whole frame in a receive buffer, [`decode`] checks it and
//! lends a [`Message`] that points into it (nothing of those 2 KiB is copied). The way out:
//! [`encode()`]. No bytes whatsoever make either of them panic.
//!
//! Differs from Redis: a frame has a longest length; names that are not 40 characters of
//! `[0-9a-z]`, addresses that are not literal IPs and host names with other characters than a
//! host name has are not believed (in Redis they could end up in nodes.conf and break it);
//! extension types of newer versions are ignored without a log line for each message.

mod encode;
mod error;
mod extension;
mod flags;
mod frame;
mod gossip;
mod header;
mod layout;
mod message;
mod read;

pub use encode::{BodyOut, Heartbeat, encode};
pub use error::FrameError;
pub use extension::{ExtIter, Extension, is_hostname};
pub use flags::{MsgFlags, NodeFlags};
pub use frame::{cut, kind_of};
pub use gossip::{Gossip, GossipIter};
pub use header::Header;
pub use layout::{Field, GOSSIP_FIELDS, GOSSIP_LEN, HEADER_FIELDS, HEADER_LEN};
pub use message::{Body, Kind, Message, decode};

#[cfg(test)]
mod tests;
