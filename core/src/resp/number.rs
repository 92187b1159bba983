//! Numbers in text: integers as strictly as Redis reads them, doubles as Redis 7.0 prints them.

use alloc::{format, vec::Vec};

/// An integer in its only spelling: optional minus, no plus, no leading zero, no space, in range.
///
/// Redis stores such strings as integers and accepts nothing else as an argument; `-0` is not one.
#[must_use]
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits {
        [] | [b'0', _, ..] => return None,
        [b'0'] if negative => return None,
        _ => {}
    }
    let mut value: i64 = 0;
    for byte in digits {
        let digit = i64::from(byte.checked_sub(b'0').filter(|digit| *digit <= 9)?);
        // Collected below zero, because there is one more number there.
        value = value.checked_mul(10)?.checked_sub(digit)?;
    }
    if negative { Some(value) } else { value.checked_neg() }
}

/// Significant digits of a double in Redis 7.0 (`%.17g`): enough to come back as the same double.
const DIGITS: i32 = 17;

/// Appends a double as Redis 7.0 prints it: `1.5`, `0.10000000000000001`, `1e+20`, `inf`, `nan`.
pub fn write_double(to: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        to.extend_from_slice(b"nan");
        return;
    }
    if value.is_sign_negative() {
        to.push(b'-');
    }
    let value = value.abs();
    if value.is_infinite() {
        to.extend_from_slice(b"inf");
        return;
    }
    // One digit, a point, sixteen digits, `e`, the exponent.
    let text = format!("{value:.16e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    let kept = digits.iter().rposition(|digit| *digit != b'0').map_or(1, |last| last + 1);
    let digits = &digits[..kept];
    if (-4..DIGITS).contains(&exponent) {
        write_fixed(to, digits, exponent);
    } else {
        write_scientific(to, digits, exponent);
    }
}

/// `digits` with the point after `exponent + 1` of them.
fn write_fixed(to: &mut Vec<u8>, digits: &[u8], exponent: i32) {
    match usize::try_from(exponent) {
        Ok(exponent) => {
            let whole = exponent + 1;
            let (before, after) = digits.split_at(whole.min(digits.len()));
            to.extend_from_slice(before);
            to.extend(core::iter::repeat_n(b'0', whole - before.len()));
            if !after.is_empty() {
                to.push(b'.');
                to.extend_from_slice(after);
            }
        }
        Err(_) => {
            to.extend_from_slice(b"0.");
            let zeros = usize::try_from(-1 - exponent).unwrap_or(0);
            to.extend(core::iter::repeat_n(b'0', zeros));
            to.extend_from_slice(digits);
        }
    }
}

/// `d.ddde+XX`, with at least two digits of exponent.
fn write_scientific(to: &mut Vec<u8>, digits: &[u8], exponent: i32) {
    let (first, rest) = digits.split_at(1);
    to.extend_from_slice(first);
    if !rest.is_empty() {
        to.push(b'.');
        to.extend_from_slice(rest);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    to.extend_from_slice(format!("e{sign}{:02}", exponent.abs()).as_bytes());
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString as _};

    use proptest::prelude::*;

    use super::*;

    fn shown(value: f64) -> String {
        let mut to = Vec::new();
        write_double(&mut to, value);
        String::from_utf8(to).unwrap()
    }

    #[test]
    fn doubles_as_a_real_server_printed_them() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (3.0, "3"),
            (0.1, "0.10000000000000001"),
            (1.5, "1.5"),
            (-2.25, "-2.25"),
            (1e16, "10000000000000000"),
            (1e17, "1e+17"),
            (1.0e20, "1e+20"),
            (1.5e300, "1.5000000000000001e+300"),
            (0.0001, "0.0001"),
            (0.00001, "1.0000000000000001e-05"),
            (5e-324, "4.9406564584124654e-324"),
            (123_456.789, "123456.789"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(shown(value), text);
        }
    }

    #[test]
    fn integers_have_one_spelling() {
        for (text, value) in [
            ("0", Some(0)),
            ("-1", Some(-1)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("-9223372036854775809", None),
            ("-0", None),
            ("01", None),
            ("+1", None),
            (" 1", None),
            ("1 ", None),
            ("", None),
            ("-", None),
            ("1a", None),
        ] {
            assert_eq!(parse_i64(text.as_bytes()), value, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn an_integer_comes_back(n: i64) {
            prop_assert_eq!(parse_i64(n.to_string().as_bytes()), Some(n));
        }

        #[test]
        fn a_double_comes_back(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(!value.is_nan());
            let back: f64 = shown(value).parse().unwrap();
            prop_assert_eq!(back.to_bits(), value.to_bits());
        }
    }
}
