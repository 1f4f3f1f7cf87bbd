//! Commits that are shared, what waits for them, and what a failed one leaves.

use std::pin::Pin;
use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, Weak, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::*;
use crate::primitive::ManualClock;

type Batches = Arc<StdMutex<Vec<Vec<u32>>>>;

/// A coordinator on a clock that stands still, and the batches it committed. Each operation's result is itself.
fn recording(options: GroupCommitOptions) -> (GroupCommit<u32, u32, String>, Batches, ManualClock) {
    let (batches, hands) = (Batches::default(), ManualClock::new());
    let record = Arc::clone(&batches);
    let commit = move |batch: Vec<u32>| {
        record.lock().expect("no test panics with it").push(batch.clone());
        Ok(batch)
    };
    let journal = GroupCommit::start(options.clock(hands.clock()), commit).expect("a thread starts");
    (journal, batches, hands)
}

fn until(condition: impl Fn() -> bool) {
    let began = std::time::Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(30), "it never came true");
        std::thread::yield_now();
    }
}

#[test]
fn a_caller_that_waits_takes_all_that_waits() {
    let (journal, batches, _) = recording(GroupCommitOptions::default());
    let tickets: Vec<_> = (0..9).map(|op| journal.submit(op)).collect();
    assert_eq!(journal.commit(9).unwrap(), 9);
    for (op, ticket) in tickets.into_iter().enumerate() {
        assert_eq!(ticket.wait().unwrap() as usize, op);
    }
    assert_eq!(*batches.lock().unwrap(), [(0..10).collect::<Vec<u32>>()]);
}

/// The clock stands still: a caller that waited for company or for time would wait for ever.
#[test]
fn a_lone_caller_waits_for_nobody() {
    let (journal, batches, _) = recording(GroupCommitOptions::default());
    for op in 0..100 {
        assert_eq!(journal.commit(op).unwrap(), op);
    }
    assert_eq!(batches.lock().unwrap().len(), 100);
}

#[test]
fn what_nobody_waits_for_is_committed_at_its_count() {
    let (journal, batches, _) = recording(GroupCommitOptions::low_latency());
    (0..4).for_each(|op| drop(journal.submit(op)));
    assert_eq!(journal.stats().pending, 4);
    drop(journal.submit(4));
    until(|| batches.lock().unwrap().iter().flatten().count() == 5);
    assert_eq!(journal.stats().largest_batch, 5);
}

#[test]
fn what_nobody_waits_for_is_committed_at_its_size() {
    let (journal, batches, _) = recording(GroupCommitOptions::high_throughput());
    drop(journal.submit_sized(1, (1 << 20) - 1));
    assert_eq!(journal.stats().pending, 1);
    drop(journal.submit_sized(2, 1));
    until(|| *batches.lock().unwrap() == [[1, 2]]);
    assert_eq!(journal.stats().bytes, 1 << 20);
}

#[test]
fn what_nobody_waits_for_is_committed_at_its_age() {
    let (journal, batches, hands) = recording(GroupCommitOptions::default());
    drop(journal.submit(1));
    hands.advance(Duration::from_millis(99));
    std::thread::sleep(Duration::from_millis(20));
    assert!(batches.lock().unwrap().is_empty(), "99 of 100 ms");
    hands.advance(Duration::from_millis(1));
    until(|| *batches.lock().unwrap() == [[1]]);
    assert_eq!(journal.stats().latency.count(), 1);
}

#[test]
fn dropping_commits_what_is_left() {
    let (journal, batches, _) = recording(GroupCommitOptions::default());
    let ticket = journal.submit(1);
    drop(journal.submit(2));
    drop(journal);
    assert_eq!(*batches.lock().unwrap(), [[1, 2]]);
    assert_eq!(ticket.wait().unwrap(), 1);
}

#[test]
fn flushing_waits_for_what_was_submitted_before() {
    let (journal, batches, _) = recording(GroupCommitOptions::default());
    journal.flush().unwrap();
    drop(journal.submit(1));
    journal.flush().unwrap();
    assert_eq!(*batches.lock().unwrap(), [[1]]);
}

