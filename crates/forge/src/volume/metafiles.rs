//! The files that NTFS keeps for itself: records 0 to 11 and the children of `$Extend`.

use super::FIRST_USER_RECORD;
use super::entry::Entry;
use super::tree::Tree;
use crate::attribute::IndexRoot;

/// Numbers of the metafiles that the assembler fills in.
pub(super) mod number {
    pub(in crate::volume) const MFT: u64 = 0;
    pub(in crate::volume) const MIRROR: u64 = 1;
    pub(in crate::volume) const LOG_FILE: u64 = 2;
    pub(in crate::volume) const VOLUME: u64 = 3;
    pub(in crate::volume) const ATTR_DEF: u64 = 4;
    pub(in crate::volume) const ROOT: u64 = 5;
    pub(in crate::volume) const BITMAP: u64 = 6;
    pub(in crate::volume) const BOOT: u64 = 7;
    pub(in crate::volume) const BAD_CLUSTERS: u64 = 8;
    pub(in crate::volume) const SECURE: u64 = 9;
    pub(in crate::volume) const UPCASE: u64 = 10;
    pub(in crate::volume) const EXTEND: u64 = 11;
    /// In use but nameless, up to and including 15.
    pub(in crate::volume) const FIRST_NAMELESS: u64 = 12;
    /// Not in use, up to where user records start.
    pub(in crate::volume) const FIRST_RESERVED: u64 = 16;
}

/// Record flag of a file whose indexes are not directories.
const VIEW_INDEX: u16 = 0x0008;

/// Records of the children of `$Extend`.
pub(super) const IN_EXTEND_RECORDS: std::ops::Range<u64> = FIRST_USER_RECORD..FIRST_USER_RECORD + 3;

/// Record flag of the children of `$Extend`.
const IN_EXTEND: u16 = 0x0004;

/// Bytes of `$LogFile`. Drivers want more before they write; nothing that only reads does.
const LOG_BYTES: usize = 64 * 1024;

/// Collation rules of the view indexes below: by 32-bit number, by SID, by security hash, by several 32-bit numbers.
const BY_NUMBER: u32 = 0x10;
const BY_SID: u32 = 0x11;
const BY_HASH: u32 = 0x12;
const BY_NUMBERS: u32 = 0x13;

/// The sequence number that a formatter gives the first records: their own number, but 1 for record 0.
pub(super) fn sequence(record: u64) -> u16 {
    u16::try_from(record.max(1)).ok().filter(|_| record < FIRST_USER_RECORD).unwrap_or(1)
}

/// The tree of a freshly formatted volume.
pub(super) fn tree() -> Tree {
    let system = |entry: Entry, number| entry.system(number, sequence(number));
    let mut tree = Tree::new(system(Entry::directory(), number::ROOT));
    let secure = Entry::bare()
        .record_flags(VIEW_INDEX)
        .stream("$SDS", [])
        .attribute(IndexRoot::view("$SDH", BY_HASH))
        .attribute(IndexRoot::view("$SII", BY_NUMBER));
    let files = [
        ("$MFT", number::MFT, Entry::bare()),
        ("$MFTMirr", number::MIRROR, Entry::bare()),
        // All ones is how a formatter leaves it: nothing to replay.
        ("$LogFile", number::LOG_FILE, Entry::file([0xFF; LOG_BYTES]).non_resident()),
        ("$Volume", number::VOLUME, Entry::file([])),
        ("$AttrDef", number::ATTR_DEF, Entry::file(super::tables::attribute_definitions()).non_resident()),
        ("$Bitmap", number::BITMAP, Entry::bare()),
        ("$Boot", number::BOOT, Entry::bare()),
        ("$BadClus", number::BAD_CLUSTERS, Entry::file([])),
        ("$Secure", number::SECURE, secure),
        ("$UpCase", number::UPCASE, Entry::bare()),
        ("$Extend", number::EXTEND, Entry::directory()),
    ];
    for (name, number, entry) in files {
        tree.add(name, system(entry, number));
    }
    let views: [(_, &[_]); 3] = [
        ("$Quota", &[("$O", BY_SID), ("$Q", BY_NUMBER)]),
        ("$ObjId", &[("$O", BY_NUMBERS)]),
        ("$Reparse", &[("$R", BY_NUMBERS)]),
    ];
    for (number, (name, indexes)) in IN_EXTEND_RECORDS.zip(views) {
        let view = Entry::bare().record_flags(VIEW_INDEX | IN_EXTEND);
        let view =
            indexes.iter().fold(view, |view, &(index, rule)| view.attribute(IndexRoot::view(index, rule)));
        tree.add(&format!("$Extend/{name}"), system(view, number));
    }
    tree
}
