//! Questions to drivers, and the one call that asks them.
#![allow(unsafe_code, reason = "control codes are sent by a foreign call")]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::ffi::OsStringExt;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::Path;
use std::ptr;

use windows_sys::Win32::Foundation::{ERROR_HANDLE_EOF, ERROR_IO_PENDING, ERROR_MORE_DATA, TRUE};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_BACKUP_SEMANTICS, FILE_READ_ATTRIBUTES, GetFinalPathNameByHandleW, VOLUME_NAME_GUID,
};
use windows_sys::Win32::System::IO::{DeviceIoControl, GetOverlappedResult, OVERLAPPED};
use windows_sys::Win32::System::Ioctl::{
    FSCTL_ALLOW_EXTENDED_DASD_IO, FSCTL_GET_RETRIEVAL_POINTERS, IOCTL_DISK_GET_DRIVE_GEOMETRY,
    IOCTL_DISK_GET_LENGTH_INFO, IOCTL_STORAGE_QUERY_PROPERTY, StorageAccessAlignmentProperty,
    StorageDeviceProperty, StorageDeviceSeekPenaltyProperty,
};

use super::answer;
use crate::SystemRun;

/// More than any of the answers has, but for those that are continued; what a vendor adds behind is not wanted.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// Stretches of a file that are asked for: thirty times as many as NTFS allows.
const RUNS_MAX: usize = 1 << 26;
/// Characters of `\\?\Volume{…}`, the name of a volume without what lies in it.
const VOLUME_NAME_CHARS: usize = 48;
/// The longest path of the system, in characters.
const PATH_CHARS_MAX: usize = 32 * 1024;

/// What a driver can be asked. The answers are taken apart in [`super::answer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// To let reads go on behind the end of the file system. The answer has no bytes.
    ReachBehindFileSystem,
    /// How many bytes there are.
    Length,
    /// What addresses must be multiples of.
    Alignment,
    /// Cylinders, heads and sectors, as an old one tells.
    Geometry,
    /// Bus, vendor and product.
    Descriptor,
    /// Whether there is a head that has to move.
    SeekPenalty,
}

impl Question {
    /// The code, and `STORAGE_PROPERTY_QUERY` where there is one: which property, and that it is wanted (0).
    fn code(self) -> (u32, Option<[u8; 12]>) {
        let property = |property: i32| {
            let mut query = [0; 12];
            for (to, byte) in query.iter_mut().zip(property.to_le_bytes()) {
                *to = byte;
            }
            (IOCTL_STORAGE_QUERY_PROPERTY, Some(query))
        };
        match self {
            Self::ReachBehindFileSystem => (FSCTL_ALLOW_EXTENDED_DASD_IO, None),
            Self::Length => (IOCTL_DISK_GET_LENGTH_INFO, None),
            Self::Geometry => (IOCTL_DISK_GET_DRIVE_GEOMETRY, None),
            Self::Alignment => property(StorageAccessAlignmentProperty),
            Self::Descriptor => property(StorageDeviceProperty),
            Self::SeekPenalty => property(StorageDeviceSeekPenaltyProperty),
        }
    }
}

/// Asks, and waits for the answer. `None` if it is refused.
pub(crate) fn ask(file: &File, question: Question) -> Option<Vec<u8>> {
    let (code, query) = question.code();
    let query = query.as_ref().map_or(&[][..], |query| query);
    let (said, answer) = call(file, code, query);
    match said {
        Ok(()) => Some(answer),
        Err(error) => {
            tracing::debug!(?question, %error, "a driver refuses to answer");
            None
        }
    }
}

