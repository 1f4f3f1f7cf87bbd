//! From the writers' buffer to standard output, in few, large writes.

use std::io::{self, ErrorKind, Write};

use quarry_index::SnapshotError;

use super::Writer;
use super::row::Row;

/// Bytes gathered before they are written: enough to make the calls cheap, few enough to show rows early.
const BUFFER_BYTES: usize = 64 * 1024;

/// Why rows stopped being written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SinkError {
    /// Whoever read the output wants no more of it. That is not an error of ours: `head` does it.
    #[error("the reader of the output is gone")]
    Closed,
    /// The output cannot be written.
    #[error("standard output: {0}")]
    Io(#[source] io::Error),
    /// What was to be written is not known: the index is damaged there.
    #[error(transparent)]
    Damaged(#[from] SnapshotError),
}

impl From<io::Error> for SinkError {
    fn from(error: io::Error) -> Self {
        if error.kind() == ErrorKind::BrokenPipe { Self::Closed } else { Self::Io(error) }
    }
}

/// Writes what was done. That nobody reads it any more ends no work: the rest is done all the same, and the exit code tells of all.
pub(crate) fn tell_of_work(out: &mut dyn Write, text: &str) -> Result<(), SinkError> {
    match out.write_all(text.as_bytes()).map_err(SinkError::from) {
        Err(SinkError::Closed) => Ok(()),
        written => written,
    }
}

/// Rows on their way out.
#[derive(Debug)]
pub(crate) struct Sink<W> {
    buffer: Vec<u8>,
    stream: W,
}

impl<W: Write> Sink<W> {
    pub(crate) fn new(stream: W) -> Self {
        Self { buffer: Vec::with_capacity(BUFFER_BYTES + BUFFER_BYTES / 4), stream }
    }

    /// Writes what comes before the rows.
    pub(crate) fn begin(&mut self, writer: &mut dyn Writer) {
        writer.begin(&mut self.buffer);
    }

    /// Writes one row, sooner or later.
    pub(crate) fn row(&mut self, writer: &mut dyn Writer, row: &dyn Row) -> Result<(), SinkError> {
        let start = self.buffer.len();
        writer.row(row, &mut self.buffer);
        if let Err(fault) = row.sound() {
            self.buffer.truncate(start);
            return Err(fault.into());
        }
        if self.buffer.len() >= BUFFER_BYTES { self.pass_on() } else { Ok(()) }
    }

    /// Writes bytes that are ready.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Writes what is left.
    pub(crate) fn finish(&mut self) -> Result<(), SinkError> {
        self.pass_on()?;
        Ok(self.stream.flush()?)
    }

    fn pass_on(&mut self) -> Result<(), SinkError> {
        let written = self.stream.write_all(&self.buffer);
        self.buffer.clear();
        Ok(written?)
    }
}

#[cfg(test)]
mod tests {
    use super::{BUFFER_BYTES, Sink, SinkError};
    use crate::output::paths::Paths;
    use crate::output::sample::Sample;
    use std::io::{self, ErrorKind, Write};

    /// A stream that takes a number of writes and then fails.
    struct Fails {
        after: usize,
        kind: ErrorKind,
        taken: Vec<u8>,
    }

    impl Write for Fails {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.after = self.after.checked_sub(1).ok_or(self.kind)?;
            self.taken.extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Prints rows until the stream fails; says how and how many bytes it had taken.
    fn until_it_fails(kind: ErrorKind) -> (Result<(), SinkError>, usize) {
        let mut sink = Sink::new(Fails { after: 1, kind, taken: Vec::new() });
        let mut writer = Paths::new(b'\n', false);
        let result = (0..2 * BUFFER_BYTES).try_for_each(|_| sink.row(&mut writer, &Sample::at("/a")));
        (result, sink.stream.taken.len())
    }

    #[test]
    fn rows_are_gathered_and_the_end_is_written() {
        let mut sink = Sink::new(Vec::new());
        let mut writer = Paths::new(b'\n', false);
        sink.row(&mut writer, &Sample::at("/a")).expect("a vector takes all");
        assert_eq!(sink.stream.len(), 0);
        sink.finish().expect("a vector takes all");
        assert_eq!(sink.stream, b"/a\n");
    }

    #[test]
    fn a_closed_pipe_is_told_from_a_full_disk() {
        let (result, taken) = until_it_fails(ErrorKind::BrokenPipe);
        assert!(matches!(result, Err(SinkError::Closed)), "{result:?}");
        assert!((BUFFER_BYTES..BUFFER_BYTES + 4).contains(&taken), "{taken}");
        let (result, _) = until_it_fails(ErrorKind::StorageFull);
        assert!(matches!(result, Err(SinkError::Io(_))), "{result:?}");
    }
}
