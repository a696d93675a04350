//! Hives with logs: replaying ends, depends on the bytes alone, takes no more room than hive and logs have, and leaves
//! nothing to be replayed.

use crate::hive::reads;
use crate::mutation::Mutation;
use checker::format::hive::{LogUse, State, open};
use simstore::write::hive::base_block::{self, Field};
use simstore::write::hive::log;

/// Reads the input as a hive with two logs: two numbers of 32 bits say how long the hive and the first log are.
pub fn run(input: &[u8]) {
    if let Some((hive, first, second)) = split(input) {
        holds(hive, [first, second]);
    }
}

/// Changes one of the three files, and makes its checksums good, without which no change would get any further; or changes
/// all of it as plain bytes.
pub fn mutate(mutation: &mut Mutation<'_, '_>) {
    let all = mutation.bytes.clone();
    let Some((hive, first, second)) = split(&all) else { return mutation.change_all() };
    let mut files = [hive.to_vec(), first.to_vec(), second.to_vec()];
    let which = mutation.below(4);
    let Some(file) = files.get_mut(which) else { return mutation.change_all() };
    let room = mutation.max_bytes.saturating_sub(all.len() - file.len());
    *file = mutation.plainly(std::mem::take(file), room);
    let [hive, first, second] = files;
    mutation.replace(join(&sealed(&hive), &sealed_log(&first), &sealed_log(&second)));
}

/// Takes apart what [`join`] makes. Lengths beyond the end are those of what is there.
#[must_use]
pub fn split(input: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (hive_length, rest) = input.split_first_chunk()?;
    let (log_length, rest) = rest.split_first_chunk()?;
    let take = |bytes: [u8; 4], from: &[u8]| (u32::from_le_bytes(bytes) as usize).min(from.len());
    let (hive, logs) = rest.split_at(take(*hive_length, rest));
    let (first, second) = logs.split_at(take(*log_length, logs));
    Some((hive, first, second))
}

