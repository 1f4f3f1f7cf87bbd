//! `quarry catalog verify`: every byte against its checksum.

use std::io::Write;

use quarry_catalog::{Catalog, Name};
use serde::Serialize;

use super::{print, print_json};
use crate::args::Verify;
use crate::entries;
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::output::words::{quoted, size};
use crate::session::Session;

/// The JSON object of an entry that was checked.
#[derive(Debug, Serialize)]
struct Checked<'a> {
    name: &'a str,
    sound: bool,
    /// Of the snapshot, if that is known.
    bytes: Option<u64>,
    error: Option<String>,
}

/// Checks the entries, or all.
pub(super) fn run(verify: &Verify, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    let catalog = entries::catalog(&verify.common.catalog)?;
    let mut damaged = false;
    let names = if verify.names.is_empty() {
        let listed = catalog.list().map_err(|error| entries::complaint(&error))?;
        listed.into_iter().map(|listed| listed.name).collect()
    } else {
        verify.names.iter().map(|name| entries::name(name)).collect::<Result<Vec<_>, _>>()?
    };
    if names.is_empty() {
        return Err(entries::empty(&catalog).into());
    }
    for name in &names {
        if session.interrupt.is_set() {
            return Err(Failure::Interrupted);
        }
        let result = match one(&catalog, name, !verify.names.is_empty(), session).transpose() {
            Some(result) => result,
            // It was listed and has been removed since.
            None => continue,
        };
        damaged |= result.is_err();
        if let Err(complaint) = &result {
            session.error(complaint);
        }
        if verify.common.json {
            let error = result.as_ref().err().map(ToString::to_string);
            let checked = Checked { name: name.as_str(), sound: error.is_none(), bytes: result.ok(), error };
            print_json(out, &checked)?;
        } else if let Ok(bytes) = result {
            print(out, &format!("{}: sound, {}\n", quoted(name.as_str()), size(bytes)))?;
        }
    }
    Ok(if damaged { Exit::Error } else { Exit::Found })
}

/// Checks one entry; says how many bytes were right, or nothing if it is gone and was not `named`.
fn one(catalog: &Catalog, name: &Name, named: bool, session: &Session) -> Result<Option<u64>, Complaint> {
    let Some((opened, changes)) = entries::open_snapshot(catalog, name)? else {
        return if named { Err(entries::no_such(catalog, name)) } else { Ok(None) };
    };
    entries::note_left(name, changes.log_bytes_left, session);
    let open = entries::open_index(&opened)?;
    open.index.check().map_err(|fault| open.snapshot.complaint(&fault))?;
    Ok(Some(open.entry.bytes))
}
