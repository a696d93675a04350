//! Logs: what Windows had written down before it changed the hive itself.
//!
//! There are two formats. Up to Windows 8 a log holds blocks of 512 bytes and a map of where they
//! belong; since Windows 8.1 it holds entries, each with pages and a sequence number. Both give a
//! [`Plan`] of what has to be written over the hive.

mod blocks;
mod entries;

pub use blocks::MAX_CLUSTERING_FACTOR;

use super::base_block::{BASE_BLOCK_BYTES, BaseBlock, FLAG_LOCKED, HEADER_BYTES, field, seal};
use super::bytes::{put, put_u32, u32_at};
use super::error::{Error, Rule};

/// The unit of logs.
const SECTOR_BYTES: usize = 512;

/// What became of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogUse {
    /// It has no bytes. That is usual.
    Empty,
    /// It was not needed: the hive is clean, or another log gave everything.
    NotNeeded,
    /// It was applied.
    Applied {
        /// How many entries or blocks.
        changes: usize,
    },
    /// It does not belong to this state of the hive, or nothing in it is sound. Offsets are those in
    /// the log.
    Refused(Error),
}

/// What has to be written over a hive.
pub(super) struct Plan<'l> {
    /// The base block, if the hive's own is unusable.
    header: Option<&'l [u8]>,
    /// Bytes and where they belong, counted from the start of the bins; later ones win.
    writes: Vec<(usize, &'l [u8])>,
    /// Length of all bins after the last change.
    bins_bytes: u32,
    /// The longest that the bins were on the way.
    longest_bytes: u32,
    /// The sequence number that the hive has then.
    sequence: u32,
    /// Whether a transaction is pending then, if the log says so.
    locked: Option<bool>,
}

/// A log with a sound base block.
#[derive(Clone, Copy)]
struct Log<'l> {
    index: usize,
    bytes: &'l [u8],
    block: BaseBlock,
}

/// What is known of the hive.
#[derive(Clone, Copy)]
struct Target<'t> {
    bytes: &'t [u8],
    /// None if it is unusable.
    block: Option<&'t BaseBlock>,
    /// The longest that the hive may become. Pages that are added stand in a log, so it is never longer
    /// than hive and logs together.
    room: usize,
}

impl Target<'_> {
    /// The base block in a log, if the hive needs it.
    fn header_from<'l>(&self, log: &Log<'l>) -> Option<&'l [u8]> {
        if self.block.is_some() { None } else { log.bytes.get(..HEADER_BYTES) }
    }

    /// Checks a length of bins that a log states at `at`.
    fn check_length(&self, at: usize, bins_bytes: u32) -> Result<(), Error> {
        let fits = bins_bytes as usize <= self.room.saturating_sub(BASE_BLOCK_BYTES);
        if fits && bins_bytes != 0 && bins_bytes.is_multiple_of(4096) {
            return Ok(());
        }
        let expected = "a length of bins that is a multiple of 4096 and no more than hive and logs have";
        Err(Error::new(Rule::LogEntry, at as u64, expected, bins_bytes.to_string()))
    }
}

/// What logs have to change in a hive that is not clean, if one of them applies, and what becomes of
/// each log. `block` is the hive's base block if that is usable.
pub(super) fn plan<'l>(
    hive: &[u8],
    block: Option<&BaseBlock>,
    logs: &[&'l [u8]],
) -> (Option<Plan<'l>>, Vec<LogUse>) {
    let mut uses = vec![LogUse::NotNeeded; logs.len()];
    let (mut of_entries, mut of_blocks) = (Vec::new(), Vec::new());
    for (index, (bytes, log_use)) in logs.iter().zip(&mut uses).enumerate() {
        match read_header(bytes) {
            _ if bytes.is_empty() => *log_use = LogUse::Empty,
            Ok(block) if block.file_type == entries::FILE_TYPE => {
                of_entries.push(Log { index, bytes, block });
            }
            Ok(block) => of_blocks.push(Log { index, bytes, block }),
            Err(error) => *log_use = LogUse::Refused(error),
        }
    }
    let room = logs.iter().fold(hive.len(), |room, log| room.saturating_add(log.len()));
    let target = Target { bytes: hive, block, room };
    let mut note = |index: usize, log_use| {
        if let Some(known) = uses.get_mut(index) {
            *known = log_use;
        }
    };
    let newer = entries::plan(target, &of_entries, &mut note);
    (newer.or_else(|| blocks::plan(target, &of_blocks, &mut note)), uses)
}

/// Reads the base block of a log.
fn read_header(log: &[u8]) -> Result<BaseBlock, Error> {
    let block = BaseBlock::parse(log).map_err(|error| error.under(Rule::LogHeader))?;
    if block.file_type != entries::FILE_TYPE && !blocks::FILE_TYPES.contains(&block.file_type) {
        let actual = block.file_type.to_string();
        return Err(Error::new(Rule::LogHeader, field::FILE_TYPE as u64, "the file type 1, 2 or 6", actual));
    }
    Ok(block)
}

impl Plan<'_> {
    /// Makes a hive what it is after all changes: clean.
    pub(super) fn apply(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let length = BASE_BLOCK_BYTES + self.longest_bytes as usize;
        if bytes.len() < length {
            bytes.reserve_exact(length - bytes.len());
            bytes.resize(length, 0);
        }
        if let Some(header) = self.header {
            put(&mut bytes, 0, header);
            put_u32(&mut bytes, field::FILE_TYPE, 0);
        }
        for (offset, written) in &self.writes {
            put(&mut bytes, BASE_BLOCK_BYTES + offset, written);
        }
        if let Some(locked) = self.locked {
            let flags = u32_at(&bytes, field::FLAGS) & !FLAG_LOCKED;
            put_u32(&mut bytes, field::FLAGS, flags | u32::from(locked));
        }
        put_u32(&mut bytes, field::BINS_BYTES, self.bins_bytes);
        put_u32(&mut bytes, field::PRIMARY_SEQUENCE, self.sequence);
        put_u32(&mut bytes, field::SECONDARY_SEQUENCE, self.sequence);
        seal(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests;
