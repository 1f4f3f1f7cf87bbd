//! The Debian packages whose tools the tests call. They are installed by root, and asked for otherwise: a test that
//! skipped itself because a tool is missing would look like one that passed.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

/// Command, and the package that has it.
const TOOLS: &[(&str, &str)] = &[
    ("mkntfs", "ntfs-3g"),
    ("ntfs-3g", "ntfs-3g"),
    ("ntfscat", "ntfs-3g"),
    ("ntfscluster", "ntfs-3g"),
    ("fls", "sleuthkit"),
    ("icat", "sleuthkit"),
    ("getfattr", "attr"),
    ("zstd", "zstd"),
    ("sfdisk", "fdisk"),
    ("python3", "python3"),
    ("find", "findutils"),
    ("mountpoint", "util-linux"),
    ("umount", "mount"),
    ("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64"),
    ("wine", "wine"),
    ("wineserver", "wine"),
];

/// Makes sure that every tool is there.
///
/// # Errors
/// When some are missing and cannot be installed; the message is the command that would.
pub(crate) fn ensure() -> Result<()> {
    let missing = missing();
    if missing.is_empty() {
        println!("{} tools are there", TOOLS.len());
        return Ok(());
    }
    let list = missing.iter().copied().collect::<Vec<_>>().join(" ");
    if !can_install() {
        bail!("the tests need tools that are not here. As root: apt-get update && apt-get install {list}");
    }
    println!("installing {list}");
    process::run(apt_get().args(["update", "-q"]))?;
    process::run(apt_get().args(["install", "-q", "-y", "--no-install-recommends"]).args(&missing))?;
    match self::missing().into_iter().next() {
        Some(package) => bail!("package {package} is installed and its tools are still not found"),
        None => Ok(()),
    }
}

fn missing() -> BTreeSet<&'static str> {
    TOOLS.iter().filter(|(command, _)| !is_there(command)).map(|(_, package)| *package).collect()
}

fn is_there(command: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(Into::into))
        .any(|folder| folder.join(command).is_file())
}

fn can_install() -> bool {
    let is_root =
        Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    is_root && Path::new("/usr/bin/apt-get").exists()
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}
