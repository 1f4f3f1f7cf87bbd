//! `$REPARSE_POINT`: links, junctions, and files that a filter driver completes.

use super::{Attribute, kind};
use crate::bytes::{copy, put16, put32};
use crate::name::Name;

/// Reparse tags that a file search has to know.
pub mod tag {
    /// Junction or volume mount point.
    pub const MOUNT_POINT: u32 = 0xA000_0003;
    /// Symbolic link.
    pub const SYMLINK: u32 = 0xA000_000C;
    /// File compressed by the Windows Overlay Filter.
    pub const WOF: u32 = 0x8000_0017;
    /// Symbolic link of the Windows Subsystem for Linux.
    pub const LX_SYMLINK: u32 = 0xA000_001D;
}

/// Builds `$REPARSE_POINT`.
#[derive(Clone, Debug)]
pub struct Reparse {
    tag: u32,
    guid: Option<[u8; 16]>,
    data: Vec<u8>,
}

impl Reparse {
    /// A reparse point of a Microsoft tag, with `data` of any shape.
    #[must_use]
    pub fn new(tag: u32, data: impl Into<Vec<u8>>) -> Self {
        Self { tag, guid: None, data: data.into() }
    }

    /// A third party's reparse point: its tag has bit 31 clear, and a GUID precedes the data.
    #[must_use]
    pub fn third_party(tag: u32, guid: [u8; 16], data: impl Into<Vec<u8>>) -> Self {
        Self { tag, guid: Some(guid), data: data.into() }
    }

    /// A symbolic link to `target`.
    #[must_use]
    pub fn symlink(target: impl Into<Name>, relative: bool) -> Self {
        let target = target.into();
        let mut data = link_names(&target, &target, 12);
        put32(&mut data, 8, u32::from(relative));
        Self::new(tag::SYMLINK, data)
    }

    /// A junction to `target`, an absolute Windows path such as `C:\Users`.
    #[must_use]
    pub fn junction(target: &str) -> Self {
        Self::new(tag::MOUNT_POINT, link_names(&format!(r"\??\{target}").into(), &target.into(), 8))
    }

    /// The tag.
    #[must_use]
    pub fn tag(&self) -> u32 {
        self.tag
    }
}

/// Substitute and print name, each closed by a NUL that its length leaves out, behind a header of `header` bytes.
fn link_names(substitute: &Name, print: &Name, header: usize) -> Vec<u8> {
    let print_at = 2 * substitute.len() + 2;
    let mut data = vec![0; header + print_at + 2 * print.len() + 2];
    put16(&mut data, 2, 2 * substitute.len());
    put16(&mut data, 4, print_at);
    put16(&mut data, 6, 2 * print.len());
    copy(&mut data, header, &substitute.to_le_bytes());
    copy(&mut data, header + print_at, &print.to_le_bytes());
    data
}

impl From<Reparse> for Attribute {
    fn from(reparse: Reparse) -> Self {
        let mut value = vec![0; 8];
        put32(&mut value, 0, reparse.tag);
        // The length counts the data alone, not the GUID in front of it.
        put16(&mut value, 4, reparse.data.len());
        value.extend(reparse.guid.into_iter().flatten());
        value.extend(reparse.data);
        Self::resident(kind::REPARSE_POINT, value)
    }
}
