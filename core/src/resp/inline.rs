//! Inline requests: a line as people type it, split into words.
//!
//! Words are separated by white space. `"…"` knows `\n \r \t \b \a \xHH` and `\` before any other
//! byte; `'…'` knows only `\'`. A quote may begin inside a word but must end it.

use alloc::vec::Vec;

use smallvec::SmallVec;

/// A quote is not closed, or something other than white space follows the closing one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unbalanced;

/// Splits `line` into `ranges` of `words`.
pub(super) fn split(
    line: &[u8],
    words: &mut Vec<u8>,
    ranges: &mut SmallVec<[(usize, usize); 8]>,
) -> Result<(), Unbalanced> {
    words.clear();
    ranges.clear();
    // Redis holds the line as a C string: a zero byte ends it.
    let mut rest = &line[..memchr::memchr(0, line).unwrap_or(line.len())];
    loop {
        rest = rest.trim_ascii_start();
        // Vertical tabs are space between words only.
        if let [0x0B, after @ ..] = rest {
            rest = after;
            continue;
        }
        if rest.is_empty() {
            return Ok(());
        }
        let from = words.len();
        rest = word(rest, words)?;
        ranges.push((from, words.len()));
    }
}

/// Takes one word off the front of `rest`.
fn word<'a>(mut rest: &'a [u8], to: &mut Vec<u8>) -> Result<&'a [u8], Unbalanced> {
    loop {
        match rest {
            [] | [b' ' | b'\n' | b'\r' | b'\t', ..] => return Ok(rest),
            [b'"', after @ ..] => return closed(double_quoted(after, to)?),
            [b'\'', after @ ..] => return closed(single_quoted(after, to)?),
            [plain, after @ ..] => {
                to.push(*plain);
                rest = after;
            }
        }
    }
}

fn closed(rest: &[u8]) -> Result<&[u8], Unbalanced> {
    match rest {
        [] | [b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C, ..] => Ok(rest),
        _ => Err(Unbalanced),
    }
}

fn double_quoted<'a>(mut rest: &'a [u8], to: &mut Vec<u8>) -> Result<&'a [u8], Unbalanced> {
    loop {
        rest = match rest {
            [] => return Err(Unbalanced),
            [b'"', after @ ..] => return Ok(after),
            [b'\\', b'x', high, low, after @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                to.push(hex(*high) << 4 | hex(*low));
                after
            }
            [b'\\', escaped, after @ ..] => {
                to.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 0x08,
                    b'a' => 0x07,
                    other => *other,
                });
                after
            }
            [plain, after @ ..] => {
                to.push(*plain);
                after
            }
        };
    }
}

fn single_quoted<'a>(mut rest: &'a [u8], to: &mut Vec<u8>) -> Result<&'a [u8], Unbalanced> {
    loop {
        rest = match rest {
            [] => return Err(Unbalanced),
            [b'\'', after @ ..] => return Ok(after),
            [b'\\', b'\'', after @ ..] => {
                to.push(b'\'');
                after
            }
            [plain, after @ ..] => {
                to.push(*plain);
                after
            }
        };
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10) & 15,
    }
}
