//! `Worker`: its stop. Everything posted runs or is counted, and the threads end.

use std::num::NonZeroUsize;
use std::sync::Arc;

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use quarry_sync::{Stop, WorkerOptions};

use crate::check;

fn stop_meets_a_post(stop: Stop, threads: usize) {
    check(move || {
        let ran = Arc::new(AtomicUsize::new(0));
        let threads = NonZeroUsize::new(threads).expect("at least one");
        let worker = Arc::new(WorkerOptions::new("model").threads(threads).start().unwrap());
        let job = |ran: &Arc<AtomicUsize>| {
            let ran = Arc::clone(ran);
            move || {
                ran.fetch_add(1, Ordering::SeqCst);
            }
        };
        worker.post(0, "first", job(&ran)).unwrap();
        let poster = {
            let (worker, job) = (Arc::clone(&worker), job(&ran));
            thread::spawn(move || usize::from(worker.post(1, "second", job).is_ok()))
        };
        worker.close(stop);
        let accepted = 1 + poster.join().unwrap();
        let report = Arc::into_inner(worker).expect("the poster is gone").stop(Stop::Finish);
        assert_eq!(report.ran as usize, ran.load(Ordering::SeqCst));
        assert_eq!(report.ran + report.dropped, accepted as u64);
        if stop == Stop::Finish {
            assert_eq!(report.dropped, 0);
        }
    });
}

#[test]
fn finishing_runs_all_that_was_accepted() {
    stop_meets_a_post(Stop::Finish, 1);
}

#[test]
fn dropping_counts_what_did_not_run() {
    stop_meets_a_post(Stop::DropQueued, 1);
}

#[test]
fn two_threads_both_end() {
    stop_meets_a_post(Stop::Finish, 2);
}
