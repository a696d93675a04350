//! Logs of both formats, made from two states of a hive.

use super::blocks::MAX_CLUSTERING_FACTOR;
use super::*;
use crate::format::hive::base_block::PAGE_BYTES;
use crate::format::hive::marvin32::marvin32;
use crate::format::hive::tests::support::sample;
use crate::format::hive::{Editor, State, ValueType, open};

/// States of one hive, each with one more value, and each longer than the one before.
fn states(count: usize) -> Vec<Vec<u8>> {
    let mut states = vec![sample(5)];
    for state in 1..count {
        let mut editor = Editor::new(open(&states[state - 1], &[]).unwrap(), 0).unwrap();
        let data = vec![state as u8; 6000 * state];
        editor.set_value("Values", &format!("state {state}"), ValueType::BINARY, &data).unwrap();
        editor.set_value("Values", "dword", ValueType::DWORD, &(state as u32).to_le_bytes()).unwrap();
        states.push(editor.finish());
    }
    states
}

/// The same hive with other sequence numbers.
fn with_sequences(hive: &[u8], first: u32, second: u32) -> Vec<u8> {
    let mut hive = hive.to_vec();
    put_u32(&mut hive, field::PRIMARY_SEQUENCE, first);
    put_u32(&mut hive, field::SECONDARY_SEQUENCE, second);
    seal(&mut hive);
    hive
}

fn bins(hive: &[u8]) -> &[u8] {
    let length = u32_at(hive, field::BINS_BYTES) as usize;
    &hive[BASE_BLOCK_BYTES..BASE_BLOCK_BYTES + length]
}

/// The pages in which two states differ.
fn changed_pages(old: &[u8], new: &[u8]) -> Vec<usize> {
    let (old, new) = (bins(old), bins(new));
    (0..new.len())
        .step_by(PAGE_BYTES)
        .filter(|at| old.get(*at..at + PAGE_BYTES) != new.get(*at..at + PAGE_BYTES))
        .collect()
}

fn log_header(hive: &[u8], file_type: u32, sequence: u32) -> Vec<u8> {
    let mut header = hive[..HEADER_BYTES].to_vec();
    put_u32(&mut header, field::FILE_TYPE, file_type);
    put_u32(&mut header, field::PRIMARY_SEQUENCE, sequence);
    put_u32(&mut header, field::SECONDARY_SEQUENCE, sequence);
    seal(&mut header);
    header
}

/// An entry that leads from one state to another.
fn entry(old: &[u8], new: &[u8], sequence: u32) -> Vec<u8> {
    let pages = changed_pages(old, new);
    let mut entry = b"HvLE".to_vec();
    for number in [0, 0, sequence, bins(new).len() as u32, pages.len() as u32, 0, 0, 0, 0] {
        entry.extend_from_slice(&number.to_le_bytes());
    }
    for page in &pages {
        entry.extend_from_slice(&[(*page as u32).to_le_bytes(), (PAGE_BYTES as u32).to_le_bytes()].concat());
    }
    pages.iter().for_each(|page| entry.extend_from_slice(&bins(new)[*page..page + PAGE_BYTES]));
    let length = entry.len().next_multiple_of(SECTOR_BYTES);
    entry.resize(length, 0);
    put_u32(&mut entry, 4, length as u32);
    seal_entry(&mut entry);
    entry
}

/// Makes the hashes of an entry right.
fn seal_entry(entry: &mut [u8]) {
    let hash = marvin32(&entry[40..]);
    put(entry, 24, &hash.to_le_bytes());
    let hash = marvin32(&entry[..32]);
    put(entry, 32, &hash.to_le_bytes());
}

/// A log with the entries from state to state, `first` being the number of the first state before and
/// the sequence number of its entry.
fn entry_log(states: &[Vec<u8>], first: usize, count: usize) -> Vec<u8> {
    let mut log = log_header(&states[first], 6, first as u32);
    for at in first..first + count {
        log.extend_from_slice(&entry(&states[at], &states[at + 1], at as u32));
    }
    log
}

/// The hive in a state with numbers as if it had been left while the next one was written.
fn dirty(states: &[Vec<u8>], state: usize) -> Vec<u8> {
    with_sequences(&states[state], state as u32 + 1, state as u32)
}

fn applied(uses: &[LogUse]) -> Vec<Option<usize>> {
    let changes = |log_use: &LogUse| match log_use {
        LogUse::Applied { changes } => Some(*changes),
        _ => None,
    };
    uses.iter().map(changes).collect()
}

