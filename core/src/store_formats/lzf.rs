//! LZF: the light compression of long strings in RDB.
//!
//! ```text
//! 000LLLLL                       L + 1 literal bytes follow
//! LLLDDDDD [more] dddddddd       copy L + 2 bytes (L = 7: add `more`) from D*256 + d + 1 back
//! ```

use alloc::vec::Vec;

/// Unpacks `packed` to exactly `len` bytes; `None` if it is not LZF, or of another length.
///
/// A length that no packed bytes of this size can give is refused before anything is allocated.
#[must_use]
pub fn decompress(packed: &[u8], len: usize) -> Option<Vec<u8>> {
    if len > packed.len().saturating_mul(RATIO_MAX) {
        return None;
    }
    let mut out = Vec::with_capacity(len);
    let mut rest = packed;
    while let Some((&control, after)) = rest.split_first() {
        rest = after;
        let control = usize::from(control);
        if control < 32 {
            let literal = rest.get(..=control)?;
            rest = &rest[literal.len()..];
            out.extend_from_slice(literal);
        } else {
            let mut run = (control >> 5) + 2;
            if run == 9 {
                let (&more, after) = rest.split_first()?;
                run += usize::from(more);
                rest = after;
            }
            let (&low, after) = rest.split_first()?;
            rest = after;
            let back = ((control & 31) << 8 | usize::from(low)) + 1;
            let start = out.len().checked_sub(back)?;
            if out.len() + run > len {
                return None;
            }
            // The copy may overlap its own output: that is how runs are written.
            for at in start..start + run {
                out.push(out[at]);
            }
        }
        if out.len() > len {
            return None;
        }
    }
    (out.len() == len).then_some(out)
}

/// Three bytes give at most 264.
const RATIO_MAX: usize = 88;

/// Packs strings; keeps its table from one to the next.
#[derive(Clone, Debug, Default)]
pub struct Compressor {
    /// Where three bytes with this hash stood last. What an earlier string left behind does no
    /// harm: a place counts only if the bytes there are the same.
    seen: Vec<u32>,
}

impl Compressor {
    /// Appends the packed form of `plain` to `out`, if that saves at least four bytes.
    pub fn compress(&mut self, plain: &[u8], out: &mut Vec<u8>) -> bool {
        let start = out.len();
        let Some(limit) = plain.len().checked_sub(SAVED_MIN) else { return false };
        self.seen.resize(1 << HASH_BITS, 0);
        let (mut at, mut literal) = (0, 0);
        while let Some(&[a, b, c]) = plain.get(at..).and_then(<[u8]>::first_chunk::<3>) {
            let place = &mut self.seen[hash(a, b, c)];
            let before = usize::try_from(*place).unwrap_or(usize::MAX);
            // Strings are far below four gigabytes; beyond that nothing would be found again.
            *place = u32::try_from(at).unwrap_or(u32::MAX);
            let known = before < at
                && at - before <= BACK_MAX
                && plain.get(before..before + 3) == Some(&[a, b, c]);
            if known {
                push_literals(&plain[literal..at], out);
                let alike = plain[before..].iter().zip(&plain[at..]);
                let run = alike.take(RUN_MAX).take_while(|(old, new)| old == new).count();
                push_run(at - before - 1, run - 2, out);
                at += run;
                literal = at;
            } else {
                at += 1;
            }
            if out.len() - start + (at - literal) > limit {
                out.truncate(start);
                return false;
            }
        }
        push_literals(&plain[literal..], out);
        if out.len() - start > limit {
            out.truncate(start);
            return false;
        }
        true
    }
}

/// Packing must be worth its trouble; Redis asks for as much.
const SAVED_MIN: usize = 4;
/// How far back a copy reaches: 13 bits.
const BACK_MAX: usize = 1 << 13;
/// The longest copy.
const RUN_MAX: usize = 264;
/// The longest row of literals.
const LITERALS_MAX: usize = 32;
const HASH_BITS: u32 = 13;

fn hash(a: u8, b: u8, c: u8) -> usize {
    let mixed = u32::from_le_bytes([a, b, c, 0]).wrapping_mul(0x9E37_79B1);
    (mixed >> (u32::BITS - HASH_BITS)) as usize
}

fn push_literals(bytes: &[u8], out: &mut Vec<u8>) {
    for row in bytes.chunks(LITERALS_MAX) {
        out.push((row.len() - 1).to_le_bytes()[0]);
        out.extend_from_slice(row);
    }
}

/// A copy of `run + 2` bytes from `back + 1` before.
fn push_run(back: usize, run: usize, out: &mut Vec<u8>) {
    let [low, high, ..] = back.to_le_bytes();
    match run.checked_sub(7) {
        None => out.push(run.to_le_bytes()[0] << 5 | high),
        Some(more) => out.extend_from_slice(&[7 << 5 | high, more.to_le_bytes()[0]]),
    }
    out.push(low);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_overlap_themselves() {
        // "ab", then 64 bytes from 2 back, then 14 more as literals: see the vector "string lzf".
        let packed = [0x02, 0x61, 0x62, 0x61, 0xe0, 0x42, 0x01, 0x01, 0x61, 0x62];
        let plain = decompress(&packed, 80).unwrap();
        assert_eq!(plain, b"ab".repeat(40));
        assert_eq!(decompress(&packed, 79), None);
        assert_eq!(decompress(&packed, 81), None);
        assert_eq!(decompress(&packed, usize::MAX), None);
    }

    #[test]
    fn what_repeats_is_packed_and_noise_is_not() {
        let mut compressor = Compressor::default();
        let mut packed = Vec::new();
        assert!(compressor.compress(&b"ab".repeat(4000), &mut packed));
        assert!(packed.len() < 120, "{}", packed.len());
        packed.clear();
        assert!(!compressor.compress(b"abcdefghijklmnopqrstuvwxyz", &mut packed));
        assert!(packed.is_empty());
    }

    proptest::proptest! {
        #[test]
        fn what_is_packed_comes_back(texts in proptest::collection::vec(
            proptest::collection::vec(0_u8..4, 0..700), 1..5)) {
            let mut compressor = Compressor::default();
            for text in texts {
                let mut packed = Vec::new();
                if compressor.compress(&text, &mut packed) {
                    proptest::prop_assert!(packed.len() + 4 <= text.len());
                    proptest::prop_assert_eq!(decompress(&packed, text.len()), Some(text));
                }
            }
        }

        #[test]
        fn total(packed: Vec<u8>, len in 0_usize..4000) {
            if let Some(plain) = decompress(&packed, len) {
                proptest::prop_assert_eq!(plain.len(), len);
            }
        }
    }
}
