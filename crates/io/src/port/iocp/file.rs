//! A file as a completion port works on it.
//!
//! `ReOpenFile` makes a file object of its own, so one file can be registered with several ports, and the handle it was
//! registered by stays one for blocking calls. Where the system has no second one to give (a pipe, a file that its handle shares
//! with nobody) the handle itself is used, if it was opened for calls that do not block.
#![allow(unsafe_code, reason = "reads and writes that go on after the call has returned")]

use std::fs::File;
use std::io;
use std::os::windows::io::AsRawHandle;

use windows_sys::Wdk::Storage::FileSystem::{
    FILE_ACCESS_INFORMATION, FileAccessInformation, NtQueryInformationFile,
};
use windows_sys::Win32::Foundation::{
    ERROR_BROKEN_PIPE, ERROR_HANDLE_EOF, ERROR_IO_PENDING, ERROR_MORE_DATA, ERROR_OPERATION_ABORTED,
    RtlNtStatusToDosError,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_NO_BUFFERING, FILE_FLAG_OVERLAPPED, FILE_GENERIC_READ, FILE_GENERIC_WRITE, ReadFile,
    SetFileCompletionNotificationModes, WriteFile,
};
use windows_sys::Win32::System::IO::{CancelIoEx, IO_STATUS_BLOCK};
use windows_sys::Win32::System::WindowsProgramming::{
    FILE_SKIP_COMPLETION_PORT_ON_SUCCESS, FILE_SKIP_SET_EVENT_ON_HANDLE,
};

use super::flight::{Begun, Call, Mark};
use super::packets::Packets;
use crate::port::device::PortFile;
use crate::port::op::OpKind;
use crate::raw;

/// A file object that belongs to one completion port. It stays open as long as its device is registered or an operation
/// is on it.
#[derive(Debug)]
pub(crate) struct PacketFile {
    file: File,
    /// Whether what succeeds at once sends no packet.
    quiet: bool,
}

impl PacketFile {
    /// Opens the file anew, for this port alone.
    pub(super) fn open(file: &PortFile, packets: &Packets) -> io::Result<Self> {
        let alike = file.file();
        let (owned, modes) = match reopen(alike, file.is_unbuffered()) {
            Ok(file) => (file, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE),
            Err(error) => {
                tracing::debug!(%error, "a file is not opened once more: its handle is used");
                // The caller's blocking calls on it wait for the event.
                (alike.try_clone()?, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS)
            }
        };
        // SAFETY: what is begun with a block on this file object is begun by `begin`. A handle that was taken over may be
        // the caller's as well, who has no safe function to begin anything on it that sends a packet: those of the standard
        // library ask for none.
        unsafe { packets.take_from(&owned)? };
        let quiet = set_modes(&owned, modes);
        Ok(Self { file: owned, quiet })
    }

    /// Makes the call.
    pub(super) fn begin(&self, call: &Call) -> Begun {
        let (handle, mark) = (self.file.as_raw_handle(), call.mark.address());
        let moved = match call.kind {
            OpKind::Read => {
                // SAFETY: the memory and the block belong to a flight, which keeps both where they are, untouched, until it
                // lands; it lands when the call fails here or with its packet.
                unsafe { ReadFile(handle, call.base, call.len, std::ptr::null_mut(), mark) }
            }
            OpKind::Write => {
                // SAFETY: as above.
                unsafe { WriteFile(handle, call.base, call.len, std::ptr::null_mut(), mark) }
            }
            OpKind::Flush(_) | OpKind::Packet => return Begun::Over(Ok(0)),
        };
        if moved != 0 && self.quiet {
            // SAFETY: no packet comes, so it has not landed.
            let (_, result) = unsafe { call.mark.read() };
            return Begun::Over(result);
        }
        if moved != 0 {
            return Begun::Queued;
        }
        let error = io::Error::last_os_error();
        // "More data" is a message of a pipe that was cut: no failure to the kernel, which sends its packet.
        if is(&error, ERROR_IO_PENDING) || is(&error, ERROR_MORE_DATA) {
            return Begun::Queued;
        }
        Begun::Over(Err(error))
    }

    /// Asks the kernel to give up what it knows by `mark`. If it knows none, that has ended.
    pub(super) fn give_up(&self, mark: Mark) {
        // SAFETY: the address is compared, not followed.
        unsafe { CancelIoEx(self.file.as_raw_handle(), mark.address()) };
    }
}

/// A file object of its own for the same file, for calls that do not block, with what rights `file` has and no others.
fn reopen(file: &File, unbuffered: bool) -> io::Result<File> {
    let access = granted(file)? & (FILE_GENERIC_READ | FILE_GENERIC_WRITE);
    let flags = FILE_FLAG_OVERLAPPED | if unbuffered { FILE_FLAG_NO_BUFFERING } else { 0 };
    let file = raw::open_again(file, access, flags)?;
    if unbuffered {
        // What was allowed to the other handle of a volume is not to this one.
        raw::reach_behind_file_system(&file);
    }
    Ok(file)
}

/// The rights that a handle was opened with.
fn granted(file: &File) -> io::Result<u32> {
    let mut status = IO_STATUS_BLOCK::default();
    let mut access = FILE_ACCESS_INFORMATION::default();
    let bytes = u32::try_from(size_of::<FILE_ACCESS_INFORMATION>()).unwrap_or_default();
    let (handle, into) = (file.as_raw_handle(), (&raw mut access).cast());
    // SAFETY: the handle is open, and there is room for what is asked for.
    let said = unsafe { NtQueryInformationFile(handle, &raw mut status, into, bytes, FileAccessInformation) };
    if said >= 0 {
        return Ok(access.AccessFlags);
    }
    // SAFETY: it translates one number into another.
    let code = unsafe { RtlNtStatusToDosError(said) };
    Err(io::Error::from_raw_os_error(code.cast_signed()))
}

/// Asks for no packet for what succeeds at once, which would cost a way through the port, and for no event where nobody
/// waits for one. A refusal costs only speed.
fn set_modes(file: &File, modes: u32) -> bool {
    let modes = u8::try_from(modes).unwrap_or_default();
    // SAFETY: the handle is open.
    let set = unsafe { SetFileCompletionNotificationModes(file.as_raw_handle(), modes) };
    set != 0
}

/// Whether a read failed because there is nothing more: behind the end of a file, or of a pipe whose writer is gone.
pub(super) fn is_end(error: &io::Error) -> bool {
    is(error, ERROR_HANDLE_EOF) || is(error, ERROR_BROKEN_PIPE)
}

/// Whether the kernel gave it up: because it was asked to, or because the thread that began it has ended.
pub(super) fn is_given_up(error: &io::Error) -> bool {
    is(error, ERROR_OPERATION_ABORTED)
}

fn is(error: &io::Error, code: u32) -> bool {
    error.raw_os_error() == Some(code.cast_signed())
}
