//! All ways that a run can go, one after the other: the choices of a run, counted up like the digits of a number.

/// The choices of one run.
#[derive(Debug, Default, Clone)]
pub(crate) struct Choices {
    /// What is chosen, and of how many.
    taken: Vec<(usize, usize)>,
    at: usize,
}

impl Choices {
    /// One of `0..of`; 0 in the first run.
    pub(crate) fn next(&mut self, of: usize) -> usize {
        if self.at == self.taken.len() {
            self.taken.push((0, of));
        }
        let (choice, expected) = self.taken[self.at];
        assert_eq!(expected, of, "runs with the same choices go the same way");
        self.at += 1;
        choice
    }

    /// The choices of the next run; `None` if this was the last.
    fn advance(mut self) -> Option<Self> {
        while let Some((choice, of)) = self.taken.pop() {
            if choice + 1 < of {
                self.taken.push((choice + 1, of));
                self.at = 0;
                return Some(self);
            }
        }
        None
    }
}

/// Calls `run` with all choices that it can make, and returns how many runs that were.
pub(crate) fn every(mut run: impl FnMut(&mut Choices)) -> u64 {
    let (mut next, mut runs) = (Some(Choices::default()), 0);
    while let Some(mut choices) = next {
        run(&mut choices);
        runs += 1;
        assert_eq!(choices.at, choices.taken.len(), "a run makes all choices of the one before it");
        next = choices.advance();
    }
    runs
}

#[test]
fn every_run_is_made_once() {
    let mut seen = Vec::new();
    let runs = every(|choices| {
        let first = choices.next(2);
        seen.push((first, if first == 1 { choices.next(3) } else { 9 }));
    });
    assert_eq!((runs, seen), (4, vec![(0, 9), (1, 0), (1, 1), (1, 2)]));
}
