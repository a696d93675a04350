//! Hives made to hurt: circles, shared cells, lengths beyond all bounds, and every byte changed.

use super::count_events;
use super::support::{Raw, sample};
use crate::format::hive::base_block::{BASE_BLOCK_BYTES, HEADER_BYTES, seal};
use crate::format::hive::key::field as key_field;
use crate::format::hive::value::{MAX_VALUE_BYTES, SEGMENT_BYTES, field as value_field};
use crate::format::hive::{Editor, Event, Key, Rule, ValueType, open};
use proptest::prelude::*;

/// Reads everything of a file that may be a hive, in every way.
fn read_all(bytes: &[u8]) {
    let Ok(opened) = open(bytes, &[]) else { return };
    let hive = opened.hive;
    let damages = hive.check();
    hive.walk(|trail, event| {
        if let Event::Unreadable(error) = event {
            assert!(!damages.is_empty(), "{}: {error}", trail.path());
        }
    });
    for path in [r"Lists\c", r"Values", r"ÄÖ\Ключ", r"Lists\nothing"] {
        if let Ok(Some(key)) = hive.key(path) {
            let _ = (key.class(), key.subkeys().count(), everything(&key));
            let _ = key.value("ключ").map(|value| value.map(|value| value.data().map(|data| data.len())));
        }
    }
    if damages.is_empty() {
        let opened = open(bytes, &[]).unwrap();
        if let Ok(mut editor) = Editor::new(opened, 1) {
            editor.set_value("Values", "long", ValueType::SZ, &[0; 100]).ok();
            editor.delete_key("Lists").ok();
            assert_eq!(editor.hive().check().found, []);
        }
    }
}

/// Everything that a key has, for the sake of reading it.
fn everything(key: &Key<'_>) -> String {
    let values: Vec<_> = key.values().collect();
    format!("{key:?} {values:?} {:?}", key.name().text())
}

#[test]
fn no_changed_byte_makes_reading_panic() {
    // Without the big value, which only adds bytes that mean nothing.
    let opened = open(sample(5), &[]).unwrap().hive.bytes().to_vec();
    let mut editor = Editor::new(open(&opened, &[]).unwrap(), 0).unwrap();
    editor.delete_value("Values", "big").unwrap();
    let bytes = editor.finish();
    let used: Vec<usize> = (0..bytes.len())
        .filter(|at| bytes[*at] != 0 || *at < HEADER_BYTES || bytes[(*at).saturating_sub(16)..*at] != [0; 16])
        .collect();
    assert!(used.len() > 1500, "{}", used.len());
    for at in used {
        for mask in [0x01, 0x80, 0xFF] {
            let mut changed = bytes.clone();
            changed[at] ^= mask;
            read_all(&changed);
            if at < HEADER_BYTES {
                seal(&mut changed);
                read_all(&changed);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_changed_number_makes_reading_panic(
        minor in 3_u32..=6,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..6),
    ) {
        let mut raw = Raw::new(sample(minor));
        let words = (raw.bytes.len() - BASE_BLOCK_BYTES) / 4;
        for (at, number) in changes {
            // Another word of the hive is the best candidate for an offset that leads somewhere.
            let special = [0, 1, 0x20, 0x7FFF, 0xFFFF, 16_345, 0x7FFF_FFFF, 0x8000_0000, 0x8000_0005, u32::MAX];
            let number = match number.index(words + special.len()) {
                word if word < words => raw.u32(word * 4),
                special_index => special[special_index - words],
            };
            raw.put_u32(at.index(words) * 4, number);
        }
        read_all(&raw.bytes);
    }

    #[test]
    fn any_bytes_behind_a_sound_base_block_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..9000)) {
        let mut raw = Raw::new(sample(5));
        raw.put(0, &bytes);
        read_all(&raw.bytes);
        read_all(&bytes);
    }
}

/// The rules that a check finds broken.
fn rules(raw: &Raw) -> Vec<Rule> {
    raw.hive().check().found.iter().map(|damage| damage.error.rule).collect()
}

#[test]
fn keys_in_a_circle() {
    let mut raw = Raw::new(sample(5));
    let list = raw.u32(raw.field("", key_field::SUBKEY_LIST));
    for path in ["Lists", "Values"] {
        let (field, count) =
            (raw.field(path, key_field::SUBKEY_LIST), raw.field(path, key_field::SUBKEY_COUNT));
        raw.put_u32(field, list);
        raw.put_u32(count, 3);
    }
    assert!(rules(&raw).contains(&Rule::CellShared));
    let hive = raw.hive();
    // One by one, there is no end to it.
    let path = "Lists\\".repeat(1000);
    assert!(hive.key(&path).unwrap().is_some());
    assert!(count_events(hive.root(), |_| true) < 30);
}

