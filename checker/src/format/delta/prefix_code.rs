//! Prefix codes, given by the length of each symbol's code.
//!
//! The longest codes own the lowest numbers, and within one length codes ascend with their symbols. Their highest bit
//! comes first in the stream.

use super::DeltaError;
use super::bits::Bits;

/// The longest code, in bits.
pub(super) const MAX_CODE_BITS: usize = 16;

/// Codes of up to so many bits are found in one step.
const DIRECT_BITS: u32 = 10;

/// How many bits of an entry of the direct table hold the length of a code; the symbol is above them.
const LENGTH_BITS: u32 = 5;

/// A prefix code that can be read.
#[derive(Clone, Debug)]
pub(super) struct PrefixCode {
    /// By the next bits of the stream: symbol and length of the code that they begin with, or 0.
    direct: Vec<u16>,
    /// The symbols with codes, shortest code first.
    symbols: Vec<u16>,
    /// Per length: the lowest code, how many there are, and where their symbols begin.
    of_length: [Codes; MAX_CODE_BITS + 1],
}

#[derive(Clone, Copy, Debug, Default)]
struct Codes {
    first: u32,
    count: u32,
    symbols_at: u32,
}

/// What is wrong with the lengths of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadCode {
    /// There are more codes than bits can tell apart.
    OverSubscribed,
    /// Some bits lead to no symbol.
    Incomplete,
}

impl BadCode {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::OverSubscribed => "more codes than bits can tell apart",
            Self::Incomplete => "codes that leave bits without a symbol",
        }
    }
}

impl PrefixCode {
    /// The code whose symbols have codes of these lengths, each at most [`MAX_CODE_BITS`], 0 for none.
    ///
    /// A code without symbols is no fault as long as it is not used: genuine differentials have such.
    pub(super) fn new(lengths: &[u8]) -> Result<Self, BadCode> {
        let mut of_length = [Codes::default(); MAX_CODE_BITS + 1];
        for length in lengths.iter().filter(|length| **length > 0) {
            of_length[usize::from(*length)].count += 1;
        }
        is_complete(&of_length)?;
        let mut next = 0;
        for codes in of_length[1..].iter_mut().rev() {
            codes.first = next;
            next = (next + codes.count) >> 1;
        }
        let mut symbols_at = 0;
        for codes in &mut of_length[1..] {
            codes.symbols_at = symbols_at;
            symbols_at += codes.count;
        }
        let mut code =
            Self { direct: vec![0; 1 << DIRECT_BITS], symbols: vec![0; symbols_at as usize], of_length };
        code.assign(lengths);
        Ok(code)
    }

    fn assign(&mut self, lengths: &[u8]) {
        let mut seen = [0; MAX_CODE_BITS + 1];
        for (symbol, length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            let (symbol, bits) = (symbol as u16, u32::from(*length));
            let codes = self.of_length[usize::from(*length)];
            let nth = &mut seen[usize::from(*length)];
            self.symbols[(codes.symbols_at + *nth) as usize] = symbol;
            if bits <= DIRECT_BITS {
                let reversed = (codes.first + *nth).reverse_bits() >> (32 - bits);
                let entry = symbol << LENGTH_BITS | bits as u16;
                self.direct[reversed as usize..].iter_mut().step_by(1 << bits).for_each(|to| *to = entry);
            }
            *nth += 1;
        }
    }

    /// The next symbol.
    #[inline]
    pub(super) fn symbol(&self, bits: &mut Bits<'_>) -> Result<usize, DeltaError> {
        let ahead = bits.peek();
        let entry = self.direct[(ahead & ((1 << DIRECT_BITS) - 1)) as usize];
        if entry != 0 {
            bits.skip(u32::from(entry) & ((1 << LENGTH_BITS) - 1))?;
            return Ok(usize::from(entry >> LENGTH_BITS));
        }
        self.long_symbol(ahead, bits)
    }

    #[cold]
    fn long_symbol(&self, mut ahead: u64, bits: &mut Bits<'_>) -> Result<usize, DeltaError> {
        let mut code = 0;
        for (length, codes) in self.of_length.iter().enumerate().skip(1) {
            code = code << 1 | (ahead & 1) as u32;
            ahead >>= 1;
            if let Some(nth) = code.checked_sub(codes.first).filter(|nth| *nth < codes.count) {
                bits.skip(length as u32)?;
                return Ok(usize::from(self.symbols[(codes.symbols_at + nth) as usize]));
            }
        }
        let found = if self.symbols.is_empty() { "a code without symbols" } else { "bits without a symbol" };
        Err(bits.malformed("the code of a symbol", found))
    }
}

/// Whether every sequence of bits leads to one symbol. A single symbol with a code of one bit may leave the other bit
/// without.
fn is_complete(of_length: &[Codes; MAX_CODE_BITS + 1]) -> Result<(), BadCode> {
    let whole: u64 = 1 << MAX_CODE_BITS;
    let of_length = of_length.iter().enumerate().skip(1);
    let used: u64 =
        of_length.clone().map(|(length, codes)| u64::from(codes.count) << (MAX_CODE_BITS - length)).sum();
    let count: u32 = of_length.map(|(_, codes)| codes.count).sum();
    let is_single = count == 1 && used == whole / 2;
    match used {
        _ if used > whole => Err(BadCode::OverSubscribed),
        _ if used == whole || used == 0 || is_single => Ok(()),
        _ => Err(BadCode::Incomplete),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_are_no_codes_are_refused() {
        assert_eq!(PrefixCode::new(&[1, 1, 1]).unwrap_err(), BadCode::OverSubscribed);
        assert_eq!(PrefixCode::new(&[1, 2]).unwrap_err(), BadCode::Incomplete);
        assert_eq!(PrefixCode::new(&[2]).unwrap_err(), BadCode::Incomplete);
        for sound in [&[][..], &[0, 0], &[1], &[0, 1, 1], &[1, 2, 2], &[2; 4]] {
            assert!(PrefixCode::new(sound).is_ok(), "{sound:?}");
        }
    }

    #[test]
    fn long_codes_own_the_lowest_numbers() {
        // Lengths 1, 2, 3, …, 15, 16, 16: a code of each length, of which the one of length n is n - 1 zeros and a one.
        let lengths: Vec<u8> = (1..=MAX_CODE_BITS as u8).chain([MAX_CODE_BITS as u8]).collect();
        let code = PrefixCode::new(&lengths).unwrap();
        for (symbol, length) in lengths[..MAX_CODE_BITS].iter().enumerate() {
            let mut bytes = vec![0; 8];
            let place = 3 + symbol;
            bytes[place / 8] |= 1 << (place % 8);
            let mut bits = Bits::new(&bytes, 0).unwrap();
            // The last two codes differ in their last bit, and the one with a zero there comes first.
            let expected = if symbol == 15 { 16 } else { symbol };
            assert_eq!(code.symbol(&mut bits).unwrap(), expected);
            assert_eq!(bits.left(), 61 - u64::from(*length));
        }
        let mut bits = Bits::new(&[0; 8], 0).unwrap();
        assert_eq!(code.symbol(&mut bits).unwrap(), 15);
    }

    #[test]
    fn a_code_without_symbols_cannot_be_read() {
        let code = PrefixCode::new(&[0; 4]).unwrap();
        let mut bits = Bits::new(&[0; 8], 0).unwrap();
        assert!(code.symbol(&mut bits).is_err());
        assert_eq!(bits.left(), 61);
    }
}
