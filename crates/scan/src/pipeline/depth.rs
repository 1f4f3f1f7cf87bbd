//! How many reads to keep in flight: climbing as long as it makes the drive faster, backing off when it does not.
//!
//! The kind of drive says where to begin and how far to go. From there a depth is measured over a window of completions;
//! the first ones after a change are left out, for they were asked for before it. More depth that brings nothing is given
//! back, and so is depth whose loss costs nothing: it would only make each read wait longer. When no step helps, the depth
//! is held, and looked at again when the rate has fallen.
//!
//! Rejected: a controller that steers by latency alone. Latency grows with depth on every drive; only together with a rate that does
//! not does it say that requests merely queue.

use std::time::Duration;

use super::mode::Depths;

/// Completions in a window, or twice the depth if that is more.
const WINDOW: usize = 16;
/// A step up has to bring so much, in percent, and one down may cost so little.
const GAIN_PERCENT: f64 = 3.0;
const LOSS_PERCENT: f64 = 1.0;
/// Windows in a row far below the rate that was settled on, after which that is looked for again.
const WORSE_WINDOWS: u32 = 3;
const WORSE: f64 = 0.6;

/// The number of reads in flight, steered.
#[derive(Debug)]
pub(super) struct Depth {
    limits: Depths,
    now: usize,
    highest: usize,
    /// The best depth so far and its rate, bytes a second.
    best: Option<(usize, f64)>,
    search: Search,
    /// Completions that belong to the depth before.
    stale: usize,
    window: Window,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Search {
    Up,
    Down,
    Settled { worse: u32 },
}

#[derive(Debug, Default)]
struct Window {
    began: Option<Duration>,
    completions: usize,
    bytes: u64,
    latency: Duration,
}

impl Depth {
    pub(super) fn new(limits: Depths) -> Self {
        let now = limits.first;
        let search =
            if limits.all.start() == limits.all.end() { Search::Settled { worse: 0 } } else { Search::Up };
        Self { limits, now, highest: now, best: None, search, stale: 0, window: Window::default() }
    }

    /// Reads to keep in flight.
    pub(super) fn now(&self) -> usize {
        self.now
    }

    /// The most that it was.
    pub(super) fn highest(&self) -> usize {
        self.highest
    }

    fn is_fixed(&self) -> bool {
        self.limits.all.start() == self.limits.all.end()
    }

    /// A read of `bytes` that was in flight for `latency` has come, at `now` by the clock that tells latencies.
    pub(super) fn completed(&mut self, now: Duration, bytes: u64, latency: Duration) {
        if self.is_fixed() {
            return;
        }
        if self.stale > 0 {
            self.stale -= 1;
            return;
        }
        let Some(began) = self.window.began else {
            self.window = Window { began: Some(now), ..Window::default() };
            return;
        };
        self.window.completions += 1;
        self.window.bytes += bytes;
        self.window.latency += latency;
        if self.window.completions < WINDOW.max(2 * self.now) {
            return;
        }
        let (seconds, count) = (now.saturating_sub(began).as_secs_f64(), self.window.completions);
        let mean = self.window.latency / u32::try_from(count).unwrap_or(u32::MAX).max(1);
        #[expect(clippy::cast_precision_loss, reason = "rates are compared to percents")]
        let rate = self.window.bytes as f64 / seconds.max(1e-9);
        self.window = Window { began: Some(now), ..Window::default() };
        let before = self.now;
        self.judge(rate);
        self.highest = self.highest.max(self.now);
        tracing::debug!(depth = before, next = self.now, rate, latency = ?mean, search = ?self.search, "reads in flight");
    }

    /// Decides on the next depth, now that this one has this rate.
    fn judge(&mut self, rate: f64) {
        let (best, best_rate) = *self.best.get_or_insert((self.now, rate));
        let first = best == self.now && best_rate == rate;
        match self.search {
            Search::Up if first || rate > best_rate * (1.0 + GAIN_PERCENT / 100.0) => {
                self.best = Some((self.now, rate));
                match self.up(self.now) {
                    Some(next) => self.go(next),
                    // Nothing is above; when the very first was the highest, perhaps less does as well.
                    None => self.try_down(),
                }
            }
            Search::Up => self.try_down(),
            Search::Down if rate >= best_rate * (1.0 - LOSS_PERCENT / 100.0) => {
                self.best = Some((self.now, best_rate.max(rate)));
                self.try_down();
            }
            Search::Down => {
                self.search = Search::Settled { worse: 0 };
                self.go(best);
            }
            Search::Settled { worse } if rate < best_rate * WORSE => {
                self.search = Search::Settled { worse: worse + 1 };
                if worse + 1 >= WORSE_WINDOWS {
                    self.best = Some((self.now, rate));
                    self.search = Search::Up;
                    match self.up(self.now) {
                        Some(next) => self.go(next),
                        None => self.try_down(),
                    }
                }
            }
            Search::Settled { .. } => self.search = Search::Settled { worse: 0 },
        }
    }

