//! Snapshots whose checksums fit and whose columns do not: each ends in an error, soon, and never in a wrong answer.

use std::time::{Duration, Instant};

use jiff::Zoned;

use crate::query::{Query, SearchOptions, SortKey};
use crate::{
    Batch, Builder, CaseTable, Column, File, FileFlags, FileId, Index, SnapshotBytes, SnapshotError, Stream,
    Time,
};

const ROOT: FileId = FileId { record: 5, sequence: 5 };
const FIRST: u32 = 30;
/// Files in the sample: several chunks of numbers, and several strides of ranked bits.
const FILES: u32 = 2000;
/// The folders among them, the first ones.
const FOLDERS: u32 = 40;
/// What no search of a sample takes.
const LONG: Duration = Duration::from_secs(20);

/// Folders in one another and files in them, each name twice, a few much larger than the rest.
fn sample() -> Index {
    let mut batch = Batch::new();
    batch.begin(FIRST);
    for number in 0..FILES {
        let folder = number < FOLDERS;
        let above = if folder { number / 2 } else { number % FOLDERS };
        let parent = if number == 0 { ROOT } else { FileId { record: FIRST + above, sequence: 1 } };
        batch.open_file();
        batch.name(parent, false, |blob| {
            blob.extend_from_slice(format!("Name {}.txt", number / 2).as_bytes())
        });
        let mut flags = FileFlags::SIZED;
        flags.set(FileFlags::DIRECTORY, folder);
        let time = Time(133_000_000_000_000_000 + u64::from(number));
        batch.close_file(File {
            record: FIRST + number,
            sequence: 1,
            size: if number % 97 == 50 { 1 << 45 } else { u64::from(number % 7) },
            allocated: 0,
            created: time,
            modified: time,
            changed: time,
            accessed: time,
            attributes: 0x20,
            reparse_tag: 0,
            flags,
        });
    }
    Builder::new(ROOT, CaseTable::default()).build(vec![batch]).unwrap().0
}

/// Asks everything that may come by a column.
fn ask(index: &Index) -> Vec<Result<u64, SnapshotError>> {
    let queries = [
        "name 1",
        "case:Name",
        "regex:e.1",
        "len:>8",
        "size:>5",
        "type:file",
        "path:1/n",
        "depth:3",
        "links:2",
    ];
    let sorts = [None, Some(SortKey::Name), Some(SortKey::Size), Some(SortKey::Extension)];
    let mut answers = Vec::new();
    for text in queries {
        let query = Query::parse(text, &Zoned::default()).unwrap();
        for sort in sorts {
            let options = SearchOptions { sort, ..SearchOptions::default() };
            answers.push(index.search(&query, &options).map(|hits| hits.total));
        }
    }
    let all = index
        .rows()
        .map(|row| (row.path().len(), row.links(), row.depth(), row.file_flags().bits()))
        .collect::<Vec<_>>();
    answers.push(index.sound().map(|()| all.len() as u64));
    answers
}

/// What is forged in `column` is noticed by [`Index::check`] in any case, and if it is `met`, by what is asked.
#[track_caller]
fn check(what: &str, column: Column, met: bool, forge: impl FnOnce(&Index) -> SnapshotBytes) {
    let built = sample();
    built.check().unwrap();
    let expected: Vec<_> = ask(&built).into_iter().map(Result::unwrap).collect();
    let began = Instant::now();
    let Ok(index) = Index::open(forge(&built)) else { panic!("{what}: it should open") };
    let answers = ask(&index);
    for (place, (answer, expected)) in answers.iter().zip(&expected).enumerate() {
        match answer {
            Ok(total) => {
                assert!(total == expected || !met, "{what}: answer {place} is wrong and nobody noticed")
            }
            Err(SnapshotError::Value { column: told, .. }) => {
                assert!(contradict(*told, column), "{what}: {told} is blamed")
            }
            Err(other) => panic!("{what}: {other}"),
        }
    }
    assert_eq!(answers.iter().any(Result::is_err), met, "{what}");
    assert!(index.check().is_err(), "{what}: a check of everything lets it through");
    assert!(began.elapsed() < LONG, "{what}: it takes {:?}", began.elapsed());
}

