//! Dates, in the time zone of whoever asks.
//!
//! A date is the whole interval that it names: `2024-05` is May, `today` is from midnight to midnight. Bounds
//! never leave the years that can be shown, so a row with an impossible time lies in none of them.

use std::ops::Range;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan, Zoned};

use super::compare::Scale;
use super::{Input, Parsed, eat, fault, here, peek, run, word_ahead};
use crate::Time;
use crate::query::ast::Bounds;

/// All times that are dates.
const ALL: Bounds = Bounds { first: 1, last: Time::YEAR_10000.0 - 1 };
/// Years that FILETIME can tell and people can write.
const YEARS: Range<i16> = 1601..10_000;
const TICK_NANOSECONDS: i128 = 100;
/// Digits behind the seconds' point: a tick is the seventh.
const FRACTION_DIGITS_MAX: usize = 7;

const HINT: &str =
    "write a date such as 2024, 2024-05, 2024-05-03, 2024-05-03T10:20, today, lastweek or last7days";

/// Bounds of a date.
pub(super) fn bounds(input: &mut Input<'_>) -> Parsed<Bounds> {
    Scale { read: date, by_ends: true, all: ALL, example: "2024-05..2024-07" }.bounds(input)
}

fn date(input: &mut Input<'_>) -> Parsed<Bounds> {
    if peek(input).is_some_and(|c| c.is_ascii_digit()) {
        return written(input);
    }
    let at = word_ahead(input);
    let word = run(input, |c| c.is_ascii_alphanumeric())?.to_ascii_lowercase();
    let now = input.state.now;
    match named(&word, now).or_else(|| recent(&word, now)) {
        Some(bounds) => Ok(bounds),
        None => fault(at, "a date", HINT),
    }
}

/// `today` and the other intervals of the calendar. Weeks begin on Monday.
fn named(word: &str, now: &Zoned) -> Option<Bounds> {
    let today = now.date();
    let week = today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days()).ok()?;
    let (month, year) = (today.first_of_month(), today.first_of_year());
    let (start, length) = match word {
        "today" => (today, 1.day()),
        "yesterday" => (today.checked_sub(1.day()).ok()?, 1.day()),
        "thisweek" => (week, 1.week()),
        "lastweek" => (week.checked_sub(1.week()).ok()?, 1.week()),
        "thismonth" => (month, 1.month()),
        "lastmonth" => (month.checked_sub(1.month()).ok()?, 1.month()),
        "thisyear" => (year, 1.year()),
        "lastyear" => (year.checked_sub(1.year()).ok()?, 1.year()),
        _ => return None,
    };
    Some(interval(start.to_datetime(jiff::civil::Time::midnight()), length, now.time_zone()))
}

/// `last7days` and its like: from so long ago until now.
fn recent(word: &str, now: &Zoned) -> Option<Bounds> {
    let rest = word.strip_prefix("last")?;
    let unit_at = rest.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = rest.split_at_checked(unit_at)?;
    let count: i64 = count.parse().ok()?;
    let span = Span::new();
    let span = match unit.strip_suffix('s').unwrap_or(unit) {
        "minute" => span.try_minutes(count),
        "hour" => span.try_hours(count),
        "day" => span.try_days(count),
        "week" => span.try_weeks(count),
        "month" => span.try_months(count),
        "year" => span.try_years(count),
        _ => return None,
    };
    let start = now.checked_sub(span.ok()?).map_or(ALL.first, |start| ticks(&start));
    Some(Bounds { first: start.max(ALL.first), last: ticks(now).min(ALL.last) })
}

/// `2024`, and as many further parts as are there.
fn written(input: &mut Input<'_>) -> Parsed<Bounds> {
    let start = here(input);
    let year = digits(input, 4, "a year of four digits, from 1601", YEARS)?;
    let month = part(input, '-', "a month from 01 to 12", 1..13)?;
    let day = if month.is_some() { part(input, '-', "a day from 01 to 31", 1..32)? } else { None };
    let Ok(date) = Date::new(year, month.map_or(1, narrow), day.map_or(1, narrow)) else {
        return fault(start..here(input), "a day that the month has", HINT);
    };
    let midnight = date.to_datetime(jiff::civil::Time::midnight());
    let zone = input.state.now.time_zone().clone();
    match (month, day) {
        (None, _) => Ok(interval(midnight, 1.year(), &zone)),
        (_, None) => Ok(interval(midnight, 1.month(), &zone)),
        _ if eat(input, 'T') || eat(input, 't') => clock(input, date, &zone),
        _ => Ok(interval(midnight, 1.day(), &zone)),
    }
}

