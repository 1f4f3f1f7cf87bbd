//! The order of rows of a view, which is that of an index built anew.

use std::cmp::Ordering;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::{View, ViewRow};
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

/// Paths as bytes that compare as the paths do, so that sorting many rows climbs for each once and not at each comparison.
pub(super) struct PathKeys<'a> {
    view: &'a View,
    /// Those of rows that hold others that were asked for.
    above: HashMap<u32, Arc<[u8]>>,
}

impl<'a> PathKeys<'a> {
    pub(super) fn new(view: &'a View) -> Self {
        Self { view, above: HashMap::new() }
    }

    pub(super) fn of(&mut self, row: u32) -> Vec<u8> {
        let chain = self.view.row(row).chain();
        let Some((last, above)) = chain.split_last() else { return Vec::new() };
        let known = above.last().and_then(|parent| self.above.get(&parent.number()));
        let mut key = match known {
            Some(known) => known.to_vec(),
            None => {
                let mut key = Vec::new();
                above.iter().enumerate().for_each(|(place, row)| push_part(&mut key, place, *row));
                if let Some(parent) = above.last() {
                    self.above.insert(parent.number(), key.as_slice().into());
                }
                key
            }
        };
        push_part(&mut key, above.len(), *last);
        key
    }
}

/// Appends what [`by_path`] compares of one row.
fn push_part(key: &mut Vec<u8>, place: usize, row: ViewRow<'_>) {
    if place > 0 {
        key.push(u8::from(row.kind() != Kind::Stream));
        push_text(key, row.folded());
        push_text(key, &row.name());
        key.extend_from_slice(&row.file().record.to_be_bytes());
    }
    key.extend_from_slice(&row.number().to_be_bytes());
}

/// Appends a text and its end, which comes before all that a longer text has there.
fn push_text(key: &mut Vec<u8>, text: &[u8]) {
    for &byte in text {
        key.push(byte);
        if byte == 0 {
            key.push(1);
        }
    }
    key.extend_from_slice(&[0, 0]);
}
