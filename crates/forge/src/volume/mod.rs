//! Whole NTFS volumes: boot sector and its backup, metafiles, directories with indexes, and the files a test asks for.
//!
//! Everything is laid out when [`VolumeBuilder::build`] is called, front to back, deterministically: the same calls make
//! the same bytes. What a driver would need to *write* to the volume (a live `$LogFile`, security descriptors, the
//! indexes of `$Secure`) is there in name only.
//!
//! Read without complaint by ntfs-3g's tools at every geometry and with the `$MFT` fragmented in every way offered here,
//! and by sleuthkit's up to clusters of 64 KiB, beyond which it refuses any volume. `tests/outsiders.rs` holds that.
//! ntfs-3g bootstraps from the boot sector alone and so wants record 0 in one piece; holes inside the `$MFT`, raw
//! records, edits and a lying bitmap are for parsers that promise more.

mod assemble;
mod contents;
mod directory;
mod entry;
mod finished;
mod geometry;
mod metafiles;
mod mft;
mod space;
mod tables;
mod tree;

pub use entry::Entry;
pub use finished::Volume;
pub use geometry::Geometry;
pub use mft::MftList;

use std::collections::BTreeMap;

use crate::attribute::VolumeInformation;
use crate::bytes::index;
use crate::name::Name;
use crate::record::RecordBuilder;
use crate::runs::Run;
use tree::Tree;

/// First record number for files of the user's own.
pub(crate) const FIRST_USER_RECORD: u64 = 24;

/// Describes a volume.
///
/// A new builder makes one with 512-byte sectors, 4096-byte clusters and 1024-byte records, version 3.1, the usual metafiles
/// in records 0 to 11, `$Extend`'s children `$Quota`, `$ObjId` and `$Reparse` in 24 to 26, and nothing else; it is just
/// as large as its content needs. Files get the record numbers that are free from 24 up, in the order of the calls.
#[derive(Clone, Debug)]
pub struct VolumeBuilder {
    geometry: Geometry,
    clusters: Option<u64>,
    hidden_sectors: u32,
    serial: u64,
    label: Name,
    information: VolumeInformation,
    upcase: Vec<u16>,
    mft_runs: Option<Vec<Run>>,
    mft_list: MftList,
    mft_runs_per_record: Option<usize>,
    tree: Tree,
    raw_records: BTreeMap<u64, Vec<u8>>,
    raw_clusters: Vec<(u64, Vec<u8>)>,
    bitmap_lies: BTreeMap<u64, bool>,
}

impl VolumeBuilder {
    /// A volume as the type's description says.
    #[must_use]
    pub fn new() -> Self {
        Self {
            geometry: Geometry { sector: 512, cluster: 4096, record: 1024 },
            clusters: None,
            hidden_sectors: 0,
            serial: 0x1122_3344_5566_7788,
            label: "FORGE".into(),
            information: VolumeInformation { major: 3, minor: 1, flags: 0 },
            upcase: tables::default_upcase(),
            mft_runs: None,
            mft_list: MftList::Auto,
            mft_runs_per_record: None,
            tree: metafiles::tree(),
            raw_records: BTreeMap::new(),
            raw_clusters: Vec::new(),
            bitmap_lies: BTreeMap::new(),
        }
    }

    /// Bytes in a sector, 512 or 4096. Choose clusters at least as large.
    #[must_use]
    pub fn sector_bytes(mut self, bytes: u64) -> Self {
        self.geometry.sector = bytes;
        self
    }

    /// Bytes in a cluster, 512 to 2 MiB.
    #[must_use]
    pub fn cluster_bytes(mut self, bytes: u64) -> Self {
        self.geometry.cluster = bytes;
        self
    }

    /// Bytes in a file record, 1024 or 4096.
    #[must_use]
    pub fn record_bytes(mut self, bytes: u64) -> Self {
        self.geometry.record = bytes;
        self
    }

    /// Size of the volume in clusters, instead of as many as are needed.
    #[must_use]
    pub fn clusters(mut self, clusters: u64) -> Self {
        self.clusters = Some(clusters);
        self
    }

    /// The boot sector's count of sectors before the volume, for volumes inside a partitioned disk.
    #[must_use]
    pub fn hidden_sectors(mut self, sectors: u32) -> Self {
        self.hidden_sectors = sectors;
        self
    }

