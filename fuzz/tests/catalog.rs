//! The target `catalog` with inputs of chance, in every test run: the committed ones are where the search has been.

use proptest::prelude::*;

/// A case writes and flushes files, so it takes fewer of them.
fn cases() -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig { cases: (asked.cases / 4).max(256), ..asked }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_folder_and_any_export_give_errors_or_right_answers(input in prop::collection::vec(any::<u8>(), 0..400)) {
        quarry_fuzz::catalog(&input);
    }
}
