//! Wildcards, matched one byte at a time.
//!
//! The pattern is a nondeterministic automaton whose states are bits, one for each byte of the pattern that
//! has been matched (shift-and). It never goes back, so no pattern is slow; and what it knows after a folder's
//! path is a few words, so the paths of all children go on from there instead of being spelled out again.

use crate::CaseTable;
use crate::query::ast::Piece;

const WORD: usize = u64::BITS as usize;

/// A compiled pattern for a whole name or a whole path.
#[derive(Debug, Clone)]
pub(super) struct Glob {
    /// Words in a state.
    words: usize,
    /// For each byte the states that it leads to from the state before.
    enters: Vec<u64>,
    /// States that stay whatever comes: after a `*`.
    stays: Vec<u64>,
    /// States that stay while a character goes on: after a `?`.
    goes_on: Vec<u64>,
    /// The last state.
    last: usize,
}

/// Whether a byte goes on with a character that began before it.
fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

impl Glob {
    /// Compiles `pieces`; literals are folded if there is a table.
    pub(super) fn new(pieces: &[Piece], fold: Option<&CaseTable>) -> Self {
        let literal =
            |text: &str| fold.map_or_else(|| text.as_bytes().to_vec(), |fold| fold.fold(text.as_bytes()));
        let literals: Vec<Vec<u8>> = pieces
            .iter()
            .map(|piece| if let Piece::Literal(text) = piece { literal(text) } else { Vec::new() })
            .collect();
        let any_chars = pieces.iter().filter(|piece| **piece == Piece::AnyChar).count();
        let last = literals.iter().map(Vec::len).sum::<usize>() + any_chars;
        let words = last / WORD + 1;
        let column = || vec![0; words];
        let mut glob = Self { words, enters: vec![0; 256 * words], stays: column(), goes_on: column(), last };
        let mut state = 0;
        for (piece, literal) in pieces.iter().zip(&literals) {
            match piece {
                Piece::Literal(_) => literal.iter().for_each(|&byte| {
                    state += 1;
                    glob.enter(byte, state);
                }),
                Piece::AnyRun => glob.stays[state / WORD] |= bit(state),
                Piece::AnyChar => {
                    state += 1;
                    (0..=u8::MAX)
                        .filter(|&byte| !is_continuation(byte))
                        .for_each(|byte| glob.enter(byte, state));
                    glob.goes_on[state / WORD] |= bit(state);
                }
            }
        }
        glob
    }

    fn enter(&mut self, byte: u8, state: usize) {
        self.enters[usize::from(byte) * self.words + state / WORD] |= bit(state);
    }

    /// What is known before the first byte.
    pub(super) fn start(&self) -> Vec<u64> {
        let mut state = vec![0; self.words];
        state[0] = 1;
        state
    }

    /// Words that a state takes.
    pub(super) fn words(&self) -> usize {
        self.words
    }

    /// What is known after `bytes` more.
    pub(super) fn advance(&self, state: &mut [u64], bytes: &[u8]) {
        if let [word] = state {
            *word = bytes.iter().fold(*word, |word, &byte| self.step(word, 0, byte, 0));
            return;
        }
        for &byte in bytes {
            let mut carry = 0;
            for (place, word) in state.iter_mut().enumerate() {
                let before = *word;
                *word = self.step(before, place, byte, carry);
                carry = before >> (WORD - 1);
            }
        }
    }

    /// One word of a state after a byte; `carry` is the highest bit of the word before.
    fn step(&self, word: u64, place: usize, byte: u8, carry: u64) -> u64 {
        let moved = (word << 1 | carry) & self.enters[usize::from(byte) * self.words + place];
        let kept =
            if is_continuation(byte) { self.stays[place] | self.goes_on[place] } else { self.stays[place] };
        moved | (word & kept)
    }

    /// Whether what has been read so far is a match.
    pub(super) fn accepts(&self, state: &[u64]) -> bool {
        state[self.last / WORD] & bit(self.last) != 0
    }

    /// Whether it stays a match whatever comes.
    pub(super) fn accepts_all(&self, state: &[u64]) -> bool {
        self.accepts(state) && self.stays[self.last / WORD] & bit(self.last) != 0
    }

    /// Whether it is no match whatever comes.
    pub(super) fn is_dead(&self, state: &[u64]) -> bool {
        state.iter().all(|&word| word == 0)
    }

    /// Whether `bytes` match from beginning to end.
    pub(super) fn is_match(&self, bytes: &[u8]) -> bool {
        let mut state = self.start();
        self.advance(&mut state, bytes);
        self.accepts(&state)
    }
}

fn bit(state: usize) -> u64 {
    1 << (state % WORD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(pattern: &str) -> Vec<Piece> {
        let piece = |c: char| match c {
            '?' => Piece::AnyChar,
            '*' => Piece::AnyRun,
            c => Piece::Literal(c.to_string()),
        };
        pattern.chars().map(piece).collect()
    }

    #[track_caller]
    fn check(pattern: &str, matching: &[&str], others: &[&str]) {
        let glob = Glob::new(&pieces(pattern), None);
        for text in matching {
            assert!(glob.is_match(text.as_bytes()), "{pattern} should match {text:?}");
        }
        for text in others {
            assert!(!glob.is_match(text.as_bytes()), "{pattern} should not match {text:?}");
        }
    }

    #[test]
    fn wildcards() {
        check("*.txt", &[".txt", "a.txt", "a.txt.txt"], &["a.txt.", "a.TXT", ""]);
        check("a?c", &["abc", "aéc", "a日c", "a😀c"], &["ac", "abbc", "aéec"]);
        check("a?", &["ab", "aé", "a😀"], &["a", "aéa", "😀a"]);
        check("??", &["ab", "é😀"], &["é", "abc", ""]);
        check("*é*?", &["éa", "éé", "aéa"], &["é", "aé"]);
        check("*", &["", "a"], &[]);
        check("", &[""], &["a"]);
    }

    #[test]
    fn long_patterns_cross_words() {
        let long = "ab".repeat(100);
        check(&long, &[&long], &[&long[1..], &format!("{long}a")]);
        check(&format!("*{long}?*"), &[&format!("xab{long}y")], &[&long]);
    }

    #[test]
    fn an_unpaired_surrogate_is_one_character() {
        let glob = Glob::new(&pieces("a?b"), None);
        assert!(glob.is_match(b"a\xED\xA0\x80b"));
    }

    #[test]
    fn literals_are_folded() {
        let glob = Glob::new(&pieces("é?"), Some(&CaseTable::default()));
        assert!(glob.is_match("ÉX".as_bytes()) && !glob.is_match("éX".as_bytes()));
    }
}
