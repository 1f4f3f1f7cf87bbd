//! The bytes of a made-up record, as they lie on a disk, fixups in place.

use quarry_ntfs::metafile;

use super::choices::{self, Draws, Role, Vec16, parent_of_file, parent_of_folder, role, sequence};

pub(super) const RECORD_BYTES: usize = 1024;
const STRIDE: usize = 512;
const CLUSTER: u64 = 4096;

const IN_USE: u16 = 1;
const DIRECTORY: u16 = 2;
const FIXUPS_AT: usize = 0x30;
const ATTRIBUTES_AT: usize = 0x38;
const NAME_IN_FOLDER: u32 = 0x1000_0000;

const STANDARD_INFORMATION: u32 = 0x10;
const FILE_NAME: u32 = 0x30;
const DATA: u32 = 0x80;
const END: u32 = u32::MAX;

const WIN32: u8 = 1;
const DOS: u8 = 2;
const WIN32_AND_DOS: u8 = 3;

/// Files with a short name of their own, in thousandths.
const DOS_PER_MILLE: u64 = 362;
/// Files with a stream beside their data, in thousandths.
const STREAM_PER_MILLE: u64 = 8;
/// What is longer lies in clusters.
const RESIDENT_BYTES_MAX: u64 = 640;
/// 100 ns since 1601 of the year 2009, and between one record and the next.
const FIRST_TIME: u64 = 128_752_416_000_000_000;
const BETWEEN: u64 = 31_000_000;

/// The names of the file system's own, by their numbers.
const METAFILES: [&str; 12] = [
    "$MFT", "$MFTMirr", "$LogFile", "$Volume", "$AttrDef", ".", "$Bitmap", "$Boot", "$BadClus", "$Secure",
    "$UpCase", "$Extend",
];

/// Fills `record` with number `number` of `records`.
pub(super) fn make(record: &mut [u8; RECORD_BYTES], number: u64, records: u64, seed: u64) {
    record.fill(0);
    let mut out = Out { record, at: ATTRIBUTES_AT };
    if number < metafile::FIRST_USER {
        make_metafile(&mut out, number, records, seed);
    } else {
        make_user(&mut out, number, seed);
    }
}

fn make_metafile(out: &mut Out<'_>, number: u64, records: u64, seed: u64) {
    let name = usize::try_from(number).ok().and_then(|number| METAFILES.get(number));
    // 16 to 23 were never used.
    let in_use = if number < 16 { IN_USE } else { 0 };
    let directory = matches!(number, metafile::ROOT | 11);
    let flags = in_use | if directory { DIRECTORY } else { 0 };
    out.standard(FIRST_TIME, 6);
    if let Some(name) = name {
        let mut units = Vec16::new();
        units.push_str(name);
        let attributes = 6 | if directory { NAME_IN_FOLDER } else { 0 };
        out.name(metafile::ROOT, seed, FIRST_TIME, attributes, WIN32_AND_DOS, units.units());
    }
    if number == metafile::MFT {
        let bytes = records * RECORD_BYTES as u64;
        out.clusters(bytes, |_| (bytes.div_ceil(CLUSTER), 4), 1);
    }
    out.finish(number, sequence(number, seed), flags, 0);
}

fn make_user(out: &mut Out<'_>, number: u64, seed: u64) {
    let role = role(number, seed);
    let mut draws = Draws::of(number, seed);
    let time = FIRST_TIME + number * BETWEEN;
    let base = if role == Role::Extension { number - 1 } else { 0 };
    let parent = match role {
        Role::Folder => parent_of_folder(number, &mut draws),
        _ => parent_of_file(number, &mut draws),
    };
    let mut name = Vec16::new();
    choices::name(number, role, &mut draws, &mut name);
    let attributes = if role == Role::Folder { NAME_IN_FOLDER } else { 0x20 };
    if role != Role::Extension {
        out.standard(time + draws.below(1 << 30), if role == Role::Folder { 0 } else { 0x20 });
    }
    if role != Role::Extension && draws.chance(DOS_PER_MILLE) {
        let mut short = Vec16::new();
        short.push_str("FILE");
        short.push_number(number % 1296);
        short.push_str("~1.DAT");
        out.name(parent, seed, time, attributes, DOS, short.units());
        out.name(parent, seed, time, attributes, WIN32, name.units());
    } else {
        out.name(parent, seed, time, attributes, WIN32_AND_DOS, name.units());
    }
    if matches!(role, Role::File | Role::Deleted) {
        content(out, &mut draws);
    }
    let used = sequence(number, seed);
    let (flags, used) = match role {
        Role::Folder => (IN_USE | DIRECTORY, used),
        Role::File | Role::Extension => (IN_USE, used),
        Role::Deleted => (0, used + 1),
    };
    let base = if base == 0 { 0 } else { reference(base, seed) };
    out.finish(number, used, flags, base);
}

/// What a file holds, in the record or in clusters, and now and then a stream.
fn content(out: &mut Out<'_>, draws: &mut Draws) {
    let size = choices::size(draws);
    if size <= RESIDENT_BYTES_MAX.min(out.room()) {
        out.resident(DATA, &[], usize::try_from(size).unwrap_or(0));
    } else {
        let clusters = size.div_ceil(CLUSTER);
        let runs = choices::runs(draws).min(clusters);
        let each = clusters / runs;
        let run = |run: u64| (if run == 0 { clusters - each * (runs - 1) } else { each }, draws.next() >> 40);
        out.clusters(size, run, runs);
    }
    if out.room() > 64 && draws.chance(STREAM_PER_MILLE) {
        let mut name = Vec16::new();
        name.push_str("Zone.Identifier");
        out.resident(DATA, name.units(), 26);
    }
}

