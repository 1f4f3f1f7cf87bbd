//! Times that are no dates, and times that are told twice.

use quarry_forge::{
    DEFAULT_FILETIME, Entry, FileName, RecordBuilder, StandardInformation, Times, VolumeBuilder,
};
use quarry_index::Time;
use quarry_scan::Pipeline;

use crate::common::{open, row, run, scan};

#[test]
fn pitfall_39_every_time_is_kept_and_told_from_a_date() {
    let check = |time: u64, is_date: bool| {
        let times = Times { created: time, modified: time, changed: DEFAULT_FILETIME, accessed: time };
        let volume = VolumeBuilder::new().add("a", Entry::file(b"1").times(times)).build();
        let scan = scan(volume.into_image());
        assert_eq!(
            row(&scan, "/a").times,
            [time, time, DEFAULT_FILETIME, time],
            "no row is lost for its time"
        );
        assert_eq!(Time(time).is_date(), is_date, "{time}");
    };
    check(0, false);
    check(1, true);
    check(DEFAULT_FILETIME, true);
    check(Time::YEAR_10000.0 - 1, true);
    check(Time::YEAR_10000.0, false);
    check(i64::MAX as u64, false);
    check(1 << 63, false);
    check(u64::MAX, false);
}

/// Four times that differ.
fn times(first: u64) -> Times {
    Times { created: first, modified: first + 1, changed: first + 2, accessed: first + 3 }
}

/// Whoever sets a file's times back leaves those that its name was given with.
#[test]
fn pitfall_40_times_of_the_file_and_of_its_name_are_kept_side_by_side() {
    let record = |number: u64, name: &str| {
        let name = FileName::new((5, 5), name).times(times(number * 100 + 50));
        RecordBuilder::new(number).with(StandardInformation::new().times(times(number * 100))).with(name)
    };
    let extension = |name: &str| FileName::new((5, 5), name).times(times(4_250));
    let image = VolumeBuilder::new()
        .record(40, record(40, "living"))
        .record(41, record(41, "deleted").deleted())
        // Whose name stands in another record than its times.
        .record(42, RecordBuilder::new(42).with(StandardInformation::new().times(times(4_200))))
        .record(43, RecordBuilder::new(43).base((42, 1)).with(extension("in an extension")))
        .build()
        .into_image();
    let volume = open(image);
    let kept = run(&volume, Pipeline { evidence: true, deleted: true, ..Pipeline::default() });
    for (number, path) in [(40, "/living"), (41, "/deleted"), (42, "/in an extension")] {
        let row = kept.index.rows().find(|row| *row.path() == *path.as_bytes()).unwrap();
        let first = number * 100;
        let file = [row.created(), row.modified(), row.changed(), row.accessed()];
        assert_eq!(file, [0, 1, 2, 3].map(|more| Time(first + more)), "{path}: $STANDARD_INFORMATION");
        let evidence = row.evidence().unwrap();
        let name =
            [evidence.name_created, evidence.name_modified, evidence.name_changed, evidence.name_accessed];
        assert_eq!(name, [50, 51, 52, 53].map(|more| Time(first + more)), "{path}: $FILE_NAME");
    }
    let plain = run(&volume, Pipeline { deleted: true, ..Pipeline::default() });
    assert_eq!(plain.index.rows().find_map(|row| row.evidence()), None, "only when asked for");
}