fn refusal(log_use: &LogUse) -> (Rule, u64) {
    match log_use {
        LogUse::Refused(error) => (error.rule, error.offset),
        other => panic!("{other:?}"),
    }
}

#[test]
fn both_logs_are_applied_in_the_order_of_their_entries() {
    let states = states(5);
    let hive = dirty(&states, 0);
    let (first, second) = (entry_log(&states, 0, 1), entry_log(&states, 1, 3));
    for (logs, expected) in [([&first, &second], [Some(1), Some(3)]), ([&second, &first], [Some(3), Some(1)])]
    {
        let opened = open(&hive, &[logs[0], logs[1]]).unwrap();
        assert_eq!(opened.state, State::Replayed { base_block_recovered: false });
        assert_eq!(applied(&opened.logs), expected);
        assert_eq!(bins(opened.hive.bytes()), bins(&states[4]));
        let block = opened.hive.base_block();
        assert_eq!((block.primary_sequence, block.secondary_sequence), (3, 3));
        assert!(opened.hive.check().is_empty());
    }
}

#[test]
fn a_log_that_is_in_the_hive_already_is_skipped() {
    let states = states(5);
    let hive = dirty(&states, 1);
    let opened = open(&hive, &[&entry_log(&states, 0, 1), &entry_log(&states, 1, 3)]).unwrap();
    assert_eq!(applied(&opened.logs), [None, Some(3)]);
    assert_eq!(refusal(&opened.logs[0]), (Rule::LogMatch, 4));
    assert_eq!(bins(opened.hive.bytes()), bins(&states[4]));
}

#[test]
fn a_log_after_a_gap_is_not_applied() {
    let states = states(5);
    let opened = open(dirty(&states, 0), &[&entry_log(&states, 0, 1), &entry_log(&states, 2, 2)])
        .map(|opened| (applied(&opened.logs), refusal(&opened.logs[1]), bins(opened.hive.bytes()).to_vec()));
    assert_eq!(opened.unwrap(), (vec![Some(1), None], (Rule::LogMatch, 4), bins(&states[1]).to_vec()));
}

#[test]
fn a_clean_hive_ignores_its_logs() {
    let states = states(3);
    let opened = open(&states[0], &[&entry_log(&states, 0, 2), b"garbage", b""]).unwrap();
    assert_eq!(
        (opened.state, &opened.logs[..]),
        (State::Clean, &[LogUse::NotNeeded, LogUse::NotNeeded, LogUse::NotNeeded][..])
    );
    assert_eq!(opened.hive.bytes(), states[0]);
}

#[test]
fn a_dirty_hive_without_a_log_that_fits_is_dirty() {
    let states = states(3);
    let hive = dirty(&states, 1);
    let opened = open(&hive, &[b"", b"no log at all", &entry_log(&states, 0, 1)]).unwrap();
    assert_eq!((opened.state, &opened.logs[0]), (State::Dirty, &LogUse::Empty));
    assert_eq!(refusal(&opened.logs[1]), (Rule::LogHeader, 0));
    assert_eq!(refusal(&opened.logs[2]), (Rule::LogMatch, 4));
    assert_eq!(opened.hive.bytes(), hive);
    // A hive's own base block begins no log.
    let opened = open(&hive, &[&states[0]]).unwrap();
    assert_eq!(refusal(&opened.logs[0]), (Rule::LogHeader, field::FILE_TYPE as u64));
}

#[test]
fn entries_end_at_the_first_that_breaks_a_rule() {
    let states = states(4);
    let hive = dirty(&states, 0);
    let log = entry_log(&states, 0, 3);
    let second = 512 + u32_at(&log, 512 + 4) as usize;
    for (at, new, field) in [
        (0, &b"HvLF"[..], 0),
        (4, b"\x01", 4),
        (4, b"\0\0\0\x10", 4),
        (8, b"\x01", 32),
        (12, b"\x07", 12),
        (16, b"\x01", 32),
        (24, b"\xAB\xCD", 32),
        (33, b"\xAB\xCD", 32),
        (44, b"\xAB\xCD", 24),
        (4000, b"\xAB\xCD", 24),
    ] {
        let mut broken = log.clone();
        put(&mut broken, second + at, new);
        let opened = open(&hive, &[&broken]).unwrap();
        assert_eq!(applied(&opened.logs), [Some(1)], "{at}");
        assert_eq!(bins(opened.hive.bytes()), bins(&states[1]), "{at}");
        // As the first entry it tells why.
        let mut only = log_header(&states[1], 6, 1);
        only.extend_from_slice(&broken[second..]);
        let hive = dirty(&states, 1);
        let opened = open(&hive, &[&only]).unwrap();
        assert_eq!(
            (opened.state, refusal(&opened.logs[0])),
            (State::Dirty, (Rule::LogEntry, 512 + field)),
            "{at}"
        );
    }
}

