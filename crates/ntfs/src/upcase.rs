//! `$UpCase`: the upper case of each UTF-16 unit, by which a volume compares names.

/// How long the content of `$UpCase` is: two bytes for each of 65,536 units.
pub const UPCASE_BYTES: usize = 2 << 16;

/// The units in the content of `$UpCase`; fewer than 65,536 if it is cut short.
pub fn upcase_units(content: &[u8]) -> impl ExactSizeIterator<Item = u16> + '_ {
    let (units, _) = content.as_chunks::<2>();
    units.iter().take(UPCASE_BYTES / 2).map(|&unit| u16::from_le_bytes(unit))
}
