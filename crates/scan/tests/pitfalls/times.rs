//! Times that are no dates.

use quarry_forge::{DEFAULT_FILETIME, Entry, Times, VolumeBuilder};
use quarry_index::Time;

use crate::common::{row, scan};

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
