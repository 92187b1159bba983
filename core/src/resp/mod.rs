//! RESP2 and RESP3 on one page.

use alloc::vec::Vec;

/// Which reply syntax a client asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Until `HELLO 3`.
    #[default]
    Resp2,
    /// After it.
    Resp3,
}

/// Replies, appended to one byte vector.
#[derive(Clone, Debug, Default)]
pub struct ReplyBuf {
    bytes: Vec<u8>,
    protocol: Protocol,
}
