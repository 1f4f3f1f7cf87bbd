//! What the builder makes of files that refer to one another wrongly, and of batches in any order.

use proptest::prelude::*;

use super::tree::DEPTH_MAX;
use super::{BuildError, Builder, FindingKind, Findings};
use crate::budget::{Budget, OverBudget};
use crate::{Batch, CaseTable, File, FileFlags, FileId, Index, Patch, RowFlags, Stream, TAG_WOF, Time};

const ROOT: FileId = FileId { record: 5, sequence: 5 };

/// A record as a source reads it.
#[derive(Debug, Clone)]
struct Record {
    number: u32,
    sequence: u16,
    flags: FileFlags,
    /// Its base, if it only adds to another.
    base: Option<FileId>,
    names: Vec<(FileId, &'static str)>,
    streams: Vec<&'static str>,
    size: Option<u64>,
    tag: u32,
}

fn id(record: u32, sequence: u16) -> FileId {
    FileId { record, sequence }
}

fn file(number: u32, sequence: u16, parent: FileId, name: &'static str) -> Record {
    Record {
        number,
        sequence,
        flags: FileFlags::empty(),
        base: None,
        names: vec![(parent, name)],
        streams: vec![],
        size: None,
        tag: 0,
    }
}

fn folder(number: u32, sequence: u16, parent: FileId, name: &'static str) -> Record {
    Record { flags: FileFlags::DIRECTORY, ..file(number, sequence, parent, name) }
}

fn extension(number: u32, base: FileId) -> Record {
    Record { base: Some(base), names: vec![], ..file(number, 1, ROOT, "") }
}

fn deleted(record: Record) -> Record {
    Record { flags: record.flags | FileFlags::DELETED, ..record }
}

impl Record {
    fn push(&self, batch: &mut Batch) {
        match self.base {
            Some(base) => batch.extension(self.number, base, self.flags.contains(FileFlags::DELETED)),
            None => batch.open_file(),
        }
        for &(parent, name) in &self.names {
            batch.name(parent, false, |blob| blob.extend_from_slice(name.as_bytes()));
        }
        for &name in &self.streams {
            let stream = Stream { size: 3, allocated: 8, packed: name == "packed" };
            batch.stream(stream, |blob| blob.extend_from_slice(name.as_bytes()));
        }
        if let Some(size) = self.size {
            batch.patch(Patch::Sizes { size, allocated: size });
        }
        if self.tag != 0 {
            batch.patch(Patch::ReparseTag(self.tag));
        }
        if self.base.is_none() {
            let mut flags = self.flags;
            flags.set(FileFlags::SIZED, self.size.is_some());
            batch.close_file(File {
                record: self.number,
                sequence: self.sequence,
                size: self.size.unwrap_or(0),
                allocated: self.size.unwrap_or(0),
                created: Time(u64::from(self.number)),
                modified: Time(1),
                changed: Time(2),
                accessed: Time(3),
                attributes: self.number,
                reparse_tag: self.tag,
                flags,
            });
        }
    }
}

/// The records in four batches, each segment in the one that `worker` gives it.
fn batches(
    records: &[Record],
    segment: usize,
    worker: impl Fn(usize) -> usize,
    batch: impl Fn() -> Batch,
) -> Result<Vec<Batch>, BuildError> {
    let mut batches: Vec<Batch> = (0..4).map(|_| batch()).collect();
    let mut segments: Vec<_> = records.chunks(segment).enumerate().collect();
    // What a worker reads comes to it in any order, too.
    segments.sort_by_key(|&(number, _)| worker(number).wrapping_mul(0x9E37_79B9) % 251);
    for (number, records) in segments {
        let batch = &mut batches[worker(number) % 4];
        batch.begin(records[0].number);
        records.iter().for_each(|record| record.push(batch));
        if number % 3 == 0 {
            batch.hand_on_all()?;
        }
    }
    Ok(batches)
}

/// Builds an index of records, each segment in the batch that `worker` gives it; and again with as little memory as is possible and with
/// some more, which must give the same.
fn build(records: &[Record], segment: usize, worker: impl Fn(usize) -> usize) -> (Index, Findings) {
    let unlimited = batches(records, segment, &worker, Batch::new).unwrap();
    let (index, findings) = Builder::new(ROOT, CaseTable::default()).build(unlimited).unwrap();
    let mut snapshot = Vec::new();
    index.write_to(&mut snapshot).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let within = |bytes: u64| {
        let budget = Budget::limited(bytes, folder.path());
        let batches = batches(records, segment, &worker, || Batch::within(&budget, false))?;
        let builder = Builder::new(ROOT, CaseTable::default());
        builder.prepare(batches, |_| Vec::new()).map(|built| (built, budget))
    };
    let mut least = 0;
    let at_least = loop {
        match within(least) {
            Err(BuildError::OverBudget(OverBudget { needed, allowed })) if needed > allowed => least = needed,
            built => break built,
        }
    };
    for (allowed, built) in
        [(least, at_least), (least + 300, within(least + 300)), (u64::MAX, within(u64::MAX))]
    {
        let (built, budget) = built.unwrap();
        let written = built.write(Vec::new()).unwrap();
        assert_eq!(written.len() as u64, built.bytes());
        assert!(written == snapshot, "{allowed} bytes allowed");
        assert_eq!(built.identity(), index.identity());
        assert_eq!((built.findings(), built.rows()), (&findings, u64::from(index.len())));
        assert_eq!(built.root_total(), index.row(Index::ROOT).total());
        assert_eq!(budget.spilled_bytes() > 0, allowed < u64::MAX, "{allowed} bytes allowed");
    }
    (index, findings)
}

/// Everything that can be asked of an index.
fn dump(index: &Index) -> Vec<String> {
    let row = |row: crate::Row<'_>| {
        format!(
            "{} {:?} {:?} {:?} {}/{} {:?} {} {} {:?}-{} {} {}",
            String::from_utf8_lossy(&row.path()),
            row.kind(),
            row.flags(),
            row.file_flags(),
            row.size(),
            row.allocated(),
            row.created(),
            row.attributes(),
            row.links(),
            row.record(),
            row.sequence(),
            row.file(),
            row.subtree_end(),
        )
    };
    index.rows().map(row).collect()
}

