//! Puts a volume together: numbers the files, finds room, writes the records, and the image last.
//!
//! The order matters. Extents given by the test are reserved first; file content, directories and most metafiles take what
//! is free after them; `$Bitmap` and `$BadClus`, which describe the whole volume, come when its size is known.

use std::collections::BTreeMap;

use super::directory;
use super::geometry::{BOOT_BYTES, Boot};
use super::metafiles::{number, sequence};
use super::mft::{MftList, MftPlan, concatenate};
use super::space::Space;
use super::tree::{Node, Numbered};
use super::{FIRST_USER_RECORD, Volume, VolumeBuilder};
use crate::attribute::{Attribute, Bitmap, FileName, NonResident, StandardInformation, kind};
use crate::bytes::{get16, index};
use crate::name::Name;
use crate::record::RecordBuilder;
use crate::reference::Reference;
use crate::runs::{Run, clusters};

/// `$MFTMirr` repeats this many records, or a cluster of them if that is more.
pub(super) const MIRRORED_RECORDS: u64 = 4;

/// Clusters left free behind the last one taken when the test does not fix the volume's size.
const SLACK_CLUSTERS: u64 = 1;

/// Makes the volume that `plan` describes.
pub(super) fn assemble(plan: &VolumeBuilder) -> Volume {
    let mut assembler = Assembler::new(plan);
    assembler.write_files();
    let total = assembler.settle_size();
    assembler.write_file_at(number::BAD_CLUSTERS, total);
    assembler.write_file_at(number::BITMAP, total);
    assembler.write_unnamed();
    assembler.finish(total)
}

/// A volume under construction.
pub(super) struct Assembler<'a> {
    pub(super) plan: &'a VolumeBuilder,
    pub(super) mft: MftPlan,
    files: Numbered,
    space: Space,
    pub(super) boot: Vec<Run>,
    pub(super) mirror: Vec<Run>,
    pub(super) bitmap: Vec<Run>,
    /// The `$ATTRIBUTE_LIST` of record 0, when it is not resident.
    pub(super) mft_list: Vec<Run>,
    pub(super) mft_bitmap: Vec<Run>,
    records: BTreeMap<u64, Vec<u8>>,
}

impl<'a> Assembler<'a> {
    fn new(plan: &'a VolumeBuilder) -> Self {
        let geometry = plan.geometry;
        let fixed = plan.mft_runs.clone().map(|list| plan_mft(plan, list));
        let files = Numbered::new(plan.tree.clone(), FIRST_USER_RECORD, |record| {
            !plan.raw_records.contains_key(&record)
                && fixed.as_ref().is_none_or(|mft| {
                    let beyond = record >= mft.records(geometry);
                    assert!(!beyond, "the runs given to $MFT are too short for record {record}");
                    !mft.is_extension(record) && !mft.in_hole(geometry, record)
                })
        });
        let mut space = Space::new(geometry);
        let boot = vec![(Some(0), geometry.clusters(BOOT_BYTES))];
        space.reserve("$Boot", &boot);
        for (lcn, bytes) in &plan.raw_clusters {
            space.reserve("raw clusters", &[(Some(*lcn), geometry.clusters(bytes.len() as u64))]);
            space.write(*lcn, bytes.clone());
        }
        let mft = fixed.unwrap_or_else(|| {
            let raw = plan.raw_records.keys().copied().max().unwrap_or(0);
            let records = files.highest().max(raw) + 1;
            plan_mft(plan, space.allocate(geometry.clusters(records * geometry.record)))
        });
        if plan.mft_runs.is_some() {
            space.reserve("$MFT", &mft.runs);
        }
        let mut assembler = Self {
            plan,
            mft,
            files,
            mirror: space.allocate(geometry.clusters(MIRRORED_RECORDS * geometry.record)),
            space,
            boot,
            bitmap: Vec::new(),
            mft_list: Vec::new(),
            mft_bitmap: Vec::new(),
            records: BTreeMap::new(),
        };
        assembler.store_mft_tables();
        assembler
    }