#[test]
fn one_child_many_times_on_many_levels() {
    let mut editor = Editor::new_hive(5, "ROOT", 0).unwrap();
    let levels = ["k"; 12].join("\\");
    editor.create_key(&levels).unwrap();
    let mut raw = Raw::new(editor.finish());
    for level in 1..12 {
        let path = ["k"; 12][..level].join("\\");
        let child = raw.key(&["k"; 12][..level + 1].join("\\"));
        let mut leaf = b"lh\xC8\0".to_vec();
        (0..200).for_each(|_| leaf.extend_from_slice(&[child.to_le_bytes(), [0x4B, 0, 0, 0]].concat()));
        let list = raw.append(&[leaf])[0];
        let field = raw.field(&path, key_field::SUBKEY_LIST);
        raw.put_u32(field, list);
    }
    assert!(count_events(raw.hive().root(), |_| true) < 13 + 12 * 201);
    assert!(rules(&raw).contains(&Rule::CellShared));
}

#[test]
fn an_index_of_indexes() {
    let mut raw = Raw::new(sample(5));
    let own = raw.field("Lists", key_field::SUBKEY_LIST);
    let index = raw.u32(own);
    raw.set_index("Lists", &[index]);
    assert_eq!(rules(&raw), [Rule::SubkeyList]);
    // And one that names itself.
    let own = raw.u32(raw.field("Lists", key_field::SUBKEY_LIST));
    raw.put_u32(own as usize + 8, own);
    assert_eq!(rules(&raw), [Rule::SubkeyList]);
}

#[test]
fn one_segment_many_times() {
    let mut raw = Raw::new(sample(5));
    let count = 60_000_usize;
    let segment = raw.append(&[vec![1; SEGMENT_BYTES + 4]])[0];
    let list = raw.append(&[segment.to_le_bytes().repeat(count)])[0];
    let record = [&b"db"[..], &(count as u16).to_le_bytes(), &list.to_le_bytes(), &[0; 4]].concat();
    let record = raw.append(&[record])[0];
    let value = raw.value("Values", "big") + 4;
    raw.put_u32(value + value_field::DATA_BYTES, (count * SEGMENT_BYTES) as u32);
    raw.put_u32(value + value_field::DATA, record);
    let hive = raw.hive();
    let value = hive.key("Values").unwrap().unwrap().value("big").unwrap().unwrap();
    assert!(value.data().unwrap_err().is_limit());
    // Below the limit of a value, but beyond all that the hive holds.
    let count = MAX_VALUE_BYTES / SEGMENT_BYTES;
    let at = value.position() as usize - BASE_BLOCK_BYTES + 4;
    raw.put_u32(at + value_field::DATA_BYTES, (count * SEGMENT_BYTES) as u32);
    raw.put(record as usize + 6, &(count as u16).to_le_bytes());
    let hive = raw.hive();
    let value = hive.key("Values").unwrap().unwrap().value("big").unwrap().unwrap();
    assert_eq!(value.data().unwrap_err().rule, Rule::ValueData);
}

#[test]
fn values_and_security_that_many_keys_share() {
    let mut editor = Editor::new_hive(5, "ROOT", 0).unwrap();
    for index in 0..300 {
        editor.create_key(&format!("{index:03}")).unwrap();
        editor.set_value("000", &index.to_string(), ValueType::BINARY, &[1; 20_000]).unwrap();
    }
    let mut raw = Raw::new(editor.finish());
    let list = raw.u32(raw.field("000", key_field::VALUE_LIST));
    for index in 1..300 {
        let path = format!("{index:03}");
        let (field, count) =
            (raw.field(&path, key_field::VALUE_LIST), raw.field(&path, key_field::VALUE_COUNT));
        raw.put_u32(field, list);
        raw.put_u32(count, 300);
    }
    let hive = raw.hive();
    let read = count_events(hive.root(), |event| matches!(event, Event::Value { .. }));
    assert_eq!(read, 300);
    assert!(rules(&raw).contains(&Rule::CellShared));
}

#[test]
fn a_cell_of_the_most_negative_size() {
    let mut raw = Raw::new(sample(5));
    let key = raw.key(r"Lists\b") as usize;
    raw.put(key, &i32::MIN.to_le_bytes());
    // The reference cannot be followed, and the cells behind it in the bin cannot be told apart.
    assert_eq!(rules(&raw), [Rule::CellSize, Rule::CellSize]);
}
