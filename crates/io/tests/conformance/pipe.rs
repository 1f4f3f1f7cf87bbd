//! A pipe of Windows whose reader does not block: its reads wait in the kernel. The pipes of the standard library block.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{FromRawHandle, OwnedHandle};
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, PIPE_ACCESS_OUTBOUND,
};
use windows_sys::Win32::System::Pipes::{CreateNamedPipeW, PIPE_TYPE_BYTE};

/// The end to read from, and the other, with which the pipe ends.
pub(crate) fn pipe() -> (File, OwnedHandle) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!(r"\\.\pipe\quarry-conformance-{}-{number}", std::process::id());
    let wide: Vec<u16> = name.encode_utf16().chain([0]).collect();
    let access = PIPE_ACCESS_OUTBOUND | FILE_FLAG_FIRST_PIPE_INSTANCE;
    // SAFETY: the name ends with 0.
    let writer =
        unsafe { CreateNamedPipeW(wide.as_ptr(), access, PIPE_TYPE_BYTE, 1, 4096, 4096, 0, ptr::null()) };
    assert!(writer != INVALID_HANDLE_VALUE, "{}", io::Error::last_os_error());
    // SAFETY: the handle was just made, and nobody else has it.
    let writer = unsafe { OwnedHandle::from_raw_handle(writer) };
    let reader = OpenOptions::new().read(true).custom_flags(FILE_FLAG_OVERLAPPED).open(name).unwrap();
    (reader, writer)
}
