//! Sums of decimal numbers, for INCRBYFLOAT.
//!
//! Redis adds 80-bit floats and prints 17 decimals, which gives 0.3 for 0.1 + 0.2. Such floats
//! exist on one kind of machine only, so numbers are added here as what they are, decimals: exact
//! up to 17 decimals and 21 digits before the point, the same everywhere. Beyond that a 64-bit
//! float has to do.

use alloc::{format, string::String};
use core::str;

/// Why there is no sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// One of the two is no number.
    NotANumber,
    /// The sum is none.
    Infinite,
}

const DECIMALS: usize = 17;
const ONE: i128 = 10i128.pow(17);

/// The sum of two numbers, printed without superfluous zeros.
pub(super) fn add(a: &[u8], b: &[u8]) -> Result<String, Refusal> {
    let (float_a, float_b) = (float(a)?, float(b)?);
    let exact = exact(a).zip(exact(b)).and_then(|(a, b)| a.checked_add(b));
    if let Some(sum) = exact {
        return Ok(print(sum));
    }
    let sum = float_a + float_b;
    if !sum.is_finite() {
        return Err(Refusal::Infinite);
    }
    Ok(format!("{sum}"))
}

/// As a float, which is how it is judged whether it is a number at all.
pub(super) fn float(text: &[u8]) -> Result<f64, Refusal> {
    if let [b'0', b'x' | b'X', ..] = text {
        return super::args::float(text).ok_or(Refusal::NotANumber);
    }
    let text = str::from_utf8(text).map_err(|_| Refusal::NotANumber)?;
    let number: f64 = text.parse().map_err(|_| Refusal::NotANumber)?;
    if number.is_nan() { Err(Refusal::NotANumber) } else { Ok(number) }
}

/// In units of 10^-17; `None` when it does not fit.
fn exact(text: &[u8]) -> Option<i128> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (digits, exponent) = match rest.iter().position(|b| matches!(b, b'e' | b'E')) {
        Some(at) => (&rest[..at], str::from_utf8(&rest[at + 1..]).ok()?.parse::<i32>().ok()?),
        None => (rest, 0),
    };
    let point = digits.iter().position(|b| *b == b'.').unwrap_or(digits.len());
    let mut units: i128 = 0;
    for digit in digits.iter().filter(|b| **b != b'.') {
        if !digit.is_ascii_digit() {
            return None;
        }
        units = units.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    }
    let decimals = i32::try_from(digits.len().saturating_sub(point + 1)).ok()?;
    let shift = i32::try_from(DECIMALS).ok()?.checked_sub(decimals)?.checked_add(exponent)?;
    for _ in 0..shift.clamp(0, 40) {
        units = units.checked_mul(10)?;
    }
    if shift > 40 && units != 0 {
        return None;
    }
    for _ in 0..shift.saturating_neg().clamp(0, 60) {
        if units % 10 != 0 {
            return None;
        }
        units /= 10;
    }
    Some(if negative { -units } else { units })
}

fn print(units: i128) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let (whole, rest) =
        (units.unsigned_abs() / ONE.unsigned_abs(), units.unsigned_abs() % ONE.unsigned_abs());
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    let decimals = format!("{rest:0DECIMALS$}");
    format!("{sign}{whole}.{}", decimals.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::{Refusal, add};

    #[test]
    fn sums_are_those_of_school() {
        let cases = [
            ("10.50", "0.1", "10.6"),
            ("5.0e3", "2.0e2", "5200"),
            ("0.1", "0.2", "0.3"),
            ("1", "-1", "0"),
            ("-0.5", "0.25", "-0.25"),
            ("3", "1.5", "4.5"),
            ("1e-3", "0", "0.001"),
            ("+1", ".5", "1.5"),
            ("1.", "1", "2"),
            ("100", "-0.00", "100"),
            ("1e20", "1", "100000000000000000001"),
            ("0x10", "1", "17"),
        ];
        for (a, b, sum) in cases {
            assert_eq!(add(a.as_bytes(), b.as_bytes()).as_deref(), Ok(sum), "{a} + {b}");
        }
    }

    #[test]
    fn large_numbers_fall_back_to_floats() {
        assert!(add(b"1e300", b"1").is_ok_and(|sum| sum.len() == 301));
        assert_eq!(add(b"1e308", b"1e308"), Err(Refusal::Infinite));
        assert_eq!(add(b"inf", b"1"), Err(Refusal::Infinite));
    }

    #[test]
    fn other_things_are_no_numbers() {
        for text in ["", "abc", "1 ", " 1", "1,5", "nan", "0x", "1e", "--1"] {
            assert_eq!(add(text.as_bytes(), b"1"), Err(Refusal::NotANumber), "{text}");
            assert_eq!(add(b"1", text.as_bytes()), Err(Refusal::NotANumber), "{text}");
        }
    }
}
