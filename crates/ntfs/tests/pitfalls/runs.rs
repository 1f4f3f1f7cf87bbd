//! Run lists, most of them hostile.

use quarry_forge::raw_runs;
use quarry_ntfs::{Run, RunError, RunFault, Runs};

const MAX: [u8; 8] = i64::MAX.to_le_bytes();

/// What the pairs (length, distance), ended by a 0, give for an attribute with these VCNs.
fn read(pairs: &[(&[u8], &[u8])], lowest: u64, highest: u64) -> Vec<Result<Run, RunError>> {
    let list = [raw_runs(pairs), vec![0]].concat();
    Runs::new(&list, lowest, highest).collect()
}

fn run(vcn: u64, lcn: impl Into<Option<u64>>, clusters: u64) -> Run {
    Run { vcn, lcn: lcn.into(), clusters }
}

/// Whether the list gives `sound` runs, then `fault` at `offset`, then nothing.
#[track_caller]
fn refuses(pairs: &[(&[u8], &[u8])], vcns: (u64, u64), sound: usize, offset: usize, fault: RunFault) {
    let found = read(pairs, vcns.0, vcns.1);
    assert_eq!(found.len(), sound + 1, "{found:?}");
    assert!(found[..sound].iter().all(Result::is_ok), "{found:?}");
    assert_eq!(found[sound], Err(RunError { offset, fault }));
}

#[test]
fn pitfall_05_lengths_of_run_lists_are_checked() {
    refuses(&[(&[0], &[5])], (0, 0), 0, 0, RunFault::Length { found: 0 });
    refuses(&[(&[0xFF], &[5])], (0, 9), 0, 0, RunFault::Length { found: -1 });
    refuses(&[(&[1], &[5]), (&[0], &[1])], (0, 9), 1, 3, RunFault::Length { found: 0 });
    let beyond = |vcn, clusters, expected| RunFault::Beyond { vcn, clusters, expected };
    refuses(&[(&[3], &[5])], (0, 1), 0, 0, beyond(0, 3, 1));
    refuses(&[(&[2], &[5]), (&[1], &[9])], (0, 1), 1, 3, beyond(2, 1, 1));
    refuses(&[(&MAX, &[5])], (7, 100), 0, 0, beyond(7, i64::MAX as u64, 100));
    refuses(&[(&[2], &[5])], (u64::MAX - 1, u64::MAX - 1), 0, 0, beyond(u64::MAX - 1, 2, u64::MAX - 1));
    refuses(&[(&[1], &[5])], (0, u64::MAX), 0, 0, beyond(0, 1, u64::MAX));
}

#[test]
fn pitfall_05_places_of_run_lists_are_checked() {
    refuses(&[(&[1], &[0xFB])], (0, 0), 0, 0, RunFault::Lcn { from: 0, distance: -5 });
    refuses(&[(&[1], &[5]), (&[1], &[0xFA])], (0, 1), 1, 3, RunFault::Lcn { from: 5, distance: -6 });
    refuses(&[(&[1], &MAX), (&[1], &[1])], (0, 1), 1, 10, RunFault::Lcn { from: i64::MAX, distance: 1 });
}

#[test]
fn pitfall_05_run_lists_end_where_they_should() {
    refuses(&[(&[2], &[5])], (0, 4), 1, 3, RunFault::NoEnd { covered: 1, expected: 4 });
    refuses(&[], (0, 0), 0, 0, RunFault::NoEnd { covered: -1, expected: 0 });
    refuses(&[], (9, 3), 0, 0, RunFault::NoEnd { covered: 8, expected: 3 });
    // A list that is cut off inside a run, and one that ends with the attribute instead of a 0.
    let cut: Vec<_> = Runs::new(&[0x21, 3, 5], 0, 2).collect();
    assert_eq!(cut, [Err(RunError { offset: 0, fault: RunFault::NoEnd { covered: -1, expected: 2 } })]);
    assert_eq!(Runs::new(&[0x11, 3, 5], 0, 2).collect::<Vec<_>>(), [Ok(run(0, 5, 3))]);
    // An attribute without clusters ends at VCN -1.
    assert_eq!(read(&[], 0, u64::MAX), []);
}

#[test]
fn pitfall_05_numbers_of_run_lists_have_eight_bytes_at_most() {
    refuses(&[(&[1; 9], &[5])], (0, 99), 0, 0, RunFault::Header { found: 0x19 });
    refuses(&[(&[1], &[5; 9])], (0, 99), 0, 0, RunFault::Header { found: 0x91 });
    refuses(&[(&[], &[5])], (0, 99), 0, 0, RunFault::Header { found: 0x10 });
    refuses(&[(&[1; 15], &[1; 15])], (0, 99), 0, 0, RunFault::Header { found: 0xFF });
    assert_eq!(read(&[(&[1, 0, 0, 0, 0, 0, 0, 0], &[5, 0, 0, 0, 0, 0, 0, 0])], 0, 0), [Ok(run(0, 5, 1))]);
}

#[test]
fn pitfall_38_lcn_0_is_a_cluster_and_no_hole() {
    assert_eq!(read(&[(&[2], &[0]), (&[3], &[])], 0, 4), [Ok(run(0, 0, 2)), Ok(run(2, None, 3))]);
    assert_eq!(read(&[(&[1], &[7]), (&[1], &[]), (&[1], &[0xF9])], 0, 2), {
        [Ok(run(0, 7, 1)), Ok(run(1, None, 1)), Ok(run(2, 0, 1))]
    });
}
