//! Characters to tokens.

use super::PredicateError;

/// A token with the column where it starts and the byte range that it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) column: usize,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// Kinds of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Name(String),
    Int(i64),
    /// Milliseconds.
    Duration(i64),
    Text(String),
    Sign(&'static str),
}

/// Longer signs stand first, so that `<=` is not read as `<`.
const SIGNS: [&str; 19] = [
    "==", "!=", "<=", ">=", "..", "<", ">", "{", "}", "(", ")", ":", ",", ".", "&", "|", "!", "-",
    "=",
];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, PredicateError> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let from = at;
        let column = text[..at].chars().count() + 1;
        let fail = |what: &str| PredicateError { what: what.into(), column, text: text.into() };
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let rest = &text[at..];
        let run = |fits: fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
        let kind = if first.is_ascii_alphabetic() {
            at += run(|c| c.is_ascii_alphanumeric() || c == '_');
            Kind::Name(text[from..at].into())
        } else if first.is_ascii_digit() {
            let digits = run(|c| c.is_ascii_digit());
            let number = rest[..digits].parse().map_err(|_| fail("this number is too large"))?;
            let unit = rest[digits..].find(|c: char| !c.is_ascii_alphabetic());
            let unit = &rest[digits..][..unit.unwrap_or(rest.len() - digits)];
            at += digits + unit.len();
            in_unit(number, unit).ok_or_else(|| fail("a number stands alone, or with s or ms"))?
        } else if first == '"' {
            let len = rest[1..].find('"').ok_or_else(|| fail("this text has no end"))?;
            at += len + 2;
            Kind::Text(rest[1..=len].into())
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
            let sign = sign.ok_or_else(|| fail("this sign has no meaning"))?;
            at += sign.len();
            Kind::Sign(sign)
        };
        found.push(Token { kind, column, from, to: at });
    }
    Ok(found)
}

fn in_unit(number: i64, unit: &str) -> Option<Kind> {
    match unit {
        "" => Some(Kind::Int(number)),
        "ms" => Some(Kind::Duration(number)),
        "s" => number.checked_mul(1000).map(Kind::Duration),
        _ => None,
    }
}
