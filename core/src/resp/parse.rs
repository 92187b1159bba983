//! `Parser`: requests, read where they lie in the connection's buffer.
//!
//! A request is an array of bulk strings, or a line of words as people type it. The parser
//! remembers how far it has come, so a value of a megabyte that arrives in a thousand pieces is
//! looked at once, and it hands out ranges of the buffer, so nothing is copied.
//!
//! Leniency and error texts follow Redis 7.0: the bytes after a bulk string are not looked at,
//! nor is the byte after the CR of a length line.
//!
//! Differs from Redis: an array may announce 1,048,576 words (there: 2,147,483,647).

use alloc::vec::Vec;

use smallvec::SmallVec;

use super::{ReplyBuf, inline, parse_i64};

/// How much a client may ask for at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Words in one request.
    pub args_max: usize,
    /// Bytes in one word: `proto-max-bulk-len`.
    pub bulk_max: u64,
    /// Bytes in one line: a whole inline request, or the line that announces a length.
    pub line_max: usize,
}

impl Limits {
    /// Redis's defaults: 512 MiB a word, 64 KiB a line. How much may wait to be parsed bounds the
    /// words of a request before their number does.
    pub const DEFAULT: Self =
        Self { args_max: 0x7fff_ffff, bulk_max: 512 << 20, line_max: 64 * 1024 };
    /// What a stranger may send before `AUTH`: 10 words of 16 KiB.
    const STRANGER_ARGS_MAX: usize = 10;
    const STRANGER_BULK_MAX: u64 = 16 * 1024;
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Reads requests off the front of a buffer that the caller owns.
#[derive(Clone, Debug)]
pub struct Parser {
    limits: Limits,
    stranger: bool,
    /// Where the next unread byte stands, from the start of this request.
    at: usize,
    /// Bytes from `at` on that hold no line end.
    scanned: usize,
    /// Words of the array still to come; `None` before its first line.
    missing: Option<usize>,
    /// Length of the word at `at`, once its line has been read.
    bulk: Option<usize>,
    /// Words found so far, as start and end.
    ranges: SmallVec<[(usize, usize); 8]>,
    /// Words of an inline request, with quotes resolved.
    unquoted: Vec<u8>,
}

/// One request, borrowed from the buffer and the parser.
#[derive(Clone, Copy, Debug)]
pub struct Parsed<'a> {
    /// Bytes to drop from the front of the buffer once the request has run.
    pub consumed: usize,
    words: &'a [u8],
    ranges: &'a [(usize, usize)],
}

impl<'a> Parsed<'a> {
    /// The words. **None for an empty line or array**: nothing is to be run, nothing replied.
    #[must_use]
    pub fn args(&self) -> SmallVec<[&'a [u8]; 8]> {
        // The parser checked each range against the same bytes.
        self.ranges.iter().map(|(from, to)| self.words.get(*from..*to).unwrap_or(&[])).collect()
    }

    /// How many words.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Whether there is nothing to run.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }
}

impl Default for Parser {
    fn default() -> Self {
        Self::new(Limits::DEFAULT)
    }
}

