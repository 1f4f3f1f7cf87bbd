//! What every verb of one run shares.

use std::time::Instant;

use crate::args::Reporting;
use crate::failure::Complaint;
use crate::interrupt::Interrupt;
use crate::output::escape::push_escaped;
use crate::output::style::{ERROR, push_styled};
use crate::terminal::Terminal;

/// How much is said on standard error beside errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Nothing.
    Quiet,
    /// How much is damaged or could not be read.
    Usual,
    /// Each thing of it.
    Verbose,
}

/// One run of the command.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) terminal: Terminal,
    pub(crate) interrupt: Interrupt,
    pub(crate) verbosity: Verbosity,
}

impl Session {
    /// Looks at the streams and takes over the interrupt.
    pub(crate) fn new(reporting: Reporting) -> Self {
        let verbosity = match (reporting.quiet, reporting.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, false) => Verbosity::Usual,
            (false, true) => Verbosity::Verbose,
        };
        Self { terminal: Terminal::look(reporting.color), interrupt: Interrupt::install(), verbosity }
    }

    /// One that says nothing and that nobody interrupts.
    #[cfg(test)]
    pub(crate) fn quiet() -> Self {
        let terminal = Terminal::look(crate::args::When::Never);
        Self { terminal, interrupt: Interrupt::default(), verbosity: Verbosity::Quiet }
    }

    /// Prints an error, whatever the verbosity.
    pub(crate) fn error(&self, complaint: &Complaint) {
        let mut line = Vec::new();
        if self.terminal.error_colour {
            push_styled(&mut line, ERROR, b"quarry:");
        } else {
            line.extend_from_slice(b"quarry:");
        }
        line.push(b' ');
        line.extend_from_slice(complaint.to_string().as_bytes());
        print(line);
    }

    /// Prints a line beside the rows. It may quote a name that somebody else chose: what could steer a terminal, or begin another line, is
    /// spelled out.
    pub(crate) fn note(&self, at: Verbosity, message: &str) {
        if self.verbosity >= at {
            let mut line = b"quarry: ".to_vec();
            push_escaped(&mut line, message.as_bytes());
            print(line);
        }
    }
}

/// Milliseconds since `began`, for people.
pub(crate) fn millis(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}

/// One write a line, so that lines of several programs do not mix. Where it fails there is nobody to tell.
fn print(mut line: Vec<u8>) {
    use std::io::Write as _;
    line.push(b'\n');
    let _ = std::io::stderr().lock().write_all(&line);
}
