//! Logs up to Windows 8: a map with a bit for each 512 bytes of the bins, and the blocks whose bits are
//! set.

use super::{Log, LogUse, Plan, SECTOR_BYTES, Target};
use crate::format::hive::base_block::{BASE_BLOCK_BYTES, field};
use crate::format::hive::bytes::u64_at;
use crate::format::hive::error::{Error, Rule, signature};

/// The newer of the two is that of Windows XP to 8.
pub(super) const FILE_TYPES: [u32; 2] = [1, 2];

/// The most sectors of 512 bytes that a disk's own sector has.
pub const MAX_CLUSTERING_FACTOR: u32 = 8;

/// Where a bin keeps a copy of the time in the base block.
const TIME_IN_BIN: usize = 20;

const MARK: &[u8; 4] = b"DIRT";

/// What the first log that belongs to the hive changes, if one does. Such a log holds all changes.
pub(super) fn plan<'l>(
    target: Target<'_>,
    logs: &[Log<'l>],
    note: &mut dyn FnMut(usize, LogUse),
) -> Option<Plan<'l>> {
    for log in logs {
        match check_match(target, log).and_then(|()| read(target, log)) {
            Ok(plan) => {
                note(log.index, LogUse::Applied { changes: plan.writes.len() });
                return Some(plan);
            }
            Err(error) => note(log.index, LogUse::Refused(error)),
        }
    }
    None
}

/// Whether a log is complete and was written for this state of the hive.
fn check_match(target: Target<'_>, log: &Log<'_>) -> Result<(), Error> {
    let (first, second) = (log.block.primary_sequence, log.block.secondary_sequence);
    if first != second {
        let at = field::SECONDARY_SEQUENCE as u64;
        let expected = format!("{first}, as in a log that was finished");
        return Err(Error::new(Rule::LogMatch, at, expected, second.to_string()));
    }
    let expected = match target.block {
        Some(block) => block.last_written,
        None => u64_at(target.bytes, BASE_BLOCK_BYTES + TIME_IN_BIN),
    };
    let actual = log.block.last_written;
    if actual != expected {
        let (expected, actual) = (format!("the hive's time 0x{expected:X}"), format!("0x{actual:X}"));
        return Err(Error::new(Rule::LogMatch, field::LAST_WRITTEN as u64, expected, actual));
    }
    Ok(())
}

fn read<'l>(target: Target<'_>, log: &Log<'l>) -> Result<Plan<'l>, Error> {
    let factor = log.block.clustering_factor;
    if !(1..=MAX_CLUSTERING_FACTOR).contains(&factor) {
        let (at, expected) = (field::CLUSTERING_FACTOR as u64, format!("1 to {MAX_CLUSTERING_FACTOR}"));
        return Err(Error::new(Rule::LogHeader, at, expected, factor.to_string()));
    }
    let bins_bytes = log.block.bins_bytes;
    target.check_length(field::BINS_BYTES, bins_bytes)?;
    let sector = SECTOR_BYTES * factor as usize;
    let map_bytes = bins_bytes as usize / SECTOR_BYTES / 8;
    let marked = log.bytes.get(sector..).unwrap_or_default();
    if !marked.starts_with(MARK) {
        let found = signature(marked.get(..MARK.len()).unwrap_or_default());
        return Err(Error::new(Rule::LogEntry, sector as u64, signature(MARK), found));
    }
    let too_short = |expected: usize| {
        let (expected, actual) = (format!("{expected} bytes"), format!("{} bytes", log.bytes.len()));
        Error::new(Rule::LogEntry, log.bytes.len() as u64, expected, actual)
    };
    let map_end = sector + MARK.len() + map_bytes;
    let map = marked.get(MARK.len()..).and_then(|rest| rest.get(..map_bytes));
    let map = map.ok_or_else(|| too_short(map_end))?;
    let mut at = map_end.next_multiple_of(sector);
    let mut writes = Vec::new();
    let bits = map.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 != 0));
    for (index, _) in bits.enumerate().filter(|(_, dirty)| *dirty) {
        let end = at + SECTOR_BYTES;
        writes.push((index * SECTOR_BYTES, log.bytes.get(at..end).ok_or_else(|| too_short(end))?));
        at = end;
    }
    Ok(Plan {
        header: target.header_from(log),
        writes,
        bins_bytes,
        longest_bytes: bins_bytes,
        sequence: log.block.primary_sequence,
        locked: None,
    })
}
