//! One row of `--format jsonl`, every column.

use serde::{Deserialize, Deserializer};

use crate::filetime;
use crate::wtf8::Wtf8;

/// A row as the command printed it. Absent and null are the same.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Only with several sources.
    pub source: Option<String>,
    /// Path from the volume's root, `/` first.
    pub path: Wtf8,
    /// The path of the parent.
    pub folder: Wtf8,
    /// The last part; of a stream, the stream's name.
    pub name: Wtf8,
    /// Without its dot.
    pub ext: Option<Wtf8>,
    /// `file`, `folder`, `link` or `stream`.
    #[serde(rename = "type")]
    pub kind: String,
    /// In bytes.
    pub size: Option<u64>,
    /// Size on disk, in bytes.
    pub allocated: Option<u64>,
    /// RFC 3339, as are the three others.
    pub modified: Option<String>,
    /// When the file was made.
    pub created: Option<String>,
    /// When it was last read.
    pub accessed: Option<String>,
    /// When its record changed.
    pub changed: Option<String>,
    /// `FILE_ATTRIBUTE_*`.
    pub attributes: Option<u32>,
    /// Names of the file.
    pub links: Option<u64>,
    /// Reparse tag.
    pub reparse: Option<u32>,
    /// File record segment; the bucket of the orphans has none and is not among what [`parse`] answers.
    #[serde(deserialize_with = "record_or_bucket")]
    pub record: u64,
    /// The record's sequence number.
    pub sequence: Option<u16>,
    /// Words joined by `+`.
    pub state: Option<String>,
}

impl Row {
    /// Whether the row is in a state, such as `deleted`.
    #[must_use]
    pub fn is(&self, state: &str) -> bool {
        self.state.as_deref().unwrap_or_default().split('+').any(|word| word == state)
    }

    /// Created, modified, accessed, changed as FILETIMEs; `None` for an empty cell.
    ///
    /// # Panics
    /// When a cell holds something that is no time.
    #[must_use]
    pub fn times(&self) -> [Option<u64>; 4] {
        [&self.created, &self.modified, &self.accessed, &self.changed].map(|cell| {
            let text = cell.as_deref()?;
            Some(filetime::parse(text).unwrap_or_else(|| panic!("{:?}: `{text}` is no time", self.path)))
        })
    }
}

/// The path of the bucket for what hangs from nothing.
pub const ORPHANS: &[u8] = b"<orphans>";
/// Stands for the record of the bucket while it is read.
const NO_RECORD: u64 = u64::MAX;

fn record_or_bucket<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(Option::<u64>::deserialize(deserializer)?.unwrap_or(NO_RECORD))
}

/// Reads JSON lines. The row of the bucket itself, which shows with the metafiles, is left out: it is no file.
///
/// # Panics
/// When a line is not a row: machine output is pure.
#[must_use]
pub fn parse(output: &[u8]) -> Vec<Row> {
    let lines = output.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let rows = lines.map(|line| -> Row {
        serde_json::from_slice(line).unwrap_or_else(|error| panic!("{error} in {}", line.escape_ascii()))
    });
    rows.filter(|row| {
        assert!(row.record != NO_RECORD || row.path.0 == ORPHANS, "{:?} has no record", row.path);
        row.record != NO_RECORD
    })
    .collect()
}
