//! The pointer: the small text file that says what an entry is, drawn in `docs/formats/catalog.md`.
//!
//! Strict text: a person with nothing but `cat` can read it, and each content has one spelling, which a reader holds it to. So
//! there is nothing to interpret, and a checksum over the text covers everything. Rejected: a binary record (it saves
//! bytes where there are a thousand) and JSON (many spellings for one content, and a parser to trust).

use std::fmt::Write;

use xxhash_rust::xxh3::xxh3_64;

use crate::entry::{Counts, Entry, Facts};
use crate::escape::{escape, unescape};
use crate::layout::Part;
use crate::name::{NAME_BYTES_MAX, Name};
use crate::source::{KIND_BYTES_MAX, LABEL_BYTES_MAX, PATH_BYTES_MAX, Source, SourcePath};

/// The format that is written, and the newest that is read.
pub(crate) const POINTER_VERSION: u64 = 1;
/// Longest pointer, in bytes.
pub(crate) const POINTER_BYTES_MAX: usize = 64 * 1024;
const FIRST_LINE: &str = "quarry catalog entry ";
const CHECKSUM: &str = "checksum ";
/// The last line: word, 16 digits, line feed. The same in every version.
const CHECKSUM_LINE_BYTES: usize = CHECKSUM.len() + 16 + 1;
/// Words, numbers and names take less than this.
const OTHER_LINES_BYTES_MAX: usize = 2048;
const _: () = assert!(
    3 * (PATH_BYTES_MAX + LABEL_BYTES_MAX + NAME_BYTES_MAX) + KIND_BYTES_MAX + OTHER_LINES_BYTES_MAX
        <= POINTER_BYTES_MAX
);

/// What a pointer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pointer {
    /// Readers see this entry.
    Live(Entry),
    /// Readers see none; what is left of it may be deleted.
    Removed { name: Name, generation: u64 },
}

/// Why a text is no pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PointerError {
    /// A longer one is never written.
    #[error("it is longer than {POINTER_BYTES_MAX} bytes")]
    TooLong,
    /// It does not end in a checksum: cut, or something else altogether.
    #[error("it does not end in a checksum: it was cut, or is no pointer")]
    NoChecksum,
    /// What it says was changed after it was written.
    #[error("its checksum is {actual:016x} where {expected:016x} is written: it was damaged or edited")]
    Checksum {
        /// The one in the last line.
        expected: u64,
        /// That of the bytes before.
        actual: u64,
    },
    /// A later program wrote it.
    #[error(
        "it has version {version}, and this program reads up to {POINTER_VERSION}: use the program that wrote it"
    )]
    Newer {
        /// Its version.
        version: u64,
    },
    /// A line is not what stands there.
    #[error("line {line} is {actual:?} where {expected:?} was expected")]
    Line {
        /// Which, counted from 1.
        line: usize,
        /// The word that it begins with, or what its value should be.
        expected: String,
        /// The line, or its beginning.
        actual: String,
    },
}

impl Pointer {
    /// The entry's name.
    pub(crate) fn name(&self) -> &Name {
        match self {
            Self::Live(entry) => &entry.name,
            Self::Removed { name, .. } => name,
        }
    }

    /// The greatest generation that it knows of.
    pub(crate) fn generation(&self) -> u64 {
        match self {
            Self::Live(entry) => entry.generation,
            Self::Removed { generation, .. } => *generation,
        }
    }

    /// The text; at most [`POINTER_BYTES_MAX`] bytes if the source is within its bounds.
    pub(crate) fn encode(&self) -> String {
        let mut text = String::new();
        let mut line = |word: &str, value: &dyn std::fmt::Display| {
            // A string takes everything.
            let _ = writeln!(text, "{word}{value}");
        };
        line(FIRST_LINE, &POINTER_VERSION);
        line("name ", &self.name().encoded());
        line("generation ", &self.generation());
        match self {
            Self::Removed { .. } => line("state ", &"removed"),
            Self::Live(entry) => {
                line("state ", &"live");
                encode_entry(entry, &mut line);
            }
        }
        let checksum = xxh3_64(text.as_bytes());
        let _ = writeln!(text, "{CHECKSUM}{checksum:016x}");
        text
    }

    /// What `bytes` say.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, PointerError> {
        if bytes.len() > POINTER_BYTES_MAX {
            return Err(PointerError::TooLong);
        }
        let (body, last) = bytes
            .len()
            .checked_sub(CHECKSUM_LINE_BYTES)
            .map(|at| bytes.split_at(at))
            .ok_or(PointerError::NoChecksum)?;
        let expected = checksum_line(last).ok_or(PointerError::NoChecksum)?;
        let actual = xxh3_64(body);
        if actual != expected {
            return Err(PointerError::Checksum { expected, actual });
        }
        let body = String::from_utf8_lossy(body);
        let mut lines = Lines { rest: body.split_terminator('\n'), number: 0, line: "" };
        let version = lines.value(FIRST_LINE, decimal)?;
        if version > POINTER_VERSION {
            return Err(PointerError::Newer { version });
        }
        let pointer = parse_body(&mut lines)?;
        lines.end(&pointer, bytes)
    }
}

