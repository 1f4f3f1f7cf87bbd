//! The files of a volume under construction, by path and by the order in which they were added.

use std::collections::{HashMap, HashSet};

use super::entry::Entry;
use crate::attribute::FileName;
use crate::name::Name;
use crate::reference::Reference;

/// A file or a directory and the names that lead to it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) entry: Entry,
    pub(super) links: Vec<Link>,
    /// Names in this directory: the node, and which of its links.
    pub(super) children: Vec<(usize, usize)>,
}

/// One name of a file.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) parent: usize,
    pub(super) name: Name,
}

/// All nodes; the root directory is the first.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    by_name: HashMap<(usize, String), usize>,
}

/// The root directory's place among the nodes.
pub(super) const ROOT: usize = 0;

impl Tree {
    /// A tree with nothing but its root, which is its own parent under the name `.`
    pub(super) fn new(root: Entry) -> Self {
        let itself = Link { parent: ROOT, name: ".".into() };
        let root = Node { entry: root, links: vec![itself], children: vec![(ROOT, 0)] };
        Self { nodes: vec![root], by_name: HashMap::new() }
    }

    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Adds `entry` at `path`, and directories on the way to it.
    pub(super) fn add(&mut self, path: &str, entry: Entry) {
        let (parent, last) = self.make_parents(path);
        self.add_child(parent, last, entry);
    }

    /// Gives the file at `existing` a further name.
    pub(super) fn link(&mut self, existing: &str, path: &str) {
        let node = self.find(existing);
        let (parent, last) = self.make_parents(path);
        self.name_child(parent, last, node, last.into());
    }

    /// The node at `path`; components are divided by `/`, and the empty path is the root.
    #[track_caller]
    pub(super) fn find(&self, path: &str) -> usize {
        components(path).fold(ROOT, |parent, name| match self.child(parent, name) {
            Some(node) => node,
            None => panic!("there is no {name:?} on the way to {path:?}"),
        })
    }

    fn child(&self, parent: usize, name: &str) -> Option<usize> {
        self.by_name.get(&(parent, name.to_owned())).copied()
    }

    fn make_parents<'p>(&mut self, path: &'p str) -> (usize, &'p str) {
        let mut parent = ROOT;
        let mut components = components(path).peekable();
        while let Some(name) = components.next() {
            if components.peek().is_none() {
                return (parent, name);
            }
            parent = match self.child(parent, name) {
                Some(node) => node,
                None => self.add_child(parent, name, Entry::directory()),
            };
        }
        panic!("the root directory is there already");
    }

    fn add_child(&mut self, parent: usize, key: &str, entry: Entry) -> usize {
        let node = self.nodes.len();
        let name = entry.name.clone().unwrap_or_else(|| key.into());
        self.nodes.push(Node { entry, links: Vec::new(), children: Vec::new() });
        self.name_child(parent, key, node, name);
        node
    }

    fn name_child(&mut self, parent: usize, key: &str, node: usize, name: Name) {
        let before = self.by_name.insert((parent, key.to_owned()), node);
        assert!(before.is_none(), "{key:?} is in its directory already");
        let link = self.nodes[node].links.len();
        self.nodes[parent].children.push((node, link));
        self.nodes[node].links.push(Link { parent, name });
    }
}

fn components(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|component| !component.is_empty())
}

/// A tree whose nodes have record numbers.
#[derive(Clone, Debug)]
pub(super) struct Numbered {
    pub(super) tree: Tree,
    numbers: Vec<u64>,
}

impl Numbered {
    /// Numbers every node: the fixed numbers first, then from `first` up whatever `free` allows.
    pub(super) fn new(tree: Tree, first: u64, free: impl Fn(u64) -> bool) -> Self {
        let mut fixed = HashSet::new();
        for number in tree.nodes.iter().filter_map(|node| node.entry.number) {
            assert!(fixed.insert(number), "record {number} is given to two files");
        }
        let mut candidates = (first..).filter(|number| !fixed.contains(number) && free(*number));
        let number = |node: &Node| node.entry.number.or_else(|| candidates.next());
        let numbers = tree.nodes.iter().map_while(number).collect();
        Self { tree, numbers }
    }

    pub(super) fn number(&self, node: usize) -> u64 {
        self.numbers[node]
    }

    pub(super) fn highest(&self) -> u64 {
        self.numbers.iter().copied().max().unwrap_or(0)
    }

    /// The reference by which names and extensions know the file.
    pub(super) fn reference(&self, node: usize) -> Reference {
        Reference::new(self.numbers[node], self.tree.nodes[node].entry.sequence)
    }

    /// The `$FILE_NAME`s of one link: the name, and for the first link the short name if there is one.
    pub(super) fn file_names(&self, node: usize, link: usize) -> Vec<FileName> {
        const DIRECTORY: u32 = 0x1000_0000;
        let Node { entry, links, .. } = &self.tree.nodes[node];
        let make = |name: &Name| {
            let real = entry.unnamed_bytes().unwrap_or(0);
            FileName::new(self.reference(links[link].parent), name.units())
                .times(entry.times)
                .sizes(real.next_multiple_of(8), real)
                .flags(entry.attributes | if entry.directory { DIRECTORY } else { 0 })
                .reparse_tag(entry.reparse_tag)
        };
        let long = make(&links[link].name).namespace(entry.namespace);
        let short = entry.short_name.as_ref().filter(|_| link == 0).map(|name| make(name).dos());
        std::iter::once(long).chain(short).collect()
    }
}
