//! Logs of Windows 8.1 and newer: entries with pages.

use super::{Log, LogUse, Plan, SECTOR_BYTES, Target};
use crate::format::hive::bytes::{u32_at, u64_at};
use crate::format::hive::error::{Error, Rule, signature};
use crate::format::hive::marvin32::marvin32;

pub(super) const FILE_TYPE: u32 = 6;

/// An entry before its references.
const FIXED_BYTES: usize = 40;

/// What a reference takes: the offset of a page and its length.
const REFERENCE_BYTES: usize = 8;

/// Where fields stand in an entry.
mod field {
    pub(super) const LENGTH: usize = 4;
    pub(super) const FLAGS: usize = 8;
    pub(super) const SEQUENCE: usize = 12;
    pub(super) const BINS_BYTES: usize = 16;
    pub(super) const PAGE_COUNT: usize = 20;
    pub(super) const HASH_OF_CONTENT: usize = 24;
    pub(super) const HASH_OF_HEADER: usize = 32;
}

/// One entry. What the hive needs of it is checked.
struct Entry<'l> {
    length: usize,
    sequence: u32,
    locked: bool,
    bins_bytes: u32,
    pages: Vec<(usize, &'l [u8])>,
}

/// The entries of a log that follow each other. There is at least one.
struct Batch<'l> {
    log: Log<'l>,
    entries: Vec<Entry<'l>>,
    last_sequence: u32,
}

/// What the logs together change, if anything.
///
/// With a usable base block both logs may take part: the one whose entries come first, then the one
/// that goes on where it ends. Without, only the log with the latest entries does, and gives its base
/// block.
pub(super) fn plan<'l>(
    target: Target<'_>,
    logs: &[Log<'l>],
    note: &mut dyn FnMut(usize, LogUse),
) -> Option<Plan<'l>> {
    let mut logs = logs.to_vec();
    logs.sort_by_key(|log| log.block.primary_sequence);
    let mut batches: Vec<Batch<'l>> = Vec::new();
    for log in logs {
        let last = batches.last().map(|batch| batch.last_sequence);
        match check_sequence(target, &log, last).and_then(|()| Batch::read(target, log)) {
            Ok(batch) => batches.push(batch),
            Err(error) => note(log.index, LogUse::Refused(error)),
        }
    }
    if target.block.is_none() {
        batches = batches.into_iter().max_by_key(|batch| batch.last_sequence).into_iter().collect();
    }
    for batch in &batches {
        note(batch.log.index, LogUse::Applied { changes: batch.entries.len() });
    }
    let entries = || batches.iter().flat_map(|batch| &batch.entries);
    let last = entries().last()?;
    Some(Plan {
        header: target.header_from(&batches.last()?.log),
        writes: entries().flat_map(|entry| entry.pages.iter().copied()).collect(),
        bins_bytes: last.bins_bytes,
        longest_bytes: entries().map(|entry| entry.bins_bytes).max()?,
        sequence: last.sequence,
        locked: Some(last.locked),
    })
}

/// Whether a log's first entry follows what is in the hive, or the last entry of the log before.
fn check_sequence(target: Target<'_>, log: &Log<'_>, last: Option<u32>) -> Result<(), Error> {
    let first = log.block.primary_sequence;
    let Some(hive) = target.block else { return Ok(()) };
    let (expected, fits) = match last {
        Some(last) => {
            (format!("the sequence number {}", last.wrapping_add(1)), first == last.wrapping_add(1))
        }
        None => {
            let written = hive.secondary_sequence;
            (format!("a sequence number of at least {written}"), first >= written)
        }
    };
    if fits {
        return Ok(());
    }
    let at = crate::format::hive::base_block::field::PRIMARY_SEQUENCE as u64;
    Err(Error::new(Rule::LogMatch, at, expected, first.to_string()))
}