/// Sends a code to a handle that was opened for calls that block. What was answered may be good though the call failed.
fn call(file: &File, code: u32, input: &[u8]) -> (io::Result<()>, Vec<u8>) {
    let mut answer = vec![0; ANSWER_BYTES_MAX];
    let bytes = |slice: &[u8]| u32::try_from(slice.len()).unwrap_or(u32::MAX);
    let (room, input_bytes) = (bytes(&answer), bytes(input));
    let (from, into, mut count) = (input.as_ptr().cast(), answer.as_mut_ptr().cast(), 0);
    // SAFETY: the handle is open and was opened for calls that block; lengths are those of the memory they come with.
    let said = unsafe {
        let handle = file.as_raw_handle();
        DeviceIoControl(handle, code, from, input_bytes, into, room, &raw mut count, ptr::null_mut())
    };
    let said = if said == 0 { Err(io::Error::last_os_error()) } else { Ok(()) };
    answer.truncate(usize::try_from(count).unwrap_or(0));
    (said, answer)
}

/// [`Question::ReachBehindFileSystem`], for a handle that was opened for calls that do not block and on which nothing goes on. A refusal
/// is no failure: reads before the file system's end are as good.
pub(crate) fn reach_behind_file_system(file: &File) {
    let (handle, code) = (file.as_raw_handle(), FSCTL_ALLOW_EXTENDED_DASD_IO);
    // It is the system's until it has answered, so that it is freed only then.
    let block = Box::into_raw(Box::new(OVERLAPPED::default()));
    let (none, mut count) = (ptr::null_mut(), 0);
    // SAFETY: the handle is open, there is neither question nor answer, and the block lives until the call is over.
    let begun = unsafe { DeviceIoControl(handle, code, none, 0, none, 0, &raw mut count, block) };
    let error = io::Error::last_os_error();
    let mut over = begun != 0 || error.raw_os_error() != Some(ERROR_IO_PENDING.cast_signed());
    if !over {
        // SAFETY: the handle is open, nothing else goes on on it, and the block is that of the call.
        over = unsafe { GetOverlappedResult(handle, block, &raw mut count, TRUE) } != 0;
    }
    if over {
        // SAFETY: it came from a box, and the call is over.
        drop(unsafe { Box::from_raw(block) });
    }
    if begun == 0 {
        tracing::debug!(%error, "whether reads reach behind the file system is not known");
    }
}

/// Where the system says that a file lies.
///
/// # Errors
/// What the system says.
pub(crate) fn system_runs(path: &Path) -> io::Result<Vec<SystemRun>> {
    let mut options = OpenOptions::new();
    // A file of the file system itself opens for nothing else, and like a folder.
    options.access_mode(FILE_READ_ATTRIBUTES).custom_flags(FILE_FLAG_BACKUP_SEMANTICS);
    let file = options.open(path)?;
    let mut runs = Vec::new();
    loop {
        let start = runs.last().map_or(0, |run: &SystemRun| run.vcn + run.clusters);
        let (said, answer) = call(&file, FSCTL_GET_RETRIEVAL_POINTERS, &start.to_le_bytes());
        let more = match said {
            Ok(()) => false,
            Err(error) => match error.raw_os_error().map(i32::cast_unsigned) {
                Some(ERROR_MORE_DATA) => true,
                // All of it was told, or there is nothing.
                Some(ERROR_HANDLE_EOF) => return Ok(runs),
                _ => return Err(error),
            },
        };
        let known = runs.len();
        answer::runs(&answer, start, &mut runs).ok_or(io::ErrorKind::InvalidData)?;
        if !more {
            return Ok(runs);
        }
        if runs.len() == known || runs.len() > RUNS_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
}

/// The volume that a file lies on, opened to be asked and not to be read, which needs no rights.
pub(crate) fn volume_below(file: &File) -> Option<File> {
    let mut name = vec![0; PATH_CHARS_MAX];
    let room = u32::try_from(name.len()).ok()?;
    // SAFETY: the handle is open; the length is that of the memory.
    let count =
        unsafe { GetFinalPathNameByHandleW(file.as_raw_handle(), name.as_mut_ptr(), room, VOLUME_NAME_GUID) };
    // The name of the volume alone: with the separator behind it, it would be its root folder's.
    let name = name.get(..usize::try_from(count).ok()?)?.get(..VOLUME_NAME_CHARS)?;
    OpenOptions::new().access_mode(0).open(std::ffi::OsString::from_wide(name)).ok()
}
