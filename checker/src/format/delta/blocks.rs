//! The blocks of a patch: each has three prefix codes of its own, and a place where it begins.

use super::DeltaError;
use super::bits::Bits;
use super::prefix_code::{BadCode, MAX_CODE_BITS, PrefixCode};

/// The most blocks of a patch. Genuine manifests have up to 17.
pub const MAX_BLOCKS: usize = 4096;

/// How many main symbols there are: 256 literals, and 43 slots of distances with eight kinds of length each.
const MAIN_SYMBOLS: usize = 600;
/// How many symbols lengths have.
const LENGTH_SYMBOLS: usize = 256;
/// How many symbols the low bits of distances have.
const ALIGNED_SYMBOLS: usize = 16;
/// How many lengths a block has: those of its three codes, in this order.
const LENGTHS: usize = MAIN_SYMBOLS + LENGTH_SYMBOLS + ALIGNED_SYMBOLS;

/// How many symbols the code has that lengths are written in.
const PRE_SYMBOLS: usize = 39;

/// The lengths of the codes of a block.
type Lengths = [u8; LENGTHS];

/// The three codes of a block.
#[derive(Clone, Debug)]
pub(super) struct Codes {
    pub(super) main: PrefixCode,
    pub(super) length: PrefixCode,
    pub(super) aligned: PrefixCode,
}

/// The blocks of a patch. Their codes are built when they are reached.
#[derive(Debug)]
pub(super) struct Blocks {
    blocks: std::vec::IntoIter<Block>,
    /// Where the next block begins in the window.
    next_at: u64,
}

#[derive(Debug)]
struct Block {
    start: u64,
    /// Where its lengths begin, for messages.
    bits_at: u64,
    lengths: Box<Lengths>,
}

impl Blocks {
    /// Reads the lengths of every block.
    pub(super) fn read(bits: &mut Bits<'_>, source_bytes: usize) -> Result<Self, DeltaError> {
        let blocks = if bits.flag()? {
            vec![Block {
                start: source_bytes as u64,
                bits_at: bits.position_in_file(),
                lengths: Box::new(default_lengths()),
            }]
        } else {
            read_blocks(bits, source_bytes as u64)?
        };
        Ok(Self { blocks: blocks.into_iter(), next_at: 0 })
    }

    /// The codes to use from a place in the window on, if they are others than before.
    #[inline]
    pub(super) fn at(&mut self, position: u64) -> Option<Result<Codes, DeltaError>> {
        if position < self.next_at { None } else { self.reach(position) }
    }

    #[cold]
    fn reach(&mut self, position: u64) -> Option<Result<Codes, DeltaError>> {
        let mut reached = None;
        while self.blocks.as_slice().first().is_some_and(|block| block.start <= position) {
            reached = self.blocks.next();
        }
        self.next_at = self.blocks.as_slice().first().map_or(u64::MAX, |block| block.start);
        reached.map(|block| Codes::of(&block))
    }
}

impl Codes {
    fn of(block: &Block) -> Result<Self, DeltaError> {
        let (main, rest) = block.lengths.split_at(MAIN_SYMBOLS);
        let (length, aligned) = rest.split_at(LENGTH_SYMBOLS);
        let code = |lengths, what: &str| {
            PrefixCode::new(lengths).map_err(|bad: BadCode| DeltaError::Malformed {
                bit: block.bits_at,
                expected: format!("lengths of a prefix code for {what}").into(),
                actual: bad.as_str().to_owned(),
            })
        };
        Ok(Self {
            main: code(main, "literals and distances")?,
            length: code(length, "lengths")?,
            aligned: code(aligned, "low bits of distances")?,
        })
    }
}

/// The lengths where a patch gives none: in each code all have the same, but for the first ones, which are one shorter
/// as far as there is room.
fn default_lengths() -> Lengths {
    let mut lengths = [0; LENGTHS];
    let (main, rest) = lengths.split_at_mut(MAIN_SYMBOLS);
    let (length, aligned) = rest.split_at_mut(LENGTH_SYMBOLS);
    for code in [main, length, aligned] {
        let bits = code.len().next_power_of_two().ilog2();
        let shorter = (1 << bits) - code.len();
        code[..shorter].fill(bits as u8 - 1);
        code[shorter..].fill(bits as u8);
    }
    lengths
}

