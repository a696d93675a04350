//! A stream of bits: the lowest bit of each byte comes first.
//!
//! Every stream begins with three bits that say how many bits of its last byte are not used.

use super::DeltaError;
use std::borrow::Cow;

/// How many bits the padding field has.
const PADDING_FIELD_BITS: u32 = 3;

/// How many bits can be looked at in one go.
pub(super) const PEEK_BITS: u32 = 56;

/// The most zero bits before the digits of a number.
pub(super) const MAX_NUMBER_ZEROS: u32 = 15;

/// A position in a stream of bits.
#[derive(Clone, Debug)]
pub(super) struct Bits<'b> {
    bytes: &'b [u8],
    /// Where the bytes begin in the differential.
    offset_bytes: usize,
    position: u64,
    end: u64,
}

impl<'b> Bits<'b> {
    /// The stream in some bytes, which begin at byte `offset_bytes` of the differential.
    pub(super) fn new(bytes: &'b [u8], offset_bytes: usize) -> Result<Self, DeltaError> {
        let mut bits = Self { bytes, offset_bytes, position: 0, end: bytes.len() as u64 * 8 };
        let padding = bits.fixed(PADDING_FIELD_BITS)?;
        bits.end -= padding;
        if bits.end < bits.position {
            return Err(bits.malformed("a stream of bits", format!("{padding} unused bits in one byte")));
        }
        Ok(bits)
    }

    /// How many bits are left.
    pub(super) fn left(&self) -> u64 {
        self.end - self.position
    }

    /// Where the next bit is, in bits from the start of the differential.
    pub(super) fn position_in_file(&self) -> u64 {
        self.offset_bytes as u64 * 8 + self.position
    }

    /// Where the next bit is, in bytes from the start of the differential.
    pub(super) fn byte(&self) -> usize {
        self.offset_bytes + (self.position / 8) as usize
    }

    /// Says that something else was expected at this place.
    pub(super) fn malformed(
        &self,
        expected: impl Into<Cow<'static, str>>,
        actual: impl Into<String>,
    ) -> DeltaError {
        DeltaError::Malformed {
            bit: self.position_in_file(),
            expected: expected.into(),
            actual: actual.into(),
        }
    }

    /// The next bits, the first of them lowest; at least [`PEEK_BITS`] of them, with zeros after the end of the bytes.
    #[inline]
    pub(super) fn peek(&self) -> u64 {
        let byte = (self.position / 8) as usize;
        let word = match self.bytes.get(byte..byte + 8) {
            Some(bytes) => u64::from_le_bytes(bytes.try_into().unwrap_or_default()),
            None => self.peek_near_end(byte),
        };
        word >> (self.position % 8)
    }

    #[cold]
    fn peek_near_end(&self, byte: usize) -> u64 {
        let rest = self.bytes.get(byte..).unwrap_or_default();
        rest.iter().take(8).rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
    }

    /// Goes on by so many bits.
    #[inline]
    pub(super) fn skip(&mut self, count: u32) -> Result<(), DeltaError> {
        if u64::from(count) > self.left() {
            return Err(self.too_short(u64::from(count)));
        }
        self.position += u64::from(count);
        Ok(())
    }

    #[cold]
    fn too_short(&self, count: u64) -> DeltaError {
        self.malformed(format!("{count} bits"), format!("the end of the stream after {}", self.left()))
    }

    /// The next bits as a number; at most [`PEEK_BITS`].
    #[inline]
    pub(super) fn fixed(&mut self, count: u32) -> Result<u64, DeltaError> {
        debug_assert!(count <= PEEK_BITS);
        let value = self.peek() & ((1 << count) - 1);
        self.skip(count)?;
        Ok(value)
    }

    /// The next bit.
    pub(super) fn flag(&mut self) -> Result<bool, DeltaError> {
        Ok(self.fixed(1)? == 1)
    }

    /// How many zero bits there are before a one, which is passed, too; at most `limit`.
    pub(super) fn zeros(&mut self, limit: u32) -> Result<u32, DeltaError> {
        let zeros = self.peek().trailing_zeros();
        if u64::from(zeros) >= self.left() {
            return Err(self.too_short(self.left() + 1));
        }
        if zeros > limit {
            let found = format!("{zeros} zero bits");
            return Err(self.malformed(format!("a number that begins with at most {limit} zero bits"), found));
        }
        self.skip(zeros + 1)?;
        Ok(zeros)
    }

    /// A number of up to 64 bits, which may be negative.
    pub(super) fn number(&mut self) -> Result<i64, DeltaError> {
        let digits = 4 * (self.zeros(MAX_NUMBER_ZEROS)? + 1);
        let low = self.fixed(digits.min(32))?;
        let high = self.fixed(digits.saturating_sub(32))?;
        Ok((high << 32 | low).cast_signed())
    }

    /// A number of things, of which each takes at least one of the bits that are left.
    pub(super) fn count(&mut self, things: &str, limit: usize) -> Result<usize, DeltaError> {
        let before = self.clone();
        let number = self.number()?;
        let limit = self.left().min(limit as u64);
        match u64::try_from(number) {
            Ok(count) if count <= limit => Ok(count as usize),
            _ => Err(before.malformed(format!("at most {limit} {things}"), number.to_string())),
        }
    }

    /// Bytes with their length before them, and where they begin in the differential. They begin at a whole byte.
    pub(super) fn buffer(&mut self) -> Result<(usize, &'b [u8]), DeltaError> {
        let before = self.clone();
        let length = self.number()?;
        let start = self.position.div_ceil(8);
        let end = u64::try_from(length).ok().and_then(|length| start.checked_add(length)?.checked_mul(8));
        let Some(end) = end.filter(|end| *end <= self.end) else {
            let left = (self.end / 8).saturating_sub(start);
            return Err(before.malformed(format!("a length of at most {left} bytes"), length.to_string()));
        };
        self.position = end;
        let bytes = &self.bytes[start as usize..(end / 8) as usize];
        Ok((self.offset_bytes + start as usize, bytes))
    }
}
