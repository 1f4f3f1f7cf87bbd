//! Rows of `docs/pitfalls.md` that a change meets: record numbers that are used again, and links and streams that go one by one.

use super::*;

/// The paths of a view, sorted.
fn paths(view: &View) -> Vec<String> {
    let mut paths: Vec<String> =
        view.rows().map(|row| String::from_utf8(row.path().to_vec()).unwrap()).collect();
    paths.sort();
    paths
}

/// A batch upon the small volume: it has these paths then and answers as an index of `model` does.
#[track_caller]
fn check_batch(batch: Vec<Change>, model: &Model, expected: &[&str]) {
    let view = View::new(Arc::new(built(&small()))).with(batch);
    assert_eq!(paths(&view), expected);
    check(&view, model).unwrap();
}

/// The state of a record of the small volume, as another file that has the number now.
fn used_again(record: u32, sequence: u16, parent: FileId, name: &str) -> FileState {
    let mut state = small()[&32].clone();
    (state.file.record, state.file.sequence) = (record, sequence);
    state.names = vec![(parent, name.as_bytes().to_vec())];
    state
}

#[test]
fn pitfall_41_what_is_deleted_and_created_under_one_number_is_the_one_created() {
    let newcomer = used_again(32, 2, ROOT, "newcomer");
    let mut model = small();
    model.insert(32, newcomer.clone());
    let others =
        ["/", "/newcomer", "/other", "/outer", "/outer/inner", "/outer/inner/one", "/outer/inner/one:s"];
    let expected: Vec<&str> = others.into_iter().chain(["/two", "<orphans>"]).collect();
    check_batch(vec![Change::Remove(32), Change::Set(newcomer.clone())], &model, &expected);
    // Again and again: only the last counts.
    let passing = |sequence| Change::Set(used_again(32, sequence, in_folder(34), "passing"));
    let batch = vec![Change::Remove(32), passing(2), Change::Remove(32), passing(3), Change::Set(newcomer)];
    check_batch(batch, &model, &expected);
    // Created and deleted is nothing.
    let mut without = small();
    without.remove(&32);
    let expected: Vec<&str> = expected.into_iter().filter(|path| *path != "/newcomer").collect();
    check_batch(vec![Change::Remove(32), passing(2), Change::Remove(32)], &without, &expected);
}

/// What lay in a folder that is gone lies in no folder that got its number, and in no file.
#[test]
fn pitfall_41_a_folder_that_gets_a_number_again_holds_nothing_of_the_one_before() {
    let orphans = ["<orphans>", "<orphans>/one", "<orphans>/one:s", "<orphans>/plain.txt"];
    for (flags, name) in [(FileFlags::DIRECTORY, "folder"), (FileFlags::empty(), "file")] {
        let mut newcomer = used_again(31, 2, ROOT, name);
        newcomer.file.flags = flags;
        newcomer.file.size = 0;
        let mut model = small();
        model.insert(31, newcomer.clone());
        let path = format!("/{name}");
        let own = ["/", path.as_str(), "/other", "/outer", "/two"];
        let expected: Vec<&str> = own.into_iter().chain(orphans).collect();
        check_batch(vec![Change::Remove(31), Change::Set(newcomer)], &model, &expected);
    }
}

/// Files and bytes of the root, and of the folder around the first name of the file that has two.
type Totals = [(u64, u64); 2];

/// What is above the file of the small volume that has two names.
fn totals(view: &View) -> Totals {
    let of = |path: &str| {
        let row = view.rows().find(|row| *row.path() == *path.as_bytes()).unwrap();
        (row.total().files, row.total().bytes)
    };
    [of("/"), of("/outer")]
}

