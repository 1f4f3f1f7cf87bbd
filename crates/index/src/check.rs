//! Whether the columns of a snapshot tell the same.
//!
//! A checksum tells that bytes are as they were written, not who wrote them. A search that is led around by a forged column ends
//! and gives an error where it notices; what it does not come by is looked at here, in a few passes, each over whole columns once.
//! Whoever takes in a snapshot from elsewhere asks for it.

use crate::batch::as_u32;
use crate::names::is_possible;
use crate::store::Packed;
use crate::{Index, NAME_BYTES_MAX};

/// Notes the first contradiction there is.
pub(crate) fn columns(index: &Index) {
    // What one pass notes the next one need not stumble over.
    for pass in [tree, names, postings, claims, numbers] {
        if index.sound().is_ok() {
            pass(index);
        }
    }
}

/// Subtrees lie within one another as parents say, from the root and the bucket down.
fn tree(index: &Index) {
    let rows = &index.rows;
    // Where the folders end that are open at a row, and which those are.
    let mut open: Vec<(u32, usize)> = Vec::new();
    let _ = rows.all_classes();
    let mut parents = rows.parent.cursor();
    for row in 0..index.len() as usize {
        while open.last().is_some_and(|&(end, _)| end as usize <= row) {
            open.pop();
        }
        let end = rows.end(row);
        let fits = match open.last() {
            Some(&(above, parent)) => parents.get(row) == parent as u64 && end <= above,
            None => parents.get(row) == row as u64 && rows.is_top(row),
        };
        if !fits || index.sound().is_err() {
            return rows.parent.misfit(row);
        }
        if end as usize > row + 1 {
            open.push((end, row));
        }
    }
}

/// Names ascend by their folded bytes, and among those of one folded form by their own; and each is what it is found by, and a name
/// that a file can have, but for the root, which has none.
pub(crate) fn names(index: &Index) {
    let names = index.names();
    let mut cursor = names.cursor();
    let (mut before, mut spelled_before, mut refolded) = (None, Vec::new(), Vec::new());
    let mut impossible = Vec::new();
    for name in 0..names.len() {
        let Some(place) = cursor.place(name) else { return };
        let (folded, mut spelled) = (names.blob(place), Vec::new());
        cursor.spell(name, folded, &mut spelled);
        let ascends = before.is_none_or(|before| (before, &spelled_before) < (folded, &spelled));
        if !ascends || !names.is_sound() {
            return names.misplaced(name);
        }
        // Else one name would be searched and another one shown.
        refolded.clear();
        names.case_table().fold_into(&spelled, &mut refolded);
        if refolded != folded {
            return names.misspelled(name);
        }
        if !is_possible(&spelled) || spelled.len() > NAME_BYTES_MAX {
            impossible.push(as_u32(name));
        }
        (before, spelled_before) = (Some(folded), spelled);
    }
    bearers(index, &impossible);
}

/// No row bears one of these names, which ascend, but for the root, whose name is empty. It is the rows that are asked, and not who is listed
/// under the names: paths are made of what rows bear.
fn bearers(index: &Index, impossible: &[u32]) {
    let (names, mut of_rows) = (index.names(), index.rows.name.cursor());
    for row in 0..index.len() {
        let name = u32::try_from(of_rows.get(row as usize)).unwrap_or(u32::MAX);
        let is_root = || row == Index::ROOT && names.get(name).is_empty();
        if impossible.binary_search(&name).is_ok() && !is_root() {
            return names.impossible(row);
        }
    }
}

/// Every row is listed once, under the name that it has.
fn postings(index: &Index) {
    let names = index.names();
    let mut cursor = names.cursor();
    let mut listed = 0;
    for name in 0..names.len() {
        let (mut fits, mut next) = (true, 0);
        cursor.rows_of(name..name + 1, |rows| {
            for &row in rows {
                let place = usize::try_from(row).unwrap_or(usize::MAX);
                fits &= row >= next && index.rows.name.get(place) == name as u64;
                (next, listed) = (row.saturating_add(1), listed + 1);
            }
        });
        if !fits || !names.is_sound() {
            return names.rows_by_name().misfit(name);
        }
    }
    // Under its own name and ascending, no row comes twice; so if there are as many as rows, each is there.
    if listed != index.len() as usize {
        names.rows_by_name().misfit(listed);
    }
}

/// Rows that claim another folder ascend.
fn claims(index: &Index) {
    let claims = &index.rows.claim_row;
    let ascends = |place: &usize| *place == 0 || claims.get(place - 1) < claims.get(*place);
    if let Some(place) = (0..claims.len()).find(|place| !ascends(place)) {
        claims.misfit(place);
    }
}

/// Every number is one that its column may hold.
fn numbers(index: &Index) {
    index.packed().for_each(Packed::check);
}

#[cfg(test)]
mod tests;