    /// Finds room for the `$MFT`'s bitmap, and for its attribute list if that is not resident.
    fn store_mft_tables(&mut self) {
        if self.mft.list == Some(MftList::NonResident) {
            self.mft_list = self.space.store(self.mft_attribute_list().value());
        }
        let geometry = self.plan.geometry;
        let bytes = Bitmap::new(self.mft.records(geometry)).bytes().len() as u64;
        self.mft_bitmap = self.space.allocate(geometry.clusters(bytes));
    }

    /// Writes all files but the two that describe the whole volume.
    fn write_files(&mut self) {
        for node in 0..self.files.tree.nodes().len() {
            let record = self.files.number(node);
            if record != number::BITMAP && record != number::BAD_CLUSTERS {
                self.write_file(node, 0);
            }
        }
    }

    /// Finds room for `$Bitmap`, whose length depends on the size of the volume, which depends on that room.
    fn settle_size(&mut self) -> u64 {
        let geometry = self.plan.geometry;
        let bitmap_clusters = |total: u64| geometry.clusters(Bitmap::new(total).bytes().len() as u64);
        let taken = self.space.clusters() + SLACK_CLUSTERS;
        let total = self.plan.clusters.unwrap_or_else(|| {
            let mut total = taken;
            while total < taken + bitmap_clusters(total) {
                total = taken + bitmap_clusters(total);
            }
            total
        });
        self.bitmap = self.space.allocate(bitmap_clusters(total));
        let needed = self.space.clusters();
        assert!(needed <= total, "the volume's content takes {needed} clusters, more than its {total}");
        total
    }

    fn write_file_at(&mut self, record: u64, total: u64) {
        let nodes = 0..self.files.tree.nodes().len();
        let node = nodes.into_iter().find(|&node| self.files.number(node) == record);
        self.write_file(node.expect("every volume has its metafiles"), total);
    }

    /// Writes the record of one file. `total` is the volume's size in clusters, for the files that need it.
    fn write_file(&mut self, node: usize, total: u64) {
        let record = self.files.number(node);
        let Node { entry, links, children } = self.files.tree.nodes()[node].clone();
        let standard = StandardInformation::new().times(entry.times).attributes(entry.attributes);
        let names: Vec<_> = (0..links.len()).flat_map(|link| self.files.file_names(node, link)).collect();
        let count = u16::try_from(names.len()).expect("a record has no room for so many names");

        let mut attributes = vec![Attribute::from(standard)];
        attributes.extend(names.into_iter().map(Attribute::from));
        attributes.extend(entry.extra);
        attributes.extend(self.metafile_attributes(record, total));
        for (name, bytes) in entry.streams {
            let room = self.room(&attributes);
            attributes.push(self.stream(name, bytes, entry.force_non_resident, room));
        }
        if entry.directory {
            let room = self.room(&attributes);
            let names = self.names_in(&children);
            let plan = self.plan;
            attributes.extend(directory::attributes(
                plan.geometry,
                &mut self.space,
                &plan.upcase,
                room,
                names,
            ));
        }
        attributes.sort_by_key(Attribute::kind);

        let in_use = u16::from(!entry.deleted);
        let builder = self
            .blank(record)
            .flags(entry.record_flags | in_use | if entry.directory { 2 } else { 0 })
            .sequence(if entry.deleted { entry.sequence.wrapping_add(1) } else { entry.sequence })
            .links(count)
            .with_all(attributes);
        self.put(record, builder.build());
    }

    /// Names and references of the living children of a directory.
    fn names_in(&self, children: &[(usize, usize)]) -> Vec<(Reference, FileName)> {
        let nodes = self.files.tree.nodes();
        let living = children.iter().filter(|&&(node, _)| !nodes[node].entry.deleted);
        let named = living.flat_map(|&(node, link)| {
            let file = self.files.reference(node);
            self.files.file_names(node, link).into_iter().map(move |name| (file, name))
        });
        named.collect()
    }

    /// A `$DATA`, in the record if it fits `room` bytes of it.
    pub(super) fn stream(&mut self, name: Name, bytes: Vec<u8>, outside: bool, room: usize) -> Attribute {
        let length = bytes.len() as u64;
        if !outside || bytes.is_empty() {
            let resident = Attribute::data(bytes.clone()).named(name.units());
            if resident.encode(0).len() <= room {
                return resident;
            }
        }
        let extents = NonResident::new(self.plan.geometry.cluster, &self.space.store(bytes)).real(length);
        Attribute::non_resident(kind::DATA, extents).named(name)
    }

