//! Dumps that are pieces of a `$MFT`: records are numbered by what most of them say of themselves.

mod common;

use common::{Row, findings, open, paths, row, rows, run, scan, user_rows};
use quarry_forge::{Volume as Forged, VolumeBuilder, vandal};
use quarry_index::{FindingKind, RowFlags};
use quarry_ntfs::Damage;
use quarry_scan::{Note, Pipeline};

const RECORD: usize = 1024;
/// Folders of the volume, and files in each; a folder's record comes before those of its files.
const FOLDERS: usize = 12;
const FILES: usize = 40;

fn forged() -> Forged {
    let files = (0..FOLDERS).flat_map(|folder| (0..FILES).map(move |file| format!("{folder:02}/{file:02}")));
    files.fold(VolumeBuilder::new(), |volume, file| volume.file(&file, file.as_bytes())).build()
}

/// All rows but those made for the root and the orphans, without what depends on the rows around them.
fn facts(rows: Vec<Row>) -> Vec<(Option<u32>, u16, u64, [u64; 4])> {
    let real = rows.into_iter().filter(|row| row.record.is_some_and(|record| record != 5));
    let mut facts: Vec<_> = real.map(|row| (row.record, row.sequence, row.size, row.times)).collect();
    facts.sort_unstable();
    facts
}

#[test]
fn a_piece_is_numbered_as_its_records_say() {
    let volume = forged();
    let whole = scan(volume.mft());
    let records = volume.mft().len() / RECORD;
    for (first, end) in [(1, records), (24, records), (300, 420), (27, 28), (records - 1, records)] {
        let piece = open(&volume.mft()[first * RECORD..end * RECORD]);
        let (first, end) = (first as u64, end as u64);
        assert_eq!((piece.numbers(), piece.records()), (first..end, end - first));
        let scan = run(&piece, Pipeline::default());
        assert_eq!(scan.report.notes, [Note::DumpStartsAt { record: first }]);
        assert!(scan.report.is_partial());
        let counts = scan.report.counts;
        assert_eq!((counts.records, counts.damaged, counts.unread), (end - first, 0, 0));
        let inside = |record: Option<u32>| record.is_some_and(|it| (first..end).contains(&it.into()));
        let mut expected = facts(rows(&whole));
        expected.retain(|&(record, ..)| inside(record));
        assert_eq!(facts(rows(&scan)), expected);
    }
}

/// Any record may never have been used, and any may be overwritten: the first is no witness of all.
#[test]
fn a_piece_is_recognised_whatever_its_first_record_is() {
    let volume = forged();
    let sound = &volume.mft()[100 * RECORD..400 * RECORD];
    let mut expected = user_rows(&scan(sound));
    expected.retain(|row| row.record != Some(100));
    let mut expected: Vec<String> = expected.into_iter().map(|row| row.path).collect();
    expected.sort();
    assert_eq!(expected.len(), 299);
    for filling in [0, 0x5A] {
        let mut piece = sound.to_vec();
        piece[..RECORD].fill(filling);
        let scan = scan(piece);
        assert_eq!(scan.report.notes, [Note::DumpStartsAt { record: 100 }]);
        assert_eq!(paths(&scan), expected, "filled with {filling}");
    }
}

/// A file finds its folder where that is in the piece, and no stranger where it is not.
#[test]
fn in_a_piece_only_what_is_there_is_a_parent() {
    let volume = forged();
    let folder = usize::try_from(volume.reference("05").frs()).unwrap();
    let with = scan(&volume.mft()[folder * RECORD..(folder + 20) * RECORD]);
    assert_eq!(findings(&with), []);
    assert_eq!(paths(&with).len(), 20);
    assert!(paths(&with).iter().all(|path| path.starts_with("/05")), "{:#?}", paths(&with));
    let without = scan(&volume.mft()[(folder + 1) * RECORD..(folder + 20) * RECORD]);
    assert!(paths(&without).iter().all(|path| path.starts_with("<orphans>/")));
    assert_eq!(without.report.findings.count(FindingKind::Orphan), 19);
}

#[test]
fn a_piece_keeps_its_numbers_through_damage() {
    let volume = forged();
    let sound = &volume.mft()[100 * RECORD..400 * RECORD];
    let expected = paths(&scan(sound));
    // Blank, bad and torn records, and some that came from elsewhere: half of those that speak are right.
    let mut piece = sound.to_vec();
    for (place, record) in piece.chunks_exact_mut(RECORD).enumerate().skip(1) {
        match place % 7 {
            0 => vandal::zero(record),
            1 => vandal::mark_baad(record),
            2 => vandal::tear(record, 1),
            3 => record.copy_from_slice(volume.record(30)),
            _ => {}
        }
    }
    let scan = scan(piece);
    assert_eq!(scan.report.notes, [Note::DumpStartsAt { record: 100 }]);
    let strays = scan.report.damaged.iter().filter(|it| it.damage.contains(Damage::MISPLACED)).count();
    assert_eq!(strays, 299 / 7 + 1);
    let kept = paths(&scan).into_iter().filter(|path| expected.contains(path)).count();
    assert!(kept >= 300 / 7 * 3 - FOLDERS, "{kept}");
}

