//! Questions to drivers, and the one call that asks them.
#![allow(unsafe_code, reason = "control codes are sent by a foreign call")]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::ffi::OsStringExt;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::ptr;

use windows_sys::Win32::Storage::FileSystem::{GetFinalPathNameByHandleW, VOLUME_NAME_GUID};
use windows_sys::Win32::System::IO::DeviceIoControl;
use windows_sys::Win32::System::Ioctl::{
    FSCTL_ALLOW_EXTENDED_DASD_IO, IOCTL_DISK_GET_DRIVE_GEOMETRY, IOCTL_DISK_GET_LENGTH_INFO,
    IOCTL_STORAGE_QUERY_PROPERTY, StorageAccessAlignmentProperty, StorageDeviceProperty,
    StorageDeviceSeekPenaltyProperty,
};

/// More than any of the answers has; what a vendor adds behind is not wanted.
const ANSWER_BYTES_MAX: usize = 1024;
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
    let (input, input_bytes) = query.as_ref().map_or((ptr::null(), 0), |query| (query.as_ptr().cast(), 12));
    let mut answer = vec![0; ANSWER_BYTES_MAX];
    let room = u32::try_from(answer.len()).ok()?;
    let (into, mut count) = (answer.as_mut_ptr().cast(), 0);
    // SAFETY: the handle is open and was opened for calls that block; lengths are those of the memory they come with.
    let said = unsafe {
        let handle = file.as_raw_handle();
        DeviceIoControl(handle, code, input, input_bytes, into, room, &raw mut count, ptr::null_mut())
    };
    if said == 0 {
        let error = io::Error::last_os_error();
        tracing::debug!(?question, %error, "a driver refuses to answer");
        return None;
    }
    answer.truncate(usize::try_from(count).ok()?);
    Some(answer)
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
