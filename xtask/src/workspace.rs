//! Where things are: the repository, what is built from it, and the samples that may lie beside it.

use std::path::{Path, PathBuf};

/// The repository's root: the folder above this crate's, as it was when the crate was compiled.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or_else(|| Path::new("."))
}

/// Where cargo builds, and so where everything made goes.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The release binary that the comparisons run.
pub(crate) fn quarry() -> PathBuf {
    target().join("release").join(format!("quarry{}", std::env::consts::EXE_SUFFIX))
}

/// Real volumes that may not be published with the project. Their absence is said aloud by whoever would use them.
pub(crate) fn samples() -> Option<PathBuf> {
    let folder = root().join("../shared/data");
    folder.is_dir().then(|| folder.canonicalize().unwrap_or(folder))
}
