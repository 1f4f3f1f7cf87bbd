//! Deals items out by the first bytes of their folded names.
//!
//! A million names do not fit into a core's cache, and who goes to them in the order of names waits for memory at every one.
//! So they are dealt out first, in the order in which they lie, into parts whose names all come before those of the next
//! part. A part takes its names along and fits into the cache; it is sorted and written there, and the parts know nothing of each
//! other. Where the parts begin is taken from a sample; a name that very many items bear makes its part large, and no more.
//!
//! Where memory is short, what was dealt out lies in a scratch file until its part is sorted.

use std::ops::Range;

use rayon::prelude::*;

use super::first::first_items;
use super::source::{ItemNames, Loaded};
use super::text::{Folded, Names};
use crate::batch::as_u32;
use crate::budget::{Budget, Kind, SpillError, Stretch};
use crate::case::CaseTable;

/// Items that are dealt out in one go: their names fit in a core's cache.
const DEAL_ITEMS: usize = 1 << 15;
/// Items that a part should have: their names fit in a core's cache, and so does all that is made of them.
const PART_ITEMS: usize = 1 << 12;
/// Both in bytes of names, parts only where memory is short; of most names the number of items comes first.
const DEAL_BYTES: u64 = 1 << 20;
const PART_BYTES: usize = 1 << 20;
/// More parts than this would be dealt out a few items at a time.
const PARTS_MAX: usize = 1 << 10;
/// Names that are looked at for each part, to tell where it begins.
const SAMPLES: usize = 16;

/// A scratch file is read a few names at a time if there are more hands than this.
const HANDS: usize = 1 << 10;
/// More items, or bytes, than so many times what a part should have are likely to be of few names.
const CROWD: usize = 4;

/// All items, dealt out.
pub(super) struct Deal {
    hands: Vec<Dealt>,
    parts: usize,
    /// What a part has if all have as much.
    usual: Load,
}

/// How much lies in a part.
#[derive(Clone, Copy)]
struct Load {
    items: usize,
    bytes: usize,
}

impl Deal {
    /// Deals out the items that are used.
    pub(super) fn new(
        names: &ItemNames,
        used: impl Fn(usize) -> bool + Sync,
        case: &CaseTable,
        budget: &Budget,
    ) -> Result<Self, SpillError> {
        let (items, bytes) = (names.len(), names.bytes());
        let mut wanted = items / PART_ITEMS;
        let mut hand = (DEAL_ITEMS, DEAL_BYTES);
        if budget.is_limited() {
            let by_bytes = usize::try_from(bytes).unwrap_or(usize::MAX) / PART_BYTES;
            // Of a few long names there may not be enough to tell where so many parts begin.
            wanted = wanted.max(by_bytes.min(items / SAMPLES));
            hand = (hand.0.max(items / HANDS), hand.1.max(bytes / HANDS as u64));
        }
        let parts = wanted.min(PARTS_MAX).next_power_of_two();
        let hands = names.stretches(hand.0, hand.1);
        let bounds = Bounds::new(names, parts, case)?;
        let hands = hands.into_par_iter().map_init(
            || (Vec::new(), Loaded::default()),
            |(seen, loaded), stretch| {
                let hand =
                    Hand::new(&names.load(&stretch, loaded, case)?, stretch.items, &bounds, &used, seen);
                if budget.is_limited() { hand.put(budget) } else { Ok(Dealt::Here(hand)) }
            },
        );
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX) / parts;
        let usual = Load { items: items / parts, bytes };
        Ok(Self { hands: hands.collect::<Result<_, _>>()?, parts, usual })
    }

    /// How many parts there are.
    pub(super) fn parts(&self) -> usize {
        self.parts
    }

    /// A part. In the order of their numbers, all names of one come before those of the next.
    pub(super) fn part(
        &self,
        number: usize,
        case: &CaseTable,
        hash: &impl std::hash::BuildHasher,
        slots: &mut Vec<u64>,
    ) -> Result<Part, SpillError> {
        let (mut part, mut bytes) = (Part::default(), Vec::new());
        let mut crowd = self.crowd(&part);
        for hand in &self.hands {
            match hand {
                Dealt::Here(hand) => hand.give(number, &mut part),
                Dealt::Aside { starts, stretch } => {
                    bytes.clear();
                    let [from, to] = [starts[number], starts[number + 1]].map(offset);
                    stretch.read(from..to, &mut bytes)?;
                    part.take(&bytes, starts[number + 1].0 - starts[number].0);
                    if part.cards.len() > crowd.items || part.bytes.len() > crowd.bytes {
                        part.thin_out(case, hash, slots);
                        crowd = self.crowd(&part);
                    }
                }
            }
        }
        Ok(part)
    }

    /// More than this in a part that has been thinned out is likely to be of few names again.
    fn crowd(&self, part: &Part) -> Load {
        let items = self.usual.items.max(PART_ITEMS).max(part.cards.len());
        let bytes = self.usual.bytes.max(PART_BYTES).max(part.bytes.len());
        Load { items: CROWD * items, bytes: CROWD.saturating_mul(bytes) }
    }
}

