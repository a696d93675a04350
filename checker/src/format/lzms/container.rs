//! The container of Microsoft's Compression API: a header, then blocks that are compressed each by itself.

use super::block::{MAX_BLOCK_BYTES, expand_block};
use super::error::{Found, LzmsError};

const MAGIC: u64 = 0xC0E5_510A;
const HEADER_BYTES: usize = 24;
const LZMS: u64 = 5;

/// Expands a container, and appends what it holds to `out`.
///
/// A block that is as long as what it holds is stored as it is. The check value of the header is not looked at: how it
/// is made is not documented.
///
/// # Errors
///
/// If the header or a block is not as it must be, if something stands behind the last block, or if the container claims
/// more than `limit_bytes`; `out` is as before then.
pub fn expand_container(bytes: &[u8], limit_bytes: usize, out: &mut Vec<u8>) -> Result<(), LzmsError> {
    let start = out.len();
    let result = expand(bytes, limit_bytes, out);
    if result.is_err() {
        out.truncate(start);
    }
    result
}

fn expand(bytes: &[u8], limit_bytes: usize, out: &mut Vec<u8>) -> Result<(), LzmsError> {
    let mut reader = Reader { bytes, at: 0 };
    reader.number(4, "the signature 0xC0E5510A", |number| number == MAGIC)?;
    reader.number(2, "the length 0x18 of the header", |number| number == HEADER_BYTES as u64)?;
    reader.number(1, "a check value", |_| true)?;
    reader.number(1, "the number 5 of LZMS", |number| number == LZMS)?;
    let total =
        reader.number(8, "a length within the limit of this tool", |number| number <= limit_bytes as u64)?;
    let limit = MAX_BLOCK_BYTES as u64;
    let block_bytes =
        reader.number(4, "a block length from 1 to 0x4000000", |number| (1..=limit).contains(&number))?;
    reader.number(4, "zero", |number| number == 0)?;
    let mut left = total;
    while left > 0 {
        let uncompressed = left.min(block_bytes);
        reader.block(uncompressed as usize, out)?;
        left -= uncompressed;
    }
    match bytes.len() - reader.at {
        0 => Ok(()),
        length_bytes => reader.error("the end", Found::Trailing { length_bytes }),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn error<T>(&self, expected: &'static str, found: Found) -> Result<T, LzmsError> {
        Err(LzmsError { offset: self.at, expected, found })
    }

    fn take(&mut self, length: usize, expected: &'static str) -> Result<&'a [u8], LzmsError> {
        let rest = &self.bytes[self.at..];
        let Some(taken) = rest.get(..length) else {
            let (stated_bytes, room_bytes) = (length as u64, rest.len() as u64);
            return self.error(expected, Found::TooMuch { stated_bytes, room_bytes });
        };
        self.at += length;
        Ok(taken)
    }

    /// A number of so many bytes that is good.
    fn number(
        &mut self,
        length: usize,
        expected: &'static str,
        is_good: impl FnOnce(u64) -> bool,
    ) -> Result<u64, LzmsError> {
        let at = self.at;
        let digits = self.take(length, expected)?;
        let number = digits.iter().rev().fold(0, |number, digit| number << 8 | u64::from(*digit));
        if is_good(number) {
            return Ok(number);
        }
        Err(LzmsError { offset: at, expected, found: Found::Number(number) })
    }

    /// A length, and a block of that length.
    fn block(&mut self, uncompressed_bytes: usize, out: &mut Vec<u8>) -> Result<(), LzmsError> {
        let limit = uncompressed_bytes as u64;
        let length =
            self.number(4, "the length of a block, no longer than what it holds", |number| number <= limit)?;
        let start = self.at;
        let block = self.take(length as usize, "a block")?;
        if block.len() == uncompressed_bytes {
            out.extend_from_slice(block);
            return Ok(());
        }
        expand_block(block, uncompressed_bytes, out).map_err(|error| error.moved_by(start))
    }
}
