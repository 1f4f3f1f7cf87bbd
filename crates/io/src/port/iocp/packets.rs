//! The completion port itself: packets go in, and come out to whoever waits.
#![allow(unsafe_code, reason = "the system's port is driven by foreign calls")]

use std::fs::File;
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;
use std::time::Duration;

use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::System::IO::{
    CreateIoCompletionPort, GetQueuedCompletionStatusEx, OVERLAPPED_ENTRY, PostQueuedCompletionStatus,
};
use windows_sys::Win32::System::Threading::INFINITE;

use super::flight::Mark;
use crate::port::completion::OpId;

/// Packets taken by one call to the system.
const PACKETS_MAX: usize = 64;

pub(super) struct Packets {
    port: OwnedHandle,
}

impl Packets {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: no file and no port are given, so a new port is made.
        let port = unsafe { CreateIoCompletionPort(INVALID_HANDLE_VALUE, ptr::null_mut(), 0, 0) };
        if port.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle was just made, and nobody else has it.
        let port = unsafe { OwnedHandle::from_raw_handle(port) };
        Ok(Self { port })
    }

    /// What ends on this file object sends its packet here from now on.
    ///
    /// # Errors
    /// What the system says: the file was opened for blocking calls, or belongs to a port already.
    ///
    /// # Safety
    /// All that is begun on the file with a block is begun with the block of a flight that lives until its packet has come.
    pub(super) unsafe fn take_from(&self, file: &File) -> io::Result<()> {
        // SAFETY: both handles are open; the caller answers for what the packets lead to.
        let port = unsafe { CreateIoCompletionPort(file.as_raw_handle(), self.port.as_raw_handle(), 0, 0) };
        if port.is_null() { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Makes a thread come out of `wait`.
    pub(super) fn post(&self) {
        // SAFETY: the port is open; the packet leads nowhere.
        let posted = unsafe { PostQueuedCompletionStatus(self.port.as_raw_handle(), 0, 0, ptr::null()) };
        if posted == 0 {
            // Memory of the kernel's is out. A wait without a limit might then sleep through what it was told.
            tracing::error!(error = %io::Error::last_os_error(), "a completion port could not be woken");
        }
    }

    /// Waits for packets, up to `limit`, and gives what they say. None is no error: the time was up, or somebody posted.
    pub(super) fn wait(&self, limit: Option<Duration>) -> impl Iterator<Item = (OpId, io::Result<usize>)> {
        let mut entries = [OVERLAPPED_ENTRY::default(); PACKETS_MAX];
        let mut count = 0;
        let (port, room) = (self.port.as_raw_handle(), u32::try_from(PACKETS_MAX).unwrap_or(1));
        let limit = limit.map_or(INFINITE, milliseconds);
        // SAFETY: the port is open, and there is room for as many entries.
        let taken = unsafe {
            GetQueuedCompletionStatusEx(port, entries.as_mut_ptr(), room, &raw mut count, limit, 0)
        };
        let count = if taken == 0 { 0 } else { usize::try_from(count).unwrap_or_default() };
        entries.into_iter().take(count).filter(|entry| !entry.lpOverlapped.is_null()).map(|entry| {
            // SAFETY: packets with an address come only from files of `take_from`, whose blocks are those of flights, and
            // a flight lands on what is returned here.
            unsafe { Mark::from(entry.lpOverlapped).read() }
        })
    }
}

/// Rounded up, so that a wait does not end before its time and begin anew; bounded below what means for ever.
fn milliseconds(limit: Duration) -> u32 {
    u32::try_from(limit.as_nanos().div_ceil(1_000_000)).unwrap_or(INFINITE).min(INFINITE - 1)
}
