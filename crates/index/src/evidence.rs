//! What an investigator wants to know of a file and a search does not: kept only when it is asked for.

use crate::Time;
use crate::columns::table;

table! {
    /// Facts of a file that no search needs.
    #[derive(Default, PartialEq, Eq)]
    pub item Evidence;
    /// Those of all files, in the order of their records.
    table EvidenceColumns {
        /// Security id, an index into the volume's `$Secure`; 0 where the record has none.
        security: u32,
        /// Place in the change journal of the last change; 0 where the record has none.
        usn: u64,
        /// Place in the log of the last change to the record.
        lsn: u64,
        /// When the content changed, as the file's first name in its own record has it; unset if there is none. These four
        /// are set when the name is, and are harder to forge than the file's own.
        name_modified: Time,
        /// When it was made, as that name has it.
        name_created: Time,
        /// When the record changed, as that name has it.
        name_changed: Time,
        /// When it was read, as that name has it.
        name_accessed: Time,
    }
}
