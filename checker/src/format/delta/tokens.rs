//! The tokens of a patch: literals, and copies out of the window of source and target.

use super::DeltaError;
use super::bits::Bits;
use super::blocks::{Blocks, Codes};
use super::rift::Rift;

/// Main symbols from here on are copies.
const FIRST_COPY: usize = 256;

/// The most zero bits before a very long length.
pub(super) const MAX_LONG_LENGTH_ZEROS: u32 = 23;

/// Distances against the rift: how many bits, how many of them are subtracted, and how far the ranges of the wider
/// forms lie apart.
const RIFT_FORMS: [(u32, i64, i64); 3] = [(14, 0x2000, 0), (16, 0x8000, 0x2000), (18, 0x2_0000, 0xA000)];

/// Where a copy comes from.
#[derive(Clone, Copy)]
enum From {
    /// So far back in the window.
    Distance(u64),
    /// The same place of the source, by the rift.
    Same,
}

/// Expands the tokens of a patch until there are `size_bytes` bytes.
pub(super) fn expand(
    bits: &mut Bits<'_>,
    mut blocks: Blocks,
    rift: &Rift,
    source: &[u8],
    size_bytes: usize,
) -> Result<Vec<u8>, DeltaError> {
    let mut window = Window { source, target: Vec::with_capacity(size_bytes), size_bytes, recent: [0; 3] };
    let mut codes = match blocks.at(window.position()) {
        Some(codes) => codes?,
        None => return Err(bits.malformed("a block at the start of the content", "none")),
    };
    while window.target.len() < size_bytes {
        if let Some(next) = blocks.at(window.position()) {
            codes = next?;
        }
        match codes.main.symbol(bits)? {
            literal @ 0..FIRST_COPY => window.target.push(literal as u8),
            symbol => {
                let before = bits.clone();
                let from = read_from(bits, &codes, (symbol - FIRST_COPY) >> 3, &window, rift)?;
                let length = read_length(bits, &codes, (symbol - FIRST_COPY) & 7)?;
                window.copy(from, length, rift, &before)?;
            }
        }
    }
    Ok(window.target)
}

/// The source, and what was made so far.
struct Window<'s> {
    source: &'s [u8],
    target: Vec<u8>,
    size_bytes: usize,
    /// The last distances.
    recent: [u64; 3],
}

impl Window<'_> {
    fn position(&self) -> u64 {
        (self.source.len() + self.target.len()) as u64
    }

    fn copy(&mut self, from: From, length: u64, rift: &Rift, place: &Bits<'_>) -> Result<(), DeltaError> {
        let left = (self.size_bytes - self.target.len()) as u64;
        if length > left {
            let expected = format!("a copy of at most {left} bytes, which the content has left");
            return Err(place.malformed(expected, length.to_string()));
        }
        match from {
            From::Distance(distance) => {
                self.copy_back(distance, length as usize, place)?;
                self.remember(distance);
            }
            From::Same => {
                let first = same_distance(rift, self.position());
                let end = self.position() + length;
                while self.position() < end {
                    let distance = same_distance(rift, self.position());
                    let until = rift.next_change(self.position()).min(end);
                    self.copy_back(distance, (until - self.position()) as usize, place)?;
                }
                self.remember(first);
            }
        }
        Ok(())
    }

    /// Copies from so far back; what is copied may be made by the copy itself.
    fn copy_back(&mut self, distance: u64, length: usize, place: &Bits<'_>) -> Result<(), DeltaError> {
        let position = self.position();
        let is_too_far = distance > position && !cfg!(feature = "planted-distance-bound");
        if distance == 0 || is_too_far {
            let found = distance.cast_signed().to_string();
            return Err(place.malformed(format!("a distance of 1 to {position}"), found));
        }
        let start = (position - distance) as usize;
        let of_source = self.source.get(start..).unwrap_or_default();
        let of_source = &of_source[..of_source.len().min(length)];
        self.target.extend_from_slice(of_source);
        let mut left = length - of_source.len();
        // The copy goes on where the source ends, or lies in the target altogether. What it repeats grows with it.
        let start = start.saturating_sub(self.source.len());
        while left > 0 {
            let count = left.min(self.target.len() - start);
            self.target.extend_from_within(start..start + count);
            left -= count;
        }
        Ok(())
    }

    /// Puts a distance in front of the last ones.
    fn remember(&mut self, distance: u64) {
        let [first, second, _] = self.recent;
        if distance != first {
            let third = if distance == second { self.recent[2] } else { second };
            self.recent = [distance, first, third];
        }
    }
}

/// The distance to the same place of the source.
fn same_distance(rift: &Rift, position: u64) -> u64 {
    rift.offset(position).wrapping_neg().cast_unsigned()
}

/// Reads where a copy comes from, by its slot.
#[inline]
fn read_from(
    bits: &mut Bits<'_>,
    codes: &Codes,
    slot: usize,
    window: &Window<'_>,
    rift: &Rift,
) -> Result<From, DeltaError> {
    Ok(From::Distance(match slot {
        0..3 => {
            let (count, middle, apart) = RIFT_FORMS[slot];
            let near = bits.fixed(count)?.cast_signed() - middle;
            let far = if near < 0 { near - apart } else { near + apart };
            far.wrapping_sub(rift.offset(window.position())).cast_unsigned()
        }
        3 => return Ok(From::Same),
        4..7 if cfg!(feature = "planted-recent-distance") => window.recent[(slot - 3) % 3],
        4..7 => window.recent[slot - 4],
        7 => {
            let number = match bits.fixed(1)? {
                0 => 36 + bits.fixed(2)?,
                _ => match bits.fixed(1)? {
                    0 => 40 + bits.fixed(3)?,
                    _ => 48 + bits.fixed(4)?,
                },
            };
            read_distance(bits, codes, number as u32)?
        }
        _ => read_distance(bits, codes, slot as u32 - 7)?,
    }))
}

/// Reads a distance, by the number of its slot.
fn read_distance(bits: &mut Bits<'_>, codes: &Codes, number: u32) -> Result<u64, DeltaError> {
    if number < 4 {
        return Ok(u64::from(number));
    }
    let count = (number >> 1) - 1;
    let top = u64::from(2 | number & 1) << count;
    if count < 4 {
        return Ok(top | bits.fixed(count)?);
    }
    let high = bits.fixed(count - 4)? << 4;
    Ok(top | high | codes.aligned.symbol(bits)? as u64)
}

/// Reads the length of a copy, by its class.
#[inline]
fn read_length(bits: &mut Bits<'_>, codes: &Codes, class: usize) -> Result<u64, DeltaError> {
    if class > 0 {
        return Ok(class as u64 + 1);
    }
    match codes.length.symbol(bits)? {
        0 => {
            let count = bits.zeros(MAX_LONG_LENGTH_ZEROS)? + 8;
            Ok((1 << count) + bits.fixed(count)? + 8)
        }
        symbol => Ok(symbol as u64 + 8),
    }
}
