//! The folder that a user names by its path.

use quarry_index::{Index, Kind, Row, RowFlags};

/// What the bucket of rows that hang on nothing is called at the beginning of a path.
const ORPHANS: &str = "<orphans>";

/// The folder at `path`, its names compared by the rules of the volume: in any case, unless there are several that
/// differ in nothing else. Both slashes separate, if they do not mix; those at the ends do not count.
pub(super) fn find<'a>(index: &'a Index, path: &str) -> Result<Row<'a>, String> {
    let separator = if path.contains('/') { '/' } else { '\\' };
    let mut names = path.split(separator).filter(|name| !name.is_empty()).peekable();
    let root = index.row(Index::ROOT);
    let mut here = match names.next_if_eq(&ORPHANS) {
        Some(_) => index.row(root.subtree_end().min(index.len().saturating_sub(1))),
        None => root,
    };
    for name in names {
        here = child(index, here, name).ok_or_else(|| no_such(here, name))?;
    }
    match here.kind() {
        Kind::Folder if here.flags().contains(RowFlags::DELETED) => {
            Err(format!("{} was deleted, and what is deleted counts nowhere", shown(here)))
        }
        Kind::Folder => Ok(here),
        _ => Err(format!("{} is no folder", shown(here))),
    }
}

/// What `folder` holds under `name`.
fn child<'a>(index: &'a Index, folder: Row<'a>, name: &str) -> Option<Row<'a>> {
    let folded = index.names().case_table().fold(name.as_bytes());
    let mut best: Option<Row<'a>> = None;
    for row in children(index, folder) {
        if row.kind() == Kind::Stream || index.names().folded(row.name_number()) != folded {
            continue;
        }
        // What is in use comes before what was deleted, the very name before another spelling.
        let rank = |row: Row<'_>| (row.flags().contains(RowFlags::DELETED), *row.name() != *name.as_bytes());
        if best.is_none_or(|best| rank(row) < rank(best)) {
            best = Some(row);
        }
    }
    best
}

/// The rows right below `folder`.
fn children<'a>(index: &'a Index, folder: Row<'a>) -> impl Iterator<Item = Row<'a>> {
    let end = folder.subtree_end();
    let mut next = folder.number() + 1;
    std::iter::from_fn(move || {
        let row = (next < end).then(|| index.row(next))?;
        // A damaged index must not make this go round in circles.
        next = row.subtree_end().max(next + 1);
        Some(row)
    })
}

fn no_such(folder: Row<'_>, name: &str) -> String {
    format!("{} holds no {name}", shown(folder))
}

fn shown(row: Row<'_>) -> String {
    crate::output::words::escaped(&row.path())
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::tree::{file, folder, index};

    fn check(path: &str, expected: Result<&str, &str>) {
        let index = index(&[
            folder(30, 5, "Users"),
            folder(31, 30, "Anna"),
            folder(32, 30, "anna"),
            file(33, 31, "a.txt"),
            folder(34, 99, "lost"),
        ]);
        let found = find(&index, path).map(|row| String::from_utf8_lossy(&row.path()).into_owned());
        assert_eq!(found.as_deref().map_err(String::as_str), expected, "{path}");
    }

    #[test]
    fn folders_are_found_in_any_case() {
        check("/", Ok("/"));
        check("", Ok("/"));
        check("/USERS/", Ok("/Users"));
        check("users\\Anna", Ok("/Users/Anna"));
        check("/users/anna", Ok("/Users/anna"));
        check("/users/Anna", Ok("/Users/Anna"));
        check("<orphans>/LOST", Ok("<orphans>/lost"));
        check("/Users/Bob/x", Err("/Users holds no Bob"));
        check("/Users/Anna/A.TXT", Err("/Users/Anna/a.txt is no folder"));
    }
}
