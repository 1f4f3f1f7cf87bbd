//! How a port comes to be, and which backend it gets.

use std::sync::Arc;

use quarry_sync::primitive::thread;

use super::backend::{Backend, Driving};
use super::desk::Desk;
use super::error::PortError;
use super::options::{BackendKind, PortOptions};
use super::threads::Threads;
use super::{Inner, Port};
use crate::sim::backend::SimBackend;

/// A backend, and why it is not the one that was tried first.
type Chosen = (Arc<dyn Backend>, Option<String>);

impl PortOptions {
    /// Opens the port.
    ///
    /// # Errors
    /// [`PortError`], if the system refuses a thread, or the backend that was asked for by name.
    pub fn open<C: Send + 'static>(self) -> Result<Port<C>, PortError> {
        let (backend, fallback) = self.choose()?;
        self.open_on(backend, fallback)
    }

    pub(super) fn open_on<C: Send + 'static>(
        self,
        backend: Arc<dyn Backend>,
        fallback: Option<String>,
    ) -> Result<Port<C>, PortError> {
        let driving = backend.driving();
        let desk: Arc<Desk<C>> = Arc::new(Desk::new(&backend.clock(), driving, self.depth, self.admission));
        Arc::clone(&backend).begin(Arc::clone(&desk) as Arc<dyn super::backend::Sink>)?;
        let for_futures = (driving != Driving::Steps).then(|| {
            let (desk, backend) = (Arc::clone(&desk), Arc::clone(&backend));
            let name = "port-futures".to_owned();
            thread::Builder::new().name(name).spawn(move || desk.drive_for_futures(&*backend))
        });
        let inner = Arc::new(Inner { desk, backend });
        let mut port = Port { inner, fallback, for_futures: None, drop_limit: self.drop_limit };
        // Dropping the port on an error ends the backend's threads.
        port.for_futures = for_futures.transpose().map_err(PortError::NoThread)?;
        Ok(port)
    }

    fn choose(&self) -> Result<Chosen, PortError> {
        let threads = || -> Arc<dyn Backend> { Threads::new(self.threads.min(self.depth)) };
        if let Some(sim) = &self.simulation {
            return Ok((SimBackend::new(sim), None));
        }
        match self.backend {
            BackendKind::Threads => Ok((threads(), None)),
            BackendKind::Uring => named("uring", self.uring()),
            BackendKind::Iocp => named("iocp", self.iocp()),
            BackendKind::Auto => match if cfg!(windows) { self.iocp() } else { self.uring() } {
                Ok(backend) => Ok((backend, None)),
                Err(reason) => {
                    tracing::debug!(reason, "blocking calls on threads instead");
                    Ok((threads(), Some(reason)))
                }
            },
        }
    }

    #[cfg(target_os = "linux")]
    fn uring(&self) -> Result<Arc<dyn Backend>, String> {
        super::uring::Uring::new(self.depth).map(|ring| ring as Arc<dyn Backend>)
    }

    #[cfg(not(target_os = "linux"))]
    fn uring(&self) -> Result<Arc<dyn Backend>, String> {
        Err("io_uring is Linux's".to_owned())
    }

    #[cfg(windows)]
    fn iocp(&self) -> Result<Arc<dyn Backend>, String> {
        super::iocp::Iocp::new(self.threads.min(self.depth)).map(|port| port as Arc<dyn Backend>)
    }

    #[cfg(not(windows))]
    fn iocp(&self) -> Result<Arc<dyn Backend>, String> {
        Err("completion ports of the system are Windows'".to_owned())
    }
}

/// A backend that was asked for by name: there is no other instead.
fn named(backend: &'static str, opened: Result<Arc<dyn Backend>, String>) -> Result<Chosen, PortError> {
    opened.map(|opened| (opened, None)).map_err(|reason| PortError::Unavailable { backend, reason })
}