    /// The next step below the best depth, or that one if there is none.
    fn try_down(&mut self) {
        let (best, _) = self.best.unwrap_or((self.now, 0.0));
        let next = best - (best / 3).max(1).min(best - self.limits.all.start());
        self.search = if next < best { Search::Down } else { Search::Settled { worse: 0 } };
        self.go(next);
    }

    fn up(&self, from: usize) -> Option<usize> {
        let next = (from + (from / 2).max(1)).min(*self.limits.all.end());
        (next > from).then_some(next)
    }

    fn go(&mut self, next: usize) {
        if next != self.now {
            // Those in flight were asked for at the old depth.
            self.stale = self.now.max(next);
            self.now = next;
            self.window = Window::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A drive whose rate at each depth is known; where the depth ends, and how many completions it took to settle there.
    fn check(first: usize, all: std::ops::RangeInclusive<usize>, rate: impl Fn(usize) -> f64) -> usize {
        let mut depth = Depth::new(Depths { first, all: all.clone() });
        let mut now = Duration::ZERO;
        for _ in 0..2000 {
            let each = Duration::from_secs_f64(1.0 / rate(depth.now()));
            now += each;
            depth.completed(now, 1, each * u32::try_from(depth.now()).unwrap());
            assert!(all.contains(&depth.now()));
        }
        depth.now()
    }

    #[test]
    fn it_climbs_while_that_helps_and_gives_back_what_does_not() {
        let wide = |depth: usize| f64::from(u32::try_from(depth).unwrap()) * 1000.0;
        assert_eq!(check(6, 1..=16, wide), 16, "each read in flight brings as much as the one before");
        assert_eq!(check(6, 1..=16, |_| 1000.0), 1, "one does as well as many");
        assert_eq!(check(2, 1..=2, |_| 1000.0), 1);
        let knee = |depth: usize| wide(depth.min(5));
        assert!((5..=6).contains(&check(6, 1..=16, knee)), "five are enough");
        assert!((5..=9).contains(&check(2, 1..=16, knee)));
        // A head that is sent to and fro.
        let worse = |depth: usize| 1000.0 / f64::from(u32::try_from(depth).unwrap());
        assert_eq!(check(6, 1..=16, worse), 1);
    }

    /// Two workers once told the times of their completions in the wrong order, and a scan ended in a panic.
    #[test]
    fn a_time_that_goes_back_ends_nothing() {
        let mut depth = Depth::new(Depths { first: 4, all: 1..=16 });
        for microseconds in (0..1000).rev() {
            depth.completed(Duration::from_micros(microseconds), 1, Duration::ZERO);
            assert!((1..=16).contains(&depth.now()));
        }
    }

    #[test]
    fn a_depth_that_was_asked_for_stays() {
        assert_eq!(check(7, 7..=7, |_| 1000.0), 7);
    }

    #[test]
    fn it_looks_again_when_the_drive_has_changed() {
        let mut depth = Depth::new(Depths { first: 4, all: 1..=16 });
        let mut now = Duration::ZERO;
        let mut run = |depth: &mut Depth, rate: &dyn Fn(usize) -> f64| {
            for _ in 0..2000 {
                now += Duration::from_secs_f64(1.0 / rate(depth.now()));
                depth.completed(now, 1, Duration::ZERO);
            }
            depth.now()
        };
        assert_eq!(run(&mut depth, &|_| 10_000.0), 1);
        // The cache is at its end, and behind it is a drive that wants many.
        let drive = |depth: usize| f64::from(u32::try_from(depth).unwrap()) * 100.0;
        assert_eq!(run(&mut depth, &drive), 16);
        assert_eq!(depth.highest(), 16);
    }
}