/// Whether the records give these paths and this many findings of a kind.
#[track_caller]
fn check(records: &[Record], paths: &[&str], findings: &[(FindingKind, u64)]) -> Index {
    let (index, found) = build(records, 1, |segment| segment);
    let all: Vec<String> =
        index.rows().map(|row| String::from_utf8_lossy(&row.path()).into_owned()).collect();
    assert_eq!(all, paths);
    for &(kind, count) in findings {
        assert_eq!(found.count(kind), count, "{kind:?}");
    }
    assert_eq!(found.total(), findings.iter().map(|&(_, count)| count).sum::<u64>());
    index
}

/// A volume of folders in folders once took a third more than was allowed.
#[test]
fn sums_below_many_folders_are_within_the_budget_or_it_is_told() {
    let scratch = tempfile::tempdir().unwrap();
    let built = |bytes: u64, deep: bool| {
        let budget = Budget::limited(bytes, scratch.path());
        let within = |number: u32| if deep && number > 30 { id(number - 1, 1) } else { ROOT };
        let records: Vec<_> = (30..1030).map(|number| folder(number, 1, within(number), "a")).collect();
        let batches = batches(&records, 100, |segment| segment, || Batch::within(&budget, false))?;
        Builder::new(ROOT, CaseTable::default()).prepare(batches, |_| Vec::new())
    };
    let least = |deep: bool| {
        let mut least = 0;
        while let Err(BuildError::OverBudget(OverBudget { needed, .. })) = built(least, deep) {
            least = needed;
        }
        least
    };
    let (flat, deep) = (least(false), least(true));
    assert!(built(flat, false).is_ok() && built(deep, true).is_ok());
    assert!(deep - flat > 48 * 600, "{flat} for folders beside one another, {deep} for folders in folders");
}

#[test]
fn a_volume_without_files_has_a_root_and_a_bucket() {
    check(&[], &["/", "<orphans>"], &[]);
}

#[test]
fn pitfall_23_references_to_a_root_that_is_not_there_lead_to_the_one_made_for_it() {
    let records = [folder(30, 1, ROOT, "a"), file(31, 1, id(30, 1), "b")];
    check(&records, &["/", "/a", "/a/b", "<orphans>"], &[]);
    // And those to the number that it should have, where its record says another.
    let root = folder(5, 9, id(5, 9), ".");
    let records = [root, file(30, 1, ROOT, "a"), file(31, 1, id(5, 9), "b"), file(32, 1, id(5, 7), "c")];
    check(&records, &["/", "/a", "/b", "<orphans>", "<orphans>/c"], &[(FindingKind::Orphan, 1)]);
}

#[test]
fn pitfall_14_the_number_after_65535_is_1() {
    let records =
        |sequence| [deleted(folder(30, sequence, ROOT, "a")), deleted(file(31, 2, id(30, 0xFFFF), "b"))];
    check(&records(1), &["/", "/a", "/a/b", "<orphans>"], &[]);
    check(&records(0), &["/", "/a", "<orphans>", "<orphans>/b"], &[]);
}

