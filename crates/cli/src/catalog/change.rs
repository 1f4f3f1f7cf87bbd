//! `quarry catalog refresh`, `remove` and `collect`: what changes entries that are there.

use std::io::Write;
use std::num::NonZeroUsize;

use quarry_catalog::{Catalog, Collected, Error, Name};
use serde::Serialize;

use super::{partition, print, print_json, source_title};
use crate::args::{Common, How, Refresh, Remove};
use crate::entries;
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::note::{Flags, Note};
use crate::output::words::quoted;
use crate::scan::{self, Claim, Job, Tally};
use crate::session::{Session, Verbosity};
use crate::volumes;

/// Scans the sources of the entries again.
pub(super) fn refresh(refresh: &Refresh, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    let catalog = entries::catalog(&refresh.common.catalog)?;
    let mut tally = Tally::default();
    for name in &refresh.names {
        tally.add(refresh_one(&catalog, name, refresh, session, out), session)?;
    }
    Ok(tally.exit())
}

fn refresh_one(
    catalog: &Catalog,
    name: &str,
    refresh: &Refresh,
    session: &Session,
    out: &mut dyn Write,
) -> Result<bool, Failure> {
    let name = entries::name(name)?;
    let entry = catalog.show(&name).map_err(|error| entries::complaint(&error))?;
    let source = &entry.facts.source;
    let flags = flags(catalog, &name, session);
    let again =
        || format!("scan it from where it is now: `quarry scan SOURCE --name {}`", quoted(name.as_str()));
    let Some(path) = source.path.to_path() else {
        let cause = format!("{} is no path of this system", source_title(source));
        return Err(Complaint::about(name.as_str(), cause).then(again()).into());
    };
    let number = partition(source).and_then(|number| NonZeroUsize::new(usize::try_from(number).ok()?));
    let mut opened = volumes::open(&path, &scan::reading(number, flags))
        .map_err(|complaint| Complaint::about(name.as_str(), complaint).then(again()))?;
    let Some(opened) = opened.pop().filter(|_| opened.is_empty()) else {
        let cause = format!("{} has several volumes now", source_title(source));
        return Err(Complaint::about(name.as_str(), cause).then(again()).into());
    };
    let serial = opened.volume.boot().map(|boot| boot.serial);
    if serial != source.serial {
        let hexadecimal =
            |serial: Option<u64>| serial.map_or_else(|| "none".to_owned(), |serial| format!("{serial:016X}"));
        let (was, is) = (hexadecimal(source.serial), hexadecimal(serial));
        let cause = format!(
            "{} is another volume now: its serial number was {was} and is {is}",
            source_title(source)
        );
        return Err(Complaint::about(name.as_str(), cause).then(again()).into());
    }
    let job = Job {
        opened: &opened,
        name: &name,
        claim: Claim::Chosen,
        flags,
        pipeline: scan::pipeline(&scan::reading(number, flags), How::default(), flags)?,
        memory: &refresh.memory,
        no_wait: refresh.waiting.no_wait,
        force: refresh.replacing.force,
    };
    scan::tell(scan::publish(catalog, &job, refresh.common.json, session), session, out)
}

/// How the entry was scanned; the usual way where its note cannot be read, for a refresh is what mends it.
fn flags(catalog: &Catalog, name: &Name, session: &Session) -> Flags {
    // The snapshot has the note, whatever is wrong with a log beside it.
    let open = catalog.open(name).ok().and_then(|opened| entries::open_index(&opened).ok());
    let note = open.and_then(|open| Note::of(&open.index));
    note.map(|note| note.flags).unwrap_or_else(|| {
        let note = format!("{name}: how it was scanned cannot be read: it is scanned in the usual way");
        session.note(Verbosity::Usual, &note);
        Flags::default()
    })
}

/// Removes the entries.
pub(super) fn remove(remove: &Remove, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Removed<'a> {
        removed: &'a str,
    }
    let catalog = entries::catalog(&remove.common.catalog)?;
    let mut tally = Tally::default();
    for text in &remove.names {
        let removed = remove_one(&catalog, text, remove.waiting.no_wait, session);
        if removed.is_ok() {
            match remove.common.json {
                true => print_json(out, &Removed { removed: text })?,
                false => print(out, &format!("removed {}\n", quoted(text)))?,
            }
        }
        tally.add(removed.map(|()| true), session)?;
    }
    Ok(tally.exit())
}

fn remove_one(catalog: &Catalog, text: &str, no_wait: bool, session: &Session) -> Result<(), Failure> {
    let name = entries::name(text)?;
    // A look first, so that asking for what is not there makes no folder.
    if let Err(error @ Error::NoEntry { .. }) = catalog.show(&name) {
        return Err(entries::complaint(&error).into());
    }
    let lock = scan::lock(catalog, &name, no_wait, session)?;
    let collected = lock.remove().map_err(|error| entries::complaint(&error))?;
    tell_left(&collected, session);
    Ok(())
}

/// Deletes what nobody needs.
pub(super) fn collect(common: &Common, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Told {
        removed: Vec<String>,
        left: Vec<String>,
        busy: Vec<String>,
    }
    let catalog = entries::catalog(&common.catalog)?;
    let collected = catalog.collect().map_err(|error| entries::complaint(&error))?;
    tell_left(&collected, session);
    let shown = |path: &std::path::PathBuf| path.display().to_string();
    let told = Told {
        removed: collected.removed.iter().map(shown).collect(),
        left: collected.left.iter().map(|left| shown(&left.path)).collect(),
        busy: collected.busy.iter().map(ToString::to_string).collect(),
    };
    if common.json {
        print_json(out, &told)?;
    } else {
        for path in &told.removed {
            print(out, &format!("removed {path}\n"))?;
        }
        for name in &told.busy {
            let note = format!("{name}: another process is changing the entry; nothing of it was touched");
            session.note(Verbosity::Usual, &note);
        }
        if told.removed.is_empty() {
            print(out, "there was nothing to remove\n")?;
        }
    }
    Ok(if collected.left.is_empty() { Exit::Found } else { Exit::Partial })
}

fn tell_left(collected: &Collected, session: &Session) {
    for left in &collected.left {
        let cause = format!("was left: {}", left.error);
        session.error(&Complaint::about(left.path.display().to_string(), cause));
    }
}
