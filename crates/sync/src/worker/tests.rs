//! Work in its order, panics that end no worker, and ends that wait for what was begun.

use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;

use super::*;

/// Holds a worker's only thread until told to go on.
fn plug(worker: &Worker) -> mpsc::Sender<()> {
    let (go, wait) = mpsc::channel();
    let (started, is_started) = mpsc::channel();
    let plug = move || {
        let _ = started.send(());
        let _ = wait.recv();
    };
    worker.post(i32::MAX, "plug", plug).expect("the worker runs");
    is_started.recv().expect("the plug runs");
    go
}

#[test]
fn higher_priorities_first_and_equal_ones_in_order() {
    let worker = WorkerOptions::new("test").start().unwrap();
    let go = plug(&worker);
    let ran = Arc::new(StdMutex::new(Vec::new()));
    for (priority, label) in [(0, "a"), (5, "b"), (-1, "c"), (5, "d"), (0, "e")] {
        let ran = Arc::clone(&ran);
        worker.post(priority, label, move || ran.lock().unwrap().push(label)).unwrap();
    }
    assert_eq!(worker.queued(), 5);
    drop(go);
    assert_eq!(worker.stop(Stop::Finish), WorkerReport { ran: 6, panicked: 0, dropped: 0 });
    assert_eq!(*ran.lock().unwrap(), ["b", "d", "a", "e", "c"]);
}

#[test]
fn what_is_dropped_is_counted() {
    let worker = WorkerOptions::new("test").start().unwrap();
    let go = plug(&worker);
    (0..7).for_each(|_| worker.post(0, "never", || panic!("dropped jobs do not run")).unwrap());
    worker.close(Stop::DropQueued);
    assert_eq!(worker.post(0, "late", || {}), Err(Stopped));
    drop(go);
    assert_eq!(worker.stop(Stop::Finish), WorkerReport { ran: 1, panicked: 0, dropped: 7 });
}

#[test]
fn dropping_finishes_what_is_queued() {
    let ran = Arc::new(AtomicU32::new(0));
    let worker = WorkerOptions::new("test").threads(NonZeroUsize::MIN.saturating_add(2)).start().unwrap();
    for _ in 0..100 {
        let ran = Arc::clone(&ran);
        worker
            .post(0, "count", move || {
                ran.fetch_add(1, Ordering::SeqCst);
            })
            .unwrap();
    }
    drop(worker);
    assert_eq!(ran.load(Ordering::SeqCst), 100);
}

#[test]
fn a_panic_is_reported_and_the_thread_works_on() {
    let panics = Arc::new(StdMutex::new(Vec::new()));
    let report = Arc::clone(&panics);
    let options = WorkerOptions::new("test").on_panic(move |panic| {
        report.lock().unwrap().push(panic.clone());
        panic!("a hook may panic too");
    });
    let worker = options.start().unwrap();
    worker.post(0, "sweep", || panic!("at {}", 7)).unwrap();
    worker.post(0, "next", || {}).unwrap();
    assert_eq!(worker.stop(Stop::Finish), WorkerReport { ran: 2, panicked: 1, dropped: 0 });
    assert_eq!(*panics.lock().unwrap(), [JobPanic { label: "sweep".into(), message: "at 7".into() }]);
}

#[test]
fn hooks_run_on_each_thread() {
    let (starts, stops) = (Arc::new(StdMutex::new(Vec::new())), Arc::new(StdMutex::new(Vec::new())));
    let (note_start, note_stop) = (Arc::clone(&starts), Arc::clone(&stops));
    let options = WorkerOptions::new("test")
        .threads(NonZeroUsize::MIN.saturating_add(2))
        .on_start(move || note_start.lock().unwrap().push(thread::current().id()))
        .on_stop(move || note_stop.lock().unwrap().push(thread::current().id()));
    drop(options.start().unwrap());
    let (mut starts, mut stops) = (starts.lock().unwrap().clone(), stops.lock().unwrap().clone());
    starts.sort_unstable_by_key(|id| format!("{id:?}"));
    stops.sort_unstable_by_key(|id| format!("{id:?}"));
    assert_eq!((starts.len(), &starts), (3, &stops));
}

#[test]
fn a_job_may_drop_its_own_worker() {
    let worker = WorkerOptions::new("test").start().unwrap();
    let slot = Arc::new(StdMutex::new(None));
    let (done, is_done) = mpsc::channel();
    let inside = Arc::clone(&slot);
    let go = plug(&worker);
    let last = move || {
        drop(inside.lock().unwrap().take());
        done.send(()).unwrap();
    };
    worker.post(0, "drops the worker", last).unwrap();
    *slot.lock().unwrap() = Some(worker);
    drop(go);
    is_done.recv_timeout(std::time::Duration::from_secs(30)).expect("it does not wait for itself");
}
