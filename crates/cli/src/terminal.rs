//! What the streams are connected to, asked once.

use std::io::IsTerminal as _;

use crate::args::When;

/// What is known of standard output and standard error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    /// Cells in a line of standard output, if that is a terminal.
    pub(crate) output_cells: Option<usize>,
    /// Whether to colour standard output.
    pub(crate) output_colour: bool,
    /// Whether standard error is a terminal.
    pub(crate) error: bool,
    /// Whether to colour standard error.
    pub(crate) error_colour: bool,
}

impl Terminal {
    /// Looks at the streams.
    pub(crate) fn look(colour: When) -> Self {
        /// The width to assume of a terminal that does not tell.
        const USUAL_CELLS: usize = 80;
        let (output, error) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        let cells = || {
            let stdout = std::io::stdout();
            terminal_size::terminal_size_of(stdout).map_or(USUAL_CELLS, |(width, _)| usize::from(width.0))
        };
        let wanted = |terminal: bool| match colour {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && is_colour_welcome(),
        };
        Self {
            output_cells: output.then(cells),
            output_colour: wanted(output),
            error,
            error_colour: wanted(error),
        }
    }
}

/// Whether the environment lets programs colour: by <https://no-color.org>, anything but nothing forbids it.
fn is_colour_welcome() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}
