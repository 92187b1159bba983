//! PFADD, PFCOUNT, PFMERGE: about how many different elements were there?
//!
//! 16384 registers, of which the hash of an element chooses one and gives it a height: how many
//! zeros the rest of the hash begins with. Many elements make high registers, and from how many
//! registers have which height the number is estimated, with an error of 0.81 %.
//!
//! The value is a string in the format of Redis, so that it can be moved between the two: a head of
//! 16 bytes, then the registers, either 6 bits each or, while most are zero, as runs.
//!
//! Spec: Redis HyperLogLog; O. Ertl, "New cardinality estimation algorithms for HyperLogLog
//! sketches", for the estimate.

use alloc::{vec, vec::Vec};

use super::{Refused, is_replica, peek_as, read_as, same};
use crate::{
    command::{Call, Propagate},
    rules::Ctx,
    store::{Kind as _, Str, Value},
};

/// How many registers there are.
const REGISTERS: usize = 1 << 14;
/// Bits of the hash that give a height.
const HEIGHTS: usize = 50;
/// `HYLL`, the form, three bytes of nothing, the number as it was last estimated.
const HEAD: usize = 16;
const DENSE: usize = HEAD + REGISTERS * 6 / 8;
/// Set in the last byte of the head: the number there is out of date.
const STALE: u8 = 0x80;
/// The highest register that a run can have.
const RUN_HEIGHT_MAX: u8 = 32;

const NOT_ONE: &str = "WRONGTYPE Key is not a valid HyperLogLog string value.";
const CORRUPTED: &str = "INVALIDOBJ Corrupted HLL object detected";

/// What a value holds.
struct Sketch {
    registers: Vec<u8>,
    is_dense: bool,
}

/// `PFADD key [element...]`
pub(in crate::command) fn pfadd(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let Ok(found) = peek_as::<Str>(ctx, call, key).map(|found| found.is_some()) else { return };
    if found && let Some(rose) = raise(ctx, call, key) {
        if rose {
            call.propagate = Propagate::Verbatim;
        }
        return call.reply.integer(i64::from(rose));
    }
    let Ok(held) = load(ctx, call, key) else { return };
    let mut changed = held.is_none();
    let mut sketch = held.unwrap_or_else(Sketch::new);
    for element in call.args.iter().skip(2) {
        let (register, height) = place(element);
        if let Some(old) = sketch.registers.get_mut(register).filter(|old| **old < height) {
            *old = height;
            changed = true;
        }
    }
    if changed {
        store(ctx, call, key, &sketch);
    }
    call.reply.integer(i64::from(changed));
}

/// `PFCOUNT key...`: of all together, if there are several.
pub(in crate::command) fn pfcount(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if let [_, key] = *call.args {
        match noted(ctx, call, key) {
            Ok(Some(n)) => return call.reply.integer(n),
            Ok(None) => {}
            Err(Refused) => return,
        }
    }
    let mut all = Sketch::new();
    for key in call.args.iter().skip(1) {
        match load(ctx, call, key) {
            Ok(Some(sketch)) => all.merge(&sketch),
            Ok(None) => {}
            Err(Refused) => return,
        }
    }
    let n = estimate(&all.registers);
    if let [_, key] = *call.args {
        note(ctx, call, key, n);
    }
    call.reply.integer(i64::try_from(n).unwrap_or(i64::MAX));
}

/// The number that was noted when it was counted last, if nothing was added since.
fn noted(ctx: &mut Ctx<'_>, call: &mut Call<'_>, key: &[u8]) -> Result<Option<i64>, Refused> {
    let Some(text) = read_as::<Str>(ctx, call, key)? else { return Ok(None) };
    let mut room = itoa::Buffer::new();
    let bytes = text.view(&mut room);
    let number = bytes.get(8..HEAD).filter(|_| is_one(bytes));
    let number = number.and_then(|number| number.try_into().ok()).map(i64::from_le_bytes);
    Ok(number.filter(|n| *n >= 0))
}

