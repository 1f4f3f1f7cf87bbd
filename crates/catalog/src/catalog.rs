//! The catalogue as its readers see it: a folder, a list, an entry.
//!
//! Readers take no lock and write nothing, so a catalogue on a read-only medium, or of another user, can be searched.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::entry::Entry;
use crate::error::{During, Error, Step};
use crate::layout::{CATALOG_LOCK, Member, Part};
use crate::name::Name;
use crate::pointer::{POINTER_BYTES_MAX, Pointer};
use crate::storage::{Disk, Found, Storage};

/// A folder of entries; see the [crate](crate).
#[derive(Debug, Clone)]
pub struct Catalog {
    pub(crate) folder: PathBuf,
    pub(crate) storage: Arc<dyn Storage>,
}

/// One line of a list.
#[derive(Debug)]
pub struct Listed {
    /// The entry's name.
    pub name: Name,
    /// What it is, or why that cannot be told.
    pub entry: Result<Entry, Error>,
}

/// What is in the folder and is no part of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stray {
    /// Left by a process that died, or in use by one that is at work; [`Catalog::collect`] deletes the former.
    Leftover(PathBuf),
    /// Not made by a catalogue. It is never read, and never deleted.
    Foreign(PathBuf),
}

impl Catalog {
    /// The catalogue in `folder`. Nothing is read or made yet.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), storage: Arc::new(Disk) }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All entries, by name. A folder that is not there holds none.
    ///
    /// # Errors
    /// [`Error::Io`], if the folder cannot be listed. What is wrong with one entry stands in its [`Listed`].
    pub fn list(&self) -> Result<Vec<Listed>, Error> {
        let (members, _) = self.members()?;
        let names: BTreeSet<Name> = members
            .into_iter()
            .filter(|member| member.part == Part::Entry)
            .map(|member| member.name)
            .collect();
        let entries = names.into_iter().filter_map(|name| {
            let entry = self.entry(&name).transpose()?;
            Some(Listed { name, entry })
        });
        Ok(entries.collect())
    }

    /// What the entry `name` is.
    ///
    /// # Errors
    /// [`Error::NoEntry`] and whatever keeps its pointer from being read.
    pub fn show(&self, name: &Name) -> Result<Entry, Error> {
        self.entry(name)?.ok_or_else(|| self.no_entry(name))
    }

    /// What lies in the folder beside entries and locks.
    ///
    /// # Errors
    /// [`Error::Io`], if the folder cannot be listed.
    pub fn strays(&self) -> Result<Vec<Stray>, Error> {
        let (members, foreign) = self.members()?;
        let mut strays: Vec<Stray> = foreign.into_iter().map(Stray::Foreign).collect();
        let mut names: Vec<&Name> = members.iter().map(|member| &member.name).collect();
        names.dedup();
        for name in names {
            let current = self.pointer(name);
            for member in members.iter().filter(|member| member.name == *name) {
                let leftover = match (&current, member.part) {
                    (_, Part::Lock) => false,
                    (_, Part::EntryNew | Part::SnapshotNew { .. } | Part::LogNew) => true,
                    (Ok(Some(Pointer::Live(entry))), part @ (Part::Snapshot { .. } | Part::Log { .. })) => {
                        !entry.keeps(part)
                    }
                    (Ok(Some(Pointer::Live(_))), Part::Entry) | (Err(_), _) => false,
                    (Ok(None | Some(Pointer::Removed { .. })), _) => true,
                };
                if leftover {
                    strays.push(Stray::Leftover(self.path(name, member.part)));
                }
            }
        }
        Ok(strays)
    }

    /// The entry `name`, if readers see one.
    fn entry(&self, name: &Name) -> Result<Option<Entry>, Error> {
        match self.pointer(name)? {
            Some(Pointer::Live(entry)) => Ok(Some(entry)),
            Some(Pointer::Removed { .. }) | None => Ok(None),
        }
    }

    /// The pointer of `name`, if there is one.
    pub(crate) fn pointer(&self, name: &Name) -> Result<Option<Pointer>, Error> {
        let path = self.path(name, Part::Entry);
        let bytes = match self.storage.read(&path, POINTER_BYTES_MAX + 1) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.during(Step::Read, &path)?,
        };
        match Pointer::parse(&bytes) {
            Ok(pointer) if pointer.name() == name => Ok(Some(pointer)),
            Ok(pointer) => Err(Error::OtherEntry { path, actual: pointer.name().clone() }),
            Err(source) => Err(Error::Pointer { path, source }),
        }
    }

    /// All parts of entries, by name, and the paths of what is none.
    pub(crate) fn members(&self) -> Result<(Vec<Member>, Vec<PathBuf>), Error> {
        let found = match self.storage.list(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            listed => listed.during(Step::List, &self.folder)?,
        };
        let (mut members, mut foreign) = (Vec::new(), Vec::new());
        for Found { file_name, folder } in found {
            let member = file_name.to_str().and_then(Member::parse);
            match member {
                Some(member) if !folder => members.push(member),
                None if file_name == OsStr::new(CATALOG_LOCK) && !folder => {}
                _ => foreign.push(self.folder.join(file_name)),
            }
        }
        members.sort_by(|one, other| one.name.cmp(&other.name));
        foreign.sort();
        Ok((members, foreign))
    }

    pub(crate) fn path(&self, name: &Name, part: Part) -> PathBuf {
        self.folder.join(part.file_name(name))
    }

    pub(crate) fn no_entry(&self, name: &Name) -> Error {
        Error::NoEntry { folder: self.folder.clone(), name: name.clone() }
    }
}

impl Entry {
    /// Its snapshot.
    pub(crate) fn part(&self) -> Part {
        Part::Snapshot { generation: self.generation, identity: self.identity }
    }

    /// What has changed since.
    pub(crate) fn log(&self) -> Part {
        Part::Log { generation: self.generation, identity: self.identity }
    }

    /// Whether readers of the entry may need the part.
    pub(crate) fn keeps(&self, part: Part) -> bool {
        part == Part::Entry || part == self.part() || part == self.log()
    }
}
