//! Prefix codes that follow what has been seen.
//!
//! Reader and writer count each symbol. After so many they make a new code of Huffman's, from the counts, and
//! halve these. The format fixes every choice that Huffman's method leaves open; experiments with libwim confirm
//! them: symbols are sorted by count and then by number; of a symbol and a pair with equal counts the symbol is taken
//! first; of two pairs, the older; rare symbols get the long codewords; codewords of one length ascend with the
//! symbols.

use super::backward::BackwardBits;
use super::error::{Found, LzmsError};

/// The longest codeword, in bits.
const LONGEST: u32 = 15;

/// Codewords up to this length, in bits, are found in one step.
const QUICK: u32 = 10;

/// A code for the symbols from 0 on.
pub(super) struct AdaptiveCode {
    /// After how many symbols there is a new code.
    interval: u32,
    /// How many symbols are left until then.
    left: u32,
    /// How often each symbol has been seen, with what was seen long ago counting less.
    counts: Vec<u32>,
    words: Codewords,
}

impl AdaptiveCode {
    pub(super) fn new(symbols: usize, interval: u32) -> Self {
        let counts = vec![1; symbols];
        let words = Codewords::new(&counts);
        Self { interval, left: interval, counts, words }
    }

    #[inline]
    pub(super) fn read(&mut self, bits: &mut BackwardBits<'_>) -> Result<usize, LzmsError> {
        let symbol = self.words.read(bits)?;
        self.counts[symbol] += 1;
        self.left -= 1;
        if self.left == 0 {
            self.renew();
        }
        Ok(symbol)
    }

    #[cold]
    fn renew(&mut self) {
        self.words = Codewords::new(&self.counts);
        for count in &mut self.counts {
            *count = *count / 2 + 1;
        }
        self.left = self.interval;
    }
}

/// Codewords, and how to find the symbol of one.
struct Codewords {
    /// For each beginning of [`QUICK`] bits the symbol and the length of the codeword that it holds, a length of 0 if
    /// the codeword is longer.
    quick: Vec<(u16, u8)>,
    /// The symbols in the order of their codewords.
    symbols: Vec<u16>,
    /// For each length of codewords, the first number that lies behind them, as the first bits of 15; and how many
    /// symbols have shorter or equal codewords.
    ends: [(u32, u32); LONGEST as usize + 1],
}

impl Codewords {
    fn new(counts: &[u32]) -> Self {
        let lengths = lengths(counts);
        let mut words = Self {
            quick: vec![(0, 0); 1 << QUICK],
            symbols: vec![0; counts.len()],
            ends: [(0, 0); LONGEST as usize + 1],
        };
        let mut of_length = [0; LONGEST as usize + 1];
        lengths.iter().for_each(|length| of_length[*length as usize] += 1);
        // At first where the codewords of a length start; each of them then moves the end of its length.
        let mut start = (0, 0);
        for ((length, count), end) in (0..).zip(of_length).zip(&mut words.ends) {
            *end = start;
            start = (start.0 + (count << (LONGEST - length)), start.1 + count);
        }
        for (symbol, length) in (0..).zip(lengths) {
            let (end, count) = &mut words.ends[length as usize];
            if length <= QUICK {
                let first = (*end >> (LONGEST - QUICK)) as usize;
                words.quick[first..first + (1 << (QUICK - length))].fill((symbol, length as u8));
            }
            words.symbols[*count as usize] = symbol;
            *end += 1 << (LONGEST - length);
            *count += 1;
        }
        words
    }

    #[inline]
    fn read(&self, bits: &mut BackwardBits<'_>) -> Result<usize, LzmsError> {
        let window = bits.peek() >> (32 - LONGEST);
        let (symbol, length) = self.quick[(window >> (LONGEST - QUICK)) as usize];
        if length > 0 {
            bits.skip(length.into())?;
            return Ok(symbol.into());
        }
        self.search(window, bits)
    }

