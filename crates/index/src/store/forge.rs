//! Snapshots with a column that somebody changed and signed anew, for tests.

use std::io::Cursor;

use super::format::{Column, Shape};
use super::{Directory, Encoded, Packed, SnapshotBytes, pack, write_seeking};
use crate::budget::{Budget, Kind};

impl Directory {
    /// The snapshot with other bytes in one column.
    pub(crate) fn with_bytes(&self, column: Column, change: impl FnOnce(&mut Vec<u8>)) -> SnapshotBytes {
        let mut change = Some(change);
        let written = write_seeking(Cursor::new(Vec::new()), self.rows as u64, |writer| {
            for (&of, (entry, transform)) in &self.entries {
                let (place, _) = self.place(of).unwrap();
                let mut bytes = place.get(0..place.bytes).unwrap().to_vec();
                let mut values = usize::try_from(entry.values.get()).unwrap();
                if of == column {
                    (change.take().unwrap())(&mut bytes);
                    values = if of.shape() == Shape::Bytes { bytes.len() } else { values };
                }
                let pieces = vec![Budget::unlimited().put(Kind::Columns, bytes)?];
                writer.take_column(Encoded { column: of, transform: *transform, pieces, values })?;
            }
            Ok(())
        });
        assert!(change.is_none(), "there is no such column");
        SnapshotBytes::Owned(written.unwrap().into_inner())
    }

    /// The snapshot with other numbers in one column: those that are packed, whatever they stand for.
    pub(crate) fn with_numbers(&self, column: Column, change: impl FnOnce(&mut Vec<u64>)) -> SnapshotBytes {
        let (place, _) = self.place(column).unwrap();
        let packed = Packed::new(place, u64::MAX, None);
        let mut numbers: Vec<u64> = (0..packed.len()).map(|index| packed.get(index)).collect();
        change(&mut numbers);
        let fill = |range: std::ops::Range<usize>, chunk: &mut [u64]| chunk.copy_from_slice(&numbers[range]);
        let (pieces, _) = pack(numbers.len(), &Budget::unlimited(), fill).unwrap();
        self.with_bytes(column, |bytes| {
            bytes.clear();
            pieces.iter().for_each(|piece| piece.read(0..piece.len(), bytes).unwrap());
        })
    }
}
