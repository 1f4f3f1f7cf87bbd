//! Other people's tools, run on what the forge made.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where administrators' tools live beside `PATH`.
const SYSTEM_FOLDERS: [&str; 2] = ["/usr/sbin", "/sbin"];

/// An image in a temporary folder, with the tools that look at it.
pub(crate) struct Image {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Image {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image");
        std::fs::write(&path, bytes).unwrap();
        Self { path, _folder: folder }
    }

    /// Runs `tool` with `arguments`, in which `@` is the image, and returns what it printed.
    ///
    /// `None` when the tool is not installed, which is said aloud, and is a failure if `QUARRY_REQUIRE_TOOLS` is 1.
    #[track_caller]
    pub(crate) fn run(&self, tool: &str, arguments: &[&str]) -> Option<Vec<u8>> {
        let Some(program) = find(tool) else {
            let required = std::env::var_os("QUARRY_REQUIRE_TOOLS").is_some_and(|value| value == "1");
            assert!(!required, "{tool} is not installed and QUARRY_REQUIRE_TOOLS is 1");
            eprintln!("NOT CHECKED: {tool} is not installed, so that its opinion is missing");
            return None;
        };
        let place = |argument: &&str| if *argument == "@" { self.path.clone() } else { argument.into() };
        let output = Command::new(program)
            .args(arguments.iter().map(place))
            .env("TZ", "UTC")
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{tool} {arguments:?}: {}\n{errors}", output.status);
        Some(output.stdout)
    }

    /// Like [`Image::run`], as text.
    #[track_caller]
    pub(crate) fn text(&self, tool: &str, arguments: &[&str]) -> Option<String> {
        self.run(tool, arguments).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn find(tool: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(SYSTEM_FOLDERS.iter().map(|&folder| Path::new(folder).into()));
    folders.map(|folder| folder.join(tool)).find(|program| program.is_file())
}

/// Bytes that differ from place to place, so that a misplaced cluster shows.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    (0..length.div_ceil(4)).flat_map(|word| u32::try_from(word).unwrap().to_le_bytes()).take(length).collect()
}
