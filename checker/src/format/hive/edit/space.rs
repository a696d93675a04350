//! Free cells, by place and by size.

use crate::format::hive::Hive;
use crate::format::hive::bins::{each_bin, tiles};
use std::collections::{BTreeMap, BTreeSet};

/// The free cells of a hive. Sizes are those of cells, in bytes.
#[derive(Debug, Default)]
pub(super) struct Space {
    sizes: BTreeMap<u32, u32>,
    by_size: BTreeSet<(u32, u32)>,
}

impl Space {
    /// Those of a hive whose structure is sound.
    pub(super) fn of(hive: &Hive<'_>) -> Self {
        let bins = hive.bins();
        let mut space = Self::default();
        for tile in
            each_bin(bins.spans()).flat_map(|bin| tiles(bins.data(), bin)).flatten().filter(|tile| tile.free)
        {
            space.add(tile.offset as u32, tile.length as u32);
        }
        space
    }

    pub(super) fn add(&mut self, offset: u32, size: u32) {
        self.sizes.insert(offset, size);
        self.by_size.insert((size, offset));
    }

    /// The size of the free cell at this offset, which is no longer free then.
    pub(super) fn take(&mut self, offset: u32) -> Option<u32> {
        let size = self.sizes.remove(&offset)?;
        self.by_size.remove(&(size, offset));
        Some(size)
    }

    /// Takes the smallest cell of at least this size, of these the first. Gives its offset and size.
    pub(super) fn take_best(&mut self, size: u32) -> Option<(u32, u32)> {
        let (size, offset) = *self.by_size.range((size, 0)..).next()?;
        self.take(offset).map(|_| (offset, size))
    }

    /// The offset of the free cell that ends here.
    pub(super) fn ending_at(&self, end: u32) -> Option<u32> {
        let (offset, size) = self.sizes.range(..end).next_back()?;
        (offset + size == end).then_some(*offset)
    }
}
