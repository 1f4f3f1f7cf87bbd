//! The NTFS volumes that the tests compare with: made once for one state of the scripts, then taken from the cache.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{process, workspace};

/// Every profile; the large one just large enough for folders of many index blocks and thousands of extension records.
const SMALL: &[&str] = &["--files", "8000", "--xattr-every", "1"];
/// A million names, every one of them with its attributes and times.
const MILLION: &[&str] = &["--files", "1000000", "--xattr-every", "1", "--only", "main"];
/// The same million, for measuring: nothing is compared, so the slow part of the witness is left out.
const MEASURED: &[&str] = &["--files", "1000000", "--xattr-every", "1000000", "--only", "main"];
const KEY: &str = "made-from";

/// The corpus of `cargo xtask test`: a bit more than a minute to make, 1.3 GB on disk.
///
/// # Errors
/// When the volumes cannot be made; the script has said why.
pub(crate) fn small() -> Result<PathBuf> {
    cached("small", SMALL)
}

/// The corpus of the long run: some 15 minutes to make.
///
/// # Errors
/// When the volumes cannot be made; the script has said why.
pub(crate) fn million() -> Result<PathBuf> {
    cached("million", MILLION)
}

/// The corpus of `cargo xtask bench`: some 5 minutes to make.
///
/// # Errors
/// When the volumes cannot be made; the script has said why.
pub(crate) fn measured() -> Result<PathBuf> {
    cached("measured", MEASURED)
}

/// Damaged copies of a volume's `$MFT`, with a seed of its own: `folder/corrupt/…`.
///
/// # Errors
/// When the dumps cannot be written.
pub(crate) fn damaged(source: &Path, folder: &Path, count: u32, seed: u64) -> Result<()> {
    let mut command = Command::new("python3");
    command.env("PYTHONDONTWRITEBYTECODE", "1").arg(tools().join("corpus")).arg("damage");
    command.arg(source).arg(folder.join("corrupt")).args([count.to_string(), seed.to_string()]);
    process::run(&mut command)
}

fn cached(name: &str, parameters: &[&str]) -> Result<PathBuf> {
    let folder = workspace::target().join("corpus").join(name);
    let key = key(parameters)?;
    if fs::read_to_string(folder.join(KEY)).is_ok_and(|found| found == key) {
        println!("volumes: {} is up to date", folder.display());
        return Ok(folder);
    }
    // The key is written last: what an interrupted run left is made anew.
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot clear {}", folder.display()))?;
    }
    process::run(Command::new(tools().join("make-ntfs-corpus.sh")).arg(&folder).args(parameters))?;
    fs::write(folder.join(KEY), key)?;
    Ok(folder)
}

/// One number for all that decides what the volumes hold. Not stable over Rust releases, which costs one rebuild.
fn key(parameters: &[&str]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    parameters.hash(&mut hasher);
    let mut scripts = vec![tools().join("make-ntfs-corpus.sh"), tools().join("lib-ntfs.sh")];
    for entry in fs::read_dir(tools().join("corpus"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "py") {
            scripts.push(path);
        }
    }
    scripts.sort();
    for script in scripts {
        fs::read(&script).with_context(|| format!("cannot read {}", script.display()))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn tools() -> PathBuf {
    workspace::root().join("tools")
}
