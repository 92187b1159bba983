//! Where does a frame end? Framing of the byte stream of a bus link.
//!
//! Frames follow each other without anything between them; TCP may deliver them in any pieces.

use super::{
    FrameError, Kind,
    layout::{HEADER_LEN, SIGNATURE, TYPE_AT},
    read::Reader,
};

/// The length of the frame at the front of `buf`, once all of it is there; `None` while more is
/// needed. `limit` is the longest frame that is accepted.
///
/// # Errors
/// What stands there is no frame, or a longer one than `limit`: the link has to be closed. This
/// shows after 8 bytes already, so a hostile length never makes a buffer grow.
pub fn cut(buf: &[u8], limit: u64) -> Result<Option<usize>, FrameError> {
    let Some(len) = front(buf)? else { return Ok(None) };
    if u64::from(len) > limit {
        return Err(FrameError::TooLong { len, limit });
    }
    // A length that this machine cannot count to is never whole.
    Ok(usize::try_from(len).ok().filter(|len| *len <= buf.len()))
}

/// The type of a whole frame, before any other check: what the counters of received messages
/// count. `None` for types that Redis 7.0 does not know.
#[must_use]
pub fn kind_of(frame: &[u8]) -> Option<Kind> {
    let number = frame.get(TYPE_AT..)?.first_chunk()?;
    Kind::from_number(u16::from_be_bytes(*number))
}

/// Checks signature and length as soon as they are there.
pub(super) fn front(buf: &[u8]) -> Result<Option<u32>, FrameError> {
    let mut reader = Reader(buf);
    let (Some(signature), Some(len)) = (reader.array::<4>(), reader.u32()) else {
        return Ok(None);
    };
    if *signature != SIGNATURE || u64::from(len) < HEADER_LEN as u64 {
        return Err(FrameError::BadStart);
    }
    Ok(Some(len))
}
