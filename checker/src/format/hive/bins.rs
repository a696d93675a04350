//! Bins and cells: where records may stand.
//!
//! The bins follow the base block. Each has a header of 32 bytes and is filled with cells; a cell is
//! its size (negative if it is in use), then its content. References between records are offsets of
//! cells from the start of the first bin.

use super::base_block::{BASE_BLOCK_BYTES, PAGE_BYTES};
use super::bytes::{u16_at, u32_at, u64_at};
use super::error::{Error, Rule, signature};
use std::borrow::Cow;
use std::ops::Range;

/// The header of a bin.
pub(super) const BIN_HEADER_BYTES: usize = 32;

/// The reference that leads nowhere.
pub(super) const NIL: u32 = u32::MAX;

/// Where a bin begins and ends, in bytes from the start of the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The position in the file of an offset.
#[inline]
pub(super) fn position(offset: usize) -> u64 {
    (BASE_BLOCK_BYTES + offset) as u64
}

/// A reference to a cell, and the position in the file where it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) at: u64,
    pub(super) to: u32,
}

impl Link {
    #[inline]
    pub(super) fn is_nil(self) -> bool {
        self.to == NIL
    }
}

/// The content of a cell in use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell<'h> {
    /// Where the cell, that is, its size begins, in bytes from the start of the first bin.
    pub(super) start: usize,
    pub(super) content: &'h [u8],
}

impl Cell<'_> {
    /// How other records refer to it.
    #[inline]
    pub(super) fn offset(&self) -> u32 {
        // Every cell is found by such a reference.
        self.start as u32
    }

    #[inline]
    pub(super) fn u16(&self, at: usize) -> u16 {
        u16_at(self.content, at)
    }

    #[inline]
    pub(super) fn u32(&self, at: usize) -> u32 {
        u32_at(self.content, at)
    }

    #[inline]
    pub(super) fn u64(&self, at: usize) -> u64 {
        u64_at(self.content, at)
    }

    /// The reference at `at`.
    #[inline]
    pub(super) fn link(&self, at: usize) -> Link {
        Link { at: self.position(at), to: self.u32(at) }
    }

    /// The position in the file of the byte at `at`.
    #[inline]
    pub(super) fn position(&self, at: usize) -> u64 {
        position(self.start + 4 + at)
    }

    /// The error that the content is not what was expected.
    #[cold]
    pub(super) fn error(
        self,
        rule: Rule,
        at: usize,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Error {
        Error::new(rule, self.position(at), expected, actual)
    }

    /// Makes sure that a record begins with its signature and has its fixed part.
    #[inline]
    pub(super) fn expect(self, rule: Rule, name: &[u8; 2], fixed_bytes: usize) -> Result<(), Error> {
        if self.content.starts_with(name) && self.content.len() >= fixed_bytes {
            return Ok(());
        }
        Err(self.unexpected(rule, name, fixed_bytes))
    }

    #[cold]
    fn unexpected(self, rule: Rule, name: &[u8; 2], fixed_bytes: usize) -> Error {
        if !self.content.starts_with(name) {
            let found = self.content.get(..2).unwrap_or_default();
            return self.error(rule, 0, signature(name), signature(found));
        }
        let actual = format!("a cell for {}", self.content.len());
        self.error(rule, 0, format!("a record of {fixed_bytes} bytes"), actual)
    }
}

/// The bytes of a file, and where in them the bins are.
pub(super) struct File<'a> {
    pub(super) bytes: Cow<'a, [u8]>,
    /// The bins, as far as the file has them.
    data: Range<usize>,
    /// For each page of the bins the bin that it belongs to.
    spans: Vec<Span>,
    minor: u32,
}

impl<'a> File<'a> {
    /// A file of which `bins_bytes` after `start` should be bins.
    pub(super) fn new(bytes: Cow<'a, [u8]>, start: usize, bins_bytes: usize, minor: u32) -> Self {
        let end = start.saturating_add(bins_bytes).min(bytes.len());
        let mut file = Self { bytes, data: start.min(end)..end, spans: Vec::new(), minor };
        file.spans = find_bins(file.bins().data(), |_| {});
        file
    }