#[test]
fn pitfall_11_a_freed_extension_adds_nothing_to_a_living_file() {
    let freed = Record { names: vec![(ROOT, "old")], streams: vec!["old"], ..extension(31, id(30, 1)) };
    let records = [file(30, 1, ROOT, "a"), deleted(freed.clone())];
    check(&records, &["/", "/a", "<orphans>"], &[]);
    let records = [deleted(file(30, 2, ROOT, "a")), deleted(freed)];
    check(&records, &["/", "/a", "/a:old", "/old", "<orphans>"], &[]);
}

#[test]
fn pitfall_31_the_root_has_streams_like_other_folders() {
    let root = Record { streams: vec!["zone"], ..folder(5, 5, ROOT, ".") };
    let index = check(&[root, file(30, 1, ROOT, "a")], &["/", "/:zone", "/a", "<orphans>"], &[]);
    assert_eq!(index.row(1).parent().map(crate::Row::number), Some(Index::ROOT));
}

#[test]
fn pitfall_28_what_hangs_on_a_ring_is_numbered_once() {
    let records = [
        folder(30, 1, id(31, 1), "a"),
        folder(31, 1, id(30, 1), "b"),
        Record { streams: vec!["s"], ..file(32, 1, id(31, 1), "c") },
    ];
    let paths = ["/", "<orphans>", "<orphans>/a", "<orphans>/a/b", "<orphans>/a/b/c", "<orphans>/a/b/c:s"];
    let index = check(&records, &paths, &[(FindingKind::Cycle, 1)]);
    assert!(index.rows().skip(1).all(|row| row.flags().contains(RowFlags::ORPHAN)));
}

/// Found by the soak: a deleted file in the second of two rings made that ring be met first, so that the list of findings
/// told whether deleted files were kept.
#[test]
fn pitfall_28_rings_are_listed_in_the_order_of_their_records() {
    let rings = [
        folder(31, 1, id(33, 1), "a"),
        folder(33, 1, id(31, 1), "b"),
        folder(40, 1, id(41, 1), "c"),
        folder(41, 1, id(40, 1), "d"),
    ];
    let leading = deleted(file(30, 1, id(41, 1), "gone"));
    let listed = |records: &[Record]| build(records, 1, |segment| segment).1.listed().to_vec();
    let expected: Vec<u32> = listed(&rings).iter().map(|finding| finding.record).collect();
    assert_eq!(expected, [31, 40]);
    assert_eq!(listed(&[&[leading][..], &rings].concat()), listed(&rings));
}

#[test]
fn pitfall_29_depth_takes_no_stack() {
    const LEVELS: u32 = 16_000;
    let records = chain(30, LEVELS);
    // Sixteen bytes a level: less than a call takes.
    let threads = rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(16 * LEVELS as usize);
    let deepest = threads.build().unwrap().install(|| {
        let (index, findings) = build(&records, 1000, |segment| segment);
        assert_eq!((index.len(), findings.total()), (LEVELS + 2, 0));
        index.row(LEVELS).path()
    });
    assert_eq!(deepest, b"/d".repeat(LEVELS as usize));
}

/// A chain of `levels` folders from `first` on, each in the one before, the uppermost in the root.
fn chain(first: u32, levels: u32) -> Vec<Record> {
    let above = |number| if number == first { ROOT } else { id(number - 1, 1) };
    (first..first + levels).map(|number| folder(number, 1, above(number), "d")).collect()
}

/// How many levels above each row there are.
fn depths(index: &Index) -> Vec<usize> {
    let mut depths = Vec::new();
    for row in index.rows() {
        let depth = row.parent().map_or(0, |parent| depths[parent.number() as usize] + 1);
        depths.push(depth);
    }
    depths
}

