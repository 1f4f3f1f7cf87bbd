//! One process on the simulated machine: its system calls are counted, and a plan says at which of them what happens.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::{Found, Held, Links, Opening, Output, Storage, Trust};
use super::{State, World};

/// What happens at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The process dies: the call is not made, and none after it.
    Die,
    /// The call fails and does nothing; a write has done half.
    Fail(i32),
    /// The call is made, and says that it failed.
    FailLate(i32),
}

/// No room, by the system's number.
pub(crate) const DISK_FULL: i32 = if cfg!(windows) { 112 } else { 28 };

/// What is to happen at which call.
#[derive(Default)]
pub(crate) struct Plan {
    /// At one call.
    pub(crate) fault: Option<(u64, Fault)>,
    /// The fault lasts, as that of a full disk does.
    pub(crate) lasting: bool,
    /// Called before each call, with its number.
    pub(crate) before: Option<Box<dyn FnMut(u64) + Send>>,
}

/// A process; its clones are its threads.
#[derive(Clone)]
pub(crate) struct Process {
    world: World,
    running: Arc<Mutex<Running>>,
}

#[derive(Default)]
struct Running {
    plan: Plan,
    calls: u64,
    dead: bool,
    /// Calls, in words.
    log: Vec<String>,
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").finish_non_exhaustive()
    }
}

/// What a call is to do.
enum Verdict {
    Go,
    Half(io::Error),
    Late(io::Error),
}

impl Process {
    pub(crate) fn new(world: &World, plan: Plan) -> Self {
        let running = Running { plan, ..Running::default() };
        Self { world: world.clone(), running: Arc::new(Mutex::new(running)) }
    }

    /// Plans anew what happens from here on.
    pub(crate) fn plan(&self, plan: Plan) {
        let before = std::mem::replace(&mut self.running.lock().unwrap().plan, plan);
        // It may hold what makes calls when it is dropped.
        drop(before);
    }

    /// How many calls it has made.
    pub(crate) fn calls(&self) -> u64 {
        self.running.lock().unwrap().calls
    }

    /// Its calls, in words.
    pub(crate) fn log(&self) -> Vec<String> {
        self.running.lock().unwrap().log.clone()
    }

    fn enter(&self, word: &str, path: &Path) -> io::Result<Verdict> {
        let mut running = self.running.lock().unwrap();
        if running.dead {
            return Err(io::Error::other("dead"));
        }
        let call = running.calls;
        running.calls += 1;
        let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        running.log.push(format!("{word} {file_name}"));
        let hook = running.plan.before.take();
        // What is called there may be another process, with calls of its own.
        drop(running);
        let hook = hook.map(|mut hook| {
            hook(call);
            hook
        });
        let mut running = self.running.lock().unwrap();
        running.plan.before = hook;
        let lasting = running.plan.lasting;
        match running.plan.fault {
            Some((at, fault)) if at == call || lasting && at < call => match fault {
                Fault::Die => {
                    running.dead = true;
                    Err(io::Error::other("dead"))
                }
                Fault::Fail(code) => Ok(Verdict::Half(io::Error::from_raw_os_error(code))),
                Fault::FailLate(code) => Ok(Verdict::Late(io::Error::from_raw_os_error(code))),
            },
            _ => Ok(Verdict::Go),
        }
    }

    /// A call that does all of `act` or nothing.
    fn call<T>(
        &self,
        word: &str,
        path: &Path,
        act: impl FnOnce(&mut State) -> io::Result<T>,
    ) -> io::Result<T> {
        match self.enter(word, path)? {
            Verdict::Go => act(&mut self.world.state()),
            Verdict::Half(error) => Err(error),
            Verdict::Late(error) => {
                // What it made is dropped, which may need the state.
                let made = act(&mut self.world.state());
                made.and(Err(error))
            }
        }
    }
}

