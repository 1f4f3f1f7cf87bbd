//! A `$MFT` cut out of its volume: nothing but records, one after the other.
//!
//! Any single record can be zeroed, torn or overwritten, the first included, so a sample of records votes. The best
//! witness says its own number and its own size and stands exactly where both put it; that also keeps a volume whose boot
//! sectors are lost, and whose `$MFT` begins a few clusters in, from being taken for a dump. Without such a witness the
//! sizes that records claim decide, then how often the signature returns; both only if the first record bears it. Where it does
//! not, a piece from the middle is still one if most of the sample are records whose numbers go up with their places: no
//! volume begins like that, for its `$MFT` begins with number 0, behind other things.

use super::le;
use super::view::View;

/// How far the sample reaches, in bytes.
const SAMPLE_BYTES: u64 = 256 << 10;

/// Sizes of a record, in bytes, smallest first. The first is the stride of the sample: it divides the others.
const RECORD_SIZES: [u32; 4] = [512, 1024, 2048, 4096];

/// Bytes of a record's header, up to and with its own number.
const HEADER_BYTES: usize = 0x30;

/// What the sample tells of a record header.
struct Header {
    offset: u64,
    allocated: u32,
    /// The record's own number; headers of before Windows XP have none.
    number: Option<u32>,
}

/// The record size of the dump, or `None` if it is none.
pub(super) fn record_bytes(view: &mut View<'_>) -> Option<u32> {
    let headers = sample(view);
    let begins = headers.first().is_some_and(|header| header.offset == 0);
    let by_number = winner(|size| count(&headers, |h| h.claims(size) && h.is_in_place(size, begins)));
    let by_claim = || winner(|size| count(&headers, |h| h.claims(size)));
    by_number.or_else(|| match begins {
        true => by_claim().or_else(|| by_repetition(view, &headers)),
        false => winner(|size| in_step(view.len(), &headers, size)),
    })
}

impl Header {
    fn read(view: &mut View<'_>, offset: u64) -> Option<Self> {
        let header: [u8; HEADER_BYTES] = view.array(offset)?;
        if !matches!(header.first_chunk(), Some(b"FILE" | b"BAAD")) {
            return None;
        }
        // The update sequence array begins where the header ends: behind the number, if there is one.
        let has_number = usize::from(le::u16(&header, 0x04)?) >= HEADER_BYTES;
        let number = if has_number { le::u32(&header, 0x2C) } else { None };
        Some(Self { offset, allocated: le::u32(&header, 0x1C)?, number })
    }

    fn claims(&self, size: u32) -> bool {
        self.allocated == size && self.offset.is_multiple_of(u64::from(size))
    }

    fn is_in_place(&self, size: u32, begins: bool) -> bool {
        self.number.map_or(begins, |number| u64::from(number) * u64::from(size) == self.offset)
    }
}

fn sample(view: &mut View<'_>) -> Vec<Header> {
    let stride = u64::from(RECORD_SIZES[0]);
    let end = view.len().min(SAMPLE_BYTES);
    (0..end.div_ceil(stride)).filter_map(|index| Header::read(view, index * stride)).collect()
}

fn count(headers: &[Header], is_witness: impl Fn(&Header) -> bool) -> usize {
    headers.iter().filter(|header| is_witness(header)).count()
}

/// How many records say that the same number stands at the dump's beginning; 0 unless they are more than half of the
/// sample's places, and more than one.
fn in_step(len: u64, headers: &[Header], size: u32) -> usize {
    let size_bytes = u64::from(size);
    // Numbers less than the place would be those of a `$MFT` that begins further in.
    let first = |header: &Header| u64::from(header.number?).checked_sub(header.offset / size_bytes);
    let mut firsts: Vec<u64> =
        headers.iter().filter(|header| header.claims(size)).filter_map(first).collect();
    firsts.sort_unstable();
    let most = firsts.chunk_by(PartialEq::eq).map(<[u64]>::len).max().unwrap_or(0);
    let places = len.min(SAMPLE_BYTES) / size_bytes;
    if most > 1 && most as u64 * 2 > places { most } else { 0 }
}

/// The size with the most votes, if any has one; the smaller of equals.
fn winner(votes: impl Fn(u32) -> usize) -> Option<u32> {
    RECORD_SIZES.into_iter().rev().max_by_key(|&size| votes(size)).filter(|&size| votes(size) > 0)
}

