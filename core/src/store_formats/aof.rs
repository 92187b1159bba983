//! The append only file: commands one after the other, as RESP arrays of bulk strings, and lines
//! that begin with `#` between them.
//!
//! Reading is total on any bytes and allocates no more than it was given. A file that ends in the
//! middle of a command is *cut*, which a crash explains; anything else that does not fit is
//! *malformed*, which nothing explains but damage.
//!
//! Spec: Redis persistence, format of the append only file. The manifest is in `manifest`.

use alloc::vec::Vec;

/// One thing in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AofItem<'a> {
    /// A command, never without words.
    Command(Vec<&'a [u8]>),
    /// A line that begins with `#`.
    Note,
}

/// Something stands there that is no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct Malformed {
    /// Where, counted from the first byte of what was read.
    pub at: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// More words than that are no command of any server.
const WORDS_MAX: u64 = 1 << 20;
/// Redis reads no longer string either.
const STRING_MAX: u64 = 512 << 20;
/// A number needs no more digits, and a note is short.
const LINE_MAX: usize = 1024;

/// The first item of `bytes` and its length; `None` when it does not end there.
///
/// # Errors
/// [`Malformed`].
pub fn next(bytes: &[u8]) -> Result<Option<(AofItem<'_>, usize)>, Malformed> {
    match bytes.first() {
        None => return Ok(None),
        Some(b'#') => {
            let Some(end) = line_end(bytes, 0)? else { return Ok(None) };
            return Ok(Some((AofItem::Note, end)));
        }
        Some(_) => {}
    }
    let Some((count, mut at)) = number(bytes, 0, b'*')? else { return Ok(None) };
    if count == 0 || count > WORDS_MAX {
        return Err(Malformed { at: 0, what: "a command with an impossible number of words" });
    }
    let mut words = Vec::new();
    for _ in 0..count {
        let Some((length, start)) = number(bytes, at, b'$')? else { return Ok(None) };
        let length = usize::try_from(length).ok().filter(|n| *n as u64 <= STRING_MAX);
        let end = length.and_then(|length| start.checked_add(length));
        let Some(end) = end else {
            return Err(Malformed { at, what: "a string of an impossible length" });
        };
        let (Some(word), Some(tail)) = (bytes.get(start..end), bytes.get(end..)) else {
            return Ok(None);
        };
        match tail {
            [b'\r', b'\n', ..] => {}
            [] | [b'\r'] => return Ok(None),
            _ => return Err(Malformed { at: end, what: "a string without its end" }),
        }
        words.push(word);
        at = end + 2;
    }
    Ok(Some((AofItem::Command(words), at)))
}

/// `<mark><digits>\r\n`: the number and where the next line begins.
fn number(bytes: &[u8], at: usize, mark: u8) -> Result<Option<(u64, usize)>, Malformed> {
    match bytes.get(at) {
        None => return Ok(None),
        Some(found) if *found == mark => {}
        Some(_) if mark == b'*' => return Err(Malformed { at, what: "no command" }),
        Some(_) => return Err(Malformed { at, what: "no string" }),
    }
    let Some(end) = line_end(bytes, at)? else { return Ok(None) };
    let text = bytes.get(at + 1..end - 2).unwrap_or_default();
    let number = core::str::from_utf8(text).ok().filter(|t| !t.starts_with('+'));
    match number.and_then(|text| text.parse().ok()) {
        Some(number) => Ok(Some((number, end))),
        None => Err(Malformed { at, what: "no number" }),
    }
}

/// Where the line that begins at `at` ends, its `\r\n` included.
fn line_end(bytes: &[u8], at: usize) -> Result<Option<usize>, Malformed> {
    let rest = bytes.get(at..).unwrap_or_default();
    match memchr::memchr(b'\n', rest.get(..LINE_MAX).unwrap_or(rest)) {
        Some(end) if end > 0 && rest.get(end - 1) == Some(&b'\r') => Ok(Some(at + end + 1)),
        Some(_) => Err(Malformed { at, what: "a line without \\r" }),
        None if rest.len() >= LINE_MAX => Err(Malformed { at, what: "a line that is too long" }),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_notes_are_read_in_order() {
        let bytes = b"*1\r\n$4\r\nPING\r\n#TS:12\r\n*2\r\n$3\r\nGET\r\n$2\r\n\r\n\r\n";
        let (first, used) = next(bytes).unwrap().unwrap();
        assert_eq!((first, used), (AofItem::Command(alloc::vec![&b"PING"[..]]), 14));
        let (second, more) = next(&bytes[used..]).unwrap().unwrap();
        assert_eq!((second, more), (AofItem::Note, 8));
        let (third, last) = next(&bytes[used + more..]).unwrap().unwrap();
        assert_eq!(third, AofItem::Command(alloc::vec![&b"GET"[..], b"\r\n"]));
        assert_eq!(used + more + last, bytes.len());
        assert_eq!(next(b""), Ok(None));
    }

    #[test]
    fn every_cut_is_a_cut_and_nothing_else() {
        let bytes = b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$10\r\n0123456789\r\n";
        for end in 0..bytes.len() {
            assert_eq!(next(&bytes[..end]), Ok(None), "{end}");
        }
        assert!(next(bytes).unwrap().is_some());
    }

    #[test]
    fn what_is_no_command_is_malformed() {
        for bad in [
            &b"SET a b\r\n"[..],
            b"*0\r\n",
            b"*-1\r\n",
            b"*x\r\n",
            b"*+1\r\n$1\r\na\r\n",
            b"*99999999999\r\n",
            b"*1\n$1\r\na\r\n",
            b"*1\r\n$1\r\nab\r\n",
            b"*1\r\n:1\r\n",
            b"*1\r\n$-1\r\n",
            b"*1\r\n$9999999999999999999\r\n",
        ] {
            assert!(next(bad).is_err(), "{}", alloc::string::String::from_utf8_lossy(bad));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            if let Ok(Some((_, used))) = next(&bytes) {
                proptest::prop_assert!(used > 0 && used <= bytes.len());
            }
        }
    }
}
