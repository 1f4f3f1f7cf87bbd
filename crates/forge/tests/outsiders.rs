//! What the forge makes, read by tools that know nothing of it.
//!
//! | tool | accepts |
//! | --- | --- |
//! | ntfs-3g's `ntfsls`, `ntfscat`, `ntfsinfo`, `ntfscluster` | every geometry, fragmented `$MFT`s, both list forms |
//! | sleuthkit's `fls`, `istat`, `icat`, `fsstat` | all of it but clusters above 64 KiB, which sleuthkit refuses on any volume |
//!
//! A tool that is not installed is named on standard error; with `QUARRY_REQUIRE_TOOLS=1` that is a failure.

mod common;

use common::{Image, pattern};
use quarry_forge::{Attribute, Entry, MftList, NonResident, Reparse, Run, Volume, VolumeBuilder, kind};

/// Content that does not fit a record, and not one of the smaller clusters either.
const LONG: usize = 10_000;

/// Enough names that their index has three levels.
const MANY: usize = 5_000;

fn furnished(volume: VolumeBuilder) -> VolumeBuilder {
    let volume = volume
        .label("Würfel")
        .file("a/b.txt", "hello")
        .hard_link("a/b.txt", "second.txt")
        .add("a/long.bin", Entry::file(pattern(LONG)).short_name("LONG~1.BIN").stream("zone", "id=3"))
        .add("link", Entry::bare().reparse(Reparse::symlink("a", true)))
        .add("gone.txt", Entry::file("was here").deleted())
        .directory("empty");
    (0..200).fold(volume, |volume, n| volume.file(&format!("many/File number {n:04}"), n.to_string()))
}

fn fragments(count: u64) -> Vec<Run> {
    (0..count).map(|n| (Some(400 + 3 * (n ^ 1)), 2)).collect()
}

#[track_caller]
fn check_ntfs_3g(volume: &Volume) {
    let image = Image::new(volume.image());
    if let Some(listing) = image.text("ntfsls", &["@"]) {
        assert_eq!(sorted(&listing), ["a", "empty", "link", "many", "second.txt"]);
    }
    if let Some(listing) = image.text("ntfsls", &["-a", "@", "-p", "/many"]) {
        assert_eq!(listing.lines().filter(|line| line.starts_with("File number")).count(), 200);
    }
    // A path is looked up by descending the indexes: their order must be right.
    for (path, content) in [("second.txt", b"hello".to_vec()), ("a/long.bin", pattern(LONG))] {
        if let Some(bytes) = image.run("ntfscat", &["@", path]) {
            assert_eq!(bytes, content, "{path}");
        }
    }
    if let Some(bytes) = image.run("ntfscat", &["-n", "zone", "@", "/a/long.bin"]) {
        assert_eq!(bytes, b"id=3");
    }
    if let Some(mft) = image.run("ntfscat", &["-i", "0", "@"]) {
        assert!(mft == volume.mft_applied(), "ntfscat reads another $MFT");
    }
    if let Some(facts) = image.text("ntfsinfo", &["-m", "@"]) {
        let geometry = volume.geometry();
        assert!(facts.contains("Volume Name: Würfel"), "{facts}");
        assert!(facts.contains("Volume Version: 3.1"), "{facts}");
        assert!(facts.contains(&format!("Cluster Size: {}\n", geometry.cluster)), "{facts}");
        assert!(facts.contains(&format!("MFT Record Size: {}\n", geometry.record)), "{facts}");
    }
    if let Some(facts) = image.text("ntfscluster", &["-i", "@"]) {
        let clusters = facts.lines().find(|line| line.starts_with("bytes per cluster")).unwrap_or(&facts);
        assert!(clusters.ends_with(&format!(": {}", volume.geometry().cluster)), "{clusters}");
    }
}

#[track_caller]
fn check_sleuthkit(volume: &Volume) {
    let image = Image::new(volume.image());
    if let Some(listing) = image.text("fls", &["-r", "-p", "@"]) {
        let has =
            |line: &str| assert!(listing.lines().any(|found| found.ends_with(line)), "{line}\n{listing}");
        ["a/b.txt", "\tsecond.txt", "a/long.bin", "a/long.bin:zone", "empty", "$Extend/$ObjId:$O"]
            .iter()
            .for_each(|line| has(line));
        (0..200).for_each(|n| has(&format!("many/File number {n:04}")));
        let deleted: Vec<_> = listing.lines().filter(|line| line.contains(" * ")).collect();
        assert!(deleted.len() == 1 && deleted[0].ends_with("gone.txt"), "{deleted:?}");
    }
    let file = volume.reference("a/long.bin");
    let number = file.frs().to_string();
    if let Some(facts) = image.text("istat", &["@", &number]) {
        for fact in ["Name: long.bin", "LONG~1.BIN", "Links: 2", "size: 10000", "2024-05-06 07:08:09"] {
            assert!(facts.contains(fact), "{fact}\n{facts}");
        }
    }
    if let Some(bytes) = image.run("icat", &["@", &number]) {
        assert_eq!(bytes, pattern(LONG));
    }
    if let Some(mft) = image.run("icat", &["@", "0"]) {
        assert!(mft == volume.mft(), "icat reads another $MFT");
    }
}

