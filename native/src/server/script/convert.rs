//! From replies to values of Lua, and from what a script returns to a reply.
//!
//! Spec: Redis 7.0 documentation, "Redis Lua API reference", "Data type conversion".

use mlua::{Lua, Table, Value};
use slotscope_core::{
    resp::{Protocol, ReplyBuf},
    script::Ended,
};

use super::{
    failure::{self, Counted, Raised},
    number,
};

/// Tables within tables that a script may return: deeper ones, or one that holds itself, would end
/// the process. Redis has room for some thousands.
const DEPTH_MAX: usize = 1000;

/// The value that a reply in RESP is to a script; these are replies of this server, so they are
/// whole.
pub(super) fn to_lua(lua: &Lua, bytes: &[u8]) -> mlua::Result<Value> {
    Reader { lua, rest: bytes }.value()
}

struct Reader<'l, 'b> {
    lua: &'l Lua,
    rest: &'b [u8],
}

impl<'b> Reader<'_, 'b> {
    fn line(&mut self) -> &'b [u8] {
        let end = self.rest.iter().position(|byte| *byte == b'\r').unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest.get(2..).unwrap_or_default();
        line
    }

    fn bulk(&mut self, len: usize) -> &'b [u8] {
        let (bytes, rest) = self.rest.split_at(len.min(self.rest.len()));
        self.rest = rest.get(2..).unwrap_or_default();
        bytes
    }

    fn string(&self, bytes: &[u8]) -> mlua::Result<Value> {
        self.lua.create_string(bytes).map(Value::String)
    }

    /// A table with one field.
    fn wrapped(&self, name: &str, value: impl mlua::IntoLua) -> mlua::Result<Value> {
        let table = self.lua.create_table()?;
        table.raw_set(name, value)?;
        Ok(Value::Table(table))
    }

    fn value(&mut self) -> mlua::Result<Value> {
        let line = self.line();
        let Some((mark, text)) = line.split_first() else { return Ok(Value::Nil) };
        let len = || number::whole(text).and_then(|len| usize::try_from(len).ok());
        match mark {
            b'+' => {
                let text = self.string(text)?;
                self.wrapped("ok", text)
            }
            b'-' => Raised::Command(coded(text), Counted::Yes).to_lua(self.lua),
            #[expect(clippy::cast_precision_loss, reason = "Lua has doubles only")]
            b':' => Ok(Value::Number(number::whole(text).unwrap_or(0) as f64)),
            b'$' => match len() {
                Some(len) => {
                    let bytes = self.bulk(len);
                    self.string(bytes)
                }
                None => Ok(Value::Boolean(false)),
            },
            b'*' => match len() {
                Some(len) => self.array(len),
                None => Ok(Value::Boolean(false)),
            },
            b'#' => Ok(Value::Boolean(text == b"t")),
            b',' => {
                let value = String::from_utf8_lossy(text).parse::<f64>().unwrap_or(0.0);
                self.wrapped("double", value)
            }
            b'(' => {
                let digits = self.string(text)?;
                self.wrapped("big_number", digits)
            }
            b'|' => {
                // Scripts are not told of attributes, only of what these are about.
                for _ in 0..len().unwrap_or(0).saturating_mul(2) {
                    self.value()?;
                }
                self.value()
            }
            b'=' => self.verbatim(len().unwrap_or(0)),
            b'%' => self.map(len().unwrap_or(0)),
            b'~' | b'>' => self.set(len().unwrap_or(0)),
            _ => Ok(Value::Nil),
        }
    }

    fn array(&mut self, len: usize) -> mlua::Result<Value> {
        let table = self.lua.create_table_with_capacity(len, 0)?;
        for at in 1..=len {
            let value = self.value()?;
            table.raw_set(at, value)?;
        }
        Ok(Value::Table(table))
    }

    fn map(&mut self, len: usize) -> mlua::Result<Value> {
        let table = self.lua.create_table()?;
        for _ in 0..len {
            let key = self.value()?;
            let value = self.value()?;
            table.raw_set(key, value)?;
        }
        self.wrapped("map", table)
    }

    fn set(&mut self, len: usize) -> mlua::Result<Value> {
        let table = self.lua.create_table()?;
        for _ in 0..len {
            table.raw_set(self.value()?, true)?;
        }
        self.wrapped("set", table)
    }

    fn verbatim(&mut self, len: usize) -> mlua::Result<Value> {
        let bytes = self.bulk(len);
        let (format, text) = bytes.split_at(bytes.len().min(3));
        let table = self.lua.create_table()?;
        table.raw_set("format", self.string(format)?)?;
        table.raw_set("string", self.string(text.get(1..).unwrap_or_default())?)?;
        self.wrapped("verbatim_string", table)
    }
}

