//! What does a server's answer say? RESP2 and RESP3 replies as values, and their text.
//!
//! This is the client's side of the protocol: `resp` reads requests and writes replies, this reads
//! replies and writes requests. Total on any input: nesting and lengths are bounded.

use alloc::{format, string::String, vec::Vec};

/// One reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `+OK`
    Status(String),
    /// `-ERR …`, without the `-`.
    Error(String),
    /// `:1`
    Integer(i64),
    /// `$…`, `=…`: bytes.
    Bulk(Vec<u8>),
    /// `$-1`, `*-1`, `_`
    Null,
    /// `*…`, `~…`, `>…`: a list; a RESP3 map is the list of its keys and values in turn.
    Array(Vec<Self>),
    /// `#t`
    Boolean(bool),
    /// `,1.5` or `(123…`: kept as text, nothing here computes with it.
    Number(String),
}

/// The reply is not one, or not all of it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Incomplete {
    /// More bytes are needed.
    #[error("the reply is not complete yet")]
    More,
    /// These bytes are no reply.
    #[error("not a RESP reply")]
    Broken,
}

/// Deeper lists are refused: no reply of a server nests like that, and each level costs stack.
const DEPTH_MAX: u32 = 32;

impl Value {
    /// Reads one reply from the front of `bytes`: the value, and how many bytes it took.
    ///
    /// # Errors
    /// [`Incomplete::More`] when bytes are missing, [`Incomplete::Broken`] when they make no sense.
    pub fn parse(bytes: &[u8]) -> Result<(Self, usize), Incomplete> {
        let mut at = 0;
        let value = parse_at(bytes, &mut at, DEPTH_MAX)?;
        Ok((value, at))
    }

    /// The text of a status, an error, a number or a string of UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Status(text) | Self::Error(text) | Self::Number(text) => Some(text),
            Self::Bulk(bytes) => core::str::from_utf8(bytes).ok(),
            Self::Integer(_) | Self::Null | Self::Array(_) | Self::Boolean(_) => None,
        }
    }

    /// The number of an integer reply.
    #[must_use]
    pub const fn as_int(&self) -> Option<i64> {
        if let Self::Integer(n) = self { Some(*n) } else { None }
    }

    /// The elements of a list.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The text of an error.
    #[must_use]
    pub fn as_error(&self) -> Option<&str> {
        if let Self::Error(text) = self { Some(text) } else { None }
    }

    /// The reply as `redis-cli` prints it on a terminal.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        self.write_text("", &mut text);
        text
    }

    fn write_text(&self, indent: &str, text: &mut String) {
        match self {
            Self::Status(line) | Self::Number(line) => text.push_str(line),
            Self::Error(line) => {
                text.push_str("(error) ");
                text.push_str(line);
            }
            Self::Integer(n) => text.push_str(&format!("(integer) {n}")),
            Self::Null => text.push_str("(nil)"),
            Self::Boolean(yes) => text.push_str(if *yes { "(true)" } else { "(false)" }),
            Self::Bulk(bytes) => write_quoted(bytes, text),
            Self::Array(items) if items.is_empty() => text.push_str("(empty array)"),
            Self::Array(items) => {
                let width = format!("{}", items.len()).len();
                let deeper = format!("{indent}{}", " ".repeat(width + 2));
                for (n, item) in items.iter().enumerate() {
                    if n > 0 {
                        text.push('\n');
                        text.push_str(indent);
                    }
                    text.push_str(&format!("{:>width$}) ", n + 1));
                    item.write_text(&deeper, text);
                }
            }
        }
    }
}

fn write_quoted(bytes: &[u8], text: &mut String) {
    // Lists of lines (CLUSTER NODES, INFO) are meant to be read as lines.
    if let Ok(whole) = core::str::from_utf8(bytes)
        && whole.contains('\n')
    {
        text.push_str(&whole.replace('\r', ""));
        return;
    }
    text.push('"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => {
                text.push('\\');
                text.push(char::from(*byte));
            }
            b'\t' => text.push_str("\\t"),
            0x20..=0x7e => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text.push('"');
}

fn line<'a>(bytes: &'a [u8], at: &mut usize) -> Result<&'a [u8], Incomplete> {
    let rest = bytes.get(*at..).ok_or(Incomplete::More)?;
    let end = memchr::memchr(b'\n', rest).ok_or(Incomplete::More)?;
    *at += end + 1;
    rest[..end].strip_suffix(b"\r").ok_or(Incomplete::Broken)
}