#[track_caller]
fn check(volume: VolumeBuilder) {
    let volume = furnished(volume).build();
    check_ntfs_3g(&volume);
    if volume.geometry().cluster <= 64 << 10 {
        check_sleuthkit(&volume);
    }
}

fn sorted(listing: &str) -> Vec<&str> {
    let mut lines: Vec<_> = listing.lines().filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn clusters_of_512_bytes_below_a_record() {
    check(VolumeBuilder::new().cluster_bytes(512));
}

#[test]
fn clusters_of_4_kib() {
    check(VolumeBuilder::new());
}

#[test]
fn clusters_of_64_kib() {
    check(VolumeBuilder::new().cluster_bytes(64 << 10));
}

#[test]
fn clusters_of_128_kib_need_a_negative_power() {
    check(VolumeBuilder::new().cluster_bytes(128 << 10));
}

#[test]
fn clusters_of_2_mib() {
    check(VolumeBuilder::new().cluster_bytes(2 << 20));
}

#[test]
fn sectors_and_records_of_4_kib() {
    check(VolumeBuilder::new().sector_bytes(4096).record_bytes(4096));
}

#[test]
fn records_of_4_kib_on_small_clusters() {
    check(VolumeBuilder::new().cluster_bytes(1024).record_bytes(4096));
}

#[test]
fn mft_in_fragments_that_fit_record_0() {
    check(VolumeBuilder::new().cluster_bytes(1024).mft_runs(&fragments(130)));
}

#[test]
fn mft_continued_through_a_resident_list() {
    let volume = VolumeBuilder::new().cluster_bytes(1024).mft_runs(&fragments(130));
    check(volume.mft_runs_per_record(20).mft_list(MftList::Resident));
}

#[test]
fn mft_continued_through_a_non_resident_list() {
    let volume = VolumeBuilder::new().cluster_bytes(1024).mft_runs(&fragments(130));
    check(volume.mft_runs_per_record(20).mft_list(MftList::NonResident));
}

/// Runs of one 512-byte cluster: half of every record is somewhere else. Record 0 must be whole, for it is read before
/// any run is known.
#[test]
fn records_straddle_fragments() {
    let singles = (0..600).map(|n| (Some(4000 - 3 * n), 1));
    let runs: Vec<Run> = std::iter::once((Some(5000), 33)).chain(singles).collect();
    check(VolumeBuilder::new().cluster_bytes(512).mft_runs(&runs));
}

#[test]
fn index_of_three_levels_is_searched_by_ntfs_3g() {
    let volume = (0..MANY).fold(VolumeBuilder::new(), |volume, n| {
        // A stride prime to the count inserts in an order far from sorted.
        volume.file(
            &format!("d/{:05} with a rather long name to fill the blocks {:0>90}", n * 7 % MANY, ""),
            n.to_string(),
        )
    });
    let image = Image::new(volume.build().image());
    for n in [0, 1, 2, 1_234, 3_333, MANY - 2, MANY - 1] {
        let path = format!("d/{:05} with a rather long name to fill the blocks {:0>90}", n * 7 % MANY, "");
        if let Some(bytes) = image.run("ntfscat", &["@", &path]) {
            assert_eq!(bytes, n.to_string().as_bytes());
        }
    }
    if let Some(listing) = image.text("ntfsls", &["@", "-p", "/d"]) {
        assert_eq!(listing.lines().filter(|line| line.contains("rather long")).count(), MANY);
    }
    if let Some(listing) = image.text("fls", &["-r", "-p", "@"]) {
        assert_eq!(
            listing.lines().filter(|line| line.contains("d/") && line.contains("rather long")).count(),
            MANY
        );
    }
}

/// The value of a sparse attribute: a cluster, a hole of three, and another cluster that is only half used.
#[test]
fn sparse_content() {
    const CLUSTER: usize = 4096;
    let extents = NonResident::new(CLUSTER as u64, &[(Some(300), 1), (None, 3), (Some(310), 1)]);
    let extents = extents.real(4 * CLUSTER as u64 + 2048).sparse(2 * CLUSTER as u64);
    let sparse = Entry::bare().attributes(0x200).attribute(Attribute::non_resident(kind::DATA, extents));
    let volume = VolumeBuilder::new()
        .raw_clusters(300, pattern(CLUSTER))
        .raw_clusters(310, vec![7; CLUSTER])
        .add("sparse", sparse)
        .build();
    let image = Image::new(volume.image());
    let content = [pattern(CLUSTER), vec![0; 3 * CLUSTER], vec![7; 2048]].concat();
    if let Some(bytes) = image.run("ntfscat", &["@", "sparse"]) {
        assert!(bytes == content, "ntfscat reads {} other bytes", bytes.len());
    }
    if let Some(bytes) = image.run("icat", &["@", &volume.reference("sparse").frs().to_string()]) {
        assert!(bytes == content, "icat reads {} other bytes", bytes.len());
    }
}
