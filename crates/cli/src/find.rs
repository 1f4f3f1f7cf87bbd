//! `quarry find`: a query, sources, rows.

use std::io::Write;
use std::time::Instant;

use jiff::Zoned;
use quarry_index::query::{Query, SearchOptions, SortKey as IndexKey, Visibility};
use quarry_scan::Scan;

use crate::args::{Find, Rows, SortKey};
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::found::{Found, PathBuffer};
use crate::layout::Layout;
use crate::merge::{Located, Run, merge};
use crate::output::number::push_number;
use crate::output::sink::Sink;
use crate::place::Place;
use crate::session::{Session, Verbosity, millis};
use crate::volumes;

/// How many rows are printed between two looks at whether the user interrupted.
const ROWS_PER_LOOK: usize = 4096;

/// Searches, and prints what was found.
pub(crate) fn run(find: &Find, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    let layout = Layout::new(&find.output, session.terminal.output_cells.is_some())?;
    let query = parse(&find.query.join(" "))?;
    let (sources, unopened) = read(find, &query, session)?;
    let several = find.on.len() > 1 || sources.len() > 1;
    let options = options(&find.rows, find.output.count, several);
    let (runs, total) = search(&sources, &query, &options, session)?;
    if session.interrupt.is_set() {
        return Err(Failure::Interrupted);
    }
    let shown = shown(total, &find.rows);
    let mut sink = Sink::new(out);
    if find.output.count {
        let mut line = Vec::new();
        push_number(&mut line, shown);
        line.push(b'\n');
        sink.bytes(&line);
    } else {
        if several && layout.tells_sources_by_name() && shown > 0 {
            tell_names(&sources, session);
        }
        let page = Page { sources: &sources, runs: &runs, rows: page(&runs, &options, &find.rows, several) };
        page.print(layout, session, several, &mut sink)?;
    }
    sink.finish()?;
    let partial = unopened || sources.iter().any(|source| source.scan.report.is_partial());
    Ok(match (partial, shown) {
        (true, _) => Exit::Partial,
        (false, 0) => Exit::NothingFound,
        (false, _) => Exit::Found,
    })
}

/// A source that is ready to be searched.
#[derive(Debug)]
struct Source {
    place: Place,
    scan: Scan,
}

fn parse(query: &str) -> Result<Query, Complaint> {
    Query::parse(query, &Zoned::now()).map_err(|error| Complaint {
        source: None,
        cause: error.to_string(),
        next_step: None,
    })
}

/// Opens and reads the sources. One that cannot be opened is told and left out, unless it is the only one;
/// whether there was such a one is said too.
fn read(find: &Find, query: &Query, session: &Session) -> Result<(Vec<Source>, bool), Failure> {
    let mut opened = Vec::new();
    let mut unopened = false;
    for path in &find.on {
        match volumes::open(path, &find.reading) {
            Ok(volumes) => opened.extend(volumes),
            Err(complaint) if find.on.len() == 1 || find.reading.strict => return Err(complaint.into()),
            Err(complaint) => {
                session.error(&complaint.to_string());
                unopened = true;
            }
        }
    }
    if opened.is_empty() {
        return Err(Failure::Told);
    }
    let several = find.on.len() > 1 || opened.len() > 1;
    let places = volumes::places(&opened, several);
    let deleted = find.rows.deleted || query.mentions().deleted;
    let pipeline = volumes::pipeline(&find.reading, deleted);
    let scanned = opened.iter().zip(places).map(|(opened, place)| {
        let scan = volumes::scan(opened, pipeline, session)?;
        Ok(Source { place, scan })
    });
    let sources = scanned.collect::<Result<Vec<_>, Failure>>()?;
    Ok((sources, unopened))
}

/// Tells which source each name stands for, where paths begin with one.
fn tell_names(sources: &[Source], session: &Session) {
    for place in sources.iter().map(|source| &source.place).filter(|place| !place.is_mounted()) {
        session.note(Verbosity::Usual, &format!("{}: is {}", place.name(), place.source()));
    }
}