/// The smallest size at whose multiples more than half of the places, and more than one, bear the signature.
fn by_repetition(view: &View<'_>, headers: &[Header]) -> Option<u32> {
    RECORD_SIZES.into_iter().find(|&size| {
        let places = view.len().min(SAMPLE_BYTES) / u64::from(size);
        let signed = count(headers, |header| header.offset.is_multiple_of(u64::from(size))) as u64;
        signed > 1 && signed * 2 > places
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use quarry_io::MemoryDevice;

    /// `count` records of `size` bytes, numbered from 0.
    pub(in super::super) fn records(size: u32, count: u32) -> Vec<u8> {
        let mut dump = Vec::new();
        for number in 0..count {
            let mut record = vec![0; size as usize];
            record[..8].copy_from_slice(b"FILE\x30\0\x03\0");
            record[0x1C..0x20].copy_from_slice(&size.to_le_bytes());
            record[0x2C..0x30].copy_from_slice(&number.to_le_bytes());
            dump.extend_from_slice(&record);
        }
        dump
    }

    fn tell(bytes: Vec<u8>) -> Option<u32> {
        let device = MemoryDevice::new("dump", bytes);
        record_bytes(&mut View::whole(&device))
    }

    #[test]
    fn whole_dumps_tell_their_record_size() {
        for size in RECORD_SIZES {
            assert_eq!(tell(records(size, 40)), Some(size));
            assert_eq!(tell(records(size, 1)), Some(size));
        }
    }

    #[test]
    fn zeroed_and_bad_first_records_do_not_hide_the_rest() {
        for size in RECORD_SIZES {
            let mut dump = records(size, 20);
            dump[..size as usize * 9].fill(0);
            assert_eq!(tell(dump), Some(size));
            let mut dump = records(size, 20);
            dump[..4].copy_from_slice(b"BAAD");
            assert_eq!(tell(dump), Some(size));
        }
    }

    #[test]
    fn a_dump_cut_inside_its_first_record_is_one() {
        assert_eq!(tell(records(1024, 1)[..1000].to_vec()), Some(1024));
        assert_eq!(tell(records(4096, 1)[..48].to_vec()), Some(4096));
        assert_eq!(tell(records(1024, 1)[..47].to_vec()), None);
    }

    #[test]
    fn a_wrong_size_in_some_records_is_outvoted() {
        let mut dump = records(1024, 40);
        for record in dump.chunks_mut(1024).step_by(4) {
            record[0x1C..0x20].copy_from_slice(&4096u32.to_le_bytes());
        }
        assert_eq!(tell(dump), Some(1024));
    }

    #[test]
    fn records_of_4096_bytes_with_file_text_inside_are_not_of_1024() {
        let mut dump = records(4096, 10);
        for record in dump.chunks_mut(4096) {
            record[1024..1028].copy_from_slice(b"FILE");
        }
        assert_eq!(tell(dump), Some(4096));
    }

    #[test]
    fn headers_without_a_number_are_counted_by_position() {
        let mut dump = records(1024, 6);
        for record in dump.chunks_mut(1024) {
            record[4] = 0x2A;
            record[0x2C..0x30].fill(0xEE);
        }
        assert_eq!(tell(dump), Some(1024));
    }

    #[test]
    fn a_cut_out_of_the_middle_is_told_by_the_sizes_it_claims() {
        assert_eq!(tell(records(4096, 20)[4096 * 7..].to_vec()), Some(4096));
    }

    /// A dump of a piece, whose first records were never used, or were overwritten.
    #[test]
    fn a_piece_is_told_by_most_of_its_first_records() {
        for size in RECORD_SIZES {
            let wide = size as usize;
            for (places, spoilt, expected) in
                [(40, 1, true), (40, 19, true), (40, 20, false), (3, 1, true), (2, 1, false)]
            {
                for filling in [0, 0x5A] {
                    let mut piece = records(size, 7 + places)[wide * 7..].to_vec();
                    piece[..wide * spoilt].fill(filling);
                    let expected = expected.then_some(size);
                    assert_eq!(tell(piece), expected, "{spoilt} of {places} records of {size} are {filling}");
                }
            }
        }
    }

    #[test]
    fn records_whose_numbers_do_not_go_up_with_their_places_are_no_piece() {
        // As in a folder's leftovers or a carver's output: sound records in any order.
        let sound = records(1024, 64);
        let mut jumbled = vec![0; 1024];
        for place in 0..40 {
            // None of them stands where its own number puts it.
            let from = (place * 37 + 6) % 64;
            jumbled.extend_from_slice(&sound[from * 1024..][..1024]);
        }
        assert_eq!(tell(jumbled), None);
        // A volume of which the beginning was wiped: its $MFT is numbered from 0, further in.
        let mut volume = vec![0; 16384];
        volume.extend_from_slice(&records(1024, 300));
        assert_eq!(tell(volume), None);
    }

    #[test]
    fn the_signature_alone_decides_by_its_return() {
        let mut dump = vec![0xFF; 65536];
        dump.chunks_mut(1024).for_each(|record| record[..4].copy_from_slice(b"FILE"));
        assert_eq!(tell(dump), Some(1024));
        let mut dump = vec![0xFF; 65536];
        dump.chunks_mut(4096).for_each(|record| record[..4].copy_from_slice(b"FILE"));
        assert_eq!(tell(dump), Some(4096));
    }

    #[test]
    fn a_table_inside_a_volume_and_a_text_are_no_dumps() {
        let mut volume = vec![0; 16384];
        volume.extend_from_slice(&records(1024, 40));
        assert_eq!(tell(volume), None);
        let mut text = vec![b' '; 10_000];
        text[..4].copy_from_slice(b"FILE");
        assert_eq!(tell(text), None);
    }
}
