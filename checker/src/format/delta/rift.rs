//! The rift table: where places of the target lie in the source.
//!
//! Known from descriptions only: every genuine differential of type RAW that was seen has an empty one.

use super::DeltaError;
use super::bits::Bits;
use super::prefix_code::PrefixCode;

/// The most entries of a rift table.
pub const MAX_RIFT_ENTRIES: usize = 1 << 16;

/// How many symbols stand for numbers of one sign.
const SYMBOLS_OF_A_SIGN: usize = 126;

/// The most extra bits of a number, so that it fits 63 bits.
pub(super) const MAX_EXTRA_BITS: usize = 60;

/// Offsets between places of the window and of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rift {
    /// From a place on, the offset; sorted by place, never empty.
    entries: Vec<(i64, i64)>,
}

impl Rift {
    /// Reads the table.
    pub(super) fn read(bits: &mut Bits<'_>, source_bytes: usize) -> Result<Self, DeltaError> {
        let mut entries = if bits.flag()? { read_entries(bits)? } else { Vec::new() };
        // What lies after the source corresponds to its start.
        let source_bytes = source_bytes as i64;
        entries.push((source_bytes, -source_bytes));
        entries.sort_by_key(|(left, _)| *left);
        Ok(Self { entries })
    }

    /// The offset at a place of the window.
    #[inline]
    pub(super) fn offset(&self, position: u64) -> i64 {
        let after = self.first_after(position);
        // Before the first entry the last one holds.
        let entry = if after == 0 { self.entries.last() } else { self.entries.get(after - 1) };
        entry.map_or(0, |(_, offset)| *offset)
    }

    /// The next place after this one where the offset may change.
    pub(super) fn next_change(&self, position: u64) -> u64 {
        self.entries.get(self.first_after(position)).map_or(u64::MAX, |(left, _)| left.cast_unsigned())
    }

    fn first_after(&self, position: u64) -> usize {
        self.entries.partition_point(|(left, _)| *left <= position.cast_signed())
    }
}

fn read_entries(bits: &mut Bits<'_>) -> Result<Vec<(i64, i64)>, DeltaError> {
    let (left_format, offset_format) = (IntegerFormat::read(bits)?, IntegerFormat::read(bits)?);
    let count = bits.count("entries of the rift table", MAX_RIFT_ENTRIES)?;
    let (mut left, mut offset) = (0_i64, 0_i64);
    let mut entries = Vec::new();
    for _ in 0..count {
        let before = bits.clone();
        let beyond =
            |sum: &str| before.malformed("an entry of the rift table", format!("{sum} beyond 63 bits"));
        left = left.checked_add(left_format.number(bits)?).ok_or_else(|| beyond("places"))?;
        offset = offset.checked_add(offset_format.number(bits)?).ok_or_else(|| beyond("offsets"))?;
        entries.push((left, offset));
    }
    Ok(entries)
}

/// How the numbers of one column are written: a prefix code of magnitudes, and extra bits.
struct IntegerFormat {
    code: PrefixCode,
}

impl IntegerFormat {
    fn read(bits: &mut Bits<'_>) -> Result<Self, DeltaError> {
        let before = bits.clone();
        let counts = [bits.fixed(8)? as usize, bits.fixed(8)? as usize, bits.fixed(8)? as usize];
        let [positive, negative, longer] = counts;
        let rest = (2 * SYMBOLS_OF_A_SIGN).checked_sub(positive + negative);
        if positive.max(negative) > SYMBOLS_OF_A_SIGN || rest.is_none_or(|rest| longer > rest) {
            return Err(before.malformed("counts of 126, 126 and 252 symbols in all", format!("{counts:?}")));
        }
        let mut lengths = [0; 2 * SYMBOLS_OF_A_SIGN];
        let (of_positive, of_negative) = lengths.split_at_mut(SYMBOLS_OF_A_SIGN);
        for length in of_positive[..positive].iter_mut().chain(&mut of_negative[..negative]) {
            *length = bits.fixed(4)? as u8 + 1;
        }
        let length = bits.fixed(4)? as u8 + 1;
        let others = of_positive[positive..].iter_mut().chain(&mut of_negative[negative..]);
        for (nth, to) in others.enumerate() {
            *to = if nth < longer { length } else { length - 1 };
        }
        let code = PrefixCode::new(&lengths)
            .map_err(|bad| before.malformed("lengths of the prefix code for numbers", bad.as_str()))?;
        Ok(Self { code })
    }

    fn number(&self, bits: &mut Bits<'_>) -> Result<i64, DeltaError> {
        let before = bits.clone();
        let symbol = self.code.symbol(bits)?;
        let (is_negative, magnitude) = (symbol >= SYMBOLS_OF_A_SIGN, symbol % SYMBOLS_OF_A_SIGN);
        let value = if magnitude < 4 {
            magnitude as i64
        } else {
            let extra = (magnitude >> 1) - 1;
            if extra > MAX_EXTRA_BITS {
                return Err(before.malformed("a number of 63 bits", format!("{extra} extra bits")));
            }
            let low = bits.fixed(extra.min(32) as u32)?;
            let high = bits.fixed(extra.saturating_sub(32) as u32)?;
            (2 | (magnitude as i64 & 1)) << extra | (high << 32 | low).cast_signed()
        };
        Ok(if is_negative { !value } else { value })
    }
}