fn reference(number: u64, seed: u64) -> u64 {
    number | u64::from(sequence(number, seed)) << 48
}

/// A record that grows attribute by attribute.
struct Out<'a> {
    record: &'a mut [u8; RECORD_BYTES],
    at: usize,
}

impl Out<'_> {
    fn put<const N: usize>(&mut self, at: usize, bytes: [u8; N]) {
        if let Some(place) = self.record.get_mut(at..at + N) {
            place.copy_from_slice(&bytes);
        }
    }

    /// Bytes for another attribute, its header and the end mark apart.
    fn room(&self) -> u64 {
        (RECORD_BYTES - 64).saturating_sub(self.at) as u64
    }

    /// The header of a resident attribute; gives where its value lies.
    fn resident(&mut self, kind: u32, name: &[u16], bytes: usize) -> usize {
        let start = self.at;
        let value = (24 + 2 * name.len()).next_multiple_of(8);
        let length = (value + bytes).next_multiple_of(8);
        self.put(start, kind.to_le_bytes());
        self.put(start + 4, low32(length).to_le_bytes());
        self.put(start + 9, [low8(name.len())]);
        self.put(start + 10, 24u16.to_le_bytes());
        self.put(start + 16, low32(bytes).to_le_bytes());
        self.put(start + 20, low16(value).to_le_bytes());
        self.units(start + 24, name);
        self.at += length;
        start + value
    }

    fn units(&mut self, at: usize, units: &[u16]) {
        let places = self.record.get_mut(at..at + 2 * units.len()).unwrap_or_default();
        for (place, unit) in places.chunks_exact_mut(2).zip(units) {
            place.copy_from_slice(&unit.to_le_bytes());
        }
    }

    fn times(&mut self, at: usize, created: u64) {
        for (place, later) in [0, 1 << 33, 1 << 34, 1 << 35].into_iter().enumerate() {
            self.put(at + 8 * place, (created + later).to_le_bytes());
        }
    }

    fn standard(&mut self, created: u64, attributes: u32) {
        let value = self.resident(STANDARD_INFORMATION, &[], 72);
        self.times(value, created);
        self.put(value + 32, attributes.to_le_bytes());
        self.put(value + 52, 0x100u32.to_le_bytes());
    }

    fn name(&mut self, parent: u64, seed: u64, time: u64, attributes: u32, namespace: u8, units: &[u16]) {
        let value = self.resident(FILE_NAME, &[], 66 + 2 * units.len());
        self.put(value, reference(parent, seed).to_le_bytes());
        self.times(value + 8, time);
        self.put(value + 56, attributes.to_le_bytes());
        self.put(value + 64, [low8(units.len()), namespace]);
        self.units(value + 66, units);
    }

    /// The main data in clusters: `run` gives the length and the distance of each of `runs`, as long as there is room.
    fn clusters(&mut self, bytes: u64, mut run: impl FnMut(u64) -> (u64, u64), runs: u64) {
        let start = self.at;
        let mut at = start + 64;
        let mut clusters = 0;
        for number in 0..runs {
            let (length, distance) = run(number);
            if at + 16 > RECORD_BYTES - 16 {
                break;
            }
            // Four bytes of length, four of distance: wasteful and plain.
            self.put(at, [0x44]);
            self.put(at + 1, low32_of(length).to_le_bytes());
            self.put(at + 5, low32_of(distance & 0x00FF_FFFF).to_le_bytes());
            at += 9;
            clusters += length;
        }
        let length = (at + 1 - start).next_multiple_of(8);
        let allocated = clusters * CLUSTER;
        self.put(start, DATA.to_le_bytes());
        self.put(start + 4, low32(length).to_le_bytes());
        self.put(start + 8, [1]);
        self.put(start + 10, 64u16.to_le_bytes());
        self.put(start + 24, clusters.saturating_sub(1).to_le_bytes());
        self.put(start + 32, 64u16.to_le_bytes());
        self.put(start + 40, allocated.to_le_bytes());
        // Runs that had no room are bytes that the file does not have.
        self.put(start + 48, bytes.min(allocated).to_le_bytes());
        self.put(start + 56, bytes.min(allocated).to_le_bytes());
        self.at = start + length;
    }

    /// The end mark, the header, and the fixups.
    fn finish(&mut self, number: u64, sequence: u16, flags: u16, base: u64) {
        let end = self.at;
        self.put(end, END.to_le_bytes());
        self.put(0, *b"FILE");
        self.put(4, low16(FIXUPS_AT).to_le_bytes());
        self.put(6, 3u16.to_le_bytes());
        self.put(8, (number * 64).to_le_bytes());
        self.put(16, sequence.to_le_bytes());
        self.put(18, 1u16.to_le_bytes());
        self.put(20, low16(ATTRIBUTES_AT).to_le_bytes());
        self.put(22, flags.to_le_bytes());
        self.put(24, low32(end + 8).to_le_bytes());
        self.put(28, low32(RECORD_BYTES).to_le_bytes());
        self.put(32, base.to_le_bytes());
        self.put(40, 16u16.to_le_bytes());
        self.put(44, low32_of(number).to_le_bytes());
        // A number that changes with each write stands at the end of each stride; what was there stands in the header.
        let mark = sequence.wrapping_mul(257) | 1;
        self.put(FIXUPS_AT, mark.to_le_bytes());
        for stride in 1..=RECORD_BYTES / STRIDE {
            let tail = stride * STRIDE - 2;
            let was = [self.record[tail], self.record[tail + 1]];
            self.put(FIXUPS_AT + 2 * stride, was);
            self.put(tail, mark.to_le_bytes());
        }
    }
}

fn low8(number: usize) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

fn low16(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

fn low32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn low32_of(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
