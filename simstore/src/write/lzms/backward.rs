//! The bits that are read from the end of a block.

/// Bits in words, the first in the highest bit of the first word. The words are read from the end of the block.
#[derive(Default)]
pub(super) struct BackwardBits {
    words: Vec<u16>,
    /// How many bits of the last word are still free.
    free: u32,
}

impl BackwardBits {
    /// Writes the lowest bits of a number, the highest of them first.
    pub(super) fn write(&mut self, number: u32, bits: u32) {
        for bit in (0..bits).rev() {
            if self.free == 0 {
                self.words.push(0);
                self.free = 16;
            }
            self.free -= 1;
            if let Some(last) = self.words.last_mut() {
                *last |= ((number >> bit & 1) as u16) << self.free;
            }
        }
    }

    /// The words in the order in which they stand in a block.
    pub(super) fn finish(mut self) -> Vec<u16> {
        self.words.reverse();
        self.words
    }
}
