//! The plainest way to apply logs: what a crash leaves must turn into what was to be.

use super::super::base_block::{Field, last_written, number, seal, set_number};
use super::super::crash::Files;
use super::super::log;
use super::super::marvin::marvin_32;

/// The hive after its logs were applied, made clean; nothing if it is dirty and they do not fit.
pub(super) fn replay(files: &Files) -> Option<Vec<u8>> {
    let mut hive = files.primary.clone();
    let sound = is_sealed(&hive);
    if sound && number(&hive, Field::PrimarySequence) == number(&hive, Field::SecondarySequence) {
        return Some(hive);
    }
    let logs: Vec<&Vec<u8>> =
        [&files.log_1, &files.log_2].into_iter().flatten().filter(|log| log.len() > 512).collect();
    assert!(logs.iter().all(|log| is_sealed(log)));
    let applied = match logs.first().map(|log| number(log, Field::FileType)) {
        None => false,
        Some(1) => logs.iter().any(|log| apply_old(&mut hive, log, sound)),
        Some(_) => apply_new(&mut hive, &logs, sound),
    };
    let sequence = number(&hive, Field::PrimarySequence);
    set_number(&mut hive, Field::SecondarySequence, sequence);
    seal(&mut hive);
    applied.then_some(hive)
}

fn is_sealed(file: &[u8]) -> bool {
    let mut sealed = file.to_vec();
    seal(&mut sealed);
    sealed == file
}

fn write(hive: &mut Vec<u8>, at: usize, content: &[u8]) {
    let length = hive.len().max(at + content.len());
    hive.resize(length, 0);
    hive[at..at + content.len()].copy_from_slice(content);
}

fn apply_old(hive: &mut Vec<u8>, log: &[u8], sound: bool) -> bool {
    let first_bin_time = hive[4096 + 20..4096 + 28].to_vec();
    let time = if sound { last_written(hive).0.to_le_bytes().to_vec() } else { first_bin_time };
    if last_written(log).0.to_le_bytes() != time[..] {
        return false;
    }
    write(hive, 0, &log[..512]);
    set_number(hive, Field::FileType, 0);

    let sectors = number(log, Field::BinsSize) as usize / 512;
    assert_eq!(&log[512..516], b"DIRT");
    let mut at = (516 + sectors / 8).next_multiple_of(512);
    for sector in 0..sectors {
        if log[516 + sector / 8] >> (sector % 8) & 1 == 1 {
            write(hive, 4096 + 512 * sector, &log[at..at + 512]);
            at += 512;
        }
    }
    assert_eq!(at, log.len());
    true
}

fn apply_new(hive: &mut Vec<u8>, logs: &[&Vec<u8>], sound: bool) -> bool {
    let at_least = if sound { number(hive, Field::SecondarySequence) } else { 0 };
    let mut logs: Vec<&&Vec<u8>> =
        logs.iter().filter(|log| number(log, Field::PrimarySequence) >= at_least).collect();
    logs.sort_by_key(|log| number(log, Field::PrimarySequence));
    if !sound {
        write(hive, 0, &logs[0][..512]);
        set_number(hive, Field::FileType, 0);
    }
    let Some(mut next) = logs.first().map(|log| number(log, Field::PrimarySequence)) else { return false };
    for log in logs {
        for range in log::entries(log) {
            let entry = &log[range];
            let word = |at: usize| u32::from_le_bytes(entry[at..at + 4].try_into().unwrap());
            if word(12) != next {
                break;
            }
            assert_eq!(entry[24..32], marvin_32(&entry[40..]).to_le_bytes());
            assert_eq!(entry[32..40], marvin_32(&entry[..32]).to_le_bytes());
            let count = word(20) as usize;
            let mut content = 40 + 8 * count;
            for index in 0..count {
                let (offset, length) = (word(40 + 8 * index) as usize, word(44 + 8 * index) as usize);
                write(hive, 4096 + offset, &entry[content..content + length]);
                content += length;
            }
            set_number(hive, Field::BinsSize, word(16));
            next += 1;
        }
    }
    true
}
