//! Checksums for a snapshot that somebody changed who knows the format; written from its description alone.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Makes all checksums fit, as far as there is room for them.
pub(crate) fn sign(bytes: &mut [u8]) {
    const BLOCK: usize = 64 << 10;
    let word = |bytes: &[u8], at: usize| {
        let word = bytes.get(at..at + 8)?;
        usize::try_from(u64::from_le_bytes(word.try_into().ok()?)).ok()
    };
    let put = |bytes: &mut [u8], at: usize, value: u64| {
        if let Some(slot) = bytes.get_mut(at..at + 8) {
            slot.copy_from_slice(&value.to_le_bytes());
        }
    };
    put(bytes, 16, bytes.len() as u64);
    let Some(tail) = word(bytes, 24).filter(|&tail| (64..=bytes.len()).contains(&tail)) else { return };
    let blocks = (tail - 64).div_ceil(BLOCK);
    let Some(checksums) = bytes.len().checked_sub(blocks * 8) else { return };
    for block in 0..blocks {
        let start = 64 + block * BLOCK;
        let checksum = xxh3_64_with_seed(&bytes[start..(start + BLOCK).min(tail)], block as u64 + 3);
        put(bytes, checksums + block * 8, checksum);
    }
    let identity = xxh3_64_with_seed(&bytes[checksums..], 1);
    put(bytes, 40, identity);
    let tail_checksum = xxh3_64_with_seed(&bytes[tail..], 0);
    put(bytes, 32, tail_checksum);
    if bytes.len() >= 64 {
        let header_checksum = xxh3_64_with_seed(&bytes[..56], 2);
        put(bytes, 56, header_checksum);
    }
}
