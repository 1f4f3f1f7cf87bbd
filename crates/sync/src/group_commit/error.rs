//! Why an operation was not committed.

use std::sync::Arc;

use thiserror::Error;

/// Why an operation was not committed, or not known to be.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CommitError<E> {
    /// The commit function failed, with this batch or with one before: nothing is committed any more.
    #[error("the commit failed")]
    Failed(#[source] Arc<E>),
    /// The commit function panicked, with this batch or with one before.
    #[error("the commit panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: Arc<str>,
    },
    /// The commit function gave another number of results than it got operations.
    #[error("the commit gave {actual} results for {expected} operations")]
    Miscounted {
        /// Operations in the batch.
        expected: usize,
        /// Results it got.
        actual: usize,
    },
    /// The coordinator was dropped before.
    #[error("the coordinator is closed")]
    Closed,
}

// Not derived: that would ask for `E: Clone`.
impl<E> Clone for CommitError<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Failed(error) => Self::Failed(Arc::clone(error)),
            Self::Panicked { message } => Self::Panicked { message: Arc::clone(message) },
            Self::Miscounted { expected, actual } => {
                Self::Miscounted { expected: *expected, actual: *actual }
            }
            Self::Closed => Self::Closed,
        }
    }
}
