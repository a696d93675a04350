//! Bins and cells: where records find room.

use super::{FileTime, base_block, map::Part, map::Place};
use std::ops::Range;

/// What bins are measured in.
const PAGE: usize = 4096;

/// Bytes at the start of a bin that are not tiled by cells.
const BIN_HEADER: usize = 32;

/// Bytes at the start of a cell that hold its size.
const CELL_HEADER: usize = 4;

/// Offsets with the highest bit set belong to the part of a registry that is never on disk.
const MOST_BYTES: usize = 0x7fff_ffff;

/// A file that grows bin by bin. Cells are named by their offset from the first bin.
pub(super) struct Bins {
    file: Vec<u8>,
    bins: Vec<Bin>,
    /// The bin with most room, as far as is known: small cells go there.
    current: usize,
}

/// Positions in the file. Cells fill a bin from the start, so that whatever is free is at its end.
struct Bin {
    start: usize,
    free: usize,
    end: usize,
}

impl Bin {
    fn room(&self) -> usize {
        self.end - self.free
    }
}

impl Bins {
    /// No bins yet, only zeros in the place of the base block.
    pub(super) fn new() -> Bins {
        Bins { file: vec![0; base_block::LENGTH], bins: Vec::new(), current: 0 }
    }

    /// A cell with room for a record of so many bytes, for now zeros.
    pub(super) fn reserve(&mut self, record: usize) -> u32 {
        self.reserve_cell((CELL_HEADER + record).next_multiple_of(8))
    }

    /// A cell of exactly this size, which is a multiple of 8.
    pub(super) fn reserve_cell(&mut self, size: usize) -> u32 {
        let has_room = self.bins.get(self.current).is_some_and(|bin| bin.room() >= size);
        let chosen = if has_room { self.current } else { self.add_bin(size) };
        let bin = &mut self.bins[chosen];
        let at = bin.free;
        bin.free += size;
        if self.bins[chosen].room() > self.bins[self.current].room() {
            self.current = chosen;
        }
        self.put_size(at, -(size as i32));
        (at - base_block::LENGTH) as u32
    }

    /// A bin that has room for a cell of this size.
    ///
    /// # Panics
    ///
    /// When the hive becomes larger than any registry can be.
    fn add_bin(&mut self, cell: usize) -> usize {
        let start = self.file.len();
        let end = start + (BIN_HEADER + cell).next_multiple_of(PAGE);
        assert!(end - base_block::LENGTH <= MOST_BYTES, "a hive has less than 2 GiB of bins");
        self.file.resize(end, 0);
        self.file[start..start + 4].copy_from_slice(b"hbin");
        self.file[start + 4..start + 8].copy_from_slice(&((start - base_block::LENGTH) as u32).to_le_bytes());
        self.file[start + 8..start + 12].copy_from_slice(&((end - start) as u32).to_le_bytes());
        self.bins.push(Bin { start, free: start + BIN_HEADER, end });
        self.bins.len() - 1
    }

    /// Writes a record into its cell.
    pub(super) fn fill(&mut self, cell: u32, record: &[u8]) {
        let at = position(cell);
        self.file[at..at + record.len()].copy_from_slice(record);
    }

    /// The record into a new cell.
    pub(super) fn store(&mut self, record: &[u8]) -> u32 {
        let cell = self.reserve(record.len());
        self.fill(cell, record);
        cell
    }

    /// The size in the header of a cell: negative when it is in use.
    fn put_size(&mut self, at: usize, size: i32) {
        self.file[at..at + CELL_HEADER].copy_from_slice(&size.to_le_bytes());
    }

    /// The bins and the free cells, once nothing more is to be written.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        let bins = self.bins.iter().map(|bin| Place::of_hive(Part::Bin, bin.start..bin.end));
        let free = self.bins.iter().filter(|bin| bin.room() > 0);
        bins.chain(free.map(|bin| Place::of_hive(Part::FreeCell, bin.free + CELL_HEADER..bin.end)))
    }

    /// The file, for whose base block only the zeros are there. The first bin repeats its time.
    pub(super) fn finish(mut self, last_written: FileTime, remnants: bool) -> Vec<u8> {
        set_first_bin_time(&mut self.file, last_written);
        for bin in std::mem::take(&mut self.bins).into_iter().filter(|bin| bin.room() > 0) {
            self.put_size(bin.free, bin.room() as i32);
            if remnants {
                // The beginning of the bin once more: cells that look used, with records that look real.
                let free = bin.free + CELL_HEADER..bin.end;
                let used = bin.start + BIN_HEADER..bin.free;
                let length = free.len().min(used.len());
                self.file.copy_within(used.start..used.start + length, free.start);
            }
        }
        self.file
    }
}

/// Where in the file the record of a cell is.
pub(super) fn position(cell: u32) -> usize {
    base_block::LENGTH + cell as usize + CELL_HEADER
}

/// Writes the copy of the base block's time that stands in the first bin.
pub(super) fn set_first_bin_time(hive: &mut [u8], time: FileTime) {
    const TIME: Range<usize> = base_block::LENGTH + 20..base_block::LENGTH + 28;
    hive[TIME].copy_from_slice(&time.0.to_le_bytes());
}
