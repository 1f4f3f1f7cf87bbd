//! `quarry du`: what takes the space.

mod folder;
mod group;
mod line;
mod print;
mod tree;

use std::io::Write;
use std::path::Path;

use quarry_index::Time;

use crate::args::{By, Du, DuFormat, How, Memory};
use crate::entries;
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::interrupt::Interrupt;
use crate::output::record::Form;
use crate::output::sink::Sink;
use crate::output::words::quoted;
use crate::session::{Session, Verbosity};
use crate::sources::{self, Source, Sources};
use line::{Base, Line};
use print::Page;

/// Rows of a table where no number is asked for; machines get all.
const ROWS_USUAL: usize = 20;

/// Adds up and prints.
pub(crate) fn run(du: &Du, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    if du.depth.is_some() && du.by != By::Folder {
        return Err(Complaint::about("--depth", "only folders have levels").then("leave it out").into());
    }
    let on_terminal = session.terminal.output_cells.is_some();
    let format = du.format.unwrap_or(if on_terminal { DuFormat::Table } else { DuFormat::Csv });
    let sources =
        sources::open(&du.place, (&du.reading, How::default(), &Memory::default()), false, session)?;
    let bases = bases(du, &sources, session)?;
    let usual = if format == DuFormat::Table { ROWS_USUAL } else { usize::MAX };
    let limit = du.limit.unwrap_or(usual);
    let mut lines = lines(du, &bases, limit, &session.interrupt);
    if session.interrupt.is_set() {
        return Err(Failure::Interrupted);
    }
    for Base { source, .. } in &bases {
        source.index.sound().map_err(|fault| source.complaint(&fault))?;
    }
    if du.limit.is_none() && lines.len() > limit {
        session.note(Verbosity::Usual, &format!("the first {limit} rows; --limit N shows more"));
    }
    let nothing = lines.is_empty();
    lines.truncate(limit);
    let all = bases.iter().map(|base| base.row.total().bytes).fold(0, u64::saturating_add);
    let page = Page { by: du.by, several: sources.several, all, cells: session.terminal.output_cells };
    let mut sink = Sink::new(out);
    sink.bytes(&match format {
        DuFormat::Table => page.table(&lines),
        DuFormat::Csv => page.records(&lines, Form::Csv { escape: on_terminal }),
        DuFormat::Jsonl => page.records(&lines, Form::Jsonl),
    });
    sink.finish()?;
    let partial = sources.lacking || sources.list.iter().any(|source| source.partial);
    Ok(match (partial, nothing) {
        (true, _) => Exit::Partial,
        (false, true) => Exit::NothingFound,
        (false, false) => Exit::Found,
    })
}

/// The folder to look into, in each source that has it.
fn bases<'a>(du: &Du, sources: &'a Sources, session: &Session) -> Result<Vec<Base<'a>>, Failure> {
    let path = du.path.as_deref().unwrap_or("/");
    let mut bases = Vec::new();
    for source in &sources.list {
        let found = folder::find(&source.index, path);
        source.index.sound().map_err(|fault| source.complaint(&fault))?;
        match found {
            Ok(row) => bases.push(Base { source, row }),
            Err(cause) if sources.list.len() == 1 => {
                return Err(meant_on(du, missing(path, &cause, source)).into());
            }
            Err(cause) => {
                let complaint = missing(path, &cause, source);
                session.note(Verbosity::Verbose, &complaint.to_string());
            }
        }
    }
    if bases.is_empty() {
        let complaint = Complaint::about(path, "no source has such a folder");
        return Err(meant_on(du, complaint.then("`quarry find type:folder NAME` finds folders")).into());
    }
    Ok(bases)
}

/// The complaint that there is no such folder, and, if the word is what belongs behind `--on`, or begins with it as the paths do
/// that a search prints, how to say that.
fn meant_on(du: &Du, complaint: Complaint) -> Complaint {
    let word = du.path.as_deref().unwrap_or_default();
    let is_entry = |word: &str| {
        let show = |name| entries::catalog(&du.place.catalog).ok()?.show(&name).ok();
        entries::name(word).ok().and_then(show).is_some()
    };
    let meant = match word.split_once(':') {
        _ if is_entry(word) || Path::new(word).is_file() => format!("--on {}", quoted(word)),
        Some((entry, path)) if is_entry(entry) => format!("{} --on {}", quoted(path), quoted(entry)),
        _ => return complaint,
    };
    Complaint { next_step: None, ..complaint }.then(format!("did you mean `quarry du {meant}`?"))
}

fn missing(path: &str, cause: &str, source: &Source) -> Complaint {
    Complaint::about(format!("{}:{path}", source.place.name()), cause)
}

/// What is to be printed, in order: the first `limit`, if not all.
fn lines(du: &Du, bases: &[Base<'_>], limit: usize, interrupt: &Interrupt) -> Vec<Line> {
    let depth = du.depth.unwrap_or(1);
    match du.by {
        By::Folder => line::sorted(bases.iter().flat_map(|base| tree::folders(base, depth, interrupt))),
        By::File => {
            line::sorted(bases.iter().flat_map(|base| tree::files(base, limit.saturating_add(1), interrupt)))
        }
        By::Extension => group::extensions(bases, interrupt),
        By::Age => group::ages(bases, now(), interrupt),
    }
}

/// 100 ns since 1601.
fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    let ticks = u64::try_from(since.unwrap_or_default().as_nanos() / 100).unwrap_or(u64::MAX);
    Time(Time::UNIX_EPOCH.0.saturating_add(ticks))
}
