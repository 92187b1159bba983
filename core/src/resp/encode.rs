//! `ReplyBuf`: replies, written once, in the syntax that the client asked for.
//!
//! What RESP2 has no type for falls back as in Redis: maps, sets and pushes to flat arrays,
//! doubles and verbatim texts to bulk strings, booleans to 1 and 0.

use alloc::vec::Vec;
use core::fmt;

use super::{Protocol, write_double};

/// Replies, appended to one byte vector. A handler appends exactly one (arrays count their
/// elements); the driver takes the bytes of a whole batch at once.
#[derive(Clone, Debug, Default)]
pub struct ReplyBuf {
    bytes: Vec<u8>,
    protocol: Protocol,
}

impl ReplyBuf {
    /// An empty buffer for RESP2.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), protocol: Protocol::Resp2 }
    }

    /// An empty buffer for `protocol`.
    #[must_use]
    pub const fn with_protocol(protocol: Protocol) -> Self {
        Self { bytes: Vec::new(), protocol }
    }

    /// The syntax in force.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Replies from here on are in `protocol`.
    pub const fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }

    /// `+OK`.
    pub fn ok(&mut self) {
        self.raw(b"+OK\r\n");
    }

    /// A status.
    pub fn simple(&mut self, text: &str) {
        self.bytes.push(b'+');
        self.one_line(text);
    }

    /// An error. `text` begins with its prefix word: `ERR syntax error`.
    pub fn error(&mut self, text: &str) {
        self.bytes.push(b'-');
        self.one_line(text);
    }

    /// An error from format arguments, without an intermediate string.
    pub fn error_fmt(&mut self, text: fmt::Arguments<'_>) {
        self.bytes.push(b'-');
        // Writing to a vector cannot fail, and a failing Display would only shorten the text.
        let _ = fmt::Write::write_fmt(&mut OneLine(&mut self.bytes), text);
        self.end();
    }

    /// An integer.
    pub fn integer(&mut self, n: i64) {
        self.bytes.push(b':');
        self.bytes.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
        self.end();
    }

    /// A bulk string.
    pub fn bulk(&mut self, bytes: &[u8]) {
        self.head(b'$', bytes.len());
        self.bytes.extend_from_slice(bytes);
        self.end();
    }

    /// An integer as a bulk string.
    pub fn bulk_integer(&mut self, n: i64) {
        self.bulk(itoa::Buffer::new().format(n).as_bytes());
    }

    /// No value where a string could be.
    pub fn null(&mut self) {
        match self.protocol {
            Protocol::Resp2 => self.raw(b"$-1\r\n"),
            Protocol::Resp3 => self.raw(b"_\r\n"),
        }
    }

    /// No value where an array could be.
    pub fn null_array(&mut self) {
        match self.protocol {
            Protocol::Resp2 => self.raw(b"*-1\r\n"),
            Protocol::Resp3 => self.raw(b"_\r\n"),
        }
    }

    /// An array of `n` elements, which follow.
    pub fn array(&mut self, n: usize) {
        self.head(b'*', n);
    }

    /// A map of `n` pairs, which follow key first; a flat array of twice as many in RESP2.
    pub fn map(&mut self, n: usize) {
        match self.protocol {
            Protocol::Resp2 => self.head(b'*', n.saturating_mul(2)),
            Protocol::Resp3 => self.head(b'%', n),
        }
    }

    /// A set of `n` elements, which follow.
    pub fn set(&mut self, n: usize) {
        match self.protocol {
            Protocol::Resp2 => self.head(b'*', n),
            Protocol::Resp3 => self.head(b'~', n),
        }
    }

    /// A message of `n` elements that is no reply (Pub/Sub); they follow.
    pub fn push(&mut self, n: usize) {
        match self.protocol {
            Protocol::Resp2 => self.head(b'*', n),
            Protocol::Resp3 => self.head(b'>', n),
        }
    }

    /// A double, printed as Redis 7.0 does: 17 significant digits.
    pub fn double(&mut self, value: f64) {
        match self.protocol {
            Protocol::Resp2 => {
                let mut text = Vec::new();
                write_double(&mut text, value);
                self.bulk(&text);
            }
            Protocol::Resp3 => {
                self.bytes.push(b',');
                write_double(&mut self.bytes, value);
                self.end();
            }
        }
    }

    /// A truth value.
    pub fn boolean(&mut self, value: bool) {
        match (self.protocol, value) {
            (Protocol::Resp2, true) => self.raw(b":1\r\n"),
            (Protocol::Resp2, false) => self.raw(b":0\r\n"),
            (Protocol::Resp3, true) => self.raw(b"#t\r\n"),
            (Protocol::Resp3, false) => self.raw(b"#f\r\n"),
        }
    }

    /// A text for people; `ext` has three letters: `txt` or `mkd`.
    pub fn verbatim(&mut self, ext: &str, bytes: &[u8]) {
        debug_assert_eq!(ext.len(), 3, "RESP3 asks for three letters");
        match self.protocol {
            Protocol::Resp2 => self.bulk(bytes),
            Protocol::Resp3 => {
                self.head(b'=', bytes.len() + ext.len() + 1);
                self.bytes.extend_from_slice(ext.as_bytes());
                self.bytes.push(b':');
                self.bytes.extend_from_slice(bytes);
                self.end();
            }
        }
    }

    /// Bytes that are RESP already (or a replication payload).
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// How many bytes wait.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether no byte waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes that wait.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets the bytes, keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Forgets all but the first `n` bytes: takes back what a handler wrote.
    pub fn truncate(&mut self, n: usize) {
        self.bytes.truncate(n);
    }

    /// Takes the bytes out.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.bytes)
    }

    fn head(&mut self, mark: u8, n: usize) {
        self.bytes.push(mark);
        self.bytes.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
        self.end();
    }

    /// Text up to the line end: a CR or LF in it would let the client read a second reply.
    fn one_line(&mut self, text: &str) {
        let _ = fmt::Write::write_str(&mut OneLine(&mut self.bytes), text);
        self.end();
    }

    fn end(&mut self) {
        self.bytes.extend_from_slice(b"\r\n");
    }
}

