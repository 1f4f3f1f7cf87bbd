//! The seeds in `corpus/` are what the forge makes. `QUARRY_BLESS=1 cargo test -p quarry-fuzz --test seeds` writes them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn the_seeds_are_what_the_forge_makes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let bless = std::env::var_os("QUARRY_BLESS").is_some();
    let mut expected = BTreeSet::new();
    for seed in quarry_fuzz::seeds() {
        let path = corpus.join(seed.target).join(&seed.name);
        if bless {
            fs::create_dir_all(corpus.join(seed.target)).unwrap();
            fs::write(&path, &seed.bytes).unwrap();
        }
        let stored = fs::read(&path).unwrap_or_default();
        assert!(stored == seed.bytes, "{} is old: run with QUARRY_BLESS=1", path.display());
        expected.insert(path);
    }
    for target in quarry_fuzz::TARGETS {
        let entries = fs::read_dir(corpus.join(target.name)).unwrap().map(|entry| entry.unwrap().path());
        let is_seed = |path: &std::path::PathBuf| {
            path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("seed-"))
        };
        for left in entries.filter(is_seed).filter(|path| !expected.contains(path)) {
            assert!(bless && fs::remove_file(&left).is_ok(), "{} is made by nothing", left.display());
        }
    }
}
