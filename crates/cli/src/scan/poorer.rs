//! Whether a new scan of a source is so much poorer than the entry that it would replace that somebody should be asked first.
//!
//! A disk that is dying, a copy that was cut, a dump of another day: the entry may be all that is left of what was there. Rows are what is
//! compared, not files in use: what a user deletes leaves its rows for a long time, and a `$MFT` never shrinks.

use quarry_catalog::{Catalog, Facts, Name};

use crate::entries;
use crate::failure::Complaint;
use crate::output::words::count;

/// An entry keeps its place if of its rows not even one in so many is found again.
const ROWS_PER_ROW_LEFT: u64 = 2;

/// Refuses to replace the entry `name` by what the scan `now` found, if that is poorer. An entry of another source is not compared,
/// nor one that cannot be read: whatever is found is more than that.
pub(super) fn check(catalog: &Catalog, name: &Name, now: &Facts) -> Result<(), Complaint> {
    let Ok(there) = catalog.show(name) else { return Ok(()) };
    let was = &there.facts;
    let same = (&was.source.path, &was.source.kind) == (&now.source.path, &now.source.kind)
        || was.source.serial.is_some() && was.source.serial == now.source.serial;
    let Some(cause) = cause(was, now).filter(|_| same) else { return Ok(()) };
    if !is_sound(catalog, name) {
        return Ok(());
    }
    let complaint = Complaint::about(name.as_str(), format!("{cause}; the entry is kept as it was"));
    Err(complaint.then("look after the source, or replace the entry all the same with --force"))
}

/// Whether the entry can be read to its last byte.
fn is_sound(catalog: &Catalog, name: &Name) -> bool {
    let Ok(Some((opened, _))) = entries::open_snapshot(catalog, name) else { return false };
    entries::open_index(&opened).is_ok_and(|open| open.index.check().is_ok())
}

/// In what way it is poorer.
fn cause(was: &Facts, now: &Facts) -> Option<String> {
    let (was, now) = (&was.counts, &now.counts);
    if now.unread > was.unread {
        return Some(format!("{} bytes of the $MFT cannot be read now, and {} then", now.unread, was.unread));
    }
    if now.rows < was.rows / ROWS_PER_ROW_LEFT {
        return Some(format!("{} now where there were {}", count(now.rows, "row", "rows"), was.rows));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::cause;
    use quarry_catalog::{Counts, Facts, Source, SourcePath};

    fn facts(rows: u64, unread: u64) -> Facts {
        let path = SourcePath::from_bytes(b"/dev/sdb1".to_vec());
        let source = Source { kind: "volume".into(), path, serial: Some(7), label: None };
        Facts { source, scanned: 1, took_ns: 2, counts: Counts { rows, unread, ..Counts::default() } }
    }

    fn check(was: (u64, u64), now: (u64, u64), expected: Option<&str>) {
        let found = cause(&facts(was.0, was.1), &facts(now.0, now.1));
        assert_eq!(found.as_deref(), expected, "{was:?} {now:?}");
    }

    #[test]
    fn less_that_is_read_or_less_than_half_of_the_rows_is_poorer() {
        check((100, 0), (100, 0), None);
        check((100, 0), (50, 0), None);
        check((100, 0), (49, 0), Some("49 rows now where there were 100"));
        check((1, 0), (0, 0), None);
        check((100, 0), (200, 1024), Some("1024 bytes of the $MFT cannot be read now, and 0 then"));
        check((100, 2048), (100, 2048), None);
        check((100, 2048), (100, 1024), None);
    }
}
