//! The target `runs`: run lists, held against a second reading of them that shares no line with the first.

use quarry_ntfs::{Run, RunError, Runs};

/// Bytes before the list: the lowest VCN, and how many clusters the attribute has.
const HEAD_BYTES: usize = 16;

/// Reads a run list that follows its attribute's first VCN and its number of clusters, eight bytes each.
///
/// The number may be 0, which wraps to the highest VCN −1 of an attribute without clusters, and any other.
pub fn runs(data: &[u8]) {
    let Some((head, list)) = data.split_at_checked(HEAD_BYTES) else { return };
    let number = |at: usize| {
        head.get(at..at + 8).and_then(|eight| eight.try_into().ok()).map_or(0, u64::from_le_bytes)
    };
    let (lowest, clusters) = (number(0), number(8));
    let end = lowest.wrapping_add(clusters);
    check(list, lowest, end.wrapping_sub(1));
}

/// Holds the runs of `list` to the attribute that they claim to cover, and to the plain reading.
pub(crate) fn check(list: &[u8], lowest_vcn: u64, highest_vcn: u64) {
    let (read, error) = collect(list, Runs::new(list, lowest_vcn, highest_vcn));
    let end = highest_vcn.wrapping_add(1);
    let mut vcn = lowest_vcn;
    for run in &read {
        assert_eq!(run.vcn, vcn, "a gap or an overlap");
        assert!(run.clusters > 0, "{run:?} takes nothing");
        assert!(run.lcn.is_none_or(|lcn| lcn <= i64::MAX as u64), "{run:?} lies beyond any volume");
        vcn = vcn.checked_add(run.clusters).expect("a run ends within what VCNs can count");
        assert!(vcn <= end, "{run:?} goes beyond VCN {highest_vcn}");
    }
    if let Some(error) = error {
        assert!(error.offset <= list.len(), "{error}");
        assert!(!error.to_string().is_empty());
    } else {
        assert_eq!(vcn, end, "the runs end before the attribute");
        round_trip(&read, lowest_vcn, highest_vcn);
    }
    let (plain, sound) = plainly(list, lowest_vcn.into(), end.into());
    assert_eq!(read, plain);
    assert_eq!(error.is_none(), sound, "{error:?}");
}

/// The runs and the error that ends them; after it nothing may come.
pub(crate) fn collect(list: &[u8], mut runs: Runs<'_>) -> (Vec<Run>, Option<RunError>) {
    let mut read = Vec::new();
    let mut error = None;
    for run in runs.by_ref() {
        match run {
            Ok(run) => read.push(run),
            Err(fault) => error = Some(fault),
        }
        assert!(read.len() <= list.len() / 2, "a run takes two bytes at least");
        if error.is_some() {
            break;
        }
    }
    assert!(runs.next().is_none(), "a run after the end");
    (read, error)
}

/// What is written from sound runs reads as the same.
fn round_trip(read: &[Run], lowest_vcn: u64, highest_vcn: u64) {
    let plain: Vec<_> = read.iter().map(|run| (run.lcn, run.clusters)).collect();
    let written = quarry_forge::runs(&plain);
    let again: Result<Vec<_>, _> = Runs::new(&written, lowest_vcn, highest_vcn).collect();
    assert_eq!(again.as_deref(), Ok(read), "written as {written:02x?}");
}

/// The runs that come before anything wrong, and whether nothing is: in 128 bits, where nothing overflows.
fn plainly(list: &[u8], lowest_vcn: i128, end: i128) -> (Vec<Run>, bool) {
    let narrow = |number: i128| u64::try_from(number).expect("it was checked");
    let (mut read, mut rest) = (Vec::new(), list);
    let (mut vcn, mut lcn) = (lowest_vcn, 0i128);
    loop {
        let (header, numbers) = match rest.split_first() {
            None | Some((0, _)) => return (read, vcn == end),
            Some((&header, numbers)) => (header, numbers),
        };
        let (length_bytes, distance_bytes) = (usize::from(header % 16), usize::from(header / 16));
        if length_bytes == 0
            || length_bytes.max(distance_bytes) > 8
            || numbers.len() < length_bytes + distance_bytes
        {
            return (read, false);
        }
        let (length, numbers) = numbers.split_at(length_bytes);
        let (distance, behind) = numbers.split_at(distance_bytes);
        let clusters = signed(length);
        if clusters < 1 || vcn + clusters > end {
            return (read, false);
        }
        // A hole has no distance; before NTFS 3 it had one that leads to LCN -1 by a step of -1.
        let next = lcn + signed(distance);
        let is_hole = distance.is_empty() || (next == -1 && signed(distance) == -1);
        if !is_hole && !(0..=i128::from(i64::MAX)).contains(&next) {
            return (read, false);
        }
        lcn = if is_hole { lcn } else { next };
        let place = (!is_hole).then(|| narrow(lcn));
        read.push(Run { vcn: narrow(vcn), lcn: place, clusters: narrow(clusters) });
        vcn += clusters;
        rest = behind;
    }
}

/// A little-endian number in two's complement.
fn signed(bytes: &[u8]) -> i128 {
    let unsigned = bytes.iter().rev().fold(0, |number, &byte| number * 256 + i128::from(byte));
    let negative = bytes.last().is_some_and(|&byte| byte >= 0x80);
    unsigned - if negative { 1 << (8 * bytes.len()) } else { 0 }
}
