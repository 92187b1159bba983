//! The library `struct`: values as the bytes of a structure in C and back.
//!
//! Spec: "struct", a library by R. Ierusalimschy, version 0.2, its manual.
//! Differs from Redis: integers have at most 8 bytes (there: 32, of which the others are zero).

use mlua::{Lua, MultiValue, Table, Value};

use super::{
    failure::Raised,
    function,
    number::{coerced, truncated},
};

/// The largest alignment of the platform that Redis runs on most.
const ALIGN_MAX: usize = 8;
const INTEGER_MAX: usize = 8;
/// Values that are read at once: Lua takes no more than some thousands.
const RESULTS_MAX: usize = 7000;

/// The library.
pub(super) fn table(lua: &Lua) -> mlua::Result<Table> {
    let library = lua.create_table()?;
    library.raw_set("pack", function(lua, pack)?)?;
    library.raw_set("unpack", function(lua, unpack)?)?;
    library.raw_set("size", function(lua, size)?)?;
    Ok(library)
}

/// One option of a format.
enum Part {
    Signed,
    Unsigned,
    Padding,
    Float,
    Double,
    Fixed,
    Terminated,
    /// It was about order or alignment.
    Control,
}

/// A format, read from the front.
struct Format<'l> {
    lua: &'l Lua,
    name: &'static str,
    text: Vec<u8>,
    at: usize,
    is_big: bool,
    align: usize,
}

impl<'l> Format<'l> {
    fn of(lua: &'l Lua, name: &'static str, args: &MultiValue) -> mlua::Result<Self> {
        let text = string(lua, name, args, 0)?.as_bytes().to_vec();
        Ok(Self { lua, name, text, at: 0, is_big: false, align: 1 })
    }

    fn number(&mut self, otherwise: usize) -> mlua::Result<usize> {
        let from = self.at;
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if from == self.at {
            return Ok(otherwise);
        }
        let digits = core::str::from_utf8(&self.text[from..self.at]).unwrap_or_default();
        let number = digits.parse::<i32>().ok().and_then(|n| usize::try_from(n).ok());
        number.ok_or_else(|| Raised::here(self.lua, "integral size overflow"))
    }

    /// The next option, its size, and how many bytes align it at `pos`.
    fn next(&mut self, pos: usize) -> mlua::Result<Option<(Part, usize, usize)>> {
        let Some(option) = self.text.get(self.at).copied().filter(|byte| *byte != 0) else {
            return Ok(None);
        };
        self.at += 1;
        let (part, size) = match option {
            b'b' => (Part::Signed, 1),
            b'B' => (Part::Unsigned, 1),
            b'h' => (Part::Signed, 2),
            b'H' => (Part::Unsigned, 2),
            b'l' => (Part::Signed, 8),
            b'L' | b'T' => (Part::Unsigned, 8),
            b'i' | b'I' => {
                let size = self.number(4)?;
                if size > INTEGER_MAX {
                    let text =
                        format!("integral size {size} is larger than limit of {INTEGER_MAX}");
                    return Err(Raised::here(self.lua, text));
                }
                (if option == b'i' { Part::Signed } else { Part::Unsigned }, size)
            }
            b'x' => (Part::Padding, 1),
            b'f' => (Part::Float, 4),
            b'd' => (Part::Double, 8),
            b'c' => return Ok(Some((Part::Fixed, self.number(1)?, 0))),
            b's' => (Part::Terminated, 0),
            _ => {
                self.control(option)?;
                (Part::Control, 0)
            }
        };
        let step = size.min(self.align);
        let gap = if step == 0 { 0 } else { (step - (pos & (step - 1))) & (step - 1) };
        Ok(Some((part, size, gap)))
    }

    fn control(&mut self, option: u8) -> mlua::Result<()> {
        match option {
            b' ' => {}
            b'>' => self.is_big = true,
            b'<' => self.is_big = false,
            b'!' => {
                let align = self.number(ALIGN_MAX)?;
                if !align.is_power_of_two() {
                    let text = format!("alignment {align} is not a power of 2");
                    return Err(Raised::here(self.lua, text));
                }
                self.align = align;
            }
            // SIZE has always taken letters that mean nothing for nothing.
            _ if self.name == "size" && option.is_ascii_alphanumeric() => {}
            _ => {
                let why = format!("invalid format option '{}'", char::from(option));
                return Err(Raised::argument(self.lua, 1, self.name, &why));
            }
        }
        Ok(())
    }

    /// Bytes in the order that is asked for, from little endian and back.
    fn ordered<const N: usize>(&self, mut bytes: [u8; N]) -> [u8; N] {
        if self.is_big {
            bytes.reverse();
        }
        bytes
    }
}

fn string(lua: &Lua, name: &str, args: &MultiValue, at: usize) -> mlua::Result<mlua::String> {
    let text = match args.get(at) {
        Some(value @ (Value::String(_) | Value::Integer(_) | Value::Number(_))) => {
            lua.coerce_string(value.clone())?
        }
        _ => None,
    };
    text.ok_or_else(|| {
        let got = args.get(at).map_or("no value", Value::type_name);
        Raised::argument(lua, at + 1, name, &format!("string expected, got {got}"))
    })
}

fn number(lua: &Lua, name: &str, args: &MultiValue, at: usize) -> mlua::Result<f64> {
    args.get(at).and_then(coerced).ok_or_else(|| {
        // What is packed stands before a nil, which Redis takes for the missing one.
        let got = args.get(at).map_or("nil", Value::type_name);
        Raised::argument(lua, at + 1, name, &format!("number expected, got {got}"))
    })
}

