//! Where the `$MFT` lies, and how its run list is spread over records when one cannot hold it.

use super::geometry::Geometry;
use super::metafiles;
use crate::attribute::NonResident;
use crate::bytes::index;
use crate::runs::{Run, clusters, runs};

/// The form of record 0's `$ATTRIBUTE_LIST`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MftList {
    /// None while the runs fit record 0, then resident, then non-resident.
    #[default]
    Auto,
    /// Resident, whether needed or not.
    Resident,
    /// Non-resident, whether needed or not.
    NonResident,
}

/// First record used for the rest of `$MFT`'s runs, as on Windows; 16 to 23 and then user records follow.
const FIRST_EXTENSION: u64 = 15;

/// The record for the piece after that in `record`: the next that no metafile has.
fn next_extension(record: u64) -> u64 {
    let next = (record + 1).max(FIRST_EXTENSION);
    if metafiles::IN_EXTEND_RECORDS.contains(&next) { metafiles::IN_EXTEND_RECORDS.end } else { next }
}

/// Bytes of record 0 besides the list and the runs of `$DATA`: header, `$STANDARD_INFORMATION`, `$FILE_NAME`,
/// a non-resident `$BITMAP`, end mark.
const RECORD_0_BYTES: u64 = 0x48 + 0x60 + 0x68 + 0x50 + 8;

/// Bytes of an extension record besides `$DATA`: header and end mark.
const EXTENSION_BYTES: u64 = 0x48 + 8;

/// Bytes of a list entry without a name, and of the list's own header in either form.
const LIST_ENTRY_BYTES: u64 = 32;
const RESIDENT_LIST_BYTES: u64 = 0x18;
const NON_RESIDENT_LIST_BYTES: u64 = 0x50;

/// Entries for what stays in record 0: `$STANDARD_INFORMATION`, `$FILE_NAME`, `$DATA`, `$BITMAP`.
const BASE_ENTRIES: u64 = 4;

/// A piece of the run list and the record that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) record: u64,
    pub(super) lowest_vcn: u64,
    pub(super) runs: Vec<Run>,
}

/// The `$MFT`'s runs, cut into pieces.
#[derive(Clone, Debug)]
pub(super) struct MftPlan {
    pub(super) runs: Vec<Run>,
    pub(super) pieces: Vec<Piece>,
    /// Whether the list, if there is one, is resident.
    pub(super) list: Option<MftList>,
}

impl MftPlan {
    /// Cuts `list_runs` so that every piece fits its record and has at most `most` runs.
    pub(super) fn new(geometry: Geometry, list_runs: Vec<Run>, form: MftList, most: Option<usize>) -> Self {
        let room = |overhead: u64| geometry.record.saturating_sub(overhead);
        let extension = room(EXTENSION_BYTES);
        let most = most.unwrap_or(usize::MAX);
        let plan = |list: Option<MftList>, pieces: Vec<Piece>| Self { runs: list_runs.clone(), pieces, list };

        if form == MftList::Auto {
            let pieces = cut(&list_runs, room(RECORD_0_BYTES), extension, most);
            if pieces.len() == 1 {
                return plan(None, pieces).checked(geometry);
            }
        }
        if form != MftList::NonResident {
            for extensions in 0..geometry.record / LIST_ENTRY_BYTES {
                let list = RESIDENT_LIST_BYTES + LIST_ENTRY_BYTES * (BASE_ENTRIES + extensions);
                let base = room(RECORD_0_BYTES + list);
                if base < NonResident::encoded_bytes(8) {
                    break;
                }
                let pieces = cut(&list_runs, base, extension, most);
                if pieces.len() as u64 <= extensions + 1 {
                    return plan(Some(MftList::Resident), pieces).checked(geometry);
                }
            }
            assert!(form == MftList::Auto, "the $MFT's pieces are too many for a resident $ATTRIBUTE_LIST");
        }
        let base = room(RECORD_0_BYTES + NON_RESIDENT_LIST_BYTES);
        plan(Some(MftList::NonResident), cut(&list_runs, base, extension, most)).checked(geometry)
    }

    /// Whole records that the runs, holes included, have room for.
    pub(super) fn records(&self, geometry: Geometry) -> u64 {
        clusters(&self.runs) * geometry.cluster / geometry.record
    }

    /// Whether any byte of `record` lies in a hole, or past the end.
    pub(super) fn in_hole(&self, geometry: Geometry, record: u64) -> bool {
        hole_in(geometry, &self.runs, record)
    }

    /// Whether `record` holds a piece of the run list.
    pub(super) fn is_extension(&self, record: u64) -> bool {
        self.pieces.iter().skip(1).any(|piece| piece.record == record)
    }

    /// Panics where a reader could not find an extension by what the records before it map.
    fn checked(self, geometry: Geometry) -> Self {
        assert!(!hole_in(geometry, &self.runs, 0), "record 0 lies in a hole of $MFT");
        let mut mapped = Vec::new();
        for piece in &self.pieces {
            let record = piece.record;
            assert!(
                record == 0 || !hole_in(geometry, &mapped, record),
                "$MFT: extension record {record} is not mapped by the records before it"
            );
            mapped.extend_from_slice(&piece.runs);
        }
        self
    }
}

fn hole_in(geometry: Geometry, list: &[Run], record: u64) -> bool {
    let (start, end) = (record * geometry.record, (record + 1) * geometry.record);
    let mut at = 0;
    for &(lcn, length) in list {
        let next = at + length * geometry.cluster;
        if lcn.is_none() && at < end && start < next {
            return true;
        }
        at = next;
    }
    end > at
}

/// Cuts a run list greedily: `base` bytes of `$DATA` fit record 0, `extension` bytes each further record.
fn cut(list: &[Run], base: u64, extension: u64, most: usize) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut vcn = 0;
    let mut rest = list;
    while !rest.is_empty() || pieces.is_empty() {
        let limit = NonResident::run_list_room(if pieces.is_empty() { base } else { extension });
        let count = fitting(rest, limit, most);
        let (here, behind) = rest.split_at(count);
        let record = pieces.last().map_or(0, |piece| next_extension(piece.record));
        pieces.push(Piece { record, lowest_vcn: vcn, runs: here.to_vec() });
        vcn += clusters(here);
        rest = behind;
    }
    pieces
}

/// How many runs from the front of `list` encode within `limit` bytes: at least one if there is one, at most `most`.
fn fitting(list: &[Run], limit: usize, most: usize) -> usize {
    // A run takes at least two bytes, so that longer prefixes need not be tried.
    let longest = list.len().min(most).min(limit / 2);
    let fits = |count: &usize| runs(&list[..*count]).len() <= limit;
    (1..=longest).rev().find(fits).unwrap_or_else(|| list.len().min(1))
}

/// The bytes of the `$MFT` as one stream, from records by number; holes stay zero.
pub(super) fn concatenate(geometry: Geometry, records: u64, of: impl Fn(u64) -> Option<Vec<u8>>) -> Vec<u8> {
    let mut bytes = vec![0; index(records * geometry.record)];
    for (number, place) in (0..).zip(bytes.chunks_exact_mut(index(geometry.record))) {
        if let Some(record) = of(number) {
            place.copy_from_slice(&record);
        }
    }
    bytes
}
