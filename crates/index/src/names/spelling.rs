//! How a name is spelled, told by its folded form and as few bytes as will do.
//!
//! Searches sweep the folded names, so those are kept whole; the names as they were are only wanted for what is
//! shown. Most are the folded name, its lower case, or its lower case but for the first letter: a number says so.
//! The others take a bit for each character. Keeping both forms of every name was rejected, for it doubles the
//! largest column.
//!
//! Nothing is assumed of the case table, which is a file of the volume: what it cannot restore to the byte (two
//! lower cases of one unit, bytes that are no WTF-8) is kept as it is. The codes are those of the snapshot file.

use thiserror::Error;

use super::pattern::{Pattern, fold_short};
use crate::case::CaseTable;
use crate::wtf8;

const AS_FOLDED: u64 = 0;
const LOWER: u64 = 1;
const CAPITAL: u64 = 2;
const TOLD_BY_BYTES: u64 = 3;

/// Says that a name lies in the spelling bytes as it is, behind its length in two bytes.
const VERBATIM: u8 = u8::MAX;
/// The bit in which the two cases of an ASCII letter differ.
const ASCII_CASE_BIT: u32 = 5;
/// What a byte that is no WTF-8 is decoded as. U+FFFD itself is three bytes long.
const NO_WTF8: (u32, usize) = (0xFFFD, 1);

/// A spelling that leads outside the spelling bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("spelling {code} leads outside the {bytes} spelling bytes")]
pub(crate) struct BadSpelling {
    /// What was to be restored.
    pub(crate) code: u64,
    /// How many spelling bytes there are.
    pub(crate) bytes: usize,
}

/// Tells how names are spelled, and spells them.
pub(crate) struct Speller {
    /// The least unit whose upper case is the place and that is another unit; where there is none, the place.
    lower: Box<[u16]>,
    /// Whether ASCII has the lower case of ASCII: then names of ASCII need no table.
    plain_ascii: bool,
}

impl std::fmt::Debug for Speller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Speller").field("plain_ascii", &self.plain_ascii).finish_non_exhaustive()
    }
}

impl Speller {
    /// Turns the volume's table round.
    pub(crate) fn new(case: &CaseTable) -> Self {
        let mut lower: Box<[u16]> = (0..=u16::MAX).collect();
        for unit in (0..=u16::MAX).rev() {
            let upper = case.upper(unit);
            if upper != unit {
                lower[usize::from(upper)] = unit;
            }
        }
        let plain_ascii =
            (0..128u8).all(|byte| lower[usize::from(byte)] == u16::from(byte.to_ascii_lowercase()));
        Self { lower, plain_ascii }
    }

    fn lower(&self, point: u32) -> u32 {
        u16::try_from(point).map_or(point, |unit| u32::from(self.lower[usize::from(unit)]))
    }

    /// How `plain` is made of `folded`. Appends to `out`, all spelling bytes so far, what that takes.
    /// [`Speller::restore`] gives back `plain`, whatever the two are.
    ///
    /// # Panics
    /// If a name longer than 65 535 bytes has to be kept as it is.
    pub(crate) fn spell(&self, folded: &[u8], plain: &[u8], out: &mut Vec<u8>) -> u64 {
        let mut pattern = Pattern::new();
        let told = if self.plain_ascii && folded.is_ascii() && plain.is_ascii() {
            pattern.add_ascii(folded, plain)
        } else if folded == plain {
            return AS_FOLDED;
        } else {
            self.add_all(&mut pattern, folded, plain)
        };
        push(told.map(|()| &pattern), plain, out)
    }

    /// Folds a name to `folded`, which is as long, and says how it is spelled, all in one go: for names for which
    /// [`Speller::is_plain`] holds and that fold as ASCII does.
    pub(super) fn fold_ascii(&self, plain: &[u8], folded: &mut [u8], out: &mut Vec<u8>) -> u64 {
        // Most names are short: no pattern need be made for what is mostly one of the first three codes.
        if let Some((lowered, able)) = fold_short(plain, folded) {
            match lowered {
                0 => return AS_FOLDED,
                _ if lowered == able => return LOWER,
                _ if lowered == able & !1 => return CAPITAL,
                _ => {}
            }
            let code = TOLD_BY_BYTES + out.len() as u64;
            let used = (u64::BITS - lowered.leading_zeros()).div_ceil(8);
            out.push(u8::try_from(used).unwrap_or(8));
            out.extend_from_slice(&lowered.to_le_bytes()[..used as usize]);
            return code;
        }
        let mut pattern = Pattern::new();
        let told = pattern.fold_ascii(plain, folded);
        push(told.map(|()| &pattern), plain, out)
    }

    /// Whether names of ASCII have the lower case of ASCII.
    pub(super) fn is_plain(&self) -> bool {
        self.plain_ascii
    }

