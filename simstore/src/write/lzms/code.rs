//! Codes that are made anew from what was written.

use super::backward::BackwardBits;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A Huffman code of symbols from 0 on that writer and reader renew after so many symbols.
pub(super) struct AdaptiveCode {
    interval: u32,
    written: u32,
    counts: Vec<u32>,
    codewords: Vec<Codeword>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Codeword {
    bits: u32,
    length: u32,
}

impl AdaptiveCode {
    pub(super) fn new(symbols: usize, interval: u32) -> AdaptiveCode {
        let counts = vec![1; symbols];
        AdaptiveCode { interval, written: 0, codewords: codewords(&counts), counts }
    }

    pub(super) fn write(&mut self, symbol: usize, bits: &mut BackwardBits) {
        let codeword = self.codewords[symbol];
        bits.write(codeword.bits, codeword.length);
        self.counts[symbol] += 1;
        self.written += 1;
        if self.written.is_multiple_of(self.interval) {
            self.codewords = codewords(&self.counts);
            self.counts.iter_mut().for_each(|count| *count = (*count >> 1) + 1);
        }
    }
}

/// Codewords of one length count up with the symbols, shorter ones come first.
fn codewords(counts: &[u32]) -> Vec<Codeword> {
    let lengths = lengths(counts);
    let mut codewords = vec![Codeword::default(); counts.len()];
    let mut next = 0;
    for length in 1..=lengths.iter().copied().max().unwrap_or(0) {
        next *= 2;
        for (symbol, _) in lengths.iter().enumerate().filter(|(_, own)| **own == length) {
            codewords[symbol] = Codeword { bits: next, length };
            next += 1;
        }
    }
    codewords
}

/// How long codewords are: the two rarest become a pair, again and again, and each time codewords of those below get
/// one bit longer. Among equals single symbols come first, in their order, and then pairs in theirs.
fn lengths(counts: &[u32]) -> Vec<u32> {
    let mut lengths = vec![0; counts.len()];
    if let [_] = counts {
        return vec![1];
    }
    let mut rarest_first: BinaryHeap<_> =
        (0..).zip(counts).map(|(symbol, count)| Reverse((*count, false, symbol, vec![symbol]))).collect();
    for pair in 0.. {
        let (Some(Reverse(first)), Some(Reverse(second))) = (rarest_first.pop(), rarest_first.pop()) else {
            break;
        };
        let below = [first.3, second.3].concat();
        below.iter().for_each(|symbol| lengths[*symbol] += 1);
        rarest_first.push(Reverse((first.0 + second.0, true, pair, below)));
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_symbols_have_long_codewords() {
        assert_eq!(lengths(&[1, 1, 1]), [2, 2, 1]);
        assert_eq!(lengths(&[5, 1, 1, 2]), [1, 3, 3, 2]);
        assert_eq!(lengths(&[1; 8]), [3; 8]);
        assert_eq!((lengths(&[]), lengths(&[7])), (vec![], vec![1]));
        let bits: Vec<u32> = codewords(&[5, 1, 1, 2]).iter().map(|codeword| codeword.bits).collect();
        assert_eq!(bits, [0b0, 0b110, 0b111, 0b10]);
    }

    /// With the pair first, the lengths would be 3, 3, 2 and 1.
    #[test]
    fn symbols_come_before_pairs_of_the_same_count() {
        assert_eq!(lengths(&[1, 1, 2, 2]), [2, 2, 2, 2]);
    }
}
