//! Inputs to begin with, all made by the forge: sound ones of every kind, for the search to damage.

use std::sync::Arc;

use quarry_forge::{
    Attribute, AttributeList, Bitmap, Disk, FileName, ListEntry, Lookalike, NonResident, RecordBuilder,
    Reference, Reparse, StandardInformation, Volume, VolumeBuilder, VolumeInformation, VolumeName, disk,
    kind, namespace,
};
use quarry_io::MemoryDevice;
use quarry_scan::{Pipeline, Progress};

use crate::sparse::Sparse;

/// An input to begin with.
#[derive(Debug, Clone)]
pub struct Seed {
    /// The target that it is for.
    pub target: &'static str,
    /// Its file's name.
    pub name: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// First bytes of the inputs of `dump` and `volume`: choices follow, or a sparse device.
const CHOICES: u8 = 0;
const AS_IT_IS: u8 = 1;
/// Of `dump`: its records have 4096 bytes.
const LARGE_RECORDS: u8 = 2;

/// All of them; the same at every call.
#[must_use]
pub fn seeds() -> Vec<Seed> {
    let each = |target: &'static str, inputs: Vec<Vec<u8>>| {
        let named = move |(place, bytes)| Seed { target, name: format!("seed-{place:02}"), bytes };
        (1..).zip(inputs).map(named)
    };
    [
        ("boot", boots()),
        ("catalog", (1..=12).map(|seed| choices(seed, 32 << (seed / 3))).collect()),
        ("dump", dumps()),
        ("identify", disks()),
        ("log", (1..=12).map(|seed| choices(seed, 48 << (seed / 3))).collect()),
        ("query", QUERIES.lines().map(|line| line.trim().as_bytes().to_vec()).collect()),
        ("record", records().iter().map(RecordBuilder::build).collect()),
        ("runs", run_lists()),
        ("snapshot", snapshots()),
        ("volume", volumes()),
    ]
    .into_iter()
    .flat_map(|(target, inputs)| each(target, inputs))
    .collect()
}

/// Volumes that differ in geometry and in how their `$MFT` lies.
fn layouts() -> Vec<Volume> {
    let small = || VolumeBuilder::new().file("a/b", b"hello").hard_link("a/b", "c");
    let pieces: Vec<_> = (0..60).map(|piece| (Some(40 + piece * 5), 2)).collect();
    vec![
        small().build(),
        small().sector_bytes(4096).record_bytes(4096).build(),
        small().cluster_bytes(512).mft_runs(&pieces).mft_runs_per_record(20).build(),
        small().cluster_bytes(65536).build(),
    ]
}

/// The indexes of the volumes.
fn snapshots() -> Vec<Vec<u8>> {
    let snapshot = |volume: Volume| {
        let device = Arc::new(MemoryDevice::new("seed", volume.into_image()));
        let volumes = quarry_scan::open(device, None).ok()?;
        let scan = Pipeline::default().run(volumes.first()?, &Progress::default()).ok()?;
        let mut bytes = Vec::new();
        scan.index.write_to(&mut bytes).ok()?;
        Some(bytes)
    };
    layouts().into_iter().take(2).filter_map(snapshot).collect()
}

fn boots() -> Vec<Vec<u8>> {
    let sector = |volume: &Volume| volume.image().iter().take(512).copied().collect();
    layouts().iter().map(sector).collect()
}

/// The volumes without what opening does not read: the `$MFT`, its mirror and the boot sectors stay.
fn volumes() -> Vec<Vec<u8>> {
    let whole = layouts().into_iter().filter(|volume| volume.geometry().cluster <= 4096).map(|volume| {
        let (geometry, image) = (volume.geometry(), volume.image());
        let cluster = |lcn: u64, count: u64| lcn * geometry.cluster..(lcn + count) * geometry.cluster;
        let mirror = u64::from_le_bytes(image[0x38..0x40].try_into().unwrap_or_default());
        let mut kept = vec![0..512, image.len() as u64 - 512..image.len() as u64, cluster(mirror, 1)];
        kept.extend(volume.mft_runs().iter().filter_map(|&(lcn, count)| Some(cluster(lcn?, count))));
        let at = |place: u64| kept.iter().any(|range| range.contains(&place));
        let image: Vec<u8> =
            (0..).zip(image).map(|(place, &byte)| if at(place) { byte } else { 0 }).collect();
        with_mode(AS_IT_IS, Sparse::encode(&image, image.len() as u64))
    });
    whole.chain((1..=12).map(|seed| choices(seed, 700))).collect()
}

fn dumps() -> Vec<Vec<u8>> {
    let sparse = |mode: u8, dump: &[u8]| with_mode(mode, Sparse::encode(dump, dump.len() as u64));
    let small: Vec<u8> = records().iter().take(16).flat_map(RecordBuilder::build).collect();
    let applied: Vec<u8> = records().iter().take(8).flat_map(RecordBuilder::build_applied).collect();
    let large: Vec<u8> =
        records().iter().take(8).flat_map(|record| record.clone().size(4096).build()).collect();
    let whole =
        [sparse(AS_IT_IS, &small), sparse(AS_IT_IS, &applied), sparse(AS_IT_IS | LARGE_RECORDS, &large)];
    whole.into_iter().chain((1..=12).map(|seed| choices(seed, 900))).collect()
}

fn with_mode(mode: u8, rest: Vec<u8>) -> Vec<u8> {
    let mut input = vec![mode];
    input.extend(rest);
    input
}

/// `count` choices that mean nothing in particular (an xorshift generator makes them).
fn choices(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    with_mode(CHOICES, std::iter::repeat_with(next).take(count).collect())
}

