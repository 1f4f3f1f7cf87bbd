//! `FILE_ATTRIBUTE_*` bits as the letters that `attrib` and Explorer show.

/// Each bit that has a letter, in the order in which they are shown.
const LETTERS: [(u32, u8); 18] = [
    (0x0001, b'R'),      // read only
    (0x0002, b'H'),      // hidden
    (0x0004, b'S'),      // system
    (0x0010, b'D'),      // directory
    (0x0020, b'A'),      // archive
    (0x0080, b'N'),      // normal: no other
    (0x0100, b'T'),      // temporary
    (0x0200, b'P'),      // sparse
    (0x0400, b'L'),      // reparse point
    (0x0800, b'C'),      // compressed
    (0x1000, b'O'),      // offline
    (0x2000, b'I'),      // not indexed for content
    (0x4000, b'E'),      // encrypted
    (0x8000, b'V'),      // integrity
    (0x0002_0000, b'X'), // no scrub
    (0x0008_0000, b'p'), // pinned here
    (0x0010_0000, b'u'), // unpinned
    (0x0044_0000, b'r'), // recalled when opened or read
];

/// The room that a table gives them; more are rare and push the rest of their line aside.
pub(crate) const ATTRIBUTES_WIDTH: usize = "attributes".len();

/// Appends the letters of `attributes`, `-` for none.
pub(crate) fn push_attributes(out: &mut Vec<u8>, attributes: u32) {
    let start = out.len();
    for (bit, letter) in LETTERS {
        if attributes & bit != 0 {
            out.push(letter);
        }
    }
    if out.len() == start {
        out.push(b'-');
    }
}

#[cfg(test)]
mod tests {
    use super::push_attributes;

    #[test]
    fn letters_stand_for_bits() {
        for (attributes, expected) in
            [(0, "-"), (0x80, "N"), (0x27, "RHSA"), (0x0420, "AL"), (0x0040_1020, "AOr"), (0x0008_0000, "p")]
        {
            let mut out = Vec::new();
            push_attributes(&mut out, attributes);
            assert_eq!(out, expected.as_bytes());
        }
    }
}
