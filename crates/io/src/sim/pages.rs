//! The bytes of a simulated device: pages, of which only those that were written exist. So a device may be as large as
//! real ones, where seeks are far, and a copy of one shares its pages.

use std::collections::BTreeMap;
use std::sync::Arc;

const PAGE_BYTES: usize = 4096;

/// Bytes at positions; zeros where nothing was written.
#[derive(Debug, Clone, Default)]
pub(super) struct Pages(BTreeMap<u64, Arc<[u8; PAGE_BYTES]>>);

impl Pages {
    pub(super) fn read(&self, mut offset: u64, mut buf: &mut [u8]) {
        while !buf.is_empty() {
            let (page, within, count) = place(offset, buf.len());
            let (now, later) = buf.split_at_mut(count);
            match self.0.get(&page).and_then(|page| page.get(within..within + count)) {
                Some(bytes) => now.copy_from_slice(bytes),
                None => now.fill(0),
            }
            (offset, buf) = (offset + count as u64, later);
        }
    }

    pub(super) fn write(&mut self, mut offset: u64, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (page, within, count) = place(offset, bytes.len());
            let (now, later) = bytes.split_at(count);
            let page = self.0.entry(page).or_insert_with(|| Arc::new([0; PAGE_BYTES]));
            if let Some(target) = Arc::make_mut(page).get_mut(within..within + count) {
                target.copy_from_slice(now);
            }
            (offset, bytes) = (offset + count as u64, later);
        }
    }

    /// Turns the bits of `mask` at `offset` around.
    pub(super) fn flip(&mut self, offset: u64, mask: u8) {
        let mut byte = [0];
        self.read(offset, &mut byte);
        self.write(offset, &[byte[0] ^ mask]);
    }
}

/// The page that `offset` lies in, where in it, and how many of `len` bytes lie there.
fn place(offset: u64, len: usize) -> (u64, usize, usize) {
    let page_bytes = PAGE_BYTES as u64;
    let within = usize::try_from(offset % page_bytes).unwrap_or(0);
    (offset / page_bytes, within, len.min(PAGE_BYTES - within))
}
