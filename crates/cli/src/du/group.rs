//! Files summed up by what they have in common. The sums of all groups are the total of the folder: `docs/totals.md`.

use std::collections::HashMap;

use quarry_index::query::Extensions;
use quarry_index::{Counted, Time};

use super::line::{Base, Line, sorted};
use super::tree::for_each;
use crate::interrupt::Interrupt;

/// Days in a year, the leap day on average.
const YEAR_DAYS: u64 = 365;
const TICKS_PER_DAY: u64 = 24 * 3600 * 10_000_000;
/// How old files of a group are at most, in days, youngest first, and what that is called.
const AGES: [(u64, &str); 7] = [
    (7, "up to a week"),
    (31, "up to a month"),
    (92, "up to a quarter"),
    (YEAR_DAYS + 1, "up to a year"),
    (2 * YEAR_DAYS + 1, "up to 2 years"),
    (5 * YEAR_DAYS + 2, "up to 5 years"),
    (10 * YEAR_DAYS + 3, "up to 10 years"),
];
const OLDER: &str = "older";
const NO_DATE: &str = "no date";

/// What the files of a group take.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    bytes: u64,
    allocated: u64,
    files: u64,
    newest: Time,
}

impl Sum {
    fn add(&mut self, counted: &mut Counted<'_>) {
        let modified = counted.modified();
        self.join(Self {
            bytes: counted.size(),
            allocated: counted.allocated(),
            files: u64::from(counted.is_file()),
            newest: if modified.is_date() { modified } else { Time::default() },
        });
    }

    fn join(&mut self, more: Self) {
        self.bytes = self.bytes.wrapping_add(more.bytes);
        self.allocated = self.allocated.wrapping_add(more.allocated);
        self.files += more.files;
        self.newest = self.newest.max(more.newest);
    }

    fn line(self, label: Vec<u8>) -> Line {
        let Self { bytes, allocated, files, newest } = self;
        Line { source: None, label, bytes, allocated, files, folders: 0, newest }
    }
}

/// Files of one extension, whatever its case, the largest sum first. Streams count with their file.
pub(super) fn extensions(bases: &[Base<'_>], interrupt: &Interrupt) -> Vec<Line> {
    let mut sums: HashMap<Vec<u8>, Sum> = HashMap::new();
    for base in bases {
        let rows = base.row.subtree_end() - base.row.number();
        let mut extensions = Extensions::new(base.source.index.names(), rows as usize);
        let mut by_number: Vec<Option<Sum>> = Vec::new();
        for_each(base, interrupt, |counted| {
            let number = counted.file_name().map_or(0, |name| extensions.of(name));
            if number >= by_number.len() {
                by_number.resize(extensions.texts().len(), None);
            }
            by_number[number].get_or_insert_default().add(counted);
        });
        for (text, sum) in extensions.texts().iter().zip(by_number) {
            // Where all names were looked at, some extensions are of names elsewhere.
            if let Some(sum) = sum {
                sums.entry(text.to_vec()).or_default().join(sum);
            }
        }
    }
    sorted(sums.into_iter().map(|(folded, sum)| sum.line(lower(folded))))
}

/// An extension as people write it; one that is not Unicode stays as it is.
fn lower(folded: Vec<u8>) -> Vec<u8> {
    match std::str::from_utf8(&folded) {
        Ok(text) => text.to_lowercase().into_bytes(),
        Err(_) => folded,
    }
}

/// Files that were modified about the same time before `now`, the youngest first. Groups without files are left out.
pub(super) fn ages(bases: &[Base<'_>], now: Time, interrupt: &Interrupt) -> Vec<Line> {
    let labels: Vec<&str> = AGES.iter().map(|(_, label)| *label).chain([OLDER, NO_DATE]).collect();
    let mut sums = vec![Sum::default(); labels.len()];
    for base in bases {
        for_each(base, interrupt, |counted| sums[age(counted.modified(), now)].add(counted));
    }
    let lines = sums.iter().zip(&labels).filter(|(sum, _)| sum.files > 0 || sum.bytes > 0);
    lines.map(|(sum, label)| sum.line(label.as_bytes().to_vec())).collect()
}

/// Which group a time belongs to. What lies in the future is young.
fn age(modified: Time, now: Time) -> usize {
    if !modified.is_date() {
        return AGES.len() + 1;
    }
    let days = now.0.saturating_sub(modified.0) / TICKS_PER_DAY;
    AGES.iter().position(|&(most, _)| days < most).unwrap_or(AGES.len())
}

#[cfg(test)]
mod tests {
    use super::{AGES, TICKS_PER_DAY, age, lower};
    use quarry_index::Time;

    fn check(days: u64, expected: &str) {
        let now = Time(133_592_046_721_234_567);
        assert_eq!(
            AGES.get(age(Time(now.0 - days * TICKS_PER_DAY), now)).map_or("older", |age| age.1),
            expected
        );
    }

    #[test]
    fn ages_have_borders() {
        check(0, "up to a week");
        check(6, "up to a week");
        check(7, "up to a month");
        check(365, "up to a year");
        check(366, "up to 2 years");
        check(3652, "up to 10 years");
        check(3653, "older");
        let now = Time(133_592_046_721_234_567);
        assert_eq!(age(Time(now.0 + 5), now), 0);
        assert_eq!((age(Time(0), now), age(Time(u64::MAX), now)), (AGES.len() + 1, AGES.len() + 1));
    }

    #[test]
    fn extensions_are_shown_small() {
        assert_eq!(lower("ÄPK".as_bytes().to_vec()), "äpk".as_bytes());
        assert_eq!(lower(b"A\xED\xA0\x80".to_vec()), b"A\xED\xA0\x80");
    }
}
