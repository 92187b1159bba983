//! What the words after a directive may be, and how they are read and printed.

use alloc::{
    format,
    string::{String, ToString as _},
};

/// The form of a directive's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `yes` or `no`.
    YesNo,
    /// A whole number within bounds, both included.
    Number(i64, i64),
    /// Bytes, with `kb`, `mb`, `gb` (powers of 1024) or `k`, `m`, `g` (of 1000); or, where the
    /// flag is set, a percentage.
    Memory(bool),
    /// Bytes from the first to the second number, both included.
    Bytes(i64, i64),
    /// One word of a list.
    OneOf(&'static [&'static str]),
    /// Any one word.
    Text,
    /// Several words that the directive itself understands.
    Words,
}

/// A value that has the right form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// `yes` is true.
    YesNo(bool),
    /// A number, or bytes.
    Number(i64),
    /// A word.
    Text(&'a str),
    /// The words.
    Words(&'a [&'a str]),
}

impl Shape {
    /// Reads `words`; the error is the text that Redis 7.0 gives.
    pub(super) fn read<'a>(self, words: &'a [&'a str]) -> Result<Value<'a>, String> {
        if self == Self::Words {
            return Ok(Value::Words(words));
        }
        let [word] = *words else { return Err("wrong number of arguments".into()) };
        match self {
            Self::YesNo if word.eq_ignore_ascii_case("yes") => Ok(Value::YesNo(true)),
            Self::YesNo if word.eq_ignore_ascii_case("no") => Ok(Value::YesNo(false)),
            Self::YesNo => Err("argument must be 'yes' or 'no'".into()),
            Self::Number(min, max) => {
                let number: i64 = word
                    .parse()
                    .map_err(|_| String::from("argument couldn't be parsed into an integer"))?;
                if (min..=max).contains(&number) {
                    Ok(Value::Number(number))
                } else {
                    Err(format!("argument must be between {min} and {max} inclusive"))
                }
            }
            Self::Bytes(min, max) => match bytes(word) {
                Some(number) if (min..=max).contains(&number) => Ok(Value::Number(number)),
                Some(_) => Err(format!("argument must be between {min} and {max} inclusive")),
                None => Err("argument must be a memory value".into()),
            },
            Self::Memory(percent) => {
                let is_percent = || word.strip_suffix('%').is_some_and(|n| n.parse::<u8>().is_ok());
                let is_too_much =
                    word.strip_suffix('%').is_some_and(|n| n.parse::<u8>().is_ok_and(|n| n > 100));
                match bytes(word) {
                    Some(number) => Ok(Value::Number(number)),
                    None if percent && is_percent() && is_too_much => {
                        Err("percentage argument must be less or equal to 100".into())
                    }
                    None if percent && is_percent() => Ok(Value::Text(word)),
                    None if percent => Err("argument must be a memory or percent value".into()),
                    None => Err("argument must be a memory value".into()),
                }
            }
            Self::OneOf(known) => match known.iter().find(|k| k.eq_ignore_ascii_case(word)) {
                Some(word) => Ok(Value::Text(word)),
                None => {
                    Err(format!("argument(s) must be one of the following: {}", known.join(", ")))
                }
            },
            Self::Text | Self::Words => Ok(Value::Text(word)),
        }
    }
}

impl Value<'_> {
    /// As `CONFIG GET` prints it.
    pub(super) fn print(self) -> String {
        match self {
            Self::YesNo(yes) => yes_no(yes),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.into(),
            Self::Words(words) => words.join(" "),
        }
    }
}

/// `yes` or `no`.
pub(super) fn yes_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.into()
}

/// `64mb` as bytes; `None` when it is not an amount of memory or does not fit 63 bits.
fn bytes(word: &str) -> Option<i64> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = word.split_at_checked(digits)?;
    let factor: i64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_memory() {
        for (word, want) in [
            ("0", Some(0)),
            ("1gb", Some(1 << 30)),
            ("64mb", Some(64 << 20)),
            ("1k", Some(1000)),
            ("1KB", Some(1024)),
            ("12b", Some(12)),
            ("1gbx", None),
            ("mb", None),
            ("-1", None),
            ("", None),
            ("99999999999gb", None),
        ] {
            assert_eq!(bytes(word), want, "{word}");
        }
    }

    #[test]
    fn refusals_say_what_would_do() {
        let text = |shape: Shape, word: &str| shape.read(&[word]).err();
        assert_eq!(text(Shape::YesNo, "maybe").as_deref(), Some("argument must be 'yes' or 'no'"));
        assert_eq!(
            text(Shape::Number(0, 65_535), "70000").as_deref(),
            Some("argument must be between 0 and 65535 inclusive")
        );
        assert_eq!(
            text(Shape::OneOf(&["ip", "hostname"]), "x").as_deref(),
            Some("argument(s) must be one of the following: ip, hostname")
        );
        assert_eq!(text(Shape::Memory(true), "10%"), None);
        assert!(text(Shape::Memory(false), "10%").is_some());
    }
}
