//! Sources made up, as large as wanted: an index of a million files without a volume.
//!
//! Names have a word in the front, a number and an extension, 20 bytes on average; one in sixteen holds `report`, every other
//! word and extension is as common. Sizes are spread over powers of two, so that a few files hold most bytes, and times over
//! twenty years. One row in ten is a folder; folders lie up to a dozen levels deep. Everything follows from the number of a file, so that
//! two runs search the same.

use quarry_index::{Batch, Builder, CaseTable, File, FileFlags, FileId, Index, Time};

const ROOT: FileId = FileId { record: 5, sequence: 5 };
/// Record number of the first file.
const FIRST: u32 = 100;
/// One file in so many is a folder.
const FOLDERS: u32 = 10;
/// Files in a folder whose children are folders, about.
const FANOUT: u32 = 8;
/// FILETIME of 2004-01-01, and 20 years.
const BEGAN: u64 = 127_173_024_000_000_000;
const TICKS: u64 = 20 * 365 * 24 * 3600 * 10_000_000;

const WORDS: [&str; 16] = [
    "report", "invoice", "photo", "Backup", "IMG", "data", "index", "System", "kernel", "notes", "draft",
    "Music", "cache", "module", "readme", "Setup",
];
const EXTENSIONS: [&str; 16] = [
    "txt", "pdf", "docx", "jpg", "png", "dll", "exe", "sys", "log", "json", "XML", "dat", "mp3", "zip",
    "html", "ini",
];

/// Bits without a pattern.
fn mixed(number: u64) -> u64 {
    let a = (number.wrapping_add(0x9E37_79B9_7F4A_7C15) ^ number >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let b = (a ^ a >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    b ^ b >> 31
}

fn pick<'a>(list: &[&'a str; 16], bits: u64) -> &'a str {
    list[(bits % 16) as usize]
}

/// An index of `rows` rows, of whose names about `distinct` in a hundred differ.
pub(crate) fn index(rows: u32, distinct: u32) -> Index {
    let files = rows - 2;
    let names = u64::from(files) * u64::from(distinct) / 100;
    let mut batch = Batch::new();
    batch.begin(FIRST);
    for number in 0..files {
        batch.open_file();
        let folder = number % FOLDERS == 0;
        let bits = mixed(u64::from(number));
        // Where not all differ, those of the first come again.
        let name = u64::from(number) % names.max(1);
        // Some files are called like folders then, so that as many names differ as are asked for.
        batch.name(parent(number), false, |blob| push_name(name, name.is_multiple_of(FOLDERS.into()), blob));
        batch.close_file(file(number, folder, bits));
    }
    Builder::new(ROOT, CaseTable::default()).build(vec![batch]).expect("it fits").0
}

/// The folder that a file lies in: one before it.
fn parent(number: u32) -> FileId {
    let place = number / FOLDERS;
    let above = if number.is_multiple_of(FOLDERS) { place / FANOUT } else { place };
    if number.is_multiple_of(FOLDERS) && place == 0 {
        return ROOT;
    }
    FileId { record: FIRST + above * FOLDERS, sequence: 1 }
}

fn push_name(number: u64, folder: bool, blob: &mut Vec<u8>) {
    let bits = mixed(number ^ 0x5555);
    let (word, extension) = (pick(&WORDS, bits), pick(&EXTENSIONS, bits >> 8));
    let text = match (folder, bits >> 16 & 7) {
        (true, _) => format!("{word} {number:x}"),
        (false, 0) => format!("{number:07} {word}.{extension}"),
        (false, 1) => format!("old-{word}~{number:05x}.{extension}"),
        (false, _) => format!("{word}_{number:08x}.{extension}"),
    };
    blob.extend_from_slice(text.as_bytes());
}

fn file(number: u32, folder: bool, bits: u64) -> File {
    let octave = bits % 34;
    let size = if folder { 0 } else { (1u64 << octave) + (bits >> 8) % (1 << octave) };
    let time = |salt: u64| Time(BEGAN + mixed(bits ^ salt) % TICKS);
    let created = time(1);
    let modified = if bits >> 60 == 0 { time(2) } else { created };
    File {
        record: FIRST + number,
        sequence: 1,
        size,
        allocated: size.next_multiple_of(4096),
        created,
        modified,
        changed: modified,
        accessed: if bits >> 59 & 1 == 0 { created } else { time(3) },
        attributes: 0x20,
        reparse_tag: 0,
        flags: if folder { FileFlags::DIRECTORY | FileFlags::SIZED } else { FileFlags::SIZED },
    }
}