/// Items whose names come one after another, if sorted; and these names, in the order of the items.
#[derive(Default)]
pub(super) struct Part {
    pub(super) cards: Vec<Card>,
    pub(super) bytes: Vec<u8>,
    /// Where in `bytes` the name of each item ends.
    pub(super) ends: Vec<u64>,
    /// All items whose name a card among the first ones bears, each with the place of that card.
    pub(super) borne: Vec<(u32, u32)>,
    /// How many cards that are.
    pub(super) thinned: usize,
}

impl Part {
    /// Adds so many cards and their names, as [`Hand::put`] wrote them.
    fn take(&mut self, bytes: &[u8], cards: usize) {
        let (cards, names) = bytes.split_at(cards * CARD_BYTES);
        let mut before = self.bytes.len() as u64;
        for card in cards.as_chunks().0 {
            let card = Card::restore(card);
            before += u64::from(card.length);
            self.ends.push(before);
            self.cards.push(card);
        }
        self.bytes.extend_from_slice(names);
    }

    /// Keeps one card of each name, and of the other items only which one they are like.
    fn thin_out(&mut self, case: &CaseTable, hash: &impl std::hash::BuildHasher, slots: &mut Vec<u64>) {
        let firsts = first_items(&Names::new(&self.bytes, &self.ends, case), hash, slots);
        let mut places = vec![0; self.cards.len()];
        let (mut kept, mut kept_bytes, mut start) = (0, 0, 0);
        for card in 0..self.cards.len() {
            let end = usize::try_from(self.ends[card]).unwrap_or(usize::MAX);
            let first = firsts[card] as usize;
            if first == card {
                places[card] = as_u32(kept);
                self.bytes.copy_within(start..end, kept_bytes);
                kept_bytes += end - start;
                self.ends[kept] = kept_bytes as u64;
                self.cards[kept] = self.cards[card];
                kept += 1;
            }
            if card >= self.thinned {
                self.borne.push((self.cards[card].item, places[first]));
            }
            start = end;
        }
        self.cards.truncate(kept);
        self.ends.truncate(kept);
        self.bytes.truncate(kept_bytes);
        self.thinned = kept;
    }
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

/// Bytes of a card in a scratch file.
const CARD_BYTES: usize = 16;
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

    fn store(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.key.to_le_bytes());
        out.extend_from_slice(&self.item.to_le_bytes());
        out.extend_from_slice(&self.length.to_le_bytes());
        out.extend_from_slice(&self.part.to_le_bytes());
    }

    fn restore(bytes: &[u8; CARD_BYTES]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *bytes;
        Self {
            key: u64::from_le_bytes([a, b, c, d, e, f, g, h]),
            item: u32::from_le_bytes([i, j, k, l]),
            length: u16::from_le_bytes([m, n]),
            part: u16::from_le_bytes([o, p]),
        }
    }
}

