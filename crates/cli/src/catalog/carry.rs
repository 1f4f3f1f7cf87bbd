//! `quarry catalog export` and `import`: an entry as a file that is carried elsewhere.

use std::io::Write;

use quarry_catalog::{BoxError, Error, ExportError, Exported, Opened};
use serde::Serialize;

use super::{EntryFacts, print, print_json};
use crate::args::{Export, Import};
use crate::entries::{self, OpenEntry};
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::output::words::{count, escaped, quoted, size};
use crate::scan;
use crate::session::{Session, Verbosity};

/// Writes an entry to a file.
pub(super) fn export(export: &Export, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Done<'a> {
        file: String,
        #[serde(flatten)]
        entry: EntryFacts<'a>,
    }
    let catalog = entries::catalog(&export.common.catalog)?;
    let name = entries::name(&export.name)?;
    let told = |error: Error| entries::complaint(&error);
    let snapshot = entries::open_snapshot(&catalog, &name)?;
    let (opened, changes) = snapshot.ok_or_else(|| entries::no_such(&catalog, &name))?;
    entries::note_left(&name, changes.log_bytes_left, session);
    let changed = changes.changes > 0;
    let OpenEntry { entry, index, .. } = entries::with_changes(entries::open_index(&opened)?, changes, None)?;
    let check = |offset, bytes: &[u8]| match session.interrupt.is_set() {
        true => Err(BoxError::from("interrupted")),
        false => Ok(index.check_copy(offset, bytes)?),
    };
    let exported = match changed {
        true => catalog.export_index(&entry, &index, &export.file),
        false => catalog.export(&opened, &export.file, check),
    };
    let passed_over = exported.map_err(|error| match error {
        _ if session.interrupt.is_set() => Failure::Interrupted,
        error => told(error).into(),
    })?;
    for path in passed_over {
        let note = "was there already; if an export was killed that wrote it, delete it";
        session.note(Verbosity::Usual, &format!("{}: {note}", path.display()));
    }
    let file = export.file.display().to_string();
    if export.common.json {
        print_json(out, &Done { file, entry: EntryFacts::new(&entry) })?;
    } else {
        let file = escaped(file.as_bytes());
        let entry = format!("{} to {file}, {}", quoted(name.as_str()), size(entry.bytes));
        print(out, &format!("exported {entry}\n"))?;
    }
    Ok(Exit::Found)
}

/// Makes an exported file an entry, if every byte of it checks out. An entry that is there is kept.
pub(super) fn import(import: &Import, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    let catalog = entries::catalog(&import.common.catalog)?;
    let name = match &import.name {
        Some(name) => entries::name(name)?,
        None => Exported::open(&import.file).map_err(not_exported)?.entry.name,
    };
    let mut lock = scan::lock(&catalog, &name, import.waiting.no_wait, session)?;
    match catalog.show(&name) {
        Err(Error::NoEntry { .. }) => {}
        _ => {
            let complaint = Complaint::about(name.as_str(), "there is such an entry already");
            return Err(complaint.then("remove it first, or choose another name with --name").into());
        }
    }
    let interrupted = || session.interrupt.is_set();
    let watch = |_| if interrupted() { Err(BoxError::from("interrupted")) } else { Ok(()) };
    let look = |opened: &Opened| watch(opened.entry.bytes).and_then(|()| check(opened));
    let imported = lock.import_watched(&import.file, watch, look).map_err(|error| match error {
        _ if interrupted() => Failure::Interrupted,
        error => not_exported(error).into(),
    });
    let entry = imported?.entry;
    if import.common.json {
        print_json(out, &EntryFacts::new(&entry))?;
    } else {
        let rows = count(entry.facts.counts.rows, "row", "rows");
        print(out, &format!("imported {}, {rows}, {}\n", quoted(name.as_str()), size(entry.bytes)))?;
    }
    Ok(Exit::Found)
}

/// What the user is told of a file that cannot be imported.
fn not_exported(error: Error) -> Complaint {
    let complaint = entries::complaint(&error);
    match error {
        Error::Export { source: ExportError::NotAnExport, .. } => {
            complaint.then("`quarry scan` reads volumes and dumps")
        }
        _ => complaint,
    }
}

/// Whether every byte of a snapshot is as it was written.
fn check(opened: &Opened) -> Result<(), BoxError> {
    Ok(entries::index(opened)?.check()?)
}
