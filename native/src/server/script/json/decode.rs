//! From JSON to values.

use mlua::{Lua, Value};

use super::Manners;
use crate::server::script::failure::Raised;

/// The value of a text.
pub(super) fn decode(lua: &Lua, text: &[u8], manners: Manners) -> mlua::Result<Value> {
    if text.len() >= 2 && (text[0] == 0 || text[1] == 0) {
        return Err(Raised::here(lua, "JSON parser does not support UTF-16 or UTF-32"));
    }
    let mut decoder = Decoder { lua, manners, text, at: 0, depth: 0 };
    let token = decoder.token()?;
    let value = decoder.value(token)?;
    let end = decoder.token()?;
    if matches!(end.kind, Kind::End) { Ok(value) } else { Err(decoder.expected("the end", &end)) }
}

struct Token {
    at: usize,
    kind: Kind,
}

enum Kind {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    Text(Vec<u8>),
    Number(f64),
    Boolean(bool),
    Null,
    Colon,
    Comma,
    End,
    Wrong(&'static str),
}

impl Kind {
    /// As messages name it.
    const fn name(&self) -> &'static str {
        match self {
            Self::ObjectBegin => "T_OBJ_BEGIN",
            Self::ObjectEnd => "T_OBJ_END",
            Self::ArrayBegin => "T_ARR_BEGIN",
            Self::ArrayEnd => "T_ARR_END",
            Self::Text(_) => "T_STRING",
            Self::Number(_) => "T_NUMBER",
            Self::Boolean(_) => "T_BOOLEAN",
            Self::Null => "T_NULL",
            Self::Colon => "T_COLON",
            Self::Comma => "T_COMMA",
            Self::End => "T_END",
            Self::Wrong(why) => why,
        }
    }
}

struct Decoder<'l, 't> {
    lua: &'l Lua,
    manners: Manners,
    text: &'t [u8],
    at: usize,
    depth: i64,
}

