//! The library `cmsgpack`: values as MessagePack and back.
//!
//! Spec: MessagePack specification; the choices are those of lua-cmsgpack 0.4.0: the shortest form of
//! a number, a table without holes is an array, tables nested deeper than 16 become nil.

use mlua::{Lua, MultiValue, Table, Value};

use super::{
    failure::Raised,
    function,
    number::{coerced, of, truncated},
};

/// Tables within tables that are written.
const DEPTH_MAX: usize = 16;
/// The same when read: bytes could nest deeper than there is stack.
const READ_DEPTH_MAX: usize = 1000;

/// Values that are read at once: Lua takes no more than some thousands.
const RESULTS_MAX: usize = 7000;

/// The library.
pub(super) fn table(lua: &Lua) -> mlua::Result<Table> {
    let library = lua.create_table()?;
    library.raw_set("_NAME", "cmsgpack")?;
    library.raw_set("_VERSION", "lua-cmsgpack 0.4.0")?;
    library.raw_set("_COPYRIGHT", "")?;
    library.raw_set("_DESCRIPTION", "MessagePack for scripts")?;
    library.raw_set("pack", function(lua, pack)?)?;
    library.raw_set(
        "unpack",
        lua.create_function(|lua, args: MultiValue| unpack(lua, &args, "unpack", 0, 0))?,
    )?;
    library.raw_set(
        "unpack_one",
        lua.create_function(|lua, args: MultiValue| {
            let offset = optional(lua, &args, 1, "unpack_one")?;
            unpack(lua, &args, "unpack_one", 1, offset)
        })?,
    )?;
    library.raw_set(
        "unpack_limit",
        lua.create_function(|lua, args: MultiValue| {
            let limit = args.get(1).and_then(coerced).map(truncated).ok_or_else(|| {
                let got = args.get(1).map_or("no value", Value::type_name);
                let why = format!("number expected, got {got}");
                Raised::argument(lua, 2, "unpack_limit", &why)
            })?;
            let offset = optional(lua, &args, 2, "unpack_limit")?;
            unpack(lua, &args, "unpack_limit", limit, offset)
        })?,
    )?;
    Ok(library)
}

/// A number that may be left out.
fn optional(lua: &Lua, args: &MultiValue, at: usize, name: &str) -> mlua::Result<i64> {
    match args.get(at) {
        None | Some(Value::Nil) => Ok(0),
        Some(value) => coerced(value).map(truncated).ok_or_else(|| {
            let why = format!("number expected, got {}", value.type_name());
            Raised::argument(lua, at + 1, name, &why)
        }),
    }
}

fn pack(lua: &Lua, args: &MultiValue) -> mlua::Result<mlua::String> {
    if args.is_empty() {
        return Err(Raised::argument(lua, 0, "pack", "MessagePack pack needs input."));
    }
    let mut bytes = Vec::new();
    for value in args {
        write(&mut bytes, value, 0)?;
    }
    lua.create_string(bytes)
}

fn write(to: &mut Vec<u8>, value: &Value, depth: usize) -> mlua::Result<()> {
    match value {
        Value::Boolean(value) => to.push(if *value { 0xC3 } else { 0xC2 }),
        Value::Integer(n) => integer(to, *n),
        Value::Number(n) => double(to, *n),
        Value::String(text) => {
            let bytes = text.as_bytes();
            head(to, bytes.len(), (0xA0, 32), Some(0xD9), (0xDA, 0xDB));
            to.extend_from_slice(&bytes);
        }
        Value::Table(table) if depth < DEPTH_MAX => write_table(to, table, depth)?,
        _ => to.push(0xC0),
    }
    Ok(())
}

fn write_table(to: &mut Vec<u8>, table: &Table, depth: usize) -> mlua::Result<()> {
    let (mut count, mut most, mut is_array) = (0_usize, 0.0_f64, true);
    for pair in table.pairs::<Value, Value>() {
        let (key, _) = pair?;
        count += 1;
        match of(&key) {
            Some(key) if key > 0.0 && key.fract() == 0.0 => most = most.max(key),
            _ => is_array = false,
        }
    }
    if is_array && usize::try_from(truncated(most)) == Ok(count) {
        head(to, count, (0x90, 16), None, (0xDC, 0xDD));
        for at in 1..=count {
            write(to, &table.raw_get(at)?, depth + 1)?;
        }
        return Ok(());
    }
    head(to, count, (0x80, 16), None, (0xDE, 0xDF));
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair?;
        write(to, &key, depth + 1)?;
        write(to, &value, depth + 1)?;
    }
    Ok(())
}

