//! A file that is open, opened once more: by its handle, as its path may lead elsewhere by now.
#![allow(unsafe_code, reason = "the standard library opens by paths alone")]

use std::fs::File;
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle};

use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::Storage::FileSystem::{
    FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, ReOpenFile,
};

/// A file object of its own for the same file, with these rights, which `file` must have, and these flags.
///
/// # Errors
/// What the system says: of a file that its handle shares with nobody there is no second.
pub(crate) fn open_again(file: &File, access: u32, flags: u32) -> io::Result<File> {
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    // SAFETY: the handle is open.
    let handle = unsafe { ReOpenFile(file.as_raw_handle(), access, share, flags) };
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle was just made, and nobody else has it.
    Ok(unsafe { File::from_raw_handle(handle) })
}
