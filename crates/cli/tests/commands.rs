//! Runs the command as a user would, in a folder that holds the demo volume.
//!
//! `cmd/` holds commands with what they print; `TRYCMD=overwrite` writes them anew. The examples of every
//! `--help` are run too, by a shell, because some of them are pipes.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The command, on no terminal, in the time zone of the expected output.
fn quarry(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarry"));
    command.current_dir(folder).env("TZ", "UTC").env_remove("NO_COLOR");
    // Relative, so that each folder has a catalogue of its own and none is the user's.
    command.env("QUARRY_CATALOG", CATALOG);
    command
}

/// Where the catalogue of a test is, seen from its folder.
const CATALOG: &str = "catalog";

fn run(command: &mut Command) -> Output {
    command.output().expect("the command starts")
}

/// A folder that holds the demo volume, the beginning of it, and a file that is no volume.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("commands");
        // What an earlier run left may be another volume.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("made");
        let output = run(quarry(&folder).args(["demo", "--keep", "."]));
        assert!(output.status.success(), "{output:?}");
        let volume = std::fs::read(folder.join("demo.ntfs")).expect("readable");
        // The `$MFT` begins at byte 16384 and is longer than what is left of it here.
        std::fs::write(folder.join("short.ntfs"), &volume[..1 << 20]).expect("written");
        // Behind the `$MFT` and the case table.
        std::fs::write(folder.join("cut.ntfs"), &volume[..9 << 20]).expect("written");
        // Before the `$MFT`; within the boot sector; before everything.
        for (name, length) in [("stub.ntfs", 4096), ("start.ntfs", 300), ("empty.ntfs", 0)] {
            std::fs::write(folder.join(name), &volume[..length]).expect("written");
        }
        std::fs::write(folder.join("piece.mft"), &volume[16384 + 1100 * 1024..][..1000 * 1024])
            .expect("written");
        std::fs::write(folder.join("notes.txt"), "no volume at all\n").expect("written");
        write_disk(&folder.join("disk.img"), &volume).expect("written");
        let output = run(quarry(&folder).args(["scan", "demo.ntfs"]));
        assert!(output.status.success(), "{output:?}");
        folder
    })
}

/// A folder with the demo volume and an entry of it in a catalogue of its own, for a test that changes things.
#[cfg(unix)]
fn own_folder(name: &str) -> PathBuf {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("commands-{name}"));
    let _ = std::fs::remove_dir_all(&own);
    std::fs::create_dir_all(&own).expect("made");
    for file in ["demo.ntfs", "short.ntfs", "notes.txt"] {
        std::fs::copy(folder().join(file), own.join(file)).expect("copied");
    }
    let output = run(quarry(&own).args(["scan", "demo.ntfs"]));
    assert!(output.status.success(), "{output:?}");
    own
}

/// Writes a disk with an MBR and two partitions, each of which holds `volume`.
fn write_disk(path: &Path, volume: &[u8]) -> std::io::Result<()> {
    const SECTOR: usize = 512;
    let sectors = u32::try_from(volume.len() / SECTOR).expect("a small volume");
    let mut file = std::fs::File::create(path)?;
    let mut record = [0; SECTOR];
    record[510..].copy_from_slice(&[0x55, 0xAA]);
    for number in [0, 1] {
        let first = 2048 + number * sectors;
        let entry = &mut record[446 + 16 * number as usize..][..16];
        // The type is that of NTFS.
        entry[4] = 7;
        entry[8..12].copy_from_slice(&first.to_le_bytes());
        entry[12..].copy_from_slice(&sectors.to_le_bytes());
        // What is zeros becomes a hole.
        for (place, chunk) in
            volume.chunks(1 << 16).enumerate().filter(|(_, chunk)| chunk.iter().any(|&b| b != 0))
        {
            file.seek(SeekFrom::Start(u64::from(first) * SECTOR as u64 + (place << 16) as u64))?;
            file.write_all(chunk)?;
        }
    }
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&record)?;
    file.set_len(u64::from(2048 + 2 * sectors) * SECTOR as u64)
}

