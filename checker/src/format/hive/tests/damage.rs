//! One broken rule at a time: each is found, at its place, and nothing else.

use super::support::{Raw, sample};
use crate::format::hive::base_block;
use crate::format::hive::key::{KEY_FIXED_BYTES, field as key_field};
use crate::format::hive::security::{SECURITY_FIXED_BYTES, field as security_field};
use crate::format::hive::value::field as value_field;
use crate::format::hive::{Rule, State, open};

/// Breaks something in a sound hive; gives the rules that are broken then, each with its offset from
/// the start of the bins.
fn broken(minor: u32, wound: impl FnOnce(&mut Raw)) -> Vec<(Rule, i64)> {
    let mut raw = Raw::new(sample(minor));
    wound(&mut raw);
    let found = raw.hive().check().found;
    found.iter().map(|damage| (damage.error.rule, damage.error.offset as i64 - 4096)).collect()
}

/// As [`broken`], in a hive of version 1.5, for one wound at one place.
fn found_at(place: impl FnOnce(&Raw) -> usize, new: &[u8]) -> (Vec<(Rule, i64)>, i64) {
    let mut at = 0;
    let found = broken(5, |raw| {
        at = place(raw);
        raw.put(at, new);
    });
    (found, at as i64)
}

#[test]
fn fields_of_keys() {
    for (path, field, new, rule) in [
        (r"Lists\b", 0, &b"mk"[..], Rule::KeyRecord),
        (r"Lists\b", key_field::NAME_BYTES, b"\xFF\0", Rule::KeyRecord),
        (r"Lists\b", key_field::NAME_BYTES, b"\0\0", Rule::KeyRecord),
        (r"Lists\b", key_field::PARENT, b"\x20\0", Rule::KeyParent),
        (r"Lists", key_field::CLASS_BYTES, b"\xFF\0", Rule::KeyClass),
        (r"Lists", key_field::SUBKEY_COUNT, b"\x03", Rule::SubkeyCount),
        (r"Lists", key_field::SUBKEY_COUNT, b"\x05", Rule::SubkeyCount),
        (r"Lists\b", key_field::SUBKEY_COUNT, b"\x01", Rule::SubkeyCount),
        (r"Lists", key_field::MAX_SUBKEY_NAME, b"\x01", Rule::Maximum),
        ("", key_field::MAX_SUBKEY_CLASS, b"\x03", Rule::Maximum),
        ("Values", key_field::MAX_VALUE_NAME, b"\x09", Rule::Maximum),
        ("Values", key_field::MAX_VALUE_DATA, b"\0\0", Rule::Maximum),
        ("Values", key_field::VALUE_COUNT, b"\xFF\xFF\xFF\x0F", Rule::ValueList),
        ("Values", key_field::SECURITY, b"\xFF\xFF\xFF\xFF", Rule::CellReference),
        ("Values", key_field::VALUE_LIST, b"\xFF\xFF\xFF\xFF", Rule::CellReference),
        ("Values", key_field::CLASS, b"\x04\0\0\0", Rule::CellReference),
    ] {
        let (found, at) = found_at(|raw| raw.field(path, field), new);
        let mut expected = vec![(rule, at)];
        if path == r"Lists\b" && field == key_field::NAME_BYTES && new == b"\0\0" {
            // Without its name, its order and hash are wrong as well.
            expected = vec![(rule, at), (Rule::SubkeyHash, found[1].1), (Rule::SubkeyOrder, found[2].1)];
        }
        assert_eq!(found, expected, "{path} {field}");
    }
}

/// A key that states to have no subkeys has none. That some are lost, their rights tell.
#[test]
fn subkeys_that_no_number_counts() {
    let mut at = 0;
    let found = broken(5, |raw| {
        at = raw.u32(raw.field("", key_field::SECURITY)) as usize + 4 + security_field::USERS;
        raw.put(raw.field("ÄÖ", key_field::SUBKEY_COUNT), b"\0");
    });
    assert_eq!(found, [(Rule::SecurityCount, at as i64)]);
}

