//! Where the system says that a file lies on its volume.
//!
//! Who reads a volume itself can compare this with what the volume says. Only Windows is asked
//! (`FSCTL_GET_RETRIEVAL_POINTERS`): its answer comes from the driver that has the volume mounted.

use std::io;
use std::path::Path;

/// A stretch of a file, counted in clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SystemRun {
    /// Where in the file it starts.
    pub vcn: u64,
    /// How long it is.
    pub clusters: u64,
    /// Where on the volume it starts; nothing for a hole.
    pub lcn: Option<u64>,
}

/// Where the file at `path` lies, in order and without gaps. The file is opened to be asked and not to be read.
///
/// # Errors
/// What the system says: that only an administrator may ask, that the file system does not answer, and
/// [`io::ErrorKind::Unsupported`] where nobody is asked.
pub fn system_runs(path: &Path) -> io::Result<Vec<SystemRun>> {
    #[cfg(windows)]
    return crate::raw::system_runs(path);
    #[cfg(not(windows))]
    {
        let _ = path;
        Err(io::ErrorKind::Unsupported.into())
    }
}
