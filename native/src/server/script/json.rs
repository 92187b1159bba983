//! The library `cjson`: JSON from tables and back.
//!
//! A table whose keys are all whole numbers from 1 on is an array, every other one is an object, and
//! so is an empty one. `null` is a value of its own. Texts are bytes and go through as they are, which
//! is why no library for JSON does this: theirs are UTF-8.
//!
//! Spec: Lua CJSON 2.1.0 manual; RFC 8259.

mod decode;
mod encode;

use std::{cell::Cell, rc::Rc};

use mlua::{Lua, MultiValue, Table, Value};

use super::{
    failure::Raised,
    number::{coerced, truncated},
};

/// Tables within tables at most, whatever a script says: each level takes some of what Lua lends at
/// once, and of the stack.
const DEPTH_MAX: i64 = 1000;

/// What scripts may set; it stays set, as in Redis, until SCRIPT FLUSH.
#[derive(Clone, Copy, Debug)]
struct Manners {
    /// Arrays with many holes become objects instead of an error.
    converts_sparse: bool,
    /// So many times as long as it has elements is an array that has many holes; 0 is never.
    sparse_ratio: i64,
    /// But not up to this length.
    sparse_safe: i64,
    /// Tables within tables.
    encode_depth: i64,
    /// The same in JSON.
    decode_depth: i64,
    /// What is not a number is written.
    encode_invalid: Invalid,
    /// Hexadecimal numbers, infinities and what is not a number are read.
    decodes_invalid: bool,
    /// Significant digits.
    precision: i64,
}

/// What becomes of numbers that JSON has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Invalid {
    Refused,
    Written,
    Null,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            converts_sparse: false,
            sparse_ratio: 2,
            sparse_safe: 10,
            encode_depth: 1000,
            decode_depth: 1000,
            encode_invalid: Invalid::Refused,
            decodes_invalid: true,
            precision: 14,
        }
    }
}

/// The library.
pub(super) fn table(lua: &Lua) -> mlua::Result<Table> {
    let json = lua.create_table()?;
    let manners = Rc::new(Cell::new(Manners::default()));
    json.raw_set("_NAME", "cjson")?;
    json.raw_set("_VERSION", "2.1.0")?;
    json.raw_set("null", Value::NULL)?;
    let used = Rc::clone(&manners);
    let encode = lua.create_function(move |lua, args: MultiValue| {
        if args.len() != 1 {
            return Err(Raised::argument(lua, 1, "encode", "expected 1 argument"));
        }
        let text = encode::encode(lua, &args[0], used.get())?;
        lua.create_string(text)
    })?;
    json.raw_set("encode", encode)?;
    let used = Rc::clone(&manners);
    let decode = lua.create_function(move |lua, args: MultiValue| {
        if args.len() != 1 {
            return Err(Raised::argument(lua, 1, "decode", "expected 1 argument"));
        }
        let text = match &args[0] {
            value @ (Value::String(_) | Value::Integer(_) | Value::Number(_)) => {
                lua.coerce_string(value.clone())?
            }
            _ => None,
        };
        let Some(text) = text else {
            let why = format!("string expected, got {}", args[0].type_name());
            return Err(Raised::argument(lua, 1, "decode", &why));
        };
        decode::decode(lua, &text.as_bytes(), used.get())
    })?;
    json.raw_set("decode", decode)?;
    json.raw_set("new", lua.create_function(|lua, _: MultiValue| table(lua))?)?;
    settings(lua, &json, &manners)?;
    Ok(json)
}

fn settings(lua: &Lua, json: &Table, manners: &Rc<Cell<Manners>>) -> mlua::Result<()> {
    number(lua, json, manners, "encode_max_depth", i64::from(i32::MAX), |m| &mut m.encode_depth)?;
    number(lua, json, manners, "decode_max_depth", i64::from(i32::MAX), |m| &mut m.decode_depth)?;
    number(lua, json, manners, "encode_number_precision", 14, |m| &mut m.precision)?;
    json.raw_set(
        "encode_keep_buffer",
        lua.create_function(|_, args: MultiValue| {
            Ok(args.front().is_none_or(|value| *value != Value::Boolean(false)))
        })?,
    )?;
    let used = Rc::clone(manners);
    json.raw_set(
        "encode_invalid_numbers",
        lua.create_function(move |_, args: MultiValue| {
            let mut set = used.get();
            match args.front() {
                Some(Value::Boolean(false)) => set.encode_invalid = Invalid::Refused,
                Some(Value::Boolean(true)) => set.encode_invalid = Invalid::Written,
                Some(Value::String(_)) => set.encode_invalid = Invalid::Null,
                _ => {}
            }
            used.set(set);
            Ok(set.encode_invalid != Invalid::Refused)
        })?,
    )?;
    let used = Rc::clone(manners);
    json.raw_set(
        "decode_invalid_numbers",
        lua.create_function(move |_, args: MultiValue| {
            let mut set = used.get();
            if let Some(Value::Boolean(value)) = args.front() {
                set.decodes_invalid = *value;
            }
            used.set(set);
            Ok(set.decodes_invalid)
        })?,
    )?;
    let used = Rc::clone(manners);
    json.raw_set(
        "encode_sparse_array",
        lua.create_function(move |_, args: MultiValue| {
            let mut set = used.get();
            if let Some(Value::Boolean(value)) = args.front() {
                set.converts_sparse = *value;
            }
            let at = |at: usize| args.get(at).and_then(coerced).map(truncated);
            set.sparse_ratio = at(1).unwrap_or(set.sparse_ratio);
            set.sparse_safe = at(2).unwrap_or(set.sparse_safe);
            used.set(set);
            Ok((set.converts_sparse, set.sparse_ratio, set.sparse_safe))
        })?,
    )
}

/// A function that sets a number from 1 on and tells it.
fn number(
    lua: &Lua,
    json: &Table,
    manners: &Rc<Cell<Manners>>,
    name: &'static str,
    most: i64,
    place: fn(&mut Manners) -> &mut i64,
) -> mlua::Result<()> {
    let used = Rc::clone(manners);
    let function = lua.create_function(move |lua, args: MultiValue| {
        let mut set = used.get();
        if let Some(value) = args.front().filter(|value| !value.is_nil()) {
            let value = coerced(value).map_or(0, truncated);
            if !(1..=most).contains(&value) {
                let why = format!("expected integer between 1 and {most}");
                return Err(Raised::argument(lua, 1, name, &why));
            }
            *place(&mut set) = value;
            used.set(set);
        }
        Ok(*place(&mut set))
    })?;
    json.raw_set(name, function)
}
