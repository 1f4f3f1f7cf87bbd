//! What a made-up record is like: everything that chance decides, by its number and the seed.

use quarry_ntfs::metafile;

use super::BLOCK;

/// Numbers that look random: SplitMix64, whose every step is a bijection, so that one seed serves all records.
#[derive(Debug, Clone)]
pub(super) struct Draws(u64);

impl Draws {
    pub(super) fn of(number: u64, seed: u64) -> Self {
        Self(mix(seed ^ mix(number.wrapping_mul(STEP))))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number below `end`, which is far below 2³².
    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((self.next() >> 32) * end) >> 32
    }

    /// Whether something happens that does so in `thousandths` of all cases.
    pub(super) fn chance(&mut self, thousandths: u64) -> bool {
        self.below(1000) < thousandths
    }

    pub(super) fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        let at = usize::try_from(self.below(list.len() as u64)).unwrap_or(0);
        list[at.min(list.len() - 1)]
    }
}

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(mut number: u64) -> u64 {
    number = (number ^ number >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    number = (number ^ number >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ number >> 31
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Folder,
    File,
    Deleted,
    /// Goes on with the record before it, which has two names.
    Extension,
}

/// The last of a block is an extension record in so many thousandths of blocks: one in a hundred records.
const EXTENSION_PER_MILLE: u64 = 120;
/// Files that are deleted, in thousandths.
const DELETED_PER_MILLE: u64 = 104;

/// The role of a user's record.
pub(super) fn role(number: u64, seed: u64) -> Role {
    let (block, place) = place(number);
    let extended = || Draws::of(block, seed ^ 1).chance(EXTENSION_PER_MILLE);
    match place {
        0 => Role::Folder,
        place if place + 1 == BLOCK && extended() => Role::Extension,
        // A base is in use.
        place if place + 2 == BLOCK && extended() => Role::File,
        _ if Draws::of(number, seed ^ 2).chance(DELETED_PER_MILLE) => Role::Deleted,
        _ => Role::File,
    }
}

/// The block of a user's record, and its place there.
fn place(number: u64) -> (u64, u64) {
    let number = number.saturating_sub(metafile::FIRST_USER);
    (number / BLOCK, number % BLOCK)
}

fn folder_of_block(block: u64) -> u64 {
    metafile::FIRST_USER + block * BLOCK
}

/// How often a record was used: its sequence number.
pub(super) fn sequence(number: u64, seed: u64) -> u16 {
    match number {
        0 => 1,
        // A file system's own has its own number.
        number if number < metafile::FIRST_USER => u16::try_from(number).unwrap_or(1),
        number => 1 + u16::try_from(Draws::of(number, seed ^ 3).below(6)).unwrap_or(0),
    }
}

/// The folder of a folder: an earlier one, so that there are no rings. The power bends the tree so that half of a thousand
/// folders lie five deep or less, and a hundred thousand some eight on average.
pub(super) fn parent_of_folder(number: u64, draws: &mut Draws) -> u64 {
    let (block, _) = place(number);
    if block == 0 {
        return metafile::ROOT;
    }
    let share = (1 + draws.below(1 << 20)) as f64 / f64::from(1 << 20);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it lies between 0 and the block"
    )]
    let earlier = (block as f64 * share * share.sqrt()) as u64;
    // The first few lie at the top.
    if earlier >= block || earlier == 0 { metafile::ROOT } else { folder_of_block(earlier) }
}

/// The folder of a file: mostly that of its block or one just before; three in ten lie in the large ones.
pub(super) fn parent_of_file(number: u64, draws: &mut Draws) -> u64 {
    let (block, _) = place(number);
    let back = match draws.below(10) {
        0..4 => 0,
        4..7 => draws.next().trailing_zeros().into(),
        _ => block % 64,
    };
    folder_of_block(block.saturating_sub(back))
}

/// Quantiles of the length of a file in bytes, thousandths of all files.
const SIZES: &[(u64, u64)] = &[
    (0, 0),
    (50, 172),
    (100, 361),
    (250, 1_383),
    (500, 7_237),
    (750, 35_983),
    (900, 145_408),
    (950, 344_288),
    (990, 1_431_144),
    (999, 8_585_216),
    (1000, 4 << 30),
];

