//! `quarry catalog show`, and `quarry info` of an entry: all that is known of it.

use std::fmt::Write as _;
use std::io::Write;

use quarry_catalog::Entry;
use quarry_index::{Index, Kind, RowFlags};
use serde::Serialize;

use super::list::minutes;
use super::{EntryFacts, print, print_json, seconds, source_title};
use crate::args::Show;
use crate::entries::{self, LogFacts, OpenEntry};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::info;
use crate::note::Note;
use crate::output::grid::{Align, Grid};
use crate::output::words::{bytes_a_row, escaped, line, quoted, size};
use crate::session::{Session, Verbosity};

/// The JSON object of an entry and its note.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    entry: EntryFacts<'a>,
    /// The snapshot's file.
    snapshot: String,
    /// What changed since it was written; the rest tells of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<LogFacts>,
    rows_by_state: States,
    note: Option<&'a Note>,
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<Vec<Column>>,
}

/// How many rows there are of what is not always shown.
#[derive(Debug, Default, Serialize)]
struct States {
    deleted: u64,
    streams: u64,
    metafiles: u64,
    orphans: u64,
    damaged: u64,
}

/// What a column takes.
#[derive(Debug, Serialize)]
struct Column {
    column: String,
    bytes: u64,
    values: u64,
    bytes_a_row: f64,
}

/// Prints what is known of the entry.
pub(super) fn run(show: &Show, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    let catalog = entries::catalog(&show.common.catalog)?;
    let name = entries::name(&show.name)?;
    let open = entries::open(&catalog, &name, None)?;
    self::show(&open, Form { json: show.common.json, columns: false }, session, out)
}

/// How an entry is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    pub(crate) json: bool,
    /// What each column takes, too.
    pub(crate) columns: bool,
}

/// Prints what is known of an entry, whether it lies in the catalogue or was exported.
pub(crate) fn show(
    open: &OpenEntry,
    form: Form,
    session: &Session,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let (note, states) = (Note::of(&open.index), States::of(&open.index));
    open.index.sound().map_err(|fault| open.snapshot.complaint(&fault))?;
    if form.json {
        let shown = Shown {
            entry: EntryFacts::new(&open.entry),
            snapshot: open.snapshot.path.display().to_string(),
            log: open.log,
            rows_by_state: states,
            note: note.as_ref(),
            columns: form.columns.then(|| columns(&open.index)),
        };
        print_json(out, &shown)?;
    } else {
        let mut text = head(open, &states);
        if let Some(note) = &note {
            text.push_str(&noted(note, session));
        }
        if form.columns {
            text.push_str(&columns_table(&open.index, session.terminal.output_cells));
        }
        print(out, &text)?;
    }
    Ok(if open.entry.facts.counts.unread > 0 { Exit::Partial } else { Exit::Found })
}

/// What the catalogue says of it.
fn head(open: &OpenEntry, states: &States) -> String {
    let Entry { name, generation, bytes, facts, .. } = &open.entry;
    let rows = facts.counts.rows;
    let path = escaped(open.snapshot.path.as_os_str().as_encoded_bytes());
    let mut text = match open.snapshot.exported {
        false => format!("{}: entry of the catalogue\n\n", quoted(name.as_str())),
        true => format!("{path}: exported entry {}\n\n", quoted(name.as_str())),
    };
    line(&mut text, "source", &source_title(&facts.source));
    let took = seconds(facts.took_ns);
    line(
        &mut text,
        "scanned",
        &format!("{}, in {took:.1} s; generation {generation}", minutes(facts.scanned)),
    );
    line(&mut text, "snapshot", &format!("{}, {:.1} bytes a row", size(*bytes), bytes_a_row(*bytes, rows)));
    line(&mut text, "", &path);
    if let Some(log) = &open.log {
        line(&mut text, "log", &log.to_string());
    }
    line(&mut text, "content", &size(facts.counts.content));
    if facts.counts.unread > 0 {
        line(&mut text, "not read", &format!("{} bytes of the $MFT", facts.counts.unread));
    }
    let States { deleted, streams, metafiles, orphans, damaged } = states;
    let of = [
        (deleted, "deleted"),
        (streams, "streams"),
        (metafiles, "metafiles"),
        (orphans, "orphans"),
        (damaged, "damaged"),
    ];
    let of: Vec<String> =
        of.iter().filter(|(count, _)| **count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let of = if of.is_empty() { String::new() } else { format!(", of them {}", of.join(", ")) };
    line(&mut text, "rows", &format!("{rows}{of}"));
    text
}

/// What the scan noted.
fn noted(note: &Note, session: &Session) -> String {
    let mut text = info::volume(&note.volume, session);
    for unread in &note.volume.notes {
        line(&mut text, "note", unread);
    }
    if session.verbosity >= Verbosity::Verbose {
        for each in note.unread.iter().chain(&note.damaged).chain(&note.findings) {
            line(&mut text, "", each);
        }
    }
    line(&mut text, "scanned by", &note.program);
    text
}

impl States {
    /// Counts the rows.
    fn of(index: &Index) -> Self {
        let mut states = Self::default();
        // Beside the root and the bucket of orphans, which stand for no record.
        for row in index.rows().filter(|row| row.record().is_some()) {
            let flags = row.flags();
            let deleted = flags.contains(RowFlags::DELETED);
            states.deleted += u64::from(deleted);
            states.streams += u64::from(row.kind() == Kind::Stream);
            states.metafiles += u64::from(flags.contains(RowFlags::METAFILE));
            states.orphans += u64::from(flags.contains(RowFlags::ORPHAN) && !deleted);
            states.damaged += u64::from(flags.contains(RowFlags::DAMAGED));
        }
        states
    }
}

fn columns(index: &Index) -> Vec<Column> {
    let rows = u64::from(index.len());
    let column = |size: quarry_index::ColumnSize| Column {
        column: size.column.to_string(),
        bytes: size.bytes,
        values: size.values,
        bytes_a_row: bytes_a_row(size.bytes, rows),
    };
    index.columns().map(column).collect()
}

fn columns_table(index: &Index, cells: Option<usize>) -> String {
    let rows = u64::from(index.len());
    let mut grid = Grid::new(&[
        ("COLUMN", Align::Left),
        ("BYTES", Align::Right),
        ("VALUES", Align::Right),
        ("BYTES A ROW", Align::Right),
    ]);
    let columns = columns(index);
    let all: u64 = columns.iter().map(|column| column.bytes).sum();
    for Column { column, bytes, values, bytes_a_row } in columns {
        grid.row(vec![column, bytes.to_string(), values.to_string(), format!("{bytes_a_row:.1}")]);
    }
    grid.row(vec![
        "all".to_owned(),
        all.to_string(),
        String::new(),
        format!("{:.1}", bytes_a_row(all, rows)),
    ]);
    let mut text = String::from("\n");
    for row in grid.text(cells).lines() {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {row}");
    }
    text
}
