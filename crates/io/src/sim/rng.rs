//! Chance by a seed: SplitMix64, a few lines that give the same numbers everywhere and for ever. A crate's generator may
//! change its numbers with a version, and a seed that was printed must replay what it found.

/// One stream of numbers.
#[derive(Debug, Clone)]
pub(super) struct Rng(u64);

/// A rate of "always", in the unit that rates are given in.
pub(super) const MILLION: u32 = 1_000_000;

impl Rng {
    /// A stream of its own for the part numbered `number`, whatever the others draw.
    pub(super) fn stream(seed: u64, number: u64) -> Self {
        let mut rng = Self(seed ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        Self(rng.next())
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 if that is 0. The bias is one in 2⁶⁴ by `bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        // The upper half of the product.
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    pub(super) fn index(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(bound as u64)).unwrap_or(0)
    }

    pub(super) fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.index(last + 1));
        }
    }
}
