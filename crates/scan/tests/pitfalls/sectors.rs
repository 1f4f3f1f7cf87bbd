//! Handles that read nothing but whole sectors into aligned buffers, by blocking calls and through ports, up to a volume's end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quarry_forge::{VolumeBuilder, vandal};
use quarry_io::port::{BackendKind, PortSource};
use quarry_io::sim::{Sim, SimProfile};
use quarry_io::{Device, DeviceKind, FaultyDevice, FileDevice, MemoryDevice};
use quarry_scan::{Mode, Pipeline};

use crate::common::{paths, rows, run, try_open};
use crate::reading::files;

/// A device that reads nothing but whole sectors into aligned buffers, as an unbuffered handle does, and counts what it refuses.
#[derive(Debug)]
struct Strict {
    device: MemoryDevice,
    refused: AtomicUsize,
}

impl Strict {
    fn new(device: MemoryDevice) -> Arc<Self> {
        Arc::new(Self { device, refused: AtomicUsize::new(0) })
    }

    fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }
}

const SECTOR: u64 = 4096;

impl Device for Strict {
    fn name(&self) -> &str {
        self.device.name()
    }

    fn len(&self) -> u64 {
        self.device.len()
    }

    fn alignment(&self) -> u32 {
        4096
    }

    fn kind(&self) -> DeviceKind {
        DeviceKind::Block
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let request = [offset, buf.len() as u64, buf.as_ptr().addr() as u64];
        if request.iter().all(|number| number.is_multiple_of(SECTOR)) {
            self.device.read_at(buf, offset)
        } else {
            self.refused.fetch_add(1, Ordering::SeqCst);
            Err(io::ErrorKind::InvalidInput.into())
        }
    }
}

#[test]
fn pitfall_07_only_whole_sectors_are_read_into_aligned_buffers() {
    let check = |cluster: u64, runs: &[(Option<u64>, u64)], torn: bool| {
        let (builder, expected) = files(VolumeBuilder::new().cluster_bytes(cluster).mft_runs(runs), 20);
        let mut volume = builder.build();
        if torn {
            // Is read once more, on its own.
            volume.edit(30, |record| vandal::tear(record, 1));
        }
        let mut image = volume.into_image();
        image.resize(image.len().next_multiple_of(4096), 0);
        let device = MemoryDevice::new("disk", image);
        let opened = try_open(Strict::new(device.clone())).unwrap();
        let pipeline = Pipeline { chunk_bytes: 8192, ..Pipeline::default() };
        let strict = run(&opened, Pipeline { strict: true, ..pipeline });
        let lenient = run(&try_open(Arc::new(device)).unwrap(), pipeline);
        assert_eq!(rows(&strict), rows(&lenient));
        assert_eq!(paths(&strict), expected);
        assert_eq!(strict.report, lenient.report);
        assert_eq!(strict.report.notes, [], "$UpCase was read, too");
    };
    check(4096, &[(Some(60), 9), (Some(20), 8)], false);
    check(512, &[(Some(301), 31), (Some(101), 33), (Some(1001), 46)], false);
    check(512, &[(Some(301), 31), (Some(101), 33), (Some(1001), 46)], true);
}

/// Chunks of eight records.
const CHUNK: u32 = 8192;

/// A volume that its `$MFT` ends, the last chunk of which is no multiple of a sector; padded to one, for a disk has whole ones.
fn ending_in_mft() -> (Vec<u8>, Vec<String>) {
    const LAST: (Option<u64>, u64) = (Some(2000), 46);
    let runs = [(Some(304), 32), (Some(104), 32), LAST];
    let builder = VolumeBuilder::new().cluster_bytes(512).clusters(2046).mft_runs(&runs);
    let (builder, expected) = files(builder, 28);
    let mut image = builder.build().into_image();
    image.resize(image.len().next_multiple_of(4096), 0);
    (image, expected)
}

