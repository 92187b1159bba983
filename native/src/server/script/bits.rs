//! The library `bit`: numbers as 32 bits.
//!
//! Spec: Lua BitOp 1.0, "API Functions".

use mlua::{Lua, MultiValue, Table, Value};

use super::{
    failure::Raised,
    function,
    number::{coerced, low_bits},
};

/// The library.
pub(super) fn table(lua: &Lua) -> mlua::Result<Table> {
    let bit = lua.create_table()?;
    one(lua, &bit, "tobit", |n| n)?;
    one(lua, &bit, "bnot", |n| !n)?;
    one(lua, &bit, "bswap", u32::swap_bytes)?;
    all(lua, &bit, "band", |a, b| a & b)?;
    all(lua, &bit, "bor", |a, b| a | b)?;
    all(lua, &bit, "bxor", |a, b| a ^ b)?;
    two(lua, &bit, "lshift", |n, by| n << by)?;
    two(lua, &bit, "rshift", |n, by| n >> by)?;
    two(lua, &bit, "arshift", |n, by| (n.cast_signed() >> by).cast_unsigned())?;
    two(lua, &bit, "rol", u32::rotate_left)?;
    two(lua, &bit, "ror", u32::rotate_right)?;
    bit.raw_set("tohex", function(lua, tohex)?)?;
    Ok(bit)
}

/// The bits of an argument.
fn bits(lua: &Lua, args: &MultiValue, at: usize, name: &str) -> mlua::Result<u32> {
    args.get(at).and_then(coerced).map(low_bits).ok_or_else(|| {
        let got = args.get(at).map_or("no value", Value::type_name);
        Raised::argument(lua, at + 1, name, &format!("number expected, got {got}"))
    })
}

fn one(lua: &Lua, bit: &Table, name: &'static str, make: fn(u32) -> u32) -> mlua::Result<()> {
    let function = lua.create_function(move |lua, args: MultiValue| {
        Ok(f64::from(make(bits(lua, &args, 0, name)?).cast_signed()))
    })?;
    bit.raw_set(name, function)
}

fn two(lua: &Lua, bit: &Table, name: &'static str, make: fn(u32, u32) -> u32) -> mlua::Result<()> {
    let function = lua.create_function(move |lua, args: MultiValue| {
        let (n, by) = (bits(lua, &args, 0, name)?, bits(lua, &args, 1, name)? & 31);
        Ok(f64::from(make(n, by).cast_signed()))
    })?;
    bit.raw_set(name, function)
}

fn all(lua: &Lua, bit: &Table, name: &'static str, make: fn(u32, u32) -> u32) -> mlua::Result<()> {
    let function = lua.create_function(move |lua, args: MultiValue| {
        let first = bits(lua, &args, 0, name)?;
        let rest = 1..args.len();
        let made = rest.into_iter().try_fold(first, |made, at| {
            Ok::<u32, mlua::Error>(make(made, bits(lua, &args, at, name)?))
        })?;
        Ok(f64::from(made.cast_signed()))
    })?;
    bit.raw_set(name, function)
}

/// So many hexadecimal digits of the lowest bits, capitals if the number of them is negative.
fn tohex(lua: &Lua, args: &MultiValue) -> mlua::Result<String> {
    let n = bits(lua, args, 0, "tohex")?;
    let wanted = match args.len() {
        0 | 1 => 8,
        _ => bits(lua, args, 1, "tohex")?.cast_signed(),
    };
    let digits = usize::try_from(wanted.unsigned_abs().min(8)).unwrap_or(8);
    let text = if wanted < 0 { format!("{n:08X}") } else { format!("{n:08x}") };
    Ok(text[8 - digits..].to_owned())
}
