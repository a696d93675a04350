//! Transaction logs: what stands beside a hive, to be written into it after a crash.
//!
//! A log begins with a copy of the hive's base block. Windows Vista to 8 then keep one set of changed blocks,
//! after a bitmap of where they belong: [`old`]. Windows 8.1 and later append entries, each complete in
//! itself and numbered, and take turns between two logs: [`new`].
//!
//! Nothing here cares whether a log fits a hive: it says what the arguments say.

use super::FileTime;
use super::base_block::{self, Field, number, seal, set_number};
use super::marvin::marvin_32;
use std::ops::Range;

/// What Windows changes at once.
const PAGE: usize = 4096;

/// What the bitmap of an old log counts, and what everything in a log is aligned to.
const SECTOR: usize = 512;

/// Neighbouring pages of a hive with their new content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    /// Where they begin, in bytes from the first bin; a multiple of 4,096.
    pub offset: u32,
    /// Their content; its length is a multiple of 4,096.
    pub content: Vec<u8>,
}

/// The pages of `after` that `before` does not have, or has with another content.
pub fn changes(before: &[u8], after: &[u8]) -> Vec<Pages> {
    let mut changes: Vec<Pages> = Vec::new();
    let pages = after[base_block::LENGTH..].chunks_exact(PAGE);
    for (offset, page) in (0..).step_by(PAGE).zip(pages) {
        let at = base_block::LENGTH + offset;
        if before.get(at..at + PAGE) == Some(page) {
            continue;
        }
        match changes.last_mut() {
            Some(run) if run.offset as usize + run.content.len() == offset => run.content.extend(page),
            _ => changes.push(Pages { offset: offset as u32, content: page.to_vec() }),
        }
    }
    changes
}

/// An entry of a log of Windows 8.1 and later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number; each entry has one more than the one before.
    pub sequence: u32,
    /// Bytes of all bins, once the entry is applied.
    pub bins_size: u32,
    /// What the entry changes.
    pub pages: Vec<Pages>,
}

impl Entry {
    /// The entry that turns one state of a hive into another.
    pub fn between(sequence: u32, before: &[u8], after: &[u8]) -> Entry {
        Entry { sequence, bins_size: number(after, Field::BinsSize), pages: changes(before, after) }
    }

    /// The bytes of the entry, a multiple of 512.
    fn octets(&self) -> Vec<u8> {
        /// Of the entry: what the second checksum covers, and what the first leaves out.
        const HEADER: Range<usize> = 0..32;
        const BODY: usize = 40;
        let mut octets = b"HvLE".to_vec();
        octets.extend(0_u32.to_le_bytes()); // the size, once it is known
        octets.extend(0_u32.to_le_bytes()); // no transactions pending
        octets.extend(self.sequence.to_le_bytes());
        octets.extend(self.bins_size.to_le_bytes());
        octets.extend((self.pages.len() as u32).to_le_bytes());
        octets.resize(BODY, 0);
        for pages in &self.pages {
            octets.extend(pages.offset.to_le_bytes());
            octets.extend((pages.content.len() as u32).to_le_bytes());
        }
        for pages in &self.pages {
            octets.extend(&pages.content);
        }
        octets.resize(octets.len().next_multiple_of(SECTOR), 0);

        let size = octets.len() as u32;
        octets[4..8].copy_from_slice(&size.to_le_bytes());
        let body_checksum = marvin_32(&octets[BODY..]);
        octets[24..32].copy_from_slice(&body_checksum.to_le_bytes());
        let header_checksum = marvin_32(&octets[HEADER]);
        octets[32..40].copy_from_slice(&header_checksum.to_le_bytes());
        octets
    }
}

/// A log of Windows 8.1 and later, with these entries. Its base block is that of `hive`, with the number of
/// the first entry.
pub fn new(hive: &[u8], entries: &[Entry]) -> Vec<u8> {
    let sequence = entries.first().map_or(number(hive, Field::SecondarySequence), |entry| entry.sequence);
    let mut log = base_block_copy(hive, FileType::NewLog, sequence);
    for entry in entries {
        log.extend(entry.octets());
    }
    log
}

/// Where the entries of a log are, in the order of the file.
pub fn entries(log: &[u8]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut at = SECTOR;
    while let Some([b'H', b'v', b'L', b'E', a, b, c, d]) = log.get(at..at + 8) {
        let end = at + u32::from_le_bytes([*a, *b, *c, *d]) as usize;
        if end == at || end > log.len() {
            break;
        }
        ranges.push(at..end);
        at = end;
    }
    ranges
}

/// A log of Windows Vista to 8 that turns a hive into `after` by these changes. Its base block is that of
/// `after`, but for the number and the time: it counts for a hive whose base block says the same time.
pub fn old(after: &[u8], changes: &[Pages], sequence: u32, last_written: FileTime) -> Vec<u8> {
    let mut log = base_block_copy(after, FileType::OldLog, sequence);
    base_block::set(&mut log, Field::LastWritten, &last_written.0.to_le_bytes());
    seal(&mut log);

    // One bit for each sector; whole pages are written, which is eight bits.
    let pages = number(after, Field::BinsSize) as usize / PAGE;
    let mut bitmap = vec![0; pages];
    for run in changes {
        let first = run.offset as usize / PAGE;
        bitmap[first..first + run.content.len() / PAGE].fill(0xff);
    }
    log.extend(b"DIRT");
    log.extend(bitmap);
    log.resize(log.len().next_multiple_of(SECTOR), 0);
    for run in changes {
        log.extend(&run.content);
    }
    log
}

/// What the base block says of its file.
enum FileType {
    OldLog = 1,
    NewLog = 6,
}

/// The first sector of a log.
fn base_block_copy(hive: &[u8], file_type: FileType, sequence: u32) -> Vec<u8> {
    let mut log = hive[..SECTOR].to_vec();
    set_number(&mut log, Field::PrimarySequence, sequence);
    set_number(&mut log, Field::SecondarySequence, sequence);
    set_number(&mut log, Field::FileType, file_type as u32);
    seal(&mut log);
    log
}