#[test]
fn pitfall_29_what_lies_deeper_than_folders_can_hangs_in_the_bucket() {
    let max = u32::try_from(DEPTH_MAX).unwrap();
    let check = |levels: u32, hung: u64| {
        let mut records = chain(30, levels);
        let last = id(29 + levels, 1);
        records.push(Record { streams: vec!["s"], ..file(30 + levels, 1, last, "f") });
        let (index, findings) = build(&records, 1000, |segment| segment);
        assert_eq!(index.len(), levels + 4, "the folders, a file, a stream, the root and the bucket");
        assert_eq!((findings.count(FindingKind::TooDeep), findings.total()), (hung, hung));
        let depths = depths(&index);
        // The file may lie in the deepest folder, and its stream in the file.
        assert_eq!(depths.iter().max(), Some(&(if hung == 0 { DEPTH_MAX + 2 } else { DEPTH_MAX })));
        let bucket = index.row(Index::ROOT).subtree_end();
        let parents = index.rows().filter_map(|row| row.parent().map(crate::Row::number));
        assert_eq!(parents.filter(|&parent| parent == bucket).count() as u64, hung);
        assert_eq!(index.row(bucket).subtree_end(), index.len());
        let orphans = index.rows().filter(|row| row.flags().contains(RowFlags::ORPHAN)).count();
        assert_eq!(orphans, 1 + if hung > 0 { (levels - max + 2) as usize } else { 0 });
    };
    check(max, 0);
    check(max + 1, 1);
    check(100_000, 3);
}

#[test]
fn pitfall_29_depth_counts_in_rings_and_for_the_deleted_too() {
    let ring = |deleted_ring: bool| {
        let mut records = chain(30, 70_000);
        records[0] = folder(30, 1, id(29 + 70_000, 1), "head");
        if deleted_ring {
            records = records.into_iter().map(deleted).collect();
        }
        let (index, findings) = build(&records, 1000, |segment| segment);
        assert_eq!(depths(&index).into_iter().max(), Some(DEPTH_MAX));
        assert_eq!(index.len(), 70_002);
        (findings.count(FindingKind::Cycle), findings.count(FindingKind::TooDeep), findings.total())
    };
    assert_eq!(ring(false), (1, 2, 3));
    assert_eq!(ring(true), (0, 0, 0), "what is deleted need not fit");
}

fn any_record(number: u32) -> impl Strategy<Value = Record> {
    let reference = || (prop_oneof![4 => 5u32..45, 1 => Just(5)], prop_oneof![6 => Just(5u16), 1 => 4u16..8]);
    let reference = move || reference().prop_map(|(record, sequence)| id(record, sequence));
    let names =
        prop::collection::vec((reference(), prop::sample::select(vec!["a", "b", "long name", "ß"])), 0..3);
    let streams = prop::collection::vec(prop::sample::select(vec!["zone", "packed"]), 0..2);
    let flags = prop::sample::select(vec![
        FileFlags::empty(),
        FileFlags::DIRECTORY,
        FileFlags::DIRECTORY,
        FileFlags::DELETED,
        FileFlags::DELETED | FileFlags::DIRECTORY,
    ]);
    let tag = prop_oneof![4 => Just(0), 1 => Just(TAG_WOF)];
    let base = prop::option::weighted(0.3, reference());
    (prop_oneof![5 => Just(5u16), 1 => Just(6)], flags, base, names, streams, prop::option::of(0u64..99), tag)
        .prop_map(move |(sequence, flags, base, names, streams, size, tag)| Record {
            number,
            sequence,
            flags,
            base,
            names,
            streams,
            size,
            tag,
        })
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    (5u32..45).map(any_record).collect::<Vec<_>>()
}

fn snapshot(index: &Index) -> Vec<u8> {
    let mut bytes = Vec::new();
    index.write_to(&mut bytes).unwrap();
    bytes
}

proptest! {
    #[test]
    fn batches_in_any_order_and_any_cut_give_the_same_index(
        records in records(),
        segment in 1usize..50,
        workers in prop::collection::vec(0usize..1000, 50),
    ) {
        let (whole, expected) = build(&records, records.len(), |_| 0);
        let (index, findings) = build(&records, segment, |number| workers[number]);
        prop_assert_eq!(dump(&index), dump(&whole));
        prop_assert_eq!(snapshot(&index), snapshot(&whole), "the same to the byte");
        prop_assert_eq!(findings, expected);
    }

    #[test]
    fn rows_are_in_preorder(records in records()) {
        let (index, _) = build(&records, 7, |number| number);
        let mut open: Vec<u32> = Vec::new();
        for row in index.rows() {
            while open.last().is_some_and(|&above| index.row(above).subtree_end() <= row.number()) {
                open.pop();
            }
            prop_assert_eq!(row.parent().map(crate::Row::number), open.last().copied());
            prop_assert!(row.subtree_end() > row.number() && row.subtree_end() <= index.len());
            open.push(row.number());
        }
        let living = records.iter().filter(|record| record.base.is_none()).count();
        let files: std::collections::BTreeSet<_> = index.rows().filter_map(|row| row.record()).collect();
        prop_assert!(files.len() >= living, "no file is without a row");
    }
}
