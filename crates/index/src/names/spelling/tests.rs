//! Names go through the spelling and come back; spellings of any kind do no harm.

use proptest::prelude::*;

use super::*;
use crate::names::samples;

fn check(case: &CaseTable, folded: &[u8], plain: &[u8]) -> (u64, Vec<u8>) {
    let speller = Speller::new(case);
    let (mut bytes, mut name) = (vec![7; 3], b"before".to_vec());
    let code = speller.spell(folded, plain, &mut bytes);
    speller.restore(folded, code, &bytes, &mut name).unwrap();
    assert_eq!(name, [b"before", plain].concat(), "code {code}, bytes {bytes:?}");
    (code, bytes.split_off(3))
}

fn code(plain: &[u8]) -> (u64, Vec<u8>) {
    let case = CaseTable::default();
    check(&case, &case.fold(plain), plain)
}

#[test]
fn the_codes_are_those_of_the_format() {
    let none = Vec::new();
    for name in ["", "README", "2024-01-01", "日本", "😀", "ß"] {
        assert_eq!(code(name.as_bytes()), (AS_FOLDED, none.clone()), "{name}");
    }
    for name in ["readme.txt", "a", "1.x", "übung", "😀x", "straße"] {
        assert_eq!(code(name.as_bytes()), (LOWER, none.clone()), "{name}");
    }
    for name in ["Readme.txt", "Übung", "Straße", "Ae"] {
        assert_eq!(code(name.as_bytes()), (CAPITAL, none.clone()), "{name}");
    }
    assert_eq!(code(b"ReadMe"), (6, vec![1, 0b10_1110]));
    assert_eq!(code(b"aB"), (6, vec![1, 1]));
    assert_eq!(code("ÜBüBE.é".as_bytes()), (6, vec![1, 0b100_0100]));
    assert_eq!(code(b"IMG_2024.jpg"), (6, vec![2, 0, 0b1110]));
    assert_eq!(code(b"a\xFF"), (6, b"\xFF\x02\x00a\xFF".to_vec()));
}

#[test]
fn one_upper_case_of_two_units_is_kept_as_it_is() {
    let mut units: Vec<u16> = (0..=u16::MAX).collect();
    units[usize::from(b'a')] = u16::from(b'Z');
    units[usize::from(b'b')] = u16::from(b'Z');
    let case = CaseTable::from_units(&units);
    assert_eq!(check(&case, b"ZZ", b"aa").0, LOWER, "the least of them is the lower case");
    assert_eq!(check(&case, b"ZZ", b"ab").1, b"\xFF\x02\x00ab");
}

#[test]
fn a_name_too_long_for_bits_is_kept_as_it_is() {
    let mut long = b"a".repeat(254 * 8);
    long[1] = b'B';
    assert_eq!(code(&long).1.len(), 1 + 254);
    long.push(b'a');
    assert_eq!(code(&long).1.len(), 3 + long.len());
    assert_eq!(code(&b"xY".repeat(32_000)).1.len(), 3 + 64_000);
}

#[test]
fn a_spelling_that_leads_outside_is_an_error() {
    let speller = Speller::new(&CaseTable::default());
    let fails = |code, bytes: &[u8]| {
        let error = speller.restore(b"NAME", code, bytes, &mut Vec::new()).unwrap_err();
        assert_eq!(error, BadSpelling { code, bytes: bytes.len() });
    };
    fails(3, b"");
    fails(4, b"\x01");
    fails(3, b"\x02\x00");
    fails(3, b"\xFF\x01");
    fails(3, b"\xFF\x02\x00a");
    fails(u64::MAX, b"\x01\x01");
}

proptest! {
    #[test]
    fn any_name_comes_back(case in samples::case_table(), name in samples::name()) {
        check(&case, &case.fold(&name), &name);
    }

    #[test]
    fn any_two_byte_strings_will_do(case in samples::case_table(), pair in [samples::name(), samples::name()]) {
        check(&case, &pair[0], &pair[1]);
    }

    #[test]
    fn no_spelling_panics(
        case in samples::case_table(),
        folded in samples::name(),
        code in prop_oneof![0..40u64, any::<u64>()],
        bytes in prop::collection::vec(prop_oneof![0..5u8, any::<u8>()], 0..40),
    ) {
        let mut out = Vec::new();
        if Speller::new(&case).restore(&folded, code, &bytes, &mut out).is_ok() {
            prop_assert!(out.len() <= 3 * folded.len() + bytes.len());
        }
    }
}
