//! How far a scan has come, shown on standard error when it takes longer than a moment.
//!
//! The scan only counts. A thread beside it looks at the counters now and then, draws the bar, and passes an
//! interrupt on; a search that is over in a moment wakes it once, to end it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use quarry_scan::Progress;

use crate::exit::Exit;
use crate::output::words::escaped;
use crate::session::{Session, Verbosity};

/// What is done sooner needs no bar.
const MOMENT: Duration = Duration::from_millis(500);
/// How often the counters are looked at.
const TICK: Duration = Duration::from_millis(50);

/// What is scanned, for the user to see.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watched<'a> {
    pub(crate) name: &'a str,
    pub(crate) record_bytes: u32,
}

/// Does `work`, which counts in `progress`, while the user can see how far it is and interrupt it.
pub(crate) fn watch<T>(
    watched: Watched<'_>,
    session: &Session,
    progress: &Progress,
    work: impl FnOnce() -> T,
) -> T {
    let over = AtomicBool::new(false);
    let shown = session.terminal.error && session.verbosity > Verbosity::Quiet;
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let bar = Bar { watched, shown, started: Instant::now() };
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
    watched: Watched<'a>,
    shown: bool,
    started: Instant,
}

impl Bar<'_> {
    fn until(&self, over: &AtomicBool, session: &Session, progress: &Progress) {
        let mut bar: Option<ProgressBar> = None;
        let mut built = false;
        while !over.load(Ordering::Relaxed) {
            if session.interrupt.is_set() {
                progress.stop();
            }
            if session.interrupt.needs_an_end() {
                if let Some(bar) = bar.take() {
                    bar.finish_and_clear();
                }
                session.note(Verbosity::Usual, &format!("{}: interrupted", self.watched.name));
                std::process::exit(Exit::Interrupted.code().into());
            }
            if self.shown && self.started.elapsed() >= MOMENT {
                let bar = bar.get_or_insert_with(|| self.draw());
                bar.set_length(progress.total());
                bar.set_position(progress.records());
                // What is left when all is read is said without a bar: how long it takes is not known.
                if progress.total() > 0 && progress.records() >= progress.total() && !built {
                    built = true;
                    bar.set_style(style("{msg} {human_len} records read, building the index, {elapsed}", 0));
                }
            }
            std::thread::park_timeout(TICK);
        }
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
    }

    fn draw(&self) -> ProgressBar {
        let target = ProgressDrawTarget::stderr_with_hz(10);
        let bar =
            ProgressBar::with_draw_target(None, target).with_message(escaped(self.watched.name.as_bytes()));
        let template = "{msg} [{bar:30}] {human_pos} of {human_len} records, {rate}, {eta} left";
        bar.set_style(style(template, self.watched.record_bytes));
        bar
    }
}

/// A style that knows how many MB/s are read.
fn style(template: &str, record_bytes: u32) -> ProgressStyle {
    let rate = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        // What cannot be drawn is not there.
        let _ = write!(out, "{:.0} MB/s", state.per_sec() * f64::from(record_bytes) / 1e6);
    };
    // Without the template there is still indicatif's own bar.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("=> ").with_key("rate", rate)
}

#[cfg(test)]
mod tests {
    use super::{TICK, Watched, watch};
    use crate::session::Session;
    use quarry_scan::Progress;
    use std::time::Instant;

    const DISK: Watched<'_> = Watched { name: "disk", record_bytes: 1024 };

    #[test]
    fn an_interrupt_reaches_the_scan() {
        let session = Session::quiet();
        let progress = Progress::default();
        let stopped = watch(DISK, &session, &progress, || {
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
        let session = Session::quiet();
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            watch(DISK, &session, &Progress::default(), || panic!("on purpose"));
        }));
        assert!(result.is_err());
    }
}