/// Asks each index; the total counts what matches, shown or not.
fn search<'a>(
    sources: &'a [Source],
    query: &Query,
    options: &SearchOptions,
    session: &Session,
) -> Result<(Vec<Run<'a>>, u64), Failure> {
    let began = Instant::now();
    let mut total = 0;
    let mut run = |source: &'a Source| {
        let found = source.scan.index.search(query, options);
        let hits = found.map_err(|fault| Complaint::about(source.place.name(), fault))?;
        total += hits.total;
        Ok(Run { name: source.place.name(), index: &source.scan.index, rows: hits.rows })
    };
    let runs = sources.iter().map(&mut run).collect::<Result<_, Failure>>()?;
    let took = millis(began);
    session.note(Verbosity::Verbose, &format!("{total} rows match; searched in {took:.1} ms"));
    Ok((runs, total))
}

/// What each index is asked. Of several, each gives what all together might show; of none, only the count.
fn options(rows: &Rows, count: bool, several: bool) -> SearchOptions {
    let wide = |number: usize| number as u64;
    let (offset, limit) = match (count, several) {
        (true, _) => (0, Some(0)),
        (false, false) => (wide(rows.offset), rows.limit.map(wide)),
        (false, true) => (0, rows.limit.map(|limit| wide(limit.saturating_add(rows.offset)))),
    };
    SearchOptions {
        sort: rows.sort.map(index_key),
        descending: rows.reverse,
        offset,
        limit,
        visibility: Visibility { deleted: rows.deleted, metafiles: rows.metafiles, streams: rows.streams },
    }
}

fn index_key(key: SortKey) -> IndexKey {
    match key {
        SortKey::Name => IndexKey::Name,
        SortKey::Size => IndexKey::Size,
        SortKey::Modified => IndexKey::Modified,
        SortKey::Created => IndexKey::Created,
        SortKey::Accessed => IndexKey::Accessed,
        SortKey::Path => IndexKey::Path,
    }
}

/// How many of `total` rows the offset and the limit leave.
fn shown(total: u64, rows: &Rows) -> u64 {
    let left = total.saturating_sub(rows.offset as u64);
    rows.limit.map_or(left, |limit| left.min(limit as u64))
}

/// The rows to print.
fn page(runs: &[Run<'_>], options: &SearchOptions, rows: &Rows, several: bool) -> Vec<Located> {
    let offset = if several { rows.offset } else { 0 };
    let end = rows.limit.map_or(usize::MAX, |limit| limit.saturating_add(offset));
    let mut page = merge(runs, options.sort, options.descending, end);
    page.drain(..offset.min(page.len()));
    page
}

/// Rows on their way to a writer.
struct Page<'a> {
    sources: &'a [Source],
    runs: &'a [Run<'a>],
    rows: Vec<Located>,
}

impl Page<'_> {
    fn print<W: Write>(
        &self,
        layout: Layout,
        session: &Session,
        several: bool,
        sink: &mut Sink<W>,
    ) -> Result<(), Failure> {
        let wants_path = layout.wants_path();
        let mut writer = layout.writer(&session.terminal, several);
        sink.begin(&mut *writer);
        let mut paths: Vec<PathBuffer> = self.sources.iter().map(|_| PathBuffer::new()).collect();
        for some in self.rows.chunks(ROWS_PER_LOOK) {
            if session.interrupt.is_set() {
                return Err(Failure::Interrupted);
            }
            for &Located { source, row } in some {
                let place = &self.sources[source].place;
                let row = self.runs[source].index.row(row);
                let found = if wants_path {
                    Found::with_path(place, row, &mut paths[source])
                } else {
                    Found::without_path(place, row)
                };
                sink.row(&mut *writer, &found)?;
            }
        }
        Ok(())
    }
}