/// Whether a fault in one may show as a fault of the other. Of parents and intervals nobody can tell which are right.
fn contradict(told: Column, forged: Column) -> bool {
    let tree = [Column::RowParent, Column::RowSubtree, Column::SubtreeEnd];
    told == forged || tree.contains(&told) && tree.contains(&forged)
}

fn numbers(what: &str, column: Column, met: bool, change: impl FnOnce(&mut Vec<u64>)) {
    check(what, column, met, |index| index.directory.with_numbers(column, change));
}

fn bytes(what: &str, column: Column, met: bool, change: impl FnOnce(&mut Vec<u8>)) {
    check(what, column, met, |index| index.directory.with_bytes(column, change));
}

/// Every other number 0, the others as great as may be: whoever takes each for the end of a stretch passes all again and again.
fn alternate(numbers: &mut [u64]) {
    let greatest = numbers.iter().copied().max().unwrap_or(0);
    numbers
        .iter_mut()
        .enumerate()
        .for_each(|(place, number)| *number = if place % 2 == 0 { 0 } else { greatest });
}

#[test]
fn ends_that_go_back_and_forth_do_not_make_a_search_quadratic() {
    numbers("names that each hold all bytes", Column::NameEnd, true, |ends| alternate(ends));
    numbers("names that each have all rows", Column::PostingEnd, true, |ends| alternate(ends));
}

#[test]
fn a_list_of_rows_that_is_no_permutation_is_noticed() {
    numbers("a row twice", Column::PostingRow, true, |rows| rows[900] = rows[901]);
    numbers("all the same row", Column::PostingRow, true, |rows| rows.fill(7));
    // Who is asked for one name only cannot see that two rows changed places; who checks all can.
    numbers("two rows under each other's name", Column::PostingRow, false, |rows| rows.swap(20, 90));
}

#[test]
fn ranks_that_are_not_those_of_the_bits_are_noticed() {
    let second_rank = |bytes: &mut Vec<u8>| {
        let words = (FILES as usize + 2).div_ceil(64) * 8;
        bytes[words + 4] ^= 1;
    };
    bytes("files counted wrongly", Column::RowPrimary, true, second_rank);
    bytes("folders counted wrongly", Column::RowSubtree, true, second_rank);
    // Found by fuzzing: it was taken for a row, and a sweep asked for the facts of what is not there.
    bytes("a bit behind the last row", Column::RowPrimary, true, |bytes| {
        let words = (FILES as usize + 2).div_ceil(64) * 8;
        bytes[words - 1] |= 0x80;
    });
}

#[test]
fn a_tree_that_parents_and_intervals_tell_differently_is_noticed() {
    numbers("a row that lies in itself", Column::RowParent, true, |parents| parents[700] = 700);
    numbers("a row that lies in a neighbour", Column::RowParent, true, |parents| {
        let last = parents.len() - 2;
        parents[last] = last as u64 - 1;
    });
    numbers("a folder that ends behind the one that it lies in", Column::SubtreeEnd, true, |ends| {
        let last = ends.len() - 1;
        ends[last] += 1;
    });
}

#[test]
fn numbers_that_their_column_cannot_hold_are_noticed() {
    numbers("more links than there can be", Column::FileLinks, true, |links| links[1000] = 70_000);
    numbers("flags that there are none of", Column::FileFlags, true, |flags| flags[1000] = 64);
    bytes("a class that there is none of", Column::RowClass, true, |classes| classes[1000] |= 0x80);
}

/// One number is read by looking whether its field is the marker, a chunk by putting all exceptions in their places: where a marker is no
/// exception or the other way round, they would read different numbers.
#[test]
fn exceptions_that_would_be_read_differently_are_noticed() {
    let body = |bytes: &[u8], chunk: usize| {
        let chunks = (FILES as usize + 2).div_ceil(512);
        let at = bytes.len() - chunks * 24 + chunk * 24 + 16;
        let word = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        let (start, width) = ((word & ((1 << 40) - 1)) as usize, (word >> 40 & 0xFF) as usize);
        (start + 512 * width / 8, (word >> 48) as usize)
    };
    bytes("an exception in another place", Column::FileSize, true, |bytes| {
        let (places, exceptions) = body(bytes, 1);
        assert!(exceptions > 1);
        bytes[places] ^= 1;
    });
    bytes("exceptions out of order", Column::FileSize, true, |bytes| {
        let (places, _) = body(bytes, 1);
        let (first, second) = bytes[places..places + 4].split_at_mut(2);
        first.swap_with_slice(second);
    });
}

