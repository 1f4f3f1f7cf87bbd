//! Deals items out by the first bytes of their folded names.
//!
//! A million names do not fit into a core's cache, and who goes to them in the order of names waits for memory at every one.
//! So they are dealt out first, in the order in which they lie, into parts whose names all come before those of the next
//! part. A part takes its names along and fits into the cache; it is sorted and written there, and the parts know nothing of each
//! other. Where the parts begin is taken from a sample; a name that very many items bear makes its part large, and no more.

use std::ops::Range;

use rayon::prelude::*;

use super::text::{Folded, Names};
use crate::batch::as_u32;

/// Items that are dealt out in one go: their names fit in a core's cache.
const DEAL_ITEMS: usize = 1 << 15;
/// Items that a part should have: their names fit in a core's cache, and so does all that is made of them.
const PART_ITEMS: usize = 1 << 12;
/// More parts than this would be dealt out a few items at a time.
const PARTS_MAX: usize = 1 << 10;
/// Names that are looked at for each part, to tell where it begins.
const SAMPLES: usize = 16;

/// All items, dealt out.
pub(super) struct Deal {
    hands: Vec<Hand>,
    parts: usize,
}

impl Deal {
    /// Deals out the items that are used.
    pub(super) fn new(names: &Names<'_>, used: impl Fn(usize) -> bool + Sync) -> Self {
        let parts = (names.len() / PART_ITEMS).next_power_of_two().min(PARTS_MAX);
        let bounds = bounds(names, parts);
        let hands = (0..names.len().div_ceil(DEAL_ITEMS)).into_par_iter().map_init(Vec::new, |seen, hand| {
            let items = hand * DEAL_ITEMS..names.len().min((hand + 1) * DEAL_ITEMS);
            Hand::new(names, items, &bounds, &used, seen)
        });
        Self { hands: hands.collect(), parts }
    }

    /// The parts in the order of their names.
    pub(super) fn parts(&self) -> impl IndexedParallelIterator<Item = Part> {
        (0..self.parts).into_par_iter().map(|number| {
            let mut part = Part::default();
            self.hands.iter().for_each(|hand| hand.give(number, &mut part));
            part
        })
    }
}

/// Items whose names come one after another, if sorted; and these names, in the order of the items.
#[derive(Default)]
pub(super) struct Part {
    pub(super) cards: Vec<Card>,
    pub(super) bytes: Vec<u8>,
    /// Where in `bytes` the name of each item ends.
    pub(super) ends: Vec<u64>,
}

/// An item, and what was seen of its name.
#[derive(Clone, Copy, Default)]
pub(super) struct Card {
    /// The first eight bytes of the folded name.
    pub(super) key: u64,
    pub(super) item: u32,
    /// Bytes of the name.
    length: u16,
    /// The number of the part, and whether the name is ASCII.
    part: u16,
}

/// In the number of a part: the name is ASCII, and folds as ASCII does.
const ASCII: u16 = 1 << 15;
const _: () = assert!(PARTS_MAX <= ASCII as usize);

impl Card {
    pub(super) fn is_ascii(self) -> bool {
        self.part & ASCII != 0
    }

    fn part(self) -> usize {
        usize::from(self.part & !ASCII)
    }
}

/// The least keys of all parts but the first.
fn bounds(names: &Names<'_>, parts: usize) -> Vec<u64> {
    let mut folded = Folded::default();
    let step = (names.len() / (parts * SAMPLES)).max(1);
    let mut sample: Vec<u64> =
        (0..names.len()).step_by(step).map(|item| names.first_key(item, &mut folded).0).collect();
    sample.sort_unstable();
    (1..parts).map(|part| sample[part * sample.len() / parts]).collect()
}

/// Items that were dealt out in one go, part by part.
struct Hand {
    cards: Vec<Card>,
    bytes: Vec<u8>,
    /// Where each part begins among the cards and among the bytes, and where the last one ends.
    starts: Vec<(usize, usize)>,
}

impl Hand {
    /// Deals out some items. `seen` is memory that may have been used before.
    fn new(
        names: &Names<'_>,
        items: Range<usize>,
        bounds: &[u64],
        used: &(impl Fn(usize) -> bool + Sync),
        seen: &mut Vec<Card>,
    ) -> Self {
        let mut folded = Folded::default();
        let mut starts = vec![(0, 0); bounds.len() + 2];
        seen.clear();
        for item in items.filter(|&item| used(item)) {
            let bytes = names.plain(item).len();
            let length = u16::try_from(bytes).expect("a name is at most 65 535 bytes long");
            let (key, is_ascii) = names.first_key(item, &mut folded);
            let part = bounds.partition_point(|&least| least <= key);
            let ascii = if is_ascii { ASCII } else { 0 };
            let start = &mut starts[part + 1];
            *start = (start.0 + 1, start.1 + bytes);
            let part = u16::try_from(part).unwrap_or_default() | ascii;
            seen.push(Card { key, item: as_u32(item), length, part });
        }
        let mut before = (0, 0);
        for start in &mut starts {
            before = (before.0 + start.0, before.1 + start.1);
            *start = before;
        }
        let mut hand = Self { cards: vec![Card::default(); before.0], bytes: vec![0; before.1], starts };
        let mut next = hand.starts.clone();
        for &card in &*seen {
            let (place, start) = &mut next[card.part()];
            hand.cards[*place] = card;
            let end = *start + usize::from(card.length);
            hand.bytes[*start..end].copy_from_slice(names.plain(card.item as usize));
            (*place, *start) = (*place + 1, end);
        }
        hand
    }

    /// Adds its items of a part.
    fn give(&self, number: usize, part: &mut Part) {
        let [(first, start), (last, end)] = [self.starts[number], self.starts[number + 1]];
        let cards = &self.cards[first..last];
        let mut before = part.bytes.len() as u64;
        part.ends.extend(cards.iter().map(|card| {
            before += u64::from(card.length);
            before
        }));
        part.cards.extend_from_slice(cards);
        part.bytes.extend_from_slice(&self.bytes[start..end]);
    }
}
