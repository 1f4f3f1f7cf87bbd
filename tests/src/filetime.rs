//! FILETIMEs (100 ns since 1601) read back from the RFC 3339 that the command prints.

const TICKS_PER_SECOND: u64 = 10_000_000;
const SECONDS_PER_DAY: u64 = 86_400;
/// The first FILETIME of the year 10000: from there on a cell is empty.
pub const BEYOND_RFC3339: u64 = 2_650_467_744_000_000_000;

/// What the command shall show of a FILETIME: itself, or nothing where there is no such date.
#[must_use]
pub fn shown(filetime: u64) -> Option<u64> {
    (filetime != 0 && filetime < BEYOND_RFC3339).then_some(filetime)
}

/// Reads `2024-05-03T10:11:12.1234567Z`, fraction optional; `None` if it is anything else.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-')?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = numbers(clock, ':')?;
    if fraction.len() > 7 || !(1601..=9999).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let ticks: u64 = format!("{fraction:0<7}").parse().ok()?;
    let days = days_before_year(year) - days_before_year(1601)
        + days_before_month(year, month)
        + day.checked_sub(1)?;
    Some((days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second) * TICKS_PER_SECOND + ticks)
}

fn numbers(text: &str, separator: char) -> Option<[u64; 3]> {
    let parts: Vec<u64> = text.split(separator).map(str::parse).collect::<Result<_, _>>().ok()?;
    parts.try_into().ok()
}

fn days_before_year(year: u64) -> u64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400
}

fn days_before_month(year: u64, month: u64) -> u64 {
    const BEFORE: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    BEFORE.get(usize::try_from(month - 1).unwrap_or(0)).copied().unwrap_or(0) + u64::from(leap && month > 2)
}

#[cfg(test)]
mod tests {
    use super::{BEYOND_RFC3339, parse};

    #[test]
    fn known_dates() {
        assert_eq!(parse("1601-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(116_444_736_000_000_000));
        assert_eq!(parse("2000-03-01T00:00:00.5Z"), Some(125_963_424_005_000_000));
        assert_eq!(parse("9999-12-31T23:59:59.9999999Z"), Some(BEYOND_RFC3339 - 1));
        assert_eq!(parse("2024-05-03 10:11:12"), None);
    }
}
