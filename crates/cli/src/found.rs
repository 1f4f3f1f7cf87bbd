//! A row of an index as the writers see it: with the path that the user shall read.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

use quarry_index::{Index, Kind, Row as IndexRow, RowFlags, SnapshotError};

use crate::output::row::{Moment, Row};
use crate::place::Place;

/// Puts paths together, row after row.
///
/// Neighbouring rows mostly lie in the same folder, so its path is kept and only the name behind it changes.
#[derive(Debug, Default)]
pub(crate) struct PathBuffer {
    bytes: Vec<u8>,
    /// The parent whose path, prefix included, lies in front, and where that ends.
    parent: Option<(u32, usize)>,
}

impl PathBuffer {
    /// A buffer for the rows of one index.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Puts the path of `row` together; says which part of it is the parent's.
    fn fill(&mut self, place: &Place, row: IndexRow<'_>) -> Range<usize> {
        let Some(parent) = row.parent() else {
            self.parent = None;
            self.bytes.clear();
            push_path(&mut self.bytes, place, row);
            return 0..0;
        };
        let known = self.parent.filter(|&(number, _)| number == parent.number());
        let end = if let Some((_, end)) = known {
            self.bytes.truncate(end);
            end
        } else {
            self.bytes.clear();
            push_path(&mut self.bytes, place, parent);
            self.parent = Some((parent.number(), self.bytes.len()));
            self.bytes.len()
        };
        // The path of the root is a separator already, unless a mount point stands in its place.
        let below_root = parent.number() == Index::ROOT && self.bytes.ends_with(b"/");
        match row.kind() {
            Kind::Stream => self.bytes.push(b':'),
            _ if below_root => {}
            _ => self.bytes.push(b'/'),
        }
        self.bytes.extend_from_slice(&row.name());
        0..end
    }
}

/// Appends the path of `row` as the user shall see it.
pub(crate) fn push_path(out: &mut Vec<u8>, place: &Place, row: IndexRow<'_>) {
    place.push_prefix(out, row.flags().contains(RowFlags::ORPHAN));
    let start = out.len();
    row.path_into(out);
    // The root of a mounted volume is the mount point itself.
    if start > 0 && place.is_mounted() && out.get(start..) == Some(b"/") {
        out.truncate(start);
    }
}

/// One row that was found.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    place: &'a Place,
    row: IndexRow<'a>,
    /// Spelled out when it is first asked for.
    name: OnceCell<Cow<'a, [u8]>>,
    path: &'a [u8],
    folder: Range<usize>,
}

impl<'a> Found<'a> {
    /// The row with its path put together in `paths`.
    pub(crate) fn with_path(place: &'a Place, row: IndexRow<'a>, paths: &'a mut PathBuffer) -> Self {
        let folder = paths.fill(place, row);
        Self { place, row, name: OnceCell::new(), path: &paths.bytes, folder }
    }

    /// The row for columns that show no path.
    pub(crate) fn without_path(place: &'a Place, row: IndexRow<'a>) -> Self {
        Self { place, row, name: OnceCell::new(), path: &[], folder: 0..0 }
    }
}

impl Row for Found<'_> {
    fn source(&self) -> &str {
        self.place.source()
    }
    fn path(&self) -> &[u8] {
        self.path
    }
    fn folder(&self) -> &[u8] {
        self.path.get(self.folder.clone()).unwrap_or_default()
    }
    fn name(&self) -> &[u8] {
        self.name.get_or_init(|| self.row.name())
    }
    fn kind(&self) -> Kind {
        self.row.kind()
    }
    fn size(&self) -> u64 {
        self.row.size()
    }
    fn allocated(&self) -> u64 {
        self.row.allocated()
    }
    fn time(&self, moment: Moment) -> u64 {
        let time = match moment {
            Moment::Modified => self.row.modified(),
            Moment::Created => self.row.created(),
            Moment::Accessed => self.row.accessed(),
            Moment::Changed => self.row.changed(),
        };
        time.0
    }
    fn attributes(&self) -> u32 {
        self.row.attributes()
    }
    fn links(&self) -> u16 {
        self.row.links()
    }
    fn reparse_tag(&self) -> u32 {
        self.row.reparse_tag()
    }
    fn record(&self) -> Option<u32> {
        self.row.record()
    }
    fn sequence(&self) -> u16 {
        self.row.sequence()
    }
    fn flags(&self) -> RowFlags {
        self.row.flags()
    }
    fn sound(&self) -> Result<(), SnapshotError> {
        self.row.sound()
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, PathBuffer};
    use crate::output::row::Row as _;
    use crate::place::{Origin, Place};
    use crate::tree::{Node, file, folder, index};
    use std::path::Path;

    /// Every row of a small tree: path, folder and name, in `order` of the rows.
    fn check(place: &Place, order: impl Fn(&mut Vec<u32>), expected: &[(&str, &str, &str)]) {
        let index = index(&[
            Node { stream: "tag", ..folder(30, 5, "docs") },
            Node { stream: "zone", ..file(31, 30, "a.txt") },
            file(32, 30, "b.txt"),
            file(33, 99, "lost"),
            file(34, 5, "top"),
        ]);
        let mut rows: Vec<u32> = (0..index.len()).collect();
        order(&mut rows);
        let mut paths = PathBuffer::new();
        let mut shown = Vec::new();
        for row in rows {
            let found = Found::with_path(place, index.row(row), &mut paths);
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            shown.push((text(found.path()), text(found.folder()), text(found.name())));
        }
        shown.sort();
        let shown: Vec<_> = shown.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
        assert_eq!(shown, expected);
    }

    fn place(several: bool) -> Place {
        Place::name_all(&[Origin::Volume { source: Path::new("disk.img"), partition: None }], several)
            .remove(0)
    }

    const PLAIN: [(&str, &str, &str); 9] = [
        ("/", "", ""),
        ("/docs", "/", "docs"),
        ("/docs/a.txt", "/docs", "a.txt"),
        ("/docs/a.txt:zone", "/docs/a.txt", "zone"),
        ("/docs/b.txt", "/docs", "b.txt"),
        ("/docs:tag", "/docs", "tag"),
        ("/top", "/", "top"),
        ("<orphans>", "", "<orphans>"),
        ("<orphans>/lost", "<orphans>", "lost"),
    ];

    #[test]
    fn paths_do_not_depend_on_the_order_of_rows() {
        check(&place(false), |_| {}, &PLAIN);
        check(&place(false), |rows| rows.reverse(), &PLAIN);
        check(&place(false), |rows| rows.sort_by_key(|row| row * 7 % 9), &PLAIN);
    }

    #[test]
    fn several_sources_and_mount_points_stand_in_front() {
        check(
            &place(true),
            |rows| rows.retain(|row| [0, 1].contains(row) || *row > 6),
            &[
                ("disk:/", "", ""),
                ("disk:/docs", "disk:/", "docs"),
                ("disk:<orphans>", "", "<orphans>"),
                ("disk:<orphans>/lost", "disk:<orphans>", "lost"),
            ],
        );
        check(
            &place(true).mounted_at(Path::new("/mnt/win")),
            |rows| rows.retain(|row| [0, 1].contains(row) || *row > 6),
            &[
                ("/mnt/win", "", ""),
                ("/mnt/win/docs", "/mnt/win", "docs"),
                ("<orphans>", "", "<orphans>"),
                ("<orphans>/lost", "<orphans>", "lost"),
            ],
        );
    }
}
