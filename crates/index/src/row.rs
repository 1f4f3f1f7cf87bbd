//! What a row stands for, and what decides whether it is shown.
//!
//! Rows are what a search finds, one a name, one a stream. They lie in preorder, so that what a folder holds is an interval
//! and a parent comes before its children. A row number is local to one index; across indexes a row is known by record,
//! sequence and name.

/// What a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A file.
    File = 0,
    /// A folder.
    Folder = 1,
    /// A symbolic link, junction or mount point.
    Link = 2,
    /// A stream of a file or folder beside its main data.
    Stream = 3,
}

bitflags::bitflags! {
    /// Facts about a row that decide whether it is shown.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct RowFlags: u8 {
        /// Its file is not in use.
        const DELETED = 1;
        /// It belongs to the file system itself, or lies in a folder that does.
        const METAFILE = 1 << 1;
        /// It hangs on no folder that exists.
        const ORPHAN = 1 << 2;
        /// Something about its file did not check out.
        const DAMAGED = 1 << 3;
    }
}
