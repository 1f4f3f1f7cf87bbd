//! Past the system's page cache the same is found, in every mode; and it is gone past where that was asked for or suits.

mod common;

use std::io;
use std::sync::Arc;

use common::{rows, run, try_open};
use quarry_forge::{VolumeBuilder, vandal};
use quarry_io::{Device, DeviceKind, FileDevice, MemoryDevice};
use quarry_scan::{Mode, PageCache, Pipeline, Progress, ScanError};

/// A volume with torn records, which are read alone once more.
fn image() -> Vec<u8> {
    let volume =
        (0..700).fold(VolumeBuilder::new(), |builder, file| builder.file(&format!("{file:04}"), b"x"));
    let mut volume = volume.build();
    for record in [50, 300] {
        volume.edit(record, |record| vandal::tear(record, 1));
    }
    volume.into_image()
}

#[test]
fn past_the_page_cache_the_same_is_found() {
    let file = tempfile::NamedTempFile::new().expect("there is room");
    std::fs::write(file.path(), image()).expect("there is room");
    let device = FileDevice::open(file.path()).expect("it is there");
    let can = device.past_cache().is_some();
    let volume = try_open(Arc::new(device)).expect("it is sound");
    let usual = run(&volume, Pipeline::default());
    assert!(!usual.reads.past_cache, "an image is looked at again");
    for mode in Mode::ALL {
        // A chunk that is no multiple of a page, and one that is.
        for chunk_bytes in [5 << 10, 64 << 10] {
            let pipeline = |page_cache| Pipeline { mode, chunk_bytes, page_cache, ..Pipeline::default() };
            let past = pipeline(PageCache::Never).run(&volume, &Progress::default());
            if !can {
                assert!(matches!(past, Err(ScanError::OnlyCached)), "{past:?}");
                continue;
            }
            let past = past.expect("it can be read");
            assert!(past.reads.past_cache, "{mode}");
            assert!(past.reads.to_string().ends_with("past the page cache"), "{}", past.reads);
            assert_eq!(rows(&past), rows(&usual), "{mode}, {chunk_bytes}");
            let through = run(&volume, pipeline(PageCache::Always));
            assert_eq!((through.reads.past_cache, rows(&through)), (false, rows(&usual)), "{mode}");
        }
    }
}

/// A device that is cached or not, and can be read past the cache or not.
#[derive(Debug, Clone)]
struct Told {
    memory: Arc<MemoryDevice>,
    kind: DeviceKind,
    cached: Option<bool>,
    can: bool,
    is_past: bool,
}

impl Device for Told {
    fn name(&self) -> &str {
        "told"
    }
    fn len(&self) -> u64 {
        self.memory.len()
    }
    fn kind(&self) -> DeviceKind {
        self.kind
    }
    fn is_cached(&self, _offset: u64, _bytes: usize) -> Option<bool> {
        self.cached
    }
    fn alignment(&self) -> u32 {
        if self.is_past { 4096 } else { 1 }
    }
    fn past_cache(&self) -> Option<Arc<dyn Device>> {
        self.can.then(|| Arc::new(Self { is_past: true, ..self.clone() }) as Arc<dyn Device>)
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let alignment = u64::from(self.alignment());
        let request = [buf.as_ptr().addr() as u64, buf.len() as u64, offset];
        assert!(request.iter().all(|number| number.is_multiple_of(alignment)), "{request:?}");
        self.memory.read_at(buf, offset)
    }
}

#[test]
fn the_cache_is_gone_past_where_it_suits() {
    let memory = Arc::new(MemoryDevice::new("told", image()));
    let check = |kind, cached, can, page_cache, expected: Option<bool>| {
        let told = Told { memory: Arc::clone(&memory), kind, cached, can, is_past: false };
        let volume = try_open(Arc::new(told)).expect("it is sound");
        let scan = Pipeline { page_cache, ..Pipeline::default() }.run(&volume, &Progress::default());
        let past = scan.map(|scan| scan.reads.past_cache);
        match expected {
            Some(expected) => assert_eq!(past.expect("it is read"), expected, "{kind}, {cached:?}, {can}"),
            None => assert!(matches!(past, Err(ScanError::OnlyCached)), "{past:?}"),
        }
    };
    use DeviceKind::{Block, File};
    check(Block, Some(false), true, PageCache::Auto, Some(true));
    check(Block, Some(false), false, PageCache::Auto, Some(false));
    check(Block, Some(true), true, PageCache::Auto, Some(false));
    check(Block, None, true, PageCache::Auto, Some(false));
    check(File, Some(false), true, PageCache::Auto, Some(false));
    check(File, Some(true), true, PageCache::Never, Some(true));
    check(Block, Some(false), true, PageCache::Always, Some(false));
    check(File, Some(false), false, PageCache::Never, None);
}