/// An error with a code, and `ERR` where it has none.
pub(super) fn coded(text: &[u8]) -> Vec<u8> {
    let text = text.trim_ascii_end();
    if text.contains(&b' ') { text.to_vec() } else { [b"ERR ", text].concat() }
}

/// Writes what a script has returned.
pub(super) fn to_reply(value: &Value, protocol: Protocol, reply: &mut ReplyBuf) -> Ended {
    let mut writer = Writer { protocol, reply, ended: Ended::Plainly };
    writer.value(value, 0);
    writer.ended
}

struct Writer<'r> {
    protocol: Protocol,
    reply: &'r mut ReplyBuf,
    ended: Ended,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, depth: usize) {
        if depth > DEPTH_MAX {
            return self.reply.error("ERR reached lua stack limit");
        }
        match value {
            Value::String(text) => self.reply.bulk(&text.as_bytes()),
            Value::Integer(n) => self.reply.integer(*n),
            Value::Number(n) => self.reply.integer(number::truncated(*n)),
            Value::Boolean(value) if self.protocol == Protocol::Resp3 => self.reply.boolean(*value),
            Value::Boolean(true) => self.reply.integer(1),
            Value::Table(table) => self.table(table, depth),
            _ => self.reply.null(),
        }
    }

    fn table(&mut self, table: &Table, depth: usize) {
        let field = |name: &str| table.raw_get::<Value>(name).unwrap_or_default();
        if let Value::String(_) = field("err") {
            let value = Value::Table(table.clone());
            if failure::to_reply(&value, None, self.reply) == Ended::WithCountedError {
                self.ended = Ended::WithCountedError;
            }
            return;
        }
        if let Value::String(text) = field("ok") {
            return line(self.reply, b'+', &[&text.as_bytes()]);
        }
        if let Some(value) = number::of(&field("double")) {
            return self.reply.double(value);
        }
        if let Value::String(digits) = field("big_number") {
            return match self.reply.protocol() {
                Protocol::Resp2 => self.reply.bulk(&on_one_line(&[&digits.as_bytes()])),
                Protocol::Resp3 => line(self.reply, b'(', &[&digits.as_bytes()]),
            };
        }
        if let Value::Table(text) = field("verbatim_string")
            && let Ok(Value::String(format)) = text.raw_get::<Value>("format")
            && let Ok(Value::String(text)) = text.raw_get::<Value>("string")
        {
            // Three letters, whatever was said.
            let format = format!("{:3}", format.to_string_lossy());
            let format: String = format.chars().filter(char::is_ascii).take(3).collect();
            return self.reply.verbatim(&format!("{format:3}"), &text.as_bytes());
        }
        if let Value::Table(map) = field("map") {
            self.reply.map(map.pairs::<Value, Value>().flatten().count());
            for (key, value) in map.pairs::<Value, Value>().flatten() {
                self.value(&key, depth + 1);
                self.value(&value, depth + 1);
            }
            return;
        }
        if let Value::Table(set) = field("set") {
            self.reply.set(set.pairs::<Value, Value>().flatten().count());
            for (member, _) in set.pairs::<Value, Value>().flatten() {
                self.value(&member, depth + 1);
            }
            return;
        }
        // One value at a time: Lua lends only some thousands at once.
        let value = |at: usize| table.raw_get::<Value>(at).unwrap_or_default();
        let len = (1..).take_while(|at| !value(*at).is_nil()).count();
        self.reply.array(len);
        for at in 1..=len {
            self.value(&value(at), depth + 1);
        }
    }
}

/// Writes an error of any bytes, on one line.
pub(super) fn error(reply: &mut ReplyBuf, parts: &[&[u8]]) {
    line(reply, b'-', parts);
}

fn line(reply: &mut ReplyBuf, mark: u8, parts: &[&[u8]]) {
    reply.raw(&[mark]);
    reply.raw(&on_one_line(parts));
    reply.raw(b"\r\n");
}

/// Texts without the ends of lines, which would let a client read a second reply.
fn on_one_line(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = parts.concat();
    for byte in &mut bytes {
        if matches!(byte, b'\r' | b'\n') {
            *byte = b' ';
        }
    }
    bytes
}
