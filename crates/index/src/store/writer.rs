//! Writes a snapshot: columns one after another, checksums as they pass, the header last.

use std::io::{self, Seek, SeekFrom, Write};

use xxhash_rust::xxh3::Xxh3;
use zerocopy::IntoBytes;

use super::format::{
    ALIGNMENT_BYTES, BLOCK_BYTES, COLUMNS_MAX, Column, Entry, HEADER_BYTES, Header, MAGIC, Transform,
    VERSION, block_seed, identity, tail_checksum,
};

/// A column ready to be written.
#[derive(Debug)]
pub(crate) struct Encoded {
    pub(crate) column: Column,
    pub(crate) transform: Transform,
    /// Its bytes, in pieces.
    pub(crate) pieces: Vec<Vec<u8>>,
    pub(crate) values: usize,
}

impl Encoded {
    /// How many bytes the column takes.
    pub(crate) fn bytes(&self) -> usize {
        self.pieces.iter().map(Vec::len).sum()
    }
}

/// A snapshot that is being written. What was written counts for nothing until [`Writer::finish`].
pub(crate) struct Writer<W> {
    out: W,
    /// Bytes written so far.
    at: usize,
    block: Xxh3,
    in_block: usize,
    checksums: Vec<u64>,
    entries: Vec<Entry>,
}

impl<W: Write + Seek> Writer<W> {
    /// Starts at the beginning of `out`, which has to be empty.
    ///
    /// # Errors
    /// Whatever writing gives, here and below.
    pub(crate) fn new(mut out: W) -> io::Result<Self> {
        out.write_all(&[0; HEADER_BYTES])?;
        let block = Xxh3::with_seed(block_seed(0));
        Ok(Self { out, at: HEADER_BYTES, block, in_block: 0, checksums: Vec::new(), entries: Vec::new() })
    }

    /// Appends a column. Columns come in the order of their numbers.
    pub(crate) fn column(&mut self, encoded: Encoded) -> io::Result<()> {
        let padding = self.at.next_multiple_of(ALIGNMENT_BYTES) - self.at;
        self.put(&[0; ALIGNMENT_BYTES][..padding])?;
        let (transform, scale) = encoded.transform.code();
        self.entries.push(Entry {
            column: encoded.column.number().into(),
            shape: encoded.column.shape() as u8,
            transform,
            scale: scale.into(),
            offset: (self.at as u64).into(),
            bytes: (encoded.bytes() as u64).into(),
            values: (encoded.values as u64).into(),
        });
        encoded.pieces.into_iter().try_for_each(|piece| self.put(&piece))
    }

    fn put(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.at += bytes.len();
        while !bytes.is_empty() {
            let (head, rest) = bytes.split_at(bytes.len().min(BLOCK_BYTES - self.in_block));
            self.block.update(head);
            self.in_block += head.len();
            if self.in_block == BLOCK_BYTES {
                self.close_block();
            }
            bytes = rest;
        }
        Ok(())
    }

    fn close_block(&mut self) {
        self.checksums.push(self.block.digest());
        self.block = Xxh3::with_seed(block_seed(self.checksums.len()));
        self.in_block = 0;
    }

    /// Writes tail and header. The caller flushes.
    pub(crate) fn finish(mut self, rows: u64) -> io::Result<W> {
        if self.in_block > 0 {
            self.close_block();
        }
        let count = u32::try_from(self.entries.len()).ok().filter(|&count| count <= COLUMNS_MAX);
        let columns = count.ok_or_else(|| io::Error::other("more columns than a snapshot holds"))?;
        let checksums: Vec<u8> = self.checksums.iter().flat_map(|checksum| checksum.to_le_bytes()).collect();
        let mut tail = self.entries.as_bytes().to_vec();
        tail.extend_from_slice(&checksums);
        self.out.write_all(&tail)?;
        let mut header = Header {
            magic: MAGIC,
            version: VERSION.into(),
            columns: columns.into(),
            file_bytes: ((self.at + tail.len()) as u64).into(),
            tail_offset: (self.at as u64).into(),
            tail_checksum: tail_checksum(&tail).into(),
            identity: identity(&checksums).into(),
            rows: rows.into(),
            checksum: 0.into(),
        };
        header.checksum = header.checksum_of().into();
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(header.as_bytes())?;
        Ok(self.out)
    }
}
