//! What comes from outside the order of events: cancelling, the end of a port, a device released, a power cut.

use std::sync::Arc;

use crate::port::OpKind;
use crate::port::completion::OpId;
use crate::port::request::Request;
use crate::sim::backend::SimBackend;
use crate::sim::device::Shared;
use crate::sim::fault::Fault;

use super::{At, Point, World, device_of, is_of};

impl World {
    /// Gives back what has not begun; what is held will end soon, and what is served goes on.
    pub(in crate::sim) fn cancel(&mut self, port: &SimBackend, id: OpId) -> Option<Request> {
        let found = self.calls.iter_mut().find(|(_, call)| call.request.id == id && is_of(&call.port, port));
        let (&number, call) = found?;
        let device = device_of(&call.request);
        match call.at {
            At::Waiting => {
                let call = self.calls.remove(&number)?;
                let mut disk = device.disk.lock();
                disk.waiting.retain(|&waiting| waiting != number);
                disk.tracker(call.request.kind).withdrawn(self.clock.now());
                drop(disk);
                self.note(format_args!("d{} c{number} is withdrawn", device.number));
                return Some(call.request);
            }
            At::Held if !call.cancelled => {
                call.cancelled = true;
                let now = self.now();
                self.note(format_args!("d{} c{number} is given up", device.number));
                self.schedule(now, number, Point::End);
            }
            At::Held | At::Served => {}
        }
        None
    }

    /// What the port's callers will never see again; their memory is leaked as a kernel's would be.
    pub(in crate::sim) fn abandon(&mut self, port: &SimBackend) {
        let mine = self.calls.iter().filter(|(_, call)| is_of(&call.port, port));
        let mine: Vec<u64> = mine.map(|(&id, _)| id).collect();
        for id in mine {
            let Some(call) = self.calls.remove(&id) else { continue };
            let device = device_of(&call.request);
            let mut disk = device.disk.lock();
            disk.waiting.retain(|&waiting| waiting != id);
            disk.busy -= usize::from(call.at != At::Waiting);
            disk.tracker(call.request.kind).withdrawn(self.clock.now());
            drop(disk);
            self.note(format_args!("d{} c{id} is abandoned", device.number));
            std::mem::forget(call.request);
            self.begin_waiting(&device);
        }
        self.events.retain(|_, (id, _)| self.calls.contains_key(id));
    }

    /// Lets those go on that were held.
    pub(in crate::sim) fn release(&mut self, device: &Arc<Shared>) {
        let held = self.calls.iter().filter(|(_, call)| {
            call.at == At::Held && !call.cancelled && Arc::ptr_eq(&device_of(&call.request), device)
        });
        let held: Vec<u64> = held.map(|(&id, _)| id).collect();
        held.into_iter().for_each(|id| self.serve(device, id));
    }

    /// The bytes of writes that the device is at work on, which a power cut may find there in part.
    pub(in crate::sim) fn written_now(&mut self, device: &Arc<Shared>) -> Vec<(u64, Box<[u8]>)> {
        let at_work = self.calls.values_mut().filter(|call| {
            let harmless = matches!(call.fault, None | Some(Fault::Short | Fault::Stall(_)));
            let here = Arc::ptr_eq(&device_of(&call.request), device);
            here && harmless && call.request.kind == OpKind::Write && call.at == At::Served
        });
        let bytes = at_work.map(|call| {
            let mut bytes = Vec::new();
            let offset = call.request.position();
            call.request.rest().for_each(|part| bytes.extend_from_slice(part));
            (offset, bytes.into_boxed_slice())
        });
        bytes.collect()
    }
}
