//! Dates out of FILETIME ticks, written straight into the output.
//!
//! A search for everything prints four dates a row, so this does no allocation, no formatting machinery and no
//! time zone database: the ticks are cut into days and seconds, the days into a civil date by the arithmetic of
//! the 400-year cycle. A property test holds it against jiff.

use super::number::TWO_DIGITS;

/// Ticks of 100 ns in a second.
const TICKS_PER_SECOND: u64 = 10_000_000;
const SECONDS_PER_DAY: u64 = 86_400;
/// The first moment of the year 10000: RFC 3339 has four digits for the year.
const YEAR_10000: u64 = 2_650_467_744_000_000_000;
/// Seconds from 1601-01-01 to 1970-01-01.
const UNIX_EPOCH_SECONDS: i64 = 11_644_473_600;

/// Whether the ticks are a date at all: neither unset (0) nor beyond the year 9999, as all ones are.
pub(crate) fn is_date(ticks: u64) -> bool {
    ticks != 0 && ticks < YEAR_10000
}

/// A moment as a calendar and a clock show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    year: u32,
    month: u32,
    day: u32,
    second_of_day: u32,
}

impl Civil {
    /// What a UTC calendar shows `seconds` after 1601-01-01.
    fn from_seconds(seconds: u64) -> Self {
        const DAYS_PER_400_YEARS: u32 = 146_097;
        /// From 1600-03-01, where a cycle begins whose years end with the leap day, to 1601-01-01.
        const DAYS_BEFORE_1601: u32 = 306;
        // The largest count of ticks is some 21 million days, and 32 bits divide faster than 64.
        let days = u32::try_from(seconds / SECONDS_PER_DAY).unwrap_or(0) + DAYS_BEFORE_1601;
        let second_of_day = u32::try_from(seconds % SECONDS_PER_DAY).unwrap_or(0);
        let (cycle, day_of_cycle) = (days / DAYS_PER_400_YEARS, days % DAYS_PER_400_YEARS);
        // Leap days drop out when each is subtracted: every 4 years, not every 100, again the last of 400.
        let year_of_cycle =
            (day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
        let day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
        // From March on, months are 31 30 31 30 31 days twice over, and that is the line 153/5.
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let (month, next_year) =
            if month_from_march < 10 { (month_from_march + 3, 0) } else { (month_from_march - 9, 1) };
        let year = 1600 + 400 * cycle + year_of_cycle + next_year;
        Self { year, month, day, second_of_day }
    }

    /// What a clock on the user's wall shows at `ticks`.
    pub(crate) fn local(ticks: u64, zone: &jiff::tz::TimeZone) -> Self {
        let seconds = ticks / TICKS_PER_SECOND;
        let offset = i64::try_from(seconds)
            .ok()
            .and_then(|seconds| jiff::Timestamp::from_second(seconds - UNIX_EPOCH_SECONDS).ok())
            .map_or(0, |moment| zone.to_offset(moment).seconds());
        Self::from_seconds(seconds.saturating_add_signed(offset.into()))
    }

    /// Writes the digits of `YYYY-MM-DD?HH:MM`. Of a year beyond 9999 only the last four are there.
    fn write_minutes(self, out: &mut [u8; MINUTES.len()]) {
        let minute_of_day = self.second_of_day / 60;
        two(out, 0, self.year / 100 % 100);
        two(out, 2, self.year % 100);
        two(out, 5, self.month);
        two(out, 8, self.day);
        two(out, 11, minute_of_day / 60);
        two(out, 14, minute_of_day % 60);
    }

    /// Appends `2024-05-03 10:11`.
    pub(crate) fn push_minutes(self, out: &mut Vec<u8>) {
        let mut text = *MINUTES;
        self.write_minutes(&mut text);
        out.extend_from_slice(&text);
    }
}

const MINUTES: &[u8; 16] = b"0000-00-00 00:00";

/// Writes a number below 100 with two digits.
fn two<const N: usize>(text: &mut [u8; N], at: usize, number: u32) {
    text[at..at + 2].copy_from_slice(&TWO_DIGITS[number as usize]);
}

/// Appends ticks that [are a date](is_date) as RFC 3339 in UTC, with seven digits of a second if there are any.
pub(crate) fn push_rfc3339(out: &mut Vec<u8>, ticks: u64) {
    let civil = Civil::from_seconds(ticks / TICKS_PER_SECOND);
    let mut text = *b"0000-00-00T00:00:00.0000000Z";
    if let Some((minutes, _)) = text.split_first_chunk_mut() {
        civil.write_minutes(minutes);
    }
    two(&mut text, 17, civil.second_of_day % 60);
    let fraction = u32::try_from(ticks % TICKS_PER_SECOND).unwrap_or(0);
    if fraction == 0 {
        text[19] = b'Z';
        return out.extend_from_slice(&text[..20]);
    }
    // Seven digits: the first stands alone.
    text[20] = TWO_DIGITS[(fraction / 1_000_000) as usize][1];
    two(&mut text, 21, fraction / 10_000 % 100);
    two(&mut text, 23, fraction / 100 % 100);
    two(&mut text, 25, fraction % 100);
    out.extend_from_slice(&text);
}

#[cfg(test)]
mod tests {
    use super::{Civil, TICKS_PER_SECOND, UNIX_EPOCH_SECONDS, YEAR_10000, is_date, push_rfc3339};
    use proptest::prelude::{any, proptest};

