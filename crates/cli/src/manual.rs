//! Completions and manual pages, made of the command line's own definition.

use std::io::Write;

use clap::CommandFactory as _;

use crate::args::{CommandLine, Completions, Man};
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::output::sink::SinkError;

/// Prints what a shell needs to complete the command.
pub(crate) fn completions(completions: &Completions, out: &mut dyn Write) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut CommandLine::command(), "quarry", &mut script);
    print(&script, out)
}

/// Prints the manual page of the command, or of one verb.
pub(crate) fn man(man: &Man, out: &mut dyn Write) -> Result<Exit, Failure> {
    let mut command = CommandLine::command();
    command.build();
    for verb in &man.verbs {
        let unknown =
            || Complaint::about(verb.as_str(), "there is no such verb").then("`quarry --help` lists them");
        command = command.find_subcommand(verb).cloned().ok_or_else(unknown)?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).map_err(SinkError::from)?;
    print(&page, out)
}

fn print(text: &[u8], out: &mut dyn Write) -> Result<Exit, Failure> {
    out.write_all(text).map_err(SinkError::from)?;
    Ok(Exit::Found)
}
