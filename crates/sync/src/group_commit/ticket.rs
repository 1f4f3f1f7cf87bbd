//! A claim to the result of one operation.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::error::CommitError;
use super::queue::Slot;
use super::shared::Shared;

/// A claim to the result of one operation: waited for by blocking, awaited as a future, or dropped, which takes nothing
/// back.
#[must_use = "without it nobody learns whether the operation was committed"]
pub struct Ticket<Op, R, E> {
    shared: Arc<Shared<Op, R, E>>,
    slot: Arc<Slot<R, E>>,
}

impl<Op, R, E> Ticket<Op, R, E> {
    pub(super) fn new(shared: Arc<Shared<Op, R, E>>, slot: Arc<Slot<R, E>>) -> Self {
        Self { shared, slot }
    }

    /// Waits for the result, leading the commit if nobody does.
    ///
    /// # Errors
    /// If its batch, or one before, failed.
    pub fn wait(self) -> Result<R, CommitError<E>> {
        self.shared.wait(&self.slot)
    }

    /// The result if it is there, without waiting; the ticket itself if it is not.
    ///
    /// # Errors
    /// The ticket, to ask again.
    pub fn try_wait(self) -> Result<Result<R, CommitError<E>>, Self> {
        self.slot.take().ok_or(self)
    }
}

impl<Op, R, E> Future for Ticket<Op, R, E> {
    type Output = Result<R, CommitError<E>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // The waker is left first: a result that arrives in between finds it.
        self.slot.set_waker(context.waker());
        if let Some(result) = self.slot.take() {
            return Poll::Ready(result);
        }
        self.shared.hurry();
        Poll::Pending
    }
}

impl<Op, R, E> fmt::Debug for Ticket<Op, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").finish_non_exhaustive()
    }
}
