//! Wine: a folder of the project's own in which Windows programs run, made once for one state of what it is made from.
//!
//! Nothing of it reaches the user's own wine. What wine's version lacks and Rust's library needs is built and put there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{process, workspace};

/// What Windows programs are built for.
pub(crate) const TARGET: &str = "x86_64-pc-windows-gnu";
/// A library that Rust's needs and wine lacks.
const LIBRARY: &str = "bcryptprimitives";
const KEY: &str = "made-from";
/// How long the server stays after the last program: longer than a build between two programs takes.
const SERVER_SECONDS: u32 = 1200;

/// The folder that wine calls its prefix.
pub(crate) struct Prefix(PathBuf);

/// The prefix, made anew if it is not up to date.
///
/// # Errors
/// When wine cannot set it up or the library cannot be built.
pub(crate) fn prefix() -> Result<Prefix> {
    let prefix = Prefix(workspace::target().join("wine"));
    let source = tools().join(format!("{LIBRARY}.c"));
    let version = Command::new("wine").arg("--version").output().context("cannot start wine")?;
    let key = format!("{}{}", String::from_utf8_lossy(&version.stdout), fs::read_to_string(&source)?);
    if fs::read_to_string(prefix.0.join(KEY)).is_ok_and(|found| found == key) {
        println!("wine: {} is up to date", prefix.0.display());
        return Ok(prefix);
    }
    if prefix.0.exists() {
        prefix.stop();
        fs::remove_dir_all(&prefix.0).with_context(|| format!("cannot clear {}", prefix.0.display()))?;
    }
    fs::create_dir_all(&prefix.0)?;
    process::run(prefix.set(Command::new("wine").args(["wineboot", "--init"])))?;
    // A new prefix says that it is Windows 7, which lacks half of what is used here.
    process::run(prefix.set(Command::new("wine").args(["winecfg", "-v", "win10"])))?;
    let library = prefix.0.join("drive_c/windows/system32").join(format!("{LIBRARY}.dll"));
    let mut compile = Command::new("x86_64-w64-mingw32-gcc");
    compile.args(["-shared", "-O2", "-o"]).arg(library).arg(source).arg("-ladvapi32");
    process::run(&mut compile)?;
    // Written last: what an interrupted run left is made anew.
    fs::write(prefix.0.join(KEY), key)?;
    Ok(prefix)
}

/// Makes sure that the standard library for Windows is there.
///
/// # Errors
/// When it is not and cannot be fetched.
pub(crate) fn ensure_target() -> Result<()> {
    let installed = Command::new("rustup").args(["target", "list", "--installed"]).output();
    if installed.is_ok_and(|list| String::from_utf8_lossy(&list.stdout).lines().any(|line| line == TARGET)) {
        return Ok(());
    }
    process::run(Command::new("rustup").args(["target", "add", TARGET]))
}

impl Prefix {
    /// Lets a command, and cargo below it, run Windows programs in this prefix.
    pub(crate) fn set<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        // Without the last, a new prefix asks whether to fetch what web pages and .NET need.
        command
            .env("WINEPREFIX", &self.0)
            .env("WINEDEBUG", "-all")
            .env("WINEDLLOVERRIDES", "mscoree,mshtml=")
            .env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", runner())
    }

    /// Runs a Windows program.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(runner());
        self.set(command.arg(program));
        command
    }

    /// Lets `\\.\E:` be this image.
    ///
    /// # Errors
    /// When the link cannot be made.
    pub(crate) fn attach(&self, image: &Path) -> Result<&'static str> {
        let link = self.0.join("dosdevices/e::");
        process::run(
            Command::new("ln").args(["--symbolic", "--force", "--no-dereference"]).arg(image).arg(link),
        )?;
        Ok(r"\\.\E:")
    }

    /// Starts wine's server, which otherwise comes with the first program and goes soon after the last: a program that comes while it
    /// goes does not start.
    ///
    /// # Errors
    /// When the server does not start.
    pub(crate) fn start(&self) -> Result<()> {
        self.stop();
        let mut wait = Command::new("wineserver");
        process::run(self.set(wait.arg("-w")))?;
        let mut start = Command::new("wineserver");
        process::run(self.set(start.arg(format!("-p{SERVER_SECONDS}"))))
    }

    /// Ends the programs of this prefix, and of no other, that a run has left behind.
    pub(crate) fn stop(&self) {
        let mut command = Command::new("wineserver");
        // One that is not running cannot be stopped, and need not be.
        let _ = self.set(command.arg("-k")).status();
    }
}

/// A path of this system as Windows programs see it.
pub(crate) fn path(path: &Path) -> String {
    format!("Z:{}", path.display()).replace('/', r"\")
}

fn runner() -> PathBuf {
    tools().join("run.sh")
}

fn tools() -> PathBuf {
    workspace::root().join("tools/wine")
}
