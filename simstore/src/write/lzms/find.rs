//! Finds what content repeats.

use super::item::{Item, Source};
use std::ops::Range;

/// How many places with the same beginning are looked at.
const PLACES: usize = 8;

/// How many bytes make a beginning.
const BEGINNING_BYTES: usize = 3;

const BUCKETS: usize = 1 << 15;

/// No place.
const NONE: u32 = u32::MAX;

/// The places behind us, by how they begin.
pub(super) struct Finder<'a> {
    content: &'a [u8],
    /// For each kind of beginning the last place with it.
    newest: Vec<u32>,
    /// For each place the one before it with the same kind of beginning.
    older: Vec<u32>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(content: &'a [u8]) -> Finder<'a> {
        Finder { content, newest: vec![NONE; BUCKETS], older: vec![NONE; content.len()] }
    }

    fn bucket(&self, at: usize) -> Option<usize> {
        let beginning = self.content[at..].get(..BEGINNING_BYTES)?;
        let number = beginning.iter().fold(0, |number: u32, byte| number << 8 | u32::from(*byte));
        Some(number.wrapping_mul(0x9E37_79B1) as usize >> 17)
    }

    /// Remembers places that have been passed.
    pub(super) fn pass(&mut self, places: Range<usize>) {
        for at in places {
            if let Some(bucket) = self.bucket(at) {
                self.older[at] = std::mem::replace(&mut self.newest[bucket], at as u32);
            }
        }
    }

    /// What can come next: the literal, then matches with recent sources, then others.
    pub(super) fn items(&self, at: usize, recent: impl Iterator<Item = Source>) -> Vec<Item> {
        let delta = |power| [1, 2].map(|entries| Source::Delta { power, entries });
        let sources = recent.chain(self.places(at)).chain((0..8).flat_map(delta));
        let matches = sources
            .map(|source| Item::Match { source, length: self.length(at, source) as u32 })
            .filter(|item| item.length() > 0);
        std::iter::once(Item::Literal(self.content[at])).chain(matches).collect()
    }

    /// The last places that begin as this one, perhaps.
    fn places(&self, at: usize) -> impl Iterator<Item = Source> {
        let known = |place: u32| (place != NONE).then_some(place as usize);
        let newest = self.bucket(at).and_then(|bucket| known(self.newest[bucket]));
        std::iter::successors(newest, move |place| known(self.older[*place]))
            .take(PLACES)
            .map(move |place| Source::Plain { distance: (at - place) as u32 })
    }

    /// How many bytes a source gives right.
    fn length(&self, at: usize, source: Source) -> usize {
        let content = self.content;
        match source {
            Source::Plain { distance } => {
                let Some(from) = at.checked_sub(distance as usize) else { return 0 };
                content[at..].iter().zip(&content[from..]).take_while(|(here, there)| here == there).count()
            }
            Source::Delta { power, entries } => {
                let entry = 1 << power;
                let Some(from) = at.checked_sub((entries as usize + 1) * entry) else { return 0 };
                let change = |place: usize| content[place + entry].wrapping_sub(content[place]);
                (at..content.len())
                    .take_while(|place| change(place - entry) == change(from + (place - at)))
                    .count()
            }
        }
    }
}
