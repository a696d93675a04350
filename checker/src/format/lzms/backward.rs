//! The bits that are read from the end of a block towards its front.

use super::error::{Found, LzmsError};

/// Words from the last to the first, and the bits of each from the highest to the lowest.
pub(super) struct BackwardBits<'a> {
    block: &'a [u8],
    /// Where the last word starts that has been taken into the window.
    at: usize,
    /// Bits that have been taken but not read, from the highest on; zeros behind them.
    window: u64,
    /// How many.
    count: u32,
}

impl<'a> BackwardBits<'a> {
    pub(super) fn new(block: &'a [u8]) -> Self {
        Self { block, at: block.len(), window: 0, count: 0 }
    }

    /// Where the last word starts of which something has been read.
    pub(super) fn position(&self) -> usize {
        self.at + 2 * (self.count as usize / 16)
    }

    /// The next 32 bits, with zeros for those before the front of the block.
    #[inline]
    pub(super) fn peek(&mut self) -> u32 {
        while self.count <= 48
            && let Some(word) = self.block.get(..self.at).and_then(|rest| rest.last_chunk())
        {
            self.window |= u64::from(u16::from_le_bytes(*word)) << (48 - self.count);
            self.count += 16;
            self.at -= 2;
        }
        (self.window >> 32) as u32
    }

    /// Goes on behind bits that have been seen.
    #[inline]
    pub(super) fn skip(&mut self, bits: u32) -> Result<(), LzmsError> {
        if bits > self.count {
            return Err(LzmsError { offset: self.at, expected: "more bits before it", found: Found::End });
        }
        self.window <<= bits;
        self.count -= bits;
        Ok(())
    }

    /// A number of up to 31 bits.
    #[inline]
    pub(super) fn number(&mut self, bits: u32) -> Result<u32, LzmsError> {
        let number = u64::from(self.peek()) >> (32 - bits);
        self.skip(bits)?;
        Ok(number as u32)
    }
}
