//! Lays columns out as a snapshot: the header, the columns one behind another, and the tail, which has the checksum of each of their blocks.
//!
//! The header stands first and tells what is known last. So where everything lies is worked out before anything is written, and blocks, which are
//! what has a checksum, are also what threads share the work by: in memory each is laid out and summed up while it is near.

use std::collections::VecDeque;
use std::io::{self, Write};

use rayon::prelude::*;
use zerocopy::IntoBytes;

use super::format::{
    ALIGNMENT_BYTES, BLOCK_BYTES, CHECKSUM_BYTES, COLUMNS_MAX, Column, ENTRY_BYTES, Entry, HEADER_BYTES,
    Header, MAGIC, Transform, VERSION, block_checksum, identity, tail_checksum,
};
use crate::batch::as_u32;
use crate::budget::{SpillError, Stretch};

/// Bytes that all threads lay out together before what they were made of is given back: so many that waiting for the last of them is nothing.
const WINDOW_BYTES: usize = 256 * BLOCK_BYTES;
const _: () = assert!(Column::ALL.len() <= COLUMNS_MAX as usize);

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

/// Where everything lies in a snapshot.
#[derive(Debug)]
struct Layout {
    entries: Vec<Entry>,
    /// What the columns are made of, each with the place of its first byte.
    pieces: VecDeque<(usize, Stretch)>,
    /// Where the columns end.
    end: usize,
}

impl Layout {
    /// `columns` are in the order of their numbers.
    fn new(columns: Vec<Encoded>) -> Self {
        let (mut entries, mut pieces, mut end) =
            (Vec::with_capacity(columns.len()), VecDeque::new(), HEADER_BYTES);
        for Encoded { column, transform, pieces: of_column, values } in columns {
            end = end.next_multiple_of(ALIGNMENT_BYTES);
            let offset = end;
            for piece in of_column {
                let start = end;
                end += piece.len();
                pieces.push_back((start, piece));
            }
            let (transform, scale) = transform.code();
            entries.push(Entry {
                column: column.number().into(),
                shape: column.shape() as u8,
                transform,
                scale: scale.into(),
                offset: (offset as u64).into(),
                bytes: ((end - offset) as u64).into(),
                values: (values as u64).into(),
            });
        }
        Self { entries, pieces, end }
    }

    /// Fills `out` with the bytes from `at` on. Between columns they are zero.
    fn read(&self, at: usize, out: &mut [u8]) -> Result<(), SpillError> {
        let end = at + out.len();
        let first = self.pieces.partition_point(|(start, piece)| start + piece.len() <= at);
        let mut filled = 0;
        for (start, piece) in self.pieces.range(first..).take_while(|(start, _)| *start < end) {
            let (from, to) = (at.max(*start), end.min(start + piece.len()));
            out[filled..from - at].fill(0);
            piece.copy_to(from - start..to - start, &mut out[from - at..to - at])?;
            filled = to - at;
        }
        out[filled..].fill(0);
        Ok(())
    }

    /// Fills `window` with the blocks from the one at `at` on, and gives the checksum of each.
    fn blocks(&self, at: usize, window: &mut [u8]) -> Result<Vec<u64>, SpillError> {
        let first = (at - HEADER_BYTES) / BLOCK_BYTES;
        let blocks = window.par_chunks_mut(BLOCK_BYTES).enumerate();
        let sums = blocks.map(|(number, block)| {
            self.read(at + number * BLOCK_BYTES, block)?;
            Ok(block_checksum(first + number, block))
        });
        sums.collect()
    }

    /// Gives back what lies before `at`.
    fn forget_before(&mut self, at: usize) {
        while self.pieces.front().is_some_and(|(start, piece)| start + piece.len() <= at) {
            self.pieces.pop_front();
        }
    }

    /// Bytes of the tail.
    fn tail_bytes(&self) -> usize {
        let blocks = (self.end - HEADER_BYTES).div_ceil(BLOCK_BYTES);
        self.entries.len() * ENTRY_BYTES + blocks * CHECKSUM_BYTES
    }

    /// The header and the tail, when the checksums of all blocks are known.
    fn close(&self, checksums: &[u64], rows: u64) -> (Header, Vec<u8>) {
        let checksums: Vec<u8> = checksums.iter().flat_map(|checksum| checksum.to_le_bytes()).collect();
        let mut tail = self.entries.as_bytes().to_vec();
        tail.extend_from_slice(&checksums);
        let mut header = Header {
            magic: MAGIC,
            version: VERSION.into(),
            columns: as_u32(self.entries.len()).into(),
            file_bytes: ((self.end + tail.len()) as u64).into(),
            tail_offset: (self.end as u64).into(),
            tail_checksum: tail_checksum(&tail).into(),
            identity: identity(&checksums).into(),
            rows: rows.into(),
            checksum: 0.into(),
        };
        header.checksum = header.checksum_of().into();
        (header, tail)
    }
}

/// Lays a snapshot of `columns`, which are in the order of their numbers, out in memory.
pub(crate) fn snapshot(columns: Vec<Encoded>, rows: u64) -> Result<Vec<u8>, SpillError> {
    let mut layout = Layout::new(columns);
    let end = layout.end;
    let mut bytes = vec![0; end + layout.tail_bytes()];
    let mut checksums = Vec::new();
    let mut at = HEADER_BYTES;
    for window in bytes[HEADER_BYTES..end].chunks_mut(WINDOW_BYTES) {
        checksums.extend(layout.blocks(at, window)?);
        at += window.len();
        layout.forget_before(at);
    }
    let (header, tail) = layout.close(&checksums, rows);
    bytes[..HEADER_BYTES].copy_from_slice(header.as_bytes());
    bytes[end..].copy_from_slice(&tail);
    Ok(bytes)
}

/// A snapshot of columns that is ready to be written, wherever they lie.
#[derive(Debug)]
pub(crate) struct Ready {
    layout: Layout,
    rows: u64,
    header: Header,
    tail: Vec<u8>,
}

impl Ready {
    /// `columns` are in the order of their numbers.
    pub(crate) fn new(columns: Vec<Encoded>, rows: u64) -> Result<Self, SpillError> {
        let layout = Layout::new(columns);
        let mut window = vec![0; WINDOW_BYTES.min(layout.end - HEADER_BYTES)];
        let mut checksums = Vec::new();
        for at in (HEADER_BYTES..layout.end).step_by(WINDOW_BYTES) {
            let bytes = WINDOW_BYTES.min(layout.end - at);
            checksums.extend(layout.blocks(at, &mut window[..bytes])?);
        }
        let (header, tail) = layout.close(&checksums, rows);
        Ok(Self { layout, rows, header, tail })
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

    /// Writes all of it, from the beginning to the end. What was put aside is read a second time, and held to its checksum then, too.
    pub(crate) fn write<W: Write>(&self, mut out: W) -> Result<W, WriteError> {
        let padding = [0; ALIGNMENT_BYTES];
        out.write_all(self.header.as_bytes())?;
        let mut at = HEADER_BYTES;
        for (start, piece) in &self.layout.pieces {
            out.write_all(&padding[..start - at])?;
            piece.pieces(|bytes| Ok::<_, WriteError>(out.write_all(bytes)?))?;
            at = start + piece.len();
        }
        out.write_all(&padding[..self.layout.end - at])?;
        out.write_all(&self.tail)?;
        Ok(out)
    }
}