fn encode_entry(entry: &Entry, line: &mut dyn FnMut(&str, &dyn std::fmt::Display)) {
    let Entry { name, generation, bytes, identity, facts } = entry;
    let Facts { source, scanned, took_ns, counts } = facts;
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".into());
    line("snapshot ", &Part::Snapshot { generation: *generation, identity: *identity }.file_name(name));
    line("bytes ", bytes);
    line("identity ", &format_args!("{identity:016x}"));
    line("kind ", &source.kind);
    line("path ", &escape(source.path.as_bytes(), printable));
    line("serial ", &or_dash(source.serial.map(|serial| format!("{serial:016x}"))));
    line("label ", &or_dash(source.label.as_deref().map(label_text)));
    line("scanned ", scanned);
    line("took ", took_ns);
    line("rows ", &counts.rows);
    line("files ", &counts.files);
    line("folders ", &counts.folders);
    line("content ", &counts.content);
    line("unread ", &counts.unread);
}

fn parse_body(lines: &mut Lines<'_>) -> Result<Pointer, PointerError> {
    let name = lines.value("name ", Name::decode)?;
    let generation = lines.value("generation ", decimal)?;
    let live = lines.value("state ", |state| match state {
        "live" => Some(true),
        "removed" => Some(false),
        _ => None,
    })?;
    if !live {
        return Ok(Pointer::Removed { name, generation });
    }
    lines.value("snapshot ", Some)?;
    let bytes = lines.value("bytes ", decimal)?;
    let identity = lines.value("identity ", hexadecimal)?;
    let source = Source {
        kind: lines.value("kind ", |kind| Some(kind.to_owned()))?,
        path: lines.value("path ", |path| unescape(path, printable).map(SourcePath::from_bytes))?,
        serial: lines.value("serial ", |serial| or_dash(serial, hexadecimal))?,
        label: lines.value("label ", |label| or_dash(label, label_of))?,
    };
    source.check().map_err(|error| lines.wrong(error.to_string()))?;
    let facts = Facts {
        source,
        scanned: lines.value("scanned ", decimal)?,
        took_ns: lines.value("took ", decimal)?,
        counts: Counts {
            rows: lines.value("rows ", decimal)?,
            files: lines.value("files ", decimal)?,
            folders: lines.value("folders ", decimal)?,
            content: lines.value("content ", decimal)?,
            unread: lines.value("unread ", decimal)?,
        },
    };
    Ok(Pointer::Live(Entry { name, generation, bytes, identity, facts }))
}

/// The lines of a pointer, taken one after the other.
struct Lines<'a> {
    rest: std::str::SplitTerminator<'a, char>,
    number: usize,
    line: &'a str,
}

impl<'a> Lines<'a> {
    /// The next line, which begins with `word`; what `parse` makes of the rest.
    fn value<T>(&mut self, word: &str, parse: impl FnOnce(&'a str) -> Option<T>) -> Result<T, PointerError> {
        self.number += 1;
        self.line = self.rest.next().unwrap_or_default();
        let value = self.line.strip_prefix(word).and_then(parse);
        value.ok_or_else(|| self.wrong(format!("{word}…")))
    }

    fn wrong(&self, expected: String) -> PointerError {
        let actual = self.line.chars().take(80).collect();
        PointerError::Line { line: self.number, expected, actual }
    }

    /// Writing it again finds what values and lines can be spelled in more than one way.
    fn end(&self, pointer: &Pointer, bytes: &[u8]) -> Result<Pointer, PointerError> {
        let text = pointer.encode();
        if text.as_bytes() == bytes {
            return Ok(pointer.clone());
        }
        let actual = String::from_utf8_lossy(bytes);
        let mut pairs = text.split_inclusive('\n').zip(actual.split_inclusive('\n')).enumerate();
        let (line, expected, actual) = pairs
            .find(|(_, (expected, actual))| expected != actual)
            .map_or((self.number + 1, "", ""), |(line, (expected, actual))| (line + 1, expected, actual));
        let start = |text: &str| text.chars().take(80).collect();
        Err(PointerError::Line { line, expected: start(expected), actual: start(actual) })
    }
}

fn checksum_line(line: &[u8]) -> Option<u64> {
    hexadecimal(std::str::from_utf8(line).ok()?.strip_prefix(CHECKSUM)?.strip_suffix('\n')?)
}

fn decimal(text: &str) -> Option<u64> {
    text.parse().ok()
}

fn hexadecimal(text: &str) -> Option<u64> {
    u64::from_str_radix(text, 16).ok()
}

/// What a line of a terminal shows as it is; a space would be lost at the end of one.
fn printable(byte: u8) -> bool {
    byte.is_ascii_graphic()
}

fn label_text(label: &str) -> String {
    if label == "-" { "%2d".into() } else { escape(label.as_bytes(), printable) }
}

fn label_of(text: &str) -> Option<String> {
    if text == "%2d" { Some("-".into()) } else { String::from_utf8(unescape(text, printable)?).ok() }
}

/// `-` stands for nothing.
fn or_dash<T>(text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    if text == "-" { Some(None) } else { parse(text).map(Some) }
}

#[cfg(test)]
mod tests;
