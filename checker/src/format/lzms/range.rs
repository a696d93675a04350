//! The range coder: decisions between two, each with a probability that follows the last 64 like it.

use super::error::{Found, LzmsError};

/// The words from the front of a block, as decisions.
pub(super) struct RangeDecoder<'a> {
    block: &'a [u8],
    /// Where the next word starts.
    at: usize,
    range: u32,
    /// Where in the range the coded number lies; below it.
    code: u32,
}

impl<'a> RangeDecoder<'a> {
    /// How far it reads ahead: decisions may need less than the two words that it holds.
    pub(super) const LOOKAHEAD_BYTES: usize = 4;

    pub(super) fn new(block: &'a [u8]) -> Result<Self, LzmsError> {
        let mut decoder = Self { block, at: 0, range: u32::MAX, code: 0 };
        for _ in 0..2 {
            decoder.code = decoder.code << 16 | decoder.word()?;
        }
        if decoder.code == u32::MAX {
            let found = Found::Number(u32::MAX.into());
            return Err(LzmsError { offset: 0, expected: "a number below 0xFFFFFFFF", found });
        }
        Ok(decoder)
    }

    /// How many bytes have been read.
    pub(super) fn read_bytes(&self) -> usize {
        self.at
    }

    fn word(&mut self) -> Result<u32, LzmsError> {
        let Some(word) = self.block.get(self.at..).and_then(|rest| rest.first_chunk()) else {
            return Err(LzmsError { offset: self.at, expected: "a word of decisions", found: Found::End });
        };
        self.at += 2;
        Ok(u16::from_le_bytes(*word).into())
    }

    /// One decision. Its share of the range follows those in `past`.
    #[inline]
    fn decide(&mut self, past: &mut Past) -> Result<bool, LzmsError> {
        if self.range <= 0xFFFF {
            self.range <<= 16;
            self.code = self.code << 16 | self.word()?;
        }
        let bound = (self.range >> 6) * past.chances_of_no();
        let decision = self.code >= bound;
        if decision {
            self.range -= bound;
            self.code -= bound;
        } else {
            self.range = bound;
        }
        past.add(decision);
        Ok(decision)
    }
}

/// The last 64 decisions.
#[derive(Clone, Copy)]
struct Past {
    /// The newest in the lowest bit.
    decisions: u64,
    /// How many of them were no.
    noes: u32,
}

impl Past {
    /// What is taken for the past at the start.
    const START: Self = Self { decisions: 0x5555_5555, noes: 48 };

    /// How many in 64 are no; never none or all, so that both decisions stay possible.
    fn chances_of_no(self) -> u32 {
        self.noes.clamp(1, 63)
    }

    fn add(&mut self, decision: bool) {
        let oldest = (self.decisions >> 63) as u32;
        self.noes = self.noes + oldest - u32::from(decision);
        self.decisions = self.decisions << 1 | u64::from(decision);
    }
}

/// Decisions about the same question, told apart by what the last answers to it were.
pub(super) struct Question<const CASES: usize> {
    /// The last answers as a number below `CASES`, the newest in its lowest bit.
    case: usize,
    pasts: [Past; CASES],
}

impl<const CASES: usize> Question<CASES> {
    pub(super) fn new() -> Self {
        const { assert!(CASES.is_power_of_two()) };
        Self { case: 0, pasts: [Past::START; CASES] }
    }

    #[inline]
    pub(super) fn ask(&mut self, decoder: &mut RangeDecoder<'_>) -> Result<bool, LzmsError> {
        let decision = decoder.decide(&mut self.pasts[self.case])?;
        self.case = (self.case << 1 | usize::from(decision)) % CASES;
        Ok(decision)
    }
}
