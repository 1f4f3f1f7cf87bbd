//! `quarry info`: what a source, or an entry of the catalogue, is and what it holds.

mod volume;

use std::io::Write;
use std::path::Path;

use quarry_scan::identify::{Content, identify};

use crate::args::{How, Info, Memory};
use crate::catalog::{self, Form};
use crate::entries;
use crate::exit::Exit;
use crate::facts::Facts;
use crate::failure::{Complaint, Failure, chain};
use crate::output::sink::SinkError;
use crate::session::Session;
use crate::sources::{Target, resolve};
use crate::volumes;

pub(crate) use volume::volume;

/// Prints what is known of each source, volume by volume.
pub(crate) fn run(info: &Info, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    let mut partial = false;
    let mut failed = 0;
    for (place, path) in info.sources.iter().enumerate() {
        if place > 0 && !info.json {
            write(out, "\n")?;
        }
        let result = match resolve(path, &info.catalog, session) {
            Target::Entry(catalog, name) | Target::Listed(catalog, name) => {
                let form = Form { json: info.json, columns: info.columns };
                let open = entries::open(&catalog, &name, info.reading.threads).map_err(Failure::from);
                open.and_then(|open| catalog::show(&open, form, session, out)).map(|exit| exit == Exit::Found)
            }
            Target::Path { path, near } => one(info, &path, session, out).map_err(|failure| match failure {
                Failure::Because(complaint) => complaint.did_you_mean(near.as_ref()).into(),
                failure => failure,
            }),
        };
        match result {
            Ok(complete) => partial |= !complete,
            Err(Failure::Because(complaint)) => {
                session.error(&complaint);
                failed += 1;
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(match (failed, partial) {
        (0, false) => Exit::Found,
        (all, _) if all == info.sources.len() => Exit::Error,
        _ => Exit::Partial,
    })
}

/// Prints what is known of the source at `path`; says whether all of it could be read.
fn one(info: &Info, path: &Path, session: &Session, out: &mut dyn Write) -> Result<bool, Failure> {
    if let Some(open) = entries::exported(path)? {
        let form = Form { json: info.json, columns: info.columns };
        return catalog::show(&open, form, session, out).map(|exit| exit == Exit::Found);
    }
    if info.columns {
        let complaint =
            Complaint::about("--columns", format!("{} is no entry of the catalogue", path.display()));
        return Err(complaint.then("only those have columns to show: `quarry scan` makes one").into());
    }
    let device = volumes::open_device(path)?;
    if !info.json {
        let content = identify(&*device).map_err(|error| Complaint::of(chain(&error)))?;
        let head = volume::head(path, &*device, &content);
        write(out, &head)?;
        if let Content::Disk(table) = &content {
            write(out, &volume::partitions(table, session.terminal.output_cells))?;
        }
    }
    let mut complete = true;
    for opened in volumes::open_on(path, device, &info.reading)? {
        let pipeline = volumes::pipeline(&info.reading, How::default(), true)?;
        let scan = volumes::scan(&opened, pipeline, &Memory::default(), session)?;
        complete &= !scan.report.is_partial();
        let facts = Facts::new(&opened, &scan.report);
        let text = if info.json { facts.json() } else { volume::volume(&facts, session) };
        write(out, &text)?;
    }
    Ok(complete)
}

fn write(out: &mut dyn Write, text: &str) -> Result<(), SinkError> {
    Ok(out.write_all(text.as_bytes())?)
}