fn read_blocks(bits: &mut Bits<'_>, source_bytes: u64) -> Result<Vec<Block>, DeltaError> {
    let before = bits.clone();
    let count = bits.count("blocks", MAX_BLOCKS)?;
    if count == 0 {
        return Err(before.malformed("at least one block", "0"));
    }
    let starts = read_starts(bits, count, source_bytes)?;
    let before = bits.clone();
    let mut pre_lengths = [0; PRE_SYMBOLS];
    for length in &mut pre_lengths {
        *length = bits.fixed(4)? as u8;
    }
    let pre_code = PrefixCode::new(&pre_lengths)
        .map_err(|bad| before.malformed("lengths of the prefix code for lengths", bad.as_str()))?;
    let mut previous = [0; LENGTHS];
    let mut blocks = Vec::new();
    for start in starts {
        let bits_at = bits.position_in_file();
        read_lengths(bits, &pre_code, &mut previous)?;
        blocks.push(Block { start, bits_at, lengths: Box::new(previous) });
    }
    Ok(blocks)
}

/// Where the blocks begin in the window, of which the source is the first part.
fn read_starts(bits: &mut Bits<'_>, count: usize, source_bytes: u64) -> Result<Vec<u64>, DeltaError> {
    let mut starts: Vec<u64> = Vec::new();
    for _ in 0..count {
        let before = bits.clone();
        let step = bits.number()?;
        let start = starts.last().copied().unwrap_or_default().checked_add_signed(step);
        match start {
            Some(start) if starts.is_empty() && start != source_bytes => {
                let expected = format!("a first block at {source_bytes}, the length of the source");
                return Err(before.malformed(expected, start.to_string()));
            }
            Some(start) if step >= 0 => starts.push(start),
            _ => return Err(before.malformed("a block after the one before", format!("a step of {step}"))),
        }
    }
    Ok(starts)
}

/// Reads the lengths of a block into those of the block before.
fn read_lengths(bits: &mut Bits<'_>, pre_code: &PrefixCode, lengths: &mut Lengths) -> Result<(), DeltaError> {
    let mut at = 0;
    while at < LENGTHS {
        let before = bits.clone();
        let symbol = pre_code.symbol(bits)?;
        let change = match symbol {
            0..=16 => {
                lengths[at] = symbol as u8;
                at += 1;
                continue;
            }
            17..=22 => [1, 2, 3, -1, -2, -3][symbol - 17],
            _ => {
                let end = at + read_run(bits, (symbol - 23) & 7)?;
                if end > LENGTHS || (symbol < 31 && at == 0) {
                    return Err(
                        before.malformed(format!("a run within {LENGTHS} lengths"), format!("{at}..{end}"))
                    );
                }
                if symbol < 31 {
                    let repeated = lengths[at - 1];
                    lengths[at..end].fill(repeated);
                }
                at = end;
                continue;
            }
        };
        let changed = lengths[at].checked_add_signed(change);
        lengths[at] = changed.filter(|length| usize::from(*length) <= MAX_CODE_BITS).ok_or_else(|| {
            before.malformed("a length of 0 to 16", format!("{} and {change}", lengths[at]))
        })?;
        at += 1;
    }
    Ok(())
}

fn read_run(bits: &mut Bits<'_>, class: usize) -> Result<usize, DeltaError> {
    Ok(match class {
        0..3 => class + 1,
        _ => 1 << (class - 1) | bits.fixed(class as u32 - 1)? as usize,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_codes_are_complete() {
        let lengths = default_lengths();
        let count =
            |from: usize, length: u8| lengths[from..].iter().filter(|other| **other == length).count();
        assert_eq!((count(0, 9), count(0, 10)), (424, 176));
        assert_eq!((count(600, 8), count(600, 4)), (256, 16));
        for code in [&lengths[..600], &lengths[600..856], &lengths[856..]] {
            PrefixCode::new(code).unwrap();
        }
    }
}