impl Parser {
    /// A parser at the start of a connection.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            stranger: false,
            at: 0,
            scanned: 0,
            missing: None,
            bulk: None,
            ranges: SmallVec::new(),
            unquoted: Vec::new(),
        }
    }

    /// Other limits from the next line on.
    pub const fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Whether the client still has to say its password: until then it gets ten short words.
    pub const fn set_stranger(&mut self, stranger: bool) {
        self.stranger = stranger;
    }

    /// The next request; `None` while more bytes are needed.
    ///
    /// `buf` begins where the last request ended. After `None` the parser is called again with
    /// the same bytes and more behind them. After `Some` the caller drops `consumed` bytes (or
    /// moves its cursor) before it calls again.
    ///
    /// # Errors
    /// The client broke the protocol: send [`ProtocolError::write_reply`] and close.
    pub fn next<'a>(&'a mut self, buf: &'a [u8]) -> Result<Option<Parsed<'a>>, ProtocolError> {
        if self.missing.is_none() {
            self.ranges.clear();
            match buf.first() {
                None => return Ok(None),
                Some(b'*') => {
                    let Some(count) = self.count(buf)? else { return Ok(None) };
                    self.missing = Some(count);
                }
                Some(_) => return self.inline(buf),
            }
        }
        while let Some(left) = self.missing.filter(|left| *left > 0) {
            let Some(word) = self.word(buf)? else { return Ok(None) };
            self.ranges.push(word);
            self.missing = Some(left - 1);
        }
        self.missing = None;
        let consumed = core::mem::take(&mut self.at);
        Ok(Some(Parsed { consumed, words: buf, ranges: &self.ranges }))
    }

    /// How long `buf` has to be for [`Parser::next`] to get on: what to reserve before reading.
    #[must_use]
    pub fn needs(&self) -> usize {
        self.bulk.map_or(self.at + self.scanned + 1, |len| self.at.saturating_add(len + 2))
    }

    /// `*<count>`.
    fn count(&mut self, buf: &[u8]) -> Result<Option<usize>, ProtocolError> {
        if let Some((count, next)) = quick_length(buf, self.at, b'*')
            && count <= Limits::STRANGER_ARGS_MAX.min(self.limits.args_max)
        {
            (self.at, self.scanned) = (next, 0);
            return Ok(Some(count));
        }
        let Some(line) = self.line(buf, ProtocolError::BigCount)? else { return Ok(None) };
        let count = parse_i64(line.get(1..).unwrap_or_default()).ok_or(ProtocolError::Count)?;
        // Zero and below: an empty array, skipped like an empty line.
        let count = usize::try_from(count.max(0)).map_err(|_| ProtocolError::Count)?;
        if count > self.limits.args_max {
            return Err(ProtocolError::Count);
        }
        if self.stranger && count > Limits::STRANGER_ARGS_MAX {
            return Err(ProtocolError::StrangerCount);
        }
        Ok(Some(count))
    }

    /// `$<length>` and the word.
    fn word(&mut self, buf: &[u8]) -> Result<Option<(usize, usize)>, ProtocolError> {
        let quick = quick_length(buf, self.at, b'$').filter(|_| self.bulk.is_none());
        let len = match (self.bulk, quick) {
            (Some(len), _) => len,
            (None, Some((len, next))) if len as u64 <= self.quick_bulk_max() => {
                (self.at, self.scanned) = (next, 0);
                self.bulk = Some(len);
                len
            }
            (None, _) => {
                let Some(line) = self.line(buf, ProtocolError::BigBulk)? else { return Ok(None) };
                let len = self.bulk_len(line)?;
                self.bulk = Some(len);
                len
            }
        };
        // Two bytes of line end follow.
        let end = self.at.saturating_add(len);
        if buf.len() < end.saturating_add(2) {
            return Ok(None);
        }
        let word = (self.at, end);
        self.at = end + 2;
        self.bulk = None;
        Ok(Some(word))
    }

    /// Lengths up to this need no second look, whoever the client is.
    fn quick_bulk_max(&self) -> u64 {
        self.limits.bulk_max.min(Limits::STRANGER_BULK_MAX)
    }

    fn bulk_len(&self, line: &[u8]) -> Result<usize, ProtocolError> {
        let digits = match line {
            [b'$', digits @ ..] => digits,
            [other, ..] => return Err(ProtocolError::NotBulk(*other)),
            // The line is empty: what stands where `$` should be is the CR.
            [] => return Err(ProtocolError::NotBulk(b'\r')),
        };
        let len = parse_i64(digits).and_then(|len| u64::try_from(len).ok());
        let len = len.filter(|len| *len <= self.limits.bulk_max).ok_or(ProtocolError::Bulk)?;
        if self.stranger && len > Limits::STRANGER_BULK_MAX {
            return Err(ProtocolError::StrangerBulk);
        }
        usize::try_from(len).map_err(|_| ProtocolError::Bulk)
    }

    /// The line at `at` up to its CR, which is stepped over together with the byte after it.
    fn line<'b>(
        &mut self,
        buf: &'b [u8],
        too_long: ProtocolError,
    ) -> Result<Option<&'b [u8]>, ProtocolError> {
        let rest = buf.get(self.at..).unwrap_or(&[]);
        match memchr::memchr(b'\r', rest.get(self.scanned..).unwrap_or(&[])) {
            None => {
                self.scanned = rest.len();
                if rest.len() > self.limits.line_max { Err(too_long) } else { Ok(None) }
            }
            Some(more) => {
                let len = self.scanned + more;
                if rest.len() < len + 2 {
                    self.scanned = len;
                    return Ok(None);
                }
                self.scanned = 0;
                self.at += len + 2;
                Ok(Some(&rest[..len]))
            }
        }
    }

    /// A line of words, ended by LF, with or without a CR before it.
    fn inline<'a>(&'a mut self, buf: &'a [u8]) -> Result<Option<Parsed<'a>>, ProtocolError> {
        let unseen = buf.get(self.scanned..).unwrap_or(&[]);
        let Some(more) = memchr::memchr(b'\n', unseen) else {
            self.scanned = buf.len();
            let too_long = buf.len() > self.limits.line_max;
            return if too_long { Err(ProtocolError::BigInline) } else { Ok(None) };
        };
        let end = self.scanned + more;
        self.scanned = 0;
        let line = &buf[..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        inline::split(line, &mut self.unquoted, &mut self.ranges)
            .map_err(|inline::Unbalanced| ProtocolError::Quotes)?;
        Ok(Some(Parsed { consumed: end + 1, words: &self.unquoted, ranges: &self.ranges }))
    }
}

