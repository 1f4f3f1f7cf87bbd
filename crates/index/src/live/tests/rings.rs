//! Folders that lie in themselves, as they come and go.

use super::*;

/// Found by the slice of the soak: a ring whose member got another time was taken for none, and climbing it had no end. And a
/// ring of three that one of them leaves: the first of them lies in the bucket for no reason any more.
#[test]
fn rings_last_as_long_as_they_are_closed() {
    let folder = |record, parent, time| {
        let mut state = root(time);
        state.file.record = record;
        state.file.sequence = 1;
        state.file.flags = FileFlags::DIRECTORY;
        state.names = vec![(parent, format!("f{record}").into_bytes())];
        state
    };
    let id = |record| FileId { record, sequence: 1 };
    let ring = [folder(30, id(32), 1), folder(31, id(30), 1), folder(32, id(31), 1), folder(33, id(31), 1)];
    let mut model: Model = ring.into_iter().map(|state| (state.file.record, state)).collect();
    model.insert(ROOT.record, root(1));
    let mut view = View::new(Arc::new(built(&model)));
    check(&view, &model).unwrap();
    for state in [
        folder(32, id(31), 4),
        folder(31, ROOT, 1),
        folder(31, id(30), 2),
        folder(33, id(32), 1),
        folder(30, id(33), 1),
        folder(32, ROOT, 1),
    ] {
        model.insert(state.file.record, state.clone());
        view = view.with([Change::Set(state)]);
        check(&view, &model).unwrap();
    }
}

/// Found when the property did not end: a ring of two folders whose member was removed, so that the other hung on nothing, and came
/// back as it had been. That moved no folder by its own record, so nobody asked for rings again; every climb then went round until
/// it was stopped after 32,772 steps, for each row, of each search, of each step of shrinking.
#[test]
fn a_folder_that_comes_back_closes_its_ring() {
    let folder = |record, parent: u32| {
        let mut state = root(1);
        state.file.record = record;
        state.file.sequence = 1;
        state.file.flags = FileFlags::DIRECTORY;
        state.names = vec![(FileId { record: parent, sequence: 1 }, b"f".to_vec())];
        state
    };
    let mut file = folder(31, 30);
    file.file.flags = FileFlags::empty();
    let ring = [folder(30, 31), folder(31, 30)];
    let mut model: Model = ring.into_iter().map(|state| (state.file.record, state)).collect();
    model.insert(ROOT.record, root(1));
    let whole = model.clone();
    let mut view = View::new(Arc::new(built(&model)));
    for away in [Change::Remove(31), Change::Set(file)] {
        match &away {
            Change::Set(state) => drop(model.insert(31, state.clone())),
            Change::Remove(record) => drop(model.remove(record)),
        }
        view = view.with([away]);
        check(&view, &model).unwrap();
        model.clone_from(&whole);
        view = view.with([Change::Set(whole[&31].clone())]);
        check(&view, &model).unwrap();
    }
}
