//! The `quarry` command: finds any file on an NTFS volume.
//!
//! A verb a module ([`find`], [`scan`], [`du`], [`info`], [`catalog`], [`mod@bench`], [`demo`], [`manual`]). What they share: the command
//! line ([`args`]), the run ([`session`], [`terminal`], [`interrupt`]), what is searched ([`sources`], [`volumes`], [`entries`],
//! [`place`]), the output ([`output`], [`layout`]) and how all of it ends ([`exit`], [`failure`]). Nothing is prepared before it is needed: the
//! command starts in a millisecond.
#![forbid(unsafe_code)]

mod args;
#[cfg(any(target_os = "linux", windows))]
mod attached;
mod bench;
mod catalog;
mod damage;
mod demo;
mod du;
mod entries;
mod exit;
mod facts;
mod failure;
mod find;
mod found;
mod hint;
mod info;
mod interrupt;
mod layout;
mod manual;
mod memory;
mod merge;
#[cfg(target_os = "linux")]
mod mounts;
mod note;
mod output;
mod place;
mod progress;
mod reads;
mod scan;
mod session;
mod sources;
mod terminal;
mod threads;
mod together;
#[cfg(test)]
mod tree;
mod volumes;

use std::io::Write;

use clap::Parser as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use args::{CommandLine, Verb};
use exit::Exit;
use failure::Failure;
use session::{Session, Verbosity};

fn main() -> ! {
    let command_line = CommandLine::try_parse().unwrap_or_else(|error| reject(&error));
    let session = Session::new(command_line.verb.reporting());
    tell_of_zone(&session);
    let mut out = std::io::stdout().lock();
    let exit = match run(&command_line.verb, &session, &mut out) {
        Ok(exit) => exit,
        Err(failure) => {
            let (exit, complaint) = failure.verdict();
            if let Some(complaint) = complaint {
                session.error(&complaint);
            }
            exit
        }
    };
    drop(out);
    std::process::exit(exit.code().into())
}

/// Says so if the time zone that the user names is none. Looked at only where one is named: finding the system's takes time.
fn tell_of_zone(session: &Session) {
    let Some(zone) = std::env::var_os("TZ").filter(|zone| !zone.is_empty()) else { return };
    if jiff::tz::TimeZone::try_system().is_err() {
        let zone = output::words::escaped(zone.as_encoded_bytes());
        session.note(Verbosity::Usual, &format!("TZ={zone}: no such time zone; times are those of UTC"));
    }
}

/// Says what is wrong with the command line, or prints the help that was asked for.
fn reject(error: &clap::Error) -> ! {
    let printed = error.print();
    if error.kind() == ErrorKind::MissingRequiredArgument && error.to_string().contains("<QUERY>") {
        eprintln!("\nwhat stands behind --on are sources: put the query before it ('' finds everything)");
    }
    if let Some(word) = left_out(error) {
        eprintln!("\nif you mean names without `{word}`, write '!{word}'");
    }
    let exit = if error.use_stderr() || printed.is_err() { Exit::Error } else { Exit::Found };
    std::process::exit(exit.code().into())
}

/// The word behind a hyphen, where `find` was given one that is no flag: many programs leave out words in that way.
fn left_out(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return None };
    let letter = flag.strip_prefix('-').filter(|rest| !rest.starts_with('-'))?;
    let mut words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    if error.kind() != ErrorKind::UnknownArgument || words.next()? != "find" {
        return None;
    }
    let hyphened = |word: String| {
        let rest = word.strip_prefix('-')?;
        let is_word = rest.chars().count() > 1 && rest.chars().all(char::is_alphanumeric);
        (is_word && rest.contains(letter)).then(|| rest.to_owned())
    };
    words.find_map(hyphened)
}

fn run(verb: &Verb, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    match verb {
        Verb::Find(find) => find::run(find, session, out),
        Verb::Scan(scan) => scan::run(scan, session, out),
        Verb::Du(du) => du::run(du, session, out),
        Verb::Catalog(catalog) => catalog::run(catalog, session, out),
        Verb::Info(info) => info::run(info, session, out),
        Verb::Bench(bench) => bench::run(bench, session, out),
        Verb::Demo(demo) => demo::run(demo, session, out),
        Verb::Completions(completions) => manual::completions(completions, out),
        Verb::Man(man) => manual::man(man, out),
    }
}