/// Appends text with each CR and LF replaced by a space.
struct OneLine<'a>(&'a mut Vec<u8>);

impl fmt::Write for OneLine<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let from = self.0.len();
        self.0.extend_from_slice(text.as_bytes());
        for byte in &mut self.0[from..] {
            if matches!(byte, b'\r' | b'\n') {
                *byte = b' ';
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(write: impl Fn(&mut ReplyBuf)) -> (Vec<u8>, Vec<u8>) {
        let [two, three] = [Protocol::Resp2, Protocol::Resp3].map(|protocol| {
            let mut reply = ReplyBuf::with_protocol(protocol);
            write(&mut reply);
            reply.take()
        });
        (two, three)
    }

    fn check(write: impl Fn(&mut ReplyBuf), two: &str, three: &str) {
        let (got_two, got_three) = both(write);
        assert_eq!(core::str::from_utf8(&got_two), Ok(two));
        assert_eq!(core::str::from_utf8(&got_three), Ok(three));
    }

    #[test]
    fn each_type_has_its_fallback() {
        check(ReplyBuf::ok, "+OK\r\n", "+OK\r\n");
        check(|r| r.simple("PONG"), "+PONG\r\n", "+PONG\r\n");
        check(|r| r.integer(i64::MIN), ":-9223372036854775808\r\n", ":-9223372036854775808\r\n");
        check(|r| r.bulk(b"a\r\nb"), "$4\r\na\r\nb\r\n", "$4\r\na\r\nb\r\n");
        check(ReplyBuf::null, "$-1\r\n", "_\r\n");
        check(ReplyBuf::null_array, "*-1\r\n", "_\r\n");
        check(|r| r.array(0), "*0\r\n", "*0\r\n");
        check(|r| r.map(7), "*14\r\n", "%7\r\n");
        check(|r| r.set(2), "*2\r\n", "~2\r\n");
        check(|r| r.push(3), "*3\r\n", ">3\r\n");
        check(|r| r.double(1.5), "$3\r\n1.5\r\n", ",1.5\r\n");
        check(|r| r.double(f64::NEG_INFINITY), "$4\r\n-inf\r\n", ",-inf\r\n");
        check(|r| r.boolean(true), ":1\r\n", "#t\r\n");
        check(|r| r.boolean(false), ":0\r\n", "#f\r\n");
        check(|r| r.verbatim("txt", b"hi\n"), "$3\r\nhi\n\r\n", "=7\r\ntxt:hi\n\r\n");
        check(|r| r.bulk_integer(-12), "$3\r\n-12\r\n", "$3\r\n-12\r\n");
    }

    #[test]
    fn an_error_is_one_line() {
        check(|r| r.error("ERR a\r\nb\nc"), "-ERR a  b c\r\n", "-ERR a  b c\r\n");
        check(
            |r| r.error_fmt(format_args!("ERR '{}'", "x\ny")),
            "-ERR 'x y'\r\n",
            "-ERR 'x y'\r\n",
        );
    }

    #[test]
    fn what_was_written_can_be_taken_back() {
        let mut reply = ReplyBuf::new();
        reply.ok();
        let mark = reply.len();
        reply.array(3);
        reply.truncate(mark);
        assert_eq!(reply.as_bytes(), b"+OK\r\n");
        assert_eq!(reply.take(), b"+OK\r\n");
        assert!(reply.is_empty());
    }
}
