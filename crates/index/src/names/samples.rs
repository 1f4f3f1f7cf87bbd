//! Names and case tables for the tests: such as volumes have, and such as they have not.

use proptest::prelude::*;

use crate::case::CaseTable;

const FEW: &[&str] = &["a", "A", "b", "B", "z", "1", ".", "\0", "ü", "Ü", "ɐ", "Ɐ", "日", "😀"];
const ROUGH: &[&[u8]] = &[b"\xED\xA0\x80", b"\xED\xB0\x80", b"\xFF", b"\xC3", b"\x80", b"a", b"\xEF\xBF\xBD"];

/// Names of few letters, so that many meet, and of any bytes.
pub(super) fn name() -> impl Strategy<Value = Vec<u8>> {
    let few = prop::sample::select(FEW);
    let rough = prop::sample::select(ROUGH);
    prop_oneof![
        4 => prop::collection::vec(few, 0..12).prop_map(|parts| parts.concat().into_bytes()),
        2 => prop::collection::vec(rough, 0..6).prop_map(|parts| parts.concat()),
        2 => ".{0,20}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..24),
        1 => ("[aA]{0,3}", 0..30usize).prop_map(|(end, times)| ("common pr\u{e9}fix ".repeat(times) + &end).into()),
    ]
}

/// The usual table, and tables with some entries of any kind.
pub(super) fn case_table() -> impl Strategy<Value = CaseTable> {
    let unit = || prop_oneof![4 => 0..128u16, 2 => 0xD7F0..0xE010u16, 1 => any::<u16>()];
    let broken = prop::collection::vec((unit(), unit()), 0..40).prop_map(|entries| {
        let usual = CaseTable::default();
        let mut units: Vec<u16> = (0..=u16::MAX).map(|unit| usual.upper(unit)).collect();
        entries.into_iter().for_each(|(unit, upper)| units[usize::from(unit)] = upper);
        CaseTable::from_units(&units)
    });
    prop_oneof![Just(CaseTable::default()), Just(CaseTable::from_units(&[])), broken]
}
