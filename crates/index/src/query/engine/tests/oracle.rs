//! Queries answered the long way: every row's path is spelled out, every term is tried on every row, everything
//! is sorted. Nothing is shared with the engine but the facts of a row.

use std::cmp::Ordering;

use crate::query::{
    Bounds, Case, Expr, Field, Hits, Kinds, Piece, Query, SearchOptions, SortKey, State, Term, Text,
};
use crate::{Index, Kind, Row, RowFlags, wtf8};

/// What [`Index::search`] should find.
pub(super) fn search(index: &Index, query: &Query, options: &SearchOptions) -> Hits {
    let visibility = options.visibility.and(query.mentions());
    let mut found: Vec<Row<'_>> = index
        .rows()
        .filter(|row| holds(index, *row, query.expr()))
        .filter(|row| visibility.deleted || !row.flags().contains(RowFlags::DELETED))
        .filter(|row| visibility.metafiles || !row.flags().contains(RowFlags::METAFILE))
        .filter(|row| visibility.streams || row.kind() != Kind::Stream)
        .filter(|row| row.record().is_some() || row.subtree_end() > row.number() + 1)
        .collect();
    sort(index, &mut found, options);
    let total = found.len() as u64;
    let limit = options.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap());
    let offset = usize::try_from(options.offset).unwrap();
    Hits { rows: found.into_iter().skip(offset).take(limit).map(Row::number).collect(), total }
}

fn holds(index: &Index, row: Row<'_>, expr: &Expr) -> bool {
    match expr {
        Expr::All => true,
        Expr::And(parts) => parts.iter().all(|part| holds(index, row, part)),
        Expr::Or(parts) => parts.iter().any(|part| holds(index, row, part)),
        Expr::Not(part) => !holds(index, row, part),
        Expr::Term(term) => test(index, row, term),
    }
}

fn test(index: &Index, row: Row<'_>, term: &Term) -> bool {
    match term {
        Term::Name(text) => matches(index, text, &row.name()),
        Term::Path(text) => matches(index, text, &row.path()),
        Term::Extension(list) => {
            let name = row.name();
            let dot = name.iter().rposition(|&byte| byte == b'.').filter(|&dot| dot > 0);
            let extension = dot.map_or(&[][..], |dot| &name[dot + 1..]);
            list.iter().any(|text| matches(index, text, extension))
        }
        Term::Regex(regex) => regex.is_match(&row.name()),
        Term::Within(field, Bounds { first, last }) => {
            number(row, *field).is_some_and(|value| (*first..=*last).contains(&value))
        }
        Term::Kind(kinds) => kinds.contains(match row.kind() {
            Kind::File => Kinds::FILE,
            Kind::Folder => Kinds::FOLDER,
            Kind::Link => Kinds::LINK,
            Kind::Stream => Kinds::STREAM,
        }),
        Term::Attributes(bits) => {
            let folder = if row.kind() == Kind::Folder { 0x10 } else { 0 };
            bits & !(row.attributes() | folder) == 0
        }
        Term::State(state) => row.flags().contains(match state {
            State::Deleted => RowFlags::DELETED,
            State::Metafile => RowFlags::METAFILE,
            State::Orphan => RowFlags::ORPHAN,
            State::Damaged => RowFlags::DAMAGED,
        }),
    }
}

fn number(row: Row<'_>, field: Field) -> Option<u64> {
    let folder = row.kind() == Kind::Folder;
    match field {
        Field::Size if folder => None,
        Field::Allocated if folder => None,
        Field::Size => Some(row.size()),
        Field::Allocated => Some(row.allocated()),
        Field::Modified => Some(row.modified().0),
        Field::Created => Some(row.created().0),
        Field::Accessed => Some(row.accessed().0),
        Field::Changed => Some(row.changed().0),
        Field::Links => Some(u64::from(row.links())),
        Field::Record => row.record().map(u64::from),
        Field::Length => Some(wtf8::code_points(&row.name()).count() as u64),
        Field::Depth => {
            let climb = std::iter::successors(Some(row), |row| row.parent());
            Some(climb.filter(|row| row.parent().is_some() && row.kind() != Kind::Stream).count() as u64)
        }
    }
}

