//! The volumes that the system knows by names of its own, mounted or not.
#![allow(unsafe_code, reason = "the system is asked by foreign calls")]

use std::io;

use windows_sys::Win32::Foundation::{ERROR_MORE_DATA, HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Storage::FileSystem::{
    FindFirstVolumeW, FindNextVolumeW, FindVolumeClose, GetVolumePathNamesForVolumeNameW,
};

use super::{answer, letters};
use crate::SystemVolume;

/// Characters of a volume's name with the separator and the 0 behind it, and some more.
const NAME_CHARS: u32 = 260;
/// Characters that the places of one volume may take: a thousand of the longest usual paths.
const PLACES_CHARS_MAX: u32 = 1 << 18;
/// Volumes that are asked for, should the list not end.
const VOLUMES_MAX: usize = 4096;

/// The volumes on fixed and removable drives, as the system lists them.
pub(crate) fn system_volumes() -> Vec<SystemVolume> {
    let volumes = Names::first().into_iter().flatten().take(VOLUMES_MAX).filter_map(|root| {
        answer::may_be_fixed_or_removable(letters::drive_type(&root)).then(|| SystemVolume {
            name: answer::text(&root).trim_end_matches('\\').to_owned(),
            mounted_at: places(&root),
            file_system: letters::file_system(&root),
        })
    });
    volumes.collect()
}

/// The names of all volumes, one after the other: with a separator and a 0 behind each.
struct Names {
    search: HANDLE,
    next: Option<Vec<u16>>,
}

impl Names {
    /// Begins with the first; nothing if there is none.
    fn first() -> Option<Self> {
        let mut name = vec![0; NAME_CHARS as usize];
        // SAFETY: the length is that of the memory.
        let search = unsafe { FindFirstVolumeW(name.as_mut_ptr(), NAME_CHARS) };
        (search != INVALID_HANDLE_VALUE).then(|| Self { search, next: Some(whole(&name)) })
    }
}

impl Iterator for Names {
    type Item = Vec<u16>;

    fn next(&mut self) -> Option<Vec<u16>> {
        let now = self.next.take()?;
        let mut name = vec![0; NAME_CHARS as usize];
        // SAFETY: the search goes on until this is dropped; the length is that of the memory.
        let found = unsafe { FindNextVolumeW(self.search, name.as_mut_ptr(), NAME_CHARS) };
        self.next = (found != 0).then(|| whole(&name));
        Some(now)
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        // SAFETY: the search was begun and nobody else ends it.
        unsafe { FindVolumeClose(self.search) };
    }
}

/// What was written of the memory, up to its 0 and with it.
fn whole(name: &[u16]) -> Vec<u16> {
    name.iter().copied().take_while(|&unit| unit != 0).chain([0]).collect()
}

/// Where a volume is mounted. `root` ends with a separator and a 0.
fn places(root: &[u16]) -> Vec<String> {
    assert_eq!(root.last(), Some(&0), "the system reads up to a 0");
    let mut room = NAME_CHARS;
    loop {
        let (mut names, mut wanted) = (vec![0; room as usize], 0);
        let (from, into) = (root.as_ptr(), names.as_mut_ptr());
        // SAFETY: the text ends with a 0, the length is that of the memory, and there is room for a number.
        let told = unsafe { GetVolumePathNamesForVolumeNameW(from, into, room, &raw mut wanted) };
        if told != 0 {
            return answer::texts(&names);
        }
        let error = io::Error::last_os_error();
        let more = error.raw_os_error() == Some(ERROR_MORE_DATA.cast_signed());
        if !more || wanted <= room || wanted > PLACES_CHARS_MAX {
            tracing::debug!(%error, "where a volume is mounted is not known");
            return Vec::new();
        }
        room = wanted;
    }
}
