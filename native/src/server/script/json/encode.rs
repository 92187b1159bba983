//! From values to JSON.

use mlua::{Lua, Table, Value};

use super::{Invalid, Manners};
use crate::server::script::{
    failure::Raised,
    number::{general, of, truncated},
};

/// The text of a value.
pub(super) fn encode(lua: &Lua, value: &Value, manners: Manners) -> mlua::Result<Vec<u8>> {
    let mut encoder = Encoder { lua, manners, text: Vec::new() };
    encoder.value(value, 0)?;
    Ok(encoder.text)
}

struct Encoder<'l> {
    lua: &'l Lua,
    manners: Manners,
    text: Vec<u8>,
}

impl Encoder<'_> {
    fn refused(&self, what: &str, why: &str) -> mlua::Error {
        Raised::here(self.lua, format!("Cannot serialise {what}: {why}"))
    }

    fn value(&mut self, value: &Value, depth: i64) -> mlua::Result<()> {
        match value {
            Value::Nil => self.text.extend_from_slice(b"null"),
            Value::Boolean(true) => self.text.extend_from_slice(b"true"),
            Value::Boolean(false) => self.text.extend_from_slice(b"false"),
            Value::String(text) => self.string(&text.as_bytes()),
            Value::Integer(_) | Value::Number(_) => self.number(of(value).unwrap_or(0.0))?,
            Value::Table(table) => self.table(table, depth + 1)?,
            other if *other == Value::NULL => self.text.extend_from_slice(b"null"),
            other => {
                return Err(self.refused(kind(other), "type not supported"));
            }
        }
        Ok(())
    }

    fn number(&mut self, value: f64) -> mlua::Result<()> {
        if !value.is_finite() {
            match self.manners.encode_invalid {
                Invalid::Refused => {
                    return Err(self.refused("number", "must not be NaN or Inf"));
                }
                Invalid::Null => {
                    self.text.extend_from_slice(b"null");
                    return Ok(());
                }
                Invalid::Written if value.is_nan() => {
                    self.text.extend_from_slice(b"nan");
                    return Ok(());
                }
                Invalid::Written => {}
            }
        }
        let digits = usize::try_from(self.manners.precision).unwrap_or(14);
        self.text.extend_from_slice(general(value, digits).as_bytes());
        Ok(())
    }

    fn string(&mut self, bytes: &[u8]) {
        self.text.push(b'"');
        for byte in bytes {
            match byte {
                b'"' => self.text.extend_from_slice(b"\\\""),
                b'\\' => self.text.extend_from_slice(b"\\\\"),
                b'/' => self.text.extend_from_slice(b"\\/"),
                8 => self.text.extend_from_slice(b"\\b"),
                b'\t' => self.text.extend_from_slice(b"\\t"),
                b'\n' => self.text.extend_from_slice(b"\\n"),
                12 => self.text.extend_from_slice(b"\\f"),
                b'\r' => self.text.extend_from_slice(b"\\r"),
                0..32 | 127 => self.text.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
                _ => self.text.push(*byte),
            }
        }
        self.text.push(b'"');
    }

    fn table(&mut self, table: &Table, depth: i64) -> mlua::Result<()> {
        if depth > self.manners.encode_depth.min(super::DEPTH_MAX) {
            let text = format!("Cannot serialise, excessive nesting ({depth})");
            return Err(Raised::here(self.lua, text));
        }
        match self.array_len(table)? {
            Some(len) if len > 0 => {
                self.text.push(b'[');
                for at in 1..=len {
                    if at > 1 {
                        self.text.push(b',');
                    }
                    self.value(&table.raw_get(at)?, depth)?;
                }
                self.text.push(b']');
            }
            _ => self.object(table, depth)?,
        }
        Ok(())
    }

    fn object(&mut self, table: &Table, depth: i64) -> mlua::Result<()> {
        self.text.push(b'{');
        let mut is_first = true;
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair?;
            if !core::mem::replace(&mut is_first, false) {
                self.text.push(b',');
            }
            match &key {
                Value::String(text) => self.string(&text.as_bytes()),
                Value::Integer(_) | Value::Number(_) => {
                    self.text.push(b'"');
                    self.number(of(&key).unwrap_or(0.0))?;
                    self.text.push(b'"');
                }
                other => {
                    return Err(self.refused(kind(other), "table key must be a number or string"));
                }
            }
            self.text.push(b':');
            self.value(&value, depth)?;
        }
        self.text.push(b'}');
        Ok(())
    }

    /// How long the array is that a table is, if it is one.
    fn array_len(&self, table: &Table) -> mlua::Result<Option<i64>> {
        let (mut most, mut count) = (0_i64, 0_i64);
        for pair in table.pairs::<Value, Value>() {
            let (key, _) = pair?;
            match of(&key) {
                Some(key) if key >= 1.0 && key.fract() == 0.0 => {
                    most = most.max(truncated(key));
                    count += 1;
                }
                _ => return Ok(None),
            }
        }
        let Manners { sparse_ratio, sparse_safe, converts_sparse, .. } = self.manners;
        if sparse_ratio > 0 && most > count.saturating_mul(sparse_ratio) && most > sparse_safe {
            if converts_sparse {
                return Ok(None);
            }
            return Err(self.refused("table", "excessively sparse array"));
        }
        Ok(Some(most))
    }
}

/// What Lua calls the kind of a value.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::LightUserData(_) | Value::UserData(_) | Value::Error(_) => "userdata",
        other => other.type_name(),
    }
}