    #[cold]
    fn search(&self, window: u32, bits: &mut BackwardBits<'_>) -> Result<usize, LzmsError> {
        for (length, (end, count)) in (0..).zip(self.ends) {
            if window < end {
                bits.skip(length)?;
                let behind = (end - 1 - window) >> (LONGEST - length);
                return Ok(self.symbols[(count - 1 - behind) as usize].into());
            }
        }
        let found = Found::Number(window.into());
        Err(LzmsError { offset: bits.position(), expected: "a codeword", found })
    }
}

/// The length of the codeword of each symbol, in bits.
fn lengths(counts: &[u32]) -> Vec<u32> {
    // As one number each, which takes half the time to sort.
    let mut sorted: Vec<u64> =
        (0..).zip(counts).map(|(symbol, count)| u64::from(*count) << 16 | symbol).collect();
    sorted.sort_unstable();
    let mut lengths = vec![0; counts.len()];
    for (number, depth) in
        sorted.iter().zip(depths(sorted.iter().map(|number| (number >> 16) as u32).collect()))
    {
        lengths[usize::from(*number as u16)] = depth;
    }
    lengths
}

/// How deep each symbol lies in the tree of Huffman's method, for the counts in ascending order.
///
/// A tree deeper than [`LONGEST`] needs counts of 2584 together, since they grow like the Fibonacci numbers, in few
/// symbols. When a code is renewed, the counts of N symbols are below 2048 + 2 N together: that is too little, and
/// for so many symbols that it is not, they share it too evenly. What the format would do with such a tree is thus
/// not to be found out; here it only must do no harm.
fn depths(mut weights: Vec<u32>) -> Vec<u32> {
    let leaves = weights.len();
    if leaves < 2 {
        return vec![1; leaves];
    }
    // Behind the leaves come the pairs in the order in which they are made, which is that of their weights.
    let mut parents = vec![0; 2 * leaves - 1];
    let (mut leaf, mut pair) = (0, leaves);
    for parent in leaves..parents.len() {
        let mut weight = 0;
        for _ in 0..2 {
            let takes_leaf = leaf < leaves && (pair == parent || weights[leaf] <= weights[pair]);
            let next = if takes_leaf { &mut leaf } else { &mut pair };
            weight += weights[*next];
            parents[*next] = parent;
            *next += 1;
        }
        weights.push(weight);
    }
    let mut depths = vec![0; parents.len()];
    for node in (0..parents.len() - 1).rev() {
        depths[node] = depths[parents[node]] + 1;
    }
    depths.truncate(leaves);
    depths.iter_mut().for_each(|depth| *depth = LONGEST.min(*depth));
    depths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_come_before_pairs_of_the_same_count() {
        assert_eq!(lengths(&[1, 1, 2, 2]), [2, 2, 2, 2]);
        assert_eq!(lengths(&[5, 1, 1, 2]), [1, 3, 3, 2]);
        assert_eq!((lengths(&[]), lengths(&[7])), (vec![], vec![1]));
    }

    #[test]
    fn every_codeword_leads_to_its_symbol() {
        let counts: Vec<u32> = (0..300).map(|symbol| 1 + symbol * symbol / 900).collect();
        let (words, lengths) = (Codewords::new(&counts), lengths(&counts));
        let mut seen = vec![0; counts.len()];
        for number in 0..1 << LONGEST {
            let block = ((number << 1) as u16).to_le_bytes();
            let mut bits = BackwardBits::new(&block);
            seen[words.read(&mut bits).unwrap()] += 1;
        }
        let shares: Vec<u32> = lengths.iter().map(|length| 1 << (LONGEST - length)).collect();
        assert!(lengths.iter().any(|length| *length > QUICK));
        assert_eq!(seen, shares);
    }

    #[test]
    fn trees_that_are_too_deep_do_no_harm() {
        let fibonacci = std::iter::successors(Some((1, 1)), |(a, b)| Some((*b, a + b)));
        let counts: Vec<u32> = fibonacci.map(|(count, _)| count).take(30).collect();
        let words = Codewords::new(&counts);
        for number in 0..=u16::MAX {
            let block = number.to_le_bytes();
            let _ = words.read(&mut BackwardBits::new(&block));
        }
    }
}