    /// The same file, with bytes of its own.
    pub(super) fn into_owned(self) -> File<'static> {
        File { bytes: Cow::Owned(self.bytes.into_owned()), ..self }
    }

    pub(super) fn bins(&self) -> Bins<'_> {
        Bins { file: self }
    }

    /// Takes a bin behind the last one for one that is there.
    pub(super) fn add_bin(&mut self, span: Span) {
        self.data.end = self.data.start + span.end;
        self.spans.resize(span.end / PAGE_BYTES, span);
    }
}

/// All bins of a hive. Every key and value has them, so they are one pointer.
#[derive(Clone, Copy)]
pub(super) struct Bins<'h> {
    file: &'h File<'h>,
}

impl<'h> Bins<'h> {
    #[inline]
    pub(super) fn data(self) -> &'h [u8] {
        self.file.bytes.get(self.file.data.clone()).unwrap_or_default()
    }

    /// For each page the bin that it belongs to.
    #[inline]
    pub(super) fn spans(self) -> &'h [Span] {
        &self.file.spans
    }

    /// The minor version of the hive.
    #[inline]
    pub(super) fn minor(self) -> u32 {
        self.file.minor
    }

    /// The cell that a reference leads to. It must be in use and lie within one bin.
    #[inline]
    pub(super) fn cell(self, link: Link) -> Result<Cell<'h>, Error> {
        match self.cell_at(link.to) {
            Some(cell) => Ok(cell),
            None => Err(self.no_cell(link)),
        }
    }

    #[inline]
    pub(super) fn cell_at(self, offset: u32) -> Option<Cell<'h>> {
        let (start, data) = (offset as usize, self.data());
        let size = size_at(data, start)?;
        let span = self.spans().get(start / PAGE_BYTES)?;
        let end = start.checked_add(size.unsigned_abs() as usize)?;
        let sound = size <= -8
            && start.is_multiple_of(8)
            && start >= span.start + BIN_HEADER_BYTES
            && end <= span.end;
        if cfg!(feature = "planted-cell-size") {
            return Some(Cell { start, content: &data[start + 4..end] });
        }
        Some(Cell { start, content: data.get(start + 4..end)? }).filter(|_| sound)
    }

    /// Why a reference leads to no cell.
    #[cold]
    pub(super) fn no_cell(self, link: Link) -> Error {
        let start = link.to as usize;
        let inside = |span: &&Span| start >= span.start + BIN_HEADER_BYTES && start + 8 <= span.end;
        let span = self.spans().get(start / PAGE_BYTES).filter(inside);
        let wrong_reference =
            |actual: String| Error::new(Rule::CellReference, link.at, "the offset of a cell", actual);
        match (size_at(self.data(), start), span) {
            _ if link.is_nil() => wrong_reference("none".to_owned()),
            (Some(size), Some(_)) if start.is_multiple_of(8) && size >= 8 => {
                wrong_reference(format!("0x{start:X}, a free cell"))
            }
            (Some(size), Some(span)) if start.is_multiple_of(8) => {
                let room = span.end - start;
                let actual = if size == 0 { "0".to_owned() } else { format!("{}", size.unsigned_abs()) };
                Error::new(Rule::CellSize, position(start), format!("8 to {room} bytes"), actual)
            }
            _ => wrong_reference(format!("0x{start:X}")),
        }
    }
}

/// The size of a cell as written.
#[inline]
pub(super) fn size_at(data: &[u8], offset: usize) -> Option<i32> {
    data.get(offset..)?.first_chunk().copied().map(i32::from_le_bytes)
}