/// Notes the number in the value, where the next PFCOUNT looks first. That changes the value, so
/// replicas do the same.
fn note(ctx: &mut Ctx<'_>, call: &mut Call<'_>, key: &[u8], n: u64) {
    let slot = call.slot_of(key);
    let is_stale = ctx.b.store.entry(slot, key).is_some_and(|entry| {
        Str::of(&entry.value).is_some_and(|text| {
            text.view(&mut itoa::Buffer::new()).get(HEAD - 1).is_some_and(|byte| byte & STALE != 0)
        })
    });
    if is_stale {
        ctx.b.store.modify(slot, key, |value| {
            let place = Str::of_mut(value).and_then(|text| text.grow().get_mut(8..HEAD));
            if let Some(place) = place {
                place.copy_from_slice(&n.to_le_bytes());
            }
        });
        if !is_replica(ctx.b) {
            call.propagate = Propagate::Verbatim;
        }
    }
}

/// `PFMERGE target [source...]`
pub(in crate::command) fn pfmerge(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let mut all = Sketch::new();
    for key in call.args.iter().skip(1) {
        match load(ctx, call, key) {
            Ok(Some(sketch)) => {
                all.merge(&sketch);
                all.is_dense |= sketch.is_dense;
            }
            Ok(None) => {}
            Err(Refused) => return,
        }
    }
    store(ctx, call, call.arg(1), &all);
    call.reply.ok();
}

/// `PFDEBUG ENCODING|GETREG|TODENSE key`
pub(in crate::command) fn pfdebug(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (word, key) = (call.arg(1), call.arg(2));
    let Ok(held) = load(ctx, call, key) else { return };
    let Some(mut sketch) = held else {
        return call.reply.error("ERR The specified key does not exist");
    };
    if same(word, "ENCODING") {
        call.reply.simple(if sketch.is_dense { "dense" } else { "sparse" });
    } else if same(word, "GETREG") {
        call.reply.array(REGISTERS);
        sketch.registers.iter().for_each(|height| call.reply.integer(i64::from(*height)));
    } else if same(word, "TODENSE") {
        let changes = !core::mem::replace(&mut sketch.is_dense, true);
        if changes {
            store(ctx, call, key, &sketch);
        }
        call.reply.integer(i64::from(changes));
    } else {
        call.reply.error_fmt(format_args!(
            "ERR Unknown PFDEBUG subcommand '{}'",
            crate::command::dispatch::Shown(word)
        ));
    }
}

fn is_one(bytes: &[u8]) -> bool {
    bytes.len() >= HEAD
        && bytes.starts_with(b"HYLL")
        && (bytes[4] == 1 || bytes[4] == 0 && bytes.len() == DENSE)
}

/// Raises registers where they lie, if the value is a dense sketch; whether one rose.
fn raise(ctx: &mut Ctx<'_>, call: &Call<'_>, key: &[u8]) -> Option<bool> {
    let slot = call.slot_of(key);
    let entry = ctx.b.store.entry(slot, key)?;
    let text = Str::of(&entry.value)?;
    let mut room = itoa::Buffer::new();
    let bytes = text.view(&mut room);
    if !is_one(bytes) || bytes[4] != 0 {
        return None;
    }
    let places = call.args.iter().skip(2).map(|element| place(element));
    let higher: Vec<(usize, u8)> =
        places.filter(|(at, height)| register(&bytes[HEAD..], *at) < *height).collect();
    if higher.is_empty() {
        return Some(false);
    }
    ctx.b.store.modify(slot, key, |value| {
        let Some(bytes) = Str::of_mut(value).map(Str::grow) else { return };
        bytes[HEAD - 1] |= STALE;
        for (at, height) in higher {
            // Two elements of one command may be for one register.
            if register(&bytes[HEAD..], at) < height {
                set_register(&mut bytes[HEAD..], at, height);
            }
        }
    });
    Some(true)
}

/// Register `at` of a dense body.
fn register(body: &[u8], at: usize) -> u8 {
    let (byte, bit) = (at * 6 / 8, at * 6 % 8);
    let pair = [body[byte], body.get(byte + 1).copied().unwrap_or(0)];
    (u16::from_le_bytes(pair) >> bit & 63).to_le_bytes()[0]
}

