//! Blocks: runs of tokens with codes of their own, and the header that says which.

use super::bits::Bits;
use super::codes::{self, Word};
use super::plan::Prices;
use super::tokens::{ALIGNED, LENGTHS, SYMBOLS, Token};
use std::ops::Range;

/// How often each symbol is used.
type Counts = [u32; SYMBOLS];

/// The length of each symbol's word.
type WordLengths = [u8; SYMBOLS];

/// Tokens are at first counted in blocks of so many; neighbours that gain nothing by being two become one.
const SMALLEST_BLOCK: usize = 2048;

/// Symbols of the code for lengths of words.
const LENGTH_SYMBOLS: usize = 39;

/// The longest word of that code: its lengths are fields of four bits.
const LONGEST_LENGTH_WORD: u8 = 15;

/// About what each description of a length takes, in bits, when blocks are weighed.
const DESCRIPTION_BITS: u64 = 5;

/// Where the three trees lie among all symbols.
const TREES: [Range<usize>; 3] = [0..LENGTHS, LENGTHS..ALIGNED, ALIGNED..SYMBOLS];

/// Tokens that share their codes.
pub(super) struct Block<'a> {
    tokens: &'a [Token],
    lengths: WordLengths,
}

impl<'a> Block<'a> {
    /// A block with the best codes for its tokens.
    pub(super) fn new(tokens: &'a [Token]) -> Block<'a> {
        Block { tokens, lengths: best_lengths(&count(tokens)) }
    }

    /// What symbols cost with the codes of the block; those without a word cost `unused`.
    pub(super) fn prices(&self, unused: u8) -> Prices {
        self.lengths.map(|length| if length == 0 { unused } else { length })
    }

    /// Lengthens or shortens the words of the main tree, so that the code is no longer complete.
    pub(super) fn change_first_word(&mut self, change: i8) {
        let used = self.lengths[..LENGTHS].iter_mut().filter(|length| **length > 0);
        let changeable =
            used.filter(|length| (1..=codes::LONGEST).contains(&length.saturating_add_signed(change)));
        if let Some(length) = changeable.min() {
            *length = length.saturating_add_signed(change);
        }
    }
}

/// What symbols cost with the codes that readers assume.
pub(super) fn default_prices() -> Prices {
    let mut prices = [0; SYMBOLS];
    for tree in TREES {
        prices[tree.clone()].copy_from_slice(&codes::default_lengths(tree.len()));
    }
    prices
}

fn count(tokens: &[Token]) -> Counts {
    let mut counts = [0; SYMBOLS];
    for token in tokens {
        token.count(&mut counts);
    }
    counts
}

fn best_lengths(counts: &Counts) -> WordLengths {
    let mut lengths = [0; SYMBOLS];
    for tree in TREES {
        lengths[tree.clone()].copy_from_slice(&codes::lengths(&counts[tree], codes::LONGEST));
    }
    lengths
}

fn words(lengths: &WordLengths) -> Vec<Word> {
    TREES.into_iter().flat_map(|tree| codes::words(&lengths[tree])).collect()
}

/// Blocks where new codes are worth their description.
pub(super) fn where_worth_it(tokens: &[Token]) -> Vec<Block<'_>> {
    let mut ranges: Vec<(Range<usize>, Counts, u64)> = Vec::new();
    for start in (0..tokens.len()).step_by(SMALLEST_BLOCK) {
        let range = start..tokens.len().min(start + SMALLEST_BLOCK);
        let counts = count(&tokens[range.clone()]);
        let bits = about_bits(&counts);
        if let Some((range_before, counts_before, bits_before)) = ranges.last_mut() {
            let together = std::array::from_fn(|symbol| counts_before[symbol] + counts[symbol]);
            let bits_together = about_bits(&together);
            if bits_together <= *bits_before + bits {
                range_before.end = range.end;
                (*counts_before, *bits_before) = (together, bits_together);
                continue;
            }
        }
        ranges.push((range, counts, bits));
    }
    ranges.into_iter().map(|(range, ..)| Block::new(&tokens[range])).collect()
}

/// What the symbols of a block take, and their codes, by themselves.
fn about_bits(counts: &Counts) -> u64 {
    let lengths = best_lengths(counts);
    let words: u64 =
        counts.iter().zip(lengths).map(|(count, length)| u64::from(*count) * u64::from(length)).sum();
    words + DESCRIPTION_BITS * describe(&[0; SYMBOLS], &lengths).len() as u64
}

/// Blocks of so many tokens.
pub(super) fn of_tokens(tokens: &[Token], count: usize) -> Vec<Block<'_>> {
    tokens.chunks(count.max(1)).map(Block::new).collect()
}

/// Writes tokens with the codes that readers assume.
pub(super) fn write_default(tokens: &[Token], bits: &mut Bits) {
    bits.fixed(1, 1);
    write_tokens(tokens, &words(&default_prices()), bits);
}