/// Finds the bins, and for each page the bin that it belongs to.
///
/// Where no sound header stands, everything up to the next one is taken as one bin, so that what is in
/// it can still be read.
pub(super) fn find_bins(data: &[u8], mut damaged: impl FnMut(Error)) -> Vec<Span> {
    let mut pages = Vec::with_capacity(data.len().div_ceil(PAGE_BYTES));
    let mut start = 0;
    while start < data.len() {
        let end = match bin_end(data, start) {
            Ok(end) => end,
            Err(error) => {
                damaged(error);
                let later = (start + PAGE_BYTES..data.len()).step_by(PAGE_BYTES);
                later.into_iter().find(|start| has_own_offset(data, *start)).unwrap_or(data.len())
            }
        };
        pages.resize(end.div_ceil(PAGE_BYTES), Span { start, end });
        start = end;
    }
    pages
}

fn has_own_offset(data: &[u8], start: usize) -> bool {
    data.get(start..).is_some_and(|bin| bin.starts_with(b"hbin")) && u32_at(data, start + 4) as usize == start
}

/// Where the bin that begins at `start` ends.
fn bin_end(data: &[u8], start: usize) -> Result<usize, Error> {
    let wrong = |at: usize, expected: String, actual| {
        Err(Error::new(Rule::BinHeader, position(start + at), expected, actual))
    };
    let header = data.get(start..).unwrap_or_default();
    if !header.starts_with(b"hbin") {
        return wrong(0, signature(b"hbin"), signature(header.get(..4).unwrap_or_default()));
    }
    let own = u32_at(header, 4);
    if own as usize != start {
        return wrong(4, format!("its own offset 0x{start:X}"), format!("0x{own:X}"));
    }
    let size = u32_at(header, 8) as usize;
    if size == 0 || !size.is_multiple_of(PAGE_BYTES) || size > header.len() {
        let expected = format!("a multiple of {PAGE_BYTES} bytes, at most {}", header.len());
        return wrong(8, expected, format!("{size}"));
    }
    Ok(start + size)
}

/// A cell as the sizes of its bin tell it, in use or free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    pub(super) offset: usize,
    pub(super) length: usize,
    pub(super) free: bool,
}

/// The cells of a bin from its first to its last; an error ends them.
pub(super) fn tiles(data: &[u8], bin: Span) -> impl Iterator<Item = Result<Tile, Error>> {
    let mut offset = bin.start + BIN_HEADER_BYTES;
    std::iter::from_fn(move || {
        if offset >= bin.end {
            return None;
        }
        let room = bin.end - offset;
        let size = size_at(data, offset).unwrap_or_default();
        let length = size.unsigned_abs() as usize;
        if length < 8 || !length.is_multiple_of(8) || length > room {
            let expected = format!("a multiple of 8, at most {room}");
            let error = Error::new(Rule::CellSize, position(offset), expected, length.to_string());
            offset = bin.end;
            return Some(Err(error));
        }
        let tile = Tile { offset, length, free: size > 0 };
        offset += length;
        Some(Ok(tile))
    })
}

