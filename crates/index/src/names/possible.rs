//! What no file can be called.
//!
//! A name that is not one would be taken for something else where a path is read: NUL ends a path, `/` divides it, `.`, `..` and
//! nothing at all lead elsewhere. Sources and logs are anybody's bytes, so each makes sure of its names here before they are rows.

/// Stands where something was that no name has: U+FFFD.
const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();

fn leads_elsewhere(name: &[u8]) -> bool {
    matches!(name, b"" | b"." | b"..")
}

/// Whether a file or a stream can be called so.
pub(crate) fn is_possible(name: &[u8]) -> bool {
    !leads_elsewhere(name) && memchr::memchr2(0, b'/', name).is_none()
}

/// Makes what `name` has from `start` on the name of a file or a stream: U+FFFD takes the place of each NUL and `/`, and stands
/// before `.` and `..` and for no bytes at all. Says whether it could be one as it was.
pub fn make_possible(name: &mut Vec<u8>, start: usize) -> bool {
    let Some(pushed) = name.get(start..) else { return true };
    if is_possible(pushed) {
        return true;
    }
    let leads_elsewhere = leads_elsewhere(pushed);
    let pushed = pushed.to_vec();
    name.truncate(start);
    if leads_elsewhere {
        name.extend_from_slice(REPLACEMENT);
    }
    for byte in pushed {
        match byte {
            0 | b'/' => name.extend_from_slice(REPLACEMENT),
            byte => name.push(byte),
        }
    }
    false
}
