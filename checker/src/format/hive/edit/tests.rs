//! Random changes against a map, and what an editor must refuse.

use super::*;
use crate::format::hive::base_block::{BASE_BLOCK_BYTES, FLAG_LOCKED};
use crate::format::hive::bins::{each_bin, tiles};
use crate::format::hive::bytes::u32_at;
use crate::format::hive::security::field as security_field;
use crate::format::hive::subkeys::{LIST_FIXED_BYTES, Leaves, MAX_SUBKEYS};
use crate::format::hive::tests::support::{Raw, sample};
use crate::format::hive::{Event, open};
use std::collections::BTreeMap;

/// Type and data.
type Content = (u32, Vec<u8>);

/// Every key by its path, with its values in their order.
type Keys = BTreeMap<String, Vec<(String, Content)>>;

fn keys_of(hive: &Hive<'_>) -> Keys {
    let mut keys = Keys::new();
    hive.walk(|trail, event| {
        let values = keys.entry(trail.path()).or_default();
        match event {
            Event::Key(_) => {}
            Event::Value { value, data } => {
                values.push((value.name().to_string(), (value.data_type().0, data.unwrap().into_owned())));
            }
            Event::Unreadable(error) => panic!("{error}"),
        }
    });
    keys
}

/// A generator of numbers that look random (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

const NAMES: [&str; 8] =
    ["a", "B", "Ключ", "äÖ", "straße", "x_y", "zz zz", "amd64_microsoft-windows-foundation_31bf3856ad364e35"];
const VALUE_NAMES: [&str; 5] = ["", "v", "Ü", "Значение", "f!a-longer-name-than-the-others"];
const LENGTHS: [usize; 11] = [0, 1, 4, 5, 8, 100, 4000, 16_344, 16_345, 32_688, 40_000];

fn random_path(random: &mut Random) -> String {
    (0..=random.below(3)).map(|_| format!("\\{}", random.one_of(&NAMES))).collect()
}

/// Makes one random change in a hive and in a map.
fn change(random: &mut Random, editor: &mut Editor, keys: &mut Keys) {
    let path = random_path(random);
    let as_given = if random.below(2) == 0 { path.clone() } else { path.to_lowercase() };
    match random.below(10) {
        0..=2 => {
            // New keys get their names as they are given, so the map's spelling is used.
            let created = editor.create_key(&path).unwrap();
            assert_eq!(created, !keys.contains_key(&path));
            for (end, _) in path[1..].match_indices('\\').chain([(path.len() - 1, "")]) {
                keys.entry(path[..=end].to_owned()).or_default();
            }
        }
        3 => {
            let result = editor.delete_key(&as_given);
            assert_eq!(result.is_ok(), keys.contains_key(&path));
            keys.retain(|key, _| *key != path && !key.starts_with(&format!("{path}\\")));
        }
        4..=7 => {
            let (name, data_type) = (random.one_of(&VALUE_NAMES), random.one_of(&[0, 1, 3, 4, 0x8000_0001]));
            let data = vec![random.below(256) as u8; random.one_of(&LENGTHS)];
            let result = editor.set_value(&as_given, &name.to_lowercase(), ValueType(data_type), &data);
            assert_eq!(result.is_ok(), keys.contains_key(&path), "{result:?}");
            if let Some(values) = keys.get_mut(&path) {
                let name = name.to_lowercase();
                match values.iter_mut().find(|(existing, _)| *existing == name) {
                    Some((_, content)) => *content = (data_type, data),
                    None => values.push((name, (data_type, data))),
                }
            }
        }
        _ => {
            let name = random.one_of(&VALUE_NAMES).to_lowercase();
            let result = editor.delete_value(&as_given, &name.to_uppercase());
            let values = keys.get_mut(&path);
            let index =
                values.as_ref().and_then(|values| values.iter().position(|(existing, _)| *existing == name));
            assert_eq!(result.is_ok(), index.is_some(), "{result:?}");
            values.zip(index).map(|(values, index)| values.remove(index));
        }
    }
}

#[test]
fn random_changes_do_what_they_do_to_a_map() {
    for minor in 3..=6 {
        let mut random = Random(0x9E37_79B9_7F4A_7C15 + u64::from(minor));
        let mut editor = Editor::new_hive(minor, "ROOT", 5).unwrap();
        let mut keys = keys_of(editor.hive());
        for step in 0..1500 {
            change(&mut random, &mut editor, &mut keys);
            assert_eq!(editor.hive().check().found, [], "1.{minor}, step {step}");
            if step % 100 == 0 {
                let bytes = editor.finish();
                let opened = open(&bytes, &[]).unwrap();
                assert_eq!(
                    (opened.state, keys_of(&opened.hive) == keys),
                    (State::Clean, true),
                    "step {step}"
                );
                editor = Editor::new(opened, 6).unwrap();
            }
        }
        assert!(keys.len() > 20, "{}", keys.len());
        assert_eq!(keys_of(editor.hive()), keys);
    }
}