/// An index of one file that is called so, whatever that leads to: [`Batch`] takes any bytes, and whoever gives it some has to
/// [make them names](crate::make_possible).
fn called(name: &[u8], stream: Option<&[u8]>, case: CaseTable) -> Index {
    let mut batch = Batch::new();
    batch.begin(FIRST);
    batch.open_file();
    batch.name(ROOT, false, |blob| blob.extend_from_slice(name));
    if let Some(stream) = stream {
        batch.stream(Stream { size: 1, allocated: 0, packed: false }, |blob| blob.extend_from_slice(stream));
    }
    batch.close_file(File { record: FIRST, sequence: 1, flags: FileFlags::SIZED, ..File::default() });
    Builder::new(ROOT, case).build(vec![batch]).unwrap().0
}

/// A snapshot from elsewhere once gave paths with names such as these, which lead whoever reads the paths to another file.
#[test]
fn a_name_that_no_file_can_have_is_told_with_its_row() {
    let refused: [&[u8]; 7] = [b"", b".", b"..", b"a/b", b"/", b"a\0b", b"\0"];
    let taken: [&[u8]; 6] = [b"...", b"a", b".a", b"a\\b:c", "\u{FFFD}".as_bytes(), b"\xED\xA0\x80\xFF"];
    let cases = refused.map(|name| (name, Some(1))).into_iter().chain(taken.map(|name| (name, None)));
    for (name, row) in cases {
        let built = called(name, None, CaseTable::default());
        let told = row.map_or(Ok(()), |row| Err(SnapshotError::ImpossibleName { row }));
        assert_eq!(built.check_names(), told, "{name:?}");
        assert_eq!(built.check(), told, "{name:?}");
    }
    let stream = called(b"file", Some(b"a/b"), CaseTable::default());
    assert_eq!(stream.check(), Err(SnapshotError::ImpossibleName { row: 2 }));
}

/// Found by its folded form and shown by its spelling, a file could be found by one name and shown by another.
#[test]
fn a_spelling_of_another_name_is_noticed() {
    bytes("a name that is spelled otherwise", Column::NameFolded, false, |folded| {
        let last = folded.len() - 1;
        folded[last] = b't';
    });
}

#[test]
fn a_name_that_is_longer_than_names_are_is_noticed() {
    let wide = u16::from_le_bytes([0x21, 0xFF]);
    let units: Vec<u16> =
        (0..=u16::MAX).map(|unit| if unit == u16::from(b'a') { wide } else { unit }).collect();
    let long = called(&[b'a'; crate::NAME_BYTES_MAX], None, CaseTable::from_units(&units));
    assert_eq!(long.check(), Ok(()));
    let forged = long.directory.with_numbers(Column::NameSpelling, |codes| codes.fill(0));
    assert_eq!(Index::open(forged).unwrap().check(), Err(SnapshotError::ImpossibleName { row: 1 }));
}

/// Rows have their names by a column of their own, so that a name may be listed nowhere, and not be told by who is listed under it: such an
/// exported file gave the paths that lead elsewhere.
#[test]
fn a_row_that_bears_such_a_name_is_told_wherever_it_is_listed() {
    // The names ascend: none, which is the root's, the file's, the bucket's.
    let built = called(b"..", None, CaseTable::default());
    let unlisted = built.directory.with_numbers(Column::PostingEnd, |ends| ends[1] = ends[0]);
    let unlisted = Index::open(unlisted).unwrap();
    assert_eq!(unlisted.check_names(), Err(SnapshotError::ImpossibleName { row: 1 }));
    let built = called(b"file", None, CaseTable::default());
    let nameless = built.directory.with_numbers(Column::RowName, |names| names[1] = names[0]);
    let nameless = Index::open(nameless).unwrap();
    assert_eq!(nameless.check_names(), Err(SnapshotError::ImpossibleName { row: 1 }));
}