/// Where all parts but the first begin.
struct Bounds {
    keys: Vec<u64>,
    /// The whole folded name where several bounds have one key, else nothing.
    ties: Vec<Vec<u8>>,
}

impl Bounds {
    /// Takes them from a sample of the names.
    fn new(names: &ItemNames, parts: usize, case: &CaseTable) -> Result<Self, SpillError> {
        let (mut folded, mut loaded) = (Folded::default(), Loaded::default());
        let names = names.sample((names.len() / (parts * SAMPLES)).max(1), &mut loaded, case)?;
        let sampled = (0..names.len()).map(|name| (names.first_key(name, &mut folded).0, names.folded(name)));
        let mut sample: Vec<(u64, Vec<u8>)> = sampled.collect();
        sample.sort_unstable();
        let all = sample.len();
        let bounds = (1..parts).map(|part| std::mem::take(&mut sample[part * all / parts]));
        let (keys, mut ties): (Vec<u64>, Vec<Vec<u8>>) = bounds.unzip();
        for place in 0..keys.len() {
            let before = place.checked_sub(1).is_some_and(|before| keys[before] == keys[place]);
            if !before && keys.get(place + 1) != Some(&keys[place]) {
                ties[place] = Vec::new();
            }
        }
        Ok(Self { keys, ties })
    }

    /// The part that a name is in.
    #[inline]
    fn part(&self, key: u64, folded: impl FnOnce() -> Vec<u8>) -> usize {
        let part = self.keys.partition_point(|&least| least <= key);
        match part.checked_sub(1) {
            Some(last) if !self.ties[last].is_empty() && self.keys[last] == key => {
                let first = self.keys.partition_point(|&least| least < key);
                let folded = folded();
                first + self.ties[first..part].partition_point(|least| *least <= folded)
            }
            _ => part,
        }
    }
}

/// What was dealt out in one go.
enum Dealt {
    Here(Hand),
    Aside {
        /// As in a [`Hand`].
        starts: Vec<(usize, usize)>,
        stretch: Stretch,
    },
}

/// Where in a stretch a part begins: each has its cards, then its names.
fn offset((cards, bytes): (usize, usize)) -> usize {
    cards * CARD_BYTES + bytes
}

/// Items that were dealt out in one go, part by part.
struct Hand {
    cards: Vec<Card>,
    bytes: Vec<u8>,
    /// Where each part begins among the cards and among the bytes, and where the last one ends.
    starts: Vec<(usize, usize)>,
}

impl Hand {
    /// Deals out some items, of which `names` has the names. `seen` is memory that may have been used before.
    fn new(
        names: &Names<'_>,
        items: Range<usize>,
        bounds: &Bounds,
        used: &(impl Fn(usize) -> bool + Sync),
        seen: &mut Vec<Card>,
    ) -> Self {
        let mut folded = Folded::default();
        let mut starts = vec![(0, 0); bounds.keys.len() + 2];
        seen.clear();
        let first = items.start;
        for item in items.filter(|&item| used(item)) {
            let name = item - first;
            let bytes = names.plain(name).len();
            let length = u16::try_from(bytes).expect("a name is at most 65 535 bytes long");
            let (key, is_ascii) = names.first_key(name, &mut folded);
            let part = bounds.part(key, || names.folded(name));
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
            hand.bytes[*start..end].copy_from_slice(names.plain(card.item as usize - first));
            (*place, *start) = (*place + 1, end);
        }
        hand
    }

    /// Puts it aside, each part with its cards and then its names.
    fn put(self, budget: &Budget) -> Result<Dealt, SpillError> {
        let Self { cards, bytes, starts } = self;
        let mut out = Vec::with_capacity(cards.len() * CARD_BYTES + bytes.len());
        for part in starts.windows(2) {
            cards[part[0].0..part[1].0].iter().for_each(|card| card.store(&mut out));
            out.extend_from_slice(&bytes[part[0].1..part[1].1]);
        }
        Ok(Dealt::Aside { starts, stretch: budget.put(Kind::Dealt, out)? })
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
