//! The adaptive depth against every fixed one, on simulated drives and in their time.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use quarry_io::DriveKind;
use quarry_io::sim::{Sim, SimProfile};
use quarry_scan::{Mode, Pipeline, Progress, Volume};

/// What the drive needs for a dump of so many bytes, and the depths that it ended and was highest at.
fn time(profile: SimProfile, bytes: u64, depth: Option<usize>, chunk_bytes: u32) -> (Duration, usize, usize) {
    let sim = Sim::new(3);
    // Blank records: nothing here is about what they hold.
    let volume = Volume::open_dump(Arc::new(sim.disk(profile, bytes)), 1024);
    let depth = depth.and_then(NonZeroUsize::new);
    // One parser, so that the order of all that happens is the simulation's.
    let threads = NonZeroUsize::MIN;
    let pipeline = Pipeline { mode: Mode::Completion, threads, depth, chunk_bytes, ..Pipeline::default() };
    let before = sim.now();
    let parsed = pipeline.read(&volume, &Progress::default()).expect("it is sound");
    (sim.now() - before, parsed.reads().depth_last, parsed.reads().depth_most)
}

#[test]
fn the_adaptive_depth_is_within_a_tenth_of_the_best_fixed_one() {
    // Far away, behind a wide pipe: nothing but depth helps.
    let far = SimProfile {
        kind: DriveKind::Virtual,
        channels: 64,
        read_latency: Duration::from_millis(4),
        bytes_per_second: 4_000_000_000,
        ..SimProfile::instant()
    };
    for (name, profile, chunks) in [
        ("HDD", SimProfile::hdd(), 64),
        ("SSD", SimProfile::ssd(), 256),
        ("NVMe", SimProfile::nvme(), 256),
        ("far", far, 1024),
    ] {
        for small in [false, true] {
            let chunk_bytes = if small { 32 << 10 } else { profile.kind.profile().chunk_bytes() };
            let bytes = chunks * chunk_bytes as u64;
            let time =
                |depth| time(profile.clone(), bytes, depth, u32::try_from(chunk_bytes).expect("it is sound"));
            let depths = [1, 2, 4, 6, 8, 12, 16, 32];
            let fixed = depths.into_iter().filter(|&depth| name != "far" || [8, 12, 16].contains(&depth));
            let (best, at) = fixed.map(|depth| (time(Some(depth)).0, depth)).min().expect("it is sound");
            let (adaptive, last, highest) = time(None);
            println!(
                "{name}, chunks of {chunk_bytes}: {adaptive:?} ending at {last}, at most {highest}; best {best:?} at {at}"
            );
            assert!(
                adaptive.as_secs_f64() <= best.as_secs_f64() * 1.10,
                "{name}, chunks of {chunk_bytes}: {adaptive:?}, and {best:?} at depth {at}"
            );
        }
    }
}

/// On a disk with a head the disk is the limit: what else is done is done while it turns.
#[test]
fn a_disk_with_a_head_is_read_in_little_more_than_its_own_time() {
    let bytes: u64 = 64 << 20;
    let profile = SimProfile::hdd();
    #[expect(clippy::cast_precision_loss, reason = "seconds")]
    let own = bytes as f64 / profile.bytes_per_second as f64;
    for mode in Mode::ALL {
        let sim = Sim::new(3);
        let volume = Volume::open_dump(Arc::new(sim.disk(profile.clone(), bytes)), 1024);
        let before = sim.now();
        let pipeline = Pipeline { mode, threads: NonZeroUsize::MIN, ..Pipeline::default() };
        let reads = pipeline.read(&volume, &Progress::default()).expect("it is sound").reads().clone();
        let took = (sim.now() - before).as_secs_f64();
        assert!(took <= own * 1.05, "{mode}: {took} s, and {own} s of the disk's own: {reads}");
    }
}