/// The bits of a whole number, of which the upper half needs no sign.
fn bits(value: f64) -> u64 {
    const HALF: f64 = 9_223_372_036_854_775_808.0;
    if (HALF..2.0 * HALF).contains(&value) {
        return truncated(value - HALF).cast_unsigned() | 1 << 63;
    }
    truncated(value).cast_unsigned()
}

fn pack(lua: &Lua, args: &MultiValue) -> mlua::Result<mlua::String> {
    let mut format = Format::of(lua, "pack", args)?;
    let (mut bytes, mut arg) = (Vec::new(), 0);
    while let Some((part, size, gap)) = format.next(bytes.len())? {
        bytes.resize(bytes.len() + gap, 0);
        arg += usize::from(!matches!(part, Part::Padding | Part::Control));
        match part {
            Part::Signed | Part::Unsigned => {
                let all = bits(number(lua, "pack", args, arg)?).to_le_bytes();
                let mut wanted = all[..size].to_vec();
                if format.is_big {
                    wanted.reverse();
                }
                bytes.extend_from_slice(&wanted);
            }
            Part::Padding => bytes.push(0),
            Part::Float => {
                #[expect(clippy::cast_possible_truncation, reason = "that is what is asked for")]
                let value = number(lua, "pack", args, arg)? as f32;
                bytes.extend_from_slice(&format.ordered(value.to_le_bytes()));
            }
            Part::Double => {
                let value = number(lua, "pack", args, arg)?;
                bytes.extend_from_slice(&format.ordered(value.to_le_bytes()));
            }
            Part::Fixed | Part::Terminated => {
                let text = string(lua, "pack", args, arg)?;
                let text = text.as_bytes();
                let size = if size == 0 { text.len() } else { size };
                let Some(text) = text.get(..size) else {
                    return Err(Raised::argument(lua, arg + 2, "pack", "string too short"));
                };
                bytes.extend_from_slice(text);
                if matches!(part, Part::Terminated) {
                    bytes.push(0);
                }
            }
            Part::Control => {}
        }
    }
    lua.create_string(bytes)
}

fn unpack(lua: &Lua, args: &MultiValue) -> mlua::Result<MultiValue> {
    let mut format = Format::of(lua, "unpack", args)?;
    let data = string(lua, "unpack", args, 1)?;
    let data = data.as_bytes();
    let from = match args.get(2) {
        None | Some(Value::Nil) => 1,
        Some(_) => truncated(number(lua, "unpack", args, 2)?),
    };
    let Some(mut pos) = usize::try_from(from).ok().and_then(|from| from.checked_sub(1)) else {
        return Err(Raised::argument(lua, 3, "unpack", "offset must be 1 or greater"));
    };
    let mut values = MultiValue::new();
    let too_short = || Raised::argument(lua, 2, "unpack", "data string too short");
    let part_of = |pos: usize, size: usize| {
        pos.checked_add(size).and_then(|end| data.get(pos..end)).ok_or_else(too_short)
    };
    while let Some((part, mut size, gap)) = format.next(pos)? {
        if values.len() >= RESULTS_MAX {
            return Err(Raised::here(lua, "stack overflow (too many results)"));
        }
        pos += gap;
        let bytes = part_of(pos, size)?;
        match part {
            Part::Signed | Part::Unsigned => {
                let mut all = bytes.to_vec();
                if !format.is_big {
                    all.reverse();
                }
                let is_negative = matches!(part, Part::Signed)
                    && all.first().is_some_and(|byte| byte & 0x80 != 0);
                let start = if is_negative { -1_i128 } else { 0 };
                let value = all.iter().fold(start, |n, byte| n << 8 | i128::from(*byte));
                #[expect(clippy::cast_precision_loss, reason = "Lua has doubles only")]
                values.push_back(Value::Number(value as f64));
            }
            Part::Padding | Part::Control => {}
            Part::Float => {
                let bytes = format.ordered(bytes.try_into().unwrap_or_default());
                values.push_back(Value::Number(f32::from_le_bytes(bytes).into()));
            }
            Part::Double => {
                let bytes = format.ordered(bytes.try_into().unwrap_or_default());
                values.push_back(Value::Number(f64::from_le_bytes(bytes)));
            }
            Part::Fixed => {
                let mut bytes = bytes;
                if size == 0 {
                    let Some(len) = values.pop_back().as_ref().and_then(coerced) else {
                        return Err(Raised::here(lua, "format 'c0' needs a previous size"));
                    };
                    size = usize::try_from(truncated(len)).map_err(|_| too_short())?;
                    bytes = part_of(pos, size)?;
                }
                values.push_back(Value::String(lua.create_string(bytes)?));
            }
            Part::Terminated => {
                let rest = data.get(pos..).unwrap_or_default();
                let Some(len) = rest.iter().position(|byte| *byte == 0) else {
                    return Err(Raised::here(lua, "unfinished string in data"));
                };
                values.push_back(Value::String(lua.create_string(&rest[..len])?));
                size = len + 1;
            }
        }
        pos += size;
    }
    values.push_back(Value::Integer(i64::try_from(pos + 1).unwrap_or(i64::MAX)));
    Ok(values)
}

fn size(lua: &Lua, args: &MultiValue) -> mlua::Result<i64> {
    let mut format = Format::of(lua, "size", args)?;
    let mut pos = 0_usize;
    while let Some((part, size, gap)) = format.next(pos)? {
        match part {
            Part::Terminated => {
                let why = "option 's' has no fixed size";
                return Err(Raised::argument(lua, 1, "size", why));
            }
            Part::Fixed if size == 0 => {
                let why = "option 'c0' has no fixed size";
                return Err(Raised::argument(lua, 1, "size", why));
            }
            _ => pos = pos.saturating_add(gap).saturating_add(size),
        }
    }
    Ok(i64::try_from(pos).unwrap_or(i64::MAX))
}
