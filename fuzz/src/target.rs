//! The list of targets, and the main function of each.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// A target: its name, which is that of its folder in `fuzz/corpus`, and its body.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// What any bytes are put to; panics where something does not hold.
    pub body: fn(&[u8]),
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "boot", body: crate::boot },
    Target { name: "catalog", body: crate::catalog },
    Target { name: "dump", body: crate::dump },
    Target { name: "identify", body: crate::identify },
    Target { name: "log", body: crate::log },
    Target { name: "query", body: crate::query },
    Target { name: "record", body: crate::record },
    Target { name: "runs", body: crate::runs },
    Target { name: "snapshot", body: crate::snapshot },
    Target { name: "volume", body: crate::volume },
];

/// Makes a program of a target: libFuzzer's under cargo-fuzz, elsewhere one that puts the files it is given through the
/// body, for a debugger or a compiler without libFuzzer.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::$name(data));

        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            $crate::replay($crate::$name, std::env::args_os().skip(1)).map(drop)
        }
    };
}

/// Puts files, and the files in folders, through `body`; how many there were.
///
/// # Errors
/// If one cannot be read.
pub fn replay(body: fn(&[u8]), paths: impl IntoIterator<Item = OsString>) -> io::Result<usize> {
    let mut count = 0;
    for path in paths {
        for file in files(Path::new(&path))? {
            // A panic does not say which input made it, and an endless loop says nothing at all.
            eprintln!("{}", file.display());
            body(&std::fs::read(&file)?);
            count += 1;
        }
    }
    Ok(count)
}

fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path)?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}
