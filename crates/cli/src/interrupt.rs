//! Ctrl-C: the first asks the work to stop, the second does not ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::exit::Exit;

/// Set once the user has asked to stop. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt(Arc<State>);

#[derive(Debug, Default)]
struct State {
    asked: AtomicBool,
    /// How much of the work that goes on cannot be stopped, and need not be: nobody sees what it has done so far.
    deaf: AtomicUsize,
    /// How much of it must not be cut off: it will stop by itself, and tidy up.
    tidy: AtomicUsize,
}

/// Counts a piece of work for as long as it lasts.
#[derive(Debug)]
pub(crate) struct During<'a>(&'a AtomicUsize);

impl<'a> During<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for During<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Interrupt {
    /// Takes over the interrupt of the process.
    pub(crate) fn install() -> Self {
        let interrupt = Self::default();
        let asked = interrupt.clone();
        // Where it cannot be taken over, an interrupt ends the process as it always did.
        let _ = ctrlc::set_handler(move || {
            if asked.ask() {
                std::process::exit(Exit::Interrupted.code().into());
            }
        });
        interrupt
    }

    /// Asks to stop; says whether that had been asked before.
    pub(crate) fn ask(&self) -> bool {
        // Relaxed: the flag carries no data with it.
        self.0.asked.swap(true, Ordering::Relaxed)
    }

    /// Whether to stop.
    pub(crate) fn is_set(&self) -> bool {
        // Relaxed: as above.
        self.0.asked.load(Ordering::Relaxed)
    }

    /// What follows does not look whether it shall stop, and leaves nothing behind when the process ends.
    pub(crate) fn deaf(&self) -> During<'_> {
        During::new(&self.0.deaf)
    }

    /// What follows looks whether it shall stop, and must get to it.
    pub(crate) fn tidy(&self) -> During<'_> {
        During::new(&self.0.tidy)
    }

    /// Whether the process has to be ended for the work to stop, and can be.
    pub(crate) fn needs_an_end(&self) -> bool {
        let is_some = |count: &AtomicUsize| count.load(Ordering::SeqCst) > 0;
        self.is_set() && is_some(&self.0.deaf) && !is_some(&self.0.tidy)
    }
}