#[test]
fn entries_with_right_hashes_are_still_checked() {
    let states = states(2);
    let hive = dirty(&states, 0);
    let room = (hive.len() + entry_log(&states, 0, 1).len()) as u32;
    for (at, number) in [
        (16, 0),
        (16, 4097),
        (16, 0x8000_0000),
        (16, room.next_multiple_of(4096)),
        (20, u32::MAX),
        (20, 100_000),
        (40, 0x7FFF_F000),
        (44, 0xFFFF_F000),
        (44, 1 << 20),
    ] {
        let mut log = entry_log(&states, 0, 1);
        put_u32(&mut log, 512 + at, number);
        seal_entry(&mut log[512..]);
        let opened = open(&hive, &[&log]).unwrap();
        assert_eq!(opened.state, State::Dirty, "{at} {number:X}");
        let (rule, offset) = refusal(&opened.logs[0]);
        assert_eq!(
            (rule, offset),
            (Rule::LogEntry, 512 + at as u64 / 8 * 8 + if at == 20 { 4 } else { 0 }),
            "{at}"
        );
    }
}

#[test]
fn old_entries_may_follow() {
    let states = states(5);
    let mut log = entry_log(&states, 2, 1);
    log.extend_from_slice(&entry(&states[0], &states[1], 0));
    log.extend_from_slice(&[0; 700]);
    let opened = open(dirty(&states, 2), &[&log])
        .map(|opened| (applied(&opened.logs), bins(opened.hive.bytes()).to_vec()));
    assert_eq!(opened.unwrap(), (vec![Some(1)], bins(&states[3]).to_vec()));
}

#[test]
fn the_lock_is_that_of_the_last_entry() {
    let states = states(2);
    let mut log = entry_log(&states, 0, 1);
    put_u32(&mut log, 512 + 8, 1);
    seal_entry(&mut log[512..]);
    let hive = dirty(&states, 0);
    assert_eq!(open(&hive, &[&log]).unwrap().hive.base_block().flags, 1);
}

#[test]
fn a_broken_base_block_is_taken_from_the_log_with_the_latest_entries() {
    let states = states(5);
    for wound in [0_usize, 20, 40, 100, 508] {
        let mut hive = dirty(&states, 2);
        hive[wound] ^= 0x55;
        assert!(open(&hive, &[b""]).is_err());
        let logs = [entry_log(&states, 0, 2), entry_log(&states, 2, 2)];
        let opened = open(&hive, &[&logs[1], &logs[0]]).unwrap();
        assert_eq!(opened.state, State::Replayed { base_block_recovered: true });
        assert_eq!(opened.logs, [LogUse::Applied { changes: 2 }, LogUse::NotNeeded]);
        assert_eq!(bins(opened.hive.bytes()), bins(&states[4]));
        assert!(opened.hive.check().is_empty());
    }
}

// ---- The older format.

/// A log with all pages in which two states differ.
fn block_log(old: &[u8], new: &[u8], sequence: u32, factor: u32) -> Vec<u8> {
    let sector = SECTOR_BYTES * factor as usize;
    let mut log = log_header(new, 1, sequence);
    put_u32(&mut log, field::CLUSTERING_FACTOR, factor);
    seal(&mut log);
    log.resize(sector, 0);
    log.extend_from_slice(b"DIRT");
    let pages = changed_pages(old, new);
    log.extend((0..bins(new).len()).step_by(PAGE_BYTES).map(|at| if pages.contains(&at) { 0xFF } else { 0 }));
    log.resize(log.len().next_multiple_of(sector), 0);
    pages.iter().for_each(|page| log.extend_from_slice(&bins(new)[*page..page + PAGE_BYTES]));
    log.extend_from_slice(b"what was left from before");
    log
}

