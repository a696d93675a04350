//! Bit streams, and the numbers and buffers in them.

/// Bits of the field at the start of every stream that says how many bits of its last byte are unused.
const PADDING_BITS: u32 = 3;

/// A bit stream in the making. The first bit of a byte is its lowest one.
pub(super) struct Bits {
    bytes: Vec<u8>,
    /// Bits that do not fill a byte yet, from the lowest one on.
    pending: u64,
    pending_count: u32,
}

impl Bits {
    /// A stream with nothing but its padding field.
    pub(super) fn new() -> Bits {
        Bits { bytes: Vec::new(), pending: 0, pending_count: PADDING_BITS }
    }

    /// The lowest `count` bits of a value, the lowest first. At most 64.
    pub(super) fn fixed(&mut self, value: u64, count: u32) {
        // Halves, so that what is pending never outgrows its 64 bits.
        let low = count.min(32);
        self.put(value & mask(low), low);
        if count > 32 {
            self.put((value >> 32) & mask(count - 32), count - 32);
        }
    }

    fn put(&mut self, value: u64, count: u32) {
        self.pending |= value << self.pending_count;
        self.pending_count += count;
        while self.pending_count >= 8 {
            self.bytes.push(self.pending as u8);
            self.pending >>= 8;
            self.pending_count -= 8;
        }
    }

    /// A number in as few bits as it can have: its nibbles, after a zero bit for each nibble but one and a 1.
    pub(super) fn number(&mut self, value: u64) {
        let zeros = value.checked_ilog2().unwrap_or(0) / 4;
        self.fixed(1 << zeros, zeros + 1);
        self.fixed(value, 4 * (zeros + 1));
    }

    /// A number of at least 256, in the form that only long copies use.
    pub(super) fn long_number(&mut self, value: u64) {
        let zeros = value.ilog2() - 8;
        self.fixed(1 << zeros, zeros + 1);
        self.fixed(value, zeros + 8);
    }

    /// Bytes with their length before them; they begin at the next whole byte.
    pub(super) fn buffer(&mut self, content: &[u8]) {
        self.number(content.len() as u64);
        if self.pending_count > 0 {
            self.put(0, 8 - self.pending_count);
        }
        self.bytes.extend_from_slice(content);
    }

    /// The bytes of the stream.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let padding = (8 - self.pending_count) % 8;
        self.put(0, padding);
        self.bytes[0] |= padding as u8;
        self.bytes
    }
}

/// How many bits [`Bits::long_number`] writes.
pub(super) fn long_number_bits(value: u64) -> u32 {
    2 * (value.ilog2() - 8) + 9
}

fn mask(count: u32) -> u64 {
    (1 << count) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_as_few_nibbles_as_they_can() {
        for (value, bits) in [(0, 5), (15, 5), (16, 10), (255, 10), (256, 15), (0x20000, 25), (u64::MAX, 80)]
        {
            let mut stream = Bits::new();
            stream.number(value);
            let length_bits = 8 * stream.bytes.len() as u32 + stream.pending_count - PADDING_BITS;
            assert_eq!(length_bits, bits, "{value}");
        }
    }

    #[test]
    fn long_numbers_are_as_long_as_announced() {
        for value in [256, 511, 512, 69_991, (1 << 31) - 1, 1 << 31] {
            let mut stream = Bits::new();
            stream.long_number(value);
            let length_bits = 8 * stream.bytes.len() as u32 + stream.pending_count - PADDING_BITS;
            assert_eq!(length_bits, long_number_bits(value), "{value}");
        }
    }

    #[test]
    fn a_buffer_begins_at_a_whole_byte() {
        let mut stream = Bits::new();
        stream.buffer(b"ab");
        stream.buffer(b"");
        // Three bits of padding and five of the length fill a byte; the empty buffer leaves three bits unused.
        assert_eq!(stream.finish(), [0x28 | 0x08, b'a', b'b', 0x01]);
    }
}