/// How many cells are in use.
fn cells_in_use(hive: &Hive<'_>) -> usize {
    let bins = hive.bins();
    each_bin(bins.spans())
        .flat_map(|bin| tiles(bins.data(), bin))
        .filter(|tile| !tile.as_ref().unwrap().free)
        .count()
}

#[test]
fn many_subkeys_are_added_and_deleted_without_a_trace() {
    for (minor, stride) in [(3, 1), (5, 1), (5, 1237), (5, 2999)] {
        let count = 3000;
        let mut editor = Editor::new_hive(minor, "ROOT", 0).unwrap();
        // In order, in no order, and backwards.
        let name = |index: usize| format!("many\\key {:04}", index * stride % count);
        for index in 0..count {
            assert!(editor.create_key(&name(index)).unwrap());
        }
        assert!(!editor.create_key(&name(7).to_uppercase()).unwrap());
        assert_eq!(editor.hive().check().found, []);
        let lengths = leaf_lengths(&editor.hive().key("many").unwrap().unwrap());
        assert_eq!(lengths.iter().sum::<usize>(), count);
        assert!(lengths.iter().all(|length| (200..=507).contains(length)) || stride == 1, "{lengths:?}");
        assert!(lengths.len() < 14, "{lengths:?}");
        for index in (0..count).rev() {
            editor.delete_key(&name(index)).unwrap();
            if index % 500 == 0 {
                assert_eq!(editor.hive().check().found, []);
            }
        }
        editor.delete_key("many").unwrap();
        // The root and its security record are left, and one free cell in each bin.
        assert_eq!((cells_in_use(editor.hive()), editor.hive().check().found.len()), (2, 0));
    }
}

fn leaf_lengths(key: &Key<'_>) -> Vec<usize> {
    Leaves::of(key).map(|leaf| leaf.unwrap().len()).collect()
}

#[test]
fn deleting_everything_frees_every_cell() {
    let mut editor = Editor::new(open(sample(5), &[]).unwrap(), 0).unwrap();
    for path in ["Lists", "Values", "ÄÖ"] {
        editor.delete_key(path).unwrap();
    }
    // The leaf that the sample has cut in two is left over.
    assert_eq!((cells_in_use(editor.hive()), editor.hive().check().found.len()), (3, 0));
    assert_eq!(editor.hive().root().subkey_count(), 0);
}

#[test]
fn a_list_where_a_remnant_leads_is_not_that_of_a_key_without_subkeys() {
    let with_inner = |bytes: &[u8]| {
        let mut editor = Editor::new(open(bytes, &[]).unwrap(), 0).unwrap();
        editor.create_key(r"Lists\b\inner").unwrap();
        editor
    };
    let list_of = |editor: &Editor, path: &str| {
        editor.hive().key(path).unwrap().unwrap().cell().u32(key_field::SUBKEY_LIST)
    };
    let mut raw = Raw::new(sample(5));
    let list = list_of(&with_inner(&raw.bytes), r"Lists\b");
    let field = raw.field(r"Lists\a", key_field::SUBKEY_LIST);
    raw.put_u32(field, list);
    let mut editor = with_inner(&raw.bytes);
    assert_eq!([r"Lists\a", r"Lists\b"].map(|path| list_of(&editor, path)), [list; 2]);
    assert_eq!(editor.hive().check().found, []);
    editor.delete_key(r"Lists\a").unwrap();
    assert_eq!(editor.hive().check().found, []);
    assert!(editor.hive().key(r"Lists\b\inner").unwrap().is_some());
}

#[test]
fn unchanged_bytes_stay() {
    let bytes = sample(5);
    let mut editor = Editor::new(open(&bytes, &[]).unwrap(), 99).unwrap();
    editor.set_value("Values", "dword", ValueType::DWORD, &[2, 0, 0, 0]).unwrap();
    let changed = editor.finish();
    let differing: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != changed[*at]).collect();
    // Sequence numbers, checksum, time of the key, data of the value.
    let raw = Raw::new(bytes);
    let time = BASE_BLOCK_BYTES + raw.field("Values", key_field::LAST_WRITTEN);
    let data = BASE_BLOCK_BYTES + raw.value("Values", "dword") + 4 + 8;
    let is_expected = |at: &usize| [4, 8, time, data].contains(at) || (508..512).contains(at);
    assert!(differing.iter().all(is_expected), "{differing:X?}");
    assert_eq!((u32_at(&changed, 4), u32_at(&changed, 8)), (2, 2));
    assert_eq!(raw.hive().root().last_written(), 77);
}

