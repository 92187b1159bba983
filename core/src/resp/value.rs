//! `Value`: a whole reply as a tree, for clients and tests.
//!
//! The reader is total: it waits, or refuses, but never panics, never nests deeper than
//! [`DEPTH_MAX`] and never reserves memory for what a length only promises. It starts from the
//! front every time it is asked, which suits replies of a client; a server reads requests with
//! [`super::Parser`].

use alloc::{string::String, vec::Vec};

use super::{ProtocolError, parse_i64};

/// Arrays within arrays: replies of Redis stay far below.
pub const DEPTH_MAX: usize = 32;
/// The longest line: a status, an error, a number.
const LINE_MAX: usize = 1 << 20;
/// The longest string: the most that `proto-max-bulk-len` lets anybody store by default.
const BULK_MAX: usize = 512 << 20;

/// A reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A status.
    Simple(String),
    /// An error, with its prefix word.
    Error(String),
    /// An integer.
    Integer(i64),
    /// A string of any bytes.
    Bulk(Vec<u8>),
    /// No value (any of the three nulls).
    Null,
    /// A list.
    Array(Vec<Self>),
    /// Pairs.
    Map(Vec<(Self, Self)>),
    /// A set.
    Set(Vec<Self>),
    /// A message that answers nothing.
    Push(Vec<Self>),
    /// A double.
    Double(f64),
    /// A truth value.
    Boolean(bool),
    /// A text for people, with its three-letter format.
    Verbatim(String, Vec<u8>),
    /// An integer beyond 64 bits, in digits.
    BigNumber(String),
}

impl Value {
    /// Its text, if it is a status, a string or a verbatim text in UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Simple(text) => Some(text),
            Self::Bulk(bytes) | Self::Verbatim(_, bytes) => core::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// Its bytes, if it is a status, a string or a verbatim text.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Simple(text) => Some(text.as_bytes()),
            Self::Bulk(bytes) | Self::Verbatim(_, bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Its number, if it is an integer or a string that spells one.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(n) => Some(*n),
            other => other.as_bytes().and_then(parse_i64),
        }
    }

    /// Its text, if it is an error.
    #[must_use]
    pub fn as_error(&self) -> Option<&str> {
        match self {
            Self::Error(text) => Some(text),
            _ => None,
        }
    }

    /// Its elements, if it is an array, a set or a push.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(all) | Self::Set(all) | Self::Push(all) => Some(all),
            _ => None,
        }
    }

    /// The value of `key`, in a map or in the flat array that RESP2 has for one.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(pairs) => {
                pairs.iter().find(|(name, _)| name.as_str() == Some(key)).map(|(_, value)| value)
            }
            other => {
                let mut pairs = other.as_array()?.chunks_exact(2);
                pairs.find(|pair| pair[0].as_str() == Some(key)).map(|pair| &pair[1])
            }
        }
    }

    /// The first reply in `buf` and how many bytes it takes; `None` while it is not all there.
    ///
    /// # Errors
    /// These bytes are no reply.
    pub fn decode(buf: &[u8]) -> Result<Option<(Self, usize)>, ProtocolError> {
        let mut reader = Reader { rest: buf };
        match reader.value(0) {
            Ok(value) => Ok(Some((value, buf.len() - reader.rest.len()))),
            Err(Stop::More) => Ok(None),
            Err(Stop::Wrong) => Err(ProtocolError::Reply),
        }
    }
}

/// Why reading stopped.
enum Stop {
    More,
    Wrong,
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Value, Stop> {
        if depth > DEPTH_MAX {
            return Err(Stop::Wrong);
        }
        let line = self.line()?;
        let (mark, text) = line.split_first().ok_or(Stop::Wrong)?;
        Ok(match mark {
            b'+' => Value::Simple(lossy(text)),
            b'-' => Value::Error(lossy(text)),
            b':' => Value::Integer(parse_i64(text).ok_or(Stop::Wrong)?),
            b',' => Value::Double(double(text)?),
            b'(' => Value::BigNumber(lossy(text)),
            b'_' if text.is_empty() => Value::Null,
            b'#' => match text {
                b"t" => Value::Boolean(true),
                b"f" => Value::Boolean(false),
                _ => return Err(Stop::Wrong),
            },
            b'$' => match len(text)? {
                Some(len) => Value::Bulk(self.bulk(len)?.to_vec()),
                None => Value::Null,
            },
            b'=' => {
                let bytes = self.bulk(len(text)?.ok_or(Stop::Wrong)?)?;
                match bytes.split_first_chunk::<4>() {
                    Some(([a, b, c, b':'], text)) => {
                        Value::Verbatim(lossy(&[*a, *b, *c]), text.to_vec())
                    }
                    _ => return Err(Stop::Wrong),
                }
            }
            b'*' => match len(text)? {
                Some(len) => Value::Array(self.values(len, depth)?),
                None => Value::Null,
            },
            b'~' => Value::Set(self.values(len(text)?.ok_or(Stop::Wrong)?, depth)?),
            b'>' => Value::Push(self.values(len(text)?.ok_or(Stop::Wrong)?, depth)?),
            b'%' => Value::Map(self.pairs(len(text)?.ok_or(Stop::Wrong)?, depth)?),
            b'|' => {
                // Attributes are hints about the value that follows; nobody here wants them.
                let _hints = self.pairs(len(text)?.ok_or(Stop::Wrong)?, depth)?;
                self.value(depth + 1)?
            }
            _ => return Err(Stop::Wrong),
        })
    }