#[test]
fn lists_of_subkeys() {
    let leaf = |raw: &Raw| raw.entry_of(r"Lists\a") - 4;
    for (place, new, rule) in [
        (0, &b"lx"[..], Rule::SubkeyList),
        (0, b"ri", Rule::SubkeyList),
        (2, b"\xFF\xFF", Rule::SubkeyList),
        (8, b"\x01", Rule::SubkeyHash),
    ] {
        let (found, at) = found_at(|raw| leaf(raw) + place, new);
        assert_eq!(found, [(rule, at)], "{place}");
    }
    let (found, at) = found_at(|raw| raw.field("ÄÖ", key_field::SUBKEY_LIST), b"\xF8\xFF\xFF\x7F");
    assert_eq!(found, [(Rule::CellReference, at)]);
    // The first letters, in an older hive.
    let mut at = 0;
    let found = broken(3, |raw| {
        at = raw.entry_of(r"Lists\c") + 4;
        raw.put(at, b"d");
    });
    assert_eq!(found, [(Rule::SubkeyHash, at as i64)]);
}

#[test]
fn the_order_of_subkeys_counts_across_leaves() {
    let mut places = Vec::new();
    let found = broken(5, |raw| {
        let (b, c) = (raw.entry_of(r"Lists\b"), raw.entry_of(r"Lists\c"));
        let (key_b, key_c) = (raw.u32(b), raw.u32(c));
        let (hash_b, hash_c) = (raw.u32(b + 4), raw.u32(c + 4));
        for (at, number) in [(b, key_c), (b + 4, hash_c), (c, key_b), (c + 4, hash_b)] {
            raw.put_u32(at, number);
        }
        places = vec![(Rule::SubkeyOrder, i64::from(key_b) + 4 + KEY_FIXED_BYTES as i64)];
    });
    assert_eq!(found, places);
    // One name twice.
    let found = broken(3, |raw| {
        let name = raw.field(r"Lists\b", KEY_FIXED_BYTES);
        let entry = raw.entry_of(r"Lists\b");
        raw.put(name, b"A");
        raw.put(entry + 4, b"A");
    });
    assert_eq!(found.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(), [Rule::SubkeyOrder]);
}

#[test]
fn values_and_their_data() {
    for (name, field, new, rule) in [
        ("long", 0, &b"kv"[..], Rule::ValueRecord),
        ("long", value_field::NAME_BYTES, b"\xFF\0", Rule::ValueRecord),
        ("ключ", value_field::NAME_BYTES, b"\x07\0", Rule::ValueRecord),
        ("dword", value_field::DATA_BYTES, b"\x05\0\0\x80", Rule::ValueData),
        ("long", value_field::DATA_BYTES, b"\x29\0\0\0", Rule::ValueData),
        ("long", value_field::DATA_BYTES, b"\x04\0\0\0", Rule::ValueData),
        ("long", value_field::DATA_BYTES, b"\0\0\0\0", Rule::ValueData),
        ("empty", value_field::DATA, b"\x01", Rule::ValueData),
        ("long", value_field::DATA, b"\xFF\xFF\xFF\xFF", Rule::CellReference),
    ] {
        let (found, at) = found_at(|raw| raw.value("Values", name) + 4 + field, new);
        assert_eq!(found[0], (rule, at), "{name} {field} {found:?}");
    }
}

#[test]
fn big_data() {
    let record = |raw: &Raw| raw.u32(raw.value("Values", "big") + 4 + value_field::DATA) as usize;
    let list = |raw: &Raw| raw.u32(record(raw) + 8) as usize;
    let (found, at) = found_at(|raw| record(raw) + 4, b"dx");
    // Taken as data it is too short.
    assert_eq!(found[0].0, Rule::ValueData);
    assert!(at > 0);
    for count in [b"\x02", b"\x04"] {
        let (found, at) = found_at(|raw| record(raw) + 6, count);
        assert_eq!(found, [(Rule::BigData, at)]);
    }
    let (found, at) = found_at(|raw| list(raw) + 8, b"\0\0\0\0");
    assert_eq!(found, [(Rule::CellReference, at)]);
    // A segment in a cell that is larger than Windows makes it, or smaller than needed.
    for (length, rule) in [(16_356, Rule::BigData), (16_340, Rule::BigData), (16_348, Rule::CellShared)] {
        let found = broken(5, |raw| {
            let segment = raw.append(&[vec![0; length]])[0];
            let at = list(raw) + 4;
            raw.put_u32(at, segment);
            if rule == Rule::CellShared {
                raw.put_u32(at + 4, segment);
            }
        });
        assert_eq!(found.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(), [rule]);
    }
}

