//! Volumes laid out as asked: what tools cannot show, or would not let pass.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use quarry_forge::{
    Attribute, Entry, FileName, MftList, NonResident, RecordBuilder, Reference, Run, Volume, VolumeBuilder,
    fixup, kind, vandal,
};

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

/// The `$MFT` gathered from the image by the runs given.
fn gather(volume: &Volume) -> Vec<u8> {
    let cluster = usize::try_from(volume.geometry().cluster).unwrap();
    let mut bytes = Vec::new();
    for &(lcn, length) in volume.mft_runs() {
        let length = usize::try_from(length).unwrap() * cluster;
        match lcn {
            Some(lcn) => bytes.extend(&volume.image()[usize::try_from(lcn).unwrap() * cluster..][..length]),
            None => bytes.extend(vec![0; length]),
        }
    }
    bytes.truncate(volume.mft().len());
    bytes
}

fn attribute_kinds(record: &[u8]) -> Vec<u32> {
    let mut record = record.to_vec();
    fixup::apply(&mut record);
    let all = [kind::ATTRIBUTE_LIST, kind::FILE_NAME, kind::DATA, kind::BITMAP];
    let has = |&kind: &u32| std::panic::catch_unwind(|| vandal::find(&record, kind, 0)).is_ok();
    all.into_iter().filter(has).collect()
}

/// Clusters 14 and 15 of the `$MFT` are a hole: at two records a cluster, 28 to 31 do not exist.
#[test]
fn hole_in_the_mft_is_skipped_when_numbering() {
    let runs = [(Some(10), 14), (None, 2), (Some(40), 20)];
    let volume =
        VolumeBuilder::new().cluster_bytes(2048).mft_runs(&runs).file("a", "x").file("b", "y").build();
    assert_eq!((volume.reference("a").frs(), volume.reference("b").frs()), (27, 32));
    assert!(gather(&volume) == volume.mft());
    assert!(volume.record(28).iter().all(|&byte| byte == 0));
}

#[test]
#[should_panic(expected = "record 28 lies in a hole of $MFT")]
fn raw_record_in_a_hole_panics() {
    let runs = [(Some(10), 14), (None, 2), (Some(40), 20)];
    let _ = VolumeBuilder::new().cluster_bytes(2048).mft_runs(&runs).raw_record(28, vec![0; 1024]).build();
}

#[test]
#[should_panic(expected = "is taken already")]
fn overlapping_runs_panic() {
    let _ = VolumeBuilder::new().mft_runs(&[(Some(10), 6), (Some(15), 6)]).build();
}

#[test]
#[should_panic(expected = "is not mapped by the records before it")]
fn extension_that_no_reader_could_find_panics() {
    let runs: Vec<Run> = (0..20).map(|n| (Some(100 + 2 * n), 1)).collect();
    let _ = VolumeBuilder::new().mft_runs(&runs).mft_runs_per_record(2).build();
}

#[test]
fn list_forms() {
    let runs: Vec<Run> = (0..30).map(|n| (Some(100 + 9 * n), 8)).collect();
    let volume = || VolumeBuilder::new().cluster_bytes(1024).mft_runs(&runs);
    let record_0 = |volume: VolumeBuilder| volume.build().record(0).to_vec();

    let alone = record_0(volume());
    assert_eq!(attribute_kinds(&alone), [kind::FILE_NAME, kind::DATA, kind::BITMAP]);
    for (list, non_resident) in [(MftList::Resident, 0), (MftList::NonResident, 1)] {
        let mut record = record_0(volume().mft_list(list).mft_runs_per_record(7));
        fixup::apply(&mut record);
        let at = vandal::find(&record, kind::ATTRIBUTE_LIST, 0);
        assert_eq!(record[at + 8], non_resident, "{list:?}");
    }
    let split = volume().mft_runs_per_record(7).build();
    assert!(gather(&split) == split.mft());
    // 30 runs, 7 to a record: four extensions, in 15 to 18, of record 0 at sequence 1.
    for record in 15..19 {
        assert_eq!(split.record(record)[0x20..0x28], [0, 0, 0, 0, 0, 0, 1, 0], "{record}");
    }
    assert_eq!(split.record(19)[0x20..0x28], [0; 8]);
}

#[test]
fn boot_sector_is_repeated_at_the_end() {
    for sector in [512, 4096] {
        let volume = VolumeBuilder::new().sector_bytes(sector).build();
        let image = volume.image();
        let sector = usize::try_from(sector).unwrap();
        assert_eq!(image[..sector], image[image.len() - sector..]);
        let sectors = u64::from_le_bytes(image[0x28..0x30].try_into().unwrap());
        assert_eq!(image.len() as u64, (sectors + 1) * sector as u64);
    }
}