fn set_register(body: &mut [u8], at: usize, height: u8) {
    let (byte, bit) = (at * 6 / 8, at * 6 % 8);
    let [low, high] = (u16::from(height) << bit).to_le_bytes();
    let [low_mask, high_mask] = (63_u16 << bit).to_le_bytes();
    body[byte] = body[byte] & !low_mask | low;
    if let Some(next) = body.get_mut(byte + 1) {
        *next = *next & !high_mask | high;
    }
}

fn load(ctx: &mut Ctx<'_>, call: &mut Call<'_>, key: &[u8]) -> Result<Option<Sketch>, Refused> {
    // A single key that is counted was looked up for its number before.
    let found = if call.command.name == "pfcount" && call.args.len() > 2 {
        read_as::<Str>(ctx, call, key)?
    } else {
        peek_as::<Str>(ctx, call, key)?
    };
    let Some(text) = found else { return Ok(None) };
    let mut room = itoa::Buffer::new();
    let bytes = text.view(&mut room);
    let (sketch, problem) =
        if is_one(bytes) { (Sketch::read(bytes), CORRUPTED) } else { (None, NOT_ONE) };
    if sketch.is_none() {
        call.reply.error(problem);
        return Err(Refused);
    }
    Ok(sketch)
}

fn store(ctx: &mut Ctx<'_>, call: &mut Call<'_>, key: &[u8], sketch: &Sketch) {
    let max = ctx.b.config.value("hll-sparse-max-bytes").and_then(|max| max.parse().ok());
    let bytes = sketch.write(max.unwrap_or(0));
    let slot = call.slot_of(key);
    let expire = ctx.b.store.entry(slot, key).and_then(|entry| entry.expire);
    ctx.b.store.insert(slot, key, Value::Str(Str::Grown(bytes)), expire);
    call.propagate = Propagate::Verbatim;
}

impl Sketch {
    fn new() -> Self {
        Self { registers: vec![0; REGISTERS], is_dense: false }
    }

    fn merge(&mut self, other: &Self) {
        for (own, other) in self.registers.iter_mut().zip(&other.registers) {
            *own = (*own).max(*other);
        }
    }

    /// `None` if the runs do not add up.
    fn read(bytes: &[u8]) -> Option<Self> {
        let is_dense = bytes[4] == 0;
        let body = &bytes[HEAD..];
        if is_dense {
            let registers = (0..REGISTERS).map(|at| register(body, at)).collect();
            return Some(Self { registers, is_dense });
        }
        let mut registers = Vec::with_capacity(REGISTERS);
        let mut rest = body.iter();
        while let Some(byte) = rest.next() {
            let (height, run) = match byte >> 6 {
                0 => (0, usize::from(byte & 63) + 1),
                1 => (0, usize::from(byte & 63) << 8 | usize::from(*rest.next()?)),
                _ => ((byte >> 2 & 31) + 1, usize::from(byte & 3) + 1),
            };
            let run = if byte >> 6 == 1 { run + 1 } else { run };
            registers.resize(registers.len() + run, height);
            if registers.len() > REGISTERS {
                return None;
            }
        }
        (registers.len() == REGISTERS).then_some(Self { registers, is_dense })
    }

    /// As runs if it is not to be dense and they take at most `max` bytes.
    fn write(&self, max: usize) -> Vec<u8> {
        let mut bytes = b"HYLL\x01\0\0\0\0\0\0\0\0\0\0".to_vec();
        bytes.push(STALE);
        if !self.is_dense && self.registers.iter().all(|height| *height <= RUN_HEIGHT_MAX) {
            for run in self.registers.chunk_by(|a, b| a == b) {
                write_run(run[0], run.len(), &mut bytes);
                if bytes.len() > max.saturating_add(HEAD) {
                    break;
                }
            }
            if bytes.len() <= max.saturating_add(HEAD) {
                return bytes;
            }
        }
        bytes.truncate(HEAD);
        bytes[4] = 0;
        bytes.resize(DENSE, 0);
        for (at, height) in self.registers.iter().enumerate() {
            set_register(&mut bytes[HEAD..], at, *height);
        }
        bytes
    }
}

