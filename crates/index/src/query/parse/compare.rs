//! `>`, `<=`, `a..b` and their like, for whatever has an order; and numbers.

use super::{Input, Parsed, eat, ends_word, fault, here, peek, run, word_ahead};
use crate::query::ast::Bounds;

/// What may be compared.
pub(super) struct Scale<R> {
    /// Reads a value. A value that is written coarsely (`2mb`, `2024-05`) stands for all that it could be.
    pub(super) read: R,
    /// Whether comparisons go by the ends of what a value stands for (`>2024-05` is after May) or by its
    /// beginning (`>2mb` is anything above 2097152).
    pub(super) by_ends: bool,
    /// All values there are.
    pub(super) all: Bounds,
    /// What an example looks like, for errors.
    pub(super) example: &'static str,
}

impl<R: Fn(&mut Input<'_>) -> Parsed<Bounds>> Scale<R> {
    /// A comparison, a range or a value, and nothing behind it.
    pub(super) fn bounds(&self, input: &mut Input<'_>) -> Parsed<Bounds> {
        let bounds = self.expression(input)?;
        match peek(input).filter(|&c| !ends_word(c)) {
            None => Ok(bounds),
            Some(c) => {
                let at = here(input);
                fault(at..at + c.len_utf8(), "the end of the value", format!("for example {}", self.example))
            }
        }
    }

    fn expression(&self, input: &mut Input<'_>) -> Parsed<Bounds> {
        match peek(input) {
            Some('<' | '>' | '=') => self.comparison(input),
            Some('.') => self.range(input, None),
            _ => {
                let start = here(input);
                let value = (self.read)(input)?;
                if peek(input) == Some('.') { self.range(input, Some((start, value))) } else { Ok(value) }
            }
        }
    }

    fn comparison(&self, input: &mut Input<'_>) -> Parsed<Bounds> {
        let (below, above) = (eat(input, '<'), eat(input, '>'));
        let equal = eat(input, '=');
        let value = self.point((self.read)(input)?);
        let Bounds { first, last } = value;
        let up_to = |end: Option<u64>| end.map_or(Bounds::NONE, |last| Bounds { last, ..self.all });
        let from = |start: Option<u64>| start.map_or(Bounds::NONE, |first| Bounds { first, ..self.all });
        Ok(match (below, above, equal) {
            (true, _, false) => up_to(first.checked_sub(1)),
            (true, _, true) => up_to(Some(last)),
            (_, true, false) => from(last.checked_add(1)),
            (_, true, true) => from(Some(first)),
            _ => value,
        })
    }

    /// The rest of `a..b`, of which either end may be left out.
    fn range(&self, input: &mut Input<'_>, low: Option<(usize, Bounds)>) -> Parsed<Bounds> {
        let dots = here(input);
        if !(eat(input, '.') && eat(input, '.')) {
            return fault(dots..dots + 1, "`..`", format!("a range has two dots: {}", self.example));
        }
        let open = peek(input).is_none_or(ends_word);
        let high = if open { None } else { Some(self.point((self.read)(input)?)) };
        match (low, high) {
            (None, None) => fault(
                dots..here(input),
                "a value before or after `..`",
                format!("for example {}", self.example),
            ),
            (Some((start, low)), Some(high)) if high.last < low.first => {
                fault(start..here(input), "a range that goes upwards", "write the smaller end first")
            }
            (low, high) => Ok(Bounds {
                first: low.map_or(self.all.first, |(_, low)| self.point(low).first),
                last: high.map_or(self.all.last, |high| high.last),
            }),
        }
    }

    fn point(&self, value: Bounds) -> Bounds {
        if self.by_ends { value } else { Bounds { last: value.first, ..value } }
    }
}

const ALL: Bounds = Bounds { first: 0, last: u64::MAX };

/// Bounds of a plain number.
pub(super) fn count(input: &mut Input<'_>) -> Parsed<Bounds> {
    let read = |input: &mut Input<'_>| {
        let at = word_ahead(input);
        match run(input, |c| c.is_ascii_digit())?.parse() {
            Ok(value) => Ok(Bounds { first: value, last: value }),
            Err(_) => fault(at, "a number", "write digits, as in 3, >3 or 1..3"),
        }
    };
    Scale { read, by_ends: false, all: ALL, example: "1..3" }.bounds(input)
}

/// Bounds of a number of bytes.
pub(super) fn bytes(input: &mut Input<'_>) -> Parsed<Bounds> {
    Scale { read: size, by_ends: false, all: ALL, example: "1kb..2mb" }.bounds(input)
}

const SIZE_HINT: &str = "write a size such as 512, 64kb, 1.5gb, >10mb, 1kb..2mb or empty";
/// Digits behind the point; what they add to the largest unit is still exact.
const FRACTION_DIGITS_MAX: usize = 9;

/// `512`, `64kb`, `1.5gb` or `empty`: everything that rounds down to what is written.
pub(super) fn size(input: &mut Input<'_>) -> Parsed<Bounds> {
    let at = word_ahead(input);
    let digits = run(input, |c| c.is_ascii_digit())?;
    if digits.is_empty() {
        let word = run(input, |c| c.is_ascii_alphabetic())?;
        let empty = word.eq_ignore_ascii_case("empty");
        return if empty { Ok(Bounds { first: 0, last: 0 }) } else { fault(at, "a size", SIZE_HINT) };
    }
    let fraction = fraction(input)?;
    let unit_at = word_ahead(input);
    let unit = unit(run(input, |c| c.is_ascii_alphabetic())?);
    let Some(unit) = unit else {
        return fault(unit_at, "a unit (b, kb, mb, gb or tb)", SIZE_HINT);
    };
    let scaled = |step: u128| {
        let number: u128 = format!("{digits}{fraction}").parse().ok()?;
        let parts = 10u128.pow(u32::try_from(fraction.len()).ok()?);
        Some(number.checked_add(step)?.checked_mul(unit)? / parts)
    };
    let first = scaled(0).and_then(|first| u64::try_from(first).ok());
    let Some((first, next)) = first.zip(scaled(1)) else {
        return fault(at, format!("a size up to {} bytes", u64::MAX), SIZE_HINT);
    };
    Ok(Bounds { first, last: u64::try_from(next.saturating_sub(1)).unwrap_or(u64::MAX).max(first) })
}

/// Digits behind a point. Two points are a range, not a fraction.
fn fraction<'q>(input: &mut Input<'q>) -> Parsed<&'q str> {
    let before = *input;
    let point = eat(input, '.');
    let start = here(input);
    let digits = if point { run(input, |c| c.is_ascii_digit())? } else { "" };
    if digits.is_empty() {
        *input = before;
    }
    if digits.len() > FRACTION_DIGITS_MAX {
        return fault(start..here(input), format!("at most {FRACTION_DIGITS_MAX} digits"), SIZE_HINT);
    }
    Ok(digits)
}

/// Bytes of a unit; none is bytes.
fn unit(word: &str) -> Option<u128> {
    let power = match word.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        _ => return None,
    };
    Some(1 << (10 * power))
}