#[test]
fn commands_print_what_is_written() {
    let folder = folder();
    // Cases run where the process stands. No other test of this file depends on that.
    std::env::set_current_dir(folder).expect("the folder is there");
    let cases = trycmd::TestCases::new();
    // `--all` is Linux's.
    #[cfg(target_os = "linux")]
    cases.case(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cmd/linux/*.trycmd"));
    cases
        .env("TZ", "UTC")
        .env("QUARRY_CATALOG", CATALOG)
        .case(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cmd/*.trycmd"))
        .case(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cmd/*.toml"))
        .case(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md"))
        // What builds the program is not run inside of its tests.
        .register_bin("cargo", trycmd::schema::Bin::Ignore)
        .run();
}

/// The commands among the examples of a verb's help.
#[cfg(unix)]
fn examples(verb: &str) -> Vec<String> {
    let output = run(quarry(Path::new(env!("CARGO_MANIFEST_DIR"))).args([verb, "--help"]));
    let help = String::from_utf8(output.stdout).expect("help is text");
    let (_, examples) = help.split_once("EXAMPLES\n").expect("every verb has examples");
    examples.lines().map(str::trim).filter(|line| line.starts_with("quarry ")).map(str::to_owned).collect()
}

/// Runs a line in `folder` as a shell would.
#[cfg(unix)]
fn shell(folder: &Path, line: &str) -> Output {
    let programs = Path::new(env!("CARGO_BIN_EXE_quarry")).parent().expect("it lies in a folder");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").expect("there is a PATH"));
    let mut command = Command::new("bash");
    command.args(["-o", "pipefail", "-c", line]).current_dir(folder).env("PATH", path).env("TZ", "UTC");
    command.env("QUARRY_CATALOG", CATALOG);
    run(&mut command)
}

#[cfg(unix)]
#[test]
fn every_example_of_the_help_is_true() {
    let folder = own_folder("examples");
    for example in ["find", "scan", "du", "info", "catalog", "demo"].into_iter().flat_map(examples) {
        let output = shell(&folder, &example);
        assert!(output.status.success(), "{example}: {output:?}");
        assert!(!output.stdout.is_empty() && output.stderr.is_empty(), "{example}: {output:?}");
    }
}

#[cfg(unix)]
#[test]
fn what_the_demo_shows_is_what_a_user_gets() {
    let folder = folder();
    let demo = run(quarry(folder).arg("demo"));
    let shown = String::from_utf8(demo.stdout).expect("text");
    let mut commands = 0;
    for part in shown.split("\n\n").filter_map(|part| part.strip_prefix("$ ")) {
        let (command, rows) = part.split_once('\n').expect("rows follow the command");
        let output = shell(folder, command);
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), rows, "{command}");
        commands += 1;
    }
    assert_eq!(commands, 3, "{shown}");
}

/// A file may be called so that what follows its line break looks like a message of the program. Each message stays one line.
#[cfg(unix)]
#[test]
fn a_name_with_a_line_break_begins_no_line() {
    let folder = own_folder("line-break");
    let name = "a\nquarry: b\u{1b}[2J.img";
    for (content, verb, lines) in [
        // Nothing is there.
        (None, &["find", "report", "--on"][..], 1),
        (None, &["scan"], 1),
        (None, &["info"], 1),
        // No volume.
        (Some("notes.txt"), &["find", "report", "--on"], 1),
        (Some("notes.txt"), &["scan"], 1),
        // Cut short, its case table and some records not read.
        (Some("short.ntfs"), &["find", "report", "--on"], 3),
        (Some("short.ntfs"), &["scan"], 3),
    ] {
        let _ = std::fs::remove_file(folder.join(name));
        if let Some(content) = content {
            std::fs::copy(folder.join(content), folder.join(name)).expect("copied");
        }
        let output = run(quarry(&folder).args(verb).arg(name));
        let told = String::from_utf8(output.stderr).expect("text");
        assert_eq!(told.lines().count(), lines, "{verb:?}, {content:?}: {told}");
        let about = "quarry: a\\u{a}quarry: b\\u{1b}[2J.img: ";
        assert!(told.lines().all(|line| line.starts_with(about)), "{verb:?}, {content:?}: {told}");
        assert!(!told.contains('\u{1b}'), "{told}");
    }
    // A query's picture has lines.
    let output = run(quarry(&folder).args(["find", "size:>>\nb", "--on", "demo.ntfs"]));
    assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 4, "{output:?}");
}

/// Runs `quarry` with `arguments`, separated by spaces; `expected` is the exit code.
fn exits(folder: &Path, arguments: &str, expected: i32) {
    let output = run(quarry(folder).args(arguments.split(' ')));
    assert_eq!(output.status.code(), Some(expected), "{arguments}: {output:?}");
    assert_eq!(output.stderr.is_empty(), expected < 2, "{arguments}: {output:?}");
}

#[test]
fn the_exit_code_says_how_it_went() {
    let folder = folder();
    for (arguments, expected) in [
        ("find report --on demo.ntfs", 0),
        ("find no-such-name --on demo.ntfs", 1),
        ("find report --on demo.ntfs --count --offset 99", 0),
        ("find report --on missing.ntfs", 2),
        ("find report --on notes.txt", 2),
        ("find size:>> --on demo.ntfs", 2),
        ("find report --on demo.ntfs --partition 1", 2),
        ("find report --on demo.ntfs --columns size,size", 2),
        ("find report --on demo.ntfs --no-such-flag", 2),
        ("find report --on demo.ntfs notes.txt", 3),
        ("find report --on demo.ntfs notes.txt --strict", 2),
        ("find report --on missing.ntfs notes.txt", 2),
        ("find report --on short.ntfs", 3),
        ("info demo.ntfs", 0),
        ("info notes.txt", 2),
        ("info short.ntfs", 3),
        ("info notes.txt --columns", 2),
        ("find report", 0),
        ("find report --on demo", 0),
        ("find report --on demo --partition 1", 2),
        ("find report --catalog no-such-folder", 2),
        ("du --on demo", 0),
        ("du /no/such/folder --on demo", 2),
        ("du --on demo --by age --depth 2", 2),
        ("catalog show no-such-entry", 2),
        ("catalog remove no-such-entry", 2),
        ("catalog verify", 0),
    ] {
        exits(folder, arguments, expected);
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_enough_is_no_error() {
    use std::io::Read as _;
    use std::process::Stdio;
    let folder = folder();
    let mut child = quarry(folder)
        .args(["find", "", "--on", "demo.ntfs", "--format", "jsonl", "--streams", "--metafiles"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut first = [0];
    child.stdout.take().expect("a pipe").read_exact(&mut first).expect("a row");
    let output = child.wait_with_output().expect("the command ends");
    assert_eq!((first, output.status.code(), output.stderr), (*b"{", Some(0), Vec::new()));
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_with_130() {
    use std::io::Read as _;
    use std::process::Stdio;
    let folder = folder();
    // A pipe that nobody reads: the command stands in the middle of its rows when it is interrupted.
    let mut child = quarry(folder)
        .args(["find", "", "--on", "demo.ntfs", "--format", "jsonl"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut pipe = child.stdout.take().expect("a pipe");
    pipe.read_exact(&mut [0]).expect("a row");
    let id = child.id().to_string();
    for _ in 0..2 {
        assert!(run(Command::new("kill").args(["-INT", &id])).status.success());
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    let status = child.wait().expect("the command ends");
    assert_eq!(status.code(), Some(130));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let folder = folder();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("there on Linux");
    let output = run(quarry(folder).args(["find", "report", "--on", "demo.ntfs"]).stdout(full));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.starts_with("quarry: standard output: "), "{said}");
}

#[test]
fn colours_are_there_when_they_are_asked_for() {
    let folder = folder();
    let coloured = |when: &str| {
        let search = ["find", "report", "--on", "demo.ntfs", "--format", "table", "--color", when];
        run(quarry(folder).args(search)).stdout.contains(&0x1b)
    };
    assert_eq!(["always", "never", "auto"].map(coloured), [true, false, false]);
}

#[test]
fn completions_and_manual_pages_are_made_of_the_command_line() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (arguments, holds) in [
        (vec!["completions", "bash"], "--partition"),
        (vec!["completions", "zsh"], "--partition"),
        (vec!["man"], "quarry\\-find"),
        (vec!["man", "find"], "EXAMPLES"),
        (vec!["man", "catalog", "refresh"], "no\\-wait"),
    ] {
        let output = run(quarry(folder).args(&arguments));
        assert!(String::from_utf8_lossy(&output.stdout).contains(holds), "{arguments:?}: {output:?}");
    }
    assert_eq!(run(quarry(folder).args(["man", "no-such-verb"])).status.code(), Some(2));
}

#[test]
fn the_count_is_the_number_of_rows() {
    let folder = folder();
    for flags in
        ["", " --limit 7", " --offset 2000", " --streams --metafiles --deleted", " --on demo.ntfs --limit 9"]
    {
        let lines = |more: &str| {
            let arguments = format!("find :: --on demo.ntfs{flags}{more}");
            let arguments = arguments.split(' ').map(|word| if word == "::" { "" } else { word });
            let output = run(quarry(folder).args(arguments));
            String::from_utf8(output.stdout).expect("text")
        };
        let (rows, count) = (lines(" -0"), lines(" --count"));
        assert_eq!(count, format!("{}\n", rows.matches('\0').count()), "{flags}");
        assert_ne!(count, "0\n", "{flags}");
    }
}

/// `quarry scan *` in a folder that somebody else filled: what the shell makes of the star stands in messages.
#[cfg(unix)]
#[test]
fn a_path_in_a_message_cannot_steer_a_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let hostile = folder.path().join("\u{1b}[31m\u{202e}red");
    for there in [true, false] {
        let made = if there { std::fs::create_dir(&hostile) } else { std::fs::remove_dir(&hostile) };
        made.expect("it is ours");
        for words in [["scan"].as_slice(), &["info"], &["find", "a", "--on"]] {
            let output = Command::new(env!("CARGO_BIN_EXE_quarry")).args(words).arg(&hostile).output();
            let output = output.expect("it runs");
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{told}");
            assert!(told.contains(r"\u{1b}[31m\u{202e}red: ") && !told.contains('\u{1b}'), "{told}");
        }
    }
}
