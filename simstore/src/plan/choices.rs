//! Choices: the one way in which chance enters a plan.

use arbitrary::Unstructured;

/// Chooses from bytes. When the bytes have run out, every choice is the first or smallest one, so that few
/// bytes give a small and plain store.
pub struct Choices<'c, 'a> {
    bytes: &'c mut Unstructured<'a>,
}

impl<'c, 'a> Choices<'c, 'a> {
    /// Choices from these bytes.
    pub fn new(bytes: &'c mut Unstructured<'a>) -> Choices<'c, 'a> {
        Choices { bytes }
    }

    /// A number below a limit, which is at least one.
    pub fn below(&mut self, limit: usize) -> usize {
        self.bytes.int_in_range(0..=limit - 1).unwrap_or(0)
    }

    /// A number from a range.
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// True once in so many times; never when the bytes have run out.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// One of a list.
    pub fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.bytes.int_in_range(0..=u64::MAX).unwrap_or(0)
    }
}

/// Bytes from a seed: SplitMix64, a generator that is fixed for ever.
pub(crate) fn random_bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let words = std::iter::repeat_with(|| next_random(&mut state)).take(length.div_ceil(8));
    let mut bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
    bytes.truncate(length);
    bytes
}

/// The next number of SplitMix64.
pub(crate) fn next_random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