/// What goes, its path, and the totals without it.
type Leaving = (fn(&mut FileState), &'static str, Totals);

/// The small volume with its linked file in these states, one after the other: what is gone each time, and the totals then.
fn check_leaving(steps: &[Leaving]) {
    let mut model = small();
    let mut view = View::new(Arc::new(built(&model)));
    assert_eq!(totals(&view), [(2, 32 + 33 + 5), (2, 32 + 33 + 5)]);
    for &(leave, gone, expected) in steps {
        let before = paths(&view);
        change(&mut model, 33, leave);
        view = view.with([Change::Set(model[&33].clone())]);
        let kept: Vec<String> = before.into_iter().filter(|path| path != gone).collect();
        assert_eq!((paths(&view), totals(&view)), (kept, expected), "without {gone}");
        check(&view, &model).unwrap();
    }
}

#[test]
fn pitfall_44_deleting_a_link_or_a_stream_removes_that_row_alone() {
    check_leaving(&[
        (|state| state.names.truncate(1), "/two", [(2, 70), (2, 70)]),
        (|state| state.streams.clear(), "/outer/inner/one:s", [(2, 65), (2, 65)]),
    ]);
    check_leaving(&[
        (|state| state.streams.clear(), "/outer/inner/one:s", [(2, 65), (2, 65)]),
        (|state| drop(state.names.remove(0)), "/outer/inner/one", [(2, 65), (1, 32)]),
    ]);
}

/// The streams of a file lie below its first name. If that one goes, they lie below the one that is the first now.
#[test]
fn pitfall_44_streams_stay_when_the_link_goes_that_they_lay_below() {
    let mut model = small();
    let view = View::new(Arc::new(built(&model)));
    change(&mut model, 33, |state| drop(state.names.remove(0)));
    let view = view.with([Change::Set(model[&33].clone())]);
    let expected =
        ["/", "/other", "/outer", "/outer/inner", "/outer/inner/plain.txt", "/two", "/two:s", "<orphans>"];
    assert_eq!((paths(&view), totals(&view)), (expected.map(str::to_owned).to_vec(), [(2, 70), (1, 32)]));
    check(&view, &model).unwrap();
}

/// Changes come out of a log, which is anybody's bytes: names in it once became parts of paths as they were, so that a path in a pipe
/// could be two, or lead elsewhere.
#[test]
fn pitfall_22_a_name_in_a_change_leads_nowhere() {
    let cases = [
        ("", "\u{FFFD}"),
        ("..", "\u{FFFD}.."),
        ("a/../b", "a\u{FFFD}..\u{FFFD}b"),
        ("a\0/b", "a\u{FFFD}\u{FFFD}b"),
    ];
    for (name, shown) in cases {
        let mut state = used_again(40, 1, in_folder(34), name);
        state.streams = vec![(name.as_bytes().to_vec(), Stream { size: 1, allocated: 0, packed: false })];
        let mut model = small();
        model.insert(40, used_again(40, 1, in_folder(34), shown));
        change(&mut model, 40, |file| {
            file.file.flags.insert(FileFlags::DAMAGED);
            file.streams = vec![(shown.as_bytes().to_vec(), state.streams[0].1)];
        });
        let view = View::new(Arc::new(built(&small()))).with([Change::Set(state.clone())]);
        assert!(paths(&view).contains(&format!("/other/{shown}:{shown}")), "{:?}", paths(&view));
        check(&view, &model).unwrap();
        // The same state again changes nothing.
        check(&view.with([Change::Set(state)]), &model).unwrap();
    }
}

/// The record of the root may be damaged, and say another number than those do that lie in it: it had lost them when the index was built
/// anew. A change that says so had the same rows in other folders before that and after: found by fuzzing.
#[test]
fn a_root_that_calls_itself_otherwise_keeps_what_lies_in_it() {
    let mut model = small();
    let mut other = root(2);
    other.file.sequence = 9;
    model.insert(ROOT.record, other.clone());
    let view = View::new(Arc::new(built(&model)));
    model.remove(&32);
    check(&view.with(vec![Change::Remove(32)]), &model).unwrap();

    let mut model = small();
    let changed = View::new(Arc::new(built(&model))).with(vec![Change::Set(other)]);
    let mut damaged = root(2);
    damaged.file.flags |= FileFlags::DAMAGED;
    model.insert(ROOT.record, damaged);
    check(&changed, &model).unwrap();
}
