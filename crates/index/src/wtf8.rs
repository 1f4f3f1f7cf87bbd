//! WTF-8: UTF-8 that may also hold an unpaired surrogate, which file names do.

/// The code points of `bytes`, surrogates included. Bytes that are no WTF-8 come out as U+FFFD, one each:
/// names from a source that is not Unicode stay searchable where they are ASCII.
pub(crate) fn code_points(bytes: &[u8]) -> impl Iterator<Item = u32> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (point, len) = decode(rest)?;
        rest = rest.get(len..)?;
        Some(point)
    })
}

/// The first code point of `bytes` and its length in bytes.
pub(crate) fn decode(bytes: &[u8]) -> Option<(u32, usize)> {
    const REPLACEMENT: (u32, usize) = (0xFFFD, 1);
    let tail =
        |at: usize| bytes.get(at).filter(|&&byte| byte & 0xC0 == 0x80).map(|&byte| u32::from(byte & 0x3F));
    let &first = bytes.first()?;
    let lead = u32::from(first);
    let point = match first {
        0..=0x7F => Some((lead, 1)),
        0xC2..=0xDF => tail(1).map(|a| ((lead & 0x1F) << 6 | a, 2)),
        0xE0..=0xEF => tail(1).zip(tail(2)).map(|(a, b)| ((lead & 0x0F) << 12 | a << 6 | b, 3)),
        0xF0..=0xF4 => tail(1)
            .zip(tail(2))
            .zip(tail(3))
            .map(|((a, b), c)| ((lead & 0x07) << 18 | a << 12 | b << 6 | c, 4)),
        _ => None,
    };
    Some(point.filter(|&(point, len)| shortest(point) == len && point <= 0x10_FFFF).unwrap_or(REPLACEMENT))
}

/// How many bytes a code point takes.
fn shortest(point: u32) -> usize {
    match point {
        0..=0x7F => 1,
        0x80..=0x7FF => 2,
        0x800..=0xFFFF => 3,
        _ => 4,
    }
}

/// Appends one code point, surrogate or not.
pub(crate) fn push(out: &mut Vec<u8>, point: u32) {
    let bits = |shift: u32| 0x80 | (low8(point >> shift) & 0x3F);
    match shortest(point) {
        1 => out.push(low8(point)),
        2 => out.extend_from_slice(&[0xC0 | low8(point >> 6), bits(0)]),
        3 => out.extend_from_slice(&[0xE0 | low8(point >> 12), bits(6), bits(0)]),
        _ => out.extend_from_slice(&[0xF0 | low8(point >> 18), bits(12), bits(6), bits(0)]),
    }
}

fn low8(value: u32) -> u8 {
    value.to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_point_comes_back() {
        for point in (0..=0x10_FFFF).filter(|p| p % 7 == 0 || (0xD7F0..0xE010).contains(p)) {
            let mut bytes = Vec::new();
            push(&mut bytes, point);
            assert_eq!(decode(&bytes), Some((point, bytes.len())));
            if let Some(scalar) = char::from_u32(point) {
                assert_eq!(bytes, scalar.to_string().as_bytes());
            }
        }
    }

    #[test]
    fn what_is_no_wtf8_is_replaced_byte_by_byte() {
        let points = |bytes: &[u8]| code_points(bytes).collect::<Vec<_>>();
        assert_eq!(points(b"a\xFFb"), [97, 0xFFFD, 98]);
        assert_eq!(points(b"\xC3"), [0xFFFD]);
        assert_eq!(points(b"\xE2\x82"), [0xFFFD, 0xFFFD]);
        assert_eq!(points(b"\xC0\x80"), [0xFFFD, 0xFFFD], "an overlong form");
        assert_eq!(points(b"\xF4\x90\x80\x80").len(), 4, "beyond Unicode");
    }
}
