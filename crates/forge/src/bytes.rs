//! Little-endian fields in a byte buffer.
//!
//! The forge writes structures whose fields sit at fixed offsets and whose sizes a test may have chosen badly.
//! Each `put` therefore takes any integer and panics, naming the offset, when the value does not fit the field:
//! a builder that wrapped silently would hand the parser under test a different record than the author asked for.

/// Writes a 16-bit field at byte offset `at`.
#[track_caller]
pub(crate) fn put16(buffer: &mut [u8], at: usize, value: impl TryInto<u16>) {
    let value = value.try_into().unwrap_or_else(|_| panic!("value at {at:#x} does not fit 16 bits"));
    copy(buffer, at, &value.to_le_bytes());
}

/// Writes a 32-bit field at byte offset `at`.
#[track_caller]
pub(crate) fn put32(buffer: &mut [u8], at: usize, value: impl TryInto<u32>) {
    let value = value.try_into().unwrap_or_else(|_| panic!("value at {at:#x} does not fit 32 bits"));
    copy(buffer, at, &value.to_le_bytes());
}

/// Writes a 64-bit field at byte offset `at`.
#[track_caller]
pub(crate) fn put64(buffer: &mut [u8], at: usize, value: impl TryInto<u64>) {
    let value = value.try_into().unwrap_or_else(|_| panic!("value at {at:#x} does not fit 64 bits"));
    copy(buffer, at, &value.to_le_bytes());
}

/// Writes a single byte at offset `at`.
#[track_caller]
pub(crate) fn put8(buffer: &mut [u8], at: usize, value: impl TryInto<u8>) {
    buffer[at] = value.try_into().unwrap_or_else(|_| panic!("value at {at:#x} does not fit 8 bits"));
}

/// Copies `bytes` to offset `at`.
#[track_caller]
pub(crate) fn copy(buffer: &mut [u8], at: usize, bytes: &[u8]) {
    let room = buffer.len();
    match buffer.get_mut(at..at + bytes.len()) {
        Some(place) => place.copy_from_slice(bytes),
        None => panic!("{} bytes at {at:#x} do not fit a buffer of {room} bytes", bytes.len()),
    }
}

/// Reads the 16-bit field at `at`.
#[track_caller]
pub(crate) fn get16(buffer: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([buffer[at], buffer[at + 1]])
}

/// Reads the 32-bit field at `at`.
#[track_caller]
pub(crate) fn get32(buffer: &[u8], at: usize) -> u32 {
    u32::from(get16(buffer, at)) | u32::from(get16(buffer, at + 2)) << 16
}

/// Rounds up to the eight bytes on which NTFS aligns attributes, index entries and their parts.
pub(crate) const fn align8(length: usize) -> usize {
    length.next_multiple_of(8)
}

/// A 64-bit count as an index into memory.
#[track_caller]
pub(crate) fn index(value: u64) -> usize {
    usize::try_from(value).expect("what the forge makes fits in memory")
}

/// A 32-bit CRC with reflected `polynomial`, all ones before and inverted after, computed bit by bit.
pub(crate) fn reflected_crc(polynomial: u32, bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ polynomial };
    !bytes.iter().fold(u32::MAX, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| step(crc)))
}
