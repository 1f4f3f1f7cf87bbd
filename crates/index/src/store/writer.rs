//! Writes a snapshot: columns one after another, checksums as they pass, and the header, which tells where all is.
//!
//! The header stands first and is known last. Who can go back writes it then; who cannot goes over the columns twice, and the first
//! time writes them to nowhere.

use std::io::{self, Seek, SeekFrom, Write};

use xxhash_rust::xxh3::Xxh3;
use zerocopy::IntoBytes;

use super::format::{
    ALIGNMENT_BYTES, BLOCK_BYTES, COLUMNS_MAX, Column, Entry, HEADER_BYTES, Header, MAGIC, Transform,
    VERSION, block_seed, identity, tail_checksum,
};
use crate::budget::{SpillError, Stretch};

/// Why a snapshot could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    #[error(transparent)]
    Spill(#[from] SpillError),
    #[error(transparent)]
    Write(#[from] io::Error),
}

/// A column ready to be written.
#[derive(Debug)]
pub(crate) struct Encoded {
    pub(crate) column: Column,
    pub(crate) transform: Transform,
    /// Its bytes, in pieces.
    pub(crate) pieces: Vec<Stretch>,
    pub(crate) values: usize,
}

impl Encoded {
    /// How many bytes the column takes.
    pub(crate) fn bytes(&self) -> usize {
        self.pieces.iter().map(Stretch::len).sum()
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

impl<W: Write> Writer<W> {
    /// Starts behind the header, which is the caller's to write.
    pub(crate) fn new(out: W) -> Self {
        let block = Xxh3::with_seed(block_seed(0));
        Self { out, at: HEADER_BYTES, block, in_block: 0, checksums: Vec::new(), entries: Vec::new() }
    }

    /// Appends a column. Columns come in the order of their numbers.
    ///
    /// # Errors
    /// Whatever writing gives, here and below, or reading what was put aside.
    pub(crate) fn column(&mut self, encoded: &Encoded) -> Result<(), WriteError> {
        self.begin(encoded)?;
        encoded.pieces.iter().try_for_each(|piece| self.piece(piece))
    }

    /// The same, and gives back the memory of each piece when it is written.
    pub(crate) fn take_column(&mut self, encoded: Encoded) -> Result<(), WriteError> {
        self.begin(&encoded)?;
        encoded.pieces.into_iter().try_for_each(|piece| self.piece(&piece))
    }

    fn begin(&mut self, encoded: &Encoded) -> io::Result<()> {
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
        Ok(())
    }

    fn piece(&mut self, piece: &Stretch) -> Result<(), WriteError> {
        piece.pieces(|bytes| Ok(self.put(bytes)?))
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

    /// Writes the tail, and says what the header is.
    pub(crate) fn finish(mut self, rows: u64) -> io::Result<(W, Header)> {
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
        Ok((self.out, header))
    }
}

/// Writes a snapshot to `out`, which has to be empty: `columns` are its columns. The caller flushes.
pub(crate) fn write_seeking<W: Write + Seek>(
    mut out: W,
    rows: u64,
    columns: impl FnOnce(&mut Writer<W>) -> Result<(), WriteError>,
) -> Result<W, WriteError> {
    out.write_all(&[0; HEADER_BYTES])?;
    let mut writer = Writer::new(out);
    columns(&mut writer)?;
    let (mut out, header) = writer.finish(rows)?;
    out.seek(SeekFrom::Start(0))?;
    out.write_all(header.as_bytes())?;
    Ok(out)
}

/// What is written, counted and kept nowhere.
fn nowhere(rows: u64, columns: &[Encoded]) -> Result<Header, WriteError> {
    let mut writer = Writer::new(io::sink());
    columns.iter().try_for_each(|column| writer.column(column))?;
    Ok(writer.finish(rows)?.1)
}

/// A snapshot of `columns` that is ready to be written, wherever they lie.
#[derive(Debug)]
pub(crate) struct Ready {
    columns: Vec<Encoded>,
    rows: u64,
    header: Header,
}

impl Ready {
    /// `columns` are in the order of their numbers.
    pub(crate) fn new(columns: Vec<Encoded>, rows: u64) -> Result<Self, WriteError> {
        let header = nowhere(rows, &columns)?;
        Ok(Self { columns, rows, header })
    }

    pub(crate) fn identity(&self) -> u64 {
        self.header.identity.get()
    }

    /// Bytes of the whole snapshot.
    pub(crate) fn bytes(&self) -> u64 {
        self.header.file_bytes.get()
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes all of it, from the beginning to the end.
    pub(crate) fn write<W: Write>(&self, mut out: W) -> Result<W, WriteError> {
        out.write_all(self.header.as_bytes())?;
        let mut writer = Writer::new(out);
        self.columns.iter().try_for_each(|column| writer.column(column))?;
        // What was put aside is read a second time, and held to its checksum then, too: the header is the same.
        Ok(writer.finish(self.rows)?.0)
    }
}