    /// Writes the records without a name: the `$MFT`'s extensions, the test's own, and 12 to 15.
    fn write_unnamed(&mut self) {
        let base = Reference::new(number::MFT, sequence(number::MFT));
        for piece in self.mft.pieces.clone().into_iter().skip(1) {
            let data = NonResident::continued(piece.lowest_vcn, &piece.runs);
            let record = self.blank(piece.record).base(base).links(0);
            self.put(piece.record, record.with(Attribute::non_resident(kind::DATA, data)).build());
        }
        for (&record, bytes) in &self.plan.raw_records {
            self.put(record, bytes.clone());
        }
        for record in number::FIRST_NAMELESS..number::FIRST_RESERVED {
            if !self.records.contains_key(&record) {
                let nameless =
                    self.blank(record).links(0).with(StandardInformation::new()).with(Attribute::data([]));
                self.put(record, nameless.build());
            }
        }
    }

    /// Bytes left in a record that holds `attributes`.
    fn room(&self, attributes: &[Attribute]) -> usize {
        self.blank(0).with_all(attributes.iter().cloned()).room()
    }

    fn blank(&self, record: u64) -> RecordBuilder {
        RecordBuilder::new(record).size(index(self.plan.geometry.record)).sequence(sequence(record))
    }

    fn put(&mut self, record: u64, bytes: Vec<u8>) {
        let geometry = self.plan.geometry;
        assert!(record < self.mft.records(geometry), "record {record} is past the end of $MFT");
        assert!(!self.mft.in_hole(geometry, record), "record {record} lies in a hole of $MFT");
        assert!(self.records.insert(record, bytes).is_none(), "record {record} is written twice");
    }

    /// Writes what depends on all records, then the image.
    fn finish(mut self, total: u64) -> Volume {
        let geometry = self.plan.geometry;
        let count = self.mft.records(geometry);
        let mut used = Bitmap::new(count);
        for (&record, bytes) in &self.records {
            used.set(record, bytes.starts_with(b"FILE") && get16(bytes, 0x16) & 1 != 0);
        }
        for (&record, &says) in &self.plan.bitmap_lies {
            used.set(record, says);
        }
        self.space.scatter(used.bytes(), &self.mft_bitmap);

        let mft = concatenate(geometry, count, |record| {
            let free = || self.blank(record).flags(0).links(0).build();
            let written = self.records.get(&record).cloned();
            written.or_else(|| (!self.mft.in_hole(geometry, record)).then(free))
        });
        self.space.scatter(&mft, &self.mft.runs);
        let mirror = &mft[..mft.len().min(index(clusters(&self.mirror) * geometry.cluster))];
        self.space.scatter(mirror, &self.mirror);
        let bitmap = self.space.bitmap(total);
        self.space.scatter(bitmap.bytes(), &self.bitmap);
        let mut image = self.boot_sectors(total);
        self.space.write_out(&mut image);
        Volume { geometry, image, mft, mft_runs: self.mft.runs, files: self.files }
    }

    /// An image of the volume with nothing but its boot sector and, in the sector behind the volume, the copy of it.
    fn boot_sectors(&self, total: u64) -> Vec<u8> {
        let geometry = self.plan.geometry;
        let first = |runs: &[Run]| runs.first().and_then(|&(lcn, _)| lcn).unwrap_or(0);
        let boot = Boot {
            geometry,
            sectors: total * geometry.cluster / geometry.sector,
            hidden_sectors: self.plan.hidden_sectors,
            mft_lcn: first(&self.mft.runs),
            mirror_lcn: first(&self.mirror),
            serial: self.plan.serial,
        }
        .encode();
        let mut image = vec![0; index(total * geometry.cluster)];
        image[..boot.len()].copy_from_slice(&boot);
        image.extend(boot);
        image
    }
}

fn plan_mft(plan: &VolumeBuilder, list: Vec<Run>) -> MftPlan {
    MftPlan::new(plan.geometry, list, plan.mft_list, plan.mft_runs_per_record)
}