fn number(line: &[u8]) -> Result<i64, Incomplete> {
    core::str::from_utf8(line).ok().and_then(|t| t.parse().ok()).ok_or(Incomplete::Broken)
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}

fn parse_at(bytes: &[u8], at: &mut usize, depth: u32) -> Result<Value, Incomplete> {
    let kind = *bytes.get(*at).ok_or(Incomplete::More)?;
    *at += 1;
    let head = line(bytes, at)?;
    match kind {
        b'+' => Ok(Value::Status(text(head))),
        b'-' => Ok(Value::Error(text(head))),
        b':' => Ok(Value::Integer(number(head)?)),
        b',' | b'(' => Ok(Value::Number(text(head))),
        b'_' => Ok(Value::Null),
        b'#' => Ok(Value::Boolean(head == b"t")),
        b'$' | b'=' | b'!' => {
            let Ok(len) = usize::try_from(number(head)?) else { return Ok(Value::Null) };
            let end = at.checked_add(len).ok_or(Incomplete::Broken)?;
            let after = end.checked_add(2).ok_or(Incomplete::Broken)?;
            let body = bytes.get(*at..end).ok_or(Incomplete::More)?;
            if bytes.get(end..after).ok_or(Incomplete::More)? != b"\r\n" {
                return Err(Incomplete::Broken);
            }
            *at = after;
            Ok(match kind {
                b'!' => Value::Error(text(body)),
                // A verbatim string names its format in four bytes.
                b'=' => Value::Bulk(body.get(4..).unwrap_or(body).to_vec()),
                _ => Value::Bulk(body.to_vec()),
            })
        }
        b'*' | b'~' | b'>' | b'%' | b'|' => {
            let deeper = depth.checked_sub(1).ok_or(Incomplete::Broken)?;
            let Ok(count) = usize::try_from(number(head)?) else { return Ok(Value::Null) };
            let count = if matches!(kind, b'%' | b'|') {
                count.checked_mul(2).ok_or(Incomplete::Broken)?
            } else {
                count
            };
            // Memory is taken as elements come, never because a length promises them.
            let mut items = Vec::new();
            for _ in 0..count {
                items.push(parse_at(bytes, at, deeper)?);
            }
            Ok(Value::Array(items))
        }
        _ => Err(Incomplete::Broken),
    }
}

/// A command as a client sends it: an array of bulk strings.
#[must_use]
pub fn encode_command<W: AsRef<[u8]>>(words: &[W]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut digits = itoa::Buffer::new();
    bytes.push(b'*');
    bytes.extend_from_slice(digits.format(words.len()).as_bytes());
    bytes.extend_from_slice(b"\r\n");
    for word in words {
        let word = word.as_ref();
        bytes.push(b'$');
        bytes.extend_from_slice(digits.format(word.len()).as_bytes());
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_kind_reads_back_and_prints_as_redis_cli_does() {
        let wire = b"*3\r\n$3\r\nfoo\r\n:42\r\n*2\r\n+OK\r\n$-1\r\n";
        let (value, used) = Value::parse(wire).unwrap();
        assert_eq!(used, wire.len());
        assert_eq!(value.to_text(), "1) \"foo\"\n2) (integer) 42\n3) 1) OK\n   2) (nil)");
        assert_eq!(
            Value::parse(b"%1\r\n+a\r\n#t\r\n").unwrap().0,
            Value::Array(alloc::vec![Value::Status("a".into()), Value::Boolean(true)])
        );
        assert_eq!(Value::parse(b"=7\r\ntxt:abc\r\n").unwrap().0, Value::Bulk(b"abc".to_vec()));
    }

    #[test]
    fn every_cut_of_a_reply_asks_for_more() {
        let wire = b"*2\r\n$3\r\nfoo\r\n%1\r\n+k\r\n:1\r\n";
        for cut in 0..wire.len() {
            assert_eq!(Value::parse(&wire[..cut]), Err(Incomplete::More), "{cut}");
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        let mut wire = Vec::new();
        for _ in 0..10_000 {
            wire.extend_from_slice(b"*1\r\n");
        }
        assert_eq!(Value::parse(&wire), Err(Incomplete::Broken));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(Value::parse(&bytes));
        }
    }
}
