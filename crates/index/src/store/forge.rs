//! Snapshots with a column that somebody changed and signed anew, for tests.

use super::format::{Column, Entry, Shape, Transform};
use super::{Directory, Encoded, Packed, SnapshotBytes, pack, snapshot};
use crate::budget::{Budget, Kind};

impl Directory {
    /// The snapshot with other bytes in one column.
    pub(crate) fn with_bytes(&self, column: Column, change: impl FnOnce(&mut Vec<u8>)) -> SnapshotBytes {
        let mut change = Some(change);
        let forge = |(&of, (entry, transform)): (&Column, &(Entry, Transform))| {
            let (place, _) = self.place(of).unwrap();
            let mut bytes = place.get(0..place.bytes).unwrap().to_vec();
            let mut values = usize::try_from(entry.values.get()).unwrap();
            if of == column {
                (change.take().unwrap())(&mut bytes);
                values = if of.shape() == Shape::Bytes { bytes.len() } else { values };
            }
            let pieces = vec![Budget::unlimited().put(Kind::Columns, bytes).unwrap()];
            Encoded { column: of, transform: *transform, pieces, values }
        };
        let columns = self.entries.iter().map(forge).collect();
        assert!(change.is_none(), "there is no such column");
        SnapshotBytes::Owned(snapshot(columns, self.rows as u64).unwrap())
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
