//! Finds earlier bytes that are equal to later ones.

/// Positions with the same so many bytes are chained.
const HASHED: usize = 4;

/// No position.
const NONE: u32 = u32::MAX;

/// The source with the target after it, and which of their positions begin alike.
pub(super) struct Window {
    bytes: Vec<u8>,
    target_start: usize,
    /// For each position the last one before it whose first bytes have the same hash.
    before: Vec<u32>,
}

impl Window {
    /// A window over less than 2 GiB.
    pub(super) fn new(source: &[u8], target: &[u8]) -> Window {
        let bytes = [source, target].concat();
        let before = chain(&bytes);
        Window { bytes, target_start: source.len(), before }
    }

    /// Where the target begins: the length of the source.
    pub(super) fn target_start(&self) -> usize {
        self.target_start
    }

    /// Where the target ends.
    pub(super) fn end(&self) -> usize {
        self.bytes.len()
    }

    /// The byte at a position.
    pub(super) fn byte(&self, position: usize) -> u8 {
        self.bytes[position]
    }

    /// How many bytes are equal to those at a distance before them: up to the end, and up to themselves.
    pub(super) fn equal_bytes(&self, position: usize, distance: usize) -> usize {
        let (earlier, later) = (&self.bytes[position - distance..], &self.bytes[position..]);
        let words = earlier.chunks_exact(8).zip(later.chunks_exact(8));
        let equal_words = 8 * words.take_while(|(one, two)| one == two).count();
        let rest = earlier[equal_words..].iter().zip(&later[equal_words..]);
        equal_words + rest.take_while(|(one, two)| one == two).count()
    }

    /// Earlier positions that may begin like this one, the nearest first.
    pub(super) fn alike(&self, position: usize) -> impl Iterator<Item = usize> {
        let before = |position: usize| {
            let before = self.before.get(position).filter(|before| **before != NONE)?;
            Some(*before as usize)
        };
        std::iter::successors(before(position), move |earlier| before(*earlier))
    }
}

fn chain(bytes: &[u8]) -> Vec<u32> {
    // One head for about each position, so that few bytes need little work.
    let hash_bits = bytes.len().clamp(1 << 10, 1 << 18).ilog2();
    let mut heads = vec![NONE; 1 << hash_bits];
    let hash = |first: &[u8]| {
        let value = first.iter().rev().fold(0, |value: u32, byte| (value << 8) | u32::from(*byte));
        (value.wrapping_mul(0x85EB_CA6B) >> (32 - hash_bits)) as usize
    };
    let mut link = |(position, first)| std::mem::replace(&mut heads[hash(first)], position);
    (0..).zip(bytes.windows(HASHED)).map(&mut link).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alike_is_found_in_the_source_and_in_the_target() {
        let window = Window::new(b"abcdef", b"xabcdeabcd");
        assert_eq!(window.alike(12).collect::<Vec<_>>(), [7, 0]);
        assert_eq!(window.equal_bytes(12, 12), 4);
        assert_eq!(window.equal_bytes(12, 5), 4);
        assert_eq!(window.equal_bytes(7, 7), 5);
        assert_eq!(window.alike(6).count(), 0);
        assert_eq!(window.alike(15).count(), 0);
    }

    #[test]
    fn a_run_is_equal_to_itself_one_byte_before() {
        let window = Window::new(&[], &[7; 1_000]);
        assert_eq!(window.equal_bytes(1, 1), 999);
        assert_eq!(window.equal_bytes(999, 998), 1);
    }
}
