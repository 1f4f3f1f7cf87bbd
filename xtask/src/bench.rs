//! The figures of `docs/performance.md`, measured again on this machine: everything that is compared, in one run.

use anyhow::Result;

use crate::process::{self, cargo};
use crate::{packages, volumes};

/// Runs every benchmark on the same million files.
///
/// # Errors
/// When the volumes cannot be made or a benchmark fails.
pub(crate) fn run() -> Result<()> {
    packages::ensure()?;
    let dump = volumes::measured()?.join("main").join("MFT.raw");
    for name in ["floor", "search"] {
        process::run(cargo(&format!("bench --package quarry-scan --bench {name} --")).arg(&dump))?;
    }
    Ok(())
}