impl Decoder<'_, '_> {
    fn expected(&self, what: &str, found: &Token) -> mlua::Error {
        let (name, at) = (found.kind.name(), found.at + 1);
        Raised::here(self.lua, format!("Expected {what} but found {name} at character {at}"))
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn value(&mut self, token: Token) -> mlua::Result<Value> {
        match token.kind {
            Kind::Text(text) => self.lua.create_string(text).map(Value::String),
            Kind::Number(value) => Ok(Value::Number(value)),
            Kind::Boolean(value) => Ok(Value::Boolean(value)),
            Kind::Null => Ok(Value::NULL),
            Kind::ObjectBegin => self.object(),
            Kind::ArrayBegin => self.array(),
            _ => Err(self.expected("value", &token)),
        }
    }

    fn descend(&mut self) -> mlua::Result<()> {
        self.depth += 1;
        if self.depth <= self.manners.decode_depth.min(super::DEPTH_MAX) {
            return Ok(());
        }
        let (depth, at) = (self.depth, self.at);
        let text = format!("Found too many nested data structures ({depth}) at character {at}");
        Err(Raised::here(self.lua, text))
    }

    fn object(&mut self) -> mlua::Result<Value> {
        self.descend()?;
        let table = self.lua.create_table()?;
        let mut token = self.token()?;
        if !matches!(token.kind, Kind::ObjectEnd) {
            loop {
                let Kind::Text(key) = token.kind else {
                    return Err(self.expected("object key string", &token));
                };
                let key = self.lua.create_string(key)?;
                token = self.token()?;
                if !matches!(token.kind, Kind::Colon) {
                    return Err(self.expected("colon", &token));
                }
                token = self.token()?;
                table.raw_set(key, self.value(token)?)?;
                token = self.token()?;
                match token.kind {
                    Kind::ObjectEnd => break,
                    Kind::Comma => token = self.token()?,
                    _ => return Err(self.expected("comma or object end", &token)),
                }
            }
        }
        self.depth -= 1;
        Ok(Value::Table(table))
    }

    fn array(&mut self) -> mlua::Result<Value> {
        self.descend()?;
        let table = self.lua.create_table()?;
        let mut token = self.token()?;
        if !matches!(token.kind, Kind::ArrayEnd) {
            for at in 1.. {
                table.raw_set(at, self.value(token)?)?;
                token = self.token()?;
                match token.kind {
                    Kind::ArrayEnd => break,
                    Kind::Comma => token = self.token()?,
                    _ => return Err(self.expected("comma or array end", &token)),
                }
            }
        }
        self.depth -= 1;
        Ok(Value::Table(table))
    }

    fn token(&mut self) -> mlua::Result<Token> {
        while matches!(self.peek(0), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
        let at = self.at;
        if at >= self.text.len() {
            return Ok(Token { at, kind: Kind::End });
        }
        let one = |kind| (1, kind);
        let (len, kind) = match self.peek(0) {
            b'{' => one(Kind::ObjectBegin),
            b'}' => one(Kind::ObjectEnd),
            b'[' => one(Kind::ArrayBegin),
            b']' => one(Kind::ArrayEnd),
            b',' => one(Kind::Comma),
            b':' => one(Kind::Colon),
            b'"' => return Ok(self.string()),
            b'-' | b'0'..=b'9' => return Ok(self.number()),
            // A zero byte ends the text for a reader in C.
            0 => one(Kind::End),
            _ => self.word(),
        };
        if let (0, Kind::Number(_)) = (len, &kind) {
            return Ok(self.number());
        }
        self.at += len;
        Ok(Token { at, kind })
    }

    fn word(&self) -> (usize, Kind) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        for (word, kind) in
            [("true", Kind::Boolean(true)), ("false", Kind::Boolean(false)), ("null", Kind::Null)]
        {
            if rest.starts_with(word.as_bytes()) {
                return (word.len(), kind);
            }
        }
        let is_number = ["inf", "nan"].iter().any(|word| {
            rest.get(..3).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
        });
        if self.manners.decodes_invalid && is_number {
            return (0, Kind::Number(0.0));
        }
        (0, Kind::Wrong("invalid token"))
    }

    /// A number as `strtod` reads it, unless it is told to keep to JSON.
    fn number(&mut self) -> Token {
        let at = self.at;
        let wrong = Token { at, kind: Kind::Wrong("invalid number") };
        let rest = self.text.get(at..).unwrap_or_default();
        let (sign, unsigned) = match rest.strip_prefix(b"-") {
            Some(unsigned) => (-1.0, unsigned),
            None => (1.0, rest),
        };
        let is_hex = unsigned.first() == Some(&b'0')
            && unsigned.get(1).is_some_and(|byte| byte.eq_ignore_ascii_case(&b'x'));
        let has_zeros =
            unsigned.first() == Some(&b'0') && unsigned.get(1).is_some_and(u8::is_ascii_digit);
        let is_word = unsigned.first().is_some_and(u8::is_ascii_alphabetic);
        if !self.manners.decodes_invalid && (is_hex || has_zeros || is_word) {
            return wrong;
        }
        let (len, value) = if is_hex {
            let digits = unsigned.get(2..).unwrap_or_default();
            let len = digits.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            let value = digits[..len].iter().fold(0.0, |value, byte| {
                value * 16.0 + f64::from(char::from(*byte).to_digit(16).unwrap_or(0))
            });
            (2 + len, value)
        } else if is_word {
            ["infinity", "inf", "nan"]
                .iter()
                .find(|word| {
                    let head = unsigned.get(..word.len());
                    head.is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
                })
                .map_or((0, 0.0), |word| {
                    (word.len(), if *word == "nan" { f64::NAN } else { f64::INFINITY })
                })
        } else {
            let len = decimal_len(unsigned);
            let text = core::str::from_utf8(&unsigned[..len]).unwrap_or_default();
            (len, text.parse().unwrap_or(0.0))
        };
        if len == 0 {
            return wrong;
        }
        self.at += rest.len() - unsigned.len() + len;
        Token { at, kind: Kind::Number(sign * value) }
    }

    fn string(&mut self) -> Token {
        let at = self.at;
        let wrong = |at, why| Token { at, kind: Kind::Wrong(why) };
        self.at += 1;
        let mut text = Vec::new();
        loop {
            match self.peek(0) {
                0 if self.at >= self.text.len() => {
                    return wrong(self.at, "unexpected end of string");
                }
                b'"' => break,
                b'\\' => {
                    let plain = match self.peek(1) {
                        byte @ (b'"' | b'\\' | b'/') => Some(byte),
                        b'b' => Some(8),
                        b'f' => Some(12),
                        b'n' => Some(b'\n'),
                        b'r' => Some(b'\r'),
                        b't' => Some(b'\t'),
                        _ => None,
                    };
                    if let Some(byte) = plain {
                        text.push(byte);
                        self.at += 2;
                    } else if self.peek(1) == b'u' {
                        let Some((code, len)) = self.escape() else {
                            return wrong(self.at, "invalid unicode escape code");
                        };
                        let mut room = [0; 4];
                        text.extend_from_slice(code.encode_utf8(&mut room).as_bytes());
                        self.at += len;
                    } else {
                        return wrong(self.at, "invalid escape code");
                    }
                }
                byte => {
                    text.push(byte);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        Token { at, kind: Kind::Text(text) }
    }

    /// `\uXXXX`, or two of them that make one character; how many bytes they take.
    fn escape(&self) -> Option<(char, usize)> {
        let unit = |ahead: usize| {
            let digits = self.text.get(self.at + ahead..self.at + ahead + 4)?;
            digits
                .iter()
                .try_fold(0_u32, |code, byte| Some(code * 16 + char::from(*byte).to_digit(16)?))
        };
        let first = unit(2)?;
        match first {
            0xD800..0xDC00 => {
                if self.peek(6) != b'\\' || self.peek(7) != b'u' {
                    return None;
                }
                let second = unit(8).filter(|unit| (0xDC00..0xE000).contains(unit))?;
                let code = 0x1_0000 + ((first & 0x3FF) << 10) + (second & 0x3FF);
                Some((char::from_u32(code)?, 12))
            }
            _ => Some((char::from_u32(first)?, 6)),
        }
    }
}

/// How many bytes of a text are a decimal number.
fn decimal_len(text: &[u8]) -> usize {
    let digits = |from: usize| {
        text.get(from..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count()
    };
    let whole = digits(0);
    let mut len = whole;
    if text.get(len) == Some(&b'.') {
        let part = digits(len + 1);
        if whole + part == 0 {
            return 0;
        }
        len += 1 + part;
    }
    if whole > 0 && text.get(len).is_some_and(|byte| byte.eq_ignore_ascii_case(&b'e')) {
        let sign = usize::from(text.get(len + 1).is_some_and(|byte| matches!(byte, b'+' | b'-')));
        let exponent = digits(len + 1 + sign);
        if exponent > 0 {
            len += 1 + sign + exponent;
        }
    }
    len
}
