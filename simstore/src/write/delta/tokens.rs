//! Tokens: literal bytes, and copies of what is already there.

use super::bits::{Bits, long_number_bits};
use super::codes::Word;

/// The symbols of the three trees, one after the other as their lengths stand in the header.
pub(super) const SYMBOLS: usize = ALIGNED + 16;

/// Where the tree for lengths begins; before it is the main one.
pub(super) const LENGTHS: usize = 600;

/// Where the tree for the low four bits of distances begins.
pub(super) const ALIGNED: usize = LENGTHS + 256;

/// The shortest copy.
pub(super) const SHORTEST_COPY: usize = 2;

/// The longest copy with a length in the main symbol.
const LONGEST_IN_MAIN: u32 = 8;

/// The longest copy with a symbol of the second tree for its length.
const LONGEST_WITH_SYMBOL: u32 = 263;

/// How a copy says where it copies from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    slot: u8,
    /// What follows the main symbol, the lowest bit first.
    extra: u64,
    extra_bits: u8,
    /// The low four bits of a long distance, which have a code of their own.
    aligned: Option<u8>,
}

impl Origin {
    /// From where the rift table says.
    pub(super) const SAME: Origin = Origin::bare(3);

    /// From a distance used lately: 0 is the last one, 2 the oldest.
    pub(super) const fn recent(index: u8) -> Origin {
        Origin::bare(4 + index)
    }

    const fn bare(slot: u8) -> Origin {
        Origin { slot, extra: 0, extra_bits: 0, aligned: None }
    }

    /// From so many bytes before where the rift table says.
    pub(super) fn beside_same(offset: i64) -> Option<Origin> {
        // For each slot: half the values that its field can have, and those that earlier slots cover.
        let slots = [(0, 0x2000, 0), (1, 0x8000, 0x2000), (2, 0x2_0000, 0xA000)];
        slots.into_iter().find_map(|(slot, half, covered): (u8, i64, i64)| {
            let within = if offset < 0 { offset + covered } else { offset - covered };
            let field = u64::try_from(within + half).ok().filter(|field| *field < 2 * half as u64)?;
            Some(Origin { slot, extra: field, extra_bits: half.ilog2() as u8 + 1, aligned: None })
        })
    }

    /// From so many bytes before the present position; at least 1.
    pub(super) fn distance(distance: u32) -> Origin {
        if distance <= 3 {
            return Origin::bare(7 + distance as u8);
        }
        let below_top = distance.ilog2() - 1;
        let value = ((below_top + 1) << 1) | ((distance >> below_top) & 1);
        let (slot, prefix, prefix_bits) = escaped(value);
        let rest = u64::from(distance & ((1 << below_top) - 1));
        let (raw, raw_bits, aligned) = match below_top {
            0..4 => (rest, below_top, None),
            _ => (rest >> 4, below_top - 4, Some(rest as u8 & 15)),
        };
        Origin {
            slot,
            extra: prefix | (raw << prefix_bits),
            extra_bits: (prefix_bits + raw_bits) as u8,
            aligned,
        }
    }

    /// How many bits a copy of so many bytes from here takes.
    pub(super) fn price(&self, length: u32, prices: &[u8; SYMBOLS]) -> u32 {
        let (in_main, symbol) = length_symbols(length);
        let mut bits = u32::from(prices[self.main_symbol(in_main)]) + u32::from(self.extra_bits);
        if let Some(aligned) = self.aligned {
            bits += u32::from(prices[ALIGNED + usize::from(aligned)]);
        }
        if let Some(symbol) = symbol {
            bits += u32::from(prices[LENGTHS + symbol]);
            if symbol == 0 {
                bits += long_number_bits(u64::from(length - LONGEST_IN_MAIN));
            }
        }
        bits
    }

    fn main_symbol(&self, in_main: usize) -> usize {
        256 + 8 * usize::from(self.slot) + in_main
    }
}

/// The slot for the number of a distance; high numbers follow a slot that they share.
fn escaped(value: u32) -> (u8, u64, u32) {
    let field = u64::from(value);
    match value {
        0..36 => (value as u8 + 7, 0, 0),
        36..40 => (7, (field - 36) << 1, 3),
        40..48 => (7, 0b01 | ((field - 40) << 2), 5),
        _ => (7, 0b11 | ((field - 48) << 2), 6),
    }
}

