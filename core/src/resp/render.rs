//! A reply as `redis-cli` prints it on a terminal.

use alloc::string::{String, ToString as _};
use core::fmt::Write as _;

use super::{Value, write_double};

impl Value {
    /// The lines that `redis-cli` would print, without the last line end.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut to = String::new();
        self.render(&mut to, "");
        to
    }

    /// Appends the text; lines after the first begin with `prefix`.
    fn render(&self, to: &mut String, prefix: &str) {
        match self {
            Self::Simple(text) => to.push_str(text),
            Self::Error(text) => {
                to.push_str("(error) ");
                to.push_str(text);
            }
            Self::Integer(n) => {
                to.push_str("(integer) ");
                to.push_str(&n.to_string());
            }
            Self::Bulk(bytes) => quote(to, bytes),
            Self::Null => to.push_str("(nil)"),
            Self::Double(value) => {
                let mut text = alloc::vec::Vec::new();
                write_double(&mut text, *value);
                to.push_str("(double) ");
                to.push_str(&String::from_utf8_lossy(&text));
            }
            Self::Boolean(value) => to.push_str(if *value { "(true)" } else { "(false)" }),
            Self::Verbatim(_, bytes) => to.push_str(&String::from_utf8_lossy(bytes)),
            Self::BigNumber(digits) => {
                to.push_str("(big number) ");
                to.push_str(digits);
            }
            Self::Array(all) => list(to, prefix, all, ')', "(empty array)"),
            Self::Set(all) => list(to, prefix, all, '~', "(empty set)"),
            Self::Push(all) => list(to, prefix, all, ')', "(empty push)"),
            Self::Map(pairs) => map(to, prefix, pairs),
        }
    }

    /// Whether it stands on lines of its own when it is the value of a key.
    fn is_long(&self) -> bool {
        match self {
            Self::Array(all) | Self::Set(all) | Self::Push(all) => all.len() > 1,
            Self::Map(pairs) => pairs.len() > 1,
            _ => false,
        }
    }
}

/// Numbered lines; the numbers are as wide as the last one.
struct Numbers<'a> {
    prefix: &'a str,
    width: usize,
    sign: char,
}

impl<'a> Numbers<'a> {
    fn new(prefix: &'a str, count: usize, sign: char) -> Self {
        Self { prefix, width: count.to_string().len(), sign }
    }

    /// The prefix of what stands under one number.
    fn inner(&self) -> String {
        let blanks = self.prefix.len() + self.width + 2;
        " ".repeat(blanks)
    }

    fn begin(&self, to: &mut String, at: usize) {
        if at > 0 {
            to.push('\n');
            to.push_str(self.prefix);
        }
        let Self { width, sign, .. } = self;
        let number = at + 1;
        // Writing to a string cannot fail.
        let _ = write!(to, "{number:>width$}{sign} ");
    }
}

fn list(to: &mut String, prefix: &str, all: &[Value], sign: char, empty: &str) {
    if all.is_empty() {
        to.push_str(empty);
    }
    let numbers = Numbers::new(prefix, all.len(), sign);
    let inner = numbers.inner();
    for (at, value) in all.iter().enumerate() {
        numbers.begin(to, at);
        value.render(to, &inner);
    }
}

fn map(to: &mut String, prefix: &str, pairs: &[(Value, Value)]) {
    if pairs.is_empty() {
        to.push_str("(empty hash)");
    }
    let numbers = Numbers::new(prefix, pairs.len(), '#');
    let inner = numbers.inner();
    for (at, (key, value)) in pairs.iter().enumerate() {
        numbers.begin(to, at);
        key.render(to, &inner);
        to.push_str(" => ");
        if value.is_long() {
            to.push('\n');
            to.push_str(&inner);
        }
        value.render(to, &inner);
    }
}

/// In quotes, with everything but printable ASCII escaped.
fn quote(to: &mut String, bytes: &[u8]) {
    to.push('"');
    for byte in bytes {
        match byte {
            b'\\' => to.push_str("\\\\"),
            b'"' => to.push_str("\\\""),
            b'\n' => to.push_str("\\n"),
            b'\r' => to.push_str("\\r"),
            b'\t' => to.push_str("\\t"),
            0x07 => to.push_str("\\a"),
            0x08 => to.push_str("\\b"),
            b' '..=b'~' => to.push(char::from(*byte)),
            other => {
                let _ = write!(to, "\\x{other:02x}");
            }
        }
    }
    to.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], text: &str) {
        let (value, used) = Value::decode(bytes).unwrap().unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!(value.to_text(), text);
    }

    /// Compared with `redis-cli` 7.0.15 on a terminal.
    #[test]
    fn texts_are_those_of_redis_cli() {
        check(b"+PONG\r\n", "PONG");
        check(b"-ERR no\r\n", "(error) ERR no");
        check(b":0\r\n", "(integer) 0");
        check(b",3.141\r\n", "(double) 3.141");
        check(b"#t\r\n", "(true)");
        check(b"$-1\r\n", "(nil)");
        check(b"=8\r\ntxt:a\nb\n\r\n", "a\nb\n");
        check(
            b"$11\r\na\r\n\t\"\\\x01\x7f\xc3\xa9\x07\r\n",
            "\"a\\r\\n\\t\\\"\\\\\\x01\\x7f\\xc3\\xa9\\a\"",
        );
        check(b"*0\r\n", "(empty array)");
        check(b"~0\r\n", "(empty set)");
        check(b"%0\r\n", "(empty hash)");
        check(
            b"*2\r\n*2\r\n:1\r\n*2\r\n:2\r\n:3\r\n*0\r\n",
            "\
1) 1) (integer) 1
   2) 1) (integer) 2
      2) (integer) 3
2) (empty array)",
        );
        check(b"~2\r\n+a\r\n+b\r\n", "1~ a\n2~ b");
        check(
            b"%2\r\n$4\r\nspec\r\n%1\r\n$5\r\nindex\r\n:1\r\n$5\r\nslots\r\n*2\r\n:0\r\n:9\r\n",
            "\
1# \"spec\" => 1# \"index\" => (integer) 1
2# \"slots\" => \n   1) (integer) 0
   2) (integer) 9",
        );
    }

    #[test]
    fn numbers_are_as_wide_as_the_last() {
        let ten = [&b"*10\r\n"[..], &b":7\r\n".repeat(10)].concat();
        let (value, _) = Value::decode(&ten).unwrap().unwrap();
        let text = value.to_text();
        assert!(text.starts_with(" 1) (integer) 7\n 2) "), "{text}");
        assert!(text.ends_with("\n10) (integer) 7"), "{text}");
    }
}