    fn rfc3339(ticks: u64) -> String {
        let mut out = Vec::new();
        push_rfc3339(&mut out, ticks);
        String::from_utf8(out).expect("ASCII")
    }

    /// The same by jiff.
    fn by_jiff(ticks: u64) -> String {
        let seconds = i64::try_from(ticks / TICKS_PER_SECOND).expect("fits") - UNIX_EPOCH_SECONDS;
        let nanoseconds = i32::try_from(ticks % TICKS_PER_SECOND * 100).expect("fits");
        let moment = jiff::Timestamp::new(seconds, nanoseconds).expect("a date");
        if nanoseconds == 0 { format!("{moment:.0}") } else { format!("{moment:.7}") }
    }

    #[test]
    fn pitfall_39_what_is_no_date_is_none() {
        for (ticks, expected) in
            [(0, false), (1, true), (YEAR_10000 - 1, true), (YEAR_10000, false), (u64::MAX, false)]
        {
            assert_eq!(is_date(ticks), expected, "{ticks}");
        }
    }

    #[test]
    fn dates_at_the_corners_of_the_calendar() {
        let cases = [
            (1, "1601-01-01T00:00:00.0000001Z"),
            (116_444_736_000_000_000, "1970-01-01T00:00:00Z"),
            (133_592_046_721_234_567, "2024-05-03T10:11:12.1234567Z"),
            (125_962_560_000_000_000, "2000-02-29T00:00:00Z"),
            (YEAR_10000 - 1, "9999-12-31T23:59:59.9999999Z"),
        ];
        for (ticks, expected) in cases {
            assert_eq!(rfc3339(ticks), expected);
        }
    }

    #[test]
    fn every_day_of_two_cycles_is_jiffs() {
        const DAYS: u64 = 2 * 146_097;
        for day in 0..DAYS {
            let ticks = day * 86_400 * TICKS_PER_SECOND;
            assert_eq!(rfc3339(ticks), by_jiff(ticks));
        }
    }

    #[test]
    fn a_local_clock_is_ahead_or_behind() {
        let noon = 133_592_112_000_000_000;
        for (hours, expected) in
            [(0, "2024-05-03 12:00"), (14, "2024-05-04 02:00"), (-12, "2024-05-03 00:00")]
        {
            let mut out = Vec::new();
            Civil::local(noon, &jiff::tz::TimeZone::fixed(jiff::tz::offset(hours))).push_minutes(&mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }

    proptest! {
        #[test]
        fn any_moment_is_jiffs(ticks in 1..YEAR_10000 - 3 * 86_400 * TICKS_PER_SECOND) {
            assert_eq!(rfc3339(ticks), by_jiff(ticks));
        }

        #[test]
        fn a_local_clock_never_panics(ticks in any::<u64>(), hours in -25_i8..=25) {
            let mut out = Vec::new();
            Civil::local(ticks, &jiff::tz::TimeZone::fixed(jiff::tz::offset(hours))).push_minutes(&mut out);
            assert_eq!(out.len(), 16);
        }
    }
}
