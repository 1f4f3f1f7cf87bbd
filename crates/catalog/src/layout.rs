//! Names of the files in a catalogue's folder: the only place that knows how they are spelled.
//!
//! The kind comes first and dots separate, so that no name of an entry makes a file name that a system reserves, and
//! parsing is splitting. What is not spelled to the letter is not ours.

use crate::name::{NAME_BYTES_MAX, Name};

/// The catalogue's own lock.
pub(crate) const CATALOG_LOCK: &str = "lock";
const GENERATION_DIGITS: usize = 20;
const IDENTITY_DIGITS: usize = 16;
/// What file systems take, in bytes.
const FILE_NAME_BYTES_MAX: usize = 255;

const _: () = assert!(
    "snapshot-new.".len() + 3 * NAME_BYTES_MAX + 1 + GENERATION_DIGITS + 1 + IDENTITY_DIGITS
        <= FILE_NAME_BYTES_MAX
);

/// A file that belongs to an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: Name,
    pub(crate) part: Part,
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Lock,
    Entry,
    EntryNew,
    Snapshot {
        generation: u64,
        identity: u64,
    },
    SnapshotNew {
        generation: u64,
    },
    /// Changes to the snapshot of the same generation and identity.
    Log {
        generation: u64,
        identity: u64,
    },
    LogNew,
}

impl Part {
    /// The name of this part's file for the entry `name`.
    pub(crate) fn file_name(self, name: &Name) -> String {
        let name = name.encoded();
        match self {
            Self::Lock => format!("lock.{name}"),
            Self::Entry => format!("entry.{name}"),
            Self::EntryNew => format!("entry-new.{name}"),
            Self::Snapshot { generation, identity } => {
                format!("snapshot.{name}.{generation:0GENERATION_DIGITS$}.{identity:0IDENTITY_DIGITS$x}")
            }
            Self::SnapshotNew { generation } => {
                format!("snapshot-new.{name}.{generation:0GENERATION_DIGITS$}")
            }
            Self::Log { generation, identity } => {
                format!("log.{name}.{generation:0GENERATION_DIGITS$}.{identity:0IDENTITY_DIGITS$x}")
            }
            Self::LogNew => format!("log-new.{name}"),
        }
    }

    /// The generation in the file's name, if it has one.
    pub(crate) fn generation(self) -> Option<u64> {
        match self {
            Self::Snapshot { generation, .. }
            | Self::SnapshotNew { generation }
            | Self::Log { generation, .. } => Some(generation),
            Self::Lock | Self::Entry | Self::EntryNew | Self::LogNew => None,
        }
    }
}

impl Member {
    /// What `file_name` says, if it is one of ours.
    pub(crate) fn parse(file_name: &str) -> Option<Self> {
        let mut words = file_name.split('.');
        let (kind, name) = (words.next()?, Name::decode(words.next()?)?);
        let part = match kind {
            "lock" => Part::Lock,
            "entry" => Part::Entry,
            "entry-new" => Part::EntryNew,
            "snapshot" => Part::Snapshot {
                generation: words.next()?.parse().ok()?,
                identity: u64::from_str_radix(words.next()?, 16).ok()?,
            },
            "snapshot-new" => Part::SnapshotNew { generation: words.next()?.parse().ok()? },
            "log" => Part::Log {
                generation: words.next()?.parse().ok()?,
                identity: u64::from_str_radix(words.next()?, 16).ok()?,
            },
            "log-new" => Part::LogNew,
            _ => return None,
        };
        // Writing it again finds what numbers can be spelled in more than one way, and words that are left.
        (part.file_name(&name) == file_name).then_some(Self { name, part })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn file_names_are_as_drawn() {
        let name = Name::new("Disk C").unwrap();
        let snapshot = Part::Snapshot { generation: 12, identity: 0x89ab_cdef };
        assert_eq!(snapshot.file_name(&name), "snapshot.%44isk%20%43.00000000000000000012.0000000089abcdef");
        assert_eq!(Member::parse("entry.a").unwrap().part, Part::Entry);
        for foreign in [
            "lock",
            "entry",
            "entry.",
            "entry.A",
            "entry.a.b",
            "Entry.a",
            "entry.a~",
            "snapshot.a.12.0000000089abcdef",
            "snapshot.a.+0000000000000000012.0000000089abcdef",
            "snapshot.a.00000000000000000012.0000000089ABCDEF",
            "snapshot.a.99999999999999999999.0000000089abcdef",
            "snapshot-new.a.00000000000000000012.0000000089abcdef",
        ] {
            assert_eq!(Member::parse(foreign), None, "{foreign}");
        }
    }

    proptest! {
        #[test]
        fn file_names_are_read_as_written(name: String, generation: u64, identity: u64, kind in 0..7) {
            let Ok(name) = Name::new(&name) else { return Ok(()) };
            let part = match kind {
                0 => Part::Lock,
                1 => Part::Entry,
                2 => Part::EntryNew,
                3 => Part::Snapshot { generation, identity },
                4 => Part::SnapshotNew { generation },
                5 => Part::Log { generation, identity },
                _ => Part::LogNew,
            };
            let file_name = part.file_name(&name);
            prop_assert!(file_name.len() <= FILE_NAME_BYTES_MAX);
            prop_assert_eq!(Member::parse(&file_name), Some(Member { name, part }));
        }
    }
}
