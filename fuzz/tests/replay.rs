//! Every committed input holds, on a stable compiler and without libFuzzer.

use std::path::{Path, PathBuf};

use quarry_fuzz::{TARGETS, replay};

/// All inputs together: they are read by everybody who clones the project.
const CORPUS_BYTES_MAX: u64 = 1 << 20;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

#[test]
fn every_committed_input_holds() {
    for target in TARGETS {
        let folder = corpus().join(target.name);
        let count = replay(target.body, [folder.into_os_string()]).expect("a folder of inputs");
        assert!(count > 0, "no input for {}", target.name);
    }
}

#[test]
fn every_folder_of_inputs_has_its_target() {
    let named =
        |path: PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let entries = std::fs::read_dir(corpus()).unwrap();
    let mut folders: Vec<String> = entries.map(|entry| named(entry.unwrap().path())).collect();
    folders.sort();
    assert!(folders.iter().map(String::as_str).eq(TARGETS.iter().map(|target| target.name)), "{folders:?}");
}

#[test]
fn inputs_are_few_and_small() {
    let files = TARGETS.iter().flat_map(|target| std::fs::read_dir(corpus().join(target.name)).unwrap());
    let bytes: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert!(bytes <= CORPUS_BYTES_MAX, "{bytes} bytes");
}
