//! What is read, what is left out, and by whose word.

mod common;

use std::num::NonZeroUsize;
use std::sync::Arc;

use common::{memory, paths, run, try_open};
use quarry_forge::VolumeBuilder;
use quarry_io::sim::{Sim, SimDevice, SimProfile};
use quarry_io::{Device, DeviceKind, DriveKind};
use quarry_scan::{BitmapUse, Mode, Pipeline, Progress, Scan};

/// Records of the `$MFT`, and those of its last files: all between the first files and these is free.
const RECORDS: u64 = 1024;
const FAR: [u64; 3] = [500, 503, 700];
/// A record that is in use and that the bitmap calls free.
const DENIED: u64 = 900;

fn image() -> Vec<u8> {
    let builder = VolumeBuilder::new().mft_runs(&[(Some(100), RECORDS / 8), (Some(400), RECORDS / 8)]);
    let builder = (0..40).fold(builder, |builder, file| builder.file(&format!("{file:02}"), b""));
    let builder = FAR.into_iter().chain([DENIED]).fold(builder, |builder, number| {
        let name =
            quarry_forge::FileName::new(quarry_forge::Reference::ROOT, format!("far {number}").as_str());
        let standard = quarry_forge::StandardInformation::new();
        builder.record(number, quarry_forge::RecordBuilder::new(number).with(standard).with(name))
    });
    builder.bitmap_says(DENIED, false).build().into_image()
}

/// A disk that may be written to while it is read, as whoever reads it has to think.
#[derive(Debug)]
struct Changing(SimDevice);

impl Device for Changing {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn len(&self) -> u64 {
        self.0.len()
    }
    fn kind(&self) -> DeviceKind {
        DeviceKind::Block
    }
    fn drive(&self) -> DriveKind {
        DriveKind::Virtual
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
        Device::read_at(&self.0, buf, offset)
    }
}

fn living(living_only: bool, chunk_records: u32) -> Pipeline {
    Pipeline { living_only, chunk_bytes: chunk_records << 10, ..Pipeline::default() }
}

#[test]
fn what_is_free_is_left_out_only_where_that_is_asked_for_and_safe() {
    let image = image();
    let disk = Sim::new(1).disk(SimProfile::instant(), image.len() as u64);
    disk.fill(0, &image);
    let check = |device: Arc<dyn Device>, pipeline: Pipeline, bitmap, read: u64| -> Scan {
        let volume = try_open(device).unwrap();
        let scan = run(&volume, pipeline);
        let reads = &scan.reads;
        assert_eq!((reads.bitmap, reads.records), (bitmap, read), "{pipeline:?}");
        assert_eq!(reads.left_out, RECORDS - read);
        assert_eq!(scan.report.counts.records, read);
        let progress = Progress::default();
        pipeline.read(&volume, &progress).unwrap();
        assert_eq!((progress.records(), progress.total()), (read, read));
        scan
    };
    let whole = check(memory(image.clone()), living(false, 16), BitmapUse::Order, RECORDS);
    assert_eq!(paths(&whole).len(), 44);
    // Chunks that are free from end to end.
    assert!(whole.reads.put_last > 800, "{}", whole.reads.put_last);

    // The user's first files end at record 67; 500 and 503 are near each other, and 700 is alone.
    let expected = 67 + 4 + 1;
    for chunk_records in [1, 16, 64, 4096] {
        let scan = check(memory(image.clone()), living(true, chunk_records), BitmapUse::Skip, expected);
        let mut without = paths(&whole);
        without.retain(|path| path != "/far 900");
        assert_eq!(paths(&scan), without, "the bitmap is taken at its word");
    }
    let changing = || Arc::new(Changing(disk.clone()));
    let scan = check(changing(), living(true, 16), BitmapUse::OrderOnly, RECORDS);
    assert_eq!(scan.index.identity(), whole.index.identity());
    // Who wants the deleted gets all.
    check(memory(image), Pipeline { deleted: true, ..living(true, 16) }, BitmapUse::Order, RECORDS);
}

#[test]
fn what_is_left_out_is_not_read_and_what_is_free_is_read_last() {
    let image = image();
    let sim = Sim::new(1);
    let disk = sim.disk(SimProfile::instant(), image.len() as u64);
    disk.fill(0, &image);
    let volume = try_open(Arc::new(disk.clone())).unwrap();
    let bytes = |pipeline: Pipeline| {
        disk.forget_observed();
        let pipeline = Pipeline { mode: Mode::Completion, threads: NonZeroUsize::MIN, ..pipeline };
        pipeline.read(&volume, &Progress::default()).unwrap();
        disk.observed().reads.bytes
    };
    let (all, some) = (bytes(living(false, 16)), bytes(living(true, 16)));
    assert_eq!(all - some, (RECORDS - 72) << 10);

    // Offsets in the order in which the disk was asked for them.
    sim.keep_log();
    bytes(living(false, 16));
    let log = sim.log();
    let asked = log.lines().filter_map(|line| line.split(" comes Read ").nth(1)?.strip_suffix("+16384"));
    let asked: Vec<u64> = asked.map(|offset| offset.parse().unwrap()).collect();
    assert_eq!(asked.len() as u64, RECORDS / 16);
    // Chunks 0 to 4 hold the user's first files, 31 the two near each other, 43 (of the second run) the one alone.
    let run = |at: u64, chunk: u64| at * 4096 + chunk * 16384;
    let first: Vec<u64> =
        (0..5).map(|chunk| run(100, chunk)).chain([run(100, 31), run(400, 43 - 32)]).collect();
    assert_eq!(asked[..first.len()], first);
    assert!(asked[first.len()..].is_sorted(), "then what is free, in the order of the disk");
}
