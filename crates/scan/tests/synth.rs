//! The made-up `$MFT` is sound, consistent, and distributed as it says.

mod common;

use std::collections::HashSet;
use std::sync::Arc;

use common::{findings, run, try_open};
use quarry_index::{Kind, RowFlags};
use quarry_scan::{Pipeline, SynthDevice};

#[test]
fn a_made_up_volume_is_consistent_and_like_a_real_one() {
    const RECORDS: u64 = 30_000;
    let volume = try_open(Arc::new(SynthDevice::new(RECORDS, 42))).unwrap();
    let scan = run(&volume, Pipeline { deleted: true, ..Pipeline::default() });
    let counts = scan.report.counts;
    assert_eq!((findings(&scan), &scan.report.notes[..]), (vec![], &[][..]), "nothing hangs in the air");
    assert_eq!((counts.records, counts.damaged, counts.unread), (RECORDS, 0, 0));
    let share = |part: u64, whole: u64, percents: std::ops::RangeInclusive<u64>, what: &str| {
        let percent = part * 100 / whole;
        assert!(percents.contains(&percent), "{what}: {part} of {whole}");
    };
    share(counts.folders, counts.files, 8..=10, "folders");
    share(counts.deleted_files, counts.records, 8..=10, "deleted");
    share(counts.extensions, counts.records, 0..=2, "extensions");
    share(counts.short_names, counts.files, 33..=39, "short names");
    assert!(counts.extensions > 100 && counts.streams > 100, "{counts:?}");

    let living = |row: &quarry_index::Row<'_>| !row.flags().contains(RowFlags::DELETED);
    let names: Vec<_> = scan.index.rows().filter(living).filter(|row| row.kind() != Kind::Stream).collect();
    let distinct: HashSet<_> = names.iter().map(|row| row.name().into_owned()).collect();
    share(distinct.len() as u64, names.len() as u64, 85..=91, "spellings of names");
    let length: usize = names.iter().map(|row| row.name().len()).sum();
    assert!((12..=17).contains(&(length / names.len())), "{} bytes a name", length / names.len());
    let mut depths: Vec<_> =
        names.iter().map(|row| row.path().iter().filter(|&&byte| byte == b'/').count()).collect();
    depths.sort_unstable();
    assert!((5..=9).contains(&depths[depths.len() / 2]), "half lie {} deep", depths[depths.len() / 2]);
    assert!(depths[depths.len() - 1] < 40);
    let mut sizes: Vec<_> =
        names.iter().filter(|row| row.kind() == Kind::File).map(|row| row.size()).collect();
    sizes.sort_unstable();
    assert!((5_000..10_000).contains(&sizes[sizes.len() / 2]), "{}", sizes[sizes.len() / 2]);
}
