//! The rift table: where in the source each part of the target is likely to come from.

use super::bits::Bits;
use super::codes::{self, Word};

/// Pairs of positions in the window, which is the source and the target after it: what stands from the left one
/// on is likely to be what stands from the right one on.
pub(super) struct Rift {
    entries: Vec<(u64, u64)>,
}

impl Rift {
    /// The table that readers work with: the one that is written, and the start of the target for that of the
    /// source.
    pub(super) fn new(written: &[(u64, u64)], source_bytes: usize) -> Rift {
        let mut entries = written.to_vec();
        entries.push((source_bytes as u64, 0));
        entries.sort_by_key(|(left, _)| *left);
        Rift { entries }
    }

    /// How far before a position in the target the same bytes are likely to stand, where that is before it.
    pub(super) fn distance(&self, position: usize) -> i64 {
        let reached = self.entries.partition_point(|(left, _)| *left <= position as u64);
        // No position of the target is before the entry for its start.
        let (left, right) = self.entries[reached - 1];
        left as i64 - right as i64
    }

    /// The position at which the distance may become another one.
    pub(super) fn next_change(&self, position: usize) -> usize {
        let reached = self.entries.partition_point(|(left, _)| *left <= position as u64);
        self.entries.get(reached).map_or(usize::MAX, |(left, _)| *left as usize)
    }
}

/// Values of at least 0 in the alphabet of tables; the others follow them.
const NOT_NEGATIVE: usize = 126;

/// The whole alphabet.
const ALPHABET: usize = 2 * NOT_NEGATIVE;

/// Writes a table: a bit for whether it has entries, and what they are.
pub(super) fn write(entries: &[(u64, u64)], bits: &mut Bits) {
    bits.fixed(u64::from(!entries.is_empty()), 1);
    if entries.is_empty() {
        return;
    }
    let lefts = even_code(bits);
    let differences = uneven_code(bits);
    bits.number(entries.len() as u64);
    let (mut left_before, mut difference_before) = (0, 0);
    for (left, right) in entries {
        let (left, difference) = (*left as i64, *right as i64 - *left as i64);
        write_value(left - left_before, &lefts, bits);
        write_value(difference - difference_before, &differences, bits);
        (left_before, difference_before) = (left, difference);
    }
}

/// Announces a code in which all words are about as long.
fn even_code(bits: &mut Bits) -> Vec<Word> {
    announce(&[], &[], 248, 8, bits)
}

/// Announces a code in which small values have short words.
fn uneven_code(bits: &mut Bits) -> Vec<Word> {
    announce(&[3; 4], &[3; 2], 236, 10, bits)
}

/// Announces a code: the lengths of the first words on either side of zero, and of the others how many have the
/// greater of two lengths.
fn announce(above: &[u8], below: &[u8], longer_count: usize, longer: u8, bits: &mut Bits) -> Vec<Word> {
    for count in [above.len(), below.len(), longer_count] {
        bits.fixed(count as u64, 8);
    }
    for length in above.iter().chain(below).chain([&longer]) {
        bits.fixed(u64::from(length - 1), 4);
    }
    let mut lengths = vec![0; ALPHABET];
    lengths[..above.len()].copy_from_slice(above);
    lengths[NOT_NEGATIVE..][..below.len()].copy_from_slice(below);
    let others = lengths.iter_mut().filter(|length| **length == 0);
    for (number, length) in others.enumerate() {
        *length = if number < longer_count { longer } else { longer - 1 };
    }
    codes::words(&lengths)
}

fn write_value(value: i64, words: &[Word], bits: &mut Bits) {
    let (start, size) = if value < 0 { (NOT_NEGATIVE, !value as u64) } else { (0, value as u64) };
    let (symbol, extra_bits) = match size {
        0..4 => (size as usize, 0),
        _ => {
            let below_top = size.ilog2() - 1;
            (2 * (below_top as usize + 1) + (size >> below_top) as usize % 2, below_top)
        }
    };
    let word = words[start + symbol];
    bits.fixed(u64::from(word.bits), u32::from(word.length));
    bits.fixed(size, extra_bits);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_complete() {
        for announced in [even_code, uneven_code] {
            let words = announced(&mut Bits::new());
            assert_eq!(words.len(), ALPHABET);
            assert_eq!(words.iter().map(|word| 1 << (16 - word.length)).sum::<u32>(), 1 << 16);
        }
    }

    #[test]
    fn without_entries_the_target_is_like_the_source_from_its_start() {
        let rift = Rift::new(&[], 100);
        assert_eq!((rift.distance(100), rift.distance(5_000)), (100, 100));
        assert_eq!(rift.next_change(100), usize::MAX);
    }

    #[test]
    fn an_entry_holds_up_to_the_next_one() {
        let rift = Rift::new(&[(150, 20), (200, 250)], 100);
        assert_eq!(
            [100, 149, 150, 199, 200].map(|position| rift.distance(position)),
            [100, 100, 130, 130, -50]
        );
        assert_eq!([100, 150, 200].map(|position| rift.next_change(position)), [150, 200, usize::MAX]);
    }
}