fn write_run(height: u8, mut len: usize, bytes: &mut Vec<u8>) {
    while len > 0 {
        let part = match height {
            0 if len > 64 => REGISTERS,
            0 => 64,
            _ => 4,
        };
        let part = part.min(len);
        let [low, high, ..] = (part - 1).to_le_bytes();
        match height {
            0 if part > 64 => bytes.extend([0x40 | high, low]),
            0 => bytes.push(low),
            _ => bytes.push(0x80 | (height - 1) << 2 | low),
        }
        len -= part;
    }
}

/// Which register an element is for, and how high it makes it.
fn place(element: &[u8]) -> (usize, u8) {
    let hash = murmur(element);
    let register = usize::try_from(hash % REGISTERS as u64).unwrap_or(0);
    let rest = hash >> 14 | 1 << HEIGHTS;
    (register, u8::try_from(rest.trailing_zeros() + 1).unwrap_or(u8::MAX))
}

/// MurmurHash2 for 64 bits, with the seed of Redis.
fn murmur(bytes: &[u8]) -> u64 {
    const M: u64 = 0xC6A4_A793_5BD1_E995;
    let mut hash = 0xADC8_3B19 ^ (bytes.len() as u64).wrapping_mul(M);
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let mut word = chunk.iter().rev().fold(0, |word: u64, byte| word << 8 | u64::from(*byte));
        word = word.wrapping_mul(M);
        word = (word ^ word >> 47).wrapping_mul(M);
        hash = (hash ^ word).wrapping_mul(M);
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        hash ^= rest.iter().rev().fold(0, |word: u64, byte| word << 8 | u64::from(*byte));
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ hash >> 47).wrapping_mul(M);
    hash ^ hash >> 47
}

/// The number that these heights speak for. A float decides nothing here: it is the answer.
fn estimate(registers: &[u8]) -> u64 {
    /// 1 / (2 ln 2)
    const ALPHA: f64 = 0.721_347_520_444_481_7;
    let m = 16_384.0;
    let mut counts = [0_u16; HEIGHTS + 2];
    for height in registers {
        if let Some(count) = counts.get_mut(usize::from(*height)) {
            *count += 1;
        }
    }
    let count = |height: usize| f64::from(counts[height]);
    let mut z = m * tau((m - count(HEIGHTS + 1)) / m);
    for height in (1..=HEIGHTS).rev() {
        z = (z + count(height)) * 0.5;
    }
    z += m * sigma(count(0) / m);
    let n = ALPHA * m * m / z + 0.5;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and rounding is meant"
    )]
    let n = n as u64;
    n
}

fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z <= before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = root(x);
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z >= before {
            return z / 3.0;
        }
    }
}

/// The square root of a number between 0 and 1, which `core` has not: by Newton's method from above.
fn root(x: f64) -> f64 {
    let mut guess = 1.0;
    loop {
        let next = 0.5 * (guess + x / guess);
        if next >= guess {
            return guess;
        }
        guess = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sketch_is_written_as_it_was_read() {
        let mut sketch = Sketch::new();
        for n in 0..2000_u32 {
            let (register, height) = place(&n.to_le_bytes());
            sketch.registers[register] = sketch.registers[register].max(height);
            if n % 100 == 0 {
                for max in [0, 100_000] {
                    let again = Sketch::read(&sketch.write(max)).unwrap();
                    assert_eq!(again.registers, sketch.registers, "{n}");
                    assert_eq!(again.is_dense, max == 0);
                }
            }
        }
        let n = estimate(&sketch.registers);
        assert!((1950..2050).contains(&n), "{n}");
        assert_eq!(estimate(&Sketch::new().registers), 0);
    }

    #[test]
    fn runs_that_do_not_add_up_are_refused() {
        let head = b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80";
        for body in [&b""[..], b"\x7f", b"\x7f\xff\x00", b"\x00"] {
            assert!(Sketch::read(&[&head[..], body].concat()).is_none(), "{body:?}");
        }
        assert!(Sketch::read(&[&head[..], b"\x7f\xff"].concat()).is_some());
    }
}
