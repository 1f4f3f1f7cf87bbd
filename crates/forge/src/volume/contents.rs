//! What the metafiles hold that other files do not.

use super::assemble::{Assembler, MIRRORED_RECORDS};
use super::geometry::BOOT_BYTES;
use super::metafiles::{number, sequence};
use super::mft::MftList;
use crate::attribute::{Attribute, AttributeList, Bitmap, ListEntry, NonResident, VolumeName, kind};
use crate::name::Name;
use crate::reference::Reference;
use crate::runs::{clusters, runs};

impl Assembler<'_> {
    /// What sets a metafile apart; nothing for other records.
    pub(super) fn metafile_attributes(&mut self, record: u64, total: u64) -> Vec<Attribute> {
        let cluster = self.plan.geometry.cluster;
        let data = |extents| vec![Attribute::non_resident(kind::DATA, extents)];
        match record {
            number::MFT => self.mft_attributes(),
            number::MIRROR => {
                let mirrored = (MIRRORED_RECORDS * self.plan.geometry.record).max(cluster);
                data(NonResident::new(cluster, &self.mirror).real(mirrored))
            }
            number::VOLUME => {
                vec![VolumeName(self.plan.label.clone()).into(), self.plan.information.into()]
            }
            number::BITMAP => {
                let bytes = Bitmap::new(total).bytes().len() as u64;
                data(NonResident::new(cluster, &self.bitmap).real(bytes))
            }
            number::BOOT => data(NonResident::new(cluster, &self.boot).real(BOOT_BYTES)),
            number::BAD_CLUSTERS => {
                // Claims the whole volume and holds nothing: one hole, with no byte initialised.
                let whole = NonResident::new(cluster, &[(None, total)]).initialised(0);
                vec![Attribute::non_resident(kind::DATA, whole).named("$Bad")]
            }
            number::UPCASE => {
                let table = Name::from(self.plan.upcase.as_slice()).to_le_bytes();
                vec![self.stream(Name::default(), table, true, 0)]
            }
            _ => Vec::new(),
        }
    }

    /// Record 0's `$DATA` and `$BITMAP`, and its `$ATTRIBUTE_LIST` if the runs need one.
    fn mft_attributes(&self) -> Vec<Attribute> {
        let geometry = self.plan.geometry;
        let records = self.mft.records(geometry);
        let first = &self.mft.pieces[0].runs;
        let data = NonResident::new(geometry.cluster, &self.mft.runs)
            .real(records * geometry.record)
            .run_list(runs(first))
            .vcns(0, clusters(first).wrapping_sub(1));
        let bitmap = NonResident::new(geometry.cluster, &self.mft_bitmap)
            .real(Bitmap::new(records).bytes().len() as u64);
        let list = self.mft.list.map(|form| {
            let list = self.mft_attribute_list();
            match form {
                MftList::NonResident => list.non_resident(geometry.cluster, &self.mft_list),
                _ => list.into(),
            }
        });
        let rest = [Attribute::non_resident(kind::DATA, data), Attribute::non_resident(kind::BITMAP, bitmap)];
        list.into_iter().chain(rest).collect()
    }

    pub(super) fn mft_attribute_list(&self) -> AttributeList {
        let holder = |record: u64| Reference::new(record, sequence(record));
        let base = |kind, id| ListEntry::new(kind, holder(number::MFT)).id(id);
        // Identifiers are places in the record, where the list itself comes second.
        let mut entries =
            vec![base(kind::STANDARD_INFORMATION, 0), base(kind::FILE_NAME, 2), base(kind::DATA, 3)];
        entries.extend(
            self.mft
                .pieces
                .iter()
                .skip(1)
                .map(|piece| ListEntry::new(kind::DATA, holder(piece.record)).lowest_vcn(piece.lowest_vcn)),
        );
        entries.push(base(kind::BITMAP, 4));
        AttributeList::new(entries)
    }
}
