//! A sink for tests of backends alone.

use quarry_sync::primitive::Mutex;

use super::backend::{Backend, Sink};
use super::request::Done;

/// Keeps what it is given.
#[derive(Default)]
pub(super) struct Kept(pub(super) Mutex<Vec<Done>>);

impl Kept {
    /// What has come so far, in the order of its identities.
    pub(super) fn take(&self) -> Vec<Done> {
        let mut done = std::mem::take(&mut *self.0.lock());
        done.sort_unstable_by_key(|done| done.id);
        done
    }
}

impl Sink for Kept {
    fn stir(&self) {}
    fn complete(&self, _backend: &dyn Backend, done: &mut Vec<Done>) {
        self.0.lock().append(done);
    }
}
