//! Cells: allocated, written, freed.

use super::{EditError, Editor, limit};
use crate::format::hive::base_block::{BASE_BLOCK_BYTES, PAGE_BYTES, field};
use crate::format::hive::bins::{BIN_HEADER_BYTES, Cell, Link, Span, position};
use crate::format::hive::bytes::{put, put_u32};

/// The smallest cell.
const MIN_CELL_BYTES: u32 = 8;

impl Editor {
    /// A reference to a cell, as if the editor itself had written it.
    pub(super) fn link_to(&self, offset: u32) -> Link {
        Link { at: position(offset as usize), to: offset }
    }

    /// A cell in use.
    pub(super) fn cell(&self, offset: u32) -> Result<Cell<'_>, EditError> {
        Ok(self.hive.bins().cell(self.link_to(offset))?)
    }

    /// Overwrites a part of a cell's content.
    pub(super) fn put(&mut self, cell: u32, at: usize, new: &[u8]) {
        self.put_in_bins(cell as usize + 4 + at, new);
    }

    pub(super) fn put_u16(&mut self, cell: u32, at: usize, number: u16) {
        self.put(cell, at, &number.to_le_bytes());
    }

    pub(super) fn put_u32(&mut self, cell: u32, at: usize, number: u32) {
        self.put(cell, at, &number.to_le_bytes());
    }

    fn put_in_bins(&mut self, offset: usize, new: &[u8]) {
        put(self.hive.file.bytes.to_mut(), BASE_BLOCK_BYTES + offset, new);
    }

    /// A new cell with this content, and zeros behind it up to `room` bytes.
    pub(super) fn allocate(&mut self, content: &[u8], room: usize) -> Result<u32, EditError> {
        let size =
            u32::try_from(room.max(content.len()) + 4).ok().and_then(|size| size.checked_next_multiple_of(8));
        let Some(size) = size.filter(|size| *size <= self.max_bins_bytes) else {
            return self.full();
        };
        let (offset, found) = match self.space.take_best(size) {
            Some(found) => found,
            None => self.grow(size)?,
        };
        let size = match found - size {
            MIN_CELL_BYTES.. => {
                self.release(offset + size, found - size);
                size
            }
            _ => found,
        };
        self.put_in_bins(offset as usize, &(-(size as i32)).to_le_bytes());
        let bytes = self.hive.file.bytes.to_mut();
        let start = BASE_BLOCK_BYTES + offset as usize + 4;
        if let Some(cell) = bytes.get_mut(start..start + size as usize - 4) {
            cell.fill(0);
            put(cell, 0, content);
        }
        Ok(offset)
    }

    /// Frees a cell, and makes one of it and the free cells beside it.
    pub(super) fn free(&mut self, cell: u32) -> Result<(), EditError> {
        let (mut offset, mut size) = (cell, self.cell(cell)?.content.len() as u32 + 4);
        // Between the cells of two bins there is a header, so cells that touch are in one bin.
        size += self.space.take(offset + size).unwrap_or_default();
        if let Some(before) = self.space.ending_at(offset) {
            size += self.space.take(before).unwrap_or_default();
            offset = before;
        }
        self.release(offset, size);
        Ok(())
    }

    /// Makes a free cell.
    fn release(&mut self, offset: u32, size: u32) {
        self.put_in_bins(offset as usize, &size.to_le_bytes());
        self.space.add(offset, size);
    }

    /// Appends a bin that has room for a cell of this size. Gives the offset and size of the only cell
    /// in it.
    fn grow(&mut self, cell: u32) -> Result<(u32, u32), EditError> {
        let start = self.hive.block.bins_bytes;
        let bin = (cell + BIN_HEADER_BYTES as u32).next_multiple_of(PAGE_BYTES as u32);
        let Some(end) = start.checked_add(bin).filter(|end| *end <= self.max_bins_bytes) else {
            return self.full();
        };
        let bytes = self.hive.file.bytes.to_mut();
        let (from, to) = (BASE_BLOCK_BYTES + start as usize, BASE_BLOCK_BYTES + end as usize);
        bytes.resize(bytes.len().max(to), 0);
        if let Some(added) = bytes.get_mut(from..to) {
            added.fill(0);
            put(added, 0, b"hbin");
            put_u32(added, 4, start);
            put_u32(added, 8, bin);
        }
        put_u32(bytes, field::BINS_BYTES, end);
        self.hive.block.bins_bytes = end;
        self.hive.file.add_bin(Span { start: start as usize, end: end as usize });
        Ok((start + BIN_HEADER_BYTES as u32, bin - BIN_HEADER_BYTES as u32))
    }

    fn full<T>(&self) -> Result<T, EditError> {
        limit("bytes of bins", self.max_bins_bytes as usize)
    }
}