/// A length: within the first byte, or in one, two or four bytes behind another.
fn head(
    to: &mut Vec<u8>,
    len: usize,
    (first, end): (u8, u8),
    one: Option<u8>,
    (two, four): (u8, u8),
) {
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(len), _) if len < end => to.push(first | len),
        (Ok(len), _) if let Some(one) = one => to.extend_from_slice(&[one, len]),
        (_, Ok(len)) => {
            to.push(two);
            to.extend_from_slice(&len.to_be_bytes());
        }
        _ => {
            to.push(four);
            to.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes());
        }
    }
}

fn integer(to: &mut Vec<u8>, n: i64) {
    let all = n.to_be_bytes();
    let (mark, len) = match n {
        0..=127 => (None, 1),
        128..=0xFF => (Some(0xCC), 1),
        0x100..=0xFFFF => (Some(0xCD), 2),
        0x1_0000..=0xFFFF_FFFF => (Some(0xCE), 4),
        0x1_0000_0000.. => (Some(0xCF), 8),
        -32..0 => (None, 1),
        -128..-32 => (Some(0xD0), 1),
        -32_768..-128 => (Some(0xD1), 2),
        -2_147_483_648..-32_768 => (Some(0xD2), 4),
        _ => (Some(0xD3), 8),
    };
    to.extend(mark);
    to.extend_from_slice(&all[all.len() - len..]);
}

fn double(to: &mut Vec<u8>, n: f64) {
    #[expect(clippy::cast_possible_truncation, reason = "whether it loses something is asked next")]
    let short = n as f32;
    #[expect(clippy::float_cmp, reason = "exactly the same or not")]
    if f64::from(short) == n {
        to.push(0xCA);
        to.extend_from_slice(&short.to_be_bytes());
    } else {
        to.push(0xCB);
        to.extend_from_slice(&n.to_be_bytes());
    }
}

/// Up to `limit` values from `offset` on, behind the offset of the next one (-1 at the end); all of
/// them, and no offset, if neither is given.
fn unpack(
    lua: &Lua,
    args: &MultiValue,
    name: &str,
    limit: i64,
    offset: i64,
) -> mlua::Result<MultiValue> {
    let text = match args.front() {
        Some(value @ (Value::String(_) | Value::Integer(_) | Value::Number(_))) => {
            lua.coerce_string(value.clone())?
        }
        _ => None,
    };
    let Some(text) = text else {
        let got = args.front().map_or("no value", Value::type_name);
        return Err(Raised::argument(lua, 1, name, &format!("string expected, got {got}")));
    };
    let bytes = text.as_bytes();
    let len = bytes.len();
    let (Ok(start), Ok(most)) = (usize::try_from(offset), usize::try_from(limit)) else {
        let text = format!("Invalid request to unpack with offset of {offset} and limit of {len}.");
        return Err(Raised::here(lua, text));
    };
    let Some(rest) = bytes.get(start..) else {
        let text = format!("Start offset {offset} greater than input length {len}.");
        return Err(Raised::here(lua, text));
    };
    let takes_all = most == 0 && start == 0;
    let mut reader = Reader { lua, rest };
    let mut values = MultiValue::new();
    while !reader.rest.is_empty() && (takes_all || values.len() < most) {
        if values.len() >= RESULTS_MAX {
            let text = "stack overflow (too many return values at once; use unpack_one or \
                        unpack_limit instead.)";
            return Err(Raised::here(lua, text));
        }
        values.push_back(reader.value(0).map_err(|stop| match stop {
            Stop::Short => Raised::here(lua, "Missing bytes in input."),
            Stop::Wrong => Raised::here(lua, "Bad data format in input."),
            Stop::Lua(error) => error,
        })?);
    }
    if !takes_all {
        let next = i64::try_from(len - reader.rest.len()).unwrap_or(i64::MAX);
        let next = if reader.rest.is_empty() { -1 } else { next };
        values.push_front(Value::Integer(next));
    }
    Ok(values)
}

