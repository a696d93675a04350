//! Prefix codes: lengths from frequencies, and words from lengths.

/// The length of the longest word of a code for tokens, in bits.
pub(super) const LONGEST: u8 = 16;

/// The word of a symbol, with its first bit as the lowest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) bits: u16,
    pub(super) length: u8,
}

/// The words for these lengths; a symbol of length 0 has none.
///
/// The longest words are numerically the lowest. Among words of one length, symbols stand in order.
pub(super) fn words(lengths: &[u8]) -> Vec<Word> {
    let mut next = [0_u32; LONGEST as usize + 1];
    let mut first = 0;
    for length in (1..=LONGEST).rev() {
        next[usize::from(length)] = first;
        let count = lengths.iter().filter(|other| **other == length).count() as u32;
        first = (first + count) >> 1;
    }
    let mut word = |length: u8| {
        if length == 0 {
            return Word::default();
        }
        let number = &mut next[usize::from(length)];
        // The stream has the most significant bit first, and our streams begin with the lowest.
        let bits = (*number as u16).reverse_bits() >> (16 - length);
        *number += 1;
        Word { bits, length }
    };
    lengths.iter().map(|length| word(*length)).collect()
}

/// The lengths that a reader assumes when nothing is said: as equal as they can be.
pub(super) fn default_lengths(symbols: usize) -> Vec<u8> {
    let longer = symbols.next_power_of_two().ilog2() as u8;
    let shorter_count = symbols.next_power_of_two() - symbols;
    (0..symbols).map(|symbol| if symbol < shorter_count { longer - 1 } else { longer }).collect()
}

/// The best lengths of at most `longest` bits for symbols that are used so often.
///
/// The code is complete: a symbol that is used alone gets a partner that is not used at all. Without any used
/// symbol there is no code.
pub(super) fn lengths(counts: &[u32], longest: u8) -> Vec<u8> {
    let mut used: Vec<usize> = (0..counts.len()).filter(|symbol| counts[*symbol] > 0).collect();
    if let [alone] = used[..] {
        used.push(usize::from(alone == 0));
    }
    used.sort_by_key(|symbol| (counts[*symbol], *symbol));
    let weights: Vec<u64> = used.iter().map(|symbol| u64::from(counts[*symbol])).collect();

    let mut lengths = vec![0; counts.len()];
    for leaves in leaves_taken(&weights, longest) {
        for symbol in &used[..leaves] {
            lengths[*symbol] += 1;
        }
    }
    lengths
}

/// Something that the package-merge algorithm buys: a leaf by itself, or two things from the level before.
#[derive(Clone, Copy)]
struct Item {
    weight: u64,
    is_leaf: bool,
}

/// How many of the lightest leaves are bought at each level: each purchase makes a word one bit longer.
///
/// Package-merge (Larmore and Hirschberg, 1990). The weights are sorted.
fn leaves_taken(weights: &[u64], longest: u8) -> Vec<usize> {
    let mut levels: Vec<Vec<Item>> = vec![Vec::new()];
    for level in 0..usize::from(longest) {
        levels.push(merge(weights, &levels[level]));
    }
    let mut wanted = (2 * weights.len()).saturating_sub(2);
    let mut taken = Vec::new();
    for items in levels.iter().rev() {
        let leaves = items.iter().take(wanted).filter(|item| item.is_leaf).count();
        taken.push(leaves);
        wanted = 2 * (wanted - leaves);
    }
    taken
}

/// The leaves and the pairs of the level before, by weight; leaves before pairs of the same weight.
fn merge(weights: &[u64], before: &[Item]) -> Vec<Item> {
    let mut pairs = before.chunks_exact(2).map(|pair| pair[0].weight + pair[1].weight).peekable();
    let mut items = Vec::with_capacity(weights.len() + before.len() / 2);
    for weight in weights {
        while let Some(pair) = pairs.next_if(|pair| pair < weight) {
            items.push(Item { weight: pair, is_leaf: false });
        }
        items.push(Item { weight: *weight, is_leaf: true });
    }
    items.extend(pairs.map(|weight| Item { weight, is_leaf: false }));
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the words take of all the room there is, in units of the longest word.
    fn room_taken(lengths: &[u8]) -> u32 {
        lengths.iter().filter(|length| **length > 0).map(|length| 1 << (LONGEST - length)).sum()
    }

    fn bits(counts: &[u32], lengths: &[u8]) -> u64 {
        counts.iter().zip(lengths).map(|(count, length)| u64::from(*count) * u64::from(*length)).sum()
    }

    #[test]
    fn the_default_words_are_those_that_readers_assume() {
        let main = words(&default_lengths(600));
        let first_bit_first = |symbol: usize| main[symbol].bits.reverse_bits() >> (16 - main[symbol].length);
        assert_eq!((main[0].length, first_bit_first(0)), (9, 88));
        assert_eq!((main[423].length, first_bit_first(423)), (9, 88 + 423));
        assert_eq!((main[424].length, first_bit_first(424)), (10, 0));
        assert_eq!((main[599].length, first_bit_first(599)), (10, 175));
        let lengths = words(&default_lengths(256));
        assert_eq!(lengths[0xC5], Word { bits: 0xA3, length: 8 });
        assert_eq!(words(&default_lengths(16))[1], Word { bits: 8, length: 4 });
    }

    #[test]
    fn codes_are_complete() {
        for symbols in 2..300_u32 {
            let counts: Vec<u32> =
                (0..symbols).map(|symbol| symbol.wrapping_mul(2_654_435_761) >> 8).collect();
            assert_eq!(room_taken(&lengths(&counts, LONGEST)), 1 << LONGEST, "{symbols}");
        }
    }

    #[test]
    fn no_word_is_longer_than_allowed() {
        let mut fibonacci = vec![1, 1];
        while fibonacci.len() < 40 {
            fibonacci.push(fibonacci[fibonacci.len() - 1] + fibonacci[fibonacci.len() - 2]);
        }
        for longest in [6, 15, LONGEST] {
            let lengths = lengths(&fibonacci, longest);
            assert_eq!(lengths.iter().max(), Some(&longest));
            assert_eq!(room_taken(&lengths), 1 << LONGEST);
        }
    }

    #[test]
    fn frequent_symbols_have_short_words() {
        let counts = [1, 1, 2, 4, 0, 8];
        assert_eq!(lengths(&counts, LONGEST), [4, 4, 3, 2, 0, 1]);
        assert_eq!(bits(&counts, &lengths(&counts, LONGEST)), 30);
    }

    #[test]
    fn a_symbol_alone_gets_a_partner_and_none_gets_nothing() {
        assert_eq!(lengths(&[0, 0, 9], LONGEST), [1, 0, 1]);
        assert_eq!(lengths(&[9, 0, 0], LONGEST), [1, 1, 0]);
        assert_eq!(lengths(&[0, 0, 0], LONGEST), [0, 0, 0]);
    }
}