/// Joins what [`run`] takes apart.
#[must_use]
pub fn join(hive: &[u8], first: &[u8], second: &[u8]) -> Vec<u8> {
    let lengths = [hive, first].map(|part| u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
    [&lengths[0], &lengths[1], hive, first, second].concat()
}

fn holds(hive: &[u8], logs: [&[u8]; 2]) {
    let opened = open(hive, &logs);
    let again = open(hive, &logs);
    let opened = match (opened, again) {
        (Ok(opened), Ok(again)) => {
            assert_eq!(
                (opened.state, &opened.logs),
                (again.state, &again.logs),
                "read twice, read differently"
            );
            assert_eq!(opened.hive.bytes(), again.hive.bytes(), "read twice, read differently");
            opened
        }
        (opened, again) => {
            assert_eq!(opened.err(), again.err(), "read twice, read differently");
            return;
        }
    };
    assert_eq!(opened.logs.len(), logs.len());
    let room = hive.len() + logs[0].len() + logs[1].len();
    let bytes = opened.hive.bytes();
    assert!(bytes.len() <= room, "{} bytes from {room}", bytes.len());
    let applied = opened.logs.iter().any(|log_use| matches!(log_use, LogUse::Applied { .. }));
    match opened.state {
        State::Replayed { .. } => {
            assert!(applied);
            let replayed = open(bytes, &logs).expect("a hive that could be opened after its logs");
            assert_eq!(replayed.state, State::Clean, "not all was replayed");
            assert_eq!(replayed.hive.bytes(), bytes);
        }
        State::Clean | State::Dirty => {
            assert!(!applied);
            assert_eq!(bytes, hive);
        }
    }
    for (log, log_use) in logs.iter().zip(&opened.logs) {
        if let LogUse::Applied { changes } = log_use {
            hashes_are_right(log, *changes);
        }
    }
    reads(&opened.hive);
}

/// Of a log of the newer format no entry is applied whose checksums are wrong.
fn hashes_are_right(log: &[u8], applied: usize) {
    const NEWER_FORMAT: u32 = 6;
    if base_block::number(log, Field::FileType) == NEWER_FORMAT {
        let end = log::entries(log)[applied - 1].end;
        assert!(
            sealed_log(&log[..end]) == log[..end],
            "one of {applied} entries should not have been applied"
        );
    }
}

/// A file with a base block, with the checksum that it should have.
fn sealed(file: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    if file.len() >= SECTOR_BYTES {
        base_block::seal(&mut file);
    }
    file
}

const SECTOR_BYTES: usize = 512;

/// A log with the checksums that it and its entries should have.
fn sealed_log(log: &[u8]) -> Vec<u8> {
    let mut log = sealed(log);
    let mut at = SECTOR_BYTES;
    while let Some((header, _)) = log.get(at..).and_then(<[u8]>::split_first_chunk::<8>) {
        let [b'H', b'v', b'L', b'E', length @ ..] = *header else { break };
        let end = at.saturating_add(u32::from_le_bytes(length) as usize);
        let Some(entry) = log.get_mut(at..end).filter(|entry| entry.len() >= 40) else { break };
        let hash = marvin32(&entry[40..]);
        entry[24..32].copy_from_slice(&hash.to_le_bytes());
        let hash = marvin32(&entry[..32]);
        entry[32..40].copy_from_slice(&hash.to_le_bytes());
        at = end;
    }
    log
}

/// The hash of log entries. Neither the reader's nor the writer's is for others to call.
fn marvin32(bytes: &[u8]) -> u64 {
    let (groups, rest) = bytes.as_chunks::<4>();
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x80;
    let (mut low, mut high) = (0x7A4E_55C5_u32, 0x82EF_4D88_u32);
    for group in groups.iter().chain([&last, &[0; 4]]) {
        low = low.wrapping_add(u32::from_le_bytes(*group));
        high ^= low;
        low = low.rotate_left(20).wrapping_add(high);
        high = high.rotate_left(9) ^ low;
        low = low.rotate_left(27).wrapping_add(high);
        high = high.rotate_left(19);
    }
    u64::from(high) << 32 | u64::from(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use simstore::write::hive::log::{Entry, Pages};
    use simstore::write::hive::{Key, Options, write};

    /// Otherwise the target would look at less than it seems to.
    #[test]
    fn the_seeds_are_in_the_states_that_their_names_say() {
        for (name, state) in [
            ("clean", State::Clean),
            ("one-log", State::Replayed { base_block_recovered: false }),
            ("two-logs", State::Replayed { base_block_recovered: false }),
            ("two-logs-reversed", State::Replayed { base_block_recovered: false }),
            ("base-block-from-log", State::Replayed { base_block_recovered: true }),
            ("growing", State::Replayed { base_block_recovered: false }),
            ("old", State::Replayed { base_block_recovered: false }),
            ("lost", State::Dirty),
            ("bad-length", State::Dirty),
        ] {
            let path = format!("{}/../corpora/seeds/hive_log/{name}", env!("CARGO_MANIFEST_DIR"));
            let seed = std::fs::read(path).expect("a seed");
            let (hive, first, second) = split(&seed).expect("two numbers");
            let opened = open(hive, &[first, second]).expect("a hive");
            assert_eq!(opened.state, state, "{name}: {:?}", opened.logs);
            let refused = opened.logs.iter().any(|log_use| matches!(log_use, LogUse::Refused(_)));
            assert_eq!(refused, name.starts_with("bad-"), "{name}: {:?}", opened.logs);
            assert!(opened.hive.check().is_empty(), "{name}");
        }
    }

    #[test]
    fn sound_checksums_stay_as_they_are() {
        let hive = write(&Key::new("ROOT"), &Options::default());
        let pages = vec![Pages { offset: 0, content: vec![7; 512] }];
        let entries = [1, 2].map(|sequence| Entry { sequence, bins_size: 4096, pages: pages.clone() });
        let log = log::new(&hive, &entries);
        assert!(sealed_log(&log) == log && sealed(&hive) == hive);
    }
}
