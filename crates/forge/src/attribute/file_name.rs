//! `$FILE_NAME`: one name of a file in one directory. The same bytes are the keys of directory indexes.

use super::{Attribute, kind};
use crate::bytes::{copy, put8, put32, put64};
use crate::name::Name;
use crate::reference::Reference;
use crate::times::Times;

/// The four namespaces of a name.
pub mod namespace {
    /// Case-sensitive, any unit but `/` and NUL.
    pub const POSIX: u8 = 0;
    /// Long Windows name.
    pub const WIN32: u8 = 1;
    /// Short 8.3 name.
    pub const DOS: u8 = 2;
    /// A Windows name that is an 8.3 name too.
    pub const WIN32_AND_DOS: u8 = 3;
}

/// Bytes of the value before the name itself.
const FIXED_BYTES: usize = 0x42;

/// Builds `$FILE_NAME`.
#[derive(Clone, Debug)]
pub struct FileName {
    parent: Reference,
    name: Name,
    namespace: u8,
    times: Times,
    allocated: u64,
    real: u64,
    flags: u32,
    reparse_tag: u32,
}

impl FileName {
    /// `name` in the directory `parent`; namespace [`namespace::WIN32`], sizes zero, no flags.
    #[must_use]
    pub fn new(parent: impl Into<Reference>, name: impl Into<Name>) -> Self {
        Self {
            parent: parent.into(),
            name: name.into(),
            namespace: namespace::WIN32,
            times: Times::default(),
            allocated: 0,
            real: 0,
            flags: 0,
            reparse_tag: 0,
        }
    }

    /// Sets the namespace (see [`namespace`]; any byte is accepted).
    #[must_use]
    pub fn namespace(mut self, namespace: u8) -> Self {
        self.namespace = namespace;
        self
    }

    /// Makes it a DOS (8.3) name.
    #[must_use]
    pub fn dos(self) -> Self {
        self.namespace(namespace::DOS)
    }

    /// The four FILETIMEs.
    #[must_use]
    pub fn times(mut self, times: Times) -> Self {
        self.times = times;
        self
    }

    /// Allocated and real size in bytes, as this name remembers them.
    #[must_use]
    pub fn sizes(mut self, allocated: u64, real: u64) -> Self {
        self.allocated = allocated;
        self.real = real;
        self
    }

    /// The flags word: attribute bits, and `0x1000_0000` for a directory.
    #[must_use]
    pub fn flags(mut self, flags: u32) -> Self {
        self.flags = flags;
        self
    }

    /// The reparse tag, in the field that otherwise holds the size of extended attributes.
    #[must_use]
    pub fn reparse_tag(mut self, tag: u32) -> Self {
        self.reparse_tag = tag;
        self
    }

    /// The name's code units.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The attribute's value, which is the key of the directory's index too.
    ///
    /// # Panics
    /// When the name has more than 255 units.
    #[must_use]
    pub fn value(&self) -> Vec<u8> {
        let mut value = vec![0; FIXED_BYTES + 2 * self.name.len()];
        put64(&mut value, 0x00, self.parent.to_u64());
        copy(&mut value, 0x08, &self.times.to_le_bytes());
        put64(&mut value, 0x28, self.allocated);
        put64(&mut value, 0x30, self.real);
        put32(&mut value, 0x38, self.flags);
        put32(&mut value, 0x3C, self.reparse_tag);
        put8(&mut value, 0x40, self.name.len());
        put8(&mut value, 0x41, self.namespace);
        copy(&mut value, FIXED_BYTES, &self.name.to_le_bytes());
        value
    }
}

impl From<FileName> for Attribute {
    fn from(name: FileName) -> Self {
        Self::resident(kind::FILE_NAME, name.value())
    }
}
