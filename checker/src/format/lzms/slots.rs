//! Slots: ranges of distances and lengths. A codeword says the slot, plain bits the place in it.
//!
//! Slots get wider as the numbers grow: so many slots of one number, then so many of two, of four and so on.

use super::backward::BackwardBits;
use super::code::AdaptiveCode;
use super::error::LzmsError;

/// How many distances start a slot 1, 2, 4 and so on after the slot before.
const DISTANCE_STEPS: &[usize] =
    &[8, 0, 9, 7, 10, 15, 15, 20, 20, 30, 33, 40, 42, 45, 60, 73, 80, 85, 95, 105, 6];

/// The same for lengths.
const LENGTH_STEPS: &[usize] = &[26, 4, 6, 4, 5, 2, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1];

/// How many slots of lengths there are.
pub(super) const LENGTH_SLOTS: usize = 54;

/// Where each slot starts, from 1 on, and at last where the last one ends.
const fn starts<const COUNT: usize>(steps: &[usize], end: u32) -> [u32; COUNT] {
    let mut starts = [1; COUNT];
    let (mut slot, mut order) = (1, 0);
    while order < steps.len() {
        let next_order = slot + steps[order];
        while slot < next_order {
            starts[slot] = starts[slot - 1] + (1 << order);
            slot += 1;
        }
        order += 1;
    }
    assert!(slot == COUNT - 1);
    starts[slot] = end;
    starts
}

/// Numbers in slots.
pub(super) struct Slots {
    starts: &'static [u32],
}

/// Distances: how far back a match lies.
pub(super) static DISTANCES: Slots = Slots { starts: &starts::<800>(DISTANCE_STEPS, 0x7FFF_FFFF) };

/// Lengths of matches.
pub(super) static LENGTHS: Slots =
    Slots { starts: &starts::<{ LENGTH_SLOTS + 1 }>(LENGTH_STEPS, 0x4001_08AB) };

impl Slots {
    /// How many slots hold the numbers from 1 to `number`.
    pub(super) fn up_to(&self, number: usize) -> usize {
        self.starts.partition_point(|start| *start as usize <= number)
    }

    /// Reads a number whose slot is in `code`.
    #[inline]
    pub(super) fn read(
        &self,
        code: &mut AdaptiveCode,
        bits: &mut BackwardBits<'_>,
    ) -> Result<usize, LzmsError> {
        let slot = code.read(bits)?;
        let (start, end) = (self.starts[slot], self.starts[slot + 1]);
        Ok((start + bits.number((end - start).ilog2())?) as usize)
    }
}