    /// The volume's serial number.
    #[must_use]
    pub fn serial(mut self, serial: u64) -> Self {
        self.serial = serial;
        self
    }

    /// The volume's label.
    #[must_use]
    pub fn label(mut self, label: impl Into<Name>) -> Self {
        self.label = label.into();
        self
    }

    /// NTFS version and volume flags (bit 0: dirty); 3.1 and none unless set.
    #[must_use]
    pub fn information(mut self, information: VolumeInformation) -> Self {
        self.information = information;
        self
    }

    /// The content of `$UpCase`, of any length. Directories are sorted by it.
    #[must_use]
    pub fn upcase(mut self, table: impl Into<Vec<u16>>) -> Self {
        self.upcase = table.into();
        self
    }

    /// Where the `$MFT` lies; `None` is a hole, in which no record can be. Without this it is one run of the size needed.
    ///
    /// Records fill the runs to their end, so that a run shorter than a record makes one straddle two runs.
    #[must_use]
    pub fn mft_runs(mut self, runs: &[Run]) -> Self {
        self.mft_runs = Some(runs.to_vec());
        self
    }

    /// The form of the `$MFT`'s own `$ATTRIBUTE_LIST`.
    #[must_use]
    pub fn mft_list(mut self, list: MftList) -> Self {
        self.mft_list = list;
        self
    }

    /// Puts at most so many of the `$MFT`'s runs into each record, so that few runs make many extension records.
    ///
    /// They are records 15 to 23, then from 27 up; each must lie in runs that the records before it hold.
    #[must_use]
    pub fn mft_runs_per_record(mut self, runs: usize) -> Self {
        assert!(runs > 0, "a piece of the run list has at least one run");
        self.mft_runs_per_record = Some(runs);
        self
    }

    /// Adds a file with `bytes` in it at `path` (`a/b.txt`), and the directories on the way.
    #[must_use]
    pub fn file(self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.add(path, Entry::file(bytes))
    }

    /// Adds an empty directory at `path`, and the directories on the way.
    #[must_use]
    pub fn directory(self, path: &str) -> Self {
        self.add(path, Entry::directory())
    }

    /// Adds `entry` at `path`, and the directories on the way.
    #[must_use]
    pub fn add(mut self, path: &str, entry: Entry) -> Self {
        self.tree.add(path, entry);
        self
    }

    /// Gives the file at `existing` a further name, at `path`.
    #[must_use]
    pub fn hard_link(mut self, existing: &str, path: &str) -> Self {
        self.tree.link(existing, path);
        self
    }

    /// Puts a record at `number`, whatever it says of itself, and marks it used in the bitmap if it is in use. Record
    /// size is the volume's. Directories' indexes do not list it. Metafiles cannot be replaced: [`Volume::edit`] them.
    #[must_use]
    pub fn record(self, number: u64, record: RecordBuilder) -> Self {
        let size = index(self.geometry.record);
        self.raw_record(number, record.size(size).build())
    }

    /// Puts any bytes, one record of them, at `number`.
    #[must_use]
    pub fn raw_record(mut self, number: u64, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        assert_eq!(
            bytes.len() as u64,
            self.geometry.record,
            "record {number} has another size than the volume's"
        );
        assert!(self.raw_records.insert(number, bytes).is_none(), "record {number} is put twice");
        self
    }

    /// Takes the clusters from `lcn` on and writes `bytes` there: values of raw records, or anything at all.
    #[must_use]
    pub fn raw_clusters(mut self, lcn: u64, bytes: impl Into<Vec<u8>>) -> Self {
        self.raw_clusters.push((lcn, bytes.into()));
        self
    }

    /// Makes `$MFT::$BITMAP` say of `record` what `used` says, true or not.
    #[must_use]
    pub fn bitmap_says(mut self, record: u64, used: bool) -> Self {
        self.bitmap_lies.insert(record, used);
        self
    }

    /// Lays the volume out and writes it.
    ///
    /// # Panics
    /// When it cannot be made as described: attributes too long for a record, runs that overlap, record numbers given
    /// twice or lying in a hole, a volume smaller than its content.
    #[must_use]
    pub fn build(&self) -> Volume {
        self.geometry.check();
        assemble::assemble(self)
    }
}

impl Default for VolumeBuilder {
    fn default() -> Self {
        Self::new()
    }
}