#[test]
fn blocks_go_where_their_bits_stand() {
    let states = states(3);
    for factor in [1, 2, MAX_CLUSTERING_FACTOR] {
        let log = block_log(&states[0], &states[2], 9, factor);
        let opened = open(dirty(&states, 0), &[&log, b""])
            .map(|opened| (opened.state, applied(&opened.logs)[0], opened.hive.bytes().to_vec()))
            .unwrap();
        assert_eq!(opened.0, State::Replayed { base_block_recovered: false });
        assert_eq!(opened.1, Some(8 * changed_pages(&states[0], &states[2]).len()));
        assert_eq!(bins(&opened.2), bins(&states[2]));
    }
}

#[test]
fn the_sectors_of_a_log_are_limited() {
    let states = states(2);
    for factor in [0, MAX_CLUSTERING_FACTOR + 1, u32::MAX] {
        let mut log = block_log(&states[0], &states[1], 9, 1);
        put_u32(&mut log, field::CLUSTERING_FACTOR, factor);
        seal(&mut log);
        let hive = dirty(&states, 0);
        let opened = open(&hive, &[&log]).unwrap();
        assert_eq!(refusal(&opened.logs[0]), (Rule::LogHeader, field::CLUSTERING_FACTOR as u64));
    }
}

#[test]
fn a_log_of_blocks_must_belong_to_the_hive() {
    let states = states(2);
    let hive = dirty(&states, 0);
    let log = block_log(&states[0], &states[1], 9, 1);
    let length = log.len() - b"what was left from before".len();
    let broken = |at: usize, number: u32| {
        let mut log = log.clone();
        put_u32(&mut log, at, number);
        seal(&mut log);
        log
    };
    let sealed_too_long = broken(field::BINS_BYTES, 0x7000_0000);
    for (log, expected) in [
        (broken(field::SECONDARY_SEQUENCE, 8), (Rule::LogMatch, field::SECONDARY_SEQUENCE)),
        (broken(field::LAST_WRITTEN, 8), (Rule::LogMatch, field::LAST_WRITTEN)),
        (broken(512, 8), (Rule::LogEntry, 512)),
        (sealed_too_long, (Rule::LogEntry, field::BINS_BYTES)),
        (log[..length - 1].to_vec(), (Rule::LogEntry, length - 1)),
        // Without its blocks, it cannot have made the hive so long.
        (log[..514].to_vec(), (Rule::LogEntry, field::BINS_BYTES)),
        (log[..500].to_vec(), (Rule::LogHeader, 0)),
    ] {
        let opened = open(&hive, &[&log]).unwrap();
        assert_eq!((opened.state, refusal(&opened.logs[0])), (State::Dirty, (expected.0, expected.1 as u64)));
        // The next log is tried, and takes over.
        let good = block_log(&states[0], &states[1], 9, 1);
        let opened = open(&hive, &[&log, &good]).unwrap();
        assert_eq!(bins(opened.hive.bytes()), bins(&states[1]));
    }
}

#[test]
fn without_a_base_block_the_time_in_the_first_bin_counts() {
    let states = states(2);
    let mut hive = dirty(&states, 0);
    hive[508] ^= 1;
    let log = block_log(&states[0], &states[1], 9, 1);
    let opened = open(&hive, &[&log]).unwrap();
    assert_eq!(opened.state, State::Replayed { base_block_recovered: true });
    assert_eq!(bins(opened.hive.bytes()), bins(&states[1]));
    hive[BASE_BLOCK_BYTES + 20] ^= 1;
    let error = open(&hive, &[&log]).unwrap_err();
    assert_eq!((error.error.rule, refusal(&error.logs[0])), (Rule::Checksum, (Rule::LogMatch, 12)));
    let text = error.to_string();
    assert!(
        text.contains("checksum of the base block") && text.contains("; log 1: byte 0xC: log for"),
        "{text}"
    );
}

#[test]
fn no_changed_byte_of_a_log_makes_opening_panic() {
    let states = states(2);
    let hive = dirty(&states, 0);
    for log in [entry_log(&states, 0, 1), block_log(&states[0], &states[1], 9, 1)] {
        for at in (0..log.len()).filter(|at| *at < 1200 || at % 97 == 0) {
            for mask in [1, 0x80, 0xFF] {
                let mut log = log.clone();
                log[at] ^= mask;
                let _ = open(&hive, &[&log]).map(|opened| opened.hive.walk(|_, _| ()));
                seal(&mut log);
                seal_entry(&mut log[512..]);
                let _ = open(&hive, &[&log]).map(|opened| opened.hive.walk(|_, _| ()));
            }
        }
    }
}