#[test]
fn a_bin_that_is_added_is_written_over_what_stood_there() {
    let mut bytes = sample(5);
    bytes.extend_from_slice(&[0xEE; 10_000]);
    let mut editor = Editor::new(open(&bytes, &[]).unwrap(), 0).unwrap();
    editor.set_value("", "large", ValueType::BINARY, &[1; 9000]).unwrap();
    assert_eq!(editor.hive().check().found, []);
    let changed = editor.finish();
    assert_eq!(changed.len(), BASE_BLOCK_BYTES + u32_at(&changed, field::BINS_BYTES) as usize);
    let opened = open(&changed, &[]).unwrap();
    assert_eq!(opened.hive.root().value("large").unwrap().unwrap().data_length(), 9000);
}

#[test]
fn lists_that_windows_made_longer_are_cut() {
    let mut editor = Editor::new_hive(5, "ROOT", 0).unwrap();
    for index in 0..968 {
        editor.create_key(&format!("{index:04}")).unwrap();
    }
    let mut raw = Raw::new(editor.finish());
    let entries: Vec<u8> = {
        let hive = raw.hive();
        let entries = hive.root().subkeys().entries;
        entries
            .flatten()
            .flat_map(|entry| [entry.link.to.to_le_bytes(), entry.hint.bytes()].concat())
            .collect()
    };
    let leaf = [&b"lh"[..], &968_u16.to_le_bytes(), &entries].concat();
    let leaf = raw.append(&[leaf])[0];
    let list = raw.field("", key_field::SUBKEY_LIST);
    raw.put_u32(list, leaf);
    let mut editor = Editor::new(open(&raw.bytes, &[]).unwrap(), 0).unwrap();
    editor.create_key("0500a").unwrap();
    assert_eq!(editor.hive().check().found, []);
    assert_eq!(leaf_lengths(&editor.hive().root()), [485, 484]);
}

#[test]
fn the_lists_of_a_key_are_limited() {
    let mut editor = Editor::new_hive(5, "ROOT", 0).unwrap();
    editor.create_key("a").unwrap();
    let root = editor.hive.block.root;
    let leaf = editor.allocate(b"lh\0\0", 0).unwrap();
    editor.set_leaves(root, &vec![leaf; MAX_LEAVES]).unwrap();
    let index = editor.hive().root().cell().u32(key_field::SUBKEY_LIST);
    // Such an index fits into a bin of one page.
    let content = editor.cell(index).unwrap().content.len();
    assert!((LIST_FIXED_BYTES + 4 * MAX_LEAVES..=4096 - 32 - 4).contains(&content), "{content}");
    let error = editor.set_leaves(root, &vec![leaf; MAX_LEAVES + 1]).unwrap_err();
    assert_eq!(error, EditError::Limit { what: "leaves of subkeys of one key", limit: MAX_LEAVES });
}

#[test]
fn the_number_of_subkeys_is_limited() {
    let mut editor = Editor::new_hive(5, "ROOT", 0).unwrap();
    let root = editor.hive.block.root;
    for (count, allowed) in [(MAX_SUBKEYS - 1, true), (MAX_SUBKEYS, false)] {
        editor.put_u32(root, key_field::SUBKEY_COUNT, count as u32);
        assert_eq!(editor.create_key(&count.to_string()).is_ok(), allowed);
    }
}

#[test]
fn data_in_older_hives_is_limited() {
    let mut editor = Editor::new_hive(3, "ROOT", 0).unwrap();
    let mut data = vec![1; MAX_STANDARD_VALUE_BYTES];
    editor.set_value("", "v", ValueType::BINARY, &data).unwrap();
    assert_eq!(editor.hive().check().found, []);
    data.push(1);
    let error = editor.set_value("", "v", ValueType::BINARY, &data).unwrap_err();
    assert_eq!(error, EditError::Limit { what: "bytes of data of a value", limit: MAX_STANDARD_VALUE_BYTES });
}

