//! Who is let in, who is shed and who is next, against one plain list that is sorted each time.

use proptest::prelude::*;

use super::*;
use crate::port::OpId;

const PLACES: usize = 12;
const KEPT: usize = 3;

/// What waits, in order of arrival, and what is at the disk, which takes one at a time.
#[derive(Default)]
struct Naive {
    list: Vec<(Priority, u64)>,
    passed: [usize; 5],
    at_work: Option<u64>,
}

/// What becomes of a submission.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Taken,
    TakenFor(u64),
    Busy,
}

impl Naive {
    fn submit(&mut self, priority: Priority, number: u64) -> Verdict {
        if self.at_work.is_none() {
            self.at_work = Some(number);
            return Verdict::Taken;
        }
        let others = self.list.iter().filter(|(priority, _)| *priority != Critical).count();
        let room = self.list.len() < PLACES && (priority == Critical || others < PLACES - KEPT);
        let youngest = self.list.iter().rposition(|(other, _)| *other == Background);
        let verdict = match youngest {
            _ if room => Verdict::Taken,
            Some(at) if priority != Background => Verdict::TakenFor(self.take(at)),
            _ => return Verdict::Busy,
        };
        self.list.push((priority, number));
        verdict
    }

    /// Takes out the one at `at`; a priority of which nothing is left has not been passed over.
    fn take(&mut self, at: usize) -> u64 {
        let (priority, number) = self.list.remove(at);
        if self.list.iter().all(|(other, _)| *other != priority) {
            self.passed[priority.index()] = 0;
        }
        number
    }

    /// The disk is done with one and begins the next. Says which it is done with.
    fn turn(&mut self) -> Option<u64> {
        let done = self.at_work.take();
        let limits = [usize::MAX, 4, 8, 16, 32];
        let mut sorted: Vec<(Priority, u64)> = self.list.clone();
        sorted.sort_unstable();
        let due =
            sorted.iter().find(|(priority, _)| self.passed[priority.index()] >= limits[priority.index()]);
        let Some(&(next, number)) = due.or_else(|| sorted.first()) else { return done };
        for priority in Priority::ALL {
            let waits = self.list.iter().any(|(other, _)| *other == priority);
            self.passed[priority.index()] = if waits { self.passed[priority.index()] + 1 } else { 0 };
        }
        self.passed[next.index()] = 0;
        self.list.retain(|(_, other)| *other != number);
        self.at_work = Some(number);
        done
    }
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Submit(Priority),
    Turn,
    /// One of those sent so far.
    Cancel(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let priority = (0usize..5).prop_map(|index| Priority::ALL[index]);
    prop_oneof![
        5 => priority.prop_map(Act::Submit),
        3 => Just(Act::Turn),
        1 => any::<usize>().prop_map(Act::Cancel),
    ]
}

proptest! {
    #[test]
    fn a_queue_does_what_a_sorted_list_does(acts in prop::collection::vec(act(), 1..300)) {
        let (.., queue) = queue(1, |options| options.places(not_zero(PLACES)).kept_for_critical(KEPT));
        let (mut naive, mut ids) = (Naive::default(), Vec::<OpId>::new());
        // What is not from a turn is ready at once.
        let next = || {
            let mut done = Vec::new();
            queue.wait_many(1, Some(Duration::ZERO), &mut done).unwrap();
            done.pop().map(|done| (done.context, done.result.is_ok()))
        };
        for act in acts {
            match act {
                Act::Submit(priority) => {
                    let number = ids.len() as u64;
                    let sent = queue.enqueue(priority, op(&queue, number));
                    let verdict = naive.submit(priority, number);
                    prop_assert_eq!(sent.is_err(), verdict == Verdict::Busy);
                    ids.extend(sent.ok());
                    if let Verdict::TakenFor(shed) = verdict {
                        prop_assert_eq!(next(), Some((shed, false)));
                    }
                }
                Act::Turn if naive.at_work.is_some() => {
                    let done = queue.wait().unwrap();
                    prop_assert_eq!(Some(done.context), naive.turn());
                    prop_assert!(done.result.is_ok());
                }
                Act::Turn => prop_assert!(naive.turn().is_none()),
                Act::Cancel(_) if ids.is_empty() => {}
                Act::Cancel(any) => {
                    let which = any % ids.len();
                    let at = naive.list.iter().position(|(_, number)| *number == which as u64);
                    queue.cancel(ids[which]);
                    let cancelled = at.map(|at| (naive.take(at), false));
                    prop_assert_eq!(next(), cancelled);
                }
            }
            let stats = queue.stats();
            prop_assert_eq!(stats.queued(), naive.list.len());
            for priority in Priority::ALL {
                let queued = naive.list.iter().filter(|(other, _)| *other == priority).count();
                prop_assert_eq!(stats.of(priority).queued, queued);
            }
        }
    }
}
