//! Who is next: operations that wait for a place in flight, by priority, first come first served within each.
//!
//! Strict priority would starve the lower ones for as long as there is work of a higher one, and rules that go by waiting
//! time turn into plain order of arrival once everything has waited for long, just when priorities are needed. So aging
//! counts turns: a priority that was passed over a certain number of times in a row has the next turn. Nobody's clock is
//! read, the shares under any load are known, and what is most urgent keeps more than half of the turns.
//!
//! **The bound.** The first operation of priority `p` has its turn after being passed over [`Priority::turns`]`(p)` times
//! at most, and the one with `n` before it in its priority after `(n + 1)` times as many turns at most. Proof: one that is
//! due is passed over only for others that are due, of higher priority; each of those is due again only after it was passed over
//! at least four more times, so that there are at most as many such turns as there are higher priorities that age.

use std::collections::VecDeque;

/// How urgent an operation is; the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// What others wait for: metadata, journals.
    Critical,
    /// Reads that somebody waits for now.
    HighRead,
    /// Reads.
    NormalRead,
    /// Writes.
    Write,
    /// Scrubbing, rebuilding, reading ahead: whenever there is time.
    Background,
}

impl Priority {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 5] =
        [Self::Critical, Self::HighRead, Self::NormalRead, Self::Write, Self::Background];

    /// How often it is passed over until it is due. `Critical` is always first among those that are not.
    const fn due_after(self) -> u32 {
        match self {
            Self::Critical => u32::MAX,
            Self::HighRead => 4,
            Self::NormalRead => 8,
            Self::Write => 16,
            Self::Background => 32,
        }
    }

    /// How many turns pass at most until the first that waits in this priority has one, its own included. `None` for
    /// [`Critical`](Self::Critical), which is passed over for what is due and never ages itself: it has more than half of all turns.
    #[must_use]
    pub const fn turns(self) -> Option<u32> {
        match self {
            Self::Critical => None,
            // Those above that age are as many as its number less one.
            _ => Some(self.due_after() + self as u32),
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

/// Those who wait.
#[derive(Debug)]
pub(super) struct Line<T> {
    lines: [VecDeque<T>; 5],
    /// How often each was passed over since it was last served or last empty.
    passed: [u32; 5],
    len: usize,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self { lines: Default::default(), passed: [0; 5], len: 0 }
    }
}

impl<T> Line<T> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn len_of(&self, priority: Priority) -> usize {
        self.lines[priority.index()].len()
    }

    pub(super) fn push(&mut self, priority: Priority, item: T) {
        self.lines[priority.index()].push_back(item);
        self.len += 1;
    }

    /// The next.
    pub(super) fn pop(&mut self) -> Option<T> {
        let waits = |priority: &&Priority| !self.lines[priority.index()].is_empty();
        let due = |priority: &&Priority| self.passed[priority.index()] >= priority.due_after();
        let next = Priority::ALL.iter().find(|priority| waits(priority) && due(priority));
        let next = next.or_else(|| Priority::ALL.iter().find(waits)).copied()?;
        for (line, passed) in self.lines.iter().zip(&mut self.passed) {
            *passed = if line.is_empty() { 0 } else { passed.saturating_add(1) };
        }
        self.passed[next.index()] = 0;
        self.len -= 1;
        self.lines[next.index()].pop_front()
    }

    /// The one of `priority` that came last.
    pub(super) fn pop_last(&mut self, priority: Priority) -> Option<T> {
        let last = self.lines[priority.index()].pop_back()?;
        self.removed(priority.index());
        Some(last)
    }

    /// The first that `wanted` says yes to, wherever it stands.
    pub(super) fn remove(&mut self, wanted: impl Fn(&T) -> bool) -> Option<T> {
        let found = self.lines.iter().enumerate().find_map(|(line, items)| {
            let at = items.iter().position(&wanted)?;
            Some((line, at))
        });
        let (line, at) = found?;
        let item = self.lines[line].remove(at)?;
        self.removed(line);
        Some(item)
    }

    fn removed(&mut self, line: usize) {
        self.len -= 1;
        if self.lines[line].is_empty() {
            self.passed[line] = 0;
        }
    }

    /// All of them, the most urgent first.
    pub(super) fn take_all(&mut self) -> Vec<T> {
        let lines = std::mem::take(self).lines;
        lines.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same policy in the plainest words: one list in order of arrival, looked through from the start each time.
    #[derive(Default)]
    struct Naive {
        list: Vec<(Priority, u32)>,
        /// The turns so far, and who was waiting beside the one that had it.
        history: Vec<(Priority, Vec<Priority>)>,
    }

    impl Naive {
        /// How many of the last turns in a row went to others while this one waited.
        fn passed(&self, priority: Priority) -> usize {
            let turns = self.history.iter().rev();
            turns.take_while(|(taken, waiting)| *taken != priority && waiting.contains(&priority)).count()
        }

        fn pop(&mut self) -> Option<(Priority, u32)> {
            let mut sorted = self.list.clone();
            sorted.sort_by_key(|(priority, _)| *priority);
            let limits = [usize::MAX, 4, 8, 16, 32];
            let due =
                sorted.iter().find(|(priority, _)| self.passed(*priority) >= limits[*priority as usize]);
            let next = *due.or_else(|| sorted.first())?;
            let waiting = self.list.iter().map(|(priority, _)| *priority).collect();
            self.history.push((next.0, waiting));
            self.list.retain(|item| *item != next);
            Some(next)
        }

        /// What leaves without a turn leaves its priority as if it had never been there, if it was the last.
        fn left(&mut self, priority: Priority) {
            if !self.list.iter().any(|(other, _)| *other == priority) {
                self.history.iter_mut().for_each(|(_, waiting)| waiting.retain(|other| *other != priority));
            }
        }
    }

    #[derive(Debug, Clone, Copy)]
    enum Act {
        Push(Priority),
        Pop,
        Remove(u32),
        Shed,
    }

    fn act() -> impl Strategy<Value = Act> {
        let priority = (0usize..5).prop_map(|index| Priority::ALL[index]);
        prop_oneof![
            6 => priority.prop_map(Act::Push),
            5 => Just(Act::Pop),
            1 => (0u32..200).prop_map(Act::Remove),
            1 => Just(Act::Shed),
        ]
    }

    proptest! {
        #[test]
        fn the_line_serves_as_the_plain_list_does(acts in prop::collection::vec(act(), 1..400)) {
            let (mut line, mut naive, mut number) = (Line::default(), Naive::default(), 0);
            for act in acts {
                match act {
                    Act::Push(priority) => {
                        line.push(priority, (priority, number));
                        naive.list.push((priority, number));
                        number += 1;
                    }
                    Act::Pop => prop_assert_eq!(line.pop(), naive.pop()),
                    Act::Remove(which) => {
                        let at = naive.list.iter().position(|(_, number)| *number == which);
                        let removed = at.map(|at| naive.list.remove(at));
                        prop_assert_eq!(line.remove(|(_, number)| *number == which), removed);
                        removed.into_iter().for_each(|(priority, _)| naive.left(priority));
                    }
                    Act::Shed => {
                        let at = naive.list.iter().rposition(|(priority, _)| *priority == Priority::Background);
                        let shed = at.map(|at| naive.list.remove(at));
                        prop_assert_eq!(line.pop_last(Priority::Background), shed);
                        shed.into_iter().for_each(|(priority, _)| naive.left(priority));
                    }
                }
                prop_assert_eq!(line.len(), naive.list.len());
            }
            let mut rest = line.take_all();
            rest.sort_unstable();
            naive.list.sort_unstable();
            prop_assert_eq!(rest, naive.list);
        }

        /// Whatever else comes, the first that waits has its turn within the bound.
        #[test]
        fn nobody_waits_for_longer_than_the_bound(
            arrivals in prop::collection::vec(prop::collection::vec(0usize..5, 0..4), 1..400),
        ) {
            let mut line = Line::default();
            // The turns that the first of each priority has waited for.
            let mut waited = [0; 5];
            for arrived in arrivals {
                arrived.into_iter().for_each(|index| line.push(Priority::ALL[index], Priority::ALL[index]));
                let waiting = Priority::ALL.map(|priority| line.len_of(priority) > 0);
                let Some(served) = line.pop() else { continue };
                for priority in Priority::ALL {
                    let turns = &mut waited[priority.index()];
                    *turns = if waiting[priority.index()] { *turns + 1 } else { 0 };
                    if let Some(bound) = priority.turns() {
                        prop_assert!(*turns <= bound, "{:?} waited for {} turns", priority, turns);
                    }
                    if served == priority {
                        *turns = 0;
                    }
                }
            }
        }
    }

    /// The worst case is met, so the bound could not be smaller for the last; the first keeps more than half.
    #[test]
    fn shares_under_constant_load() {
        let mut line = Line::default();
        let mut served = [0; 5];
        for priority in Priority::ALL {
            (0..10_000).for_each(|_| line.push(priority, priority));
        }
        for _ in 0..10_000 {
            served[line.pop().unwrap().index()] += 1;
        }
        let [critical, high, normal, write, background] = served;
        assert!(critical > 5_000, "{served:?}");
        assert!(critical > high && high > normal && normal > write && write > background, "{served:?}");
        assert!(background >= 10_000 / 36, "{served:?}");
    }
}
