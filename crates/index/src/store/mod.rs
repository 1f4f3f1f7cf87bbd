//! Columns in one run of bytes: the layout of a snapshot, which is also how an index lies in memory.
//!
//! An index that was built and one that was opened are the same bytes read by the same code, so what works on one
//! works on the other, and opening costs a look at the directory instead of a pass over the rows. The bytes are drawn
//! in `docs/formats/snapshot.md`.
//!
//! Getters give plain values, for a search cannot stop at each number to ask whether it is one. Where something does not
//! check out they give zero and [`Storage`] keeps the fault; whoever gives an answer away asks for it first. So no
//! answer that rests on a fault leaves the crate. Returning a `Result` from every getter was the alternative: it doubles
//! the size of what the sweeps keep in registers and puts a branch behind every number.

mod column;
mod fault;
#[cfg(test)]
mod forge;
mod format;
mod open;
mod packed;
mod ranked;
mod storage;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use column::ByteColumn;
pub use fault::{Part, SnapshotError};
pub use format::Column;
pub(crate) use format::Transform;
pub(crate) use open::{Directory, exactly, open};
pub(crate) use packed::{
    CHUNK, CHUNK_WORDS, Done, Packed, PackedCursor, Packer, TASK_VALUES, bits_of, joined, pack,
};
pub(crate) use ranked::{Ranked, rank};
pub use storage::SnapshotBytes;
pub(crate) use writer::{Encoded, Ready, WriteError, snapshot};
