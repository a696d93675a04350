//! Which bits are turned over.

use crate::campaign::Shard;
use crate::plan::choices::next_random;
use crate::write::names::hash_string;

/// Which bits of a file are turned over: all of them, or one of each so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// Of so many bits one.
    pub every: usize,
    /// Of these one part; the parts together are all of them.
    pub shard: Shard,
}

impl Sampling {
    /// Every bit.
    pub const ALL: Sampling = Sampling { every: 1, shard: Shard::WHOLE };

    /// One of so many bits.
    pub fn every(every: usize) -> Sampling {
        Sampling { every: every.max(1), ..Sampling::ALL }
    }

    /// The bits that are chosen of a file, always the same. One of each piece, but not the same one of each: else it would
    /// always be the same bit of a byte.
    pub(super) fn bits(self, path: &str, of: usize) -> Vec<usize> {
        let every = self.every.max(1);
        let starts = (0..of).step_by(every);
        let mut state = hash_string(path);
        let offsets = std::iter::repeat_with(|| (next_random(&mut state) % every as u64) as usize);
        let chosen = starts.zip(offsets).map(|(start, offset)| start + offset).filter(|bit| *bit < of);
        let parts = chosen.zip((0..self.shard.of).cycle());
        parts.filter(|(_, part)| part + 1 == self.shard.number).map(|(bit, _)| bit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_sample_is_of_all_bits_of_bytes() {
        assert_eq!(Sampling::ALL.bits("a", 100), (0..100).collect::<Vec<_>>());
        let bits = Sampling::every(8).bits("a", 8000);
        assert!((900..=1000).contains(&bits.len()));
        let of_bytes: BTreeSet<usize> = bits.iter().map(|bit| bit % 8).collect();
        assert_eq!(of_bytes.len(), 8);
        assert_ne!(bits, Sampling::every(8).bits("b", 8000));
    }

    #[test]
    fn the_shards_are_the_whole() {
        let shards = (1..=3).map(|number| Sampling { every: 5, shard: Shard { number, of: 3 } });
        let mut parts: Vec<usize> = shards.flat_map(|sampling| sampling.bits("a", 1003)).collect();
        parts.sort_unstable();
        assert_eq!(parts, Sampling::every(5).bits("a", 1003));
    }
}