/// The length of a file in bytes.
pub(super) fn size(draws: &mut Draws) -> u64 {
    let at = draws.below(1000);
    let next = SIZES.iter().position(|&(share, _)| share > at).unwrap_or(SIZES.len() - 1).max(1);
    let ((from, least), (to, most)) = (SIZES[next - 1], SIZES[next]);
    // Evenly among the thousandths, and evenly within one.
    let width = (most - least) / (to - from);
    least + (at - from) * width + draws.below(width.clamp(1, u64::from(u32::MAX)))
}

/// The number of runs of a file.
pub(super) fn runs(draws: &mut Draws) -> u64 {
    match draws.below(1000) {
        0..962 => 1,
        962..992 => 2,
        992..996 => 3,
        996..998 => 4,
        _ => 5 + draws.below(28),
    }
}

/// Extensions as often as they are there; the rest has others.
const EXTENSIONS: &[&str] = &[
    "dll", "dll", "dll", "dll", "dll", "dll", "dll", "png", "png", "png", "png", "png", "inf", "inf", "inf",
    "pnf", "pnf", "pnf", "gif", "gif", "gif", "xml", "xml", "xml", "query", "query", "exe", "exe", "htm",
    "htm", "jpg", "jpg", "js", "js", "chm", "sys", "ini", "cur", "hlp", "wav", "pf", "lnk", "txt", "mof",
    "log", "manifest", "tmp", "dat",
];
const WORDS: &[&str] = &[
    "app",
    "net",
    "win",
    "sys",
    "mail",
    "photo",
    "report",
    "index",
    "data",
    "cache",
    "user",
    "image",
    "font",
    "update",
    "driver",
    "kb",
    "setup",
    "print",
    "msft",
    "core",
    "music",
    "video",
    "temp",
    "backup",
    "config",
    "über",
    "größe",
    "レポート",
];
/// Names that many folders have.
const COMMON: &[&str] = &[
    "desktop.ini",
    "index.js",
    "package.json",
    "readme.txt",
    "thumbs.db",
    "__init__.py",
    "license",
    "index.html",
    "manifest.xml",
    "folder.jpg",
    "setup.exe",
    "makefile",
    "config.xml",
    "resources.dll",
    "strings.xml",
    "icon.png",
];
/// Names that others have, too, in thousandths.
const COMMON_PER_MILLE: u64 = 130;

/// Puts a name together in UTF-16.
pub(super) fn name(number: u64, role: Role, draws: &mut Draws, name: &mut Vec16) {
    if role != Role::Folder && draws.chance(COMMON_PER_MILLE) {
        return name.push_str(draws.pick(COMMON));
    }
    name.push_str(draws.pick(WORDS));
    // Twelve in a hundred are long, four in a hundred very.
    let more = match draws.below(100) {
        0..4 => 5,
        4..12 => 2,
        _ => 0,
    };
    for _ in 0..more {
        name.push('_');
        name.push_str(draws.pick(WORDS));
    }
    name.push_number(number);
    if role != Role::Folder {
        name.push('.');
        name.push_str(draws.pick(EXTENSIONS));
    }
}

/// A name in UTF-16 that needs no memory of its own.
#[derive(Debug)]
pub(super) struct Vec16 {
    units: [u16; 128],
    len: usize,
}

impl Vec16 {
    pub(super) fn new() -> Self {
        Self { units: [0; 128], len: 0 }
    }

    pub(super) fn units(&self) -> &[u16] {
        self.units.get(..self.len).unwrap_or_default()
    }

    pub(super) fn push(&mut self, c: char) {
        for &mut unit in c.encode_utf16(&mut [0; 2]) {
            if let Some(place) = self.units.get_mut(self.len) {
                *place = unit;
                self.len += 1;
            }
        }
    }

    pub(super) fn push_str(&mut self, text: &str) {
        text.chars().for_each(|c| self.push(c));
    }

    /// A number in few letters: no two are alike.
    pub(super) fn push_number(&mut self, mut number: u64) {
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        loop {
            let digit = usize::try_from(number % 36).unwrap_or(0);
            self.push(char::from(DIGITS[digit]));
            number /= 36;
            if number == 0 {
                return;
            }
        }
    }
}