/// One record of each kind that the parser tells apart.
fn records() -> Vec<RecordBuilder> {
    let standard = || StandardInformation::new().security_id(256).usn(7);
    let base = |number: u64, name: &str| {
        RecordBuilder::new(number).with(standard()).with(FileName::new(Reference::ROOT, name).sizes(4096, 12))
    };
    let runs = NonResident::new(4096, &[(Some(100), 5), (None, 3), (Some(50), 9)]);
    let list = AttributeList::new([
        ListEntry::new(kind::STANDARD_INFORMATION, Reference::new(30, 1)),
        ListEntry::new(kind::DATA, Reference::new(31, 1)).lowest_vcn(17),
    ]);
    let mut bitmap = Bitmap::new(40);
    bitmap.set(3, true);
    vec![
        RecordBuilder::new(0)
            .with(standard())
            .with(FileName::new(Reference::ROOT, "$MFT"))
            .with(Attribute::non_resident(kind::DATA, runs.clone())),
        base(1, "file.txt").with(Attribute::data(b"hello")),
        base(2, "folder").directory(),
        RecordBuilder::new(3).with(VolumeName("FORGE".into())).with(VolumeInformation {
            major: 3,
            minor: 1,
            flags: 1,
        }),
        base(4, "streams")
            .with(Attribute::data(b""))
            .with(Attribute::data(b"1").named("one"))
            .with(Attribute::data(b"2").named("two")),
        RecordBuilder::new(5)
            .sequence(5)
            .directory()
            .with(standard())
            .with(FileName::new(Reference::ROOT, ".")),
        base(6, "runs").with(Attribute::non_resident(kind::DATA, runs.clone())),
        base(7, "sparse").with(Attribute::non_resident(kind::DATA, runs.clone().sparse(8192))),
        base(8, "listed").with(list),
        RecordBuilder::new(9)
            .base((8, 1))
            .with(Attribute::non_resident(kind::DATA, NonResident::continued(17, &[(Some(9), 2)]))),
        base(10, "link").with(Reparse::symlink("..\\there", true)),
        base(11, "junction").with(Reparse::junction("C:\\there")).directory(),
        base(12, "packed")
            .with(Reparse::new(0x8000_0017, [1, 0, 0, 0, 2, 0, 0, 0]))
            .with(Attribute::data(b"zip").named("WofCompressedData")),
        base(13, "guid").with(Reparse::third_party(0x17, [7; 16], [1, 2, 3])),
        base(14, "Long name.txt").with(FileName::new(Reference::ROOT, "LONGNA~1.TXT").dos()).links(2),
        base(15, "deleted").deleted(),
        RecordBuilder::new(16)
            .with(FileName::new((99, 1), [0xD800, 0x61, 0xDC00]).namespace(namespace::WIN32))
            .old_header(),
        base(17, "bits").with(bitmap),
        base(18, "4 KiB").size(4096).with(Attribute::data(vec![7; 2000])),
        RecordBuilder::new(19),
    ]
}

/// The lowest VCN and the clusters of the attribute before each, as the target takes them.
fn run_lists() -> Vec<Vec<u8>> {
    let list = |lowest: u64, runs: &[quarry_forge::Run]| {
        let clusters = quarry_forge::clusters(runs);
        [&lowest.to_le_bytes()[..], &clusters.to_le_bytes(), &quarry_forge::runs(runs)].concat()
    };
    vec![
        list(0, &[]),
        list(0, &[(Some(786_432), 64)]),
        list(0, &[(Some(5), 1), (Some(0), 300), (None, 70_000), (Some(1 << 40), 1 << 33)]),
        list(17, &[(None, 1), (Some(127), 127), (Some(128), 128), (Some(i64::MAX as u64), 1)]),
        list(u64::MAX - 9, &[(Some(3), 4), (Some(1), 5)]),
        [&[0; 8][..], &[4, 0, 0, 0, 0, 0, 0, 0], &[0x11, 4, 0xFF, 0]].concat(),
    ]
}

fn disks() -> Vec<Vec<u8>> {
    let volume = VolumeBuilder::new().build();
    // Recognising looks at boot sectors only.
    let boot = &volume.image()[..8192];
    let mut images: Vec<Vec<u8>> = Lookalike::ALL.iter().map(|lookalike| lookalike.image()).collect();
    let linux = Lookalike::ALL[2].image();
    images.push(boot.to_vec());
    images.push(
        Disk::mbr(512)
            .partition(64, disk::partition_type::NTFS, boot)
            .logical(256, disk::partition_type::LINUX, &linux[..8192])
            .build(),
    );
    for sector in [512, 4096] {
        let data = disk::partition_type::BASIC_DATA;
        images.push(
            Disk::gpt(sector).partition(64, data, "data", boot).partition(128, data, "more", boot).build(),
        );
    }
    let mut inputs: Vec<_> = images.iter().map(|image| Sparse::encode(image, image.len() as u64)).collect();
    let large = 1 << 42;
    inputs.push(Sparse::encode(boot, large));
    inputs.retain(|input| input.len() <= 64 << 10);
    inputs
}

/// A line each: what the language has, right and wrong.
const QUERIES: &str = r#"
report
Report 2024
"a b" c
*.pdf | !a?b (c | d) e
ext:pdf;docx;
path:/Documents/deep
size:>10mb
size:1kb..2mb allocated:<=0
dm:2024-05 dc:2024-05-06..2024-06
da:today | dr:lastweek
dm:>2024-05-06T07:08:09
type:file|type:folder type:link type:stream
case:Word nocase:(a B)
regex:^a.*\.(txt|md)$
regex:"a b\"c"
!deleted: metafile: orphan: damaged:
attrib:rhs links:>1 record:5 len:>100 depth:2
exact:"a\\b" name:x
((((((a))))))
"open
a ) b
size:10xb
regex:(
dm:2024-13
ſtraße K ﬁ
"#;
