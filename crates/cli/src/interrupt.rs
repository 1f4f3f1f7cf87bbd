//! Ctrl-C: the first asks the work to stop, the second does not ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::exit::Exit;

/// Set once the user has asked to stop. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

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
        self.0.swap(true, Ordering::Relaxed)
    }

    /// Whether to stop.
    pub(crate) fn is_set(&self) -> bool {
        // Relaxed: as above.
        self.0.load(Ordering::Relaxed)
    }
}
