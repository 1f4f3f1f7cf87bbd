//! `$BITMAP`: one bit for each record (or cluster), set if it is in use.

/// The content of a `$BITMAP`, or a part of it that starts at a byte.
#[derive(Debug, Clone, Copy)]
pub struct Bitmap<'a>(&'a [u8]);

impl<'a> Bitmap<'a> {
    /// Takes `bytes` as bits, the lowest of each byte first.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether `place` is in use; nothing beyond the end.
    #[must_use]
    pub fn is_set(&self, place: u64) -> Option<bool> {
        let byte = self.0.get(usize::try_from(place / 8).ok()?)?;
        Some(byte >> (place % 8) & 1 == 1)
    }

    /// How many of the first `places` are in use.
    #[must_use]
    pub fn count(&self, places: u64) -> u64 {
        let whole = usize::try_from(places / 8).unwrap_or(usize::MAX).min(self.0.len());
        let ones: u64 = self.0.iter().take(whole).map(|byte| u64::from(byte.count_ones())).sum();
        let tail = self.0.get(whole).map_or(0, |byte| byte & ((1 << (places % 8)) - 1));
        ones + u64::from(tail.count_ones())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn counts_what_is_set(bytes in proptest::collection::vec(any::<u8>(), 0..40), places in 0u64..400) {
            let bitmap = Bitmap::new(&bytes);
            let set = (0..places).filter(|&place| bitmap.is_set(place) == Some(true)).count() as u64;
            prop_assert_eq!(bitmap.count(places), set);
            prop_assert_eq!(bitmap.is_set(bytes.len() as u64 * 8), None);
        }
    }
}
