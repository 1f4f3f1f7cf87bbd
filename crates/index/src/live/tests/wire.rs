//! Changes as bytes and back.

use proptest::prelude::*;

use super::property::state;
use super::*;

proptest! {
    /// What a log holds is what was put into it; a log that is cut, or is none, is refused and does no harm.
    #[test]
    fn changes_come_back_from_bytes(
        states in prop::collection::vec(state(), 0..4),
        removed: u32,
        cut: prop::sample::Index,
        noise in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let changes: Vec<Change> =
            states.into_iter().map(Change::Set).chain([Change::Remove(removed)]).collect();
        let mut bytes = Vec::new();
        changes.iter().for_each(|change| change.encode(&mut bytes));
        let mut rest = bytes.as_slice();
        for change in &changes {
            let back = Change::decode(&mut rest).unwrap();
            prop_assert_eq!(format!("{back:?}"), format!("{change:?}"));
        }
        prop_assert!(rest.is_empty());
        let mut cut = &bytes[..cut.index(bytes.len())];
        prop_assert!((0..changes.len()).any(|_| Change::decode(&mut cut).is_none()), "one was cut");
        let mut noise = noise.as_slice();
        while Change::decode(&mut noise).is_some() {}
    }
}

/// As `docs/formats/log.md` draws them.
#[test]
fn changes_are_drawn_as_they_are() {
    let mut bytes = Vec::new();
    Change::Remove(0x0102_0304).encode(&mut bytes);
    assert_eq!(bytes, [2, 4, 3, 2, 1]);
    bytes.clear();
    Change::Set(small()[&33].clone()).encode(&mut bytes);
    assert_eq!(bytes.len(), 132 + 8 + 3 + 3 + 18 + 1, "two names of three bytes, a stream of one");
    assert_eq!(bytes[..8], [1, 33, 0, 0, 0, 1, 0, 0]);
    assert_eq!(bytes[16..24], [33, 0, 0, 0, 0, 0, 0, 0], "the size");
    assert_eq!(bytes[116..131], *b"\x02\0\0\0\x1f\0\0\0\x01\0\x03\0one");
}
