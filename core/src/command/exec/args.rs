//! Arguments that several families share: counts, floats, numbers of keys.

use alloc::vec::Vec;

use super::NOT_AN_INTEGER;
use crate::{command::Call, resp::parse_i64};

pub(super) const NOT_A_FLOAT: &str = "ERR value is not a valid float";

/// A count that may be 0; refuses what is negative or no number.
pub(super) fn positive(call: &mut Call<'_>, at: usize) -> Option<usize> {
    let count = parse_i64(call.arg(at)).and_then(|n| usize::try_from(n).ok());
    if count.is_none() {
        call.reply.error("ERR value is out of range, must be positive");
    }
    count
}

/// How many to draw by chance: negative for "the same ones may come again".
pub(super) fn draws(call: &mut Call<'_>, at: usize) -> Option<i64> {
    let Some(n) = parse_i64(call.arg(at)) else {
        call.reply.error(NOT_AN_INTEGER);
        return None;
    };
    if n == i64::MIN {
        call.reply.error(
            "ERR value is out of range, value must between -9223372036854775807 and \
             9223372036854775807",
        );
        return None;
    }
    Some(n)
}

/// A double as `strtod` reads all of it; not NaN, and neither too large nor too small for one.
pub(super) fn float(text: &[u8]) -> Option<f64> {
    let text = core::str::from_utf8(text).ok()?;
    let (negative, digits) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if let [b'0', b'x' | b'X', hex @ ..] = digits {
        let value = hexadecimal(hex)?;
        return Some(if negative { -value } else { value });
    }
    let value: f64 = text.parse().ok()?;
    let spelled_out = digits.first().is_some_and(|byte| matches!(byte, b'i' | b'I'));
    let mantissa = digits.split(|byte| matches!(byte, b'e' | b'E')).next().unwrap_or_default();
    let is_nothing = mantissa.iter().all(|byte| !matches!(byte, b'1'..=b'9'));
    let fits = (spelled_out || value.is_finite()) && (value != 0.0 || is_nothing);
    (fits && !value.is_nan()).then_some(value)
}

/// A double as `strtod` reads it from a C string: it ends at the first zero byte, spaces before it
/// do not matter, and nothing at all is 0.
pub(super) fn loose_float(text: &[u8]) -> Option<f64> {
    match text.split(|byte| *byte == 0).next().unwrap_or_default() {
        [] => Some(0.0),
        text => float(text.trim_ascii_start()),
    }
}

/// Whole numbers only: nobody writes a fraction in this way.
fn hexadecimal(digits: &[u8]) -> Option<f64> {
    if digits.is_empty() {
        return None;
    }
    let mut value = 0.0;
    for byte in digits {
        value = value * 16.0 + f64::from(char::from(*byte).to_digit(16)?);
    }
    Some(value).filter(|value| value.is_finite())
}

/// The keys after a number that says how many: where they begin and end. Refuses with `problem`
/// unless the number is at least 1, and with a syntax error if there are fewer words.
pub(super) fn counted_keys<'a>(
    call: &mut Call<'a>,
    at: usize,
    problem: &str,
) -> Option<(Vec<&'a [u8]>, usize)> {
    let count = parse_i64(call.arg(at)).and_then(|n| usize::try_from(n).ok());
    let Some(count) = count.filter(|n| *n > 0) else {
        call.reply.error(problem);
        return None;
    };
    let end = count.saturating_add(at + 1);
    match call.args.get(at + 1..end) {
        Some(keys) => Some((keys.to_vec(), end)),
        None => {
            call.syntax_error();
            None
        }
    }
}

/// A length as a reply.
pub(super) fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The elements from `start` to `end`, both included and counted from the end if negative, as
/// first and behind the last; `None` if there are none.
pub(super) fn span(start: i64, end: i64, len: usize) -> Option<(usize, usize)> {
    let len = number(len);
    let place = |at: i64| if at < 0 { at.saturating_add(len).max(0) } else { at };
    let end = if end < 0 { end.saturating_add(len) } else { end };
    let (start, end) = (place(start), end.min(len - 1));
    if start > end {
        return None;
    }
    Some((usize::try_from(start).ok()?, usize::try_from(end).ok()? + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_read_as_by_strtod() {
        for (text, value) in [
            ("3.1", Some(3.1)),
            ("-inf", Some(f64::NEG_INFINITY)),
            ("+Infinity", Some(f64::INFINITY)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("0e5", Some(0.0)),
            ("0x10", Some(16.0)),
            ("-0Xff", Some(-255.0)),
            ("1e400", None),
            ("1e-400", None),
            ("nan", None),
            ("", None),
            (" 1", None),
            ("1 ", None),
            ("0x", None),
        ] {
            assert_eq!(float(text.as_bytes()), value, "{text}");
        }
    }

    #[test]
    fn spans_are_cut_to_what_is_there() {
        assert_eq!(span(0, -1, 3), Some((0, 3)));
        assert_eq!(span(-100, 100, 3), Some((0, 3)));
        assert_eq!(span(-2, -2, 3), Some((1, 2)));
        assert_eq!(span(3, 5, 3), None);
        assert_eq!(span(0, -4, 3), None);
        assert_eq!(span(0, 0, 0), None);
        assert_eq!(span(i64::MIN, i64::MAX, 1), Some((0, 1)));
    }
}
