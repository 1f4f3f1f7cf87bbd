//! `GroupCommit`: every operation is committed once, every ticket gets its own result, and nobody is left waiting.

use std::sync::Arc;

use loom::sync::Mutex;
use loom::thread;
use quarry_sync::{CommitError, GroupCommit, GroupCommitOptions};

use crate::check;

type Journal = GroupCommit<u8, u8, ()>;

/// A coordinator whose results are the operations, and the order in which it committed them.
fn journal() -> (Journal, Arc<Mutex<Vec<u8>>>) {
    let committed = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&committed);
    let commit = move |batch: Vec<u8>| {
        record.lock().unwrap().extend_from_slice(&batch);
        Ok(batch)
    };
    (GroupCommit::start(GroupCommitOptions::default(), commit).unwrap(), committed)
}

fn sorted(committed: &Mutex<Vec<u8>>) -> Vec<u8> {
    let mut committed = committed.lock().unwrap().clone();
    committed.sort_unstable();
    committed
}

#[test]
fn two_callers_and_the_coordinators_thread() {
    check(|| {
        let (journal, committed) = journal();
        let journal = Arc::new(journal);
        let other = {
            let journal = Arc::clone(&journal);
            thread::spawn(move || assert_eq!(journal.commit(1).unwrap(), 1))
        };
        assert_eq!(journal.submit(2).wait().unwrap(), 2);
        other.join().unwrap();
        drop(Arc::into_inner(journal));
        assert_eq!(sorted(&committed), [1, 2]);
    });
}

#[test]
fn dropping_commits_what_nobody_waits_for() {
    check(|| {
        let (journal, committed) = journal();
        let ticket = journal.submit(1);
        drop(journal.submit(2));
        drop(journal);
        assert_eq!(ticket.wait().unwrap(), 1);
        assert_eq!(sorted(&committed), [1, 2]);
    });
}

#[test]
fn a_failure_reaches_everybody() {
    check(|| {
        let commit = |_: Vec<u8>| Err::<Vec<u8>, ()>(());
        let journal = Arc::new(GroupCommit::start(GroupCommitOptions::default(), commit).unwrap());
        let other = {
            let journal = Arc::clone(&journal);
            thread::spawn(move || assert!(matches!(journal.commit(1), Err(CommitError::Failed(_)))))
        };
        assert!(matches!(journal.commit(2), Err(CommitError::Failed(_))));
        other.join().unwrap();
    });
}

#[test]
fn flushing_meets_a_caller() {
    check(|| {
        let (journal, committed) = journal();
        let journal = Arc::new(journal);
        let other = {
            let journal = Arc::clone(&journal);
            thread::spawn(move || drop(journal.commit(1)))
        };
        drop(journal.submit(2));
        journal.flush().unwrap();
        assert!(committed.lock().unwrap().contains(&2));
        other.join().unwrap();
    });
}