#[test]
fn security_records() {
    let record = |raw: &Raw| raw.u32(raw.field("", key_field::SECURITY)) as usize + 4;
    for (field, new, rule) in [
        (0, &b"ks"[..], Rule::SecurityRecord),
        (security_field::DESCRIPTOR_BYTES, b"\xFF\xFF", Rule::SecurityRecord),
        (security_field::USERS, b"\x01", Rule::SecurityCount),
        (security_field::NEXT, b"\xFF\xFF\xFF\xFF", Rule::CellReference),
        (security_field::PREVIOUS, b"\x01", Rule::SecurityRing),
    ] {
        let (found, at) = found_at(|raw| record(raw) + field, new);
        assert_eq!(found, [(rule, at)], "{field}");
    }
}

/// Of the descriptor the parts of its header are known: its revision, and where its owner and its group are.
#[test]
fn security_descriptors() {
    let descriptor =
        |raw: &Raw| raw.u32(raw.field("", key_field::SECURITY)) as usize + 4 + SECURITY_FIXED_BYTES;
    for (at_byte, new) in
        [(0, &b"\x02"[..]), (4, b"\x13"), (8, b"\xFF\xFF"), (12, b"\x01"), (16, b"\0\0\x01")]
    {
        let (found, at) = found_at(|raw| descriptor(raw) + at_byte, new);
        assert_eq!(found, [(Rule::SecurityRecord, at)], "{at_byte}");
    }
    for length in [0, 19] {
        let size = |raw: &Raw| descriptor(raw) - SECURITY_FIXED_BYTES + security_field::DESCRIPTOR_BYTES;
        let (found, at) = found_at(size, &[length, 0, 0, 0]);
        assert_eq!(found, [(Rule::SecurityRecord, at + 4)], "{length}");
    }
}

#[test]
fn the_ring_of_security_records() {
    // A second record, equal to the first, that one key uses: first beside the ring, then in it.
    for in_ring in [false, true] {
        let found = broken(5, |raw| {
            let first = raw.u32(raw.field("", key_field::SECURITY)) as usize;
            let length = raw.u32(first).wrapping_neg() as usize - 4;
            let content = raw.bytes[4096 + first + 4..][..length].to_vec();
            let second = raw.append(&[content])[0] as usize;
            let user = raw.field("Values", key_field::SECURITY);
            raw.put_u32(user, second as u32);
            let users = raw.u32(first + 4 + security_field::USERS);
            raw.put_u32(first + 4 + security_field::USERS, users - 1);
            raw.put_u32(second + 4 + security_field::USERS, 1);
            let (a, b) = if in_ring { (second, first) } else { (first, second) };
            for (record, other) in [(first, a), (second, b)] {
                raw.put_u32(record + 4 + security_field::NEXT, other as u32);
                raw.put_u32(record + 4 + security_field::PREVIOUS, other as u32);
            }
        });
        let rules: Vec<Rule> = found.iter().map(|(rule, _)| *rule).collect();
        let expected: &[Rule] =
            if in_ring { &[Rule::SecurityDuplicate] } else { &[Rule::SecurityDuplicate, Rule::SecurityRing] };
        assert_eq!(rules, expected);
    }
}

