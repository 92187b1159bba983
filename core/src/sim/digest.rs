//! A running hash that is the same in debug, release and wasm.
//!
//! Numbers go in as 64-bit words and bytes as little-endian words, so neither the width of a
//! pointer nor the byte order of a machine can show. Not meant against adversaries.

/// The state of the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digest(u64);

impl Digest {
    pub(crate) const fn new() -> Self {
        Self(0x243F_6A88_85A3_08D3)
    }

    /// Adds a number.
    pub(crate) const fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    /// Adds bytes, and their number.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let mut eight = [0; 8];
            eight.copy_from_slice(chunk);
            self.word(u64::from_le_bytes(eight));
        }
        let rest = chunks.remainder();
        if !rest.is_empty() {
            let mut eight = [0; 8];
            eight[..rest.len()].copy_from_slice(rest);
            self.word(u64::from_le_bytes(eight));
        }
    }

    /// What it amounts to so far, its bits well mixed.
    pub(crate) const fn finish(self) -> u64 {
        let mut x = self.0;
        x ^= x >> 32;
        x = x.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        x ^ (x >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_pinned() {
        let mut digest = Digest::new();
        digest.word(7);
        digest.bytes(b"slotscope!");
        assert_eq!(digest.finish(), PINNED);
    }

    // What the first version yielded: digests stand in share links and must not change silently.
    const PINNED: u64 = 8_477_437_405_896_344_028;
}
