//! The drives that have a letter, and what the system says of what is mounted somewhere.
#![allow(unsafe_code, reason = "the system is asked by foreign calls")]

use windows_sys::Win32::Storage::FileSystem::{GetDriveTypeW, GetLogicalDrives, GetVolumeInformationW};
use windows_sys::Win32::System::Diagnostics::Debug::{SEM_FAILCRITICALERRORS, SetThreadErrorMode};

use super::answer;
use crate::DriveLetter;

/// Characters of the longest name of a file system.
const NAME_CHARS: u32 = 261;

/// The fixed and removable drives of this machine that have a letter, in the order of their letters.
pub(crate) fn drive_letters() -> Vec<DriveLetter> {
    // SAFETY: it takes nothing and gives a number.
    let mask = unsafe { GetLogicalDrives() };
    let letters = answer::letters(mask).filter_map(|letter| {
        let root: Vec<u16> = format!("{letter}:\\\0").encode_utf16().collect();
        answer::is_fixed_or_removable(drive_type(&root))
            .then(|| DriveLetter { letter, file_system: file_system(&root) })
    });
    letters.collect()
}

/// What kind of drive that is, as the system numbers them. `root` ends with a separator and a 0.
pub(super) fn drive_type(root: &[u16]) -> u32 {
    assert_eq!(root.last(), Some(&0), "the system reads up to a 0");
    // SAFETY: the text ends with a 0.
    unsafe { GetDriveTypeW(root.as_ptr()) }
}

/// What the system calls the file system that is mounted there. `root` ends with a separator and a 0.
pub(super) fn file_system(root: &[u16]) -> Option<String> {
    assert_eq!(root.last(), Some(&0), "the system reads up to a 0");
    let mut name = [0; NAME_CHARS as usize];
    let (mut before, none) = (0, std::ptr::null_mut());
    // A reader of cards without a card would ask the user for one.
    // SAFETY: the number is written to memory that is there.
    unsafe { SetThreadErrorMode(SEM_FAILCRITICALERRORS, &raw mut before) };
    // SAFETY: the text ends with a 0, the length is that of the memory, and nothing else is asked for.
    let told = unsafe {
        GetVolumeInformationW(
            root.as_ptr(),
            std::ptr::null_mut(),
            0,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            name.as_mut_ptr(),
            NAME_CHARS,
        )
    };
    // SAFETY: nothing is to be written.
    unsafe { SetThreadErrorMode(before, none) };
    (told != 0).then(|| answer::text(&name))
}
