//! What an investigator wants to know of a file and a search does not: kept only when it is asked for.

use crate::Time;

/// Facts of a file that no search needs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// Security id, an index into the volume's `$Secure`; 0 where the record has none.
    pub security: u32,
    /// Place in the change journal of the last change; 0 where the record has none.
    pub usn: u64,
    /// Place in the log of the last change to the record.
    pub lsn: u64,
    /// When the content changed, as the file's first name has it: of its own record, or where that has none, of an extension. These four
    /// are set when the name is, and are harder to forge than the file's own.
    pub name_modified: Time,
    /// When it was made, as that name has it.
    pub name_created: Time,
    /// When the record changed, as that name has it.
    pub name_changed: Time,
    /// When it was read, as that name has it.
    pub name_accessed: Time,
}

impl Evidence {
    /// Whether a name told its times.
    pub(crate) fn has_name_times(&self) -> bool {
        [self.name_modified, self.name_created, self.name_changed, self.name_accessed] != [Time(0); 4]
    }
}
