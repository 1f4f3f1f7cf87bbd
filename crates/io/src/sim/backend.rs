//! A simulation as a port's backend: it steps the world when a thread waits.

use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use quarry_sync::primitive::{Clock, Instant};

use crate::port::backend::{Backend, Driven, Driving, Sink};
use crate::port::completion::OpId;
use crate::port::device::{Registered, Target};
use crate::port::error::PortError;
use crate::port::request::{Done, Request};

use super::Sim;

/// The end of time: a wait until then has no limit.
const NEVER_NANOS: u64 = u64::MAX;

pub(crate) struct SimBackend {
    me: Weak<Self>,
    sim: Sim,
    sink: OnceLock<Arc<dyn Sink>>,
}

impl SimBackend {
    pub(crate) fn new(sim: &Sim) -> Arc<Self> {
        let new = |me: &Weak<Self>| Self { me: me.clone(), sim: sim.clone(), sink: OnceLock::new() };
        let backend = Arc::new_cyclic(new);
        let mut world = sim.0.world.lock();
        world.ports.retain(|port| port.strong_count() > 0);
        world.ports.push(Arc::downgrade(&backend));
        backend
    }

    /// Somebody who sleeps has to look again.
    pub(super) fn stir(&self) {
        if let Some(sink) = self.sink.get() {
            sink.stir();
        }
    }
}

/// Hands each port what is its own. Steps of one port may end what another waits for.
fn deliver(mut outbox: Vec<(Weak<SimBackend>, Done)>) {
    while let Some((port, _)) = outbox.first() {
        let port = port.clone();
        let (here, rest): (Vec<_>, Vec<_>) = outbox.into_iter().partition(|(other, _)| other.ptr_eq(&port));
        outbox = rest;
        let mut done: Vec<Done> = here.into_iter().map(|(_, done)| done).collect();
        if let Some(port) = port.upgrade()
            && let Some(sink) = port.sink.get()
        {
            sink.complete(&*port, &mut done);
        }
    }
}

impl Backend for SimBackend {
    fn name(&self) -> &'static str {
        "sim"
    }

    fn begin(self: Arc<Self>, sink: Arc<dyn Sink>) -> Result<(), PortError> {
        // Called once.
        let _ = self.sink.set(sink);
        Ok(())
    }

    fn clock(&self) -> Clock {
        self.sim.clock()
    }

    fn driving(&self) -> Driving {
        Driving::Steps
    }

    fn register(&self, device: &Registered) -> bool {
        matches!(&device.target, Target::Simulated(device) if device.is_of(&self.sim))
    }

    fn push(&self, request: Request) {
        self.sim.0.world.lock().arrive(self.me.clone(), request);
    }

    fn kick(&self) {
        self.stir();
    }

    fn cancel(&self, id: OpId) -> Option<Request> {
        self.sim.0.world.lock().cancel(self, id)
    }

    fn drive(&self, _sink: &dyn Sink, until: Option<Instant>) -> Driven {
        let until = until.filter(|until| until.as_nanos() != NEVER_NANOS);
        let mut world = self.sim.0.world.lock();
        while world.outbox.is_empty() {
            match (world.next_at(), until) {
                (Some(next), until) if until.is_none_or(|until| next <= until) => world.step(),
                (_, Some(until)) => {
                    world.pass_until(until);
                    return Driven::Progress;
                }
                (_, None) => return Driven::Idle,
            }
        }
        let outbox = std::mem::take(&mut world.outbox);
        drop(world);
        deliver(outbox);
        Driven::Progress
    }

    fn wake(&self) {}

    fn abandon(&self) {
        self.sim.0.world.lock().abandon(self);
    }
}

impl fmt::Debug for SimBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimBackend").finish_non_exhaustive()
    }
}
