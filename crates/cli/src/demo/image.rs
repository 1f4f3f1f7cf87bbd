//! The volume that comes with the program, unpacked to a file.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::failure::Complaint;

/// The volume, as `zstd` packed it. The README beside it says what is on it.
const PACKED: &[u8] = include_bytes!("../../demo/demo.ntfs.zst");
/// What is unpacked at a time; a stretch of zeros of this size becomes a hole.
const CHUNK_BYTES: usize = 64 * 1024;

/// Writes the volume to `path`, unless it is there already. Nothing of the user's is overwritten, and what is not whole has another
/// name, and goes again.
pub(super) fn unpack(path: &Path) -> Result<(), Complaint> {
    let complain = |error: io::Error| {
        // What the system said, without the name that a draft has.
        let cause = error.get_ref().map_or_else(|| error.to_string(), |_| error.kind().to_string());
        Complaint::about(path.display().to_string(), cause).then("choose another folder")
    };
    match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        opened => return if_same(path, opened.map_err(complain)?),
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut draft = tempfile::Builder::new();
    draft.prefix(".demo-").suffix(".part");
    // As other files of the user's are.
    #[cfg(unix)]
    draft.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut draft = draft.tempfile_in(folder.unwrap_or_else(|| Path::new("."))).map_err(complain)?;
    unpack_into(draft.as_file_mut()).map_err(complain)?;
    match draft.persist_noclobber(path) {
        Ok(_) => Ok(()),
        // It came meanwhile.
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
            if_same(path, File::open(path).map_err(complain)?)
        }
        Err(error) => Err(complain(error.error)),
    }
}

/// Agrees with what is there if it is the volume.
fn if_same(path: &Path, file: File) -> Result<(), Complaint> {
    let path = path.display().to_string();
    if is_volume(file).map_err(|error| Complaint::about(path.as_str(), error))? {
        return Ok(());
    }
    Err(Complaint::about(path, "something else is there already").then("choose another folder"))
}

/// Calls `each` with every stretch of the volume and its offset.
fn for_each_chunk(mut each: impl FnMut(u64, &[u8]) -> io::Result<bool>) -> io::Result<bool> {
    let mut volume = zstd::Decoder::new(PACKED)?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut offset = 0;
    loop {
        let length = fill(&mut volume, &mut chunk)?;
        if length == 0 {
            return Ok(true);
        }
        if !each(offset, chunk.get(..length).unwrap_or_default())? {
            return Ok(false);
        }
        offset += length as u64;
    }
}

/// Reads until `chunk` is full or there is no more; says how much there was.
fn fill(source: &mut impl Read, chunk: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = chunk.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match source.read(rest)? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}

fn unpack_into(file: &mut File) -> io::Result<()> {
    let mut end = 0;
    for_each_chunk(|offset, chunk| {
        end = offset + chunk.len() as u64;
        if chunk.iter().any(|&byte| byte != 0) {
            file.seek(SeekFrom::Start(offset))?;
            file.write_all(chunk)?;
        }
        Ok(true)
    })?;
    file.set_len(end)
}

/// Whether `file` is the volume, byte for byte.
fn is_volume(mut file: File) -> io::Result<bool> {
    let length = file.metadata()?.len();
    let mut theirs = vec![0; CHUNK_BYTES];
    let mut end = 0;
    let same = for_each_chunk(|offset, chunk| {
        end = offset + chunk.len() as u64;
        let read = fill(&mut file, &mut theirs)?;
        Ok(theirs.get(..read) == Some(chunk))
    })?;
    Ok(same && end == length)
}

#[cfg(test)]
mod tests {
    use super::unpack;
    use std::io::Write as _;

    #[test]
    fn the_volume_is_unpacked_once_and_overwrites_nothing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("demo.ntfs");
        unpack(&path).expect("unpacked");
        let bytes = std::fs::read(&path).expect("readable");
        assert_eq!(&bytes[3..11], b"NTFS    ");
        unpack(&path).expect("it is there already");

        let mut file = std::fs::OpenOptions::new().append(true).open(&path).expect("opened");
        file.write_all(b"!").expect("written");
        let complaint = unpack(&path).expect_err("no longer the volume").to_string();
        assert!(complaint.ends_with("something else is there already; choose another folder"), "{complaint}");
        assert_eq!(std::fs::read(&path).expect("readable").len(), bytes.len() + 1);
    }
}
