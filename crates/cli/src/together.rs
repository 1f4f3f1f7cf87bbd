//! Volumes that are read together: under one limit of threads, behind one bar, ended by one interrupt.

use std::num::NonZeroUsize;

use quarry_scan::{MultiVolume, Panicked, Progress, Seat, Topology};

use crate::args::Memory;
use crate::failure::{Complaint, Failure};
use crate::progress::{self, Watched};
use crate::session::Session;
use crate::volumes::Opened;

/// Does `read` with the number of each of `volumes`, several at once on `threads` in all. Within a limit of memory they go one after the
/// other, for each may use all of it. What came of each, in their order; after an interrupt there may be none of the last.
pub(crate) fn each<T: Send>(
    volumes: &[&Opened],
    (threads, memory): (NonZeroUsize, &Memory),
    session: &Session,
    read: impl Fn(usize, Option<&Seat>, &Progress) -> Result<T, Failure> + Sync,
) -> Vec<Result<T, Failure>> {
    let [first, _, ..] = volumes else { return one_by_one(volumes, session, read) };
    if memory.memory.is_some() {
        return one_by_one(volumes, session, read);
    }
    let progress = Progress::default();
    let name = format!("{} volumes", volumes.len());
    let watched = Watched { name: &name, record_bytes: first.volume.record_bytes() };
    let many = MultiVolume::new(threads, Topology::read("/sys"));
    let done = progress::watch(watched, session, &progress, || {
        many.run((0..volumes.len()).collect(), |seat, number| read(number, Some(&seat), &progress))
    });
    let of = |(done, opened): (Result<_, Panicked>, &&Opened)| match done {
        Ok(done) => done,
        Err(panicked) => Err(Complaint::about(opened.title(), panicked).into()),
    };
    done.into_iter().zip(volumes).map(of).collect()
}

fn one_by_one<T>(
    volumes: &[&Opened],
    session: &Session,
    read: impl Fn(usize, Option<&Seat>, &Progress) -> Result<T, Failure>,
) -> Vec<Result<T, Failure>> {
    let mut done = Vec::with_capacity(volumes.len());
    for (number, opened) in volumes.iter().enumerate() {
        let (progress, title) = (Progress::default(), opened.title());
        let watched = Watched { name: &title, record_bytes: opened.volume.record_bytes() };
        done.push(progress::watch(watched, session, &progress, || read(number, None, &progress)));
        if matches!(done.last(), Some(Err(Failure::Interrupted))) {
            break;
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::each;
    use crate::args::Memory;
    use crate::failure::{Complaint, Failure};
    use crate::session::Session;
    use crate::volumes::Opened;
    use quarry_scan::SynthDevice;
    use std::num::NonZeroUsize;
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn volumes(count: u64) -> Vec<Opened> {
        let one = |seed| {
            let device = Arc::new(SynthDevice::new(100, seed));
            let volume = quarry_scan::open(device, None).expect("a volume").remove(0);
            Opened { source: Path::new("made up").to_owned(), volume }
        };
        (0..count).map(one).collect()
    }

    fn threads(count: usize) -> NonZeroUsize {
        NonZeroUsize::new(count).expect("not zero")
    }

    #[test]
    fn one_that_fails_does_not_stop_the_others() {
        let opened = volumes(4);
        let opened: Vec<&Opened> = opened.iter().collect();
        for count in [1, 2, 4] {
            let limits = (threads(count), &Memory::default());
            let done = each(&opened, limits, &Session::quiet(), |number, seat, _| {
                assert!(seat.is_some_and(|seat| seat.threads().get() == count), "the threads are not shared");
                match number {
                    1 => Err(Failure::from(Complaint::about("second", "is broken"))),
                    2 => panic!("on purpose"),
                    _ => Ok(number),
                }
            });
            let [Ok(0), Err(Failure::Because(second)), Err(Failure::Because(third)), Ok(3)] = &done[..]
            else {
                panic!("{done:?}")
            };
            assert_eq!(second.to_string(), "second: is broken");
            assert!(third.to_string().contains("failed in a way"), "{third}");
        }
    }

    #[test]
    fn within_a_limit_of_memory_they_go_one_after_the_other_until_an_interrupt() {
        let opened = volumes(3);
        let opened: Vec<&Opened> = opened.iter().collect();
        let (memory, at_once) = (Memory { memory: Some(1 << 30), scratch: None }, AtomicUsize::new(0));
        let done = each(&opened, (threads(4), &memory), &Session::quiet(), |number, seat, _| {
            assert!(seat.is_none(), "each may use all threads");
            assert_eq!(at_once.fetch_add(1, Ordering::SeqCst), 0, "two at once");
            std::thread::yield_now();
            at_once.fetch_sub(1, Ordering::SeqCst);
            if number == 1 { Err(Failure::Interrupted) } else { Ok(()) }
        });
        assert!(matches!(done[..], [Ok(()), Err(Failure::Interrupted)]), "{done:?}");
    }
}
