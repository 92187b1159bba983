//! RESP, the protocol of the data port, in both directions and both versions.
//!
//! ```text
//! both    + simple   - error   : integer   $ bulk (length, bytes)   * array (count, elements)
//! RESP2   $-1 null   *-1 null array
//! RESP3   _ null   , double   # boolean   = verbatim   % map   ~ set   > push   ( big number
//! ```
//!
//! [`Parser`] reads requests where they lie in the connection's buffer; [`ReplyBuf`] writes
//! replies straight into the one that goes out; [`Value`] is a whole reply as a tree, for clients
//! and tests.

mod encode;
mod inline;
mod number;
mod parse;
mod render;
mod value;

pub use encode::ReplyBuf;
pub use number::{parse_i64, write_double};
pub use parse::{Limits, Parsed, Parser, ProtocolError};
pub use value::{DEPTH_MAX, Value};

/// Which reply syntax a client asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Until `HELLO 3`.
    #[default]
    Resp2,
    /// After it.
    Resp3,
}

impl Protocol {
    /// 2 or 3.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Resp2 => 2,
            Self::Resp3 => 3,
        }
    }
}