#[test]
fn deleted_files_keep_their_place() {
    let volume = VolumeBuilder::new()
        .add("d", Entry::directory().sequence(4).deleted())
        .add("d/f", Entry::file("x").deleted())
        .build();
    let folder = volume.reference("d");
    assert_eq!(folder.sequence(), 4);
    let record = volume.record(folder.frs());
    assert_eq!(
        (u16_at(record, 0x10), u16_at(record, 0x16)),
        (5, 2),
        "sequence raised, not in use, a directory"
    );
    let mut file = volume.record(volume.reference("d/f").frs()).to_vec();
    fixup::apply(&mut file);
    let name = vandal::find(&file, kind::FILE_NAME, 0) + 0x18;
    assert_eq!(file[name..name + 8], folder.to_u64().to_le_bytes());
}

#[test]
fn raw_records_and_clusters() {
    let stream = Attribute::non_resident(kind::DATA, NonResident::new(4096, &[(Some(90), 1)]).real(5));
    let odd = RecordBuilder::new(40).with(FileName::new(Reference::ROOT, [0xD800])).with(stream);
    let volume = VolumeBuilder::new().record(40, odd.clone()).raw_clusters(90, "hello").file("a", "").build();
    assert_eq!(volume.record(40), odd.build());
    assert_eq!(&volume.image()[90 * 4096..][..5], b"hello");
    assert_eq!(volume.reference("a").frs(), 27);
    assert_eq!(volume.mft().len() % 1024, 0);
}

#[test]
fn bitmap_may_lie() {
    let bits = |volume: &Volume| {
        let mut record = volume.record(0).to_vec();
        fixup::apply(&mut record);
        let attribute = vandal::find(&record, kind::BITMAP, 0);
        let runs = attribute + usize::from(u16_at(&record, attribute + 0x20));
        // One short run: a header byte, a length byte, an offset byte.
        assert_eq!(record[runs], 0x11);
        volume.image()[usize::from(record[runs + 2]) * 4096 + 3]
    };
    let truth = VolumeBuilder::new().file("a", "").build();
    let lie = VolumeBuilder::new().file("a", "").bitmap_says(27, false).bitmap_says(28, true).build();
    assert_eq!(bits(&truth), 0b0000_1111, "records 24 to 27 are in use");
    assert_eq!(bits(&lie), 0b0001_0111);
}

#[test]
fn edits_reach_the_image_across_runs_and_spare_the_mirror() {
    let singles = (0..80).map(|n| (Some(2000 - 2 * n), 1));
    let runs: Vec<Run> = std::iter::once((Some(100), 33)).chain(singles).collect();
    let mut volume = VolumeBuilder::new().cluster_bytes(512).mft_runs(&runs).file("a", "x").build();
    let before = volume.image().to_vec();
    let number = volume.reference("a").frs();
    volume.edit(number, |record| vandal::tear(record, 1));
    assert!(gather(&volume) == volume.mft());
    assert_eq!(before.iter().zip(volume.image()).filter(|(a, b)| a != b).count(), 2);
    volume.edit(0, vandal::zero);
    let mirror = u64::from_le_bytes(before[0x38..0x40].try_into().unwrap());
    assert_eq!(&volume.image()[usize::try_from(mirror).unwrap() * 512..][..4], b"FILE");
}

#[test]
fn applied_mft_has_no_protected_record() {
    let volume = VolumeBuilder::new().file("a", "x").build();
    assert!(volume.mft().chunks(1024).all(fixup::is_protected));
    assert!(!volume.mft_applied().chunks(1024).any(fixup::is_protected));
}

/// 3,000 levels: the tree is built without recursion.
#[test]
fn deep_tree() {
    let path = vec!["d"; 3_000].join("/");
    let volume = VolumeBuilder::new().directory(&path).build();
    assert_eq!(volume.reference(&path).frs(), 27 + 2_999);
}

#[test]
fn the_same_calls_make_the_same_bytes() {
    let make = || VolumeBuilder::new().file("a/b", "x").file("c", vec![1; 9000]).build().into_image();
    assert!(make() == make());
}

#[test]
fn size_may_be_fixed() {
    let volume = VolumeBuilder::new().clusters(1000).build();
    assert_eq!(volume.image().len(), 1000 * 4096 + 512);
}

#[test]
#[should_panic(expected = "the volume's content takes")]
fn volume_too_small_panics() {
    let _ = VolumeBuilder::new().clusters(20).build();
}