    /// Adds all characters of a name. `None` if no pattern tells it.
    fn add_all(&self, pattern: &mut Pattern, mut folded: &[u8], mut plain: &[u8]) -> Option<()> {
        for place in 0.. {
            let (Some(upper), Some(shown)) = (decode(folded), decode(plain)) else { break };
            // A byte that is no WTF-8 would come back as U+FFFD.
            if upper == NO_WTF8 || shown == NO_WTF8 {
                return None;
            }
            let lower = self.lower(upper.0);
            let lowered = shown.0 != upper.0;
            if lowered && shown.0 != lower {
                return None;
            }
            pattern.add(place, lowered, lower != upper.0)?;
            folded = &folded[upper.1..];
            plain = &plain[shown.1..];
        }
        (folded.is_empty() && plain.is_empty()).then_some(())
    }

    /// Appends the name of which [`Speller::spell`] said `code` to `out`.
    ///
    /// # Errors
    /// If the code leads outside `spellings`. Any other code and bytes give some name.
    pub(crate) fn restore(
        &self,
        folded: &[u8],
        code: u64,
        spellings: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), BadSpelling> {
        match code {
            AS_FOLDED => out.extend_from_slice(folded),
            LOWER => self.lower_from(0, folded, out),
            CAPITAL => self.lower_from(1, folded, out),
            _ => match told(code, spellings).ok_or(BadSpelling { code, bytes: spellings.len() })? {
                Told::Verbatim(name) => out.extend_from_slice(name),
                Told::Bits(bits) => self.lower_by(bits, folded, out),
            },
        }
        Ok(())
    }

    /// Appends `folded` with every character from number `first`, 0 or 1, in lower case.
    fn lower_from(&self, first: usize, folded: &[u8], out: &mut Vec<u8>) {
        if !(self.plain_ascii && folded.is_ascii()) {
            return self.lower_where(|place| place >= first, folded, out);
        }
        let start = out.len() + first.min(folded.len());
        out.extend_from_slice(folded);
        out[start..].make_ascii_lowercase();
    }

    /// Appends `folded` with the characters in lower case whose bit is set.
    fn lower_by(&self, bits: &[u8], folded: &[u8], out: &mut Vec<u8>) {
        if !(self.plain_ascii && folded.is_ascii()) {
            let set = |place: usize| bits.get(place / 8).is_some_and(|byte| byte >> (place % 8) & 1 != 0);
            return self.lower_where(set, folded, out);
        }
        let start = out.len();
        out.extend_from_slice(folded);
        for (characters, bits) in out[start..].chunks_mut(8).zip(bits) {
            for (place, byte) in characters.iter_mut().enumerate() {
                *byte |= (u8::from(byte.is_ascii_uppercase()) & (bits >> place) & 1) << ASCII_CASE_BIT;
            }
        }
    }

    fn lower_where(&self, wanted: impl Fn(usize) -> bool, folded: &[u8], out: &mut Vec<u8>) {
        for (place, point) in wtf8::code_points(folded).enumerate() {
            wtf8::push(out, if wanted(place) { self.lower(point) } else { point });
        }
    }
}

/// The first character, and its length in bytes.
fn decode(bytes: &[u8]) -> Option<(u32, usize)> {
    match *bytes.first()? {
        ascii @ 0..0x80 => Some((ascii.into(), 1)),
        _ => wtf8::decode(bytes),
    }
}

/// The code when `more` bytes have been put before the spelling bytes that it speaks of.
pub(super) fn moved(code: u64, more: u64) -> u64 {
    if code < TOLD_BY_BYTES { code } else { code + more }
}

/// The code of a name with this pattern, or without one. Appends what that takes.
fn push(pattern: Option<&Pattern>, plain: &[u8], out: &mut Vec<u8>) -> u64 {
    let code = TOLD_BY_BYTES + out.len() as u64;
    match pattern {
        Some(Pattern { used: 0, .. }) => return AS_FOLDED,
        Some(Pattern { all: true, .. }) => return LOWER,
        Some(Pattern { rest: true, .. }) => return CAPITAL,
        Some(pattern) => pattern.push(out),
        None => {
            let length = u16::try_from(plain.len()).expect("a name is at most 65 535 bytes long");
            out.push(VERBATIM);
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(plain);
        }
    }
    code
}

/// What the spelling bytes say of a name.
enum Told<'a> {
    Bits(&'a [u8]),
    Verbatim(&'a [u8]),
}

fn told(code: u64, spellings: &[u8]) -> Option<Told<'_>> {
    let place = usize::try_from(code.checked_sub(TOLD_BY_BYTES)?).ok()?;
    let (&used, rest) = spellings.get(place..)?.split_first()?;
    if used != VERBATIM {
        return rest.get(..usize::from(used)).map(Told::Bits);
    }
    let (length, name) = rest.split_first_chunk()?;
    name.get(..usize::from(u16::from_le_bytes(*length))).map(Told::Verbatim)
}

#[cfg(test)]
mod tests;