struct Woken(AtomicU32);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_ticket_is_a_future() {
    let (journal, _, _) = recording(GroupCommitOptions::default());
    let woken = Arc::new(Woken(AtomicU32::new(0)));
    let waker = Arc::clone(&woken).into();
    let mut context = Context::from_waker(&waker);
    let mut ticket = Box::pin(journal.submit(7));
    match ticket.as_mut().poll(&mut context) {
        Poll::Ready(result) => assert_eq!(result.unwrap(), 7),
        Poll::Pending => {
            until(|| woken.0.load(Ordering::SeqCst) > 0);
            assert!(matches!(ticket.as_mut().poll(&mut context), Poll::Ready(Ok(7))));
        }
    }
}

#[test]
fn callers_that_come_while_one_commits_go_together() {
    let (enter, entered) = mpsc::channel();
    let (leave, left) = mpsc::channel::<()>();
    let commit = move |batch: Vec<u32>| {
        enter.send(batch.len()).unwrap();
        left.recv().unwrap();
        Ok::<_, String>(batch)
    };
    let journal = GroupCommit::start(GroupCommitOptions::default(), commit).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| journal.commit(0).unwrap());
        assert_eq!(entered.recv().unwrap(), 1);
        for op in 1..=20 {
            let journal = &journal;
            scope.spawn(move || assert_eq!(journal.commit(op).unwrap(), op));
        }
        until(|| journal.stats().pending == 20);
        leave.send(()).unwrap();
        assert_eq!(entered.recv().unwrap(), 20, "ten end a wait, they are no cap");
        leave.send(()).unwrap();
    });
    assert_eq!(journal.stats().operations_per_commit(), 10.5);
}

#[test]
fn a_failure_fails_its_batch_and_all_after_it() {
    let commit = |batch: Vec<u32>| if batch.contains(&13) { Err("the disk is gone") } else { Ok(batch) };
    let journal = GroupCommit::start(GroupCommitOptions::default(), commit).unwrap();
    journal.commit(1).unwrap();
    let tickets = [journal.submit(2), journal.submit(13)];
    for ticket in tickets {
        assert!(matches!(ticket.wait(), Err(CommitError::Failed(error)) if *error == "the disk is gone"));
    }
    assert!(matches!(journal.commit(3), Err(CommitError::Failed(_))));
    assert!(matches!(journal.flush(), Err(CommitError::Failed(_))));
    assert_eq!(journal.stats().batches, 2, "the commit function was not called again");
}

#[test]
fn a_panic_and_a_miscount_are_failures() {
    let panics =
        GroupCommit::<u32, u32, String>::start(GroupCommitOptions::default(), |_| panic!("boom")).unwrap();
    assert!(matches!(panics.commit(1), Err(CommitError::Panicked { message }) if &*message == "boom"));
    let forgets =
        GroupCommit::<u32, u32, String>::start(GroupCommitOptions::default(), |_| Ok(Vec::new())).unwrap();
    assert!(matches!(forgets.commit(1), Err(CommitError::Miscounted { expected: 1, actual: 0 })));
}

/// With a commit of a fixed millisecond, callers must share commits rather than queue up for one each.
#[test]
fn many_callers_share_commits() {
    let commit = |batch: Vec<u32>| {
        std::thread::sleep(Duration::from_millis(1));
        Ok::<_, String>(batch)
    };
    let journal = GroupCommit::start(GroupCommitOptions::default(), commit).unwrap();
    std::thread::scope(|scope| {
        for caller in 0..32 {
            let journal = &journal;
            scope.spawn(move || {
                (0..10).for_each(|op| assert_eq!(journal.commit(caller + op).unwrap(), caller + op))
            });
        }
    });
    let stats = journal.stats();
    assert_eq!(stats.operations, 320);
    assert!(stats.operations_per_commit() > 5.0, "{stats:?}");
}

