//! Wine: a folder of the project's own in which Windows programs run, made once for one state of what it is made from.
//!
//! Nothing of it reaches the user's own wine. What wine's version lacks and Rust's library needs is built and put there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{process, workspace};

/// What Windows programs are built for.
pub(crate) const TARGET: &str = "x86_64-pc-windows-gnu";
/// A library that Rust's needs and wine lacks.
const LIBRARY: &str = "bcryptprimitives";
const KEY: &str = "made-from";
/// How long the server stays after the last program, where a run was killed and stops nothing: longer than anything takes that is built
/// between two programs.
const SERVER_SECONDS: u32 = 1200;

/// The folder that wine calls its prefix, which is one run's alone. What is left running in it ends with it.
pub(crate) struct Prefix {
    folder: PathBuf,
    /// Locked as long as it is open.
    _alone: File,
}

/// The prefix, made anew if it is not up to date.
///
/// # Errors
/// When wine cannot set it up or the library cannot be built.
pub(crate) fn prefix() -> Result<Prefix> {
    let folder = workspace::target().join("wine");
    let prefix = Prefix { _alone: alone(&folder)?, folder };
    let source = tools().join(format!("{LIBRARY}.c"));
    let version = Command::new("wine").arg("--version").output().context("cannot start wine")?;
    let key = format!("{}{}", String::from_utf8_lossy(&version.stdout), fs::read_to_string(&source)?);
    if fs::read_to_string(prefix.folder.join(KEY)).is_ok_and(|found| found == key) {
        println!("wine: {} is up to date", prefix.folder.display());
        return Ok(prefix);
    }
    if prefix.folder.exists() {
        prefix.stop();
        fs::remove_dir_all(&prefix.folder)
            .with_context(|| format!("cannot clear {}", prefix.folder.display()))?;
    }
    fs::create_dir_all(&prefix.folder)?;
    process::run(prefix.set(Command::new("wine").args(["wineboot", "--init"])))?;
    // A new prefix says that it is Windows 7, which lacks half of what is used here.
    process::run(prefix.set(Command::new("wine").args(["winecfg", "-v", "win10"])))?;
    let library = prefix.folder.join("drive_c/windows/system32").join(format!("{LIBRARY}.dll"));
    let mut compile = Command::new("x86_64-w64-mingw32-gcc");
    compile.args(["-shared", "-O2", "-o"]).arg(library).arg(source).arg("-ladvapi32");
    process::run(&mut compile)?;
    // Written last: what an interrupted run left is made anew.
    fs::write(prefix.folder.join(KEY), key)?;
    Ok(prefix)
}

/// Waits until no other run uses the prefix: each stops what it finds running there.
fn alone(folder: &Path) -> Result<File> {
    let path = folder.with_extension("lock");
    fs::create_dir_all(workspace::target())?;
    let file = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
    if file.try_lock().is_err() {
        println!("wine: another run is using {}: waiting for its end", folder.display());
        file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    }
    Ok(file)
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
            .env("WINEPREFIX", &self.folder)
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

    /// Lets `\\.\E:` be this image, and `E:` a drive: what would be mounted there is an empty folder.
    ///
    /// # Errors
    /// When a link cannot be made.
    pub(crate) fn attach(&self, image: &Path) -> Result<&'static str> {
        let mounted = self.folder.join("e");
        fs::create_dir_all(&mounted)?;
        for (name, to) in [("e::", image), ("e:", &mounted)] {
            let link = self.folder.join("dosdevices").join(name);
            process::run(
                Command::new("ln").args(["--symbolic", "--force", "--no-dereference"]).arg(to).arg(link),
            )?;
        }
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
    fn stop(&self) {
        let mut command = Command::new("wineserver");
        // One that is not running cannot be stopped, and need not be.
        let _ = self.set(command.arg("-k")).status();
    }
}

impl Drop for Prefix {
    fn drop(&mut self) {
        self.stop();
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

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    /// Runs a "program" under a wine that is a shell: how the script ends, and how often it tried.
    fn attempts(program: &str) -> (Option<i32>, usize) {
        let folder = tempfile::tempdir().unwrap();
        let (wine, tried) = (folder.path().join("wine"), folder.path().join("tried"));
        fs::write(&wine, "#!/bin/sh\necho >>\"$TRIED\"\neval \"$1\"\n").unwrap();
        fs::set_permissions(&wine, fs::Permissions::from_mode(0o700)).unwrap();
        let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
        let mut script = Command::new(runner());
        script.arg(program).env("PATH", path).env("TRIED", &tried).env("WINE_SECONDS_MAX", "2");
        let code = script.output().unwrap().status.code();
        (code, fs::read_to_string(tried).unwrap().lines().count())
    }

    /// Else a test that fails now and then would be tried until it passes.
    #[test]
    fn only_what_has_not_begun_is_tried_again() {
        let lost = "echo 'wine client error:0: recvmsg: Connection reset by peer' >&2";
        for (program, code, tried) in [
            ("echo passed".to_owned(), 0, 1),
            ("echo running; exit 101".to_owned(), 101, 1),
            (format!("{lost}; exit 1"), 1, 3),
            (format!("[ $(wc -l <\"$TRIED\") = 1 ] && {{ {lost}; exit 1; }}; echo passed"), 0, 2),
            // Another program that the test has started says so of itself.
            (format!("echo running; {lost}; exit 101"), 101, 1),
            (format!("echo panicked >&2; {lost}; exit 101"), 101, 1),
            ("echo 'wine client error:34: write: Bad file descriptor' >&2; exit 1".to_owned(), 1, 1),
            ("echo 'wine: Call to unimplemented function x.dll.y' >&2".to_owned(), 70, 1),
            ("sleep 30".to_owned(), 124, 1),
        ] {
            assert_eq!(attempts(&program), (Some(code), tried), "{program}");
        }
    }
}
