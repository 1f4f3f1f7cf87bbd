//! A table as one vector a column, so that a sweep over one fact touches nothing else.
//!
//! The tables of this crate differ only in their columns, so a macro writes what they share: appending an
//! item, and stitching the tables that several workers filled into one. Arrays of structures were rejected:
//! a search reads two or three facts of a million files, and would drag the others through the cache.

use std::ops::Range;

/// Which stretch of which worker's table comes next in the stitched one.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) batch: usize,
    pub(crate) range: Range<usize>,
}

/// Items that the builder adds behind what was read: reserved, so that adding them copies nothing.
const MADE: usize = 2;

/// Concatenates `pieces` of the workers' columns. One worker that filled everything in order keeps its vector.
pub(crate) fn concat<T: Copy>(mut parts: Vec<Vec<T>>, pieces: &[Piece]) -> Vec<T> {
    if let [only] = parts.as_mut_slice()
        && in_order(pieces, only.len())
    {
        only.reserve_exact(MADE);
        only.shrink_to(only.len() + MADE);
        return std::mem::take(only);
    }
    let mut out = Vec::with_capacity(pieces.iter().map(|piece| piece.range.len()).sum::<usize>() + MADE);
    for piece in pieces {
        out.extend_from_slice(&parts[piece.batch][piece.range.clone()]);
    }
    out
}

fn in_order(pieces: &[Piece], len: usize) -> bool {
    let mut next = 0;
    pieces.iter().all(|piece| std::mem::replace(&mut next, piece.range.end) == piece.range.start)
        && next == len
}

/// Defines a row of facts and the table that holds such rows by column.
macro_rules! table {
    (
        $(#[$item_meta:meta])* $vis:vis item $item:ident;
        $(#[$table_meta:meta])* table $table:ident {
            $($(#[$field_meta:meta])* $field:ident: $ty:ty,)*
        }
    ) => {
        $(#[$item_meta])*
        #[derive(Debug, Clone, Copy)]
        $vis struct $item { $($(#[$field_meta])* $vis $field: $ty,)* }

        $(#[$table_meta])*
        #[derive(Debug, Default)]
        pub(crate) struct $table { $(pub(crate) $field: Vec<$ty>,)* }

        impl $table {
            pub(crate) fn push(&mut self, item: $item) {
                $(self.$field.push(item.$field);)*
            }

            /// One table out of the workers' tables, each column on whichever thread is free.
            pub(crate) fn stitch(mut parts: Vec<Self>, pieces: &[$crate::columns::Piece]) -> Self {
                let mut out = Self::default();
                rayon::scope(|scope| {
                    $(
                        let columns = parts.iter_mut().map(|part| std::mem::take(&mut part.$field)).collect();
                        let slot = &mut out.$field;
                        scope.spawn(move |_| *slot = $crate::columns::concat(columns, pieces));
                    )*
                });
                out
            }
        }
    };
}
pub(crate) use table;