/// The part of a length that stands in the main symbol, and the symbol of the second tree, if any.
fn length_symbols(length: u32) -> (usize, Option<usize>) {
    match length {
        ..=LONGEST_IN_MAIN => (length as usize - 1, None),
        length if length <= LONGEST_WITH_SYMBOL => (0, Some((length - LONGEST_IN_MAIN) as usize)),
        _ => (0, Some(0)),
    }
}

/// A piece of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// One byte.
    Literal(u8),
    /// At least two bytes that are already there.
    Copy { origin: Origin, length: u32 },
}

impl Token {
    /// How many bytes of the target it stands for.
    pub(super) fn length(&self) -> usize {
        match self {
            Token::Literal(_) => 1,
            Token::Copy { length, .. } => *length as usize,
        }
    }

    /// Counts the symbols that the token is written with.
    pub(super) fn count(&self, counts: &mut [u32; SYMBOLS]) {
        match self {
            Token::Literal(byte) => counts[usize::from(*byte)] += 1,
            Token::Copy { origin, length } => {
                let (in_main, symbol) = length_symbols(*length);
                counts[origin.main_symbol(in_main)] += 1;
                if let Some(aligned) = origin.aligned {
                    counts[ALIGNED + usize::from(aligned)] += 1;
                }
                if let Some(symbol) = symbol {
                    counts[LENGTHS + symbol] += 1;
                }
            }
        }
    }

    /// Writes the token with these words.
    pub(super) fn write(&self, words: &[Word], bits: &mut Bits) {
        let put = |bits: &mut Bits, symbol: usize| {
            bits.fixed(u64::from(words[symbol].bits), u32::from(words[symbol].length));
        };
        match self {
            Token::Literal(byte) => put(bits, usize::from(*byte)),
            Token::Copy { origin, length } => {
                let (in_main, symbol) = length_symbols(*length);
                put(bits, origin.main_symbol(in_main));
                bits.fixed(origin.extra, u32::from(origin.extra_bits));
                if let Some(aligned) = origin.aligned {
                    put(bits, ALIGNED + usize::from(aligned));
                }
                if let Some(symbol) = symbol {
                    put(bits, LENGTHS + symbol);
                    if symbol == 0 {
                        bits.long_number(u64::from(length - LONGEST_IN_MAIN));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The distance that a reader works out, for origins that say one by themselves.
    fn read(origin: &Origin) -> u64 {
        let (number, used) = match (origin.slot, origin.extra & 3) {
            (7, 1) => (40 + ((origin.extra >> 2) & 7), 5),
            (7, 3) => (48 + ((origin.extra >> 2) & 15), 6),
            (7, _) => (36 + ((origin.extra >> 1) & 3), 3),
            (slot, _) => (u64::from(slot) - 7, 0),
        };
        if number <= 3 {
            return number;
        }
        let raw = origin.extra >> used;
        let below_top = (number >> 1) - 1;
        let low = origin.aligned.map_or(raw, |aligned| (raw << 4) | u64::from(aligned));
        ((2 | (number & 1)) << below_top) | low
    }

    #[test]
    fn every_distance_can_be_said() {
        let powers = (0..32).flat_map(|power| [(1_u32 << power) - 1, 1 << power, (1 << power) + 1]);
        for distance in powers.chain([10, 9_066, 3 << 16, u32::MAX]).filter(|distance| *distance > 0) {
            let origin = Origin::distance(distance);
            assert_eq!(read(&origin), u64::from(distance), "{origin:?}");
            assert_eq!(origin.slot == 7, distance >= 1 << 18, "{origin:?}");
        }
    }

    #[test]
    fn offsets_beside_the_same_place_take_the_narrowest_field() {
        let field = |offset| Origin::beside_same(offset).map(|origin| (origin.slot, origin.extra));
        assert_eq!(field(0), Some((0, 0x2000)));
        assert_eq!(field(-0x2000), Some((0, 0)));
        assert_eq!(field(0x1FFF), Some((0, 0x3FFF)));
        assert_eq!(field(0x2000), Some((1, 0x8000)));
        assert_eq!(field(-0x2001), Some((1, 0x7FFF)));
        assert_eq!(field(-0xA000), Some((1, 0)));
        assert_eq!(field(0x9FFF), Some((1, 0xFFFF)));
        assert_eq!(field(0xA000), Some((2, 0x2_0000)));
        assert_eq!(field(-0x2_A000), Some((2, 0)));
        assert_eq!(field(0x2_A000), None);
        assert_eq!(Origin::beside_same(0x2000).map(|origin| origin.extra_bits), Some(16));
    }
}