/// Why reading stopped.
enum Stop {
    Short,
    Wrong,
    Lua(mlua::Error),
}

impl From<mlua::Error> for Stop {
    fn from(error: mlua::Error) -> Self {
        Self::Lua(error)
    }
}

struct Reader<'l, 'b> {
    lua: &'l Lua,
    rest: &'b [u8],
}

impl<'b> Reader<'_, 'b> {
    fn take(&mut self, len: usize) -> Result<&'b [u8], Stop> {
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(Stop::Short)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or(Stop::Short)?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn len<const N: usize>(&mut self) -> Result<usize, Stop> {
        Ok(self.bytes::<N>()?.iter().fold(0, |len, byte| len << 8 | usize::from(*byte)))
    }

    fn value(&mut self, depth: usize) -> Result<Value, Stop> {
        let [mark] = self.bytes::<1>()?;
        #[expect(clippy::cast_precision_loss, reason = "Lua has doubles only")]
        let large = |n: i128| Value::Number(n as f64);
        Ok(match mark {
            0..=0x7F => Value::Integer(mark.into()),
            0xE0.. => Value::Integer(mark.cast_signed().into()),
            0xC0 => Value::Nil,
            0xC2 | 0xC3 => Value::Boolean(mark == 0xC3),
            0xCC => Value::Integer(u8::from_be_bytes(self.bytes()?).into()),
            0xCD => Value::Integer(u16::from_be_bytes(self.bytes()?).into()),
            0xCE => Value::Integer(u32::from_be_bytes(self.bytes()?).into()),
            0xCF => large(u64::from_be_bytes(self.bytes()?).into()),
            0xD0 => Value::Integer(i8::from_be_bytes(self.bytes()?).into()),
            0xD1 => Value::Integer(i16::from_be_bytes(self.bytes()?).into()),
            0xD2 => Value::Integer(i32::from_be_bytes(self.bytes()?).into()),
            0xD3 => large(i64::from_be_bytes(self.bytes()?).into()),
            0xCA => Value::Number(f32::from_be_bytes(self.bytes()?).into()),
            0xCB => Value::Number(f64::from_be_bytes(self.bytes()?)),
            0xA0..=0xBF => self.string(usize::from(mark & 31))?,
            0xD9 | 0xC4 => self.len::<1>().and_then(|len| self.string(len))?,
            0xDA | 0xC5 => self.len::<2>().and_then(|len| self.string(len))?,
            0xDB | 0xC6 => self.len::<4>().and_then(|len| self.string(len))?,
            0x90..=0x9F => self.array(usize::from(mark & 15), depth)?,
            0xDC => self.len::<2>().and_then(|len| self.array(len, depth))?,
            0xDD => self.len::<4>().and_then(|len| self.array(len, depth))?,
            0x80..=0x8F => self.map(usize::from(mark & 15), depth)?,
            0xDE => self.len::<2>().and_then(|len| self.map(len, depth))?,
            0xDF => self.len::<4>().and_then(|len| self.map(len, depth))?,
            0xC1 | 0xC7..=0xC9 | 0xD4..=0xD8 => return Err(Stop::Wrong),
        })
    }

    fn string(&mut self, len: usize) -> Result<Value, Stop> {
        let bytes = self.take(len)?;
        Ok(Value::String(self.lua.create_string(bytes)?))
    }

    fn array(&mut self, len: usize, depth: usize) -> Result<Value, Stop> {
        if depth > READ_DEPTH_MAX {
            return Err(Stop::Wrong);
        }
        let table = self.lua.create_table()?;
        for at in 1..=len {
            table.raw_set(at, self.value(depth + 1)?)?;
        }
        Ok(Value::Table(table))
    }

    fn map(&mut self, len: usize, depth: usize) -> Result<Value, Stop> {
        if depth > READ_DEPTH_MAX {
            return Err(Stop::Wrong);
        }
        let table = self.lua.create_table()?;
        for _ in 0..len {
            let key = self.value(depth + 1)?;
            let value = self.value(depth + 1)?;
            if key.is_nil() || matches!(key, Value::Number(key) if key.is_nan()) {
                return Err(Stop::Wrong);
            }
            table.raw_set(key, value)?;
        }
        Ok(Value::Table(table))
    }
}