#[test]
fn bins_and_cells() {
    // The last bin of the sample holds one small list, then a free cell.
    let last_bin = |raw: &Raw| raw.bytes.len() - 4096 - 4096;
    for (field, new) in [(0, &b"hbim"[..]), (4, b"\x01"), (8, b"\0\x20"), (8, b"\0\0")] {
        let (found, at) = found_at(|raw| last_bin(raw) + field, new);
        assert_eq!(found, [(Rule::BinHeader, at)]);
    }
    for size in [0_i32, 4, 4096, i32::MIN] {
        let (found, at) = found_at(|raw| last_bin(raw) + 32 + 16, &size.to_le_bytes());
        assert_eq!(found, [(Rule::CellSize, at)], "{size}");
    }
    // Two free cells beside each other.
    let mut at = 0;
    let found = broken(5, |raw| {
        at = last_bin(raw) + 32 + 16;
        let size = raw.u32(at);
        raw.put_u32(at, 16);
        raw.put_u32(at + 16, size - 16);
        at += 16;
    });
    assert_eq!(found, [(Rule::FreeNeighbours, at as i64)]);
    // The cell of a list is free.
    let (found, _) = found_at(last_bin_cell, &16_i32.to_le_bytes());
    let rules: Vec<Rule> = found.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(rules, [Rule::CellReference, Rule::FreeNeighbours]);
    // A reference into the middle of a free cell, where a sound class stands.
    let found = broken(5, |raw| {
        let cells = raw.append(&[vec![0; 60]]);
        let cell = cells[0] as usize;
        raw.put_u32(cell, 64 + 4096 - 32 - 64);
        raw.put(cell + 16, &(-16_i32).to_le_bytes());
        let field = raw.field(r"Lists\a", key_field::CLASS);
        raw.put_u32(field, cells[0] + 16);
    });
    assert_eq!(found.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(), [Rule::CellReference]);
}

fn last_bin_cell(raw: &Raw) -> usize {
    raw.bytes.len() - 4096 - 4096 + 32
}

#[test]
fn a_root_elsewhere() {
    let mut raw = Raw::new(sample(5));
    let root = raw.bytes[4096 + 0x24..][..80].to_vec();
    let moved = raw.append(&[root])[0];
    for path in ["Lists", "Values", "ÄÖ"] {
        let parent = raw.field(path, key_field::PARENT);
        raw.put_u32(parent, moved);
    }
    crate::format::hive::bytes::put_u32(&mut raw.bytes, base_block::field::ROOT, moved);
    raw.seal();
    let found = raw.hive().check().found;
    assert_eq!((found.len(), found[0].error.rule, found[0].error.offset), (1, Rule::RootCell, 36));
}

#[test]
fn a_file_that_is_cut_off() {
    let bytes = sample(5);
    for cut in [1, 4000, 4096, 5000] {
        let short = &bytes[..bytes.len() - cut];
        let opened = open(short, &[]).unwrap();
        assert_eq!(opened.state, State::Clean);
        let damages = opened.hive.check().found;
        assert_eq!((damages[0].error.rule, damages[0].error.offset), (Rule::FileLength, short.len() as u64));
        // What is left can still be read.
        assert!(opened.hive.key("Values").unwrap().is_some());
    }
}

#[test]
fn a_zeroed_page_leaves_the_rest_readable() {
    let bytes = sample(5);
    for page in (4096 + 4096..bytes.len()).step_by(4096) {
        let mut raw = Raw::new(bytes.clone());
        raw.bytes[page..page + 4096].fill(0);
        let hive = raw.hive();
        // In the middle of data nobody can tell.
        let is_data = bytes[page..page + 4096].iter().all(|byte| [0, 7].contains(byte));
        assert_eq!(hive.check().is_empty(), is_data, "{page:X}");
        assert!(hive.key("Lists").unwrap().is_some());
    }
}

#[test]
fn a_damage_says_in_which_key_it_is() {
    let mut raw = Raw::new(sample(5));
    let at = raw.value("Values", "long") + 4;
    raw.put(at, b"xx");
    let found = raw.hive().check().found;
    let expected =
        format!("byte 0x{:X}: value record: expected \"vk\", found \"xx\", in the key \\Values", at + 4096);
    assert_eq!((found.len(), found[0].to_string()), (1, expected));
}
