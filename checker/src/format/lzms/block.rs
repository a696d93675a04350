//! One block: its items in turn, then the filter.

use super::backward::BackwardBits;
use super::code::AdaptiveCode;
use super::error::{Found, LzmsError};
use super::range::{Question, RangeDecoder};
use super::recent::Recent;
use super::slots::{DISTANCES, LENGTH_SLOTS, LENGTHS};
use super::x86;

/// The longest block that is expanded, in bytes: as much as Microsoft's Compression API allows for one.
pub const MAX_BLOCK_BYTES: usize = 64 << 20;

/// Expands a block, and appends its `uncompressed_bytes` to `out`.
///
/// Memory is taken as output appears, whatever is claimed.
///
/// # Errors
///
/// If the block is not LZMS, does not hold as much, or holds more than [`MAX_BLOCK_BYTES`]; `out` is as before then.
pub fn expand_block(block: &[u8], uncompressed_bytes: usize, out: &mut Vec<u8>) -> Result<(), LzmsError> {
    let start = out.len();
    let result = expand(block, uncompressed_bytes, out);
    if result.is_err() {
        out.truncate(start);
    }
    result
}

fn expand(block: &[u8], uncompressed_bytes: usize, out: &mut Vec<u8>) -> Result<(), LzmsError> {
    let error = |offset, expected, found| Err(LzmsError { offset, expected, found });
    if uncompressed_bytes > MAX_BLOCK_BYTES {
        let (stated_bytes, room_bytes) = (uncompressed_bytes as u64, MAX_BLOCK_BYTES as u64);
        return error(
            0,
            "a block within the limit of this tool",
            Found::TooMuch { stated_bytes, room_bytes },
        );
    }
    if uncompressed_bytes == 0 {
        return match block.len() {
            0 => Ok(()),
            length_bytes => error(0, "nothing for nothing", Found::Trailing { length_bytes }),
        };
    }
    if !block.len().is_multiple_of(2) {
        return error(block.len(), "whole words", Found::End);
    }
    let start = out.len();
    let mut expander = Expander::new(block, uncompressed_bytes, out)?;
    expander.run()?;
    expander.check_ends()?;
    x86::undo(&mut out[start..]);
    Ok(())
}

/// What an item was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Literal,
    Plain,
    Delta,
}

/// Where a delta match copies from.
///
/// It continues a table with entries of `1 << power` bytes: each byte differs from the one an entry before it as the
/// byte `entries` before does from the one an entry before that.
#[derive(Clone, Copy)]
struct Delta {
    power: usize,
    entries: usize,
}

/// What says where matches of a kind copy from.
struct Matches<T> {
    is_repeat: Question<64>,
    is_older: [Question<64>; 2],
    distances: AdaptiveCode,
    recent: Recent<T>,
}

impl<T: Copy> Matches<T> {
    fn new(slots: usize, recent: [T; 4]) -> Self {
        Self {
            is_repeat: Question::new(),
            is_older: [Question::new(), Question::new()],
            distances: AdaptiveCode::new(slots, 1024),
            recent: Recent::new(recent),
        }
    }

    /// Where the match copies from, if it is from where one did recently.
    fn repeated(
        &mut self,
        decisions: &mut RangeDecoder<'_>,
        newest_left_out: bool,
    ) -> Result<Option<T>, LzmsError> {
        if !self.is_repeat.ask(decisions)? {
            return Ok(None);
        }
        let mut rank = 0;
        for is_older in &mut self.is_older {
            if !is_older.ask(decisions)? {
                break;
            }
            rank += 1;
        }
        Ok(Some(self.recent.again(rank, newest_left_out)))
    }
}

struct Expander<'b, 'o> {
    decisions: RangeDecoder<'b>,
    bits: BackwardBits<'b>,
    out: &'o mut Vec<u8>,
    /// Where the block starts and ends in `out`.
    start: usize,
    end: usize,

    is_match: Question<16>,
    is_delta: Question<32>,
    plain: Matches<usize>,
    delta: Matches<Delta>,
    literals: AdaptiveCode,
    lengths: AdaptiveCode,
    powers: AdaptiveCode,
}