/// Each bin once.
pub(super) fn each_bin(pages: &[Span]) -> impl Iterator<Item = Span> {
    pages.chunk_by(|a, b| a == b).filter_map(|pages| pages.first().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bins of these sizes in pages, each with one free cell.
    fn bins(pages: &[usize]) -> Vec<u8> {
        let mut data = Vec::new();
        for count in pages {
            let (start, size) = (data.len(), count * PAGE_BYTES);
            data.extend_from_slice(b"hbin");
            data.extend_from_slice(&(start as u32).to_le_bytes());
            data.extend_from_slice(&(size as u32).to_le_bytes());
            data.resize(start + BIN_HEADER_BYTES, 0);
            data.extend_from_slice(&((size - BIN_HEADER_BYTES) as i32).to_le_bytes());
            data.resize(start + size, 0);
        }
        data
    }

    fn found(data: &[u8]) -> (Vec<(usize, usize)>, Vec<u64>) {
        let mut errors = Vec::new();
        let pages = find_bins(data, |error| errors.push(error.offset));
        (each_bin(&pages).map(|bin| (bin.start, bin.end)).collect(), errors)
    }

    #[test]
    fn bins_follow_each_other() {
        assert_eq!(found(&bins(&[1, 3, 1])).0, [(0, 0x1000), (0x1000, 0x4000), (0x4000, 0x5000)]);
        assert_eq!(found(&[]), (vec![], vec![]));
    }

    #[test]
    fn a_bad_header_reaches_to_the_next_sound_one() {
        for (at, byte) in [(0x1000, b'H'), (0x1004, 1), (0x1009, 0x11), (0x100A, 1)] {
            let mut data = bins(&[1, 3, 1]);
            data[at] = byte;
            let field = 0x1000 + at as u64 / 4 * 4;
            assert_eq!(
                found(&data),
                (vec![(0, 0x1000), (0x1000, 0x4000), (0x4000, 0x5000)], vec![field]),
                "{at:X}"
            );
        }
        // The last one, and one that is cut off.
        let mut data = bins(&[1, 1]);
        data[0x1000] = 0;
        assert_eq!(found(&data), (vec![(0, 0x1000), (0x1000, 0x2000)], vec![0x2000]));
        assert_eq!(found(&bins(&[1, 2])[..0x1801]), (vec![(0, 0x1000), (0x1000, 0x1801)], vec![0x2008]));
    }

    #[test]
    fn cells_are_checked_before_they_are_read() {
        let mut data = bins(&[1, 1]);
        let mut put = |at: usize, size: i32| data[at..at + 4].copy_from_slice(&size.to_le_bytes());
        put(0x20, -16);
        put(0x30, 16);
        put(0x40, i32::MIN);
        put(0x50, 0);
        put(0xFF8, -8);
        put(0xFE8, -24);
        put(0xFF0, -4);
        put(0x1020, -0xFE0);
        let file = File::new((&data[..]).into(), 0, data.len(), 5);
        let bins = file.bins();
        let cell = |to| bins.cell(Link { at: 7, to }).map(|cell| cell.content.len());
        for (offset, length) in [(0x20, 12), (0xFE8, 20), (0xFF8, 4), (0x1020, 0xFDC)] {
            assert_eq!(cell(offset), Ok(length));
        }
        for (offset, rule, position) in [
            (0x30, Rule::CellReference, 7),
            (0x24, Rule::CellReference, 7),
            (0x10, Rule::CellReference, 7),
            (0x1010, Rule::CellReference, 7),
            (0x2000, Rule::CellReference, 7),
            (0x8000_0020, Rule::CellReference, 7),
            (NIL, Rule::CellReference, 7),
            (0x40, Rule::CellSize, 0x1040),
            (0x50, Rule::CellSize, 0x1050),
            (0xFF0, Rule::CellSize, 0x1FF0),
        ] {
            let error = cell(offset).unwrap_err();
            assert_eq!((error.rule, error.offset), (rule, position), "{error}");
        }
    }

    #[test]
    fn tiles_end_at_the_first_bad_size() {
        let mut data = bins(&[1]);
        data[0x20..0x24].copy_from_slice(&(-16_i32).to_le_bytes());
        data[0x30..0x34].copy_from_slice(&0xFD0_i32.to_le_bytes());
        let bin = Span { start: 0, end: 0x1000 };
        let tile = |offset, length, free| Ok(Tile { offset, length, free });
        assert!(tiles(&data, bin).eq([tile(0x20, 16, false), tile(0x30, 0xFD0, true)]));
        for bad in [0_i32, 4, 12, 0xFD8, i32::MIN, i32::MAX] {
            data[0x30..0x34].copy_from_slice(&bad.to_le_bytes());
            let found: Vec<_> = tiles(&data, bin).collect();
            assert_eq!((found.len(), found[1].as_ref().unwrap_err().offset), (2, 0x1030), "{bad}");
        }
    }
}
