//! DUMP payloads: the type, the value as in a snapshot, the version u16 LE, the checksum u64 LE.

use super::{NEWEST, Object, RdbError, VERSION, ValueWriter, cursor::Cursor, object};
use crate::store_formats::crc64::crc64;

use alloc::vec::Vec;

/// The payload of DUMP for the value that `write` writes.
#[must_use]
pub fn dump(write: impl FnOnce(ValueWriter<'_>)) -> Vec<u8> {
    let mut out = super::write::value(write);
    out.extend_from_slice(&VERSION.to_le_bytes());
    let sum = crc64(&out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

/// Reads a payload of DUMP. Total on any bytes: a target for fuzzing.
///
/// # Errors
/// [`RdbError`]; a wrong footer is [`RdbError::Checksum`], [`RdbError::Version`] or
/// [`RdbError::Truncated`] at the payload's length, which RESTORE tells from a damaged body.
pub fn read_dump(payload: &[u8]) -> Result<Object, RdbError> {
    let body = verified(payload)?;
    let mut cur = Cursor::new(body, 0);
    let damaged = |error| match error {
        // The footer is right, so nothing is missing that was there once.
        RdbError::Truncated(at) => RdbError::Damaged { at, what: "a value that does not end" },
        error => error,
    };
    let code = cur.byte().map_err(damaged)?;
    let value = object::read(&mut cur, code, b"").map_err(damaged)?;
    if cur.is_at_end() { Ok(value) } else { Err(cur.damaged("something behind the value")) }
}

/// The payload without its footer, if that is right.
fn verified(payload: &[u8]) -> Result<&[u8], RdbError> {
    let truncated = RdbError::Truncated(payload.len() as u64);
    let (rest, sum) = payload.split_last_chunk::<8>().ok_or(truncated.clone())?;
    let (body, version) = rest.split_last_chunk::<2>().ok_or(truncated)?;
    let version = u16::from_le_bytes(*version);
    if version > NEWEST {
        return Err(RdbError::Version(u32::from(version)));
    }
    let (found, computed) = (u64::from_le_bytes(*sum), crc64(rest));
    if found != computed {
        return Err(RdbError::Checksum { found, computed });
    }
    Ok(body)
}