/// `10`, `10:20`, `10:20:30` or `10:20:30.5`, each also with a `Z` for UTC.
fn clock(input: &mut Input<'_>, date: Date, zone: &TimeZone) -> Parsed<Bounds> {
    let hour = digits(input, 2, "an hour from 00 to 23", 0..24)?;
    let minute = part(input, ':', "a minute from 00 to 59", 0..60)?;
    let second = if minute.is_some() { part(input, ':', "a second from 00 to 59", 0..60)? } else { None };
    let fraction = if second.is_some() { fraction(input)? } else { None };
    let utc = eat(input, 'Z') || eat(input, 'z');
    let zone = if utc { &TimeZone::UTC } else { zone };
    let start = date.at(narrow(hour), minute.map_or(0, narrow), second.map_or(0, narrow), 0);
    Ok(match (minute, second, fraction) {
        (None, ..) => interval(start, 1.hour(), zone),
        (_, None, _) => interval(start, 1.minute(), zone),
        (.., None) => interval(start, 1.second(), zone),
        (.., Some((after, length))) => {
            let second = interval(start, 1.second(), zone);
            let first = second.first.saturating_add(after);
            Bounds { first, last: first.saturating_add(length - 1) }
        }
    })
}

/// Digits behind the seconds as ticks, and how many ticks the last digit is worth.
fn fraction(input: &mut Input<'_>) -> Parsed<Option<(u64, u64)>> {
    let before = *input;
    let at = here(input);
    let point = eat(input, '.');
    let digits = if point { run(input, |c| c.is_ascii_digit())? } else { "" };
    if digits.is_empty() {
        *input = before;
        return Ok(None);
    }
    let Some(missing) = FRACTION_DIGITS_MAX.checked_sub(digits.len()) else {
        return fault(at..here(input), format!("at most {FRACTION_DIGITS_MAX} digits of a second"), HINT);
    };
    let worth = (0..missing).fold(1u64, |worth, _| worth * 10);
    Ok(digits.parse::<u64>().ok().map(|value| (value * worth, worth)))
}

/// A part behind its separator, if that is there.
fn part(input: &mut Input<'_>, separator: char, expected: &str, valid: Range<i16>) -> Parsed<Option<i16>> {
    if eat(input, separator) { digits(input, 2, expected, valid).map(Some) } else { Ok(None) }
}

/// A number of exactly `count` digits.
fn digits(input: &mut Input<'_>, count: usize, expected: &str, valid: Range<i16>) -> Parsed<i16> {
    let start = here(input);
    let text = run(input, |c| c.is_ascii_digit())?;
    match text.parse() {
        Ok(value) if text.len() == count && valid.contains(&value) => Ok(value),
        _ => fault(start..here(input), expected, HINT),
    }
}

/// A part that is known to be below 60.
fn narrow(value: i16) -> i8 {
    i8::try_from(value).unwrap_or(i8::MAX)
}

/// From `start` for as long as `length`, by the clocks of `zone`.
fn interval(start: DateTime, length: Span, zone: &TimeZone) -> Bounds {
    let moment = |civil: DateTime| match civil.to_zoned(zone.clone()) {
        Ok(zoned) => ticks(&zoned),
        // The last two days of 9999 are beyond the library's range: read them as UTC.
        Err(_) => ticks_since_1601(civil),
    };
    let end = start.checked_add(length).map_or(Time::YEAR_10000.0, moment);
    Bounds { first: moment(start).max(ALL.first), last: end.saturating_sub(1).min(ALL.last) }
}

fn ticks_since_1601(civil: DateTime) -> u64 {
    let since = civil.duration_since(DateTime::constant(1601, 1, 1, 0, 0, 0, 0));
    u64::try_from(since.as_nanos().div_euclid(TICK_NANOSECONDS)).unwrap_or(0)
}

/// FILETIME of a moment; 0 for what lies before 1601.
fn ticks(zoned: &Zoned) -> u64 {
    let since_1970 = zoned.timestamp().as_nanosecond().div_euclid(TICK_NANOSECONDS);
    u64::try_from(since_1970 + i128::from(Time::UNIX_EPOCH.0)).unwrap_or(0)
}
