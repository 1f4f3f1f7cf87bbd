//! Writes the sorted names of a part as the columns that stay.

use super::sort::{Entry, Order};
use super::spelling::Speller;
use super::text::Names;

/// Distinct names in their order.
#[derive(Default)]
pub(super) struct Written {
    /// The folded names one after another.
    pub(super) folded: Vec<u8>,
    /// Where in `folded` each name ends.
    pub(super) ends: Vec<u64>,
    /// How each name is spelled: the code of [`Speller`], as if there were no other spelling bytes.
    pub(super) codes: Vec<u64>,
    /// The spelling bytes.
    pub(super) spellings: Vec<u8>,
}

/// Writes the names in their order.
pub(super) fn write(names: &Names<'_>, order: &Order<'_>, entries: &[Entry], speller: &Speller) -> Written {
    let bytes = entries.iter().map(|entry| order.text(entry).len()).sum();
    let mut written = Written {
        folded: vec![0; bytes],
        ends: Vec::with_capacity(entries.len()),
        codes: Vec::with_capacity(entries.len()),
        spellings: Vec::new(),
    };
    let Written { folded, ends, codes, spellings } = &mut written;
    let (mut rest, mut end) = (&mut folded[..], 0);
    for entry in entries {
        let text = order.text(entry);
        let (folded, behind) = rest.split_at_mut(text.len());
        let plain = names.plain(entry.item as usize);
        codes.push(if entry.is_ascii() && speller.is_plain() {
            speller.fold_ascii(plain, folded, spellings)
        } else {
            text.copy_to(folded);
            speller.spell(folded, plain, spellings)
        });
        end += text.len() as u64;
        ends.push(end);
        rest = behind;
    }
    written
}