/// The common case of a line that announces a length: `mark`, one to four digits, CR, and one
/// byte more. Gives the length and where the line ends; `None` for everything else, which takes
/// the long way. (A pipelined `SET` has four such lines; this halves the time it takes to read.)
fn quick_length(buf: &[u8], at: usize, mark: u8) -> Option<(usize, usize)> {
    let line = buf.get(at..)?;
    let (first, digits) = line.split_first()?;
    if *first != mark {
        return None;
    }
    let mut value = 0;
    for (n, byte) in digits.iter().take(5).enumerate() {
        if *byte == b'\r' {
            let one_spelling = n == 1 || (n > 1 && digits[0] != b'0');
            // The CR and the byte after it.
            let whole = line.len() >= n + 3;
            return (one_spelling && whole).then_some((value, at + n + 3));
        }
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + usize::from(byte - b'0');
    }
    None
}

/// How a client broke the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// The number of words is no number, or beyond the limit.
    #[error("Protocol error: invalid multibulk length")]
    Count,
    /// Too many words before `AUTH`.
    #[error("Protocol error: unauthenticated multibulk length")]
    StrangerCount,
    /// No line end after the number of words.
    #[error("Protocol error: too big mbulk count string")]
    BigCount,
    /// A word that does not begin with `$`.
    #[error("Protocol error: expected '$', got '{}'", *.0 as char)]
    NotBulk(u8),
    /// The length of a word is no number, negative, or beyond the limit.
    #[error("Protocol error: invalid bulk length")]
    Bulk,
    /// Too long a word before `AUTH`.
    #[error("Protocol error: unauthenticated bulk length")]
    StrangerBulk,
    /// No line end after the length of a word.
    #[error("Protocol error: too big bulk count string")]
    BigBulk,
    /// An inline request without a line end.
    #[error("Protocol error: too big inline request")]
    BigInline,
    /// An inline request whose quotes do not match.
    #[error("Protocol error: unbalanced quotes in request")]
    Quotes,
    /// A reply (not a request) that is not RESP; only [`super::Value`] says so.
    #[error("Protocol error: invalid reply")]
    Reply,
}

impl ProtocolError {
    /// Appends the error reply, after which the connection is closed.
    pub fn write_reply(self, reply: &mut ReplyBuf) {
        if let Self::NotBulk(byte) = self {
            // Any byte, as it stands, except that it must not end the line.
            let shown = if matches!(byte, b'\r' | b'\n') { b' ' } else { byte };
            reply.raw(b"-ERR Protocol error: expected '$', got '");
            reply.raw(&[shown, b'\'', b'\r', b'\n']);
        } else {
            reply.error_fmt(format_args!("ERR {self}"));
        }
    }
}

#[cfg(test)]
mod tests;