impl<'l> Batch<'l> {
    /// Reads the entries up to one that breaks a rule: behind the last one, old entries may remain. The
    /// error is that of the first entry.
    fn read(target: Target<'_>, log: Log<'l>) -> Result<Self, Error> {
        let first = entry(target, log.bytes, SECTOR_BYTES, log.block.primary_sequence)?;
        let mut at = SECTOR_BYTES + first.length;
        let mut batch = Self { log, last_sequence: first.sequence, entries: vec![first] };
        while let Ok(next) = entry(target, log.bytes, at, batch.last_sequence.wrapping_add(1)) {
            at += next.length;
            batch.last_sequence = next.sequence;
            batch.entries.push(next);
        }
        Ok(batch)
    }
}

/// Reads and checks the entry at `at`.
fn entry<'l>(target: Target<'_>, log: &'l [u8], at: usize, sequence: u32) -> Result<Entry<'l>, Error> {
    let rest = log.get(at..).unwrap_or_default();
    let wrong = |field: usize, expected: String, actual: String| {
        Err(Error::new(Rule::LogEntry, (at + field) as u64, expected, actual))
    };
    if !rest.starts_with(b"HvLE") {
        return wrong(0, signature(b"HvLE"), signature(rest.get(..4).unwrap_or_default()));
    }
    let length = u32_at(rest, field::LENGTH) as usize;
    let entry = match rest.get(..length) {
        Some(entry) if length >= FIXED_BYTES && length.is_multiple_of(SECTOR_BYTES) => entry,
        _ => {
            let expected = format!("a multiple of {SECTOR_BYTES} bytes, at most {}", rest.len());
            return wrong(field::LENGTH, expected, length.to_string());
        }
    };
    let stated = u32_at(entry, field::SEQUENCE);
    if stated != sequence {
        return wrong(field::SEQUENCE, format!("the sequence number {sequence}"), stated.to_string());
    }
    let hashes =
        [(field::HASH_OF_HEADER, 0..field::HASH_OF_HEADER), (field::HASH_OF_CONTENT, FIXED_BYTES..length)];
    for (field, hashed) in hashes {
        let (right, stated) = (marvin32(entry.get(hashed).unwrap_or_default()), u64_at(entry, field));
        if right != stated {
            return wrong(field, format!("the hash 0x{right:016X}"), format!("0x{stated:016X}"));
        }
    }
    let bins_bytes = u32_at(entry, field::BINS_BYTES);
    target.check_length(at + field::BINS_BYTES, bins_bytes)?;
    let locked = u32_at(entry, field::FLAGS) & 1 != 0;
    Ok(Entry { length, sequence, locked, bins_bytes, pages: pages(entry, at, bins_bytes as usize)? })
}

/// The pages of an entry and where they belong.
fn pages(entry: &[u8], at: usize, bins_bytes: usize) -> Result<Vec<(usize, &[u8])>, Error> {
    let wrong = |field: usize, expected: &str, actual: String| {
        Error::new(Rule::LogEntry, (at + field) as u64, expected, actual)
    };
    let count = u32_at(entry, field::PAGE_COUNT);
    let references = (count as usize)
        .checked_mul(REFERENCE_BYTES)
        .and_then(|length| entry.get(FIXED_BYTES..)?.get(..length))
        .ok_or_else(|| {
            wrong(field::PAGE_COUNT, "as many pages as the entry has room for", count.to_string())
        })?;
    let mut rest = entry.get(FIXED_BYTES + references.len()..).unwrap_or_default();
    let mut pages = Vec::with_capacity(references.len() / REFERENCE_BYTES);
    for (index, reference) in references.chunks_exact(REFERENCE_BYTES).enumerate() {
        let (offset, length) = (u32_at(reference, 0) as usize, u32_at(reference, 4) as usize);
        let inside = offset.checked_add(length).is_some_and(|end| end <= bins_bytes);
        let Some((page, others)) = rest.split_at_checked(length).filter(|_| inside) else {
            let actual = format!("{length} bytes for 0x{offset:X}");
            let field = FIXED_BYTES + index * REFERENCE_BYTES;
            return Err(wrong(field, "a page inside the bins that the entry holds", actual));
        };
        pages.push((offset, page));
        rest = others;
    }
    Ok(pages)
}
