//! Numbers of Lua: as text in the ways of C, cut to integers, and drawn.

use slotscope_core::resp::parse_i64;

/// `%.<digits>g` of C: so many significant digits, without zeros at the end, with an exponent where
/// that is shorter.
pub(super) fn general(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return if value.is_sign_negative() { "-nan".into() } else { "nan".into() };
    }
    if value.is_infinite() {
        return if value < 0.0 { "-inf".into() } else { "inf".into() };
    }
    let digits = digits.max(1);
    let text = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent = exponent.parse::<i64>().unwrap_or(0);
    let last = i64::try_from(digits).unwrap_or(i64::MAX);
    if exponent < -4 || exponent >= last {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trimmed(mantissa), exponent.unsigned_abs());
    }
    let places = usize::try_from(last - 1 - exponent).unwrap_or(0);
    trimmed(&format!("{value:.places$}")).into()
}

fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// `%.17g`, as arguments of commands are written.
pub(super) fn as_argument(value: &mlua::Value) -> Option<String> {
    match value {
        mlua::Value::Integer(n) if n.unsigned_abs() < 100_000_000_000_000_000 => {
            Some(n.to_string())
        }
        _ => of(value).map(|value| general(value, 17)),
    }
}

/// The number that a value is.
pub(super) fn of(value: &mlua::Value) -> Option<f64> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "it was a double in Lua, exactly this one")]
        mlua::Value::Integer(n) => Some(*n as f64),
        mlua::Value::Number(value) => Some(*value),
        _ => None,
    }
}

/// The number that a value is or spells, as `lua_tonumber` takes it.
pub(super) fn coerced(value: &mlua::Value) -> Option<f64> {
    match value {
        mlua::Value::String(text) => {
            let text = text.to_string_lossy();
            let text = text.trim();
            match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
                Some(digits) => u64::from_str_radix(digits, 16).ok().map(|n| {
                    #[expect(clippy::cast_precision_loss, reason = "Lua has doubles only")]
                    let value = n as f64;
                    value
                }),
                None => text.parse().ok(),
            }
        }
        other => of(other),
    }
}

/// Without its fraction; what no `i64` can hold becomes the least one, as on x86.
pub(super) fn truncated(value: f64) -> i64 {
    const EDGE: f64 = 9_223_372_036_854_775_808.0;
    if !(-EDGE..EDGE).contains(&value) {
        return i64::MIN;
    }
    #[expect(clippy::cast_possible_truncation, reason = "that is what is wanted")]
    let whole = value as i64;
    whole
}

/// Its lowest 32 bits, as the library `bit` takes numbers.
pub(super) fn low_bits(value: f64) -> u32 {
    let rest = truncated(value.round_ties_even().rem_euclid(4_294_967_296.0));
    u32::try_from(rest).unwrap_or(0)
}

/// An integer in text.
pub(super) fn whole(text: &[u8]) -> Option<i64> {
    parse_i64(text)
}

/// What `math.random` draws from: the generator of `drand48`, whose numbers are the same everywhere.
///
/// Spec: POSIX, `drand48`. Redis puts it in place of the C library's `rand`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Random(u64);

impl Default for Random {
    fn default() -> Self {
        Self(0x1234_ABCD_330E)
    }
}

impl Random {
    /// The greatest number drawn, and one more.
    pub(super) const END: u64 = 0x7FFF_FFFF;

    /// Begins anew.
    pub(super) fn seeded(seed: i64) -> Self {
        let low = u64::try_from(seed.rem_euclid(1 << 32)).unwrap_or(0);
        Self(low << 16 | 0x330E)
    }

    /// The next of it, and a number of 31 bits.
    pub(super) const fn next(self) -> (Self, u64) {
        let state = self.0.wrapping_mul(0x5_DEEC_E66D).wrapping_add(0xB) & 0xFFFF_FFFF_FFFF;
        (Self(state), state >> 17)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_c_writes_them() {
        for (value, digits, wanted) in [
            (0.0, 17, "0"),
            (3.0, 17, "3"),
            (0.1, 17, "0.10000000000000001"),
            (0.1, 14, "0.1"),
            (-1.5, 14, "-1.5"),
            (1e15, 14, "1e+15"),
            (123_456.789, 14, "123456.789"),
            (1e-5, 14, "1e-05"),
            (0.0001, 14, "0.0001"),
            (1e300, 17, "1.0000000000000001e+300"),
            (99_999_999_999_999.9, 14, "1e+14"),
            (f64::INFINITY, 17, "inf"),
        ] {
            assert_eq!(general(value, digits), wanted);
        }
    }

    #[test]
    fn what_is_too_large_becomes_the_least() {
        assert_eq!(truncated(3.99), 3);
        assert_eq!(truncated(-3.99), -3);
        assert_eq!(truncated(1e300), i64::MIN);
        assert_eq!(truncated(f64::NAN), i64::MIN);
        assert_eq!(low_bits(-1.0), u32::MAX);
        assert_eq!(low_bits(4_294_967_296.0), 0);
    }
}