/// Writes blocks; the first begins at this position of the window.
pub(super) fn write(blocks: &[Block<'_>], start: usize, bits: &mut Bits) {
    bits.fixed(0, 1);
    bits.number(blocks.len() as u64);
    let mut ahead = start;
    for block in blocks {
        bits.number(ahead as u64);
        ahead = block.tokens.iter().map(Token::length).sum();
    }
    write_lengths(blocks, bits);
    for block in blocks {
        write_tokens(block.tokens, &words(&block.lengths), bits);
    }
}

fn write_tokens(tokens: &[Token], words: &[Word], bits: &mut Bits) {
    for token in tokens {
        token.write(words, bits);
    }
}

fn write_lengths(blocks: &[Block<'_>], bits: &mut Bits) {
    let mut before = &[0; SYMBOLS];
    let mut descriptions = Vec::new();
    for block in blocks {
        descriptions.extend(describe(before, &block.lengths));
        before = &block.lengths;
    }
    let mut counts = [0; LENGTH_SYMBOLS];
    for description in &descriptions {
        counts[description.symbol] += 1;
    }
    let lengths = codes::lengths(&counts, LONGEST_LENGTH_WORD);
    for length in &lengths {
        bits.fixed(u64::from(*length), 4);
    }
    let words = codes::words(&lengths);
    for description in descriptions {
        let word = words[description.symbol];
        bits.fixed(u64::from(word.bits), u32::from(word.length));
        bits.fixed(description.extra, description.extra_bits);
    }
}

/// One length, or a run of them.
struct Description {
    symbol: usize,
    extra: u64,
    extra_bits: u32,
}

/// Symbols for lengths that are 1, 2 and 3 greater than in the block before.
const GREATER: usize = 16;

/// Likewise for smaller ones.
const SMALLER: usize = 19;

/// The first symbol for runs of the length just written.
const REPEAT: usize = 23;

/// The first symbol for runs that are as in the block before.
const AS_BEFORE: usize = 31;

/// The longest run.
const LONGEST_RUN: usize = 127;

/// A shorter run of one length is not worth a symbol of its own.
const SHORTEST_REPEAT: usize = 3;

/// Describes the lengths of a block by those of the block before.
fn describe(before: &WordLengths, lengths: &WordLengths) -> Vec<Description> {
    let mut descriptions = Vec::new();
    let mut at = 0;
    while at < SYMBOLS {
        let as_before = run(at, |index| lengths[index] == before[index]);
        let repeated = if at == 0 { 0 } else { run(at, |index| lengths[index] == lengths[at - 1]) };
        if as_before > 0 && as_before >= repeated {
            descriptions.push(Description::run(AS_BEFORE, as_before));
            at += as_before;
        } else if repeated >= SHORTEST_REPEAT {
            descriptions.push(Description::run(REPEAT, repeated));
            at += repeated;
        } else {
            descriptions.push(Description::length(before[at], lengths[at]));
            at += 1;
        }
    }
    descriptions
}

/// How many indices from one on have something in common. Never the last one: readers refuse runs over it.
fn run(at: usize, is_part: impl Fn(usize) -> bool) -> usize {
    (at..SYMBOLS - 1).take(LONGEST_RUN).take_while(|index| is_part(*index)).count()
}

impl Description {
    fn run(first_symbol: usize, count: usize) -> Description {
        if count <= 3 {
            return Description { symbol: first_symbol + count - 1, extra: 0, extra_bits: 0 };
        }
        let extra_bits = count.ilog2();
        Description { symbol: first_symbol + extra_bits as usize + 1, extra: count as u64, extra_bits }
    }

    fn length(before: u8, length: u8) -> Description {
        // In the first block the difference would be a second name for the length itself.
        let difference = if before == 0 { 0 } else { i32::from(length) - i32::from(before) };
        let symbol = match difference {
            1..=3 => GREATER + difference.unsigned_abs() as usize,
            -3..=-1 => SMALLER + difference.unsigned_abs() as usize,
            _ => usize::from(length),
        };
        Description { symbol, extra: 0, extra_bits: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reader makes of descriptions.
    fn expand(before: &WordLengths, descriptions: &[Description]) -> Vec<u8> {
        let mut lengths: Vec<u8> = Vec::new();
        for description in descriptions {
            let previous = before[lengths.len()];
            let count = match (description.symbol.wrapping_sub(REPEAT)) & 7 {
                class @ 0..3 => class + 1,
                class => (1 << (class - 1)) | (description.extra as usize & ((1 << (class - 1)) - 1)),
            };
            match description.symbol {
                length @ 0..=16 => lengths.push(length as u8),
                symbol @ 17..=19 => lengths.push(previous + (symbol - 16) as u8),
                symbol @ 20..=22 => lengths.push(previous - (symbol - 19) as u8),
                23..=30 => lengths.extend(vec![lengths[lengths.len() - 1]; count]),
                _ => lengths.extend(&before[lengths.len()..lengths.len() + count]),
            }
            let is_run = description.symbol >= REPEAT;
            assert!(!is_run || lengths.len() < SYMBOLS, "a run over the last index");
        }
        lengths
    }

    #[test]
    fn descriptions_say_every_length() {
        let mut state = 7;
        let mut random = || crate::plan::choices::next_random(&mut state);
        let mut before = [0; SYMBOLS];
        for _ in 0..200 {
            let density = random() % 40;
            let lengths = std::array::from_fn(|index| match random() % 40 {
                chance if chance < density => (random() % 17) as u8,
                chance if chance % 2 == 0 => before[index],
                _ => 0,
            });
            assert_eq!(expand(&before, &describe(&before, &lengths)), lengths);
            before = lengths;
        }
    }

    #[test]
    fn runs_of_every_length_can_be_said() {
        for count in 1..=LONGEST_RUN {
            let mut lengths = [1; SYMBOLS];
            lengths[100..100 + count].fill(9);
            assert_eq!(expand(&[0; SYMBOLS], &describe(&[0; SYMBOLS], &lengths)), lengths);
        }
    }

    #[test]
    fn equal_stretches_share_their_codes_and_others_do_not() {
        let stretch = |first: u8| (0..20_480_u32).map(move |index| Token::Literal(first + (index % 4) as u8));
        let alike: Vec<Token> = stretch(0).chain(stretch(0)).collect();
        assert_eq!(where_worth_it(&alike).len(), 1);
        let unlike: Vec<Token> = stretch(0).chain(stretch(100)).collect();
        assert_eq!(where_worth_it(&unlike).len(), 2);
    }
}