/// All that read ahead through a port.
const PORT_MODES: [Mode; 4] = [Mode::Prefetch, Mode::Pipelined, Mode::PipelinedParallel, Mode::Completion];

#[test]
fn pitfall_07_a_port_reads_whole_sectors_up_to_the_end_of_a_volume() {
    let (image, expected) = ending_in_mft();
    let (sim, profile) = (Sim::new(7), SimProfile { alignment: 4096, ..SimProfile::nvme() });
    let disk = sim.disk(profile, image.len() as u64);
    disk.fill(0, &image);
    let strict = Strict::new(MemoryDevice::new("disk", image));
    let devices: [(&str, Arc<dyn Device>); 2] = [("threads", strict.clone()), ("sim", Arc::new(disk))];
    for (backend, device) in devices {
        let volume = try_open(device).unwrap();
        for mode in PORT_MODES {
            let pipeline = Pipeline { mode, chunk_bytes: CHUNK, strict: true, ..Pipeline::default() };
            let scan = run(&volume, pipeline);
            assert_eq!((scan.reads.mode, scan.reads.backend), (mode, backend));
            assert_eq!(paths(&scan), expected, "{mode} on {backend}");
        }
    }
    assert_eq!(strict.refused(), 0, "what a port cannot read is not asked of it");
}

/// A device that tells a length which it does not have, as one does that shrank or whose partition table exaggerates.
#[derive(Debug)]
struct Exaggerates {
    device: Arc<dyn Device>,
    len: u64,
}

impl Device for Exaggerates {
    fn name(&self) -> &str {
        self.device.name()
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn alignment(&self) -> u32 {
        self.device.alignment()
    }

    fn kind(&self) -> DeviceKind {
        self.device.kind()
    }

    fn port_source(&self) -> Option<PortSource> {
        self.device.port_source()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.device.read_at(buf, offset)
    }
}

/// A read past the end completes with less, or with nothing, or fails at once; what was in the buffer before is no record.
#[test]
fn pitfall_07_what_lies_behind_the_end_is_lost_and_no_more_however_its_read_ends() {
    let (image, files) = ending_in_mft();
    let whole = image.len() as u64;
    // Inside the last run, which begins at 1,024,000: behind its ninth record, and inside its tenth.
    for end in [1_024_000 + 9 * 1024, 1_024_000 + 9 * 1024 + 512] {
        let cut = image.get(..end).unwrap().to_vec();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &cut).unwrap();
        let on_disk: Arc<dyn Device> = Arc::new(FileDevice::open(file.path()).unwrap());
        let sim = Sim::new(7);
        let simulated = sim.disk(SimProfile::nvme(), cut.len() as u64);
        simulated.fill(0, &cut);
        let failing = FaultyDevice::new(Arc::new(MemoryDevice::new("disk", image.clone())));
        let failing = failing.fail_on(end as u64..whole);
        let beds: [(BackendKind, Arc<dyn Device>); 5] = [
            (BackendKind::Auto, Arc::clone(&on_disk)),
            (BackendKind::Threads, on_disk),
            (BackendKind::Auto, Arc::new(simulated)),
            (BackendKind::Auto, Arc::new(MemoryDevice::new("disk", cut))),
            (BackendKind::Auto, Arc::new(failing)),
        ];
        for (backend, device) in beds {
            let volume = try_open(Arc::new(Exaggerates { device, len: whole })).unwrap();
            let scan =
                |mode| run(&volume, Pipeline { mode, backend, chunk_bytes: CHUNK, ..Pipeline::default() });
            let expected = scan(Mode::Streaming);
            let lost = 46 / 2 - 9;
            assert_eq!(expected.report.counts.unread, lost as u64);
            assert_eq!(paths(&expected), files[..files.len() - lost]);
            for mode in PORT_MODES {
                let found = scan(mode);
                let context = format!("{mode} by {} up to {end}", found.reads.backend);
                assert_eq!(found.report, expected.report, "{context}");
                assert_eq!(rows(&found), rows(&expected), "{context}");
            }
        }
    }
}