impl<'b, 'o> Expander<'b, 'o> {
    fn new(block: &'b [u8], uncompressed_bytes: usize, out: &'o mut Vec<u8>) -> Result<Self, LzmsError> {
        // No distance is longer than what lies before the last byte.
        let slots = DISTANCES.up_to(uncompressed_bytes - 1);
        Ok(Self {
            decisions: RangeDecoder::new(block)?,
            bits: BackwardBits::new(block),
            start: out.len(),
            end: out.len() + uncompressed_bytes,
            out,
            is_match: Question::new(),
            is_delta: Question::new(),
            plain: Matches::new(slots, [1, 2, 3, 4]),
            delta: Matches::new(slots, [1, 2, 3, 4].map(|entries| Delta { power: 0, entries })),
            literals: AdaptiveCode::new(256, 1024),
            lengths: AdaptiveCode::new(LENGTH_SLOTS, 512),
            powers: AdaptiveCode::new(8, 512),
        })
    }

    fn run(&mut self) -> Result<(), LzmsError> {
        let mut last = Kind::Literal;
        while self.out.len() < self.end {
            last = if !self.is_match.ask(&mut self.decisions)? {
                let literal = self.literals.read(&mut self.bits)?;
                self.out.push(literal as u8);
                Kind::Literal
            } else if !self.is_delta.ask(&mut self.decisions)? {
                self.plain_match(last == Kind::Plain)?;
                Kind::Plain
            } else {
                self.delta_match(last == Kind::Delta)?;
                Kind::Delta
            };
        }
        Ok(())
    }

    fn plain_match(&mut self, after_plain: bool) -> Result<(), LzmsError> {
        let distance = match self.plain.repeated(&mut self.decisions, after_plain)? {
            Some(distance) => distance,
            None => {
                let distance = DISTANCES.read(&mut self.plain.distances, &mut self.bits)?;
                self.plain.recent.add(distance);
                distance
            }
        };
        let length = self.length()?;
        self.check_reach(distance)?;
        // What is copied may itself be copied on.
        let from = self.out.len() - distance;
        let mut left = length;
        while left > 0 {
            let piece = left.min(self.out.len() - from);
            self.out.extend_from_within(from..from + piece);
            left -= piece;
        }
        Ok(())
    }

    fn delta_match(&mut self, after_delta: bool) -> Result<(), LzmsError> {
        let delta = match self.delta.repeated(&mut self.decisions, after_delta)? {
            Some(delta) => delta,
            None => {
                let power = self.powers.read(&mut self.bits)?;
                let entries = DISTANCES.read(&mut self.delta.distances, &mut self.bits)?;
                self.delta.recent.add(Delta { power, entries });
                Delta { power, entries }
            }
        };
        let length = self.length()?;
        let entry_bytes = 1 << delta.power;
        let distance = delta.entries * entry_bytes;
        self.check_reach(distance + entry_bytes)?;
        for at in self.out.len()..self.out.len() + length {
            let change = self.out[at - distance].wrapping_sub(self.out[at - distance - entry_bytes]);
            self.out.push(self.out[at - entry_bytes].wrapping_add(change));
        }
        Ok(())
    }

    /// The length of a match, in bytes.
    fn length(&mut self) -> Result<usize, LzmsError> {
        let length = LENGTHS.read(&mut self.lengths, &mut self.bits)?;
        self.check(length, self.end - self.out.len(), "a match that ends within the block")?;
        Ok(length)
    }

    fn check_reach(&self, distance: usize) -> Result<(), LzmsError> {
        self.check(distance, self.out.len() - self.start, "a match with what the block holds before it")
    }

    fn check(&self, stated: usize, room: usize, expected: &'static str) -> Result<(), LzmsError> {
        if stated <= room {
            return Ok(());
        }
        let found = Found::TooMuch { stated_bytes: stated as u64, room_bytes: room as u64 };
        Err(LzmsError { offset: self.bits.position(), expected, found })
    }

    /// Makes sure that no bit has been read both as a decision and as what was chosen.
    fn check_ends(&self) -> Result<(), LzmsError> {
        let offset = self.bits.position();
        let decisions_end = self.decisions.read_bytes() - RangeDecoder::LOOKAHEAD_BYTES;
        if decisions_end <= offset {
            return Ok(());
        }
        let found = Found::Number(decisions_end as u64);
        Err(LzmsError { offset, expected: "an end of the decisions before it", found })
    }
}
