//! `quarry demo`: the program shows what it does on a volume of its own.
//!
//! The commands that are printed are the commands that are run: each goes through the same parser and the same
//! verb as if it had been typed in the folder that holds the volume.

mod image;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Parser as _;

use crate::args::{CommandLine, Demo, Verb};
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::find;
use crate::output::sink::SinkError;
use crate::output::style::{STRONG, push_styled};
use crate::output::words::quoted;
use crate::session::Session;

/// What the volume is called where it is unpacked.
const FILE_NAME: &str = "demo.ntfs";

/// The searches, word by word as the shell would hand them over.
const SEARCHES: [&[&str]; 3] = [
    &["quarry", "find", "müller", "path:invoices/2024", "--on", FILE_NAME],
    &["quarry", "find", "size:>1gb", "--on", FILE_NAME, "--sort", "size", "--reverse"],
    &[
        "quarry",
        "find",
        "love letter",
        "--on",
        FILE_NAME,
        "--deleted",
        "--format",
        "csv",
        "--columns",
        "path,size,state",
    ],
];

/// Unpacks the volume; searches it too, unless it is only to be kept.
pub(crate) fn run(demo: &Demo, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    match &demo.keep {
        Some(folder) => keep(folder, out),
        None => show(session, out),
    }
}

/// Leaves the volume in `folder` and prints where it is.
fn keep(folder: &Path, out: &mut dyn Write) -> Result<Exit, Failure> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Complaint::about(folder.display().to_string(), error).then("choose another folder")
    })?;
    let path = folder.join(FILE_NAME);
    image::unpack(&path)?;
    let path = path.strip_prefix(".").unwrap_or(&path);
    say(out, &format!("{}\n", path.display()))?;
    Ok(Exit::Found)
}

/// Searches the volume in a folder that is there for as long as this takes.
fn show(session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    let folder = tempfile::Builder::new()
        .prefix("quarry-demo-")
        .tempdir()
        .map_err(|error| Complaint::about("temporary folder", error).then("use `quarry demo --keep DIR`"))?;
    image::unpack(&folder.path().join(FILE_NAME))?;
    let before = std::env::current_dir().map_err(current_folder)?;
    std::env::set_current_dir(folder.path()).map_err(current_folder)?;
    let result = search(session, out);
    // A folder that somebody stands in cannot be removed everywhere.
    std::env::set_current_dir(before).map_err(current_folder)?;
    result
}

fn current_folder(error: io::Error) -> Complaint {
    Complaint::about("current folder", error)
}

/// Runs each search as if it had been typed here, after showing it.
fn search(session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    say(out, &format!("# {FILE_NAME}, a small NTFS volume, in a temporary folder\n"))?;
    let program = program(std::env::args_os().next());
    let style = if session.terminal.output_colour { STRONG } else { anstyle::Style::new() };
    for words in SEARCHES {
        let mut line = b"\n".to_vec();
        push_styled(&mut line, style, command(&program, words).as_bytes());
        line.push(b'\n');
        out.write_all(&line).map_err(SinkError::from)?;
        if let Verb::Find(find) = CommandLine::try_parse_from(words).map_err(not_understood)?.verb {
            let exit = find::run(&find, session, out)?;
            if exit != Exit::Found {
                return Ok(exit);
            }
        }
    }
    say(out, &format!("\n# to type these yourself, keep the volume here first: {program} demo --keep .\n"))?;
    Ok(Exit::Found)
}

fn say(out: &mut dyn Write, text: &str) -> Result<(), SinkError> {
    Ok(out.write_all(text.as_bytes())?)
}

fn not_understood(error: clap::Error) -> Complaint {
    Complaint::in_lines(error)
}

/// What is typed to call this program: how it was `called`, unless a shell found it by its name, as it does not find what has only been built.
fn program(called: Option<OsString>) -> String {
    let called = called.map(PathBuf::from).filter(|called| called.components().nth(1).is_some());
    called.map_or_else(|| SEARCHES[0][0].to_owned(), |called| quoted(&called.to_string_lossy()))
}

/// The command as it is typed.
fn command(program: &str, words: &[&str]) -> String {
    let rest = words.iter().skip(1).map(|word| format!(" {}", quoted(word)));
    format!("$ {program}{}", rest.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::{SEARCHES, command, program, quoted};

    #[test]
    fn commands_are_printed_as_a_shell_takes_them() {
        let query = quoted("size:>1gb");
        let expected = format!("$ quarry find {query} --on demo.ntfs --sort size --reverse");
        assert_eq!(command("quarry", SEARCHES[1]), expected);
    }

    #[test]
    fn the_program_is_called_as_it_was_called() {
        for (called, expected) in [
            (None, "quarry"),
            (Some("quarry"), "quarry"),
            (Some("target/release/quarry"), "target/release/quarry"),
            (Some("./quarry"), "./quarry"),
        ] {
            assert_eq!(program(called.map(Into::into)), expected);
        }
    }
}
