//! Case-blind comparison by the volume's own table.
//!
//! NTFS holds two names for the same if its `$UpCase` file maps their UTF-16 units to the same units. That is
//! neither ASCII's rule nor Unicode's (ß stays ß, the Kelvin sign is no k), so Unicode lower-casing would find
//! what the volume calls different and miss what it calls the same.

mod default;

use crate::wtf8;

/// How many UTF-16 units there are.
const UNITS: usize = 1 << 16;
const SURROGATES: std::ops::RangeInclusive<u16> = 0xD800..=0xDFFF;

/// Maps each UTF-16 unit to its upper case.
#[derive(Clone)]
pub struct CaseTable {
    upper: Box<[u16; UNITS]>,
    /// Whether ASCII folds as ASCII does: then blobs of ASCII are folded many bytes at a time.
    plain_ascii: bool,
}

impl std::fmt::Debug for CaseTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mapped = (0..=u16::MAX).filter(|&unit| self.upper(unit) != unit).count();
        f.debug_struct("CaseTable").field("mapped_units", &mapped).finish()
    }
}

impl Default for CaseTable {
    /// The table of current NTFS volumes.
    fn default() -> Self {
        let mut upper = identity();
        for (first, last, step, shift) in default::RANGES {
            for unit in (first..=last).step_by(usize::from(step)) {
                upper[usize::from(unit)] = unit.wrapping_add(shift);
            }
        }
        Self::checked(upper)
    }
}

impl CaseTable {
    /// The table that a volume carries: the upper case of each unit in order. Units that it lacks map to
    /// themselves, and so do surrogates and whatever a damaged table would map to NUL or to a surrogate.
    #[must_use]
    pub fn from_units(units: &[u16]) -> Self {
        let mut upper = identity();
        for (slot, &unit) in upper.iter_mut().zip(units) {
            if may_map(*slot, unit) {
                *slot = unit;
            }
        }
        Self::checked(upper)
    }

    /// The units that another one is the upper case of, each followed by that, in two bytes each.
    pub(crate) fn pairs(&self) -> Vec<u8> {
        let mapped =
            (0..=u16::MAX).map(|unit| (unit, self.upper(unit))).filter(|(unit, upper)| unit != upper);
        mapped.flat_map(|(unit, upper)| [unit.to_le_bytes(), upper.to_le_bytes()]).flatten().collect()
    }

    /// The table of which these are the pairs; as careful about them as [`CaseTable::from_units`].
    pub(crate) fn from_pairs(pairs: &[u8]) -> Self {
        let mut upper = identity();
        for &[a, b, c, d] in pairs.as_chunks::<4>().0 {
            let (unit, mapped) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
            if may_map(unit, mapped) {
                upper[usize::from(unit)] = mapped;
            }
        }
        Self::checked(upper)
    }

    fn checked(upper: Box<[u16; UNITS]>) -> Self {
        let plain_ascii =
            (0..128u8).all(|byte| upper[usize::from(byte)] == u16::from(byte.to_ascii_uppercase()));
        Self { upper, plain_ascii }
    }

    /// The upper case of one unit.
    #[must_use]
    pub fn upper(&self, unit: u16) -> u16 {
        self.upper[usize::from(unit)]
    }

    /// Appends the folded form of `name` (WTF-8) to `out`. Its length in bytes may differ.
    pub fn fold_into(&self, name: &[u8], out: &mut Vec<u8>) {
        if self.plain_ascii && name.is_ascii() {
            let start = out.len();
            out.extend_from_slice(name);
            out[start..].make_ascii_uppercase();
            return;
        }
        for point in wtf8::code_points(name) {
            let folded = u16::try_from(point).map_or(point, |unit| u32::from(self.upper(unit)));
            wtf8::push(out, folded);
        }
    }

    /// The folded form of `name` (WTF-8).
    #[must_use]
    pub fn fold(&self, name: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(name.len());
        self.fold_into(name, &mut out);
        out
    }
}

/// Whether a table may say that `upper` is the upper case of `unit`.
fn may_map(unit: u16, upper: u16) -> bool {
    !SURROGATES.contains(&unit) && !SURROGATES.contains(&upper) && upper != 0
}

fn identity() -> Box<[u16; UNITS]> {
    let mut units = Box::new([0u16; UNITS]);
    for (slot, unit) in units.iter_mut().zip(0..=u16::MAX) {
        *slot = unit;
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, folded: &str) {
        assert_eq!(String::from_utf8(CaseTable::default().fold(name.as_bytes())).unwrap(), folded);
    }

    #[test]
    fn folds_as_the_file_system_does() {
        check("Readme.txt", "README.TXT");
        check("straße", "STRAßE");
        check("Σίσυφος", "ΣΊΣΥΦΟς");
        check("İıK", "İıK");
        check("ÿ", "Ÿ");
        check("ǆ ǅ", "Ǆ ǅ");
        check("😀 日本", "😀 日本");
    }

    #[test]
    fn a_folded_name_may_be_longer_or_shorter() {
        let table = CaseTable::default();
        assert_eq!(table.fold("ɐ".as_bytes()), "Ɐ".as_bytes());
        assert_eq!(("ɐ".len(), "Ɐ".len()), (2, 3));
        assert_eq!(table.fold("ᵽ".as_bytes()), "Ᵽ".as_bytes());
    }

    #[test]
    fn lone_surrogates_survive() {
        assert_eq!(CaseTable::default().fold(b"a\xed\xa0\x80b"), b"A\xed\xa0\x80B");
    }

    #[test]
    fn a_damaged_table_cannot_make_names_invalid() {
        let mut units: Vec<u16> = (0..=u16::MAX).collect();
        units[usize::from(b'a')] = 0xD800;
        units[usize::from(b'b')] = 0;
        units[0xD800] = u16::from(b'x');
        let table = CaseTable::from_units(&units);
        assert_eq!(table.fold(b"ab\xed\xa0\x80"), b"ab\xed\xa0\x80");
        assert_eq!(CaseTable::from_units(&[]).fold(b"abc"), b"abc");
    }
}