    fn values(&mut self, len: usize, depth: usize) -> Result<Vec<Value>, Stop> {
        // Grown as they come: the length is only a promise.
        let mut values = Vec::new();
        for _ in 0..len {
            values.push(self.value(depth + 1)?);
        }
        Ok(values)
    }

    fn pairs(&mut self, len: usize, depth: usize) -> Result<Vec<(Value, Value)>, Stop> {
        let mut pairs = Vec::new();
        for _ in 0..len {
            pairs.push((self.value(depth + 1)?, self.value(depth + 1)?));
        }
        Ok(pairs)
    }

    /// The line up to its CR LF.
    fn line(&mut self) -> Result<&'a [u8], Stop> {
        let Some(end) = memchr::memchr(b'\n', self.rest) else {
            return Err(if self.rest.len() > LINE_MAX { Stop::Wrong } else { Stop::More });
        };
        let line = self.rest[..end].strip_suffix(b"\r").ok_or(Stop::Wrong)?;
        self.rest = &self.rest[end + 1..];
        Ok(line)
    }

    fn bulk(&mut self, len: usize) -> Result<&'a [u8], Stop> {
        if len > BULK_MAX {
            return Err(Stop::Wrong);
        }
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(Stop::More)?;
        let (end, rest) = rest.split_first_chunk::<2>().ok_or(Stop::More)?;
        if end != b"\r\n" {
            return Err(Stop::Wrong);
        }
        self.rest = rest;
        Ok(bytes)
    }
}

/// A length; `None` for -1.
fn len(text: &[u8]) -> Result<Option<usize>, Stop> {
    match parse_i64(text) {
        Some(-1) => Ok(None),
        Some(len) => usize::try_from(len).map(Some).map_err(|_| Stop::Wrong),
        None => Err(Stop::Wrong),
    }
}