/// A result that asks the coordinator when it is dropped.
struct Asks(Arc<OnceLock<Weak<GroupCommit<u32, Asks, String>>>>);

impl Drop for Asks {
    fn drop(&mut self) {
        if let Some(journal) = self.0.get().and_then(Weak::upgrade) {
            let _ = journal.stats();
        }
    }
}

/// Nobody kept the ticket, so its result is dropped as soon as it is there: under the mutex, it would wait for itself.
#[test]
fn a_result_that_nobody_wants_may_come_back() {
    let known = Arc::new(OnceLock::new());
    let result = Arc::clone(&known);
    let commit = move |batch: Vec<u32>| Ok(batch.iter().map(|_| Asks(Arc::clone(&result))).collect());
    let journal = Arc::new(GroupCommit::start(GroupCommitOptions::default(), commit).unwrap());
    known.set(Arc::downgrade(&journal)).unwrap();
    let (over, is_over) = mpsc::channel();
    std::thread::spawn(move || {
        drop(journal.submit(1));
        over.send(journal.flush().is_ok()).unwrap();
    });
    assert_eq!(is_over.recv_timeout(Duration::from_secs(20)), Ok(true), "it waits for itself");
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("a waker panics");
    }
}

/// The thread that wakes is the one that commits for those that do not wait: it took all that came later with it.
#[test]
fn a_waker_that_panics_takes_nothing_with_it() {
    let (journal, batches, _) = recording(GroupCommitOptions::default());
    let waker = Arc::new(Panics).into();
    let mut ticket = Box::pin(journal.submit(1));
    assert!(ticket.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    until(|| batches.lock().unwrap().len() == 1);
    drop(journal.submit(2));
    drop(journal);
    assert_eq!(*batches.lock().unwrap(), [[1], [2]]);
    assert_eq!(Pin::into_inner(ticket).wait().unwrap(), 1);
}

/// What was never given to the commit function counts for nothing: neither as operations nor as bytes of batches.
#[test]
fn what_a_failure_leaves_in_the_queue_was_in_no_batch() {
    let (enter, entered) = mpsc::channel();
    let (leave, left) = mpsc::channel::<()>();
    let commit = move |_: Vec<u32>| {
        enter.send(()).unwrap();
        left.recv().unwrap();
        Err::<Vec<u32>, _>("the disk is gone")
    };
    let journal = GroupCommit::start(GroupCommitOptions::default(), commit).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| journal.submit_sized(1, 100).wait().unwrap_err());
        entered.recv().unwrap();
        let queued = journal.submit_sized(2, 1000);
        leave.send(()).unwrap();
        assert!(matches!(queued.wait(), Err(CommitError::Failed(_))));
    });
    let stats = journal.stats();
    assert_eq!((stats.batches, stats.operations, stats.bytes, stats.pending), (1, 1, 100, 0));
    assert!(journal.flush().is_err());
}

/// A future that is polled while its batch is under way has nothing to hurry: what comes later was committed alone for it, at once.
#[test]
fn what_is_under_way_hurries_nothing_that_comes_later() {
    let (enter, entered) = mpsc::channel();
    let (leave, left) = mpsc::channel::<()>();
    let commit = move |batch: Vec<u32>| {
        enter.send(()).unwrap();
        left.recv().unwrap();
        Ok::<_, String>(batch)
    };
    let options = GroupCommitOptions::default().clock(ManualClock::new().clock());
    let journal = GroupCommit::start(options, commit).unwrap();
    std::thread::scope(|scope| {
        let mut ticket = Box::pin(journal.submit(1));
        scope.spawn(|| journal.flush().unwrap());
        entered.recv().unwrap();
        assert!(ticket.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        leave.send(()).unwrap();
    });
    drop(journal.submit(2));
    let is_committed = entered.recv_timeout(Duration::from_millis(20)).is_ok();
    let pending = journal.stats().pending;
    leave.send(()).unwrap();
    drop(journal);
    assert_eq!((is_committed, pending), (false, 1), "it is neither old nor in company");
}
