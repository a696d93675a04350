//! Items: what a block is made of.

use super::backward::BackwardBits;
use super::code::AdaptiveCode;
use super::range::{Question, RangeWriter};
use super::slots::{self, DISTANCES, LENGTH_SLOTS, LENGTHS};

/// What comes next in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// One byte.
    Literal(u8),
    /// Something that repeats what came before.
    Match {
        /// From where.
        source: Source,
        /// How many bytes.
        length: u32,
    },
}

/// Where a match comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The same bytes.
    Plain {
        /// How many bytes before.
        distance: u32,
    },
    /// The same differences in a table.
    Delta {
        /// The table has entries of two to the power of this many bytes; 0 to 7.
        power: u32,
        /// How many entries before.
        entries: u32,
    },
}

impl Item {
    /// How many bytes it stands for.
    pub fn length(&self) -> usize {
        match self {
            Item::Literal(_) => 1,
            Item::Match { length, .. } => *length as usize,
        }
    }
}

/// The place of what makes a block short: the longest match if it is worth one.
pub(super) fn most_useful(items: &mut [Item]) -> usize {
    let worth = |item: &Item| match item {
        Item::Literal(_) => 2,
        Item::Match { source: Source::Plain { .. }, length } => *length,
        Item::Match { source: Source::Delta { .. }, length } => length.saturating_sub(4),
    };
    (0..items.len()).rev().max_by_key(|place| worth(&items[*place])).unwrap_or(0)
}

/// The sources of the last matches of a kind, the newest first.
pub(super) type Recent = [Source; 4];

struct Matches {
    is_repeated: Question,
    is_not_newest: Question,
    is_oldest: Question,
    distances: AdaptiveCode,
    recent: Recent,
}

impl Matches {
    fn new(slots: usize, source: impl Fn(u32) -> Source) -> Matches {
        Matches {
            is_repeated: Question::new(6),
            is_not_newest: Question::new(6),
            is_oldest: Question::new(6),
            distances: AdaptiveCode::new(slots, 1024),
            recent: [1, 2, 3, 4].map(source),
        }
    }

    /// Writes whether a source is a recent one, and which. After another match of its kind the newest does not count.
    fn write_repetition(
        &mut self,
        source: Source,
        after_its_kind: bool,
        decisions: &mut RangeWriter,
    ) -> bool {
        let countable = if after_its_kind { 1..4 } else { 0..3 };
        let rank = self.recent[countable].iter().position(|recent| *recent == source);
        self.is_repeated.answer(rank.is_some(), decisions);
        if let Some(rank) = rank {
            self.is_not_newest.answer(rank > 0, decisions);
            if rank > 0 {
                self.is_oldest.answer(rank > 1, decisions);
            }
        }
        let dropped = rank.map_or(3, |rank| rank + usize::from(after_its_kind));
        self.recent.copy_within(..dropped, 1);
        self.recent[0] = source;
        rank.is_some()
    }
}

/// Writes items one after the other.
pub(super) struct ItemWriter {
    decisions: RangeWriter,
    bits: BackwardBits,
    is_match: Question,
    is_delta: Question,
    plain: Matches,
    delta: Matches,
    literals: AdaptiveCode,
    lengths: AdaptiveCode,
    powers: AdaptiveCode,
    /// Whether the last item was a plain match, and whether it was a delta match.
    after_plain: bool,
    after_delta: bool,
}

impl ItemWriter {
    pub(super) fn new(content_bytes: usize) -> ItemWriter {
        let slots = slots::count(DISTANCES, content_bytes as u32 - 1);
        ItemWriter {
            decisions: RangeWriter::new(),
            bits: BackwardBits::default(),
            is_match: Question::new(4),
            is_delta: Question::new(5),
            plain: Matches::new(slots, |distance| Source::Plain { distance }),
            delta: Matches::new(slots, |entries| Source::Delta { power: 0, entries }),
            literals: AdaptiveCode::new(256, 1024),
            lengths: AdaptiveCode::new(LENGTH_SLOTS, 512),
            powers: AdaptiveCode::new(8, 512),
            after_plain: false,
            after_delta: false,
        }
    }

    /// The sources of the last matches.
    pub(super) fn recent(&self) -> impl Iterator<Item = Source> {
        self.plain.recent.into_iter().chain(self.delta.recent)
    }

    pub(super) fn write(&mut self, item: Item) {
        self.is_match.answer(matches!(item, Item::Match { .. }), &mut self.decisions);
        let (mut is_plain, mut is_delta) = (false, false);
        match item {
            Item::Literal(byte) => self.literals.write(byte.into(), &mut self.bits),
            Item::Match { source, length } => {
                is_delta = matches!(source, Source::Delta { .. });
                is_plain = !is_delta;
                self.is_delta.answer(is_delta, &mut self.decisions);
                self.write_source(source);
                slots::write(LENGTHS, length, &mut self.lengths, &mut self.bits);
            }
        }
        (self.after_plain, self.after_delta) = (is_plain, is_delta);
    }

    fn write_source(&mut self, source: Source) {
        let (matches, after_its_kind, number) = match source {
            Source::Plain { distance } => (&mut self.plain, self.after_plain, distance),
            Source::Delta { entries, .. } => (&mut self.delta, self.after_delta, entries),
        };
        if matches.write_repetition(source, after_its_kind, &mut self.decisions) {
            return;
        }
        if let Source::Delta { power, .. } = source {
            self.powers.write(power as usize, &mut self.bits);
        }
        slots::write(DISTANCES, number, &mut matches.distances, &mut self.bits);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        let words = [self.decisions.finish(), self.bits.finish()].concat();
        words.into_iter().flat_map(u16::to_le_bytes).collect()
    }
}
