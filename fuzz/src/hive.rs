//! Hives: reading ends and stays inside the file, a walk meets no key twice, and the check tells whatever it cannot read.

use crate::mutation::Mutation;
use checker::format::hive::{Damages, Event, Hive, open};
use simstore::write::hive::base_block::{self, Field};
use simstore::write::hive::map::Part;
use simstore::write::hive::record;
use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

/// Reads the input as a hive.
pub fn run(bytes: &[u8]) {
    match open(bytes, &[]) {
        Ok(opened) => drop(reads(&opened.hive)),
        Err(error) => assert!(error.error.offset <= bytes.len() as u64, "{error}"),
    }
}

/// Reads everything, which must end, and gives what the check says.
pub(crate) fn reads(hive: &Hive<'_>) -> Damages {
    let length = hive.bytes().len();
    let damages = hive.check();
    for damage in &damages.found {
        assert!(damage.error.offset <= length as u64, "{damage}");
    }
    let told: BTreeSet<_> =
        damages.found.iter().map(|damage| (damage.error.offset, damage.error.rule)).collect();
    let (mut events, mut data_bytes, mut keys) = (0, 0, HashSet::new());
    hive.walk(|_, event| {
        events += 1;
        assert!(events <= length, "{events} events");
        match event {
            Event::Key(visit) => {
                assert!(visit.key.position() < length as u64);
                assert!(keys.insert(visit.key.position()), "{:?} is met twice", visit.key);
            }
            Event::Value { data: Ok(data), .. } => data_bytes += data.len(),
            Event::Value { data: Err(error), .. } | Event::Unreadable(error) => {
                assert!(damages.more > 0 || told.contains(&(error.offset, error.rule)), "not told: {error}");
            }
        }
    });
    assert!(data_bytes <= length, "{data_bytes} bytes of data");
    damages
}

/// Changes one record or one field of a hive, and gives it a base block that lets it be read; or changes all of it as plain
/// bytes.
pub fn mutate(mutation: &mut Mutation<'_, '_>) {
    let cells = cells(&mutation.bytes);
    match (mutation.below(8), mutation.choose(&cells).cloned()) {
        (0, _) | (_, None) => mutation.change_all(),
        (1, Some(_)) => change_script(mutation),
        (2..=4, Some(cell)) => mutation.change_within(cell),
        (_, Some(cell)) => change_field(mutation, &cell, &cells),
    }
    if let Some(sealed) = with_good_base_block(&mutation.bytes) {
        mutation.replace(sealed);
    }
}

/// Changes what stands behind the last bin, which the target `hive_edit` takes for edits.
fn change_script(mutation: &mut Mutation<'_, '_>) {
    let end = bins_end(&mutation.bytes).min(mutation.bytes.len());
    let room = mutation.max_bytes.saturating_sub(end);
    let script = mutation.bytes.split_off(end);
    let script = mutation.plainly(script, room);
    mutation.bytes.extend(script);
}

/// Gives a field of a record a number that means something there, or might.
fn change_field(mutation: &mut Mutation<'_, '_>, cell: &Range<usize>, cells: &[Range<usize>]) {
    let part = match &mutation.bytes[cell.clone()] {
        [b'n', b'k', ..] => Part::KeyNode,
        [b'v', b'k', ..] => Part::Value,
        [b's', b'k', ..] => Part::Security,
        [b'l' | b'r', b'f' | b'h' | b'i', ..] => Part::SubkeyList,
        [b'd', b'b', ..] => Part::BigData,
        _ => return change_number(mutation, cell.start, cell.len(), cells),
    };
    let fields: Vec<_> = record::fields(part).iter().filter(|(range, _)| range.end <= cell.len()).collect();
    if let Some((range, _)) = mutation.choose(&fields) {
        change_number(mutation, cell.start + range.start, range.len(), cells);
    }
}

/// Writes a number of up to four bytes: a place of some record, a small one, one near the old one, or an extreme.
fn change_number(mutation: &mut Mutation<'_, '_>, at: usize, length: usize, cells: &[Range<usize>]) {
    let length = length.min(4);
    let old =
        mutation.bytes[at..at + length].iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte));
    let place = mutation.choose(cells).map_or(0, |cell| cell.start - 4 - base_block::LENGTH) as u32;
    let near = mutation.below(9) as u32;
    let new = match mutation.below(5) {
        0 | 1 => place,
        2 => near,
        3 => old.wrapping_add(near).wrapping_sub(4),
        _ => [u32::MAX, 0x8000_0000, 0x7FFF_FFFF, 0x8000_0004, 0xFFFF][mutation.below(5)],
    };
    mutation.bytes[at..at + length].copy_from_slice(&new.to_le_bytes()[..length]);
}

/// The records of a hive: what is in its cells, as far as their sizes tell where they are.
fn cells(bytes: &[u8]) -> Vec<Range<usize>> {
    const BIN_HEADER_BYTES: usize = 32;
    let number = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(i32::from_le_bytes);
    let (mut cells, mut at) = (Vec::new(), base_block::LENGTH);
    while let Some(first) = number(at) {
        if at % 4096 == 0 && first.to_le_bytes() == *b"hbin" {
            at += BIN_HEADER_BYTES;
            continue;
        }
        let end = at + (first.unsigned_abs() as usize).max(8);
        let Some(_) = bytes.get(at..end) else { break };
        if first < 0 {
            cells.push(at + 4..end);
        }
        at = end;
    }
    cells
}

/// Where the bins end, by what the base block says of them.
pub(crate) fn bins_end(bytes: &[u8]) -> usize {
    base_block::LENGTH + base_block::number(bytes, Field::BinsSize) as usize
}

/// The input with a base block without which no change would get any further.
pub(crate) fn with_good_base_block(input: &[u8]) -> Option<Vec<u8>> {
    let room = u32::try_from(input.len().checked_sub(base_block::LENGTH)? / 4096 * 4096).ok()?;
    let mut bytes = input.to_vec();
    let stated = base_block::number(&bytes, Field::BinsSize);
    let bins_bytes = if (1..=room).contains(&stated) && stated.is_multiple_of(4096) { stated } else { room };
    let sequence = base_block::number(&bytes, Field::PrimarySequence);
    base_block::set(&mut bytes, Field::Signature, b"regf");
    for (field, number) in [
        (Field::SecondarySequence, sequence),
        (Field::Major, 1),
        (Field::Minor, 3 + base_block::number(input, Field::Minor).wrapping_sub(3) % 4),
        (Field::FileType, 0),
        (Field::Format, 1),
        (Field::RootCell, 32),
        (Field::BinsSize, bins_bytes),
        (Field::Flags, 0),
    ] {
        base_block::set_number(&mut bytes, field, number);
    }
    base_block::seal(&mut bytes);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise changes of records would change nothing.
    #[test]
    fn every_record_of_a_hive_is_a_cell() {
        let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpora/seeds/hive");
        let bytes = std::fs::read(format!("{seeds}/mixed-1.4")).expect("a seed");
        let hive = open(&bytes, &[]).expect("a hive").hive;
        let cells = cells(&bytes);
        let mut keys = Vec::new();
        hive.walk(|_, event| {
            if let Event::Key(visit) = event {
                keys.push(visit.key.position() as usize);
            }
        });
        let starts: BTreeSet<usize> = cells.iter().map(|cell| cell.start).collect();
        let (found, lost): (Vec<_>, Vec<_>) =
            keys.into_iter().partition(|at| starts.contains(at) || starts.contains(&(at + 4)));
        assert!(found.len() > 3 && lost.is_empty(), "{found:?} {lost:?}");
    }
}