fn double(text: &[u8]) -> Result<f64, Stop> {
    let text = core::str::from_utf8(text).map_err(|_| Stop::Wrong)?;
    text.parse().map_err(|_| Stop::Wrong)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec};

    use proptest::prelude::*;

    use super::*;
    use crate::resp::{Protocol, ReplyBuf};

    /// As a real server (7.0.15) sent them for `DEBUG PROTOCOL` in RESP3.
    #[test]
    fn replies_of_a_real_server() {
        let int = Value::Integer;
        for (bytes, want) in [
            (&b",3.141\r\n"[..], Value::Double("3.141".parse().unwrap())),
            (
                b"%2\r\n:0\r\n#f\r\n:1\r\n#t\r\n",
                Value::Map(vec![(int(0), Value::Boolean(false)), (int(1), Value::Boolean(true))]),
            ),
            (b"~3\r\n:0\r\n:1\r\n:2\r\n", Value::Set(vec![int(0), int(1), int(2)])),
            (
                b"=29\r\ntxt:This is a verbatim\nstring\r\n",
                Value::Verbatim("txt".into(), b"This is a verbatim\nstring".to_vec()),
            ),
            (b"(1234567999999999999999\r\n", Value::BigNumber("1234567999999999999999".into())),
            (
                b">2\r\n$16\r\nserver-cpu-usage\r\n:42\r\n",
                Value::Push(vec![Value::Bulk(b"server-cpu-usage".to_vec()), int(42)]),
            ),
            (
                b"|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n$2\r\nhi\r\n",
                Value::Bulk(b"hi".to_vec()),
            ),
            (b"_\r\n", Value::Null),
            (b"*-1\r\n", Value::Null),
            (b"$-1\r\n", Value::Null),
            (b"-MOVED 866 127.0.0.1:7000\r\n", Value::Error("MOVED 866 127.0.0.1:7000".into())),
        ] {
            assert_eq!(Value::decode(bytes), Ok(Some((want, bytes.len()))));
        }
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        let deep = [&b"*1\r\n".repeat(DEPTH_MAX + 1)[..], b":1\r\n"].concat();
        for bytes in [
            &b"hello\r\n"[..],
            b"\r\n",
            b":\r\n",
            b":1\n",
            b":01\r\n",
            b"#x\r\n",
            b"$-2\r\n",
            b"$1\r\nabc",
            b"$536870913\r\n",
            b"=3\r\nabc\r\n",
            b"~-1\r\n",
            b"_x\r\n",
            b",one\r\n",
            &deep,
        ] {
            assert_eq!(Value::decode(bytes), Err(ProtocolError::Reply), "{bytes:?}");
        }
        assert_eq!(Value::decode(&[b'+'; LINE_MAX + 1]), Err(ProtocolError::Reply));
        // A promise of a billion elements costs nothing.
        assert_eq!(Value::decode(b"*1000000000\r\n:1\r\n"), Ok(None));
    }

    #[test]
    fn pairs_are_found_in_both_protocols() {
        for protocol in [Protocol::Resp2, Protocol::Resp3] {
            let mut reply = ReplyBuf::with_protocol(protocol);
            reply.map(2);
            reply.bulk(b"mode");
            reply.bulk(b"cluster");
            reply.bulk(b"proto");
            reply.integer(3);
            let (value, _) = Value::decode(reply.as_bytes()).unwrap().unwrap();
            assert_eq!(value.get("mode").and_then(Value::as_str), Some("cluster"));
            assert_eq!(value.get("proto").and_then(Value::as_i64), Some(3));
            assert_eq!(value.get("cluster"), None);
        }
    }

    fn write(value: &Value, to: &mut ReplyBuf) {
        match value {
            Value::Simple(text) => to.simple(text),
            Value::Error(text) => to.error(text),
            Value::Integer(n) => to.integer(*n),
            Value::Bulk(bytes) => to.bulk(bytes),
            Value::Null => to.null(),
            Value::Double(value) => to.double(*value),
            Value::Boolean(value) => to.boolean(*value),
            Value::Verbatim(ext, bytes) => to.verbatim(ext, bytes),
            Value::BigNumber(digits) => to.raw(format!("({digits}\r\n").as_bytes()),
            Value::Array(all) => {
                to.array(all.len());
                all.iter().for_each(|value| write(value, to));
            }
            Value::Set(all) => {
                to.set(all.len());
                all.iter().for_each(|value| write(value, to));
            }
            Value::Push(all) => {
                to.push(all.len());
                all.iter().for_each(|value| write(value, to));
            }
            Value::Map(pairs) => {
                to.map(pairs.len());
                for (key, value) in pairs {
                    write(key, to);
                    write(value, to);
                }
            }
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            "[ -~]{0,20}".prop_map(Value::Simple),
            "[ -~]{0,20}".prop_map(Value::Error),
            any::<i64>().prop_map(Value::Integer),
            proptest::collection::vec(any::<u8>(), 0..20).prop_map(Value::Bulk),
            Just(Value::Null),
            any::<f64>().prop_map(Value::Double),
            any::<bool>().prop_map(Value::Boolean),
            ("[a-z]{3}", proptest::collection::vec(any::<u8>(), 0..20))
                .prop_map(|(ext, bytes)| Value::Verbatim(ext, bytes)),
            "[0-9]{20,40}".prop_map(Value::BigNumber),
        ];
        leaf.prop_recursive(4, 30, 5, |inner| {
            let all = || proptest::collection::vec(inner.clone(), 0..5);
            let pairs = proptest::collection::vec((inner.clone(), inner.clone()), 0..4);
            prop_oneof![
                all().prop_map(Value::Array),
                all().prop_map(Value::Set),
                all().prop_map(Value::Push),
                pairs.prop_map(Value::Map),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_value_comes_back_and_never_early(value in any_value()) {
            let mut reply = ReplyBuf::with_protocol(Protocol::Resp3);
            write(&value, &mut reply);
            let bytes = reply.take();
            let got = Value::decode(&bytes).unwrap();
            prop_assert_eq!(got, Some((value, bytes.len())));
            for upto in 0..bytes.len() {
                prop_assert_eq!(Value::decode(&bytes[..upto]), Ok(None));
            }
        }

        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _either = Value::decode(&bytes);
        }

        #[test]
        fn near_misses_never_panic(value in any_value(), at: prop::sample::Index, byte: u8) {
            let mut reply = ReplyBuf::with_protocol(Protocol::Resp3);
            write(&value, &mut reply);
            let mut bytes = reply.take();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(Some((value, _))) = Value::decode(&bytes) {
                let _text = value.to_text();
            }
        }
    }
}
