//! The order of rows of a view, which is that of an index built anew.

use std::cmp::Ordering;

use super::ViewRow;
use crate::query::{RowFacts, SortKey, extension};
use crate::{Kind, Time};

/// How two rows are sorted.
pub(super) fn compare(a: ViewRow<'_>, b: ViewRow<'_>, key: Option<SortKey>, descending: bool) -> Ordering {
    let directed = |order: Ordering| if descending { order.reverse() } else { order };
    let number = |fact: fn(ViewRow<'_>) -> u64| directed(fact(a).cmp(&fact(b)));
    let time = |fact: fn(ViewRow<'_>) -> Time| match (fact(a), fact(b)) {
        (a, b) if a.is_date() && b.is_date() => directed(a.cmp(&b)),
        (a, b) => b.is_date().cmp(&a.is_date()),
    };
    let first = match key {
        None | Some(SortKey::Path) => return directed(by_path(a, b)),
        Some(SortKey::Name) => return directed(by_name(a, b).then_with(|| by_path(a, b))),
        Some(SortKey::Extension) => directed(extension(a.folded()).cmp(extension(b.folded()))),
        Some(SortKey::Size) => number(|row| RowFacts::size(row)),
        Some(SortKey::Allocated) => number(|row| RowFacts::allocated(row)),
        Some(SortKey::Modified) => time(|row| RowFacts::modified(row)),
        Some(SortKey::Created) => time(|row| RowFacts::created(row)),
        Some(SortKey::Accessed) => time(|row| RowFacts::accessed(row)),
        Some(SortKey::Changed) => time(|row| RowFacts::changed(row)),
    };
    first.then_with(|| by_name(a, b)).then_with(|| by_path(a, b))
}

fn by_name(a: ViewRow<'_>, b: ViewRow<'_>) -> Ordering {
    a.folded().cmp(b.folded()).then_with(|| a.name().cmp(&b.name()))
}

/// The order of paths: part by part, a folder before what it holds, its streams first; where names are the same, by record.
fn by_path(a: ViewRow<'_>, b: ViewRow<'_>) -> Ordering {
    let (above_a, above_b) = (a.chain(), b.chain());
    for (place, (a, b)) in above_a.iter().zip(&above_b).enumerate() {
        if a.number() == b.number() {
            continue;
        }
        if place == 0 {
            // The root comes before the bucket.
            return a.number().cmp(&b.number());
        }
        let key =
            |row: &ViewRow<'_>| (row.kind() != Kind::Stream, row.folded().to_vec(), row.name().into_owned());
        return key(a)
            .cmp(&key(b))
            .then_with(|| a.file().record.cmp(&b.file().record))
            .then_with(|| a.number().cmp(&b.number()));
    }
    above_a.len().cmp(&above_b.len())
}