#[test]
fn where_numbers_do_not_agree_the_first_record_is_0() {
    let volume = forged();
    let mft = volume.mft();
    // Two pieces of the same length: neither has more than half.
    let two = [&mft[30 * RECORD..60 * RECORD], &mft[100 * RECORD..130 * RECORD]].concat();
    let opened = open(two);
    assert_eq!((opened.numbers(), opened.notes()), (0..60, &[][..]));
    // The longer one has; the other's records are out of place, and nobody's parents.
    let two = [&mft[30 * RECORD..61 * RECORD], &mft[100 * RECORD..130 * RECORD]].concat();
    let scan = scan(two);
    assert_eq!(scan.report.notes, [Note::DumpStartsAt { record: 30 }]);
    assert_eq!(scan.report.counts.damaged, 30);
}

#[test]
fn what_lies_before_record_0_is_left_out() {
    let volume = forged();
    let whole = scan(volume.mft());
    let mft = volume.mft();
    let late = scan([&mft[400 * RECORD..403 * RECORD], mft].concat());
    assert_eq!(late.report.notes, [Note::DumpStartsLate { records: 3 }]);
    assert!(late.report.is_partial());
    assert_eq!(rows(&late), rows(&whole));
    let cut = scan([&mft[400 * RECORD..403 * RECORD], &mft[..100 * RECORD + 7]].concat());
    let cause = "the dump ends before the $MFT does".to_owned();
    let short = Note::MftCutShort { there: 100 * 1024 + 7, expected: mft.len() as u64, cause };
    assert_eq!(cut.report.notes, [Note::DumpStartsLate { records: 3 }, short]);
}

#[test]
fn numbers_beyond_what_can_be_counted_number_nothing() {
    let mut piece = forged().mft()[100 * RECORD..110 * RECORD].to_vec();
    for (place, record) in (0u32..).zip(piece.chunks_exact_mut(RECORD)) {
        record[0x2C..0x30].copy_from_slice(&(u32::MAX - 9 + place).to_le_bytes());
    }
    let opened = open(piece.clone());
    assert_eq!((opened.numbers(), opened.notes()), (0..10, &[][..]));
    assert_eq!(run(&opened, Pipeline::default()).report.counts.damaged, 10);
    // One less, and the last of them has the highest number that there is.
    for record in piece.chunks_exact_mut(RECORD) {
        record[0x2C] -= 1;
    }
    let scan = scan(piece);
    assert_eq!(scan.report.notes, [Note::DumpStartsAt { record: u64::from(u32::MAX) - 10 }]);
    assert_eq!(scan.report.counts.damaged, 0);
    let last = rows(&scan).into_iter().filter_map(|row| row.record).max();
    assert_eq!(last, Some(u32::MAX - 1));
}

/// One record that was written back by another tool does not decide for all others.
#[test]
fn most_records_tell_whether_fixups_are_undone() {
    let volume = forged();
    let (stored, applied) = (volume.mft().to_vec(), volume.mft_applied());
    let mixed = |mut dump: Vec<u8>, other: &[u8]| {
        let place = 100 * RECORD..101 * RECORD;
        dump[place.clone()].copy_from_slice(&other[place]);
        scan(dump)
    };
    let undone = mixed(applied.clone(), &stored);
    assert_eq!(undone.report.notes, [Note::FixupsUndone]);
    assert_eq!(undone.report.counts.torn, 0);
    let protected = mixed(stored, &applied);
    assert_eq!((protected.report.notes, protected.report.counts.torn), (vec![], 1));
}

#[test]
fn a_stray_in_the_place_of_the_root_is_no_root() {
    let mut volume = forged();
    let stray = volume.record(30).to_vec();
    volume.edit(5, |record| record.copy_from_slice(&stray));
    let scan = scan(volume.mft());
    assert_eq!(findings(&scan), []);
    assert!(paths(&scan).contains(&"/11/39".to_owned()));
    assert_eq!(row(&scan, "/").flags, RowFlags::METAFILE);
    let found = rows(&scan).into_iter().find(|row| row.record == Some(5) && row.path != "/").unwrap();
    assert_eq!(found.flags, RowFlags::METAFILE | RowFlags::DAMAGED);
}
