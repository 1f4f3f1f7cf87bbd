//! `quarry find`: a query, sources, rows.

use std::io::Write;
use std::num::NonZeroUsize;
use std::time::Instant;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use quarry_index::query::{Hits, Query, SearchOptions, Visibility};
use quarry_index::{Index, SnapshotError};

use crate::args::{Find, Rows};
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::found::{Found, PathBuffer};
use crate::hint::hint;
use crate::layout::Layout;
use crate::merge::{Located, Run, merge};
use crate::output::number::push_number;
use crate::output::sink::Sink;
use crate::output::sink::SinkError;
use crate::output::words::count;
use crate::session::{Session, Verbosity, millis};
use crate::sources::{self, Source, Sources};
use crate::threads;

/// How many rows are printed between two looks at whether the user interrupted.
const ROWS_PER_LOOK: usize = 4096;
/// Rows for which it pays to start a thread: a search in so many takes a millisecond, a thread a tenth.
const ROWS_PER_THREAD: u32 = 1 << 17;

/// Searches, and prints what was found.
pub(crate) fn run(find: &Find, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    let layout = Layout::new(&find.output, session.terminal.output_cells.is_some())?;
    let query = parse(&find.query.join(" "))?;
    let deleted = find.rows.deleted || query.mentions().deleted;
    let Sources { list: sources, several, mut lacking } =
        sources::open(&find.place, (&find.reading, find.how, &find.memory), deleted, session)?;
    let options = options(&find.rows, find.output.count, several);
    let threads = find.reading.threads;
    // Who only wants the first rows need not wait until all are counted; who wants none of them, or not the first, may be shown no row
    // and still has to know whether some match.
    let Rows { offset, limit, .. } = find.rows;
    let counted =
        find.output.count || session.verbosity == Verbosity::Verbose || offset > 0 || limit == Some(0);
    let search = Search { query: &query, options: &options, threads, counted };
    let (runs, total) = search.run(&sources, session, &mut lacking)?;
    if session.interrupt.is_set() {
        return Err(Failure::Interrupted);
    }
    let rows = page(&runs, &options, &find.rows, several);
    let shown = if find.output.count { shown(total, &find.rows) } else { rows.len() as u64 };
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
        // What was met while rows of several indexes were put in order may have put them in a wrong one.
        for (source, _) in sources.iter().zip(&runs).filter(|(_, run)| !run.rows.is_empty()) {
            source.index.sound().map_err(|fault| source.complaint(&fault))?;
        }
        let page = Page { sources: &sources, runs: &runs, rows };
        page.print(layout, session, several, &mut sink)?;
    }
    sink.finish()?;
    if total == 0
        && let Some(hint) = hint(&find.query.join(" "))
    {
        session.note(Verbosity::Usual, &format!("nothing found: {hint}"));
    }
    let partial = lacking || sources.iter().any(|source| source.partial);
    // Whether they are shown or not.
    Ok(match (partial, total) {
        (true, _) => Exit::Partial,
        (false, 0) => Exit::NothingFound,
        (false, _) => Exit::Found,
    })
}

pub(crate) fn parse(query: &str) -> Result<Query, Complaint> {
    // Dates stand behind a colon. Without one nobody asks for the time zone, whose finding reads a folder of some hundred
    // files: as much time as all else until the first row.
    let now = if query.contains(':') { Zoned::now() } else { Timestamp::now().to_zoned(TimeZone::UTC) };
    Query::parse(query, &now).map_err(Complaint::in_lines)
}

/// Tells which source each name stands for, where paths begin with one. Entries bear the names that the user knows, and what all lies on
/// one disk has its name and a number.
fn tell_names(sources: &[Source], session: &Session) {
    let disk = |source: &Source| source.place.source().rsplit_once('#').map(|(disk, _)| disk.to_owned());
    if let Some(first) = sources.first().and_then(disk)
        && sources.iter().all(|source| disk(source).as_ref() == Some(&first))
    {
        return;
    }
    let unknown = |source: &&Source| !source.is_entry() && !source.place.is_mounted();
    for place in sources.iter().filter(unknown).map(|source| &source.place) {
        session.note(Verbosity::Usual, &format!("{}: is {}", place.name(), place.source()));
    }
}

/// What is asked of every index.
struct Search<'q> {
    query: &'q Query,
    options: &'q SearchOptions,
    /// How many threads search at most; as many as there are processors, if nothing was said.
    threads: Option<NonZeroUsize>,
    /// Whether all that match are to be counted, shown or not.
    counted: bool,
}

impl Search<'_> {
    /// Asks each index, and counts what matches if that is wanted. Of several, one that is damaged is told and left out.
    fn run<'a>(
        &self,
        sources: &'a [Source],
        session: &Session,
        lacking: &mut bool,
    ) -> Result<(Vec<Run<'a>>, u64), Failure> {
        let began = Instant::now();
        let mut total = 0;
        let mut runs = Vec::with_capacity(sources.len());
        for source in sources {
            let rows = match self.ask(&source.index) {
                Ok(hits) => {
                    total += hits.total;
                    hits.rows
                }
                Err(fault) if sources.len() == 1 => return Err(source.complaint(&fault).into()),
                Err(fault) => {
                    session.error(&source.complaint(&fault));
                    *lacking = true;
                    Vec::new()
                }
            };
            runs.push(Run { name: source.place.name(), index: &source.index, rows });
        }
        if self.counted {
            let (rows, took) = (count(total, "row matches", "rows match"), millis(began));
            session.note(Verbosity::Verbose, &format!("{rows}; searched in {took:.1} ms"));
        }
        Ok((runs, total))
    }

    /// On several threads where there is work for them.
    fn ask(&self, index: &Index) -> Result<Hits, SnapshotError> {
        let ask = || {
            if self.counted {
                return index.search(self.query, self.options);
            }
            let rows = index.search_page(self.query, self.options)?;
            Ok(Hits { total: rows.len() as u64, rows })
        };
        let most = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = (index.len() / ROWS_PER_THREAD) as usize;
        let threads = threads.min(self.threads.map_or_else(most, NonZeroUsize::get));
        if threads < 2 {
            return ask();
        }
        threads::on(threads, ask)
    }
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
        sort: rows.sort,
        descending: rows.reverse,
        offset,
        limit,
        visibility: Visibility { deleted: rows.deleted, metafiles: rows.metafiles, streams: rows.streams },
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
                sink.row(&mut *writer, &found).map_err(|error| match error {
                    SinkError::Damaged(fault) => Failure::from(self.sources[source].complaint(&fault)),
                    error => error.into(),
                })?;
            }
        }
        Ok(())
    }
}