impl State {
    fn at(&self, path: &Path) -> io::Result<usize> {
        self.visible.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn file_at(&self, path: &Path) -> io::Result<usize> {
        let node = self.at(path)?;
        if self.nodes[node].folder { Err(io::ErrorKind::IsADirectory.into()) } else { Ok(node) }
    }

    fn create(&mut self, path: &Path, folder: bool) -> io::Result<usize> {
        if self.visible.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.at(path.parent().unwrap())?;
        let node = self.add(folder);
        self.change(vec![(path.to_path_buf(), Some(node))]);
        Ok(node)
    }
}

impl Storage for Process {
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        self.call("make", folder, |state| {
            if state.at(folder).is_err() {
                state.create(folder, true)?;
                state.sync_folder(folder.parent().unwrap(), false);
            }
            Ok(())
        })
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Found>> {
        self.call("list", folder, |state| {
            state.at(folder)?;
            let inside = state.visible.iter().filter(|(path, _)| path.parent() == Some(folder));
            let found = inside.map(|(path, node)| Found {
                file_name: path.file_name().unwrap().to_owned(),
                folder: state.nodes[*node].folder,
            });
            Ok(found.collect())
        })
    }

    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        self.call("read", path, |state| {
            let bytes = &state.nodes[state.file_at(path)?].bytes;
            Ok(bytes[..bytes.len().min(limit)].to_vec())
        })
    }

    fn open(&self, path: &Path, _links: Links) -> io::Result<Opening> {
        self.call("open", path, |state| {
            let bytes = &state.nodes[state.file_at(path)?].bytes;
            let mut file = tempfile::tempfile()?;
            file.write_all(bytes)?;
            io::Seek::rewind(&mut file)?;
            Ok(Opening { file, bytes: bytes.len() as u64, trust: Trust::Trusted })
        })
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        self.call("exists", path, |state| Ok(state.at(path).is_ok()))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn Output>> {
        let node = self.call("create", path, |state| state.create(path, false))?;
        Ok(Box::new(SimOutput { process: self.clone(), path: path.to_path_buf(), node }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call("rename", to, |state| {
            let node = state.file_at(from)?;
            state.change(vec![(from.to_path_buf(), None), (to.to_path_buf(), Some(node))]);
            Ok(())
        })
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call("rename new", to, |state| {
            if state.visible.contains_key(to) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            let node = state.file_at(from)?;
            state.change(vec![(from.to_path_buf(), None), (to.to_path_buf(), Some(node))]);
            Ok(())
        })
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call("link", to, |state| {
            if state.visible.contains_key(to) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            let node = state.file_at(from)?;
            state.change(vec![(to.to_path_buf(), Some(node))]);
            Ok(())
        })
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        match self.enter("sync folder", folder)? {
            Verdict::Go => self.world.state().sync_folder(folder, false),
            Verdict::Half(error) => {
                self.world.state().sync_folder(folder, true);
                return Err(error);
            }
            Verdict::Late(error) => {
                self.world.state().sync_folder(folder, false);
                return Err(error);
            }
        }
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.call("remove", path, |state| {
            state.file_at(path)?;
            state.change(vec![(path.to_path_buf(), None)]);
            Ok(())
        })
    }

    /// Two calls, for between them the file may be deleted.
    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn Held>>> {
        let node = self.call("open", path, |state| match state.file_at(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => state.create(path, false),
            found => found,
        })?;
        self.call("lock", path, |state| {
            let free = state.locked.insert(node);
            let held = || SimHeld { world: self.world.clone(), node };
            Ok(free.then(|| Box::new(held()) as Box<dyn Held>))
        })
    }

    fn pause(&self, _time: Duration) {}
}

#[derive(Debug)]
struct SimOutput {
    process: Process,
    path: PathBuf,
    node: usize,
}

impl Output for SimOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (error, count) = match self.process.enter("write", &self.path)? {
            Verdict::Go => (None, bytes.len()),
            Verdict::Half(error) => (Some(error), bytes.len() / 2),
            Verdict::Late(error) => (Some(error), bytes.len()),
        };
        self.process.world.state().nodes[self.node].bytes.extend(&bytes[..count]);
        error.map_or(Ok(count), Err)
    }

    fn sync(&mut self) -> io::Result<()> {
        let (error, fails) = match self.process.enter("sync", &self.path)? {
            Verdict::Go => (None, false),
            Verdict::Half(error) => (Some(error), true),
            Verdict::Late(error) => (Some(error), false),
        };
        self.process.world.state().nodes[self.node].sync(fails);
        error.map_or(Ok(()), Err)
    }
}

/// The system takes it back when the process ends, so a dead one's lock goes like any other.
#[derive(Debug)]
struct SimHeld {
    world: World,
    node: usize,
}

impl Held for SimHeld {}

impl Drop for SimHeld {
    fn drop(&mut self) {
        self.world.state().locked.remove(&self.node);
    }
}
