//! A file on which another program has a lease, as Samba has for a client that keeps it in its own cache. It gives the file up when it is asked to, and
//! whoever opens the file waits until then.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "no library that is used knows leases")]

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use quarry_io::{Device, FileDevice};

/// Chooses the signal by which the holder of a lease is asked.
const F_SETSIG: i32 = 10;

fn ask(file: &File, what: i32, argument: i32) -> io::Result<i32> {
    // SAFETY: the descriptor is open, and these commands take a number.
    let answer = unsafe { libc::fcntl(file.as_raw_fd(), what, argument) };
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(answer) }
}

#[test]
fn who_has_a_lease_on_a_file_is_waited_for() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"an image").unwrap();
    let holder = file.as_file();
    // By a signal that does nothing, not by one that ends the program.
    ask(holder, F_SETSIG, libc::SIGURG).unwrap();
    if let Err(error) = ask(holder, libc::F_SETLEASE, libc::F_WRLCK) {
        // Some file systems know no leases.
        assert_eq!(error.raw_os_error(), Some(libc::EINVAL), "{error}");
        return;
    }
    let opened = std::thread::scope(|scope| {
        let opening = scope.spawn(|| FileDevice::open(file.path()));
        let began = Instant::now();
        while ask(holder, libc::F_GETLEASE, 0).unwrap() == libc::F_WRLCK {
            assert!(began.elapsed() < Duration::from_secs(10), "nobody asks for the file");
            std::thread::sleep(Duration::from_millis(1));
        }
        // Whoever does not wait has an error by now.
        std::thread::sleep(Duration::from_millis(50));
        ask(holder, libc::F_SETLEASE, libc::F_UNLCK).unwrap();
        opening.join().unwrap()
    });
    assert_eq!(opened.unwrap().read_bytes(0, 8).unwrap(), b"an image");
}
