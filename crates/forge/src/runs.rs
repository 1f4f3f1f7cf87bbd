//! Run lists ("mapping pairs"): which clusters hold a non-resident attribute.
//!
//! On disk each run is one header byte (low nibble: bytes of length, high nibble: bytes of offset), the length in
//! clusters, and the signed distance from the previous run's LCN; a zero byte ends the list. A run without an offset
//! is a hole. [`runs`] writes what a file system would; [`raw_runs`] writes whatever a test dreams up.

/// A run: its first cluster (LCN), or `None` for a hole, and its length in clusters.
pub type Run = (Option<u64>, u64);

/// Encodes `list` in the fewest bytes and ends it with a zero byte.
///
/// Both numbers are signed on disk, so a length of 128 takes two bytes, as it does when Windows writes it.
///
/// # Panics
/// When an LCN or a length does not fit 63 bits.
#[must_use]
pub fn runs(list: &[Run]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut previous = 0;
    for &(lcn, length) in list {
        let length = shortest(signed(length));
        let offset = lcn.map_or_else(Vec::new, |lcn| {
            let lcn = signed(lcn);
            let offset = shortest(lcn - previous);
            previous = lcn;
            offset
        });
        push_pair(&mut bytes, &length, &offset);
    }
    bytes.push(0);
    bytes
}

/// Encodes pairs of (length bytes, offset bytes) as they are, **without** the closing zero byte: for zero and negative
/// lengths, over-long and overflowing offsets, lists without an end. Push a `0` to end the list properly.
///
/// # Panics
/// When one part has more than 15 bytes, which a nibble cannot say.
#[must_use]
pub fn raw_runs(pairs: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (length, offset) in pairs {
        push_pair(&mut bytes, length, offset);
    }
    bytes
}

/// Clusters that `list` spans, holes included.
#[must_use]
pub fn clusters(list: &[Run]) -> u64 {
    list.iter().map(|&(_, length)| length).sum()
}

fn push_pair(bytes: &mut Vec<u8>, length: &[u8], offset: &[u8]) {
    let nibble = |part: &[u8]| {
        u8::try_from(part.len()).ok().filter(|&n| n < 16).expect("a part of a run has at most 15 bytes")
    };
    bytes.push(nibble(length) | nibble(offset) << 4);
    bytes.extend_from_slice(length);
    bytes.extend_from_slice(offset);
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).expect("an LCN or a length in a run list is a positive 63-bit number")
}

/// The fewest little-endian bytes whose sign extension is `value`; at least one.
fn shortest(value: i64) -> Vec<u8> {
    let bytes = value.to_le_bytes();
    let fits = |width: &usize| {
        let unused = 64 - 8 * *width;
        value << unused >> unused == value
    };
    let width = (1..8).find(fits).unwrap_or(8);
    bytes[..width].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(list: &[Run], expected: &[u8]) {
        assert_eq!(runs(list), expected, "{list:?}");
    }

    /// The worked examples of the format's public description, and the edges of each width.
    #[test]
    fn runs_take_the_fewest_bytes() {
        check(&[], &[0]);
        check(&[(Some(0x5634), 0x18)], &[0x21, 0x18, 0x34, 0x56, 0]);
        check(&[(Some(0x7f), 0x7f)], &[0x11, 0x7f, 0x7f, 0]);
        check(&[(Some(0x80), 0x80)], &[0x22, 0x80, 0, 0x80, 0, 0]);
        check(&[(Some(0), 1)], &[0x11, 1, 0, 0]);
        check(&[(None, 300)], &[0x02, 0x2c, 0x01, 0]);
        check(&[(Some(0x60), 4), (Some(0x40), 4)], &[0x11, 4, 0x60, 0x11, 4, 0xe0, 0]);
        // A hole leaves the base of the next offset where it was.
        check(&[(Some(0x30), 1), (None, 2), (Some(0x31), 3)], &[0x11, 1, 0x30, 0x01, 2, 0x11, 3, 1, 0]);
    }

    #[test]
    fn widest_run_takes_eight_bytes_each() {
        let bytes = runs(&[(Some(i64::MAX as u64), i64::MAX as u64)]);
        assert_eq!(bytes.len(), 18);
        assert_eq!(bytes[0], 0x88);
    }

    #[test]
    fn raw_runs_are_left_alone() {
        assert_eq!(raw_runs(&[(&[0], &[]), (&[1, 0, 0], &[0xff; 9])])[..6], [0x01, 0, 0x93, 1, 0, 0]);
    }
}
