//! The columns: their names, their order, and what a cell of each holds for a machine.
//!
//! CSV, JSON Lines and the table read this one list, so that a column has the same name and the same meaning
//! wherever it is printed.

use clap::ValueEnum;
use quarry_index::RowFlags;
use quarry_index::query::extension;

use super::row::{Moment, Row, kind_word};
use super::time::is_date;

/// A column of the output, in canonical order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Column {
    /// Name of the source that the row came from
    Source,
    /// Full path
    Path,
    /// Last part of the path; for a stream, the stream's name
    Name,
    /// Path of the parent folder
    Folder,
    /// Extension, without its dot
    Ext,
    /// file, folder, link or stream
    Type,
    /// Length in bytes
    Size,
    /// Bytes taken on disk
    Allocated,
    /// When the content was last written
    Modified,
    /// When it was created
    Created,
    /// When it was last read
    Accessed,
    /// When its record last changed
    Changed,
    /// `FILE_ATTRIBUTE_*` bits: a number for machines, letters in a table
    Attributes,
    /// How many names the file has
    Links,
    /// Reparse tag
    Reparse,
    /// Record number in the `$MFT`
    Record,
    /// Sequence number of the record
    Sequence,
    /// What is unusual: deleted, metafile, orphan, damaged
    State,
}

/// A cell for a machine.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cell<'a> {
    /// WTF-8 that may hold anything.
    Text(&'a [u8]),
    /// A word of ours, which needs no quoting.
    Word(&'static str),
    /// A number.
    Number(u64),
    /// FILETIME ticks that are a date.
    Date(u64),
    /// Words to join.
    State(RowFlags),
    /// Nothing: an empty cell, or null.
    Nothing,
}

impl Column {
    /// Every column, in canonical order.
    pub(crate) fn all() -> &'static [Self] {
        Self::value_variants()
    }

    /// Its name in `--columns`, in the CSV header and as JSON key.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Path => "path",
            Self::Name => "name",
            Self::Folder => "folder",
            Self::Ext => "ext",
            Self::Type => "type",
            Self::Size => "size",
            Self::Allocated => "allocated",
            Self::Modified => "modified",
            Self::Created => "created",
            Self::Accessed => "accessed",
            Self::Changed => "changed",
            Self::Attributes => "attributes",
            Self::Links => "links",
            Self::Reparse => "reparse",
            Self::Record => "record",
            Self::Sequence => "sequence",
            Self::State => "state",
        }
    }

    /// Which of a file's times it shows, if it is a time.
    pub(crate) fn moment(self) -> Option<Moment> {
        match self {
            Self::Modified => Some(Moment::Modified),
            Self::Created => Some(Moment::Created),
            Self::Accessed => Some(Moment::Accessed),
            Self::Changed => Some(Moment::Changed),
            _ => None,
        }
    }

    /// What `row` has in this column.
    pub(crate) fn cell(self, row: &dyn Row) -> Cell<'_> {
        if let Some(moment) = self.moment() {
            let ticks = row.time(moment);
            return if is_date(ticks) { Cell::Date(ticks) } else { Cell::Nothing };
        }
        match self {
            Self::Source => Cell::Text(row.source().as_bytes()),
            Self::Path => Cell::Text(row.path()),
            Self::Name => Cell::Text(row.name()),
            Self::Folder => Cell::Text(row.folder()),
            Self::Ext => Cell::Text(extension(row.name())),
            Self::Type => Cell::Word(kind_word(row.kind())),
            Self::Size => Cell::Number(row.size()),
            Self::Allocated => Cell::Number(row.allocated()),
            Self::Attributes => Cell::Number(row.attributes().into()),
            Self::Links => Cell::Number(row.links().into()),
            Self::Reparse => match row.reparse_tag() {
                0 => Cell::Nothing,
                tag => Cell::Number(tag.into()),
            },
            Self::Record => row.record().map_or(Cell::Nothing, |record| Cell::Number(record.into())),
            Self::Sequence => Cell::Number(row.sequence().into()),
            Self::State => Cell::State(row.flags()),
            Self::Modified | Self::Created | Self::Accessed | Self::Changed => Cell::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Column;
    use clap::ValueEnum as _;

    #[test]
    fn the_names_for_the_command_line_are_the_labels() {
        for &column in Column::all() {
            let value = column.to_possible_value().expect("no column is hidden");
            assert_eq!(value.get_name(), column.label());
        }
    }
}
