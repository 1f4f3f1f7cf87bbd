//! A volume of Windows itself, as its device is: opened by its own name, read past the cache, through a completion port.
//!
//! `QUARRY_RAW_VOLUME` names it (`\\.\E:`) and `QUARRY_RAW_IMAGE` a file with the same bytes; `cargo xtask test --windows` sets both and
//! lets the one be a link to the other in wine's folder of devices. Without them there is nothing to compare.
#![cfg(windows)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsString;
use std::io::Write as _;

use quarry_io::port::{BackendKind, Op, Port, PortOptions};
use quarry_io::{
    Buffer, Device, DeviceKind, DriveKind, FileDevice, OpenError, WritableFile, WriteOptions, drive_letters,
    system_runs, system_volumes,
};

/// The volume, and the bytes that it should hold.
fn volume() -> Option<(OsString, Vec<u8>)> {
    let Some(volume) = std::env::var_os("QUARRY_RAW_VOLUME") else {
        assert!(std::env::var_os("QUARRY_REQUIRE_TOOLS").is_none(), "QUARRY_RAW_VOLUME names no volume");
        let _ = writeln!(std::io::stderr(), "QUARRY_RAW_VOLUME names no volume: nothing is compared");
        return None;
    };
    let image = std::env::var_os("QUARRY_RAW_IMAGE").expect("the volume's bytes are in a file");
    Some((volume, std::fs::read(image).unwrap()))
}

#[test]
fn a_volume_is_read_at_any_position() {
    let Some((path, bytes)) = volume() else { return };
    let device = FileDevice::open(&path).unwrap();
    assert_eq!((device.len(), device.kind()), (bytes.len() as u64, DeviceKind::Block));
    assert!(device.alignment() >= 512 && device.alignment() <= 4096);
    let end = bytes.len();
    for (offset, len) in
        [(0, 512), (3, 8), (511, 2), (5000, 70_000), (end - 7, 7), (end - 512, 512), (end, 0)]
    {
        let read = device.read_bytes(offset as u64, len).unwrap();
        assert_eq!(read, bytes[offset..offset + len], "{len} bytes at {offset}");
    }
    assert_eq!(device.read_bytes(end as u64 - 5, 6).unwrap_err().got, 5);
}

#[test]
fn pitfall_07_a_volume_is_read_to_its_end_through_ports() {
    let Some((path, bytes)) = volume() else { return };
    let device = FileDevice::open(&path).unwrap();
    for backend in [BackendKind::Iocp, BackendKind::Threads] {
        let port: Port<usize> = PortOptions::new().backend(backend).open().unwrap();
        let registered = port.register(device.port_file(), 0).unwrap();
        assert_eq!(registered.alignment(), device.alignment());
        assert!(!registered.is_writable());
        let chunk = 64 << 10;
        let last = bytes.len().saturating_sub(1) / chunk * chunk;
        let offsets: Vec<usize> = (0..last).step_by(chunk).take(200).chain([last]).collect();
        for &offset in &offsets {
            let buffer = Buffer::alone(chunk).unwrap();
            port.enqueue(Op::read(&registered, offset as u64, buffer, offset)).unwrap();
        }
        for _ in &offsets {
            let completion = port.wait().unwrap();
            let (count, offset) = (completion.result.as_ref().copied().unwrap(), completion.context);
            assert_eq!(count, chunk.min(bytes.len() - offset));
            let read = completion.into_buffer().unwrap();
            assert!(read[..count] == bytes[offset..offset + count], "at {offset}, {backend:?}");
        }
        let misaligned = Op::read(&registered, 1, Buffer::alone(512).unwrap(), 0);
        assert!(port.submit(misaligned).is_err());
    }
}

#[test]
fn a_volume_is_not_written_to() {
    let Some((path, _)) = volume() else { return };
    assert!(WritableFile::open(&path, WriteOptions::new()).is_err());
}

#[test]
fn the_drive_of_a_volume_is_asked_for_its_kind() {
    let Some((path, _)) = volume() else { return };
    let kind = DriveKind::of(&std::fs::File::open(path).unwrap());
    // Wine's volume is a file, and its drivers answer nothing.
    assert!(kind.profile().depth() > 0);
}

/// As the system prints it: with a separator behind it; and as its own tree has it.
#[test]
fn a_volume_has_several_names() {
    let Some((path, bytes)) = volume() else { return };
    let path = path.into_string().unwrap();
    for name in [format!(r"{path}\"), path.replace(r"\\.\", r"\\?\")] {
        let device = FileDevice::open(&name).unwrap();
        assert_eq!((device.len(), device.kind()), (bytes.len() as u64, DeviceKind::Block), "{name}");
    }
}

#[test]
fn drives_have_letters() {
    let drives = drive_letters();
    let system = std::env::var("SystemDrive").unwrap();
    let ours = drives.iter().find(|drive| system == format!("{}:", drive.letter));
    let ours = ours.unwrap_or_else(|| panic!("{system} is not among {drives:?}"));
    assert_eq!(ours.volume().to_str(), Some(&*format!(r"\\.\{system}")));
    assert!(
        ours.file_system.as_ref().is_some_and(|name| name.chars().all(|c| c.is_ascii_alphanumeric())),
        "{ours:?}"
    );
    assert!(drives.windows(2).all(|two| two[0].letter < two[1].letter), "{drives:?}");
}

/// What has no letter can only be seen where there is such a thing.
#[test]
fn volumes_have_names_of_their_own() {
    let volumes = system_volumes();
    let system = std::env::var("SystemDrive").unwrap();
    let ours = volumes.iter().find(|volume| volume.letters().any(|letter| system == format!("{letter}:")));
    let ours = ours.unwrap_or_else(|| panic!("{system} is not among {volumes:?}"));
    assert!(ours.file_system.is_some(), "{ours:?}");
    for (place, volume) in volumes.iter().enumerate() {
        assert!(volume.name.starts_with(r"\\?\Volume{") && volume.name.ends_with('}'), "{volume:?}");
        assert!(volumes[..place].iter().all(|other| other.name != volume.name), "{volumes:?}");
    }
    let lettered = |letter| volumes.iter().any(|volume| volume.letters().any(|other| other == letter));
    assert!(drive_letters().iter().any(|drive| lettered(drive.letter)), "{volumes:?}");
}

/// Wine answers that the first stretch starts behind its own end, which is not believed; a system that knows tells of all of a file.
#[test]
fn the_system_tells_where_a_file_lies() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&vec![7; 1 << 20]).unwrap();
    file.as_file().sync_all().unwrap();
    match system_runs(file.path()) {
        Ok(runs) => {
            assert_eq!(runs[0].vcn, 0);
            assert!(runs.windows(2).all(|two| two[0].vcn + two[0].clusters == two[1].vcn), "{runs:?}");
            assert!(runs.iter().map(|run| run.clusters).sum::<u64>() >= (1 << 20) / (64 << 10), "{runs:?}");
        }
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::InvalidData, "{error:?}"),
    }
    let missing = system_runs(&file.path().with_extension("missing")).unwrap_err();
    assert_eq!(missing.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn what_is_not_there_or_not_allowed_is_said() {
    let missing = FileDevice::open(r"\\.\Q:").unwrap_err();
    assert!(matches!(missing, OpenError::NotFound { .. }), "{missing}");
    assert_eq!(missing.to_string(), r"\\.\Q:: not found");
}
