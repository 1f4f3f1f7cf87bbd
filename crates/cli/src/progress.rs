//! How far a scan has come, shown on standard error when it takes longer than a moment.
//!
//! The scan only counts. A thread beside it looks at the counters now and then, draws the bar, and passes an
//! interrupt on; a search that is over in a moment wakes it once, to end it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use quarry_scan::Progress;

use crate::session::{Session, Verbosity};

/// What is done sooner needs no bar.
const MOMENT: Duration = Duration::from_millis(500);
/// How often the counters are looked at.
const TICK: Duration = Duration::from_millis(50);

/// Does `work`, which counts in `progress`, while the user can see how far it is and interrupt it.
pub(crate) fn watch<T>(name: &str, session: &Session, progress: &Progress, work: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    let shown = session.terminal.error && session.verbosity > Verbosity::Quiet;
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let bar = Bar { name, shown, started: Instant::now() };
            bar.until(&over, session, progress);
        });
        let watcher = EndOnDrop { over: &over, thread: watcher.thread() };
        let result = work();
        drop(watcher);
        result
    })
}

/// Ends the watcher even when the work panics: otherwise the scope would wait for it for ever.
struct EndOnDrop<'a> {
    over: &'a AtomicBool,
    thread: &'a std::thread::Thread,
}

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        // Relaxed: unparking synchronises with the park that it ends.
        self.over.store(true, Ordering::Relaxed);
        self.thread.unpark();
    }
}

struct Bar<'a> {
    name: &'a str,
    shown: bool,
    started: Instant,
}

impl Bar<'_> {
    fn until(&self, over: &AtomicBool, session: &Session, progress: &Progress) {
        let mut bar = None;
        while !over.load(Ordering::Relaxed) {
            if session.interrupt.is_set() {
                progress.stop();
            }
            if self.shown && self.started.elapsed() >= MOMENT {
                let bar = bar.get_or_insert_with(|| self.draw());
                bar.set_length(progress.total());
                bar.set_position(progress.records());
            }
            std::thread::park_timeout(TICK);
        }
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
    }

    fn draw(&self) -> ProgressBar {
        let target = ProgressDrawTarget::stderr_with_hz(10);
        let bar = ProgressBar::with_draw_target(None, target).with_message(self.name.to_owned());
        let template = "{msg} [{bar:40}] {human_pos} of {human_len} records, {eta} left";
        // Without the template there is still indicatif's own bar.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar
    }
}

#[cfg(test)]
mod tests {
    use super::{TICK, watch};
    use crate::args::When;
    use crate::interrupt::Interrupt;
    use crate::session::{Session, Verbosity};
    use crate::terminal::Terminal;
    use quarry_scan::Progress;
    use std::time::Instant;

    fn session() -> Session {
        let terminal = Terminal::look(When::Never);
        Session { terminal, interrupt: Interrupt::default(), verbosity: Verbosity::Quiet }
    }

    #[test]
    fn an_interrupt_reaches_the_scan() {
        let session = session();
        let progress = Progress::default();
        let stopped = watch("disk", &session, &progress, || {
            assert!(!progress.is_stopped());
            session.interrupt.ask();
            let asked = Instant::now();
            while !progress.is_stopped() && asked.elapsed() < 100 * TICK {
                std::thread::sleep(TICK / 10);
            }
            progress.is_stopped()
        });
        assert!(stopped);
    }

    #[test]
    fn work_that_panics_is_not_waited_for_for_ever() {
        let session = session();
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            watch("disk", &session, &Progress::default(), || panic!("on purpose"));
        }));
        assert!(result.is_err());
    }
}