#[test]
fn a_full_hive_stays_sound() {
    let mut editor = Editor::new_hive(5, "ROOT", 0).unwrap();
    editor.max_bins_bytes = 64 << 10;
    let mut refused = 0;
    for index in 0..200 {
        let path = format!("key {index}");
        let results = [
            editor.create_key(&path).map(drop),
            editor.set_value(&path, "v", ValueType::BINARY, &vec![2; 400 * index]),
        ];
        for result in results {
            match result {
                Ok(()) | Err(EditError::NoKey { .. }) => {}
                Err(EditError::Limit { what: "bytes of bins", .. }) => refused += 1,
                Err(error) => panic!("{error}"),
            }
            assert_eq!(editor.hive().check().found, []);
        }
    }
    assert!(refused > 50, "{refused}");
    assert!(editor.finish().len() <= BASE_BLOCK_BYTES + (64 << 10));
}

#[test]
fn a_security_record_without_users_leaves_the_ring() {
    let mut raw = Raw::new(sample(5));
    let first = raw.u32(raw.field("", key_field::SECURITY)) as usize;
    // The shortest descriptor: its revision, flags, and no parts.
    let descriptor = [&[1, 0, 4, 0x80][..], &[0; 16]].concat();
    let content = [&b"sk\0\0"[..], &[0; 12], &20_u32.to_le_bytes(), &descriptor].concat();
    let second = raw.append(&[content])[0] as usize;
    let user = raw.field(r"Lists\c", key_field::SECURITY);
    raw.put_u32(user, second as u32);
    let users = raw.u32(first + 4 + security_field::USERS);
    raw.put_u32(first + 4 + security_field::USERS, users - 1);
    raw.put_u32(second + 4 + security_field::USERS, 1);
    for (record, other) in [(first, second), (second, first)] {
        raw.put_u32(record + 4 + security_field::NEXT, other as u32);
        raw.put_u32(record + 4 + security_field::PREVIOUS, other as u32);
    }
    let mut editor = Editor::new(open(&raw.bytes, &[]).unwrap(), 0).unwrap();
    // A new key has the rights of its parent.
    editor.create_key(r"Lists\c\inner").unwrap();
    assert_eq!(editor.cell(second as u32).unwrap().u32(security_field::USERS), 2);
    assert_eq!(editor.hive().check().found, []);
    editor.delete_key(r"Lists\c").unwrap();
    assert_eq!(editor.hive().check().found, []);
    assert!(editor.cell(second as u32).is_err());
}

#[test]
fn what_is_unsound_is_not_edited() {
    let refusal = |wound: &dyn Fn(&mut Raw)| {
        let mut raw = Raw::new(sample(5));
        wound(&mut raw);
        raw.seal();
        Editor::new(open(&raw.bytes, &[]).unwrap(), 0).map(drop).unwrap_err()
    };
    assert_eq!(refusal(&|raw| put_u32(&mut raw.bytes, field::PRIMARY_SEQUENCE, 9)), EditError::Dirty);
    assert_eq!(
        refusal(&|raw| put_u32(&mut raw.bytes, field::FLAGS, FLAG_LOCKED)),
        EditError::TransactionPending
    );
    let damaged = refusal(&|raw| {
        let entry = raw.entry_of(r"Lists\a");
        raw.put_u32(entry + 4, 0);
    });
    assert!(matches!(damaged, EditError::Damaged(_)), "{damaged}");
}

#[test]
fn what_cannot_be_is_refused() {
    let mut editor = Editor::new(open(sample(5), &[]).unwrap(), 0).unwrap();
    let before = editor.hive().bytes().to_vec();
    let missing = EditError::NoKey { path: "No".to_owned() };
    assert_eq!(editor.delete_key("No"), Err(missing.clone()));
    assert_eq!(editor.set_value("No", "", ValueType::NONE, b""), Err(missing.clone()));
    assert_eq!(editor.delete_value("No", ""), Err(missing));
    let missing = EditError::NoValue { path: "Values".to_owned(), name: "no".to_owned() };
    assert_eq!(missing.to_string(), "the key Values has no value \"no\"");
    assert_eq!(editor.delete_value("Values", "no"), Err(missing));
    assert_eq!(editor.delete_key("\\"), Err(EditError::Root));
    assert_eq!(editor.hive().bytes(), before);
    let values = editor.existing("Values").unwrap();
    editor.put_u16(values, key_field::FLAGS, key_flag::PREDEFINED_HANDLE | key_flag::LATIN1_NAME);
    let handle = EditError::PredefinedHandle { path: "Values".to_owned() };
    assert_eq!(editor.set_value("Values", "", ValueType::NONE, b""), Err(handle));
    assert_eq!(Editor::new_hive(2, "ROOT", 0).unwrap_err(), EditError::Version { minor: 2 });
    assert_eq!(Editor::new_hive(5, "", 0).unwrap_err(), EditError::Root);
}