/// A piece of a pattern: a code point, any one, or any number of any.
enum Token {
    Point(u32),
    One,
    Run,
}

fn matches(index: &Index, text: &Text, subject: &[u8]) -> bool {
    let fold = |bytes: &[u8]| match text.case {
        Case::Blind => index.names().case_table().fold(bytes),
        Case::Sensitive => bytes.to_vec(),
    };
    let mut pattern = Vec::new();
    for piece in &text.pieces {
        match piece {
            Piece::AnyChar => pattern.push(Token::One),
            Piece::AnyRun => pattern.push(Token::Run),
            Piece::Literal(text) => {
                pattern.extend(wtf8::code_points(&fold(text.as_bytes())).map(Token::Point));
            }
        }
    }
    if !text.whole {
        pattern.insert(0, Token::Run);
        pattern.push(Token::Run);
    }
    let subject: Vec<u32> = wtf8::code_points(&fold(subject)).collect();
    // `reached[n]`: the tokens so far match the first n code points.
    let mut reached = vec![false; subject.len() + 1];
    reached[0] = true;
    for token in pattern {
        let mut next = vec![false; reached.len()];
        for place in 0..reached.len() {
            let before = place.checked_sub(1);
            next[place] = match token {
                Token::Run => reached[place] || before.is_some_and(|before| next[before]),
                Token::One => before.is_some_and(|before| reached[before]),
                Token::Point(point) => {
                    before.is_some_and(|before| reached[before] && subject[before] == point)
                }
            };
        }
        reached = next;
    }
    reached[subject.len()]
}

fn sort(index: &Index, rows: &mut [Row<'_>], options: &SearchOptions) {
    let fold = |bytes: &[u8]| index.names().case_table().fold(bytes);
    let directed = |order: Ordering| if options.descending { order.reverse() } else { order };
    let name = |row: &Row<'_>| (fold(&row.name()), row.name().into_owned(), row.number());
    let Some(key) = options.sort else {
        return rows.sort_by(|a, b| directed(a.number().cmp(&b.number())));
    };
    let extension = |row: &Row<'_>| {
        let name = fold(&row.name());
        let dot = name.iter().rposition(|&byte| byte == b'.').filter(|&dot| dot > 0);
        dot.map(|dot| name[dot + 1..].to_vec()).unwrap_or_default()
    };
    let path = |row: &Row<'_>| {
        let climb = std::iter::successors(Some(*row), |row| row.parent());
        let mut parts: Vec<_> =
            climb.map(|row| (row.parent().is_none(), row.kind() != Kind::Stream, name(&row))).collect();
        parts.reverse();
        // The root comes before the bucket of orphans, whatever they are called.
        parts[0].2 = (Vec::new(), Vec::new(), parts[0].2.2);
        parts
    };
    let time = |field: Field| {
        move |row: &Row<'_>| number(*row, field).filter(|&time| time != 0 && time < 2_650_467_744_000_000_000)
    };
    let by_time = |read: &dyn Fn(&Row<'_>) -> Option<u64>, a: &Row<'_>, b: &Row<'_>| match (read(a), read(b))
    {
        (Some(a), Some(b)) => directed(a.cmp(&b)),
        (a, b) => b.is_some().cmp(&a.is_some()),
    };
    rows.sort_by(|a, b| {
        let order = match key {
            SortKey::Name => directed(name(a).cmp(&name(b))),
            SortKey::Path => directed(path(a).cmp(&path(b))),
            SortKey::Extension => directed(extension(a).cmp(&extension(b))),
            SortKey::Size => directed(a.size().cmp(&b.size())),
            SortKey::Allocated => directed(a.allocated().cmp(&b.allocated())),
            SortKey::Modified => by_time(&time(Field::Modified), a, b),
            SortKey::Created => by_time(&time(Field::Created), a, b),
            SortKey::Accessed => by_time(&time(Field::Accessed), a, b),
            SortKey::Changed => by_time(&time(Field::Changed), a, b),
        };
        order.then_with(|| name(a).cmp(&name(b)))
    });
}
