//! LZF: the light compression of long strings in RDB. Reading only; what we write is plain, which
//! every reader accepts.
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

    proptest::proptest! {
        #[test]
        fn total(packed: Vec<u8>, len in 0_usize..4000) {
            if let Some(plain) = decompress(&packed, len) {
                proptest::prop_assert_eq!(plain.len(), len);
            }
        }
    }
}
