//! Numbers, appended without `format!`, which costs more than the rest of a row together.

/// Appends `number` in decimal.
pub(crate) fn push_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// The numbers below 100 with two digits each.
pub(crate) const TWO_DIGITS: [[u8; 2]; 100] = {
    let mut table = [[b'0'; 2]; 100];
    let mut tens = 0;
    while tens < 10 {
        let mut ones = 0;
        while ones < 10 {
            table[tens * 10 + ones] = [DIGITS[tens], DIGITS[ones]];
            ones += 1;
        }
        tens += 1;
    }
    table
};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Appends `number` in hexadecimal with zeros in front up to `width`.
pub(crate) fn push_hexadecimal(out: &mut Vec<u8>, number: u32, width: u32) {
    let places = (u32::BITS - number.leading_zeros()).div_ceil(4).max(width);
    for place in (0..places).rev() {
        out.push(DIGITS[(number >> (4 * place)) as usize & 0xF]);
    }
}

/// Appends a size for people: `0 B`, `1023 B`, `1.5 KiB`, `15.2 KiB`, `152 KiB`, up to `16.0 EiB`: at most
/// [`SIZE_WIDTH`] bytes.
pub(crate) fn push_size(out: &mut Vec<u8>, bytes: u64) {
    const UNITS: [&str; 6] = [" KiB", " MiB", " GiB", " TiB", " PiB", " EiB"];
    if bytes < 1024 {
        push_number(out, bytes);
        out.extend_from_slice(b" B");
        return;
    }
    // The unit is the first in which the value, rounded as it will be shown, has at most four digits.
    for (unit, shift) in UNITS.iter().zip((10..).step_by(10)) {
        let tenths = rounded(u128::from(bytes) * 10, shift);
        let wholes = rounded(u128::from(bytes), shift);
        if tenths < 1000 {
            push_number(out, tenths / 10);
            out.push(b'.');
            push_number(out, tenths % 10);
        } else if wholes < 1024 {
            push_number(out, wholes);
        } else {
            continue;
        }
        out.extend_from_slice(unit.as_bytes());
        return;
    }
}

/// The most bytes that [`push_size`] appends.
pub(crate) const SIZE_WIDTH: usize = 8;

/// `value` / 2^`shift`, to the nearest; it fits because callers give less than 2^68 and shift by 10 at least.
fn rounded(value: u128, shift: u32) -> u64 {
    u64::try_from((value + (1 << (shift - 1))) >> shift).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{SIZE_WIDTH, TWO_DIGITS, push_hexadecimal, push_number, push_size};
    use proptest::prelude::{any, proptest};

    fn check(write: impl Fn(&mut Vec<u8>), expected: &str) {
        let mut out = b"|".to_vec();
        write(&mut out);
        assert_eq!(String::from_utf8_lossy(&out[1..]), expected);
    }

    #[test]
    fn digits_are_those_of_the_number() {
        for (number, digits) in (0..100).zip(TWO_DIGITS) {
            check(|out| out.extend(digits), &format!("{number:02}"));
        }
        check(|out| push_number(out, u64::MAX), "18446744073709551615");
        check(|out| push_hexadecimal(out, 0, 1), "0");
        check(|out| push_hexadecimal(out, 0x202e, 1), "202e");
        check(|out| push_hexadecimal(out, 0xA0, 8), "000000a0");
        check(|out| push_hexadecimal(out, u32::MAX, 1), "ffffffff");
    }

    #[test]
    fn sizes_round_without_jumping_a_unit() {
        let cases = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (102_348, "99.9 KiB"),
            (102_400, "100 KiB"),
            (1_048_063, "1023 KiB"),
            (1_048_064, "1.0 MiB"),
            (1 << 30, "1.0 GiB"),
            (u64::MAX, "16.0 EiB"),
        ];
        for (bytes, expected) in cases {
            check(|out| push_size(out, bytes), expected);
        }
    }

    proptest! {
        #[test]
        fn sizes_fit_their_column(bytes in any::<u64>(), shift in 0_u32..64) {
            let mut out = Vec::new();
            push_size(&mut out, bytes >> shift);
            assert!((3..=SIZE_WIDTH).contains(&out.len()));
        }
    }
}
