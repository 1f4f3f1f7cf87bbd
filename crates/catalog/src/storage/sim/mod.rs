//! A disk in memory that can be crashed, and forgets what was not flushed.
//!
//! It keeps two states: what processes see, and what is on the disk for certain. Between them lie the changes of names that no flush
//! of their folder has settled, in order, and the contents that no flush of their file has. A crash keeps any subset of the first,
//! and of each of the second nothing, a part, or all: whichever the caller's choices say, so that a test can go through all of them.
//!
//! A flush that fails settles nothing, and no later flush of the same changes does: the system may have thrown them away.

mod choices;
mod process;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

pub(crate) use choices::{Choices, every};
pub(crate) use process::{DISK_FULL, Fault, Plan, Process};

/// The machine: one file system, and the locks that its processes hold.
#[derive(Debug, Default, Clone)]
pub(crate) struct World(Arc<Mutex<State>>);

type Names = BTreeMap<PathBuf, usize>;

#[derive(Debug, Default)]
pub(super) struct State {
    nodes: Vec<Node>,
    /// What processes see.
    visible: Names,
    /// What is on the disk for certain.
    durable: Names,
    /// What was done to names and is not settled, in order.
    pending: Vec<Change>,
    /// Nodes whose locks are held.
    locked: BTreeSet<usize>,
}

#[derive(Debug, Clone, PartialEq)]
struct Node {
    folder: bool,
    bytes: Vec<u8>,
    /// What of it is on the disk for certain; `None`: nothing is certain.
    flushed: Option<Vec<u8>>,
    /// A flush failed: nothing that is done later makes it certain.
    doubtful: bool,
}

/// What one call did to names: all of it happens, or none.
#[derive(Debug, Clone)]
struct Change {
    names: Vec<(PathBuf, Option<usize>)>,
    /// A flush of it failed.
    doubtful: bool,
}

impl World {
    /// An empty disk with a folder.
    pub(crate) fn new(folder: &Path) -> Self {
        let world = Self::default();
        let mut state = world.state();
        for above in folder.ancestors() {
            let node = state.add(true);
            state.durable.insert(above.to_path_buf(), node);
        }
        state.visible = state.durable.clone();
        drop(state);
        world
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// The names of the files in `folder`.
    pub(crate) fn file_names(&self, folder: &Path) -> Vec<String> {
        let state = self.state();
        let inside = state.visible.keys().filter(|path| path.parent() == Some(folder));
        inside.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    }

    /// A file that somebody else put there.
    pub(crate) fn put(&self, path: &Path, bytes: &[u8]) {
        let mut state = self.state();
        let node = state.add(false);
        state.nodes[node].bytes = bytes.to_vec();
        state.nodes[node].flushed = Some(bytes.to_vec());
        state.durable.insert(path.to_path_buf(), node);
        state.visible.insert(path.to_path_buf(), node);
    }

    /// What a file holds.
    pub(crate) fn bytes(&self, path: &Path) -> Option<Vec<u8>> {
        let state = self.state();
        state.visible.get(path).map(|&node| state.nodes[node].bytes.clone())
    }

    /// Power fails after everything has reached the disk.
    pub(crate) fn settled(&self) -> Self {
        self.crash(&mut Choices::default())
    }

    /// All processes die, nothing else: what they saw is what the next ones see.
    pub(crate) fn kill_all(&self) -> Self {
        let mut state = self.state().copy();
        state.locked.clear();
        Self(Arc::new(Mutex::new(state)))
    }

    /// Power fails and comes back: what is not settled is there or not as `choices` say.
    pub(crate) fn crash(&self, choices: &mut Choices) -> Self {
        let mut state = self.state().copy();
        state.locked.clear();
        for change in std::mem::take(&mut state.pending) {
            if choices.next(2) == 0 {
                change.apply(&mut state.durable);
            }
        }
        // A name whose folder was not kept is not kept.
        let folders: BTreeSet<PathBuf> = state.durable.keys().cloned().collect();
        state.durable.retain(|path, _| path.parent().is_none_or(|folder| folders.contains(folder)));
        let reached: BTreeSet<usize> = state.durable.values().copied().collect();
        for node in reached {
            state.nodes[node].crash(choices);
        }
        state.visible = state.durable.clone();
        Self(Arc::new(Mutex::new(state)))
    }
}

impl State {
    fn copy(&self) -> Self {
        Self {
            nodes: self.nodes.clone(),
            visible: self.visible.clone(),
            durable: self.durable.clone(),
            pending: self.pending.clone(),
            locked: self.locked.clone(),
        }
    }

    fn add(&mut self, folder: bool) -> usize {
        self.nodes.push(Node { folder, bytes: Vec::new(), flushed: None, doubtful: false });
        self.nodes.len() - 1
    }

    fn change(&mut self, names: Vec<(PathBuf, Option<usize>)>) {
        let change = Change { names, doubtful: false };
        change.apply(&mut self.visible);
        self.pending.push(change);
    }

    /// Settles what was done in `folder`, or makes it doubtful.
    fn sync_folder(&mut self, folder: &Path, fails: bool) {
        let mut settled = BTreeSet::new();
        let mut kept = Vec::new();
        for mut change in std::mem::take(&mut self.pending) {
            let here = change.names.iter().any(|(path, _)| path.parent() == Some(folder));
            change.doubtful |= here && fails;
            if here && !change.doubtful {
                change.apply(&mut self.durable);
                settled.extend(change.names.into_iter().map(|(path, _)| path));
            } else {
                kept.push(change);
            }
        }
        // What was settled later replaces what is in doubt about the same name.
        for change in &mut kept {
            change.names.retain(|(path, _)| !settled.contains(path));
        }
        kept.retain(|change| !change.names.is_empty());
        self.pending = kept;
    }
}

impl Change {
    fn apply(&self, names: &mut Names) {
        for (path, node) in &self.names {
            match node {
                Some(node) => names.insert(path.clone(), *node),
                None => names.remove(path),
            };
        }
    }
}

impl Node {
    fn sync(&mut self, fails: bool) {
        self.doubtful |= fails;
        if !self.doubtful {
            self.flushed = Some(self.bytes.clone());
        }
    }

    /// Keeps all, a part with rubbish behind it, or what was flushed. Files are only appended to, and what is appended takes nothing
    /// of what was flushed before.
    fn crash(&mut self, choices: &mut Choices) {
        let certain = self.flushed.as_ref() == Some(&self.bytes) && !self.doubtful;
        if self.folder || self.bytes.is_empty() || certain {
            return;
        }
        self.bytes = match choices.next(3) {
            0 => std::mem::take(&mut self.bytes),
            1 => {
                let mut torn = self.bytes.clone();
                let certain = self.flushed.as_ref().map_or(0, Vec::len);
                let half = certain + (torn.len() - certain) / 2;
                torn[half..].fill(0);
                torn
            }
            _ => self.flushed.clone().unwrap_or_default(),
        };
        self.flushed = Some(self.bytes.clone());
        self.doubtful = false;
    }
}
